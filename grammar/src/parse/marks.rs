//! Where things begin in a healthy text: what the formatter asks of the grammar.

use super::node::Node;
use super::{Reader, Rule};
use crate::lexical::Patches;
use crate::span::Span;
use crate::token::{TokenKind, tokens};
use std::collections::{BTreeMap, BTreeSet};

/// Places of a text, in bytes.
#[derive(Default)]
pub(crate) struct Marks {
    /// Where a thing begins that has a line of its own in a block of several lines.
    pub things: BTreeSet<u32>,
    /// Where a column of a thing begins, and which.
    pub columns: BTreeMap<u32, usize>,
    /// Commas that may be left out.
    pub commas: BTreeSet<u32>,
    /// Pieces whose blanks stay as they are, in order.
    pub raw: Vec<Span>,
    /// Braces that open the fields of a `given`.
    pub given: BTreeSet<u32>,
}

/// The marks of a text without mistakes; none if it cannot be read.
pub(crate) fn marks(source: &str) -> Option<Marks> {
    let patches = Patches::default();
    let words = tokens(source)
        .into_iter()
        .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment))
        .collect();
    let reader = Reader::new(source, source, words, &patches);
    let file = reader.read(Rule::file, 0, source.len()).ok()?;
    let mut marks = Marks::default();
    for item in file.parts().filter(|part| part.rule() != Rule::EOI) {
        marks.item(&item);
    }
    Some(marks)
}

impl Marks {
    fn item(&mut self, node: &Node<'_, '_>) {
        self.thing(node);
        if node.rule() == Rule::table {
            self.table(node);
        }
        if node.rule() == Rule::choose {
            node.parts_of(Rule::rule_item).for_each(|rule| self.item(&rule));
        }
        if matches!(
            node.rule(),
            Rule::program
                | Rule::record
                | Rule::extend
                | Rule::source
                | Rule::calendar
                | Rule::schedule
                | Rule::shared_limit
                | Rule::rule_item
                | Rule::test
        ) {
            self.block(node);
        }
    }

    fn thing(&mut self, node: &Node<'_, '_>) {
        self.things.insert(node.span_read().start);
    }

    fn block(&mut self, node: &Node<'_, '_>) {
        for part in node.parts().skip_while(|part| part.rule() != Rule::brace_open) {
            match part.rule() {
                Rule::brace_open | Rule::brace_close => continue,
                Rule::comma => {
                    self.commas.insert(part.span_read().start);
                    continue;
                }
                // These go on the line of the clause before.
                Rule::due | Rule::in_parts => continue,
                Rule::field | Rule::reverses | Rule::key | Rule::when => self.member(&part),
                Rule::source_field | Rule::calendar_column => self.column(part.parts().nth(1), 1),
                Rule::band | Rule::given_field => self.column(part.parts().nth(1), 1),
                Rule::pay_split => part.parts_of(Rule::split_parts).for_each(|parts| self.split(&parts)),
                Rule::given => {
                    if let Some(fields) = part.part(Rule::given_fields) {
                        self.given.insert(fields.span_read().start);
                        self.block(&fields);
                    }
                }
                _ => {}
            }
            self.thing(&part);
        }
    }

    /// The parts of a split, and of those that are split again.
    fn split(&mut self, node: &Node<'_, '_>) {
        for part in node.parts_of(Rule::split_part) {
            self.thing(&part);
            part.parts_of(Rule::split_parts).for_each(|parts| self.split(&parts));
        }
    }

    /// Every row is a line of its own, its cells stand below those of the row above.
    fn table(&mut self, node: &Node<'_, '_>) {
        let n_bars = node.parts_of(Rule::table_row).map(|row| row.parts_of(Rule::bar).count()).max().unwrap_or(0);
        for part in node.parts().skip_while(|part| part.rule() != Rule::brace_open) {
            match part.rule() {
                Rule::table_row => {
                    self.thing(&part);
                    // `otherwise` stands for all cells before the results.
                    let bars: Vec<_> = part.parts_of(Rule::bar).collect();
                    let first = n_bars.saturating_sub(bars.len()) + 1;
                    (first..).zip(bars).for_each(|(column, bar)| self.column(Some(bar), column));
                }
                Rule::table_column => {
                    self.thing(&part);
                    self.column(part.parts().nth(1), 1);
                }
                Rule::empty_any | Rule::otherwise_row => self.thing(&part),
                Rule::comma => drop(self.commas.insert(part.span_read().start)),
                _ => {}
            }
        }
    }

    fn member(&mut self, node: &Node<'_, '_>) {
        let rest = [Rule::column, Rule::column_format, Rule::ignoring_case, Rule::dated, Rule::if_there];
        let node = node.part(Rule::key_alone).unwrap_or_else(|| node.clone());
        if matches!(node.rule(), Rule::field | Rule::reverses) {
            self.column(node.parts().nth(1), 1);
        }
        self.column(node.parts().find(|part| rest.contains(&part.rule())), 2);
    }

    fn column(&mut self, node: Option<Node<'_, '_>>, column: usize) {
        if let Some(node) = node {
            self.columns.insert(node.span_read().start, column);
        }
    }
}
