//! Words of sheets, of other languages and of everyday speech, and what is written for them here.
//!
//! The one table of such idioms: the parser looks phrases up where a word does not fit, the compiler names and functions that it
//! does not know. An idiom is looked for before a typing mistake.

use Written::{Either, Nothing, Otherwise, Perhaps, Same};

/// Words in a row that are written otherwise here.
pub(crate) struct Phrase {
    /// The kind of item it occurs in.
    pub item: &'static str,
    /// The words, the one that could not be read among them.
    pub words: &'static [&'static str],
    /// Which of them could not be read.
    pub found: usize,
    /// What is written for all of them.
    pub written: &'static Written,
}

/// What is written for a phrase.
pub(crate) enum Written {
    /// Nothing; they are removed.
    Nothing,
    /// Words that mean the same.
    Same(&'static str),
    /// Words that mean nearly the same: whether a last day is in, only the writer knows.
    Perhaps(&'static str),
    /// One or the other; the language leaves the choice to the writer.
    Either(&'static str, &'static str),
    /// Something of another shape, which the help shows.
    Otherwise(&'static str),
}

const fn phrase(item: &'static str, words: &'static [&'static str], found: usize, written: &'static Written) -> Phrase {
    Phrase { item, words, found, written }
}

/// The first that fits counts.
pub(crate) const PHRASES: &[Phrase] = &[
    phrase("rule", &["for", "every"], 1, &Same("for each")),
    phrase("rule", &["for", "all"], 1, &Same("for each")),
    phrase("rule", &["for", "any"], 1, &Same("for each")),
    phrase("rule", &["then"], 0, &Nothing),
    phrase("rule", &["up", "to"], 0, &Same("at most")),
    phrase("rule", &["max"], 0, &Same("at most")),
    phrase("rule", &["maximum"], 0, &Same("at most")),
    phrase("rule", &["capped", "at"], 0, &Same("at most")),
    phrase("rule", &["cap"], 0, &Same("at most")),
    phrase("rule", &["limited", "to"], 0, &Same("at most")),
    phrase("rule", &["is", "greater", "than"], 2, &Same(">")),
    phrase("rule", &["is", "more", "than"], 2, &Same(">")),
    phrase("rule", &["is", "larger", "than"], 2, &Same(">")),
    phrase("rule", &["is", "less", "than"], 2, &Same("<")),
    phrase("rule", &["is", "smaller", "than"], 2, &Same("<")),
    phrase("rule", &["greater", "than"], 0, &Same(">")),
    phrase("rule", &["more", "than"], 0, &Same(">")),
    phrase("rule", &["less", "than"], 0, &Same("<")),
    phrase("rule", &["equals"], 0, &Same("=")),
    phrase("schedule", &["up", "to"], 0, &Same("to")),
    phrase("schedule", &["less", "than"], 0, &Same("below")),
    phrase("schedule", &["under"], 0, &Same("below")),
    phrase("schedule", &["more", "than"], 0, &Same("beyond")),
    phrase("schedule", &["above"], 0, &Same("beyond")),
    phrase("schedule", &["over"], 0, &Same("beyond")),
    phrase("schedule", &["otherwise"], 0, &Same("beyond")),
    phrase("schedule", &["tiered"], 0, &Either("graduated", "retroactive")),
    phrase("schedule", &["marginal"], 0, &Same("graduated")),
    phrase("schedule", &["progressive"], 0, &Same("graduated")),
    phrase("schedule", &["incremental"], 0, &Same("graduated")),
    phrase("schedule", &["cliff"], 0, &Same("retroactive")),
    phrase("schedule", &["="], 0, &Nothing),
    phrase("test", &["="], 0, &Nothing),
    phrase("rule", &["than"], 0, &Otherwise("write `>`, `<`, `>=` or `<=` between two values: amount >= $1,000")),
    phrase("rule", &["is", "at", "least"], 1, &Same(">=")),
    phrase("rule", &["is", "at", "most"], 1, &Same("<=")),
    phrase("rule", &["rounded", "up"], 1, &Either("rounded away from zero", "rounded upward")),
    phrase("rule", &["rounded", "down"], 1, &Either("rounded toward zero", "rounded downward")),
    phrase("rule", &["active", "until"], 1, &Perhaps("active to")),
    phrase("rule", &["active", "until"], 2, &Perhaps("active to")),
    phrase("rule", &["until"], 0, &Perhaps("active to")),
    phrase("rule", &["in", "two", "parts"], 2, &Same("in 2 parts")),
    phrase("rule", &["in", "three", "parts"], 2, &Same("in 3 parts")),
    phrase("rule", &["in", "four", "parts"], 2, &Same("in 4 parts")),
    phrase("rule", &["in", "six", "parts"], 2, &Same("in 6 parts")),
    phrase("rule", &["in", "twelve", "parts"], 2, &Same("in 12 parts")),
    phrase("rule", &["equal", "parts"], 0, &Same("parts")),
    phrase("rule", &["installments"], 0, &Otherwise("equal parts are written so: `in 4 parts per quarter`")),
    phrase("rule", &["pays"], 0, &Same("pay")),
    phrase("rule", &["reaches"], 0, &Same(">=")),
    phrase("rule", &["into"], 0, &Same("to")),
    phrase("rule", &["calendar", "year"], 0, &Same("year")),
    phrase(
        "rule",
        &["due", "after"],
        1,
        &Otherwise("write the day on which it is due: `, due 90 days after closed_on`"),
    ),
    phrase("rule", &["due", "on"], 1, &Same("due")),
    phrase("rule", &["due", "net"], 1, &Otherwise("write the day on which it is due: `, due 90 days after closed_on`")),
    phrase("rule", &["monthly", "parts"], 0, &Same("parts per month")),
    phrase("rule", &["quarterly", "parts"], 0, &Same("parts per quarter")),
    phrase("rule", &["yearly", "parts"], 0, &Same("parts per year")),
    phrase("rule", &["days", "from"], 1, &Same("days after")),
    phrase("rule", &["due", "in"], 1, &Otherwise("write the day on which it is due: `, due 30 days after closed_on`")),
    phrase(
        "rule",
        &["within"],
        0,
        &Otherwise("a window belongs to a set in brackets: `count of (deal within 90 days) > 0`"),
    ),
    phrase(
        "rule",
        &["has"],
        0,
        &Otherwise("what other rows say is asked of a set: `count of (completion where course is \"A\") > 0`"),
    ),
    phrase(
        "rule",
        &["have"],
        0,
        &Otherwise("what other rows say is asked of a set: `count of (completion where course is \"A\") > 0`"),
    ),
    phrase("rule", &["exists"], 0, &Otherwise("count the rows of a set: `count of (referral where approved) > 0`")),
    phrase(
        "rule",
        &["like"],
        0,
        &Otherwise(
            "a part of a text is found by `contains \"Cloud\"`, `starts with \"Cloud\"` or `ends with \"Cloud\"`, without signs for any letter",
        ),
    ),
    phrase(
        "rule",
        &["last", "month"],
        0,
        &Otherwise("an earlier period is a window of a set: `sum of amount in (deal previous month)`"),
    ),
    phrase(
        "rule",
        &["last", "quarter"],
        0,
        &Otherwise("an earlier period is a window of a set: `sum of amount in (deal previous quarter)`"),
    ),
    phrase(
        "rule",
        &["last", "year"],
        0,
        &Otherwise("an earlier period is a window of a set: `sum of amount in (deal previous year)`"),
    ),
    phrase(
        "rule",
        &["from"],
        0,
        &Otherwise(
            "what a balance holds is taken by `take`: `let got = take 50% of cost from mdf`, then `pay partner got`",
        ),
    ),
];

/// What is meant by a name that is not known, by what it is called elsewhere.
pub fn name(name: &str) -> Option<&'static str> {
    find(NAMES, name)
}

/// How a function of sheets is written here, by an example.
pub fn function(name: &str) -> Option<&'static str> {
    find(FUNCTIONS, name)
}

/// The type that is called otherwise elsewhere.
pub fn type_called(name: &str) -> Option<&'static str> {
    find(TYPES, name)
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let place = table.binary_search_by_key(&name.as_str(), |(other, _)| other).ok()?;
    table.get(place).map(|(_, meant)| *meant)
}

/// Sorted.
const NAMES: &[(&str, &str)] = &[
    ("april", "a month is written by its days: `closed_on between 2026-04-01 and 2026-04-30`"),
    ("august", "a month is written by its days: `closed_on between 2026-08-01 and 2026-08-31`"),
    ("blank", "a value that is there `is known`, one that is not `is unknown`"),
    ("december", "a month is written by its days: `closed_on between 2026-12-01 and 2026-12-31`"),
    ("empty", "a value that is there `is known`, one that is not `is unknown`"),
    ("exists", "a value that is there `is known`; rows are counted: `count of (referral where approved) > 0`"),
    ("false", "write `no`, or `not` before the condition"),
    ("february", "a month is written by its days: `closed_on between 2026-02-01 and 2026-02-28`"),
    ("january", "a month is written by its days: `closed_on between 2026-01-01 and 2026-01-31`"),
    ("july", "a month is written by its days: `closed_on between 2026-07-01 and 2026-07-31`"),
    ("june", "a month is written by its days: `closed_on between 2026-06-01 and 2026-06-30`"),
    ("march", "a month is written by its days: `closed_on between 2026-03-01 and 2026-03-31`"),
    ("missing", "a value that is there `is known`, one that is not `is unknown`"),
    ("new", "to pay once for each, write a clause such as `first per customer ever`"),
    ("november", "a month is written by its days: `closed_on between 2026-11-01 and 2026-11-30`"),
    ("null", "a value that is there `is known`, one that is not `is unknown`"),
    ("number", "a number of rows is a count: `count of deal`"),
    ("october", "a month is written by its days: `closed_on between 2026-10-01 and 2026-10-31`"),
    ("q1", "a quarter is written by its days: `closed_on between 2026-01-01 and 2026-03-31`"),
    ("q2", "a quarter is written by its days: `closed_on between 2026-04-01 and 2026-06-30`"),
    ("q3", "a quarter is written by its days: `closed_on between 2026-07-01 and 2026-09-30`"),
    ("q4", "a quarter is written by its days: `closed_on between 2026-10-01 and 2026-12-31`"),
    ("september", "a month is written by its days: `closed_on between 2026-09-01 and 2026-09-30`"),
    ("today", "a program does not know the day on which it is run; compare with a date, such as 2026-06-30"),
    ("total", "a total is `sum of deal.amount`"),
    ("true", "write `yes`, or the condition alone"),
    ("volume", "a volume is a sum: `sum of deal.amount`"),
];

/// The word of the language for what a writer calls `smaller of (a, b)`.
pub fn function_word(written: &str) -> Option<&'static str> {
    match written {
        "smaller" | "lesser" | "lower" | "lowest" | "min" | "minimum" => Some("smallest"),
        "larger" | "greater" | "bigger" | "higher" | "highest" | "max" | "maximum" => Some("largest"),
        _ => None,
    }
}

