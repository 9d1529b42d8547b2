//! Decision tables made ready to be asked: by the interpreter row by row, by machine code through sets of rows.
//!
//! Comes in: a [`Table`] and the codes of the texts of a run. Goes out: a [`Lookup`], which finds the row that counts. For
//! each column and each stretch of values between two bounds there is the set of rows that accept it, as bits; asked with
//! values, the sets of all columns are intersected, and the first row that is left counts (bitmap indices: O'Neil and Quass,
//! "Improved query performance with variant indexes", 1997). Rows lie in the order of the table's policy.

use crate::internal::broken;
use crate::interpret::eval::Value;
use crate::plan::{CellTest, Constant, Policy, Table, TableRow, Type};
use crate::value::{Exact, over};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// What machine code asks with: `num / den`; a text or place by its code over 1. Missing where `den` is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// The numerator, day, place or code.
    pub num: i64,
    /// The denominator, above zero.
    pub den: i64,
}

/// What machine code is answered: a result in whole numbers of its `1/den`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    /// The value.
    pub value: i64,
    /// 1 where there is one.
    pub known: i64,
    /// The denominator, where it is not known while compiling.
    pub den: i64,
}

/// A table that can be asked.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The rows, in the order in which they count.
    rows: Vec<TableRow>,
    /// By row, its place among those of the table as they are written.
    places: Vec<usize>,
    /// By argument.
    columns: Vec<Column>,
    /// By row and result; the row after the last is what holds where none matches.
    answers: Vec<Answer>,
    n_results: usize,
    /// How many words a set of rows takes.
    n_words: usize,
    policy: Policy,
    otherwise: Option<Vec<Option<Constant>>>,
    /// Whether machine code can ask it: its numbers have room in 64 bits.
    is_narrow: bool,
}

/// The sets of rows of one argument.
#[derive(Clone, Debug, Default)]
struct Column {
    /// Bounds of its ranges, rising, as whole numbers of `1/den`.
    bounds: Vec<i64>,
    den: i64,
    /// Of a column of texts, the codes of those that cells name.
    codes: FxHashMap<String, u32>,
    /// Of a column of texts, the set of each such code.
    classes: Option<FxHashMap<u32, u32>>,
    /// The sets, one after the other: for numbers those below, at and above each bound, for texts that of all other texts
    /// and those of the named ones; the last is that of a missing value.
    sets: Vec<u64>,
}

impl Lookup {
    /// A table whose texts have these codes; a text without a code is no text of the data.
    pub fn new(table: &Table, code_of: impl Fn(usize, &str) -> Option<u32>) -> Self {
        let mut placed: Vec<(usize, TableRow)> = table.rows.iter().cloned().enumerate().collect();
        let by = |row: &TableRow, result: u32| row.results[result as usize].as_ref().map(Constant::number);
        match table.policy {
            Policy::Highest(result) => placed.sort_by(|(_, a), (_, b)| by_value(by(b, result), by(a, result), true)),
            Policy::Lowest(result) => placed.sort_by(|(_, a), (_, b)| by_value(by(a, result), by(b, result), false)),
            Policy::One | Policy::First | Policy::Sum => {}
        }
        let (places, rows): (Vec<usize>, Vec<TableRow>) = placed.into_iter().unzip();
        let mut is_narrow = true;
        let mut answers = Vec::new();
        let given = rows.iter().map(|row| &row.results).chain(&table.otherwise);
        for results in given {
            for (column, value) in table.results.iter().zip(results) {
                let value = value.as_ref().map(|value| over(&value.number(), column.den));
                let narrow = value.map(|value| value.and_then(|value| i64::try_from(value).ok()));
                is_narrow &= narrow != Some(None);
                let value = narrow.flatten();
                answers.push(Answer { value: value.unwrap_or(0), known: i64::from(value.is_some()), den: 1 });
            }
        }
        let n_words = rows.len().div_ceil(64);
        let columns: Vec<Column> = (0..table.arguments.len())
            .map(|place| match table.arguments[place].ty {
                Type::Text(_) | Type::Id(_) => Column::of_texts(&rows, place, n_words, |text| code_of(place, text)),
                _ => Column::of_numbers(&rows, place, n_words).unwrap_or_else(|| {
                    is_narrow = false;
                    Column::default()
                }),
            })
            .collect();
        Self {
            rows,
            places,
            columns,
            answers,
            n_results: table.results.len(),
            n_words,
            policy: table.policy,
            otherwise: table.otherwise.clone(),
            is_narrow,
        }
    }

    /// Whether asked with these arguments the result is this value.
    pub fn gives(&self, arguments: &[Value], result: usize, value: &Value) -> bool {
        match self.read(arguments, result) {
            Some(constant) => number(value).is_some_and(|value| value == constant.number()),
            None => *value == Value::Missing,
        }
    }

