//! What the book says: its settlements, one of them, a statement for a payee, and a check of everything.

use super::{BookOptions, by_unit, done, print, summary, table, tell};
use crate::ExitStatus;
use crate::draw::{Messages, say};
use meed_book::{Book, BookError, LineId, Money, Payee, PostedLine, Settlement, Status};
use meed_compiler::plan::calendar::date_of;
use meed_grammar::foreign::shown;
use std::collections::BTreeMap;
use std::fmt::Write;

/// List the settlements, closed periods, holds and disputes
#[derive(clap::Args)]
pub struct List {}

/// Show a settlement with its lines
#[derive(clap::Args)]
pub struct Show {
    /// The settlement's number
    settlement: u64,
    /// Lines to show, at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
    /// Print the run.json that it is based on, and nothing else
    #[arg(long)]
    run_json: bool,
}

/// Re-add everything, and find any change since a head
#[derive(clap::Args)]
pub struct Check {
    /// A head that the book had, as approvals, statements and exports print it; its first sixteen letters do
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

/// Print what was posted and paid to a payee
#[derive(clap::Args)]
pub struct Statement {
    /// Who, as partner:ACME
    #[arg(long, value_name = "KIND:KEY")]
    payee: Payee,
    /// Only lines of this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// The columns of lines.
const LINES: [&str; 11] =
    ["line", "payee", "rule", "row", "period", "booked", "due", "was", "amount", "unit", "reason"];

/// A line as a row of text.
fn line(id: LineId, line: &PostedLine, units: &BTreeMap<String, u32>) -> Vec<String> {
    let subject = &line.subject;
    let decimals = units.get(&subject.unit).copied().unwrap_or(0);
    let money = |amount| Money { unit: subject.unit.clone(), decimals, amount };
    let row = if subject.event.is_empty() { subject.key.clone() } else { format!("{} {}", subject.event, subject.key) };
    vec![
        id.to_string(),
        format!("{}:{}", subject.payee_kind, subject.payee),
        subject.rule.clone(),
        row,
        subject.period.clone(),
        line.booked.clone(),
        subject.due.map_or_else(String::new, |day| date_of(day).to_string()),
        money(line.was).text(),
        money(line.line.amount).text(),
        subject.unit.clone(),
        line.reason.clone(),
    ]
}

impl List {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let Self {} = self;
        let book = options.open(None, messages)?;
        let state = book.state();
        let row = |known: &Settlement| {
            let settled = &known.settled;
            let sums = by_unit(settled.totals.iter().map(|total| &total.money));
            let by = known.approved.as_ref().map_or("", |(by, _)| by);
            vec![
                settled.settlement.to_string(),
                settled.program.clone(),
                settled.kind.word().to_owned(),
                settled.through.to_string(),
                known.status.word().to_owned(),
                known.posted.unwrap_or(known.on).to_string(),
                by.to_owned(),
                settled.lines.lines.to_string(),
                sums.join(", "),
            ]
        };
        let header = ["", "program", "kind", "through", "state", "on", "approved by", "lines", "amount"];
        let mut text = match state.settlements.is_empty() {
            true => "no settlements yet\n".to_owned(),
            false => table(&header, &[0, 7, 8], state.settlements.iter().map(row).collect()),
        };
        // A String takes whatever is written to it.
        for transfer in &state.transfers {
            let (on, reference) = (transfer.on, shown(&transfer.reference));
            let sums: Vec<String> = transfer.totals.iter().map(ToString::to_string).collect();
            let what = if transfer.came_back.is_some() { "came back" } else { "paid" };
            let _ = writeln!(text, "{what}: {reference} on {on}: {}", sums.join(", "));
        }
        for (period, on) in &state.closes {
            let _ = writeln!(text, "closed: {} on {on}", shown(period));
        }
        for (payee, hold) in &state.holds {
            let _ = writeln!(text, "on hold: {} since {}: {}", shown(&payee.to_string()), hold.on, shown(&hold.note));
        }
        for dispute in state.disputes.iter().filter(|dispute| dispute.resolved.is_none()) {
            let (on, note) = &dispute.opened;
            let (payee, key) = (dispute.payee.to_string(), shown(&dispute.key));
            let _ = writeln!(text, "dispute {}: {}, {key}, since {on}: {}", dispute.number, shown(&payee), shown(note));
        }
        print(&text, messages)?;
        done(&book, &if state.n_entries == 1 { "1 entry".to_owned() } else { format!("{} entries", state.n_entries) });
        Ok(())
    }
}

impl Show {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let wrong = |error: BookError| tell(&error, messages);
        let known = book.state().settlement(self.settlement).map_err(wrong)?.clone();
        if self.run_json {
            let Some(run) = &known.settled.run else {
                let message = format!("settlement {} is based on no run", self.settlement);
                messages.error("book-refused", &message, None);
                return Err(ExitStatus::Usage);
            };
            return print(run, messages);
        }
        let mut text = summary(&known.settled);
        let _ = write!(text, "{} on {}", known.status.word(), known.posted.unwrap_or(known.on));
        if let Some((by, note)) = &known.approved {
            let _ = write!(text, ", approved by {}", shown(by));
            if !note.is_empty() {
                let _ = write!(text, ": {}", shown(note));
            }
        }
        text.push_str("\n\n");
        let mut rows = Vec::new();
        let units = known.settled.units.clone();
        let (most, settlement) = (self.lines, self.settlement);
        let mut take = |posted: &PostedLine| {
            if rows.len() < most {
                rows.push(line(LineId { settlement, number: posted.number }, posted, &units));
            }
            Ok(())
        };
        if known.status != Status::Dropped {
            book.each_line(settlement, &mut take).map_err(wrong)?;
        }
        let n_rows = rows.len() as u64;
        if !rows.is_empty() {
            text.push_str(&table(&LINES, &[7, 8], rows));
        }
        if known.settled.lines.lines > n_rows && known.status != Status::Dropped {
            let more = known.settled.lines.lines - n_rows;
            let export = match known.status {
                Status::Posted => format!(", or meed book export {settlement} --table lines --to FILE"),
                Status::Draft | Status::Approved | Status::Dropped => String::new(),
            };
            let _ = writeln!(text, "{more} more lines: --lines N{export}");
        }
        print(&text, messages)?;
        done(&book, &format!("settlement {settlement} of {}", book.state().settlements.len()));
        Ok(())
    }
}

