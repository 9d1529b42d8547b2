//! The table of pointers of a kernel, for one chunk.

use super::{DayTables, Input, Kernel, N_DAYS, N_MONTHS, Prefetch, Wanted};
use crate::data::{
    Chunk, Column, Data, DecisionData, EntityPeriods, FoldData, FoldState, Output, Payments, Rows, StateData, SumData,
    Values, Width,
};
use crate::plan::{DecisionId, FieldId, KeyId, Period, Plan, RecordId, StateId, Stream};
use crate::search::Index;
use std::ops::Range;

/// Stands for an array without elements: a place that may be read, of zeros.
static NOTHING: [u64; 2] = [0; 2];
/// Stands for the marks of values that are all known.
static KNOWN: [u8; 1] = [1];

/// What a kernel is run over.
pub(super) struct Source<'a> {
    pub plan: &'a Plan,
    pub rows: &'a Rows,
    /// The row of the stream after the last.
    pub end: usize,
    pub tables: &'a DayTables,
}

/// A [`Prefetch`] from a large array, by places in the table of pointers.
pub(super) struct Ahead {
    index: usize,
    /// Whether indices are by row of the chunk, else of the stream.
    by_chunk: bool,
    from: Large,
}

enum Large {
    Array { place: usize, width: usize },
    Set(*const Index),
}

impl Ahead {
    /// Reads the elements that rows of the chunk need.
    ///
    /// # Safety
    /// The table's pointers reach as far as these rows and their indices do.
    #[expect(unsafe_code, reason = "reads through the pointers of the table, as the code of the kernel will")]
    pub unsafe fn read(&self, table: &[*mut u8], start: u32, rows: Range<u32>) {
        let indices = table[self.index].cast_const().cast::<u32>();
        let first = if self.by_chunk { rows.start } else { start + rows.start } as usize;
        #[expect(unsafe_code, reason = "as above")]
        let indices = unsafe { std::slice::from_raw_parts(indices.add(first), rows.len()) };
        match &self.from {
            Large::Set(index) => {
                #[expect(unsafe_code, reason = "the set is one of the data that the kernel is run over")]
                unsafe { &**index }.read_ahead(indices);
            }
            Large::Array { place, width } => {
                for index in indices.iter().filter(|index| **index != u32::MAX) {
                    #[expect(unsafe_code, reason = "as above")]
                    unsafe {
                        table[*place].add(*index as usize * width).read_volatile();
                    }
                }
            }
        }
    }
}

