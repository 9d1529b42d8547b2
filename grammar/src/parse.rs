//! The tree of a text, and what is wrong with its surface.
//!
//! Comes in: a text. Goes out: [`Parsed`]. The whole file is read in one piece; if that fails, item by item, so that one
//! broken item hides no other. The rules of the grammar (`meed.pest`) become nodes in the modules below, one module for
//! each noun. Names are not looked up, and the order of clauses is not checked.

mod ambiguity;
mod clauses;
mod expressions;
mod fold;
mod items;
mod literals;
mod marks;
mod message;
mod node;
mod recovery;
mod roundings;
mod sets;
mod splits;
mod tables;
mod tests;

use crate::lexical::{self, Patches};
use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::steps;
use crate::token::{Token, TokenKind, tokens};
use crate::tree::{Expr, File};
pub(crate) use marks::{Marks, marks};
use node::Node;
use std::cell::RefCell;

/// The grammar as a parser.
#[derive(pest_derive::Parser)]
#[grammar = "../meed.pest"]
struct Grammar;

/// A file's tree, as far as it could be read, and its problems.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The items in the order written; what could not be read is in it as damaged.
    pub file: File,
    /// What is wrong with the surface, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a whole file. One broken item hides no other.
pub fn parse(source: &str) -> Parsed {
    if let Some(problem) = too_large(source) {
        return Parsed { file: File::default(), problems: vec![problem] };
    }
    let repaired = lexical::repair(source);
    let mut problems = repaired.problems;
    let (file, found) = with_room(&repaired.text, |words| {
        let reader = Reader::new(source, &repaired.text, words, &repaired.patches);
        let items = recovery::items(&reader);
        (File { items }, reader.problems.into_inner())
    });
    problems.extend(found);
    problems.sort_by_key(|problem| problem.primary.0);
    Parsed { file, problems }
}

/// Reads one value, as it is written after `--set name=` or in a test.
pub fn parse_value(source: &str) -> Result<Expr, Vec<Problem>> {
    if let Some(problem) = too_large(source) {
        return Err(vec![problem]);
    }
    let repaired = lexical::repair(source);
    let mut problems = repaired.problems;
    let (value, found) = with_room(&repaired.text, |words| {
        let reader = Reader::new(source, &repaired.text, words, &repaired.patches);
        let value = recovery::value(&reader);
        (value, reader.problems.into_inner())
    });
    problems.extend(found);
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

/// A text that is larger than any that people write is not looked at.
fn too_large(source: &str) -> Option<Problem> {
    let most = limits::words(limits::TEXT_BYTES);
    (source.len() > limits::TEXT_BYTES).then(|| {
        let first = source.chars().next().map_or(0, char::len_utf8);
        let message = format!("a program has at most {most} bytes, this text has {}", limits::words(source.len()));
        Problem::error("over-limit", Span::new(0, first), message).help("make several programs of it")
    })
}

/// What every step of building a tree needs: the text that is read, its words, and where problems go.
struct Reader<'s> {
    /// The text as written.
    source: &'s str,
    /// The text with typing mistakes repaired.
    text: &'s str,
    /// Its tokens without blanks and comments.
    words: Vec<Token>,
    /// From the repaired text back to the text as written.
    patches: &'s Patches,
    /// What was found wrong.
    problems: RefCell<Vec<Problem>>,
    /// How deep the expression that is being built is in its item.
    depth: std::cell::Cell<usize>,
}

impl<'s> Reader<'s> {
    fn new(source: &'s str, text: &'s str, words: Vec<Token>, patches: &'s Patches) -> Self {
        Self { source, text, words, patches, problems: RefCell::default(), depth: std::cell::Cell::new(0) }
    }

    fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// A span of the repaired text as a span of the text as written.
    fn written(&self, span: Span) -> Span {
        self.patches.written(span)
    }

    /// Reads `rule` from `start` up to `end`.
    fn read(&self, rule: Rule, start: usize, end: usize) -> Result<Node<'s, '_>, Box<pest::error::Error<Rule>>> {
        use pest::Parser;
        let read = Grammar::parse(rule, Span::new(start, end).text(self.text));
        steps::count(match &read {
            Ok(pairs) => pairs.as_str().len(),
            Err(error) => message::place(error),
        });
        let mut pairs = read.map_err(Box::new)?;
        let pair = pairs.next().unwrap_or_else(|| unreachable!("a rule that was read has a pair"));
        Ok(Node::new(self, pair, start))
    }
}

/// More levels of brackets than this are refused.
const DEEPEST: usize = limits::BRACKETS;

/// Bytes of stack for a text that is nested as deeply as is allowed.
const ROOM: usize = 64 << 20;

/// Runs `work` over the words of a text, on a thread with a larger stack if the text is nested deeper than people write.
fn with_room<T: Send>(text: &str, work: impl FnOnce(Vec<Token>) -> T + Send) -> T {
    let words: Vec<Token> =
        tokens(text).into_iter().filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment)).collect();
    if nesting(text, &words) <= DEEPEST / 8 {
        return work(words);
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(ROOM);
        let counted = || {
            let done = work(words);
            (done, steps::taken())
        };
        match thread.spawn_scoped(scope, counted) {
            Ok(handle) => {
                let (done, taken) = handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                steps::carry(taken);
                done
            }
            Err(error) => panic!("no thread could be started: {error}"),
        }
    })
}

/// How deep brackets are nested.
fn nesting(text: &str, words: &[Token]) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for word in words.iter().filter(|word| word.kind == TokenKind::Sign) {
        match word.span.text(text) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
