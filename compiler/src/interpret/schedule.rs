//! F(x) of a schedule, the rate and band reached, and F as a sum over bands.

use super::FaultKind;
use crate::internal::broken;
use crate::plan::{Ask, Band, BandPays, BelowZero, Beyond, Expr, Function, Op, Schedule, Shape};
use crate::value::{Exact, RoundingMode, round};

/// What one band contributes to F(x).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The band, from 1 in the order written; 0 where no band is reached.
    pub band: u32,
    /// How much of x lies in it.
    pub quantity: Exact,
    /// Its rate or price, if it has one.
    pub rate: Option<Exact>,
    /// What it pays.
    pub amount: Exact,
}

/// The pieces of a schedule that x reaches, and the edges between pieces that it meets exactly, each from 0 in the order
/// written. A graduated schedule reaches every piece up to the one that holds x.
pub fn met(schedule: &Schedule, arguments: &[Exact], x: &Exact) -> (Vec<usize>, Vec<usize>) {
    let x = if *x < Exact::ZERO && schedule.below_zero == BelowZero::Mirrored { -x } else { x.clone() };
    if x < Exact::ZERO || (x == Exact::ZERO && !schedule.even_at_zero) {
        return (Vec::new(), Vec::new());
    }
    let edges = edges(schedule, arguments);
    let on_edge =
        |edges: &[Exact]| edges.iter().enumerate().filter(|(_, edge)| **edge == x).map(|(idx, _)| idx).collect();
    match &schedule.shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => {
            let holds = |(idx, band): (usize, &Band)| match (&band.upper, edges.get(idx)) {
                (Some(edge), Some(upper)) => inside(&x, upper, edge.included),
                _ => true,
            };
            let held = bands.iter().enumerate().position(holds).unwrap_or_else(|| broken("a last band that ends"));
            let first = if matches!(schedule.shape, Shape::Graduated(_)) { 0 } else { held };
            ((first..=held).collect(), on_edge(&edges))
        }
        Shape::Curve { .. } => (vec![edges.iter().take_while(|edge| **edge <= x).count()], on_edge(&edges)),
        Shape::Every { size, .. } => {
            let whole = (&x / number(size, arguments)).is_int();
            (vec![0], if whole { vec![0] } else { Vec::new() })
        }
    }
}

/// The edges between the pieces of a schedule; of packages, their size.
pub fn edges(schedule: &Schedule, arguments: &[Exact]) -> Vec<Exact> {
    match &schedule.shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => {
            let upper = |band: &Band| band.upper.as_ref().map(|edge| number(&edge.value, arguments));
            bands.iter().filter_map(upper).collect()
        }
        Shape::Curve { points, .. } => points.iter().map(|(at, _)| number(at, arguments)).collect(),
        Shape::Every { size, .. } => vec![number(size, arguments)],
    }
}

/// Asks a schedule at x; none where there is no result.
///
/// # Errors
/// Bounds that cross, packages without size.
pub fn ask(schedule: &Schedule, arguments: &[Exact], x: &Exact, ask: Ask) -> Result<Option<Exact>, FaultKind> {
    if ask == Ask::Amount {
        let parts = parts(schedule, arguments, x)?;
        return Ok(parts.map(|parts| parts.iter().fold(Exact::ZERO, |sum, part| sum + &part.amount)));
    }
    let negative = *x < Exact::ZERO;
    if negative && schedule.below_zero != BelowZero::Mirrored {
        check(schedule, arguments)?;
        return Ok(None);
    }
    let x = if negative { -x } else { x.clone() };
    reached(schedule, arguments, &x, ask)
}

/// F(x) as a sum over bands; none where there is no result.
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
    let value = |expr: &Expr| number(expr, arguments);
    Ok(match &schedule.shape {
        Shape::Graduated(bands) => graduated(bands, arguments, x),
        Shape::Retroactive(bands) => {
            let band = holder(bands, arguments, x);
            match &band.pays {
                BandPays::None => None,
                BandPays::Amount { rate, flat } => Some(vec![priced(band.number, x.clone(), rate, flat, arguments)]),
            }
        }
        Shape::Curve { .. } => {
            let height = reached(schedule, arguments, x, Ask::Rate)?;
            let band = reached(schedule, arguments, x, Ask::Band)?.map_or(0, |band| to_u32(&band));
            height.map(|height| vec![Part { band, quantity: x.clone(), rate: None, amount: height }])
        }
        Shape::Every { size, started, pays } => {
            let mode = if *started { RoundingMode::Upward } else { RoundingMode::Downward };
            let packages = Exact::from(round(&(x / value(size)), mode));
            let price = value(pays);
            Some(vec![Part { band: 1, amount: &packages * &price, quantity: packages, rate: Some(price) }])
        }
    })
}

