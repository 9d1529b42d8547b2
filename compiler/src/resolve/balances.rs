//! Rules that act on the same balances: they are done together, row by row in one order.

use super::Resolved;
use meed_grammar::steps;
use meed_grammar::tree::{ClauseKind, Expr, ExprKind, Parties, Rule};
use rustc_hash::{FxHashMap, FxHashSet};

impl Resolved {
    /// By rule, by its place, the number of those that it is done with; rules that act on no balance are each alone.
    pub(super) fn on_balances(&self) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.rules.len()).collect();
        if self.balances.is_empty() {
            return group;
        }
        let mut first: FxHashMap<String, usize> = FxHashMap::default();
        for (idx, rule) in self.rules.iter().enumerate() {
            let balances = balances_of(rule);
            let names = balances.iter().map(|name| format!("balance {name}"));
            // All versions of a rule are done together; of a rule without balances that says nothing.
            for name in names.chain([format!("rule {}", rule.name.text)]) {
                steps::count(1);
                let other = *first.entry(name).or_insert(idx);
                join(&mut group, other, idx);
            }
        }
        let acts: FxHashSet<usize> = (0..group.len())
            .filter(|&idx| !balances_of(&self.rules[idx]).is_empty())
            .map(|idx| root(&group, idx))
            .collect();
        (0..group.len()).map(|idx| Some(root(&group, idx)).filter(|root| acts.contains(root)).unwrap_or(idx)).collect()
    }

    /// Whether a rule adds to a balance: these are typed first, so that the unit of a balance is known where it is read.
    pub(super) fn adds(&self, rule: usize) -> bool {
        self.rules[rule].clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Add { .. }))
    }
}

fn root(group: &[usize], mut idx: usize) -> usize {
    while group[idx] != idx {
        steps::count(1);
        idx = group[idx];
    }
    idx
}

fn join(group: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(group, a), root(group, b));
    group[a.max(b)] = a.min(b);
}

/// The names of the balances that a rule reads, adds to or takes from.
pub(super) fn balances_of(rule: &Rule) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for clause in &rule.clauses {
        let exprs: Vec<&Expr> = match &clause.kind {
            ClauseKind::Where { condition, .. } => vec![condition],
            ClauseKind::Let { value, .. } | ClauseKind::Set { value, .. } => vec![value],
            ClauseKind::Pay { payee, amount, .. } | ClauseKind::TakeBack { payee, amount, .. } => {
                payee.iter().chain([amount]).collect()
            }
            ClauseKind::PaySplit { amount, parties: Parties::Listed(_) | Parties::Found { .. }, .. }
            | ClauseKind::PayEach { amount, .. } => vec![amount],
            ClauseKind::Add { amount, account, until, .. } => {
                found.push(&account.balance.text);
                std::iter::once(amount).chain(until).collect()
            }
            ClauseKind::AtMost { amount, .. }
            | ClauseKind::AtMostPayments { most: amount, .. }
            | ClauseKind::AtLeast { amount, .. }
            | ClauseKind::Hold { until: amount, .. }
            | ClauseKind::Due { day: amount, .. }
            | ClauseKind::RankedBy { measure: amount, .. }
            | ClauseKind::KeepTop(amount) => vec![amount],
            ClauseKind::ForEach { .. }
            | ClauseKind::ForEachPayment { .. }
            | ClauseKind::Active(_)
            | ClauseKind::FirstPer { .. }
            | ClauseKind::InParts { .. }
            | ClauseKind::Returns(_) => Vec::new(),
        };
        exprs.into_iter().for_each(|expr| in_expr(expr, &mut found));
    }
    found
}

fn in_expr<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) {
    match &expr.kind {
        ExprKind::BalanceOf(account) => found.push(&account.balance.text),
        ExprKind::TakeFrom { accounts, .. } => {
            found.extend(accounts.iter().map(|account| account.balance.text.as_str()))
        }
        _ => {}
    }
    expr.children().into_iter().for_each(|child| in_expr(child, found));
}
