//! Schedules: F(x), the rate and the band reached.
//!
//! Without arguments a schedule is a short table of pieces, each a straight line over x; which piece holds x is found by
//! comparisons with constants, and one multiplication and one addition give F. With arguments (`argued`) bounds and rates
//! are numbers of the row.

mod argued;

use super::checked_int::CheckedInt;
use super::emit::{Emit, Flag};
use super::number::Number;
use super::row::RowCode;
use crate::internal::broken;
use crate::interpret::schedule::{Bounded, bounded, check, number};
use crate::plan::{BelowZero, Comparison, Expr, Line, Piece, Pieces, Reach, Schedule, ScheduleOutput};
use crate::value::{Exact, RoundingMode, over};
use cranelift_codegen::ir::condcodes::IntCC;
use dashu_int::UBig;
use dashu_int::ops::Gcd;

/// A straight line: `offset + slope * x`.
#[derive(Clone, Debug, PartialEq)]
struct Straight {
    slope: Exact,
    offset: Exact,
}

/// A stretch of x, from the end of the one before.
struct Stretch {
    /// Where it ends, and whether this value belongs to it; the last has no end.
    upper: Option<(Exact, bool)>,
    /// What is asked for; `None` if there is no result.
    answer: Option<Straight>,
}

impl RowCode<'_, '_> {
    /// Asks a schedule at x: whether there is a result, and the result.
    pub fn schedule_output(
        &mut self,
        schedule: &Schedule,
        arguments: &[Number],
        x: Number,
        output: ScheduleOutput,
    ) -> (Flag, Number) {
        if arguments.is_empty() && check(schedule, &[]).is_err() {
            return (Flag::Yes, self.emit.no_room());
        }
        let sign = self.emit.compare_with_zero(IntCC::SignedLessThan, x);
        if schedule.below_zero == BelowZero::Unsaid {
            self.emit.note_below_zero(sign);
        }
        let mirrored = schedule.below_zero == BelowZero::Mirrored;
        let place = if mirrored {
            Number { numerator: self.emit.absolute(x.numerator), ..x }
        } else {
            let zero = self.emit.checked_int(0);
            Number { numerator: self.emit.larger(x.numerator, zero), ..x }
        };
        let (known, value) = if arguments.is_empty() {
            self.constant(schedule, place, output)
        } else {
            self.argued(schedule, arguments, place, output)
        };
        let (known, value) = self.at_zero(schedule, x, output, known, value);
        match (output, mirrored) {
            (ScheduleOutput::Amount, true) => {
                let turned = self.emit.negate_number(value);
                (known, self.emit.choose_number(sign, turned, value))
            }
            (ScheduleOutput::Amount, false) => {
                // Below zero F is 0, which is the value at zero unless F(0) is something.
                if !schedule.even_at_zero {
                    return (known, value);
                }
                let zero = self.emit.zero();
                (self.emit.or(known, sign), self.emit.choose_number(sign, zero, value))
            }
            (ScheduleOutput::Rate | ScheduleOutput::Band, true) => (known, value),
            (ScheduleOutput::Rate | ScheduleOutput::Band, false) => {
                let not = self.emit.not(sign);
                (self.emit.and(known, not), value)
            }
        }
    }

    /// F(0) is 0 unless `even at zero`.
    fn at_zero(
        &mut self,
        schedule: &Schedule,
        x: Number,
        output: ScheduleOutput,
        known: Flag,
        value: Number,
    ) -> (Flag, Number) {
        if output != ScheduleOutput::Amount
            || schedule.even_at_zero
            || (schedule.arguments.is_empty() && starts_at_zero(schedule))
        {
            return (known, value);
        }
        let nothing =
            if schedule.below_zero == BelowZero::Mirrored { IntCC::Equal } else { IntCC::SignedLessThanOrEqual };
        let nothing = self.emit.compare_with_zero(nothing, x);
        let zero = self.emit.zero();
        (self.emit.or(known, nothing), self.emit.choose_number(nothing, zero, value))
    }

    fn constant(&mut self, schedule: &Schedule, x: Number, output: ScheduleOutput) -> (Flag, Number) {
        match &schedule.pieces {
            Pieces::Lines { pieces, heights } => self.emit.piecewise(&stretches(pieces, *heights, output), x),
            Pieces::Steps { size, started, each } if output == ScheduleOutput::Amount => {
                let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
                let packages = self.emit.round_number(x, mode, &number(size, &[]));
                let price = self.emit.number(&number(each, &[]));
                (Flag::Yes, self.emit.multiply_numbers(Number::new(packages, 1), price))
            }
            Pieces::Steps { .. } => (Flag::No, self.emit.zero()),
        }
    }
}

