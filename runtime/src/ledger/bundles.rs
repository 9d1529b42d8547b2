//! Lines that are too many to be held: dealt out on the disk by ranges of payees, each of which is then held.
//!
//! A range has as many payees as have few enough lines together; a payee with more lines than that is a range of its
//! own, and as its lines stand in order already they are read piece by piece.

use super::family::{Family, Lot, Totals, Version, compare};
use super::{BATCH, Sinks, on_disk};
use crate::engine::{LineRows, Origin, RunResult};
use crate::keys::{Keys, StoredKeys};
use crate::load::{Loaded, Windows};
use crate::scratch::{Array, ScratchError, ScratchFile};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, RecordId, RuleId};
use std::io;

/// About how many bytes a line takes, with its key.
const LINE_BYTES: usize = 64;

/// More ranges than these only where memory is short.
const MOST_RANGES: usize = 256;
/// Fewer lines than these are not worth a piece of their own on the disk.
const FEWEST: usize = 64;

/// Lines with all that is written of them.
#[derive(Default)]
struct Bundle {
    /// Places among the versions of the rule.
    versions: Vec<u32>,
    payees: Vec<u32>,
    amounts: Vec<i64>,
    days: Vec<i32>,
    keys: Keys,
}

/// A bundle on the disk.
struct Dealt {
    versions: Array<u32>,
    payees: Array<u32>,
    amounts: Array<i64>,
    days: Array<i32>,
    keys: StoredKeys,
}

/// A rule with its versions whose event lies on the disk.
pub(super) struct OnDisk<'a> {
    plan: &'a Plan,
    name: &'a str,
    /// The versions that pay.
    ids: Vec<RuleId>,
    loaded: &'a Loaded,
    result: &'a RunResult,
    root: RecordId,
    windows: &'a Windows,
}

impl<'a> OnDisk<'a> {
    /// None where all rows are held.
    pub fn new(
        plan: &'a Plan,
        name: &'a str,
        versions: &[RuleId],
        loaded: &'a Loaded,
        result: &'a RunResult,
    ) -> Option<Self> {
        let (root, windows) = on_disk(plan, *versions.first()?, loaded)?;
        let ids = versions.iter().copied().filter(|&id| plan.payee_record(id).is_some()).collect();
        Some(Self { plan, name, ids, loaded, result, root, windows })
    }

    /// Writes the lines and their sums.
    ///
    /// # Errors
    /// What a sink meets, and what the disk does.
    pub fn write(&self, sinks: &mut Sinks<'_>) -> io::Result<()> {
        if self.ids.iter().all(|id| self.result.lines[id.index()].is_empty()) {
            return Ok(());
        }
        let n_lines: usize = self.ids.iter().map(|id| self.result.lines[id.index()].len()).sum();
        // Ranges of a few lines are sorted fastest, but are not to be without number.
        let (piece, bytes) = (self.windows.piece() / LINE_BYTES, self.windows.bytes() / LINE_BYTES);
        let n_held = (n_lines / MOST_RANGES).max(piece).min(bytes).max(1);
        let ranges = Ranges::new(self, n_held)?;
        let mut file = self.windows.another_file()?;
        let bundles = self.deal(&ranges, n_held, &mut file)?;
        let mut totals = Totals::default();
        let mut bundle = Bundle::default();
        for (range, stored) in bundles.iter().enumerate() {
            for (idx, dealt) in stored.iter().enumerate() {
                bundle.add(dealt, &file)?;
                // One payee's lines stand in order; those of several are put in order together.
                let is_many = bundle.payees.len() >= n_held.max(BATCH);
                if idx + 1 < stored.len() && !(is_many && ranges.is_one_payee[range]) {
                    continue;
                }
                // Batches are as full as if all lines were held, so that files do not differ.
                let rest = self.family(&bundle).write_batches(sinks, &mut totals)?;
                let mut left = Bundle::default();
                left.gather(&bundle, &rest, &rest, &bundle.days, &bundle.keys);
                bundle = left;
            }
        }
        let last = self.family(&bundle);
        last.write(sinks, &mut totals)?;
        last.end(sinks, &mut totals)
    }

