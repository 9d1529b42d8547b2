//! Reads states, matches, folds and rules.

use super::super::lexer::{Cursor, Read};
use super::super::names::Place;
use super::super::shares;
use super::super::words::Word;
use super::{days, number, reading, record, rule_id, stream, word};
use crate::plan::{
    Account, Add, Balance, BalanceId, Days, Emit, Expr, FieldId, Fold, FoldFunction, Hold, Installments, Key, KeyId,
    Limit, Local, LocalId, Match, MatchId, Most, Node, Op, Owner, Pay, Period, Plan, Rank, Reading, RecordId, Root,
    SetReversal, SharedLimit, Stacking, StackingId, StackingPolicy, State, StateId, StateKind, Stream, TakeFrom, Type,
    Version, VersionId, Whose, Window,
};
use meed_grammar::span::Span;

/// `state total.1 of NAME`; its kind is told again by what it keeps.
pub(super) fn state(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    line.word()?;
    line.expect("of")?;
    let rule = rule_id(plan, line)?;
    plan.states.push(State { rule, key: KeyId(u32::MAX), kind: StateKind::Seen });
    plan.keys.push(Key { stream: Stream::Events(RecordId(0)), of_payee: false, parts: Vec::new(), period: None });
    Ok(())
}

/// The slot of the state in the making is last until it is known.
pub(super) fn state_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let (Some(mut state), Some(mut slot)) = (plan.states.pop(), plan.keys.pop()) else {
        return Err("this belongs to no state".to_owned());
    };
    match line.peek() {
        Some("each") => slot.stream = stream(plan, line)?,
        Some("per") => {
            line.expect("per")?;
            let place = Place::row(plan, state.rule, &slot.stream);
            let mut period = None;
            let mut of_payee = false;
            let parts = line.list(|line| match line.peek().and_then(<Period as Word>::of_word) {
                Some(found) => {
                    line.word()?;
                    period = Some(found);
                    Ok(None)
                }
                None if line.takes("whoever-is-paid") => {
                    of_payee = true;
                    Ok(None)
                }
                None => place.read_typed(line).map(Some),
            })?;
            (slot.period, slot.of_payee) = (period, of_payee);
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
                word => StateKind::Sums { denominators: line.list(parts_of_one)?, highest: word == "highest" },
            };
            let idx = plan.keys.iter().position(|known| *known == slot).unwrap_or(plan.keys.len());
            state.key = KeyId(idx as u32);
            if idx == plan.keys.len() {
                plan.keys.push(slot);
            }
            plan.states.push(state);
            return Ok(());
        }
    }
    plan.states.push(state);
    plan.keys.push(slot);
    Ok(())
}

pub(in super::super) fn parts_of_one(line: &mut Cursor) -> Read<Option<i64>> {
    let word = line.word()?;
    if word == "as-fraction" {
        return Ok(None);
    }
    let den = word.strip_prefix("in-1/").and_then(|den| den.parse().ok());
    den.map(Some).ok_or_else(|| format!("`{word}` is no part of one"))
}

/// `match 1 of NAME`
pub(super) fn matched(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let number: usize = number(line)?;
    if number != plan.matches.len() + 1 {
        return Err(format!("match {number} where match {} is expected", plan.matches.len() + 1));
    }
    line.expect("of")?;
    let rule = rule_id(plan, line)?;
    let key = Op::Field { root: Root::Row, record: RecordId(0), path: Vec::new() };
    plan.matches.push(Match {
        rule,
        stream: Stream::Events(RecordId(0)),
        entity: RecordId(0),
        key: Expr { op: key, ty: Type::Ref(RecordId(0)), optional: false, span: Span::default() },
        also: None,
        period: Period::Program,
        window: Window::Own,
        stood: None,
    });
    Ok(())
}

