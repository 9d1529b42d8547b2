//! Aggregates over the rows of a set, per entity and period.

use crate::internal::broken;
use crate::plan::{
    Comparison, Expr, FindFunction, FoldId, Function, Op, Period, RecordKind, Stream, Type, Window, Years,
};
use crate::typed::{Fold, FoldFunction};
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::later::{Later, later};
use crate::types::scope::{RuleScope, Scope, Typed, facts};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Aggregate, ExprKind, SetSource, UnknownMeansKind, WindowKind};

impl Typing<'_> {
    pub(in crate::types) fn aggregate(
        &mut self,
        function: Aggregate,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let source = self.set_source(value, set, span)?;
        if let SetSource::Event(name) = &source
            && scope.failed.contains(&name.text)
        {
            return None;
        }
        let whole = match set {
            Some(set) => self.unnamed_set(set, scope),
            // `sum of deal.amount` is short for `sum of amount in deal`.
            None => tree::Set::plain(source, span),
        };
        let set = set.map(|_| &whole);
        let (entity, period) = match scope.rule.clone() {
            Some(RuleScope { stream: Stream::Periods(entity, period), .. })
                if !self.is_search(value, &whole, scope) =>
            {
                (entity, period)
            }
            Some(_) => return self.aggregate_found(function, value, &whole, span, scope),
            None => {
                self.problem(Problem::error(
                    "misplaced-value",
                    span,
                    "there is no row here that a set could belong to",
                ));
                return None;
            }
        };
        let (stream, record) = self.set_stream(&whole.source)?;
        let plain = set.filter(|set| set.condition.is_none() && set.window.is_none()).map(|set| set.span);
        let join = self.join(&stream, entity, set.and_then(|set| set.by.first()).map(|way| &way.path), plain, span)?;
        let mut inner = self.set_scope(&stream, record, entity, &join, scope);
        let filter = self.set_condition(&whole, &mut inner)?;
        let window = self.window(set.and_then(|set| set.window.as_ref()))?;
        // The rule's own period is cut to the party's life.
        let day = Expr { op: Op::When, ty: Type::Date, optional: false, span };
        let lives = if window == Window::Own { self.lives_on(&join, &day) } else { None };
        let filter = match (lives, filter) {
            (Some(lives), Some(filter)) => {
                Some(Expr { op: Op::And(vec![lives, filter]), ty: Type::YesNo, optional: false, span })
            }
            (lives, filter) => lives.or(filter),
        };
        let taken = match value {
            Some(value) => Some(self.taken(function, value, span, &mut inner)?),
            None => None,
        };
        let function_of_rows = FoldFunction::Count;
        let stood = whole.as_it_stood;
        if let (Some(at), Stream::Lines(..)) = (stood, &stream) {
            self.problem(later(at, Later::StoodOfLines));
            return None;
        }
        let fold = Fold {
            stream,
            entity,
            join,
            filter,
            period,
            window,
            stood,
            closed: None,
            function: function_of_rows,
            value: None,
            span,
        };
        Some(self.folds(function, taken, &fold))
    }

    /// Whether a set in a rule per entity and period is found row by row, as its rows are not gathered period by period: by its
    /// window, by who they belong to, as it is of an entity, or as its brackets ask for the rule's row: a set in them, `this`, or days of
    /// its period.
    fn is_search(&self, value: Option<&tree::Expr>, set: &tree::Set, scope: &Scope) -> bool {
        let is_entity = match &set.source {
            SetSource::Event(name) => {
                let record = self.resolved.record_named(&name.text);
                record.is_some_and(|record| self.program.record(record).kind == RecordKind::Entity)
            }
            SetSource::Payments(_) | SetSource::Credits(_) => false,
            SetSource::Decisions(_) => true,
        };
        let by_window = match set.window.as_ref().map(|window| &window.kind) {
            None | Some(WindowKind::ToDate | WindowKind::Previous { count: Some(1), .. }) => false,
            // In a calendar from a table the year before may have no such period, which is a matter of the row that asks.
            Some(WindowKind::SameLastYear(_)) => matches!(self.program.calendar.years, Years::Table(_)),
            Some(_) => true,
        };
        let by_several = set.by.len() > 1 || set.by.iter().any(|way| way.chain.is_some());
        let ends_with_life = match (&set.window, scope.rule.as_ref().map(|rule| &rule.stream)) {
            // A party's last day ends what is to date.
            (Some(window), Some(Stream::Periods(party, _))) => {
                matches!(window.kind, WindowKind::ToDate) && self.program.record(*party).life.to.is_some()
            }
            _ => false,
        };
        let asks = |expr: &tree::Expr| match &expr.kind {
            ExprKind::Aggregate { .. } | ExprKind::OneRow { .. } | ExprKind::Set(_) => true,
            ExprKind::PeriodEdge { date: None, .. } | ExprKind::DaysIn { .. } => true,
            ExprKind::Path(path) => {
                path.parts.first().is_some_and(|first| first.text == "this" || self.is_far_let(first, scope))
            }
            _ => false,
        };
        // Years of each party's own are no periods by which rows could be gathered.
        let is_own_year = scope.period_of_rule() == Some(Period::OwnYear);
        let asks_back = value.into_iter().chain(set.condition.as_deref()).any(|expr| expr.has(&asks));
        ends_with_life
            || asks_back
            || scope.in_set()
            || is_own_year
            || is_entity
            || by_window
            || by_several
            || set.of.is_some()
            || set.unknown.is_some()
    }

    /// An aggregate over rows that are found for each row.
    fn aggregate_found(
        &mut self,
        function: Aggregate,
        value: Option<&tree::Expr>,
        set: &tree::Set,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let mut found = self.found(set, span, scope)?;
        let one = Expr { op: Op::Number(Exact::ONE), ty: Type::Count, optional: false, span };
        let taken = match value {
            Some(value) => self.taken(function, value, span, &mut found.inner)?,
            None => one.clone(),
        };
        found.give_back(scope);
        let function = match function {
            Aggregate::Sum => FindFunction::Sum,
            Aggregate::Count => FindFunction::Count,
            Aggregate::CountDistinct => FindFunction::Distinct,
            Aggregate::Smallest => FindFunction::Smallest,
            Aggregate::Largest => FindFunction::Largest,
            Aggregate::Average => {
                let ty = if taken.ty == Type::Count { Type::Number } else { taken.ty };
                let [sum, count] =
                    self.ask_twice(found, [(FindFunction::Sum, taken), (FindFunction::Count, one)], span);
                return Some(average(sum.into_expr(), count.into_expr(), ty, span));
            }
        };
        let optional = !function.is_total();
        Some(self.ask(found, function, taken, optional, span))
    }

    /// The rows: of the set, or in the short form (`sum of deal.amount`) of the first name.
    fn set_source(&mut self, value: Option<&tree::Expr>, set: Option<&tree::Set>, span: Span) -> Option<SetSource> {
        match (set, value.map(|value| &unbracketed(value).kind)) {
            (Some(set), _) => Some(set.source.clone()),
            (None, Some(ExprKind::Path(path))) if path.parts.len() > 1 => Some(SetSource::Event(path.parts[0].clone())),
            _ => {
                let help = "write: sum of deal.amount, or sum of amount in (deal where registered)";
                self.problem(Problem::error("missing-set", span, "of which rows?").help(help));
                None
            }
        }
    }

    /// `where C` of a set.
    pub(super) fn set_condition(&mut self, set: &tree::Set, inner: &mut Scope) -> Option<Option<Expr>> {
        let Some(condition) = &set.condition else { return Some(None) };
        let mut condition = self.condition(condition, inner)?;
        match set.unknown.as_ref().map(|unknown| (&unknown.kind, unknown.span)) {
            None if condition.optional => {
                self.unknown_not_handled(&condition, "the condition of this set");
                return None;
            }
            // What is unknown does not hold: so conditions of sets are asked anyhow.
            None | Some((UnknownMeansKind::No, _)) => {}
            Some((UnknownMeansKind::Yes, at)) => {
                let yes = Expr { op: Op::YesNo(true), ty: Type::YesNo, optional: false, span: at };
                let (ty, span) = (condition.ty, condition.span);
                let op = Op::IfUnknown(Box::new(condition), Box::new(yes));
                condition = Expr { op, ty, optional: false, span };
            }
            Some((_, at)) => {
                self.problem(
                    Problem::error("unknown-means", at, "an unknown condition means yes or no")
                        .help("write: unknown means no"),
                );
                return None;
            }
        }
        inner.learn(facts(&condition.op, true));
        Some(Some(condition))
    }

    fn window(&mut self, window: Option<&tree::Window>) -> Option<Window> {
        let Some(window) = window else { return Some(Window::Own) };
        match &window.kind {
            WindowKind::ToDate => Some(Window::ToDate),
            WindowKind::Previous { period: name, .. } => match Period::from_word(&name.text) {
                Some(period) if period != Period::Program => {
                    self.has_before(period, name.span)?;
                    Some(Window::Previous(period))
                }
                _ => {
                    self.problem(
                        Problem::error("unknown-period", name.span, format!("`{}` is no period", name.text))
                            .help("write day, week, half month, month, quarter, half or year"),
                    );
                    None
                }
            },
            WindowKind::SameLastYear(period) => self.same_last_year(period, window.span).map(Window::SameLastYear),
            // Every other window is found row by row.
            _ => broken("a window that is no whole period"),
        }
    }

    /// What is aggregated, of a type that the function can take.
    fn taken(&mut self, function: Aggregate, value: &tree::Expr, span: Span, inner: &mut Scope) -> Option<Expr> {
        let taken = self.expression(value, inner)?;
        if taken.optional {
            self.unknown_not_handled(&taken.into_expr(), "what is aggregated");
            return None;
        }
        let ordered = taken.ty.is_numeric() || matches!(taken.ty, Type::Date | Type::Period(_) | Type::Choice(_));
        let fits = match function {
            Aggregate::Sum | Aggregate::Average => taken.ty.is_numeric(),
            Aggregate::Smallest | Aggregate::Largest => ordered,
            Aggregate::Count | Aggregate::CountDistinct => true,
        };
        if !fits {
            let words = self.type_words(taken.ty);
            self.problem(Problem::error("type-mismatch", span, format!("{words} cannot be aggregated so")));
            return None;
        }
        Some(taken.into_expr())
    }

    /// The folds that an aggregate reads; an average is a sum and a count.
    fn folds(&mut self, function: Aggregate, taken: Option<Expr>, rows: &Fold) -> Typed {
        let Some(taken) = taken else { return self.fold(rows, FoldFunction::Count, None, Type::Count) };
        let ty = taken.ty;
        match function {
            Aggregate::Sum => self.fold(rows, FoldFunction::Sum, Some(taken), ty),
            Aggregate::Smallest => self.fold(rows, FoldFunction::Smallest, Some(taken), ty),
            Aggregate::Largest => self.fold(rows, FoldFunction::Largest, Some(taken), ty),
            Aggregate::CountDistinct => self.fold(rows, FoldFunction::Distinct, Some(taken), Type::Count),
            Aggregate::Count => self.fold(rows, FoldFunction::Count, None, Type::Count),
            Aggregate::Average => {
                let sum = self.fold(rows, FoldFunction::Sum, Some(taken), ty).into_expr();
                let count = self.fold(rows, FoldFunction::Count, None, Type::Count).into_expr();
                average(sum, count, if ty == Type::Count { Type::Number } else { ty }, rows.span)
            }
        }
    }

    /// A fold of these rows; the smallest and largest of none are missing.
    fn fold(&mut self, rows: &Fold, function: FoldFunction, value: Option<Expr>, ty: Type) -> Typed {
        let optional = matches!(function, FoldFunction::Smallest | FoldFunction::Largest);
        self.folds.push(Fold { function, value, ..rows.clone() });
        Typed::new(Op::Fold(FoldId(self.folds.len() as u32 - 1)), ty, optional, rows.span)
    }
}

/// The quotient of a sum and a count; missing where the count is 0.
fn average(sum: Expr, count: Expr, ty: Type, span: Span) -> Typed {
    let expr = |op, ty, optional| Expr { op, ty, optional, span };
    let none = expr(Op::Number(Exact::ZERO), Type::Count, false);
    let some = Op::two(Function::Compare(Comparison::Greater), count.clone(), none);
    let average = expr(Op::two(Function::Divide, sum, count), ty, false);
    let branches = vec![(expr(some, Type::YesNo, false), average)];
    let otherwise = Box::new(expr(Op::Missing, ty, true));
    Typed::new(Op::If { branches, otherwise }, ty, true, span)
}
