//! One row in the making: where its values come from.
//!
//! A value is a [`RowValue`]: whether it is known, and the number, flag, day or code it then is. Loads are shared within a
//! row; every row that is read exists, whether or not the value is asked for, so that nothing needs a branch.

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag, Half, Raised};
use super::frame::Frame;
use super::lookup::Question;
use super::number::Number;
use super::scales::Scales;
use crate::data::Width;
use crate::internal::broken;
use crate::kernel::{Input, Prefetch, Wanted};
use crate::plan::{DecisionId, FieldId, FoldId, Plan, RecordId, Root, Side, StateId, Stream, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use rustc_hash::FxHashMap;

/// A value of the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowValue {
    /// Whether it is there; if not, `kind` is anything.
    pub known: Flag,
    pub kind: Kind,
}

/// What it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Number(Number),
    YesNo(Flag),
    /// A day, a place in a list, the code of a text or id, the row of a record.
    Code(CheckedInt),
}

/// The levels of an accumulation around the row.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    pub state: StateId,
    pub slot: Value,
    /// Whether the row has a place in it.
    pub known: Flag,
    /// By summand.
    pub before: Vec<Number>,
    /// By summand.
    pub after: Vec<Number>,
}

/// The code of one row.
pub(super) struct RowCode<'a, 'f> {
    pub emit: Emit<'f>,
    pub plan: &'a Plan,
    pub stream: &'a Stream,
    /// The row of the stream.
    pub row: Value,
    /// The row of the chunk.
    pub in_chunk: Value,
    pub locals: Vec<Option<RowValue>>,
    pub levels: Vec<Levels>,
    pub side: Side,
    scales: &'a Scales,
    loads: FxHashMap<(Input, Value), Value>,
    /// Values made so far, with what making them met.
    values: FxHashMap<Key, (RowValue, Raised)>,
    /// What decision tables and sets were asked so far.
    pub(super) questions: Vec<Question>,
    /// Whether what is computed here is asked for, and not computed ahead for a branch that may not be taken.
    pub(super) live: Flag,
}

/// A value that is made once per row.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Field(Root, RecordId, Vec<FieldId>),
    Fold(FoldId),
}

impl RowValue {
    pub fn new(kind: Kind) -> Self {
        Self { known: Flag::Yes, kind }
    }
}

impl<'a, 'f> RowCode<'a, 'f> {
    pub fn new(emit: Emit<'f>, plan: &'a Plan, scales: &'a Scales, stream: &'a Stream, frame: &Frame) -> Self {
        Self {
            emit,
            plan,
            scales,
            stream,
            row: frame.row,
            in_chunk: frame.in_chunk,
            locals: Vec::new(),
            levels: Vec::new(),
            side: Side::After,
            loads: FxHashMap::default(),
            values: FxHashMap::default(),
            questions: Vec::new(),
            live: Flag::Yes,
        }
    }

