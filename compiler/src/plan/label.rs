//! Names of periods as columns write them, read by a sample: `FY26 Q1`, `2025-T1`, `2026-03`.
//!
//! The four digits of a sample are the year, else its two digits that are not the period's; its other digits are the number
//! of the period, whose kind the letter before them tells: `Q` or `T` a quarter, `H` or `S` a half, `M` a month of the
//! program's year. Without a letter they are a month of the civil calendar, and without a number the label is a year.

use super::{Calendar, Days, Period, Years};

/// How labels are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pieces: Vec<Piece>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// So many digits.
    Year(usize),
    /// The number of the period, of so many digits; one digit in the sample may be two.
    Number(usize),
    Sign(char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CivilMonth,
    Of(Period),
    /// As a table of the calendar calls them.
    Word(Period),
}

impl Label {
    /// The labels that a sample shows; none where it shows none. Where periods are those of a table the sample is one of its words.
    pub fn new(sample: &str, calendar: &Calendar) -> Option<Self> {
        if let (Years::Table(_), Some((period, _))) = (&calendar.years, calendar.parse_name(sample)) {
            return Some(Self { pieces: Vec::new(), kind: Kind::Word(period) });
        }
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let letters: Vec<char> = sample.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            match runs.last_mut() {
                Some((start, n)) if letter.is_ascii_digit() && *start + *n == at => *n += 1,
                _ if letter.is_ascii_digit() => runs.push((at, 1)),
                _ => {}
            }
        }
        let before = |(start, _): (usize, usize)| start.checked_sub(1).map(|at| letters[at]);
        let kind_of = |run| match before(run) {
            Some('Q' | 'T') => Some(Period::Quarter),
            Some('H' | 'S') => Some(Period::Half),
            Some('M') => Some(Period::Month),
            _ => None,
        };
        let (year, number) = match runs[..] {
            [year] => (year, None),
            [a, b] => match (a.1 == 4, b.1 == 4, kind_of(a), kind_of(b)) {
                (true, false, ..) | (false, false, None, Some(_)) => (a, Some(b)),
                (false, true, ..) | (false, false, Some(_), None) => (b, Some(a)),
                _ => return None,
            },
            _ => return None,
        };
        if !matches!(year.1, 2 | 4) || number.is_some_and(|(_, n)| n > 2) {
            return None;
        }
        let kind = match number {
            None => Kind::Of(Period::Year),
            Some(number) => kind_of(number).map_or(Kind::CivilMonth, Kind::Of),
        };
        if matches!((&calendar.years, kind), (Years::Table(_), Kind::Of(_))) {
            return None;
        }
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < letters.len() {
            let run = runs.iter().copied().find(|(start, _)| *start == at);
            match run {
                Some(run) if run == year => pieces.push(Piece::Year(run.1)),
                Some((_, n)) => pieces.push(Piece::Number(n)),
                None => pieces.push(Piece::Sign(letters[at])),
            }
            at += run.map_or(1, |(_, n)| n);
        }
        Some(Self { pieces, kind })
    }

    /// The days of the period that a text names, within a calendar; `None` where it names none.
    pub fn days(&self, text: &str, calendar: &Calendar) -> Option<Days> {
        if let Kind::Word(period) = self.kind {
            return Some(calendar.days(period, calendar.parse_name_of(period, text)?, Days::ALL));
        }
        let (mut year, mut number, mut rest) = (0, 1, text);
        for piece in &self.pieces {
            match *piece {
                Piece::Year(n) => {
                    year = digits(&mut rest, n, n)? + if n == 2 { 2000 } else { 0 };
                }
                Piece::Number(n) => number = digits(&mut rest, n, 2)?,
                Piece::Sign(sign) => rest = rest.strip_prefix(sign)?,
            }
        }
        if !rest.is_empty() {
            return None;
        }
        // Every label is one period of the program under its own name, or a month of the civil calendar under its.
        let civil = Calendar { month_ends: calendar.month_ends, ..Calendar::PLAIN };
        let (calendar, name) = match self.kind {
            Kind::CivilMonth => (&civil, format!("{year:04}-{number:02}")),
            Kind::Of(period) | Kind::Word(period) => {
                let fiscal = calendar.is_fiscal();
                let prefix = if fiscal { "FY" } else { "" };
                let number = match period {
                    Period::Month if fiscal => format!("-M{number:02}"),
                    Period::Month => format!("-{number:02}"),
                    Period::Quarter => format!("-Q{number}"),
                    Period::Half => format!("-H{number}"),
                    _ => String::new(),
                };
                (calendar, format!("{prefix}{year:04}{number}"))
            }
        };
        let (period, index) = calendar.parse_name(&name)?;
        let days = calendar.days(period, index, Days::ALL);
        (Days::ALL.holds(days.from) && Days::ALL.holds(days.to)).then_some(days)
    }
}

/// The number at the start of a text, of at least and at most so many digits.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let n = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(n);
    *rest = after;
    (n >= least).then(|| number.bytes().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::plan::calendar::{NamedBy, date_of};

    #[test]
    fn a_label_is_read_as_its_sample_shows_and_in_no_other_way() {
        let civil = Plan::empty().calendar;
        let fiscal = Calendar { first_month: 2, named_by: Some(NamedBy::Start), ..civil.clone() };
        let last = |sample: &str, text: &str, calendar: &Calendar| {
            let days = Label::new(sample, &Calendar::PLAIN).expect("a sample of a label").days(text, calendar)?;
            Some(date_of(days.to).to_string())
        };
        for (sample, text, civil_day, fiscal_day) in [
            ("2026-Q1", "2025-Q4", Some("2025-12-31"), Some("2026-01-31")),
            ("2025-T1", "2025-T2", Some("2025-06-30"), Some("2025-07-31")),
            ("FY26 Q1", "FY27 Q1", Some("2027-03-31"), Some("2027-04-30")),
            ("Q1 FY2026", "Q3 FY2026", Some("2026-09-30"), Some("2026-10-31")),
            ("2026-S1", "2026-S2", Some("2026-12-31"), Some("2027-01-31")),
            ("2026-01", "2028-02", Some("2028-02-29"), Some("2028-02-29")),
            ("M1 2026", "M12 2026", Some("2026-12-31"), Some("2027-01-31")),
            ("FY26 M01", "FY26 M02", Some("2026-02-28"), Some("2026-03-31")),
            ("2026", "2026", Some("2026-12-31"), Some("2027-01-31")),
            ("2026-Q1", "2026-Q5", None, None),
            ("2026-Q1", "2026-Q0", None, None),
            ("2026-Q1", "26-Q1", None, None),
            ("2026-Q1", "2026-Q1 ", None, None),
            ("2026-01", "2026-13", None, None),
            ("2026-01", "2026-1", None, None),
        ] {
            assert_eq!(last(sample, text, &civil).as_deref(), civil_day, "{sample} {text}");
            assert_eq!(last(sample, text, &fiscal).as_deref(), fiscal_day, "{sample} {text}");
        }
        for sample in ["", "Q1", "26-01", "2026-Q123", "2026 2027", "1", "2026-Q1-1"] {
            assert_eq!(Label::new(sample, &Calendar::PLAIN), None, "{sample}");
        }
    }
}
