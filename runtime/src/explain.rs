//! Why a row of a rule is paid what it is paid, or nothing, in words that can be read aloud to a partner.
//!
//! Comes in: a Plan with the program's text, loaded tables, and a [`Query`]. Goes out: an [`Answer`] of plain sentences,
//! without any care for how they are drawn. The run is done twice: once to see which rows are meant, and once with the
//! interpreter showing what decided each of them.

mod groups;
mod limits;
mod notes;
mod select;
mod steps;
mod words;

use crate::engine::{Observer, RunError, RunOptions, RunResult, run};
use crate::load::Loaded;
use meed_compiler::data::status;
use meed_compiler::interpret::trace::{Trace, TraceStep};
use meed_compiler::plan::{Days, Plan, RuleId};
use meed_grammar::foreign::shown;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// What is asked; what is not said is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The rule.
    pub rule: Option<String>,
    /// The key of who is paid.
    pub payee: Option<String>,
    /// The key of the event or, for a rule per entity and period, of the entity.
    pub key: Option<String>,
    /// The period, as output writes it.
    pub period: Option<String>,
    /// How many rows are explained at most.
    pub most: usize,
}

/// Explanations, one for each row and rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What the tables themselves have to say: a row that is rejected, or left out.
    pub notes: Vec<String>,
    /// Rows, paid ones first.
    pub explanations: Vec<Explanation>,
    /// How many more rows there are.
    pub n_more: usize,
}

/// Why one rule pays one row what it pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What is paid, to whom and for what.
    pub heading: String,
    /// The rule's own text.
    pub rule: String,
    /// What decided, in order.
    pub points: Vec<Point>,
}

/// Something that decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Whether it let the row pass; none where nothing was to be passed.
    pub holds: Option<bool>,
    /// What.
    pub text: String,
    /// The values behind it.
    pub details: Vec<String>,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A rule that the program has not.
    #[error("the program has no rule `{}`", shown(name))]
    UnknownRule {
        /// As asked.
        name: String,
        /// The one most like it.
        near: Option<String>,
    },
    /// A period that the program's calendar has not.
    #[error("`{}` is no period of the program: they are named like {like}", shown(name))]
    UnknownPeriod {
        /// As asked.
        name: String,
        /// One that is.
        like: String,
    },
    /// The run ends without a result.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Tables that were loaded with [`LoadOptions::spill`](crate::load::LoadOptions::spill), and were too many to be held.
    #[error("rows are explained only where all of them are held in memory")]
    NotHeld,
}

/// Answers a question over tables, through a day.
///
/// # Errors
/// What is asked for is not there, or the run meets a fault.
pub fn explain(
    plan: &Plan,
    text: &str,
    loaded: &mut Loaded,
    through: i32,
    query: &Query,
) -> Result<Answer, ExplainError> {
    let asked = Asked::new(plan, query)?;
    if !loaded.is_held() {
        return Err(ExplainError::NotHeld);
    }
    let options = RunOptions::through(through);
    let first = run(plan, loaded, &options, None)?;
    let mut picked = select::rows(plan, loaded, &first, &asked);
    let n_more = picked.len().saturating_sub(query.most);
    picked.truncate(query.most);
    let mut watch = Watch::new(plan, &picked);
    let result = run(plan, loaded, &options, Some(&mut watch))?;
    let teller = Teller { plan, text, loaded, result: &result, firsts: &watch.firsts };
    let explanations = picked.iter().filter_map(|pick| {
        let trace = watch.traces.get(pick)?;
        Some(teller.explanation(pick.0, pick.1, trace))
    });
    let explanations = explanations.collect();
    let notes = notes::notes(&teller, &asked).map_err(RunError::from)?;
    Ok(Answer { notes, explanations, n_more })
}

/// A question in terms of the Plan.
struct Asked<'a> {
    query: &'a Query,
    rules: Vec<RuleId>,
    days: Option<Days>,
}