impl Emit<'_> {
    /// The line of the piece that holds x, at x.
    fn piecewise(&mut self, stretches: &[Stretch], x: Number) -> (Flag, Number) {
        let lines = || stretches.iter().filter_map(|stretch| stretch.answer.as_ref());
        // Every slope times x and every offset is a whole number of 1/den.
        let slopes = lines().fold(UBig::ONE, |all, line| common_multiple(&all, &line.slope.denominator()));
        let offsets = lines().fold(UBig::ONE, |all, line| common_multiple(&all, &line.offset.denominator()));
        let den = common_multiple(&(slopes * UBig::from(x.den.unsigned_abs())), &offsets);
        let Ok(den) = i64::try_from(den) else { return (Flag::Yes, self.no_room()) };
        let (mut known, mut slope, mut offset) = (Flag::No, self.checked_int(0), self.checked_int(0));
        for stretch in stretches.iter().rev() {
            let inside = match &stretch.upper {
                Some((upper, included)) => {
                    let comparison = if *included { Comparison::LessOrEqual } else { Comparison::Less };
                    let upper = self.number(upper);
                    self.compare_numbers(comparison, x, upper)
                }
                None => Flag::Yes,
            };
            let there = Flag::from(stretch.answer.is_some());
            known = self.select_flag(inside, there, known);
            let Some(line) = &stretch.answer else { continue };
            let here = over(&(&line.slope / Exact::from(x.den)), den).map(|slope| self.wide_int(slope));
            slope = self.choose_scaled(inside, here, slope);
            let here = over(&line.offset, den).map(|offset| self.wide_int(offset));
            offset = self.choose_scaled(inside, here, offset);
        }
        let share = self.multiply(slope, x.numerator);
        let offset = match x.over {
            Some(by) => self.multiply(offset, by),
            None => offset,
        };
        (known, Number { numerator: self.add(share, offset), den, over: x.over })
    }

    fn choose_scaled(&mut self, inside: Flag, here: Option<CheckedInt>, others: CheckedInt) -> CheckedInt {
        match here {
            Some(here) => self.choose(inside, here, others),
            None => self.no_room().numerator,
        }
    }
}

fn common_multiple(a: &UBig, b: &UBig) -> UBig {
    a / a.gcd(b) * b
}

/// Whether F(0) is 0 by itself.
fn starts_at_zero(schedule: &Schedule) -> bool {
    let Pieces::Lines { pieces, heights } = &schedule.pieces else { return true };
    let holds_zero = |stretch: &&Stretch| {
        let upper = stretch.upper.as_ref();
        upper.is_none_or(|(upper, included)| *upper > Exact::ZERO || (*included && *upper == Exact::ZERO))
    };
    let stretches = stretches(pieces, *heights, ScheduleOutput::Amount);
    let first = stretches.iter().find(holds_zero);
    first.and_then(|stretch| stretch.answer.as_ref()).is_some_and(|line| line.offset == Exact::ZERO)
}

/// The answers of a schedule without arguments by stretches of x, which is not below zero.
fn stretches(pieces: &[Piece], heights: bool, output: ScheduleOutput) -> Vec<Stretch> {
    let constant = |value: Exact| Straight { slope: Exact::ZERO, offset: value };
    let value = |expr: &Option<Expr>| expr.as_ref().map(|expr| number(expr, &[]));
    // What the pieces so far give for their parts.
    let mut given = Exact::ZERO;
    let stretches = bounded(pieces, &[]).into_iter().map(|Bounded { piece, lower, upper }| {
        let line = match &piece.line {
            None => None,
            Some(Line::Priced { reach, jump, slope }) => {
                let (slope, jump) = (value(slope).unwrap_or(Exact::ZERO), value(jump).unwrap_or(Exact::ZERO));
                let offset = match reach {
                    Reach::Above => &given + &jump - &slope * &lower,
                    Reach::Whole => jump.clone(),
                };
                if let (Reach::Above, Some((upper, _))) = (reach, &upper) {
                    given = &given + &slope * (upper - &lower) + jump;
                }
                Some(Straight { slope, offset })
            }
            Some(Line::Between(from, to)) => {
                let (from, to) = (number(from, &[]), number(to, &[]));
                let Some((upper, _)) = &upper else { broken("a line to a height at no end") };
                let slope = (to - &from) / (upper - &lower);
                let offset = from - &slope * &lower;
                Some(Straight { slope, offset })
            }
        };
        let numbered = piece.number > 0;
        let answer = match (output, &piece.line) {
            (_, None) => None,
            (ScheduleOutput::Amount, Some(_)) => line,
            (ScheduleOutput::Rate, Some(_)) if heights => line,
            (ScheduleOutput::Rate, Some(Line::Priced { slope, .. })) => value(slope).filter(|_| numbered).map(constant),
            (ScheduleOutput::Rate, Some(Line::Between(..))) => None,
            (ScheduleOutput::Band, Some(_)) => numbered.then(|| constant(Exact::from(piece.number))),
        };
        Stretch { upper, answer }
    });
    stretches.collect()
}
