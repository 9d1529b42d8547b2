//! `meed explain CODE`, and `meed explain [PROGRAM] --payee …` for payments and what was not paid.

use crate::ExitStatus;
use crate::draw::{Messages, print_all};
use crate::job::{Job, JobOptions, Limits, all_threads};
use crate::progress::Progress;
use crate::report;
use meed_grammar::foreign::{lines, shown};
use meed_runtime::inner::explain::{Answer, ExplainError, ExplainStep, Explanation, Query, explain};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Explain an error code, a payment, or why nothing was paid.
///
/// With an error code: print the page of that code. Otherwise settle the program over its tables and explain the payments that
/// are asked for, step by step; for a key, also what was not paid for it, and why.
#[derive(clap::Args)]
pub struct Explain {
    /// An error code such as `missing-percent`, or the program: a `.meed` file, or a folder with a `meed.toml` [default: the
    /// project in this folder]
    subject: Option<String>,
    #[command(flatten)]
    job: JobOptions,
    /// Only this rule
    #[arg(long)]
    rule: Option<String>,
    /// Only payments to this party, or why there are none
    #[arg(long, value_name = "KEY")]
    payee: Option<String>,
    /// What is paid for this event (or, by a rule per entity and period, for this entity), and what is not
    #[arg(long)]
    key: Option<String>,
    /// The statement of this balance: what was added, taken and ended, and what is left, for each party or the one of --payee
    #[arg(long, value_name = "NAME", conflicts_with_all = ["rule", "key"])]
    balance: Option<String>,
    /// Only this period, such as 2026-Q1
    #[arg(long)]
    period: Option<String>,
    /// The largest number of rows to explain
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    most: usize,
    /// Memory budget for the rows of rules per entity and period, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
}

impl Explain {
    pub fn run(self, messages: Messages) -> ExitStatus {
        let asked = [&self.rule, &self.payee, &self.key, &self.balance, &self.period];
        let asks = asked.into_iter().any(Option::is_some);
        let page = self.subject.as_deref().filter(|_| !asks).and_then(meed_compiler::errors::page);
        if let Some(page) = page {
            return print_all(page, messages);
        }
        let is_program = |subject: &String| asks || subject.ends_with(".meed") || Path::new(subject).exists();
        if let Some(code) = self.subject.as_ref().filter(|subject| !is_program(subject)) {
            let near = meed_grammar::nearest(code, meed_compiler::errors::codes());
            let help = near.map(|near| format!("did you mean `{near}`?"));
            messages.error(
                "command-line",
                &format!("`{}` is no error code and no program", shown(code)),
                help.as_deref(),
            );
            return ExitStatus::Usage;
        }
        self.payments(messages).unwrap_or_else(|status| status)
    }

    fn payments(&self, messages: Messages) -> Result<ExitStatus, ExitStatus> {
        let named = self.subject.as_ref().map(PathBuf::from);
        let job = Job::new(named.as_deref(), &self.job, messages)?;
        let (tables, _) = job.open(&job.bind(messages)?, messages)?;
        let scratch = std::env::temp_dir();
        let limits = Limits {
            threads: all_threads(),
            memory: self.memory,
            scratch: &scratch,
            spills: false,
            lists_rejects: self.key.is_some(),
            keeps_returns: false,
        };
        let mut loaded = job.load(tables, limits, &Progress::new(), messages)?;
        report::rejected_in_short(&loaded, messages);
        job.knows_the_day(&loaded, messages)?;
        report::parameters(&job.plan);
        let query = Query {
            rule: self.rule.clone(),
            payee: self.payee.clone(),
            key: self.key.clone(),
            balance: self.balance.clone(),
            period: self.period.clone(),
            most: self.most,
        };
        let answer = explain(&job.plan, job.sources.text(), &mut loaded, job.through, &query).map_err(|error| {
            let help = match &error {
                ExplainError::Run(error) => return job.fault(error, messages),
                ExplainError::UnknownRule { near, .. } | ExplainError::UnknownBalance { near, .. } => {
                    near.as_ref().map(|near| format!("did you mean `{near}`?"))
                }
                ExplainError::NobodysBalance(_) => Some("ask for it without --payee".to_owned()),
                ExplainError::UnknownPeriod { .. } | ExplainError::NotHeld => None,
            };
            messages.error("command-line", &error.to_string(), help.as_deref());
            ExitStatus::Usage
        })?;
        let ways = if self.balance.is_some() { "--payee" } else { "--rule, --payee, --key or --period" };
        let text = if messages.are_json() { objects(&answer) } else { drawn(&answer, ways) };
        Ok(print_all(&text, messages))
    }
}

/// For people.
fn drawn(answer: &Answer, ways: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !answer.notes.is_empty() {
        parts.push(answer.notes.iter().map(|note| format!("{note}\n")).collect());
    }
    let mut rule = "";
    for known in &answer.explanations {
        parts.push(explanation(known, known.rule != rule));
        rule = &known.rule;
    }
    if answer.n_more > 0 {
        parts.push(format!("and {} more: ask for a {ways}, or for --most\n", answer.n_more));
    }
    if parts.is_empty() {
        parts.push("there is no such payment\n".to_owned());
    }
    // The rule's text and the words of the answer are on lines of their own.
    lines(&parts.join("\n")).into_owned()
}

/// The rule's text is above the first of its rows.
pub fn explanation(known: &Explanation, with_rule: bool) -> String {
    let mut out = format!("{}\n\n", known.heading);
    if with_rule {
        for line in known.rule.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
        out.push('\n');
    }
    for step in &known.steps {
        let mark = match step.holds {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "·",
        };
        let _ = writeln!(out, "  {mark} {}", step.text);
        for detail in &step.details {
            let _ = writeln!(out, "      {detail}");
        }
    }
    out
}

/// An explanation for machines.
pub fn explained(known: &Explanation) -> serde_json::Value {
    let point =
        |step: &ExplainStep| serde_json::json!({ "holds": step.holds, "text": step.text, "details": step.details });
    let points: Vec<_> = known.steps.iter().map(point).collect();
    serde_json::json!({ "heading": known.heading, "rule": known.rule, "points": points })
}

/// For machines, one object a line.
fn objects(answer: &Answer) -> String {
    let mut out = String::new();
    for note in &answer.notes {
        let _ = writeln!(out, "{}", serde_json::json!({ "note": note }));
    }
    for known in &answer.explanations {
        let _ = writeln!(out, "{}", explained(known));
    }
    out
}
