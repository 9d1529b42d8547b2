//! What rows found by splits are credited with, and parts of splits that nobody gets, as tables.

use crate::engine::credits::{NOBODY, UncreditedRows};
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::output::batch::{Amounts, Batch, Cells, Header, Kind, Sink, Texts};
use crate::pay::columns::most_decimals;
use crate::pay::page::{PageOrigin, n_pages};
use crate::pay::sinks::BATCH;
use crate::store::loaded::Loaded;
use meed_compiler::internal::broken;
use meed_compiler::plan::{
    Function, Op, Parties, Period, Plan, RecordId, Rule, RuleId, Share, Stream, Type, UnitId, VersionId,
};
use meed_compiler::value::exact_text;
use rustc_hash::FxHashMap;
use std::io;

/// The columns of credits.
const CREDITS: [(&str, Kind); 14] = [
    ("rule", Kind::Word),
    ("version", Kind::Whole),
    ("event", Kind::Word),
    ("key", Kind::Text),
    ("place", Kind::Whole),
    ("period", Kind::Word),
    ("found", Kind::Word),
    ("found_key", Kind::Text),
    ("payee_kind", Kind::Word),
    ("payee", Kind::Text),
    ("share", Kind::Text),
    ("base", Kind::Text),
    ("unit", Kind::Word),
    ("amount", AMOUNT),
];

/// The columns of what is uncredited.
const UNCREDITED: [(&str, Kind); 8] = [
    ("rule", Kind::Word),
    ("version", Kind::Whole),
    ("event", Kind::Word),
    ("key", Kind::Text),
    ("place", Kind::Whole),
    ("period", Kind::Word),
    ("unit", Kind::Word),
    ("amount", AMOUNT),
];

/// Its decimals are those of the run.
pub(super) const AMOUNT: Kind = Kind::Amount { decimals: 0, digits: 38 };

/// The columns of the credits of a run; none where no rule divides among rows found.
pub fn credits_header(plan: &Plan) -> Option<Header> {
    let is_found = |share: &Share| matches!(share.parties, Parties::Found { .. });
    plan.versions.iter().any(|version| version.share().is_some_and(is_found)).then(|| header(&CREDITS, plan))
}

/// The columns of what is uncredited in a run; none where no rule divides anything.
pub fn uncredited_header(plan: &Plan) -> Option<Header> {
    plan.versions.iter().any(|version| version.share().is_some_and(Share::divides)).then(|| header(&UNCREDITED, plan))
}

