//! Visits of all expressions of a typed tree.

use super::{BandPays, Beyond, Clause, Limit, Over, Program, Shape, Version, When};
use crate::plan::{Expr, StackingPolicy};
use meed_grammar::span::Span;
use meed_grammar::steps;

/// Visits every expression in one, from the leaves up.
pub fn walk(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    steps::count(1);
    for child in expr.op.children_mut() {
        walk(child, visit);
    }
    visit(expr);
}

/// A value that is written at no place of its own: two readings of it are one, and nobody is told what it comes to.
pub fn without_places(mut value: Expr) -> Expr {
    walk(&mut value, &mut |expr| expr.span = Span::default());
    value
}

/// Visits every expression of a program.
pub fn every(program: &mut Program, visit: &mut impl FnMut(&mut Expr)) {
    let mut roots: Vec<&mut Expr> = Vec::new();
    for schedule in &mut program.schedules {
        match &mut schedule.shape {
            Shape::Graduated(bands) | Shape::Retroactive(bands) => {
                for band in bands {
                    roots.extend(band.upper.as_mut().map(|edge| &mut edge.value));
                    if let BandPays::Amount { rate, flat } = &mut band.pays {
                        roots.extend(rate.iter_mut().chain(flat));
                    }
                }
            }
            Shape::Curve { below, points, beyond } => {
                roots.push(below);
                roots.extend(points.iter_mut().flat_map(|(at, height)| [at, height]));
                if let Beyond::Value(height) = beyond {
                    roots.push(height);
                }
            }
            Shape::Every { size, pays, .. } => roots.extend([&mut **size, &mut **pays]),
        }
    }
    for stacking in &mut program.stackings {
        if let StackingPolicy::AllUpTo(most) = &mut stacking.policy {
            roots.push(most);
        }
    }
    roots.extend(program.set_reversals.iter_mut().map(|reversal| &mut reversal.rows));
    roots.extend(program.searches.iter_mut().flat_map(crate::plan::Search::exprs_mut));
    for version in program.rules.iter_mut().flat_map(|rule| &mut rule.versions) {
        roots.extend(exprs_of_version(version));
    }
    roots.into_iter().for_each(|root| walk(root, visit));
}

/// Every expression of a version that stands by itself.
pub fn exprs_of_version(version: &mut Version) -> Vec<&mut Expr> {
    let mut roots: Vec<&mut Expr> = Vec::new();
    for total in &mut version.totals {
        roots.extend(total.keys.parts.iter_mut().chain(&mut total.summands));
        if let Over::Set(filter) = &mut total.over {
            roots.extend(filter);
        }
    }
    for fold in &mut version.folds {
        roots.push(&mut fold.join);
        roots.extend(fold.filter.iter_mut().chain(&mut fold.value));
    }
    for clause in &mut version.clauses {
        match clause {
            Clause::Where(value) | Clause::Let(_, value) => roots.push(value),
            Clause::First(keys, _) => roots.extend(&mut keys.parts),
            Clause::Pay(pay) => {
                roots.extend(pay.payee.iter_mut().chain([&mut pay.amount]));
                roots.extend(pay.share.iter_mut().flat_map(crate::plan::Share::exprs_mut));
                if let When::Due(day, _) = &mut pay.when {
                    roots.push(day);
                }
            }
            Clause::Rank(rank) => {
                roots.push(&mut rank.measure);
                roots.extend(&mut rank.completed);
            }
            Clause::TakeFrom(take) => {
                roots.extend(take.accounts.iter_mut().filter_map(|account| account.owner.as_deref_mut()));
                roots.push(&mut take.amount);
            }
            Clause::Add(add) => {
                roots.extend(add.account.owner.as_deref_mut());
                roots.push(&mut add.amount);
                roots.extend(&mut add.until);
            }
            Clause::Limit(Limit::Each(amount)) => roots.push(amount),
            Clause::Limit(
                Limit::AtMost(amount, keys) | Limit::Payments(amount, keys) | Limit::AtLeast(amount, keys, _),
            ) => {
                roots.extend(std::iter::once(amount).chain(&mut keys.parts));
            }
            Clause::Set(..) | Clause::Total(_) => {}
        }
    }
    roots
}
