//! Small sums are held until they are worth a payment: lines wait in the account of a party, line by line in the one order, and are due
//! when it comes to enough. Whether a line waits changes nothing of what it is.

use crate::engine::lines::{LineRows, Lines, NO_DUE};
use crate::engine::order::Ranks;
use crate::engine::origin::PageOrigin;
use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::paged::Shelf;
use meed_compiler::data::Values;
use meed_compiler::internal::broken;
use meed_compiler::plan::{FieldId, Hold, Plan, RecordId, Type, UnitId, VersionId};
use std::borrow::Cow;

/// A line in its account, in the one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// The record and the row of the party whose account it is, and the unit.
    account: (u32, u32, u32),
    /// When it is booked.
    day: i32,
    /// Whether a close books it on that day, behind the lines of the day itself.
    is_of_close: bool,
    /// Rows of events by the place of the event in the program, then periods, short before long.
    class: (u32, u32),
    /// The page of the row, and its place there or in the order of keys.
    row: (u32, u32),
    rule: u32,
    /// Where the line is.
    version: u32,
    page: u32,
    line: u32,
    amount: i64,
}

/// The lines of a version by page, with the days on which those that were held are due.
#[derive(Default)]
struct Dues {
    /// By page, the day of each line; [`NO_DUE`] where it never waited, [`WAITS`] where it waits still.
    pages: Vec<Vec<i32>>,
}

/// A line that is still held.
const WAITS: i32 = i32::MIN + 1;

/// Holds the lines of all rules that say so: what is due goes on as what is paid, and the rest waits.
pub(super) fn hold(plan: &Plan, loaded: &Loaded, result: &mut RunResult) -> Result<(), StoreError> {
    let holding: Vec<VersionId> = (0..plan.versions.len() as u32)
        .map(VersionId)
        .filter(|id| plan.version(*id).hold.is_some() && plan.payee_record(*id).is_some())
        .collect();
    if holding.is_empty() {
        return Ok(());
    }
    let ranks = Ranks::of(plan, loaded, &holding);
    let mut dues: Vec<Dues> = plan.versions.iter().map(|_| Dues::default()).collect();
    let mut entries: Vec<Entry> = Vec::new();
    for &id in &holding {
        if let Some(hold) = &plan.version(id).hold {
            enter(plan, loaded, result, id, hold, &ranks, &mut entries, &mut dues[id.index()])?;
        }
    }
    entries.sort_unstable();
    for lines in entries.chunk_by(|a, b| a.account == b.account) {
        // All that pay into an account say the same of it.
        let Some(hold) = &plan.version(VersionId(lines[0].version)).hold else { continue };
        carry(plan, hold, result.through, lines, |entry, day| {
            dues[entry.version as usize].pages[entry.page as usize][entry.line as usize] = day;
        });
    }
    let shelf = Shelf::new(loaded)?;
    let new = |id: VersionId| Lines::new(shelf.paged(loaded, plan.root_of(&plan.version(id).stream)));
    for id in holding {
        let (mut paid, mut held) = (new(id), new(id));
        for (page, days) in dues[id.index()].pages.iter().enumerate() {
            let lines = result.paid(id).page(page)?;
            let unit = plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
            let usual = plan.payee_record(id).unwrap_or(RecordId(0));
            paid.push(lines.only(unit, usual, days, |day| day != WAITS), unit)?;
            held.push(lines.only(unit, usual, days, |day| day == WAITS), unit)?;
        }
        result.paid_out[id.index()] = Some(paid);
        result.held[id.index()] = Some(held);
    }
    Ok(())
}

