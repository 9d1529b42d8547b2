//! `meed book …`: what was paid, and what people do with it. The acts themselves are those of the room `book`; here are their words.

mod acts;
mod bank;
mod copies;
mod export;
mod lists;

use crate::ExitStatus;
use crate::draw::{self, Messages, say};
use crate::project;
use jiff::civil::Date;
use meed_book::{Book, BookError, Money, Place, SettlementEntry, SettlementKind};
use meed_grammar::foreign::shown;
use meed_runtime::manifest::Manifest;
use std::collections::BTreeMap;

/// Look at what was paid, approve and post settlements, and keep account of transfers.
#[derive(clap::Args)]
pub struct BookCommand {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    options: BookOptions,
}

/// Which book, and which day.
#[derive(clap::Args, Clone)]
pub struct BookOptions {
    /// The book: a file, or the URL of a PostgreSQL database [default: the project's]
    #[arg(long, value_name = "FILE|URL", global = true)]
    book: Option<Place>,
    /// The day that is entered [default: today]
    #[arg(long, value_name = "DATE", global = true)]
    on: Option<Date>,
}

#[derive(clap::Subcommand)]
enum What {
    New(copies::New),
    List(lists::List),
    Show(lists::Show),
    Check(lists::Check),
    Statement(lists::Statement),
    Approve(acts::Approve),
    Post(acts::Post),
    Drop(acts::Drop),
    Open(acts::Open),
    Adjust(acts::Adjust),
    Payables(bank::Payables),
    Paid(bank::Paid),
    CameBack(bank::CameBack),
    Hold(bank::Hold),
    Release(bank::Release),
    Names(bank::Names),
    Erase(bank::Erase),
    Export(export::Export),
    Journal(export::Journal),
    Backup(copies::Backup),
    Upgrade(copies::Upgrade),
}

impl BookCommand {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let options = self.options;
        let done = match self.what.unwrap_or(What::List(lists::List {})) {
            What::New(command) => command.run(&options, messages),
            What::List(command) => command.run(&options, messages),
            What::Show(command) => command.run(&options, messages),
            What::Check(command) => command.run(&options, messages),
            What::Statement(command) => command.run(&options, messages),
            What::Approve(command) => command.run(&options, messages),
            What::Post(command) => command.run(&options, messages),
            What::Drop(command) => command.run(&options, messages),
            What::Open(command) => command.run(&options, messages),
            What::Adjust(command) => command.run(&options, messages),
            What::Payables(command) => command.run(&options, messages),
            What::Paid(command) => command.run(&options, messages),
            What::CameBack(command) => command.run(&options, messages),
            What::Hold(command) => command.run(&options, messages),
            What::Release(command) => command.run(&options, messages),
            What::Names(command) => command.run(&options, messages),
            What::Erase(command) => command.run(&options, messages),
            What::Export(command) => command.run(&options, messages),
            What::Journal(command) => command.run(&options, messages),
            What::Backup(command) => command.run(&options, messages),
            What::Upgrade(command) => command.run(&options, messages),
        };
        done.map_or_else(|status| status, |()| ExitStatus::Well)
    }
}

impl BookOptions {
    /// Where the book is: as it was named, else as the project here names it.
    pub fn place(&self, project: Option<&Place>, messages: Messages) -> Result<Place, ExitStatus> {
        if let Some(place) = self.book.as_ref().or(project) {
            return Ok(place.clone());
        }
        if let Some(place) = project::book(messages)? {
            return Ok(place);
        }
        let help = "name it: --book FILE, or in meed.toml: book = \"book.db\"; begin one: meed book new";
        messages.error("command-line", "no book is named", Some(help));
        Err(ExitStatus::Usage)
    }

    /// Opens it.
    pub fn open(&self, project: Option<&Place>, messages: Messages) -> Result<Book, ExitStatus> {
        let place = self.place(project, messages)?;
        Book::open(&place).map_err(|error| tell(&error, messages))
    }

