//! How long a quote takes in process: `cargo run --release -p meed-runtime --example quote -- PROGRAM EVENT N RECORD=FILE … FIELD=CELL …`.
//!
//! The tables are settled once through the program's last day; then the event with these fields, whose day must not be before the last row's,
//! is quoted N times. A word that names a record of the program is a table, any other a field.

use meed_runtime::{LoadOptions, Program, SettleOptions, SourceFile};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [program, event, n_quotes, rest @ ..] = &words[..] else { return Err("PROGRAM EVENT N …".into()) };
    let n_quotes: u32 = n_quotes.parse()?;
    let program = Program::compile(&std::fs::read_to_string(program)?)?;
    let pairs: Vec<(&str, &str)> = rest.iter().filter_map(|word| word.split_once('=')).collect();
    let is_file = |pair: &&(&str, &str)| Path::new(pair.1).is_file();
    let tables = pairs.iter().filter(is_file).map(|(record, file)| Ok((*record, SourceFile::open(Path::new(file))?)));
    let tables: Vec<(&str, SourceFile)> = tables.collect::<Result<_, Box<dyn std::error::Error>>>()?;
    let fields: Vec<(&str, &str)> = pairs.iter().filter(|pair| !is_file(pair)).copied().collect();
    let day = fields.iter().find_map(|(_, cell)| cell.parse::<jiff::civil::Date>().ok()).ok_or("a day is needed")?;
    let begun = Instant::now();
    let through = meed_compiler::plan::calendar::day_of(day);
    let mut tables = program.load_with(tables, &LoadOptions::through(through))?;
    let mut options = SettleOptions::default();
    options.without_rejected = true;
    let mut quotes = tables.quotes(event, options)?;
    println!("loaded and settled in {:.3} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let mut sum = 0i128;
    for _ in 0..n_quotes {
        quotes.quote(&fields)?;
        sum += quotes.lines().map(|line| i128::from(line.amount)).sum::<i128>();
    }
    let each = begun.elapsed().as_nanos() / u128::from(n_quotes.max(1));
    println!("{n_quotes} quotes, {each} ns each, {} smallest units each", sum / i128::from(n_quotes.max(1)));
    Ok(())
}
