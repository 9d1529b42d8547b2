//! `meed dispute …`: what payees dispute, and how it is resolved.

use crate::ExitStatus;
use crate::book::{BookOptions, print, table, tell};
use crate::draw::{Messages, say};
use meed_book::{BookError, Dispute, LineId, Payee};

/// Open, resolve and list disputes.
#[derive(clap::Args)]
pub struct DisputeCommand {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    options: BookOptions,
}

#[derive(clap::Subcommand)]
enum What {
    Open(Open),
    Resolve(Resolve),
    List(List),
}

/// Open a dispute about what was posted to a payee for a row, or that nothing was
#[derive(clap::Args)]
struct Open {
    /// Whose, as partner:ACME
    #[arg(long, value_name = "KIND:KEY", required_unless_present = "line")]
    payee: Option<Payee>,
    /// The key of the row, as D1
    #[arg(long, value_name = "KEY", required_unless_present = "line")]
    key: Option<String>,
    /// The line, as 3.17, in place of payee and key
    #[arg(long, value_name = "LINE", conflicts_with_all = ["payee", "key"])]
    line: Option<LineId>,
    /// What is disputed
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// Resolve a dispute
#[derive(clap::Args)]
struct Resolve {
    /// Its number
    dispute: u64,
    /// Who resolves it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// How
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// List all disputes
#[derive(clap::Args)]
struct List {}

impl DisputeCommand {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let done = match self.what {
            What::Open(command) => command.run(&self.options, messages),
            What::Resolve(command) => command.run(&self.options, messages),
            What::List(command) => command.run(&self.options, messages),
        };
        done.map_or_else(|status| status, |()| ExitStatus::Well)
    }
}

impl Open {
    fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let wrong = |error: BookError| tell(&error, messages);
        let (payee, key) = match self.line {
            Some(id) => {
                let subject = book.line(id).map_err(wrong)?.subject;
                (Payee { kind: subject.payee_kind, key: subject.payee }, subject.key)
            }
            None => match (self.payee, self.key) {
                (Some(payee), Some(key)) => (payee, key),
                (None, _) | (_, None) => return Err(ExitStatus::Usage),
            },
        };
        let (number, lines) = book.dispute(&payee, &key, self.line, &self.note, options.day()).map_err(wrong)?;
        let named: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let about = if named.is_empty() { "no posted line".to_owned() } else { format!("lines {}", named.join(", ")) };
        say(&format!("dispute {number} is open, about {about}"));
        say(&format!("head {}", book.state().head));
        Ok(())
    }
}

impl Resolve {
    fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let resolved = book.resolve(self.dispute, &self.by, &self.note, options.day());
        resolved.map_err(|error| tell(&error, messages))?;
        say(&format!("dispute {} is resolved", self.dispute));
        say(&format!("head {}", book.state().head));
        Ok(())
    }
}

impl List {
    fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let Self {} = self;
        let book = options.open(None, messages)?;
        let row = |dispute: &Dispute| {
            let (on, note) = &dispute.opened;
            let resolved = dispute.resolved.as_ref();
            let lines: Vec<String> = dispute.lines.iter().map(ToString::to_string).collect();
            vec![
                dispute.number.to_string(),
                dispute.payee.to_string(),
                dispute.key.clone(),
                lines.join(", "),
                format!("{on}: {note}"),
                resolved.map_or_else(|| "open".to_owned(), |(on, by, note)| format!("{on} by {by}: {note}")),
            ]
        };
        let rows: Vec<Vec<String>> = book.state().disputes.iter().map(row).collect();
        if rows.is_empty() {
            return print("no disputes\n", messages);
        }
        print(&table(&["", "payee", "row", "lines", "opened", "resolved"], &[0], rows), messages)
    }
}
