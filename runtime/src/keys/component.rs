//! One component of one key, and the order of keys.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Whole numbers below this, of up to eighteen digits, are kept as numbers.
const LONGEST_WHOLE: i64 = 1_000_000_000_000_000_000;

/// One component of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyComponent<'a> {
    /// A plain whole number, not negative.
    Whole(i64),
    /// Any other text (or a plain whole number too long for the variant above).
    Text(&'a [u8]),
}

impl<'a> KeyComponent<'a> {
    /// The component that a text is.
    pub fn of(text: &'a [u8]) -> Self {
        // Eighteen digits always fit.
        if text.len() > 18 || text.is_empty() || (text[0] == b'0' && text.len() > 1) {
            return Self::Text(text);
        }
        let mut value = 0i64;
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Self::Text(text);
            }
            value = value * 10 + i64::from(digit);
        }
        Self::Whole(value)
    }

    /// Whether a whole number is kept as one.
    pub(crate) fn is_whole(value: i64) -> bool {
        (0..LONGEST_WHOLE).contains(&value)
    }

    /// The component that a whole number is; a negative one, or one longer than eighteen digits, is the text of it.
    pub fn of_whole(value: i64, digits: &'a mut String) -> Self {
        if Self::is_whole(value) {
            return Self::Whole(value);
        }
        *digits = value.to_string();
        Self::Text(digits.as_bytes())
    }

    /// As text.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Whole(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => String::from_utf8_lossy(text),
        }
    }

    /// The order of keys.
    #[expect(
        clippy::should_implement_trait,
        reason = "components of different texts are compared, and equality is that of texts"
    )]
    pub fn cmp(&self, other: &KeyComponent<'_>) -> Ordering {
        match (self, other) {
            (Self::Whole(a), KeyComponent::Whole(b)) => a.cmp(b),
            (Self::Whole(_), KeyComponent::Text(_)) => Ordering::Less,
            // A text that is a plain whole number is longer than any number kept as such.
            (Self::Text(_), KeyComponent::Whole(_)) => Ordering::Greater,
            (Self::Text(a), KeyComponent::Text(b)) => match (is_plain(a), is_plain(b)) {
                (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        }
    }
}

/// Whether a text is a whole number without sign and leading zero.
fn is_plain(text: &[u8]) -> bool {
    match text {
        [] => false,
        [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_whole_numbers_come_first_by_value_then_texts_by_code_point() {
        let ordered = [
            "0",
            "7",
            "10",
            "999999999999999999",
            "1000000000000000000",
            "99999999999999999999",
            "-7",
            "007",
            "1.5",
            "A",
            "a",
            "ä",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(
                    KeyComponent::of(a.as_bytes()).cmp(&KeyComponent::of(b.as_bytes())),
                    i.cmp(&j),
                    "{a} and {b}"
                );
            }
        }
    }
}
