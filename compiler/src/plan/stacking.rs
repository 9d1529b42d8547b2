//! Rules of which a row is paid by one, or by all up to an amount.

use super::{Expr, Node, Plan, RuleId, StackingId, Version, VersionId};

/// A choice between rules over the same rows. What a rule would pay a row is compared after its limits by keys of the row, and only
/// what is paid counts under these; limits per whoever is paid act on what is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Stacking {
    /// Which of them pay.
    pub policy: StackingPolicy,
    /// The rules, as written.
    pub rules: Vec<RuleId>,
}

/// Which rules of a choice pay a row. One that would pay nothing is never chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum StackingPolicy {
    /// The one that pays most, of equals the first; where all would take back, the one that takes back most.
    Highest,
    /// The first.
    First,
    /// All, in order, up to this amount together.
    AllUpTo(Expr),
}

impl Plan {
    /// The choice of this id.
    pub fn stacking(&self, id: StackingId) -> &Stacking {
        &self.stackings[id.index()]
    }

    /// The choice that a version is part of.
    pub fn stacking_of(&self, id: VersionId) -> Option<StackingId> {
        self.version(id).stacking()
    }
}

impl Version {
    /// The choice that it is part of.
    pub fn stacking(&self) -> Option<StackingId> {
        self.nodes.iter().find_map(|node| if let Node::Choose(id) = node { Some(*id) } else { None })
    }
}