    /// The rows that match, by their places in the table, in the order in which they count.
    pub fn matching(&self, arguments: &[Value]) -> Vec<usize> {
        let rows = self.rows.iter().zip(&self.places);
        rows.filter(|(row, _)| self.matches(row, arguments)).map(|(_, place)| *place).collect()
    }

    fn matches(&self, row: &TableRow, arguments: &[Value]) -> bool {
        let passes = |place: usize, cell: &CellTest, value: &Value| match (value, cell) {
            (Value::Code(code), CellTest::Texts { texts, negated }) => {
                let named = |text: &String| self.columns[place].codes.get(text) == Some(code);
                texts.iter().any(named) != *negated
            }
            _ => cell.passes(number(value).as_ref()),
        };
        row.cells.iter().zip(arguments).enumerate().all(|(place, (cell, value))| passes(place, cell, value))
    }

    /// A result of the row that counts, read as the table says it: row by row.
    pub fn read(&self, arguments: &[Value], result: usize) -> Option<Constant> {
        let mut found = self.rows.iter().filter(|row| self.matches(row, arguments));
        let Some(first) = found.next() else {
            return self.otherwise.as_ref().and_then(|results| results[result].clone());
        };
        match self.policy {
            Policy::One if found.next().is_some() => {
                broken("two rows of a table that were found to exclude each other")
            }
            Policy::Sum => {
                let values = std::iter::once(first).chain(found).filter_map(|row| row.results[result].as_ref());
                let sum = values.map(Constant::number).reduce(|sum, value| sum + value);
                sum.map(Constant::Number)
            }
            _ => first.results[result].clone(),
        }
    }

    /// The same through the sets of rows; none where the interpreter must look: a sum does not fit, or two rows match that
    /// were found to exclude each other.
    fn find(&self, arguments: &[Asked], result: usize) -> Option<Answer> {
        let mut room: [&[u64]; MOST_ARGUMENTS] = [&[]; MOST_ARGUMENTS];
        let sets = room.get_mut(..self.columns.len())?;
        for ((set, column), asked) in sets.iter_mut().zip(&self.columns).zip(arguments) {
            let class = column.class(*asked) * self.n_words;
            *set = column.sets.get(class..class + self.n_words)?;
        }
        let (mut sum, mut n_found) = (Answer::default(), 0);
        for word in 0..self.n_words {
            let mut left = sets.iter().fold(u64::MAX, |left, set| left & set[word]);
            while left != 0 {
                let row = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let answer = *self.answers.get(row * self.n_results + result)?;
                n_found += 1;
                match self.policy {
                    Policy::One if n_found > 1 => return None,
                    Policy::One => sum = answer,
                    Policy::Sum => {
                        sum.value = sum.value.checked_add(answer.value * answer.known)?;
                        sum.known |= answer.known;
                    }
                    _ => return Some(answer),
                }
            }
        }
        if n_found > 0 {
            return Some(sum);
        }
        Some(self.answers.get(self.rows.len() * self.n_results + result).copied().unwrap_or_default())
    }
}

/// Arguments that a table has at most.
pub const MOST_ARGUMENTS: usize = 16;

/// Asks a table from machine code: 0 where `answer` has been written, 1 where the row is the interpreter's.
///
/// # Safety
/// `lookup` is a table, `arguments` has a value for each of its arguments, and `answer` can be written.
#[expect(unsafe_code, reason = "called by machine code, which hands over addresses")]
pub unsafe extern "C" fn ask(lookup: *const Lookup, arguments: *const Asked, result: u64, answer: *mut Answer) -> u64 {
    let (lookup, arguments) = unsafe {
        let lookup = &*lookup;
        (lookup, std::slice::from_raw_parts(arguments, lookup.columns.len()))
    };
    let found = if lookup.is_narrow { lookup.find(arguments, result as usize) } else { None };
    unsafe { answer.write(found.unwrap_or_default()) };
    u64::from(found.is_none())
}

/// Where [`ask`] is, for machine code.
#[expect(clippy::fn_to_numeric_cast_any, reason = "machine code calls a function by its address")]
pub fn address_of_ask() -> usize {
    ask as *const () as usize
}

