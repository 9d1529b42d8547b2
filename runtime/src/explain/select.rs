//! Which rows of which rules a question is about.

use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::explain::query::Asked;
use crate::store::loaded::Loaded;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::{Function, Op, Parties, Plan, RecordId, RuleId, Share, Stream, Type, VersionId};

/// The rows, paid ones first, each in the order of the rules and of their rows.
///
/// Asked for a key, every row of that key is meant. Asked for a payee, his payments are, and for a rule that pays him
/// nothing the rows that might have. Otherwise payments are.
pub(super) fn rows(plan: &Plan, loaded: &Loaded, result: &RunResult, asked: &Asked) -> Vec<(VersionId, u32)> {
    let mut paid: Vec<(VersionId, u32)> = Vec::new();
    let mut unpaid: Vec<(VersionId, u32)> = Vec::new();
    let mut seen: Vec<RuleId> = Vec::new();
    for id in &asked.rules {
        let rule = plan.version(*id).rule;
        if seen.contains(&rule) {
            continue;
        }
        seen.push(rule);
        let versions: Vec<Picker> =
            plan.versions_of(rule).filter_map(|id| Picker::new(plan, loaded, result, asked, id)).collect();
        let before = paid.len();
        for version in &versions {
            paid.extend(version.paid().into_iter().map(|row| (version.id, row)));
        }
        let nothing = paid.len() == before;
        if asked.query.key.is_some() || (asked.query.payee.is_some() && nothing) {
            for version in &versions {
                unpaid.extend(version.unpaid().into_iter().map(|row| (version.id, row)));
            }
        }
    }
    paid.extend(unpaid);
    paid
}

/// Picks rows of one version of a rule.
struct Picker<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    result: &'a RunResult,
    asked: &'a Asked<'a>,
    id: VersionId,
    rows: Rows,
    n_rows: u32,
    origin: Origin<'a>,
    /// The rows of the key that is asked for, in the record that the rule's rows come from: its own, and what it takes back.
    key: Option<Vec<u32>>,
    /// The payee that is asked for: a party of each kind that the rule pays and that has the key.
    payee: Option<Vec<(RecordId, u32)>>,
}

impl<'a> Picker<'a> {
    /// None where the rule has nothing to do with the key or payee.
    fn new(
        plan: &'a Plan,
        loaded: &'a Loaded,
        result: &'a RunResult,
        asked: &'a Asked<'a>,
        id: VersionId,
    ) -> Option<Self> {
        let (rows, n_rows) = match (&plan.version(id).stream, &result.streams[id.index()]) {
            (Stream::Events(record), _) => {
                (Rows::Events { record: *record }, loaded.data.tables[record.index()].n_stream as u32)
            }
            (_, Some(Rows::ByDate(dated))) => (Rows::ByDate(dated.clone()), dated.row.len() as u32),
            (_, Some(Rows::EntityPeriods(periods))) => {
                (Rows::EntityPeriods(periods.clone()), periods.entity.len() as u32)
            }
            (_, Some(Rows::Payments(payments))) => (Rows::Payments(payments.clone()), payments.amount.len() as u32),
            (_, Some(Rows::Events { .. }) | None) => return None,
        };
        let origin = Origin::of(plan, id, loaded, result)?;
        let record = match origin {
            Origin::Event { record, .. } | Origin::EntityPeriods { record, .. } => record,
        };
        let key = match &asked.query.key {
            Some(key) => {
                let mut rows = taken_back_by(plan, loaded, id, key);
                rows.extend(row_of(loaded, record, key));
                if rows.is_empty() {
                    return None;
                }
                Some(rows)
            }
            None => None,
        };
        let payee = match &asked.query.payee {
            Some(payee) => {
                let kinds = plan.payee_kinds(id).into_iter();
                let known: Vec<(RecordId, u32)> =
                    kinds.filter_map(|kind| Some((kind, row_of(loaded, kind, payee)?))).collect();
                if known.is_empty() {
                    return None;
                }
                Some(known)
            }
            None => None,
        };
        Some(Self { plan, loaded, result, asked, id, rows, n_rows, origin, key, payee })
    }

    /// Rows with a line that are meant.
    fn paid(&self) -> Vec<u32> {
        let mut rows = self.with_a_line();
        rows.retain(|row| self.fits(*row));
        rows
    }

