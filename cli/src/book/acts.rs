//! Approving and posting, openings and adjustments.

use super::{BookOptions, done, report, tell};
use crate::ExitStatus;
use crate::draw::Messages;
use crate::job::{Job, JobOptions};
use meed_book::{Adjustment, Payee};
use std::path::PathBuf;

/// Approve a draft, by name
#[derive(clap::Args)]
pub struct Approve {
    /// The settlement's number
    settlement: u64,
    /// Who approves it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What was looked at, and why it is right
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Post an approved settlement: from now on it is what was paid
#[derive(clap::Args)]
pub struct Post {
    /// The settlement's number
    settlement: u64,
}

/// Give a draft up
#[derive(clap::Args)]
pub struct Drop {
    /// The settlement's number
    settlement: u64,
}

/// Draft an opening: what was paid before there was a book
#[derive(clap::Args)]
pub struct Open {
    /// The payments: rule, payee_kind, payee, unit, amount, period and, where they are known by row, event, key, due
    payments: PathBuf,
    /// The program: a `.meed` file, or a folder with a `meed.toml` [default: the project in this folder]
    program: Option<PathBuf>,
    /// The day through which they were paid
    #[arg(long, value_name = "DATE")]
    through: jiff::civil::Date,
}

/// Draft an adjustment: an amount that somebody decided on
#[derive(clap::Args)]
pub struct Adjust {
    /// Who gets it, as partner:ACME
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// How much, with its unit, as "-120.50 USD"
    #[arg(long, value_name = "AMOUNT UNIT", allow_hyphen_values = true)]
    amount: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// The program that it belongs to, where the book has several
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// The period that it is booked in [default: the one that is open now]
    #[arg(long, value_name = "PERIOD")]
    period: Option<String>,
    /// The payee is one of whom the book has nothing yet
    #[arg(long)]
    new: bool,
}

impl Approve {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let Self { settlement, by, note } = self;
        book.approve(settlement, &by, &note, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("settlement {settlement} is approved; post it: meed book post {settlement}"));
        Ok(())
    }
}

impl Post {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let settlement = self.settlement;
        book.post(settlement, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("settlement {settlement} is posted"));
        Ok(())
    }
}

impl Drop {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let settlement = self.settlement;
        book.drop_draft(settlement, options.day()).map_err(|error| tell(&error, messages))?;
        done(&book, &format!("settlement {settlement} is dropped"));
        Ok(())
    }
}

impl Open {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let job_options = JobOptions { data: Vec::new(), through: Some(self.through), set: Vec::new() };
        let job = Job::without_tables(self.program.as_deref(), &job_options, messages)?;
        let mut book = options.open(job.settings.book.as_ref(), messages)?;
        let opened = book.open_with(&job.plan, &self.payments, job.through, options.day());
        let settled = opened.map_err(|error| tell(&error, messages))?;
        report(&book, &settled);
        Ok(())
    }
}

impl Adjust {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let Self { payee, amount, note, program, period, new: is_new } = self;
        let Some((amount, unit)) = amount.trim().split_once(' ') else {
            messages.error("command-line", "the amount has no unit", Some("write both, as --amount \"-120.50 USD\""));
            return Err(ExitStatus::Usage);
        };
        let (amount, unit) = (amount.to_owned(), unit.trim().to_owned());
        let adjustment = Adjustment { payee, amount, unit, note, program, period, is_new };
        let number = book.adjust(&adjustment, options.day()).map_err(|error| tell(&error, messages))?;
        let settled = book.state().settlement(number).map(|known| known.settled.clone());
        report(&book, &settled.map_err(|error| tell(&error, messages))?);
        Ok(())
    }
}
