//! Balances that are always empty.

use crate::plan::{BalanceId, Node, Op, Plan};
use crate::resolve::Resolved;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::ClauseKind;

pub(super) fn balances(plan: &Plan, resolved: &Resolved, problems: &mut Vec<Problem>) {
    for (idx, balance) in plan.balances.iter().enumerate() {
        let id = BalanceId(idx as u32);
        let adds = |node: &Node| matches!(node, Node::Add(add) if add.account.balance == id);
        // A rule that has an error is not in the Plan, and may add all the same.
        let is_written = resolved.rules.iter().flat_map(|rule| &rule.clauses).any(|clause| match &clause.kind {
            ClauseKind::Add { account, .. } => account.balance.text == balance.name,
            _ => false,
        });
        if is_written || balance.may_be_negative || plan.versions.iter().flat_map(|version| &version.nodes).any(adds) {
            continue;
        }
        let Some(place) = drawn_upon(plan, id) else { continue };
        let declared = resolved.balances.iter().find(|declared| declared.name.text == balance.name);
        let span = declared.map_or(place, |declared| declared.name.span);
        let message = format!("nothing is ever added to `{}`", balance.name);
        let problem = Problem::warning("empty-balance", span, message).label("it is always empty");
        let help = format!("add to it in a rule of its own, such as: add 2% of amount to {}", balance.name);
        problems.push(problem.other(place, "here it is drawn upon").help(help));
    }
}

/// Where a balance is first taken from or asked.
fn drawn_upon(plan: &Plan, id: BalanceId) -> Option<Span> {
    let mut found = None;
    for node in plan.versions.iter().flat_map(|version| &version.nodes) {
        if let Node::TakeFrom(take) = node
            && take.accounts.iter().any(|account| account.balance == id)
        {
            found.get_or_insert(take.span);
        }
        for expr in node.exprs() {
            expr.walk(&mut |expr| {
                if matches!(&expr.op, Op::Balance(account) if account.balance == id) {
                    found.get_or_insert(expr.span);
                }
            });
        }
    }
    found
}
