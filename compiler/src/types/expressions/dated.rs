//! Dated fields: read from the spans of their entity, on the day that a row or a moment says.

use crate::internal::broken;
use crate::plan::{
    Comparison, Days, Edge, Expr, FieldId, FindFunction, Function, Op, Period, Reading, RecordId, RecordKind, Root,
    Search, SearchId, SearchOutput, Stream, TimeUnit, Type,
};
use crate::typed::{walk, without_places};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::types::sets::search::Found;
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Moment};

impl Typing<'_> {
    /// Goes on from an entity's row with a dated field, and with what that leads to, on the day of this place.
    pub(super) fn dated_path(
        &mut self,
        row: Expr,
        history: RecordId,
        names: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (Some(first), Some(spans)) = (names.first(), self.program.record(history).spans) else { return None };
        let Some(day) = self.day_of_reading(scope) else {
            let word = &first.text;
            let message = format!("`{word}` changes from day to day: which day of the period counts?");
            let help = if scope.in_set() {
                format!("a row of an entity has no day: write one, as {word} at 2026-03-31")
            } else {
                format!(
                    "write `at end`, `at start` or `throughout` behind the condition, or a day: {word} at closed_on"
                )
            };
            self.problem(Problem::error("missing-moment", span, message).help(help));
            return None;
        };
        self.n_dated += 1;
        // Up to the next dated field the path goes on from the span.
        let field = self.field_of(history, &first.text)?;
        let mut path = vec![field];
        let mut ty = self.program.record(history).fields[field.index()].ty;
        let mut next = 1;
        let mut again = None;
        while let (Type::Ref(at), Some(name)) = (ty, names.get(next)) {
            let Some(field) = self.field_of(at, &name.text) else { break };
            if let Some(history) = self.dated.get(&(at, field)) {
                again = Some(*history);
                break;
            }
            path.push(field);
            ty = self.program.record(at).fields[field.index()].ty;
            next += 1;
        }
        let decided = match (again, ty, names.get(next)) {
            (None, Type::Ref(at), Some(name)) if self.resolved.index.deciders_of(&name.text, at).next().is_some() => {
                Some((at, name))
            }
            _ => None,
        };
        if again.is_none()
            && decided.is_none()
            && let Some(name) = names.get(next)
        {
            let words = self.type_words(ty);
            let message = match ty {
                Type::Ref(_) => format!("{words} has no field `{}`", name.text),
                _ => format!("`{}` is {words} and has no fields", names[next - 1].text),
            };
            self.problem(Problem::error("unknown-name", name.span, message));
            return None;
        }
        self.mark_used(history, &path);
        self.mark_used(history, &[spans.of]);
        self.mark_used(history, &[spans.to]);
        let value = self.on_the_day(history, path, ty, span);
        let found = self.span_on(row, history, day, value, scope, span);
        match (again, decided) {
            (Some(history), _) => self.dated_path(found.into_expr(), history, &names[next..], span, scope),
            (None, Some((at, name))) => {
                let found = self.decision_of(found.into_expr(), at, name, None, span, scope)?;
                self.without_fields(found, &names[next + 1..])
            }
            (None, None) => Some(found),
        }
    }

    /// The value of a span if the day, the second operand, is in it.
    fn on_the_day(&self, history: RecordId, path: Vec<FieldId>, ty: Type, span: Span) -> Expr {
        let expr = |op, ty, optional| Expr { op, ty, optional, span };
        let field = |path, ty, optional| expr(Op::Field { root: Root::Row, record: history, path }, ty, optional);
        let to = self.program.record(history).spans.map(|spans| vec![spans.to]).unwrap_or_default();
        let last = field(to, Type::Date, true);
        let day = expr(Op::Argument(1), Type::Date, false);
        let open = Op::one(Function::Not, expr(Op::one(Function::Known, last.clone()), Type::YesNo, false));
        let within = Op::two(Function::Compare(Comparison::GreaterOrEqual), last, day);
        let conditions = vec![expr(open, Type::YesNo, false), expr(within, Type::YesNo, true)];
        let optional = self.path_optional(Root::Row, history, &path, &Scope::constant());
        let branches = vec![(expr(Op::Or(conditions), Type::YesNo, true), field(path, ty, optional))];
        let otherwise = Box::new(expr(Op::Missing, ty, true));
        expr(Op::If { branches, otherwise }, ty, true)
    }

    /// What the span of a row has that the day is in: the last one that begins up to it.
    fn span_on(&mut self, row: Expr, history: RecordId, day: Expr, value: Expr, scope: &Scope, span: Span) -> Typed {
        let of = self.program.record(history).spans.map(|spans| vec![spans.of]).unwrap_or_default();
        let key = Op::Field { root: Root::Row, record: history, path: of };
        let search = Search {
            stream: Stream::Events(history),
            keys: vec![Expr { op: key, ty: row.ty, optional: false, span: Span::default() }],
            ways: Vec::new(),
            from: None,
            to: Some(1),
            before: None,
            only: None,
            also: None,
            operands: vec![row.ty, Type::Date],
            reading: Reading::Left,
            outputs: Vec::new(),
            span,
        };
        let id = self.search_id(search);
        let ty = value.ty;
        let (id, output) =
            self.output(id, SearchOutput { function: FindFunction::Latest, value: without_places(value), den: None });
        let op = Op::Call(Function::Find { search: id, output }, vec![row, day]);
        let known = scope.is_given(&op);
        Typed::new(op, ty, !known, span)
    }

    /// `lowest of users from D to D`: of the spans that have a day of these.
    pub(super) fn extreme_over(
        &mut self,
        highest: bool,
        value: &tree::Path,
        days: [&tree::Expr; 2],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (name, before) = value.parts.split_last()?;
        let expr = |op, ty, optional| Expr { op, ty, optional, span: Span::default() };
        let row = match before {
            [] => {
                let (root, record) = scope.bare?;
                expr(Op::Field { root, record, path: Vec::new() }, Type::Ref(record), false)
            }
            [first, .., last] | [first @ last] => {
                let path = tree::Path { parts: before.to_vec(), span: first.span.to(last.span) };
                self.path(&path, scope)?.into_expr()
            }
        };
        let of = if let Type::Ref(record) = row.ty { Some(record) } else { None };
        let field = of.and_then(|record| self.field_of(record, &name.text).map(|field| (record, field)));
        let Some(&history) = field.and_then(|field| self.dated.get(&field)) else {
            let message = format!("`{}` does not change from day to day", name.text);
            self.problem(
                Problem::error("misplaced-moment", value.span, message)
                    .help("name a field that is `dated`: lowest of users from signed_on to (signed_on + 90 days)"),
            );
            return None;
        };
        let [from, to] = days.map(|day| self.date(day, scope).map(Typed::into_expr));
        let (from, to) = (from?, to?);
        let field = self.field_of(history, &name.text)?;
        let spans = self.program.record(history).spans?;
        if self.is_unconverted(history, field, value.span) {
            return None;
        }
        let definition = &self.program.record(history).fields[field.index()];
        let (ty, is_optional) = (definition.ty, definition.optional);
        let ordered = matches!(ty, Type::Date | Type::Period(_) | Type::Choice(_)) || ty.is_numeric();
        if !ordered || self.is_list_of_texts(ty) {
            let message = format!("{} has no highest and no lowest", self.type_words(ty));
            self.problem(Problem::error("type-mismatch", value.span, message));
            return None;
        }
        for field in [field, spans.of, spans.to] {
            self.mark_used(history, &[field]);
        }
        let of_span =
            |field, ty, optional| expr(Op::Field { root: Root::Row, record: history, path: vec![field] }, ty, optional);
        let [first, last] = [1, 2].map(|idx| expr(Op::Argument(idx), Type::Date, false));
        let compared =
            |comparison, a, b, optional| expr(Op::two(Function::Compare(comparison), a, b), Type::YesNo, optional);
        let is_known = |value: Expr| expr(Op::one(Function::Known, value), Type::YesNo, false);
        let end = of_span(spans.to, Type::Date, true);
        let open = expr(Op::one(Function::Not, is_known(end.clone())), Type::YesNo, false);
        let reaches = compared(Comparison::GreaterOrEqual, end, first.clone(), true);
        let in_order = compared(Comparison::LessOrEqual, first, last, false);
        let mut conditions = vec![in_order, expr(Op::Or(vec![open, reaches]), Type::YesNo, true)];
        let taken = of_span(field, ty, is_optional);
        if is_optional {
            conditions.push(is_known(taken.clone()));
        }
        let search = Search {
            stream: Stream::Events(history),
            keys: vec![of_span(spans.of, row.ty, false)],
            ways: Vec::new(),
            from: None,
            to: Some(2),
            before: None,
            only: None,
            also: Some(expr(Op::And(conditions), Type::YesNo, true)),
            operands: vec![row.ty, Type::Date, Type::Date],
            reading: Reading::Left,
            outputs: Vec::new(),
            span,
        };
        let id = self.search_id(search);
        let function = if highest { FindFunction::Largest } else { FindFunction::Smallest };
        let value = Expr { optional: false, ..taken };
        let (id, output) = self.output(id, SearchOutput { function, value, den: None });
        let op = Op::Call(Function::Find { search: id, output }, vec![row, from, to]);
        let known = scope.is_given(&op);
        Some(Typed::new(op, ty, !known, span))
    }

    /// The day on which dated fields are read here; none in a rule per period where no moment is said.
    fn day_of_reading(&self, scope: &Scope) -> Option<Expr> {
        if let Some(day) = &scope.day {
            return Some(day.clone());
        }
        match scope.rule.as_ref().map(|rule| &rule.stream) {
            // Rows of an entity, of which there are sets, have no day.
            Some(Stream::Events(record)) if self.program.record(*record).kind == RecordKind::Entity => None,
            Some(Stream::Events(_) | Stream::Lines(..)) => Some(when(Span::default())),
            _ => None,
        }
    }

    /// `level is gold at end`, `level at D`
    pub(super) fn at_moment(
        &mut self,
        value: &tree::Expr,
        moment: &Moment,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        // Rows of an entity, of which there are sets, have no period but that of the rule.
        let party = match scope.rule.as_ref().map(|rule| &rule.stream) {
            Some(Stream::Events(record)) if self.program.record(*record).kind == RecordKind::Entity => Some(*record),
            Some(Stream::Periods(party, _)) => Some(*party),
            _ => None,
        };
        let period = match scope.rule.as_ref().map(|rule| &rule.stream) {
            Some(Stream::Periods(_, period)) => Some(*period),
            _ => scope.period_of_rule().filter(|_| party.is_some()),
        };
        let day = match (moment, period) {
            (Moment::Day(day), _) => {
                let day = self.date(day, scope)?.into_expr();
                if day.optional {
                    self.unknown_not_handled(&day, "the day of a dated field");
                    return None;
                }
                day
            }
            (Moment::Throughout, Some(period)) => return self.throughout(value, party?, period, span, scope),
            (Moment::Start | Moment::End | Moment::Throughout, None) => {
                let message = "a row of an event has one day, and no start or end";
                self.problem(
                    Problem::error("misplaced-moment", span, message)
                        .help("leave it out: dated fields are those of the row's day"),
                );
                return None;
            }
            (Moment::End, Some(period)) => self.own_days_here(period, span, scope)?.1,
            (Moment::Start, Some(period)) => self.own_days_here(period, span, scope)?.0,
        };
        let (outside, before) = (scope.day.replace(day), self.n_dated);
        let typed = self.expression(value, scope);
        scope.day = outside;
        if typed.is_some() && self.n_dated == before {
            let message = "nothing here changes from day to day";
            self.problem(
                Problem::error("misplaced-moment", span, message)
                    .help("leave the moment out, or write `dated` behind the field that changes"),
            );
            return None;
        }
        typed
    }

    /// The days of the own period of a row; of a row of an entity in a set those of the rule's.
    fn own_days_here(&mut self, period: Period, span: Span, scope: &mut Scope) -> Option<(Expr, Expr)> {
        if matches!(scope.rule.as_ref().map(|rule| &rule.stream), Some(Stream::Periods(..))) {
            return Some(self.own_days(scope, period, span));
        }
        let mut day = |edge: Edge| {
            let of_rule = self.of_rule(scope, &mut |typing, rule| {
                let (first, last) = typing.own_days(rule, period, span);
                Some(Typed::from_expr(if edge == Edge::First { first } else { last }))
            });
            of_rule.map(Typed::into_expr)
        };
        Some((day(Edge::First)?, day(Edge::Last)?))
    }

    /// `certified >= 2 throughout`: on every day of the rule's own period. The days on which it holds are counted span by span, and
    /// those on which it does not.
    fn throughout(
        &mut self,
        condition: &tree::Expr,
        entity: RecordId,
        period: Period,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let history = self.dated.iter().find(|((record, _), _)| *record == entity).map(|(_, history)| *history);
        let Some(history) = history else {
            let message =
                format!("`{}` has no dated field, so nothing of it changes", self.program.record(entity).name);
            self.problem(Problem::error("misplaced-moment", span, message).help("leave out `throughout`"));
            return None;
        };
        let spans = self.program.record(history).spans?;
        self.mark_used(history, &[spans.of]);
        self.mark_used(history, &[spans.to]);
        let (first, last) = self.own_days_here(period, span, scope)?;
        let mut found = self.spans_of_row(history, entity, spans.of, scope, span);
        let holds = self.condition(condition, &mut found.inner)?;
        found.give_back(scope);
        if condition.has(&|expr| matches!(expr.kind, tree::ExprKind::Known { .. })) {
            let message = "on a day without a span nothing is known, and `throughout` asks what there is on each day";
            let help = "ask what it is: level >= silver throughout, unknown means no";
            self.problem(Problem::error("misplaced-moment", condition.span, message).help(help));
            return None;
        }
        let n_days = count_of_days(first.clone(), last.clone(), span);
        let fails = Expr {
            op: Op::one(Function::Not, holds.clone()),
            ty: Type::YesNo,
            optional: holds.optional,
            span: holds.span,
        };
        let days = [first, last];
        let [held, failed] = [holds, fails].map(|holds| self.days_within(&found, &holds, (history, spans.to), &days));
        let expr = |op, ty| Expr { op, ty, optional: false, span };
        let zero = expr(Op::Number(Exact::ZERO), Type::Count);
        let every = Op::two(Function::Compare(Comparison::Equal), held, n_days);
        let some = Op::two(Function::Compare(Comparison::Greater), failed, zero);
        let answer = |yes| expr(Op::YesNo(yes), Type::YesNo);
        let branches = vec![(expr(every, Type::YesNo), answer(true)), (expr(some, Type::YesNo), answer(false))];
        let unknown = Expr { op: Op::Missing, ty: Type::YesNo, optional: true, span };
        let op = Op::If { branches, otherwise: Box::new(unknown) };
        let mut answer = Expr { op, ty: Type::YesNo, optional: true, span };
        // Days counted on the way are nobody's words.
        walk(&mut answer, &mut |expr| {
            if expr.span == span || expr.span == condition.span {
                expr.span = Span::default();
            }
        });
        Some(Typed::from_expr(Expr { span, ..answer }))
    }

    /// The days from one to another on which something holds of the span: those up to the last, less those before the first.
    fn days_within(&mut self, found: &Found, holds: &Expr, to: (RecordId, FieldId), days: &[Expr; 2]) -> Expr {
        let [first, last] = days;
        let all = self.days_until(found, holds, to, last, true);
        let before = self.days_until(found, holds, to, first, false);
        Expr { op: Op::two(Function::Subtract, all, before), ty: Type::Count, optional: false, span: holds.span }
    }

    /// The days up to a day, or before it, on which something holds of the span. Spans are not in one another, so these are the
    /// days of all spans that begin up to the day, less what the last of them has beyond: a sum that is kept, and one row.
    fn days_until(
        &mut self,
        found: &Found,
        holds: &Expr,
        (history, to): (RecordId, FieldId),
        day: &Expr,
        is_in: bool,
    ) -> Expr {
        let span = holds.span;
        let found = found.until(day.clone());
        let expr = |op, ty, optional| Expr { op, ty, optional, span };
        let field = |field, optional| {
            expr(Op::Field { root: Root::Row, record: history, path: vec![field] }, Type::Date, optional)
        };
        let zero = || expr(Op::Number(Exact::ZERO), Type::Count, false);
        let end_of_days = expr(Op::Date(Days::ALL.to), Type::Date, false);
        let end = expr(Op::IfUnknown(Box::new(field(to, true)), Box::new(end_of_days)), Type::Date, false);
        let begin = self
            .program
            .record(history)
            .when
            .map_or_else(|| broken("spans without a first day"), |when| field(when, false));
        let when_it = |value: Expr, otherwise: Expr| {
            let (ty, optional) = (value.ty, otherwise.optional);
            expr(Op::If { branches: vec![(holds.clone(), value)], otherwise: Box::new(otherwise) }, ty, optional)
        };
        let n_days = when_it(count_of_days(begin, end.clone(), span), zero());
        let last_end = when_it(end, expr(Op::Missing, Type::Date, true));
        let sum = self.ask(found.clone(), FindFunction::Sum, n_days, false, span).into_expr();
        let last_end = self.ask(found, FindFunction::Latest, last_end, true, span).into_expr();
        let between = Op::two(Function::TimeBetween(TimeUnit::Days), day.clone(), last_end);
        let mut beyond = expr(between, Type::Count, true);
        if !is_in {
            let one = expr(Op::Number(Exact::ONE), Type::Count, false);
            beyond = expr(Op::two(Function::Add, beyond, one), Type::Count, true);
        }
        let beyond = expr(Op::IfUnknown(Box::new(beyond), Box::new(zero())), Type::Count, false);
        let beyond = expr(Op::two(Function::Largest, beyond, zero()), Type::Count, false);
        expr(Op::two(Function::Subtract, sum, beyond), Type::Count, false)
    }

    /// The id of a search; one that finds the same is not made twice.
    pub(in crate::types) fn search_id(&mut self, search: Search) -> SearchId {
        let known = self.program.searches.iter().position(|known| known.finds_as(&search));
        let id = SearchId(known.unwrap_or(self.program.searches.len()) as u32);
        if known.is_none() {
            self.program.searches.push(search);
        }
        id
    }
}

/// The days from one day to another, both counted.
fn count_of_days(from: Expr, to: Expr, span: Span) -> Expr {
    let expr = |op| Expr { op, ty: Type::Count, optional: false, span };
    let between = expr(Op::two(Function::TimeBetween(TimeUnit::Days), from, to));
    expr(Op::two(Function::Add, between, expr(Op::Number(Exact::ONE))))
}

fn when(span: Span) -> Expr {
    Expr { op: Op::When, ty: Type::Date, optional: false, span }
}
