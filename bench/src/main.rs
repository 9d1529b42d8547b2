//! `meed-bench`: program P, the settlement of 2026, outside Meed.
//!
//! Three commands that need nothing of the engine they are held against: `generate` makes the workload, `hand` evaluates
//! P as a tuned Rust programmer would, and `digest` boils any engine's payments down to five lines that must be equal to
//! the cent. `run.py`, next to this crate's manifest, races them against Meed, DuckDB and Polars.

use std::{
    error::Error,
    fs::{self, File},
    path::PathBuf,
};

use clap::{Parser, Subcommand};

use crate::hand::Wanted;

mod decode;
mod digest;
mod generate;
mod hand;
mod keys;
mod payments;
mod program;
mod rules;
#[cfg(test)]
mod tests;

/// What a command returns: nothing here recovers from an error, so one boxed kind is enough.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The workload of program P, a hand-written evaluation of it, and digests of payments.
#[derive(Parser)]
#[command(name = "meed-bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write partners, reps, products and ROWS deals, and the program, into DIR.
    Generate {
        /// How many deals.
        rows: u64,
        /// The folder to write into; made when absent.
        dir: PathBuf,
        /// Write the deals as CSV too.
        #[arg(long)]
        csv: bool,
        /// Write keys as text (`D00000001`) where they are numbers otherwise.
        #[arg(long)]
        text_keys: bool,
    },
    /// Evaluate program P on one thread, by hand-written Rust; print the stage times as JSON.
    Hand {
        /// The folder with `deals.parquet`.
        dir: PathBuf,
        /// The folder with the partners, reps and products, where it is another.
        #[arg(long)]
        entities: Option<PathBuf>,
        /// Write the payment lines to this Parquet file.
        #[arg(long)]
        lines: Option<PathBuf>,
        /// Write the digest, a line per rule, to this file.
        #[arg(long)]
        digest: Option<PathBuf>,
        /// Write the totals by rule, payee and quarter to this file.
        #[arg(long)]
        totals: Option<PathBuf>,
        /// The bounty for a new customer, in whole dollars.
        #[arg(long, default_value_t = 500)]
        bounty: u32,
    },
    /// Print the digest of a payments file, a line per rule.
    Digest {
        /// Payments as `.csv` or `.parquet`.
        payments: PathBuf,
        /// Write the totals by rule, payee and quarter to this file.
        #[arg(long)]
        totals: Option<PathBuf>,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Generate { rows, dir, csv, text_keys } => generate::generate(rows, &dir, csv, text_keys),
        Command::Hand { dir, entities, lines, digest, totals, bounty } => {
            let entities = entities.unwrap_or_else(|| dir.clone());
            let wanted = Wanted { totals: totals.is_some(), payments: lines.as_deref() };
            let outcome = hand::run(&dir, &entities, i64::from(bounty) * 100, wanted)?;
            println!("{}", outcome.report);
            if let Some(path) = digest {
                fs::write(path, outcome.digest().to_string())?;
            }
            if let Some(path) = totals {
                outcome.totals.write(File::create(path)?)?;
            }
            Ok(())
        }
        Command::Digest { payments, totals } => {
            let (digest, sums) = digest::of_file(&payments)?;
            print!("{digest}");
            if let Some(path) = totals {
                sums.write(File::create(path)?)?;
            }
            Ok(())
        }
    }
}
