//! Quotes of one event after the other, over tables that are settled once: what each would be paid, were it the last row.
//!
//! Settled tables and the fields of an event come in; lines and decisions go out. It is for programs that answer many quotes; what it cannot
//! answer by itself is an error, and `meed quote` answers it with a run.

use crate::decode::cell::CellReader;
use crate::engine::kept::{KeptRun, is_alone};
use crate::engine::options::RunOptions;
use crate::engine::result::RunError;
use crate::store::loaded::Loaded;
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{Bounds, DomainId, FieldId, Format, Node, Plan, RecordId, RecordKind, Type};
use meed_compiler::value::{Exact, decimal_text, fraction};
use meed_grammar::foreign::{escaped, shown};

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// No such event, or none that a rule reads.
    #[error("the program has no event `{}` that a rule reads", shown(.0))]
    UnknownEvent(String),
    /// What a rule pays for a row depends on more than the rows before it.
    #[error("rule `{rule}` {what}, and cannot be asked about one row alone: add the row to the tables and settle them")]
    NotAlone {
        /// The rule.
        rule: String,
        /// What it does.
        what: &'static str,
    },
    /// Rows that are not all held in memory.
    #[error("events are quoted only where all rows are held in memory")]
    NotHeld,
    /// A field that the event has not, or that is given twice.
    #[error("`{event}` has no field `{}`, or it is given twice", shown(field))]
    UnknownField {
        /// The event.
        event: String,
        /// The field.
        field: String,
    },
    /// A cell that cannot be taken.
    #[error("`{field}`: {}", escaped(reason))]
    Cell {
        /// The field.
        field: String,
        /// Why.
        reason: String,
    },
    /// A day before that of the last row, or after that through which the tables are settled.
    #[error("the row is of {day}, and rows are quoted from {from} to {to}, behind all others")]
    Day {
        /// Its day.
        day: String,
        /// The day of the last row.
        from: String,
        /// The day through which is settled.
        to: String,
    },
    /// A run meets a fault.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The row itself meets one.
    #[error("rule `{rule}`: {what}")]
    Fault {
        /// The rule.
        rule: String,
        /// What happened.
        what: String,
    },
}

/// Answers quotes of one event.
pub struct Quotes<'t> {
    plan: &'t Plan,
    loaded: &'t mut Loaded,
    kept: KeptRun,
    event: RecordId,
    fields: Vec<QuotedField>,
    /// The place of the row behind the others.
    row: usize,
    first_day: i32,
    through: i32,
    /// The texts of the last event that no row has, with their codes.
    unknown: Vec<(DomainId, String, u32)>,
}

struct QuotedField {
    name: String,
    reader: Reader,
    /// Whether a rule reads it, and it may not be missing.
    must: bool,
    is_when: bool,
    bounds: Bounds,
}

enum Reader {
    /// No rule reads it.
    None,
    Value(CellReader),
    Text {
        domain: DomainId,
        /// The code of a text that no row has.
        spare: u32,
    },
    Refer(RecordId),
}

/// A payment of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteLine<'q> {
    /// The rule.
    pub rule: &'q str,
    /// The record of the payee.
    pub payee_kind: &'q str,
    /// The row of the payee; [`Quotes::payee`] has the key.
    pub payee: (u32, u32),
    /// The unit's code.
    pub unit: &'q str,
    /// Smallest units.
    pub amount: i64,
    /// How many of its digits are decimals.
    pub decimals: u32,
}

impl QuoteLine<'_> {
    /// The amount with its decimals: `20.00`.
    pub fn text(&self) -> String {
        decimal_text(self.amount.into(), self.decimals)
    }
}