pub(super) fn match_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut rows) = plan.matches.pop() else { return Err("this belongs to no match".to_owned()) };
    let place = Place::row(plan, rows.rule, &rows.stream);
    match line.peek() {
        Some("each") => rows.stream = stream(plan, line)?,
        Some("where") => {
            line.word()?;
            rows.also = Some(place.read(line)?);
        }
        _ => {
            line.expect("per")?;
            match line.peek().and_then(<Period as Word>::of_word) {
                Some(period) => {
                    line.word()?;
                    rows.period = period;
                    rows.window = match line.word()? {
                        "own" => Window::Own,
                        "to-date" => Window::ToDate,
                        "previous" => Window::Previous(word(line)?),
                        "same-last-year" => Window::SameLastYear(word(line)?),
                        other => return Err(format!("`{other}` is no window")),
                    };
                    rows.stood = if line.takes("as-it-stood") { Some(word(line)?) } else { None };
                }
                None => {
                    rows.entity = record(plan, line)?;
                    line.expect("by")?;
                    rows.key = place.read_typed(line)?;
                }
            }
        }
    }
    plan.matches.push(rows);
    Ok(())
}

/// `fold 1 over match 1 sum in-1/100 row.amount : money`
pub(super) fn fold(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    line.word()?;
    line.expect("over").and_then(|()| line.expect("match"))?;
    let number: u32 = number(line)?;
    let over = MatchId(number.saturating_sub(1));
    let Some(rows) = plan.matches.get(over.index()) else { return Err(format!("there is no match {number}")) };
    let place = Place::row(plan, rows.rule, &rows.stream);
    let function = match line.word()? {
        "count" => FoldFunction::Count,
        "distinct" => FoldFunction::Distinct(place.read_typed(line)?),
        function => {
            let den = parts_of_one(line)?;
            let value = place.read_typed(line)?;
            match function {
                "sum" => FoldFunction::Sum(value, den),
                "smallest" => FoldFunction::Smallest(value, den),
                "largest" => FoldFunction::Largest(value, den),
                other => return Err(format!("`{other}` aggregates nothing")),
            }
        }
    };
    plan.folds.push(Fold { over, function, span: Span::default() });
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
        nodes: Vec::new(),
        n_locals: 0,
        locals: Vec::new(),
        folds: Vec::new(),
        reading: Reading::Left,
        takes_back: false,
        adds_again: false,
        as_it_stood: false,
        hold: None,
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
        Some("returns") => {
            line.word()?;
            if line.takes("add-again") {
                rule.adds_again = true;
            } else {
                line.expect("take-back")?;
                rule.takes_back = true;
            }
        }
        Some("rows") => {
            line.word()?;
            if line.takes("as-they-stood") {
                rule.as_it_stood = true;
            } else {
                rule.reading = reading(line)?;
            }
        }
        Some("hold") => {
            line.word()?;
            rule.hold = Some(hold(plan, line)?);
        }
        Some("after") => {
            line.word()?;
            let fold = |line: &mut Cursor| {
                let name = line.word()?;
                plan.fold_named(Some(rule.rule), name).ok_or_else(|| format!("there is no `{name}`"))
            };
            rule.folds = line.list(fold)?;
        }
        _ => {
            let nth: usize = number(line)?;
            if nth != rule.nodes.len() + 1 {
                return Err(format!("step {nth} where step {} is expected", rule.nodes.len() + 1));
            }
            let step = step(plan, &mut rule, line)?;
            rule.nodes.push(step);
        }
    }
    plan.versions.push(rule);
    Ok(())
}

/// `partner.group`; none for whoever is paid.
fn party(plan: &Plan, line: &mut Cursor) -> Read<Option<(RecordId, Vec<FieldId>)>> {
    let mut names = line.word()?.split('.');
    let name = match names.next() {
        Some("payee") | None => return Ok(None),
        Some(name) => name,
    };
    let record = plan.record_named(name).ok_or_else(|| format!("there is no record `{name}`"))?;
    let (mut at, mut path) = (record, Vec::new());
    for name in names {
        let field = plan.record(at).field(name).ok_or_else(|| format!("there is no field `{name}`"))?;
        if let Type::Ref(next) = plan.record(at).fields[field.index()].ty {
            at = next;
        }
        path.push(field);
    }
    Ok(Some((record, path)))
}

