//! What a run leaves, kept, so that one more row of an event can be asked for, again and again: the row stands behind the others, its rules
//! see what these have left, and whatever it changes is put back.

use crate::engine::group_index::GroupIndex;
use crate::engine::options::RunOptions;
use crate::engine::result::RunError;
use crate::engine::run::{n_chosen, run_and_keep};
use crate::engine::under_way::uses;
use crate::store::loaded::Loaded;
use meed_compiler::codegen::Kernels;
use meed_compiler::data::{Chunk, Data, Output, Rows, StateData, SumData};
use meed_compiler::internal::broken;
use meed_compiler::interpret::choice::{Member, choose_lines};
use meed_compiler::interpret::lines::finish_lines;
use meed_compiler::interpret::{Fault, interpret_row};
use meed_compiler::plan::{
    Node, Plan, RecordId, SearchId, StackingId, State, StateId, Stream, UnitId, Version, VersionId,
};
use meed_compiler::value::Exact;

/// What a run has left for the rows of an event.
pub(crate) struct KeptRun {
    kernels: Option<Kernels>,
    group_indexes: Vec<Option<GroupIndex>>,
    /// In the order of work; rules of a choice are one group.
    groups: Vec<AskedRules>,
    rows: Rows,
    chunk: Chunk,
    saved: Vec<Saved>,
    /// The lines of the last row.
    pub lines: Vec<KeptLine>,
}

struct AskedRules {
    stacking: Option<StackingId>,
    members: Vec<(VersionId, Output)>,
    used: Vec<usize>,
    states: Vec<StateId>,
}

/// A line of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeptLine {
    pub version: VersionId,
    pub kind: RecordId,
    pub payee: u32,
    /// Smallest units.
    pub amount: i64,
    pub unit: UnitId,
}

/// The words of a state before the row.
struct Saved {
    state: StateId,
    slot: usize,
    words: Words,
}

enum Words {
    Seen(u8),
    Paid(i128),
    Sums(u8, Vec<SumWord>),
}

enum SumWord {
    Fixed(i128),
    Exact(Exact),
}

