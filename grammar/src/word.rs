//! The words of the language, and which of them a mistyped word was meant to be.
//!
//! Comes in: a word and the words that could have stood there. Goes out: the nearest of them by Damerau distance, a swap
//! of two neighbors counting as one step. Case does not count as a step of its own unless nothing else differs.

use crate::limits;
use crate::steps;

/// Words that are keywords wherever they are, sorted; all others are keywords in their place only.
pub const RESERVED: &[&str] = &[
    "and",
    "at",
    "between",
    "else",
    "if",
    "in",
    "is",
    "let",
    "not",
    "of",
    "or",
    "otherwise",
    "pay",
    "per",
    "throughout",
    "where",
];

/// Every word that the grammar knows, sorted.
pub const WORDS: &[&str] = &[
    "above",
    "active",
    "add",
    "added",
    "adds",
    "after",
    "all",
    "among",
    "and",
    "any",
    "are",
    "as",
    "at",
    "average",
    "away",
    "back",
    "balance",
    "band",
    "be",
    "before",
    "below",
    "between",
    "beyond",
    "by",
    "calendar",
    "case",
    "change",
    "choose",
    "completed",
    "contains",
    "count",
    "credit",
    "currency",
    "curve",
    "date",
    "dated",
    "day",
    "days",
    "decimal",
    "decimals",
    "decision",
    "distinct",
    "does",
    "down",
    "downward",
    "due",
    "each",
    "earliest",
    "empty",
    "end",
    "ending",
    "ends",
    "entity",
    "equal",
    "even",
    "event",
    "ever",
    "every",
    "everyone",
    "expect",
    "expires",
    "extend",
    "first",
    "fiscal",
    "flat",
    "for",
    "fraction",
    "from",
    "full",
    "given",
    "gives",
    "graduated",
    "half",
    "halving",
    "header",
    "highest",
    "history",
    "hold",
    "id",
    "if",
    "ignoring",
    "in",
    "is",
    "it",
    "its",
    "keep",
    "kept",
    "key",
    "kind",
    "known",
    "largest",
    "last",
    "latest",
    "least",
    "let",
    "level",
    "levels",
    "limit",
    "line",
    "listed",
    "lowest",
    "match",
    "matches",
    "may",
    "means",
    "middle",
    "mirrored",
    "missing",
    "money",
    "month",
    "months",
    "more",
    "most",
    "multiples",
    "named",
    "nearest",
    "negative",
    "no",
    "nobody",
    "none",
    "not",
    "nothing",
    "number",
    "odd",
    "of",
    "one",
    "optional",
    "or",
    "order",
    "other",
    "otherwise",
    "over",
    "paid",
    "parameter",
    "parts",
    "pay",
    "payment",
    "payments",
    "pays",
    "per",
    "percent",
    "periods",
    "plus",
    "previous",
    "prizes",
    "pro",
    "program",
    "quarter",
    "quarters",
    "rank",
    "ranked",
    "rata",
    "rate",
    "rates",
    "rejected",
    "reported",
    "rest",
    "retroactive",
    "returns",
    "reverses",
    "round",
    "rounded",
    "row",
    "rows",
    "rule",
    "running",
    "same",
    "schedule",
    "set",
    "settled",
    "share",
    "shares",
    "sheet",
    "skip",
    "smallest",
    "source",
    "spare",
    "split",
    "start",
    "started",
    "starts",
    "stood",
    "sum",
    "table",
    "take",
    "test",
    "text",
    "the",
    "there",
    "this",
    "through",
    "throughout",
    "time",
    "to",
    "top",
    "totals",
    "touch",
    "toward",
    "unit",
    "unknown",
    "until",
    "up",
    "upward",
    "use",
    "was",
    "week",
    "weeks",
    "weight",
    "what",
    "when",
    "where",
    "whole",
    "with",
    "within",
    "year",
    "years",
    "yes",
    "zero",
];

/// Whether a word is one that the grammar knows.
pub(crate) fn is_word(word: &str) -> bool {
    WORDS.binary_search(&word).is_ok()
}

/// The candidate nearest to `word`, if one is near enough to be what was meant: one step for short words, two from five
/// letters on, three from nine.
///
/// ```
/// assert_eq!(meed_grammar::nearest("wehre", ["where", "when"]), Some("where"));
/// assert_eq!(meed_grammar::nearest("amount", ["where", "when"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().nth(limits::NAME).is_some() {
        return None;
    }
    let lower = word.to_lowercase();
    let letters = lower.chars().count();
    let allowed = match letters {
        0 | 1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let mut best: Option<((usize, bool), &'a str)> = None;
    for candidate in candidates {
        steps::count(1);
        if candidate == word || candidate.chars().count().abs_diff(letters) > allowed {
            continue;
        }
        let candidate_lower = candidate.to_lowercase();
        let distance = distance(&lower, &candidate_lower);
        // Of two at one distance the one with the same letters was meant: `fo` is `of` rather than `for`.
        let rank = (distance, sorted(&lower) != sorted(&candidate_lower));
        if distance <= allowed && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Steps from one word to the other: a letter more, less, or other, or two neighbors swapped.
#[expect(
    clippy::indexing_slicing,
    reason = "each row of steps is one longer than the word whose letters the columns count"
)]
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &letter) in from.iter().enumerate() {
        let mut current = vec![row + 1; to.len() + 1];
        for (column, &other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != other);
            let mut steps = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && letter == to[column - 1] && from[row - 1] == other {
                steps = steps.min(before_last[column - 1] + 1);
            }
            current[column + 1] = steps;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}
