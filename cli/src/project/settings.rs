//! `meed.toml`, key by key; what is not known, or of another kind, is an error at its place.

#![expect(clippy::result_large_err, reason = "a problem ends the reading of its setting, it is made once")]

use crate::bind::TablePlace;
use crate::format::Format;
use clap::ValueEnum;
use jiff::civil::Date;
use meed_book::Place;
use meed_compiler::Problem;
use meed_grammar::span::Span;
use meed_runtime::inner::output::CsvDialect;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file.
pub const FILE_NAME: &str = "meed.toml";

/// What a project sets.
#[derive(Debug, Default, PartialEq)]
pub struct Settings {
    /// The folder of the file.
    pub folder: PathBuf,
    /// The program's file.
    pub program: Option<PathBuf>,
    /// Tables, as after `--data`.
    pub data: Vec<String>,
    /// The folder for the tables of a run.
    pub out: Option<PathBuf>,
    /// How these are written.
    pub format: Option<Format>,
    /// How they are written as CSV.
    pub csv: Option<CsvDialect>,
    /// The last day of a run.
    pub through: Option<Date>,
    /// The book that its settlements are kept in.
    pub book: Option<Place>,
    /// Parameters with their values.
    pub set: Vec<(String, String)>,
}

const KEYS: [&str; 8] = ["program", "data", "out", "format", "csv", "through", "book", "set"];

type Entry<'a> = (&'a str, Span, &'a DeValue<'a>, Span);

impl Settings {
    /// The file they were read from.
    pub fn file(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// Reads the file of a folder.
    pub fn read(folder: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let table = DeTable::parse(text).map_err(|error| {
            let span = error.span().map_or_else(Span::default, span);
            vec![Problem::error("project-file", span, format!("this is no TOML: {}", error.message()))]
        })?;
        let mut settings = Self { folder: folder.to_owned(), ..Self::default() };
        let mut problems = Vec::new();
        for (key, key_span, value, value_span) in entries(table.get_ref()) {
            if let Err(problem) = settings.take((key, key_span, value, value_span)) {
                problems.push(problem);
            }
        }
        problems.sort_by_key(|problem| problem.primary.0);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    fn take(&mut self, (key, key_span, value, value_span): Entry) -> Result<(), Problem> {
        let text = || string(key, value, value_span);
        match key {
            "program" => self.program = Some(self.folder.join(text()?)),
            "out" => self.out = Some(self.folder.join(text()?)),
            "format" => {
                let format = Format::from_str(&text()?, false);
                self.format =
                    Some(format.map_err(|_| {
                        wrong(key, value_span, "\"csv\", \"parquet\", \"jsonl\", \"arrow\" or \"xlsx\"")
                    })?);
            }
            "csv" => {
                let dialect = text()?.parse();
                let unread = |reason| wrong(key, value_span, "a dialect, such as \"sep=; decimal=, bom\"").help(reason);
                self.csv = Some(dialect.map_err(unread)?);
            }
            "through" => {
                let day = match value {
                    DeValue::Datetime(day) => day.to_string().parse(),
                    _ => text()?.parse(),
                };
                self.through = Some(day.map_err(|_| wrong(key, value_span, "a date, such as 2026-03-31"))?);
            }
            "book" => {
                let Ok(place) = text()?.parse();
                self.book = Some(match place {
                    Place::File(path) => Place::File(self.folder.join(path)),
                    Place::Server(url) => Place::Server(url),
                });
            }
            "data" => self.data = self.tables(value, value_span)?,
            "set" => {
                let DeValue::Table(parameters) = value else {
                    return Err(wrong(key, value_span, "a table: a parameter and its value in Meed on each line"));
                };
                for (name, _, value, span) in entries(parameters) {
                    let value = string(&format!("set.{name}"), value, span)?;
                    self.set.push((name.to_owned(), value));
                }
            }
            _ => {
                let message = format!("there is no setting `{key}`");
                let problem = Problem::error("project-file", key_span, message);
                return Err(match meed_grammar::nearest(key, KEYS) {
                    Some(near) => problem.label(format!("did you mean `{near}`?")).choice(key_span, near),
                    None => problem.help(format!("the settings are {}", KEYS.join(", "))),
                });
            }
        }
        Ok(())
    }

    /// A folder, a list of entries as after `--data`, or a table of records.
    fn tables(&self, value: &DeValue, value_span: Span) -> Result<Vec<String>, Problem> {
        const KINDS: &str = "a folder, or a table with a record and its files on each line";
        let place = |path: &str| self.folder.join(path).display().to_string();
        let mut found = Vec::new();
        match value {
            DeValue::String(folder) => found.push(place(folder)),
            DeValue::Table(records) => {
                for (record, _, value, value_span) in entries(records) {
                    let one = |value: &DeValue, span: Span| string(&format!("data.{record}"), value, span);
                    let files = match value {
                        DeValue::Array(files) => {
                            files.iter().map(|file| one(file.get_ref(), span(file.span()))).collect::<Result<_, _>>()?
                        }
                        file => vec![one(file, value_span)?],
                    };
                    let within = |file: &String| format!("{record}={}", TablePlace::within(&self.folder, file));
                    found.extend(files.iter().map(within));
                }
            }
            _ => return Err(wrong("data", value_span, KINDS)),
        }
        Ok(found)
    }
}

/// The entries of a table, as written.
fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let entry = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
        let name: &'a std::borrow::Cow<'a, str> = key.get_ref();
        (name.as_ref(), span(key.span()), value.get_ref(), span(value.span()))
    };
    let mut all: Vec<Entry<'a>> = table.iter().map(entry).collect();
    all.sort_by_key(|(_, key_span, ..)| *key_span);
    all
}

