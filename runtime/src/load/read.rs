//! Reads the tables of all records, batch by batch.

use super::bind::{Place, bind};
use super::draft::{Draft, Shared};
use super::link::{Linked, is_key_alone, references};
use super::part::PartReader;
use super::runs::By;
use super::{LoadError, LoadOptions, Loaded, TableInput};
use crate::keys::{Dictionary, KeySpace};
use crate::scratch::Spill;
use meed_compiler::internal::guarded;
use meed_compiler::plan::{Plan, RecordId, RecordTable};
use std::path::Path;

/// More rows than this a table cannot have: rows are numbered by 32 bits.
const MOST_ROWS: u64 = 2_147_000_000;

/// Tables as they were read: nothing is linked, and rows stand as the files have them.
pub struct Read<'a> {
    plan: &'a Plan,
    through: i32,
    memory: usize,
    spill: Option<Spill<'a>>,
    drafts: Vec<Option<Draft>>,
    shared: Shared,
}

impl<'a> Read<'a> {
    /// Reads the tables of every record that a rule reads.
    ///
    /// # Errors
    /// A [`LoadError`] where a file or column that is needed cannot be had at all.
    pub fn tables(plan: &'a Plan, inputs: Vec<TableInput>, options: &LoadOptions<'a>) -> Result<Self, LoadError> {
        guarded(|| Self::all_tables(plan, inputs, options))?
    }

    fn all_tables(plan: &'a Plan, inputs: Vec<TableInput>, options: &LoadOptions<'a>) -> Result<Self, LoadError> {
        let mut is_target = vec![false; plan.records.len()];
        references(plan).for_each(|reference| is_target[reference.target.index()] = true);
        let mut shared =
            Shared { dictionaries: vec![Dictionary::default(); plan.n_domains as usize], spaces: Vec::new() };
        for (record, is_target) in plan.records.iter().zip(is_target) {
            let has_space = record.used && (is_target || matches!(record.source, RecordTable::Distinct(_)));
            let record = RecordId(shared.spaces.len() as u32);
            let n_parts = if has_space { n_parts(plan, record) } else { 0 };
            shared.spaces.push(has_space.then(|| KeySpace::new(n_parts)));
        }
        let mut read = Self {
            plan,
            through: options.through,
            memory: options.memory,
            spill: options.spill,
            drafts: Vec::new(),
            shared,
        };
        read.drafts.resize_with(plan.records.len(), || None);
        let mut n_rows = 0;
        for input in inputs {
            read.table(input, options, &mut n_rows)?;
        }
        read.check_all_there()?;
        for record in (0..plan.records.len() as u32).map(RecordId) {
            let runs = read.runs(record);
            if let (Some(draft), Some((by, spill))) = (&mut read.drafts[record.index()], runs) {
                draft.end_runs(by, spill)?;
            }
        }
        Ok(read)
    }

    /// Holds keys against one another and references against keys, and puts rows in order.
    ///
    /// # Errors
    /// When rows that are too many for memory cannot be kept on the disk.
    pub fn settle(self) -> Result<Loaded, LoadError> {
        let Self { plan, through, memory, drafts, shared, .. } = self;
        guarded(|| {
            let mut linked = Linked { plan, drafts, spaces: shared.spaces };
            linked.link()?;
            let loaded = super::settle::settle(linked, shared.dictionaries, through)?;
            super::grids::fit(plan, &loaded, through, memory)?;
            Ok(loaded)
        })?
    }

    fn table(&mut self, input: TableInput, options: &LoadOptions<'_>, n_rows: &mut u64) -> Result<(), LoadError> {
        let (plan, record) = (self.plan, input.record);
        let definition = plan.record(record);
        if !definition.used {
            return Ok(());
        }
        let distinct: Vec<RecordId> = (0..plan.records.len() as u32)
            .map(RecordId)
            .filter(|&other| plan.record(other).used && plan.record(other).source == RecordTable::Distinct(record))
            .collect();
        let n_parts = n_parts(plan, record);
        let runs = self.runs(record);
        let draft = self.drafts[record.index()].get_or_insert_with(|| Draft::new(definition, n_parts, &distinct));
        draft.faults.set_folder(options.rejects.map(Path::to_owned));
        for file in input.files {
            let name = file.name.clone();
            // A table in memory without batches has no rows.
            let Some(mut source) = file.into_source(options)? else { continue };
            draft.origins.begin(&name, draft.n_rows);
            let place = Place { plan, record, file: &name, source: source.as_ref() };
            let (mut tasks, wanted) = bind(place, &distinct)?;
            source.choose(&wanted)?;
            loop {
                let n_batch = source.advance()?;
                if n_batch == 0 {
                    draft.n_blank += source.n_blank();
                    break;
                }
                if u64::from(draft.n_rows) + n_batch as u64 > MOST_ROWS {
                    return Err(LoadError::TooManyRows { record: definition.name.clone() });
                }
                draft.take(n_batch, source.as_ref(), &mut tasks, &mut self.shared)?;
                *n_rows += n_batch as u64;
                if let Some((by, spill)) = runs {
                    draft.make_room(by, spill)?;
                }
                if let Some(progress) = options.progress {
                    progress(*n_rows);
                }
            }
        }
        Ok(())
    }

    /// How the rows of a record go to the disk when they are many. Rows that others refer to are held.
    fn runs(&self, record: RecordId) -> Option<(By, Spill<'a>)> {
        let when = self.plan.record(record).when?;
        let is_referred = self.shared.spaces[record.index()].is_some();
        let by = By { when, through: self.through };
        self.spill.filter(|_| !is_referred).map(|spill| (by, spill))
    }

    /// Whether every record that needs a table has one.
    fn check_all_there(&self) -> Result<(), LoadError> {
        for (idx, definition) in self.plan.records.iter().enumerate() {
            let record = RecordId(idx as u32);
            let has_table = match definition.source {
                RecordTable::Table(_) => self.drafts[idx].is_some(),
                RecordTable::Distinct(other) => self.drafts[other.index()].is_some(),
            };
            let can_be_named = self.shared.spaces[idx].is_some() && is_key_alone(self.plan, record);
            if definition.used && !has_table && !can_be_named {
                let expected = match &definition.source {
                    RecordTable::Table(Some(name)) => name.clone(),
                    RecordTable::Table(None) => definition.name.clone(),
                    RecordTable::Distinct(other) => self.plan.record(*other).name.clone(),
                };
                return Err(LoadError::MissingTable { record: definition.name.clone(), expected });
            }
        }
        Ok(())
    }
}

fn n_parts(plan: &Plan, record: RecordId) -> usize {
    PartReader::of_record(plan, record, true).len()
}
