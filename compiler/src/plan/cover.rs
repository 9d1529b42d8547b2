//! What the rows of a decision table cover: values that no row takes, and values that two rows take.
//!
//! Each column is cut into stretches in which no cell changes its mind; the rows that accept a stretch are a set of bits.
//! A table has a gap where a choice of one stretch per column leaves no row.

use super::{CellTest, Table, TableColumn, Type, extent};
use crate::value::{Exact, RoundingMode, round};
use meed_grammar::steps;
use rustc_hash::FxHashSet;

/// Choices that are looked at before the question is left open.
const MOST_STEPS: usize = 200_000;
/// Rows of which each pair is looked at.
const MOST_ROWS: usize = 4_000;

/// A value of an argument, as an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// A number, a day, a place in a list, no (0) or yes (1).
    Number(Exact),
    /// A text that some cell names.
    Text(String),
    /// A text that no cell names.
    OtherText,
    /// None.
    Missing,
}

/// Whether something is so.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<T> {
    /// It is not.
    No,
    /// It is, for example here.
    Yes(T),
    /// There is too much to look at.
    Open,
}

/// The stretches of one column.
struct Stretches {
    samples: Vec<Sample>,
    /// By stretch, the rows that accept it.
    sets: Vec<Vec<u64>>,
}

impl Stretches {
    fn of(table: &Table, place: usize, n_choices: usize, missing: bool) -> Self {
        let column = &table.arguments[place];
        let cells: Vec<&CellTest> = table.rows.iter().map(|row| &row.cells[place]).collect();
        let mut samples = match column.ty {
            Type::Text(_) | Type::Id(_) => texts(&cells),
            _ => numbers(&cells, column, n_choices),
        };
        if missing {
            samples.push(Sample::Missing);
        }
        let accepts = |cell: &CellTest, sample: &Sample| match sample {
            Sample::Number(x) => cell.passes(Some(x)),
            Sample::Text(text) => cell.passes_text(text),
            Sample::OtherText => {
                matches!(cell, CellTest::Any | CellTest::Known | CellTest::Texts { negated: true, .. })
            }
            Sample::Missing => cell.passes(None),
        };
        let set = |sample: &Sample| {
            let mut set = vec![0u64; cells.len().div_ceil(64)];
            for (row, cell) in cells.iter().enumerate() {
                steps::count(1);
                if accepts(cell, sample) {
                    set[row / 64] |= 1 << (row % 64);
                }
            }
            set
        };
        let sets = samples.iter().map(set).collect();
        Self { samples, sets }
    }
}

fn texts(cells: &[&CellTest]) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut known = FxHashSet::default();
    for cell in cells {
        if let CellTest::Texts { texts, .. } = cell {
            samples.extend(texts.iter().filter(|text| known.insert(text.as_str())).cloned().map(Sample::Text));
        }
    }
    samples.push(Sample::OtherText);
    samples
}

/// Every bound, and a number of each stretch between two that has one.
fn numbers(cells: &[&CellTest], column: &TableColumn, n_choices: usize) -> Vec<Sample> {
    let mut bounds: Vec<Exact> = Vec::new();
    for cell in cells {
        if let CellTest::Ranges(ranges) = cell {
            bounds.extend(ranges.iter().flat_map(|range| [&range.from, &range.to]).flatten().map(|end| end.at.clone()));
        }
    }
    let (first, last) = extent(column.ty, n_choices);
    bounds.extend([first, last].into_iter().flatten().map(Exact::from));
    bounds.sort();
    bounds.dedup();
    let discrete = Table::is_discrete(column.ty);
    let inside = |x: &Exact| {
        first.is_none_or(|first| *x >= Exact::from(first)) && last.is_none_or(|last| *x <= Exact::from(last))
    };
    let whole = |x: &Exact| !discrete || x.is_whole();
    let mut samples: Vec<Exact> = Vec::new();
    match bounds.first() {
        None => samples.push(Exact::ZERO),
        Some(first) => samples.push(floor(first) - Exact::ONE),
    }
    for (idx, bound) in bounds.iter().enumerate() {
        samples.push(bound.clone());
        let next = match bounds.get(idx + 1) {
            Some(next) if discrete => Some(floor(bound) + Exact::ONE).filter(|x| x < next),
            Some(next) => Some((bound + next) / Exact::from(2)),
            None => Some(floor(bound) + Exact::ONE),
        };
        samples.extend(next);
    }
    samples.retain(|x| inside(x) && whole(x));
    samples.into_iter().map(Sample::Number).collect()
}

