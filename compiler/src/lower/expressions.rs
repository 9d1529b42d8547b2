//! Expressions: what each name means, of which type each value is, and what can be missing.

use super::scope::{Fact, Scope, Typed, facts, field_names};
use super::{Lowering, suggest};
use crate::plan::calendar::day_of;
use crate::plan::{
    self, ChoiceId, Comparison, Expr, FieldId, Op, Predicate, PredicateId, RecordId, Root, TextTest, TimeUnit, Type,
};
use crate::resolve::not_supported;
use crate::value::{Exact, parse_exact, power_of_ten, round_to};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CompareOp, ExprKind, RoundTo};

impl Lowering<'_> {
    /// The typed expression; none when it has a problem, which is then reported.
    pub(super) fn expression(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let span = expr.span;
        let plain = |op, ty| Some(Typed::new(op, ty, false, span));
        match &expr.kind {
            ExprKind::Number(text) => {
                let value = self.literal(text, span)?;
                let ty = if value.denominator() == &dashu_int::UBig::ONE { Type::Count } else { Type::Number };
                Some(Typed { literal: true, ..Typed::new(Op::Number(value), ty, false, span) })
            }
            ExprKind::Percent(text) => plain(Op::Number(self.literal(text, span)? / Exact::from(100)), Type::Percent),
            ExprKind::Money { amount, currency } => {
                self.check_currency(currency, span)?;
                plain(Op::Number(self.literal(amount, span)?), Type::Money)
            }
            ExprKind::Date(text) => match text.parse::<jiff::civil::Date>() {
                Ok(date) => plain(Op::Date(day_of(date)), Type::Date),
                Err(_) => {
                    let message = format!("`{text}` is no day of the calendar");
                    self.problem(Problem::error("no-such-day", span, message));
                    None
                }
            },
            ExprKind::Text(text) => {
                let domain = plan::DomainId(0);
                Some(Typed { text: Some(text.clone()), ..Typed::new(Op::Missing, Type::Text(domain), false, span) })
            }
            ExprKind::YesNo(value) => plain(Op::YesNo(*value), Type::YesNo),
            ExprKind::Path(path) => self.path(path, scope),
            ExprKind::Call { name, arguments } => self.call(name, arguments, span, scope),
            ExprKind::List(_) => {
                self.problem(
                    Problem::error("misplaced-list", span, "a list stands after `in`")
                        .help("write: level in [gold, platinum]"),
                );
                None
            }
            ExprKind::Bracket(inner) => self.expression(inner, scope),
            ExprKind::Negate(inner) => {
                let inner = self.numeric(inner, scope)?;
                let (ty, optional) = (inner.ty, inner.optional);
                let literal = inner.literal;
                let typed = Typed::new(Op::Negate(Box::new(inner.into_expr())), ty, optional, span);
                Some(Typed { literal, ..fold(typed) })
            }
            ExprKind::Not(inner) => {
                let inner = self.condition(inner, scope)?;
                let optional = inner.optional;
                Some(Typed::new(Op::Not(Box::new(inner)), Type::YesNo, optional, span))
            }
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => self.connective(expr, scope),
            ExprKind::Binary { op, op_span, left, right } => self.arithmetic(*op, *op_span, left, right, span, scope),
            ExprKind::Compare { op, op_span, left, right } => self.comparison(*op, *op_span, left, right, span, scope),
            ExprKind::Between { value, negated, low, high } => {
                let from = self.comparison(CompareOp::GreaterOrEqual, value.span, value, low, span, scope)?;
                let to = self.comparison(CompareOp::LessOrEqual, value.span, value, high, span, scope)?;
                let optional = from.optional || to.optional;
                let both = Typed::new(Op::And(vec![from.into_expr(), to.into_expr()]), Type::YesNo, optional, span);
                Some(negate(both, *negated))
            }
            ExprKind::In { value, negated, list } => {
                let found = self.membership(value, list, span, scope)?;
                Some(negate(found, *negated))
            }
            ExprKind::Known { value, negated } => {
                let value = self.expression(value, scope)?;
                let known = Typed::new(Op::IsKnown(Box::new(value.into_expr())), Type::YesNo, false, span);
                Some(negate(known, *negated))
            }
            ExprKind::IfUnknown { value, default } => {
                let value = self.expression(value, scope)?;
                let default = self.hinted(default, Some(value.ty), scope)?;
                let (value, default) = self.unify(value, default)?;
                let (ty, optional) = (value.ty, default.optional);
                let op = Op::IfUnknown(Box::new(value.into_expr()), Box::new(default.into_expr()));
                Some(Typed::new(op, ty, optional, span))
            }
            ExprKind::Conditional { branches, otherwise } => {
                self.conditional(branches, otherwise.as_deref(), None, span, scope)
            }
            ExprKind::Rounded { value, rounding } => {
                let value = self.numeric(value, scope)?;
                let quantum = match &rounding.to {
                    None if value.ty == Type::Money => Exact::ONE / power_of_ten(self.plan.unit.decimals),
                    None => {
                        let end = Span { start: rounding.span.end, end: rounding.span.end };
                        self.problem(
                            Problem::error("missing-decimals", rounding.span, "rounded to what?")
                                .help("add `to whole`, `to 2 decimals` or `to multiples of 5`")
                                .edit(end, " to whole"),
                        );
                        return None;
                    }
                    Some(RoundTo::Decimals(decimals)) => Exact::ONE / power_of_ten(*decimals),
                    Some(RoundTo::Whole) => Exact::ONE,
                    Some(RoundTo::MultiplesOf(step)) => {
                        let step_span = step.span;
                        let step = fold(self.numeric(step, scope)?);
                        match step.op {
                            Op::Number(step) if step > Exact::ZERO => step,
                            _ => {
                                self.problem(Problem::error(
                                    "not-a-literal",
                                    step_span,
                                    "the step is a literal above zero",
                                ));
                                return None;
                            }
                        }
                    }
                };
                let (ty, optional) = (value.ty, value.optional);
                let op = Op::Round { value: Box::new(value.into_expr()), mode: rounding.mode, quantum };
                Some(fold(Typed::new(op, ty, optional, span)))
            }
            ExprKind::Clamp { value, at_least, at_most } => {
                let mut typed = self.numeric(value, scope)?;
                for (bound, floor) in [(at_least, true), (at_most, false)] {
                    if let Some(bound) = bound {
                        let bound = self.numeric(bound, scope)?;
                        typed = self.extreme(vec![typed, bound], floor, span)?;
                    }
                }
                Some(typed)
            }
            ExprKind::Extreme { largest, values } => {
                let values = values.iter().map(|value| self.expression(value, scope)).collect::<Option<Vec<_>>>()?;
                self.extreme(values, *largest, span)
            }
            ExprKind::Aggregate { function, value, set } => {
                self.aggregate(*function, value.as_deref(), set.as_ref(), span, scope)
            }
            ExprKind::Running { value, set, per, before } => {
                self.running(value.as_deref(), set.as_ref(), per, *before, span, scope)
            }
            ExprKind::AddsUp { .. } => self.adds_up(expr, scope),
            ExprKind::RateOf(inner) | ExprKind::BandOf(inner) => {
                let rate = matches!(expr.kind, ExprKind::RateOf(_));
                self.ask(inner, if rate { plan::Ask::Rate } else { plan::Ask::Band }, span, scope)
            }
            ExprKind::Period { .. } => {
                let help = "add it to a date or take it off: closed_on + 12 months";
                self.problem(
                    Problem::error("misplaced-time", span, "a length of time stands beside a date").help(help),
                );
                None
            }
            ExprKind::TimeBetween { unit, from, to } => {
                let (from, to) = (self.date(from, scope)?, self.date(to, scope)?);
                let optional = from.optional || to.optional;
                let unit = time_unit(*unit);
                self.note_months(unit, span);
                let op = Op::TimeBetween { unit, from: Box::new(from.into_expr()), to: Box::new(to.into_expr()) };
                Some(Typed::new(op, Type::Count, optional, span))
            }
            ExprKind::DatePart { part, date } => {
                let date = self.date(date, scope)?;
                let optional = date.optional;
                let part = match part {
                    tree::DatePart::Year => plan::DatePart::Year,
                    tree::DatePart::Half => plan::DatePart::Half,
                    tree::DatePart::Quarter => plan::DatePart::Quarter,
                    tree::DatePart::Month => plan::DatePart::Month,
                    tree::DatePart::Day => plan::DatePart::Day,
                };
                Some(Typed::new(Op::DatePart(part, Box::new(date.into_expr())), Type::Count, optional, span))
            }
            ExprKind::Unsupported(unsupported) => {
                self.problem(not_supported(unsupported));
                None
            }
            ExprKind::Damaged => None,
        }
    }

    fn literal(&mut self, text: &str, span: Span) -> Option<Exact> {
        let value = parse_exact(text);
        if value.is_none() {
            self.problem(Problem::error("bad-number", span, format!("`{text}` is no number")));
        }
        value
    }

    fn check_currency(&mut self, written: &str, span: Span) -> Option<()> {
        let code = self.plan.unit.code.clone();
        if written == code || signs(written).contains(&code.as_str()) {
            return Some(());
        }
        let message = format!("`{written}` is not the sign of {code}, the program's currency");
        let sign = if written.chars().all(char::is_alphabetic) {
            code.clone()
        } else {
            sign_of(&code).unwrap_or(&code).to_owned()
        };
        self.problem(
            Problem::error("currency-mismatch", span, message).help(format!("write the amount with `{sign}`")),
        );
        None
    }

    /// An expression where a value of a choice may be named.
    pub(super) fn hinted(&mut self, expr: &tree::Expr, hint: Option<Type>, scope: &mut Scope) -> Option<Typed> {
        match (&expr.kind, hint) {
            (ExprKind::Bracket(inner), _) => self.hinted(inner, hint, scope),
            (ExprKind::Path(path), Some(Type::Choice(choice))) if path.parts.len() == 1 => {
                let name = &path.parts[0];
                if let Some(place) = self.plan.choices[choice.index()].iter().position(|value| *value == name.text) {
                    return Some(Typed::new(Op::Choice(place as u32), Type::Choice(choice), false, expr.span));
                }
                if self.names_something(name, scope) {
                    return self.path(path, scope);
                }
                self.unknown_choice(choice, name);
                None
            }
            (ExprKind::Text(text), Some(Type::Choice(choice))) => {
                let values = self.plan.choices[choice.index()].clone();
                let mut problem =
                    Problem::error("quoted-choice", expr.span, "the values of a `one of` are written without quotes");
                if let Some(near) = meed_grammar::nearest(text, values.iter().map(String::as_str)) {
                    problem = problem.help(format!("write `{near}`")).edit(expr.span, near);
                }
                self.problem(problem);
                None
            }
            (ExprKind::Conditional { branches, otherwise }, Some(_)) => {
                self.conditional(branches, otherwise.as_deref(), hint, expr.span, scope)
            }
            _ => self.expression(expr, scope),
        }
    }

    fn unknown_choice(&mut self, choice: ChoiceId, name: &tree::Name) {
        let values = self.plan.choices[choice.index()].clone();
        let problem =
            Problem::error("unknown-value", name.span, format!("`{}` is not one of {}", name.text, values.join(", ")));
        self.problem(suggest(problem, name, values.iter().map(String::as_str)));
    }

    /// A number of any kind.
    pub(super) fn numeric(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if typed.ty.is_numeric() && typed.text.is_none() {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error(
            "type-mismatch",
            expr.span,
            format!("this must be a number or an amount, not {words}"),
        ));
        None
    }

    fn date(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::Date {
            return Some(typed);
        }
        let words = self.type_words(typed.ty);
        self.problem(Problem::error("type-mismatch", expr.span, format!("this must be a date, not {words}")));
        None
    }

    /// A condition.
    pub(super) fn condition(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Expr> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::YesNo {
            return Some(typed.into_expr());
        }
        let words = self.type_words(typed.ty);
        let help = "compare it with something: amount >= $1,000, level is gold";
        self.problem(
            Problem::error("type-mismatch", expr.span, format!("a condition is a yes or no, not {words}")).help(help),
        );
        None
    }

    fn connective(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::Binary { op, .. } = &expr.kind else { return None };
        let mut parts = Vec::new();
        flatten(expr, *op, &mut parts);
        let outside = scope.facts.clone();
        let mut lowered = Vec::new();
        let mut failed = false;
        for part in parts {
            match self.condition(part, scope) {
                Some(condition) => {
                    scope.learn(facts(&condition.op, *op == BinaryOp::And));
                    lowered.push(condition);
                }
                None => failed = true,
            }
        }
        scope.facts = outside;
        if failed {
            return None;
        }
        let optional = lowered.iter().any(|condition| condition.optional);
        let op = if *op == BinaryOp::And { Op::And(lowered) } else { Op::Or(lowered) };
        Some(Typed::new(op, Type::YesNo, optional, expr.span))
    }

    fn conditional(
        &mut self,
        branches: &[(tree::Expr, tree::Expr)],
        otherwise: Option<&tree::Expr>,
        hint: Option<Type>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let Some(otherwise) = otherwise else {
            let end = Span { start: span.end, end: span.end };
            self.problem(
                Problem::error("missing-otherwise", span, "and otherwise?")
                    .label("no value where no condition holds")
                    .help("add `, otherwise` and a value")
                    .edit(end, ", otherwise 0"),
            );
            return None;
        };
        let outside = scope.facts.clone();
        let mut conditions = Vec::new();
        let mut values: Vec<Typed> = Vec::new();
        for (value, condition) in branches {
            let condition = self.condition(condition, scope)?;
            let here = scope.facts.clone();
            scope.learn(facts(&condition.op, true));
            let hint = hint.or(values.first().map(|value| value.ty));
            values.push(self.hinted(value, hint, scope)?);
            scope.facts = here;
            scope.learn(facts(&condition.op, false));
            conditions.push(condition);
        }
        let hint = hint.or(values.first().map(|value| value.ty));
        values.push(self.hinted(otherwise, hint, scope)?);
        scope.facts = outside;
        let values = self.unify_all(values)?;
        if values.iter().any(|value| value.text.is_some()) {
            self.problem(
                Problem::error("misplaced-text", span, "a text can only be compared")
                    .help("compare it with a field: region is \"EMEA\""),
            );
            return None;
        }
        let ty = values[0].ty;
        let optional = values.iter().any(|value| value.optional);
        let mut values: Vec<Expr> = values.into_iter().map(Typed::into_expr).collect();
        let otherwise = Box::new(values.pop()?);
        let branches = conditions.into_iter().zip(values).collect();
        Some(Typed::new(Op::If { branches, otherwise }, ty, optional, span))
    }

    pub(super) fn extreme(&mut self, values: Vec<Typed>, largest: bool, span: Span) -> Option<Typed> {
        let values = self.unify_all(values)?;
        let ty = values[0].ty;
        if !matches!(ty, Type::Number | Type::Count | Type::Percent | Type::Money | Type::Date | Type::Choice(_)) {
            let words = self.type_words(ty);
            self.problem(Problem::error("type-mismatch", span, format!("{words} has no smallest or largest")));
            return None;
        }
        let optional = values.iter().any(|value| value.optional);
        let values = values.into_iter().map(Typed::into_expr).collect();
        let op = if largest { Op::Largest(values) } else { Op::Smallest(values) };
        Some(Typed::new(op, ty, optional, span))
    }

    /// One type for both, or a problem.
    pub(super) fn unify(&mut self, a: Typed, b: Typed) -> Option<(Typed, Typed)> {
        let mut values = self.unify_all(vec![a, b])?;
        let b = values.pop()?;
        Some((values.pop()?, b))
    }

    fn unify_all(&mut self, mut values: Vec<Typed>) -> Option<Vec<Typed>> {
        let zero = |value: &Typed| value.literal && matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        let leader = values.iter().position(|value| !zero(value)).unwrap_or(0);
        let mut ty = values[leader].ty;
        for idx in 0..values.len() {
            if zero(&values[idx]) {
                continue;
            }
            ty = match (ty, values[idx].ty) {
                (a, b) if a == b => a,
                (Type::Count | Type::Number, Type::Count | Type::Number) => Type::Number,
                (Type::Percent, Type::Number | Type::Count) if !values[idx].literal => Type::Percent,
                (Type::Number | Type::Count, Type::Percent) if !values[leader].literal => Type::Percent,
                (Type::Text(a) | Type::Id(a), Type::Text(b) | Type::Id(b)) => {
                    let literal = values[leader].text.is_some() || values[idx].text.is_some();
                    if !literal {
                        self.join_domains(a, b);
                    }
                    if values[leader].text.is_some() { values[idx].ty } else { ty }
                }
                (a, b) => {
                    let (first, second) = (&values[leader], &values[idx]);
                    let message = format!("{} and {} do not go together", self.type_words(a), self.type_words(b));
                    let mut problem = Problem::error("type-mismatch", second.span, message)
                        .label(self.type_words(b))
                        .other(first.span, self.type_words(a));
                    let (number, other) = if second.literal { (second, a) } else { (first, b) };
                    if number.literal
                        && let Op::Number(value) = &number.op
                    {
                        let text = crate::value::exact_text(value);
                        let fixed = match other {
                            Type::Money => Some(format!("{}{text}", sign_of(&self.plan.unit.code).unwrap_or("$"))),
                            Type::Percent => Some(format!("{text}%")),
                            _ => None,
                        };
                        if let Some(fixed) = fixed {
                            problem = problem.help(format!("write `{fixed}`")).edit(number.span, fixed);
                        }
                    }
                    self.problem(problem);
                    return None;
                }
            };
        }
        for value in &mut values {
            if ty.is_numeric() {
                value.ty = ty;
            }
        }
        Some(values)
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &tree::Expr,
        right: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if let ExprKind::Period { count, unit } = &unbracketed(right).kind
            && matches!(op, BinaryOp::Add | BinaryOp::Subtract)
        {
            return self.move_date(left, count, *unit, op == BinaryOp::Subtract, span, scope);
        }
        let (a, b) = (self.expression(left, scope), self.expression(right, scope));
        let (a, b) = (a?, b?);
        if a.ty == Type::Date && b.ty == Type::Date && op == BinaryOp::Subtract {
            let help = "write: days from A to B";
            self.problem(Problem::error("type-mismatch", op_span, "dates are not subtracted").help(help));
            return None;
        }
        for side in [&a, &b] {
            if !side.ty.is_numeric() || side.text.is_some() {
                let message = format!("{} cannot be reckoned with", self.type_words(side.ty));
                self.problem(Problem::error("type-mismatch", side.span, message));
                return None;
            }
        }
        let optional = a.optional || b.optional;
        let boxed = |value: Typed| Box::new(value.into_expr());
        let typed = match op {
            BinaryOp::Add | BinaryOp::Subtract => {
                let literal = a.literal && b.literal;
                let (a, b) = self.unify(a, b)?;
                let ty = if a.literal && !b.literal { b.ty } else { a.ty };
                let op =
                    if op == BinaryOp::Add { Op::Add(boxed(a), boxed(b)) } else { Op::Subtract(boxed(a), boxed(b)) };
                Typed { literal, ..Typed::new(op, ty, optional, span) }
            }
            BinaryOp::Of if a.literal => {
                let text = if let Op::Number(value) = &a.op { crate::value::exact_text(value) } else { "2".to_owned() };
                self.problem(
                    Problem::error(
                        "missing-percent",
                        a.span,
                        format!("missing `%`: {text} of something is not a share of it"),
                    )
                    .help(format!("write `{text}%`, or multiply with `*`"))
                    .edit(a.span, format!("{text}%")),
                );
                return None;
            }
            BinaryOp::Of | BinaryOp::Multiply => {
                let ty = match (a.ty, b.ty) {
                    (Type::Money, Type::Money) => {
                        let message = "money times money is nothing that can be paid";
                        self.problem(
                            Problem::error("money-times-money", op_span, message)
                                .label("both sides are amounts")
                                .help("multiply an amount by a percent, a count or a number"),
                        );
                        return None;
                    }
                    (Type::Money, _) if op == BinaryOp::Of => {
                        let message = "`of` takes a share on its left";
                        self.problem(
                            Problem::error("type-mismatch", a.span, message)
                                .label("this is an amount")
                                .help("write the percent first: 2% of amount"),
                        );
                        return None;
                    }
                    (Type::Money, _) | (_, Type::Money) => Type::Money,
                    (Type::Count, Type::Count) => Type::Count,
                    (Type::Percent, Type::Percent) => Type::Percent,
                    (Type::Percent, other) if op == BinaryOp::Of => {
                        if other == Type::Count {
                            Type::Number
                        } else {
                            other
                        }
                    }
                    (Type::Percent, _) | (_, Type::Percent) => Type::Percent,
                    _ => Type::Number,
                };
                let literal = a.literal && b.literal;
                Typed { literal, ..Typed::new(Op::Multiply(boxed(a), boxed(b)), ty, optional, span) }
            }
            BinaryOp::Divide => {
                if matches!(&b.op, Op::Number(number) if *number == Exact::ZERO) {
                    self.problem(Problem::error("division-by-zero", b.span, "nothing can be divided by zero"));
                    return None;
                }
                let ty = match (a.ty, b.ty) {
                    (Type::Money, Type::Money) => Type::Number,
                    (_, Type::Money) => {
                        self.problem(Problem::error(
                            "type-mismatch",
                            b.span,
                            "only an amount can be divided by an amount",
                        ));
                        return None;
                    }
                    (Type::Money, _) => Type::Money,
                    (Type::Percent, Type::Number | Type::Count) => Type::Percent,
                    _ => Type::Number,
                };
                let literal = a.literal && b.literal;
                Typed { literal, ..Typed::new(Op::Divide(boxed(a), boxed(b)), ty, optional, span) }
            }
            BinaryOp::And | BinaryOp::Or => return None,
        };
        Some(fold(typed))
    }

    fn move_date(
        &mut self,
        date: &tree::Expr,
        count: &tree::Expr,
        unit: tree::PeriodUnit,
        back: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let date = self.date(date, scope)?;
        let count = self.numeric(count, scope)?;
        if !matches!(count.ty, Type::Count | Type::Number) {
            let message = format!("a length of time is counted by a whole number, not {}", self.type_words(count.ty));
            self.problem(Problem::error("type-mismatch", count.span, message));
            return None;
        }
        let unit = time_unit(unit);
        self.note_months(unit, span);
        let optional = date.optional || count.optional;
        let count = count.into_expr();
        let count = if back {
            let (ty, optional, span) = (count.ty, count.optional, count.span);
            fold(Typed::new(Op::Negate(Box::new(count)), ty, optional, span)).into_expr()
        } else {
            count
        };
        let op = Op::AddTime { date: Box::new(date.into_expr()), count: Box::new(count), unit };
        Some(Typed::new(op, Type::Date, optional, span))
    }

    fn note_months(&mut self, unit: TimeUnit, span: Span) {
        if unit != TimeUnit::Days && self.plan.calendar.month_ends.is_none() && self.months_used.is_none() {
            self.months_used = Some(span);
            let program = self.resolved.program.as_ref().map_or(span, |program| program.name.span);
            self.problem(
                Problem::error("missing-month-ends", span, "where does 31 January plus one month land?")
                    .label("months are counted here")
                    .other(program, "the program does not say")
                    .help("add to the program: month ends round down (28 February) or month ends round up (1 March)"),
            );
        }
    }

    fn comparison(
        &mut self,
        op: CompareOp,
        op_span: Span,
        left: &tree::Expr,
        right: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (a, b) = self.sides(left, right, scope)?;
        match (op, &a.text, &b.text) {
            (CompareOp::Contains | CompareOp::StartsWith, None, Some(text)) => {
                let test = if op == CompareOp::Contains {
                    TextTest::Contains(text.clone())
                } else {
                    TextTest::StartsWith(text.clone())
                };
                return self.predicate(a, test, span);
            }
            (CompareOp::Contains | CompareOp::StartsWith, ..) => {
                let help = "write: name contains \"Cloud\"";
                self.problem(
                    Problem::error("type-mismatch", op_span, "a text is searched for a quoted text").help(help),
                );
                return None;
            }
            (CompareOp::Equal | CompareOp::NotEqual, None, Some(text))
            | (CompareOp::Equal | CompareOp::NotEqual, Some(text), None) => {
                let test = TextTest::In(vec![text.clone()]);
                let value = if a.text.is_some() { b } else { a };
                return Some(negate(self.predicate(value, test, span)?, op == CompareOp::NotEqual));
            }
            _ => {}
        }
        let (a, b) = self.unify(a, b)?;
        let comparison = match op {
            CompareOp::Equal => Comparison::Equal,
            CompareOp::NotEqual => Comparison::NotEqual,
            CompareOp::Less => Comparison::Less,
            CompareOp::LessOrEqual => Comparison::LessOrEqual,
            CompareOp::Greater => Comparison::Greater,
            CompareOp::GreaterOrEqual => Comparison::GreaterOrEqual,
            CompareOp::Contains | CompareOp::StartsWith => return None,
        };
        let ordered =
            matches!(a.ty, Type::Number | Type::Count | Type::Percent | Type::Money | Type::Date | Type::Choice(_));
        if !ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let message = format!("{} has no order", self.type_words(a.ty));
            self.problem(Problem::error("type-mismatch", op_span, message).help("compare with `is` or `is not`"));
            return None;
        }
        let optional = a.optional || b.optional;
        let op = Op::Compare(comparison, Box::new(a.into_expr()), Box::new(b.into_expr()));
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// Both sides of a comparison; the name of a choice has its meaning from the other side.
    fn sides(&mut self, left: &tree::Expr, right: &tree::Expr, scope: &mut Scope) -> Option<(Typed, Typed)> {
        let bare = |expr: &tree::Expr| match &unbracketed(expr).kind {
            ExprKind::Path(path) if path.parts.len() == 1 => Some(path.parts[0].clone()),
            _ => None,
        };
        if bare(left).is_some_and(|name| !self.names_something(&name, scope))
            && bare(right).is_none_or(|name| self.names_something(&name, scope))
        {
            let b = self.expression(right, scope)?;
            let a = self.hinted(left, Some(b.ty), scope)?;
            return Some((a, b));
        }
        let a = self.expression(left, scope)?;
        let b = self.hinted(right, Some(a.ty), scope)?;
        Some((a, b))
    }

    fn membership(&mut self, value: &tree::Expr, list: &tree::Expr, span: Span, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::List(values) = &unbracketed(list).kind else {
            self.problem(
                Problem::error("missing-list", list.span, "`in` is followed by a list")
                    .help("write: level in [gold, platinum]"),
            );
            return None;
        };
        if values.is_empty() {
            self.problem(Problem::error("missing-list", list.span, "an empty list holds nothing"));
            return None;
        }
        let subject = self.expression(value, scope)?;
        let texts: Option<Vec<String>> = values
            .iter()
            .map(|value| if let ExprKind::Text(text) = &value.kind { Some(text.clone()) } else { None })
            .collect();
        if let (Some(texts), Type::Text(_) | Type::Id(_) | Type::Ref(_)) = (texts, subject.ty) {
            return self.predicate(subject, TextTest::In(texts), span);
        }
        let mut tests = Vec::new();
        for value in values {
            let other = self.hinted(value, Some(subject.ty), scope)?;
            if other.text.is_some() && subject.ty != other.ty && !matches!(subject.ty, Type::Text(_) | Type::Id(_)) {
                let words = self.type_words(subject.ty);
                self.problem(Problem::error("type-mismatch", value.span, format!("a text is not {words}")));
                return None;
            }
            let (a, b) = self.unify(subject.clone(), other)?;
            let optional = a.optional || b.optional;
            let op = Op::Compare(Comparison::Equal, Box::new(a.into_expr()), Box::new(b.into_expr()));
            tests.push(Expr { op, ty: Type::YesNo, optional, span: value.span });
        }
        let optional = tests.iter().any(|test| test.optional);
        Some(Typed::new(Op::Or(tests), Type::YesNo, optional, span))
    }

    fn predicate(&mut self, value: Typed, test: TextTest, span: Span) -> Option<Typed> {
        let value = self.key_text(value);
        let (Type::Text(domain) | Type::Id(domain)) = value.ty else {
            let words = self.type_words(value.ty);
            self.problem(Problem::error("type-mismatch", value.span, format!("{words} is not compared with a text")));
            return None;
        };
        let predicate = Predicate { domain, test };
        let idx = self.plan.predicates.iter().position(|known| *known == predicate).unwrap_or_else(|| {
            self.plan.predicates.push(predicate);
            self.plan.predicates.len() - 1
        });
        let optional = value.optional;
        let op = Op::Predicate { predicate: PredicateId(idx as u32), value: Box::new(value.into_expr()) };
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// A reference compared with a text is its key, where that is one field.
    fn key_text(&mut self, value: Typed) -> Typed {
        let (Type::Ref(target), Op::Field { root, record, path }) = (value.ty, &value.op) else { return value };
        let [key] = self.plan.record(target).key[..] else { return value };
        let mut path = path.clone();
        path.push(key);
        self.mark_used(*record, &path);
        let ty = self.plan.record(target).fields[key.index()].ty;
        Typed { op: Op::Field { root: *root, record: *record, path }, ty, ..value }
    }

    fn call(&mut self, name: &tree::Name, arguments: &[tree::Expr], span: Span, scope: &mut Scope) -> Option<Typed> {
        let schedule = self.schedule_named(name)?;
        let definition = self.plan.schedules[schedule.index()].clone();
        let wanted = definition.arguments.len() + 1;
        if arguments.len() != wanted {
            let message = format!("`{}` takes {}", name.text, count_words(definition.arguments.len()));
            self.problem(Problem::error("argument-count", span, message).label(format!("{} given", arguments.len())));
            return None;
        }
        let mut lowered = Vec::new();
        for (argument, ty) in arguments.iter().zip(definition.arguments.iter().copied().chain([definition.domain])) {
            let typed = self.numeric(argument, scope)?;
            lowered.push(self.accepts(typed, ty)?.into_expr());
        }
        let value = Box::new(lowered.pop()?);
        let optional = value.optional || lowered.iter().any(|argument| argument.optional) || pays_none(&definition);
        let op = Op::Schedule { schedule, arguments: lowered, value, ask: plan::Ask::Amount };
        Some(Typed::new(op, definition.result, optional, span))
    }

    pub(super) fn schedule_named(&mut self, name: &tree::Name) -> Option<plan::ScheduleId> {
        match self.schedules.get(&name.text) {
            Some(found) => *found,
            None => {
                if !self.damaged(&name.text) {
                    let known: Vec<String> = self.schedules.keys().cloned().collect();
                    let problem =
                        Problem::error("unknown-schedule", name.span, format!("there is no schedule `{}`", name.text));
                    self.problem(suggest(problem, name, known.iter().map(String::as_str)));
                }
                None
            }
        }
    }

    /// A value as an argument of this type.
    pub(super) fn accepts(&mut self, value: Typed, ty: Type) -> Option<Typed> {
        let zero = matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        let fits = value.ty == ty
            || (value.literal && zero)
            || matches!((value.ty, ty), (Type::Count | Type::Percent, Type::Number))
            || (matches!((value.ty, ty), (Type::Count | Type::Number, Type::Percent)) && !value.literal);
        if fits {
            return Some(value);
        }
        let message = format!("here {} is wanted, not {}", self.type_words(ty), self.type_words(value.ty));
        self.problem(Problem::error("type-mismatch", value.span, message));
        None
    }

    fn ask(&mut self, inner: &tree::Expr, ask: plan::Ask, span: Span, scope: &mut Scope) -> Option<Typed> {
        let value = self.expression(inner, scope)?;
        match value.op {
            Op::Schedule { schedule, arguments, value, ask: plan::Ask::Amount } => {
                let rate = self.plan.schedules[schedule.index()].rate;
                let ty = if ask == plan::Ask::Rate { rate } else { Type::Count };
                let definition = &self.plan.schedules[schedule.index()];
                let optional =
                    value.optional || arguments.iter().any(|argument| argument.optional) || may_lack(definition, ask);
                Some(Typed::new(Op::Schedule { schedule, arguments, value, ask }, ty, optional, span))
            }
            _ => {
                let help = "write: rate of volume_bands(sum of deal.amount)";
                self.problem(
                    Problem::error("type-mismatch", inner.span, "only a schedule has a rate or a band").help(help),
                );
                None
            }
        }
    }

    /// Whether a bare name means anything here.
    pub(super) fn names_something(&self, name: &tree::Name, scope: &Scope) -> bool {
        let text = &name.text;
        scope.locals.contains_key(text)
            || scope.arguments.iter().any(|(argument, _)| argument == text)
            || scope.bare.is_some_and(|(_, record)| self.plan.record(record).field(text).is_some())
            || scope.outer.as_ref().is_some_and(|(record, _, _)| self.plan.record(*record).field(text).is_some())
            || scope.outer.as_ref().is_some_and(|(_, _, names)| names.contains(text))
            || scope.roots.iter().any(|(root, _, _)| root == text)
            || (scope.payment && text == "payment")
            || self.parameters.contains_key(text)
            || self.decision_named(text, scope).is_some()
    }

    fn path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        let first = &path.parts[0];
        let rest = &path.parts[1..];
        if let Some(&local) = scope.locals.get(&first.text) {
            return self.local_path(local, rest, path.span, scope);
        }
        if let Some(idx) = scope.arguments.iter().position(|(name, _)| *name == first.text) {
            return Some(Typed::new(Op::Argument(idx as u32), scope.arguments[idx].1, false, path.span));
        }
        if let Some((root, record)) = scope.bare
            && self.plan.record(record).field(&first.text).is_some()
        {
            if let Some((outer, _, _)) = &scope.outer
                && self.plan.record(*outer).field(&first.text).is_some()
            {
                let (inner, outer) = (self.plan.record(record).name.clone(), self.plan.record(*outer).name.clone());
                let name = &first.text;
                let message = format!("both `{inner}` and `{outer}` have a field `{name}`");
                self.problem(
                    Problem::error("ambiguous-name", first.span, message)
                        .help(format!("write `{inner}.{name}` or `{outer}.{name}`")),
                );
                return None;
            }
            return self.follow(root, record, Vec::new(), &path.parts, path.span, scope);
        }
        if let Some((outer, join, names)) = scope.outer.clone() {
            let payee =
                scope.roots.iter().find(|(_, root, _)| *root == Root::Payee).map(|(_, root, record)| (*root, *record));
            let (root, record) = scope.bare.or(payee)?;
            if scope.payment && rest.is_empty() && matches!(first.text.as_str(), "amount" | "when") {
                let (op, ty) =
                    if first.text == "amount" { (Op::PaymentAmount, Type::Money) } else { (Op::When, Type::Date) };
                return Some(Typed::new(op, ty, false, path.span));
            }
            if names.contains(&first.text) {
                if rest.is_empty() {
                    return self.row_itself(root, record, join, path.span, scope);
                }
                return self.follow(root, record, join, rest, path.span, scope);
            }
            if self.plan.record(outer).field(&first.text).is_some() {
                return self.follow(root, record, join, &path.parts, path.span, scope);
            }
        }
        if scope.payment && first.text == "payment" {
            return self.payment_path(path, scope);
        }
        if let Some((_, root, record)) = scope.roots.iter().find(|(name, _, _)| *name == first.text).cloned() {
            if rest.is_empty() {
                return self.row_itself(root, record, Vec::new(), path.span, scope);
            }
            if let Some(decision) = self.decision_of(&rest[0], root, record, scope)
                && rest.len() == 1
            {
                return Some(self.read_decision(decision, root, path.span, scope));
            }
            return self.follow(root, record, Vec::new(), rest, path.span, scope);
        }
        if let Some(parameter) = self.parameters.get(&first.text) {
            let typed = parameter.clone()?;
            if let [next, ..] = rest {
                self.problem(Problem::error(
                    "unknown-name",
                    next.span,
                    format!("`{}` is a parameter and has no fields", first.text),
                ));
                return None;
            }
            return Some(Typed { span: path.span, literal: false, ..typed });
        }
        if let Some((decision, root)) = self.decision_named(&first.text, scope)
            && rest.is_empty()
        {
            return Some(self.read_decision(decision, root, path.span, scope));
        }
        self.unknown_name(first, scope);
        None
    }

    fn row_itself(
        &mut self,
        root: Root,
        record: RecordId,
        path: Vec<FieldId>,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        self.mark_used(record, &path);
        let mut target = record;
        for field in &path {
            if let Type::Ref(next) = self.plan.record(target).fields[field.index()].ty {
                target = next;
            }
        }
        let optional = self.path_optional(root, record, &path, scope);
        Some(Typed::new(Op::Field { root, record, path }, Type::Ref(target), optional, span))
    }

    fn local_path(
        &mut self,
        local: plan::LocalId,
        rest: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let definition = scope.definitions[local.index()].clone();
        if rest.is_empty() {
            let optional = definition.optional && !scope.knows(&Fact::Local(local));
            return Some(Typed::new(Op::Local(local), definition.ty, optional, span));
        }
        match (definition.op, definition.ty) {
            (Op::Field { root, record, path }, Type::Ref(_)) => self.follow(root, record, path, rest, span, scope),
            _ => {
                let message = format!("`{}` has no fields", rest[0].text);
                self.problem(Problem::error("unknown-name", rest[0].span, message));
                None
            }
        }
    }

    fn payment_path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        let Some(part) = path.parts.get(1) else {
            self.problem(Problem::error(
                "unknown-name",
                path.span,
                "of a payment there are `payment.amount`, `payment.payee` and `payment.when`",
            ));
            return None;
        };
        match part.text.as_str() {
            "amount" if path.parts.len() == 2 => Some(Typed::new(Op::PaymentAmount, Type::Money, false, path.span)),
            "when" if path.parts.len() == 2 => Some(Typed::new(Op::When, Type::Date, false, path.span)),
            "payee" => {
                let (_, root, record) = scope.roots.iter().find(|(_, root, _)| *root == Root::Payee).cloned()?;
                if path.parts.len() == 2 {
                    return self.row_itself(root, record, Vec::new(), path.span, scope);
                }
                self.follow(root, record, Vec::new(), &path.parts[2..], path.span, scope)
            }
            _ => {
                let message = format!("a payment has no `{}`", part.text);
                let problem = Problem::error("unknown-name", part.span, message)
                    .help("of a payment there are `payment.amount`, `payment.payee` and `payment.when`");
                self.problem(suggest(problem, part, ["amount", "payee", "when"]));
                None
            }
        }
    }

    /// Follows names as fields from a row.
    pub(super) fn follow(
        &mut self,
        root: Root,
        record: RecordId,
        mut path: Vec<FieldId>,
        names: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let mut at = record;
        for field in &path {
            if let Type::Ref(next) = self.plan.record(at).fields[field.index()].ty {
                at = next;
            }
        }
        let mut ty = Type::Ref(at);
        for (idx, name) in names.iter().enumerate() {
            let Type::Ref(here) = ty else {
                let message = format!("`{}` is {} and has no fields", names[idx - 1].text, self.type_words(ty));
                self.problem(Problem::error("unknown-name", name.span, message));
                return None;
            };
            let definition = self.plan.record(here);
            let Some(field) = definition.field(&name.text) else {
                let message = format!("`{}` has no field `{}`", definition.name, name.text);
                let problem = Problem::error("unknown-name", name.span, message);
                let problem = suggest(problem, name, field_names(definition));
                self.problem(problem);
                return None;
            };
            ty = definition.fields[field.index()].ty;
            path.push(field);
        }
        self.mark_used(record, &path);
        let optional = self.path_optional(root, record, &path, scope);
        Some(Typed::new(Op::Field { root, record, path }, ty, optional, span))
    }

    fn unknown_name(&mut self, name: &tree::Name, scope: &Scope) {
        if self.damaged(&name.text) {
            return;
        }
        let mut known: Vec<String> = scope.locals.keys().cloned().chain(self.parameters.keys().cloned()).collect();
        known.extend(scope.arguments.iter().map(|(name, _)| name.clone()));
        known.extend(scope.roots.iter().map(|(name, _, _)| name.clone()));
        if let Some((_, record)) = scope.bare {
            known.extend(field_names(self.plan.record(record)).map(str::to_owned));
        }
        if let Some((record, _, _)) = &scope.outer {
            known.extend(field_names(self.plan.record(*record)).map(str::to_owned));
        }
        known.sort();
        let mut problem = Problem::error("unknown-name", name.span, format!("`{}` is not known here", name.text));
        if self.schedules.contains_key(&name.text) {
            problem = problem.label("this is a schedule").help(format!("apply it to something: {}(amount)", name.text));
        } else if known.is_empty() {
            problem = problem.help("inside a schedule only its arguments, parameters and literals can be used");
        }
        self.problem(suggest(problem, name, known.iter().map(String::as_str)));
    }
}

