//! What a run gives, and why it may give nothing.

use crate::engine::counts::Counts;
use crate::engine::credits::{CreditRows, UncreditedRows};
use crate::engine::difference::DifferenceRows;
use crate::engine::lines::{Line, Lines};
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::{Paged, Shelf};
use meed_compiler::balances::Movement;
use meed_compiler::data::{DatedRows, DecisionData, EntityPeriods, Rows};
use meed_compiler::internal::InternalError;
use meed_compiler::interpret::Fault;
use meed_compiler::plan::{Decision, DecisionId, Plan, RecordId, Stream, UnitId, Version, VersionId};
use std::borrow::Cow;

/// What a run gives.
#[derive(Debug, Default)]
pub struct RunResult {
    /// The last day of the run.
    pub through: i32,
    /// By rule: its lines in the order of `when`, then key.
    pub lines: Vec<Lines>,
    /// By rule: what is paid, where it is not the lines as they are: as they were booked, close by close, where the program is settled at
    /// the ends of periods, and without those that are still held.
    pub(crate) paid_out: Vec<Option<Lines>>,
    /// By rule: the lines that are still held, where it holds any.
    pub held: Vec<Option<Lines>>,
    /// By rule: the sums of earlier periods that closes changed; empty where there are none such.
    pub(crate) differences: Vec<Paged<DifferenceRows>>,
    /// By rule: the rows it read; none for a rule over events, which reads those of the event's table, and for payments
    /// for rows of several pages.
    pub streams: Vec<Option<Rows>>,
    /// By rule: what became of the rows of the events it reads.
    pub rules: Vec<Vec<(RecordId, Counts)>>,
    /// By record: what became of its rows over all rules; none for what is no event or not used.
    pub events: Vec<Option<Counts>>,
    /// By rule: smallest units by which lines rounded alone are above the rounding along the total.
    pub missed: Vec<i128>,
    /// By rule: how many of its rows asked a schedule below zero that does not say what it gives there.
    pub below_zero: Vec<u64>,
    /// By rule: the rows that machine code left to the interpreter.
    pub replayed: Vec<u64>,
    /// By rule: what rows found by a split are credited with.
    pub(crate) credits: Vec<Paged<CreditRows>>,
    /// By rule: parts of splits that nobody gets.
    pub(crate) uncredited: Vec<Paged<UncreditedRows>>,
    /// By rule: how many such parts there are.
    pub n_uncredited: Vec<u64>,
    /// By balance: its movements up to the run's day, with the rows that rules come from in the end.
    pub(crate) movements: Vec<Vec<Movement>>,
    /// By decision: its values in the pages that are not seen.
    pub(super) decisions: Vec<Paged<DecisionData>>,
}

/// Why a run ends without a result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// A row that no amount can be given for.
    #[error(transparent)]
    Fault(#[from] RunFault),
    /// Rows that are too many for memory could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An invariant of Meed that does not hold.
    #[error(transparent)]
    Internal(#[from] InternalError),
}

impl RunError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault(met) => met.fault.kind.code(),
            Self::Store(_) => "cannot-keep-rows",
            Self::Internal(_) => "internal-error",
        }
    }
}

/// A fault, with the rule and the row that met it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("rule `{rule}`, {place}: {}", fault.kind)]
pub struct RunFault {
    /// The rule.
    pub rule: String,
    /// The row, or the entity and period, in words.
    pub place: String,
    /// What happened and where in the program.
    pub fault: Fault,
}

impl RunResult {
    /// Nothing yet.
    pub(super) fn begin(plan: &Plan, loaded: &Loaded, through: i32) -> Result<Self, StoreError> {
        let n_rules = plan.versions.len();
        let shelf = Shelf::new(loaded)?;
        let lines = |rule: &Version| Lines::new(shelf.paged(loaded, plan.root_of(&rule.stream)));
        let decisions = |decision: &Decision| shelf.paged(loaded, plan.root_of(&decision.stream));
        Ok(Self {
            through,
            lines: plan.versions.iter().map(lines).collect(),
            credits: plan.versions.iter().map(|rule| shelf.paged(loaded, plan.root_of(&rule.stream))).collect(),
            uncredited: plan.versions.iter().map(|rule| shelf.paged(loaded, plan.root_of(&rule.stream))).collect(),
            n_uncredited: vec![0; n_rules],
            movements: vec![Vec::new(); plan.balances.len()],
            paid_out: (0..n_rules).map(|_| None).collect(),
            held: (0..n_rules).map(|_| None).collect(),
            differences: Vec::new(),
            streams: (0..n_rules).map(|_| None).collect(),
            rules: vec![Vec::new(); n_rules],
            events: vec![None; plan.records.len()],
            missed: vec![0; n_rules],
            below_zero: vec![0; n_rules],
            replayed: vec![0; n_rules],
            decisions: plan.decisions.iter().map(decisions).collect(),
        })
    }