impl<'t> Quotes<'t> {
    /// Settles the tables through a day, and keeps what quotes of an event need.
    ///
    /// # Errors
    /// [`QuoteError::UnknownEvent`], [`QuoteError::NotAlone`], [`QuoteError::NotHeld`] and [`QuoteError::Run`].
    pub(crate) fn new(
        plan: &'t Plan,
        loaded: &'t mut Loaded,
        options: &RunOptions,
        event: &str,
    ) -> Result<Self, QuoteError> {
        let known = plan.record_named(event);
        let is_event = |id: &RecordId| plan.record(*id).kind == RecordKind::Event && plan.record(*id).used;
        let id = known.filter(is_event).ok_or_else(|| QuoteError::UnknownEvent(event.to_owned()))?;
        is_alone(plan, id).map_err(|(rule, what)| QuoteError::NotAlone { rule, what })?;
        if !loaded.is_whole() {
            return Err(QuoteError::NotHeld);
        }
        let definition = plan.record(id);
        let texts = (0..).zip(&definition.fields).filter_map(|(idx, field)| match field.ty {
            Type::Text(domain) | Type::Id(domain) if field.used => Some((domain, spare(idx))),
            _ => None,
        });
        let texts: Vec<(DomainId, String)> = texts.collect();
        loaded.add_texts(plan, texts.iter().map(|(domain, text)| (*domain, text.as_str())));
        let mut fields = Vec::with_capacity(definition.fields.len());
        for (idx, field) in (0..).zip(&definition.fields) {
            let reader = match field.ty {
                _ if !field.used => Reader::None,
                Type::Text(domain) | Type::Id(domain) => Reader::Text {
                    domain,
                    spare: loaded.dictionaries[domain.index()]
                        .code(&spare(idx))
                        .unwrap_or_else(|| broken("a text without a code")),
                },
                Type::Ref(target) => Reader::Refer(target),
                ty => CellReader::new(plan, ty, field.decimals, &Format::Plain).map_or(Reader::None, Reader::Value),
            };
            let is_when = definition.when == Some(FieldId(idx));
            fields.push(QuotedField {
                name: field.name.clone(),
                reader,
                must: field.used && !field.optional,
                is_when,
                bounds: field.bounds,
            });
        }
        let kept = KeptRun::new(plan, loaded, options, id)?;
        let table = &mut loaded.data.tables[id.index()];
        let row = table.n_rows;
        for (column, field) in table.columns.iter_mut().zip(&definition.fields) {
            if let Some(column) = column {
                add_room(column, field.optional, row);
            }
        }
        let first_day = loaded.days(plan, id).get(..loaded.data.tables[id.index()].n_stream).and_then(<[i32]>::last);
        let first_day = first_day.copied().unwrap_or(plan.active.from);
        Ok(Self {
            plan,
            loaded,
            kept,
            event: id,
            fields,
            row,
            first_day,
            through: options.through,
            unknown: Vec::new(),
        })
    }

    /// Quotes an event with these fields, cells written as tests write them; it comes behind all rows of its event.
    ///
    /// # Errors
    /// [`QuoteError::UnknownField`], [`QuoteError::Cell`], [`QuoteError::Day`] and [`QuoteError::Fault`].
    pub fn quote(&mut self, fields: &[(&str, &str)]) -> Result<(), QuoteError> {
        let mut n_taken = 0;
        self.unknown.clear();
        for idx in 0..self.fields.len() {
            let given = fields.iter().find(|(name, _)| *name == self.fields[idx].name).map(|(_, cell)| *cell);
            n_taken += usize::from(given.is_some());
            self.take(idx, given)?;
        }
        if n_taken != fields.len() {
            let known = |name: &str| self.fields.iter().filter(|field| field.name == name).count();
            let times = |name: &str| fields.iter().filter(|(other, _)| *other == name).count();
            let wrong = fields.iter().find(|(name, _)| known(name) == 0 || times(name) > 1);
            let field = wrong.map_or_else(String::new, |(name, _)| (*name).to_owned());
            return Err(QuoteError::UnknownField { event: self.plan.record(self.event).name.clone(), field });
        }
        let done = self.kept.ask(self.plan, self.loaded);
        done.map_err(|(id, fault)| {
            let rule = self.plan.version(id).name.clone();
            QuoteError::Fault { rule, what: fault.kind.to_string() }
        })
    }

