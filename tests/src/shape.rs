//! Random schedules, with an evaluation of their own: it shares no line with Meed's, so that a law held against it says
//! something. Amounts are cents, rates hundredths of a percent.

use meed_compiler::value::{Exact, decimal_text, fraction};
use proptest::prelude::*;

/// A schedule of amounts over amounts.
#[derive(Clone, Debug)]
pub struct Shape {
    pieces: Pieces,
    mirrored: bool,
    even_at_zero: bool,
    /// Whether the first bound is handed over as an argument.
    argument: bool,
}

#[derive(Clone, Debug)]
enum Pieces {
    Bands { retroactive: bool, edge: Edge, bounds: Vec<i64>, pays: Vec<Pays>, flat: bool },
    Curve { below: i64, points: Vec<(i64, i64)>, beyond: Option<i64> },
    Every { size: i64, started: bool, pays: i64 },
}

/// The word before a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    To,
    Below,
    From,
}

#[derive(Clone, Copy, Debug)]
struct Pays {
    rate: i64,
    plus: Option<i64>,
}

/// Any schedule.
pub fn any_shape() -> impl Strategy<Value = Shape> {
    let pieces = prop_oneof![4 => bands(), 1 => curve(), 1 => every()];
    (pieces, any::<bool>(), prop::bool::weighted(0.2), any::<bool>())
        .prop_map(|(pieces, mirrored, even_at_zero, argument)| Shape { pieces, mirrored, even_at_zero, argument })
}

fn bands() -> impl Strategy<Value = Pieces> {
    let edge = prop_oneof![Just(Edge::To), Just(Edge::Below), Just(Edge::From)];
    let pays = (-2_000i64..5_000, prop::option::weighted(0.3, -10_000i64..50_000))
        .prop_map(|(rate, plus)| Pays { rate, plus });
    let flat = prop::bool::weighted(0.2);
    (any::<bool>(), edge, rising(), prop::collection::vec(pays, 4), flat)
        .prop_map(|(retroactive, edge, bounds, pays, flat)| Pieces::Bands { retroactive, edge, bounds, pays, flat })
}

fn curve() -> impl Strategy<Value = Pieces> {
    let heights = prop::collection::vec(-100_000i64..900_000, 3);
    (0i64..10_000, rising(), heights, prop::option::of(0i64..900_000)).prop_map(|(below, at, heights, beyond)| {
        Pieces::Curve { below, points: at.into_iter().zip(heights).collect(), beyond }
    })
}

fn every() -> impl Strategy<Value = Pieces> {
    (1i64..500_000, any::<bool>(), -5_000i64..50_000).prop_map(|(size, started, pays)| Pieces::Every {
        size,
        started,
        pays,
    })
}

/// One to three bounds, each above the one before; many are round, so that totals of round amounts meet them.
fn rising() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![1i64..4_000_000, (1i64..20).prop_map(|thousands| thousands * 100_000)];
    let steps = prop::collection::vec(step, 1..4);
    steps.prop_map(|steps| {
        let mut sum = 0;
        let next = |step: i64| {
            sum += step;
            sum
        };
        steps.into_iter().map(next).collect()
    })
}

impl Shape {
    /// The schedule in Meed, under this name.
    pub fn declared(&self, name: &str) -> String {
        let word = match &self.pieces {
            Pieces::Bands { retroactive: true, .. } => "retroactive",
            Pieces::Bands { .. } | Pieces::Every { .. } => "graduated",
            Pieces::Curve { .. } => "curve",
        };
        let argument = if self.argument { "(first money)" } else { "" };
        let even = if self.even_at_zero { " even at zero" } else { " nothing at zero" };
        let mirrored = if self.mirrored { " mirrored" } else { "" };
        let bound = |idx: usize, cents: i64| {
            if idx == 0 && self.argument { "first".to_owned() } else { dollars(cents) }
        };
        let mut text = format!("schedule {name}{argument} {word}{even}{mirrored} {{\n");
        match &self.pieces {
            Pieces::Bands { edge, bounds, pays, flat, .. } => {
                let edge_word = match edge {
                    Edge::To => "to",
                    Edge::Below => "below",
                    Edge::From => "from",
                };
                for (idx, (cents, pays)) in bounds.iter().zip(pays).enumerate() {
                    text += &format!("  {edge_word} {} {}\n", bound(idx, *cents), pays.written());
                }
                if *edge != Edge::From {
                    let last = if *flat { "flat".to_owned() } else { pays[bounds.len()].written() };
                    text += &format!("  beyond {last}\n");
                }
            }
            Pieces::Curve { below, points, beyond } => {
                text += &format!("  below {} {}\n", bound(0, points[0].0), dollars(*below));
                for (idx, (at, height)) in points.iter().enumerate() {
                    text += &format!("  at {} pays {}\n", bound(idx, *at), dollars(*height));
                }
                text += &format!("  beyond {}\n", beyond.map_or("flat".to_owned(), dollars));
            }
            Pieces::Every { size, started, pays } => {
                let counted = if *started { "started" } else { "completed" };
                text += &format!("  every {} {counted} pays {}\n", bound(0, *size), dollars(*pays));
            }
        }
        text + "}\n"
    }

