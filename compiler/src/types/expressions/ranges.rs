//! Ranges of literals that size work: digits of numbers, decimals, lengths of time.
//!
//! A literal outside of its range is refused at its place, by a message that names the range; without that it would cost
//! memory and time by itself, or stop a run at its first row.

use crate::plan::{Expr, Op, TimeUnit};
use crate::types::Typing;
use crate::value::Exact;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::Decimals;

/// Days, months and years from one end of the calendar to the other, the years 1 to 9999.
const MOST_TIME: [(TimeUnit, &str, i64); 3] =
    [(TimeUnit::Days, "days", 3_652_058), (TimeUnit::Months, "months", 119_987), (TimeUnit::Years, "years", 9_998)];

impl Typing<'_> {
    /// A number as written has so many digits that its value can matter, and no more.
    pub(super) fn digits(&mut self, text: &str, span: Span) -> Option<()> {
        let (whole, decimals) = text.trim_start_matches('-').split_once('.').unwrap_or((text, ""));
        if whole.trim_start_matches('-').len() <= limits::DIGITS && decimals.len() <= limits::DIGITS {
            return Some(());
        }
        let most = limits::DIGITS;
        let message = format!("a number has at most {most} digits before the decimal point and {most} after it");
        let written = if whole.len() > limits::DIGITS { whole.len() } else { decimals.len() };
        self.problem(
            Problem::error("over-limit", span, message)
                .label(format!("this has {}", limits::words(written)))
                .help("write a smaller number, or fewer decimals"),
        );
        None
    }

    /// The N of `to N decimals`, of which there are at most `most`; `what` is what has so many.
    pub(in crate::types) fn counted(&mut self, written: Decimals, what: &str, most: u32) -> Option<u32> {
        let count = written.count.filter(|count| *count <= most);
        if count.is_none() {
            let message = format!("{what} 0 to {most} decimals");
            self.problem(
                Problem::error("over-limit", written.span, message)
                    .label(format!("no whole number from 0 to {most}"))
                    .help(format!("write, for example: to {} decimals", most.min(2))),
            );
        }
        count
    }

    /// A length of time that is written down is whole and not longer than the calendar.
    pub(super) fn length_of_time(&mut self, count: &Expr, unit: TimeUnit) -> Option<()> {
        let Op::Number(number) = &count.op else { return Some(()) };
        let (_, words, most) = MOST_TIME.into_iter().find(|(known, ..)| *known == unit)?;
        let whole = number.is_whole();
        if whole && (Exact::from(-most)..=Exact::from(most)).contains(number) {
            return Some(());
        }
        let most = limits::words(most as usize);
        let message = format!("a length of time is a whole number of {words}, at most {most}");
        self.problem(
            Problem::error("over-limit", count.span, message)
                .label(if whole { "this is longer" } else { "this is not whole" })
                .help("dates are in the years 1 to 9999"),
        );
        None
    }
}
