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
mod completions;
mod data;
mod digest;
mod dispute;
mod draw;
mod explain;
mod fmt;
mod format;
mod inputs;
mod job;
mod man;
mod new;
mod out;
mod paid;
mod plan;
mod printed;
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
mod watch;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};
use draw::{Color, Level, MessageFormat, Messages};
use meed_compiler::internal::guarded;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use watch::Watched;

/// Meed: partner incentives to the exact cent.
#[derive(Parser)]
#[command(name = "meed", version = env!("MEED_VERSION"), after_help = ENDINGS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How messages are shown
    #[arg(long, global = true, value_enum, default_value_t)]
    message_format: MessageFormat,
    /// Tell problems alone: no account of a run and no notes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Tell also what was read and how long it took
    #[arg(short, long, global = true)]
    verbose: bool,
    /// When messages are in color
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    Check(check::Check),
    Fmt(fmt::Fmt),
    Test(test::Test),
    Run(run::Run),
    Data(data::Data),
    Quote(quote::Quote),
    Explain(explain::Explain),
    Plan(plan::Plan),
    Show(show::Show),
    Settle(settle::Settle),
    Book(book::BookCommand),
    Close(close::Close),
    Dispute(dispute::DisputeCommand),
    Verify(verify::Verify),
    Completions(completions::Completions),
    Man(man::Man),
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

impl ExitStatus {
    /// How a command ends that does several things: as the first that fails. All are done.
    fn of_all(statuses: impl IntoIterator<Item = Self>) -> Self {
        statuses.into_iter().fold(Self::Well, |status, next| if status == Self::Well { next } else { status })
    }
}

fn main() -> ExitCode {
    let words = quote::spelled(std::env::args_os());
    let Arguments { command, message_format, quiet, verbose, color } = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(refused(&error, &words) as u8),
    };
    let level = match (quiet, verbose) {
        (true, _) => Level::Quiet,
        (false, true) => Level::Verbose,
        (false, false) => Level::Usual,
    };
    let messages = Messages::new(message_format, level, color);
    signals::outlive_file_limits();
    if let Some(watched) = command.watched() {
        return ExitCode::from(watch::watch(&words, &watched, messages) as u8);
    }
    let run = || match command {
        Command::New(command) => command.run(messages),
        Command::Check(command) => command.run(messages),
        Command::Fmt(command) => command.run(messages),
        Command::Test(command) => command.run(messages),
        Command::Run(command) => command.run(messages),
        Command::Data(command) => command.run(messages),
        Command::Quote(command) => command.run(messages),
        Command::Explain(command) => command.run(messages),
        Command::Plan(command) => command.run(messages),
        Command::Show(command) => command.run(messages),
        Command::Settle(command) => command.run(messages),
        Command::Book(command) => command.run(messages),
        Command::Close(command) => command.run(messages),
        Command::Dispute(command) => command.run(messages),
        Command::Verify(command) => command.run(messages),
        Command::Completions(command) => command.run(Arguments::command(), messages),
        Command::Man(command) => command.run(Arguments::command(), messages),
    };
    let status = guarded(run).unwrap_or_else(|error| job::mistake(&error, messages));
    ExitCode::from(status as u8)
}

impl Command {
    /// What a command is to watch; nothing of one that was not asked to.
    fn watched(&self) -> Option<Watched> {
        let of = |programs: Vec<PathBuf>| Watched { programs, data: Vec::new(), rejects: None };
        match self {
            Self::Check(check) if check.watch => Some(of(check.programs.clone())),
            Self::Test(test) if test.watch => Some(of(test.program.iter().cloned().collect())),
            Self::Run(run) if run.watch => Some(run.watched()),
            _ => None,
        }
    }
}

/// Says what is wrong with the command line; of a command that there is not, which there are.
fn refused(error: &clap::Error, words: &[OsString]) -> ExitStatus {
    let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(asked))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    else {
        // Help is no error, and nobody may hear it.
        let _ = error.print();
        return if error.exit_code() == 0 { ExitStatus::Well } else { ExitStatus::Usage };
    };
    let mut command = Arguments::command();
    // What is asked for stands behind the commands that it would be in.
    for word in words.iter().skip(1).take_while(|word| *word != asked.as_str()) {
        if let Some(within) = word.to_str().and_then(|word| command.find_subcommand(word)) {
            command = within.clone();
        }
    }
    let known: Vec<&str> =
        command.get_subcommands().filter(|known| !known.is_hide_set()).map(clap::Command::get_name).collect();
    let near = meed_grammar::nearest(asked, known.iter().copied());
    let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let is_json = words
        .windows(2)
        .any(|words| matches!(words, [option, value] if option == "--message-format" && value == "json"))
        || words.iter().any(|word| word == "--message-format=json");
    let format = if is_json { MessageFormat::Json } else { MessageFormat::Human };
    let messages = Messages::new(format, Level::Usual, Color::Auto);
    let asked = meed_grammar::foreign::shown(asked);
    let within =
        if command.get_name() == "meed" { String::new() } else { format!(" in `meed {}`", command.get_name()) };
    let message = format!("there is no command `{asked}`{within}");
    messages.error("command-line", &message, Some(&format!("{near}There are {}", known.join(", "))));
    ExitStatus::Usage
}