/// `set-reversal departure of introduction rows …`
pub(super) fn set_reversal(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let taker = record(plan, line)?;
    line.expect("of")?;
    let target = record(plan, line)?;
    line.expect("rows")?;
    let rows = Place::of(plan, &Stream::Events(taker)).read_typed(line)?;
    plan.set_reversals.push(SetReversal { taker, target, rows, span: Span::default() });
    Ok(())
}

/// `shared-limit reward_cap over NAME, NAME in USD at-most 500000 of payee within year`
pub(super) fn shared_limit(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let name = line.word()?.to_owned();
    line.expect("over")?;
    let rules = line.list(|line| rule_id(plan, line))?;
    line.expect("in")?;
    let unit = super::unit(plan, line)?;
    let most = match line.word()? {
        "at-most" => Most::Amount(number(line)?),
        "in-proportion" => Most::InProportion(number(line)?),
        "payments" => Most::Payments(number(line)?),
        other => return Err(format!("`{other}` is no limit")),
    };
    let per = match line.takes("of") {
        false => Whose::All,
        true => party(plan, line)?.map_or(Whose::Payee, |(record, path)| Whose::Party(record, path)),
    };
    let period = if line.takes("within") { Some(word(line)?) } else { None };
    plan.shared_limits.push(SharedLimit { name, rules, unit, most, per, period, span: Span::default() });
    Ok(())
}

/// `until 5000 per partner.group paid-per half-month all-at-end`
fn hold(plan: &Plan, line: &mut Cursor) -> Read<Hold> {
    line.expect("until")?;
    let until = number(line)?;
    line.expect("per")?;
    let per = party(plan, line)?;
    let paid_per = if line.takes("paid-per") {
        let kind = line.word()?.replace('-', " ");
        Some(Period::from_word(&kind).ok_or_else(|| format!("`{kind}` is no period"))?)
    } else {
        None
    };
    Ok(Hold { per, until, paid_per, all_at_end: line.takes("all-at-end") })
}

fn step(plan: &Plan, rule: &mut Version, line: &mut Cursor) -> Read<Node> {
    let locals = rule.locals.clone();
    let place = Place { locals: &locals, ..Place::row(plan, rule.rule, &rule.stream) };
    let state = |line: &mut Cursor| state_id(&place, line);
    Ok(match line.word()? {
        "active" => Node::Active,
        "until" => Node::Until,
        "keep" => Node::Keep(place.read(line)?),
        "first" => {
            let most = number(line)?;
            Node::First { state: state(line)?, most }
        }
        "total-of-all" => {
            let (state, summands) = (state(line)?, line.list(|line| place.read_typed(line))?);
            let filter = if line.takes("where") { Some(place.read(line)?) } else { None };
            Node::TotalOfAll { state, filter, summands }
        }
        "total" => Node::Total { state: state(line)?, summands: line.list(|line| place.read_typed(line))? },
        "let" => {
            let name = line.word()?.to_owned();
            line.expect("=")?;
            let value = place.read_typed(line)?;
            rule.locals.push(Local { name, ty: value.ty, optional: value.optional });
            rule.n_locals += 1;
            Node::Let(LocalId(rule.n_locals - 1), value)
        }
        "set" => {
            let name = line.word()?;
            let decision = plan.decision_named(name).ok_or_else(|| format!("there is no `{name}`"))?;
            line.expect("to")?;
            let name = line.word()?;
            let place = locals.iter().position(|local| name.strip_prefix("let.") == Some(&local.name));
            Node::Set(decision, LocalId(place.ok_or_else(|| format!("there is no `{name}`"))? as u32))
        }
        "emit" => Node::Emit(emit(&place, line)?),
        "rank" => {
            let ties = word(line)?;
            line.expect("by")?;
            let measure = place.read_typed(line)?;
            let completed =
                if line.takes("completed") { line.list(|line| place.read_typed(line))? } else { Vec::new() };
            Node::Rank(Rank { measure, ties, completed, span: Span::default() })
        }
        "take" => {
            let amount = place.read_typed(line)?;
            line.expect("from")?;
            let accounts = line.list(|line| account(&place, line))?;
            Node::TakeFrom(TakeFrom { accounts, amount, span: Span::default() })
        }
        "add" => {
            let amount = place.read_typed(line)?;
            line.expect("to")?;
            let account = account(&place, line)?;
            let at_start = line.takes("at-start");
            let until = if line.takes("until") { Some(place.read_typed(line)?) } else { None };
            Node::Add(Add { account, amount, at_start, until, span: Span::default() })
        }
        "choose" => Node::Choose(StackingId(number::<u32>(line)?.saturating_sub(1))),
        "share" => Node::Share(shares::read(&place, line)?),
        "most-payments" => {
            let most = place.read_typed(line)?;
            line.expect("under")?;
            Node::Limit(Limit::Payments { most, state: state(line)? })
        }
        verb @ ("pay" | "take-back") => {
            let due = if line.takes("due") { Some(place.read_typed(line)?) } else { None };
            let installments = if line.takes("in") {
                let number = number(line)?;
                line.expect("per")?;
                Some(Installments { number, period: word(line)? })
            } else {
                None
            };
            Node::Pay(Pay { negative: verb == "take-back", due, installments })
        }
        verb @ ("at-most" | "at-least") => Node::Limit(limit(&place, verb == "at-least", line)?),
        other => return Err(format!("`{other}` is no step")),
    })
}