fn graduated(bands: &[Band], arguments: &[Exact], x: &Exact) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut lower = Exact::ZERO;
    for band in bands {
        // The last band reached ends at x itself.
        let upper = band.upper.as_ref().map(|edge| (number(&edge.value, arguments), edge.included));
        let upper = upper.filter(|(upper, included)| !inside(x, upper, *included));
        let last = upper.is_none();
        let end = upper.map_or_else(|| x.clone(), |(upper, _)| upper);
        match &band.pays {
            BandPays::None if last => return None,
            BandPays::None => {}
            BandPays::Amount { rate, flat } => parts.push(priced(band.number, &end - &lower, rate, flat, arguments)),
        }
        if last {
            break;
        }
        lower = end;
    }
    Some(parts)
}

fn priced(band: u32, quantity: Exact, rate: &Option<Expr>, flat: &Option<Expr>, arguments: &[Exact]) -> Part {
    let rate = rate.as_ref().map(|rate| number(rate, arguments));
    let flat = flat.as_ref().map_or(Exact::ZERO, |flat| number(flat, arguments));
    let amount = rate.as_ref().map_or(Exact::ZERO, |rate| rate * &quantity) + flat;
    Part { band, quantity, rate, amount }
}

/// The rate or band reached at x, which is not below zero.
fn reached(schedule: &Schedule, arguments: &[Exact], x: &Exact, ask: Ask) -> Result<Option<Exact>, FaultKind> {
    check(schedule, arguments)?;
    let value = |expr: &Expr| number(expr, arguments);
    Ok(match &schedule.shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => {
            let band = holder(bands, arguments, x);
            match (&band.pays, ask) {
                (BandPays::None, _) => None,
                (BandPays::Amount { .. }, Ask::Band) => (band.number > 0).then(|| Exact::from(band.number)),
                (BandPays::Amount { rate, .. }, Ask::Rate | Ask::Amount) => {
                    rate.as_ref().filter(|_| band.number > 0).map(value)
                }
            }
        }
        Shape::Every { .. } => None,
        Shape::Curve { below, points, beyond } => {
            let place = points.iter().take_while(|(at, _)| value(at) <= *x).count();
            if ask == Ask::Band {
                let none = place == points.len() && *beyond == Beyond::None && value(&points[place - 1].0) != *x;
                return Ok((!none).then(|| Exact::from(place + 1)));
            }
            if place == 0 {
                return Ok(Some(value(below)));
            }
            let (x0, y0) = (value(&points[place - 1].0), value(&points[place - 1].1));
            if x0 == *x {
                return Ok(Some(y0));
            }
            match (points.get(place), beyond) {
                (Some((x1, y1)), _) => Some(&y0 + (x - &x0) * (value(y1) - &y0) / (value(x1) - &x0)),
                (None, Beyond::Flat) => Some(y0),
                (None, Beyond::None) => None,
                (None, Beyond::Value(height)) => Some(value(height)),
            }
        }
    })
}

/// The band that holds x.
fn holder<'a>(bands: &'a [Band], arguments: &[Exact], x: &Exact) -> &'a Band {
    let holds =
        |band: &&Band| band.upper.as_ref().is_none_or(|edge| inside(x, &number(&edge.value, arguments), edge.included));
    bands.iter().find(holds).unwrap_or_else(|| broken("a last band that ends"))
}

fn inside(x: &Exact, upper: &Exact, included: bool) -> bool {
    if included { x <= upper } else { x < upper }
}

/// Bounds must rise and packages have a size.
pub(crate) fn check(schedule: &Schedule, arguments: &[Exact]) -> Result<(), FaultKind> {
    let rising = |bounds: &mut dyn Iterator<Item = &Expr>, first: Option<Exact>| {
        let mut last = first;
        for bound in bounds {
            let bound = number(bound, arguments);
            if last.as_ref().is_some_and(|last| bound <= *last) {
                return Err(FaultKind::CrossingBounds(schedule.name.clone()));
            }
            last = Some(bound);
        }
        Ok(())
    };
    match &schedule.shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => {
            let mut edges =
                bands.iter().filter_map(|band| band.upper.as_ref().map(|edge| (&edge.value, edge.included)));
            // A first band that ends at zero with `below 0` would be empty; `from 0` writes just that, and is harmless.
            let first = edges.clone().next().map(|(_, _)| -Exact::ONE);
            let negative = edges.clone().any(|(edge, _)| number(edge, arguments) < Exact::ZERO);
            if negative {
                return Err(FaultKind::CrossingBounds(schedule.name.clone()));
            }
            rising(&mut edges.by_ref().map(|(edge, _)| edge), first)
        }
        Shape::Curve { points, .. } => rising(&mut points.iter().map(|(x, _)| x), None),
        Shape::Every { size, .. } if number(size, arguments) <= Exact::ZERO => {
            Err(FaultKind::EmptyPackage(schedule.name.clone()))
        }
        Shape::Every { .. } => Ok(()),
    }
}

fn to_u32(value: &Exact) -> u32 {
    u32::try_from(value.numerator().clone()).unwrap_or_else(|_| broken(format!("a band numbered {value}")))
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