impl Check {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let place = options.place(None, messages)?;
        let checked = Book::check(&place, self.head.as_deref()).map_err(|error| tell(&error, messages))?;
        for finding in &checked.findings {
            messages.error("book-edited", &finding.0, None);
        }
        if !checked.findings.is_empty() {
            let help = "take the last backup whose head is in an approval, a statement or an export";
            let message = match checked.is_as_written {
                true => "the book adds up, and has not that head",
                false => "the book is not as Meed wrote it",
            };
            messages.error("book-edited", message, Some(help));
            return Err(ExitStatus::Program);
        }
        say(&format!("{} entries and {} lines add up", checked.n_entries, checked.n_lines));
        match checked.since {
            Some(0) => say("nothing was entered since that head"),
            Some(1) => say("what the book said then it says now; 1 entry came since"),
            Some(n) => say(&format!("what the book said then it says now; {n} entries came since")),
            None => {}
        }
        say(&format!("head {}", checked.head));
        Ok(())
    }
}

impl Statement {
    pub fn run(self, options: &BookOptions, messages: Messages) -> Result<(), ExitStatus> {
        let mut book = options.open(None, messages)?;
        let wrong = |error: BookError| tell(&error, messages);
        let lines = book.lines_of(&self.payee, self.key.as_deref()).map_err(wrong)?;
        let who = self.payee.to_string();
        let transfers = book.transfers_of(&self.payee).map_err(wrong)?;
        let name = book.names().map_err(wrong)?.into_iter().find(|(payee, _)| *payee == self.payee);
        let state = book.state();
        let name = name.map_or(String::new(), |(_, name)| format!(", {}", shown(&name)));
        let mut text = format!("{}{name}\n\n", shown(&who));
        let posted: Vec<u64> = state.posted(None);
        if lines.is_empty() {
            text.push_str("nothing was posted\n");
        } else {
            let rows = lines.iter().map(|(id, posted)| line(*id, posted, &state.units)).collect();
            text.push_str(&table(&LINES, &[7, 8], rows));
        }
        text.push('\n');
        // A String takes whatever is written to it.
        for (transfer, amounts) in transfers {
            let (on, reference) = (transfer.on, shown(&transfer.reference));
            for amount in amounts {
                let _ = match &transfer.came_back {
                    None => writeln!(text, "paid on {on} by {reference}: {amount}"),
                    Some(note) => {
                        let back = Money { amount: amount.amount.saturating_neg(), ..amount };
                        writeln!(text, "came back on {on}, {reference}: {back}: {}", shown(note))
                    }
                };
            }
        }
        if let Some(hold) = state.holds.get(&self.payee) {
            let _ = writeln!(text, "on hold since {}: {}", hold.on, shown(&hold.note));
        }
        for dispute in state.disputes.iter().filter(|dispute| dispute.payee == self.payee) {
            let (on, note) = &dispute.opened;
            let _ = writeln!(text, "dispute {} about {}, {on}: {}", dispute.number, shown(&dispute.key), shown(note));
            if let Some((on, by, note)) = &dispute.resolved {
                let _ = writeln!(text, "  resolved on {on} by {}: {}", shown(by), shown(note));
            }
        }
        if let Some(last) = posted.last() {
            let payables = book.payables(*last, None).map_err(wrong)?;
            for payable in payables.iter().filter(|payable| payable.payee == self.payee) {
                let _ = writeln!(text, "balance {}: {}", payable.balance, payable.standing.word());
            }
        }
        let _ = writeln!(text, "\n{}, head {}", shown(&book.place()), book.state().head);
        print(&text, messages)?;
        Ok(())
    }
}
