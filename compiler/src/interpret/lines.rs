//! What is done with a line once its row has made it: it is divided among parties, and limited per whoever gets it.
//!
//! It comes after the rule's own row, for both engines alike: machine code makes the line, and this goes on with it. The order of
//! lines is that of their rows, and within a row that of its parts.

use super::eval::{Row, Value};
use super::trace::{SharedPart, Trace, TraceStep};
use super::{Fault, FaultKind, paid, too_large};
use crate::data::{Chunk, Credit, Data, KeptRow, Output, Rows, StateData, Uncredited, status};
use crate::internal::broken;
use crate::plan::{
    Expr, Function, KeyId, Level, Limit, Model, Node, OneOf, Op, Part, Parties, Pay, Plan, RecordId, Root, Share,
    StateId, Take, To, Type, UnitId, Version, VersionId,
};
use crate::value::division::{Claim, Claimed, Portion, Spare, divide, halved};
use crate::value::{Exact, RoundingMode, is_moderate, lcm, round};
use meed_grammar::span::Span;
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// Does what is left to do with the lines from `first` on, which rows of this chunk have made.
///
/// # Errors
/// The row that meets a [`Fault`], which stops the run.
#[expect(clippy::too_many_arguments, reason = "the rows of a run are all of these, and none belongs to another")]
pub fn finish_lines(
    plan: &Plan,
    id: VersionId,
    data: &mut Data,
    rows: &Rows,
    chunk: &Chunk,
    first: usize,
    output: &mut Output,
    mut trace: Option<&mut Trace>,
) -> Result<(), (u32, Fault)> {
    let version = plan.version(id);
    let (_, of_lines) = plan.legs(version);
    if of_lines.is_empty() || output.rows.len() == first {
        return Ok(());
    }
    let made = (output.rows.split_off(first), output.payees.split_off(first), output.amounts.split_off(first));
    let kept = std::mem::take(&mut output.kept);
    let mut kept = kept.into_iter();
    for ((row, payee), amount) in made.0.into_iter().zip(made.1).zip(made.2) {
        let reader = reader_of(plan, version, rows, row, kept.next());
        let mut lines = RowOfLines { plan, version, data, chunk, output };
        lines
            .finish(&version.nodes[of_lines.clone()], reader, payee, amount, trace.as_deref_mut())
            .map_err(|fault| (row, fault))?;
    }
    Ok(())
}

/// A row that has made a line, with what it has found out where that is kept.
pub(super) fn reader_of<'a>(
    plan: &'a Plan,
    version: &Version,
    rows: &'a Rows,
    row: u32,
    kept: Option<KeptRow>,
) -> Row<'a> {
    let mut reader = Row::new(plan, rows, row, version.n_locals as usize, false);
    if let Some(KeptRow { locals, levels, rank }) = kept {
        (reader.locals, reader.levels, reader.rank) = (locals, levels, rank);
    }
    reader
}

/// Where the lines of a row go.
pub(super) struct RowOfLines<'a> {
    pub plan: &'a Plan,
    pub version: &'a Version,
    pub data: &'a mut Data,
    pub chunk: &'a Chunk,
    pub output: &'a mut Output,
}

impl RowOfLines<'_> {
    /// Does these nodes with the line of a row, and adds the lines that it becomes.
    pub fn finish(
        &mut self,
        nodes: &[Node],
        mut reader: Row<'_>,
        payee: u32,
        amount: i64,
        mut trace: Option<&mut Trace>,
    ) -> Result<(), Fault> {
        let row = reader.row;
        let Self { plan, version, data, chunk, output } = self;
        if let Some(trace) = &mut trace {
            reader.trace = Some(RefCell::new(std::mem::take(*trace)));
        }
        let kind = version.emit().and_then(|emit| emit.payee.as_ref()).map(|payee| payee.ty);
        let place = reader.place();
        let alone = kind.map(|kind| LinePart { place, kind: record_of(kind), payee, amount: i128::from(amount) });
        let (is_divided, parts) = (version.share().is_none(), alone.into_iter().collect());
        let mut lines =
            LinesOfRow { plan, version, reader, data, chunk, output, whole: amount, is_divided, parts, due: None };
        let done = lines.nodes(nodes);
        let LinesOfRow { reader, parts, due, .. } = lines;
        if let (Some(trace), Some(found)) = (&mut trace, reader.trace) {
            **trace = found.into_inner();
        }
        done?;
        let mark = &mut output.status[(row - chunk.start) as usize];
        *mark &= !status::PAID;
        for part in parts {
            let span = version.emit().map_or_else(Span::default, |emit| emit.span);
            let amount = i64::try_from(part.amount).map_err(|_| too_large("a payment", span))?;
            if amount != 0 {
                *mark |= status::PAID;
                output.rows.push(row);
                output.payees.push(part.payee);
                output.amounts.push(amount);
                output.places.push(part.place);
                output.kinds.push(part.kind.0);
                output.dues.extend(due);
            }
        }
        if let Some(trace) = &mut trace {
            trace.status = *mark;
        }
        Ok(())
    }
}

