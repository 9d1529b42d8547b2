//! Reads states, groups and rules.

use super::super::lexer::{Cursor, Read};
use super::super::names::Place;
use super::{days, number, record, rule_id, stream, word};
use crate::plan::{
    Amount, Days, Expr, Group, GroupFunction, Limit, Local, LocalId, Op, Pay, Period, Plan, RecordId, Root, SlotId,
    SlotSpec, State, StateId, StateKind, Step, Stream, Type, Version, VersionId, Window,
};
use meed_grammar::span::Span;

/// `state total.1 of NAME`; its kind is told again by what it keeps.
pub(super) fn state(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    line.word()?;
    line.expect("of")?;
    let rule = rule_id(plan, line)?;
    plan.states.push(State { rule, slot: SlotId(u32::MAX), kind: StateKind::Seen });
    plan.slots.push(SlotSpec { stream: Stream::Events(RecordId(0)), parts: Vec::new(), period: None });
    Ok(())
}

/// The slot of the state in the making stands last until it is known.
pub(super) fn state_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let (Some(mut state), Some(mut slot)) = (plan.states.pop(), plan.slots.pop()) else {
        return Err("this belongs to no state".to_owned());
    };
    match line.peek() {
        Some("each") => slot.stream = stream(plan, line)?,
        Some("per") => {
            line.expect("per")?;
            let place = Place::row(plan, state.rule, &slot.stream);
            let mut period = None;
            let parts = line.list(|line| match line.peek().and_then(Period::from_word) {
                Some(found) => {
                    line.word()?;
                    period = Some(found);
                    Ok(None)
                }
                None => place.read_typed(line).map(Some),
            })?;
            slot.period = period;
            slot.parts = parts.into_iter().flatten().collect();
        }
        _ => {
            line.expect("keeps")?;
            state.kind = match line.word()? {
                "whether" => ["a", "row", "has", "passed"]
                    .into_iter()
                    .try_for_each(|word| line.expect(word))
                    .map(|()| StateKind::Seen)?,
                "what" => {
                    ["was", "paid"].into_iter().try_for_each(|word| line.expect(word)).map(|()| StateKind::Paid)?
                }
                _ => StateKind::Sums { dens: line.list(parts_of_one)? },
            };
            let idx = plan.slots.iter().position(|known| *known == slot).unwrap_or(plan.slots.len());
            state.slot = SlotId(idx as u32);
            if idx == plan.slots.len() {
                plan.slots.push(slot);
            }
            plan.states.push(state);
            return Ok(());
        }
    }
    plan.states.push(state);
    plan.slots.push(slot);
    Ok(())
}

fn parts_of_one(line: &mut Cursor) -> Read<Option<i64>> {
    let word = line.word()?;
    if word == "as-fraction" {
        return Ok(None);
    }
    let den = word.strip_prefix("in-1/").and_then(|den| den.parse().ok());
    den.map(Some).ok_or_else(|| format!("`{word}` is no part of one"))
}

pub(super) fn group(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    line.word()?;
    line.expect("of")?;
    let join = Op::Field { root: Root::Row, record: RecordId(0), path: Vec::new() };
    let rule = rule_id(plan, line)?;
    plan.groups.push(Group {
        rule,
        stream: Stream::Events(RecordId(0)),
        entity: RecordId(0),
        join: Expr { op: join, ty: Type::Ref(RecordId(0)), optional: false, span: Span::default() },
        filter: None,
        period: Period::Program,
        window: Window::Own,
        function: GroupFunction::Count,
        span: Span::default(),
    });
    Ok(())
}

pub(super) fn group_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut group) = plan.groups.pop() else { return Err("this belongs to no group".to_owned()) };
    let place = Place::row(plan, group.rule, &group.stream);
    match line.peek() {
        Some("each") => group.stream = stream(plan, line)?,
        Some("where") => {
            line.word()?;
            group.filter = Some(place.read(line)?);
        }
        Some("takes") => {
            line.word()?;
            group.function = match line.word()? {
                "count" => GroupFunction::Count,
                "distinct" => GroupFunction::Distinct(place.read_typed(line)?),
                function => {
                    let den = parts_of_one(line)?;
                    let value = place.read_typed(line)?;
                    match function {
                        "sum" => GroupFunction::Sum(value, den),
                        "smallest" => GroupFunction::Smallest(value, den),
                        "largest" => GroupFunction::Largest(value, den),
                        other => return Err(format!("`{other}` aggregates nothing")),
                    }
                }
            };
        }
        _ => {
            line.expect("per")?;
            match line.peek().and_then(Period::from_word) {
                Some(period) => {
                    line.word()?;
                    group.period = period;
                    group.window = match line.word()? {
                        "own" => Window::Own,
                        "to-date" => Window::ToDate,
                        "previous" => Window::Previous(word(line)?),
                        other => return Err(format!("`{other}` is no window")),
                    };
                }
                None => {
                    group.entity = record(plan, line)?;
                    line.expect("by")?;
                    group.join = place.read_typed(line)?;
                }
            }
        }
    }
    plan.groups.push(group);
    Ok(())
}

