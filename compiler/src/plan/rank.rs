//! Contests: the rows of a period in the order of a measure.

use super::{Expr, Node, Version};
use meed_grammar::span::Span;
pub use meed_grammar::tree::Ties;

/// `ranked by X`: the rows of each period that came this far get their rank, the largest measure first. What is behind it is done once
/// all of them are known.
#[derive(Clone, Debug)]
pub struct Rank {
    /// By what.
    pub measure: Expr,
    /// What becomes of those who have one rank.
    pub ties: Ties,
    /// Of [`Ties::ToTheEarliest`]: the last row of each event that the measure is made of; the latest of these completed it.
    pub completed: Vec<Expr>,
    /// The whole clause.
    pub span: Span,
}

impl Version {
    /// The place of its ranking among its nodes, if it has one.
    pub fn ranking(&self) -> Option<(usize, &Rank)> {
        self.nodes.iter().enumerate().find_map(|(idx, node)| match node {
            Node::Rank(rank) => Some((idx, rank)),
            _ => None,
        })
    }
}