fn record_of(ty: Type) -> RecordId {
    if let Type::Ref(record) = ty { record } else { broken("a payee that is no party") }
}

/// A line, or a part of one.
struct LinePart {
    place: u32,
    kind: RecordId,
    payee: u32,
    amount: i128,
}

/// The lines of one row.
struct LinesOfRow<'a> {
    plan: &'a Plan,
    version: &'a Version,
    reader: Row<'a>,
    data: &'a mut Data,
    chunk: &'a Chunk,
    output: &'a mut Output,
    /// What the row has made, in smallest units.
    whole: i64,
    /// Whether the line is in its parts: it is not divided, or that is done.
    is_divided: bool,
    parts: Vec<LinePart>,
    /// When the lines are due, where the rule says so.
    due: Option<i32>,
}

impl LinesOfRow<'_> {
    fn nodes(&mut self, nodes: &[Node]) -> Result<(), Fault> {
        for node in nodes {
            match node {
                Node::Share(share) => self.share(share)?,
                Node::Limit(limit) => self.limit(limit)?,
                Node::Pay(pay) => self.pay(pay)?,
                _ => broken("a node of rows among those of lines"),
            }
        }
        Ok(())
    }

    /// Turns the sign where what is paid is taken back, and says when it is due.
    fn pay(&mut self, pay: &Pay) -> Result<(), Fault> {
        if pay.negative {
            self.parts.iter_mut().for_each(|part| part.amount = -part.amount);
        }
        if let Some(day) = &pay.due
            && self.parts.iter().any(|part| part.amount != 0)
        {
            let due = self.reader.eval(day, self.data)?;
            let Value::Date(due) = due else { broken("a payment that is due on no day") };
            self.due = Some(due);
        }
        Ok(())
    }

    fn limit(&mut self, limit: &Limit) -> Result<(), Fault> {
        if !self.is_divided {
            return self.limit_whole(limit);
        }
        let fills_up = matches!(limit, Limit::AtLeast { .. });
        if !fills_up && self.parts.iter().all(|part| part.amount == 0) {
            return Ok(());
        }
        let bound = self.reader.bound(limit, self.data)?;
        for idx in 0..self.parts.len() {
            let LinePart { place, kind, payee, amount } = self.parts[idx];
            if amount == 0 && !fills_up {
                continue;
            }
            let counted = match limit.state() {
                Some(state) => {
                    let Some(slot) = self.slot(state, kind, payee) else { continue };
                    Some(paid(self.data, state, slot))
                }
                None => None,
            };
            let (left, room) = self.reader.limited(limit, amount, bound, counted)?;
            self.reader.note(|trace| trace.limit(limit.bound().span, Some(place), amount, left, bound, room));
            self.parts[idx].amount = left;
        }
        Ok(())
    }

    /// A limit by keys of the row, on the line that is divided behind it.
    fn limit_whole(&mut self, limit: &Limit) -> Result<(), Fault> {
        if self.whole == 0 && !matches!(limit, Limit::AtLeast { .. }) {
            return Ok(());
        }
        let bound = self.reader.bound(limit, self.data)?;
        let state = limit.state().map(|state| (state, self.plan.states[state.index()].key));
        let counted = match state {
            Some((state, key)) => match self.chunk.slot(key, self.reader.row) {
                u32::MAX => return Ok(()),
                slot => Some(paid(self.data, state, slot)),
            },
            None => None,
        };
        let amount = i128::from(self.whole);
        let (left, room) = self.reader.limited(limit, amount, bound, counted)?;
        let span = limit.bound().span;
        self.reader.note(|trace| trace.limit(span, None, amount, left, bound, room));
        self.whole = i64::try_from(left).map_err(|_| too_large("a payment", span))?;
        Ok(())
    }

    /// The slot of a line in a state; none where a part of its key is missing.
    fn slot(&mut self, state: StateId, kind: RecordId, payee: u32) -> Option<u32> {
        let id = self.plan.states[state.index()].key;
        let key = &self.plan.keys[id.index()];
        if !key.of_payee {
            return Some(self.chunk.slot(id, self.reader.row)).filter(|slot| *slot != u32::MAX);
        }
        let number = key.period.map_or(0, |period| self.plan.calendar.index(period, self.reader.when(self.data)));
        Some(slot_of_payee(self.plan, self.data, id, (kind.0, payee, number)))
    }

    fn number(&self, expr: &Expr) -> Result<Exact, Fault> {
        match self.reader.eval(expr, self.data)?.number() {
            Some(value) => Ok(value),
            None => broken("a share that is missing"),
        }
    }

    fn unit(&self) -> UnitId {
        self.version.emit().map_or(UnitId::CURRENCY, |emit| emit.unit)
    }

    /// An amount in whole smallest units, cut toward zero; nothing below zero.
    fn most(&self, amount: Exact) -> Result<Exact, Fault> {
        let units = amount * Exact::from(self.reader.per_one(self.unit(), self.data)?);
        Ok(Exact::from(round(&units, RoundingMode::TowardZero)).max(Exact::ZERO))
    }

    fn share(&mut self, share: &Share) -> Result<(), Fault> {
        self.is_divided = true;
        if self.whole == 0 && !matches!(share.parties, Parties::Found { .. } | Parties::Levels(_)) {
            return Ok(());
        }
        let whole = self.whole.unsigned_abs();
        let mut shared = Vec::new();
        match &share.parties {
            Parties::Listed(parts) => self.listed(parts, whole, share, &mut shared)?,
            Parties::OneOf(one) => return self.whole_to(one),
            Parties::Levels(levels) => return self.levels(levels),
            Parties::Found { payee, by } => self.found(payee, by, whole, share, &mut shared)?,
        }
        let sign = self.whole.signum();
        for part in &mut shared {
            part.amount = with_sign(part.amount, sign);
            if sign < 0 {
                part.exact = -&part.exact;
            }
        }
        let row = self.reader.row;
        let mut uncredited = |place, amount| {
            if amount != 0 {
                self.output.uncredited.push(Uncredited { row, place, amount });
            }
        };
        for part in shared.iter().filter(|part| part.kind.is_some()) {
            match (part.kind, part.payee) {
                (Some(kind), Some(payee)) => {
                    self.parts.push(LinePart { place: part.place, kind, payee, amount: i128::from(part.amount) });
                }
                _ => uncredited(part.place, part.amount),
            }
        }
        if shared.is_empty() {
            uncredited(0, self.whole);
        }
        let whole = self.whole;
        if whole == 0 {
            return Ok(());
        }
        self.reader.note(|trace| trace.step(TraceStep::Share { whole, parts: shared }));
        Ok(())
    }

    /// Parts in order; those that are divided again are divided where they stand.
    fn listed(&mut self, parts: &[Part], whole: u64, share: &Share, shared: &mut Vec<SharedPart>) -> Result<(), Fault> {
        let asked = self.asked(parts)?;
        let total = Exact::from(whole);
        let divided = match portions(whole, &asked) {
            Some((total, shares)) => self.divided(whole, &claims(parts, &asked, total, shares)?, share.spare),
            None => {
                let of_asked = |asked: &Asked| match asked {
                    Asked::Rest => Exact::ZERO,
                    Asked::Percent(percent) => &total * percent,
                    Asked::UpTo(most) => most.clone(),
                };
                let shares = asked.iter().map(of_asked).collect();
                self.divided(whole, &claims(parts, &asked, total.clone(), shares)?, share.spare)
            }
        };
        for (part, (exact, amount)) in parts.iter().zip(divided) {
            let amount = amount as i64;
            let place = |shared: &[SharedPart]| shared.iter().filter(|part| part.kind.is_some()).count() as u32 + 1;
            match &part.to {
                To::Split(parts) => self.listed(parts, amount.unsigned_abs(), share, shared)?,
                To::Kept => shared.push(SharedPart {
                    span: part.span,
                    place: 0,
                    kind: None,
                    payee: None,
                    found: None,
                    exact,
                    amount,
                }),
                To::Payee(_) | To::OneOf(_) => {
                    let payee = match &part.to {
                        To::OneOf(one) => self.one_of(one)?,
                        To::Payee(payee) => payee,
                        To::Kept | To::Split(_) => broken("a part of nobody"),
                    };
                    let place = place(shared);
                    let kind = Some(record_of(payee.ty));
                    let payee = self.reader.eval(payee, self.data)?.code();
                    shared.push(SharedPart { span: part.span, place, kind, payee, found: None, exact, amount });
                }
            }
        }
        Ok(())
    }

    /// What parts ask of the whole.
    fn asked(&self, parts: &[Part]) -> Result<Vec<Asked>, Fault> {
        let asked = |part: &Part| match &part.take {
            Take::Rest => Ok(Asked::Rest),
            Take::Percent(percent) => match self.number(percent)? {
                negative if negative < Exact::ZERO => Err(bad_share("a share of the split is below zero", part.span)),
                percent => Ok(Asked::Percent(percent)),
            },
            Take::UpTo(most) => Ok(Asked::UpTo(self.most(self.number(most)?)?)),
        };
        parts.iter().map(asked).collect()
    }

    /// The parts of an amount, each with its exact share where somebody asks for it.
    fn divided<S: Claimed>(&self, whole: u64, claims: &[Claim<S>], spare: Spare) -> Vec<(Exact, u64)> {
        let exact = |claim: &Claim<S>| if self.reader.trace.is_some() { claim.share.exact() } else { Exact::ZERO };
        claims.iter().map(exact).zip(divide(whole, claims, spare)).collect()
    }

    /// Who it is of several kinds.
    fn one_of<'e>(&self, one: &'e OneOf) -> Result<&'e Expr, Fault> {
        for (condition, party) in &one.branches {
            if self.reader.eval(condition, self.data)? == Value::YesNo(true) {
                return Ok(party);
            }
        }
        Ok(&one.otherwise)
    }

    /// One of several kinds gets the whole line.
    fn whole_to(&mut self, one: &OneOf) -> Result<(), Fault> {
        let party = self.one_of(one)?;
        let (kind, payee) = (record_of(party.ty), self.reader.eval(party, self.data)?.code());
        let place = self.reader.place();
        let amount = i128::from(self.whole);
        self.parts.extend(payee.map(|payee| LinePart { place, kind, payee, amount }));
        let span = self.version.share().map_or(party.span, |share| share.span);
        self.reader.note(|trace| trace.payee(kind, payee, span));
        Ok(())
    }

    /// Each party of a chain is paid by itself.
    fn levels(&mut self, levels: &[Level]) -> Result<(), Fault> {
        let unit = self.plan.unit(self.reader.unit_of_row(self.unit(), self.data)?);
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        let mut seen: Vec<u32> = Vec::new();
        // Of payments, each has places of its own.
        let before = (self.reader.place() - 1) * levels.len() as u32;
        for (place, level) in (before + 1..).zip(levels) {
            let Some(payee) = self.reader.eval(&level.payee, self.data)?.code() else { break };
            // Chains that come back are rejected when tables are loaded, but for those of fields that have their days.
            if seen.contains(&payee) {
                let span = self.version.share().map_or(level.payee.span, |share| share.span);
                return Err(Fault { kind: FaultKind::Ring, span });
            }
            seen.push(payee);
            self.reader.note(Trace::forget_values);
            let Some(amount) = self.reader.eval(&level.amount, self.data)?.number() else { continue };
            let exact = amount * Exact::from(unit.per_one());
            let rounded = i64::try_from(round(&exact, unit.mode));
            let amount = rounded.map_err(|_| too_large("a payment", level.amount.span))?;
            let kind = record_of(level.payee.ty);
            self.parts.push(LinePart { place, kind, payee, amount: amount.into() });
            let span = level.amount.span;
            let part = SharedPart { span, place, kind: Some(kind), payee: Some(payee), found: None, exact, amount };
            self.reader.note(|trace| {
                parts.push(part);
                values.push(trace.take_values());
            });
        }
        self.reader.note(|trace| trace.step(TraceStep::Levels { parts, values }));
        Ok(())
    }

    /// Each row found is a part.
    fn found(
        &mut self,
        payee: &Expr,
        by: &Model,
        whole: u64,
        share: &Share,
        shared: &mut Vec<SharedPart>,
    ) -> Result<(), Fault> {
        let (rows, kind) = (self.rows_found(payee, by)?, record_of(payee.ty));
        let total = Exact::from(whole);
        let weights = self.weights(by, &rows, &total, share.span)?;
        let sum = match by {
            // What no row takes is kept.
            Model::InOrder(_) => total.clone(),
            // Each has all of it.
            Model::InFull => Exact::ONE,
            _ => {
                let mut sum = Exact::ZERO;
                for weight in &weights {
                    sum += weight;
                    if !is_moderate(&sum) {
                        return Err(too_large("the weights of the split together", share.span));
                    }
                }
                sum
            }
        };
        if rows.is_empty() || sum == Exact::ZERO {
            return Ok(());
        }
        let share_of = |weight: &Exact| weight / &sum;
        // Keys of a party's table are in order, and so are its rows.
        let rank = |payee: Option<u32>| payee.map_or(u64::MAX, u64::from);
        let ranks = rows.iter().map(|row| rank(row.payee));
        let divided = match by {
            // What each has got is a whole number already.
            Model::InFull => vec![(total.clone(), whole); rows.len()],
            Model::InOrder(_) => weights.iter().map(|weight| (weight.clone(), weight.units())).collect(),
            _ => match in_whole_numbers(whole, &weights) {
                Some(portions) => self.divided(whole, &by_rank(portions, ranks), share.spare),
                None => {
                    let shares = weights.iter().map(|weight| &total * share_of(weight));
                    self.divided(whole, &by_rank(shares, ranks), share.spare)
                }
            },
        };
        let base = match &share.base {
            Some(base) => self.number_or_zero(base)?,
            None => broken("credits of nothing"),
        };
        let sign = self.whole.signum();
        let row = self.reader.row;
        for (idx, ((found, weight), (exact, amount))) in rows.iter().zip(&weights).zip(divided).enumerate() {
            let (place, amount) = (idx as u32 + 1, amount as i64);
            let part = share_of(weight);
            let credit = Credit {
                row,
                place,
                found: found.row,
                payee: found.payee,
                base: &base * &part,
                share: part,
                amount: with_sign(amount, sign),
            };
            self.output.credits.push(credit);
            shared.push(SharedPart {
                span: share.span,
                place,
                kind: Some(kind),
                payee: found.payee,
                found: Some(found.row),
                exact,
                amount,
            });
        }
        Ok(())
    }

    fn number_or_zero(&self, expr: &Expr) -> Result<Exact, Fault> {
        Ok(self.reader.eval(expr, self.data)?.number().unwrap_or(Exact::ZERO))
    }

    /// The rows of the set, with who is paid for each and what they share by.
    fn rows_found(&self, payee: &Expr, by: &Model) -> Result<Vec<FoundRow>, Fault> {
        let Op::Call(Function::Find { search: id, output }, operands) = &payee.op else {
            broken("a division among rows that no set finds")
        };
        let each = match by {
            Model::Weight(each) | Model::InOrder(each) | Model::Halving { day: each, .. } => Some(each),
            Model::Places { .. } | Model::InFull => None,
        };
        let of_each = each.and_then(|each| match &each.op {
            Op::Call(Function::Find { output, .. }, _) => Some(*output),
            _ => None,
        });
        let search = self.plan.search(*id);
        let operands: Vec<Value> =
            operands.iter().map(|operand| self.reader.eval(operand, self.data)).collect::<Result<_, _>>()?;
        let Some(index) = &self.data.searches[id.index()] else { broken("a set that is asked before it is ready") };
        let mut rows = Vec::new();
        index.each(self.plan, self.data, search, &operands, |reader| {
            let value = |output: u32| reader.eval(&search.outputs[output as usize].value, self.data);
            let payee = value(*output)?.code();
            let by = of_each.map(value).transpose()?;
            rows.push(FoundRow { row: reader.root(Root::Source), payee, by });
            Ok(())
        })?;
        Ok(rows)
    }

    /// What each row found shares by; in order, what each gets in smallest units.
    fn weights(&mut self, by: &Model, rows: &[FoundRow], whole: &Exact, span: Span) -> Result<Vec<Exact>, Fault> {
        let missing = || broken("a weight that is missing");
        let number = |row: &FoundRow| row.by.clone().and_then(Value::number).unwrap_or_else(missing);
        match by {
            Model::InFull => Ok(vec![Exact::ONE; rows.len()]),
            Model::Weight(each) if matches!(each.op, Op::Number(_)) => {
                let weight = self.number(each)?;
                Ok(vec![weight; rows.len()])
            }
            Model::Weight(each) => {
                let weights: Vec<Exact> = rows.iter().map(number).collect();
                if weights.iter().any(|weight| *weight < Exact::ZERO) {
                    return Err(Fault {
                        kind: FaultKind::Share("a weight of the split is below zero"),
                        span: each.span,
                    });
                }
                Ok(weights)
            }
            Model::InOrder(_) => {
                let mut left = whole.clone();
                let mut given = Vec::with_capacity(rows.len());
                for row in rows {
                    let part = self.most(number(row))?.min(left.clone());
                    left -= &part;
                    given.push(part);
                }
                Ok(given)
            }
            Model::Places { first, middle, last } => {
                let [first, middle, last] = [self.number(first)?, self.number(middle)?, self.number(last)?];
                Ok(match rows.len() {
                    0 => Vec::new(),
                    1 => vec![Exact::ONE],
                    2 => vec![first, last],
                    n => {
                        let each = middle / Exact::from(n as u64 - 2);
                        std::iter::once(first).chain(vec![each; n - 2]).chain([last]).collect()
                    }
                })
            }
            Model::Halving { days, .. } => {
                let today = self.reader.when(self.data);
                let weights = &mut self.output.weights;
                let mut weight = |row: &FoundRow| {
                    let Some(Value::Date(day)) = row.by else { broken("a row without a day among those of a split") };
                    weight_after(weights, *days, today - day).ok_or(too_large("a weight of the split", span))
                };
                rows.iter().map(&mut weight).collect()
            }
        }
    }
}

