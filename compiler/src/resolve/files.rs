//! The texts of a program: its own, and those of the files that it takes in with `use "terms.meed"`.
//!
//! Comes in: a text, and somebody who reads the others by their names; this room opens no file. Goes out: all texts one behind
//! the other in one, so that whatever looks at a place of the program looks at that text, and only who shows a problem asks
//! which file it is in. The order of items does not matter, and neither does that of files. Libraries of rules are taken in the
//! same way; what is wrong in one is shown where the program uses it.

use meed_grammar::problem::{Edit, Problem, Repair};
use meed_grammar::span::Span;
use meed_grammar::tree::{Calendar, Item, Table, TableRows, Text};
use meed_stdlib::Library;

/// More files are none of a program that people read.
const MOST_FILES: usize = 1_000;

/// The texts of a program.
#[derive(Clone, Debug)]
pub struct Sources {
    text: String,
    files: Vec<SourceText>,
    problems: Vec<Problem>,
    /// Sheets of tables and calendars by the names of their files; why not, where one cannot be read.
    sheets: Vec<(String, Result<String, String>)>,
}

/// One of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The name of its file, as the program writes it; of the program's own as its reader named it.
    pub name: String,
    /// Where it is in the text of all.
    pub span: Span,
    /// Of a library of rules, whose name is that behind `use`: where it is used first.
    pub library: Option<Span>,
}

/// A problem as it is shown: in one file, with places of other files told in words.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// The file that it is in, by its place in [`Sources::files`].
    pub file: usize,
    /// The text of that file.
    pub text: &'a str,
    /// The problem, with places in that text.
    pub problem: Problem,
}

/// Whether a name is that of a file in the same folder.
fn is_beside(name: &str) -> bool {
    !(name.is_empty() || name.contains(['/', '\\', ':']) || name == "." || name == "..")
}

impl Sources {
    /// A program that is one text.
    pub fn alone(name: &str, text: &str) -> Self {
        Self::gather(name, text, |_| Err("no other file is given".to_owned()))
    }

