//! Schedules with arguments: bounds and rates are reckoned per row, and bounds must rise.

use crate::codegen::jit::emit::Flag;
use crate::codegen::jit::number::Number;
use crate::codegen::jit::row::RowCode;
use crate::internal::broken;
use crate::plan::{Ask, Band, BandPays, Beyond, Comparison, Expr, Function, Op, Schedule, Shape};
use crate::value::{Exact, RoundingMode};
use cranelift_codegen::ir::condcodes::IntCC;

/// A stretch of x: whether x lies in it (or before), whether it has a result, and the result.
struct Stretch {
    inside: Flag,
    known: Flag,
    value: Number,
}

impl RowCode<'_, '_> {
    /// The answer at x, which is not below zero.
    pub(super) fn argued(&mut self, schedule: &Schedule, arguments: &[Number], x: Number, ask: Ask) -> (Flag, Number) {
        let stretches = match &schedule.shape {
            Shape::Graduated(bands) => self.bands(bands, arguments, x, ask, true),
            Shape::Retroactive(bands) => self.bands(bands, arguments, x, ask, false),
            Shape::Curve { below, points, beyond } => self.curve(below, points, beyond, arguments, x, ask),
            Shape::Every { size, started, pays } => {
                let size = self.term(size, arguments);
                let empty = self.emit.compare_with_zero(IntCC::SignedLessThanOrEqual, size);
                self.emit.raise(empty);
                if ask != Ask::Amount {
                    return (Flag::No, self.emit.zero());
                }
                let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
                let full = self.emit.divide_numbers(x, size);
                let packages = self.emit.round_number(full, mode, &Exact::ONE);
                let price = self.term(pays, arguments);
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

    fn bands(&mut self, bands: &[Band], arguments: &[Number], x: Number, ask: Ask, graduated: bool) -> Vec<Stretch> {
        let bounds: Vec<Number> =
            bands.iter().filter_map(|band| band.upper.as_ref()).map(|edge| self.term(&edge.value, arguments)).collect();
        if let Some(first) = bounds.first() {
            let negative = self.emit.compare_with_zero(IntCC::SignedLessThan, *first);
            self.emit.raise(negative);
        }
        self.rising(&bounds);
        let mut stretches = Vec::new();
        // Where x lies beyond the bands so far, what they pay in full, and where they end.
        let (mut beyond, mut paid, mut lower) = (Flag::Yes, self.emit.zero(), self.emit.zero());
        for (idx, band) in bands.iter().enumerate() {
            let upper = bounds.get(idx).copied().filter(|_| band.upper.is_some());
            let inside = match (upper, &band.upper) {
                (Some(upper), Some(edge)) => {
                    let comparison = if edge.included { Comparison::LessOrEqual } else { Comparison::Less };
                    self.emit.compare_numbers(comparison, x, upper)
                }
                _ => Flag::Yes,
            };
            let here = self.emit.and(beyond, inside);
            let from = if graduated { Some((paid, lower)) } else { None };
            let (known, value) = self.guarded(here, |code| code.band(band, arguments, x, ask, from));
            stretches.push(Stretch { inside, known: Flag::from(known), value });
            let not = self.emit.not(inside);
            beyond = self.emit.and(beyond, not);
            if let Some(upper) = upper {
                if graduated && ask == Ask::Amount {
                    paid = self.guarded(beyond, |code| code.band(band, arguments, upper, ask, Some((paid, lower))).1);
                }
                lower = upper;
            }
        }
        stretches
    }

    /// What a band answers at x; in a graduated schedule on top of what was `paid` up to its lower end.
    fn band(
        &mut self,
        band: &Band,
        arguments: &[Number],
        x: Number,
        ask: Ask,
        from: Option<(Number, Number)>,
    ) -> (bool, Number) {
        let nothing = |code: &mut Self| from.map_or_else(|| code.emit.zero(), |(paid, _)| paid);
        let BandPays::Amount { rate, flat } = &band.pays else { return (false, nothing(self)) };
        match ask {
            Ask::Band => (band.number > 0, self.emit.number(&Exact::from(band.number))),
            Ask::Rate => match rate {
                Some(rate) if band.number > 0 => (true, self.term(rate, arguments)),
                _ => (false, self.emit.zero()),
            },
            Ask::Amount => {
                let mut amount = nothing(self);
                if let Some(rate) = rate {
                    let quantity = match from {
                        Some((_, lower)) => self.emit.subtract_numbers(x, lower),
                        None => x,
                    };
                    let rate = self.term(rate, arguments);
                    let earned = self.emit.multiply_numbers(rate, quantity);
                    amount = self.emit.add_numbers(amount, earned);
                }
                if let Some(flat) = flat {
                    let flat = self.term(flat, arguments);
                    amount = self.emit.add_numbers(amount, flat);
                }
                (true, amount)
            }
        }
    }

    fn curve(
        &mut self,
        below: &Expr,
        points: &[(Expr, Expr)],
        beyond: &Beyond,
        arguments: &[Number],
        x: Number,
        ask: Ask,
    ) -> Vec<Stretch> {
        let points: Vec<(Number, Number)> =
            points.iter().map(|(x, y)| (self.term(x, arguments), self.term(y, arguments))).collect();
        let places: Vec<Number> = points.iter().map(|(x, _)| *x).collect();
        self.rising(&places);
        let mut stretches = Vec::new();
        let mut open = Flag::Yes;
        let below = self.term(below, arguments);
        for (idx, &(end, height)) in points.iter().enumerate() {
            let inside = self.emit.compare_numbers(Comparison::Less, x, end);
            let here = self.emit.and(open, inside);
            let line = match idx.checked_sub(1).map(|before| points[before]) {
                Some(start) => self.guarded(here, |code| code.line(start, (end, height), x)),
                None => below,
            };
            let value = self.numbered(ask, idx + 1, line);
            stretches.push(Stretch { inside, known: Flag::Yes, value });
            let not = self.emit.not(inside);
            open = self.emit.and(open, not);
        }
        let Some(&(end, height)) = points.last() else { broken("a curve without points") };
        let at = self.emit.compare_numbers(Comparison::Equal, x, end);
        let value = self.numbered(ask, points.len() + 1, height);
        stretches.push(Stretch { inside: at, known: Flag::Yes, value });
        let (known, height) = match beyond {
            Beyond::Flat => (Flag::Yes, height),
            Beyond::None => (Flag::No, height),
            Beyond::Value(value) => (Flag::Yes, self.term(value, arguments)),
        };
        let value = self.numbered(ask, points.len() + 1, height);
        stretches.push(Stretch { inside: Flag::Yes, known, value });
        stretches
    }

    fn numbered(&mut self, ask: Ask, band: usize, height: Number) -> Number {
        if ask == Ask::Band { self.emit.number(&Exact::from(band)) } else { height }
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
