//! Reads the tables of all records, batch by batch.

use crate::decode::component::ComponentReader;
use crate::keys::dictionary::Dictionary;
use crate::keys::space::KeySpace;
use crate::load::bind::{Place, bind};
use crate::load::build::{Shared, TableBuilder};
use crate::load::error::LoadError;
use crate::load::finish::finish;
use crate::load::fit::fit;
use crate::load::link::{Linked, is_key_alone, references};
use crate::load::options::LoadOptions;
use crate::load::through::earlier;
use crate::source::file::TableInput;
use crate::source::opening::Opening;
use crate::store::loaded::Loaded;
use meed_compiler::internal::guarded;
use meed_compiler::plan::{Plan, RecordId, RecordTable, Stream, Type, Version};
use std::num::NonZero;
use std::path::Path;

/// More rows than this a table cannot have: rows are numbered by 32 bits.
const MOST_ROWS: u64 = 2_147_000_000;

/// Tables as they were read: nothing is linked, and rows are as the files have them.
pub struct Read<'a> {
    plan: &'a Plan,
    through: i32,
    memory: usize,
    keeps_returns: bool,
    threads: NonZero<usize>,
    tables: Vec<Option<TableBuilder>>,
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
            let n_components = if has_space { n_components(plan, record) } else { 0 };
            shared.spaces.push(has_space.then(|| KeySpace::new(n_components)));
        }
        let mut read = Self {
            plan,
            through: options.through,
            memory: options.memory,
            keeps_returns: options.keeps_returns,
            threads: options.threads,
            tables: Vec::new(),
            shared,
        };
        read.tables.resize_with(plan.records.len(), || None);
        let mut n_rows = 0;
        for input in inputs {
            read.table(input, options, &mut n_rows)?;
        }
        read.check_all_there()?;
        for table in read.tables.iter_mut().flatten() {
            table.rows.end(&mut table.faults)?;
        }
        Ok(read)
    }

    /// Holds keys against one another and references against keys, and puts rows in order.
    ///
    /// # Errors
    /// When rows that are too many for memory cannot be kept.
    pub fn finish(self) -> Result<Loaded, LoadError> {
        let Self { plan, through, memory, keeps_returns, threads, tables, shared } = self;
        guarded(|| {
            let mut linked = Linked { plan, tables, spaces: shared.spaces, taken: Vec::new() };
            linked.link()?;
            linked.take_returns(through, keeps_returns)?;
            let mut loaded = finish(linked, shared.dictionaries, through, threads)?;
            loaded.take_found(plan)?;
            loaded.earlier = earlier(plan, &loaded);
            fit(plan, &loaded, through, memory)?;
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
        let n_components = n_components(plan, record);
        let table =
            self.tables[record.index()].get_or_insert_with(|| TableBuilder::new(definition, n_components, &distinct));
        table.faults.set_folder(options.rejects.map(Path::to_owned));
        // Rows that others refer to are looked up in any order.
        // Rows that others find in sets are asked for in no order.
        let is_found = self.plan.searches.iter().any(|search| self.plan.root_of(&search.stream) == Some(record));
        // Rows that are values stand for themselves wherever they are met.
        // Rows by another date than their own come in another order.
        let by_date = |rule: &Version| matches!(rule.stream, Stream::ByDate(own, _) if own == record);
        // What is taken back is looked up by the row that it is of.
        // Rules that act on balances come in one order with one another.
        let together = self.plan.together();
        let on_balance =
            |rule: &Version| together[rule.rule.index()].is_some() && self.plan.root_of(&rule.stream) == Some(record);
        // So do rows that complete a measure.
        let completes = |rule: &Version| {
            rule.ranking().is_some_and(|(_, rank)| rank.completed.iter().any(|last| last.ty == Type::Ref(record)))
        };
        let is_kept_per = self.plan.balances.iter().any(|balance| balance.per == Some(record));
        let is_any_order = is_kept_per
            || self.plan.versions.iter().any(|rule| on_balance(rule) || completes(rule))
            || is_found
            || self.plan.has_as_value(record)
            || definition.reverses.is_some()
            || self.plan.set_reversals.iter().any(|reversal| reversal.taker == record)
            || self.plan.versions.iter().any(by_date);
        if let (Some(when), None, false) = (definition.when, &self.shared.spaces[record.index()], is_any_order) {
            options.apply(&mut table.rows, when);
        }
        for file in input.files {
            let name = file.name.clone();
            // A table in memory without batches has no rows.
            let LoadOptions { batch_rows, memory, threads, .. } = *options;
            let opening = Opening { layout: &definition.layout, batch_rows, memory, threads };
            let Some(mut source) = file.into_source(&opening)? else { continue };
            if definition.has_no_key() && table.origins.has_named(&name) {
                return Err(LoadError::SameFileName { file: name, record: definition.name.clone() });
            }
            table.origins.begin(&name, table.rows.n_rows);
            let place = Place { plan, record, file: &name, source: source.as_ref() };
            let (mut tasks, wanted, sift) = bind(place, &distinct)?;
            source.choose(&wanted)?;
            loop {
                let n_batch = source.advance()?;
                if n_batch == 0 {
                    table.n_blank += source.n_blank();
                    break;
                }
                if u64::from(table.rows.n_rows) + n_batch as u64 > MOST_ROWS {
                    return Err(LoadError::TooManyRows { record: definition.name.clone() });
                }
                table.take(n_batch, source.as_ref(), &sift, &mut tasks, &mut self.shared)?;
                *n_rows += n_batch as u64;
                table.rows.make_room(&mut table.faults)?;
                if let Some(progress) = options.progress {
                    progress(*n_rows);
                }
            }
        }
        Ok(())
    }

    /// Whether every record that needs a table has one.
    fn check_all_there(&self) -> Result<(), LoadError> {
        for (idx, definition) in self.plan.records.iter().enumerate() {
            let record = RecordId(idx as u32);
            let has_table = match definition.source {
                RecordTable::Table(_) => self.tables[idx].is_some(),
                RecordTable::Distinct(other) => self.tables[other.index()].is_some(),
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

fn n_components(plan: &Plan, record: RecordId) -> usize {
    ComponentReader::of_record(plan, record, true).len()
}
