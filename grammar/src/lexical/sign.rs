//! Signs: those of other languages, those of word processors, and the two uses of `-`.

use super::{DEEPEST, Scan, is_numeric, is_word};
use crate::problem::{Problem, Repair};
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Pairs of signs that other languages write, and what is written here.
const PAIRS: &[(&str, &str, &str)] =
    &[("=", "=", "="), ("=", ">", ">="), ("=", "<", "<="), ("<", ">", "!="), ("!=", "=", "!="), ("|", "|", "or")];

/// Single signs that stand for one of ours.
const TWINS: &[(char, &str)] = &[
    ('≥', ">="),
    ('≤', "<="),
    ('≠', "!="),
    ('×', "*"),
    ('·', "*"),
    ('÷', "/"),
    ('−', "-"),
    ('–', "-"),
    ('—', "-"),
    ('&', "and"),
    ('!', "not "),
];

impl Scan<'_> {
    pub(super) fn sign(&mut self, token: Token) {
        let text = self.text(token);
        let next = self.ahead(1).filter(|next| next.kind == TokenKind::Sign);
        if let Some(next) = next {
            if text == "-" && self.text(next) == "-" && self.before().is_none() {
                return self.comment_of_dashes(token.span.to(next.span));
            }
            if text == "/" && self.text(next) == "*" {
                return self.block_comment(token);
            }
            let pair = PAIRS.iter().find(|(first, second, _)| text == *first && self.text(next) == *second);
            if let Some((_, _, plain)) = pair {
                self.index += 2;
                return self.twin(token.span.to(next.span), plain);
            }
        }
        match text {
            "(" | "[" | "{" => {
                let arguments =
                    text == "[" || (text == "(" && self.before().is_some_and(|before| is_word(before.kind)));
                self.open.push((token, arguments));
                if self.open.len() > DEEPEST {
                    return self.too_deep(token);
                }
            }
            ")" | "]" | "}" => {
                self.open.pop();
            }
            "." if self.before().is_none_or(|before| before.kind == TokenKind::Sign) => {
                if let Some(number) = self.ahead(1).filter(|next| is_numeric(next.kind)) {
                    return self.bare_point(token, number);
                }
            }
            "-" => return self.minus(token),
            _ => {}
        }
        self.index += 1;
    }

    fn twin(&mut self, span: Span, plain: &str) {
        let written = span.text(self.source);
        let problem = Problem::error("wrong-sign", span, format!("`{written}` is written `{}`", plain.trim()))
            .label(format!("write `{}`", plain.trim()));
        self.replace(problem, span, plain);
    }

    /// A character that no token begins with.
    pub(super) fn unknown(&mut self, token: Token) {
        let start = token.span.start as usize;
        let Some(sign) = self.rest(start).chars().next() else {
            self.index += 1;
            return;
        };
        let span = Span::new(start, start + sign.len_utf8());
        let twin = TWINS.iter().find(|(twin, _)| *twin == sign);
        match sign {
            '"' => return self.unclosed_text(start),
            '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‛' | '\'' => {
                return self.curly(start, sign);
            }
            '#' => return self.hash_comment(start),
            '%' => self.percent_sign(span),
            ';' => {
                if self.open.last().is_some_and(|(open, _)| self.text(*open) != "{") {
                    let problem =
                        Problem::error("semicolon", span, "values are separated by commas").label("write `,`");
                    self.put(problem.choice(span, ","), span, ",");
                } else {
                    let problem =
                        Problem::error("semicolon", span, "a line needs no `;` at its end").label("remove it");
                    let touches = !span.behind(self.source).starts_with(char::is_whitespace);
                    let title = if touches { "write a space for the `;`" } else { "remove the `;`" };
                    let plain = if touches { " " } else { "" };
                    self.put(problem.repair(Repair::sure(title).edit(span, plain)), span, plain);
                }
            }
            _ if super::is_invisible(sign) => {}
            _ if is_currency(sign) => return self.currency_sign(span),
            _ if twin.is_some() => {
                let plain = twin.map_or(" ", |(_, plain)| plain);
                let pair = usize::from(self.rest(start).starts_with("&&"));
                let span = Span::new(start, span.end as usize + pair);
                self.twin(span, plain);
                return self.go_on_at(span.end as usize);
            }
            _ => {
                let problem = Problem::error("unknown-character", span, format!("`{sign}` has no place in a program"))
                    .label("outside of texts and comments it means nothing")
                    .help("remove it, or put it into a text: `\"…\"`");
                self.put(problem.choice(span, ""), span, " ");
            }
        }
        self.go_on_at(span.end as usize);
    }

    /// `/* … */`
    fn block_comment(&mut self, token: Token) {
        let start = token.span.start as usize;
        let end = self.rest(start + 2).find("*/").map_or(self.source.len(), |at| start + 2 + at + 2);
        let problem = Problem::error(
            "wrong-comment",
            Span::new(start, start + 2),
            "a comment begins with `//` and ends with its line",
        )
        .label("`/*` begins no comment")
        .help("write `//` before each line of it");
        self.problems.push(problem);
        self.patches.push((Span::new(start, end), " ".to_owned()));
        self.go_on_at(end);
    }

    /// `-- …`
    fn comment_of_dashes(&mut self, span: Span) {
        self.comment_sign(span);
        self.go_on_at(self.line_end(span.start as usize));
    }

    fn hash_comment(&mut self, start: usize) {
        self.comment_sign(Span::new(start, start + 1));
        self.go_on_at(self.line_end(start));
    }

    /// A sign that begins a comment elsewhere. Behind other words it may be a minus, so that what follows is no comment.
    fn comment_sign(&mut self, span: Span) {
        let problem = Problem::error("wrong-comment", span, "a comment begins with `//`").label("write `//`");
        let before = span.before(self.source);
        let begins_line = before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
        let problem = if begins_line { problem.sure(span, "//") } else { problem.choice(span, "//") };
        self.put(problem, span, "//");
    }

    /// A `-` needs blanks on both sides between two values, and none after it before one.
    fn minus(&mut self, token: Token) {
        let value_before = self.before().filter(|before| ends_value(before.kind, self.text(*before)));
        let touches_next = self.ahead(1).is_some_and(|next| !super::is_blank(next.kind));
        if value_before.is_some() {
            let after = if touches_next { " - " } else { " -" };
            self.replace(minus_blanks(token.span), token.span, after);
        }
        self.index += 1;
    }

    /// A name with hyphens (`year-to-date`, `FAM-03`), seen from its first word.
    pub(super) fn hyphens(&mut self) -> bool {
        if self.before().is_some_and(|before| self.text(before) == ".") {
            return false;
        }
        let mut end = self.index;
        let mut hyphens = 0;
        while let Some(next) = self.token(end + 1) {
            let signed = is_numeric(next.kind) && self.text(next).starts_with('-');
            let joined = self.text(next) == "-"
                && self.token(end + 2).is_some_and(|token| is_word(token.kind) || is_numeric(token.kind));
            match (signed, joined) {
                (true, _) => end += 1,
                (_, true) => end += 2,
                _ if hyphens > 0 && is_word(next.kind) => {
                    end += 1;
                    continue;
                }
                _ => break,
            }
            hyphens += 1;
        }
        if hyphens == 0 {
            return false;
        }
        #[expect(clippy::indexing_slicing, reason = "both tokens were looked at")]
        let span = self.tokens[self.index].span.to(self.tokens[end].span);
        let text = span.text(self.source);
        if self.in_test {
            let problem = Problem::error("quote-key", span, format!("`{text}` is not a name"))
                .label("a key with a `-` is quoted")
                .help(format!("quote it: `\"{text}\"`"));
            self.replace(problem, span, format!("\"{text}\""));
        } else {
            let problem = Problem::error("minus-spaces", span, format!("`{text}` could be a name or a subtraction"))
                .label("a minus has spaces on both sides, a name has no `-`")
                .help(format!(
                    "write `{}` to subtract; a name takes `_` instead: `{}`",
                    text.replace('-', " - "),
                    text.replace('-', "_")
                ))
                .choice(span, text.replace('-', " - "))
                .choice(span, text.replace('-', "_"));
            self.put(problem, span, text.replace('-', " - "));
        }
        self.index = end + 1;
        true
    }

    /// A literal such as `-3` that touches the value before it.
    pub(super) fn touching_minus(&mut self, token: Token) -> bool {
        let touches = self.text(token).starts_with('-')
            && self.before().is_some_and(|before| ends_value(before.kind, self.text(before)));
        if touches {
            let sign = Span { start: token.span.start, end: token.span.start + 1 };
            self.replace(minus_blanks(sign), sign, " - ");
        }
        touches
    }

    fn too_deep(&mut self, token: Token) {
        let mut depth = 0_usize;
        let mut end = self.source.len();
        let mut index = self.index;
        while let Some(token) = self.token(index) {
            index += 1;
            match token.span.text(self.source) {
                "(" | "[" | "{" if token.kind == TokenKind::Sign => depth += 1,
                ")" | "]" | "}" if token.kind == TokenKind::Sign => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                end = token.span.end as usize;
                break;
            }
        }
        self.open.pop();
        self.problems.push(
            Problem::error("too-deep", token.span, format!("brackets are nested more than {DEEPEST} deep"))
                .label("this one is too deep")
                .help("give parts of it a name with `let`"),
        );
        self.patches.push((Span::new(token.span.start as usize, end), "0".to_owned()));
        self.go_on_at(end);
    }
}

fn minus_blanks(span: Span) -> Problem {
    Problem::error("minus-spaces", span, "a minus has spaces on both sides")
        .label("spaces belong around it")
        .help("write `a - b` to subtract, `-5` for a negative amount")
}

/// Whether a token may end a value, so that a `-` after it subtracts.
fn ends_value(kind: TokenKind, text: &str) -> bool {
    is_word(kind) || is_numeric(kind) || kind == TokenKind::Text || matches!(text, ")" | "]")
}

/// Signs of currencies, as far as they are in one block or in Latin-1.
fn is_currency(sign: char) -> bool {
    matches!(sign, '$' | '¢'..='¥' | '\u{20A0}'..='\u{20CF}')
}
