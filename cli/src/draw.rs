//! Problems drawn for people, or as JSON for machines.

use meed_compiler::Problem;
use miette::{GraphicalReportHandler, NamedSource, Report};
use std::path::Path;

/// How problems are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    /// Drawn, with the text they are about.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Reads a program, or says why it cannot be read.
pub fn read_program(path: &Path) -> Option<String> {
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => Some(text),
        Ok(Err(_)) => {
            eprintln!("error: `{}` is not UTF-8 text", path.display());
            None
        }
        Err(error) => {
            eprintln!("error: cannot read `{}`: {error}", path.display());
            None
        }
    }
}

/// Shows problems on standard error, or as JSON on standard output.
pub fn problems(path: &Path, text: &str, problems: &[Problem], format: MessageFormat) {
    for problem in problems {
        match format {
            MessageFormat::Json => println!("{}", json(path, problem)),
            MessageFormat::Human => {
                let source = NamedSource::new(path.display().to_string(), text.to_owned());
                let report = Report::new(problem.clone()).with_source_code(source);
                let mut drawn = String::new();
                if GraphicalReportHandler::new().render_report(&mut drawn, report.as_ref()).is_ok() {
                    eprintln!("{drawn}");
                }
            }
        }
    }
}

fn json(path: &Path, problem: &Problem) -> serde_json::Value {
    let place = |(span, label): &(meed_grammar::span::Span, String)| serde_json::json!({ "start": span.start, "end": span.end, "label": label });
    let edits = problem.edits.iter().map(
        |edit| serde_json::json!({ "start": edit.span.start, "end": edit.span.end, "replacement": edit.replacement }),
    );
    serde_json::json!({
        "file": path.display().to_string(),
        "code": problem.code,
        "severity": if problem.is_error() { "error" } else { "warning" },
        "message": problem.message,
        "primary": place(&problem.primary),
        "others": problem.others.iter().map(place).collect::<Vec<_>>(),
        "help": problem.help,
        "edits": edits.collect::<Vec<_>>(),
    })
}
