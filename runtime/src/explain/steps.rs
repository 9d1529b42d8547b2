//! The steps of a trace as points.

use crate::explain::balances::Act;
use crate::explain::explainer::Explainer;
use crate::explain::numbers;
use crate::explain::query::ExplainStep;
use meed_compiler::data::status;
use meed_compiler::interpret::eval::Value;
use meed_compiler::interpret::trace::{SharedPart, Slice, Trace, TraceStep};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{
    Days, End, Expr, FieldSource, Function, LocalId, Node, Op, Owner, Piece, Pieces, Reading, RecordId, Schedule,
    ScheduleOutput, Share, StateId, Stream, Type, Version, VersionId,
};
use meed_compiler::value::{Exact, RoundingMode};
use meed_grammar::span::Span;

/// Values that something looked at: place, type, value.
pub(super) type Values = [(Span, Type, Value)];

impl Explainer<'_> {
    /// What decided, in order.
    pub(super) fn points(&self, id: VersionId, row: u32, trace: &Trace) -> Vec<ExplainStep> {
        let rule = self.plan.version(id);
        let mut points: Vec<ExplainStep> = self.which_returns(id).into_iter().collect();
        let mut totals: Vec<(StateId, &[Exact], &[Exact])> = Vec::new();
        let mut shared: &[SharedPart] = &[];
        let mut paid_to: Option<(RecordId, u32)> = None;
        let mut shared_prize: Option<i64> = None;
        // A rule of a choice decides on the rows that it is chosen for.
        let is_chosen = self.plan.stacking_of(id).is_none()
            || trace.steps.iter().any(|step| match step {
                TraceStep::Choose { place, all } => all[*place].given != 0,
                _ => false,
            });
        for step in &trace.steps {
            match step {
                TraceStep::Total { state, before, after } => totals.push((*state, before, after)),
                TraceStep::Active { day, holds, .. } => points.push(self.active(id, *day, *holds)),
                TraceStep::Condition { span, value, values, truths } => {
                    points.extend(self.condition(id, row, *span, value, values, truths));
                }
                TraceStep::Local { local, value, values } => {
                    points.push(self.local(id, row, *local, value, values, is_chosen));
                }
                TraceStep::First { state, first, place } => {
                    points.push(self.first(id, row, *state, *first, *place));
                }
                // Each party of a chain is paid by itself.
                TraceStep::Pay { .. } if rule.share().is_some_and(Share::is_chain) => {}
                TraceStep::Pay { payee, divided, rounded, slices, along, values, .. } => {
                    paid_to = self.plan.payee_record(id).zip(*payee);
                    points.extend(self.totals(id, row, &totals));
                    points.push(self.pay(id, row, slices, values));
                    match (payee, rounded) {
                        (None, _) if !divided => points.push(failed("there is nobody to be paid".to_owned())),
                        (_, None) => points.push(self.no_amount(values)),
                        (_, Some(_)) if let Some(share) = shared_prize => {
                            let text = format!("its share of the prizes is {}", self.amount(id, row, share.into()));
                            points.push(ExplainStep { holds: None, text, details: Vec::new() });
                        }
                        (_, Some(rounded)) => points.push(self.rounding(id, row, slices, along.as_ref(), rounded)),
                    }
                }
                TraceStep::TakenBack { by: (record, return_row), day, shares, party, unit, paid, amount, .. } => {
                    let unit = self.plan.unit(*unit);
                    let words = |units: i64| numbers::amount(unit, units.into());
                    let (back, word) = if *paid > 0 { (-*amount, "takes back") } else { (*amount, "gives back") };
                    let back = if back == 0 { "nothing".to_owned() } else { words(back) };
                    let text = format!(
                        "{} {word} {back} of the {} of {}",
                        self.event_of(*record, *return_row, Some(*day)),
                        words(*paid),
                        self.party(party.0, party.1)
                    );
                    let (before, after) = (numbers::share(&shares.0), numbers::share(&shares.1));
                    let details = vec![format!(
                        "before it {before} of the {} was taken back, with it {after}",
                        self.row_word(id)
                    )];
                    points.push(ExplainStep { holds: None, text, details });
                }
                TraceStep::Choose { place, all } => points.push(self.chosen(id, row, *place, all)),
                TraceStep::Payee { kind, payee, values, span } => {
                    paid_to = Some(*kind).zip(*payee);
                    let mut point = match payee {
                        Some(payee) => {
                            let text = format!("it goes to {}", self.party(*kind, *payee));
                            ExplainStep { holds: None, text, details: Vec::new() }
                        }
                        None => failed(format!("there is no {} to be paid", self.plan.record(*kind).name)),
                    };
                    point.details = self.told(id, row, *span, values);
                    points.push(point);
                }
                TraceStep::Levels { parts, values } => {
                    points.extend(self.levels(id, row, parts, values));
                    shared = parts;
                }
                TraceStep::Share { whole, parts } => {
                    points.push(self.share(id, row, *whole, parts));
                    shared = parts;
                }
                TraceStep::Ranked { measure, placing, span } => {
                    points.push(self.ranked(id, row, measure, placing, *span));
                    shared_prize = placing.shared.as_ref().map(|(_, share)| *share);
                }
                TraceStep::Added { balance, owner, day, amount, ends, drawn, left, values, span } => {
                    let act = Act { day: *day, span: *span, values };
                    points.push(self.added(id, row, *balance, *owner, *amount, *ends, drawn, *left, &act));
                }
                TraceStep::AddedAgain { balance, owner, day, was, is, ends, drawn, left } => {
                    points.push(self.added_again(*balance, *owner, *day, (*was, *is), *ends, drawn, *left));
                }
                TraceStep::Taken { day, asked, got, from, values, span } => {
                    let act = Act { day: *day, span: *span, values };
                    points.push(self.taken(id, row, *asked, *got, from, &act));
                }
                TraceStep::SharedLimit { limit, place, before, after, room, all, used, party, period } => {
                    let part = shared.iter().find(|part| part.place == *place);
                    let mut point = match all {
                        Some(all) => self.budget(id, row, *limit, (*before, *after), *all, *party, *period),
                        None => self.shared_limit(id, row, *limit, (*before, *after), *room, used, *party, *period),
                    };
                    if let Some((kind, payee)) = part.and_then(|part| part.kind.zip(part.payee)) {
                        point.text = format!("{}: {}", self.party(kind, payee), point.text);
                    }
                    points.push(point);
                }
                TraceStep::Limit { span, place, before, after, bound, paid } => {
                    let part = place.and_then(|place| shared.iter().find(|part| part.place == place));
                    let payee = part.map_or(paid_to, |part| part.kind.zip(part.payee));
                    let mut point = self.limit(id, row, *span, payee, (*before, *after), *bound, *paid);
                    if let Some((kind, payee)) = part.and_then(|part| part.kind.zip(part.payee)) {
                        point.text = format!("{}: {}", self.party(kind, payee), point.text);
                    }
                    points.push(point);
                }
            }
        }
        if trace.status & (status::PAID | status::MATCHED) == status::MATCHED
            && points.iter().all(|point| point.holds != Some(false))
        {
            let text = if shared.iter().any(|part| part.amount != 0) {
                "nobody is paid a part of it"
            } else if rule.emit().is_some() {
                "the amount is 0, and nothing is paid for 0"
            } else if rule.nodes.iter().any(|node| matches!(node, Node::Add(_))) {
                "the rule pays nothing: it adds to a balance"
            } else {
                "the rule pays nothing: it decides"
            };
            points.push(ExplainStep { holds: rule.emit().map(|_| false), text: text.to_owned(), details: Vec::new() });
        }
        points
    }

    /// Why a payment has no amount.
    fn no_amount(&self, values: &Values) -> ExplainStep {
        let unknown = values.iter().find(|(span, _, value)| *value == Value::Missing && !self.quote(*span).is_empty());
        failed(match unknown {
            Some((span, ..)) => format!("there is no amount: {} is unknown", self.quote(*span)),
            None => "there is no amount: the band reached pays none".to_owned(),
        })
    }

    fn active(&self, id: VersionId, day: i32, holds: bool) -> ExplainStep {
        let rule = self.plan.version(id);
        let (from, to) = (date_of(rule.active.from), date_of(rule.active.to));
        if rule.active == Days::ALL {
            let text = format!("the rule only sets: it looks at every {}", self.row_word(id));
            return ExplainStep { holds: Some(true), text, details: Vec::new() };
        }
        let version = match self.plan.versions_of(rule.rule).count() {
            1 => "the rule holds".to_owned(),
            n => format!("version {} of {n} holds", rule.number),
        };
        let word = self.row_word(id);
        let of = match &rule.stream {
            Stream::Periods(party, _) if self.plan.record(*party).life.is_bounded() => {
                format!("its days in the {word} end on {}", date_of(day))
            }
            Stream::Periods(..) => format!("the {word} ends on {}", date_of(day)),
            Stream::Events(_) | Stream::ByDate(..) | Stream::Lines(..) => {
                format!("the {word} is of {}, in {}", date_of(day), self.period(self.plan.calendar.told_by(), day))
            }
        };
        let outside = if holds { "" } else { ", outside of these days" };
        let others = self.plan.versions_of(rule.rule).filter(|other| *other != id && !holds).map(|other| {
            let other = self.plan.version(other);
            let (from, to) = (date_of(other.active.from), date_of(other.active.to));
            format!("version {} holds from {from} to {to}", other.number)
        });
        let details = others.collect();
        ExplainStep { holds: Some(holds), text: format!("{version} from {from} to {to}; {of}{outside}"), details }
    }

    /// Each part of a condition with its values; what comes after a part that decides was not looked at.
    fn condition(
        &self,
        id: VersionId,
        row: u32,
        span: Span,
        value: &Value,
        values: &Values,
        truths: &[(Span, Value)],
    ) -> Vec<ExplainStep> {
        let step = self.plan.version(id).nodes.iter().find_map(|step| match step {
            Node::Keep(condition) if condition.span == span => Some(condition),
            _ => None,
        });
        let Some(condition) = step else { return Vec::new() };
        if self.is_of_returns(condition) {
            let word = self.row_word(id);
            let nothing = || failed(format!("nothing is left of the {word}: all of it was taken back"));
            return if value.is_true() { Vec::new() } else { vec![nothing()] };
        }
        let mut parts = Vec::new();
        conjuncts(condition, &mut parts);
        parts.dedup_by_key(|part| part.span);
        let only = parts.len() == 1;
        let mut points = Vec::new();
        for part in parts {
            let met: Vec<&Value> = truths.iter().filter(|(at, _)| *at == part.span).map(|(_, value)| value).collect();
            if met.is_empty() && !only {
                continue;
            }
            let holds = if only { value.is_true() } else { met.iter().all(|value| value.is_true()) };
            let unknown = met.iter().any(|value| **value == Value::Missing);
            let said = if unknown { ": unknown" } else { "" };
            let text = format!("{}{said}", self.quote(part.span));
            points.push(ExplainStep { holds: Some(holds), text, details: self.told(id, row, part.span, values) });
        }
        // `unknown means yes` lets a row pass that no part did.
        if value.is_true() && points.iter().any(|point| point.holds == Some(false)) {
            points.push(ExplainStep {
                holds: Some(true),
                text: format!("{}: unknown means yes", self.quote(span)),
                details: Vec::new(),
            });
        }
        points
    }

    /// Which returns of its row a rule counts, where not all.
    fn which_returns(&self, id: VersionId) -> Option<ExplainStep> {
        let version = self.plan.version(id);
        let record = version.stream.event()?;
        self.plan.record(record).returned(Reading::Left)?;
        let row = self.row_word(id);
        let text = match version.reading {
            Reading::Left | Reading::Reported => return None,
            Reading::Within(days) => format!("returns count for {days} days after the {row}"),
            Reading::AtEnd(period) => format!("returns count up to the end of the {} of the {row}", period.word()),
        };
        Some(ExplainStep { holds: None, text, details: Vec::new() })
    }

    /// Whether a condition is that something is left of the row.
    fn is_of_returns(&self, condition: &Expr) -> bool {
        let Op::Call(Function::Not, operands) = &condition.op else { return false };
        let Some(Expr { op: Op::Field { record, path, .. }, .. }) = operands.first() else { return false };
        matches!(path[..], [field] if matches!(self.plan.record(*record).fields[field.index()].source, FieldSource::Returned(_)))
    }

    /// Values within a place, each text once.
    pub(super) fn told(&self, id: VersionId, row: u32, within: Span, values: &Values) -> Vec<String> {
        let mut told = Vec::new();
        // What is written nowhere, such as the day on which a dated field is read, is told by what is.
        let is_inside = |span: &Span| !span.is_empty() && within.start <= span.start && span.end <= within.end;
        let inside = values.iter().filter(|(span, ..)| is_inside(span));
        for (span, ty, value) in inside {
            let line = match self.group_words(id, row, *span, values) {
                Some(words) => words,
                None => {
                    let mut lines = vec![format!("{} is {}", self.quote(*span), self.value(*ty, value))];
                    lines.extend(self.table_rows(id, row, *span, value, values));
                    lines
                }
            };
            line.into_iter().for_each(|line| {
                if !told.contains(&line) {
                    told.push(line);
                }
            });
        }
        told
    }

    fn local(
        &self,
        id: VersionId,
        row: u32,
        local: LocalId,
        value: &Value,
        values: &Values,
        is_chosen: bool,
    ) -> ExplainStep {
        let rule = self.plan.version(id);
        let definition = &rule.locals[local.index()];
        let decided = rule.nodes.iter().any(|step| matches!(step, Node::Set(_, known) if *known == local));
        let written = match (decided, is_chosen) {
            (true, true) => ", which is decided",
            (true, false) => ", which is decided only where the rule is chosen",
            (false, _) => "",
        };
        let text = format!("{} is {}{written}", definition.name, self.value(definition.ty, value));
        let span = let_span(rule, local);
        let mut details = vec![format!("{} = {}", definition.name, self.quote(span))];
        // What the whole `let` is has been said.
        let whole = format!("{} is {}", self.quote(span), self.value(definition.ty, value));
        details.extend(self.told(id, row, span, values).into_iter().filter(|line| *line != whole));
        ExplainStep { holds: None, text, details }
    }

    fn first(&self, id: VersionId, row: u32, state: StateId, first: bool, place: u8) -> ExplainStep {
        let most = self.plan.version(id).nodes.iter().find_map(|node| match node {
            Node::First { state: known, most } if *known == state => Some(*most),
            _ => None,
        });
        let slot = &self.plan.keys[self.plan.states[state.index()].key.index()];
        let has_year = slot.parts.iter().any(|part| matches!(part.op, Op::Call(Function::OwnYear, _)));
        let ever = if slot.period.is_none() && !has_year { " ever" } else { "" };
        let per = format!("{}{ever}{}", self.per(state), self.key_words(id, row, state));
        if let Some(most @ 2..) = most {
            let text = match first {
                true => format!("number {place} of the first {most}{per}"),
                false => format!("not one of the first {most}{per}"),
            };
            return ExplainStep { holds: Some(first), text, details: Vec::new() };
        }
        if first {
            return ExplainStep { holds: Some(true), text: format!("the first{per}"), details: Vec::new() };
        }
        let text = match self.who_was_first(id, row, state) {
            Some(other) => format!("not the first{per}: {other} came before"),
            None => format!("not the first{per}"),
        };
        failed(text)
    }

    /// What added up before and after this row.
    fn totals(&self, id: VersionId, row: u32, totals: &[(StateId, &[Exact], &[Exact])]) -> Vec<ExplainStep> {
        let rule = self.plan.version(id);
        let summands = |state: StateId| {
            rule.nodes.iter().find_map(|step| match step {
                Node::Total { state: known, summands } | Node::TotalOfAll { state: known, summands, .. } => {
                    (*known == state).then_some(summands)
                }
                _ => None,
            })
        };
        let mut points = Vec::new();
        for (state, before, after) in totals {
            let Some(summands) = summands(*state) else { continue };
            for ((summand, before), after) in summands.iter().zip(*before).zip(*after) {
                let what = match &summand.op {
                    Op::Number(_) => "the count".to_owned(),
                    _ => self.quote(summand.span),
                };
                let value = |value: &Exact| self.value(summand.ty, &Value::Number(value.clone()));
                let per = format!("{}{}", self.per(*state), self.key_words(id, row, *state));
                let text = format!("{what}{per} adds up to {}", value(after));
                let details = vec![format!("before this {} it was {}", self.row_word(id), value(before))];
                points.push(ExplainStep { holds: None, text, details });
            }
            if let (Some(place), Some(of)) = (self.plan.highest_of(*state), summands.first()) {
                let value = |value: &Exact| self.value(of.ty, &Value::Number(value.clone()));
                let text = format!("the highest so far is {}", value(&after[place]));
                let details = vec![format!("before this {} it was {}", self.row_word(id), value(&before[place]))];
                points.push(ExplainStep { holds: None, text, details });
            }
        }
        points
    }

    fn pay(&self, id: VersionId, row: u32, slices: &[Slice], values: &Values) -> ExplainStep {
        let rule = self.plan.version(id);
        let Some(emit) = rule.emit() else { return ExplainStep::default() };
        let along = (emit.owner != Owner::Row).then_some(emit.worth.span);
        let schedule = schedule_in(self.plan.version(id), &emit.worth).map(|id| &self.plan.schedules[id.index()]);
        let mut details: Vec<String> = Vec::new();
        let kept: Vec<(Span, Type, Value)> = values
            .iter()
            .filter(|(span, ..)| along != Some(*span) && emit.payee.as_ref().is_none_or(|payee| *span != payee.span))
            .cloned()
            .collect();
        details.extend(self.told(id, row, Span::new(0, u32::MAX as usize), &kept));
        details.extend(slices.iter().map(|slice| self.slice(id, row, slice, schedule)));
        ExplainStep { holds: None, text: self.quote(emit.span), details }
    }

    /// `band 2 (to 500,000 USD): 20,000.00 USD at 2% is 400.00 USD`
    fn slice(&self, id: VersionId, row: u32, slice: &Slice, schedule: Option<&Schedule>) -> String {
        let band = slice.band.map_or_else(String::new, |number| {
            format!("band {number}{}: ", schedule.map_or_else(String::new, |known| self.reach(known, number)))
        });
        let quantity = slice.quantity.as_ref().map(|quantity| self.value(slice.of, &Value::Number(quantity.clone())));
        // An amount has a share for its rate, any other quantity a price; a schedule says which of them it pays.
        let is_share = schedule.map_or(slice.of.is_money(), |known| known.rate == Type::Percent);
        let rate =
            slice.rate.as_ref().map(|rate| if is_share { numbers::percent(rate) } else { self.money(id, row, rate) });
        let amount = self.money(id, row, &slice.amount);
        match (quantity, rate) {
            (Some(quantity), Some(rate)) => {
                let product = slice.quantity.clone().unwrap_or_default() * slice.rate.clone().unwrap_or_default();
                let flat = &slice.amount - &product;
                let plus = if flat == Exact::ZERO {
                    String::new()
                } else {
                    format!(", with {} once", self.money(id, row, &flat))
                };
                format!("{band}{quantity} at {rate}{plus} is {amount}")
            }
            (Some(quantity), None) => format!("{band}for {quantity} it is {amount}"),
            (None, _) => format!("{band}{amount}"),
        }
    }

    /// Where a band ends, where that is written as a number.
    fn reach(&self, schedule: &Schedule, number: u32) -> String {
        let Pieces::Lines { pieces, heights: false } = &schedule.pieces else { return String::new() };
        let Some(idx) = pieces.iter().position(|piece| piece.number == number) else { return String::new() };
        let edge = |piece: &Piece| {
            let value = piece.end.bound()?.op.as_number()?;
            Some((self.value(schedule.domain, &Value::Number(value.clone())), matches!(piece.end, End::To(_))))
        };
        match (edge(&pieces[idx]), idx.checked_sub(1).and_then(|before| edge(&pieces[before]))) {
            (Some((upper, true)), _) => format!(" (to {upper})"),
            (Some((upper, false)), _) => format!(" (below {upper})"),
            (None, Some((lower, _))) => format!(" (beyond {lower})"),
            (None, None) => String::new(),
        }
    }

    fn rounding(
        &self,
        id: VersionId,
        row: u32,
        slices: &[Slice],
        along: Option<&(Exact, Exact)>,
        rounded: &Exact,
    ) -> ExplainStep {
        let unit = self.unit(id, row);
        let mode = mode_words(unit.mode);
        let sum = slices.iter().fold(Exact::ZERO, |sum, slice| sum + &slice.amount);
        let (exact, line) = (self.money(id, row, &sum), self.money(id, row, rounded));
        let plain = |text: String, details: Vec<String>| ExplainStep { holds: None, text, details };
        if let Some((before, after)) = along {
            let details = [("with", after), ("without", before)]
                .map(|(word, value)| format!("{word} this line the total is {} exactly", self.money(id, row, value)));
            let text = match sum == *rounded {
                true => format!("along the running total that is {line}"),
                false => format!("along the running total, rounded {mode}, that is {line}"),
            };
            return plain(text, if sum == *rounded { Vec::new() } else { details.to_vec() });
        }
        if sum == *rounded {
            return plain(format!("that is {line}"), Vec::new());
        }
        let twice = &sum * Exact::from(unit.per_one()) * Exact::from(2);
        let tie = if unit.mode.is_half() && twice.is_whole() { " (a tie)" } else { "" };
        plain(format!("{exact}{tie} rounded {mode} is {line}"), Vec::new())
    }
}

