//! What later closes changed of sums that earlier ones had settled, as a table beside the payments.

use crate::engine::difference::{DifferenceRows, Reason};
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::columns::{amounts, due_days, units};
use crate::pay::credits::{AMOUNT, header, words, write_key};
use crate::pay::page::{PageOrigin, n_pages};
use crate::pay::sinks::BATCH;
use crate::store::loaded::Loaded;
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RecordId, Rule, UnitId, VersionId};
use std::io;

/// The columns of differences.
const DIFFERENCES: [(&str, Kind); 13] = [
    ("rule", Kind::Word),
    ("payee_kind", Kind::Word),
    ("payee", Kind::Text),
    ("unit", Kind::Word),
    ("event", Kind::Word),
    ("key", Kind::Text),
    ("period", Kind::Word),
    ("due", Kind::Day),
    ("was", AMOUNT),
    ("is", AMOUNT),
    ("amount", AMOUNT),
    ("booked", Kind::Word),
    ("reason", Kind::Word),
];

/// The columns of the differences of a run; none where the program is not settled at the ends of periods.
pub fn differences_header(plan: &Plan) -> Option<Header> {
    plan.calendar.settled?;
    Some(header_of_differences(plan))
}

/// The columns of differences, whatever they are to.
pub(crate) fn header_of_differences(plan: &Plan) -> Header {
    header(&DIFFERENCES, plan)
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Moved => "moved",
        }
    }
}

/// Writes the differences of all rules, by rule as written, then by `when` and key, then as they were booked.
///
/// # Errors
/// What the sink meets.
pub(super) fn write_differences(
    plan: &Plan,
    loaded: &Loaded,
    result: &RunResult,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    for rule in &plan.rules {
        let ids: Vec<VersionId> = rule.versions.iter().copied().filter(|id| plan.payee_record(*id).is_some()).collect();
        let Some(&first) = ids.first() else { continue };
        for page in 0..n_pages(plan, first, loaded) {
            let Some(origin) = PageOrigin::new(plan, first, loaded, result, page)? else { continue };
            let mut entries: Vec<Entry> = Vec::new();
            for &id in &ids {
                let Some(known) = result.differences.get(id.index()) else { continue };
                let known: &DifferenceRows = &*known.get(page)?;
                entries.extend((0..known.roots.len()).map(|idx| Entry::new(known, idx)));
            }
            entries.sort_by_key(|entry| entry.root);
            for entries in entries.chunks(BATCH) {
                sink.take(batch(plan, loaded, rule, &origin, entries))?;
            }
        }
    }
    Ok(())
}

struct Entry {
    root: u32,
    kind: RecordId,
    payee: u32,
    unit: UnitId,
    due: i32,
    was: i64,
    amount: i64,
    booked: i32,
    reason: Reason,
    /// The return that takes the line back, as lines have it.
    taking: u32,
}

impl Entry {
    fn new(known: &DifferenceRows, idx: usize) -> Self {
        Self {
            root: known.roots[idx],
            kind: RecordId(known.kinds[idx]),
            payee: known.payees[idx],
            unit: UnitId(known.units[idx]),
            due: known.dues[idx],
            was: known.was[idx],
            amount: known.amounts[idx],
            booked: known.booked[idx],
            reason: known.reason(idx),
            taking: known.takings[idx],
        }
    }
}

fn batch(plan: &Plan, loaded: &Loaded, rule: &Rule, page: &PageOrigin<'_>, entries: &[Entry]) -> Batch {
    let origin = page.origin();
    let texts = |write: &dyn Fn(&Entry, &mut Texts)| {
        let mut texts = Texts::default();
        entries.iter().for_each(|entry| write(entry, &mut texts));
        Cells::Texts(texts)
    };
    let amounts = |value: fn(&Entry) -> i128| {
        amounts(plan, entries.iter().map(value).collect(), entries.iter().map(|entry| entry.unit))
    };
    let told_by = plan.calendar.told_by();
    let (Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) = origin;
    let taking = |entry: &Entry| loaded.taking_of(&origin, entry.taking).map(|taking| taking.by);
    let period = |entry: &Entry| match origin {
        Origin::Event { .. } => {
            let day = loaded.day_of_line(&origin, entry.root, entry.taking);
            plan.calendar.name(told_by, plan.calendar.index(told_by, day))
        }
        Origin::EntityPeriods { period, periods, .. } => {
            plan.calendar.name(period, periods.period[entry.root as usize])
        }
    };
    let columns = vec![
        Cells::always(&rule.name, entries.len()),
        words(entries.iter().map(|entry| plan.record(entry.kind).name.clone())),
        texts(&|entry, texts| write_key(&loaded.keys[entry.kind.index()], entry.payee, texts)),
        units(plan, entries.iter().map(|entry| entry.unit)),
        words(entries.iter().map(|entry| plan.record(taking(entry).map_or(record, |(by, _)| by)).name.clone())),
        texts(&|entry, texts| match taking(entry) {
            Some((by, row)) => write_key(&loaded.keys[by.index()], row, texts),
            None => write_key(page.keys(), origin.source(entry.root), texts),
        }),
        words(entries.iter().map(period)),
        due_days(entries.iter().map(|entry| entry.due)),
        amounts(|entry| entry.was.into()),
        amounts(|entry| i128::from(entry.was) + i128::from(entry.amount)),
        amounts(|entry| entry.amount.into()),
        words(entries.iter().map(|entry| plan.calendar.name(told_by, entry.booked))),
        words(entries.iter().map(|entry| entry.reason.word().to_owned())),
    ];
    if columns.len() != DIFFERENCES.len() {
        broken("columns of differences that are not those of the header");
    }
    Batch { n_rows: entries.len(), columns }
}