/// A header whose amounts have the decimals of the run.
pub(super) fn header(columns: &[(&'static str, Kind)], plan: &Plan) -> Header {
    let amount = Kind::Amount { decimals: most_decimals(plan), digits: 38 };
    columns.iter().map(|(name, kind)| (*name, if *kind == AMOUNT { amount } else { *kind })).collect()
}

/// A row of either table.
struct Entry {
    version: i32,
    key: u32,
    place: u32,
    period: i32,
    unit: UnitId,
    amount: i64,
    /// Of a credit.
    credit: Option<Credited>,
}

struct Credited {
    found: u32,
    payee: u32,
    share: String,
    base: String,
}

/// What both tables are written from.
struct Written<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    result: &'a RunResult,
    rule: &'a Rule,
}

/// Writes the credits of all rules, by rule as written, then by `when` and key, then by place.
///
/// # Errors
/// What the sink meets.
pub(super) fn write_credits(plan: &Plan, loaded: &Loaded, result: &RunResult, sink: &mut dyn Sink) -> io::Result<()> {
    for rule in &plan.rules {
        Written { plan, loaded, result, rule }.write(sink, true)?;
    }
    Ok(())
}

/// Writes what is uncredited, in the same order.
///
/// # Errors
/// What the sink meets.
pub(super) fn write_uncredited(
    plan: &Plan,
    loaded: &Loaded,
    result: &RunResult,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    for rule in &plan.rules {
        Written { plan, loaded, result, rule }.write(sink, false)?;
    }
    Ok(())
}

impl Written<'_> {
    fn write(&self, sink: &mut dyn Sink, credits: bool) -> io::Result<()> {
        let versions = self.rule.versions.iter().copied();
        let shares: Vec<(VersionId, &Share)> =
            versions.filter_map(|id| self.plan.version(id).share().map(|share| (id, share))).collect();
        let Some(&(first, _)) = shares.first() else { return Ok(()) };
        for page in 0..n_pages(self.plan, first, self.loaded) {
            let origin = PageOrigin::new(self.plan, first, self.loaded, self.result, page)?;
            let origin = origin.unwrap_or_else(|| broken("a split of rows that come from nothing"));
            let mut entries: Vec<(u32, VersionId, Entry)> = Vec::new();
            for &(id, _) in &shares {
                self.entries(id, page, &origin, credits, &mut entries)?;
            }
            entries.sort_by_key(|(root, ..)| *root);
            for entries in entries.chunks(BATCH) {
                sink.take(self.batch(&origin, entries, credits))?;
            }
        }
        Ok(())
    }

    /// The rows of one version in a page.
    fn entries(
        &self,
        id: VersionId,
        page: usize,
        origin: &PageOrigin<'_>,
        credits: bool,
        entries: &mut Vec<(u32, VersionId, Entry)>,
    ) -> io::Result<()> {
        let (version, from) = (self.plan.version(id), origin.origin());
        let usual = version.emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let entry = |root: u32, unit: Option<&u32>, place: u32, amount: i64, credit: Option<Credited>| {
            let period = match from {
                Origin::EntityPeriods { periods, .. } => periods.period[root as usize],
                Origin::Event { .. } => self.plan.calendar.index(self.plan.calendar.told_by(), from.day(root)),
            };
            let (key, unit) = (from.source(root), unit.map_or(usual, |unit| UnitId(*unit)));
            (root, id, Entry { version: version.number as i32, key, place, period, unit, amount, credit })
        };
        if credits {
            let known = self.result.credits[id.index()].get(page)?;
            entries.extend((0..known.len()).map(|idx| {
                let credited = Credited {
                    found: known.found[idx],
                    payee: known.payees[idx],
                    share: exact_text(&known.share(idx)),
                    base: exact_text(&known.base(idx)),
                };
                entry(known.roots[idx], known.units.get(idx), known.places[idx], known.amounts[idx], Some(credited))
            }));
        } else {
            let known = self.result.uncredited[id.index()].get(page)?;
            let UncreditedRows { roots, places, amounts, units } = &*known;
            let rows = roots.iter().zip(places.iter().zip(amounts)).enumerate();
            entries
                .extend(rows.map(|(idx, (root, (place, amount)))| entry(*root, units.get(idx), *place, *amount, None)));
        }
        Ok(())
    }

    fn batch(&self, origin: &PageOrigin<'_>, entries: &[(u32, VersionId, Entry)], credits: bool) -> Batch {
        let plan = self.plan;
        let (Origin::Event { record, .. } | Origin::EntityPeriods { record, .. }) = origin.origin();
        let kind = match origin.origin() {
            Origin::Event { .. } => plan.calendar.told_by(),
            Origin::EntityPeriods { period, .. } => period,
        };
        let texts = |write: &dyn Fn(&Entry, VersionId, &mut Texts)| {
            let mut texts = Texts::default();
            entries.iter().for_each(|(_, id, entry)| write(entry, *id, &mut texts));
            Cells::Texts(texts)
        };
        let mut columns = vec![
            Cells::always(&self.rule.name, entries.len()),
            Cells::Wholes(entries.iter().map(|(_, _, entry)| entry.version).collect()),
            Cells::always(&plan.record(record).name, entries.len()),
            texts(&|entry, _, texts| write_key(origin.keys(), entry.key, texts)),
            Cells::Wholes(entries.iter().map(|(_, _, entry)| entry.place as i32).collect()),
            words(entries.iter().map(|(_, _, entry)| period_name(plan, kind, entry.period))),
        ];
        if credits {
            columns.push(words(entries.iter().map(|(_, id, _)| self.found(*id).1)));
            columns.push(texts(&|entry, id, texts| match (&entry.credit, self.found(id).0) {
                (Some(credit), Some(record)) => write_key(&self.loaded.keys[record.index()], credit.found, texts),
                _ => texts.end(),
            }));
            columns.push(words(entries.iter().map(|(_, id, _)| {
                self.payee_kind(*id).map_or_else(String::new, |kind| plan.record(kind).name.clone())
            })));
            columns.push(texts(&|entry, id, texts| match (&entry.credit, self.payee_kind(id)) {
                (Some(credit), Some(kind)) if credit.payee != NOBODY => {
                    write_key(&self.loaded.keys[kind.index()], credit.payee, texts);
                }
                _ => texts.end(),
            }));
            let number = |text: fn(&Credited) -> &str| {
                texts(&move |entry, _, texts| texts.push_number(entry.credit.as_ref().map_or("", text)))
            };
            columns.push(number(|credit| &credit.share));
            columns.push(number(|credit| &credit.base));
        }
        columns.push(words(entries.iter().map(|(_, _, entry)| plan.unit(entry.unit).code.clone())));
        let decimals = |(_, _, entry): &(u32, VersionId, Entry)| plan.unit(entry.unit).decimals as u8;
        columns.push(Cells::Amounts(Amounts {
            values: entries.iter().map(|(_, _, entry)| i128::from(entry.amount)).collect(),
            decimals: if plan.units.len() > 1 { entries.iter().map(decimals).collect() } else { Vec::new() },
        }));
        Batch { n_rows: entries.len(), columns }
    }

    /// The record of the rows that a rule pays for in the end.
    fn behind(&self, rule: RuleId) -> Option<RecordId> {
        match self.plan.version(self.plan.first_version(rule)?).stream {
            Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => Some(record),
            Stream::Lines(rule, _) => self.behind(rule),
        }
    }

    /// The record of the rows that a split finds, or of those behind payments, and what they are in a word.
    fn found(&self, id: VersionId) -> (Option<RecordId>, String) {
        let Some(Parties::Found { payee, .. }) = self.plan.version(id).share().map(|share| &share.parties) else {
            return (None, String::new());
        };
        let Op::Call(Function::Find { search, .. }, _) = &payee.op else { return (None, String::new()) };
        match self.plan.search(*search).stream {
            Stream::Events(record) | Stream::ByDate(record, _) => (Some(record), self.plan.record(record).name.clone()),
            Stream::Periods(record, _) => (Some(record), self.plan.record(record).name.clone()),
            Stream::Lines(rule, kind) => (self.behind(rule), kind.word().to_owned()),
        }
    }

    fn payee_kind(&self, id: VersionId) -> Option<RecordId> {
        match self.plan.version(id).share().map(|share| &share.parties) {
            Some(Parties::Found { payee, .. }) => match payee.ty {
                Type::Ref(record) => Some(record),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Writes the key of a row.
pub(super) fn write_key(keys: &Keys, row: u32, texts: &mut Texts) {
    keys.write(row as usize, &mut texts.bytes);
    texts.end();
}

fn period_name(plan: &Plan, kind: Period, number: i32) -> String {
    plan.calendar.name(kind, number)
}

/// Few words again and again.
pub(crate) fn words(each: impl Iterator<Item = String>) -> Cells {
    let (mut words, mut codes): (Texts, Vec<u16>) = (Texts::default(), Vec::new());
    let mut known: FxHashMap<String, u16> = FxHashMap::default();
    for word in each {
        let next = words.ends.len() as u16;
        let code = *known.entry(word).or_insert_with_key(|word| {
            words.push(word);
            next
        });
        codes.push(code);
    }
    Cells::Words { words, codes }
}
