//! What a run works on: columns of accepted rows, and what rules remember.
//!
//! The runtime fills these, the interpreter and machine code read and write them; both see the same words, so a row
//! that machine code cannot do within its width is done by the interpreter and the next one goes on from there.
//! INVARIANT: rows of an entity are in key order; those of an event in the order of `when`, then key, and after them
//! the rows that may only be referred to (without a `when`, or after the run's date).

mod shared;

pub use shared::Shared;

use crate::balances::Balances;
use crate::interpret::eval::{Levels, Value};
use crate::lookup::Lookup;
use crate::plan::{BalanceId, DecisionId, FoldId, KeyId, Period, RecordId, StateId, StateKind, Type};
use crate::search::Index;
use crate::value::Exact;
use meed_grammar::span::Span;
use rustc_hash::FxHashMap;

/// The values of one field over the rows of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// The values; where one is missing, the entry is arbitrary.
    pub values: Values,
    /// 1 where the value is known, 0 where it is missing; `None` if all are known.
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

/// How wide the values of a type are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// [`Values::I64`]
    I64,
    /// [`Values::I32`]
    I32,
    /// [`Values::U32`]
    U32,
    /// [`Values::U8`]
    U8,
}

impl Width {
    /// The width of a column of this type.
    pub fn of(ty: Type) -> Self {
        match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money(_) => Self::I64,
            Type::Date | Type::Period(_) => Self::I32,
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => Self::U32,
            Type::YesNo | Type::Choice(_) => Self::U8,
        }
    }
}

/// The accepted rows of a record.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// How many.
    pub n_rows: usize,
    /// How many of them, from the first, are seen by rules: events that have a `when` not after the run's date.
    pub n_stream: usize,
    /// By field; `None` if no rule needs it.
    pub columns: Vec<Option<Column>>,
}

/// Everything a run reads and writes.
#[derive(Debug, Default)]
pub struct Data {
    /// By record.
    pub tables: Shared<Vec<Table>>,
    /// By predicate: 1 where the text of that code passes.
    pub predicates: Shared<Vec<Vec<u8>>>,
    /// By predicate: the code of its text, where it is for one text that is a value as well.
    pub literals: Vec<u32>,
    /// By decision table.
    pub lookups: Shared<Vec<Lookup>>,
    /// By search; made ready before the first rule that asks.
    pub searches: Vec<Option<Index>>,
    /// By state.
    pub states: Vec<StateData>,
    /// By fold; filled before the rules that read them.
    pub folds: Vec<FoldData>,
    /// By balance.
    pub balances: Vec<Balances>,
    /// What the row at work adds to balances, where somebody asks.
    pub additions: Option<Additions>,
    /// By decision.
    pub decisions: Vec<DecisionData>,
    /// By key of whoever gets a line: the slot of each kind of party, party and period.
    pub payee_slots: Vec<FxHashMap<(u32, u32, i32), u32>>,
}

/// What a row adds to balances, in the order of its rule.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// What it adds.
    pub made: Vec<Addition>,
    /// Whether it is only worked out, and nothing moves.
    pub is_worked_out: bool,
}

/// What a row adds to a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// To what.
    pub balance: BalanceId,
    /// Whose.
    pub owner: u32,
    /// How much, in smallest units.
    pub amount: i64,
    /// Until when, where that is said.
    pub until: Option<i32>,
    /// Its place in the text.
    pub span: Span,
}

impl Addition {
    /// Whether it is what another addition is of another day.
    pub fn is_again(&self, other: &Self) -> bool {
        (self.balance, self.owner, self.span) == (other.balance, other.owner, other.span)
    }
}

/// The words of a state, by slot.
#[derive(Clone, Debug)]
pub enum StateData {
    /// How many rows have passed.
    Seen(Vec<u8>),
    /// Sums by summand, and 1 once a row was taken in.
    Sums {
        /// By summand.
        sums: Vec<SumData>,
        /// By slot.
        touched: Vec<u8>,
    },
    /// Sums of rounded lines.
    Paid(Vec<i128>),
}