impl<'a> Asked<'a> {
    fn new(plan: &Plan, query: &'a Query) -> Result<Self, ExplainError> {
        let rules: Vec<RuleId> = match &query.rule {
            Some(name) => plan.versions(name).collect(),
            None => (0..plan.rules.len()).map(|idx| RuleId(idx as u32)).collect(),
        };
        if let (Some(name), true) = (&query.rule, rules.is_empty()) {
            let known = plan.rules.iter().map(|rule| rule.name.as_str());
            let near = meed_grammar::nearest(name, known).map(str::to_owned);
            return Err(ExplainError::UnknownRule { name: name.clone(), near });
        }
        let days = match &query.period {
            Some(name) => match plan.calendar.parse_name(name) {
                Some((kind, number)) => Some(plan.calendar.days(kind, number, plan.active)),
                None => {
                    let quarter = meed_compiler::plan::Period::Quarter;
                    let like = plan.calendar.name(quarter, plan.calendar.index(quarter, plan.active.from));
                    return Err(ExplainError::UnknownPeriod { name: name.clone(), like });
                }
            },
            None => None,
        };
        Ok(Self { query, rules, days })
    }
}

/// Keeps the traces of the rows that are meant, and which rows were the first of their keys.
struct Watch {
    wanted: BTreeSet<(RuleId, u32)>,
    rules: Vec<bool>,
    traces: FxHashMap<(RuleId, u32), Trace>,
    /// By rule.
    firsts: Vec<Vec<u32>>,
}

impl Watch {
    fn new(plan: &Plan, picked: &[(RuleId, u32)]) -> Self {
        // Versions share what they remember, so the row that was first may be another version's.
        let watched = |name: &str| picked.iter().any(|(rule, _)| plan.rule(*rule).name == name);
        Self {
            wanted: picked.iter().copied().collect(),
            rules: plan.rules.iter().map(|rule| watched(&rule.name)).collect(),
            traces: FxHashMap::default(),
            firsts: vec![Vec::new(); plan.rules.len()],
        }
    }
}

impl Observer for Watch {
    fn wants(&self, rule: RuleId) -> bool {
        self.rules[rule.index()]
    }

    fn row(&mut self, rule: RuleId, row: u32, trace: Trace) {
        if trace.steps.iter().any(|step| matches!(step, TraceStep::First { first: true, .. })) {
            self.firsts[rule.index()].push(row);
        }
        if self.wanted.contains(&(rule, row)) {
            self.traces.insert((rule, row), trace);
        }
    }
}

/// Tells what a trace says, with the names and texts of the program and its tables.
#[derive(Clone, Copy)]
struct Teller<'a> {
    plan: &'a Plan,
    text: &'a str,
    loaded: &'a Loaded,
    result: &'a RunResult,
    /// By rule, the rows that were the first of their key.
    firsts: &'a [Vec<u32>],
}

impl Teller<'_> {
    fn explanation(&self, id: RuleId, row: u32, trace: &Trace) -> Explanation {
        let rule = self.plan.rule(id);
        let lines = self.result.lines[id.index()].all_held();
        let line = lines.rows.binary_search(&row).ok();
        let paid = line.map(|line| (lines.payees[line], lines.amounts[line]));
        let of = self.of_row(id, row);
        let heading = match paid.filter(|_| trace.status & status::PAID != 0) {
            Some((payee, amount)) => {
                let payee = self.plan.payee_record(id).map_or_else(String::new, |record| self.party(record, payee));
                match amount {
                    0.. => format!("{} pays {payee} {} {of}", rule.name, self.amount(amount.into())),
                    _ => format!("{} takes {} back from {payee} {of}", rule.name, self.amount(-i128::from(amount))),
                }
            }
            None => format!("{} pays nothing {of}", rule.name),
        };
        Explanation { heading, rule: self.rule_text(id), points: self.points(id, row, trace) }
    }
}
