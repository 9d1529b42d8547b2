//! What rules set, as a table.

use super::BATCH;
use crate::engine::{Origin, RunResult};
use crate::load::Loaded;
use crate::table::{Batch, Cells, Sink, Texts};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Decision, DecisionId, Period, Plan, RecordId, RuleId, Step, Stream, Type};
use meed_compiler::value::{exact_text, fraction};
use std::io;

/// A decision that was taken.
struct Taken {
    when: i32,
    /// The row of the event or entity.
    row: u32,
    version: u32,
    decision: DecisionId,
    place: usize,
    period: i32,
}

/// Writes the decisions of a rule by `when` and key.
pub(super) fn write(
    plan: &Plan,
    name: &str,
    versions: &[RuleId],
    loaded: &Loaded,
    result: &RunResult,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let Some(origin) = Origin::of(plan, versions[0], loaded, result) else { return Ok(()) };
    let (record, kind) = match origin {
        Origin::Event { record, .. } => (record, Period::Quarter),
        Origin::Grid { record, period, .. } => (record, period),
    };
    let mut found: Vec<Taken> = Vec::new();
    for &id in versions {
        for step in &plan.rule(id).steps {
            if let Step::Set(decision, _) = step {
                found.extend(taken(plan, id, *decision, loaded, &origin, kind));
            }
        }
    }
    found.sort_by_key(|taken| (taken.when, taken.row));
    let of = &plan.record(record).name;
    for rows in found.chunks(BATCH) {
        sink.take(&batch(plan, name, loaded, of, record, kind, rows))?;
    }
    Ok(())
}

fn taken(
    plan: &Plan,
    id: RuleId,
    decision: DecisionId,
    loaded: &Loaded,
    origin: &Origin<'_>,
    kind: Period,
) -> Vec<Taken> {
    let rule = plan.rule(id);
    if matches!(plan.decisions[decision.index()].stream, Stream::Payments(_)) {
        return Vec::new();
    }
    let data = loaded.data.decision(decision);
    let rows = (0..data.known.len()).filter(|&row| data.known[row] == 1);
    let all = rows.map(|row| {
        let when = origin.day(row as u32);
        let period = match origin {
            Origin::Event { .. } => plan.calendar.index(kind, when),
            Origin::Grid { grid, .. } => grid.period[row],
        };
        Taken { when, row: origin.source(row as u32), version: rule.version, decision, place: row, period }
    });
    // Versions share a decision; each writes the rows of its own days.
    all.filter(|taken| rule.active.holds(taken.when.min(plan.active.to))).collect()
}

fn batch(plan: &Plan, name: &str, loaded: &Loaded, of: &str, record: RecordId, kind: Period, rows: &[Taken]) -> Batch {
    let (mut keys, mut values) = (Texts::default(), Texts::default());
    let mut periods: Vec<i32> = rows.iter().map(|taken| taken.period).collect();
    periods.sort_unstable();
    periods.dedup();
    let mut names: Vec<DecisionId> = rows.iter().map(|taken| taken.decision).collect();
    names.sort_unstable();
    names.dedup();
    for taken in rows {
        loaded.keys[record.index()].write(taken.row as usize, &mut keys.bytes);
        keys.end();
        values.push(&value(plan, loaded, &plan.decisions[taken.decision.index()], taken));
    }
    let place = |known: usize| known as u16;
    let columns = vec![
        Cells::always(name, rows.len()),
        Cells::Wholes(rows.iter().map(|taken| taken.version as i32).collect()),
        Cells::always(of, rows.len()),
        Cells::Texts(keys),
        Cells::Words {
            codes: rows.iter().map(|taken| place(periods.partition_point(|&known| known < taken.period))).collect(),
            words: periods.iter().map(|&number| plan.calendar.name(kind, number)).collect(),
        },
        Cells::Words {
            codes: rows.iter().map(|taken| place(names.partition_point(|&known| known < taken.decision))).collect(),
            words: names.iter().map(|id| plan.decisions[id.index()].name.clone()).collect(),
        },
        Cells::Texts(values),
    ];
    Batch { n_rows: rows.len(), columns }
}

/// The value of a decision, as it is written in data.
fn value(plan: &Plan, loaded: &Loaded, decision: &Decision, taken: &Taken) -> String {
    let data = loaded.data.decision(taken.decision);
    let (num, den) = (data.nums[taken.place], data.dens[taken.place]);
    match decision.ty {
        Type::Number | Type::Count | Type::Percent | Type::Money => exact_text(&fraction(num.into(), den.into())),
        Type::YesNo => if num == 1 { "yes" } else { "no" }.to_owned(),
        Type::Date => date_of(num as i32).to_string(),
        Type::Choice(choice) => plan.choices[choice.index()][num as usize].clone(),
        Type::Text(domain) | Type::Id(domain) => loaded.dictionaries[domain.index()].text(num as u32).into_owned(),
        Type::Ref(record) => loaded.keys[record.index()].text(num as usize).into_owned(),
    }
}