/// Why a row of an event cannot be asked for by itself: the rule, and what it does.
pub(crate) type NotAlone = (String, &'static str);

/// Whether the rows of an event can be asked for one by one, by what their rules read and do.
pub(crate) fn is_alone(plan: &Plan, event: RecordId) -> Result<(), NotAlone> {
    let root = |stream: &Stream| match stream {
        Stream::ByDate(record, _) => Some(*record),
        stream => plan.root_of(stream),
    };
    let record = plan.record(event);
    let of_event =
        (0..plan.versions.len() as u32).map(VersionId).filter(|id| root(&plan.version(*id).stream) == Some(event));
    let limited = plan.limited_together();
    let takes_back = record.reverses.is_some()
        || !record.readings().is_empty()
        || record.fields.iter().any(|field| field.source.is_made_by_returns())
        || plan.set_reversals.iter().any(|reversal| reversal.target == event || reversal.taker == event);
    let of_event: Vec<VersionId> = of_event.collect();
    let reads_itself = |search: &SearchId| root(&plan.search(*search).stream) == Some(event);
    let looks = |id: &&VersionId| plan.searches_of(plan.version(**id)).iter().any(reads_itself);
    if let Some(id) = of_event.iter().find(looks) {
        return Err((plan.version(*id).name.clone(), "looks for rows of its own event"));
    }
    for id in of_event {
        let version = plan.version(id);
        let searches = plan.searches_of(version);
        // A set may be asked by another set.
        let any_reads_itself = plan.searches.iter().any(|search| root(&search.stream) == Some(event));
        let of_payee = version.nodes.iter().any(|node| match node {
            Node::Limit(limit) => {
                limit.state().is_some_and(|state| plan.keys[plan.states[state.index()].key.index()].of_payee)
            }
            _ => false,
        });
        let what = if !matches!(version.stream, Stream::Events(_)) {
            "reads its rows by another date, or as payments"
        } else if takes_back {
            "reads rows that others take back"
        } else if !version.balances().is_empty() {
            "acts on a balance"
        } else if limited[version.rule.index()].is_some() {
            "is under a limit over several rules"
        } else if (any_reads_itself && !searches.is_empty()) || !version.folds.is_empty() {
            "looks for rows of its own event"
        } else if version.hold.is_some()
            || version.pay().is_some_and(|pay| pay.installments.is_some() || pay.due.is_some())
        {
            "says when it is due"
        } else if version.as_it_stood || of_payee {
            "counts what each payee gets"
        } else {
            continue;
        };
        return Err((version.name.clone(), what));
    }
    Ok(())
}

impl KeptRun {
    /// Runs the Plan and keeps what it leaves. One more row of the event, behind its others, has room in the tables.
    ///
    /// # Errors
    /// The run meets a fault.
    pub fn new(plan: &Plan, loaded: &mut Loaded, options: &RunOptions, event: RecordId) -> Result<Self, RunError> {
        let (kernels, group_indexes) = run_and_keep(plan, loaded, options)?;
        let mut groups = Vec::new();
        let of_event: Vec<VersionId> =
            plan.order.iter().copied().filter(|id| plan.version(*id).stream == Stream::Events(event)).collect();
        let mut idx = 0;
        while idx < of_event.len() {
            let end = idx + n_chosen(plan, &of_event[idx..]);
            groups.push(AskedRules::new(plan, &of_event[idx..end]));
            idx = end;
        }
        let row = loaded.data.tables[event.index()].n_rows;
        for (decision, own) in plan.decisions.iter().zip(&mut loaded.data.decisions) {
            if decision.stream == Stream::Events(event) {
                own.grow(row + 1);
            }
        }
        let chunk = Chunk { start: row as u32, len: 1, slots: vec![Vec::new(); plan.keys.len()] };
        let rows = Rows::Events { record: event };
        Ok(Self { kernels, group_indexes, groups, rows, chunk, saved: Vec::new(), lines: Vec::new() })
    }

    /// Does the row behind the others in all rules of its event. Its lines are in [`KeptRun::lines`], and its decisions at its place, until the
    /// next.
    ///
    /// # Errors
    /// The rule that meets a [`Fault`].
    pub fn ask(&mut self, plan: &Plan, loaded: &mut Loaded) -> Result<(), (VersionId, Fault)> {
        self.lines.clear();
        let mut done = Ok(());
        for idx in 0..self.groups.len() {
            done = self.group(plan, loaded, idx);
            if done.is_err() {
                break;
            }
        }
        for saved in self.saved.drain(..).rev() {
            saved.put_back(&mut loaded.data);
        }
        // Rules are told as they are written, whatever the order of work.
        self.lines.sort_by_key(|line| line.version);
        done
    }

    fn group(&mut self, plan: &Plan, loaded: &mut Loaded, idx: usize) -> Result<(), (VersionId, Fault)> {
        let Self { kernels, group_indexes, groups, rows, chunk, saved, lines } = self;
        let group = &mut groups[idx];
        for &key in &group.used {
            let Some(index) = &mut group_indexes[key] else { broken("keys that have no numbers") };
            chunk.slots[key].resize(1, 0);
            index.number(plan, &plan.keys[key], &loaded.data, rows, chunk.start, &mut chunk.slots[key]);
        }
        let data = &mut loaded.data;
        for &state in &group.states {
            let key = plan.states[state.index()].key;
            let index = group_indexes[key.index()].as_ref().map_or(0, GroupIndex::len);
            data.states[state.index()].grow(index);
            let slot = chunk.slots[key.index()][0];
            if slot != u32::MAX {
                saved.push(Saved::of(data, state, slot as usize));
            }
        }
        for (id, output) in &mut group.members {
            clear(output);
            output.begin(1);
            let kernel = kernels.as_ref().and_then(|kernels| kernels.rule(*id));
            #[expect(
                unsafe_code,
                reason = "as where the kernels of rules are called; the row has its place in every column"
            )]
            let n_done = kernel.map_or(0, |kernel| unsafe { kernel.run(plan, data, rows, chunk, 0..1, output) });
            if n_done == 0 {
                let row = chunk.start;
                interpret_row(plan, *id, data, rows, chunk, row, output, None).map_err(|fault| (*id, fault))?;
            }
            if group.stacking.is_none() {
                let done = finish_lines(plan, *id, data, rows, chunk, 0, output, None);
                done.map_err(|(_, fault)| (*id, fault))?;
            }
        }
        if let Some(stacking) = group.stacking {
            let mut members: Vec<Member<'_>> = group
                .members
                .iter_mut()
                .map(|(id, output)| Member { id: *id, first: 0, output, traces: Vec::new() })
                .collect();
            let done = choose_lines(plan, stacking, &mut members, data, rows, chunk, chunk.start + 1);
            done.map_err(|(idx, _, fault)| (members[idx].id, fault))?;
        }
        for (id, output) in &group.members {
            let usual = plan.payee_record(*id);
            for (idx, payee) in output.payees.iter().enumerate() {
                let kind = output.kinds.get(idx).map(|kind| RecordId(*kind)).or(usual);
                let Some(kind) = kind else { broken("a line of nobody's kind") };
                let unit = plan.version(*id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
                lines.push(KeptLine { version: *id, kind, payee: *payee, amount: output.amounts[idx], unit });
            }
        }
        Ok(())
    }
}

