//! What is payable, what was paid, who waits, and how payees are called.

use super::{BookOptions, by_unit, done, print, table, tell};
use crate::ExitStatus;
use crate::draw::{Messages, file_name};
use jiff::civil::Date;
use meed_book::{Payable, Payee, Standing, Transferred};
use meed_grammar::foreign::shown;
use std::collections::HashMap;
use std::path::PathBuf;

/// List who is to be paid what, up to a posted settlement
#[derive(clap::Args)]
pub struct Payables {
    /// The settlement's number [default: the last posted one]
    settlement: Option<u64>,
    /// Only what is due by this day
    #[arg(long, value_name = "DATE")]
    due_by: Option<Date>,
}

/// Note that the bank pays what is payable, up to a posted settlement
#[derive(clap::Args)]
pub struct Paid {
    /// The settlement's number [default: the last posted one]
    settlement: Option<u64>,
    /// The reference of the transfer
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// Only to these, as partner:ACME; may be repeated
    #[arg(long = "payee", value_name = "KIND:KEY")]
    payees: Vec<Payee>,
    /// Only what is due by this day
    #[arg(long, value_name = "DATE")]
    due_by: Option<Date>,
}

/// Note that a transfer came back from the bank: the amount is payable again
#[derive(clap::Args)]
pub struct CameBack {
    /// The reference by which it was paid
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// From whom, as partner:ACME
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Put a payee on hold: nothing is paid until it is released
#[derive(clap::Args)]
pub struct Hold {
    /// Who, as partner:ACME
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// The payee is one of whom the book has nothing yet
    #[arg(long)]
    new: bool,
}

/// Release a payee who is on hold
#[derive(clap::Args)]
pub struct Release {
    /// Who, as partner:ACME
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Keep names of payees from a CSV file with the columns key and name
#[derive(clap::Args)]
pub struct Names {
    /// What they are, as in payments: partner
    kind: String,
    /// The file
    file: PathBuf,
}

/// Erase the name of a payee; sums, lines and the chain stay
#[derive(clap::Args)]
pub struct Erase {
    /// Whose, as person:P-1077
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// The settlement that is meant: the one that is named, else the last that was posted.
pub fn meant(book: &meed_book::Book, named: Option<u64>, messages: Messages) -> Result<u64, ExitStatus> {
    let last = || book.state().posted(None).last().copied();
    named.or_else(last).ok_or_else(|| {
        messages.error("book-refused", "nothing is posted yet", Some("settle, approve and post: meed settle"));
        ExitStatus::Usage
    })
}

impl Payables {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let settlement = meant(&book, self.settlement, messages)?;
        let payables = book.payables(settlement, self.due_by).map_err(|error| tell(&error, messages))?;
        let names: HashMap<Payee, String> = book.names().map_err(|error| tell(&error, messages))?.into_iter().collect();
        let row = |known: &Payable| {
            let Payable { payee, settled, posted, paid, balance, standing } = known;
            let name = names.get(payee).cloned().unwrap_or_default();
            vec![
                payee.to_string(),
                name,
                settled.text(),
                posted.text(),
                paid.text(),
                balance.text(),
                balance.unit.clone(),
                standing.word().to_owned(),
            ]
        };
        let header = ["payee", "name", "settled", "posted", "paid", "balance", "unit", ""];
        let rows = payables.iter().filter(|known| known.standing != Standing::Even).map(row).collect();
        let mut text = table(&header, &[2, 3, 4, 5], rows);
        let payable = payables.iter().filter(|known| known.standing == Standing::Payable);
        let sums = by_unit(payable.map(|known| &known.balance));
        text += &match sums.is_empty() {
            true => "nothing is to be paid\n".to_owned(),
            false => format!("to be paid: {}\n", sums.join(", ")),
        };
        print(&text, messages)?;
        done(&book, &format!("up to settlement {settlement}"));
        Ok(())
    }
}

/// Says what was transferred.
fn told(transferred: &Transferred) -> String {
    let sums: Vec<String> = transferred.totals.iter().map(ToString::to_string).collect();
    let amounts =
        if transferred.n_lines == 1 { "1 amount".to_owned() } else { format!("{} amounts", transferred.n_lines) };
    format!("{amounts}, {}", sums.join(", "))
}

impl Paid {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let settlement = meant(&book, self.settlement, messages)?;
        let paid = book.pay(settlement, &self.payees, &self.reference, self.due_by, options.day());
        let paid = paid.map_err(|error| tell(&error, messages))?;
        let reference = shown(&self.reference);
        done(&book, &format!("paid by {reference}, up to settlement {settlement}: {}", told(&paid)));
        Ok(())
    }
}

impl CameBack {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let back = book.came_back(&self.reference, &self.payee, &self.note, options.day());
        let back = back.map_err(|error| tell(&error, messages))?;
        done(&book, &format!("came back from {}: {}", shown(&self.payee.to_string()), told(&back)));
        Ok(())
    }
}

impl Hold {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        book.hold(&self.payee, self.new, &self.note, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("{} is on hold", shown(&self.payee.to_string())));
        Ok(())
    }
}

impl Release {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        book.release(&self.payee, &self.note, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("{} is released", shown(&self.payee.to_string())));
        Ok(())
    }
}

impl Names {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let bad = |reason: String| {
            let message = format!("cannot read names from `{}`: {reason}", file_name(&self.file));
            messages.error("cannot-read-file", &message, Some("it is a CSV file with the columns key and name"));
            ExitStatus::Tables
        };
        let mut reader = csv::Reader::from_path(&self.file).map_err(|error| bad(error.to_string()))?;
        let header = reader.headers().map_err(|error| bad(error.to_string()))?.clone();
        let place = |name: &str| header.iter().position(|known| known.trim() == name);
        let (Some(key), Some(name)) = (place("key"), place("name")) else {
            return Err(bad("it has no columns key and name".to_owned()));
        };
        let mut names = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| bad(error.to_string()))?;
            if let (Some(key), Some(name)) = (row.get(key), row.get(name))
                && !key.is_empty()
                && !name.is_empty()
            {
                names.push((Payee { kind: self.kind.clone(), key: key.to_owned() }, name.to_owned()));
            }
        }
        let mut book = options.open(None, messages)?;
        book.put_names(&names).map_err(|error| tell(&error, messages))?;
        let n = names.len();
        done(&book, &if n == 1 { "1 name is kept".to_owned() } else { format!("{n} names are kept") });
        Ok(())
    }
}

impl Erase {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        book.erase(&self.payee, &self.note, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("the name of {} is erased", shown(&self.payee.to_string())));
        Ok(())
    }
}
