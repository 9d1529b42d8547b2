//! Schedules: piecewise-linear functions.

use super::*;
use meed_grammar::span::Span;

/// A piecewise-linear function. F(0) is 0 unless `even_at_zero`.
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
    /// Its pieces.
    pub pieces: Pieces,
    /// Its place.
    pub span: Span,
}

/// What a schedule gives below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BelowZero {
    /// 0, which it does not say: rows that ask for it are counted.
    Unsaid,
    /// `nothing below zero`: 0
    Nothing,
    /// `mirrored`: F(-x) = -F(x)
    Mirrored,
}

/// The pieces of a schedule over x, which is not below zero here.
#[derive(Clone, Debug, PartialEq)]
pub enum Pieces {
    /// Straight lines, one behind the other. Their ends must rise; ends that cross stop the run.
    Lines {
        /// The pieces, the first from 0 on.
        pieces: Vec<Piece>,
        /// Whether what is asked as the rate is the height of the line, not its slope. Only then an end may lie below zero.
        heights: bool,
    },
    /// The same for each package of `size`.
    Steps {
        /// The size of a package, above zero.
        size: Expr,
        /// Whether a package counts when begun (else when full).
        started: bool,
        /// What each pays.
        each: Expr,
    },
}

/// A straight line, from the end of the piece before (0 for the first) to its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The band or point it comes from, from 1 in the order written; 0 for what has no number.
    pub number: u32,
    /// Where it ends.
    pub end: End,
    /// What it gives; none is no result.
    pub line: Option<Line>,
    /// Its place.
    pub span: Span,
}

/// Where a piece ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Here, and this value belongs to it.
    To(Expr),
    /// Here, and this value belongs to the next.
    Below(Expr),
    /// At the end of the piece before: it is this one value.
    Point,
    /// Nowhere; only the last.
    Never,
}

/// What a piece gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// `jump + slope * quantity`, and where it carries on, what the pieces before give for theirs.
    Priced {
        /// The quantity.
        reach: Reach,
        /// An amount, once.
        jump: Option<Expr>,
        /// A share or price of the quantity.
        slope: Option<Expr>,
    },
    /// From one height where the piece begins to another where it ends.
    Between(Expr, Expr),
}

/// What the slope of a piece is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The part of x in this piece, on top of what the pieces before give for their parts.
    Above,
    /// All of x.
    Whole,
}

impl End {
    /// The bound that is written here.
    pub fn bound(&self) -> Option<&Expr> {
        match self {
            Self::To(bound) | Self::Below(bound) => Some(bound),
            Self::Point | Self::Never => None,
        }
    }
}

impl Line {
    /// Its expressions.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Priced { jump, slope, .. } => jump.iter().chain(slope).collect(),
            Self::Between(from, to) => vec![from, to],
        }
    }
}

impl Schedule {
    /// Its expressions: bounds, and what is given.
    pub fn exprs(&self) -> Vec<&Expr> {
        match &self.pieces {
            Pieces::Lines { pieces, .. } => pieces
                .iter()
                .flat_map(|piece| piece.end.bound().into_iter().chain(piece.line.iter().flat_map(Line::exprs)))
                .collect(),
            Pieces::Steps { size, each, .. } => vec![size, each],
        }
    }

    /// The type of what is asked.
    pub fn gives(&self, output: ScheduleOutput) -> Type {
        match output {
            ScheduleOutput::Amount => self.result,
            ScheduleOutput::Rate => self.rate,
            ScheduleOutput::Band => Type::Count,
        }
    }
}
