//! What rules set, as a table.

use crate::engine::line_stream::{credited_rows, in_order};
use crate::engine::lines::Line;
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::page::{PageOrigin, n_pages};
use crate::pay::sinks::BATCH;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::data::DecisionData;
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Decision, DecisionId, LineKind, Node, Period, Plan, Stream, Type, VersionId};
use meed_compiler::value::fraction_text;
use std::borrow::Cow;
use std::io;

/// The columns of decisions.
const DECISIONS: [(&str, Kind); 7] = [
    ("rule", Kind::Word),
    ("version", Kind::Whole),
    ("of", Kind::Word),
    ("key", Kind::Text),
    ("period", Kind::Word),
    ("name", Kind::Word),
    ("value", Kind::Text),
];

/// The columns of the decisions of a run.
pub fn decisions_header() -> Header {
    DECISIONS.to_vec()
}

/// The place of a column of decisions by its name.
pub(crate) fn decision_column(name: &str) -> usize {
    let place = DECISIONS.iter().position(|(known, _)| *known == name);
    place.unwrap_or_else(|| broken(format!("a column `{name}` that decisions have not")))
}

/// A decision that was taken.
struct Taken {
    /// The row that it comes from in the end, of an event or of entity periods.
    root: u32,
    /// The row of the event or entity.
    row: u32,
    /// The row of the rule's stream.
    place: usize,
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
    versions: &[VersionId],
    loaded: &Loaded,
    result: &RunResult,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let sets = |id: &VersionId| plan.version(*id).nodes.iter().any(|step| matches!(step, Node::Set(..)));
    if !versions.iter().any(sets) {
        return Ok(());
    }
    let mut table = Rows { plan, name, loaded, left: Vec::new(), keys: Keys::default() };
    let root = plan.root_of(&plan.version(versions[0]).stream);
    let n_pages = n_pages(plan, versions[0], loaded);
    for page in 0..n_pages {
        let from = PageOrigin::new(plan, versions[0], loaded, result, page)?;
        let from = from.unwrap_or_else(|| broken(format!("decisions of `{name}` that come from nothing")));
        let origin = from.origin();
        let of = |decision: DecisionId| Ok(result.decision(loaded, root, decision, page)?);
        let found = Seen::new(plan, versions, origin, loaded, result, page)?.find(versions, of)?;
        table.add(found, from.keys());
        table.write(&origin, sink, page + 1 == n_pages)?;
    }
    Ok(())
}

/// The rows of a page that a rule decided on.
struct Seen<'a> {
    plan: &'a Plan,
    origin: Origin<'a>,
    /// For a rule over payments, by payment, the row of the event or entity periods that it comes from in the end, and its day.
    roots: Option<Vec<(u32, i32)>>,
}

impl<'a> Seen<'a> {
    fn new(
        plan: &'a Plan,
        versions: &[VersionId],
        origin: Origin<'a>,
        loaded: &Loaded,
        result: &RunResult,
        page: usize,
    ) -> Result<Self, StoreError> {
        let roots = match &plan.version(versions[0]).stream {
            Stream::Lines(rule, LineKind::Credit) => {
                let rows = credited_rows(plan, *rule, result, page)?.into_iter();
                Some(rows.map(|root| (root, origin.day(root))).collect())
            }
            Stream::Lines(rule, LineKind::Payment | LineKind::Original) => {
                let lines = in_order(plan, *rule, &origin, loaded, result, page)?;
                let day = |line: &Line| loaded.day_of_line(&origin, line.root, line.taking);
                Some(lines.iter().map(|line| (line.root, day(line))).collect())
            }
            Stream::Events(_) | Stream::ByDate(..) | Stream::Periods(..) => None,
        };
        Ok(Self { plan, origin, roots })
    }

