//! Lines of many pages, partitioned by payee so that each range of payees is held when it is written.
//!
//! A range has as many payees as have few enough lines together; a payee with more lines than that is a range of its
//! own, and as its lines are in order already they are read chunk by chunk.

use crate::engine::lines::LineRows;
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::keys::columns::Keys;
use crate::pay::periods::Periods;
use crate::pay::rule_lines::{self, OutputContext, RuleLines, Version, compare};
use crate::pay::sinks::{BATCH, Sinks};
use crate::pay::sums::Sums;
use crate::pay::totals::{Total, Totals};
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::{ColumnMut, Columns, Paged, Shelf};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RecordId, VersionId};
use std::borrow::Cow;
use std::io;

/// About how many bytes a line takes, with its key.
const LINE_BYTES: usize = 64;

/// More ranges than these only where memory is short.
const MOST_RANGES: usize = 256;
/// Fewer lines than these are not worth a chunk of their own.
const FEWEST: usize = 64;

/// Lines with all that is written of them.
#[derive(Clone, Default)]
struct LineChunk {
    /// Places among the versions of the rule.
    versions: Vec<u32>,
    places: Vec<u32>,
    kinds: Vec<u32>,
    booked: Vec<i32>,
    dues: Vec<i32>,
    payees: Vec<u32>,
    amounts: Vec<i64>,
    units: Vec<u32>,
    days: Vec<i32>,
    keys: Keys,
}

/// A rule with its versions over an event of many pages.
pub(super) struct Partition<'a> {
    plan: &'a Plan,
    name: &'a str,
    /// The versions that pay.
    ids: Vec<VersionId>,
    loaded: &'a Loaded,
    result: &'a RunResult,
    root: RecordId,
}

impl<'a> Partition<'a> {
    /// None where the rows come from no event.
    pub fn new(
        plan: &'a Plan,
        name: &'a str,
        versions: &[VersionId],
        loaded: &'a Loaded,
        result: &'a RunResult,
    ) -> Option<Self> {
        let root = plan.root_of(&plan.version(*versions.first()?).stream)?;
        let ids = versions.iter().copied().filter(|&id| plan.payee_record(id).is_some()).collect();
        Some(Self { plan, name, ids, loaded, result, root })
    }

    /// Writes the lines and their sums.
    ///
    /// # Errors
    /// What a sink meets, and lines that cannot be kept or read back.
    pub fn write(&self, sinks: &mut Sinks<'_>) -> io::Result<()> {
        if self.ids.iter().all(|id| self.result.paid(*id).is_empty()) {
            return Ok(());
        }
        let n_lines: usize = self.ids.iter().map(|id| self.result.paid(*id).len()).sum();
        if sinks.wants_totals_only()
            && let Some(sums) = self.sums(n_lines)?
        {
            return self.rule_lines(&LineChunk::default()).write_sums(&sums, sinks);
        }
        // Ranges of a few lines are sorted fastest, but are not to be without number.
        let memory = self.loaded.memory(self.root);
        let (page, all) = (memory.page_bytes / LINE_BYTES, memory.bytes / LINE_BYTES);
        let n_held = (n_lines / MOST_RANGES).max(page).min(all).max(1);
        let ranges = Ranges::new(self, n_held)?;
        let chunks_by_range = self.partition(&ranges, n_held)?;
        let mut totals = Totals::new(self.plan);
        let mut held = LineChunk::default();
        for (chunks, is_one_payee) in chunks_by_range.iter().zip(&ranges.is_one_payee) {
            for idx in 0..chunks.len() {
                held.append(&*chunks.get(idx)?);
                // One payee's lines are in order; those of several are put in order together.
                let is_many = held.payees.len() >= n_held.max(BATCH);
                if idx + 1 < chunks.len() && !(is_many && *is_one_payee) {
                    continue;
                }
                // Batches are as full as if all lines were held, so that files do not differ.
                let rest = self.rule_lines(&held).write_batches(sinks, &mut totals)?;
                let mut left = LineChunk::default();
                left.gather(&held, &rest, &rest, &held.days, &held.keys);
                held = left;
            }
        }
        let last = self.rule_lines(&held);
        last.write(sinks, &mut totals)?;
        last.end(sinks, &mut totals)
    }

    /// The sums of the lines of all pages, where they need not be in order for that.
    fn sums(&self, n_lines: usize) -> Result<Option<Vec<Total>>, StoreError> {
        let mut sums: Option<Sums> = None;
        for page in 0..self.loaded.n_pages(self.root) {
            let days = self.loaded.days_of(self.plan, self.root, page)?;
            let mut versions = Vec::new();
            for &id in &self.ids {
                versions.extend(Version::new(self.plan, id, self.result.paid(id).page(page)?));
            }
            let origin = Origin::Event { record: self.root, days: &days, rows: None };
            let keys = Keys::default();
            let rule = RuleLines::new(self.context(origin, &keys), self.loaded, versions);
            let periods = Periods::new(&rule.context);
            let own = match sums.take() {
                Some(sums) => Some(sums),
                None => Sums::new(&rule, &periods, n_lines),
            };
            let Some(mut own) = own else { return Ok(None) };
            if own.add(&rule, &periods).is_none() {
                return Ok(None);
            }
            sums = Some(own);
        }
        Ok(sums.map(|sums| sums.rows()))
    }