    /// What the last event quoted is paid, rule by rule.
    pub fn lines(&self) -> impl Iterator<Item = QuoteLine<'_>> {
        self.kept.lines.iter().map(|line| {
            let unit = self.plan.unit(line.unit);
            QuoteLine {
                rule: &self.plan.version(line.version).name,
                payee_kind: &self.plan.record(line.kind).name,
                payee: (line.kind.0, line.payee),
                unit: &unit.code,
                amount: line.amount,
                decimals: unit.decimals,
            }
        })
    }

    /// The key of a payee.
    pub fn payee(&self, line: &QuoteLine<'_>) -> String {
        let (kind, row) = line.payee;
        self.loaded.keys[kind as usize].text(row as usize).into_owned()
    }

    /// A number that the rules set for the last event quoted; none where it is not set, not known, or no number.
    pub fn number(&self, name: &str) -> Option<Exact> {
        let sets = |node: &Node| if let Node::Set(decision, _) = node { Some(*decision) } else { None };
        let own = self
            .plan
            .versions
            .iter()
            .filter(|version| version.stream == meed_compiler::plan::Stream::Events(self.event));
        let decision = own.flat_map(|version| version.nodes.iter().filter_map(sets));
        let decision = decision.into_iter().find(|id| self.plan.decisions[id.index()].name == name)?;
        let data = self.loaded.data.decision(decision);
        let is_number = self.plan.decisions[decision.index()].ty.is_numeric();
        let is_known = data.known.get(self.row) == Some(&1) && is_number;
        is_known.then(|| fraction(data.nums[self.row].into(), data.denominators[self.row].into()))
    }

    /// Takes a cell of the row.
    fn take(&mut self, idx: usize, given: Option<&str>) -> Result<(), QuoteError> {
        let field = &self.fields[idx];
        let wrong = |reason: String| QuoteError::Cell { field: field.name.clone(), reason };
        let word = match (given, &field.reader) {
            (_, Reader::None) => return Ok(()),
            (None, _) if field.must && !self.is_key(idx) => return Err(wrong("missing".to_owned())),
            (None, _) => None,
            (Some(cell), Reader::Value(reader)) => {
                let word = reader.parse(cell.as_bytes()).map_err(|reason| wrong(reason.into_owned()))?;
                let Bounds { least, most } = field.bounds;
                if least.is_some_and(|least| word < least) || most.is_some_and(|most| word > most) {
                    return Err(wrong("outside of its bounds".to_owned()));
                }
                Some(word)
            }
            (Some(cell), Reader::Text { domain, spare }) => {
                let code = self.loaded.dictionaries[domain.index()].code(cell);
                // A text that no row has is equal to itself.
                let known = self.unknown.iter().find(|(known, text, _)| known == domain && text == cell);
                let code = code.or_else(|| known.map(|(.., code)| *code));
                if code.is_none() {
                    self.unknown.push((*domain, cell.to_owned(), *spare));
                    for (predicate, known) in self.plan.predicates.iter().zip(self.loaded.data.predicates.iter_mut()) {
                        if predicate.domain == *domain {
                            known[*spare as usize] = u8::from(predicate.test.holds(cell));
                        }
                    }
                }
                Some(code.unwrap_or(*spare).into())
            }
            (Some(cell), Reader::Refer(target)) => {
                let keys = &self.loaded.keys[target.index()];
                let parts: Vec<&str> = cell.split('|').collect();
                let row = keys.find(&parts, keys.len());
                let Some(row) = row else {
                    let target = &self.plan.record(*target).name;
                    return Err(wrong(format!("there is no {target} with the key {}", shown(cell))));
                };
                Some(row as i64)
            }
        };
        if let (true, Some(day)) = (field.is_when, word) {
            let day = day as i32;
            if day < self.first_day || day > self.through {
                let [day, from, to] = [day, self.first_day, self.through].map(|day| date_of(day).to_string());
                return Err(QuoteError::Day { day, from, to });
            }
        }
        let column = self.loaded.data.tables[self.event.index()].columns[idx].as_mut();
        let Some(column) = column else { return Ok(()) };
        if let Some(known) = &mut column.known {
            known[self.row] = u8::from(word.is_some());
        } else if word.is_none() {
            return Err(wrong("missing".to_owned()));
        }
        write(&mut column.values, self.row, word.unwrap_or(0));
        Ok(())
    }

    fn is_key(&self, idx: usize) -> bool {
        self.plan.record(self.event).key.contains(&FieldId(idx as u32))
    }
}

/// A text that no row has, one for each field.
fn spare(field: u32) -> String {
    format!("\u{0}{field}")
}

/// Makes room for one row more.
fn add_room(column: &mut Column, is_optional: bool, row: usize) {
    match &mut column.values {
        Values::I64(values) => values.resize(row + 1, 0),
        Values::I32(values) => values.resize(row + 1, 0),
        Values::U32(values) => values.resize(row + 1, 0),
        Values::U8(values) => values.resize(row + 1, 0),
    }
    match &mut column.known {
        Some(known) => known.resize(row + 1, 1),
        None if is_optional => column.known = Some(vec![1; row + 1]),
        None => {}
    }
}

fn write(values: &mut Values, row: usize, word: i64) {
    const WIDE: &str = "a value wider than its column";
    match values {
        Values::I64(values) => values[row] = word,
        Values::I32(values) => values[row] = i32::try_from(word).unwrap_or_else(|_| broken(WIDE)),
        Values::U32(values) => values[row] = u32::try_from(word).unwrap_or_else(|_| broken(WIDE)),
        Values::U8(values) => values[row] = u8::try_from(word).unwrap_or_else(|_| broken(WIDE)),
    }
}
