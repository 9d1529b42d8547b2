//! A piece of the text that the grammar recognized, with what tree building asks of it.

use super::{Reader, Rule};
use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::tree::{Name, OWN_PERIOD, OWN_YEAR, Path, Text};
use pest::iterators::Pair;
use unicode_normalization::UnicodeNormalization;

/// A recognized rule of the grammar, with its place in the whole text.
#[derive(Clone)]
pub(super) struct Node<'s, 'r> {
    pub(super) reader: &'r Reader<'s>,
    pair: Pair<'r, Rule>,
    base: usize,
}

impl<'s, 'r> Node<'s, 'r> {
    pub(super) fn new(reader: &'r Reader<'s>, pair: Pair<'r, Rule>, base: usize) -> Self {
        Self { reader, pair, base }
    }

    pub(super) fn rule(&self) -> Rule {
        self.pair.as_rule()
    }

    /// The text read, without blanks after it if the rule is a single word.
    pub(super) fn text(&self) -> &'r str {
        self.pair.as_str()
    }

    /// Its parts, in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Node<'s, 'r>> + use<'s, 'r> {
        let (reader, base) = (self.reader, self.base);
        self.pair.clone().into_inner().map(move |pair| Node { reader, pair, base })
    }

    /// The first part of that rule.
    pub(super) fn part(&self, rule: Rule) -> Option<Node<'s, 'r>> {
        self.parts().find(|part| part.rule() == rule)
    }

    /// Every part of that rule.
    pub(super) fn parts_of(&self, rule: Rule) -> impl Iterator<Item = Node<'s, 'r>> + use<'s, 'r> {
        self.parts().filter(move |part| part.rule() == rule)
    }

    pub(super) fn has(&self, rule: Rule) -> bool {
        self.part(rule).is_some()
    }

    /// The place of the first part of that rule.
    pub(super) fn span_of(&self, rule: Rule) -> Option<Span> {
        self.part(rule).map(|part| part.span())
    }

    /// Its place in the repaired text, without the blanks and comments that the grammar skipped after it.
    pub(super) fn span_read(&self) -> Span {
        let span = self.pair.as_span();
        let (start, end) = (self.base + span.start(), self.base + span.end());
        let words = &self.reader.words;
        let after = words.partition_point(|word| (word.span.start as usize) < end);
        let end = match after.checked_sub(1).and_then(|last| words.get(last)).map(|word| word.span.end as usize) {
            Some(last) if last < end && last >= start => last,
            _ => end,
        };
        Span::new(start, end)
    }

    /// Its place in the text as written.
    pub(super) fn span(&self) -> Span {
        self.reader.written(self.span_read())
    }

    /// The first name in it, which the grammar guarantees.
    pub(super) fn name(&self) -> Name {
        if let Some(half_month) = self.part(Rule::half_month) {
            return half_month.to_half_month();
        }
        if let Some(half_months) = self.part(Rule::half_months) {
            return Name { text: "half months".to_owned(), span: half_months.span() };
        }
        if let Some(own_year) = self.part(Rule::own_year) {
            return Name { text: OWN_PERIOD.to_owned(), span: own_year.span() };
        }
        self.part(Rule::name).map_or_else(|| self.to_name(), |name| name.to_name())
    }

    /// This node as a name.
    pub(super) fn to_name(&self) -> Name {
        Name { text: self.text().nfc().collect(), span: self.span() }
    }

    /// The two words `half month`, with one blank between them.
    fn to_half_month(&self) -> Name {
        Name { text: "half month".to_owned(), span: self.span() }
    }

    /// The first quoted text in it.
    pub(super) fn quoted(&self) -> Option<Text> {
        self.part(Rule::text).map(|text| text.to_text())
    }

    /// This node as a quoted text.
    pub(super) fn to_text(&self) -> Text {
        let raw = self.text();
        let inside = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
        Text { value: inside.replace("\"\"", "\""), span: self.span() }
    }

    /// This node as a dotted name.
    pub(super) fn to_path(&self) -> Path {
        let mut parts: Vec<Name> = self.parts_of(Rule::name).map(|name| name.to_name()).collect();
        self.not_more(&mut parts, limits::PATH, "names with points between them are at most");
        Path { parts, span: self.span() }
    }

    /// `year from rep.joined_on` as a path whose first name is `year from`, which no name is.
    fn to_own_year(&self) -> Path {
        let mut parts = vec![Name { text: OWN_YEAR.to_owned(), span: self.span() }];
        parts.extend(self.part(Rule::path).map(|path| path.to_path().parts).unwrap_or_default());
        Path { parts, span: self.span() }
    }

    /// The dotted names in a `per …` list.
    pub(super) fn to_paths(&self) -> Vec<Path> {
        let path = |part: Node<'s, 'r>| match part.rule() {
            Rule::half_month => Some(Path { parts: vec![part.to_half_month()], span: part.span() }),
            Rule::path => Some(part.to_path()),
            Rule::own_year => Some(part.to_own_year()),
            _ => None,
        };
        let mut paths = self.parts().filter_map(path).collect();
        self.not_more(&mut paths, limits::KEY, "what a total, a limit or a `first` is kept per has parts, at most");
        paths
    }

    /// Reports and cuts what is more than anybody writes.
    pub(super) fn not_more<T>(&self, parts: &mut Vec<T>, most: usize, what: &str) {
        if parts.len() > most {
            let message = format!("{what} {most}");
            let label = format!("this has {}", limits::words(parts.len()));
            self.reader.report(Problem::error("over-limit", self.span(), message).label(label).help("remove some"));
            parts.truncate(most);
        }
    }

    /// The dotted names of its `per` part.
    pub(super) fn per(&self) -> Vec<Path> {
        self.part(Rule::per).map(|per| per.to_paths()).unwrap_or_default()
    }
}
