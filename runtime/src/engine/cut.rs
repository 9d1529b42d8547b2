//! How the rows of a version are cut: by what its keys have in common, phase by phase as the Plan says.

use crate::engine::group_index::GroupIndex;
use crate::engine::options::RunOptions;
use crate::store::loaded::Loaded;
use crate::store::pages::DateSpan;
use meed_compiler::data::{Chunk, Data, Output, Rows};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Key, Node, Phase, Plan, Together, VersionId, Work};
use std::ops::Range;

/// How the rows of a version are cut.
#[derive(Debug, Default)]
pub(super) struct Cut {
    pub phases: Vec<CutPhase>,
    /// Whether parts are asked for.
    is_asked_for: bool,
}

#[derive(Debug)]
pub(super) struct CutPhase {
    pub nodes: Range<usize>,
    by: PartKey,
}

/// What tells the parts of a phase apart.
#[derive(Debug)]
enum PartKey {
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
    pub stretches: Vec<Range<u32>>,
    pub output: Output,
}

impl Cut {
    /// How a version is cut by its own phases; in no way where nobody asks for parts.
    pub fn new(plan: &Plan, id: VersionId, options: &RunOptions) -> Self {
        if options.parts.get() == 1 && options.threads.get() == 1 {
            return Self::default();
        }
        let phases = plan.phases(id).into_iter().filter_map(|phase| CutPhase::new(plan, id, phase)).collect();
        Self { phases, is_asked_for: options.parts.get() > 1 }
    }

    /// Whether rows may be cut anywhere.
    pub fn is_anywhere(&self) -> bool {
        matches!(&*self.phases, [CutPhase { by: PartKey::Place, .. }])
    }

    /// Gives what its parts are told apart by numbers, where that is no key of its own.
    pub fn prepare(&mut self, plan: &Plan, loaded: &Loaded, days: impl Fn() -> (DateSpan, usize)) {
        if !self.is_asked_for {
            return;
        }
        for phase in &mut self.phases {
            if let PartKey::Common(common) = &mut phase.by {
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
            Together::None => PartKey::Place,
            // Who gets a line is known behind the rows.
            Together::All | Together::Alike { of_payee: true, .. } => PartKey::Whole,
            Together::Alike { of_payee: false, parts, period } => {
                let is_own = |key: &Key| {
                    let same = key.parts.iter().map(|part| &part.op).eq(parts.iter().map(|part| &part.op));
                    !key.of_payee && same && key.period == period
                };
                let states = version.nodes[nodes.clone()].iter().filter_map(Node::state);
                let keys = states.map(|state| plan.states[state.index()].key.index());
                match keys.into_iter().find(|&key| is_own(&plan.keys[key])) {
                    Some(key) => PartKey::Slots(key),
                    None => {
                        let stream = version.stream.clone();
                        PartKey::Common(Box::new((Key { stream, of_payee: false, parts, period }, None)))
                    }
                }
            }
        };
        Some(Self { nodes, by })
    }

    /// By row of the chunk, the number of its part.
    pub fn parts(&mut self, plan: &Plan, data: &Data, rows: &Rows, chunk: &Chunk, n_parts: u32) -> Vec<u32> {
        let of_slot = |slot: &u32| if *slot == u32::MAX { 0 } else { *slot % n_parts };
        match &mut self.by {
            PartKey::Place => broken("rows that are cut anywhere have no parts of their own"),
            PartKey::Slots(key) => chunk.slots[*key].iter().map(of_slot).collect(),
            PartKey::Common(common) => {
                let (key, index) = &mut **common;
                let Some(index) = index else { broken("parts that have no numbers") };
                let mut slots = vec![0; chunk.len as usize];
                index.number(plan, key, data, rows, chunk.start, &mut slots);
                slots.iter().map(of_slot).collect()
            }
            PartKey::Whole => vec![0; chunk.len as usize],
        }
    }

    /// The parts of a chunk.
    pub fn cut(&mut self, plan: &Plan, data: &Data, rows: &Rows, chunk: &Chunk, n_parts: u32) -> Vec<Part> {
        if let PartKey::Place = self.by {
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
    pub fn stretch(chunk_len: u32, stretch: Range<u32>) -> Self {
        Self::of(chunk_len, std::iter::once(stretch).collect())
    }

    fn of(chunk_len: u32, stretches: Vec<Range<u32>>) -> Self {
        let mut output = Output::default();
        output.begin(chunk_len as usize);
        Self { stretches, output }
    }
}
