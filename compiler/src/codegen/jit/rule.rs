//! The loop of one rule over the rows of a chunk.
//!
//! A row is computed, then looked at for faults, then written: until then stores are kept back. A row ends where it
//! leaves the rule; a condition alone is no such place, it goes along as the flag `live` up to the first step that
//! touches a state, so that what depends on the data costs no mispredicted branch.

use super::checked_int::CheckedInt;
use super::emit::{Flag, Half, flags};
use super::frame::{Frame, Reads};
use super::machine::FunctionSlot;
use super::number::{Number, gcd};
use super::row::{Kind, Levels, RowCode};
use super::scales::Scales;
use crate::data::{Width, status};
use crate::internal::broken;
use crate::kernel::{Input, Prefetch, Wanted};
use crate::plan::{DecisionId, Expr, Limit, LocalId, Node, Plan, Root, StateId, StateKind, Stream, Version};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// A line in the making, in smallest units.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// Whether there is one.
    pub live: Flag,
    pub payee: Value,
    pub amount: CheckedInt,
}

/// Something to write once the row is known to be without fault.
struct Store {
    value: Value,
    address: Value,
    offset: i32,
    /// Whether it is to be written.
    when: Flag,
}

/// The code of one rule.
pub(super) struct RuleCode<'a, 'f> {
    pub code: RowCode<'a, 'f>,
    pub plan: &'a Plan,
    pub line: Option<Line>,
    /// By how much this row's line misses the total.
    pub missed: Option<Value>,
    rule: &'a Version,
    stores: Vec<Store>,
    /// Whether the row has passed the filters so far.
    pub live: Flag,
    counted: Flag,
    /// Whether a schedule that does not say what it gives below zero was asked there.
    below_zero: Flag,
    frame: Frame,
}

/// Writes the function of a rule; the inputs it reads, or `None` if every row would be the interpreter's.
pub(super) fn write_rule(
    plan: &Plan,
    scales: &Scales,
    rule: &Version,
    function_slot: FunctionSlot<'_>,
) -> Option<Reads> {
    let (emit, frame) = Frame::begin(function_slot.function, function_slot.context);
    let mut code = RowCode::new(emit, plan, scales, &rule.stream, &frame);
    code.locals = vec![None; rule.n_locals as usize];
    let mut rule_code = RuleCode {
        code,
        plan,
        line: None,
        missed: None,
        rule,
        stores: Vec::new(),
        live: Flag::Yes,
        counted: Flag::No,
        below_zero: Flag::No,
        frame,
    };
    rule_code.steps();
    rule_code.frame.finish(rule_code.code.emit, function_slot.config)
}

impl RuleCode<'_, '_> {
    fn steps(&mut self) {
        let (own, _) = self.plan.legs(self.rule);
        for step in &self.rule.nodes[own] {
            self.leave_before(step);
            let (live, guard) = (self.live, self.code.emit.begin_guard());
            match step {
                Node::TotalOfAll { state, filter, summands } => {
                    let adds = filter.as_ref().map_or(Flag::Yes, |filter| self.code.holds(filter));
                    let taken = self.accumulate(*state, adds, summands);
                    self.counted = self.code.emit.or(self.counted, taken);
                }
                Node::Active => self.active(),
                Node::Until => self.until(),
                Node::Keep(condition) => {
                    let holds = self.code.holds(condition);
                    self.live = self.code.emit.and(self.live, holds);
                }
                Node::Let(local, value) => {
                    let value = self.code.value(value);
                    self.code.locals[local.index()] = Some(value);
                }
                Node::First { state, most } => self.first(*state, *most),
                Node::Total { state, summands } => {
                    let taken = self.accumulate(*state, Flag::Yes, summands);
                    self.counted = self.code.emit.or(self.counted, taken);
                }
                Node::Set(decision, local) => self.set(*decision, *local),
                Node::Emit(emit) => self.emit(emit),
                // The sign is turned where the row ends.
                Node::Pay(_) => {}
                Node::Limit(limit) => self.limit(limit),
                Node::Choose(_) | Node::Share(_) => broken("a line that is divided before it is made"),
                Node::TakeFrom(_) | Node::Add(_) => broken("a balance in machine code"),
                Node::Rank(_) => broken("a ranking in machine code"),
            }
            self.code.emit.end_guard(live, guard);
            let below_zero = self.code.emit.take_below_zero();
            self.below_zero = self.code.emit.or(self.below_zero, below_zero);
            if let Node::Active | Node::Until = step {
                // Rows are in order by date: this branch goes one way for long.
                self.leave_unless(self.live);
            }
        }
        self.finish();
    }

