//! The lines that are still held, as a table beside the payments.

use crate::engine::lines::{Line, OWN_PERIOD};
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::columns::{amounts, units};
use crate::pay::credits::{AMOUNT, header, words, write_key};
use crate::pay::page::{PageOrigin, n_pages};
use crate::pay::sinks::BATCH;
use crate::store::loaded::Loaded;
use meed_compiler::plan::{Plan, Rule, VersionId};
use std::io;

/// The columns of held lines.
const HELD: [(&str, Kind); 10] = [
    ("rule", Kind::Word),
    ("payee_kind", Kind::Word),
    ("payee", Kind::Text),
    ("unit", Kind::Word),
    ("amount", AMOUNT),
    ("event", Kind::Word),
    ("key", Kind::Text),
    ("place", Kind::Whole),
    ("period", Kind::Word),
    ("booked", Kind::Word),
];

/// The columns of the lines that a run holds; none where no rule holds any.
pub fn held_header(plan: &Plan) -> Option<Header> {
    plan.versions.iter().find(|version| version.hold.is_some())?;
    Some(header(&HELD, plan))
}

/// Writes the lines that are still held, by rule as written, then by `when` and key.
///
/// # Errors
/// What the sink meets.
pub(super) fn write_held(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    for rule in &plan.rules {
        let ids: Vec<VersionId> = rule.versions.iter().copied().filter(|id| plan.version(*id).hold.is_some()).collect();
        let Some(&first) = ids.first() else { continue };
        for page in 0..n_pages(plan, first, loaded) {
            let Some(origin) = PageOrigin::new(plan, first, loaded, result, page)? else { continue };
            let mut lines = result.merged_held(plan, ids.iter().copied(), page)?;
            if lines.iter().any(|line| line.taking > 0) {
                lines.sort_by_key(|line| loaded.place_of_line(&origin.origin(), line.root, line.taking));
            }
            for lines in lines.chunks(BATCH) {
                sink.take(batch(plan, loaded, rule, &origin, lines))?;
            }
        }
    }
    Ok(())
}

fn batch(plan: &Plan, loaded: &Loaded, rule: &Rule, page: &PageOrigin<'_>, lines: &[Line]) -> Batch {
    let origin = page.origin();
    let texts = |write: &dyn Fn(&Line, &mut Texts)| {
        let mut texts = Texts::default();
        lines.iter().for_each(|line| write(line, &mut texts));
        Cells::Texts(texts)
    };
    let told_by = plan.calendar.told_by();
    let day = |line: &Line| loaded.day_of_line(&origin, line.root, line.taking);
    let taking = |line: &Line| loaded.taking_of(&origin, line.taking).map(|taking| taking.by);
    let period = |line: &Line| match origin {
        Origin::Event { .. } => plan.calendar.name(told_by, plan.calendar.index(told_by, day(line))),
        Origin::EntityPeriods { period, periods, .. } => plan.calendar.name(period, periods.period[line.root as usize]),
    };
    // An entity and its period have no key of an event.
    let event = |line: &Line| match origin {
        Origin::Event { record, .. } => plan.record(taking(line).map_or(record, |(record, _)| record)).name.clone(),
        Origin::EntityPeriods { .. } => String::new(),
    };
    let columns = vec![
        Cells::always(&rule.name, lines.len()),
        words(lines.iter().map(|line| plan.record(line.kind).name.clone())),
        texts(&|line, texts| write_key(&loaded.keys[line.kind.index()], line.payee, texts)),
        units(plan, lines.iter().map(|line| line.unit)),
        amounts(plan, lines.iter().map(|line| line.amount.into()).collect(), lines.iter().map(|line| line.unit)),
        words(lines.iter().map(event)),
        texts(&|line, texts| match origin {
            Origin::Event { .. } if let Some((record, row)) = taking(line) => {
                write_key(&loaded.keys[record.index()], row, texts);
            }
            Origin::Event { .. } => write_key(page.keys(), origin.source(line.root), texts),
            Origin::EntityPeriods { .. } => texts.end(),
        }),
        Cells::Wholes(lines.iter().map(|line| line.place as i32).collect()),
        words(lines.iter().map(period)),
        words(lines.iter().map(|line| match line.booked {
            OWN_PERIOD => period(line),
            booked => plan.calendar.name(told_by, booked),
        })),
    ];
    Batch { n_rows: lines.len(), columns }
}
