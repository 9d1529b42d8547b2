//! The table of pointers of a kernel, for one chunk.

use super::{DayTables, Input, N_DAYS, N_MONTHS};
use crate::data::{
    Chunk, Column, Data, DecisionData, Grid, GroupData, Output, Payments, Rows, StateData, SumData, Values, Width,
};
use crate::plan::{DecisionId, FieldId, Period, Plan, RecordId, SlotId, StateId, Stream};

/// Stands for an array without elements: a place that may be read, of zeros.
static NOTHING: [u64; 2] = [0; 2];
/// Stands for the marks of values that are all known.
static KNOWN: [u8; 1] = [1];

/// What a kernel is run over.
pub(super) struct Source<'a> {
    pub plan: &'a Plan,
    pub rows: &'a Rows,
    pub chunk: &'a Chunk,
    pub tables: &'a DayTables,
}

impl Source<'_> {
    /// The pointers of these inputs; none where an array is shorter than the chunk or the slots need it.
    pub fn pointers(&self, inputs: &[Input], data: &mut Data, output: &mut Output) -> Option<Vec<*mut u8>> {
        inputs.iter().map(|input| self.pointer(*input, data, output)).collect()
    }

    fn pointer(&self, input: Input, data: &mut Data, output: &mut Output) -> Option<*mut u8> {
        let end = self.chunk.start as usize + self.chunk.len as usize;
        Some(match input {
            Input::Values(record, field) => self.values(data, record, field)?,
            Input::Known(record, field) => match &column(data, record, field)?.known {
                Some(known) => array(known, data.tables[record.index()].n_rows)?,
                None => read(&KNOWN),
            },
            Input::KnownMask(record, field) => mask(column(data, record, field)?.known.is_some()),
            Input::Predicate(id) => array(&data.predicates[id.index()], 0)?,
            Input::Slots(id) => array(&self.chunk.slots[id.index()], self.chunk.len as usize)?,
            Input::Seen(id) => match self.state(data, id)? {
                StateData::Seen(seen) => write(seen),
                StateData::Sums { .. } | StateData::Paid(_) => return None,
            },
            Input::Sum(id, atom) => match self.state(data, id)? {
                StateData::Sums { sums, .. } => match &mut sums[atom as usize] {
                    SumData::Fixed { sums, .. } => write(sums),
                    SumData::Exact(_) => return None,
                },
                StateData::Seen(_) | StateData::Paid(_) => return None,
            },
            Input::Touched(id) => match self.state(data, id)? {
                StateData::Sums { touched, .. } => write(touched),
                StateData::Seen(_) | StateData::Paid(_) => return None,
            },
            Input::Paid(id) => match self.state(data, id)? {
                StateData::Paid(paid) => write(paid),
                StateData::Seen(_) | StateData::Sums { .. } => return None,
            },
            Input::Group(id) => match data.group(id) {
                GroupData::Fixed { den, values, .. } => {
                    let expected = self.plan.groups[id.index()].function.den();
                    (expected == Some(*den)).then(|| array(values, end)).flatten()?
                }
                GroupData::Exact(_) => return None,
            },
            Input::GroupKnown(id) => match data.group(id) {
                GroupData::Fixed { known: Some(known), .. } => array(known, end)?,
                GroupData::Fixed { known: None, .. } => read(&KNOWN),
                GroupData::Exact(_) => return None,
            },
            Input::GroupKnownMask(id) => match data.group(id) {
                GroupData::Fixed { known, .. } => mask(known.is_some()),
                GroupData::Exact(_) => return None,
            },
            Input::DecisionNum(id) => self.decided(data, id, |decision| write(&mut decision.nums))?,
            Input::DecisionDen(id) => self.decided(data, id, |decision| write(&mut decision.dens))?,
            Input::DecisionKnown(id) => self.decided(data, id, |decision| write(&mut decision.known))?,
            Input::GridEntity => array(&self.grid()?.entity, end)?,
            Input::GridLastDay => array(&self.grid()?.last_day, end)?,
            Input::GridEnds(period) => array(self.ends(period)?, end)?,
            Input::PaymentPayee => array(&self.payments()?.payee, end)?,
            Input::PaymentAmount => array(&self.payments()?.amount, end)?,
            Input::PaymentWhen => array(&self.payments()?.when, end)?,
            Input::PaymentSource => array(&self.payments()?.source, end)?,
            Input::Days(table) => array(self.tables.days.get(&table)?, N_DAYS as usize)?,
            Input::MonthStarts => array(&self.tables.month_starts, N_MONTHS as usize + 1)?,
            Input::LineRow => output.rows.as_mut_ptr().cast(),
            Input::LinePayee => output.payees.as_mut_ptr().cast(),
            Input::LineAmount => output.amounts.as_mut_ptr().cast(),
            Input::Status => output.status.as_mut_ptr(),
            Input::GroupSum | Input::GroupSeen | Input::DistinctSlot | Input::DistinctValue => return None,
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
    fn state<'d>(&self, data: &'d mut Data, id: StateId) -> Option<&'d mut StateData> {
        let spec = self.plan.states[id.index()].slot;
        let needed = self.n_slots(spec)?;
        let state = data.state(id);
        let n_slots = match state {
            StateData::Seen(seen) => seen.len(),
            StateData::Paid(paid) => paid.len(),
            StateData::Sums { sums, touched } => sums.iter().fold(touched.len(), |least, sum| {
                least.min(match sum {
                    SumData::Fixed { sums, .. } => sums.len(),
                    SumData::Exact(sums) => sums.len(),
                })
            }),
        };
        (n_slots >= needed).then_some(state)
    }

    /// How many slots the chunk's largest needs.
    fn n_slots(&self, id: SlotId) -> Option<usize> {
        let slots = self.chunk.slots[id.index()].get(..self.chunk.len as usize)?;
        // A missing slot is the largest number; one more is 0.
        let one_more = |slot: &u32| slot.wrapping_add(1);
        let needed = slots.iter().map(one_more).max().unwrap_or(0);
        let sure = self.plan.slot_can_miss(id) || slots.iter().copied().max() != Some(u32::MAX);
        sure.then_some(needed as usize)
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
            Stream::Grid(..) | Stream::Payments(_) => (self.chunk.start + self.chunk.len) as usize,
        };
        let decision = &mut data.decisions[id.index()];
        let least = decision.nums.len().min(decision.dens.len()).min(decision.known.len());
        (least >= n_rows).then(|| array(decision))
    }

    fn grid(&self) -> Option<&Grid> {
        if let Rows::Grid(grid) = self.rows { Some(grid) } else { None }
    }

    fn ends(&self, period: Period) -> Option<&Vec<u8>> {
        self.grid()?.ends.iter().find(|(kind, _)| *kind == period).map(|(_, ends)| ends)
    }

    fn payments(&self) -> Option<&Payments> {
        if let Rows::Payments(payments) = self.rows { Some(payments) } else { None }
    }
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
