//! Schedules with arguments: bounds and rates are computed per row, and bounds must rise.

use crate::codegen::jit::emit::Flag;
use crate::codegen::jit::number::Number;
use crate::codegen::jit::row::RowCode;
use crate::internal::broken;
use crate::plan::{Comparison, End, Expr, Function, Line, Op, Piece, Pieces, Reach, Schedule, ScheduleOutput};
use crate::value::{Exact, RoundingMode};
use cranelift_codegen::ir::condcodes::IntCC;

/// A stretch of x: whether x lies in it (or before), whether it has a result, and the result.
struct Stretch {
    inside: Flag,
    known: Flag,
    value: Number,
}

/// A piece of a schedule between its bounds for this row.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    piece: &'a Piece,
    lower: Number,
    upper: Option<Number>,
    /// What the pieces before give for their parts.
    given: Number,
}

impl RowCode<'_, '_> {
    /// The answer at x, which is not below zero.
    pub(super) fn argued(
        &mut self,
        schedule: &Schedule,
        arguments: &[Number],
        x: Number,
        output: ScheduleOutput,
    ) -> (Flag, Number) {
        let stretches = match &schedule.pieces {
            Pieces::Lines { pieces, heights } => self.stretches(pieces, *heights, arguments, x, output),
            Pieces::Steps { size, started, each } => {
                let size = self.term(size, arguments);
                let empty = self.emit.compare_with_zero(IntCC::SignedLessThanOrEqual, size);
                self.emit.raise(empty);
                if output != ScheduleOutput::Amount {
                    return (Flag::No, self.emit.zero());
                }
                let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
                let full = self.emit.divide_numbers(x, size);
                let packages = self.emit.round_number(full, mode, &Exact::ONE);
                let price = self.term(each, arguments);
                return (Flag::Yes, self.emit.multiply_numbers(Number::new(packages, 1), price));
            }
        };
        let mut answer = (Flag::No, self.emit.zero());
        for stretch in stretches.into_iter().rev() {
            let known = self.emit.select_flag(stretch.inside, stretch.known, answer.0);
            let value = self.guarded(known, |code| code.emit.choose_number(stretch.inside, stretch.value, answer.1));
            answer = (known, value);
        }
        answer
    }

    fn stretches(
        &mut self,
        pieces: &[Piece],
        heights: bool,
        arguments: &[Number],
        x: Number,
        output: ScheduleOutput,
    ) -> Vec<Stretch> {
        let bounds: Vec<Option<Number>> =
            pieces.iter().map(|piece| piece.end.bound().map(|bound| self.term(bound, arguments))).collect();
        let rising: Vec<Number> = bounds.iter().copied().flatten().collect();
        if let Some(first) = rising.first().filter(|_| !heights) {
            let negative = self.emit.compare_with_zero(IntCC::SignedLessThan, *first);
            self.emit.raise(negative);
        }
        self.rising(&rising);
        let mut stretches = Vec::new();
        // Where x lies beyond the pieces so far, what they give for their parts, and where they end.
        let (mut beyond, mut given, mut lower) = (Flag::Yes, self.emit.zero(), self.emit.zero());
        for (piece, bound) in pieces.iter().zip(bounds) {
            let (upper, comparison) = match &piece.end {
                End::To(_) => (bound, Comparison::LessOrEqual),
                End::Below(_) => (bound, Comparison::Less),
                End::Point => (Some(lower), Comparison::LessOrEqual),
                End::Never => (None, Comparison::LessOrEqual),
            };
            let inside = match upper {
                Some(upper) => self.emit.compare_numbers(comparison, x, upper),
                None => Flag::Yes,
            };
            let here = self.emit.and(beyond, inside);
            let bounded = Bounded { piece, lower, upper, given };
            let (known, value) = self.guarded(here, |code| code.answer(bounded, heights, arguments, x, output));
            stretches.push(Stretch { inside, known: Flag::from(known), value });
            let not = self.emit.not(inside);
            beyond = self.emit.and(beyond, not);
            if let Some(upper) = upper {
                if matches!(&piece.line, Some(Line::Priced { reach: Reach::Above, .. }))
                    && output == ScheduleOutput::Amount
                {
                    given = self.guarded(beyond, |code| code.height(bounded, arguments, upper).1);
                }
                lower = upper;
            }
        }
        stretches
    }