    /// How the schedule of this name is applied before `as …`.
    pub fn applied(&self, name: &str) -> String {
        if self.argument { format!("{name}(first = {})", dollars(self.first())) } else { name.to_owned() }
    }

    /// How it is applied to a value.
    pub fn called(&self, name: &str, value: &str) -> String {
        if self.argument {
            format!("{name}({value}, first = {})", dollars(self.first()))
        } else {
            format!("{name}({value})")
        }
    }

    fn first(&self) -> i64 {
        match &self.pieces {
            Pieces::Bands { bounds, .. } => bounds[0],
            Pieces::Curve { points, .. } => points[0].0,
            Pieces::Every { size, .. } => *size,
        }
    }

    /// F(x) in cents, x in cents.
    pub fn worth(&self, x: i64) -> Exact {
        if x < 0 {
            return if self.mirrored { -self.above(-x) } else { Exact::ZERO };
        }
        if x == 0 && !self.even_at_zero { Exact::ZERO } else { self.above(x) }
    }

    fn above(&self, x: i64) -> Exact {
        match &self.pieces {
            Pieces::Bands { retroactive, edge, bounds, pays, flat } => {
                let passed = bounds.iter().filter(|&&bound| if *edge == Edge::To { x > bound } else { x >= bound });
                let band = passed.count();
                // `from` bands begin at their bound, the others end there.
                let own = |band: usize| if *edge == Edge::From { band.checked_sub(1) } else { Some(band) };
                let level = *flat && *edge != Edge::From && band == bounds.len();
                let (band, x) = if level { (band - 1, bounds[band - 1]) } else { (band, x) };
                let reached = |band: usize, of: i64| own(band).map_or(Exact::ZERO, |idx| pays[idx].of(of));
                if *retroactive {
                    return reached(band, x);
                }
                let slice = |idx: usize| {
                    let lower = if idx == 0 { 0 } else { bounds[idx - 1] };
                    reached(idx, if idx == band { x - lower } else { bounds[idx] - lower })
                };
                (0..=band).map(slice).fold(Exact::ZERO, |sum, slice| sum + slice)
            }
            Pieces::Curve { below, points, beyond } => {
                let after = points.iter().position(|(at, _)| *at > x);
                match after {
                    Some(0) => Exact::from(*below),
                    Some(next) => {
                        let ((x0, y0), (x1, y1)) = (points[next - 1], points[next]);
                        Exact::from(y0) + fraction(i128::from(x - x0) * i128::from(y1 - y0), i128::from(x1 - x0))
                    }
                    None => {
                        let (at, height) = points[points.len() - 1];
                        Exact::from(if x == at { height } else { beyond.unwrap_or(height) })
                    }
                }
            }
            Pieces::Every { size, started, pays } => {
                let packages = if *started { (x + size - 1) / size } else { x / size };
                Exact::from(packages * pays)
            }
        }
    }
}

impl Pays {
    fn written(self) -> String {
        let rate = format!("{}%", decimal_text(self.rate.into(), 2));
        self.plus.map_or(rate.clone(), |plus| format!("{rate} plus {}", dollars(plus)))
    }

    fn of(self, cents: i64) -> Exact {
        fraction(i128::from(self.rate) * i128::from(cents), 10_000) + Exact::from(self.plus.unwrap_or(0))
    }
}

/// Cents as Meed writes them.
pub fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}${}", decimal_text(cents.unsigned_abs().into(), 2))
}

/// The whole number next to `value`, by a mode as Meed writes it.
pub fn rounded(value: &Exact, mode: &str) -> i128 {
    let whole = |number: Option<i128>| number.unwrap_or_else(|| unreachable!("an amount of more than 38 digits"));
    let numerator = whole(i128::try_from(value.numerator()).ok());
    let floor = numerator.div_euclid(whole(i128::try_from(value.denominator()).ok()));
    let rest = value - Exact::from(floor);
    let (negative, half) = (*value < Exact::ZERO, fraction(1, 2));
    let up = match mode {
        _ if rest == Exact::ZERO => false,
        "upward" => true,
        "downward" => false,
        "toward zero" => negative,
        "away from zero" => !negative,
        _ if rest != half => rest > half,
        "half even" => floor % 2 != 0,
        "half odd" => floor % 2 == 0,
        "half upward" => true,
        "half downward" => false,
        "half toward zero" => negative,
        "half away from zero" => !negative,
        _ => unreachable!("there is no mode `{mode}`"),
    };
    floor + i128::from(up)
}

/// Every mode.
pub const MODES: [&str; 10] = [
    "half even",
    "half odd",
    "half upward",
    "half downward",
    "half toward zero",
    "half away from zero",
    "upward",
    "downward",
    "toward zero",
    "away from zero",
];