impl AskedRules {
    fn new(plan: &Plan, ids: &[VersionId]) -> Self {
        let versions: Vec<&Version> = ids.iter().map(|id| plan.version(*id)).collect();
        let is_used = |key: &usize| versions.iter().any(|version| uses(plan, version, *key));
        let used: Vec<usize> = (0..plan.keys.len()).filter(is_used).collect();
        let is_kept = |(_, state): &(StateId, &State)| used.contains(&state.key.index());
        let states = (0..).map(StateId).zip(&plan.states).filter(is_kept).map(|(id, _)| id).collect();
        let stacking = ids.first().and_then(|id| plan.stacking_of(*id));
        Self { stacking, members: ids.iter().map(|id| (*id, Output::default())).collect(), used, states }
    }
}

impl Saved {
    fn of(data: &Data, state: StateId, slot: usize) -> Self {
        let words = match &data.states[state.index()] {
            StateData::Seen(seen) => Words::Seen(seen[slot]),
            StateData::Paid(paid) => Words::Paid(paid[slot]),
            StateData::Sums { sums, touched } => {
                let word = |sum: &SumData| match sum {
                    SumData::Fixed { sums, .. } => SumWord::Fixed(sums[slot]),
                    SumData::Exact(sums) => SumWord::Exact(sums[slot].clone()),
                };
                Words::Sums(touched[slot], sums.iter().map(word).collect())
            }
        };
        Self { state, slot, words }
    }

    fn put_back(self, data: &mut Data) {
        let slot = self.slot;
        match (self.words, data.state(self.state)) {
            (Words::Seen(word), StateData::Seen(seen)) => seen[slot] = word,
            (Words::Paid(word), StateData::Paid(paid)) => paid[slot] = word,
            (Words::Sums(mark, words), StateData::Sums { sums, touched }) => {
                touched[slot] = mark;
                for (word, sum) in words.into_iter().zip(sums) {
                    match (word, sum) {
                        (SumWord::Fixed(word), SumData::Fixed { sums, .. }) => sums[slot] = word,
                        (SumWord::Exact(word), SumData::Exact(sums)) => sums[slot] = word,
                        (SumWord::Fixed(_) | SumWord::Exact(_), _) => broken("a sum of another kind than it was"),
                    }
                }
            }
            (Words::Seen(_) | Words::Paid(_) | Words::Sums(..), _) => broken("a state of another kind than it was"),
        }
    }
}

/// Nothing of the row before is left.
fn clear(output: &mut Output) {
    output.rows.clear();
    output.payees.clear();
    output.amounts.clear();
    output.places.clear();
    output.kinds.clear();
    output.dues.clear();
    output.credits.clear();
    output.uncredited.clear();
    output.kept.clear();
}
