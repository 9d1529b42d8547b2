//! Reading on after a mistake: item by item where the whole file cannot be read.

use super::node::Node;
use super::{Grammar, Reader, Rule, expressions, items, message};
use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::steps;
use crate::token::{Token, TokenKind, tokens};
use crate::tree::{Damaged, Expr, Item, Name};
use pest::Parser;
use unicode_normalization::UnicodeNormalization;

/// The words that open an item.
pub(super) const OPENERS: &[&str] = &[
    "balance",
    "calendar",
    "choose",
    "entity",
    "event",
    "extend",
    "kind",
    "limit",
    "parameter",
    "program",
    "rates",
    "rule",
    "schedule",
    "source",
    "table",
    "test",
    "unit",
    "use",
];

/// Every item of the text; what cannot be read is in the list as damaged.
pub(super) fn items(reader: &Reader<'_>) -> Vec<Item> {
    let mut items = match reader.read(Rule::file, 0, reader.text.len()) {
        Ok(file) => file.parts().filter(|part| part.rule() != Rule::EOI).flat_map(|part| items::items(&part)).collect(),
        Err(_) => walk(reader),
    };
    if let Some(item) = items.get(limits::ITEMS) {
        let most = limits::words(limits::ITEMS);
        reader.report(
            Problem::error("over-limit", item.place(), format!("a program has at most {most} items"))
                .label("the first that is too many")
                .help("make several programs of it"),
        );
        items.truncate(limits::ITEMS);
    }
    items
}

/// One value, the whole text.
pub(super) fn value(reader: &Reader<'_>) -> Option<Expr> {
    match reader.read(Rule::value, 0, reader.text.len()) {
        Ok(value) => Some(expressions::only(&value)),
        Err(error) => {
            reader.report(message::problem(reader, &error, 0, reader.text.len()));
            None
        }
    }
}

fn walk(reader: &Reader<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut word = 0;
    let mut cut = 0;
    // Reading on beyond a cut is tried for as much text as there is, not for each piece anew.
    let mut spare = reader.text.len();
    while let Some(first) = reader.words.get(word) {
        let start = first.span.start as usize;
        // A piece ends where the next item begins, so that a missing brace does not make one item of two. What was read
        // before the cut has closed its braces, so the cut is kept.
        if cut <= word {
            cut = next_item(reader, word);
        }
        let end = reader.words.get(cut).map_or(reader.text.len(), |word| word.span.start as usize);
        let whole = reader.read(Rule::prefix, start, end).or_else(|_| beyond(reader, start, end, &mut spare));
        if let Some(part) = whole.ok().and_then(|whole| whole.parts().find(|part| part.rule() != Rule::EOI)) {
            let read = part.span_read().end as usize;
            items.extend(items::items(&part));
            word = word.max(reader.words.partition_point(|word| (word.span.start as usize) < read));
            continue;
        }
        report(reader, start, end);
        items.push(Item::Damaged(damaged(reader, word, cut)));
        word = cut;
    }
    items
}

/// An item that has others in it may reach beyond the cut.
fn beyond<'s, 'r>(
    reader: &'r Reader<'s>,
    start: usize,
    end: usize,
    spare: &mut usize,
) -> Result<Node<'s, 'r>, Box<pest::error::Error<Rule>>> {
    let until = reader.text.len().min(end.saturating_add(*spare));
    let until = (until..=reader.text.len()).find(|at| reader.text.is_char_boundary(*at)).unwrap_or(end);
    let read = reader.read(Rule::prefix, start, until);
    let reached = match &read {
        Ok(node) => node.span_read().end as usize,
        Err(error) => start + message::place(error),
    };
    *spare = spare.saturating_sub(reached.saturating_sub(end));
    read
}

/// More problems of one item than this are not looked for.
const MOST: usize = 8;