    /// Rows with a line, of the payees that are meant where some are; in order.
    fn with_a_line(&self) -> Vec<u32> {
        let lines = self.result.lines[self.id.index()].all();
        let usual = self.plan.payee_record(self.id);
        let is_paid = |line: &usize| {
            let paid = usual.map(|usual| (lines.kind(*line, usual), lines.payees[*line]));
            self.payee.as_ref().is_none_or(|known| paid.is_some_and(|paid| known.contains(&paid)))
        };
        let mut rows: Vec<u32> = (0..lines.len()).filter(is_paid).map(|line| lines.rows[line]).collect();
        rows.extend(self.with_a_booked_line());
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Rows for which a close has booked something, whatever is left of it.
    fn with_a_booked_line(&self) -> Vec<u32> {
        if self.plan.calendar.settled.is_none() || matches!(self.rows, Rows::Payments(_)) {
            return Vec::new();
        }
        let (lines, usual) = (self.result.paid(self.id).all(), self.plan.payee_record(self.id));
        let is_meant = |line: &usize| {
            let paid = usual.map(|usual| (lines.kind(*line, usual), lines.payees[*line]));
            self.payee.as_ref().is_none_or(|known| paid.is_some_and(|paid| known.contains(&paid)))
        };
        (0..lines.len()).filter(is_meant).map(|line| lines.roots()[line]).collect()
    }

    /// Rows without a line that are meant.
    fn unpaid(&self) -> Vec<u32> {
        let paid = self.with_a_line();
        let unpaid = |row: &u32| paid.binary_search(row).is_err();
        (0..self.n_rows)
            .filter(|row| self.fits(*row))
            .filter(unpaid)
            .filter(|row| {
                self.is_its_day(*row) && self.payee.as_ref().is_none_or(|payees| self.would_pay(*row, payees))
            })
            .collect()
    }

    /// Whether a row is of the key and in the period.
    fn fits(&self, row: u32) -> bool {
        let root = self.root(row);
        let day = self.origin.day(root).min(match self.origin {
            Origin::Event { .. } => i32::MAX,
            Origin::EntityPeriods { .. } => self.plan.active.to,
        });
        self.key.as_ref().is_none_or(|rows| rows.contains(&self.origin.source(root)))
            && self.asked.days.is_none_or(|days| days.holds(day))
    }

    /// The row of the event or entity periods behind a row.
    fn root(&self, row: u32) -> u32 {
        match &self.rows {
            Rows::Payments(payments) => payments.root[row as usize],
            Rows::Events { .. } | Rows::ByDate(_) | Rows::EntityPeriods(_) => row,
        }
    }

    /// Whether a row is this version's to explain: it lies in its days or, if in no version's, this one is the first.
    fn is_its_day(&self, row: u32) -> bool {
        let day = self.origin.day(self.root(row)).min(self.plan.active.to);
        let own = self.plan.version(self.id);
        let versions = || self.plan.versions_of(own.rule);
        let none = versions().all(|id| !self.plan.version(id).active.holds(day));
        own.active.holds(day) || (none && versions().next() == Some(self.id))
    }

    /// Whether the row would be one of these payees', had it passed.
    fn would_pay(&self, row: u32, payees: &[(RecordId, u32)]) -> bool {
        let version = self.plan.version(self.id);
        let Some(emit) = version.emit() else { return false };
        let data = &self.loaded.data;
        let row = Row::new(self.plan, &self.rows, row, version.n_locals as usize, false);
        let is_one = |kind: Type, found: Value| match (kind, found) {
            (Type::Ref(kind), Value::Code(found)) => payees.contains(&(kind, found)),
            _ => false,
        };
        let share = version.share();
        if let Some(Parties::Found { payee, .. }) = share.map(|share| &share.parties) {
            let Op::Call(Function::Find { search: id, output }, operands) = &payee.op else { return false };
            let (search, index) = (self.plan.search(*id), &data.searches[id.index()]);
            let operands: Result<Vec<Value>, _> = operands.iter().map(|operand| row.eval(operand, data)).collect();
            let (Some(index), Ok(operands)) = (index, operands) else { return false };
            let mut found = false;
            let done = index.each(self.plan, data, search, &operands, |reader| {
                found |= is_one(payee.ty, reader.eval(&search.outputs[*output as usize].value, data)?);
                Ok(())
            });
            return done.is_ok() && found;
        }
        let exprs = share.map_or_else(|| emit.payee.iter().collect(), Share::payees);
        exprs.into_iter().any(|payee| row.eval(payee, data).is_ok_and(|found| is_one(payee.ty, found)))
    }
}

/// The row of this key.
pub(super) fn row_of(loaded: &Loaded, record: RecordId, key: &str) -> Option<u32> {
    let keys = &loaded.keys[record.index()];
    // A key of one part may have the sign in it that stands between several.
    let row = keys.find(&[key], 0).or_else(|| keys.find(&key.split('|').collect::<Vec<_>>(), 0));
    row.map(|row| row as u32)
}

/// The rows of a rule's event of which the return with a key takes back what they were paid.
fn taken_back_by(plan: &Plan, loaded: &Loaded, id: VersionId, key: &str) -> Vec<u32> {
    let version = plan.version(id);
    // Of payments it is the rule behind them that returns take back from.
    if let Stream::Lines(rule, _) = &version.stream {
        return plan.first_version(*rule).map_or_else(Vec::new, |behind| taken_back_by(plan, loaded, behind, key));
    }
    let takes_back = plan.versions_of(version.rule).any(|id| plan.version(id).takes_back);
    let Some(record) = version.stream.event().filter(|_| takes_back) else { return Vec::new() };
    let Some(taken) = loaded.taken.iter().find(|taken| taken.record == record) else { return Vec::new() };
    let is_by = |(by, row): (RecordId, u32)| row_of(loaded, by, key) == Some(row);
    taken.rows.iter().filter(|taking| is_by(taking.by)).map(|taking| taking.row).collect()
}
