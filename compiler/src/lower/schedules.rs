//! Bands and points become pieces: what graduated, retroactive and curve mean is said here alone.

use crate::plan::{End, Expr, Line, Piece, Pieces, Reach, Schedule};
use crate::typed::{self, Band, BandPays, Beyond, Shape};
use meed_grammar::span::Span;

/// The pieces of a schedule.
pub(super) fn schedule(schedule: &typed::Schedule) -> Schedule {
    let pieces = match &schedule.shape {
        Shape::Graduated(bands) => banded(bands, Reach::Above),
        Shape::Retroactive(bands) => banded(bands, Reach::Whole),
        Shape::Curve { below, points, beyond } => curve(below, points, beyond, schedule.span),
        Shape::Every { size, started, pays } => {
            Pieces::Steps { size: (**size).clone(), started: *started, each: (**pays).clone() }
        }
    };
    Schedule {
        name: schedule.name.clone(),
        arguments: schedule.arguments.clone(),
        domain: schedule.domain,
        result: schedule.result,
        rate: schedule.rate,
        even_at_zero: schedule.even_at_zero,
        below_zero: schedule.below_zero,
        pieces,
        span: schedule.span,
    }
}

/// Graduated bands carry on what the bands before pay, a retroactive one prices all of x.
fn banded(bands: &[Band], reach: Reach) -> Pieces {
    let piece = |band: &Band| Piece {
        number: band.number,
        end: match &band.upper {
            Some(edge) if edge.included => End::To(edge.value.clone()),
            Some(edge) => End::Below(edge.value.clone()),
            None => End::Never,
        },
        line: match &band.pays {
            BandPays::None => None,
            BandPays::Amount { rate, flat } => Some(Line::Priced { reach, jump: flat.clone(), slope: rate.clone() }),
        },
        span: band.span,
    };
    Pieces::Lines { pieces: bands.iter().map(piece).collect(), heights: false }
}

/// From point to point; at a point the height is its own. The last point alone is a piece where what follows it is no
/// longer its height.
fn curve(below: &Expr, points: &[(Expr, Expr)], beyond: &Beyond, span: Span) -> Pieces {
    let constant = |height: &Expr| Some(Line::Priced { reach: Reach::Whole, jump: Some(height.clone()), slope: None });
    let mut pieces = Vec::new();
    let mut push = |number: usize, end: End, line: Option<Line>| {
        pieces.push(Piece { number: number as u32, end, line, span });
    };
    for (idx, (at, _)) in points.iter().enumerate() {
        let line = match idx.checked_sub(1) {
            Some(before) => Some(Line::Between(points[before].1.clone(), points[idx].1.clone())),
            None => constant(below),
        };
        push(idx + 1, End::Below(at.clone()), line);
    }
    let (n_points, last) = (points.len(), points.last().map(|(_, height)| height));
    let height = last.unwrap_or(below);
    match beyond {
        Beyond::Flat => push(n_points + 1, End::Never, constant(height)),
        Beyond::None => {
            push(n_points + 1, End::Point, constant(height));
            push(0, End::Never, None);
        }
        Beyond::Value(value) => {
            push(n_points + 1, End::Point, constant(height));
            push(n_points + 1, End::Never, constant(value));
        }
    }
    Pieces::Lines { pieces, heights: true }
}
