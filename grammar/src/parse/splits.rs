//! `pay split`: what is divided, among whom, and by what.

use super::clauses::{payee, unknown_means};
use super::node::Node;
use super::{Rule, expressions, sets};
use crate::limits;
use crate::problem::Problem;
use crate::tree::{ClauseKind, CreditModel, Expr, ExprKind, Parties, Spare, SplitPart, SplitTake, SplitTo};

/// `pay split AMOUNT { … }`, `pay split AMOUNT among SET MODEL to PAYEE`
pub(super) fn pay_split(node: &Node<'_, '_>) -> ClauseKind {
    let amount = node.part(Rule::amount).map(|amount| expressions::value(&amount));
    let parties = match (node.part(Rule::split_parts), node.part(Rule::split_among)) {
        (Some(parts), _) => Parties::Listed(self::parts(&parts, 1)),
        (None, Some(among)) => Parties::Found {
            set: among.part(Rule::set).map_or_else(|| sets::set(&among), |set| sets::set(&set)),
            model: model(&among),
            payee: payee(&among).unwrap_or_else(|| expressions::damaged(&among)),
        },
        (None, None) => Parties::Listed(Vec::new()),
    };
    let spare = node.part(Rule::spare).map(|spare| match (spare.has(Rule::k_listed), spare.has(Rule::k_share)) {
        (true, _) => Spare::ListedOrder,
        (false, true) => Spare::LargestShare,
        (false, false) => Spare::LargestFraction,
    });
    ClauseKind::PaySplit {
        amount: amount.unwrap_or_else(|| expressions::damaged(node)),
        parties,
        spare,
        unknown: unknown_means(node),
    }
}

fn parts(node: &Node<'_, '_>, depth: usize) -> Vec<SplitPart> {
    if depth > limits::SPLIT {
        let message = format!("a split within a split within a split goes at most {} deep", limits::SPLIT);
        node.reader.report(
            Problem::error("over-limit", node.span(), message).help("write the shares of the whole side by side"),
        );
        return Vec::new();
    }
    node.parts_of(Rule::split_part).map(|part| self::part(&part, depth)).collect()
}

fn part(node: &Node<'_, '_>, depth: usize) -> SplitPart {
    let to = match (payee(node), node.part(Rule::split_parts)) {
        (Some(payee), _) => SplitTo::Payee(payee),
        (None, Some(parts)) => SplitTo::Split(self::parts(&parts, depth + 1)),
        (None, None) => SplitTo::Kept,
    };
    let value = |rule| node.part(rule).map(|take| expressions::only(&take));
    let take = match (value(Rule::split_share), value(Rule::split_up_to)) {
        (Some(share), _) => SplitTake::Share(share),
        (None, Some(most)) => SplitTake::UpTo(most),
        (None, None) => {
            // `kept` alone is what is left.
            if !node.has(Rule::split_rest) && to != SplitTo::Kept {
                node.reader.report(
                    Problem::error("bad-split", node.span(), "how much of the whole is this part?").help(
                        "write a share before it, such as 60% to partner, or: up to $10 to partner, rest to partner",
                    ),
                );
                return SplitPart { take: SplitTake::Share(expressions::damaged(node)), to, span: node.span() };
            }
            SplitTake::Rest
        }
    };
    SplitPart { take, to, span: node.span() }
}

fn model(node: &Node<'_, '_>) -> CreditModel {
    let found = node.parts().find_map(|part| {
        Some(match part.rule() {
            Rule::model_equal => CreditModel::EqualShares,
            Rule::model_weight => CreditModel::Weight(expressions::only(&part)),
            Rule::model_in_order => CreditModel::InOrder(expressions::only(&part)),
            Rule::model_touch if part.has(Rule::k_first) => CreditModel::FirstTouch,
            Rule::model_touch => CreditModel::LastTouch,
            Rule::model_places => {
                let mut shares = part.parts().filter_map(|share| expressions::operand(&share));
                let mut share = || shares.next().unwrap_or_else(|| expressions::damaged(&part));
                CreditModel::Places { first: share(), middle: share(), last: share() }
            }
            Rule::model_halving => CreditModel::Halving {
                days: part.part(Rule::number).map(|days| days.text().to_owned()).unwrap_or_default(),
                span: part.part(Rule::number).map_or_else(|| part.span(), |days| days.span()),
            },
            Rule::model_full => CreditModel::InFull,
            _ => return None,
        })
    });
    found.unwrap_or_else(|| CreditModel::Weight(Expr { kind: ExprKind::Damaged, span: node.span() }))
}
