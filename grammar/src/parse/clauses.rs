//! Clauses of a rule, in whatever order they were written.

use super::node::Node;
use super::sets::{way, whole_number};
use super::{Rule, ambiguity, expressions, items, splits};
use crate::problem::Problem;
use crate::tree::{
    Account, Clause, ClauseKind, Expr, ExprKind, Returns, Rule as RuleItem, Text, Ties, UnknownMeans, UnknownMeansKind,
};

/// `rule NAME "title" { … }`
pub(super) fn rule(node: &Node<'_, '_>) -> RuleItem {
    let mut clauses: Vec<Clause> = Vec::new();
    for part in node.parts() {
        let kind = match part.rule() {
            Rule::mistake_if => Some(if_for_where(&part, clauses.last().map(|clause| &clause.kind))),
            _ => clause(&part),
        };
        clauses.extend(kind.map(|kind| Clause { kind, span: part.span() }));
    }
    RuleItem { name: node.name(), title: node.quoted(), clauses, span: node.span() }
}

fn clause(node: &Node<'_, '_>) -> Option<ClauseKind> {
    Some(match node.rule() {
        Rule::for_each => {
            let per = node.part(Rule::for_per);
            let own_year = per.as_ref().and_then(|per| per.part(Rule::own_year));
            ClauseKind::ForEach {
                subject: node.name(),
                per: per.map(|per| per.name()),
                from: own_year.and_then(|own| own.part(Rule::path)).map(|from| from.to_path()),
                by: node.part(Rule::path).map(|by| by.to_path()),
            }
        }
        Rule::for_payment => ClauseKind::ForEachPayment { rule: node.name(), credit: node.span_of(Rule::of_credit) },
        Rule::active => ClauseKind::Active(items::active(node)),
        Rule::where_clause => ClauseKind::Where { condition: expressions::only(node), unknown: unknown_means(node) },
        Rule::let_clause => {
            ClauseKind::Let { name: node.name(), value: expressions::only(node), unknown: unknown_means(node) }
        }
        Rule::set_clause => {
            ClauseKind::Set { name: node.name(), value: expressions::only(node), unknown: unknown_means(node) }
        }
        Rule::first_per => ClauseKind::FirstPer {
            most: node.part(Rule::number).map(|most| Text { value: most.text().to_owned(), span: most.span() }),
            per: node.per(),
            ever: node.span_of(Rule::ever),
        },
        Rule::pay => {
            let (payee, amount) = payee_and_amount(node);
            ClauseKind::Pay { payee, amount, unknown: unknown_means(node) }
        }
        Rule::pay_split => splits::pay_split(node),
        Rule::pay_each => {
            ClauseKind::PayEach { way: way(node), amount: expressions::only(node), unknown: unknown_means(node) }
        }
        Rule::take_back => {
            let (payee, amount) = payee_and_amount(node);
            ClauseKind::TakeBack { payee, amount, unknown: unknown_means(node) }
        }
        Rule::at_most | Rule::at_least => limit(node)?,
        Rule::ranked => {
            let ties = node.parts().find_map(|part| {
                Some((
                    match part.rule() {
                        Rule::ties_share => Ties::SharePrizes,
                        Rule::ties_earliest => Ties::ToTheEarliest,
                        Rule::ties_keep => Ties::KeepRank,
                        _ => return None,
                    },
                    part.span(),
                ))
            });
            ClauseKind::RankedBy {
                measure: expressions::only(node),
                ties: ties.map(|(ties, _)| ties),
                ties_span: ties.map(|(_, span)| span),
            }
        }
        Rule::keep_top => ClauseKind::KeepTop(expressions::only(node)),
        Rule::hold => ClauseKind::Hold {
            until: expressions::only(node),
            per: node.per(),
            paid_per: node.part(Rule::hold_paid).map(|part| expressions::period_word(&part)),
            all_at_end: node.span_of(Rule::hold_end),
        },
        Rule::add_to => ClauseKind::Add {
            amount: node
                .part(Rule::amount)
                .map_or_else(|| expressions::damaged(node), |amount| expressions::value(&amount)),
            account: account(node),
            at_start: node.span_of(Rule::add_start),
            until: node.part(Rule::add_until).map(|until| expressions::only(&until)),
        },
        Rule::due => ClauseKind::Due { day: expressions::only(node), unknown: unknown_means(node) },
        Rule::in_parts => ClauseKind::InParts {
            number: whole_number(node),
            number_span: node.span_of(Rule::number).unwrap_or_else(|| node.span()),
            period: expressions::period_word(node),
        },
        Rule::change_nothing => ClauseKind::Returns(Returns::ChangeNothing),
        Rule::returns_within => ClauseKind::Returns(Returns::Within(whole_number(node))),
        Rule::take_back_paid => ClauseKind::Returns(Returns::TakeBackPaid),
        Rule::take_back_added => ClauseKind::Returns(Returns::TakeBackAdded),
        Rule::mistake_first => missing_per(node),
        _ => return None,
    })
}