    /// Deals the lines of all windows out; by range, what lies on the disk.
    fn deal(&self, ranges: &Ranges, n_held: usize, file: &mut ScratchFile) -> Result<Vec<Vec<Dealt>>, ScratchError> {
        let n_ranges = ranges.is_one_payee.len();
        let mut stored: Vec<Vec<Dealt>> = (0..n_ranges).map(|_| Vec::new()).collect();
        let mut held: Vec<Bundle> = (0..n_ranges).map(|_| Bundle::default()).collect();
        // Small pieces would be many, and the account of them long.
        let n_most = (n_held / n_ranges).clamp(n_held.min(FEWEST), 1 << 16);
        for window in 0..self.windows.len() {
            let (lines, roots) = self.lines(window)?;
            if roots.is_empty() {
                continue;
            }
            let (days, keys) = (self.windows.days(window)?, self.windows.keys(window)?);
            let mut by_range: Vec<Vec<u32>> = vec![Vec::new(); n_ranges];
            for (line, (&version, &payee)) in (0..).zip(lines.versions.iter().zip(&lines.payees)) {
                by_range[ranges.of[version as usize][payee as usize] as usize].push(line);
            }
            for (range, places) in by_range.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
                held[range].gather(&lines, places, &gather(&roots, places), &days, &keys);
                if held[range].payees.len() >= n_most {
                    stored[range].push(std::mem::take(&mut held[range]).keep(file)?);
                }
            }
        }
        for (held, stored) in held.into_iter().zip(&mut stored) {
            if !held.payees.is_empty() {
                stored.push(held.keep(file)?);
            }
        }
        Ok(stored)
    }

    /// The lines of all versions in a window, as they stand in output but for payees, and the rows of the event that they
    /// are for.
    fn lines(&self, window: usize) -> Result<(Bundle, Vec<u32>), ScratchError> {
        let lines = self.result.merged(self.ids.iter().copied(), window)?;
        let found = Bundle {
            versions: lines.iter().map(|line| line.version).collect(),
            payees: lines.iter().map(|line| line.payee).collect(),
            amounts: lines.iter().map(|line| line.amount).collect(),
            ..Bundle::default()
        };
        Ok((found, lines.iter().map(|line| line.root).collect()))
    }

    /// Some lines as if they were all that the rule has; line `n` is for row `n` of the event.
    fn family<'b>(&'b self, bundle: &'b Bundle) -> Family<'b> {
        let mut lines = vec![(Vec::new(), Vec::new(), Vec::new()); self.ids.len()];
        for (line, &version) in (0..).zip(&bundle.versions) {
            let (roots, payees, amounts) = &mut lines[version as usize];
            roots.push(line);
            payees.push(bundle.payees[line as usize]);
            amounts.push(bundle.amounts[line as usize]);
        }
        let lines = lines.into_iter().map(|(roots, payees, amounts)| LineRows::new(roots, payees, amounts).into());
        let of = |(&id, lines)| Version::new(self.plan, id, self.loaded, lines);
        let versions = self.ids.iter().zip(lines).filter_map(of).collect();
        let origin = Origin::Event { record: self.root, days: &bundle.days };
        let through = self.result.through;
        Family::new(Lot { plan: self.plan, name: self.name, origin, keys: &bundle.keys, through }, versions)
    }
}

/// Ranges of payees in the order of output.
struct Ranges {
    /// By version and payee's row, the range.
    of: Vec<Vec<u32>>,
    is_one_payee: Vec<bool>,
}

impl Ranges {
    fn new(rule: &OnDisk<'_>, n_held: usize) -> Result<Self, ScratchError> {
        let OnDisk { plan, ids, loaded, result, .. } = rule;
        let mut kinds: Vec<RecordId> = ids.iter().filter_map(|&id| plan.payee_record(id)).collect();
        let version_kinds = kinds.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let keys = |kind: RecordId| &loaded.keys[kind.index()];
        let mut n_lines: Vec<Vec<u64>> = kinds.iter().map(|&kind| vec![0; keys(kind).len()]).collect();
        let place = |kind: RecordId| {
            kinds.binary_search(&kind).unwrap_or_else(|_| broken("a kind of payee that the rule does not pay"))
        };
        for (&id, &kind) in ids.iter().zip(&version_kinds) {
            for window in 0..result.lines[id.index()].n_windows() {
                let lines = result.part(id, window)?;
                lines.payees.iter().for_each(|&payee| n_lines[place(kind)][payee as usize] += 1);
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
        let of = version_kinds.iter().map(|&kind| by_kind[place(kind)].clone()).collect();
        Ok(Self { of, is_one_payee })
    }
}

impl Bundle {
    /// Adds some of these lines, with the days and keys of the rows that they are for.
    fn gather(&mut self, lines: &Self, places: &[u32], roots: &[u32], days: &[i32], keys: &Keys) {
        self.versions.extend(places.iter().map(|&line| lines.versions[line as usize]));
        self.payees.extend(places.iter().map(|&line| lines.payees[line as usize]));
        self.amounts.extend(places.iter().map(|&line| lines.amounts[line as usize]));
        self.days.extend(roots.iter().map(|&root| days[root as usize]));
        self.keys.append_rows(keys, roots);
    }

    fn keep(self, file: &mut ScratchFile) -> Result<Dealt, ScratchError> {
        Ok(Dealt {
            versions: file.keep(&self.versions)?,
            payees: file.keep(&self.payees)?,
            amounts: file.keep(&self.amounts)?,
            days: file.keep(&self.days)?,
            keys: StoredKeys::keep(&self.keys, file)?,
        })
    }

    /// Adds what lies on the disk.
    fn add(&mut self, stored: &Dealt, file: &ScratchFile) -> Result<(), ScratchError> {
        self.versions.append(&mut file.load_all(&stored.versions)?);
        self.payees.append(&mut file.load_all(&stored.payees)?);
        self.amounts.append(&mut file.load_all(&stored.amounts)?);
        self.days.append(&mut file.load_all(&stored.days)?);
        let n_rows = stored.payees.len();
        self.keys.append(&stored.keys.load(0..n_rows, file)?, 0..n_rows);
        Ok(())
    }
}

fn gather<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
    places.iter().map(|&place| values[place as usize]).collect()
}
