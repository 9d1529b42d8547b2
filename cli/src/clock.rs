//! The time of each stage of a run.

use crate::progress::Progress;
use meed_compiler::interpret::trace::Trace;
use meed_compiler::plan::{Plan, VersionId};
use meed_runtime::inner::engine::{Observer, RunResult};
use meed_runtime::inner::pay::Slices;
use meed_runtime::inner::store::Loaded;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Stages with the time that each took.
pub struct Clock {
    started: Instant,
    last: Instant,
    stages: Vec<(String, Duration)>,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        let now = Instant::now();
        Self { started: now, last: now, stages: Vec::new() }
    }

    /// What was done since the last call.
    pub fn stage(&mut self, name: &str) {
        let now = Instant::now();
        let time = now - self.last;
        self.last = now;
        match self.stages.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += time,
            None => self.stages.push((name.to_owned(), time)),
        }
    }

    /// The stages, each with its seconds.
    pub fn stages(&self) -> impl Iterator<Item = (&str, String)> {
        self.stages.iter().map(|(name, time)| (name.as_str(), text(*time)))
    }

    /// Rows, lines, seconds by stage and peak memory.
    pub fn report(&self, loaded: &Loaded, result: &RunResult) -> Value {
        let mut seconds: Map<String, Value> =
            self.stages.iter().map(|(name, time)| (name.clone(), Value::from(text(*time)))).collect();
        let is_rule = |(name, _): &&(String, Duration)| name.starts_with("rule ");
        let rules: Duration = self.stages.iter().filter(is_rule).map(|(_, time)| *time).sum();
        seconds.insert("rules_and_lines".to_owned(), Value::from(text(rules)));
        seconds.insert("all".to_owned(), Value::from(text(self.started.elapsed())));
        json!({
            "rows": loaded.counts.iter().map(|account| account.read).sum::<u64>(),
            "lines": result.lines.iter().map(|lines| lines.len()).sum::<usize>(),
            "seconds": seconds,
            "peak_kib": peak_kib(),
        })
    }
}

/// Observes a run: how far it is, the time of each rule and, where wanted, the parts of every line.
pub struct StageTimer<'a> {
    plan: &'a Plan,
    slices: Option<Slices>,
    clock: Clock,
    progress: &'a Progress,
    under_way: Option<VersionId>,
    /// How many rules began before the last one that did.
    n_done: usize,
}

impl<'a> StageTimer<'a> {
    pub fn new(plan: &'a Plan, slices: Option<Slices>, clock: Clock, progress: &'a Progress) -> Self {
        Self { plan, slices, clock, progress, under_way: None, n_done: 0 }
    }

    /// What was gathered.
    pub fn end(mut self) -> (Option<Slices>, Clock) {
        self.lap();
        (self.slices, self.clock)
    }

    fn lap(&mut self) {
        match self.under_way {
            Some(rule) => self.clock.stage(&format!("rule {}", self.plan.version(rule).name)),
            None => self.clock.stage("machine code"),
        }
    }
}

impl Observer for StageTimer<'_> {
    fn wants(&self, rule: VersionId) -> bool {
        self.slices.as_ref().is_some_and(|slices| slices.wants(rule))
    }

    fn row(&mut self, rule: VersionId, row: u32, trace: Trace) {
        if let Some(slices) = &mut self.slices {
            slices.row(rule, row, trace);
        }
    }

    fn begins(&mut self, rule: VersionId) {
        self.lap();
        self.under_way = Some(rule);
        self.n_done = self.n_done.max(self.plan.order.iter().position(|&known| known == rule).unwrap_or(0));
        self.progress.rule(self.plan, self.n_done, &self.plan.version(rule).name);
    }
}

/// Seconds with six decimals.
fn text(time: Duration) -> String {
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

/// The most memory that was resident so far, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}
