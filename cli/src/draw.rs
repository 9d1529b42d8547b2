//! Messages: drawn for people on standard error, or as JSON on standard output, one object a line.
//!
//! What a message says was shortened where foreign text went into it; here, at the last door, no sign passes that commands a
//! terminal.

use crate::ExitStatus;
use meed_compiler::{Edit, Problem, Repair};
use meed_grammar::foreign;
use meed_grammar::span::Span;
use miette::{GraphicalReportHandler, GraphicalTheme, NamedSource, Report};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// How messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    /// For people, with the text they are about
    #[default]
    Human,
    /// One JSON object on each line of standard output
    Json,
}

/// When messages are in color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless the variable NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Problems alone.
    Quiet,
    /// What a command has done.
    Usual,
    /// Also what it read and how long it took.
    Verbose,
}

/// Where messages go, and which.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    format: MessageFormat,
    level: Level,
    color: Color,
}

impl Messages {
    pub fn new(format: MessageFormat, level: Level, color: Color) -> Self {
        Self { format, level, color }
    }

    /// Whether problems alone are told.
    pub fn are_quiet(self) -> bool {
        self.level == Level::Quiet
    }

    /// Tells what few want to know.
    pub fn more(self, text: &str) {
        if self.level == Level::Verbose {
            say(text);
        }
    }

    /// Whether machines read them.
    pub fn are_json(self) -> bool {
        self.format == MessageFormat::Json
    }

    /// Problems of a text.
    pub fn problems(self, path: &Path, text: &str, problems: &[Problem]) {
        for problem in problems {
            match self.format {
                MessageFormat::Json => print(&format!("{}\n", json(path, text, problem))),
                MessageFormat::Human => {
                    let (text, problem) = foreign::drawable(text, &with_repairs(problem));
                    let source = NamedSource::new(file_name(path), text);
                    let report = Report::new(problem).with_source_code(source);
                    let mut drawn = String::new();
                    if self.handler().render_report(&mut drawn, report.as_ref()).is_ok() {
                        // It is in color on a terminal.
                        say_as_it_is(&drawn);
                    }
                }
            }
        }
    }

    fn handler(self) -> GraphicalReportHandler {
        let is_terminal = std::io::stderr().is_terminal();
        match self.color {
            Color::Auto => GraphicalReportHandler::new(),
            Color::Always => GraphicalReportHandler::new_themed(GraphicalTheme::unicode()),
            Color::Never if is_terminal => GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()),
            Color::Never => GraphicalReportHandler::new_themed(GraphicalTheme::none()),
        }
    }

    /// An error that is about no place of a text.
    pub fn error(self, code: &str, message: &str, help: Option<&str>) {
        match self.format {
            MessageFormat::Json => {
                let object = serde_json::json!({ "code": code, "severity": "error", "message": message, "help": help });
                print(&format!("{object}\n"));
            }
            MessageFormat::Human => {
                say(&format!("error[{code}]: {message}"));
                if let Some(help) = help {
                    say(&format!("help: {help}"));
                }
            }
        }
    }

    /// A line that an error refers to.
    pub fn detail(self, code: &str, text: &str) {
        match self.format {
            MessageFormat::Json => self.error(code, text, None),
            MessageFormat::Human => say(text),
        }
    }

    /// Something good to know; machines are not told, and who wants to hear of problems alone is not either.
    pub fn note(self, text: &str) {
        if self.format == MessageFormat::Human && !self.are_quiet() {
            say(text);
        }
    }
}

/// The name of a file for people.
pub fn file_name(path: &Path) -> String {
    foreign::shown(&path.display().to_string()).into_owned()
}

/// Writes a line for people. Where nobody can hear it, that is no reason to stop.
pub fn say(text: &str) {
    say_as_it_is(&foreign::lines(text));
}

fn say_as_it_is(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a piece of what was asked for. A reader that has gone away wants no more of it.
pub fn print(text: &str) {
    let _ = write_out(text);
}

/// Writes the whole of what was asked for, and says how that ends.
pub fn print_all(text: &str, messages: Messages) -> ExitStatus {
    copy_all(|out| out.write_all(text.as_bytes()), messages)
}

/// The same of what a function writes.
pub fn copy_all(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>, messages: Messages) -> ExitStatus {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            messages.error("cannot-write", &format!("cannot write to standard output: {error}"), None);
            ExitStatus::Output
        }
        Ok(()) | Err(_) => ExitStatus::Well,
    }
}

fn write_out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The problem with those of its repairs in the help that its words do not tell yet.
fn with_repairs(problem: &Problem) -> Problem {
    let told = |repair: &&Repair| {
        let written = repair.title.split('`').nth(1).unwrap_or(&repair.title);
        let said = [Some(&problem.message), Some(&problem.primary.1), problem.help.as_ref()];
        !said.into_iter().flatten().any(|text| text.contains(written))
    };
    let titles: Vec<&str> = problem.repairs.iter().filter(told).map(|repair| repair.title.as_str()).collect();
    let mut problem = problem.clone();
    if !titles.is_empty() {
        let help = problem.help.into_iter().chain([titles.join(", or ")]);
        problem.help = Some(help.collect::<Vec<_>>().join("; "));
    }
    problem
}

/// A problem as `docs/messages.md` describes it.
fn json(path: &Path, text: &str, problem: &Problem) -> serde_json::Value {
    let place = |(span, label): &(Span, String)| {
        let before = span.before(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        serde_json::json!({
            "start": span.start,
            "end": span.end,
            "line": before.matches('\n').count() + 1,
            "column": line.chars().count() + 1,
            "label": label,
        })
    };
    let edit = |edit: &Edit| serde_json::json!({ "start": edit.span.start, "end": edit.span.end, "replacement": edit.replacement });
    let repair = |repair: &Repair| {
        let edits: Vec<_> = repair.edits.iter().map(edit).collect();
        serde_json::json!({ "title": repair.title, "sure": repair.sure, "edits": edits })
    };
    serde_json::json!({
        "file": path.display().to_string(),
        "code": problem.code,
        "severity": if problem.is_error() { "error" } else { "warning" },
        "message": problem.message,
        "primary": place(&problem.primary),
        "others": problem.others.iter().map(place).collect::<Vec<_>>(),
        "help": problem.help,
        "repairs": problem.repairs.iter().map(repair).collect::<Vec<_>>(),
    })
}