    /// A step that touches what rules remember is only reached by rows that are its own.
    fn leave_before(&mut self, step: &Node) {
        match step {
            Node::First { .. } | Node::Total { .. } | Node::Set(..) => self.leave_unless(self.live),
            // A table is not asked for rows that have left, or have no line.
            Node::Limit(limit) if !matches!(limit, Limit::PerPayment(_)) || step.asks_tables() => {
                let line = self.line.map_or(Flag::No, |line| line.live);
                let stays = self.code.emit.and(self.live, line);
                self.leave_unless(stays);
            }
            Node::Keep(_) | Node::Let(..) | Node::Emit(_) if step.asks_tables() => self.leave_unless(self.live),
            Node::TotalOfAll { .. }
            | Node::Active
            | Node::Until
            | Node::Keep(_)
            | Node::Let(..)
            | Node::Emit(_)
            | Node::Pay(_)
            | Node::Choose(_)
            | Node::Share(_)
            | Node::Rank(_)
            | Node::TakeFrom(_)
            | Node::Add(_)
            | Node::Limit(_) => {}
        }
    }

    fn active(&mut self) {
        let mut day = self.code.when();
        if let Stream::Periods(..) = self.rule.stream {
            // A period that the program's end cuts belongs to the program's last day.
            let last = self.code.emit.checked_int(i64::from(self.plan.active.to));
            day = self.code.emit.smaller(day, last);
        }
        let from = self.code.emit.is(IntCC::SignedGreaterThanOrEqual, day, i64::from(self.rule.active.from));
        let to = self.code.emit.is(IntCC::SignedLessThanOrEqual, day, i64::from(self.rule.active.to));
        let holds = self.code.emit.and(from, to);
        self.live = self.code.emit.and(self.live, holds);
    }

    fn until(&mut self) {
        let day = self.code.when();
        let to = self.code.emit.is(IntCC::SignedLessThanOrEqual, day, i64::from(self.rule.active.to));
        self.live = self.code.emit.and(self.live, to);
    }

    /// The slot of the row in these arrays of a state, and whether it has one.
    fn slot(&mut self, state: StateId, arrays: impl IntoIterator<Item = Input>) -> (Value, Flag) {
        let spec = self.plan.states[state.index()].key;
        for array in arrays {
            self.code.emit.prefetch(Prefetch { index: Input::Slots(spec), wanted: Wanted::Element(array) });
        }
        let slot = self.code.load(Input::Slots(spec), self.code.in_chunk, Width::U32);
        if !self.plan.key_can_miss(spec) {
            return (slot, Flag::Yes);
        }
        let emit = &mut self.code.emit;
        let missing = emit.int(i64::from(u32::MAX));
        let known = emit.compare(IntCC::NotEqual, slot, missing);
        let zero = emit.int(0);
        (emit.select(known, slot, zero), known)
    }

    /// The slot of a row that must have one.
    fn sure_slot(&mut self, state: StateId, array: Input) -> Value {
        let (slot, known) = self.slot(state, [array]);
        let missing = self.code.emit.not(known);
        self.code.emit.raise(missing);
        slot
    }

    fn first(&mut self, state: StateId, most: u8) {
        let slot = self.sure_slot(state, Input::Seen(state));
        let address = self.code.emit.address(Input::Seen(state), slot, 0);
        let seen = self.code.emit.builder.ins().load(types::I8, flags(), address, 0);
        let most = self.code.emit.byte(most);
        let first = self.code.emit.builder.ins().icmp(IntCC::UnsignedLessThan, seen, most);
        self.leave_unless(Flag::When(first));
        let one = self.code.emit.byte(1);
        let more = self.code.emit.builder.ins().iadd(seen, one);
        self.stores.push(Store { value: more, address, offset: 0, when: Flag::Yes });
    }

