//! Reads the Plan's text: item by item, in the order in which they are written.

pub(super) mod phrase;
pub(super) mod records;
pub(super) mod rules;
mod schedules;

use super::lexer::{Cursor, Line, Read, lines};
use super::names::{Place, path_named};
use super::searches;
use super::tables;
use super::words::Word;
use crate::plan::calendar::{CalendarColumn, CalendarTable, Pattern, Weekday, Weeks, Years, day_of};
use crate::plan::{
    ByRow, Days, Decision, LineKind, Parameter, Period, Plan, Predicate, Reading, RecordKind, Rule, RuleId, Stream,
    Type, Unit, UnitId, VersionId,
};
use std::sync::Arc;

/// A line that is no line of a Plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Reads a Plan.
pub(super) fn read(text: &str) -> Result<Plan, ReadError> {
    let mut plan = Plan::empty();
    plan.units.clear();
    let all: Vec<Line> = lines(text).collect();
    record_names(&all, &mut plan);
    rule_names(&all, &mut plan);
    let mut item = Item::None;
    for Line { number, inner, pieces } in all {
        let mut line = Cursor::new(pieces);
        let read =
            if inner { inner_line(&mut plan, &item, &mut line) } else { first_line(&mut plan, &mut item, &mut line) };
        let read = read.and_then(|()| if line.done() { Ok(()) } else { Err(line.unexpected("the end of the line")) });
        read.map_err(|message| ReadError { line: number, message })?;
    }
    Ok(plan)
}

/// The item that inner lines belong to.
enum Item {
    None,
    Head,
    Record(usize),
    Schedule,
    Table,
    Tests,
    Decisions,
    Search,
    State,
    Match,
    Rule,
}

/// Rules by name first, because states and streams name them before they come.
fn rule_names(lines: &[Line], plan: &mut Plan) {
    for line in lines.iter().filter(|line| !line.inner) {
        let mut line = Cursor::new(line.pieces.clone());
        if line.takes("rule")
            && let Ok(name) = line.word()
            && plan.rule_named(name).is_none()
        {
            plan.rules.push(Rule { name: name.to_owned(), versions: Vec::new() });
        }
    }
}

/// Records by name first, because they refer to one another in any order.
fn record_names(lines: &[Line], plan: &mut Plan) {
    for line in lines.iter().filter(|line| !line.inner) {
        let mut line = Cursor::new(line.pieces.clone());
        let kind = line.word().ok().and_then(RecordKind::of_word);
        if let (Some(kind), Ok(name)) = (kind, line.word()) {
            plan.records.push(records::named(name, kind));
        }
    }
}

fn first_line(plan: &mut Plan, item: &mut Item, line: &mut Cursor) -> Read<()> {
    *item = match line.word()? {
        "program" => {
            plan.name = line.word()?.to_owned();
            plan.title = line.text()?;
            Item::Head
        }
        "entity" | "event" => Item::Record(records::first_line(plan, line)?),
        "schedule" => {
            schedules::first_line(plan, line)?;
            Item::Schedule
        }
        "table" => {
            tables::first_line(plan, line)?;
            Item::Table
        }
        "tests" => {
            line.expect("of").and_then(|()| line.expect("texts"))?;
            Item::Tests
        }
        "texts" => {
            let texts = line.list(Cursor::text)?;
            plan.choices.push(texts);
            Item::None
        }
        "decisions" => Item::Decisions,
        "currency" => {
            by_row(plan, line)?;
            Item::None
        }
        "search" => {
            searches::first_line(plan, line)?;
            Item::Search
        }
        "set-reversal" => {
            rules::set_reversal(plan, line)?;
            Item::None
        }
        "state" => {
            rules::state(plan, line)?;
            Item::State
        }
        "match" => {
            rules::matched(plan, line)?;
            Item::Match
        }
        "fold" => {
            rules::fold(plan, line)?;
            Item::None
        }
        "rule" => {
            rules::rule(plan, line)?;
            Item::Rule
        }
        "balance" => {
            rules::new_balance(plan, line)?;
            Item::None
        }
        "shared-limit" => {
            rules::shared_limit(plan, line)?;
            Item::None
        }
        "stacking" => {
            rules::stacking(plan, line)?;
            Item::None
        }
        "order" => {
            plan.order = line.list(|line| version_id(plan, line))?;
            Item::None
        }
        other => return Err(format!("`{other}` begins nothing")),
    };
    Ok(())
}

