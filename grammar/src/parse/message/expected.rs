//! What could have stood at a place, in words.

use super::super::{Rule, recovery};

/// The words that a rule may begin with, as far as they are of use in a message.
pub(super) fn words(rule: Rule) -> Vec<String> {
    let words: &[&str] = match rule {
        Rule::file | Rule::piece | Rule::prefix => recovery::OPENERS,
        Rule::shape => &["graduated", "retroactive", "curve"],
        Rule::field_type | Rule::plain_type | Rule::when_type => {
            &["id", "text", "count", "number", "percent", "money", "date", "one"]
        }
        Rule::mode => &["half", "away", "toward", "upward", "downward"],
        Rule::compare_op => &["is", "contains", "starts"],
        Rule::expect => &["expect"],
        Rule::period_unit => &["days", "months", "years"],
        Rule::active => &["active"],
        other => return keyword(other).into_iter().collect(),
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The word of a keyword rule.
fn keyword(rule: Rule) -> Option<String> {
    format!("{rule:?}").strip_prefix("k_").map(str::to_owned)
}

/// What was expected, in at most three parts.
pub(super) fn expectation(tried: &[Rule]) -> Option<String> {
    let has = |rules: &[Rule]| rules.iter().any(|rule| tried.contains(rule));
    let groups: &[(&str, &[Rule])] = &[
        ("an item such as `rule` or `entity`", &[Rule::k_rule, Rule::k_program, Rule::file, Rule::piece, Rule::prefix]),
        ("what this band pays: a rate or an amount", &[Rule::k_pays]),
        (
            "a value",
            &[
                Rule::condition,
                Rule::arithmetic,
                Rule::unary,
                Rule::amount,
                Rule::term,
                Rule::percent,
                Rule::money,
                Rule::bracket,
                Rule::payee,
                Rule::aggregate_value,
                Rule::named,
            ],
        ),
        ("the value to go on with an operator", &[Rule::plus_sign, Rule::k_and]),
        ("a clause such as `where` or `pay`", &[Rule::k_where, Rule::where_clause, Rule::k_pay]),
        ("a band such as `to` or `beyond`", &[Rule::k_beyond, Rule::bound_beyond, Rule::band]),
        ("a line such as `given` or `expect`", &[Rule::k_expect, Rule::expect]),
        ("a field", &[Rule::k_key, Rule::key, Rule::field]),
        ("a type such as `money` or `text`", &[Rule::field_type, Rule::plain_type]),
        ("a set such as `deal` or `(deal where …)`", &[Rule::set, Rule::set_bracket]),
        ("a name", &[Rule::name, Rule::path]),
        ("a text in quotes", &[Rule::text]),
        ("a whole number", &[Rule::number]),
        ("a key: a name, a number or a text", &[Rule::test_keys]),
        ("`{`", &[Rule::brace_open]),
        ("`}`", &[Rule::brace_close]),
        ("`)`", &[Rule::paren_close]),
        ("`]`", &[Rule::square_close]),
        ("`=`", &[Rule::equal]),
        ("`,`", &[Rule::comma]),
    ];
    let mut parts: Vec<String> =
        groups.iter().filter(|(_, rules)| has(rules)).map(|(text, _)| (*text).to_owned()).collect();
    let words: Vec<String> = tried.iter().filter_map(|rule| keyword(*rule)).map(|word| format!("`{word}`")).collect();
    if parts.len() + words.len() <= 3 || parts.is_empty() {
        parts.extend(words);
    }
    parts.truncate(3);
    match &parts[..] {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} or {last}", first.join(", "))),
    }
}
