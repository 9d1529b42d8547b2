//! The lines of a rule in the order of output.
//!
//! Lines arise in the order of their rows and are written in that of their payees, each payee's as they arose. They are partitioned into
//! ranges of payees first, block by block, so that every read and write stays within the caches; then each range is put in order. Of an
//! event of many pages the ranges are kept where its rows are. A payee with more lines than a range is one by itself, whose lines are in
//! order already.

use crate::pay::batches::Batches;
use crate::pay::line_columns::LineColumns;
use crate::pay::page_lines::{PageLines, Wanted};
use crate::pay::paid_rule::{PaidRule, Source};
use crate::pay::ranges::Ranges;
use crate::pay::sinks::Sinks;
use crate::pay::sums::sums;
use crate::store::error::StoreError;
use crate::store::paged::{Paged, Shelf};
use std::io;

/// About how many bytes a line takes, with its key.
const LINE_BYTES: usize = 64;
/// More ranges than these only where memory is short.
const MOST_RANGES: usize = 256;
/// Fewer lines than these are not worth a range of their own.
const FEWEST_IN_RANGE: usize = 1 << 14;
/// Fewer lines than these are not worth a chunk of their own.
const FEWEST: usize = 64;
/// Lines that are partitioned together.
const BLOCK: usize = 1 << 15;

/// Writes the lines of a rule and their sums.
///
/// # Errors
/// What a sink meets, and lines that cannot be kept or read back.
pub(super) fn write(rule: &PaidRule<'_>, sinks: &mut Sinks<'_>) -> io::Result<()> {
    let n_lines = rule.n_lines();
    if n_lines == 0 {
        return Ok(());
    }
    let mut batches = Batches::new(rule);
    if sinks.wants_totals_only()
        && let Some(sums) = sums(rule)?
    {
        return batches.write_sums(&sums, sinks);
    }
    let wanted = Wanted { keys: sinks.payments.is_some() || sinks.slices.is_some(), numbers: sinks.slices.is_some() };
    // Ranges of a few lines are sorted fastest, but are not to be without number.
    let n_held = (n_lines / MOST_RANGES).max(FEWEST_IN_RANGE);
    let n_held = match (rule.source, rule.n_pages) {
        (Source::Event(record), 2..) => {
            let memory = rule.loaded.memory(record);
            let (page, all) = (memory.page_bytes / LINE_BYTES, memory.bytes / LINE_BYTES);
            n_held.max(page).min(all).max(1)
        }
        (Source::Event(_) | Source::Periods(_), _) => n_held,
    };
    let ranges = Ranges::new(rule, n_held)?;
    let chunks_by_range = partition(rule, &ranges, n_held, wanted)?;
    let (mut held, mut order) = (LineColumns::default(), Vec::new());
    for (range, chunks) in chunks_by_range.into_iter().enumerate() {
        for idx in 0..chunks.len() {
            let chunk = chunks.get(idx)?;
            if ranges.is_one_payee[range] {
                order.clear();
                order.extend(0..chunk.len() as u32);
                batches.take(&chunk, &order, sinks)?;
            } else if chunks.len() == 1 {
                ranges.order(range, &chunk, &mut order);
                batches.take(&chunk, &order, sinks)?;
            } else {
                held.append(&chunk);
            }
        }
        if held.len() > 0 {
            ranges.order(range, &held, &mut order);
            batches.take(&held, &order, sinks)?;
            held.clear();
        }
    }
    batches.end(sinks)
}

/// Partitions the lines of all pages; by range, its chunks.
fn partition(
    rule: &PaidRule<'_>,
    ranges: &Ranges,
    n_held: usize,
    wanted: Wanted,
) -> Result<Vec<Paged<LineColumns>>, StoreError> {
    let n_ranges = ranges.spans.len();
    let shelf = Shelf::new(rule.loaded)?;
    let record = match (rule.source, rule.n_pages) {
        (Source::Event(record), 2..) => Some(record),
        (Source::Event(_) | Source::Periods(_), _) => None,
    };
    let mut chunks: Vec<Paged<LineColumns>> = (0..n_ranges).map(|_| shelf.paged(rule.loaded, record)).collect();
    // What is held is as long as it will be; the rest grows up to a chunk.
    let room = |n_lines: &usize| match record {
        Some(_) => LineColumns::default(),
        None => LineColumns::with_room(*n_lines),
    };
    let mut held: Vec<LineColumns> = ranges.n_lines.iter().map(room).collect();
    // Small chunks would be many, and the account of them long. What is held anyway is one chunk.
    let n_most = match record {
        Some(_) => (n_held / n_ranges).clamp(n_held.min(FEWEST), 1 << 16),
        None => usize::MAX,
    };
    let mut places = Vec::new();
    for page in 0..rule.n_pages {
        let lines = PageLines::new(rule, page)?;
        for from in (0..lines.n_lines).step_by(BLOCK) {
            let block = lines.columns(from, lines.n_lines.min(from + BLOCK), wanted);
            if let [held] = &mut held[..] {
                held.append(&block);
                continue;
            }
            let by_range = ranges.places(&block, &mut places);
            for (held, places) in held.iter_mut().zip(by_range).filter(|(_, places)| !places.is_empty()) {
                held.append_at(&block, places);
            }
        }
        for (held, chunks) in held.iter_mut().zip(&mut chunks).filter(|(held, _)| held.len() >= n_most) {
            chunks.push(std::mem::take(held))?;
        }
    }
    for (held, chunks) in held.into_iter().zip(&mut chunks).filter(|(held, _)| held.len() > 0) {
        chunks.push(held)?;
    }
    Ok(chunks)
}
