//! One limit over what several rules pay together.

use super::{FieldId, Period, Plan, RecordId, RuleId, SharedLimitId, UnitId};
use meed_grammar::span::Span;

/// A limit over the lines of several rules, after the limits of their own: line by line in the one order, and of one row as the rules are
/// written.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedLimit {
    /// Its name.
    pub name: String,
    /// The rules, as they are named.
    pub rules: Vec<RuleId>,
    /// The unit in which all of them pay.
    pub unit: UnitId,
    /// How much.
    pub most: Most,
    /// Of whom.
    pub per: Whose,
    /// In which time.
    pub period: Option<Period>,
    /// The place of the amount.
    pub span: Span,
}

/// How much rules pay together at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// In smallest units: a line is the change of min(Σ, M).
    Amount(i64),
    /// In smallest units, of which every line gets the same share: with the sum S of all lines and f = min(1, M / S) a line is the change of
    /// round(f * Σ).
    InProportion(i64),
    /// So many lines above zero; others pass.
    Payments(i64),
}

/// Whose lines a shared limit counts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those of each payee, of whatever kind.
    Payee,
    /// Those of each party that payees of a kind are or, by a path of references, belong to. Lines of other kinds pass, as do those of a
    /// payee without the party.
    Party(RecordId, Vec<FieldId>),
}

impl Plan {
    /// The limit of this id.
    pub fn shared_limit(&self, id: SharedLimitId) -> &SharedLimit {
        &self.shared_limits[id.index()]
    }

    /// By rule, the first of those whose lines are known together with its own, because limits are over them; none where none is.
    pub fn limited_together(&self) -> Vec<Option<RuleId>> {
        let mut first: Vec<Option<usize>> = vec![None; self.rules.len()];
        for limit in &self.shared_limits {
            let mut joined: Vec<usize> = limit.rules.iter().filter_map(|rule| first[rule.index()]).collect();
            joined.extend(limit.rules.iter().map(|rule| rule.index()));
            let Some(&least) = joined.iter().min() else { continue };
            for rule in first.iter_mut().filter(|rule| rule.is_some_and(|rule| joined.contains(&rule))) {
                *rule = Some(least);
            }
            limit.rules.iter().for_each(|rule| first[rule.index()] = Some(least));
        }
        first.into_iter().map(|rule| rule.map(|rule| RuleId(rule as u32))).collect()
    }
}
