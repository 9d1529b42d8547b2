//! References that lead nowhere, or to a rejected row: their rows are rejected too, and then what refers to those.
//!
//! A key is *lost* in round 0 when no accepted row has it. Accepted rows that refer to a key lost in a round are rejected
//! in that round, and a key that only they had is lost in the next. A row tells those of its references that were lost in
//! the round in which it is rejected. Every row and every reference is looked at once, however long the chains are; what
//! that takes, up to eight bytes for every reference, is taken only where some key is lost.

use crate::keys::dictionary::NONE;
use crate::keys::space::KeySpace;
use crate::load::build::TableBuilder;
use crate::load::link::{Linked, Reference, codes_by_place, codes_of, references};
use crate::store::error::StoreError;
use crate::store::row_batch::Wanted;
use meed_compiler::plan::RecordId;

/// The round of a key that is not lost.
const NEVER: u32 = u32::MAX;

/// A reference and the rows that it leads astray, each with the code that it names.
pub(super) type Astray = (Reference, Vec<(u32, u32)>);

/// By record and code of a key, the round in which it is lost; nothing of records whose keys cannot be lost.
type Lost = Vec<Vec<u32>>;

impl Linked<'_> {
    /// By reference, the rows, not rejected so far, that it leads nowhere or to a row that is or will be rejected, each with
    /// the code that it names, in the order in which batches have them.
    pub(super) fn astray(&self) -> Result<Vec<Astray>, StoreError> {
        let mut lost: Lost = (0..self.tables.len() as u32).map(|record| self.lost_at_once(RecordId(record))).collect();
        if lost.iter().flatten().all(|&round| round == NEVER) {
            return Ok(Vec::new());
        }
        Chains::new(self, &lost)?.follow(&mut lost);
        let mut found = Vec::new();
        for idx in 0..self.tables.len() {
            self.tell(RecordId(idx as u32), &lost, &mut found)?;
        }
        Ok(found)
    }

    /// Whether a reference says `if there` and no row has the key that it names, rejected or not.
    fn may_be_missing(&self, reference: Reference, code: u32) -> bool {
        let field = &self.plan.record(reference.record).fields[reference.field];
        field.if_there && self.spaces[reference.target.index()].as_ref().is_some_and(|space| space.row(code) == NONE)
    }

    fn lost_at_once(&self, record: RecordId) -> Vec<u32> {
        let (Some(space), Some(owner)) = (&self.spaces[record.index()], self.owner(record)) else {
            return Vec::new();
        };
        let is_lost = |code: u32| space.row(code) == NONE || owner.rejected.contains(space.row(code));
        (0..space.len() as u32).map(|code| if is_lost(code) { 0 } else { NEVER }).collect()
    }

    /// Adds the rows of a record.
    fn tell(&self, record: RecordId, lost: &Lost, found: &mut Vec<Astray>) -> Result<(), StoreError> {
        let Some(table) = &self.tables[record.index()] else { return Ok(()) };
        let is_lost = |reference: &Reference| lost[reference.target.index()].iter().any(|&round| round != NEVER);
        let references = references(self.plan).filter(|reference| reference.record == record).filter(is_lost);
        let first = found.len();
        for reference in references {
            let (mut rows, lost) = (Vec::new(), &lost[reference.target.index()]);
            let wanted = Wanted { field: Some(reference.field), ..Wanted::default() };
            table.rows.each_batch(wanted, |batch| {
                let codes = codes_of(batch, reference.field).map(|(row, code)| (batch.place(row), code));
                let is_lost = |code: u32| lost[code as usize] != NEVER && !self.may_be_missing(reference, code);
                rows.extend(codes.filter(|&(place, code)| is_lost(code) && !table.rejected.contains(place)));
            })?;
            found.push((reference, rows));
        }
        // Of a row's references only those are told that were lost when it was rejected.
        let round = |reference: &Reference, code: u32| lost[reference.target.index()][code as usize];
        let mut rounds = vec![NEVER; if found.len() - first > 1 { table.rows.n_rows as usize } else { 0 }];
        if !rounds.is_empty() {
            for (reference, rows) in &found[first..] {
                for &(place, code) in rows {
                    let known = &mut rounds[place as usize];
                    *known = (*known).min(round(reference, code));
                }
            }
            for (reference, rows) in &mut found[first..] {
                let reference = *reference;
                rows.retain(|&(place, code)| round(&reference, code) == rounds[place as usize]);
            }
        }
        Ok(())
    }
}

/// Which rows are lost with a key, and which keys with a row.
struct Chains {
    /// By record: the rows that refer to its keys, one list for each field of a record that others can lose.
    referrers: Vec<Vec<Referrers>>,
    /// By record.
    owners: Vec<Owners>,
    /// By record that holds distinct values of a column, and code: how many accepted rows bear the key.
    n_owners: Vec<Vec<u32>>,
}

