//! The `meed` command line: a thin shell, one file for each command.

mod bind;
mod check;
mod clock;
mod draw;
mod explain;
mod fmt;
mod out;
mod plan;
mod report;
mod run;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Meed: partner incentives to the exact cent.
#[derive(Parser)]
#[command(name = "meed", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a program and say what is wrong with it
    Check(check::Check),
    /// Write a program in its usual form
    Fmt(fmt::Fmt),
    /// Run the tests of a program
    Test(test::Test),
    /// Settle a program over tables of events
    Run(run::Run),
    /// Print what a program means, step by step
    Plan(plan::Plan),
    /// Explain an error code
    Explain(explain::Explain),
}

/// How a command ends, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// 0: all is well.
    Well = 0,
    /// 1: the program has errors, or a test failed.
    Program = 1,
    /// 3: a table cannot be read, or rows were rejected.
    Tables = 3,
    /// 4: a rule met a fault while computing.
    Fault = 4,
    /// 5: an output cannot be written.
    Output = 5,
}

fn main() -> ExitCode {
    let ending = match Arguments::parse().command {
        Command::Check(command) => command.run(),
        Command::Fmt(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Plan(command) => command.run(),
        Command::Explain(command) => command.run(),
    };
    ExitCode::from(ending as u8)
}