/// `mdf of row.partner`
fn account(place: &Place, line: &mut Cursor) -> Read<Account> {
    let balance = balance(place.plan, line)?;
    let owner = if line.takes("of") { Some(Box::new(place.read_typed(line)?)) } else { None };
    Ok(Account { balance, owner })
}

pub(super) fn balance(plan: &Plan, line: &mut Cursor) -> Read<BalanceId> {
    let name = line.word()?;
    plan.balance_named(name).ok_or_else(|| format!("there is no balance `{name}`"))
}

/// `balance mdf in USD per partner expires-after 2 quarter`
pub(super) fn new_balance(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let name = line.word()?.to_owned();
    line.expect("in")?;
    let unit = super::unit(plan, line)?;
    let per = if line.takes("per") { Some(record(plan, line)?) } else { None };
    let expires = if line.takes("expires-after") { Some((number(line)?, word(line)?)) } else { None };
    let may_be_negative = line.takes("may-be-negative");
    plan.balances.push(Balance { name, per, unit, expires, may_be_negative });
    Ok(())
}

/// `stacking all of NAME, NAME up-to X`
pub(super) fn stacking(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let word = line.word()?;
    line.expect("of")?;
    let rules = line.list(|line| rule_id(plan, line))?;
    let policy = match word {
        "highest" => StackingPolicy::Highest,
        "first" => StackingPolicy::First,
        "all" => {
            line.expect("up-to")?;
            let first = plan.first_version(rules[0]).ok_or("a choice between rules that are not there")?;
            let stream = plan.version(first).stream.clone();
            StackingPolicy::AllUpTo(Place::row(plan, rules[0], &stream).read_typed(line)?)
        }
        other => return Err(format!("`{other}` chooses nothing")),
    };
    plan.stackings.push(Stacking { policy, rules });
    Ok(())
}

fn state_id(place: &Place, line: &mut Cursor) -> Read<StateId> {
    let name = line.word()?;
    place.plan.state_named(place.rule, name).ok_or_else(|| format!("the rule keeps no `{name}`"))
}

fn emit(place: &Place, line: &mut Cursor) -> Read<Emit> {
    let payee = if line.takes("nobody") { None } else { Some(place.read_typed(line)?) };
    let somebody = if line.takes("if") { Some(place.read_typed(line)?) } else { None };
    line.expect("worth")?;
    let worth = place.read_typed(line)?;
    let factor = if line.takes("times") { Some(place.read_typed(line)?) } else { None };
    let owner = if line.takes("along") { Owner::Total(state_id(place, line)?) } else { Owner::Row };
    line.expect("in")?;
    let unit = super::unit(place.plan, line)?;
    Ok(Emit { payee, somebody, factor, worth, owner, unit, span: Span::default() })
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