    /// What a piece answers at x.
    fn answer(
        &mut self,
        bounded: Bounded,
        heights: bool,
        arguments: &[Number],
        x: Number,
        output: ScheduleOutput,
    ) -> (bool, Number) {
        let (number, line) = (bounded.piece.number, &bounded.piece.line);
        match (output, line) {
            (ScheduleOutput::Amount, _) => self.height(bounded, arguments, x),
            (ScheduleOutput::Rate, _) if heights => self.height(bounded, arguments, x),
            (ScheduleOutput::Rate, Some(Line::Priced { slope: Some(slope), .. })) if number > 0 => {
                (true, self.term(slope, arguments))
            }
            (ScheduleOutput::Rate, _) => (false, self.emit.zero()),
            (ScheduleOutput::Band, _) => (line.is_some() && number > 0, self.emit.number(&Exact::from(number))),
        }
    }

    /// F(x) of a piece; what the pieces before give where it has no result.
    fn height(&mut self, bounded: Bounded, arguments: &[Number], x: Number) -> (bool, Number) {
        match &bounded.piece.line {
            None => (false, bounded.given),
            Some(Line::Priced { reach, jump, slope }) => {
                let mut amount = match reach {
                    Reach::Above => bounded.given,
                    Reach::Whole => self.emit.zero(),
                };
                if let Some(slope) = slope {
                    let quantity = match reach {
                        Reach::Above => self.emit.subtract_numbers(x, bounded.lower),
                        Reach::Whole => x,
                    };
                    let slope = self.term(slope, arguments);
                    let earned = self.emit.multiply_numbers(slope, quantity);
                    amount = self.emit.add_numbers(amount, earned);
                }
                if let Some(jump) = jump {
                    let jump = self.term(jump, arguments);
                    amount = self.emit.add_numbers(amount, jump);
                }
                (true, amount)
            }
            Some(Line::Between(from, to)) => {
                let Some(upper) = bounded.upper else { broken("a line to a height at no end") };
                let (from, to) = (self.term(from, arguments), self.term(to, arguments));
                (true, self.line((bounded.lower, from), (upper, to), x))
            }
        }
    }

    fn line(&mut self, (x0, y0): (Number, Number), (x1, y1): (Number, Number), x: Number) -> Number {
        let (run, rise) = (self.emit.subtract_numbers(x1, x0), self.emit.subtract_numbers(y1, y0));
        let along = self.emit.subtract_numbers(x, x0);
        let part = self.emit.multiply_numbers(along, rise);
        let part = self.emit.divide_numbers(part, run);
        self.emit.add_numbers(y0, part)
    }

    /// Bounds that do not rise stop the run.
    fn rising(&mut self, bounds: &[Number]) {
        for pair in bounds.windows(2) {
            let crosses = self.emit.compare_numbers(Comparison::LessOrEqual, pair[1], pair[0]);
            self.emit.raise(crosses);
        }
    }

    /// A bound or rate: literals, arguments and arithmetic on them.
    fn term(&mut self, expr: &Expr, arguments: &[Number]) -> Number {
        match &expr.op {
            Op::Number(value) => self.emit.number(value),
            Op::Argument(idx) => arguments[*idx as usize],
            op => match op.as_call() {
                Some((Function::Negate, [x])) => {
                    let x = self.term(x, arguments);
                    self.emit.negate_number(x)
                }
                Some((function, [a, b])) => {
                    let (a, b) = (self.term(a, arguments), self.term(b, arguments));
                    match function {
                        Function::Add => self.emit.add_numbers(a, b),
                        Function::Subtract => self.emit.subtract_numbers(a, b),
                        Function::Multiply => self.emit.multiply_numbers(a, b),
                        Function::Divide => self.emit.divide_numbers(a, b),
                        _ => broken(format!("a bound or rate that is no arithmetic: {op:?}")),
                    }
                }
                _ => broken(format!("a bound or rate that is no arithmetic: {op:?}")),
            },
        }
    }
}
