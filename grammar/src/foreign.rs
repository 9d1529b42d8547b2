//! The one door through which foreign text reaches people: cells, keys, headers, names of files, values of parameters, and
//! the text of a program itself.
//!
//! A text may hold anything: signs that move the cursor or color of a terminal, that turn the direction of a line, or that
//! cannot be seen. Here each of them is written as what it is, `\u{1b}`, and a long text is cut in its middle. What is
//! written for machines (tables, JSON) does not come through here.

use crate::problem::Problem;
use crate::span::Span;
use std::borrow::Cow;
use std::fmt::Write;

/// More characters of one text are not shown; of a longer one the first three quarters of these and its end are.
pub const LONGEST_SHOWN: usize = 200;

/// A foreign text on one line: signs that cannot be seen are written out, and a long text is cut.
pub fn shown(text: &str) -> Cow<'_, str> {
    match shortened(text, LONGEST_SHOWN) {
        Cow::Borrowed(text) => escaped(text),
        Cow::Owned(text) => Cow::Owned(escaped(&text).into_owned()),
    }
}

/// A foreign text on one line, whole: signs that cannot be seen are written out.
pub fn escaped(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Lines of a message that foreign texts have gone into; their ends and indents stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |sign| matches!(sign, '\n' | '\t'))
}

/// A text of at most so many characters: of a longer one the first three quarters of these, `…`, and its end.
pub fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    // A character has at least a byte.
    if text.len() <= longest || text.chars().nth(longest).is_none() {
        return Cow::Borrowed(text);
    }
    let n_first = longest * 3 / 4;
    let n_last = longest.saturating_sub(n_first + 1);
    let place = |nth: Option<(usize, char)>| nth.map_or(text.len(), |(at, _)| at);
    let (first, _) = text.split_at(place(text.char_indices().nth(n_first)));
    let last = n_last.checked_sub(1).map_or(text.len(), |nth| place(text.char_indices().nth_back(nth)));
    let (_, last) = text.split_at(last);
    Cow::Owned(format!("{first}…{last}"))
}

/// A program's text as it can be drawn beneath a problem, and the problem with its places in that text.
pub fn drawable(text: &str, problem: &Problem) -> (String, Problem) {
    // A carriage return before the end of a line ends it with that.
    let is_end = |at: usize| text.as_bytes().get(at..at + 2) == Some(b"\r\n");
    let mut drawn = String::with_capacity(text.len());
    // By character that is written out: where it ends in the text, and by how many bytes what is drawn is longer then.
    let mut longer: Vec<(usize, usize)> = Vec::new();
    for (at, sign) in text.char_indices() {
        if is_hidden(sign) && !matches!(sign, '\n' | '\t') && !is_end(at) {
            write_out(sign, &mut drawn);
            let end = at + sign.len_utf8();
            longer.push((end, drawn.len() - end));
        } else {
            drawn.push(sign);
        }
    }
    let place = |at: u32| {
        let idx = longer.partition_point(|(end, _)| *end <= at as usize);
        at as usize + idx.checked_sub(1).and_then(|idx| longer.get(idx)).map_or(0, |(_, more)| *more)
    };
    let label =
        |(span, text): &(Span, String)| (Span::new(place(span.start), place(span.end)), lines(text).into_owned());
    let problem = Problem {
        message: lines(&problem.message).into_owned(),
        primary: label(&problem.primary),
        others: problem.others.iter().map(label).collect(),
        help: problem.help.as_ref().map(|help| lines(help).into_owned()),
        ..problem.clone()
    };
    (drawn, problem)
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_bad = |sign: char| is_hidden(sign) && !is_kept(sign);
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if is_bad(sign) {
            write_out(sign, &mut out);
        } else {
            out.push(sign);
        }
    }
    Cow::Owned(out)
}

fn write_out(sign: char, out: &mut String) {
    match sign {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a text cannot fail.
        _ => drop(write!(out, "\\u{{{:x}}}", sign as u32)),
    }
}

/// Whether a sign commands a terminal or a line, or cannot be seen: controls, breaks of lines and paragraphs, marks of
/// direction, signs without width, fillers and tags.
fn is_hidden(sign: char) -> bool {
    sign.is_control()
        || matches!(sign,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_signs_are_written_out() {
        for (text, plain) in [
            ("ACME", "ACME"),
            ("Zoë 株式会社 🦀", "Zoë 株式会社 🦀"),
            ("\u{1b}[31mRED\u{1b}[0m\u{1b}]0;title\u{7}", "\\u{1b}[31mRED\\u{1b}[0m\\u{1b}]0;title\\u{7}"),
            ("a\"b\n\tc\r", "a\"b\\n\\tc\\r"),
            ("\u{202e}=evil\u{2066}x\u{2069}", "\\u{202e}=evil\\u{2066}x\\u{2069}"),
            ("\u{9b}2J\u{7f}\u{0}", "\\u{9b}2J\\u{7f}\\u{0}"),
            ("a\u{200b}b\u{feff}c\u{2028}d\u{2029}", "a\\u{200b}b\\u{feff}c\\u{2028}d\\u{2029}"),
        ] {
            assert_eq!(shown(text), plain);
            assert_eq!(escaped(text), plain);
        }
        assert_eq!(lines("a\n\tb\r\u{1b}"), "a\n\tb\\r\\u{1b}");
    }

    #[test]
    fn long_texts_are_cut_by_characters() {
        let long = "é".repeat(LONGEST_SHOWN + 1);
        let cut = shown(&long);
        assert_eq!(cut.chars().count(), LONGEST_SHOWN);
        assert_eq!(cut.chars().position(|sign| sign == '…'), Some(150));
        assert_eq!(shown(&long[2..]), long[2..], "as many characters as are shown stay");
        assert_eq!(shortened("0123456789", 5), "012…9");
        assert_eq!(shortened("0123456789", 1), "…");
        assert_eq!(shortened("", 0), "");
    }

    #[test]
    fn places_in_a_program_are_those_of_what_is_drawn() {
        let text = "rule \u{202e}a {\r\n\tpay \u{1b}x\r";
        let at = |word: &str| {
            let start = text.find(word).expect("the word");
            Span::new(start, start + word.len())
        };
        let problem =
            Problem::error("unexpected", at("pay"), "no `\u{1b}`").other(at("a {"), "\u{7}").other(at("x\r"), "");
        let (drawn, problem) = drawable(text, &problem);
        assert_eq!(drawn, "rule \\u{202e}a {\r\n\tpay \\u{1b}x\\r");
        assert_eq!(problem.message, "no `\\u{1b}`");
        let words: Vec<&str> =
            std::iter::once(&problem.primary).chain(&problem.others).map(|(span, _)| span.text(&drawn)).collect();
        assert_eq!(words, ["pay", "a {", "x\\r"]);
        assert_eq!(problem.others[0].1, "\\u{7}");
    }
}
