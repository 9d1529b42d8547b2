//! Keys of entities and deals: a number, or a letter and that number padded with zeros.
//!
//! The generator writes one form or the other, the evaluations number payees by what they read, and digests need the
//! number back. No other form of key exists in program P's data.

use crate::Result;

/// How the keys of one kind are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyForm {
    /// A plain number.
    Number,
    /// A letter and a number of this many digits.
    Text(char, usize),
}

impl KeyForm {
    /// The form of deal keys as text.
    pub const DEAL: KeyForm = KeyForm::Text('D', 8);
    /// The form of partner keys as text.
    pub const PARTNER: KeyForm = KeyForm::Text('P', 5);
    /// The form of rep keys as text.
    pub const REP: KeyForm = KeyForm::Text('R', 6);
    /// The form of customer keys as text.
    pub const CUSTOMER: KeyForm = KeyForm::Text('C', 7);

    /// Replaces what `text` holds by the key with this number.
    pub fn write(self, number: u64, text: &mut String) {
        text.clear();
        let width = match self {
            KeyForm::Number => 1,
            KeyForm::Text(letter, width) => {
                text.push(letter);
                width
            }
        };
        // Millions of keys are written: digit by digit is several times faster than `format!`.
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        let mut rest = number;
        while rest > 0 {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        first = first.min(digits.len() - width);
        text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
    }

    /// The key with this number.
    pub fn text(self, number: u64) -> String {
        let mut text = String::new();
        self.write(number, &mut text);
        text
    }
}

/// The number in a key of either form: `7` and `D00000007` are both 7.
pub fn number_of(key: &str) -> Result<u64> {
    let digits = key.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(key);
    digits.parse().map_err(|_| format!("`{key}` is no key of program P").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read_back() {
        for number in [0, 7, 10, 4_321, 20_260_101] {
            assert_eq!(KeyForm::Number.text(number), number.to_string());
            assert_eq!(KeyForm::DEAL.text(number), format!("D{number:08}"));
            assert_eq!(number_of(&KeyForm::DEAL.text(number)).unwrap(), number);
            assert_eq!(number_of(&KeyForm::Number.text(number)).unwrap(), number);
        }
        assert!(number_of("ACME").is_err());
    }
}
