//! Schedules: F(x), the rate and the band reached.
//!
//! Without arguments a schedule is a short table of pieces, each a straight line over x; which piece holds x is found by
//! comparisons with constants, and one multiplication and one addition give F. With arguments (`argued`) bounds and rates
//! are numbers of the row.

mod argued;

use super::emit::{Emit, Flag};
use super::number::Number;
use super::row::RowCode;
use super::word::Word;
use crate::internal::broken;
use crate::interpret::schedule::{check, number};
use crate::plan::{Ask, Band, BandPays, BelowZero, Beyond, Comparison, Expr, Schedule, Shape};
use crate::value::{Exact, RoundingMode, over};
use cranelift_codegen::ir::condcodes::IntCC;
use dashu_int::UBig;
use dashu_int::ops::Gcd;

/// A straight line: `offset + slope * x`.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    slope: Exact,
    offset: Exact,
}

/// A stretch of x, from the end of the one before.
struct Piece {
    /// Where it ends, and whether this value belongs to it; the last has no end.
    upper: Option<(Exact, bool)>,
    /// What is asked for; none where there is no result.
    answer: Option<Line>,
}

impl RowCode<'_, '_> {
    /// Asks a schedule at x: whether there is a result, and the result.
    pub fn ask(&mut self, schedule: &Schedule, arguments: &[Number], x: Number, ask: Ask) -> (Flag, Number) {
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
            let zero = self.emit.word(0);
            Number { numerator: self.emit.larger(x.numerator, zero), ..x }
        };
        let (known, value) = if arguments.is_empty() {
            self.constant(schedule, place, ask)
        } else {
            self.argued(schedule, arguments, place, ask)
        };
        let (known, value) = self.at_zero(schedule, x, ask, known, value);
        match (ask, mirrored) {
            (Ask::Amount, true) => {
                let turned = self.emit.negate_number(value);
                (known, self.emit.choose_number(sign, turned, value))
            }
            (Ask::Amount, false) => {
                // Below zero F is 0, which is what stands at zero unless F(0) is something.
                if !schedule.even_at_zero {
                    return (known, value);
                }
                let zero = self.emit.zero();
                (self.emit.or(known, sign), self.emit.choose_number(sign, zero, value))
            }
            (Ask::Rate | Ask::Band, true) => (known, value),
            (Ask::Rate | Ask::Band, false) => {
                let not = self.emit.not(sign);
                (self.emit.and(known, not), value)
            }
        }
    }

    /// F(0) is 0 unless `even at zero`.
    fn at_zero(&mut self, schedule: &Schedule, x: Number, ask: Ask, known: Flag, value: Number) -> (Flag, Number) {
        if ask != Ask::Amount || schedule.even_at_zero || (schedule.arguments.is_empty() && starts_at_zero(schedule)) {
            return (known, value);
        }
        let nothing =
            if schedule.below_zero == BelowZero::Mirrored { IntCC::Equal } else { IntCC::SignedLessThanOrEqual };
        let nothing = self.emit.compare_with_zero(nothing, x);
        let zero = self.emit.zero();
        (self.emit.or(known, nothing), self.emit.choose_number(nothing, zero, value))
    }

    fn constant(&mut self, schedule: &Schedule, x: Number, ask: Ask) -> (Flag, Number) {
        match &schedule.shape {
            Shape::Graduated(_) | Shape::Retroactive(_) | Shape::Curve { .. } => {
                self.emit.piecewise(&pieces(schedule, ask), x)
            }
            Shape::Every { size, started, pays } if ask == Ask::Amount => {
                let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
                let packages = self.emit.round_number(x, mode, &number(size, &[]));
                let price = self.emit.number(&number(pays, &[]));
                (Flag::Yes, self.emit.multiply_numbers(Number::new(packages, 1), price))
            }
            Shape::Every { .. } => (Flag::No, self.emit.zero()),
        }
    }
}

