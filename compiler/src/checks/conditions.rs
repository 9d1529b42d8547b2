//! Conditions that no row can meet: `amount > $5 and amount < $3`, also where the parts are in several `where`.

use super::ranges::Ranges;
use crate::plan::calendar::date_of;
use crate::plan::{
    Bounds, Comparison, CreditPart, Expr, FieldId, FieldSource, Function, LocalId, Node, Op, Plan, Reading, RecordId,
    Root, Stream, Type, Version,
};
use crate::value::{Exact, power_of_ten};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use rustc_hash::FxHashMap;

pub(super) fn conditions(plan: &Plan, problems: &mut Vec<Problem>) {
    for rule in &plan.versions {
        let mut left = Left::of_rule(plan, rule);
        for step in &rule.nodes {
            match step {
                Node::Keep(condition) => left.take(condition, problems),
                Node::TotalOfAll { filter: Some(filter), .. } => Left::new(plan).take(filter, problems),
                _ => {}
            }
        }
    }
    for filter in plan.matches.iter().filter_map(|rows| rows.also.as_ref()) {
        Left::new(plan).take(filter, problems);
    }
}

/// What the conditions so far leave of the values of each field, and where each was narrowed.
struct Left<'p> {
    plan: &'p Plan,
    fields: FxHashMap<Subject, (Ranges, Vec<Span>)>,
    /// The days of the rule, for the message where they are what contradicts.
    days: Option<String>,
    /// One contradiction makes every later one a consequence.
    done: bool,
}

impl<'p> Left<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, fields: FxHashMap::default(), days: None, done: false }
    }

    /// A rule over an event sees only the days on which it holds.
    fn of_rule(plan: &'p Plan, rule: &Version) -> Self {
        let (record, day) = match &rule.stream {
            Stream::Events(record) => (*record, plan.record(*record).when.map(|when| vec![when])),
            Stream::ByDate(record, path) => (*record, Some(path.clone())),
            Stream::Periods(..) | Stream::Lines(..) => return Self::new(plan),
        };
        let Some(day) = day else { return Self::new(plan) };
        let subject = Subject::Field(Root::Row, record, day);
        let looked_at = rule.looks_at();
        let days = Ranges::between(Exact::from(looked_at.from), Exact::from(looked_at.to));
        let words = format!("the rule holds from {} to {}", date_of(looked_at.from), date_of(looked_at.to));
        let fields = std::iter::once((subject, (days, Vec::new()))).collect();
        Self { fields, days: Some(words), ..Self::new(plan) }
    }

    fn take(&mut self, condition: &Expr, problems: &mut Vec<Problem>) {
        steps::count(1);
        match &condition.op {
            Op::And(parts) => parts.iter().for_each(|part| self.take(part, problems)),
            // `, unknown means no`
            Op::IfUnknown(inner, default) if default.op == Op::YesNo(false) => self.take(inner, problems),
            _ => {
                if let Some((subject, ty, ranges)) = allowed(condition) {
                    self.narrow(subject, ty, &ranges, condition.span, problems);
                }
            }
        }
    }

    /// The values that the field which is asked about can have, where it has bounds, and its place.
    fn bounded(&self, subject: &Subject) -> Option<(Ranges, Span)> {
        let Subject::Field(_, record, path) = subject else { return None };
        let mut at = *record;
        for field_id in path {
            let field = &self.plan.record(at).fields[field_id.index()];
            if let Type::Ref(next) = field.ty {
                at = next;
                continue;
            }
            // What is taken back lowers a field towards zero, past bounds that are those of its cells.
            let lowered = self
                .plan
                .record(at)
                .fields
                .iter()
                .any(|other| other.source == FieldSource::Read(*field_id, Reading::Reported));
            let to_zero = |bound: i64, nearer: fn(i64, i64) -> i64| if lowered { nearer(bound, 0) } else { bound };
            let least = field.bounds.least.map(|least| to_zero(least, i64::min));
            let most = field.bounds.most.map(|most| to_zero(most, i64::max));
            let value = |value: i64| Exact::from(value) / power_of_ten(field.decimals);
            let mut ranges = Ranges::all();
            if let Some(least) = least {
                ranges.narrow(&Ranges::compared(Comparison::GreaterOrEqual, &value(least)));
            }
            if let Some(most) = most {
                ranges.narrow(&Ranges::compared(Comparison::LessOrEqual, &value(most)));
            }
            return (field.bounds != Bounds::default()).then_some((ranges, field.span));
        }
        None
    }

    fn narrow(&mut self, subject: Subject, ty: Type, ranges: &Ranges, span: Span, problems: &mut Vec<Problem>) {
        let bounded = self.bounded(&subject);
        let (left, places) = self.fields.entry(subject).or_insert_with(|| {
            let mut whole = match ty {
                // The list of the texts that rules decide may be long, and each rule would look at all of it.
                Type::Choice(choice) if self.plan.choices[choice.index()].len() <= limits::CHOICES => {
                    Ranges::places(self.plan.choices[choice.index()].len())
                }
                _ => Ranges::all(),
            };
            bounded.iter().for_each(|(bounds, _)| whole.narrow(bounds));
            (whole, Vec::new())
        });
        left.narrow(ranges);
        if left.is_empty() && !self.done {
            self.done = true;
            let bounds = bounded.map(|(_, span)| span).filter(|span| places.is_empty() && *span != Span::default());
            problems.push(match bounds {
                Some(bounds) => Problem::warning("never-holds", span, "no row can meet this condition")
                    .label("no value of the field does")
                    .other(bounds, "what its values lie between")
                    .help("remove the condition, or move a bound"),
                None => never(span, places, self.days.as_deref()),
            });
        }
        places.push(span);
    }
}