fn inner_line(plan: &mut Plan, item: &Item, line: &mut Cursor) -> Read<()> {
    match item {
        Item::None => Err("this belongs to nothing".to_owned()),
        Item::Head => head(plan, line),
        Item::Record(idx) => records::inner_line(plan, *idx, line),
        Item::Schedule => schedules::inner_line(plan, line),
        Item::Table => tables::inner_line(plan, line),
        Item::Tests => {
            let Some(Type::Text(domain) | Type::Id(domain)) = plan.type_of_field(line.word()?) else {
                return Err("no field of this name holds texts".to_owned());
            };
            let test = phrase::test(line)?;
            plan.predicates.push(Predicate { domain, test });
            Ok(())
        }
        Item::Decisions => {
            let name = line.word()?.to_owned();
            line.expect("for")?;
            let stream = stream(plan, line)?;
            line.expect(":")?;
            let ty = phrase::ty(plan, line)?;
            plan.decisions.push(Decision { name, stream, ty });
            Ok(())
        }
        Item::Search => searches::inner_line(plan, line),
        Item::State => rules::state_line(plan, line),
        Item::Match => rules::match_line(plan, line),
        Item::Rule => rules::rule_line(plan, line),
    }
}

/// `currency of CODE : row.sale.currency is EUR, USD`
fn by_row(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    line.expect("of")?;
    let unit = unit(plan, line)?;
    line.expect(":")?;
    let currency = Place::new(plan).read_typed(line)?;
    line.expect("is")?;
    let units = line.list(|line| self::unit(plan, line))?;
    plan.units[unit.index()].by_row = Some(ByRow { currency, units });
    Ok(())
}

pub(super) fn unit(plan: &Plan, line: &mut Cursor) -> Read<UnitId> {
    let code = line.word()?;
    plan.unit_named(code).ok_or_else(|| format!("there is no unit `{code}`"))
}

fn weekday(line: &mut Cursor) -> Read<Weekday> {
    let day = line.word()?;
    Weekday::from_word(day).ok_or_else(|| format!("`{day}` is no day of the week"))
}

fn head(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    match line.word()? {
        "unit" => {
            let (code, decimals) = (line.word()?.to_owned(), number(line)?);
            line.expect("decimals")?;
            let mode = word(line)?;
            plan.units.push(Unit { code, decimals, mode, each_line: line.takes("each-line"), by_row: None });
        }
        "active" => plan.active = days(line)?,
        "year" => {
            ["starts", "in", "month"].into_iter().try_for_each(|word| line.expect(word))?;
            plan.calendar.first_month = number(line)?;
            plan.calendar.named_by = if line.takes("named-by") { Some(word(line)?) } else { None };
        }
        "years" => {
            ["of", "weeks"].into_iter().try_for_each(|word| line.expect(word))?;
            let pattern = line.word()?;
            let pattern = Pattern::ALL.into_iter().find(|known| known.word() == pattern);
            line.expect("ending")?;
            let nearest = line.takes("nearest");
            if !nearest {
                line.expect("last")?;
            }
            let last_day = weekday(line)?;
            line.expect("month")?;
            let pattern = pattern.ok_or("weeks are shared as 4-4-5, 4-5-4 or 5-4-4")?;
            plan.calendar.years = Years::Weeks(Weeks { pattern, last_day, month: number(line)?, nearest });
        }
        "calendar" => {
            plan.calendar.years = Years::Table(Arc::new(CalendarTable { days: days(line)?, columns: Vec::new() }));
        }
        word if word.starts_with("calendar-") => {
            let kind = word.trim_start_matches("calendar-").replace('-', " ");
            let period = Period::from_word(&kind).ok_or_else(|| format!("`{kind}` is no period"))?;
            let start = day_of(line.word()?.parse().map_err(|_| "a period begins on a day")?);
            let name = line.text()?;
            let Years::Table(table) = &mut plan.calendar.years else {
                return Err("the days of the calendar come first".to_owned());
            };
            let columns = &mut Arc::make_mut(table).columns;
            if columns.last().is_none_or(|column| column.period != period) {
                columns.push(CalendarColumn { period, starts: Vec::new(), names: Vec::new() });
            }
            if let Some(column) = columns.last_mut() {
                column.starts.push(start);
                column.names.push(name);
            }
        }
        "weeks" => {
            line.expect("start")?;
            plan.calendar.weeks_start = weekday(line)?;
        }
        "settled" => {
            line.expect("per")?;
            let kind = line.word()?.replace('-', " ");
            plan.calendar.settled = Some(Period::from_word(&kind).ok_or_else(|| format!("`{kind}` is no period"))?);
        }
        "month-ends" => {
            line.expect("round")?;
            plan.calendar.month_ends = Some(word(line)?);
        }
        "parameter" => {
            let name = line.word()?.to_owned();
            line.expect("=")?;
            let value = line.text()?;
            let overridden = if line.takes("instead") {
                line.expect("of")?;
                Some(line.text()?)
            } else {
                None
            };
            plan.parameters.push(Parameter { name, value, overridden });
        }
        other => return Err(format!("`{other}` belongs to no program")),
    }
    Ok(())
}

