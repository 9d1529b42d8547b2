//! What is asked, and what an answer is.

use crate::engine::result::RunError;
use meed_compiler::plan::{BalanceId, Days, Plan, VersionId};
use meed_grammar::foreign::shown;

/// What is asked; what is not said is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The rule.
    pub rule: Option<String>,
    /// The key of who is paid.
    pub payee: Option<String>,
    /// The key of the event or, for a rule per entity and period, of the entity.
    pub key: Option<String>,
    /// A balance, of which a statement is asked for, of each party or of the payee; of rules and keys it knows nothing.
    pub balance: Option<String>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What is paid, to whom and for what.
    pub heading: String,
    /// The rule's own text.
    pub rule: String,
    /// What decided, in order.
    pub steps: Vec<ExplainStep>,
}

/// Something that decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainStep {
    /// Whether it let the row pass; `None` if nothing was to be passed.
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
    /// A balance that the program has not.
    #[error("the program has no balance `{}`", shown(name))]
    UnknownBalance {
        /// As asked.
        name: String,
        /// The one most like it.
        near: Option<String>,
    },
    /// A party is asked for, and the balance is one for all.
    #[error("`{0}` is one balance for the whole program, and no party's")]
    NobodysBalance(String),
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
    /// Tables of events that are seen a page at a time, as the options of loading allowed.
    #[error("rows are explained only where all of them are held in memory")]
    NotHeld,
}

/// A question in terms of the Plan.
pub(super) struct Asked<'a> {
    pub query: &'a Query,
    pub rules: Vec<VersionId>,
    pub days: Option<Days>,
    pub balance: Option<BalanceId>,
}

impl<'a> Asked<'a> {
    pub fn new(plan: &Plan, query: &'a Query) -> Result<Self, ExplainError> {
        let rules: Vec<VersionId> = match &query.rule {
            Some(name) => plan.rule_named(name).into_iter().flat_map(|rule| plan.versions_of(rule)).collect(),
            None => (0..plan.versions.len()).map(|idx| VersionId(idx as u32)).collect(),
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
                    let kind = plan.calendar.told_by();
                    let like = plan.calendar.name(kind, plan.calendar.index(kind, plan.active.from));
                    return Err(ExplainError::UnknownPeriod { name: name.clone(), like });
                }
            },
            None => None,
        };
        Ok(Self { query, rules, days, balance: balance(plan, query)? })
    }
}

/// The balance that is asked for.
fn balance(plan: &Plan, query: &Query) -> Result<Option<BalanceId>, ExplainError> {
    let Some(name) = &query.balance else { return Ok(None) };
    let Some(place) = plan.balances.iter().position(|balance| balance.name == *name) else {
        let near = meed_grammar::nearest(name, plan.balances.iter().map(|balance| balance.name.as_str()));
        return Err(ExplainError::UnknownBalance { name: name.clone(), near: near.map(str::to_owned) });
    };
    if query.payee.is_some() && plan.balances[place].per.is_none() {
        return Err(ExplainError::NobodysBalance(name.clone()));
    }
    Ok(Some(BalanceId(place as u32)))
}