/// Numbers that need no row are worked out at once.
pub(super) fn fold(typed: Typed) -> Typed {
    let number = |expr: &Expr| {
        if let Op::Number(value) = &fold(Typed::from_expr(expr.clone())).op { Some(value.clone()) } else { None }
    };
    let value = match &typed.op {
        Op::Negate(x) => number(x).map(|x| -x),
        Op::Add(a, b) => number(a).zip(number(b)).map(|(a, b)| a + b),
        Op::Subtract(a, b) => number(a).zip(number(b)).map(|(a, b)| a - b),
        Op::Multiply(a, b) => number(a).zip(number(b)).map(|(a, b)| a * b),
        Op::Divide(a, b) => number(a).zip(number(b)).filter(|(_, b)| *b != Exact::ZERO).map(|(a, b)| a / b),
        Op::Round { value, mode, quantum } => number(value).map(|value| round_to(&value, *mode, quantum)),
        _ => None,
    };
    match value {
        Some(value) => Typed { op: Op::Number(value), ..typed },
        None => typed,
    }
}

pub(super) fn unbracketed(expr: &tree::Expr) -> &tree::Expr {
    match &expr.kind {
        ExprKind::Bracket(inner) => unbracketed(inner),
        _ => expr,
    }
}

fn negate(typed: Typed, negated: bool) -> Typed {
    if !negated {
        return typed;
    }
    let (optional, span) = (typed.optional, typed.span);
    Typed::new(Op::Not(Box::new(typed.into_expr())), Type::YesNo, optional, span)
}

