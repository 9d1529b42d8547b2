//! The two descriptions of words, the grammar file and the tokens, agree.

mod support;

use meed_grammar::{RESERVED, TokenKind, WORDS, tokens};
use std::collections::BTreeSet;

/// The grammar once more, for its pairs; the crate shows trees only.
mod grammar {
    /// The grammar of the language.
    #[derive(pest_derive::Parser)]
    #[grammar = "../meed.pest"]
    pub struct Grammar;
}

#[test]
fn every_leaf_of_the_grammar_is_one_token() {
    use pest::Parser;
    for (name, text) in support::programs() {
        let spans: BTreeSet<(usize, usize)> =
            tokens(&text).iter().map(|token| (token.span.start as usize, token.span.end as usize)).collect();
        let pairs =
            grammar::Grammar::parse(grammar::Rule::file, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for pair in pairs.flatten() {
            let leaf = pair.clone().into_inner().next().is_none();
            let span = (pair.as_span().start(), pair.as_span().end());
            if leaf && pair.as_rule() != grammar::Rule::EOI {
                assert!(spans.contains(&span), "{name}: {:?} `{}` is not one token", pair.as_rule(), pair.as_str());
            }
        }
    }
}

#[test]
fn the_words_of_the_grammar_are_those_of_the_tokens() {
    let file = include_str!("../meed.pest");
    let words: Vec<&str> = file.lines().filter_map(|line| line.strip_prefix("k_")?.split_whitespace().next()).collect();
    assert_eq!(words, WORDS.iter().filter(|word| **word != "else").copied().collect::<Vec<_>>());
    assert!(words.is_sorted() && WORDS.is_sorted() && RESERVED.is_sorted());
    let reserved =
        file.split("reserved = _{").nth(1).and_then(|rest| rest.split('}').next()).expect("the rule is there");
    let listed: BTreeSet<&str> = reserved.split('"').skip(1).step_by(2).collect();
    assert_eq!(listed, RESERVED.iter().copied().collect());
    assert!(RESERVED.iter().all(|word| tokens(word)[0].kind == TokenKind::Keyword));
}
