//! A posted settlement as a file for those who pay, and the book as a journal for those who keep accounts.

use super::bank::meant;
use super::{BookOptions, done, tell};
use crate::ExitStatus;
use crate::draw::{Messages, file_name};
use crate::out::{not_written, write_by};
use jiff::civil::Date;
use meed_book::{Book, BookError, Money, Payable, Payee, PostedLine, Standing, Status};
use meed_runtime::inner::output::{
    Amounts, Batch, Cells, CsvSink, Header, JsonLinesSink, Kind, ParquetSink, Sink, Texts, XlsxSink,
};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Rows written at a time.
const BATCH: usize = 16_384;

/// Write a posted settlement to a file: CSV, Parquet, XLSX or JSON lines, as its name ends
#[derive(clap::Args)]
pub struct Export {
    /// The settlement's number [default: the last posted one]
    settlement: Option<u64>,
    /// The file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// What is written
    #[arg(long, value_enum, default_value_t)]
    table: What,
    /// Write over a file that is there
    #[arg(long)]
    replace: bool,
    /// Of payables, only what is due by this day
    #[arg(long, value_name = "DATE")]
    due_by: Option<Date>,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Who is to be paid what
    #[default]
    Payables,
    /// The lines of the settlement
    Lines,
}

/// Write all that is posted and paid as a journal that hledger and Beancount read
#[derive(clap::Args)]
pub struct Journal {
    /// The file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    replace: bool,
}

/// The formats by the ending of a file.
#[derive(Clone, Copy)]
enum ExportFormat {
    Csv,
    Parquet,
    Xlsx,
    Jsonl,
}

impl ExportFormat {
    fn of(path: &Path, messages: Messages) -> Result<Self, ExitStatus> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            Some("csv") => Self::Csv,
            Some("parquet") => Self::Parquet,
            Some("xlsx") => Self::Xlsx,
            Some("jsonl") => Self::Jsonl,
            Some(_) | None => {
                let message = format!("`{}` ends with no format that is written", file_name(path));
                messages.error("command-line", &message, Some("let it end with .csv, .parquet, .xlsx or .jsonl"));
                return Err(ExitStatus::Usage);
            }
        })
    }

    fn sink(self, header: Header, file: File, about: &[(&str, String)]) -> io::Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Csv => Box::new(CsvSink::new(header, file)?),
            Self::Parquet => Box::new(ParquetSink::new(header, file)?),
            Self::Xlsx => Box::new(XlsxSink::new(header, file, about)?),
            Self::Jsonl => Box::new(JsonLinesSink::new(header, file)),
        })
    }
}

impl Export {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let ending = ExportFormat::of(&self.to, messages)?;
        let mut book = options.open(None, messages)?;
        is_free(&book, &self.to, self.replace, messages)?;
        let settlement = meant(&book, self.settlement, messages)?;
        let wrong = |error: BookError| tell(&error, messages);
        let known = book.state().settlement(settlement).map_err(wrong)?;
        if known.status != Status::Posted {
            let message = format!("settlement {settlement} is {}, not posted", known.status.word());
            messages.error("book-refused", &message, Some("approve and post it first; look at it: meed book show"));
            return Err(ExitStatus::Usage);
        }
        let approved = known.approved.clone().unwrap_or_default();
        let about = [
            ("program", known.settled.program.clone()),
            ("settlement", settlement.to_string()),
            ("through", known.settled.through.to_string()),
            ("posted", known.posted.map_or_else(String::new, |day| day.to_string())),
            ("approved by", approved.0),
            ("note", approved.1),
            ("head", book.state().head.clone()),
        ];
        // What is paid by it is what was approved.
        let of = if self.table == What::Lines { Some(settlement) } else { None };
        book.is_sealed(of).map_err(wrong)?;
        let mut failed = None;
        let written = write_by(&self.to, |file| {
            let written = match self.table {
                What::Payables => payables(&mut book, settlement, self.due_by, ending, file, &about),
                What::Lines => lines(&mut book, settlement, ending, file, &about),
            };
            written.map_err(|error| match error {
                BookError::Io(error) => error,
                other => {
                    failed = Some(other);
                    io::Error::other("the book cannot be read")
                }
            })
        });
        if let Some(error) = failed {
            return Err(wrong(error));
        }
        let n_rows = written.map_err(|error| not_written(&self.to, &error, messages))?;
        let rows = if n_rows == 1 { "1 row".to_owned() } else { format!("{n_rows} rows") };
        done(&book, &format!("`{}` has settlement {settlement}: {rows}", file_name(&self.to)));
        Ok(())
    }
}

/// A file is written over only where that is asked for, and the book never.
fn is_free(book: &Book, path: &Path, replace: bool, messages: Messages) -> Result<(), ExitStatus> {
    let is_book = book
        .file()
        .is_some_and(|file| file.canonicalize().is_ok_and(|own| path.canonicalize().is_ok_and(|other| own == other)));
    let (message, help) = match (is_book, path.symlink_metadata().is_ok()) {
        (true, _) => (format!("`{}` is the book", file_name(path)), "name another file"),
        (false, true) if !replace => {
            (format!("`{}` is there already", file_name(path)), "name another file, or write over it: --replace")
        }
        (false, _) => return Ok(()),
    };
    messages.error("command-line", &message, Some(help));
    Err(ExitStatus::Usage)
}

/// An amount column of the most decimals that there are.
fn amount(decimals: u32) -> Kind {
    Kind::Amount { decimals, digits: 38 }
}