/// Reports what is wrong with a piece: its first problem, and with the line of each problem left out, the next.
fn report(reader: &Reader<'_>, start: usize, end: usize) {
    let mut piece = Span::new(start, end).text(reader.text).to_owned();
    let mut done = 0;
    for round in 0..MOST {
        steps::count(end - start);
        let Err(error) = Grammar::parse(Rule::piece, &piece) else { return };
        let place = message::place(&error);
        let (_, behind) = piece.split_at(place);
        let closes = behind.trim_start().starts_with('}') || behind.trim().is_empty();
        if round > 0 && (place < done || closes) {
            return;
        }
        reader.report(message::problem(reader, &error, start, end));
        let Some((from, to)) = lines_to_leave_out(&piece, place) else { return };
        let blanks = " ".repeat(to - from);
        piece.replace_range(from..to, &blanks);
        done = to;
    }
}

/// The line at a place of a piece, with the line before if the place begins its line: what is wrong may be there. None
/// if the brackets on them do not close, for then nothing can be said about what follows.
#[expect(clippy::string_slice, reason = "reading stops where a character ends, and so do lines and blanks")]
fn lines_to_leave_out(piece: &str, place: usize) -> Option<(usize, usize)> {
    let line_start = |at: usize| piece[..at].rfind('\n').map_or(0, |line| line + 1);
    let place = place + (piece[place..].len() - piece[place..].trim_start().len());
    let mut from = line_start(place);
    if from > 0 && piece[from..place].trim().is_empty() {
        from = line_start(piece[..from].trim_end().len());
    }
    let to = piece[place..].find('\n').map_or(piece.len(), |line| place + line);
    let mut depth = 0_i32;
    for token in tokens(&piece[from..to]) {
        match token.span.text(&piece[from..to]) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    (depth == 0 && from > 0).then_some((from, to))
}

/// The index of the next word that opens an item: at the margin, or outside braces and first on its line.
fn next_item(reader: &Reader<'_>, from: usize) -> usize {
    let mut depth = 0_i32;
    for (index, word) in reader.words.iter().enumerate().skip(from) {
        steps::count(1);
        match word.span.text(reader.text) {
            "{" => depth += 1,
            "}" => depth -= 1,
            text if index > from
                && OPENERS.contains(&text)
                && reader.words.get(index + 1).is_some_and(|next| is_name(next.kind)) =>
            {
                let start = word.span.start;
                let margin = start == 0 || word.span.before(reader.text).ends_with('\n');
                let before = index.checked_sub(1).and_then(|before| reader.words.get(before));
                let before = before.map_or(0, |before| before.span.end);
                let first = before == 0 || Span { start: before, end: start }.text(reader.text).contains('\n');
                if margin || (depth <= 0 && first) {
                    return index;
                }
            }
            _ => {}
        }
    }
    reader.words.len()
}

fn is_name(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Name | TokenKind::Word | TokenKind::Keyword | TokenKind::Text)
}

fn damaged(reader: &Reader<'_>, from: usize, to: usize) -> Damaged {
    #[expect(clippy::indexing_slicing, reason = "the piece of the words from one item to the next")]
    let words = &reader.words[from..to];
    let keyword =
        words.first().map(|word| word.span.text(reader.text)).filter(|word| OPENERS.contains(word)).unwrap_or_default();
    let is_named = |word: &&Token| !keyword.is_empty() && matches!(word.kind, TokenKind::Name | TokenKind::Word);
    let as_name =
        |word: &Token| Name { text: word.span.text(reader.text).nfc().collect(), span: reader.written(word.span) };
    let name = words.get(1).filter(is_named).map(as_name);
    let is_set =
        |pair: &&[Token]| matches!(pair, [word, name] if word.span.text(reader.text) == "set" && is_named(&name));
    let sets = words.windows(2).filter(is_set).filter_map(|pair| pair.last()).map(as_name);
    let sets = if keyword == "rule" { sets.collect() } else { Vec::new() };
    let span = words
        .first()
        .map_or(Span::default(), |word| word.span)
        .to(words.last().map_or(Span::default(), |word| word.span));
    Damaged { keyword: keyword.to_owned(), name, sets, span: reader.written(span) }
}
