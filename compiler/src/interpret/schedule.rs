//! F(x) of a schedule, the rate and band reached, and F as a sum over bands.

use super::FaultKind;
use crate::internal::broken;
use crate::plan::{BelowZero, End, Expr, Function, Line, Op, Piece, Pieces, Reach, Schedule, ScheduleOutput};
use crate::value::{Exact, RoundingMode, round};

/// What one piece contributes to F(x).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the piece; 0 where it has none.
    pub band: u32,
    /// How much of x lies in it.
    pub quantity: Exact,
    /// Its rate or price, if it has one.
    pub rate: Option<Exact>,
    /// What it pays.
    pub amount: Exact,
}

/// A piece with its bounds for these arguments.
pub(crate) struct Bounded<'a> {
    /// The piece.
    pub piece: &'a Piece,
    /// Where it begins.
    pub lower: Exact,
    /// Where it ends, and whether that belongs to it.
    pub upper: Option<(Exact, bool)>,
}

impl Bounded<'_> {
    /// Whether x, which lies beyond the pieces before, lies in this one.
    fn holds(&self, x: &Exact) -> bool {
        self.upper.as_ref().is_none_or(|(upper, included)| if *included { x <= upper } else { x < upper })
    }
}

/// The pieces of a schedule of lines for these arguments.
pub(crate) fn bounded<'a>(pieces: &'a [Piece], arguments: &[Exact]) -> Vec<Bounded<'a>> {
    let mut lower = Exact::ZERO;
    let bounded = pieces.iter().map(|piece| {
        let upper = match &piece.end {
            End::To(bound) => Some((number(bound, arguments), true)),
            End::Below(bound) => Some((number(bound, arguments), false)),
            End::Point => Some((lower.clone(), true)),
            End::Never => None,
        };
        let begin = lower.clone();
        if let Some((upper, _)) = &upper {
            lower = upper.clone();
        }
        Bounded { piece, lower: begin, upper }
    });
    bounded.collect()
}

