//! What a sum of payments is for, as a value and as bytes that sort as it does.

use meed_compiler::internal::broken;

/// What a sum of payments is for. Sums are in this order: by row, then by rule, payee, period, unit and due day; texts by their bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The event of the row; empty where a rule pays per entity and period.
    pub event: String,
    /// The key of the row; empty where a rule pays per entity and period.
    pub key: String,
    /// The rule.
    pub rule: String,
    /// The kind of party that is paid.
    pub payee_kind: String,
    /// Its key.
    pub payee: String,
    /// The period of the row.
    pub period: String,
    /// The unit of the amounts.
    pub unit: String,
    /// The day on which it is due; none where nothing is said of that.
    pub due: Option<i32>,
}

/// What tells lines of one subject apart beside it: only what is compared with nothing has any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Apart {
    /// Whether its period has not ended: it is not paid yet.
    pub accrual: bool,
    /// Of a program that is settled at the ends of periods, the period of a close after the earlier runs that books it; none of what
    /// they could have booked.
    pub booked: Option<String>,
}

/// Ends a text. A zero byte of the text itself is followed by a byte that is higher.
const END: [u8; 2] = [0, 1];
const ZERO: [u8; 2] = [0, 0xff];

/// Adds a text, so that bytes compare as texts do.
pub(super) fn push_text(text: &str, bytes: &mut Vec<u8>) {
    match text.as_bytes().contains(&0) {
        false => bytes.extend_from_slice(text.as_bytes()),
        true => {
            for &byte in text.as_bytes() {
                if byte == 0 { bytes.extend_from_slice(&ZERO) } else { bytes.push(byte) }
            }
        }
    }
    bytes.extend_from_slice(&END);
}

/// Adds a day, or none before all days.
pub(super) fn push_day(day: Option<i32>, bytes: &mut Vec<u8>) {
    match day {
        None => bytes.push(0),
        Some(day) => {
            bytes.push(1);
            // The sign turned, negative days are below the others.
            bytes.extend_from_slice(&(day ^ i32::MIN).to_be_bytes());
        }
    }
}

impl Apart {
    pub fn push(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self.accrual));
        match &self.booked {
            None => bytes.push(0),
            Some(period) => {
                bytes.push(1);
                push_text(period, bytes);
            }
        }
    }
}

impl Subject {
    /// The texts, in their order.
    fn texts(&mut self) -> [&mut String; 7] {
        let Self { event, key, rule, payee_kind, payee, period, unit, .. } = self;
        [event, key, rule, payee_kind, payee, period, unit]
    }

    pub(super) fn push(&self, bytes: &mut Vec<u8>) {
        let Self { event, key, rule, payee_kind, payee, period, unit, due } = self;
        [event, key, rule, payee_kind, payee, period, unit].into_iter().for_each(|text| push_text(text, bytes));
        push_day(*due, bytes);
    }

    /// What some bytes are of.
    pub(super) fn read(mut bytes: &[u8]) -> (Self, Apart) {
        let mut subject = Self::default();
        subject.texts().into_iter().for_each(|text| *text = read_text(&mut bytes));
        subject.due = match read_byte(&mut bytes) {
            0 => None,
            _ => {
                let (day, rest) = bytes.split_first_chunk::<4>().unwrap_or_else(|| broken("a subject that is cut"));
                bytes = rest;
                Some(i32::from_be_bytes(*day) ^ i32::MIN)
            }
        };
        let accrual = read_byte(&mut bytes) == 1;
        let booked = (read_byte(&mut bytes) == 1).then(|| read_text(&mut bytes));
        (subject, Apart { accrual, booked })
    }

    /// How many bytes of a subject say what it is paid for: the row, whatever the rule; of an entity in a period the rule, the payee and the
    /// period.
    pub(super) fn len_of_row(bytes: &[u8]) -> usize {
        // The event and the key, or these, both empty, the rule, the kind, the payee and the period.
        let n_texts = if bytes.starts_with(&END) { 6 } else { 2 };
        let mut at = 0;
        for _ in 0..n_texts {
            at += len_of_text(&bytes[at..]) + END.len();
        }
        at
    }
}

fn len_of_text(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match bytes[at..].first_chunk::<2>() {
            Some(&END) => return at,
            Some(&ZERO) => at += 2,
            Some(_) => at += 1,
            None => broken("a text that does not end"),
        }
    }
}

fn read_text(bytes: &mut &[u8]) -> String {
    let len = len_of_text(bytes);
    let (own, rest) = bytes.split_at(len);
    *bytes = &rest[END.len()..];
    let mut text = Vec::with_capacity(len);
    let mut own = own.iter();
    while let Some(&byte) = own.next() {
        text.push(byte);
        if byte == 0 {
            own.next();
        }
    }
    String::from_utf8(text).unwrap_or_else(|_| broken("a text that is none"))
}

fn read_byte(bytes: &mut &[u8]) -> u8 {
    let (byte, rest) = bytes.split_first().unwrap_or_else(|| broken("a subject that is cut"));
    *bytes = rest;
    *byte
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_subject() -> impl Strategy<Value = (Subject, Apart)> {
        let texts = proptest::array::uniform7("[\u{0}\u{1}ab\u{ff}ü]{0,3}");
        let days = proptest::option::of(prop_oneof![any::<i32>(), -2..2i32]);
        let booked = proptest::option::of("[ab]{0,2}");
        (texts, days, any::<bool>(), booked).prop_map(|(texts, due, accrual, booked)| {
            let [event, key, rule, payee_kind, payee, period, unit] = texts;
            (Subject { event, key, rule, payee_kind, payee, period, unit, due }, Apart { accrual, booked })
        })
    }

    fn bytes((subject, apart): &(Subject, Apart)) -> Vec<u8> {
        let mut bytes = Vec::new();
        subject.push(&mut bytes);
        apart.push(&mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn bytes_sort_as_subjects_do_and_are_read_back(a in any_subject(), b in any_subject()) {
            prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
            prop_assert_eq!(Subject::read(&bytes(&a)), a);
        }

        #[test]
        fn lines_of_one_row_begin_alike((a, apart) in any_subject(), b in any_subject()) {
            let bytes = bytes(&(a.clone(), apart));
            let row = &bytes[..Subject::len_of_row(&bytes)];
            let is_same = match a.event.is_empty() && a.key.is_empty() {
                true => (&a.event, &a.key, &a.rule, &a.payee_kind, &a.payee, &a.period)
                    == (&b.0.event, &b.0.key, &b.0.rule, &b.0.payee_kind, &b.0.payee, &b.0.period),
                false if a.event.is_empty() => return Ok(()),
                false => (&a.event, &a.key) == (&b.0.event, &b.0.key),
            };
            prop_assert_eq!(self::bytes(&b).starts_with(row), is_same);
        }
    }
}