    /// What was decided, by `when` and key.
    fn find<'d>(
        &self,
        versions: &[VersionId],
        of: impl Fn(DecisionId) -> io::Result<Cow<'d, DecisionData>>,
    ) -> io::Result<Vec<Taken>> {
        let mut found: Vec<Taken> = Vec::new();
        for &id in versions {
            for step in &self.plan.version(id).nodes {
                if let Node::Set(decision, _) = step {
                    self.take(id, *decision, &*of(*decision)?, &mut found);
                }
            }
        }
        if !found.is_sorted_by_key(|taken| (taken.root, taken.place)) {
            found.sort_by_key(|taken| (taken.root, taken.place));
        }
        Ok(found)
    }

    /// Versions share a decision; each writes the rows of its own days.
    fn take(&self, id: VersionId, decision: DecisionId, data: &DecisionData, found: &mut Vec<Taken>) {
        let rule = self.plan.version(id);
        let (kind, days) = (kind(self.plan, &self.origin), rule.looks_at());
        // What was decided for an event is kept by its rows, in whatever order they come.
        let rows = if let Origin::Event { rows, .. } = self.origin { rows } else { None };
        let with_day = |(place, row): (usize, u32)| (place, (row, self.origin.day(row)));
        let known = |place: &usize| data.known[*place] == 1;
        let places: Box<dyn Iterator<Item = (usize, (u32, i32))>> = match (rows, &self.roots) {
            (Some(rows), None) => {
                let rows = rows.iter().map(|row| *row as usize).zip(0..);
                Box::new(rows.filter(|(place, _)| known(place)).map(with_day))
            }
            (_, Some(roots)) => Box::new((0..data.known.len()).zip(roots.iter().copied())),
            (None, None) => Box::new((0..data.known.len()).filter(known).map(|place| with_day((place, place as u32)))),
        };
        // Rows come day by day.
        let mut before = None;
        for (place, (row, when)) in places.filter(|(place, _)| known(place)) {
            let period = match (self.origin, before) {
                (Origin::Event { .. }, Some((day, period))) if day == when => period,
                (Origin::Event { .. }, _) => self.plan.calendar.index(kind, when),
                (Origin::EntityPeriods { periods, .. }, _) => periods.period[row as usize],
            };
            before = Some((when, period));
            if days.holds(when.min(self.plan.active.to)) {
                found.push(Taken {
                    root: row,
                    row: self.origin.source(row),
                    place,
                    version: rule.number,
                    decision,
                    num: data.nums[place],
                    den: data.denominators[place],
                    period,
                });
            }
        }
    }
}

/// The kind of period that rows are told with.
fn kind(plan: &Plan, origin: &Origin<'_>) -> Period {
    match origin {
        Origin::Event { .. } => plan.calendar.told_by(),
        Origin::EntityPeriods { period, .. } => *period,
    }
}

/// The rows of the table that are still to be written.
struct Rows<'a> {
    plan: &'a Plan,
    name: &'a str,
    loaded: &'a Loaded,
    left: Vec<Taken>,
    /// The keys of what was decided on; those left have their rows here.
    keys: Keys,
}

impl Rows<'_> {
    /// Adds what was decided, with the keys of the rows of the event or entity.
    fn add(&mut self, found: Vec<Taken>, keys: &Keys) {
        let rows: Vec<u32> = found.iter().map(|taken| taken.row).collect();
        let first = self.keys.len() as u32;
        self.keys.append_rows(keys, &rows);
        self.left.extend((first..).zip(found).map(|(row, taken)| Taken { row, ..taken }));
    }

    /// Writes rows as long as they fill a batch, or all.
    fn write(&mut self, origin: &Origin<'_>, sink: &mut dyn Sink, all: bool) -> io::Result<()> {
        let n_rows = if all { self.left.len() } else { self.left.len() - self.left.len() % BATCH };
        self.left[..n_rows].chunks(BATCH).try_for_each(|rows| sink.take(self.batch(origin, rows)))?;
        self.left.drain(..n_rows);
        let rows: Vec<u32> = self.left.iter().map(|taken| taken.row).collect();
        self.keys = self.keys.gather(&rows);
        (0..).zip(&mut self.left).for_each(|(row, taken)| taken.row = row);
        Ok(())
    }

    fn batch(&self, origin: &Origin<'_>, rows: &[Taken]) -> Batch {
        let plan = self.plan;
        let (Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) = *origin;
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
            let decision = &plan.decisions[taken.decision.index()];
            let text = value(plan, self.loaded, decision, taken);
            match decision.ty {
                Type::Number | Type::Count | Type::Percent | Type::Money(_) => values.push_number(&text),
                Type::YesNo
                | Type::Date
                | Type::Period(_)
                | Type::Choice(_)
                | Type::Text(_)
                | Type::Id(_)
                | Type::Ref(_) => {
                    values.push(&text);
                }
            }
        }
        let place = |known: usize| known as u16;
        let columns = vec![
            Cells::always(self.name, rows.len()),
            Cells::Wholes(rows.iter().map(|taken| taken.version as i32).collect()),
            Cells::always(&plan.record(record).name, rows.len()),
            Cells::Texts(keys),
            Cells::Words {
                codes: rows.iter().map(|taken| place(periods.partition_point(|&known| known < taken.period))).collect(),
                words: periods.iter().map(|&number| plan.calendar.name(kind(plan, origin), number)).collect(),
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
        Type::Number | Type::Count | Type::Percent | Type::Money(_) => fraction_text(num, den),
        Type::YesNo => if num == 1 { "yes" } else { "no" }.to_owned(),
        Type::Date => date_of(num as i32).to_string(),
        Type::Period(period) => plan.calendar.name(period, plan.calendar.index(period, num as i32)),
        Type::Choice(choice) => plan.choices[choice.index()][num as usize].clone(),
        Type::Text(domain) | Type::Id(domain) => loaded.dictionaries[domain.index()].text(num as u32).into_owned(),
        Type::Ref(record) => loaded.keys[record.index()].text(num as usize).into_owned(),
    }
}