fn flatten<'e>(expr: &'e tree::Expr, op: BinaryOp, parts: &mut Vec<&'e tree::Expr>) {
    match &expr.kind {
        ExprKind::Binary { op: found, left, right, .. } if *found == op => {
            flatten(left, op, parts);
            flatten(right, op, parts);
        }
        _ => parts.push(expr),
    }
}

fn time_unit(unit: tree::PeriodUnit) -> TimeUnit {
    match unit {
        tree::PeriodUnit::Days => TimeUnit::Days,
        tree::PeriodUnit::Months => TimeUnit::Months,
        tree::PeriodUnit::Years => TimeUnit::Years,
    }
}

fn count_words(n_arguments: usize) -> String {
    match n_arguments {
        0 => "one value".to_owned(),
        1 => "one argument, then a value".to_owned(),
        n => format!("{n} arguments, then a value"),
    }
}

/// Whether some band of a schedule has no result.
pub(super) fn pays_none(schedule: &plan::Schedule) -> bool {
    match &schedule.shape {
        plan::Shape::Graduated(bands) | plan::Shape::Retroactive(bands) => {
            bands.iter().any(|band| band.pays == plan::BandPays::None)
        }
        plan::Shape::Curve { beyond, .. } => *beyond == plan::Beyond::None,
        plan::Shape::Every { .. } => false,
    }
}