    /// Adds the summands to a state where `adds` holds, and keeps the levels; says whether the row was taken in.
    fn accumulate(&mut self, state: StateId, adds: Flag, summands: &[Expr]) -> Flag {
        let highest = self.plan.highest_of(state);
        let n_sums = summands.len() + usize::from(highest.is_some());
        let sums = (0..n_sums as u32).map(|summand| Input::Sum(state, summand));
        let (slot, placed) = self.slot(state, sums.chain([Input::Touched(state)]));
        let asked = self.code.emit.and(placed, adds);
        let mut known = asked;
        let mut numbers = Vec::with_capacity(summands.len());
        for summand in summands {
            let (present, number) = self.code.guarded(known, |code| code.number(summand, crate::plan::Side::After));
            known = self.code.emit.and(known, present);
            numbers.push(number);
        }
        let StateKind::Sums { denominators, .. } = &self.plan.states[state.index()].kind else {
            broken("a total without its sums")
        };
        let still = self.code.emit.not(adds);
        let still = self.code.emit.and(placed, still);
        let levelled = self.code.emit.or(known, still);
        let mut levels = Levels { state, slot, known: levelled, before: Vec::new(), after: Vec::new() };
        for (idx, (number, den)) in numbers.into_iter().zip(denominators).enumerate() {
            let Some(den) = *den else {
                // Fractions of any size are the interpreter's.
                self.code.emit.raise(Flag::Yes);
                continue;
            };
            let address = self.code.emit.address(Input::Sum(state, idx as u32), slot, 4);
            // What is added is a whole number of 1/own; so is the sum, as long as all rows were of that kind.
            let own = gcd(number.den, den);
            let sum = self.code.load_wide(address, levelled);
            let before = self.code.guarded(levelled, |code| code.emit.unscaled(sum, den / own));
            let (after, sum) = self.code.guarded(known, |code| {
                let add = code.emit.over_den(number, own);
                let after = code.emit.add(before, add);
                (after, code.emit.scale(after, den / own))
            });
            let after = self.code.emit.choose(known, after, before);
            levels.before.push(Number::new(before, own));
            levels.after.push(Number::new(after, own));
            self.write_wide(address, sum.value, known);
            if let Some(highest) = highest {
                let address = self.code.emit.address(Input::Sum(state, highest as u32), slot, 4);
                let before = self.code.load_wide(address, levelled);
                let is_above = self.code.emit.holds(IntCC::SignedGreaterThan, sum, before);
                let is_above = self.code.emit.and(known, is_above);
                let after = self.code.emit.choose(is_above, sum, before);
                levels.before.push(Number::new(before, den));
                levels.after.push(Number::new(after, den));
                self.write_wide(address, after.value, known);
            }
        }
        if levels.after.len() < denominators.len() {
            let zero = self.code.emit.zero();
            levels.before.resize(denominators.len(), zero);
            levels.after.resize(denominators.len(), zero);
        }
        let address = self.code.emit.address(Input::Touched(state), slot, 0);
        let one = self.code.emit.byte(1);
        self.stores.push(Store { value: one, address, offset: 0, when: known });
        self.code.levels.push(levels);
        known
    }

    fn set(&mut self, decision: DecisionId, local: LocalId) {
        let Some(value) = self.code.locals[local.index()] else { return self.code.emit.raise(Flag::Yes) };
        let emit = &mut self.code.emit;
        let guard = emit.begin_guard();
        let (num, den) = match value.kind {
            Kind::Number(number) => emit.reduced(number),
            Kind::YesNo(flag) => (emit.flag_int(flag), emit.int(1)),
            Kind::Code(code) => (code.value, emit.int(1)),
        };
        emit.end_guard(value.known, guard);
        let (zero, one) = (emit.int(0), emit.int(1));
        let (num, den) = (emit.select(value.known, num, zero), emit.select(value.known, den, one));
        let known = emit.flag_byte(value.known);
        let row = self.code.decision_row(decision, Root::Row);
        let words = [
            (Input::DecisionNum(decision), num, 3),
            (Input::DecisionDen(decision), den, 3),
            (Input::DecisionKnown(decision), known, 0),
        ];
        for (input, value, shift) in words {
            let address = self.code.emit.address(input, row, shift);
            self.stores.push(Store { value, address, offset: 0, when: Flag::Yes });
        }
    }

    /// What was paid under a limit so far, and where it is.
    pub(super) fn paid(&mut self, state: StateId) -> (CheckedInt, Value) {
        let slot = self.sure_slot(state, Input::Paid(state));
        let address = self.code.emit.address(Input::Paid(state), slot, 4);
        (self.code.load_wide(address, Flag::Yes), address)
    }

    /// Writes a number as 128 bits, once the row is done.
    pub(super) fn write_wide(&mut self, address: Value, value: Value, when: Flag) {
        let upper = self.code.emit.builder.ins().sshr_imm_u(value, 63);
        self.stores.push(Store { value, address, offset: Half::Lower.offset(), when });
        self.stores.push(Store { value: upper, address, offset: Half::Upper.offset(), when });
    }

