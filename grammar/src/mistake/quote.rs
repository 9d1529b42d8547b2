//! Texts: unclosed ones, and those in the quotes of word processors.

use super::Scan;
use crate::problem::Problem;
use crate::span::Span;

/// Every sign that people use to open or close a text.
const QUOTES: &[char] = &['"', '“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛', '\''];

impl Scan<'_> {
    /// A `"` whose text does not end on its line. It is closed at the line's end, before a bracket that ends the line.
    pub(super) fn unclosed_text(&mut self, start: usize) {
        let line_end = self.line_end(start);
        let rest = self.source[start..line_end].trim_end();
        let text = rest.trim_end_matches(['{', '}']).trim_end();
        let text = if text.len() > 1 { text } else { rest };
        let end = start + text.len();
        let problem = Problem::error("unclosed-text", Span::new(start, end), "this text is not closed on its line")
            .label("a text ends on the line where it begins")
            .help("close it with `\"`");
        self.replace(problem, Span::new(end, end), "\"");
        self.go_on_at(end);
    }

    /// Quotes that are not straight double ones.
    pub(super) fn curly(&mut self, start: usize, sign: char) {
        let after = start + sign.len_utf8();
        let line = &self.source[after..self.line_end(after)];
        let close =
            line.char_indices().find(|(_, other)| QUOTES.contains(other) && is_single(*other) == is_single(sign));
        let problem = |span| {
            Problem::error("curly-quotes", span, "texts stand in straight double quotes")
                .label("this is another kind of quote")
                .help("write `\"…\"`")
        };
        match close {
            Some((at, other)) => {
                let first = Span::new(start, after);
                let last = Span::new(after + at, after + at + other.len_utf8());
                self.problems.push(problem(first.to(last)).edit(first, "\"").edit(last, "\""));
                self.patches.push((first, "\"".to_owned()));
                self.patches.push((last, "\"".to_owned()));
                self.go_on_at(last.end as usize);
            }
            None => {
                let span = Span::new(start, after);
                self.problems.push(problem(span));
                self.patches.push((span, " ".to_owned()));
                self.go_on_at(after);
            }
        }
    }
}

fn is_single(sign: char) -> bool {
    matches!(sign, '‘' | '’' | '‚' | '‛' | '\'')
}
