//! `--print TABLE`: a table of a run on standard output, for people or for other programs.

use crate::ExitStatus;
use crate::draw::{Messages, copy_all, print_all};
use crate::report::count_words;
use meed_grammar::foreign::escaped;
use meed_runtime::inner::output::{Batch, CsvSink, CsvStyle, Header, JsonLinesSink, Kind, Sink};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::rc::Rc;

/// Tables that can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PrintedTable {
    /// One row for each line
    Payments,
    /// Sums by rule, payee and period
    Totals,
    /// What each condition, choice and limit led to
    Decisions,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PrintForm {
    /// For people, the first 1,000 rows
    #[default]
    Table,
    /// Comma-separated values
    Csv,
    /// A list of objects
    Json,
}

impl PrintedTable {
    /// The name of the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Totals => "totals",
            Self::Decisions => "decisions",
        }
    }
}

/// Rows that a table for people has at most.
const SHOWN: usize = 1_000;

/// A table on its way to standard output, where it goes once all is well.
#[derive(Clone)]
pub struct Printed {
    table: PrintedTable,
    form: PrintForm,
    /// Its text as CSV or JSON lines, which may be too much for memory.
    text: Rc<RefCell<Option<File>>>,
    shown: Rc<RefCell<Shown>>,
}

/// The first rows of a table.
#[derive(Default)]
struct Shown {
    header: Header,
    rows: Vec<Vec<String>>,
    n_more: u64,
}

impl Printed {
    pub fn new(table: PrintedTable, form: PrintForm) -> Self {
        Self { table, form, text: Rc::default(), shown: Rc::default() }
    }

    /// A sink that gives a table of this name to `sink` and keeps it for printing too; `sink` itself where it is another table.
    pub fn beside(
        &self,
        name: &str,
        header: &Header,
        style: &CsvStyle,
        sink: Box<dyn Sink>,
    ) -> io::Result<Box<dyn Sink>> {
        if name != self.table.name() {
            return Ok(sink);
        }
        let kept: Box<dyn Sink> = match self.form {
            PrintForm::Table => {
                let shown = Shown { header: header.clone(), rows: Vec::new(), n_more: 0 };
                *self.shown.borrow_mut() = shown;
                Box::new(FirstRows(self.shown.clone()))
            }
            PrintForm::Csv => Box::new(CsvSink::with_style(header.clone(), self.file()?, style.apart())?),
            PrintForm::Json => Box::new(JsonLinesSink::new(header.clone(), self.file()?)),
        };
        Ok(Box::new(Both(sink, kept)))
    }

    fn file(&self) -> io::Result<File> {
        let file = tempfile::tempfile()?;
        let writer = file.try_clone()?;
        *self.text.borrow_mut() = Some(file);
        Ok(writer)
    }

    /// Prints it.
    pub fn print(&self, messages: Messages) -> Result<(), ExitStatus> {
        let status = match (self.form, self.text.borrow_mut().take()) {
            (PrintForm::Table, _) => self.print_table(messages),
            (PrintForm::Csv, Some(mut text)) => {
                copy_all(|out| text.rewind().and_then(|()| copy(&mut text, out)), messages)
            }
            (PrintForm::Json, Some(mut text)) => {
                copy_all(|out| text.rewind().and_then(|()| list(&text, out)), messages)
            }
            (PrintForm::Csv | PrintForm::Json, None) => ExitStatus::Well,
        };
        if status == ExitStatus::Well { Ok(()) } else { Err(status) }
    }

    fn print_table(&self, messages: Messages) -> ExitStatus {
        let Shown { header, rows, n_more } = &*self.shown.borrow();
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::ASCII_FULL_CONDENSED).set_header(header.iter().map(|(name, _)| *name));
        for (column, (_, kind)) in table.column_iter_mut().zip(header) {
            if matches!(kind, Kind::Amount { .. } | Kind::Whole) {
                column.set_cell_alignment(comfy_table::CellAlignment::Right);
            }
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| escaped(cell)));
        }
        if let Some((terminal_size::Width(width), _)) = terminal_size::terminal_size_of(io::stdout()) {
            table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic).set_width(width);
        }
        let status = print_all(&format!("{table}\n"), messages);
        if *n_more > 0 {
            messages.note(&format!("{} more rows: --print-as csv has all", count_words(*n_more)));
        }
        status
    }
}

fn copy(text: &mut impl Read, out: &mut dyn Write) -> io::Result<()> {
    io::copy(text, out).map(drop)
}

/// Lines of objects as one list.
fn list(text: &File, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = BufReader::new(text).lines();
    out.write_all(b"[")?;
    let mut comma = "\n";
    while let Some(line) = lines.next().transpose()? {
        write!(out, "{comma}{line}")?;
        comma = ",\n";
    }
    out.write_all(b"\n]\n")
}

/// Gives a table to two sinks.
struct Both(Box<dyn Sink>, Box<dyn Sink>);

impl Sink for Both {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        self.1.take(batch.clone())?;
        self.0.take(batch)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.1.finish()?;
        self.0.finish()
    }
}

struct FirstRows(Rc<RefCell<Shown>>);

impl Sink for FirstRows {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let mut shown = self.0.borrow_mut();
        let Shown { header, rows, n_more } = &mut *shown;
        for row in 0..batch.n_rows {
            if rows.len() == SHOWN {
                *n_more += (batch.n_rows - row) as u64;
                break;
            }
            let cells = batch.columns.iter().zip(&*header);
            rows.push(cells.map(|(cells, (_, kind))| cells.text(row, *kind).into_owned()).collect());
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
