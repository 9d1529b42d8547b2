//! The lines of a rule in the order of output.
//!
//! Lines arise in the order of their rows and are written in that of their payees, each payee's as they arose. They are partitioned into
//! ranges of payees first, block by block, so that every read and write stays within the caches; then each range is put in order. Of an
//! event of many pages the ranges are kept where its rows are. A payee with more lines than a range is one by itself, whose lines are in
//! order already.

use crate::pay::batches::Batches;
use crate::pay::line_columns::LineColumns;
use crate::pay::page_lines::{PageLines, Wanted};
use crate::pay::paid_rule::PaidRule;
use crate::pay::ranges::{Ranges, Span};
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

/// The lines of a range: chunks that are kept where the rows are, and behind them those that are held.
struct Range {
    chunks: Paged<LineColumns>,
    rest: LineColumns,
}

/// Columns without lines, whose memory is used for those of the next range: fresh memory costs more than to fill it.
pub(super) type Room = Vec<LineColumns>;

/// Writes the lines of a rule and their sums.
///
/// # Errors
/// What a sink meets, and lines that cannot be kept or read back.
pub(super) fn write(rule: &PaidRule<'_>, sinks: &mut Sinks<'_>, room: &mut Room) -> io::Result<()> {
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
    let n_held = match rule.paged_event() {
        Some(record) => {
            let memory = rule.loaded.memory(record);
            let (page, all) = (memory.page_bytes / LINE_BYTES, memory.bytes / LINE_BYTES);
            n_held.max(page).min(all).max(1)
        }
        None => n_held,
    };
    let ranges = Ranges::new(rule, n_held)?;
    let (mut all, mut order) = (LineColumns::default(), Vec::new());
    let partitioned = partition(rule, &ranges, n_held, wanted, room)?;
    for (span, Range { chunks, mut rest }) in ranges.spans.iter().zip(partitioned) {
        if span.is_one_payee {
            let mut in_order = |lines: &LineColumns| {
                order.clear();
                order.extend(0..lines.len() as u32);
                batches.take(lines, &order, sinks)
            };
            for idx in 0..chunks.len() {
                in_order(&*chunks.get(idx)?)?;
            }
            in_order(&rest)?;
        } else {
            for idx in 0..chunks.len() {
                all.append(&*chunks.get(idx)?);
            }
            let lines = if chunks.len() == 0 {
                &rest
            } else {
                all.append(&rest);
                &all
            };
            ranges.order(span, lines, &mut order);
            batches.take(lines, &order, sinks)?;
            all.clear();
        }
        rest.clear();
        room.push(rest);
    }
    batches.end(sinks)
}

/// Partitions the lines of all pages by range.
fn partition(
    rule: &PaidRule<'_>,
    ranges: &Ranges,
    n_held: usize,
    wanted: Wanted,
    room: &mut Room,
) -> Result<Vec<Range>, StoreError> {
    let n_ranges = ranges.spans.len();
    let shelf = Shelf::new(rule.loaded)?;
    let record = rule.paged_event();
    // What is held is as long as it will be; the rest grows up to a chunk.
    let range = |span: &Span| {
        // A range of one large payee has more room than others can use.
        let fits = |lines: &LineColumns| lines.room() <= span.n_lines.saturating_mul(2).max(FEWEST_IN_RANGE);
        let mut rest = room.pop().filter(fits).unwrap_or_default();
        if record.is_none() {
            rest.make_room(span.n_lines);
        }
        Range { chunks: shelf.paged(rule.loaded, record), rest }
    };
    let mut partitioned: Vec<Range> = ranges.spans.iter().map(range).collect();
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
            if let [Range { rest, .. }] = &mut partitioned[..] {
                rest.append(&block);
                continue;
            }
            let by_range = ranges.places(&block, &mut places);
            for (range, places) in partitioned.iter_mut().zip(by_range).filter(|(_, places)| !places.is_empty()) {
                range.rest.append_at(&block, places);
            }
        }
        for Range { chunks, rest } in partitioned.iter_mut().filter(|range| range.rest.len() >= n_most) {
            chunks.push(std::mem::take(rest))?;
        }
    }
    Ok(partitioned)
}