fn string(key: &str, value: &DeValue, span: Span) -> Result<String, Problem> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        _ => Err(wrong(key, span, "a text in quotes")),
    }
}

fn wrong(key: &str, span: Span, wanted: &str) -> Problem {
    Problem::error("project-file", span, format!("`{key}` is {wanted}")).label("this is something else")
}

fn span(range: Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Vec<(String, String)>> {
        let told = |problem: &Problem| (problem.message.clone(), problem.primary.0.text(text).to_owned());
        Settings::read(Path::new("here"), text).map_err(|problems| problems.iter().map(told).collect())
    }

    #[test]
    fn every_setting_is_taken() {
        let text = r#"
program = "rules.meed"
out = "payments"
format = "parquet"
csv = "sep=; decimal=, bom"
through = 2026-02-28
book = "book.db"
[data]
deal = "deals-*.csv"
partner = ["a.csv", "sqlite:crm.db?table=p"]
person = "-"
[set]
bounty = "$700"
"#;
        let place = |name: &str| Path::new("here").join(name);
        let table = |record: &str, name: &str| format!("{record}={}", place(name).display());
        let crm = format!("partner=sqlite:{}?table=p", place("crm.db").display());
        let settings = Settings {
            folder: "here".into(),
            program: Some(place("rules.meed")),
            data: vec![table("deal", "deals-*.csv"), table("partner", "a.csv"), crm, "person=-".to_owned()],
            out: Some(place("payments")),
            format: Some(Format::Parquet),
            csv: Some(CsvDialect { separator: b';', decimal: b',', has_bom: true }),
            through: Some(jiff::civil::date(2026, 2, 28)),
            book: Some(Place::File(place("book.db"))),
            set: vec![("bounty".to_owned(), "$700".to_owned())],
        };
        assert_eq!(read(text), Ok(settings));
        let folder = read("data = \"tables\"\nthrough = \"2026-02-28\"").expect("a folder and a date in quotes");
        assert_eq!((folder.data, folder.through.is_some()), (vec![place("tables").display().to_string()], true));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let cases = [
            ("progam = \"x.meed\"", "there is no setting `progam`", "progam"),
            ("out = \"x\"\ncolor = 1", "there is no setting `color`", "color"),
            ("out = 5", "`out` is a text in quotes", "5"),
            ("format = \"xls\"", "`format` is \"csv\", \"parquet\", \"jsonl\", \"arrow\" or \"xlsx\"", "\"xls\""),
            ("csv = \"decimal=,\"", "`csv` is a dialect, such as \"sep=; decimal=, bom\"", "\"decimal=,\""),
            ("through = 2026", "`through` is a text in quotes", "2026"),
            ("through = \"soon\"", "`through` is a date, such as 2026-03-31", "\"soon\""),
            ("data = 1", "`data` is a folder, or a table with a record and its files on each line", "1"),
            ("[data]\ndeal = true", "`data.deal` is a text in quotes", "true"),
            ("[set]\nbounty = 700", "`set.bounty` is a text in quotes", "700"),
            ("set = \"bounty\"", "`set` is a table: a parameter and its value in Meed on each line", "\"bounty\""),
        ];
        for (text, message, place) in cases {
            assert_eq!(read(text), Err(vec![(message.to_owned(), place.to_owned())]), "{text}");
        }
        let both = read("color = 1\nout = 5").expect_err("two settings are wrong");
        assert_eq!(both.len(), 2, "one does not hide the other");
        assert!(read("out = ").expect_err("no TOML")[0].0.starts_with("this is no TOML"));
    }
}
