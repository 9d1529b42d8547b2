//! Rows that are taken back by others which find them in a set: `reverses (introduction where …)`.
//!
//! They are looked for once all tables are in order, by fields alone and as rows were reported: each row that finds others takes them back
//! whole, in the order of its day and key. A row that was taken back before is passed over, and so is one of a later day.

use crate::load::error::LoadError;
use crate::store::loaded::Loaded;
use crate::store::seen::{Taken, TakenRow};
use meed_compiler::data::{Column, Rows, Values};
use meed_compiler::internal::broken;
use meed_compiler::interpret::Fault;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::{FieldSource, Function, Op, Plan, Reading, RecordId, SetReversal};
use meed_compiler::search::{Index, RowFault};

impl Loaded {
    /// Takes back what rows find.
    ///
    /// # Errors
    /// The first row at which a condition has no result.
    pub(super) fn take_found(&mut self, plan: &Plan) -> Result<(), LoadError> {
        for reversal in &plan.set_reversals {
            if plan.record(reversal.taker).used {
                let taken = self.found_by(plan, reversal)?;
                self.give_back(plan, &taken);
                // Nothing else takes rows of this event back.
                self.taken.retain(|known| known.record != taken.record);
                self.taken.push(taken);
            }
        }
        Ok(())
    }

    /// What the rows of an event find, each row once.
    fn found_by(&self, plan: &Plan, reversal: &SetReversal) -> Result<Taken, LoadError> {
        let SetReversal { taker, target, rows, .. } = reversal;
        let Op::Call(Function::Find { search, .. }, operands) = &rows.op else { broken("rows that no set finds") };
        let search = plan.search(*search);
        let fault = |record: RecordId, row: u32, fault: &Fault| LoadError::Reversal {
            record: plan.record(record).name.clone(),
            key: self.keys[record.index()].text(row as usize).into_owned(),
            reason: fault.kind.to_string(),
        };
        let index = Index::new(plan, &self.data, search, Rows::Events { record: *target }, &[]);
        let index = index.map_err(|at| {
            let (RowFault { row, fault: met }, _) = *at;
            fault(*target, row, &met)
        })?;
        let (days, days_of_takers) = (self.days(plan, *target), self.days(plan, *taker));
        let mut is_taken = vec![false; self.data.tables[target.index()].n_rows];
        let stream = Rows::Events { record: *taker };
        let mut taken: Vec<TakenRow> = Vec::new();
        // Rows after the run's day are behind the others.
        let n_seen = self.data.tables[taker.index()].n_stream;
        for (by, &day) in (0u32..).zip(days_of_takers).take(n_seen) {
            let at = |met: Fault| fault(*taker, by, &met);
            let reader = Row::new(plan, &stream, by, 0, false);
            let operands = operands.iter().map(|operand| reader.eval(operand, &self.data));
            let operands = operands.collect::<Result<Vec<Value>, Fault>>().map_err(at)?;
            let mut found = Vec::new();
            let visit = |row: &Row<'_>| {
                found.push(row.row);
                Ok(())
            };
            index.each(plan, &self.data, search, &operands, visit).map_err(at)?;
            for row in found {
                let own = days[row as usize];
                if own <= day && !std::mem::replace(&mut is_taken[row as usize], true) {
                    let (by, age) = ((*taker, by), day.saturating_sub(own));
                    taken.push(TakenRow { row, day, age, by, share: (1, 1), numbers: Vec::new() });
                }
            }
        }
        taken.sort_by_key(|taking| (taking.row, taking.day));
        Ok(Taken { record: *target, fields: Vec::new(), rows: taken })
    }

    /// Says of rows that nothing is left of them, in each reading in which that counts.
    fn give_back(&mut self, plan: &Plan, taken: &Taken) {
        let definition = plan.record(taken.record);
        let table = &mut self.data.tables[taken.record.index()];
        for (field, column) in definition.fields.iter().zip(&mut table.columns).filter(|(field, _)| field.used) {
            let FieldSource::Returned(reading) = field.source else { continue };
            let mut returned = vec![0; table.n_rows];
            for taking in &taken.rows {
                let counts = reading == Reading::Left || plan.counts_in(reading, taking.day, taking.day - taking.age);
                returned[taking.row as usize] = u8::from(counts);
            }
            *column = Some(Column { values: Values::U8(returned), known: None });
        }
    }
}
