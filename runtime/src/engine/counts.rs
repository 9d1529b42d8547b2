//! How many rows ended as what.

use crate::store::loaded::RowCounts;
use meed_compiler::data::{Data, Values, status};
use meed_compiler::plan::{Plan, Reading, RecordId, VersionId};

/// So many rows can be counted in a byte, and so many of them by one instruction; it is a multiple of what an instruction takes.
const IN_A_BYTE: usize = 240;

/// By record, what became of rows that a rule finds: bits of [`status`].
pub(super) type FoundRows = Vec<(RecordId, Vec<u8>)>;

/// How many rows of a stream ended as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// After the run's day.
    pub after: u64,
    /// Nothing is left of them.
    pub returned: u64,
    /// With a line of their own.
    pub paid: u64,
    /// Taken in by an aggregate or accumulation.
    pub counted: u64,
    /// Matched, but without a line.
    pub nothing: u64,
    /// Not matched.
    pub unmatched: u64,
}

impl Counts {
    /// With the rows of an event that no rule sees: those after the run's day, and those without a day.
    pub(super) fn with_unseen(self, rows: &RowCounts) -> Self {
        Self { after: rows.after_run_date, unmatched: self.unmatched + rows.undated, ..self }
    }

    /// Adds rows by their flags, bits of [`status`]; the first that holds counts. A row that is not paid is returned where it
    /// has a 1 in `returned`, which is empty where no row of its event can be.
    pub(super) fn add(&mut self, flags: &[u8], returned: &[u8]) {
        if returned.is_empty() {
            return self.add_left(flags);
        }
        let (mut left, mut rest) = (Vec::with_capacity(flags.len()), 0);
        for (&flag, &returned) in flags.iter().zip(returned) {
            if returned == 1 && flag & status::PAID == 0 {
                rest += 1;
            } else {
                left.push(flag);
            }
        }
        self.returned += rest;
        self.add_left(&left);
    }

    /// Adds rows of which something is left.
    fn add_left(&mut self, flags: &[u8]) {
        for flags in flags.chunks(IN_A_BYTE) {
            let count = |ends: fn(u8) -> bool| u64::from(flags.iter().map(|&flag| u8::from(ends(flag))).sum::<u8>());
            let paid = count(|flag| flag & status::PAID != 0);
            let counted = count(|flag| flag & (status::PAID | status::COUNTED) == status::COUNTED);
            let nothing = count(|flag| flag & (status::PAID | status::COUNTED | status::MATCHED) == status::MATCHED);
            self.paid += paid;
            self.counted += counted;
            self.nothing += nothing;
            self.unmatched += flags.len() as u64 - paid - counted - nothing;
        }
    }
}

/// The same as a version sees it: none is gone where it reads rows as they were reported.
pub(super) fn returned_in<'d>(plan: &Plan, data: &'d Data, version: VersionId, record: RecordId) -> &'d [u8] {
    returned_as(plan, data, record, plan.version(version).reading)
}

/// By row of an event, 1 where nothing is left of it; empty where nothing takes its rows back.
pub(super) fn returned<'d>(plan: &Plan, data: &'d Data, record: RecordId) -> &'d [u8] {
    returned_as(plan, data, record, Reading::Left)
}

fn returned_as<'d>(plan: &Plan, data: &'d Data, record: RecordId, reading: Reading) -> &'d [u8] {
    let field = plan.record(record).returned(reading);
    let column = field.and_then(|field| data.tables[record.index()].columns.get(field.index())?.as_ref());
    match column.map(|column| &column.values) {
        Some(Values::U8(returned)) => returned,
        _ => &[],
    }
}

/// The part of it that is of rows from one on.
pub(super) fn from_row(returned: &[u8], start: u32) -> &[u8] {
    returned.get(start as usize..).unwrap_or_default()
}