fn floor(x: &Exact) -> Exact {
    Exact::from(round(x, RoundingMode::Downward))
}

impl Table {
    fn stretches(&self, n_choices: impl Fn(Type) -> usize, missing: &[bool]) -> Vec<Stretches> {
        (0..self.arguments.len())
            .map(|place| Stretches::of(self, place, n_choices(self.arguments[place].ty), missing[place]))
            .collect()
    }

    /// Values that no row takes, where these arguments can be missing; what `otherwise` gives does not count as a row.
    pub fn gap(&self, n_choices: impl Fn(Type) -> usize, missing: &[bool]) -> Answer<Vec<Sample>> {
        let columns = self.stretches(n_choices, missing);
        let all = vec![u64::MAX; self.rows.len().div_ceil(64)];
        let mut search = Search { columns: &columns, done: FxHashSet::default(), n_steps: 0 };
        let mut taken = Vec::new();
        match search.gap(0, &all, &mut taken) {
            Some(true) => Answer::Yes(taken),
            Some(false) => Answer::No,
            None => Answer::Open,
        }
    }

    /// Two rows, by their places, and values that both take.
    pub fn overlap(&self, n_choices: impl Fn(Type) -> usize) -> Answer<(usize, usize, Vec<Sample>)> {
        if self.rows.len() > MOST_ROWS {
            return Answer::Open;
        }
        let columns = self.stretches(n_choices, &vec![true; self.arguments.len()]);
        let has = |set: &[u64], row: usize| set[row / 64] >> (row % 64) & 1 == 1;
        for later in 1..self.rows.len() {
            // Which rows share a stretch with this one, column by column.
            let mut left = vec![u64::MAX; self.rows.len().div_ceil(64)];
            for column in &columns {
                let mut shared = vec![0; left.len()];
                for set in column.sets.iter().filter(|set| has(set, later)) {
                    steps::count(1);
                    shared.iter_mut().zip(set).for_each(|(shared, set)| *shared |= set);
                }
                left.iter_mut().zip(&shared).for_each(|(left, shared)| *left &= shared);
            }
            if let Some(earlier) = (0..later).find(|row| has(&left, *row)) {
                let both = |column: &Stretches| {
                    let place = column.sets.iter().position(|set| has(set, earlier) && has(set, later));
                    place.map(|place| column.samples[place].clone())
                };
                return Answer::Yes((earlier, later, columns.iter().filter_map(both).collect()));
            }
        }
        Answer::No
    }
}

/// The search for a gap.
struct Search<'a> {
    columns: &'a [Stretches],
    /// Columns with sets of rows that were found to have none.
    done: FxHashSet<(usize, Vec<u64>)>,
    n_steps: usize,
}

impl Search<'_> {
    /// Whether some choice from this column on leaves none of these rows; none where there is too much to look at.
    fn gap(&mut self, at: usize, rows: &[u64], taken: &mut Vec<Sample>) -> Option<bool> {
        let is_empty = rows.iter().all(|word| *word == 0);
        let Some(column) = self.columns.get(at) else { return Some(is_empty) };
        if is_empty {
            // Whatever is chosen from here on, nothing is left: the first of each, for example.
            taken.extend(self.columns[at..].iter().filter_map(|column| column.samples.first().cloned()));
            return Some(true);
        }
        for (sample, set) in column.samples.iter().zip(&column.sets) {
            self.n_steps += 1;
            steps::count(1);
            if self.n_steps > MOST_STEPS {
                return None;
            }
            let left: Vec<u64> = rows.iter().zip(set).map(|(rows, set)| rows & set).collect();
            if self.done.contains(&(at + 1, left.clone())) {
                continue;
            }
            taken.push(sample.clone());
            if self.gap(at + 1, &left, taken)? {
                return Some(true);
            }
            taken.pop();
            self.done.insert((at + 1, left));
        }
        Some(false)
    }
}
