//! The trees that a program is made of, as they are written: its own and those of its libraries.
//!
//! Comes in: the texts of a program, or the name of a library. Goes out: trees, before any name has a meaning, for whoever reads
//! programs by other means than Meed's own.

use super::files::Sources;
use meed_grammar::problem::Problem;
use meed_grammar::tree::{File, Item, Name};
use serde::Serialize;

/// The tree of a program and those of the libraries that it takes in.
#[derive(Clone, Debug, Serialize)]
pub struct Trees {
    /// The program's own, with the items of the files and of the libraries of rules that it uses; places count the bytes of [`Sources::text`].
    pub program: File,
    /// The vocabularies, in the order of their first `use`.
    pub libraries: Vec<LibraryTree>,
}

/// A library as a program takes it in.
#[derive(Clone, Debug, Serialize)]
pub struct LibraryTree {
    /// Its name behind `use`.
    pub name: String,
    /// Its tree; places count the bytes of the library's text.
    pub file: File,
}

/// Reads a program, and each library that it uses once.
///
/// # Errors
/// All problems of the surface, and a library that there is not. What names mean is not looked at.
///
/// ```
/// use meed_compiler::{Sources, trees};
///
/// let text = "use channel\nrule bounty { for each deal  pay partner $500 }";
/// let trees = trees(&Sources::alone("bounty.meed", text)).unwrap();
/// assert_eq!(trees.program.items.len(), 2);
/// assert_eq!(trees.libraries[0].name, "channel");
/// assert!(meed_compiler::trees(&Sources::alone("bounty.meed", "use chanel")).is_err());
/// ```
pub fn trees(sources: &Sources) -> Result<Trees, Vec<Problem>> {
    let meed_grammar::Parsed { file: program, mut problems } = meed_grammar::parse(sources.text());
    problems.extend(sources.problems().iter().cloned());
    let mut libraries: Vec<LibraryTree> = Vec::new();
    for item in &program.items {
        let Item::Use(name) = item else { continue };
        if libraries.iter().any(|library| library.name == name.text) {
            continue;
        }
        match library(name) {
            Ok(file) if file.items.is_empty() => {}
            Ok(file) => libraries.push(LibraryTree { name: name.text.clone(), file }),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.iter().any(Problem::is_error) { Err(problems) } else { Ok(Trees { program, libraries }) }
}

/// The tree of the library of this name; an empty one of a library of rules, whose items are among those of the program
/// ([`Sources`]).
#[expect(clippy::result_large_err, reason = "an error ends the reading of a program, it is made once")]
pub(super) fn library(name: &Name) -> Result<File, Problem> {
    if let Some(library) = meed_stdlib::library(&name.text) {
        return Ok(meed_grammar::parse(if library.has_rules() { "" } else { library.text }).file);
    }
    let known: Vec<&str> = meed_stdlib::libraries().map(|library| library.name).collect();
    let problem = Problem::error("unknown-library", name.span, format!("there is no library `{}`", name.text))
        .help(format!("the libraries are: {}", known.join(", ")));
    Err(match meed_grammar::nearest(&name.text, known) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).choice(name.span, near),
        None => problem,
    })
}
