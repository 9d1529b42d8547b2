//! The rows of a chunk in parts: those that know nothing of one another, so that each part is done by itself, at the same time or one
//! after the other. Which rows these are the Plan says, phase by phase.

use crate::engine::group_index::GroupIndex;
use crate::engine::options::RunOptions;
use crate::engine::run::Run;
use crate::engine::under_way::UnderWay;
use crate::store::loaded::Loaded;
use crate::store::pages::DateSpan;
use meed_compiler::data::{Chunk, Data, Output, Rows};
use meed_compiler::internal::broken;
use meed_compiler::interpret::Fault;
use meed_compiler::interpret::phases::CarriedRow;
use meed_compiler::plan::{Key, Node, Phase, Plan, Together, VersionId, Work};
use std::ops::Range;

/// How the rows of a version are cut.
#[derive(Debug, Default)]
pub(super) struct Cut {
    phases: Vec<CutPhase>,
}

#[derive(Debug)]
struct CutPhase {
    nodes: Range<usize>,
    by: By,
}

/// What tells the parts of a phase apart.
#[derive(Debug)]
enum By {
    /// Nothing: rows are cut anywhere.
    Place,
    /// The slots of this key, which the rule has anyway.
    Slots(usize),
    /// What its keys have in common.
    Common(Box<(Key, Option<GroupIndex>)>),
    /// There is one part.
    Whole,
}

/// Rows of a chunk that are done by themselves.
pub(super) struct Part {
    /// Stretches of the chunk that are still to be done, the next one last.
    stretches: Vec<Range<u32>>,
    output: Output,
}

impl Cut {
    /// How a version is cut by its own phases; in no way where nobody asks for parts.
    pub fn new(plan: &Plan, id: VersionId, options: &RunOptions) -> Self {
        if options.parts.get() == 1 && options.threads.get() == 1 {
            return Self::default();
        }
        Self { phases: plan.phases(id).into_iter().filter_map(|phase| CutPhase::new(plan, id, phase)).collect() }
    }

    /// Whether rows may be cut anywhere.
    pub fn is_anywhere(&self) -> bool {
        matches!(&*self.phases, [CutPhase { by: By::Place, .. }])
    }

    /// Gives what its parts are told apart by numbers, where that is no key of its own.
    pub fn prepare(&mut self, plan: &Plan, loaded: &Loaded, days: impl Fn() -> (DateSpan, usize)) {
        for phase in &mut self.phases {
            if let By::Common(common) = &mut phase.by {
                let (key, index) = &mut **common;
                if index.is_none() {
                    let (days, n_rows) = days();
                    *index = Some(GroupIndex::new(plan, key, loaded, days, n_rows));
                }
            }
        }
    }
}

impl CutPhase {
    fn new(plan: &Plan, id: VersionId, phase: Phase) -> Option<Self> {
        let Work::Rows(nodes) = phase.work else { return None };
        let version = plan.version(id);
        let by = match phase.together {
            Together::None => By::Place,
            // Who gets a line is known behind the rows.
            Together::All | Together::Alike { of_payee: true, .. } => By::Whole,
            Together::Alike { of_payee: false, parts, period } => {
                let is_own = |key: &Key| {
                    let same = key.parts.iter().map(|part| &part.op).eq(parts.iter().map(|part| &part.op));
                    !key.of_payee && same && key.period == period
                };
                let states = version.nodes[nodes.clone()].iter().filter_map(Node::state);
                let keys = states.map(|state| plan.states[state.index()].key.index());
                match keys.into_iter().find(|&key| is_own(&plan.keys[key])) {
                    Some(key) => By::Slots(key),
                    None => {
                        let stream = version.stream.clone();
                        By::Common(Box::new((Key { stream, of_payee: false, parts, period }, None)))
                    }
                }
            }
        };
        Some(Self { nodes, by })
    }

    /// By row of the chunk, the number of its part.
    fn parts(&mut self, plan: &Plan, data: &Data, rows: &Rows, chunk: &Chunk, n_parts: u32) -> Vec<u32> {
        let of_slot = |slot: &u32| if *slot == u32::MAX { 0 } else { *slot % n_parts };
        match &mut self.by {
            By::Place => {
                let each = chunk.len.div_ceil(n_parts).max(1);
                (0..chunk.len).map(|row| row / each).collect()
            }
            By::Slots(key) => chunk.slots[*key].iter().map(of_slot).collect(),
            By::Common(common) => {
                let (key, index) = &mut **common;
                let Some(index) = index else { broken("parts that have no numbers") };
                let mut slots = vec![0; chunk.len as usize];
                index.number(plan, key, data, rows, chunk.start, &mut slots);
                slots.iter().map(of_slot).collect()
            }
            By::Whole => vec![0; chunk.len as usize],
        }
    }

    /// The parts of a chunk.
    fn cut(&mut self, plan: &Plan, data: &Data, rows: &Rows, chunk: &Chunk, n_parts: u32) -> Vec<Part> {
        if let By::Place = self.by {
            let each = chunk.len.div_ceil(n_parts).max(1);
            let starts = (0..chunk.len).step_by(each as usize);
            return starts.map(|start| Part::stretch(chunk.len, start..(start + each).min(chunk.len))).collect();
        }
        let mut stretches: Vec<Vec<Range<u32>>> = vec![Vec::new(); n_parts as usize];
        for (row, part) in (0..chunk.len).zip(self.parts(plan, data, rows, chunk, n_parts)).rev() {
            let stretches = &mut stretches[part as usize];
            match stretches.last_mut() {
                Some(stretch) if stretch.start == row + 1 => stretch.start = row,
                _ => stretches.push(row..row + 1),
            }
        }
        stretches.into_iter().map(|stretches| Part::of(chunk.len, stretches)).collect()
    }
}