    /// The lines that a version pays.
    pub(crate) fn paid(&self, id: VersionId) -> &Lines {
        self.paid_out[id.index()].as_ref().unwrap_or(&self.lines[id.index()])
    }

    /// The lines of versions of a rule in a page, in the order of the rows that they come from.
    pub(crate) fn merged(
        &self,
        plan: &Plan,
        versions: impl Iterator<Item = VersionId>,
        page: usize,
    ) -> Result<Vec<Line>, StoreError> {
        merged(plan, |id| &self.lines[id.index()], versions, page)
    }

    /// What rules decided for the rows of a page, which come from this event in the end, or from none.
    pub(crate) fn decision<'a>(
        &'a self,
        loaded: &'a Loaded,
        root: Option<RecordId>,
        id: DecisionId,
        page: usize,
    ) -> Result<Cow<'a, DecisionData>, StoreError> {
        if root.is_none_or(|root| loaded.is_shown(root, page)) {
            return Ok(Cow::Borrowed(loaded.data.decision(id)));
        }
        self.decisions[id.index()].get(page)
    }

    /// What was put away of a decision with a page.
    pub(super) fn put_away(&self, id: DecisionId, page: usize) -> Result<DecisionData, StoreError> {
        self.decisions[id.index()].get(page).map(Cow::into_owned)
    }

    /// The rows of a rule per entity and period.
    pub fn periods(&self, rule: VersionId) -> Option<&EntityPeriods> {
        match &self.streams[rule.index()] {
            Some(Rows::EntityPeriods(periods)) => Some(periods),
            Some(Rows::Events { .. } | Rows::ByDate(_) | Rows::Payments(_)) | None => None,
        }
    }

    /// The lines of versions that are still held, in the order of the rows that they come from.
    pub(crate) fn merged_held(
        &self,
        plan: &Plan,
        versions: impl Iterator<Item = VersionId>,
        page: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let nothing = Lines::default();
        merged(plan, |id| self.held[id.index()].as_ref().unwrap_or(&nothing), versions, page)
    }

    /// Whether what is paid differs from the lines of some rule.
    pub(crate) fn is_paid_otherwise(&self) -> bool {
        self.paid_out.iter().any(Option::is_some)
    }

    /// The rows of a rule per entity and period, or of the one that is behind payments.
    pub(super) fn periods_behind(&self, plan: &Plan, id: VersionId) -> Option<&EntityPeriods> {
        match &plan.version(id).stream {
            Stream::Periods(..) => self.periods(id),
            Stream::Lines(rule, _) => self.periods_behind(plan, plan.first_version(*rule)?),
            Stream::Events(_) | Stream::ByDate(..) => None,
        }
    }

    /// The rows of a rule over an event by another date.
    pub(crate) fn dated(&self, rule: VersionId) -> Option<&DatedRows> {
        match &self.streams[rule.index()] {
            Some(Rows::ByDate(dated)) => Some(dated),
            Some(Rows::Events { .. } | Rows::EntityPeriods(_) | Rows::Payments(_)) | None => None,
        }
    }
}

/// The lines of versions of a rule in a page, in the order of the rows that they come from.
fn merged<'l>(
    plan: &Plan,
    of: impl Fn(VersionId) -> &'l Lines,
    versions: impl Iterator<Item = VersionId>,
    page: usize,
) -> Result<Vec<Line>, StoreError> {
    let mut found: Vec<Line> = Vec::new();
    for id in versions {
        let lines = of(id).page(page)?;
        let usual = plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        let kind = plan.payee_record(id);
        let columns = lines.roots().iter().zip(&lines.payees).zip(&lines.amounts).enumerate();
        found.extend(columns.map(|(idx, ((&root, &payee), &amount))| {
            let unit = lines.unit(idx, usual);
            let kind = kind.map_or(RecordId(0), |kind| lines.kind(idx, kind));
            Line {
                root,
                payee,
                amount,
                unit,
                place: lines.place(idx),
                kind,
                booked: lines.booked(idx),
                taking: lines.taking(idx),
            }
        }));
    }
    // Rows of an event and entity periods are in order by day and then by key; versions follow one another by day.
    if !found.is_sorted_by_key(|line| line.root) {
        found.sort_by_key(|line| line.root);
    }
    Ok(found)
}