    /// A value that is missing, with a kind fit for its type.
    pub fn missing(&mut self, ty: Type) -> RowValue {
        let kind = match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money(_) => Kind::Number(self.emit.zero()),
            Type::YesNo => Kind::YesNo(Flag::No),
            Type::Date | Type::Period(_) | Type::Choice(_) | Type::Text(_) | Type::Id(_) | Type::Ref(_) => {
                Kind::Code(self.emit.checked_int(0))
            }
        };
        RowValue { known: Flag::No, kind }
    }

    /// An element of an array, loaded once per row.
    pub fn load(&mut self, input: Input, index: Value, width: Width) -> Value {
        if let Some(&known) = self.loads.get(&(input, index)) {
            return known;
        }
        let value = self.emit.load(input, index, width);
        self.loads.insert((input, index), value);
        value
    }

    /// A byte that is 0 or 1, loaded once per row.
    pub fn load_mark(&mut self, input: Input, index: Value) -> Flag {
        if let Some(&known) = self.loads.get(&(input, index)) {
            return Flag::When(known);
        }
        let mark = self.emit.load_byte(input, index);
        self.loads.insert((input, index), mark);
        Flag::When(mark)
    }

    /// The row where a path begins.
    pub fn root(&mut self, root: Root) -> Value {
        let input = match (self.stream, root) {
            (Stream::Events(_), _) => return self.row,
            (Stream::Periods(..) | Stream::ByDate(..), _) => Input::StreamRow,
            (Stream::Lines(..), Root::Payee) => Input::PaymentPayee,
            (Stream::Lines(..), Root::Source | Root::Row) => Input::PaymentSource,
        };
        self.load(input, self.row, Width::U32)
    }

    /// The day of the row.
    pub fn when(&mut self) -> CheckedInt {
        let day = match self.stream {
            Stream::Events(record) => {
                let Some(field) = self.plan.record(*record).when else { broken("an event without a `when`") };
                self.load(Input::Values(*record, field), self.row, Width::I32)
            }
            Stream::Periods(..) | Stream::ByDate(..) => self.load(Input::StreamDay, self.row, Width::I32),
            Stream::Lines(..) => self.load(Input::PaymentWhen, self.row, Width::I32),
        };
        CheckedInt::within(day, i32::MIN.into(), i32::MAX.into())
    }

    /// Follows references from the root; an empty path is the row itself.
    pub fn field(&mut self, root: Root, record: RecordId, path: &[FieldId]) -> RowValue {
        self.once(Key::Field(root, record, path.to_vec()), |code| code.load_field(root, record, path))
    }

    /// The aggregate of the row's entity and period.
    pub fn fold(&mut self, id: FoldId) -> RowValue {
        self.once(Key::Fold(id), |code| code.load_fold(id))
    }

    fn once(&mut self, key: Key, make: impl FnOnce(&mut Self) -> RowValue) -> RowValue {
        if let Some(&(value, raised)) = self.values.get(&key) {
            self.emit.raise_again(raised);
            return value;
        }
        let before = self.emit.begin_guard();
        let value = make(self);
        let raised = self.emit.raised();
        self.emit.end_guard(Flag::Yes, before);
        self.values.insert(key, (value, raised));
        value
    }

    fn load_field(&mut self, root: Root, record: RecordId, path: &[FieldId]) -> RowValue {
        let (mut row, mut at, mut known) = (self.root(root), record, Flag::Yes);
        let row_index = |row| CheckedInt::within(row, 0, u32::MAX.into());
        for (idx, &field) in path.iter().enumerate() {
            let definition = &self.plan.record(at).fields[field.index()];
            let present = if definition.optional { self.known(at, field, row) } else { Flag::Yes };
            if let (1, Stream::Events(stream)) = (idx, self.stream)
                && root == Root::Row
                && !self.plan.record(*stream).fields[path[0].index()].optional
            {
                let wanted = Wanted::Element(Input::Values(at, field));
                self.emit.prefetch(Prefetch { index: Input::Values(*stream, path[0]), wanted });
            }
            let value = self.load(Input::Values(at, field), row, Width::of(definition.ty));
            known = self.emit.and(known, present);
            if idx + 1 == path.len() {
                let factor = self.scales.field(at, field);
                let den = 10i64.pow(definition.decimals) / factor;
                let kind = if definition.ty.is_numeric() {
                    let value = self.guarded(known, |code| code.emit.unscaled(CheckedInt::any(value), factor));
                    Kind::Number(Number::new(value, den))
                } else {
                    self.kind(definition.ty, value)
                };
                return RowValue { known, kind };
            }
            let Type::Ref(target) = definition.ty else { broken("a path through a field that is no reference") };
            let zero = self.emit.int(0);
            // Row 0 stands for the row of a missing reference; a table without rows has a row of zeros in its place.
            row = self.emit.select(present, value, zero);
            at = target;
        }
        RowValue { known, kind: Kind::Code(row_index(row)) }
    }

    /// Whether the value of an optional field is there. Where all are, one byte stands for every row.
    fn known(&mut self, record: RecordId, field: FieldId, row: Value) -> Flag {
        self.known_mark(Input::Known(record, field), Input::KnownMask(record, field), row)
    }

    fn known_mark(&mut self, marks: Input, mask: Input, row: Value) -> Flag {
        if let Some(&known) = self.loads.get(&(marks, row)) {
            return Flag::When(known);
        }
        let mask = self.emit.pointer(mask);
        let place = self.emit.builder.ins().band(row, mask);
        let known = self.emit.load_byte(marks, place);
        self.loads.insert((marks, row), known);
        Flag::When(known)
    }

    /// A value that is no number.
    pub(super) fn kind(&mut self, ty: Type, value: Value) -> Kind {
        match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money(_) => Kind::Number(self.emit.no_room()),
            Type::YesNo => {
                let word = CheckedInt::within(value, 0, u8::MAX.into());
                Kind::YesNo(self.emit.is(IntCC::Equal, word, 1))
            }
            Type::Date | Type::Period(_) => Kind::Code(CheckedInt::within(value, i32::MIN.into(), i32::MAX.into())),
            Type::Choice(_) => Kind::Code(CheckedInt::within(value, 0, u8::MAX.into())),
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => Kind::Code(CheckedInt::within(value, 0, u32::MAX.into())),
        }
    }

    /// Where a decision is kept: those for an event by its rows, whatever their order.
    pub fn decision_row(&mut self, id: DecisionId, root: Root) -> Value {
        match (&self.plan.decisions[id.index()].stream, root) {
            (Stream::Events(_), root) => self.root(root),
            (Stream::Periods(..), _) | (_, Root::Row) => self.row,
            (Stream::ByDate(..) | Stream::Lines(..), root) => self.root(root),
        }
    }

    /// The decision for the row, or for a row it refers to.
    pub fn decision(&mut self, id: DecisionId, root: Root) -> RowValue {
        let decision = &self.plan.decisions[id.index()];
        let row = self.decision_row(id, root);
        let known = self.load_mark(Input::DecisionKnown(id), row);
        let value = self.load(Input::DecisionNum(id), row, Width::I64);
        let kind = if decision.ty.is_numeric() {
            let den = self.load(Input::DecisionDen(id), row, Width::I64);
            Kind::Number(Number {
                numerator: CheckedInt::any(value),
                den: 1,
                over: Some(CheckedInt::within(den, 1, i64::MAX)),
            })
        } else {
            self.kind(decision.ty, value)
        };
        RowValue { known, kind }
    }

    fn load_fold(&mut self, id: FoldId) -> RowValue {
        let function = &self.plan.folds[id.index()].function;
        let ty = function.value_type().unwrap_or(Type::Count);
        let Some(den) = function.den() else { return RowValue::new(Kind::Number(self.emit.no_room())) };
        let known = if function.is_always_known() {
            Flag::Yes
        } else {
            self.known_mark(Input::FoldKnown(id), Input::FoldKnownMask(id), self.row)
        };
        let address = self.emit.address(Input::Fold(id), self.row, 4);
        let value = self.load_wide(address, known);
        let kind = if ty.is_numeric() {
            let factor = self.scales.fold(id);
            let value = self.guarded(known, |code| code.emit.unscaled(value, factor));
            Kind::Number(Number::new(value, den / factor))
        } else {
            self.kind(ty, value.value)
        };
        RowValue { known, kind }
    }

    /// A number of 128 bits; one that does not fit 64 bits raises the fault flag where it is asked for.
    pub fn load_wide(&mut self, address: Value, asked: Flag) -> CheckedInt {
        let emit = &mut self.emit;
        let low = emit.load_half(address, Half::Lower);
        let high = emit.load_half(address, Half::Upper);
        let sign = emit.builder.ins().sshr_imm_u(low, 63);
        let lost = emit.compare(IntCC::NotEqual, high, sign);
        let lost = emit.and(lost, asked);
        emit.raise(lost);
        CheckedInt::any(low)
    }
}
