//! What a run works on: columns of accepted rows, and what rules remember.
//!
//! The runtime fills these, the interpreter and machine code read and write them; both see the same words, so a row
//! that machine code cannot do within its width is done by the interpreter and the next one goes on from there.
//! INVARIANT: rows of an entity stand in key order; those of an event in the order of `when`, then key, and after them
//! the rows that may only be referred to (without a `when`, or after the run's date).

use crate::plan::{DecisionId, GroupId, Period, SlotId, StateId};
use crate::value::Exact;

/// The values of one field over the rows of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// The values; where one is missing, any value stands.
    pub values: Values,
    /// 1 where the value is known, 0 where it is missing; none when all are known.
    pub known: Option<Vec<u8>>,
}

/// Values by their width.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers: whole numbers of `10^-decimals` of the field.
    I64(Vec<i64>),
    /// Days.
    I32(Vec<i32>),
    /// Codes of texts and ids, rows of references.
    U32(Vec<u32>),
    /// Yes (1) and no (0), places in a list of `one of`.
    U8(Vec<u8>),
}

/// The accepted rows of a record.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// How many.
    pub n_rows: usize,
    /// How many of them, from the first, are seen by rules: events that have a `when` not after the run's date.
    pub n_stream: usize,
    /// By field; none where no rule needs it.
    pub columns: Vec<Option<Column>>,
}

/// Everything a run reads and writes.
#[derive(Debug, Default)]
pub struct Data {
    /// By record.
    pub tables: Vec<Table>,
    /// By predicate: 1 where the text of that code passes.
    pub predicates: Vec<Vec<u8>>,
    /// By state.
    pub states: Vec<StateData>,
    /// By group; filled before the rules that read them.
    pub groups: Vec<GroupData>,
    /// By decision.
    pub decisions: Vec<DecisionData>,
}

/// The words of a state, by slot.
#[derive(Clone, Debug)]
pub enum StateData {
    /// 1 once a row has passed.
    Seen(Vec<u8>),
    /// Sums by atom, and 1 once a row was taken in.
    Sums {
        /// By atom.
        sums: Vec<SumData>,
        /// By slot.
        touched: Vec<u8>,
    },
    /// Sums of rounded lines.
    Paid(Vec<i128>),
}

/// The sums of one atom, by slot.
#[derive(Clone, Debug)]
pub enum SumData {
    /// Whole numbers of `1/den`.
    Fixed {
        /// The denominator.
        den: i64,
        /// The numerators.
        sums: Vec<i128>,
    },
    /// Fractions whose denominators are not known while compiling.
    Exact(Vec<Exact>),
}

/// The values of a group, by row of the grid of its entity and period.
#[derive(Clone, Debug)]
pub enum GroupData {
    /// Whole numbers of `1/den`.
    Fixed {
        /// The denominator.
        den: i64,
        /// The numerators.
        values: Vec<i128>,
        /// 1 where there is a value; none when all are there.
        known: Option<Vec<u8>>,
    },
    /// Fractions.
    Exact(Vec<Option<Exact>>),
}

/// The values of a decision, by row of its stream: `nums / dens`, for other types the value in `nums` and 1 in `dens`.
#[derive(Clone, Debug, Default)]
pub struct DecisionData {
    /// Numerators, days, codes.
    pub nums: Vec<i64>,
    /// Denominators, above zero.
    pub dens: Vec<i64>,
    /// 1 where decided.
    pub known: Vec<u8>,
}

/// The rows of a stream, besides those of events, which are the rows of their table.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Rows of an event.
    Events {
        /// Its table.
        record: crate::plan::RecordId,
    },
    /// An entity's rows by periods.
    Grid(Grid),
    /// Payment lines.
    Payments(Payments),
}

/// The rows of a rule per entity and period: for each period, in order, each entity in key order.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// By row: the entity's row.
    pub entity: Vec<u32>,
    /// By row: the period's number.
    pub period: Vec<i32>,
    /// By row: the period's last day.
    pub last_day: Vec<i32>,
    /// For a kind of period: by row, 1 where this row's period is the last in that longer one and that has ended by the
    /// run's date.
    pub ends: Vec<(Period, Vec<u8>)>,
}

/// Payment lines of a rule, in the order of `when`, then key, as a stream.
#[derive(Clone, Debug, Default)]
pub struct Payments {
    /// The payee's row.
    pub payee: Vec<u32>,
    /// Smallest units.
    pub amount: Vec<i64>,
    /// The day.
    pub when: Vec<i32>,
    /// The row of the event, or of the entity, behind it.
    pub source: Vec<u32>,
}

/// A run of rows of a stream, at most a few thousand, with their slots.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The first row.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// By slot spec, the slot of each row of the chunk; `u32::MAX` where a part of the key is missing. Empty where the
    /// rule does not use it.
    pub slots: Vec<Vec<u32>>,
}

/// What became of a row in a rule: bits of a byte.
pub mod status {
    /// It passed every filter.
    pub const MATCHED: u8 = 1;
    /// An aggregate or accumulation took it in.
    pub const COUNTED: u8 = 2;
    /// It has a line.
    pub const PAID: u8 = 4;
}

/// The lines and marks that one rule makes of one chunk.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The stream's row of each line.
    pub rows: Vec<u32>,
    /// The payee's row of each line.
    pub payees: Vec<u32>,
    /// Smallest units, not zero.
    pub amounts: Vec<i64>,
    /// By row of the chunk, bits of [`status`].
    pub status: Vec<u8>,
    /// By how many smallest units lines rounded alone are above the rounding along the total (`each line` only).
    pub missed: i128,
}

impl Data {
    /// The words of a state.
    pub fn state(&mut self, id: StateId) -> &mut StateData {
        &mut self.states[id.index()]
    }

    /// The values of a group.
    pub fn group(&self, id: GroupId) -> &GroupData {
        &self.groups[id.index()]
    }

    /// The values of a decision.
    pub fn decision(&self, id: DecisionId) -> &DecisionData {
        &self.decisions[id.index()]
    }
}

impl Chunk {
    /// The slot of row `row` (of the stream) for a slot spec.
    pub fn slot(&self, id: SlotId, row: u32) -> u32 {
        self.slots[id.index()][(row - self.start) as usize]
    }
}

impl StateData {
    /// Makes room for `n_slots` slots.
    pub fn grow(&mut self, n_slots: usize) {
        match self {
            Self::Seen(seen) => seen.resize(n_slots.max(seen.len()), 0),
            Self::Paid(paid) => paid.resize(n_slots.max(paid.len()), 0),
            Self::Sums { sums, touched } => {
                for sum in sums {
                    match sum {
                        SumData::Fixed { sums, .. } => sums.resize(n_slots.max(sums.len()), 0),
                        SumData::Exact(sums) => sums.resize(n_slots.max(sums.len()), Exact::ZERO),
                    }
                }
                touched.resize(n_slots.max(touched.len()), 0);
            }
        }
    }
}