fn amounts<'a>(all: impl Iterator<Item = &'a Money>, decimals: u32) -> Cells {
    let (mut values, mut own) = (Vec::new(), Vec::new());
    for money in all {
        values.push(money.amount);
        own.push(u8::try_from(money.decimals).unwrap_or(u8::MAX));
    }
    let is_one = own.iter().all(|own| u32::from(*own) == decimals);
    Cells::Amounts(Amounts { values, decimals: if is_one { Vec::new() } else { own } })
}

fn texts<T>(rows: &[T], text: impl Fn(&T) -> String) -> Cells {
    Cells::Texts(rows.iter().map(text).collect::<Texts>())
}

fn payables(
    book: &mut Book,
    settlement: u64,
    due_by: Option<Date>,
    ending: ExportFormat,
    file: File,
    about: &[(&str, String)],
) -> Result<u64, BookError> {
    let mut rows = book.payables(settlement, due_by)?;
    rows.retain(|row| row.standing != Standing::Even || row.settled.amount != 0);
    let names: HashMap<Payee, String> = book.names()?.into_iter().collect();
    let decimals = rows.iter().map(|row| row.balance.decimals).max().unwrap_or(0);
    let header: Header = vec![
        ("settlement", Kind::Text),
        ("payee_kind", Kind::Text),
        ("payee", Kind::Text),
        ("name", Kind::Text),
        ("unit", Kind::Text),
        ("settled", amount(decimals)),
        ("posted", amount(decimals)),
        ("paid", amount(decimals)),
        ("balance", amount(decimals)),
        ("standing", Kind::Text),
    ];
    let mut sink = ending.sink(header, file, about)?;
    for rows in rows.chunks(BATCH) {
        let columns = vec![
            texts(rows, |_| settlement.to_string()),
            texts(rows, |row| row.payee.kind.clone()),
            texts(rows, |row| row.payee.key.clone()),
            texts(rows, |row| names.get(&row.payee).cloned().unwrap_or_default()),
            texts(rows, |row| row.balance.unit.clone()),
            amounts(rows.iter().map(|row: &Payable| &row.settled), decimals),
            amounts(rows.iter().map(|row| &row.posted), decimals),
            amounts(rows.iter().map(|row| &row.paid), decimals),
            amounts(rows.iter().map(|row| &row.balance), decimals),
            texts(rows, |row| row.standing.word().to_owned()),
        ];
        sink.take(Batch { n_rows: rows.len(), columns })?;
    }
    sink.finish()?;
    Ok(rows.len() as u64)
}

fn lines(
    book: &mut Book,
    settlement: u64,
    ending: ExportFormat,
    file: File,
    about: &[(&str, String)],
) -> Result<u64, BookError> {
    let units = book.state().settlement(settlement)?.settled.units.clone();
    let decimals = units.values().copied().max().unwrap_or(0);
    let header: Header = vec![
        ("line", Kind::Text),
        ("rule", Kind::Text),
        ("version", Kind::Whole),
        ("payee_kind", Kind::Text),
        ("payee", Kind::Text),
        ("unit", Kind::Text),
        ("was", amount(decimals)),
        ("amount", amount(decimals)),
        ("event", Kind::Text),
        ("key", Kind::Text),
        ("place", Kind::Whole),
        ("when", Kind::Day),
        ("period", Kind::Text),
        ("booked", Kind::Text),
        ("due", Kind::Day),
        ("reason", Kind::Text),
    ];
    let mut sink = ending.sink(header, file, about)?;
    let (mut held, mut n_rows) = (Vec::new(), 0);
    let mut write = |held: &mut Vec<PostedLine>| {
        let money = |line: &PostedLine, amount: i128| {
            let unit = line.subject.unit.clone();
            Money { decimals: units.get(&unit).copied().unwrap_or(0), unit, amount }
        };
        let was: Vec<Money> = held.iter().map(|line| money(line, line.was)).collect();
        let more: Vec<Money> = held.iter().map(|line| money(line, line.line.amount)).collect();
        let columns = vec![
            texts(held, |line| format!("{settlement}.{}", line.number)),
            texts(held, |line| line.subject.rule.clone()),
            Cells::Wholes(held.iter().map(|line| line.line.version).collect()),
            texts(held, |line| line.subject.payee_kind.clone()),
            texts(held, |line| line.subject.payee.clone()),
            texts(held, |line| line.subject.unit.clone()),
            amounts(was.iter(), decimals),
            amounts(more.iter(), decimals),
            texts(held, |line| line.subject.event.clone()),
            texts(held, |line| line.subject.key.clone()),
            Cells::Wholes(held.iter().map(|line| line.line.place).collect()),
            Cells::Days(held.iter().map(|line| line.line.when).collect()),
            texts(held, |line| line.subject.period.clone()),
            texts(held, |line| line.booked.clone()),
            Cells::SomeDays(held.iter().map(|line| line.subject.due).collect()),
            texts(held, |line| line.reason.clone()),
        ];
        sink.take(Batch { n_rows: held.len(), columns })?;
        held.clear();
        io::Result::Ok(())
    };
    book.each_line(settlement, |line| {
        n_rows += 1;
        held.push(line.clone());
        if held.len() == BATCH { Ok(write(&mut held)?) } else { Ok(()) }
    })?;
    write(&mut held)?;
    sink.finish()?;
    Ok(n_rows)
}

impl Journal {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        is_free(&book, &self.to, self.replace, messages)?;
        let text = book.journal().map_err(|error| tell(&error, messages))?;
        let written = crate::out::write_whole(&self.to, text.as_bytes());
        written.map_err(|error| not_written(&self.to, &error, messages))?;
        done(&book, &format!("`{}` has what is posted and paid", file_name(&self.to)));
        Ok(())
    }
}
