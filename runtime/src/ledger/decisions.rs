//! What rules set, as a table.

use super::{BATCH, on_disk};
use crate::engine::{Origin, RunResult};
use crate::keys::Keys;
use crate::load::Loaded;
use crate::table::{Batch, Cells, Sink, Texts};
use meed_compiler::data::DecisionData;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Decision, DecisionId, Period, Plan, RuleId, Step, Stream, Type};
use meed_compiler::value::{exact_text, fraction};
use std::borrow::Cow;
use std::io;

/// A decision that was taken.
struct Taken {
    when: i32,
    /// The row of the event or entity.
    row: u32,
    version: u32,
    decision: DecisionId,
    num: i64,
    den: i64,
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
    let Some((root, windows)) = on_disk(plan, versions[0], loaded) else {
        let Some(origin) = Origin::of(plan, versions[0], loaded, result) else { return Ok(()) };
        let (Origin::Event { record, .. } | Origin::Grid { record, .. }) = origin;
        let seen = Seen { plan, name, loaded, origin, keys: &loaded.keys[record.index()] };
        return seen.write(versions, |decision| Ok(Cow::Borrowed(loaded.data.decision(decision))), sink);
    };
    for window in 0..windows.len() {
        let (days, keys) = (windows.days(window)?, windows.keys(window)?);
        let seen = Seen { plan, name, loaded, origin: Origin::Event { record: root, days: &days }, keys: &keys };
        let of = |decision: DecisionId| Ok(Cow::Owned(result.decision(decision, window)?.unwrap_or_default()));
        seen.write(versions, of, sink)?;
    }
    Ok(())
}

/// The rows that a rule decided on, all or those of a window.
struct Seen<'a> {
    plan: &'a Plan,
    name: &'a str,
    loaded: &'a Loaded,
    origin: Origin<'a>,
    /// Of the rows of the event or entity.
    keys: &'a Keys,
}

impl Seen<'_> {
    fn write<'d>(
        &self,
        versions: &[RuleId],
        of: impl Fn(DecisionId) -> io::Result<Cow<'d, DecisionData>>,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        let mut found: Vec<Taken> = Vec::new();
        for &id in versions {
            for step in &self.plan.rule(id).steps {
                if let Step::Set(decision, _) = step {
                    let data = of(*decision)?;
                    self.take(id, *decision, &data, &mut found);
                }
            }
        }
        found.sort_by_key(|taken| (taken.when, taken.row));
        found.chunks(BATCH).try_for_each(|rows| sink.take(&self.batch(rows)))
    }

    /// Versions share a decision; each writes the rows of its own days.
    fn take(&self, id: RuleId, decision: DecisionId, data: &DecisionData, found: &mut Vec<Taken>) {
        let rule = self.plan.rule(id);
        if matches!(self.plan.decisions[decision.index()].stream, Stream::Payments(_)) {
            return;
        }
        let kind = self.kind();
        for row in (0..data.known.len()).filter(|&row| data.known[row] == 1) {
            let when = self.origin.day(row as u32);
            let period = match self.origin {
                Origin::Event { .. } => self.plan.calendar.index(kind, when),
                Origin::Grid { grid, .. } => grid.period[row],
            };
            if rule.active.holds(when.min(self.plan.active.to)) {
                found.push(Taken {
                    when,
                    row: self.origin.source(row as u32),
                    version: rule.version,
                    decision,
                    num: data.nums[row],
                    den: data.dens[row],
                    period,
                });
            }
        }
    }

    fn kind(&self) -> Period {
        match self.origin {
            Origin::Event { .. } => Period::Quarter,
            Origin::Grid { period, .. } => period,
        }
    }

    fn batch(&self, rows: &[Taken]) -> Batch {
        let plan = self.plan;
        let (Origin::Event { record, .. } | Origin::Grid { record, .. }) = self.origin;
        let (mut keys, mut values) = (Texts::default(), Texts::default());
        let mut periods: Vec<i32> = rows.iter().map(|taken| taken.period).collect();
        periods.sort_unstable();
        periods.dedup();
        let mut names: Vec<DecisionId> = rows.iter().map(|taken| taken.decision).collect();
        names.sort_unstable();
        names.dedup();
        for taken in rows {
            self.keys.write(taken.row as usize, &mut keys.bytes);
            keys.end();
            values.push(&value(plan, self.loaded, &plan.decisions[taken.decision.index()], taken));
        }
        let place = |known: usize| known as u16;
        let columns = vec![
            Cells::always(self.name, rows.len()),
            Cells::Wholes(rows.iter().map(|taken| taken.version as i32).collect()),
            Cells::always(&plan.record(record).name, rows.len()),
            Cells::Texts(keys),
            Cells::Words {
                codes: rows.iter().map(|taken| place(periods.partition_point(|&known| known < taken.period))).collect(),
                words: periods.iter().map(|&number| plan.calendar.name(self.kind(), number)).collect(),
            },
            Cells::Words {
                codes: rows.iter().map(|taken| place(names.partition_point(|&known| known < taken.decision))).collect(),
                words: names.iter().map(|id| plan.decisions[id.index()].name.clone()).collect(),
            },
            Cells::Texts(values),
        ];
        Batch { n_rows: rows.len(), columns }
    }
}

/// The value of a decision, as it is written in data.
fn value(plan: &Plan, loaded: &Loaded, decision: &Decision, taken: &Taken) -> String {
    let (num, den) = (taken.num, taken.den);
    match decision.ty {
        Type::Number | Type::Count | Type::Percent | Type::Money => exact_text(&fraction(num.into(), den.into())),
        Type::YesNo => if num == 1 { "yes" } else { "no" }.to_owned(),
        Type::Date => date_of(num as i32).to_string(),
        Type::Choice(choice) => plan.choices[choice.index()][num as usize].clone(),
        Type::Text(domain) | Type::Id(domain) => loaded.dictionaries[domain.index()].text(num as u32).into_owned(),
        Type::Ref(record) => loaded.keys[record.index()].text(num as usize).into_owned(),
    }
}