/// A row found by a split.
struct FoundRow {
    row: u32,
    payee: Option<u32>,
    by: Option<Value>,
}

/// What a part asks of the whole.
enum Asked {
    Rest,
    /// A share of it.
    Percent(Exact),
    /// So many smallest units.
    UpTo(Exact),
}

fn bad_share(what: &'static str, span: Span) -> Fault {
    Fault { kind: FaultKind::Share(what), span }
}

/// What parts get of a whole, in order, by what each asks for; what is left is the share of who asks for the rest.
fn claims<S: Claimed>(parts: &[Part], asked: &[Asked], whole: S, shares: Vec<S>) -> Result<Vec<Claim<S>>, Fault> {
    let mut left = whole;
    let claim = |((part, asked), share): ((&Part, &Asked), S)| {
        let (share, most) = match asked {
            Asked::Rest => (left.clone(), None),
            Asked::Percent(_) => (share, None),
            // One of more than any amount is no bound.
            Asked::UpTo(most) => {
                (share.min(left.clone()), most.words().and_then(|(units, _)| u64::try_from(units).ok()))
            }
        };
        if share > left {
            return Err(bad_share("a share of the split is more than is left of the whole", part.span));
        }
        left = left.less(&share);
        Ok(Claim { share, most, rank: 0 })
    };
    parts.iter().zip(asked).zip(shares).map(claim).collect()
}

