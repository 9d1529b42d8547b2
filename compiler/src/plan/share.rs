//! Lines that are divided among parties, and what is done with lines once it is known who gets them.

use super::{Expr, Key, Limit, Node, Op, Plan, RecordId, StateId, Type, Version, VersionId};
use crate::plan::Pay;
pub use crate::value::division::Spare;
use meed_grammar::span::Span;
use std::ops::Range;

/// How the rounded amount of a row is divided. Each part is its exact share cut down to smallest units, or one more; together they are
/// the amount, and the parts of -x are minus the parts of x.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Among whom.
    pub parties: Parties,
    /// Who gets the smallest units that cut down shares leave.
    pub spare: Spare,
    /// What a credit is a share of, where rows are found: X where the amount is `P of X`, else the amount.
    pub base: Option<Expr>,
    /// The clause.
    pub span: Span,
}

/// Among whom an amount is divided.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a rule has one of them, and it is made once")]
pub enum Parties {
    /// Parts in order.
    Listed(Vec<Part>),
    /// One of several kinds gets the whole; where it is missing nobody is paid.
    OneOf(OneOf),
    /// Each party of a chain is paid by itself, and nothing is divided: the line of the row is 0, and these are rounded alone.
    Levels(Vec<Level>),
    /// Each row that a set finds is a part.
    Found {
        /// Who is paid for a row: an [`Op::Call`] of [`Function::Find`](super::Function::Find) whose output is
        /// [`FindFunction::Each`](super::FindFunction::Each).
        payee: Expr,
        /// By what they share; its expressions are of the same set, and asked in the same way.
        by: Model,
    },
}

/// A party of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// A reference; where it is missing the chain has ended.
    pub payee: Expr,
    /// What it is paid; nothing where that is missing.
    pub amount: Expr,
}

/// A party of several kinds: the first whose condition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOf {
    /// Conditions, and who it is under each.
    pub branches: Vec<(Expr, Expr)>,
    /// Who it is otherwise.
    pub otherwise: Expr,
}

/// A listed part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// How much it is.
    pub take: Take,
    /// Who gets it.
    pub to: To,
    /// Its place.
    pub span: Span,
}

/// How much a listed part is.
#[derive(Clone, Debug, PartialEq)]
pub enum Take {
    /// A share of the whole.
    Percent(Expr),
    /// As much as this, of what the parts before have left.
    UpTo(Expr),
    /// What is left.
    Rest,
}

/// Who gets a listed part.
#[derive(Clone, Debug, PartialEq)]
pub enum To {
    /// A reference; where it is missing the part is paid to nobody, and listed as uncredited.
    Payee(Expr),
    /// The same, of several kinds.
    OneOf(OneOf),
    /// Nobody.
    Kept,
    /// It is divided again.
    Split(Vec<Part>),
}

/// By what found rows share.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// By a weight of each, not below zero.
    Weight(Expr),
    /// In their order, each up to its amount; what is left is kept.
    InOrder(Expr),
    /// By their places: of the first, of those between together, of the last. One row takes everything, two share as first and last.
    Places {
        /// Of the first row.
        first: Expr,
        /// Of those between.
        middle: Expr,
        /// Of the last row.
        last: Expr,
    },
    /// Half as much for every so many days that a row is older.
    Halving {
        /// The day of each.
        day: Expr,
        /// So many days.
        days: u32,
    },
    /// Each gets the whole.
    InFull,
}

impl OneOf {
    /// Conditions and parties.
    fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.branches.iter().flat_map(|(condition, party)| [condition, party]).chain([&self.otherwise])
    }

    fn exprs_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.branches.iter_mut().flat_map(|(condition, party)| [condition, party]).chain([&mut self.otherwise])
    }

    /// Who it may be.
    pub fn parties(&self) -> impl Iterator<Item = &Expr> {
        self.branches.iter().map(|(_, party)| party).chain([&self.otherwise])
    }
}

impl Share {
    /// Whether it makes parts of an amount, and not only says who gets it.
    pub fn divides(&self) -> bool {
        !matches!(self.parties, Parties::OneOf(_) | Parties::Levels(_))
    }

    /// Whether parties of a chain are paid, each by itself.
    pub fn is_chain(&self) -> bool {
        matches!(self.parties, Parties::Levels(_))
    }

    /// Its expressions, of the rule's row.
    pub fn exprs(&self) -> Vec<&Expr> {
        let mut found: Vec<&Expr> = Vec::new();
        match &self.parties {
            Parties::Listed(parts) => exprs_of(parts, &mut found),
            Parties::OneOf(one) => found.extend(one.exprs()),
            Parties::Levels(levels) => found.extend(levels.iter().flat_map(|level| [&level.payee, &level.amount])),
            Parties::Found { payee, by } => {
                found.push(payee);
                found.extend(by.exprs());
            }
        }
        found.extend(&self.base);
        found
    }

    /// The same, to be changed.
    pub fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        let mut found: Vec<&mut Expr> = Vec::new();
        match &mut self.parties {
            Parties::Listed(parts) => exprs_mut_of(parts, &mut found),
            Parties::OneOf(one) => found.extend(one.exprs_mut()),
            Parties::Levels(levels) => {
                found.extend(levels.iter_mut().flat_map(|level| [&mut level.payee, &mut level.amount]));
            }
            Parties::Found { payee, by } => {
                found.push(payee);
                match by {
                    Model::Weight(value) | Model::InOrder(value) | Model::Halving { day: value, .. } => {
                        found.push(value)
                    }
                    Model::Places { first, middle, last } => found.extend([first, middle, last]),
                    Model::InFull => {}
                }
            }
        }
        found.extend(&mut self.base);
        found
    }

    /// Who is paid, in order.
    pub fn payees(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        match &self.parties {
            Parties::Listed(parts) => payees_of(parts, &mut found),
            Parties::OneOf(one) => found.extend(one.parties()),
            Parties::Levels(levels) => found.extend(levels.iter().map(|level| &level.payee)),
            Parties::Found { payee, .. } => found.push(payee),
        }
        found
    }

    /// The kinds of parties that are paid, each once.
    pub fn kinds(&self) -> Vec<RecordId> {
        let mut kinds: Vec<RecordId> = self.payees().into_iter().filter_map(|payee| record_of(payee.ty)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

impl Model {
    /// Its expressions.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Weight(value) | Self::InOrder(value) | Self::Halving { day: value, .. } => vec![value],
            Self::Places { first, middle, last } => vec![first, middle, last],
            Self::InFull => Vec::new(),
        }
    }
}

