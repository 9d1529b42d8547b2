//! What a program may have at most. Each is far beyond what people write, so that a text made to be large is refused by
//! a message, not by the machine. `docs/language/limits.md` lists them, which a test holds.

/// Bytes of a text.
pub const TEXT_BYTES: usize = 4_000_000;
/// Items of a file: rules, schedules, records, parameters, tests.
pub const ITEMS: usize = 20_000;
/// Lines of one item: clauses of a rule, bands of a schedule, fields of a record, lines of a test.
pub const LINES: usize = 1_000;
/// Brackets in one another.
pub const BRACKETS: usize = 64;
/// Values and operators in one expression, those around it counted.
pub const VALUES: usize = 256;
/// Names with points between them: `rep.manager.employer`.
pub const PATH: usize = 16;
/// Paths that make one key: `per rep and customer`.
pub const KEY: usize = 16;
/// The first so many of a key.
pub const FIRST: u8 = 250;
/// Parts in which an amount is paid: `in 4 parts per quarter`.
pub const PARTS: u32 = 120;
/// Splits in one another.
pub const SPLIT: usize = 4;
/// Decimals of an amount in another currency.
pub const MONEY_DECIMALS: u32 = 4;
/// Values between the brackets of a list.
pub const LISTED: usize = 1_000;
/// Characters of a name.
pub const NAME: usize = 200;
/// Characters of a text in quotes.
pub const QUOTED: usize = 10_000;
/// Digits before the decimal point of a number, and behind it.
pub const DIGITS: usize = 18;
/// Decimals that a value can be rounded to.
pub const ROUNDED_DECIMALS: u32 = 18;
/// Decimals that a field can keep.
pub const KEPT_DECIMALS: u32 = 9;
/// Values of a `one of`: their places are kept in a byte.
pub const CHOICES: usize = 250;
/// Messages of one check.
pub const MESSAGES: usize = 100;

/// A limit as messages write it: `20,000`.
pub fn words(limit: usize) -> String {
    let digits = limit.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
