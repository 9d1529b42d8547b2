//! What is kept for parties and drawn upon: development funds, advances, what is owed.

use super::{BalanceId, Expr, Node, Op, Period, Plan, RecordId, RuleId, UnitId, Version};
use meed_grammar::span::Span;

/// A balance: of each party, or of the program, an amount that rules add to and take from. What was added is a lot of its own, and what
/// is taken comes from the oldest lot first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Its name.
    pub name: String,
    /// Whose it is: a row of this record; none where the program has one.
    pub per: Option<RecordId>,
    /// In what it is kept.
    pub unit: UnitId,
    /// The end of which period after the one in which it was added ends a lot: so many of this kind.
    pub expires: Option<(u32, Period)>,
    /// Whether it may come to less than nothing; it has no lots then.
    pub may_be_negative: bool,
}

/// A balance, and whose.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Which.
    pub balance: BalanceId,
    /// The row of the record that it is kept per; none where it is the program's.
    pub owner: Option<Box<Expr>>,
}

/// `add X to B`
#[derive(Clone, Debug, PartialEq)]
pub struct Add {
    /// To what.
    pub account: Account,
    /// How much; less than nothing is taken from the oldest lots.
    pub amount: Expr,
    /// Whether it is there on the first day of the rule's period, and not on its last.
    pub at_start: bool,
    /// The last day of the lot, where it has its own.
    pub until: Option<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// `take X from A and B`: the least of what is asked and of what each has; a balance that may be negative has whatever is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct TakeFrom {
    /// From each of these.
    pub accounts: Vec<Account>,
    /// How much is asked, not below zero.
    pub amount: Expr,
    /// The whole value.
    pub span: Span,
}

impl Plan {
    /// The balance of this id.
    pub fn balance(&self, id: BalanceId) -> &Balance {
        &self.balances[id.index()]
    }

    /// The balance of this name.
    pub fn balance_named(&self, name: &str) -> Option<BalanceId> {
        self.balances.iter().position(|balance| balance.name == name).map(|idx| BalanceId(idx as u32))
    }

    /// By rule, the first of those that are done together with it because they act on balances that rules among them share; none for
    /// a rule no version of which acts on a balance.
    pub fn together(&self) -> Vec<Option<RuleId>> {
        let mut first_on: Vec<Option<usize>> = vec![None; self.balances.len()];
        let mut group: Vec<usize> = (0..self.rules.len()).collect();
        let mut acts = vec![false; self.rules.len()];
        if self.balances.is_empty() {
            return vec![None; self.rules.len()];
        }
        for (idx, rule) in self.rules.iter().enumerate() {
            for balance in rule.versions.iter().flat_map(|id| self.version(*id).balances()) {
                acts[idx] = true;
                let Some(first) = first_on.get_mut(balance.index()) else { continue };
                let other = *first.get_or_insert(idx);
                let (a, b) = (root(&group, other), root(&group, idx));
                group[a.max(b)] = a.min(b);
            }
        }
        let rule = |idx: usize| acts[idx].then(|| RuleId(root(&group, idx) as u32));
        (0..self.rules.len()).map(rule).collect()
    }
}

fn root(group: &[usize], mut idx: usize) -> usize {
    while group[idx] != idx {
        idx = group[idx];
    }
    idx
}

impl Version {
    /// The balances that it reads, adds to or takes from, each once.
    pub fn balances(&self) -> Vec<BalanceId> {
        let mut found: Vec<BalanceId> = Vec::new();
        let mut note = |id: BalanceId| {
            if !found.contains(&id) {
                found.push(id);
            }
        };
        for node in &self.nodes {
            match node {
                Node::Add(add) => note(add.account.balance),
                Node::TakeFrom(take) => take.accounts.iter().for_each(|account| note(account.balance)),
                _ => {}
            }
            for expr in node.exprs() {
                expr.walk(&mut |expr| {
                    if let Op::Balance(account) = &expr.op {
                        note(account.balance);
                    }
                });
            }
        }
        found
    }

    /// Whether it reads or changes a balance.
    pub fn acts_on_balances(&self) -> bool {
        !self.balances().is_empty()
    }

    /// Whether it acts on the first day of its period.
    pub fn acts_at_start(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Add(Add { at_start: true, .. })))
    }
}