    /// Ends the row here unless the flag holds: what is there so far is written. After it the row is live.
    pub(super) fn leave_unless(&mut self, stays: Flag) {
        self.stop_at_fault();
        let was_live = self.live;
        self.live = Flag::Yes;
        if stays == Flag::Yes {
            return;
        }
        let (leave, go_on) = (self.code.emit.block(), self.code.emit.block());
        let condition = self.code.emit.flag_byte(stays);
        self.code.emit.builder.ins().brif(condition, go_on, &[], leave, &[]);
        self.code.emit.continue_in(leave);
        // Behind `pay` a row without a line has matched; before it, it has not.
        let matched = if self.line.is_some() { was_live } else { Flag::No };
        self.write_stores();
        let (n_lines, missed) = (self.frame.n_lines, self.missed_so_far());
        self.end_row(matched, Flag::No, n_lines, missed);
        self.code.emit.continue_in(go_on);
    }

    fn stop_at_fault(&mut self) {
        self.frame.stop_at_fault(&mut self.code.emit);
    }

    fn write_stores(&mut self) {
        let mut idx = 0;
        while idx < self.stores.len() {
            let when = self.stores[idx].when;
            let end = (idx..self.stores.len()).find(|&end| self.stores[end].when != when).unwrap_or(self.stores.len());
            let after = match when {
                Flag::No => None,
                Flag::Yes => None,
                Flag::When(condition) => {
                    let (write, after) = (self.code.emit.block(), self.code.emit.block());
                    self.code.emit.builder.ins().brif(condition, write, &[], after, &[]);
                    self.code.emit.continue_in(write);
                    Some(after)
                }
            };
            if when != Flag::No {
                for store in &self.stores[idx..end] {
                    self.code.emit.store(store.value, store.address, store.offset);
                }
            }
            if let Some(after) = after {
                self.code.emit.builder.ins().jump(after, &[]);
                self.code.emit.continue_in(after);
            }
            idx = end;
        }
    }

    fn missed_so_far(&mut self) -> Value {
        match self.missed {
            Some(missed) => self.code.emit.builder.ins().iadd(self.frame.missed, missed),
            None => self.frame.missed,
        }
    }

    /// The end of a row that came through all steps.
    fn finish(&mut self) {
        let paid = self.line.map(|line| {
            // Where lines are not done with the row, their sign is turned with them.
            let take_back = self.rule.is_negative() && self.plan.legs(self.rule).1.is_empty();
            let live = self.code.emit.and(self.live, line.live);
            let amount =
                if take_back { self.code.emit.guarded(live, |emit| emit.take_back(line.amount)) } else { line.amount };
            let keeps_zero = self.code.plan.keeps_zero(self.rule);
            let some = if keeps_zero { Flag::Yes } else { self.code.emit.is(IntCC::NotEqual, amount, 0) };
            (self.code.emit.and(live, some), line.payee, amount.value)
        });
        self.stop_at_fault();
        self.write_stores();
        let missed = self.missed_so_far();
        let mut n_lines = self.frame.n_lines;
        let live = self.live;
        if let Some((paid, payee, amount)) = paid {
            n_lines = self.write_line(payee, amount, paid);
        }
        self.end_row(live, paid.map_or(Flag::No, |(paid, ..)| paid), n_lines, missed);
    }

    /// Writes a line behind the others; it only counts if there is one.
    fn write_line(&mut self, payee: Value, amount: Value, paid: Flag) -> Value {
        let (row, place) = (self.code.row, self.frame.n_lines);
        let emit = &mut self.code.emit;
        let row = emit.builder.ins().ireduce(types::I32, row);
        let payee = emit.builder.ins().ireduce(types::I32, payee);
        for (input, value, shift) in
            [(Input::LineRow, row, 2), (Input::LinePayee, payee, 2), (Input::LineAmount, amount, 3)]
        {
            let address = emit.address(input, place, shift);
            emit.store(value, address, 0);
        }
        let more = emit.flag_int(paid);
        emit.builder.ins().iadd(place, more)
    }

    /// Writes the status and goes to the next row.
    fn end_row(&mut self, matched: Flag, paid: Flag, n_lines: Value, missed: Value) {
        let (counted, below_zero) = (self.counted, self.below_zero);
        let emit = &mut self.code.emit;
        let mut mark = emit.byte(0);
        let mut fixed = 0;
        for (flag, bit) in [
            (matched, status::MATCHED),
            (counted, status::COUNTED),
            (paid, status::PAID),
            (below_zero, status::BELOW_ZERO),
        ] {
            match flag {
                Flag::No => {}
                Flag::Yes => fixed |= bit,
                Flag::When(value) => {
                    let value = emit.builder.ins().ishl_imm_u(value, i64::from(bit.trailing_zeros()));
                    mark = emit.builder.ins().bor(mark, value);
                }
            }
        }
        if fixed != 0 {
            mark = emit.builder.ins().bor_imm_u(mark, i64::from(fixed));
        }
        self.frame.next(emit, mark, n_lines, missed);
    }
}
