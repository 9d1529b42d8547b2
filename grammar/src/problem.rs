//! One plain value for everything that can be wrong with a program, whichever phase finds it.
//!
//! A problem has a kebab-case code (each has a page in `compiler/errors/`), a message in the designer's words, a primary
//! label that marks what to edit, further labels for the other half of a contradiction, help, and the repairs that come into
//! question. It is a `miette::Diagnostic`; only the command line and the test crate draw it.
//!
//! Whoever finds a problem proposes repairs; `meed_compiler::repairs` offers those that, applied, leave fewer errors.

use crate::span::Span;
use miette::{Diagnostic, LabeledSpan, Severity};

/// Something wrong, or doubtful, at a place of a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// The kebab-case code; the page `compiler/errors/<code>.md` explains it.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Level,
    /// Lower case, no full stop, user text in backticks.
    pub message: String,
    /// What to edit, and what to say there (may be empty).
    pub primary: (Span, String),
    /// Other places that belong to it.
    pub others: Vec<(Span, String)>,
    /// The repair, in words.
    pub help: Option<String>,
    /// Repairs as edits of the text, each of them whole, the likeliest first.
    pub repairs: Vec<Repair>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// The program does not run.
    Error,
    /// The program runs; somebody should look.
    Warning,
}

/// Replace the text under `span` by `replacement`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// One way to repair a problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repair {
    /// What it does, for people: ``write `2%` ``.
    pub title: String,
    /// The edits that make it up; they do not overlap and are made together.
    pub edits: Vec<Edit>,
    /// Whether it can be made unseen: it changes no number's worth and makes no choice that is the writer's.
    pub sure: bool,
}

impl Repair {
    /// A repair that changes no number's worth and makes no choice; `edit` adds what it does.
    pub fn sure(title: impl Into<String>) -> Self {
        Self { title: title.into(), edits: Vec::new(), sure: true }
    }

    /// A repair that only the writer can choose.
    pub fn choice(title: impl Into<String>) -> Self {
        Self { sure: false, ..Self::sure(title) }
    }

    /// Adds a replacement.
    #[must_use]
    pub fn edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edits.push(Edit { span, replacement: replacement.into() });
        self
    }

    /// The text with the repair made.
    ///
    /// ```
    /// use meed_grammar::{problem::Repair, span::Span};
    /// let repair = Repair::sure("write `2%`").edit(Span::new(4, 13), "2%");
    /// assert_eq!(repair.applied("pay 2 percent of amount"), "pay 2% of amount");
    /// ```
    pub fn applied(&self, text: &str) -> String {
        let mut edits: Vec<&Edit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        let mut text = text.to_owned();
        for edit in edits {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
        }
        text
    }
}

/// ``write `2%` ``, or how a removal is called.
fn titled(replacement: &str) -> String {
    match replacement.trim() {
        "" => "remove it".to_owned(),
        written => format!("write `{written}`"),
    }
}

impl Problem {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Level::Error,
            message: message.into(),
            primary: (span, String::new()),
            others: Vec::new(),
            help: None,
            repairs: Vec::new(),
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Level::Warning, ..Self::error(code, span, message) }
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.1 = text.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn other(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push((span, text.into()));
        self
    }

    /// Adds the repair in words.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Proposes a repair.
    #[must_use]
    pub fn repair(mut self, repair: Repair) -> Self {
        self.repairs.push(repair);
        self
    }

    /// Proposes one replacement as a sure repair.
    #[must_use]
    pub fn sure(self, span: Span, replacement: impl Into<String>) -> Self {
        let replacement = replacement.into();
        self.repair(Repair::sure(titled(&replacement)).edit(span, replacement))
    }

    /// Proposes one replacement for the writer to choose.
    #[must_use]
    pub fn choice(self, span: Span, replacement: impl Into<String>) -> Self {
        let replacement = replacement.into();
        self.repair(Repair::choice(titled(&replacement)).edit(span, replacement))
    }

    /// Whether the program cannot run because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Level::Error
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.severity {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |(span, text): &(Span, String)| {
            let text = (!text.is_empty()).then(|| text.clone());
            (text, miette::SourceSpan::from(*span))
        };
        let (text, span) = label(&self.primary);
        let primary = LabeledSpan::new_primary_with_span(text, span);
        let others = self.others.iter().map(move |other| {
            let (text, span) = label(other);
            LabeledSpan::new_with_span(text, span)
        });
        Some(Box::new(std::iter::once(primary).chain(others)))
    }
}