/// A point at which a row ends.
pub(super) fn failed(text: String) -> ExplainStep {
    ExplainStep { holds: Some(false), text, details: Vec::new() }
}

/// The parts of a condition that must all hold.
fn conjuncts<'a>(condition: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match &condition.op {
        Op::And(all) => all.iter().for_each(|part| conjuncts(part, parts)),
        Op::IfUnknown(value, _) if !condition.op.is_decided() => conjuncts(value, parts),
        _ => parts.push(condition),
    }
}

fn let_span(rule: &Version, local: LocalId) -> Span {
    let span = |step: &Node| match step {
        Node::Let(known, value) if *known == local => Some(value.span),
        _ => None,
    };
    rule.nodes.iter().find_map(span).unwrap_or_default()
}

/// The schedule whose bands an amount is made of.
fn schedule_in(rule: &Version, amount: &Expr) -> Option<meed_compiler::plan::ScheduleId> {
    let mut found = None;
    let mut locals = Vec::new();
    amount.walk(&mut |expr| match &expr.op {
        Op::Call(Function::Schedule { schedule, output: ScheduleOutput::Amount }, _) if found.is_none() => {
            found = Some(*schedule)
        }
        Op::Local(local) => locals.push(*local),
        _ => {}
    });
    found.or_else(|| {
        locals.into_iter().find_map(|local| {
            rule.nodes.iter().find_map(|step| match step {
                Node::Let(known, value) if *known == local => schedule_in(rule, value),
                _ => None,
            })
        })
    })
}

fn mode_words(mode: RoundingMode) -> &'static str {
    match mode {
        RoundingMode::HalfEven => "half even",
        RoundingMode::HalfOdd => "half odd",
        RoundingMode::HalfAwayFromZero => "half away from zero",
        RoundingMode::HalfTowardZero => "half toward zero",
        RoundingMode::HalfUpward => "half upward",
        RoundingMode::HalfDownward => "half downward",
        RoundingMode::AwayFromZero => "away from zero",
        RoundingMode::TowardZero => "toward zero",
        RoundingMode::Upward => "upward",
        RoundingMode::Downward => "downward",
    }
}