/// Whether the rate or band of a schedule can be missing for some value.
fn may_lack(schedule: &plan::Schedule, ask: plan::Ask) -> bool {
    let flat_only = |band: &plan::Band| matches!(band.pays, plan::BandPays::Amount { rate: None, .. });
    match &schedule.shape {
        plan::Shape::Every { .. } => true,
        plan::Shape::Graduated(bands) | plan::Shape::Retroactive(bands) => {
            let sheet = bands.iter().any(|band| band.number == 0);
            sheet
                || pays_none(schedule)
                || (ask == plan::Ask::Rate && bands.iter().any(flat_only))
                || !schedule.mirrored
        }
        plan::Shape::Curve { .. } => true,
    }
}

/// The currencies that a sign stands for.
fn signs(sign: &str) -> &'static [&'static str] {
    match sign {
        "$" => &[
            "USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL", "BBD", "BMD", "BND",
            "BSD", "BZD", "FJD", "GYD", "JMD", "KYD", "LRD", "NAD", "SBD", "SRD", "TTD", "UYU", "XCD",
        ],
        "€" => &["EUR"],
        "£" => &["GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SYP"],
        "¥" => &["JPY", "CNY"],
        "₹" => &["INR"],
        "₩" => &["KRW", "KPW"],
        "₽" => &["RUB"],
        "₺" => &["TRY"],
        "₪" => &["ILS"],
        "₫" => &["VND"],
        "฿" => &["THB"],
        "₴" => &["UAH"],
        "₱" => &["PHP"],
        "₦" => &["NGN"],
        _ => &[],
    }
}

/// The sign of a currency, if it has one.
pub(super) fn sign_of(code: &str) -> Option<&'static str> {
    ["$", "€", "£", "¥", "₹", "₩", "₽", "₺", "₪", "₫", "฿", "₴", "₱", "₦"]
        .into_iter()
        .find(|sign| signs(sign).contains(&code))
}