/// The piece that holds x, by its place.
fn holder(bounded: &[Bounded<'_>], x: &Exact) -> usize {
    bounded.iter().position(|piece| piece.holds(x)).unwrap_or_else(|| broken("a last piece that ends"))
}

/// The parts of a schedule that x reaches, and the ends between parts that it meets exactly, each from 0 in the order
/// written; a single point is of the part behind it. Where pieces carry on, every one up to that which holds x is reached.
pub fn pieces_reached(schedule: &Schedule, arguments: &[Exact], x: &Exact) -> (Vec<usize>, Vec<usize>) {
    let x = if *x < Exact::ZERO && schedule.below_zero == BelowZero::Mirrored { -x } else { x.clone() };
    if x < Exact::ZERO || (x == Exact::ZERO && !schedule.even_at_zero) {
        return (Vec::new(), Vec::new());
    }
    match &schedule.pieces {
        Pieces::Lines { pieces, .. } => {
            let held = holder(&bounded(pieces, arguments), &x);
            let part = pieces[..held].iter().filter(|piece| piece.end != End::Point).count();
            let carries = |piece: &Piece| matches!(&piece.line, Some(Line::Priced { reach: Reach::Above, .. }));
            let first = if pieces.iter().any(carries) { 0 } else { part };
            let edges = edges(schedule, arguments);
            let met = edges.iter().enumerate().filter(|(_, edge)| **edge == x).map(|(idx, _)| idx);
            ((first..=part).collect(), met.collect())
        }
        Pieces::Steps { size, .. } => {
            let whole = (&x / number(size, arguments)).is_whole();
            (vec![0], if whole { vec![0] } else { Vec::new() })
        }
    }
}

/// The ends between the parts of a schedule; of packages, their size.
pub fn edges(schedule: &Schedule, arguments: &[Exact]) -> Vec<Exact> {
    match &schedule.pieces {
        Pieces::Lines { pieces, .. } => {
            pieces.iter().filter_map(|piece| piece.end.bound()).map(|bound| number(bound, arguments)).collect()
        }
        Pieces::Steps { size, .. } => vec![number(size, arguments)],
    }
}

/// Asks a schedule at x; `None` if there is no result.
///
/// # Errors
/// Bounds that cross, packages without size.
pub fn evaluate(
    schedule: &Schedule,
    arguments: &[Exact],
    x: &Exact,
    output: ScheduleOutput,
) -> Result<Option<Exact>, FaultKind> {
    if output == ScheduleOutput::Amount {
        let parts = parts(schedule, arguments, x)?;
        return Ok(parts.map(|parts| parts.iter().fold(Exact::ZERO, |sum, part| sum + &part.amount)));
    }
    check(schedule, arguments)?;
    let negative = *x < Exact::ZERO;
    if negative && schedule.below_zero != BelowZero::Mirrored {
        return Ok(None);
    }
    let x = if negative { -x } else { x.clone() };
    Ok(reached(schedule, arguments, &x, output))
}

/// F(x) as a sum over bands; `None` if there is no result.
///
/// # Errors
/// Bounds that cross, packages without size.
pub fn parts(schedule: &Schedule, arguments: &[Exact], x: &Exact) -> Result<Option<Vec<Part>>, FaultKind> {
    check(schedule, arguments)?;
    if *x < Exact::ZERO {
        if schedule.below_zero != BelowZero::Mirrored {
            return Ok(Some(Vec::new()));
        }
        let turn = |part: Part| Part { quantity: -part.quantity, amount: -part.amount, ..part };
        return Ok(parts(schedule, arguments, &-x)?.map(|parts| parts.into_iter().map(turn).collect()));
    }
    if *x == Exact::ZERO && !schedule.even_at_zero {
        return Ok(Some(Vec::new()));
    }
    Ok(match &schedule.pieces {
        Pieces::Lines { pieces, heights } => {
            let bounded = bounded(pieces, arguments);
            let held = holder(&bounded, x);
            // Without a line of its own the piece of x gives no result, whatever those before it give.
            let line = pieces[held].line.as_ref();
            let first = match line {
                Some(Line::Priced { reach: Reach::Above, .. }) => 0,
                Some(Line::Priced { reach: Reach::Whole, .. } | Line::Between(..)) | None => held,
            };
            let part = |(idx, bounded): (usize, &Bounded)| {
                let end = match &bounded.upper {
                    Some((upper, _)) if idx < held => upper,
                    _ => x,
                };
                let part = part(bounded, end, arguments)?;
                Some(Part { rate: part.rate.filter(|_| !heights), ..part })
            };
            line.map(|_| bounded.iter().enumerate().take(held + 1).skip(first).filter_map(part).collect())
        }
        Pieces::Steps { size, started, each } => {
            let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
            let packages = Exact::from(round(&(x / number(size, arguments)), mode));
            let price = number(each, arguments);
            Some(vec![Part { band: 1, amount: &packages * &price, quantity: packages, rate: Some(price) }])
        }
    })
}

/// What a piece contributes of x up to `end`; `None` if it gives nothing.
fn part(bounded: &Bounded, end: &Exact, arguments: &[Exact]) -> Option<Part> {
    let band = bounded.piece.number;
    Some(match bounded.piece.line.as_ref()? {
        Line::Priced { reach, jump, slope } => {
            let quantity = match reach {
                Reach::Above => end - &bounded.lower,
                Reach::Whole => end.clone(),
            };
            let rate = slope.as_ref().map(|slope| number(slope, arguments));
            let jump = jump.as_ref().map_or(Exact::ZERO, |jump| number(jump, arguments));
            let amount = rate.as_ref().map_or(Exact::ZERO, |rate| rate * &quantity) + jump;
            Part { band, quantity, rate, amount }
        }
        Line::Between(from, to) => {
            let (from, to) = (number(from, arguments), number(to, arguments));
            let Some((upper, _)) = &bounded.upper else { broken("a line to a height at no end") };
            let height = &from + (end - &bounded.lower) * (to - &from) / (upper - &bounded.lower);
            Part { band, quantity: end.clone(), rate: None, amount: height }
        }
    })
}

/// The rate or band reached at x, which is not below zero.
fn reached(schedule: &Schedule, arguments: &[Exact], x: &Exact, output: ScheduleOutput) -> Option<Exact> {
    let Pieces::Lines { pieces, heights } = &schedule.pieces else { return None };
    let bounded = bounded(pieces, arguments);
    let held = &bounded[holder(&bounded, x)];
    let part = part(held, x, arguments)?;
    if output == ScheduleOutput::Rate && *heights {
        return Some(part.amount);
    }
    let numbered = held.piece.number > 0;
    if output == ScheduleOutput::Band {
        numbered.then(|| Exact::from(held.piece.number))
    } else {
        part.rate.filter(|_| numbered)
    }
}

/// Ends must rise, and packages have a size.
pub(crate) fn check(schedule: &Schedule, arguments: &[Exact]) -> Result<(), FaultKind> {
    match &schedule.pieces {
        Pieces::Lines { pieces, heights } => {
            let crossing = || Err(FaultKind::CrossingBounds(schedule.name.clone()));
            let mut last: Option<Exact> = None;
            for bound in pieces.iter().filter_map(|piece| piece.end.bound()) {
                let bound = number(bound, arguments);
                let negative = !heights && bound < Exact::ZERO;
                if negative || last.as_ref().is_some_and(|last| bound <= *last) {
                    return crossing();
                }
                last = Some(bound);
            }
            Ok(())
        }
        Pieces::Steps { size, .. } if number(size, arguments) <= Exact::ZERO => {
            Err(FaultKind::EmptyPackage(schedule.name.clone()))
        }
        Pieces::Steps { .. } => Ok(()),
    }
}

/// The number of a bound or rate: literals, arguments and arithmetic on them.
pub(crate) fn number(expr: &Expr, arguments: &[Exact]) -> Exact {
    let of = |expr: &Expr| number(expr, arguments);
    match &expr.op {
        Op::Number(value) => value.clone(),
        Op::Argument(idx) => arguments[*idx as usize].clone(),
        op => match op.as_call() {
            Some((Function::Negate, [x])) => -of(x),
            Some((Function::Add, [a, b])) => of(a) + of(b),
            Some((Function::Subtract, [a, b])) => of(a) - of(b),
            Some((Function::Multiply, [a, b])) => of(a) * of(b),
            // The verifier lets a bound divide by constants other than zero only.
            Some((Function::Divide, [a, b])) => match of(b) {
                b if b == Exact::ZERO => broken("a bound or rate divided by zero"),
                b => of(a) / b,
            },
            _ => broken(format!("a bound or rate that is no arithmetic on literals and arguments: {op:?}")),
        },
    }
}
