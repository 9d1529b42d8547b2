//! Into which parts the rows of a version may be cut.
//!
//! What a rule remembers it remembers per key, so that rows whose keys differ know nothing of one another. A phase is a stretch of a
//! version's work together with the rows that must stay in one part of it, in their order; rows go from phase to phase with what they have
//! found out so far. The output does not depend on how many parts there are. (Volcano's exchange operator: G. Graefe, "Encapsulation of
//! Parallelism in the Volcano Query Processing System", SIGMOD 1990.)

use super::{Expr, FoldId, Function, Key, Node, Op, Period, Plan, Stream, Version, VersionId};
use std::ops::Range;

/// A stretch of a version's work.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// What is done.
    pub work: Work,
    /// Which rows must stay in one part.
    pub together: Together,
}

/// What is done in a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// The rows of an aggregate go in, before the version runs.
    Fold(FoldId),
    /// Nodes of the version, over its rows.
    Rows(Range<usize>),
    /// Nodes of the version, over the lines that its rows have made.
    Lines(Range<usize>),
}

/// Which rows must stay in one part.
#[derive(Clone, Debug, PartialEq)]
pub enum Together {
    /// None: they may be cut anywhere.
    None,
    /// Those with the same values of these, as fields of the row.
    Alike {
        /// Whether who gets a line is the first of them.
        of_payee: bool,
        /// The fields.
        parts: Vec<Expr>,
        /// The period that holds the row's day, if it is one of them.
        period: Option<Period>,
    },
    /// All of them.
    All,
}

impl Plan {
    /// The phases of a version, in their order.
    pub fn phases(&self, id: VersionId) -> Vec<Phase> {
        let version = self.version(id);
        let fold = |fold: &FoldId| {
            let rows = self.matched(*fold);
            let parts = vec![rows.key.clone()];
            Phase { work: Work::Fold(*fold), together: Together::Alike { of_payee: false, parts, period: None } }
        };
        let mut phases: Vec<Phase> = version.folds.iter().map(fold).collect();
        let (rows, lines) = self.legs(version);
        if version.acts_on_balances() {
            // Rows of all rules on a balance take turns.
            phases.push(Phase { work: Work::Rows(rows), together: Together::All });
        } else {
            self.stretches(version, rows, Work::Rows, &mut phases);
        }
        if let Some(stacking) = self.stacking_of(id) {
            // What counts under the limits of one rule of a choice depends on what the others would pay.
            let rules = &self.stackings[stacking.index()].rules;
            let versions = rules.iter().flat_map(|rule| self.versions_of(*rule)).map(|id| self.version(id));
            let nodes = versions
                .flat_map(|version| version.nodes[self.legs(version).1].iter().map(move |node| (version, node)));
            let mut needed = nodes.filter_map(|(version, node)| self.together_at(version, node));
            let together = needed.try_fold(Together::None, |together, needed| together.and(&needed));
            phases.push(Phase { work: Work::Lines(lines), together: together.unwrap_or(Together::All) });
        } else if !lines.is_empty() {
            self.stretches(version, lines, Work::Lines, &mut phases);
        }
        phases
    }

    /// Cuts nodes where what is kept is kept per other things than before.
    fn stretches(
        &self,
        version: &Version,
        nodes: Range<usize>,
        work: fn(Range<usize>) -> Work,
        phases: &mut Vec<Phase>,
    ) {
        let mut first = nodes.start;
        let mut together = Together::None;
        for idx in nodes.clone() {
            let Some(needed) = self.together_at(version, &version.nodes[idx]) else { continue };
            match together.and(&needed) {
                Some(both) => together = both,
                None => {
                    let own = std::mem::replace(&mut together, needed);
                    phases.push(Phase { work: work(first..idx), together: own });
                    first = idx;
                }
            }
        }
        phases.push(Phase { work: work(first..nodes.end), together });
    }

