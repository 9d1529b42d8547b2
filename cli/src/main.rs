//! The `meed` command line: a thin shell, one file for each command.

// What people and files say is read here: no place outside of a list or within a character, and no number is cut.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod bind;
mod book;
mod check;
mod clock;
mod close;
mod digest;
mod dispute;
mod draw;
mod explain;
mod fmt;
mod format;
mod inputs;
mod job;
mod new;
mod out;
mod paid;
mod plan;
mod progress;
mod project;
mod quote;
mod rejected_rows;
mod report;
mod run;
mod run_json;
mod settle;
mod show;
mod signals;
mod test;
mod verify;

use clap::{Parser, Subcommand};
use draw::{MessageFormat, Messages};
use meed_compiler::internal::guarded;
use std::process::ExitCode;

/// Meed: partner incentives to the exact cent.
#[derive(Parser)]
#[command(name = "meed", version = env!("MEED_VERSION"), after_help = ENDINGS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How messages are shown
    #[arg(long, global = true, value_enum, default_value_t)]
    message_format: MessageFormat,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    Check(check::Check),
    Fmt(fmt::Fmt),
    Test(test::Test),
    Run(run::Run),
    Quote(quote::Quote),
    Explain(explain::Explain),
    Plan(plan::Plan),
    Show(show::Show),
    Settle(settle::Settle),
    Book(book::BookCommand),
    Close(close::Close),
    Dispute(dispute::DisputeCommand),
    Verify(verify::Verify),
}

const ENDINGS: &str = "\
In a folder with a meed.toml, such as `meed new` creates, a command needs no program.

Exit codes: 0 no problems; 1 the program has errors or a test failed; 2 the command line or meed.toml is wrong;
3 a table cannot be read or rows are rejected; 4 a rule failed while computing; 5 an output or temporary files cannot be written;
6 a bug in Meed itself, please report it; 130 and 143 a run was stopped by INT or TERM and nothing is written.";

/// How a command ends, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExitStatus {
    /// 0: no problems.
    Well = 0,
    /// 1: the program has errors, or a test failed.
    Program = 1,
    /// 2: the command line or `meed.toml` is wrong.
    Usage = 2,
    /// 3: a table cannot be read, or rows were rejected.
    Tables = 3,
    /// 4: a rule failed while computing.
    Fault = 4,
    /// 5: an output or temporary files cannot be written.
    Output = 5,
    /// 6: an invariant of Meed does not hold.
    Internal = 6,
}

fn main() -> ExitCode {
    let Arguments { command, message_format } = Arguments::parse_from(quote::spelled(std::env::args_os()));
    let messages = Messages::new(message_format);
    signals::outlive_file_limits();
    let run = || match command {
        Command::New(command) => command.run(messages),
        Command::Check(command) => command.run(messages),
        Command::Fmt(command) => command.run(messages),
        Command::Test(command) => command.run(messages),
        Command::Run(command) => command.run(messages),
        Command::Quote(command) => command.run(messages),
        Command::Explain(command) => command.run(messages),
        Command::Plan(command) => command.run(messages),
        Command::Show(command) => command.run(messages),
        Command::Settle(command) => command.run(messages),
        Command::Book(command) => command.run(messages),
        Command::Close(command) => command.run(messages),
        Command::Dispute(command) => command.run(messages),
        Command::Verify(command) => command.run(messages),
    };
    let status = guarded(run).unwrap_or_else(|error| job::mistake(&error, messages));
    ExitCode::from(status as u8)
}
