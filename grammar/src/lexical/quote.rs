//! Texts: unclosed ones, and those in the quotes of word processors.

use super::Scan;
use crate::problem::{Problem, Repair};
use crate::span::Span;

/// Every sign that people use to open or close a text.
const QUOTES: &[char] = &['"', '“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛', '\''];

impl Scan<'_> {
    /// A `"` whose text does not end on its line. It is closed at the line's end, before a bracket that ends the line.
    pub(super) fn unclosed_text(&mut self, start: usize) {
        let line_end = self.line_end(start);
        let rest = Span::new(start, line_end).text(self.source).trim_end();
        let text = rest.trim_end_matches(['{', '}']).trim_end();
        let text = if text.len() > 1 { text } else { rest };
        let end = start + text.len();
        let problem = Problem::error("unclosed-text", Span::new(start, end), "this text is not closed on its line")
            .label("a text ends on the line where it begins")
            .help("close it with `\"`");
        // Where it was meant to end is a guess.
        self.put(problem.choice(Span::new(end, end), "\""), Span::new(end, end), "\"");
        self.go_on_at(end);
    }

    /// Quotes that are not straight double ones.
    pub(super) fn curly(&mut self, start: usize, sign: char) {
        let after = start + sign.len_utf8();
        if is_single(sign) && self.genitive(start, after) {
            return;
        }
        let line = Span::new(after, self.line_end(after)).text(self.source);
        let close =
            line.char_indices().find(|(_, other)| QUOTES.contains(other) && is_single(*other) == is_single(sign));
        let problem = |span| {
            Problem::error("curly-quotes", span, "texts are written in straight double quotes")
                .label("this is another kind of quote")
                .help("write `\"…\"`")
        };
        match close {
            Some((at, other)) => {
                let first = Span::new(start, after);
                let last = Span::new(after + at, after + at + other.len_utf8());
                let repair = Repair::sure("write `\"…\"`").edit(first, "\"").edit(last, "\"");
                let found = problem(first.to(last));
                // A quote inside would end the text.
                let (inside, _) = line.split_at(at);
                let plain = !inside.contains(['"', '\\']);
                self.problems.push(if plain { found.repair(repair) } else { found });
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

impl Scan<'_> {
    /// `rep's manager`
    fn genitive(&mut self, start: usize, after: usize) -> bool {
        let Some(rest) = self.rest(after).strip_prefix("s ") else { return false };
        let owner = self.before().filter(|token| super::is_word(token.kind));
        let named = rest.trim_start().starts_with(|first: char| first.is_alphabetic());
        let Some(owner) = owner.filter(|_| named) else { return false };
        let thing: String =
            rest.trim_start().chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect();
        let end = self.source.len() - rest.trim_start().len();
        let path = format!("{}.{thing}", self.text(owner));
        let span = Span::new(start, end);
        let problem =
            Problem::error("unexpected", Span::new(start, after + 1), "what belongs to a row is written with a point")
                .label(format!("write `{path}`"))
                .repair(Repair::sure(format!("write `{path}`")).edit(span, "."));
        self.put(problem, span, ".");
        self.go_on_at(end);
        true
    }
}

fn is_single(sign: char) -> bool {
    matches!(sign, '‘' | '’' | '‚' | '‛' | '\'')
}
