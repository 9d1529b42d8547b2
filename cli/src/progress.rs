//! How far a run is, on a terminal; elsewhere nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};
use meed_compiler::plan::Plan;

/// A line that says how far a run is. It leaves with the run.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shown on standard error, if that is a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg}"));
        Self { bar }
    }

    /// So many rows are read.
    pub fn rows(&self, n_rows: u64) {
        self.bar.set_message(format!("{} rows read", indicatif::HumanCount(n_rows)));
        self.bar.tick();
    }

    /// A rule begins, after so many others.
    pub fn rule(&self, plan: &Plan, done: usize, name: &str) {
        if done == 0 {
            self.bar.set_length(plan.versions.len() as u64);
            self.bar.set_style(style("[{bar:30}] {pos}/{len} {msg}"));
        }
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("rule {name}"));
    }

    /// Payments are being written.
    pub fn writing(&self) {
        self.bar.set_position(self.bar.length().unwrap_or_default());
        self.bar.set_message("writing");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Templates are ours; one that were wrong would show the usual bar.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#>-")
}