    fn context<'b>(&'b self, origin: Origin<'b>, keys: &'b Keys) -> OutputContext<'b> {
        let through = self.result.through;
        OutputContext { plan: self.plan, name: self.name, origin, keys, loaded: self.loaded, through }
    }

    /// Partitions the lines of all pages; by range, its chunks.
    fn partition(&self, ranges: &Ranges, n_held: usize) -> Result<Vec<Paged<LineChunk>>, StoreError> {
        let n_ranges = ranges.is_one_payee.len();
        let shelf = Shelf::new(self.loaded)?;
        let mut chunks: Vec<Paged<LineChunk>> =
            (0..n_ranges).map(|_| shelf.paged(self.loaded, Some(self.root))).collect();
        let mut held: Vec<LineChunk> = (0..n_ranges).map(|_| LineChunk::default()).collect();
        // Small chunks would be many, and the account of them long.
        let n_most = (n_held / n_ranges).clamp(n_held.min(FEWEST), 1 << 16);
        for page in 0..self.loaded.n_pages(self.root) {
            let (lines, roots) = self.lines(page)?;
            if roots.is_empty() {
                continue;
            }
            let days = self.loaded.days_of(self.plan, self.root, page)?;
            let keys = self.loaded.keys_of(self.root, page)?;
            let mut by_range: Vec<Vec<u32>> = vec![Vec::new(); n_ranges];
            for (line, (&kind, &payee)) in (0..).zip(lines.kinds.iter().zip(&lines.payees)) {
                by_range[ranges.of(kind, payee)].push(line);
            }
            for (range, places) in by_range.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
                held[range].gather(&lines, places, &gather(&roots, places), &days, &keys);
                if held[range].payees.len() >= n_most {
                    chunks[range].push(std::mem::take(&mut held[range]))?;
                }
            }
        }
        for (held, chunks) in held.into_iter().zip(&mut chunks) {
            if !held.payees.is_empty() {
                chunks.push(held)?;
            }
        }
        Ok(chunks)
    }

    /// The lines of all versions in a page, as they are in output but for payees, and the rows of the event that they
    /// are for.
    fn lines(&self, page: usize) -> Result<(LineChunk, Vec<u32>), StoreError> {
        let lines = self.result.merged_paid(self.plan, self.ids.iter().copied(), page)?;
        let found = LineChunk {
            versions: lines.iter().map(|line| line.version).collect(),
            places: lines.iter().map(|line| line.place).collect(),
            kinds: lines.iter().map(|line| line.kind.0).collect(),
            booked: lines.iter().map(|line| line.booked).collect(),
            dues: lines.iter().map(|line| line.due).collect(),
            payees: lines.iter().map(|line| line.payee).collect(),
            amounts: lines.iter().map(|line| line.amount).collect(),
            units: lines.iter().map(|line| line.unit.0).collect(),
            ..LineChunk::default()
        };
        Ok((found, lines.iter().map(|line| line.root).collect()))
    }

    /// Some lines as if they were all that the rule has; line `n` is for row `n` of the event.
    fn rule_lines<'b>(&'b self, chunk: &'b LineChunk) -> RuleLines<'b> {
        let mut lines = vec![LineChunk::default(); self.ids.len()];
        let mut roots = vec![Vec::new(); self.ids.len()];
        for (line, &version) in (0..).zip(&chunk.versions) {
            let own = &mut lines[version as usize];
            roots[version as usize].push(line);
            own.places.push(chunk.places[line as usize]);
            own.kinds.push(chunk.kinds[line as usize]);
            own.booked.push(chunk.booked[line as usize]);
            own.dues.push(chunk.dues[line as usize]);
            own.payees.push(chunk.payees[line as usize]);
            own.amounts.push(chunk.amounts[line as usize]);
            own.units.push(chunk.units[line as usize]);
        }
        let rows = |(roots, LineChunk { places, kinds, booked, dues, payees, amounts, units, .. })| {
            Cow::Owned(
                LineRows::new(roots, payees, amounts, units).with_parts(places, kinds).booked_in(booked).due_on(dues),
            )
        };
        let lines = roots.into_iter().zip(lines).map(rows);
        let of = |(&id, lines)| Version::new(self.plan, id, lines);
        let versions = self.ids.iter().zip(lines).filter_map(of).collect();
        let origin = Origin::Event { record: self.root, days: &chunk.days, rows: None };
        RuleLines::new(self.context(origin, &chunk.keys), self.loaded, versions)
    }
}