/// The sums of one summand, by slot.
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

/// The values of a fold, by row of its entity periods.
#[derive(Clone, Debug)]
pub enum FoldData {
    /// Whole numbers of `1/den`.
    Fixed {
        /// The denominator.
        den: i64,
        /// The numerators.
        values: Vec<i128>,
        /// 1 where there is a value; `None` if all are there.
        known: Option<Vec<u8>>,
    },
    /// Fractions.
    Exact(Vec<Option<Exact>>),
}

/// What a fold has gathered so far, by slot: the entity's row times the number of periods, plus the period.
#[derive(Clone, Debug, Default)]
pub struct FoldState {
    /// The sum, count, smallest or largest, as whole numbers of the fold's `1/den` (days, codes and places as they are).
    pub cells: Vec<i128>,
    /// 1 once a row was taken in.
    pub seen: Vec<u8>,
    /// In place of `cells` where the denominator is not known while compiling.
    pub exact: Vec<Exact>,
    /// For a count of distinct values: slot and value of each row taken in.
    pub entries: Vec<Met>,
    /// Numbers among these values that are no whole numbers of moderate size, by their text.
    pub numbers: FxHashMap<String, i64>,
}

/// A value met at a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub struct Met {
    /// The slot.
    pub slot: u32,
    /// A number that differs where values differ.
    pub value: i64,
}

/// Whole numbers from minus this up to it stand for themselves among values met.
pub const MODERATE: i64 = 1 << 62;

/// The values of a decision, by row of its stream: `nums / denominators`, for other types the value in `nums` and 1 in `denominators`.
#[derive(Clone, Debug, Default)]
pub struct DecisionData {
    /// Numerators, days, codes.
    pub nums: Vec<i64>,
    /// Denominators, above zero.
    pub denominators: Vec<i64>,
    /// 1 where decided.
    pub known: Vec<u8>,
}

/// The rows of a stream, besides those of events, which are the rows of their table.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Rows of an event.
    Events {
        /// Its table.
        record: RecordId,
    },
    /// Rows of an event by another date.
    ByDate(DatedRows),
    /// An entity's rows by periods.
    EntityPeriods(EntityPeriods),
    /// Payment lines.
    Payments(Payments),
}

/// The rows of an event that have another date than its `when`, in the order of that date, then of their keys.
#[derive(Clone, Debug, Default)]
pub struct DatedRows {
    /// The row of the event.
    pub row: Vec<u32>,
    /// That date.
    pub when: Vec<i32>,
    /// The rows of the event whose date is after the run's day.
    pub after: Vec<u32>,
}

/// The rows of a rule per entity and period: for each period, in order, each entity in key order.
#[derive(Clone, Debug, Default)]
pub struct EntityPeriods {
    /// By row: the entity's row.
    pub entity: Vec<u32>,
    /// By row: the period's number.
    pub period: Vec<i32>,
    /// By row: the period's last day.
    pub last_day: Vec<i32>,
    /// For a kind of period: by row, 1 where this row's period is the last in that longer one and that has ended
    /// ([`Plan::has_ended`](crate::plan::Plan::has_ended)) by the run's date.
    pub ends: Vec<(Period, Vec<u8>)>,
}

