//! Schedules.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `schedule NAME(arguments) graduated … { bands }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// `graduated`, `retroactive` or `curve`; missing when none was written.
    pub shape: Option<(Shape, Span)>,
    /// `even at zero`
    pub even_at_zero: Option<Span>,
    /// `nothing at zero`
    pub nothing_at_zero: Option<Span>,
    /// `mirrored`
    pub mirrored: Option<Span>,
    /// `nothing below zero`
    pub nothing_below_zero: Option<Span>,
    /// Its bands, as written.
    pub bands: Vec<Band>,
    /// The whole item.
    pub span: Span,
}

impl Schedule {
    /// Behind the last word before its bands, where another word can be put; `None` if that is not known.
    pub fn words_end(&self) -> Option<Span> {
        let words = [self.even_at_zero, self.nothing_at_zero, self.mirrored, self.nothing_below_zero];
        let bare = self.arguments.is_empty().then_some(self.name.span);
        let last = words.into_iter().flatten().chain(self.shape.map(|shape| shape.1)).chain(bare);
        last.map(|span| span.end).max().map(|end| Span { start: end, end })
    }
}

/// `ceiling money`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Argument {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: FieldType,
}

/// How bands are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Each band prices its own slice.
    Graduated,
    /// The band reached prices everything.
    Retroactive,
    /// Straight lines between points.
    Curve,
}

/// One band.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Where it ends or begins.
    pub bound: Bound,
    /// What it pays.
    pub pays: Pays,
    /// The whole band.
    pub span: Span,
}

/// Where a band ends (`to`, `below`) or begins (`from`, `at`), or that it goes on for ever.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// `to X`: up to and with X
    To(Expr),
    /// `below X`: up to but without X
    Below(Expr),
    /// `from X`: from and with X
    From(Expr),
    /// `at X pays Y`: a point of a curve
    At(Expr),
    /// `beyond`
    Beyond,
    /// `every N started pays Y`, `every N completed pays Y`
    Every {
        /// The size of a package.
        size: Expr,
        /// `started`, `completed`, or missing when neither was written
        counted: Option<(Packages, Span)>,
    },
}

/// Which packages of an `every` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Packages {
    /// A package counts when it is begun.
    Started,
    /// A package counts when it is full.
    Completed,
}

/// What a band pays.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a schedule has a handful of these")]
pub enum Pays {
    /// `2%`, `$200`, `$1 each`, `2% plus $300`
    Amount {
        /// A rate, a price or an amount; which one its type and `each` decide.
        value: Expr,
        /// `each`
        each: Option<Span>,
        /// `plus X`
        plus: Option<Expr>,
    },
    /// `none`: no result
    None(Span),
    /// `flat`: goes on at the height reached
    Flat(Span),
}