/// The rows of a record, by the code of the key that they refer to.
struct Referrers {
    record: RecordId,
    /// By code, where its rows begin; one more for the end.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// The keys that the rows of a record have; empty where nothing is lost with a row.
#[derive(Default)]
struct Owners {
    /// By row, the code of its own key.
    own: Vec<u32>,
    /// For each record that holds distinct values of a column: by row, the code of its key.
    distinct: Vec<(RecordId, Vec<u32>)>,
    /// By row, whether it is rejected.
    rejected: Vec<bool>,
}

impl Chains {
    fn new(linked: &Linked<'_>, lost: &Lost) -> Result<Self, StoreError> {
        let n_records = linked.tables.len();
        let mut chains = Self {
            referrers: (0..n_records).map(|_| Vec::new()).collect(),
            owners: Vec::new(),
            n_owners: lost.iter().map(|lost| vec![0; lost.len()]).collect(),
        };
        for (record, table) in (0..).map(RecordId).zip(&linked.tables) {
            let own = linked.spaces[record.index()].as_ref().filter(|_| !lost[record.index()].is_empty());
            let owners = match table {
                Some(table) if own.is_some() || !table.rows.batch.distinct.is_empty() => Owners::of(table, own)?,
                Some(_) | None => Owners::default(),
            };
            for (distinct, codes) in &owners.distinct {
                let n_owners = &mut chains.n_owners[distinct.index()];
                let accepted =
                    codes.iter().zip(&owners.rejected).filter(|(code, rejected)| **code != NONE && !**rejected);
                accepted.for_each(|(&code, _)| n_owners[code as usize] += 1);
            }
            chains.owners.push(owners);
        }
        for reference in references(linked.plan) {
            let (record, n_codes) = (reference.record, lost[reference.target.index()].len());
            if let Some(table) = &linked.tables[record.index()]
                && !chains.owners[record.index()].rejected.is_empty()
                && n_codes > 0
            {
                let mut codes = codes_by_place(table, reference.field)?;
                codes
                    .iter_mut()
                    .filter(|code| **code != NONE && linked.may_be_missing(reference, **code))
                    .for_each(|code| *code = NONE);
                let referrers = Referrers::new(record, &codes, n_codes);
                chains.referrers[reference.target.index()].push(referrers);
            }
        }
        Ok(chains)
    }

    /// Goes from the keys lost in round 0 to all others that are lost with them.
    fn follow(mut self, lost: &mut Lost) {
        let at_once = |(record, lost): (u32, &Vec<u32>)| {
            let codes = (0..).zip(lost).filter(|(_, round)| **round == 0);
            codes.map(|(code, _)| (RecordId(record), code)).collect::<Vec<_>>()
        };
        let mut now: Vec<(RecordId, u32)> = (0..).zip(lost.iter()).flat_map(at_once).collect();
        let mut round = 0;
        while !now.is_empty() {
            round += 1;
            let mut next = Vec::new();
            for (record, code) in now {
                for referrers in &self.referrers[record.index()] {
                    for &row in referrers.rows(code) {
                        let owners = &mut self.owners[referrers.record.index()];
                        if !std::mem::replace(&mut owners.rejected[row as usize], true) {
                            owners.lose(referrers.record, row, &mut self.n_owners, &mut next);
                        }
                    }
                }
            }
            next.retain(|(record, code)| lost[record.index()][*code as usize] == NEVER);
            next.iter().for_each(|(record, code)| lost[record.index()][*code as usize] = round);
            now = next;
        }
    }
}

impl Referrers {
    fn new(record: RecordId, codes: &[u32], n_codes: usize) -> Self {
        let mut starts = vec![0u32; n_codes + 2];
        let known = || codes.iter().zip(0..).filter(|(code, _)| **code != NONE);
        known().for_each(|(&code, _)| starts[code as usize + 2] += 1);
        (1..starts.len()).for_each(|idx| starts[idx] += starts[idx - 1]);
        let mut rows = vec![0; starts[n_codes + 1] as usize];
        for (&code, row) in known() {
            let next = &mut starts[code as usize + 1];
            rows[*next as usize] = row;
            *next += 1;
        }
        Self { record, starts, rows }
    }

    fn rows(&self, code: u32) -> &[u32] {
        &self.rows[self.starts[code as usize] as usize..self.starts[code as usize + 1] as usize]
    }
}

impl Owners {
    fn of(table: &TableBuilder, space: Option<&KeySpace>) -> Result<Self, StoreError> {
        let n_rows = table.rows.n_rows as usize;
        let rejected = (0..table.rows.n_rows).map(|row| table.rejected.contains(row)).collect();
        let mut own = vec![NONE; if space.is_some() { n_rows } else { 0 }];
        if let Some(space) = space {
            let codes = (0..space.len() as u32).filter(|&code| space.row(code) != NONE);
            codes.for_each(|code| own[space.row(code) as usize] = code);
        }
        let mut distinct: Vec<(RecordId, Vec<u32>)> =
            table.rows.batch.distinct.iter().map(|(record, _)| (*record, vec![NONE; n_rows])).collect();
        if !distinct.is_empty() {
            table.rows.each_batch(Wanted { distinct: true, ..Wanted::default() }, |batch| {
                for ((_, by_place), (_, codes)) in distinct.iter_mut().zip(&batch.distinct) {
                    codes.iter().enumerate().for_each(|(row, &code)| by_place[batch.place(row) as usize] = code);
                }
            })?;
        }
        Ok(Self { own, distinct, rejected })
    }

    /// Adds the keys that are lost with a row.
    fn lose(&self, record: RecordId, row: u32, n_owners: &mut [Vec<u32>], keys: &mut Vec<(RecordId, u32)>) {
        let own = self.own.get(row as usize).filter(|code| **code != NONE);
        keys.extend(own.map(|&code| (record, code)));
        for (distinct, codes) in &self.distinct {
            let code = codes[row as usize];
            if code == NONE {
                continue;
            }
            let left = &mut n_owners[distinct.index()][code as usize];
            *left -= 1;
            if *left == 0 {
                keys.push((*distinct, code));
            }
        }
    }
}