pub(super) fn rule(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let rule = rule_id(plan, line)?;
    let id = VersionId(plan.versions.len() as u32);
    plan.rules[rule.index()].versions.push(id);
    plan.versions.push(Version {
        rule,
        name: plan.rule(rule).name.clone(),
        title: line.text()?,
        number: 0,
        active: Days { from: 0, to: 0 },
        stream: Stream::Events(RecordId(0)),
        steps: Vec::new(),
        n_locals: 0,
        locals: Vec::new(),
        groups: Vec::new(),
        span: Span::default(),
    });
    Ok(())
}

pub(super) fn rule_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut rule) = plan.versions.pop() else { return Err("this belongs to no rule".to_owned()) };
    match line.peek() {
        Some("each") => rule.stream = stream(plan, line)?,
        Some("version") => {
            line.word()?;
            rule.number = number(line)?;
            line.expect("active")?;
            rule.active = days(line)?;
        }
        Some("after") => {
            line.word()?;
            let group = |line: &mut Cursor| {
                let name = line.word()?;
                plan.group_named(Some(rule.rule), name).ok_or_else(|| format!("there is no `{name}`"))
            };
            rule.groups = line.list(group)?;
        }
        _ => {
            let nth: usize = number(line)?;
            if nth != rule.steps.len() + 1 {
                return Err(format!("step {nth} where step {} is expected", rule.steps.len() + 1));
            }
            let step = step(plan, &mut rule, line)?;
            rule.steps.push(step);
        }
    }
    plan.versions.push(rule);
    Ok(())
}

fn step(plan: &Plan, rule: &mut Version, line: &mut Cursor) -> Read<Step> {
    let locals = rule.locals.clone();
    let place = Place { locals: &locals, ..Place::row(plan, rule.rule, &rule.stream) };
    let state = |line: &mut Cursor| state_id(&place, line);
    Ok(match line.word()? {
        "active" => Step::Active,
        "until" => Step::Until,
        "where" => Step::Filter(place.read(line)?),
        "first" => Step::First(state(line)?),
        "count-in" => {
            let (state, atoms) = (state(line)?, line.list(|line| place.read_typed(line))?);
            let filter = if line.takes("where") { Some(place.read(line)?) } else { None };
            Step::AccumulateAll { state, filter, atoms }
        }
        "add-to" => Step::Accumulate { state: state(line)?, atoms: line.list(|line| place.read_typed(line))? },
        "let" => {
            let name = line.word()?.to_owned();
            line.expect("=")?;
            let value = place.read_typed(line)?;
            rule.locals.push(Local { name, ty: value.ty, optional: value.optional });
            rule.n_locals += 1;
            Step::Let(LocalId(rule.n_locals - 1), value)
        }
        "set" => {
            let name = line.word()?;
            let decision = plan.decision_named(name).ok_or_else(|| format!("there is no `{name}`"))?;
            line.expect("to")?;
            let name = line.word()?;
            let place = locals.iter().position(|local| name.strip_prefix("let.") == Some(&local.name));
            Step::Set(decision, LocalId(place.ok_or_else(|| format!("there is no `{name}`"))? as u32))
        }
        verb @ ("pay" | "take-back") => Step::Pay(pay(&place, verb == "take-back", line)?),
        verb @ ("at-most" | "at-least") => Step::Limit(limit(&place, verb == "at-least", line)?),
        other => return Err(format!("`{other}` is no step")),
    })
}

fn state_id(place: &Place, line: &mut Cursor) -> Read<StateId> {
    let name = line.word()?;
    place.plan.state_named(place.rule, name).ok_or_else(|| format!("the rule keeps no `{name}`"))
}

fn pay(place: &Place, take_back: bool, line: &mut Cursor) -> Read<Pay> {
    let payee = place.read_typed(line)?;
    line.expect("amount")?;
    let amount = if line.takes("along") {
        let state = state_id(place, line)?;
        let body = place.read_typed(line)?;
        let factor = if line.takes("times") { Some(place.read_typed(line)?) } else { None };
        Amount::AlongTotal { factor, state, body }
    } else {
        Amount::Plain(place.read_typed(line)?)
    };
    Ok(Pay { payee, amount, take_back, span: Span::default() })
}

fn limit(place: &Place, floor: bool, line: &mut Cursor) -> Read<Limit> {
    let amount = place.read_typed(line)?;
    if !floor && !line.takes("under") {
        return Ok(Limit::PerPayment(amount));
    }
    if floor {
        line.expect("under")?;
    }
    let state = state_id(place, line)?;
    if !floor {
        return Ok(Limit::AtMost { amount, state });
    }
    line.expect("per")?;
    Ok(Limit::AtLeast { amount, state, period: word(line)? })
}