/// Ranges of payees in the order of output.
struct Ranges {
    /// The kinds of parties that are paid.
    kinds: Vec<RecordId>,
    /// By kind and payee's row, the range.
    of: Vec<Vec<u32>>,
    is_one_payee: Vec<bool>,
}

impl Ranges {
    fn new(rule: &Partition<'_>, n_held: usize) -> Result<Self, StoreError> {
        let Partition { plan, ids, loaded, result, .. } = rule;
        let kinds = rule_lines::kinds(plan, ids.iter().copied());
        let keys = |kind: RecordId| &loaded.keys[kind.index()];
        let mut n_lines: Vec<Vec<u64>> = kinds.iter().map(|&kind| vec![0; keys(kind).len()]).collect();
        let place = |kind: RecordId| {
            kinds.binary_search(&kind).unwrap_or_else(|_| broken("a kind of payee that the rule does not pay"))
        };
        for &id in ids {
            let Some(usual) = plan.payee_record(id) else { continue };
            for page in 0..result.paid(id).n_pages() {
                let lines = result.paid(id).page(page)?;
                for (idx, &payee) in lines.payees.iter().enumerate() {
                    n_lines[place(lines.kind(idx, usual))][payee as usize] += 1;
                }
            }
        }
        let mut payees: Vec<(RecordId, u32)> =
            kinds.iter().flat_map(|&kind| (0..keys(kind).len() as u32).map(move |row| (kind, row))).collect();
        if kinds.len() > 1 {
            payees.sort_by(|a, b| compare(keys(a.0), a.1, keys(b.0), b.1).then(a.0.cmp(&b.0)));
        }
        let mut by_kind: Vec<Vec<u32>> = n_lines.iter().map(|n_lines| vec![0; n_lines.len()]).collect();
        let mut is_one_payee = vec![true];
        let (mut n_payees, mut n_in_range) = (0, 0);
        for (kind, row) in payees {
            let n = n_lines[place(kind)][row as usize];
            if n == 0 {
                continue;
            }
            if n_payees > 0 && n_in_range + n > n_held as u64 {
                is_one_payee.push(true);
                (n_payees, n_in_range) = (0, 0);
            }
            let range = is_one_payee.len() - 1;
            (n_payees, n_in_range) = (n_payees + 1, n_in_range + n);
            is_one_payee[range] = n_payees == 1;
            by_kind[place(kind)][row as usize] = range as u32;
        }
        Ok(Self { of: by_kind, kinds, is_one_payee })
    }

    /// The range of a payee.
    fn of(&self, kind: u32, payee: u32) -> usize {
        let place = self.kinds.partition_point(|known| known.0 < kind);
        self.of[place][payee as usize] as usize
    }
}

impl LineChunk {
    /// Adds some of these lines, with the days and keys of the rows that they are for.
    fn gather(&mut self, lines: &Self, places: &[u32], roots: &[u32], days: &[i32], keys: &Keys) {
        self.versions.extend(places.iter().map(|&line| lines.versions[line as usize]));
        self.places.extend(places.iter().map(|&line| lines.places[line as usize]));
        self.dues.extend(places.iter().map(|&line| lines.dues[line as usize]));
        self.booked.extend(places.iter().map(|&line| lines.booked[line as usize]));
        self.kinds.extend(places.iter().map(|&line| lines.kinds[line as usize]));
        self.payees.extend(places.iter().map(|&line| lines.payees[line as usize]));
        self.amounts.extend(places.iter().map(|&line| lines.amounts[line as usize]));
        self.units.extend(places.iter().map(|&line| lines.units[line as usize]));
        self.days.extend(roots.iter().map(|&root| days[root as usize]));
        self.keys.append_rows(keys, roots);
    }

    fn append(&mut self, other: &Self) {
        self.versions.extend_from_slice(&other.versions);
        self.places.extend_from_slice(&other.places);
        self.kinds.extend_from_slice(&other.kinds);
        self.booked.extend_from_slice(&other.booked);
        self.dues.extend_from_slice(&other.dues);
        self.payees.extend_from_slice(&other.payees);
        self.amounts.extend_from_slice(&other.amounts);
        self.units.extend_from_slice(&other.units);
        self.days.extend_from_slice(&other.days);
        self.keys.append(&other.keys, 0..other.payees.len());
    }
}

impl Columns for LineChunk {
    fn columns(&mut self) -> Vec<ColumnMut<'_>> {
        let Self { versions, places, kinds, booked, dues, payees, amounts, units, days, keys } = self;
        vec![
            ColumnMut::U32(versions),
            ColumnMut::U32(places),
            ColumnMut::U32(kinds),
            ColumnMut::I32(booked),
            ColumnMut::I32(dues),
            ColumnMut::U32(payees),
            ColumnMut::I64(amounts),
            ColumnMut::U32(units),
            ColumnMut::I32(days),
            ColumnMut::Keys(keys),
        ]
    }
}

fn gather<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
    places.iter().map(|&place| values[place as usize]).collect()
}