fn exprs_of<'e>(parts: &'e [Part], found: &mut Vec<&'e Expr>) {
    for part in parts {
        match &part.take {
            Take::Percent(value) | Take::UpTo(value) => found.push(value),
            Take::Rest => {}
        }
        match &part.to {
            To::Payee(payee) => found.push(payee),
            To::OneOf(one) => found.extend(one.exprs()),
            To::Kept => {}
            To::Split(parts) => exprs_of(parts, found),
        }
    }
}

fn exprs_mut_of<'e>(parts: &'e mut [Part], found: &mut Vec<&'e mut Expr>) {
    for part in parts {
        match &mut part.take {
            Take::Percent(value) | Take::UpTo(value) => found.push(value),
            Take::Rest => {}
        }
        match &mut part.to {
            To::Payee(payee) => found.push(payee),
            To::OneOf(one) => found.extend(one.exprs_mut()),
            To::Kept => {}
            To::Split(parts) => exprs_mut_of(parts, found),
        }
    }
}

fn payees_of<'e>(parts: &'e [Part], found: &mut Vec<&'e Expr>) {
    for part in parts {
        match &part.to {
            To::Payee(payee) => found.push(payee),
            To::OneOf(one) => found.extend(one.parties()),
            To::Kept => {}
            To::Split(parts) => payees_of(parts, found),
        }
    }
}

fn record_of(ty: Type) -> Option<RecordId> {
    if let Type::Ref(record) = ty { Some(record) } else { None }
}

impl Plan {
    /// The kinds of parties that a version pays, each once.
    pub fn payee_kinds(&self, id: VersionId) -> Vec<RecordId> {
        let version = self.version(id);
        let alone = || version.emit().and_then(|emit| emit.payee.as_ref()).and_then(|payee| record_of(payee.ty));
        version.share().map_or_else(|| alone().into_iter().collect(), Share::kinds)
    }

    /// The nodes of a version that are done row by row, and those that are done with its lines: from the first on that divides them, or
    /// looks at who gets them.
    pub fn legs(&self, version: &Version) -> (Range<usize>, Range<usize>) {
        let n_nodes = version.nodes.len();
        // What a rule would pay is known before its limits count it.
        if version.stacking().is_some()
            && let Some(emit) = version.nodes.iter().position(|node| matches!(node, Node::Emit(_)))
        {
            return (0..emit + 1, emit + 1..n_nodes);
        }
        let of_lines = |node: &Node| match node {
            Node::Share(_) | Node::Limit(Limit::Payments { .. }) => true,
            Node::Limit(Limit::AtMost { state, .. }) => self.key_of(*state).of_payee,
            Node::Pay(pay) => pay.due.is_some(),
            _ => false,
        };
        let cut = version.nodes.iter().position(of_lines).unwrap_or(n_nodes);
        (0..cut, cut..n_nodes)
    }

    /// Whether what is done with a version's lines asks for nothing that its rows have found out.
    pub fn is_apart(&self, version: &Version) -> bool {
        let (_, of_lines) = self.legs(version);
        !self.fills_up(version) && version.nodes[of_lines].iter().flat_map(Node::exprs).all(stands_alone)
    }

    /// Whether a guarantee is met with a version's lines, so that a row without an amount has one too.
    pub fn fills_up(&self, version: &Version) -> bool {
        let (_, of_lines) = self.legs(version);
        version.nodes[of_lines].iter().any(|node| matches!(node, Node::Limit(Limit::AtLeast { .. })))
    }

    /// Whether rows of a version whose amount is zero have a line that is still to be done with: a guarantee may fill it, and what a split
    /// finds is credited whatever there is to divide.
    pub fn keeps_zero(&self, version: &Version) -> bool {
        let is_found = |share: &Share| matches!(share.parties, Parties::Found { .. } | Parties::Levels(_));
        let chosen = version.nodes.iter().any(|node| matches!(node, Node::Choose(_)));
        self.fills_up(version) || version.share().is_some_and(is_found) && !chosen
    }

    /// The key of a state.
    pub fn key_of(&self, state: StateId) -> &Key {
        &self.keys[self.states[state.index()].key.index()]
    }
}

impl Version {
    /// The end of its lines, if it pays.
    pub fn pay(&self) -> Option<&Pay> {
        self.nodes.iter().find_map(|node| if let Node::Pay(pay) = node { Some(pay) } else { None })
    }

    /// How its lines are divided, if they are.
    pub fn share(&self) -> Option<&Share> {
        self.nodes.iter().find_map(|node| if let Node::Share(share) = node { Some(share) } else { None })
    }
}

/// Whether an expression can be evaluated for a row by itself: it reads no `let` of its rule, no level and no rank.
pub fn stands_alone(expr: &Expr) -> bool {
    let mut alone = !expr.has_level();
    expr.walk(&mut |expr| alone &= !matches!(expr.op, Op::Local(_) | Op::Rank));
    alone
}