    /// The day that is entered.
    pub fn day(&self) -> Date {
        self.on.unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

/// Says why the book does not do something.
pub fn tell(error: &BookError, messages: Messages) -> ExitStatus {
    messages.error(error.code(), &error.to_string(), error.help().as_deref());
    match error {
        BookError::Busy { .. } | BookError::Changed { .. } | BookError::Store(_) | BookError::Full(_) => {
            ExitStatus::Output
        }
        BookError::Io(_) => ExitStatus::Output,
        BookError::TooLarge { .. } => ExitStatus::Fault,
        BookError::Edited { .. } | BookError::EditedLines { .. } | BookError::Earlier(_) => ExitStatus::Tables,
        BookError::NoBook { .. }
        | BookError::Exists { .. }
        | BookError::NotABook { .. }
        | BookError::Newer { .. }
        | BookError::Older { .. }
        | BookError::Refused(_)
        | BookError::RefusedWith { .. }
        | BookError::NoServer => ExitStatus::Usage,
    }
}

/// What a settlement has, for people.
fn summary(settled: &SettlementEntry) -> String {
    use std::fmt::Write;
    let lines = |n: u64| if n == 1 { "1 line".to_owned() } else { format!("{n} lines") };
    let mut text = format!(
        "settlement {} of {}, {} through {}: {}\n",
        settled.settlement,
        shown(&settled.program),
        settled.kind.word(),
        settled.through,
        lines(settled.lines.lines)
    );
    // A String takes whatever is written to it.
    for total in &settled.totals {
        let _ = writeln!(text, "  {}: {}, {}", shown(&total.rule), lines(total.lines), total.money);
    }
    let reasons: Vec<String> = settled.reasons.iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    if settled.kind == SettlementKind::Run && !reasons.is_empty() {
        let _ = writeln!(text, "  of these {}", reasons.join(", "));
    }
    let booked: Vec<&str> = settled.booked.iter().map(|days| &*days.period).collect();
    if !booked.is_empty() {
        let _ = writeln!(text, "  booked in {}", booked.join(", "));
    }
    for accrued in &settled.accrued {
        let _ = writeln!(
            text,
            "  accrued, not paid yet: {}: {}, {}",
            shown(&accrued.rule),
            lines(accrued.lines),
            accrued.money
        );
    }
    let run: Option<Manifest> = settled.run.as_deref().and_then(|text| serde_json::from_str(text).ok());
    if let Some(rejects) = run.and_then(|run| run.rejects).filter(|rejects| rejects.rows > 0) {
        let (n, name) = (rejects.rows, shown(&rejects.name).into_owned());
        let _ = writeln!(
            text,
            "  rows with rejected cells were left out ({n} cells, `{name}`): what was paid for them is withdrawn"
        );
    }
    if !settled.note.is_empty() {
        let _ = writeln!(text, "  {}", shown(&settled.note));
    }
    text
}

/// Sums by unit, for people.
fn by_unit<'a>(all: impl Iterator<Item = &'a Money>) -> Vec<String> {
    let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
    for money in all {
        let sum = sums.entry(&money.unit).or_insert_with(|| Money { amount: 0, ..money.clone() });
        sum.amount = sum.amount.saturating_add(money.amount);
    }
    sums.values().map(ToString::to_string).collect()
}

/// Says what a settlement has, how far it is, and what comes next.
pub fn report(book: &Book, settled: &SettlementEntry) {
    say(summary(settled).trim_end());
    let number = settled.settlement;
    match book.state().settlement(number).map(|known| known.status) {
        Ok(meed_book::Status::Draft) => {
            say(&format!(
                "it is a draft; look at it: meed book show {number}; approve it: meed book approve {number} --by NAME --note TEXT"
            ));
        }
        Ok(meed_book::Status::Posted) => say("it is posted"),
        Ok(_) | Err(_) => {}
    }
    head(book);
}

/// Says the head of the book, by which any change to what it says now can be found.
fn head(book: &Book) {
    say(&format!("head {}", book.state().head));
}

/// Says that something was done, and the head.
fn done(book: &Book, what: &str) {
    say(what);
    head(book);
}

/// Rows of text as a table, numbers to the right.
pub fn table(header: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) -> String {
    use comfy_table::{CellAlignment, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().map(|name| (*name).to_owned()));
    for row in rows {
        table.add_row(row.iter().map(|cell| shown(cell).into_owned()));
    }
    for idx in numbers {
        if let Some(column) = table.column_mut(*idx) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Writes what was asked for.
pub fn print(text: &str, messages: Messages) -> Result<(), ExitStatus> {
    match draw::print_all(text, messages) {
        ExitStatus::Well => Ok(()),
        status => Err(status),
    }
}
