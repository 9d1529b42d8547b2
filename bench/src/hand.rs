//! The hand-written evaluation of program P, on one thread, with the time of each stage.
//!
//! It is what a Rust programmer writes who knows the rules and the data and has a day to make it fast; Meed's machine code
//! is held against it. The stages are *decode* (files to columns), *order* (deals by day and key), *rules and lines*,
//! and, where asked for, *totals* and *write* (sorting lines by payee and writing them).

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Result, decode,
    digest::{Digest, Totals},
    payments::{self, Forms},
    program::quarter_of,
    rules::{self, Lines},
};

/// What a run leaves.
pub struct Outcome {
    /// The payment lines of each rule.
    pub lines: Lines,
    /// The totals by rule, payee and quarter, where asked for.
    pub totals: Totals,
    /// Rows, lines, seconds by stage and peak memory, as JSON.
    pub report: Value,
}

impl Outcome {
    /// The digest of the lines; not part of what is timed.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        for (rule, lines) in self.lines.iter().enumerate() {
            lines.iter().for_each(|line| digest.add(rule, line.deal, u64::from(line.payee), line.cents));
        }
        digest
    }
}

/// What a run is asked to write, beyond the lines that it returns.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Whether to add up totals.
    pub totals: bool,
    /// The Parquet file to write the payments to.
    pub payments: Option<&'a Path>,
}

/// Evaluates program P over the deals in `dir` and the entities in `entities`; `bounty` is in cents.
pub fn run(dir: &Path, entities: &Path, bounty: i64, wanted: Wanted<'_>) -> Result<Outcome> {
    let mut stages = Stages::default();
    let started = Instant::now();
    let entities = stages.time("decode", || decode::entities(entities))?;
    let deals = decode::deals(dir, &entities)?;
    stages.add("decode", deals.decoding);
    stages.add("order", deals.ordering);
    let lines = stages.time("rules_and_lines", || rules::evaluate(&deals, &entities, bounty));
    let totals = if wanted.totals { stages.time("totals", || total(&lines)) } else { Totals::default() };
    if let Some(path) = wanted.payments {
        let forms = Forms { partner: entities.partner_form, rep: entities.rep_form, deal: deals.form };
        stages.time("write", || payments::write(path, &lines, forms))?;
    }
    stages.add("all", started.elapsed());
    let report = json!({
        "rows": deals.n_rows,
        "lines": lines.iter().map(Vec::len).sum::<usize>(),
        "seconds": stages.report(),
        "peak_kib": peak_kib(),
    });
    Ok(Outcome { lines, totals, report })
}

fn total(lines: &Lines) -> Totals {
    let mut totals = Totals::default();
    for (rule, lines) in lines.iter().enumerate() {
        for line in lines {
            totals.add(rule, line.payee as usize, quarter_of(line.day), line.cents);
        }
    }
    totals
}

/// The time of each stage, in the order in which they first ran.
#[derive(Default)]
struct Stages(Vec<(&'static str, Duration)>);

impl Stages {
    fn add(&mut self, stage: &'static str, time: Duration) {
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += time,
            None => self.0.push((stage, time)),
        }
    }

    fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.add(stage, started.elapsed());
        done
    }

    fn report(&self) -> Value {
        self.0.iter().map(|(stage, time)| ((*stage).to_owned(), seconds(*time))).collect()
    }
}

/// Seconds with six decimals, as text.
fn seconds(time: Duration) -> String {
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

/// The most memory that was resident so far, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}
