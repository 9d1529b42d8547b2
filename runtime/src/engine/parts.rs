//! The rows of a chunk in parts: those that know nothing of one another, so that each part is done by itself. Runs do not ask for parts; tests
//! do, so that what the Plan says of them is known to hold.

use crate::engine::cut::Part;
use crate::engine::run::Run;
use crate::engine::under_way::UnderWay;
use meed_compiler::data::{Chunk, Output, Rows};
use meed_compiler::interpret::Fault;
use meed_compiler::interpret::phases::CarriedRow;
use meed_compiler::plan::VersionId;

impl Run<'_, '_> {
    /// The parts of a chunk of a version that are done one by one; none where they are all of it.
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
            made.status.iter_mut().zip(&output.status).for_each(|(mark, own)| *mark |= own);
            made.append(output);
        }
        made.sort_lines();
        let end = met.as_ref().map_or(u32::MAX, |(row, _)| *row);
        let n_before = made.rows.partition_point(|row| *row < end);
        made.truncate_lines(n_before);
        member.output.status.clone_from(&made.status);
        member.output.append(made);
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
