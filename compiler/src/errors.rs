//! The pages of error codes, as `meed explain` prints them.

const PAGES: &[(&str, &str)] = &[
    ("aggregate-brackets", include_str!("../errors/aggregate-brackets.md")),
    ("and-or-brackets", include_str!("../errors/and-or-brackets.md")),
    ("comparison-chain", include_str!("../errors/comparison-chain.md")),
    ("curly-quotes", include_str!("../errors/curly-quotes.md")),
    ("else-for-otherwise", include_str!("../errors/else-for-otherwise.md")),
    ("half-up", include_str!("../errors/half-up.md")),
    ("if-for-where", include_str!("../errors/if-for-where.md")),
    ("invisible-character", include_str!("../errors/invisible-character.md")),
    ("list-brackets", include_str!("../errors/list-brackets.md")),
    ("minus-blanks", include_str!("../errors/minus-blanks.md")),
    ("missing-otherwise", include_str!("../errors/missing-otherwise.md")),
    ("missing-per", include_str!("../errors/missing-per.md")),
    ("missing-percent", include_str!("../errors/missing-percent.md")),
    ("not-closed", include_str!("../errors/not-closed.md")),
    ("of-brackets", include_str!("../errors/of-brackets.md")),
    ("quote-key", include_str!("../errors/quote-key.md")),
    ("semicolon", include_str!("../errors/semicolon.md")),
    ("too-deep", include_str!("../errors/too-deep.md")),
    ("unclosed-text", include_str!("../errors/unclosed-text.md")),
    ("unexpected", include_str!("../errors/unexpected.md")),
    ("unknown-character", include_str!("../errors/unknown-character.md")),
    ("wrong-comment", include_str!("../errors/wrong-comment.md")),
    ("wrong-date", include_str!("../errors/wrong-date.md")),
    ("wrong-money", include_str!("../errors/wrong-money.md")),
    ("wrong-number", include_str!("../errors/wrong-number.md")),
    ("wrong-percent", include_str!("../errors/wrong-percent.md")),
    ("wrong-sign", include_str!("../errors/wrong-sign.md")),
];

/// The page of a code.
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

/// All codes that have a page.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}
