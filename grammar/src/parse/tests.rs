//! Tests and their lines.

use super::node::Node;
use super::{Rule, expressions};
use crate::tree::{Test, TestKey, TestStep, TestStepKind, Text};
use unicode_normalization::UnicodeNormalization;

/// `test "title" { … }`
pub(super) fn test(node: &Node<'_, '_>) -> Test {
    let title = node.quoted().unwrap_or_else(|| Text { value: String::new(), span: node.span() });
    let steps = node.parts().filter_map(|part| Some(TestStep { kind: step(&part)?, span: part.span() })).collect();
    Test { title, steps, span: node.span() }
}

fn step(node: &Node<'_, '_>) -> Option<TestStepKind> {
    Some(match node.rule() {
        Rule::given_from => TestStepKind::GivenFrom { record: node.name(), file: node.quoted()? },
        Rule::given => {
            let fields = node.part(Rule::given_fields).map(|fields| {
                let each = fields.parts_of(Rule::given_field);
                each.map(|field| (field.name(), expressions::last(&field))).collect()
            });
            let days = node.part(Rule::given_span).map(|span| {
                let to = span.has(Rule::k_to).then(|| expressions::last(&span));
                Box::new((expressions::only(&span), to))
            });
            TestStepKind::Given { record: node.name(), key: keys(node)?, days, fields: fields.unwrap_or_default() }
        }
        Rule::through => TestStepKind::Through(expressions::only(node)),
        Rule::with => TestStepKind::With { parameter: node.name(), value: expressions::last(node) },
        Rule::expect => node.parts().find_map(|part| expect(&part))?,
        _ => return None,
    })
}

fn expect(node: &Node<'_, '_>) -> Option<TestStepKind> {
    let for_key = || node.part(Rule::for_key).and_then(|for_key| keys(&for_key));
    Some(match node.rule() {
        Rule::no_other => TestStepKind::NoOtherPayments,
        Rule::totals_from => TestStepKind::TotalsFrom(node.quoted()?),
        Rule::does_not_pay => TestStepKind::DoesNotPay {
            rule: node.name(),
            payee: keys(node),
            for_key: for_key(),
            in_period: in_period(node),
        },
        Rule::expect_pays => TestStepKind::Pays {
            rule: node.name(),
            payee: keys(node)?,
            amount: expressions::last(node),
            for_key: for_key(),
            in_period: in_period(node),
        },
        Rule::decides => TestStepKind::Decides {
            name: node.name(),
            key: keys(node)?,
            in_period: in_period(node),
            value: (!node.has(Rule::k_unknown)).then(|| expressions::last(node)),
        },
        Rule::holds_balance => {
            TestStepKind::Balance { name: node.name(), key: keys(node), value: expressions::last(node) }
        }
        Rule::rejected => TestStepKind::Rejected(keys(node)?),
        _ => return None,
    })
}

fn keys(node: &Node<'_, '_>) -> Option<Vec<TestKey>> {
    let keys = node.part(Rule::test_keys)?;
    Some(keys.parts().filter_map(|part| key(&part)).collect())
}

fn key(node: &Node<'_, '_>) -> Option<TestKey> {
    let text = match node.rule() {
        Rule::text => node.to_text().value,
        Rule::name | Rule::number | Rule::date | Rule::period_name => node.text().nfc().collect(),
        _ => return None,
    };
    Some(TestKey { text, span: node.span() })
}

fn in_period(node: &Node<'_, '_>) -> Option<Text> {
    let period = node.part(Rule::in_period)?;
    period.parts().find_map(|part| key(&part)).map(|key| Text { value: key.text, span: key.span })
}