/// Payment lines of a rule, in the order of `when`, then key, as a stream.
#[derive(Clone, Debug, Default)]
pub struct Payments {
    /// The payee's row.
    pub payee: Vec<u32>,
    /// The record of the payee.
    pub kind: Vec<RecordId>,
    /// The place among the payments of its row, from 1.
    pub place: Vec<u32>,
    /// Smallest units.
    pub amount: Vec<i64>,
    /// Of credits, the share of the whole, and that of what the amount is a share of; empty for payments.
    pub share: Vec<Exact>,
    /// See `share`.
    pub base: Vec<Exact>,
    /// The day.
    pub when: Vec<i32>,
    /// The row of the event, or of the entity, behind it.
    pub source: Vec<u32>,
    /// The row of the event, or of the entity periods, that it comes from in the end.
    pub root: Vec<u32>,
    /// By which return it is taken back, numbered from 1 by the engine, or 0; empty where none is.
    pub taking: Vec<u32>,
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
    /// A schedule that does not say what it gives below zero was asked there.
    pub const BELOW_ZERO: u8 = 8;
}

/// The lines that one rule makes, and the marks of its last chunk.
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
    /// Of a rule whose lines are divided, or limited per whoever gets them: by line its place among those of its row, from 1.
    pub places: Vec<u32>,
    /// Of such a rule: by line the record of the payee.
    pub kinds: Vec<u32>,
    /// Of a rule that says so: by line the day on which it is due.
    pub dues: Vec<i32>,
    /// What each row found by a split is credited with.
    pub credits: Vec<Credit>,
    /// Parts for which there is nobody to be paid.
    pub uncredited: Vec<Uncredited>,
    /// By line that is still to be divided, what its row has found out, where the division asks for it.
    pub kept: Vec<KeptRow>,
    /// What weights have become after so many days.
    pub weights: FxHashMap<(u32, i32), Exact>,
}

/// What a row found by a split is credited with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The row of the rule's stream.
    pub row: u32,
    /// Its place among the rows found, from 1.
    pub place: u32,
    /// The row found.
    pub found: u32,
    /// The payee's row; none where nobody is paid for it.
    pub payee: Option<u32>,
    /// Its share of the whole.
    pub share: Exact,
    /// Its share of what the amount is a share of, in whole units.
    pub base: Exact,
    /// Its part before limits, in smallest units.
    pub amount: i64,
}

/// A part of a split for which there is nobody to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncredited {
    /// The row of the rule's stream.
    pub row: u32,
    /// Its place among the parts, from 1; 0 for the whole.
    pub place: u32,
    /// Smallest units, not zero.
    pub amount: i64,
}

/// What a row has found out on its way to a line.
#[derive(Clone, Debug)]
pub struct KeptRow {
    /// By `let`.
    pub locals: Vec<Value>,
    /// Levels of its accumulations.
    pub levels: Vec<Levels>,
    /// Its rank, in a contest.
    pub rank: Option<u32>,
}

impl Data {
    /// The words of a state.
    pub fn state(&mut self, id: StateId) -> &mut StateData {
        &mut self.states[id.index()]
    }

    /// The values of a fold.
    pub fn fold(&self, id: FoldId) -> &FoldData {
        &self.folds[id.index()]
    }

    /// The values of a decision.
    pub fn decision(&self, id: DecisionId) -> &DecisionData {
        &self.decisions[id.index()]
    }
}

impl Chunk {
    /// The slot of row `row` (of the stream) for a slot spec.
    pub fn slot(&self, id: KeyId, row: u32) -> u32 {
        self.slots[id.index()][(row - self.start) as usize]
    }
}

impl DecisionData {
    /// Makes room for `n_rows` rows.
    pub fn grow(&mut self, n_rows: usize) {
        let n_rows = n_rows.max(self.known.len());
        self.nums.resize(n_rows, 0);
        self.denominators.resize(n_rows, 1);
        self.known.resize(n_rows, 0);
    }
}