impl Emit<'_> {
    /// The line of the piece that holds x, at x.
    fn piecewise(&mut self, pieces: &[Piece], x: Number) -> (Flag, Number) {
        let lines = || pieces.iter().filter_map(|piece| piece.answer.as_ref());
        // Every slope times x and every offset is a whole number of 1/den.
        let slopes = lines().fold(UBig::ONE, |all, line| common_multiple(&all, line.slope.denominator()));
        let offsets = lines().fold(UBig::ONE, |all, line| common_multiple(&all, line.offset.denominator()));
        let den = common_multiple(&(slopes * UBig::from(x.den.unsigned_abs())), &offsets);
        let Ok(den) = i64::try_from(den) else { return (Flag::Yes, self.no_room()) };
        let (mut known, mut slope, mut offset) = (Flag::No, self.word(0), self.word(0));
        for piece in pieces.iter().rev() {
            let inside = match &piece.upper {
                Some((upper, included)) => {
                    let comparison = if *included { Comparison::LessOrEqual } else { Comparison::Less };
                    let upper = self.number(upper);
                    self.compare_numbers(comparison, x, upper)
                }
                None => Flag::Yes,
            };
            let there = Flag::from(piece.answer.is_some());
            known = self.select_flag(inside, there, known);
            let Some(line) = &piece.answer else { continue };
            let here = over(&(&line.slope / Exact::from(x.den)), den).map(|slope| self.wide_word(slope));
            slope = self.choose_scaled(inside, here, slope);
            let here = over(&line.offset, den).map(|offset| self.wide_word(offset));
            offset = self.choose_scaled(inside, here, offset);
        }
        let share = self.multiply(slope, x.numerator);
        let offset = match x.over {
            Some(by) => self.multiply(offset, by),
            None => offset,
        };
        (known, Number { numerator: self.add(share, offset), den, over: x.over })
    }

    fn choose_scaled(&mut self, inside: Flag, here: Option<Word>, others: Word) -> Word {
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
    let holds_zero = |piece: &&Piece| {
        piece
            .upper
            .as_ref()
            .is_none_or(|(upper, included)| *upper > Exact::ZERO || (*included && *upper == Exact::ZERO))
    };
    match &schedule.shape {
        Shape::Graduated(_) | Shape::Retroactive(_) | Shape::Curve { .. } => pieces(schedule, Ask::Amount)
            .iter()
            .find(holds_zero)
            .is_some_and(|piece| piece.answer.as_ref().is_some_and(|line| line.offset == Exact::ZERO)),
        Shape::Every { .. } => true,
    }
}

/// The answers of a schedule without arguments by stretches of x, which is not below zero.
fn pieces(schedule: &Schedule, ask: Ask) -> Vec<Piece> {
    match &schedule.shape {
        Shape::Graduated(bands) => banded(bands, ask, true),
        Shape::Retroactive(bands) => banded(bands, ask, false),
        Shape::Curve { below, points, beyond } => curved(below, points, beyond, ask),
        Shape::Every { .. } => Vec::new(),
    }
}

fn banded(bands: &[Band], ask: Ask, graduated: bool) -> Vec<Piece> {
    let constant = |value: Exact| Line { slope: Exact::ZERO, offset: value };
    let (mut lower, mut paid) = (Exact::ZERO, Exact::ZERO);
    let mut pieces = Vec::new();
    for band in bands {
        let upper = band.upper.as_ref().map(|edge| (number(&edge.value, &[]), edge.included));
        let value = |expr: &Option<Expr>| expr.as_ref().map(|expr| number(expr, &[]));
        let answer = match (&band.pays, ask) {
            (BandPays::None, _) => None,
            (BandPays::Amount { .. }, Ask::Band) => (band.number > 0).then(|| constant(Exact::from(band.number))),
            (BandPays::Amount { rate, .. }, Ask::Rate) => value(rate).filter(|_| band.number > 0).map(constant),
            (BandPays::Amount { rate, flat }, Ask::Amount) => {
                let (slope, flat) = (value(rate).unwrap_or_default(), value(flat).unwrap_or_default());
                let offset = if graduated { &paid + &flat - &slope * &lower } else { flat.clone() };
                if let Some((upper, _)) = &upper {
                    paid = &paid + &slope * (upper - &lower) + flat;
                }
                Some(Line { slope, offset })
            }
        };
        if let Some((upper, _)) = &upper {
            lower = upper.clone();
        }
        pieces.push(Piece { upper, answer });
    }
    pieces
}

fn curved(below: &Expr, points: &[(Expr, Expr)], beyond: &Beyond, ask: Ask) -> Vec<Piece> {
    let constant = |value: Exact| Line { slope: Exact::ZERO, offset: value };
    let points: Vec<(Exact, Exact)> = points.iter().map(|(x, y)| (number(x, &[]), number(y, &[]))).collect();
    let mut pieces = Vec::new();
    let mut push = |upper: Option<(Exact, bool)>, height: Option<Line>| {
        let band = Exact::from(pieces.len() + 1);
        let answer = height.map(|height| if ask == Ask::Band { constant(band) } else { height });
        pieces.push(Piece { upper, answer });
    };
    push(points.first().map(|(x, _)| (x.clone(), false)), Some(constant(number(below, &[]))));
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (&pair[0], &pair[1]);
        let slope = (y1 - y0) / (x1 - x0);
        let offset = y0 - &slope * x0;
        push(Some((x1.clone(), false)), Some(Line { slope, offset }));
    }
    let Some((end, height)) = points.last() else { broken("a curve without points") };
    match beyond {
        Beyond::Flat => push(None, Some(constant(height.clone()))),
        Beyond::None => {
            push(Some((end.clone(), true)), Some(constant(height.clone())));
            push(None, None);
        }
        Beyond::Value(value) => {
            push(Some((end.clone(), true)), Some(constant(height.clone())));
            // The stretch beyond the last point has the number of the point.
            let answer = if ask == Ask::Band { Exact::from(points.len() + 1) } else { number(value, &[]) };
            pieces.push(Piece { upper: None, answer: Some(constant(answer)) });
        }
    }
    pieces
}