    /// Which rows a node must see in one part; none where it remembers nothing.
    fn together_at(&self, version: &Version, node: &Node) -> Option<Together> {
        let state = match node {
            // Rows of one period are ranked together, which is the period of the rule.
            Node::Rank(_) => {
                let period = if let Stream::Periods(_, period) = version.stream { Some(period) } else { None };
                return Some(Together::alike(false, Vec::new(), period));
            }
            Node::TakeFrom(_) | Node::Add(_) => return Some(Together::All),
            other => other.state()?,
        };
        let Key { of_payee, parts, period, .. } = self.key_of(state);
        Some(Together::alike(*of_payee, parts.clone(), *period))
    }

    /// The fields, days, payments, decisions and sets that the work of a phase reads, with what tells rows apart.
    pub fn reads<'a>(&'a self, version: &'a Version, phase: &'a Phase) -> Vec<&'a Expr> {
        let exprs = match &phase.work {
            Work::Fold(fold) => self.exprs_of(*fold),
            Work::Rows(nodes) | Work::Lines(nodes) => {
                version.nodes[nodes.clone()].iter().flat_map(Node::exprs).collect()
            }
        };
        let kept: &[Expr] = if let Together::Alike { parts, .. } = &phase.together { parts } else { &[] };
        let mut reads: Vec<&Expr> = Vec::new();
        for expr in exprs.into_iter().chain(kept) {
            expr.walk(&mut |expr| {
                let is_read = match &expr.op {
                    Op::Field { .. }
                    | Op::When
                    | Op::PaymentAmount
                    | Op::Credit(_)
                    | Op::Decision { .. }
                    | Op::Fold(_)
                    | Op::Balance(_) => true,
                    Op::Call(function, _) => matches!(function, Function::Find { .. }),
                    _ => false,
                };
                if is_read && !reads.iter().any(|known| known.op == expr.op) {
                    reads.push(expr);
                }
            });
        }
        reads
    }
}

impl Together {
    /// Rows that are alike; of no field and no period, that is all of them.
    fn alike(of_payee: bool, parts: Vec<Expr>, period: Option<Period>) -> Self {
        let period = period.filter(|period| *period != Period::Program);
        if !of_payee && parts.is_empty() && period.is_none() {
            return Self::All;
        }
        Self::Alike { of_payee, parts, period }
    }

    /// What keeps together what each of two does; `None` where that is nothing less than all rows, and one of them asks for less.
    fn and(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::None, other) | (other, Self::None) => Some(other.clone()),
            (Self::All, Self::All) => Some(Self::All),
            (Self::All, _) | (_, Self::All) => None,
            (
                Self::Alike { of_payee, parts, period },
                Self::Alike { of_payee: other_payee, parts: other_parts, period: other_period },
            ) => {
                let is_common = |part: &&Expr| other_parts.iter().any(|other| other.op == part.op);
                let parts = parts.iter().filter(is_common).cloned().collect();
                let period = period.filter(|period| *other_period == Some(*period));
                Some(Self::alike(*of_payee && *other_payee, parts, period)).filter(|both| *both != Self::All)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FieldId, RecordId, Root, Type};
    use meed_grammar::span::Span;

    fn field(idx: u32) -> Expr {
        let op = Op::Field { root: Root::Row, record: RecordId(0), path: vec![FieldId(idx)] };
        Expr { op, ty: Type::Count, optional: false, span: Span::default() }
    }

    fn alike(parts: &[u32], period: Option<Period>) -> Together {
        Together::alike(false, parts.iter().copied().map(field).collect(), period)
    }

    #[test]
    fn what_two_keys_share_keeps_the_rows_of_both_together() {
        let (partner, rep) = (0, 1);
        let both = alike(&[partner, rep], Some(Period::Quarter)).and(&alike(&[partner], Some(Period::Year)));
        assert_eq!(both, Some(alike(&[partner], None)));
        assert_eq!(alike(&[partner], None).and(&alike(&[rep], None)), None);
        let quarter = alike(&[], Some(Period::Quarter));
        assert_eq!(alike(&[rep], Some(Period::Quarter)).and(&quarter), Some(quarter.clone()));
        assert_eq!(Together::None.and(&quarter), Some(quarter.clone()));
        assert_eq!(Together::All.and(&quarter), None);
        assert_eq!(alike(&[], Some(Period::Program)), Together::All);
        let program = Some(Period::Program);
        assert_eq!(alike(&[partner], program).and(&alike(&[rep], program)), None);
    }
}