/// A limit; none for what is none.
pub(super) fn limit(node: &Node<'_, '_>) -> Option<ClauseKind> {
    if matches!(node.rule(), Rule::at_most | Rule::at_least) {
        ambiguity::rounded_limit(node);
    }
    Some(match node.rule() {
        Rule::at_most if let Some(number) = node.part(Rule::number_of_payments) => {
            ClauseKind::AtMostPayments { most: expressions::only(&number), per: node.per() }
        }
        Rule::at_most => ClauseKind::AtMost {
            amount: expressions::only(node),
            per: node.per(),
            pro_rata: node.span_of(Rule::pro_rata),
        },
        Rule::at_least => ClauseKind::AtLeast { amount: expressions::only(node), per: node.per() },
        _ => return None,
    })
}

/// What a clause is called that is read but not run; none for what is no clause.
/// The balance named in a node, and whose.
fn account(node: &Node<'_, '_>) -> Account {
    node.part(Rule::account).map_or_else(|| to_account(node), |account| to_account(&account))
}

/// A node as a balance, and whose.
pub(super) fn to_account(node: &Node<'_, '_>) -> Account {
    Account { balance: node.name(), of: node.part(Rule::path).map(|path| path.to_path()), span: node.span() }
}

/// Who is paid, where somebody is named.
pub(super) fn payee(node: &Node<'_, '_>) -> Option<Expr> {
    node.part(Rule::payee).map(|payee| {
        let row = expressions::only(&payee);
        match payee.part(Rule::field_of) {
            Some(field) => {
                let kind = ExprKind::FieldOf { row: Box::new(row), field: field.to_path() };
                Expr { kind, span: payee.span() }
            }
            None => row,
        }
    })
}

fn payee_and_amount(node: &Node<'_, '_>) -> (Option<Expr>, Expr) {
    let payee = payee(node);
    let amount = node.part(Rule::amount).map(|amount| expressions::value(&amount));
    (payee, amount.unwrap_or_else(|| expressions::damaged(node)))
}

pub(super) fn unknown_means(node: &Node<'_, '_>) -> Option<UnknownMeans> {
    let means = node.part(Rule::unknown_means)?;
    let kind = means.parts().find_map(|part| {
        Some(match part.rule() {
            Rule::k_nobody => UnknownMeansKind::Nobody,
            Rule::yes => UnknownMeansKind::Yes,
            Rule::no => UnknownMeansKind::No,
            _ => UnknownMeansKind::Value(Box::new(expressions::operand(&part)?)),
        })
    });
    Some(UnknownMeans { kind: kind?, span: means.span() })
}

/// `if` in place of `where`. Behind a first it says which first is paid or what can be one; behind a payment or a limit it
/// belongs to that amount.
fn if_for_where(node: &Node<'_, '_>, before: Option<&ClauseKind>) -> ClauseKind {
    let word = node.span_of(Rule::k_if).unwrap_or_else(|| node.span());
    let problem = Problem::error("if-for-where", word, "a rule's condition begins with `where`");
    node.reader.report(match before {
        Some(ClauseKind::FirstPer { .. }) => problem
            .label("what can be the first, or which first is paid?")
            .help("write a `where` above the `first per` for what can be the first, below it for which of them is paid"),
        Some(ClauseKind::AtMost { .. } | ClauseKind::AtMostPayments { .. } | ClauseKind::AtLeast { .. }) => problem
            .label("this limit alone has no condition")
            .help("write the condition into the amount: at most ($500 if level is \"gold\", otherwise $100) per partner per year"),
        Some(ClauseKind::Pay { .. } | ClauseKind::PaySplit { .. } | ClauseKind::TakeBack { .. }) => problem
            .label("`if` belongs inside an amount")
            .help("write a `where` above the payment, or the condition into the amount: ($500 if registered, otherwise $0)"),
        _ => problem.label("`if` belongs inside an amount").help("write `where`").sure(word, "where"),
    });
    ClauseKind::Where { condition: expressions::only(node), unknown: None }
}

fn missing_per(node: &Node<'_, '_>) -> ClauseKind {
    let first = node.span_of(Rule::k_first).unwrap_or_else(|| node.span());
    let path = node.part(Rule::path).map(|path| path.to_path());
    let shown = path.as_ref().and_then(|path| path.parts.first()).map_or("customer", |name| name.text.as_str());
    node.reader.report(
        Problem::error("missing-per", first, "missing `per`: first of what?")
            .label(format!("the first for each `{shown}`"))
            .help(format!("write `first per {shown} per program`, or `first per {shown} ever`")),
    );
    // That it says no period either is not told beside this.
    ClauseKind::FirstPer { most: None, per: path.into_iter().collect(), ever: Some(first) }
}
