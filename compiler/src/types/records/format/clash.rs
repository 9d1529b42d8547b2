//! Formats of which two can read one cell, and read it differently.

use crate::plan::{Format, PercentFormat};
use std::collections::BTreeSet;

/// Whether there is a cell that both read and that is not the same value to both.
pub(super) fn read_differently(one: &Format, other: &Format) -> bool {
    match (one, other) {
        (Format::Date(one), Format::Date(other))
        | (Format::DateTime { pattern: Some(one), .. }, Format::DateTime { pattern: Some(other), .. }) => {
            let (one, other) = (shapes(one), shapes(other));
            one.iter().any(|one| other.iter().any(|other| clash(one, other)))
        }
        (
            Format::Number { group: one_group, decimal: one_decimal, percent: one },
            Format::Number { group: other_group, decimal: other_decimal, percent: other },
        ) => {
            let is_sign = |percent: &PercentFormat| *percent == PercentFormat::Sign;
            // A percent with its sign is no number without one.
            let apart = is_sign(one) != is_sign(other);
            let swapped = *one_group == Some(*other_decimal) || *other_group == Some(*one_decimal);
            !apart && (one != other || swapped)
        }
        (Format::YesNo { yes: one_yes, no: one_no }, Format::YesNo { yes: other_yes, no: other_no }) => {
            one_yes.eq_ignore_ascii_case(other_no) || one_no.eq_ignore_ascii_case(other_yes)
        }
        _ => false,
    }
}

/// Twice two lengths of a day and a month, and seven of a month that is written out.
const MOST_SHAPES: usize = 28;

/// A letter of a cell: a digit or letter of a part of the date, by its place in the part, or a sign that stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Digit(char, usize),
    Letter(usize),
    Sign(char),
}

/// What a pattern reads, letter by letter, one for each length that its parts can have.
fn shapes(pattern: &str) -> BTreeSet<Vec<Mark>> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut shapes: Vec<Vec<Mark>> = vec![Vec::new()];
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let run = letters[at..].iter().take_while(|&&other| other == letter).count();
        at += run;
        let parts: Vec<Vec<Mark>> = match (letter, run) {
            // The shortest month has three letters, the longest nine.
            ('M', 4) => (3..=9).map(|n| (0..n).map(Mark::Letter).collect()).collect(),
            ('M', 3) => vec![(0..3).map(Mark::Letter).collect()],
            // The number of a day or month is counted from its last digit.
            ('M' | 'D', 1) => vec![digits(letter, 1), digits(letter, 2)],
            ('Y' | 'M' | 'D' | 'H' | 'm' | 'S', n) => vec![digits(letter, n)],
            (sign, n) => vec![vec![Mark::Sign(sign); n]],
        };
        shapes = shapes
            .iter()
            .flat_map(|shape| parts.iter().map(move |part| [shape.as_slice(), part.as_slice()].concat()))
            .collect();
        // A pattern of a day, a month and a year has no more; one that says a part over and over reads nothing.
        shapes.truncate(MOST_SHAPES);
    }
    shapes.into_iter().collect()
}

fn digits(part: char, n: usize) -> Vec<Mark> {
    (0..n).rev().map(|place| Mark::Digit(part, place)).collect()
}

/// Whether a cell can have both shapes, and some letter of it another meaning.
fn clash(one: &[Mark], other: &[Mark]) -> bool {
    let fits = |(one, other): (&Mark, &Mark)| match (one, other) {
        (Mark::Digit(..), Mark::Digit(..)) | (Mark::Letter(_), Mark::Letter(_)) => true,
        (Mark::Sign(one), Mark::Sign(other)) => one == other,
        _ => false,
    };
    one.len() == other.len() && one != other && one.iter().zip(other).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Type;
    use crate::types::written_format;

    #[test]
    fn formats_clash_where_one_cell_has_two_values() {
        for (ty, one, other, clashes) in [
            (Type::Date, "MM/DD/YYYY", "DD/MM/YYYY", true),
            (Type::Date, "M/D/YYYY", "DD/MM/YYYY", true),
            (Type::Date, "D.M.YYYY", "YYYY-MM-DD", false),
            (Type::Date, "D.M.YYYY", "DD.MM.YYYY", false),
            (Type::Date, "D.M.YY", "D.M.YYYY", false),
            (Type::Date, "MMMM D YYYY", "MM/DD/YYYY", false),
            (Type::Date, "MMM D YYYY", "MMMM D YYYY", false),
            (Type::Date, "YYYYMMDD", "DDMMYYYY", true),
            (Type::Date, "YY-MM-DD", "DD-MM-YY", true),
            (Type::MONEY, "1,000.50", "1.000,50", true),
            (Type::MONEY, "1000.50", "1.000,50", true),
            (Type::MONEY, "1000.50", "1,000.50", false),
            (Type::MONEY, "1000.50", "1000,50", false),
            (Type::MONEY, "1 000,50", "1000,50", false),
            (Type::Percent, "12%", "0.12", false),
            (Type::Percent, "12", "0.12", true),
            (Type::Percent, "12%", "12,5%", true),
            (Type::YesNo, "Y/N", "1/0", false),
            (Type::YesNo, "Y/N", "n/y", true),
        ] {
            let format = |sample: &str| written_format(ty, sample).expect("a format");
            assert_eq!(read_differently(&format(one), &format(other)), clashes, "{one} {other}");
            assert_eq!(read_differently(&format(other), &format(one)), clashes, "{other} {one}");
        }
    }
}
