//! `meed close PERIOD`: nothing more is booked into it.

use crate::ExitStatus;
use crate::book::{BookOptions, tell};
use crate::draw::{Messages, say};
use meed_grammar::foreign::shown;

/// Close a period, and all before it: later differences are booked in a later one.
#[derive(clap::Args)]
pub struct Close {
    /// The period, as 2026-Q1
    period: String,
    #[command(flatten)]
    book: BookOptions,
    /// Only of this program, where the book has several
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

impl Close {
    pub fn run(self, messages: Messages) -> ExitStatus {
        self.close(messages).map_or_else(|status| status, |()| ExitStatus::Well)
    }

    fn close(&self, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = self.book.open(None, messages)?;
        let closed = book.close(&self.period, self.program.as_deref(), &self.note, self.book.day());
        for (program, day) in closed.map_err(|error| tell(&error, messages))? {
            say(&format!("{} is closed through {day}", shown(&program)));
        }
        say(&format!("head {}", book.state().head));
        Ok(())
    }
}