/// What rows found get of a whole, with who comes first.
fn by_rank<S>(shares: impl IntoIterator<Item = S>, ranks: impl Iterator<Item = u64>) -> Vec<Claim<S>> {
    shares.into_iter().zip(ranks).map(|(share, rank)| Claim { share, most: None, rank }).collect()
}

/// The whole and what parts ask of it, where all of it is a whole number of portions of a unit.
fn portions(whole: u64, asked: &[Asked]) -> Option<(Portion, Vec<Portion>)> {
    let den = |asked: &Asked| match asked {
        Asked::Percent(percent) => Some(percent.words()?.1),
        Asked::Rest | Asked::UpTo(_) => Some(1),
    };
    let in_unit = asked.iter().try_fold(1, |all, asked| lcm(all, den(asked)?))?;
    let share = |asked: &Asked| {
        let (number, den, units) = match asked {
            Asked::Rest => (0, 1, 1),
            Asked::Percent(percent) => (percent.words()?.0, percent.words()?.1, whole),
            Asked::UpTo(most) => (most.words()?.0, 1, 1),
        };
        let portions = u128::try_from(number).ok()?.checked_mul((in_unit / den).unsigned_abs().into())?;
        Some(Portion::new(portions.checked_mul(units.into())?, in_unit.unsigned_abs().into()))
    };
    let in_unit = u128::from(in_unit.unsigned_abs());
    Some((Portion::new(u128::from(whole) * in_unit, in_unit), asked.iter().map(share).collect::<Option<_>>()?))
}