/// Adds the lines of a version to accounts.
#[expect(clippy::too_many_arguments, reason = "the lines of a run, and where they go")]
fn enter(
    plan: &Plan,
    loaded: &Loaded,
    result: &RunResult,
    id: VersionId,
    hold: &Hold,
    ranks: &Ranks,
    entries: &mut Vec<Entry>,
    dues: &mut Dues,
) -> Result<(), StoreError> {
    let usual = plan.payee_record(id).unwrap_or_else(|| broken("nobody's lines that are held"));
    let n_pages = result.paid(id).n_pages();
    for page in 0..n_pages {
        let lines: Cow<'_, LineRows> = result.paid(id).page(page)?;
        dues.pages.push(vec![NO_DUE; lines.len()]);
        let page_origin = PageOrigin::new(plan, id, loaded, result, page)?;
        let origin = page_origin.as_ref().map(PageOrigin::origin);
        let origin = origin.unwrap_or_else(|| broken("lines that come from nothing"));
        let unit = plan.version(id).emit().map_or(UnitId::CURRENCY, |emit| emit.unit);
        for (idx, (&root, &amount)) in lines.roots().iter().zip(&lines.amounts).enumerate() {
            let (kind, payee) = (lines.kind(idx, usual), lines.payees[idx]);
            // Who lacks the party is paid at once; what may still change is not booked.
            let Some(party) = party(plan, loaded, hold, kind, payee) else { continue };
            if origin.is_open(plan, root, result.through) {
                continue;
            }
            dues.pages[page][idx] = WAITS;
            entries.push(Entry {
                account: (party.0, party.1, lines.unit(idx, unit).0),
                day: lines.closed_on(idx).unwrap_or_else(|| loaded.day_of_line(&origin, root, lines.taking(idx))),
                is_of_close: lines.closed_on(idx).is_some(),
                class: loaded.class_of_line(&origin, lines.taking(idx)),
                row: (page as u32, loaded.row_of_line(&origin, ranks, root, lines.taking(idx))),
                rule: plan.version(id).rule.0,
                version: id.0,
                page: page as u32,
                line: idx as u32,
                amount,
            });
        }
    }
    Ok(())
}

/// The party whose account a line is carried in; none where a field on the way is missing.
fn party(plan: &Plan, loaded: &Loaded, hold: &Hold, kind: RecordId, payee: u32) -> Option<(u32, u32)> {
    let Some((record, path)) = &hold.per else { return Some((kind.0, payee)) };
    party_behind(plan, loaded, *record, path, payee)
}

/// The party to which a path leads from a row; none where a field on the way is missing.
pub(super) fn party_behind(
    plan: &Plan,
    loaded: &Loaded,
    record: RecordId,
    path: &[FieldId],
    row: u32,
) -> Option<(u32, u32)> {
    let (mut at, mut row) = (record, row);
    for field in path {
        (at, row) = step(plan, loaded, at, *field, row)?;
    }
    Some((at.0, row))
}

fn step(plan: &Plan, loaded: &Loaded, at: RecordId, field: FieldId, row: u32) -> Option<(RecordId, u32)> {
    let Type::Ref(next) = plan.record(at).fields[field.index()].ty else { broken("a path of a party that ends early") };
    let column = loaded.data.tables[at.index()].columns.get(field.index())?.as_ref();
    let column = column.unwrap_or_else(|| broken("a field of a path that is not kept"));
    let is_known = column.known.as_ref().is_none_or(|known| known[row as usize] == 1);
    match &column.values {
        Values::U32(rows) if is_known => Some((next, rows[row as usize])),
        Values::U32(_) => None,
        Values::I64(_) | Values::I32(_) | Values::U8(_) => broken("a reference that is no row"),
    }
}

/// Carries the lines of one account in order, and tells when each that is paid out is due.
fn carry(plan: &Plan, hold: &Hold, through: i32, lines: &[Entry], mut due: impl FnMut(&Entry, i32)) {
    let (mut sum, mut first) = (0i128, 0);
    let mut pay_out = |first: &mut usize, end: usize, sum: &mut i128, day: i32| {
        lines[*first..end].iter().for_each(|line| due(line, day));
        (*first, *sum) = (end, 0);
    };
    let end = plan.active.to;
    let ends = hold.all_at_end && through >= end;
    for (idx, line) in lines.iter().enumerate() {
        // What is booked after the end of the program does not change what was paid out at it.
        if ends && sum > 0 && line.day > end && idx.checked_sub(1).is_some_and(|before| lines[before].day <= end) {
            pay_out(&mut first, idx, &mut sum, end);
        }
        sum += i128::from(line.amount);
        let day = match hold.paid_per {
            // What a close books is taken in as a whole.
            None => {
                let goes_on = lines.get(idx + 1).is_some_and(|next| next.day == line.day && next.is_of_close);
                (!(line.is_of_close && goes_on)).then_some(line.day)
            }
            // The account is looked at once all lines of the period are in it.
            Some(period) => {
                let knows = plan.calendar.knows(period, line.day);
                let last = if knows { plan.period_end(period, line.day) } else { line.day };
                let is_last = lines.get(idx + 1).is_none_or(|next| next.day > last);
                (is_last && last <= through).then_some(last)
            }
        };
        if let Some(day) = day.filter(|_| sum >= i128::from(hold.until)) {
            pay_out(&mut first, idx + 1, &mut sum, day);
        }
    }
    if ends && sum > 0 && lines.last().is_some_and(|last| last.day <= end) {
        pay_out(&mut first, lines.len(), &mut sum, end);
    }
}