fn never(span: Span, places: &[Span], days: Option<&str>) -> Problem {
    let problem = Problem::warning("never-holds", span, "no row can meet this condition");
    match (places, days) {
        ([], Some(days)) => problem.label(days).help("move the date, or remove the condition"),
        ([], None) => problem.help("remove the condition, or say what is meant"),
        ([before @ .., last], _) => {
            let problem =
                problem.label("together with the condition before, nothing is left").other(*last, "asked before");
            let problem = before.iter().fold(problem, |problem, place| problem.other(*place, "asked before"));
            problem.help("let one of them go, or write `or` between brackets where one is enough")
        }
    }
}

/// What a condition can ask about: only what has one value for a row can contradict itself.
#[derive(PartialEq, Eq, Hash)]
enum Subject {
    Field(Root, RecordId, Vec<FieldId>),
    Local(LocalId),
    PaymentAmount,
    Credit(CreditPart),
    When,
}

/// What a condition asks about, its type, and the values it lets through; `None` if that is not plain.
fn allowed(condition: &Expr) -> Option<(Subject, Type, Ranges)> {
    steps::count(1);
    let of = |value: &Expr, ranges: Ranges| Some((subject(value)?, value.ty, ranges));
    match &condition.op {
        Op::Or(parts) => {
            let mut parts = parts.iter().map(allowed);
            let first = parts.next()??;
            parts.try_fold(first, |(subject, ty, ranges), part| {
                let (other, _, more) = part?;
                (other == subject).then(|| (subject, ty, ranges.or(more)))
            })
        }
        Op::Field { .. } if condition.ty == Type::YesNo => {
            of(condition, Ranges::compared(Comparison::Equal, &Exact::ONE))
        }
        op => match op.as_call() {
            Some((Function::Compare(comparison), [a, b])) => compared(*comparison, a, b),
            Some((Function::Not, [inner])) => match (&inner.op, inner.op.as_call()) {
                (Op::Field { .. }, _) => of(inner, Ranges::compared(Comparison::Equal, &Exact::ZERO)),
                (_, Some((Function::Compare(comparison), [a, b]))) => compared(contrary(*comparison), a, b),
                _ => None,
            },
            _ => None,
        },
    }
}

fn compared(comparison: Comparison, a: &Expr, b: &Expr) -> Option<(Subject, Type, Ranges)> {
    match (constant(a), constant(b)) {
        (None, Some(bound)) => Some((subject(a)?, a.ty, Ranges::compared(comparison, &bound))),
        (Some(bound), None) => Some((subject(b)?, b.ty, Ranges::compared(comparison.turned(), &bound))),
        _ => None,
    }
}

fn subject(expr: &Expr) -> Option<Subject> {
    Some(match &expr.op {
        Op::Field { root, record, path } => Subject::Field(*root, *record, path.clone()),
        Op::Local(local) => Subject::Local(*local),
        Op::PaymentAmount => Subject::PaymentAmount,
        Op::Credit(part) => Subject::Credit(*part),
        Op::When => Subject::When,
        _ => return None,
    })
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