impl Output {
    /// Puts lines in the order of their rows, those of one row as they came.
    pub fn sort_lines(&mut self) {
        if self.rows.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&idx| self.rows[idx]);
        let words = [&mut self.rows, &mut self.payees, &mut self.places, &mut self.kinds];
        for column in words.into_iter().filter(|column| !column.is_empty()) {
            *column = order.iter().map(|&idx| column[idx]).collect();
        }
        self.amounts = order.iter().map(|&idx| self.amounts[idx]).collect();
        let mut kept: Vec<Option<KeptRow>> = self.kept.drain(..).map(Some).collect();
        self.kept.extend(order.iter().filter_map(|&idx| kept.get_mut(idx).and_then(Option::take)));
    }

    /// Makes room for as many lines as so many more rows will make, if they make them as those done so far, up to a million.
    pub fn make_room(&mut self, n_done: u32, n_more: u32) {
        let more = (self.rows.len() * n_more as usize / (n_done as usize).max(1)).min(1 << 20);
        self.rows.reserve(more);
        self.payees.reserve(more);
        self.amounts.reserve(more);
    }

    /// Adds the lines of other rows behind these.
    pub fn append(&mut self, more: Self) {
        let Self { rows, payees, amounts, missed, places, kinds, dues, credits, uncredited, kept, .. } = more;
        self.missed += missed;
        append(&mut self.rows, rows);
        append(&mut self.payees, payees);
        append(&mut self.amounts, amounts);
        append(&mut self.places, places);
        append(&mut self.kinds, kinds);
        append(&mut self.dues, dues);
        append(&mut self.credits, credits);
        append(&mut self.uncredited, uncredited);
        append(&mut self.kept, kept);
    }

    /// Leaves the first so many lines, before anything is done with them.
    pub fn truncate_lines(&mut self, n_lines: usize) {
        self.rows.truncate(n_lines);
        self.payees.truncate(n_lines);
        self.amounts.truncate(n_lines);
        self.kept.truncate(n_lines);
    }

    /// Begins a chunk of `n_rows`; lines stay.
    pub fn begin(&mut self, n_rows: usize) {
        self.status.clear();
        self.status.resize(n_rows, 0);
    }
}

/// Adds values behind others; where there are none, without a copy.
fn append<T>(values: &mut Vec<T>, more: Vec<T>) {
    if values.is_empty() {
        *values = more;
    } else {
        values.extend(more);
    }
}

impl StateData {
    /// A state of this kind, without slots.
    pub fn new(kind: &StateKind) -> Self {
        match kind {
            StateKind::Seen => Self::Seen(Vec::new()),
            StateKind::Paid => Self::Paid(Vec::new()),
            StateKind::Sums { denominators, .. } => {
                let sum = |den: &Option<i64>| match den {
                    Some(den) => SumData::Fixed { den: *den, sums: Vec::new() },
                    None => SumData::Exact(Vec::new()),
                };
                Self::Sums { sums: denominators.iter().map(sum).collect(), touched: Vec::new() }
            }
        }
    }

    /// How many slots every array of it has.
    pub fn n_slots(&self) -> usize {
        match self {
            Self::Seen(seen) => seen.len(),
            Self::Paid(paid) => paid.len(),
            Self::Sums { sums, touched } => sums.iter().fold(touched.len(), |least, sum| {
                least.min(match sum {
                    SumData::Fixed { sums, .. } => sums.len(),
                    SumData::Exact(sums) => sums.len(),
                })
            }),
        }
    }

    /// Makes room for `n_slots` slots.
    pub fn grow(&mut self, n_slots: usize) {
        match self {
            Self::Seen(seen) => grow(seen, n_slots, 0),
            Self::Paid(paid) => grow(paid, n_slots, 0),
            Self::Sums { sums, touched } => {
                for sum in sums {
                    match sum {
                        SumData::Fixed { sums, .. } => grow(sums, n_slots, 0),
                        SumData::Exact(sums) => grow(sums, n_slots, Exact::ZERO),
                    }
                }
                grow(touched, n_slots, 0);
            }
        }
    }
}

/// Makes an array longer; made at once it costs memory only where it is touched.
fn grow<T: Clone>(array: &mut Vec<T>, len: usize, zero: T) {
    if array.is_empty() {
        *array = vec![zero; len];
    } else if array.len() < len {
        array.resize(len, zero);
    }
}