/// Sorted.
const FUNCTIONS: &[(&str, &str)] = &[
    ("abs", "largest of (amount, -amount)"),
    ("average", "average of deal.amount"),
    ("avg", "average of deal.amount"),
    ("ceil", "amount rounded upward to whole"),
    ("ceiling", "amount rounded upward to whole"),
    ("count", "count of deal"),
    ("countif", "count of (deal where registered)"),
    ("countifs", "count of (deal where registered and amount >= $1,000)"),
    ("datediff", "days from closed_on to 2026-12-31"),
    ("floor", "amount rounded downward to whole"),
    ("ifs", "(3% if registered, otherwise 2%)"),
    ("iif", "(3% if registered, otherwise 2%)"),
    ("int", "amount rounded toward zero to whole"),
    ("lookup", "product.price, or a schedule such as bands(amount)"),
    ("max", "largest of (amount, $5)"),
    ("min", "smallest of (amount, $5)"),
    ("month", "month number of closed_on"),
    ("round", "amount rounded half even to 2 decimals"),
    ("rounddown", "amount rounded toward zero to whole"),
    ("roundup", "amount rounded away from zero to whole"),
    ("sum", "sum of deal.amount"),
    ("sumif", "sum of amount in (deal where registered)"),
    ("sumifs", "sum of amount in (deal where registered and amount >= $1,000)"),
    ("sumproduct", "sum of (amount * quantity) in deal"),
    ("vlookup", "product.price, or a schedule such as bands(amount)"),
    ("xlookup", "product.price, or a schedule such as bands(amount)"),
    ("year", "year of closed_on"),
];

/// Sorted.
const TYPES: &[(&str, &str)] = &[
    ("bool", "yes/no"),
    ("boolean", "yes/no"),
    ("currency", "money"),
    ("datetime", "date and time"),
    ("decimal", "number"),
    ("double", "number"),
    ("float", "number"),
    ("int", "count"),
    ("integer", "count"),
    ("numeric", "number"),
    ("percentage", "percent"),
    ("str", "text"),
    ("string", "text"),
    ("timestamp", "date and time"),
    ("varchar", "text"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for table in [NAMES, FUNCTIONS, TYPES] {
            assert!(table.is_sorted_by_key(|(name, _)| *name), "{table:?}");
        }
    }
}
