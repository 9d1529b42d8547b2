//! Keys of rows, and references of several components.

use crate::decode::column::Block;
use crate::decode::component::{ComponentReader, each_component, whole_keys};
use crate::keys::component::KeyComponent;
use crate::keys::dictionary::NONE;
use crate::keys::space::KeySpace;
use crate::load::bind::Report;
use crate::load::build::TableBuilder;
use crate::source::columns::Source;

impl TableBuilder {
    /// Takes the keys of a batch; where others refer to them, their codes too.
    pub(super) fn take_keys(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        chosen_columns: &[Option<usize>],
        components: &[ComponentReader],
        reports: &[(Report, usize)],
        mut space: Option<&mut KeySpace>,
    ) {
        let mut codes: Vec<Vec<u32>> = vec![Vec::new(); components.len()];
        let mut absent: Vec<u32> = Vec::new();
        let mut next = 0;
        for (report, n_components) in reports {
            let mut missing: Vec<u32> = Vec::new();
            for idx in next..next + n_components {
                if let (None, Some(chosen)) = (&space, chosen_columns[idx])
                    && whole_keys(&components[idx], source, chosen, &mut self.rows.batch.keys.components[idx])
                {
                    continue;
                }
                let mut block = Block::default();
                let mut column = std::mem::take(&mut self.rows.batch.keys.components[idx]);
                let take = |component: Option<KeyComponent<'_>>| {
                    // A row without a key is rejected; what is in its place is never compared.
                    column.push(component.unwrap_or(KeyComponent::Whole(0)));
                    if let Some(space) = &mut space {
                        codes[idx].push(component.map_or(NONE, |component| space.components[idx].intern(component)));
                    }
                };
                match chosen_columns[idx] {
                    Some(chosen) => each_component(&components[idx], source, chosen, &mut block, take),
                    None => {
                        block.push_missing(n_rows);
                        (0..n_rows).map(|_| None).for_each(take);
                    }
                }
                self.rows.batch.keys.components[idx] = column;
                self.report_bad(report, chosen_columns[idx], source, &block);
                absent.extend(block.absent());
                missing.append(&mut block.missing);
            }
            missing.sort_unstable();
            missing.dedup();
            self.report_missing(report, source, &missing);
            next += n_components;
        }
        // What is left out is no row, whatever its key.
        absent.extend((0..n_rows as u32).filter(|row| self.left_out.contains(self.rows.n_rows + row)));
        absent.sort_unstable();
        absent.dedup();
        if let Some(space) = space {
            self.own(n_rows, &codes, &absent, space);
        }
        self.rows.keyless.extend(absent.iter().map(|row| self.rows.n_rows + row));
    }

    /// Gives rows without a key their file and their place in it as one; in a table of a test what is given is their key.
    pub(super) fn take_places(&mut self, n_rows: usize, file: &str, given: Option<Vec<String>>) {
        let first = self.rows.n_rows;
        for row in 0..n_rows as u32 {
            let (_, number) = self.origins.read_at(first + row);
            let key = match &given {
                Some(given) => [KeyComponent::of(given[row as usize].as_bytes()), KeyComponent::Text(b"")],
                None => [KeyComponent::of(file.as_bytes()), KeyComponent::Whole(number as i64)],
            };
            self.rows.batch.keys.components.iter_mut().zip(key).for_each(|(column, component)| column.push(component));
            if self.left_out.contains(first + row) {
                self.rows.keyless.push(first + row);
            }
        }
    }

    /// Says which rows of the batch own which keys.
    fn own(&mut self, n_rows: usize, codes: &[Vec<u32>], absent: &[u32], space: &mut KeySpace) {
        let mut absent = absent.iter().peekable();
        let mut tuple = vec![0; codes.len()];
        for row in 0..n_rows as u32 {
            if absent.next_if_eq(&&row).is_some() {
                continue;
            }
            tuple.iter_mut().zip(codes).for_each(|(code, codes)| *code = codes[row as usize]);
            let code = space.code(&tuple);
            if let Some(first) = space.set_owner(code, self.rows.n_rows + row) {
                self.repeated.push((self.rows.n_rows + row, first));
            }
        }
    }

    /// Takes references of several components, or of a column that is not there.
    #[expect(clippy::too_many_arguments, reason = "a batch, what is read of it, and where it goes")]
    pub(super) fn take_tuples(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        chosen_columns: &[Option<usize>],
        components: &[ComponentReader],
        report: Option<&Report>,
        space: &mut KeySpace,
        block: &mut Block,
    ) {
        let mut tuples = vec![vec![NONE; components.len()]; n_rows];
        for (idx, (component, &chosen)) in components.iter().zip(chosen_columns).enumerate() {
            // Without its column a component of the reference is missing in every row.
            let Some(chosen) = chosen else { continue };
            let mut found = Block::default();
            let mut rows = tuples.iter_mut();
            each_component(component, source, chosen, &mut found, |component| {
                if let (Some(tuple), Some(component)) = (rows.next(), component) {
                    tuple[idx] = space.components[idx].intern(component);
                }
            });
            if let Some(report) = report {
                self.report_bad(report, Some(chosen), source, &found);
            }
            block.bad.append(&mut found.bad);
        }
        block.bad.sort_by_key(|(row, _)| *row);
        let bad: Vec<u32> = block.bad.drain(..).map(|(row, _)| row).collect();
        for (row, tuple) in tuples.iter().enumerate() {
            let is_whole = !tuple.contains(&NONE);
            block.values.push(if is_whole { i64::from(space.code(tuple)) } else { 0 });
            if !is_whole {
                block.missing.push(row as u32);
            }
        }
        // What was reported as bad is kept as missing, but not reported as that too.
        let missing: Vec<u32> = block.missing.iter().copied().filter(|row| bad.binary_search(row).is_err()).collect();
        if let Some(report) = report {
            self.report_missing(report, source, &missing);
        }
    }
}
