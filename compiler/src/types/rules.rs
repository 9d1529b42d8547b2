//! Rules, in an order in which each comes after those it reads: clause by clause.

mod balances;
mod clause_order;
mod clauses;
mod contests;
mod decisions;
mod dues;
mod holds;
mod levels;
mod limits;
mod pay_each;
mod payments;
mod reported;
mod returns;
mod shared_limits;
mod splits;
mod stackings;
mod stream;
mod versions;

use super::Typing;
use super::scope::{RuleScope, Scope};
use crate::plan::{Days, DecisionId, Hold, Local, Period, Reading, Stream, UnitId};
use crate::typed::{Clause, Rule, Version};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree::{self, ClauseKind, Returns};
use returns::said;

impl Typing<'_> {
    pub(super) fn rules(&mut self) {
        let mut work: Vec<usize> = Vec::new();
        for &next in &self.resolved.order {
            // A rule that failed is left out, and what reads it says nothing more about it.
            if let Some(version) = self.rule(&self.resolved.rules[next], next) {
                self.keep_version(version);
                work.push(next);
            }
        }
        // Rules are as written, versions by their days; rules that are read first are first in the order of work.
        let mut versions = self.versions.clone();
        versions.sort_by_key(|version| version.written);
        let mut rules: Vec<Rule> = vec![Rule::default(); self.resolved.index.ids.len()];
        self.resolved.index.ids.iter().for_each(|(name, id)| rules[id.index()].name.clone_from(name));
        for version in versions {
            steps::count(1);
            rules[self.resolved.index.ids[&version.name].index()].versions.push(version);
        }
        rules.iter_mut().for_each(|rule| rule.versions.sort_by_key(|version| version.active.from));
        self.versions(&rules);
        self.program.rules = rules;
        self.stackings();
        self.shared_limits();
        self.one_account();
        // The versions of a rule are done together, where the first of them is done.
        let mut done = vec![false; self.program.rules.len()];
        let rules = work.iter().map(|&idx| self.resolved.index.ids[&self.resolved.rules[idx].name.text].index());
        self.program.order = rules.filter(|&rule| !std::mem::replace(&mut done[rule], true)).collect();
    }

    /// Adds a version to those that others can read.
    fn keep_version(&mut self, version: Version) {
        self.known.rules.entry(version.name.clone()).or_default().push(self.versions.len());
        self.versions.push(version);
    }

    fn rule(&mut self, rule: &tree::Rule, written: usize) -> Option<Version> {
        let before = self.n_errors;
        self.shares.locals.clear();
        self.of_program = false;
        self.totals.clear();
        self.folds.clear();
        self.clause_order(rule);
        let for_each = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. }));
        let Some(for_each) = for_each else {
            let message = format!("rule `{}` does not say for what", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message)
                    .help("begin it with: for each deal, or for each partner per quarter"),
            );
            return None;
        };
        let mut scope = Scope::constant();
        let stream = self.stream(rule, for_each, &mut scope)?;
        let rows = stream.rows();
        let by_date = rows != stream;
        scope.rule = Some(RuleScope { name: rule.name.text.clone(), stream: rows, by_date, matched: false });
        scope.taken = Some(self.always_taken.len());
        scope.ranks = rule.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::RankedBy { .. }));
        let is_active = |clause: &tree::Clause| matches!(clause.kind, ClauseKind::Active(_));
        let takes = |clause: &tree::Clause| match &clause.kind {
            ClauseKind::Let { value, .. } | ClauseKind::Set { value, .. } => Self::is_take(value),
            _ => false,
        };
        let adds = |clause: &tree::Clause| matches!(clause.kind, ClauseKind::Add { .. }) || takes(clause);
        let pays = |clause: &tree::Clause| clause.kind.pays();
        // What is known of a row does not begin with the program.
        let begins_earlier = stream.event().is_some()
            || matches!(stream, Stream::Periods(_, period) if !matches!(period, Period::Program | Period::OwnYear));
        let only_sets =
            begins_earlier && !rule.clauses.iter().any(|clause| is_active(clause) || pays(clause) || adds(clause));
        scope.early = only_sets && matches!(stream, Stream::Periods(..));
        let mut work = Work {
            budget: None,
            clauses: Vec::new(),
            ever: None,
            everywhere: Vec::new(),
            locals: Vec::new(),
            active: if only_sets { Days::ALL } else { self.program.active },
            // Rows without the date by which they come are none of the rule's.
            filters: by_date,
            unit: None,
            hold: None,
            taken: None,
            ranked: None,
            pays: rule.clauses.iter().any(pays),
            ranks: scope.ranks,
        };
        if let Stream::Periods(party, _) = stream {
            let life = self.program.record(party).life;
            life.from.into_iter().chain(life.to).for_each(|field| self.mark_used(party, &[field]));
        }
        let last_filter = rule
            .clauses
            .iter()
            .rposition(|clause| matches!(clause.kind, ClauseKind::Where { .. } | ClauseKind::FirstPer { .. }));
        let mut paid = false;
        for (idx, clause) in rule.clauses.iter().enumerate() {
            steps::count(1);
            if let Some(rule) = &mut scope.rule {
                rule.matched = last_filter.is_none_or(|last| idx > last);
            }
            // That a limit comes too early was said with the order of the clauses.
            self.clause = Some(clause.span);
            let limit = matches!(
                clause.kind,
                ClauseKind::AtMost { .. }
                    | ClauseKind::AtMostPayments { .. }
                    | ClauseKind::AtLeast { .. }
                    | ClauseKind::Due { .. }
                    | ClauseKind::InParts { .. }
                    | ClauseKind::Hold { .. }
            );
            if !limit || paid {
                self.behind_a_take(clause, &work);
                self.clause(clause, &mut scope, &mut work);
            }
            paid |= pays(clause);
        }
        self.shared_prizes(&scope, &work);
        let acts = rule
            .clauses
            .iter()
            .any(|clause| pays(clause) || adds(clause) || matches!(clause.kind, ClauseKind::Set { .. }));
        let clean = self.n_errors == before;
        if !acts && clean {
            let message = format!("rule `{}` neither pays nor sets nor adds anything", rule.name.text);
            self.problem(
                Problem::error("missing-clause", rule.name.span, message).help("end it with: pay partner 2% of amount"),
            );
            return None;
        }
        if !clean {
            return None;
        }
        // What is asked per program is of the program's own rows.
        if self.of_program && work.active == Days::ALL {
            work.active = self.program.active;
        }
        // Which rows there are per party and period hangs on the data.
        if work.active == Days::ALL && matches!(stream, Stream::Events(_)) {
            self.everywhere.extend(&work.everywhere);
        }
        let (reading, takes_back) = self.returns(rule, &stream)?;
        let adds_again = matches!(said(rule), Some((Returns::TakeBackAdded, _)));
        let mut version = Version {
            name: rule.name.text.clone(),
            title: rule.title.as_ref().map_or(&rule.name.text, |title| &title.value).clone(),
            written,
            active: work.active,
            stream,
            clauses: work.clauses,
            locals: work.locals,
            totals: std::mem::take(&mut self.totals),
            folds: std::mem::take(&mut self.folds),
            ever: work.ever,
            reading,
            takes_back,
            adds_again,
            as_it_stood: false,
            hold: work.hold,
            span: rule.span,
        };
        self.closed_sets(&mut version);
        if self.n_errors > before {
            return None;
        }
        if work.ranked.is_some() {
            version.as_it_stood = reading != Reading::Reported;
            self.alone_in_contest(&mut version);
            if self.n_errors > before {
                return None;
            }
        }
        if Self::acts_on_balances(&mut version) {
            self.at_start(rule, &mut version);
            self.returns_beside_balances(rule, &version);
            // What was added or taken stays so, whatever is returned later.
            match version.stream {
                Stream::Periods(..) => version.as_it_stood = reading != Reading::Reported,
                Stream::Events(_) | Stream::ByDate(..) | Stream::Lines(..) => version.reading = Reading::Reported,
            }
            if self.n_errors > before {
                return None;
            }
        }
        if version.reading != Reading::Left {
            self.read_otherwise(&mut version);
        }
        Some(version)
    }
}

/// A rule in the making.
pub(super) struct Work {
    clauses: Vec<Clause>,
    /// The limit that is shared in proportion.
    budget: Option<Span>,
    locals: Vec<Local>,
    active: Days,
    /// `ever` of its first.
    ever: Option<Span>,
    /// Decisions that it takes for every row it runs over.
    everywhere: Vec<DecisionId>,
    /// Whether some rows have gone no further.
    filters: bool,
    /// What it pays.
    unit: Option<UnitId>,
    /// How what it pays is held.
    hold: Option<(Hold, Span)>,
    /// Where something is taken from a balance, first.
    taken: Option<Span>,
    /// How its rows are ranked.
    ranked: Option<contests::Ranked>,
    /// Whether it pays.
    pays: bool,
    /// Whether it ranks its rows, well or not.
    ranks: bool,
}
