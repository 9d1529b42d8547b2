//! A row of a stream in words, for the messages of faults.

use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::store::loaded::Loaded;
use meed_compiler::data::{Payments, Rows};
use meed_compiler::internal::guarded;
use meed_compiler::plan::{LineKind, Plan, RecordId, RuleId, Stream, VersionId};
use meed_grammar::foreign::shown;

/// Row `row` of a rule's stream.
pub(super) fn words(
    plan: &Plan,
    stream: &Stream,
    loaded: &Loaded,
    result: &RunResult,
    rows: &Rows,
    row: u32,
) -> String {
    match (rows, stream) {
        (Rows::Events { record }, _) if plan.record(*record).when.is_none() => entity(plan, loaded, *record, row),
        (Rows::Events { record }, _) => event(plan, loaded, *record, row),
        (Rows::ByDate(dated), Stream::ByDate(record, _)) => event(plan, loaded, *record, dated.row[row as usize]),
        (Rows::EntityPeriods(periods), Stream::Periods(record, kind)) => {
            let entity = entity(plan, loaded, *record, periods.entity[row as usize]);
            format!("{entity} in {}", plan.calendar.name(*kind, periods.period[row as usize]))
        }
        (Rows::Payments(payments), Stream::Lines(rule, _)) => payment(plan, *rule, loaded, result, payments, row),
        (Rows::ByDate(_) | Rows::EntityPeriods(_) | Rows::Payments(_), _) => String::new(),
    }
}

/// The rule and row at which an invariant does not hold, as far as can be told: what is known of rows may be gone.
pub(super) fn of_mistake(plan: &Plan, loaded: &Loaded, (id, row): (VersionId, u32)) -> String {
    let rule = plan.version(id);
    let row = match &rule.stream {
        Stream::Events(record) => guarded(|| event(plan, loaded, *record, row)).ok(),
        Stream::ByDate(..) | Stream::Periods(..) | Stream::Lines(..) => None,
    }
    .unwrap_or_else(|| format!("row {row} of those that it reads"));
    format!("rule `{}`, {row}", rule.name)
}

/// A row of an event, with its place in the files.
pub(super) fn event(plan: &Plan, loaded: &Loaded, record: RecordId, row: u32) -> String {
    let (file, number) = loaded.origin(record, row as usize);
    format!("{} ({}, row {number})", entity(plan, loaded, record, row), shown(file))
}

fn entity(plan: &Plan, loaded: &Loaded, record: RecordId, row: u32) -> String {
    format!("{} {}", plan.record(record).name, shown(&loaded.keys[record.index()].text(row as usize)))
}

pub(super) fn payment(
    plan: &Plan,
    rule: RuleId,
    loaded: &Loaded,
    result: &RunResult,
    payments: &Payments,
    row: u32,
) -> String {
    let root = payments.root[row as usize];
    let first = plan.first_version(rule);
    let origin = first.and_then(|id| Origin::of(plan, id, loaded, result));
    let source = match &origin {
        Some(origin @ Origin::Event { record, .. }) => event(plan, loaded, *record, origin.source(root)),
        Some(Origin::EntityPeriods { record, period, periods }) => {
            let entity = entity(plan, loaded, *record, periods.entity[root as usize]);
            format!("{entity} in {}", plan.calendar.name(*period, periods.period[root as usize]))
        }
        None => String::new(),
    };
    let payee = entity(plan, loaded, payments.kind[row as usize], payments.payee[row as usize]);
    let word = if payments.share.is_empty() { LineKind::Payment } else { LineKind::Credit }.word();
    format!("{word} of `{}` to {payee} for {source}", plan.rule(rule).name)
}
