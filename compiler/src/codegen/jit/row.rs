//! One row in the making: where its values come from.
//!
//! A value is a [`Lane`]: whether it is known, and the number, flag, day or code it then is. Loads are shared within a
//! row; every row that is read exists, whether or not the value is asked for, so that nothing needs a branch.

use super::emit::{Emit, Flag, Half, Raised};
use super::frame::Frame;
use super::lookup::Question;
use super::number::Number;
use super::scales::Scales;
use super::word::Word;
use crate::data::Width;
use crate::internal::broken;
use crate::kernel::{Gather, Input};
use crate::plan::{DecisionId, FieldId, FoldId, Plan, RecordId, Root, Side, StateId, Stream, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use rustc_hash::FxHashMap;

/// A value of the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
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
    Code(Word),
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
    pub locals: Vec<Option<Lane>>,
    pub levels: Vec<Levels>,
    pub side: Side,
    scales: &'a Scales,
    loads: FxHashMap<(Input, Value), Value>,
    /// Lanes made so far, with what making them met.
    lanes: FxHashMap<Key, (Lane, Raised)>,
    /// What decision tables were asked so far.
    pub(super) questions: Vec<Question>,
}

/// A lane that is made once per row.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Field(Root, RecordId, Vec<FieldId>),
    Fold(FoldId),
}

impl Lane {
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
            lanes: FxHashMap::default(),
            questions: Vec::new(),
        }
    }

    /// A lane that is missing, with a kind fit for its type.
    pub fn missing(&mut self, ty: Type) -> Lane {
        let kind = match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money => Kind::Number(self.emit.zero()),
            Type::YesNo => Kind::YesNo(Flag::No),
            Type::Date | Type::Choice(_) | Type::Text(_) | Type::Id(_) | Type::Ref(_) => Kind::Code(self.emit.word(0)),
        };
        Lane { known: Flag::No, kind }
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
            (Stream::Periods(..), _) => Input::GridEntity,
            (Stream::Lines(_), Root::Payee) => Input::PaymentPayee,
            (Stream::Lines(_), Root::Source | Root::Row) => Input::PaymentSource,
        };
        self.load(input, self.row, Width::U32)
    }

    /// The day of the row.
    pub fn when(&mut self) -> Word {
        let day = match self.stream {
            Stream::Events(record) => {
                let Some(field) = self.plan.record(*record).when else { broken("an event without a `when`") };
                self.load(Input::Values(*record, field), self.row, Width::I32)
            }
            Stream::Periods(..) => self.load(Input::GridLastDay, self.row, Width::I32),
            Stream::Lines(_) => self.load(Input::PaymentWhen, self.row, Width::I32),
        };
        Word::within(day, i32::MIN.into(), i32::MAX.into())
    }

    /// Follows references from the root; an empty path is the row itself.
    pub fn field(&mut self, root: Root, record: RecordId, path: &[FieldId]) -> Lane {
        self.once(Key::Field(root, record, path.to_vec()), |code| code.load_field(root, record, path))
    }

    /// The aggregate of the row's entity and period.
    pub fn fold(&mut self, id: FoldId) -> Lane {
        self.once(Key::Fold(id), |code| code.load_fold(id))
    }

    fn once(&mut self, key: Key, make: impl FnOnce(&mut Self) -> Lane) -> Lane {
        if let Some(&(lane, raised)) = self.lanes.get(&key) {
            self.emit.raise_again(raised);
            return lane;
        }
        let before = self.emit.begin_guard();
        let lane = make(self);
        let raised = self.emit.begin_guard();
        self.emit.raise_again(before);
        self.emit.raise_again(raised);
        self.lanes.insert(key, (lane, raised));
        lane
    }

    fn load_field(&mut self, root: Root, record: RecordId, path: &[FieldId]) -> Lane {
        let (mut row, mut at, mut known) = (self.root(root), record, Flag::Yes);
        let row_word = |row| Word::within(row, 0, u32::MAX.into());
        for (idx, &field) in path.iter().enumerate() {
            let definition = &self.plan.record(at).fields[field.index()];
            let present = if definition.optional { self.known(at, field, row) } else { Flag::Yes };
            if let (1, Stream::Events(stream)) = (idx, self.stream)
                && root == Root::Row
                && !self.plan.record(*stream).fields[path[0].index()].optional
            {
                let (index, array) = (Input::Values(*stream, path[0]), Input::Values(at, field));
                self.emit.gathers(Gather { index, array });
            }
            let value = self.load(Input::Values(at, field), row, Width::of(definition.ty));
            known = self.emit.and(known, present);
            if idx + 1 == path.len() {
                let factor = self.scales.field(at, field);
                let den = 10i64.pow(definition.decimals) / factor;
                let kind = if definition.ty.is_numeric() {
                    let value = self.guarded(known, |code| code.emit.unscaled(Word::any(value), factor));
                    Kind::Number(Number::new(value, den))
                } else {
                    self.kind(definition.ty, value)
                };
                return Lane { known, kind };
            }
            let Type::Ref(target) = definition.ty else { broken("a path through a field that is no reference") };
            let zero = self.emit.int(0);
            // Row 0 stands for the row of a missing reference; a table without rows has a row of zeros in its place.
            row = self.emit.select(present, value, zero);
            at = target;
        }
        Lane { known, kind: Kind::Code(row_word(row)) }
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
            Type::Number | Type::Count | Type::Percent | Type::Money => Kind::Number(self.emit.no_room()),
            Type::YesNo => {
                let word = Word::within(value, 0, u8::MAX.into());
                Kind::YesNo(self.emit.is(IntCC::Equal, word, 1))
            }
            Type::Date => Kind::Code(Word::within(value, i32::MIN.into(), i32::MAX.into())),
            Type::Choice(_) => Kind::Code(Word::within(value, 0, u8::MAX.into())),
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => Kind::Code(Word::within(value, 0, u32::MAX.into())),
        }
    }

    /// The decision for the row, or for a row it refers to.
    pub fn decision(&mut self, id: DecisionId, root: Root) -> Lane {
        let decision = &self.plan.decisions[id.index()];
        let row = match (&decision.stream, root) {
            (Stream::Periods(..), _) | (_, Root::Row) => self.row,
            (Stream::Events(_) | Stream::Lines(_), root) => self.root(root),
        };
        let known = self.load_mark(Input::DecisionKnown(id), row);
        let value = self.load(Input::DecisionNum(id), row, Width::I64);
        let kind = if decision.ty.is_numeric() {
            let den = self.load(Input::DecisionDen(id), row, Width::I64);
            Kind::Number(Number { numerator: Word::any(value), den: 1, over: Some(Word::within(den, 1, i64::MAX)) })
        } else {
            self.kind(decision.ty, value)
        };
        Lane { known, kind }
    }

    fn load_fold(&mut self, id: FoldId) -> Lane {
        let function = &self.plan.folds[id.index()].function;
        let ty = function.value_type().unwrap_or(Type::Count);
        let Some(den) = function.den() else { return Lane::new(Kind::Number(self.emit.no_room())) };
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
        Lane { known, kind }
    }

    /// A number of 128 bits; one that does not fit the lane raises the fault flag where it is asked for.
    pub fn load_wide(&mut self, address: Value, asked: Flag) -> Word {
        let emit = &mut self.emit;
        let low = emit.load_half(address, Half::Lower);
        let high = emit.load_half(address, Half::Upper);
        let sign = emit.builder.ins().sshr_imm_u(low, 63);
        let lost = emit.compare(IntCC::NotEqual, high, sign);
        let lost = emit.and(lost, asked);
        emit.raise(lost);
        Word::any(low)
    }
}
