//! How long loading takes by stage, and how much memory at most: `load PROGRAM RECORD=FILE …`. The variable ROWS is how
//! many rows are read at a time, MEMORY from how many MiB on rows are spilled.

use meed_runtime::inner::load::{LoadOptions, Read};
use meed_runtime::inner::source::{SourceFile, TableInput};
use meed_runtime::inner::store::Spill;
use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().expect("a program");
    let text = std::fs::read_to_string(program).expect("the program can be read");
    let plan = meed_compiler::compile(&text, &[]).plan.expect("the program has no problem");
    let inputs = arguments.map(|argument| {
        let (record, file) = argument.split_once('=').expect("RECORD=FILE");
        let record = plan.records.iter().position(|known| known.name == record).expect("a record");
        let file = SourceFile::open(Path::new(file)).expect("the file opens");
        TableInput { record: meed_compiler::plan::RecordId(record as u32), files: vec![file] }
    });
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<usize>().ok());
    let folder = std::env::temp_dir();
    let spill = number("MEMORY").map(|mib| Spill::new(&folder, mib << 20));
    let options = LoadOptions::through(plan.active.to);
    let options = LoadOptions { batch_rows: number("ROWS").unwrap_or(options.batch_rows), spill, ..options };
    let started = busy_millis();
    let read = Read::tables(&plan, inputs.collect(), &options).expect("the tables can be read");
    let decoded = busy_millis();
    println!("decode {:>7} ms", decoded - started);
    let loaded = read.finish().expect("all rows are held");
    println!("order  {:>7} ms", busy_millis() - decoded);
    let n_rows: u64 = loaded.counts.iter().map(|account| account.read).sum();
    println!("{n_rows} rows, {} rejects, {} KiB at most", loaded.rejects.len(), peak_kib().unwrap_or_default());
}

/// How long this thread was at work, where the system tells: other programs on the machine do not count.
fn busy_millis() -> u64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or_default() / 1_000_000
}

/// The most memory that was resident so far, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}