/// What weights give of a whole, where that is a whole number of portions of a unit.
fn in_whole_numbers(whole: u64, weights: &[Exact]) -> Option<Vec<Portion>> {
    let den = weights.iter().try_fold(1, |all, weight| lcm(all, weight.words()?.1))?;
    let number = |weight: &Exact| {
        let (number, own) = weight.words()?;
        u128::try_from(number).ok()?.checked_mul((den / own).unsigned_abs().into())
    };
    let numbers: Vec<u128> = weights.iter().map(number).collect::<Option<_>>()?;
    let sum = numbers.iter().try_fold(0u128, |sum, number| sum.checked_add(*number))?;
    let portion = |number: &u128| Some(Portion::new(number.checked_mul(whole.into())?, sum));
    numbers.iter().map(portion).collect()
}

/// A weight that is halved every so many days, each computed once; none where it is too large.
fn weight_after(weights: &mut FxHashMap<(u32, i32), Exact>, half_life: u32, days: i32) -> Option<Exact> {
    /// So many halvings back a weight is beyond what is reckoned with.
    const MOST_HALVINGS: i64 = 4_096;
    if -i64::from(days) > i64::from(half_life) * MOST_HALVINGS {
        return None;
    }
    let known = weights.entry((half_life, days)).or_insert_with(|| halved(days, half_life));
    is_moderate(known).then(|| known.clone())
}

/// The slot of a kind of party, party and period, made where there is none.
fn slot_of_payee(plan: &Plan, data: &mut Data, key: KeyId, of: (u32, u32, i32)) -> u32 {
    if data.payee_slots.len() < plan.keys.len() {
        data.payee_slots.resize_with(plan.keys.len(), FxHashMap::default);
    }
    let slots = &mut data.payee_slots[key.index()];
    let next = slots.len() as u32;
    let slot = *slots.entry(of).or_insert(next);
    if slot == next {
        for (state, known) in plan.states.iter().zip(&mut data.states) {
            if state.key == key {
                let n_slots = match known {
                    StateData::Paid(paid) if paid.len() <= slot as usize => (slot as usize + 1).next_power_of_two(),
                    _ => continue,
                };
                known.grow(n_slots);
            }
        }
    }
    slot
}

/// A part of what is divided without its sign. The smallest amount without it is itself, and so with it.
const fn with_sign(part: i64, sign: i64) -> i64 {
    part.wrapping_mul(sign)
}