impl Part {
    /// Rows side by side.
    fn stretch(chunk_len: u32, stretch: Range<u32>) -> Self {
        Self::of(chunk_len, std::iter::once(stretch).collect())
    }

    fn of(chunk_len: u32, stretches: Vec<Range<u32>>) -> Self {
        let mut output = Output::default();
        output.begin(chunk_len as usize);
        Self { stretches, output }
    }
}

impl Run<'_, '_> {
    /// The parts of a chunk of a version that are done one by one, or at the same time; none where they are all of it.
    pub(super) fn cut(&mut self, member: &mut UnderWay, rows: &Rows, chunk: &Chunk) -> Option<Vec<Part>> {
        let n_parts = self.options.parts.get();
        if n_parts == 1 || member.shows(chunk.start) {
            return None;
        }
        let has_code = self.has_code(member.id);
        match &mut *member.cut.phases {
            [phase] => Some(phase.cut(self.plan, &self.loaded.data, rows, chunk, n_parts)),
            // Machine code does all phases of a row at once.
            _ if has_code => Some(vec![Part::stretch(chunk.len, 0..chunk.len)]),
            _ => None,
        }
    }

    /// Does what is left of the rows of parts, and puts the lines of all in the order of their rows. Where a row stops the run, lines of
    /// rows from there on are left out.
    pub(super) fn part_by_part(
        &mut self,
        member: &mut UnderWay,
        rows: &Rows,
        chunk: &Chunk,
        parts: Vec<Part>,
    ) -> Result<(), (u32, Fault)> {
        let mut met: Option<(u32, Fault)> = None;
        let mut made = Output::default();
        made.begin(chunk.len as usize);
        for Part { mut stretches, mut output, .. } in parts {
            while let Some(stretch) = stretches.pop() {
                if let Err(fault) = self.stretch(member.id, rows, chunk, stretch, &mut output) {
                    met = Some(met.filter(|met| met.0 < fault.0).unwrap_or(fault));
                    break;
                }
            }
            add(&mut made, output);
        }
        made.sort_lines();
        let end = met.as_ref().map_or(u32::MAX, |(row, _)| *row);
        let n_before = made.rows.partition_point(|row| *row < end);
        made.truncate_lines(n_before);
        add(&mut member.output, made);
        met.map_or(Ok(()), Err)
    }

    /// Does a chunk phase by phase, each part by part, by the interpreter.
    pub(super) fn by_phases(&mut self, member: &mut UnderWay, rows: &Rows, chunk: &Chunk) -> Result<(), (u32, Fault)> {
        let n_parts = self.options.parts;
        let (id, plan) = (member.id, self.plan);
        let end = chunk.start + chunk.len;
        let data = &self.loaded.data;
        let mut going: Vec<CarriedRow<'_>> =
            (chunk.start..end).map(|row| CarriedRow::begin(plan, id, data, rows, row, false)).collect();
        let mut done: Vec<CarriedRow<'_>> = Vec::new();
        let mut met: Option<(u32, Fault)> = None;
        for phase in &mut member.cut.phases {
            let of_rows = phase.parts(plan, &self.loaded.data, rows, chunk, n_parts.get());
            let mut parts: Vec<Vec<CarriedRow<'_>>> = (0..n_parts.get()).map(|_| Vec::new()).collect();
            for row in going.drain(..) {
                parts[of_rows[(row.row() - chunk.start) as usize] as usize].push(row);
            }
            for row in parts.into_iter().flatten() {
                let place = row.row();
                if met.as_ref().is_some_and(|(row, _)| place >= *row) {
                    continue;
                }
                self.at.set(Some((id, place)));
                match row.phase(plan, id, &mut self.loaded.data, chunk, phase.nodes.clone()) {
                    Ok(row) if row.goes_on() => going.push(row),
                    Ok(row) => done.push(row),
                    Err(fault) => met = Some((place, fault)),
                }
            }
            // Of the next phase other rows stay together, in the one order too.
            going.sort_by_key(CarriedRow::row);
        }
        done.append(&mut going);
        done.sort_by_key(CarriedRow::row);
        let is_before = |row: &CarriedRow<'_>| met.as_ref().is_none_or(|(end, _)| row.row() < *end);
        for row in done.into_iter().filter(is_before) {
            row.end(plan, id, chunk, &mut member.output, None);
        }
        met.map_or(Ok(()), Err)
    }

    fn has_code(&self, id: VersionId) -> bool {
        self.kernels.as_ref().is_some_and(|kernels| kernels.rule(id).is_some())
    }

    /// Whether a version is done phase by phase.
    pub(super) fn goes_by_phases(&self, member: &UnderWay, chunk: &Chunk) -> bool {
        let has_code = self.has_code(member.id);
        self.options.parts.get() > 1 && !has_code && member.cut.phases.len() > 1 && !member.shows(chunk.start)
    }
}

/// Adds the lines and marks of rows that were done by themselves.
pub(super) fn add(output: &mut Output, part: Output) {
    output.status.iter_mut().zip(&part.status).for_each(|(mark, own)| *mark |= own);
    output.missed += part.missed;
    if output.rows.is_empty() && output.kept.is_empty() {
        (output.rows, output.payees, output.amounts) = (part.rows, part.payees, part.amounts);
        output.kept = part.kept;
        return;
    }
    output.rows.extend(part.rows);
    output.payees.extend(part.payees);
    output.amounts.extend(part.amounts);
    output.kept.extend(part.kept);
}
