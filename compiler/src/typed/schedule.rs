//! Schedules as they are written: bands and points.

use crate::plan::{BelowZero, Expr, Type};
use meed_grammar::span::Span;

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// The types of its arguments.
    pub arguments: Vec<Type>,
    /// What it is taken of.
    pub domain: Type,
    /// What F gives.
    pub result: Type,
    /// What `rate of` gives.
    pub rate: Type,
    /// `even at zero`
    pub even_at_zero: bool,
    /// F below zero.
    pub below_zero: BelowZero,
    /// Its bands.
    pub shape: Shape,
    /// Its place.
    pub span: Span,
}

/// The pieces of a schedule. Bounds must rise from band to band; bounds that cross stop the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Each band prices its own slice; a band's flat amount is added once when x enters the band.
    Graduated(Vec<Band>),
    /// The band that holds x prices all of x.
    Retroactive(Vec<Band>),
    /// Straight lines between points; the value before the first point and after the last is constant.
    Curve {
        /// The value before the first point.
        below: Box<Expr>,
        /// The points, x and y, rising in x. At a point the value is y.
        points: Vec<(Expr, Expr)>,
        /// What follows the last point.
        beyond: Beyond,
    },
    /// `pays` for each package of `size`.
    Every {
        /// The size of a package, above zero.
        size: Box<Expr>,
        /// Whether a package counts when begun (else when full).
        started: bool,
        /// What each pays.
        pays: Box<Expr>,
    },
}

/// What follows the last point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub enum Beyond {
    /// The height reached.
    Flat,
    /// No result.
    None,
    /// A constant.
    Value(Box<Expr>),
}

/// One band: from the edge of the one before (0 for the first) to its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// From 1 in the order written; 0 for what lies below the first `from`.
    pub number: u32,
    /// Where it ends; the last has none.
    pub upper: Option<Edge>,
    /// What it pays.
    pub pays: BandPays,
    /// Its place.
    pub span: Span,
}

/// The end of a band.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where.
    pub value: Expr,
    /// Whether this value itself belongs to the band (`to`) or to the next (`below`, `from`).
    pub included: bool,
}

/// What a band pays.
#[derive(Clone, Debug, PartialEq)]
pub enum BandPays {
    /// No result.
    None,
    /// `rate` of the quantity (a share or a price per unit), and `flat` once; each may be absent.
    Amount {
        /// Rate or price.
        rate: Option<Expr>,
        /// Flat amount.
        flat: Option<Expr>,
    },
}