impl Column {
    /// The sets of a column of numbers; none where bounds have no room.
    fn of_numbers(rows: &[TableRow], place: usize, n_words: usize) -> Option<Self> {
        let cell = |row: &TableRow| row.cells[place].clone();
        let mut bounds: Vec<Exact> = rows.iter().flat_map(|row| ends(&row.cells[place])).collect();
        bounds.sort();
        bounds.dedup();
        let mut den = 1i64;
        for bound in &bounds {
            let own = i64::try_from(bound.denominator()).ok()?;
            den = crate::value::lcm(den, own)?;
        }
        let narrow: Option<Vec<i64>> =
            bounds.iter().map(|bound| over(bound, den).and_then(|bound| i64::try_from(bound).ok())).collect();
        let mut classes: Vec<Option<Exact>> = Vec::new();
        for (idx, bound) in bounds.iter().enumerate() {
            classes.push(Some(between(idx.checked_sub(1).map(|before| &bounds[before]), Some(bound))));
            classes.push(Some(bound.clone()));
        }
        classes.push(Some(between(bounds.last(), None)));
        classes.push(None);
        let mut sets = vec![0; classes.len() * n_words];
        for (row, test) in rows.iter().map(cell).enumerate() {
            for (class, value) in classes.iter().enumerate() {
                if test.passes(value.as_ref()) {
                    sets[class * n_words + row / 64] |= 1 << (row % 64);
                }
            }
        }
        Some(Self { bounds: narrow?, den, sets, ..Self::default() })
    }

    fn of_texts(rows: &[TableRow], place: usize, n_words: usize, code_of: impl Fn(&str) -> Option<u32>) -> Self {
        let mut named: Vec<&str> = Vec::new();
        let (mut codes, mut classes) = (FxHashMap::default(), FxHashMap::default());
        for row in rows {
            let CellTest::Texts { texts, .. } = &row.cells[place] else { continue };
            for text in texts {
                if let Some(code) = code_of(text) {
                    let next = named.len() as u32 + 1;
                    if *classes.entry(code).or_insert(next) == next {
                        codes.insert(text.clone(), code);
                        named.push(text);
                    }
                }
            }
        }
        let n_classes = named.len() + 2;
        let mut sets = vec![0; n_classes * n_words];
        for (row, test) in rows.iter().map(|row| &row.cells[place]).enumerate() {
            let mut set = |class: usize| sets[class * n_words + row / 64] |= 1 << (row % 64);
            let others = match test {
                CellTest::Any | CellTest::Known => true,
                CellTest::Texts { negated, .. } => *negated,
                CellTest::Unknown | CellTest::Ranges(_) => false,
            };
            if others {
                set(0);
            }
            named.iter().enumerate().filter(|(_, text)| test.passes_text(text)).for_each(|(idx, _)| set(idx + 1));
            if test.passes(None) {
                set(n_classes - 1);
            }
        }
        Self { den: 1, codes, classes: Some(classes), sets, ..Self::default() }
    }

    /// Which set a value belongs to.
    fn class(&self, asked: Asked) -> usize {
        if let Some(classes) = &self.classes {
            let class = |code: u32| classes.get(&code).map_or(0, |class| *class as usize);
            return match asked.den {
                0 => classes.len() + 1,
                _ => u32::try_from(asked.num).map_or(0, class),
            };
        }
        if asked.den == 0 {
            return self.bounds.len() * 2 + 1;
        }
        let x = i128::from(asked.num) * i128::from(self.den);
        let against = |bound: &i64| (i128::from(*bound) * i128::from(asked.den)).cmp(&x);
        match self.bounds.binary_search_by(against) {
            Ok(at) => at * 2 + 1,
            Err(below) => below * 2,
        }
    }
}

/// The ends of a cell's ranges.
fn ends(cell: &CellTest) -> Vec<Exact> {
    match cell {
        CellTest::Ranges(ranges) => {
            ranges.iter().flat_map(|range| [&range.from, &range.to]).flatten().map(|end| end.at.clone()).collect()
        }
        CellTest::Any | CellTest::Known | CellTest::Unknown | CellTest::Texts { .. } => Vec::new(),
    }
}

/// A number between two others.
fn between(low: Option<&Exact>, high: Option<&Exact>) -> Exact {
    match (low, high) {
        (Some(low), Some(high)) => (low + high) / Exact::from(2),
        (Some(low), None) => low + Exact::ONE,
        (None, Some(high)) => high - Exact::ONE,
        (None, None) => Exact::ZERO,
    }
}

/// Rows without a value come last, whichever way the others stand.
fn by_value(a: Option<Exact>, b: Option<Exact>, turned: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => Ordering::Equal,
        (Some(_), None) => {
            if turned {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (None, Some(_)) => {
            if turned {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
    }
}

/// The number that a value is compared as; none where it is missing.
fn number(value: &Value) -> Option<Exact> {
    match value {
        Value::Missing => None,
        Value::Number(value) => Some(value.clone()),
        Value::YesNo(value) => Some(Exact::from(u8::from(*value))),
        Value::Date(day) => Some(Exact::from(*day)),
        Value::Code(code) => Some(Exact::from(*code)),
    }
}

#[cfg(test)]
mod model;
