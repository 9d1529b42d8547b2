//! Reading on after a mistake: item by item where the whole file cannot be read.

use super::{Reader, Rule, expressions, items, message};
use crate::span::Span;
use crate::token::TokenKind;
use crate::tree::{Damaged, Expr, Item, Name};
use unicode_normalization::UnicodeNormalization;

/// The words that open an item.
pub(super) const OPENERS: &[&str] = &[
    "balance",
    "calendar",
    "choose",
    "entity",
    "event",
    "extend",
    "parameter",
    "program",
    "rates",
    "rule",
    "schedule",
    "table",
    "test",
    "unit",
    "use",
];

/// Every item of the text; what cannot be read stands in the list as damaged.
pub(super) fn items(reader: &Reader<'_>) -> Vec<Item> {
    if let Ok(file) = reader.read(Rule::file, 0, reader.text.len()) {
        return file
            .parts()
            .filter(|part| part.rule() != Rule::EOI)
            .map(|part| items::item(&part))
            .collect();
    }
    walk(reader)
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
    while let Some(first) = reader.words.get(word) {
        let start = first.span.start as usize;
        // A piece ends where the next item begins, so that a missing brace does not make one item of two.
        let cut = next_item(reader, word);
        let end = reader
            .words
            .get(cut)
            .map_or(reader.text.len(), |word| word.span.start as usize);
        // An item that has others in it may reach beyond the cut.
        let whole = reader
            .read(Rule::prefix, start, end)
            .or_else(|_| reader.read(Rule::prefix, start, reader.text.len()));
        if let Some(part) = whole
            .ok()
            .and_then(|whole| whole.parts().find(|part| part.rule() != Rule::EOI))
        {
            let read = part.span_read().end as usize;
            items.push(items::item(&part));
            word += reader.words[word..].partition_point(|word| (word.span.start as usize) < read);
            continue;
        }
        if let Err(error) = reader.read(Rule::piece, start, end) {
            reader.report(message::problem(reader, &error, start, end));
        }
        items.push(Item::Damaged(damaged(reader, word, cut)));
        word = cut;
    }
    items
}

/// The index of the next word that opens an item: at the margin, or outside braces and first on its line.
fn next_item(reader: &Reader<'_>, from: usize) -> usize {
    let mut depth = 0_i32;
    for index in from..reader.words.len() {
        let word = reader.words[index];
        match word.span.text(reader.text) {
            "{" => depth += 1,
            "}" => depth -= 1,
            text if index > from
                && OPENERS.contains(&text)
                && reader
                    .words
                    .get(index + 1)
                    .is_some_and(|next| is_name(next.kind)) =>
            {
                let line = reader.text[..word.span.start as usize]
                    .rsplit('\n')
                    .next()
                    .unwrap_or_default();
                if line.is_empty() || (depth <= 0 && line.trim().is_empty()) {
                    return index;
                }
            }
            _ => {}
        }
    }
    reader.words.len()
}

fn is_name(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Name | TokenKind::Word | TokenKind::Keyword | TokenKind::Text
    )
}

fn damaged(reader: &Reader<'_>, from: usize, to: usize) -> Damaged {
    let words = &reader.words[from..to];
    let text = |index: usize| words.get(index).map(|word| word.span.text(reader.text));
    let keyword = text(0)
        .filter(|word| OPENERS.contains(word))
        .unwrap_or_default();
    let named = !keyword.is_empty()
        && words
            .get(1)
            .is_some_and(|word| matches!(word.kind, TokenKind::Name | TokenKind::Word));
    let name = named.then(|| Name {
        text: text(1).unwrap_or_default().nfc().collect(),
        span: reader.written(words[1].span),
    });
    let span = words
        .first()
        .map_or(Span::default(), |word| word.span)
        .to(words.last().map_or(Span::default(), |word| word.span));
    Damaged {
        keyword: keyword.to_owned(),
        name,
        span: reader.written(span),
    }
}
