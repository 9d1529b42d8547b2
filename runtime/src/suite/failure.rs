//! What does not hold, and how files are opened that tests name.

use crate::source::error::SourceError;
use crate::source::file::SourceFile;
use meed_grammar::span::Span;

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its place in the program.
    pub span: Span,
    /// What came instead.
    pub message: String,
    /// Why, line by line; empty where that is not known.
    pub why: Vec<String>,
}

impl Failure {
    pub(super) fn new(span: Span, message: String) -> Self {
        Self { span, message, why: Vec::new() }
    }
}

/// Opens a file that a test names.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<SourceFile, SourceError>;