impl Source<'_> {
    /// A pointer of a rule's kernel; `None` if an array is shorter than rows or slots of the chunk need it.
    pub fn rule_pointer(&self, input: Input, data: &mut Data, chunk: &Chunk, output: &mut Output) -> Option<*mut u8> {
        Some(match input {
            Input::Slots(id) => read(self.slots(chunk, id)?),
            Input::Seen(id) => match self.state(data, chunk, id)? {
                StateData::Seen(seen) => write(seen),
                StateData::Sums { .. } | StateData::Paid(_) => return None,
            },
            Input::Sum(id, summand) => match self.state(data, chunk, id)? {
                StateData::Sums { sums, .. } => match &mut sums[summand as usize] {
                    SumData::Fixed { sums, .. } => write(sums),
                    SumData::Exact(_) => return None,
                },
                StateData::Seen(_) | StateData::Paid(_) => return None,
            },
            Input::Touched(id) => match self.state(data, chunk, id)? {
                StateData::Sums { touched, .. } => write(touched),
                StateData::Seen(_) | StateData::Paid(_) => return None,
            },
            Input::Paid(id) => match self.state(data, chunk, id)? {
                StateData::Paid(paid) => write(paid),
                StateData::Seen(_) | StateData::Sums { .. } => return None,
            },
            Input::LineRow => output.rows.as_mut_ptr().cast(),
            Input::LinePayee => output.payees.as_mut_ptr().cast(),
            Input::LineAmount => output.amounts.as_mut_ptr().cast(),
            Input::Status => output.status.as_mut_ptr(),
            other => self.pointer(other, data)?,
        })
    }

    /// A pointer of a fold's kernel; none as above.
    pub fn fold_pointer(
        &self,
        input: Input,
        data: &mut Data,
        slots: &[u32],
        fold_state: &mut FoldState,
        taken: &mut [u8],
    ) -> Option<*mut u8> {
        let needed = n_slots(slots);
        Some(match input {
            Input::FoldSlot => read(slots),
            Input::FoldCell if fold_state.cells.len() >= needed => write(&mut fold_state.cells),
            Input::FoldSeen if fold_state.seen.len() >= needed => write(&mut fold_state.seen),
            Input::FoldMet => fold_state.entries.as_mut_ptr().cast(),
            Input::Status => taken.as_mut_ptr(),
            other => self.pointer(other, data)?,
        })
    }

    /// A pointer of any kernel.
    fn pointer(&self, input: Input, data: &mut Data) -> Option<*mut u8> {
        let end = self.end;
        Some(match input {
            Input::Values(record, field) => self.values(data, record, field)?,
            Input::Known(record, field) => match &column(data, record, field)?.known {
                Some(known) => array(known, data.tables[record.index()].n_rows)?,
                None => read(&KNOWN),
            },
            Input::KnownMask(record, field) => mask(column(data, record, field)?.known.is_some()),
            Input::Literal(id) => array(data.literals.get(id.index()..=id.index())?, 1)?,
            Input::Predicate(id) => array(&data.predicates[id.index()], 0)?,
            Input::Lookup(id) => std::ptr::from_ref(data.lookups.get(id.index())?).cast_mut().cast(),
            Input::Plan => std::ptr::from_ref(self.plan).cast_mut().cast(),
            // A set must be ready before it is asked.
            Input::Data => std::ptr::from_ref(data).cast_mut().cast(),
            Input::Fold(id) => match data.fold(id) {
                FoldData::Fixed { den, values, .. } => {
                    let expected = self.plan.folds[id.index()].function.den();
                    (expected == Some(*den)).then(|| array(values, end)).flatten()?
                }
                FoldData::Exact(_) => return None,
            },
            Input::FoldKnown(id) => match data.fold(id) {
                FoldData::Fixed { known: Some(known), .. } => array(known, end)?,
                FoldData::Fixed { known: None, .. } => read(&KNOWN),
                FoldData::Exact(_) => return None,
            },
            Input::FoldKnownMask(id) => match data.fold(id) {
                FoldData::Fixed { known, .. } => mask(known.is_some()),
                FoldData::Exact(_) => return None,
            },
            Input::DecisionNum(id) => self.decided(data, id, |decision| write(&mut decision.nums))?,
            Input::DecisionDen(id) => self.decided(data, id, |decision| write(&mut decision.denominators))?,
            Input::DecisionKnown(id) => self.decided(data, id, |decision| write(&mut decision.known))?,
            Input::StreamRow => array(self.stream_rows()?.0, end)?,
            Input::StreamDay => array(self.stream_rows()?.1, end)?,
            Input::PeriodsEnds(period) => array(self.ends(period)?, end)?,
            Input::PaymentPayee => array(&self.payments()?.payee, end)?,
            Input::PaymentAmount => array(&self.payments()?.amount, end)?,
            Input::PaymentWhen => array(&self.payments()?.when, end)?,
            Input::PaymentSource => array(&self.payments()?.source, end)?,
            Input::Days(table) => array(self.tables.days.get(&table)?, N_DAYS as usize)?,
            Input::MonthStarts => array(&self.tables.month_starts, N_MONTHS as usize + 1)?,
            Input::Slots(_)
            | Input::Seen(_)
            | Input::Sum(..)
            | Input::Touched(_)
            | Input::Paid(_)
            | Input::LineRow
            | Input::LinePayee
            | Input::LineAmount
            | Input::Status
            | Input::FoldSlot
            | Input::FoldCell
            | Input::FoldSeen
            | Input::FoldMet => return None,
        })
    }

    /// What a kernel's rows need of large arrays.
    pub fn ahead(&self, kernel: &Kernel, data: &Data, fold_state: Option<&FoldState>) -> Vec<Ahead> {
        let place = |input: Input| kernel.inputs.iter().position(|known| *known == input);
        let ahead = |prefetch: &Prefetch| {
            let index = place(prefetch.index)?;
            let by_chunk = matches!(prefetch.index, Input::Slots(_) | Input::FoldSlot);
            let (n_bytes, from) = match prefetch.wanted {
                Wanted::Element(array) => {
                    let (n_elements, width) = self.extent(array, data, fold_state)?;
                    (n_elements * width, Large::Array { place: place(array)?, width })
                }
                Wanted::Set(id) => {
                    let index = data.searches[id.index()].as_ref()?;
                    (index.n_bytes(), Large::Set(std::ptr::from_ref(index)))
                }
            };
            (n_bytes > kernel.near_bytes).then_some(Ahead { index, by_chunk, from })
        };
        kernel.prefetches.iter().filter_map(ahead).collect()
    }

    /// How many elements an array has, and their width, where it is one that is read in no order.
    fn extent(&self, array: Input, data: &Data, fold_state: Option<&FoldState>) -> Option<(usize, usize)> {
        let n_slots = |id: StateId| data.states[id.index()].n_slots();
        Some(match array {
            Input::Seen(id) | Input::Touched(id) => (n_slots(id), 1),
            Input::Sum(id, _) | Input::Paid(id) => (n_slots(id), 16),
            Input::Values(record, field) => {
                let ty = self.plan.record(record).fields[field.index()].ty;
                let width = match Width::of(ty) {
                    Width::I64 => 8,
                    Width::I32 | Width::U32 => 4,
                    Width::U8 => 1,
                };
                (data.tables[record.index()].n_rows, width)
            }
            Input::FoldCell => (fold_state?.cells.len(), 16),
            _ => return None,
        })
    }

    /// A column as wide as its field's type makes it, of all rows of its table.
    fn values(&self, data: &Data, record: RecordId, field: FieldId) -> Option<*mut u8> {
        let definition = &self.plan.record(record).fields[field.index()];
        let column = column(data, record, field)?;
        if column.known.is_some() && !definition.optional {
            return None;
        }
        let n_rows = data.tables[record.index()].n_rows;
        match (&column.values, Width::of(definition.ty)) {
            (Values::I64(values), Width::I64) => array(values, n_rows),
            (Values::I32(values), Width::I32) => array(values, n_rows),
            (Values::U32(values), Width::U32) => array(values, n_rows),
            (Values::U8(values), Width::U8) => array(values, n_rows),
            (Values::I64(_) | Values::I32(_) | Values::U32(_) | Values::U8(_), _) => None,
        }
    }

    /// A state that holds every slot of the chunk.
    fn state<'d>(&self, data: &'d mut Data, chunk: &Chunk, id: StateId) -> Option<&'d mut StateData> {
        let needed = n_slots(self.slots(chunk, self.plan.states[id.index()].key)?);
        let state = data.state(id);
        (state.n_slots() >= needed).then_some(state)
    }

    /// The slots of the chunk; `None` if one is missing that must not.
    fn slots<'c>(&self, chunk: &'c Chunk, id: KeyId) -> Option<&'c [u32]> {
        let slots = chunk.slots[id.index()].get(..chunk.len as usize)?;
        let complete = self.plan.key_can_miss(id) || slots.iter().max() != Some(&u32::MAX);
        complete.then_some(slots)
    }

    /// An array of a decision that has a value for each row of its stream.
    fn decided(
        &self,
        data: &mut Data,
        id: DecisionId,
        array: impl FnOnce(&mut DecisionData) -> *mut u8,
    ) -> Option<*mut u8> {
        let n_rows = match &self.plan.decisions[id.index()].stream {
            Stream::Events(record) => data.tables[record.index()].n_rows,
            Stream::Periods(..) | Stream::ByDate(..) | Stream::Lines(..) => self.end,
        };
        let decision = &mut data.decisions[id.index()];
        let least = decision.nums.len().min(decision.denominators.len()).min(decision.known.len());
        (least >= n_rows).then(|| array(decision))
    }

    fn periods(&self) -> Option<&EntityPeriods> {
        if let Rows::EntityPeriods(periods) = self.rows { Some(periods) } else { None }
    }

    /// The rows of the entity or event, and their days, where those of the stream are not the event's.
    fn stream_rows(&self) -> Option<(&Vec<u32>, &Vec<i32>)> {
        match self.rows {
            Rows::EntityPeriods(periods) => Some((&periods.entity, &periods.last_day)),
            Rows::ByDate(dated) => Some((&dated.row, &dated.when)),
            Rows::Events { .. } | Rows::Payments(_) => None,
        }
    }

    fn ends(&self, period: Period) -> Option<&Vec<u8>> {
        self.periods()?.ends.iter().find(|(kind, _)| *kind == period).map(|(_, ends)| ends)
    }

    fn payments(&self) -> Option<&Payments> {
        if let Rows::Payments(payments) = self.rows { Some(payments) } else { None }
    }
}

/// How many slots an array must have for these.
fn n_slots(slots: &[u32]) -> usize {
    // A missing slot is the largest number; one more is 0.
    slots.iter().map(|slot| slot.wrapping_add(1)).max().unwrap_or(0) as usize
}

fn column(data: &Data, record: RecordId, field: FieldId) -> Option<&Column> {
    data.tables[record.index()].columns[field.index()].as_ref()
}

/// An array to be read, of at least `n` elements.
fn array<T>(values: &[T], n: usize) -> Option<*mut u8> {
    if values.len() < n {
        return None;
    }
    Some(if values.is_empty() { read(&NOTHING) } else { read(values) })
}

fn read<T>(values: &[T]) -> *mut u8 {
    values.as_ptr().cast_mut().cast()
}

/// An array to be written as well; of one without elements nothing is written.
fn write<T>(values: &mut [T]) -> *mut u8 {
    if values.is_empty() { read(&NOTHING) } else { values.as_mut_ptr().cast() }
}

fn mask(own_marks: bool) -> *mut u8 {
    std::ptr::without_provenance_mut(if own_marks { usize::MAX } else { 0 })
}