    /// A program and the files that it uses, and that these use. `read` gives the text of a file that is beside the program, by
    /// its name, or says why there is none; it is asked once for each.
    pub fn gather(name: &str, text: &str, mut read: impl FnMut(&str) -> Result<String, String>) -> Self {
        let own = SourceText { name: name.to_owned(), span: Span::new(0, text.len()), library: None };
        let mut sources = Self { text: text.to_owned(), files: vec![own], problems: Vec::new(), sheets: Vec::new() };
        // Which file each was first used by: a file that uses one of those it was taken in for goes in a circle.
        let mut used_by: Vec<Option<usize>> = vec![None];
        let mut next = 0;
        while next < sources.files.len() && sources.files.len() <= MOST_FILES {
            let mut seen: Vec<Text> = Vec::new();
            for file in sources.uses_of(next) {
                if let Some(first) = seen.iter().find(|first| first.value == file.value) {
                    let message = format!("`{}` is used twice", file.value);
                    sources.problems.push(
                        Problem::error("duplicate-name", file.span, message)
                            .other(first.span, "used first here")
                            .help("remove one of them"),
                    );
                    continue;
                }
                seen.push(file.clone());
                sources.take(next, &file, &mut used_by, &mut read);
            }
            for (library, at) in sources.libraries_of(next) {
                if !sources.files.iter().any(|file| file.library.is_some() && file.name == library.name) {
                    sources.append(library.name, library.text, Some(at));
                    used_by.push(Some(next));
                }
            }
            next += 1;
        }
        for idx in 0..sources.files.len() {
            for file in sources.sheets_of(idx) {
                if sources.sheets.iter().all(|(known, _)| *known != file) {
                    let text = if is_beside(&file) {
                        read(&file)
                    } else {
                        Err("it is no name of a file beside this one".to_owned())
                    };
                    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned());
                    sources.sheets.push((file, text));
                }
            }
        }
        sources
    }

    /// The sheets of tables and calendars, by the names of their files.
    pub fn sheets(&self) -> &[(String, Result<String, String>)] {
        &self.sheets
    }

    /// The sheets that the tables and calendars of one of the texts are read from.
    fn sheets_of(&self, idx: usize) -> Vec<String> {
        let text = self.text_of(idx);
        if !["table", "calendar"].iter().any(|word| text.contains(word)) || !text.contains("from") {
            return Vec::new();
        }
        let items = meed_grammar::parse(text).file.items.into_iter();
        let sheet = |item| match item {
            Item::Table(Table { rows: TableRows::Sheet { file, .. }, .. }) | Item::Calendar(Calendar { file, .. }) => {
                Some(file.value)
            }
            _ => None,
        };
        items.filter_map(sheet).collect()
    }

    /// Takes a file in that another uses.
    fn take(
        &mut self,
        by: usize,
        file: &Text,
        used_by: &mut Vec<Option<usize>>,
        read: &mut impl FnMut(&str) -> Result<String, String>,
    ) {
        let name = &file.value;
        if !is_beside(name) {
            let message = format!("`{name}` is no name of a file beside this one");
            let help = "write the name alone, as `use \"terms.meed\"`, and put the file into the same folder";
            return self.problems.push(Problem::error("unknown-file", file.span, message).help(help));
        }
        let known = self.files.iter().position(|known| known.name == *name && known.library.is_none());
        if let Some(known) = known {
            let way = self.way(by, used_by);
            if way.contains(&known) {
                let mut names: Vec<&str> = way
                    .iter()
                    .rev()
                    .skip_while(|idx| **idx != known)
                    .map(|&idx| self.files[idx].name.as_str())
                    .collect();
                names.push(name);
                let message = format!("files use one another in a circle: {}", names.join(" → "));
                let help = "put what both need into a third file";
                self.problems.push(Problem::error("file-cycle", file.span, message).help(help));
            }
            return;
        }
        match read(name) {
            Ok(text) => {
                // A mark of the order of bytes is one at the beginning of a text only.
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                self.append(name, text, None);
                used_by.push(Some(by));
            }
            Err(reason) => {
                let message = format!("`{name}` cannot be read: {reason}");
                let help = "the file is looked for in the folder of the program";
                self.problems.push(Problem::error("unknown-file", file.span, message).help(help));
            }
        }
    }

    /// Puts a text behind those that are there.
    fn append(&mut self, name: &str, text: &str, library: Option<Span>) {
        self.text.push_str(&separator(name));
        let start = self.text.len();
        self.text.push_str(text);
        self.files.push(SourceText { name: name.to_owned(), span: Span::new(start, self.text.len()), library });
    }

    /// A file, the one that it was taken in for, and so on to the program's own.
    fn way(&self, from: usize, used_by: &[Option<usize>]) -> Vec<usize> {
        std::iter::successors(Some(from), |&idx| used_by[idx]).collect()
    }

    /// The files that one of the texts uses.
    fn uses_of(&self, idx: usize) -> Vec<Text> {
        let SourceText { span, .. } = self.files[idx];
        let text = &self.text[span.start as usize..span.end as usize];
        // Most programs use none, and are not read twice.
        if !text.match_indices("use").any(|(at, word)| text[at + word.len()..].trim_start().starts_with('"')) {
            return Vec::new();
        }
        let items = meed_grammar::parse(text).file.items.into_iter();
        let used = items.filter_map(|item| if let Item::UseFile(file) = item { Some(file) } else { None });
        used.map(|file| Text { span: shifted(file.span, i64::from(span.start)), ..file }).collect()
    }

    /// The libraries of rules that one of the texts uses, and where.
    fn libraries_of(&self, idx: usize) -> Vec<(&'static Library, Span)> {
        let text = self.text_of(idx);
        // Most programs use none, and are not read twice.
        let rules = |name: &str| meed_stdlib::library(name).filter(|library| library.has_rules());
        let name = |(at, word): (usize, &str)| {
            let rest = text[at + word.len()..].trim_start();
            rest.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).next().and_then(rules)
        };
        if text.match_indices("use").find_map(name).is_none() {
            return Vec::new();
        }
        let start = i64::from(self.files[idx].span.start);
        let items = meed_grammar::parse(text).file.items.into_iter();
        let used = items.filter_map(|item| if let Item::Use(name) = item { Some(name) } else { None });
        used.filter_map(|name| Some((rules(&name.text)?, shifted(name.span, start)))).collect()
    }

    /// A problem in the text of a library, told where the program uses that library: nobody can edit it elsewhere.
    pub(crate) fn in_program(&self, mut problem: Problem) -> Problem {
        let file = &self.files[self.file_at(problem.primary.0.start)];
        if let Some(at) = file.library {
            let (place, label) = std::mem::replace(&mut problem.primary, (at, "taken in here".to_owned()));
            problem.others.retain(|(other, _)| !(other.start >= file.span.start && other.end <= file.span.end));
            let written = self.text.get(place.start as usize..place.end as usize).unwrap_or_default();
            let label =
                if label.is_empty() { format!("`{}`", written.lines().next().unwrap_or_default()) } else { label };
            problem.others.push((place, label));
            problem.repairs.clear();
            let help = match problem.code {
                "overlapping-versions" => Some(
                    "a library's rule has one version: take in one of the two, or give a rule of your own another name",
                ),
                "duplicate-name" => {
                    Some("leave the program's own out, and add fields to the library's: extend … { … }")
                }
                _ => None,
            };
            if let Some(help) = help {
                problem.help = Some(help.to_owned());
            }
        }
        problem
    }

    /// All texts, one behind the other; places of problems are places in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The texts, the program's own first.
    pub fn files(&self) -> &[SourceText] {
        &self.files
    }

    /// One of the texts.
    pub fn text_of(&self, idx: usize) -> &str {
        let span = self.files[idx].span;
        &self.text[span.start as usize..span.end as usize]
    }

    /// What is wrong with how files use one another.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The file that a place is in, by its place in [`Sources::files`].
    pub fn file_at(&self, at: u32) -> usize {
        self.files.partition_point(|file| file.span.start <= at).saturating_sub(1)
    }

    /// The line of a place in its file, counted from 1.
    pub fn line_at(&self, at: u32) -> usize {
        let start = self.files[self.file_at(at)].span.start;
        self.text[start as usize..at.max(start) as usize].matches('\n').count() + 1
    }

    /// A problem as it is shown.
    pub fn shown(&self, problem: &Problem) -> Shown<'_> {
        let file = self.file_at(problem.primary.0.start);
        let SourceText { span, .. } = self.files[file];
        let local = |place: Span| {
            let within =
                Span { start: place.start.clamp(span.start, span.end), end: place.end.clamp(span.start, span.end) };
            shifted(within, -i64::from(span.start))
        };
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            problem.others.iter().cloned().partition(|(place, _)| self.file_at(place.start) == file);
        let mut shown = problem.clone();
        shown.primary.0 = local(problem.primary.0);
        shown.others = here.into_iter().map(|(place, label)| (local(place), label)).collect();
        let told = elsewhere.into_iter().map(|(place, label)| {
            let name = &self.files[self.file_at(place.start)].name;
            format!("{name}, line {}: {label}", self.line_at(place.start))
        });
        let help: Vec<String> = told.chain(shown.help).collect();
        shown.help = (!help.is_empty()).then(|| help.join("; "));
        // What is to be done in another file cannot be done here.
        let is_here = |edit: &Edit| self.file_at(edit.span.start) == file;
        shown.repairs = problem.repairs.iter().filter(|repair| repair.edits.iter().all(is_here)).cloned().collect();
        for Repair { edits, .. } in &mut shown.repairs {
            edits.iter_mut().for_each(|edit| edit.span = local(edit.span));
        }
        Shown { file, text: self.text_of(file), problem: shown }
    }

    /// The texts of the files where the text of all has become another by repairs; none where they cannot be told apart.
    pub fn split<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (mut texts, mut rest) = (Vec::new(), text);
        for next in &self.files[1..] {
            let (own, after) = rest.split_once(&separator(&next.name))?;
            texts.push(own);
            rest = after;
        }
        texts.push(rest);
        // A comment that looks like what is between texts would cut one of them.
        let is_whole = texts
            .iter()
            .zip(&self.files)
            .all(|(text, _)| !self.files[1..].iter().any(|file| text.contains(&separator(&file.name))));
        is_whole.then_some(texts)
    }
}

/// What is between two texts: a comment, which no repair touches, on a line of its own.
fn separator(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    format!("\n// ========== {name} ==========\n")
}

fn shifted(span: Span, by: i64) -> Span {
    let at = |place: u32| (i64::from(place) + by) as u32;
    Span { start: at(span.start), end: at(span.end) }
}