/// A thing by its word.
pub(super) fn word<W: Word>(line: &mut Cursor) -> Read<W> {
    let word = line.word()?;
    W::of_word(word).ok_or_else(|| format!("`{word}` is not known here"))
}

pub(super) fn number<N: std::str::FromStr>(line: &mut Cursor) -> Read<N> {
    let word = line.word()?;
    word.parse().map_err(|_| format!("`{word}` is no number that fits here"))
}

fn days(line: &mut Cursor) -> Read<Days> {
    let from = day(line)?;
    line.expect("to")?;
    Ok(Days { from, to: day(line)? })
}

fn day(line: &mut Cursor) -> Read<i32> {
    let word = line.word()?;
    word.parse().map(day_of).map_err(|_| format!("`{word}` is no date"))
}

pub(super) fn record(plan: &Plan, line: &mut Cursor) -> Read<crate::plan::RecordId> {
    let name = line.word()?;
    plan.record_named(name).ok_or_else(|| format!("there is no record `{name}`"))
}

/// `each deal`, `each partner per quarter`, `each payment from NAME`
pub(super) fn stream(plan: &Plan, line: &mut Cursor) -> Read<Stream> {
    line.expect("each")?;
    let name = line.word()?;
    let kind = match name {
        "original-payment" => Some(LineKind::Original),
        name => [LineKind::Payment, LineKind::Credit].into_iter().find(|kind| kind.word() == name),
    };
    if let Some(kind) = kind
        && line.takes("from")
    {
        return Ok(Stream::Lines(rule_id(plan, line)?, kind));
    }
    let record = plan.record_named(name).ok_or_else(|| format!("there is no record `{name}`"))?;
    if line.takes("by") {
        let names = line.word()?;
        let path = path_named(plan, record, names);
        return path.map(|path| Stream::ByDate(record, path)).ok_or_else(|| format!("there is no field `{names}`"));
    }
    if !line.takes("per") {
        return Ok(Stream::Events(record));
    }
    Ok(Stream::Periods(record, word::<Period>(line)?))
}

/// `NAME VERSION`
fn version_id(plan: &Plan, line: &mut Cursor) -> Read<VersionId> {
    let name = line.word()?;
    let number = number(line)?;
    plan.version_named(name, number).ok_or_else(|| format!("there is no version {number} of `{name}`"))
}

/// A rule by its name.
fn rule_id(plan: &Plan, line: &mut Cursor) -> Read<RuleId> {
    let name = line.word()?;
    plan.rule_named(name).ok_or_else(|| format!("there is no rule `{name}`"))
}

/// As what rows are read that others take back.
fn reading(line: &mut Cursor) -> Read<Reading> {
    Ok(match line.word()? {
        "left" => Reading::Left,
        "as-reported" => Reading::Reported,
        "within" => Reading::Within(number(line)?),
        "at-end-of" => Reading::AtEnd(word(line)?),
        other => return Err(format!("`{other}` is no reading of rows")),
    })
}
