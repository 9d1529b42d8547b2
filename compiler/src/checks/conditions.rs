//! Conditions that no row can meet: `amount > $5 and amount < $3`, also where the parts stand in several `where`.

use super::ranges::Ranges;
use crate::plan::calendar::date_of;
use crate::plan::{Comparison, Expr, Op, Plan, Root, Rule, Step, Stream, Type};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;

pub(super) fn conditions(plan: &Plan, problems: &mut Vec<Problem>) {
    for rule in &plan.rules {
        let mut left = Left::of_rule(plan, rule);
        for step in &rule.steps {
            match step {
                Step::Filter(condition) => left.take(condition, problems),
                Step::AccumulateAll { filter: Some(filter), .. } => Left::new(plan).take(filter, problems),
                _ => {}
            }
        }
    }
    for filter in plan.groups.iter().filter_map(|group| group.filter.as_ref()) {
        Left::new(plan).take(filter, problems);
    }
}

/// What the conditions so far leave of the values of each field, and where each was narrowed.
struct Left<'p> {
    plan: &'p Plan,
    fields: Vec<(Op, Ranges, Vec<Span>)>,
    /// The days of the rule, for the message where they are what contradicts.
    days: Option<String>,
    /// One contradiction makes every later one a consequence.
    done: bool,
}

impl<'p> Left<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, fields: Vec::new(), days: None, done: false }
    }

    /// A rule over an event sees only the days on which it holds.
    fn of_rule(plan: &'p Plan, rule: &Rule) -> Self {
        let Stream::Events(record) = rule.stream else { return Self::new(plan) };
        let Some(when) = plan.record(record).when else { return Self::new(plan) };
        let op = Op::Field { root: Root::Row, record, path: vec![when] };
        let days = Ranges::between(Exact::from(rule.active.from), Exact::from(rule.active.to));
        let words = format!("the rule holds from {} to {}", date_of(rule.active.from), date_of(rule.active.to));
        Self { fields: vec![(op, days, Vec::new())], days: Some(words), ..Self::new(plan) }
    }

    fn take(&mut self, condition: &Expr, problems: &mut Vec<Problem>) {
        match &condition.op {
            Op::And(parts) => parts.iter().for_each(|part| self.take(part, problems)),
            // `, unknown means no`
            Op::IfUnknown(inner, default) if default.op == Op::YesNo(false) => self.take(inner, problems),
            _ => {
                if let Some((field, ranges)) = allowed(condition) {
                    self.narrow(&field, &ranges, condition.span, problems);
                }
            }
        }
    }

    fn narrow(&mut self, field: &Expr, ranges: &Ranges, span: Span, problems: &mut Vec<Problem>) {
        let idx = self.fields.iter().position(|(known, ..)| *known == field.op).unwrap_or_else(|| {
            let whole = match field.ty {
                Type::Choice(choice) => Ranges::places(self.plan.choices[choice.index()].len()),
                _ => ranges.clone(),
            };
            self.fields.push((field.op.clone(), whole, Vec::new()));
            self.fields.len() - 1
        });
        let (_, left, places) = &mut self.fields[idx];
        *left = left.and(ranges);
        if left.is_empty() && !self.done {
            self.done = true;
            problems.push(never(span, places, self.days.as_deref()));
        }
        places.push(span);
    }
}

fn never(span: Span, places: &[Span], days: Option<&str>) -> Problem {
    let problem = Problem::warning("never-holds", span, "no row can meet this condition");
    match (places, days) {
        ([], Some(days)) => problem.label(days).help("move the date, or take the condition out"),
        ([], None) => problem.help("take the condition out, or say what is meant"),
        ([before @ .., last], _) => {
            let problem =
                problem.label("together with the condition before, nothing is left").other(*last, "asked before");
            let problem = before.iter().fold(problem, |problem, place| problem.other(*place, "asked before"));
            problem.help("let one of them go, or write `or` between brackets where one is enough")
        }
    }
}

/// The field that a condition asks about, and the values it lets through; none where that is not plain.
fn allowed(condition: &Expr) -> Option<(Expr, Ranges)> {
    match &condition.op {
        Op::Compare(comparison, a, b) => match (constant(a), constant(b)) {
            (None, Some(bound)) => Some((field(a)?, Ranges::compared(*comparison, &bound))),
            (Some(bound), None) => Some((field(b)?, Ranges::compared(turned(*comparison), &bound))),
            _ => None,
        },
        Op::Or(parts) => {
            let mut parts = parts.iter().map(allowed);
            let (field, first) = parts.next()??;
            parts.try_fold((field, first), |(field, ranges), part| {
                let (other, more) = part?;
                (other.op == field.op).then(|| (field, ranges.or(more)))
            })
        }
        Op::Field { .. } if condition.ty == Type::YesNo => Some((field(condition)?, yes())),
        Op::Not(inner) => match &inner.op {
            Op::Compare(comparison, a, b) => {
                let contrary =
                    Expr { op: Op::Compare(contrary(*comparison), a.clone(), b.clone()), ..(**inner).clone() };
                allowed(&contrary)
            }
            Op::Field { .. } => Some((field(inner)?, Ranges::compared(Comparison::Equal, &Exact::ZERO))),
            _ => None,
        },
        _ => None,
    }
}

fn yes() -> Ranges {
    Ranges::compared(Comparison::Equal, &Exact::ONE)
}

/// Only what has one value for a row can contradict itself.
fn field(expr: &Expr) -> Option<Expr> {
    matches!(expr.op, Op::Field { .. } | Op::Local(_) | Op::PaymentAmount | Op::When).then(|| expr.clone())
}

fn constant(expr: &Expr) -> Option<Exact> {
    match &expr.op {
        Op::Number(value) => Some(value.clone()),
        Op::Date(day) => Some(Exact::from(*day)),
        Op::Choice(place) => Some(Exact::from(*place)),
        Op::YesNo(value) => Some(if *value { Exact::ONE } else { Exact::ZERO }),
        _ => None,
    }
}

/// The comparison with its sides changed.
fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        Comparison::Equal | Comparison::NotEqual => comparison,
    }
}

fn contrary(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}
