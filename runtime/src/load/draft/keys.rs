//! Keys of rows, and references of several parts.

use super::super::bind::Report;
use super::super::decode::Block;
use super::super::part::{PartReader, each_part, whole_keys};
use super::super::source::Source;
use super::Draft;
use crate::keys::{KeyPart, KeySpace, NONE};

impl Draft {
    /// Takes the keys of a batch; where others refer to them, their codes too.
    pub(super) fn take_keys(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        slots: &[Option<usize>],
        parts: &[PartReader],
        reports: &[(Report, usize)],
        mut space: Option<&mut KeySpace>,
    ) {
        let mut codes: Vec<Vec<u32>> = vec![Vec::new(); parts.len()];
        let mut absent: Vec<u32> = Vec::new();
        let mut next = 0;
        for (report, n_parts) in reports {
            let mut missing: Vec<u32> = Vec::new();
            for idx in next..next + n_parts {
                if let (None, Some(slot)) = (&space, slots[idx])
                    && whole_keys(&parts[idx], source, slot, &mut self.rows.keys.parts[idx])
                {
                    continue;
                }
                let mut block = Block::default();
                let mut column = std::mem::take(&mut self.rows.keys.parts[idx]);
                let take = |part: Option<KeyPart<'_>>| {
                    // A row without a key is rejected; what stands in its place is never compared.
                    column.push(part.unwrap_or(KeyPart::Whole(0)));
                    if let Some(space) = &mut space {
                        codes[idx].push(part.map_or(NONE, |part| space.parts[idx].intern(part)));
                    }
                };
                match slots[idx] {
                    Some(slot) => each_part(&parts[idx], source, slot, &mut block, take),
                    None => {
                        block.push_missing(n_rows);
                        (0..n_rows).map(|_| None).for_each(take);
                    }
                }
                self.rows.keys.parts[idx] = column;
                self.report_bad(report, slots[idx], source, &block);
                absent.extend(block.absent());
                missing.append(&mut block.missing);
            }
            missing.sort_unstable();
            missing.dedup();
            self.report_missing(report, source, &missing);
            next += n_parts;
        }
        absent.sort_unstable();
        absent.dedup();
        if let Some(space) = space {
            self.bear(n_rows, &codes, &absent, space);
        }
        self.keyless.extend(absent.iter().map(|row| self.n_rows + row));
    }

    /// Says which rows of the batch bear which keys.
    fn bear(&mut self, n_rows: usize, codes: &[Vec<u32>], absent: &[u32], space: &mut KeySpace) {
        let mut absent = absent.iter().peekable();
        let mut tuple = vec![0; codes.len()];
        for row in 0..n_rows as u32 {
            if absent.next_if_eq(&&row).is_some() {
                continue;
            }
            tuple.iter_mut().zip(codes).for_each(|(code, codes)| *code = codes[row as usize]);
            let code = space.code(&tuple);
            if let Some(first) = space.bear(code, self.n_rows + row) {
                self.repeated.push((self.n_rows + row, first));
            }
        }
    }

    /// Takes references of several parts, or of a column that is not there.
    #[expect(clippy::too_many_arguments, reason = "a batch, what is read of it, and where it goes")]
    pub(super) fn take_tuples(
        &mut self,
        n_rows: usize,
        source: &dyn Source,
        slots: &[Option<usize>],
        parts: &[PartReader],
        report: Option<&Report>,
        space: &mut KeySpace,
        block: &mut Block,
    ) {
        let mut tuples = vec![vec![NONE; parts.len()]; n_rows];
        for (idx, (part, &slot)) in parts.iter().zip(slots).enumerate() {
            // Without its column a part of the reference is missing in every row.
            let Some(slot) = slot else { continue };
            let mut found = Block::default();
            let mut rows = tuples.iter_mut();
            each_part(part, source, slot, &mut found, |part| {
                if let (Some(tuple), Some(part)) = (rows.next(), part) {
                    tuple[idx] = space.parts[idx].intern(part);
                }
            });
            if let Some(report) = report {
                self.report_bad(report, Some(slot), source, &found);
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
