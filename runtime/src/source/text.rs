//! The texts of cells: without blanks around them, shortened for messages, and what stands for a typed cell.
//!
//! A text here is what a CSV file would have in place of the cell. A cell for which there is no such text, like a day
//! beyond the calendar, is at fault: it never becomes a key by the words of an error.

use crate::source::columns::Encoding;
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_grammar::foreign::shortened;
use std::borrow::Cow;

/// 0001-01-01, as days are counted from 1970-01-01.
pub(crate) const FIRST_DAY: i32 = -719_162;
/// 9999-12-31.
pub(crate) const LAST_DAY: i32 = 2_932_896;
/// A value of more characters is told without its middle.
pub(crate) const LONGEST_VALUE: usize = 1_000;

/// Takes the blanks around a value off, the no-break space among them.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    // Nearly every cell begins and ends with a letter or digit; an empty one has nothing to take off.
    let plain = |byte: Option<&u8>| byte.is_none_or(|byte| (0x21..0x7f).contains(byte));
    if plain(text.first()) && plain(text.last()) {
        return text;
    }
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

/// A cell as messages tell it.
pub(crate) fn value_of(cell: &[u8]) -> String {
    // A character has at most four bytes; what is cut is not looked at.
    const END: usize = LONGEST_VALUE * 4;
    let text = match (cell.first_chunk::<END>(), cell.last_chunk::<END>()) {
        (Some(first), Some(last)) if cell.len() > END => {
            Cow::Owned([String::from_utf8_lossy(first), String::from_utf8_lossy(last)].concat())
        }
        _ => String::from_utf8_lossy(cell),
    };
    shortened(&text, LONGEST_VALUE).into_owned()
}

impl Encoding<'_> {
    /// The text that stands for a typed cell; `None` if it is a day or an instant outside the calendar.
    #[expect(clippy::indexing_slicing, reason = "may be done for every cell, and only for rows of this batch")]
    pub fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Days(days) => day_text(days[row]),
            Self::Instants { values, per_second, in_utc } => instant_text(values[row], *per_second, *in_utc),
            Self::Texts(_)
            | Self::Scalars(_)
            | Self::Entries { .. }
            | Self::Wholes { .. }
            | Self::Wides { .. }
            | Self::YesNo(_)
            | Self::Nothing(_) => Some(self.text_to_show(row)),
        }
    }

    /// The same for messages: what has no text is shown by its number.
    #[expect(clippy::indexing_slicing, reason = "may be done for every cell, and only for rows of this batch")]
    pub fn text_to_show(&self, row: usize) -> String {
        match self {
            Self::Texts(texts) => String::from_utf8_lossy(texts[row]).into_owned(),
            Self::Scalars(cells) => String::from_utf8_lossy(cells[row].text()).into_owned(),
            Self::Wholes { values, decimals } => decimal_of_digits(&values[row].to_string(), *decimals),
            Self::Wides { values, decimals } => decimal_of_digits(&values[row].to_string(), *decimals),
            Self::Days(days) => day_text(days[row]).unwrap_or_else(|| days[row].to_string()),
            Self::Instants { values, per_second, in_utc } => {
                instant_text(values[row], *per_second, *in_utc).unwrap_or_else(|| values[row].to_string())
            }
            Self::YesNo(values) => if values[row] == 1 { "true" } else { "false" }.to_owned(),
            Self::Entries { .. } | Self::Nothing(_) => String::new(),
        }
    }
}

/// `2026-02-01`; `None` if there is no such day.
fn day_text(day: i32) -> Option<String> {
    (FIRST_DAY..=LAST_DAY).contains(&day).then(|| date_of(day).to_string())
}

/// `2026-02-01T08:30:00Z`; `None` if there is no such day.
fn instant_text(value: i64, per_second: i64, in_utc: bool) -> Option<String> {
    let (seconds, rest) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    i32::try_from(seconds.div_euclid(86_400)).ok().and_then(day_text)?;
    let nanos = i32::try_from(rest * (1_000_000_000 / per_second));
    let nanos = nanos.unwrap_or_else(|_| broken("a part of a second is a second"));
    let instant = jiff::Timestamp::new(seconds, nanos).ok()?;
    Some(if in_utc { instant.to_string() } else { jiff::tz::TimeZone::UTC.to_datetime(instant).to_string() })
}

/// A whole number of `10^-decimals` as it is written: `-12345` and 2 is `-123.45`.
pub(crate) fn decimal_of_digits(digits: &str, decimals: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    match usize::try_from(decimals) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(decimals) => {
            let digits = format!("{digits:0>width$}", width = decimals + 1);
            let (whole, decimals) = digits.split_at(digits.len() - decimals);
            format!("{sign}{whole}.{decimals}")
        }
        Err(_) if digits == "0" => digits.to_owned(),
        Err(_) => format!("{sign}{digits}{}", "0".repeat(decimals.unsigned_abs() as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn decimals_of_digits() {
        for (digits, decimals, text) in [
            ("-12345", 2, "-123.45"),
            ("5", 2, "0.05"),
            ("-5", 1, "-0.5"),
            ("0", 2, "0.00"),
            ("7", 0, "7"),
            ("-7", -2, "-700"),
            ("0", -2, "0"),
        ] {
            assert_eq!(decimal_of_digits(digits, decimals), text);
        }
    }

    #[test]
    fn what_is_outside_the_calendar_has_no_text() {
        let days = [FIRST_DAY, LAST_DAY, FIRST_DAY - 1, LAST_DAY + 1, i32::MIN, i32::MAX];
        let encoding = Encoding::Days(Cow::Borrowed(&days));
        let texts: Vec<_> = (0..days.len()).map(|row| encoding.text(row)).collect();
        assert_eq!(texts[..2], [Some("0001-01-01".to_owned()), Some("9999-12-31".to_owned())]);
        assert_eq!(texts[2..], [None, None, None, None]);
        for per_second in [1, 1_000, 1_000_000, 1_000_000_000] {
            for in_utc in [true, false] {
                let far = [i64::MIN, i64::MAX];
                let encoding = Encoding::Instants { values: Cow::Borrowed(&far), per_second, in_utc };
                // In nanoseconds all of 64 bits lie within the calendar.
                assert_eq!(encoding.text(0).is_some(), per_second == 1_000_000_000, "{per_second}");
                assert_eq!(encoding.text(1).is_some(), per_second == 1_000_000_000, "{per_second}");
            }
        }
        let encoding = Encoding::Instants { values: Cow::Borrowed(&[1_500]), per_second: 1_000, in_utc: true };
        assert_eq!(encoding.text(0), Some("1970-01-01T00:00:01.5Z".to_owned()));
    }

    #[test]
    fn long_cells_are_told_without_their_middle() {
        assert_eq!(value_of(&[b'x'; 5_000_000]).len(), LONGEST_VALUE - 1 + '…'.len_utf8());
        assert_eq!(value_of("é".repeat(1_001).as_bytes()).chars().count(), LONGEST_VALUE);
        assert_eq!(value_of(b"12"), "12");
    }
}
