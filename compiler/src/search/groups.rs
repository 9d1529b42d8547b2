//! The rows of a set by their keys: those of one key lie behind one another.
//!
//! The first part of a key mostly is the row of an entity. Such numbers are dense, and rows are found by a list; what else
//! the key has is then searched for among the few rows of that first part. Other keys are hashed.

use super::{Key, MOST_KEYS, NO_PART};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::ops::Range;

/// Where the parts behind the first are searched for, there are so many rows for each first part on average at most.
const MOST_SEARCHED: usize = 64;

type Others = [i64; MOST_KEYS - 1];

/// Rows with their keys, in the order in which rows come.
#[derive(Debug, Default)]
pub(super) struct Members {
    first: Vec<i64>,
    /// The parts behind the first, where keys have any.
    others: Vec<Others>,
    rows: Vec<u32>,
}

/// Where the rows of a key are.
#[derive(Debug)]
pub(super) enum Groups {
    /// By first part, and one that ends the last; by place, the parts behind the first, in their order.
    Dense { heads: Vec<Head>, others: Vec<Others> },
    /// By number of the key, and one that ends the last.
    Hashed { numbers: FxHashMap<Key, u32>, heads: Vec<Head> },
}

/// Where rows begin that lie together.
#[derive(Debug)]
pub(super) struct Head {
    start: u32,
    /// A place near which the next answer is likely to be, as rows ask in the order of their days.
    near: Cell<u32>,
}

/// The rows of a key.
pub(super) struct KeyRows<'a> {
    pub places: Range<usize>,
    near: &'a Cell<u32>,
}

impl Default for Groups {
    fn default() -> Self {
        Self::Dense { heads: Vec::new(), others: Vec::new() }
    }
}

impl KeyRows<'_> {
    /// The first place for which something does not hold, that holds up to it; it is sought from the last answer on.
    pub fn end_of(&self, places: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
        let end = end_of(places, self.near.get() as usize, holds);
        self.near.set(end as u32);
        end
    }
}

impl Members {
    /// Takes a row in, once for each of its keys, which all have so many parts.
    pub fn push(&mut self, key: &Key, n_parts: usize, row: u32) {
        self.first.push(key[0]);
        if n_parts > 1 {
            self.others.push(others_of(key));
        }
        self.rows.push(row);
    }

    /// The rows by key, those of one key in their order, and where those of a key are.
    pub fn group(self) -> (Vec<u32>, Groups) {
        let Some(n_firsts) = self.dense() else { return self.hashed() };
        let (starts, mut order) = sorted(self.first.iter().map(|first| *first as u32), n_firsts);
        if !self.others.is_empty() {
            let others = |member: &u32| self.others[*member as usize];
            for ends in starts.windows(2) {
                // Stable, so that rows of one key stay in their order.
                order[ends[0] as usize..ends[1] as usize].sort_by_key(others);
            }
        }
        let others = match &self.others[..] {
            [] => Vec::new(),
            others => order.iter().map(|member| others[*member as usize]).collect(),
        };
        (self.rows_in(&order), Groups::Dense { heads: heads(&starts), others })
    }

    /// How many numbers there are from 0 to the largest first part; none where these are not dense, or too many rows have the
    /// same.
    fn dense(&self) -> Option<usize> {
        let n_members = self.first.len();
        let largest = self.first.iter().copied().max().unwrap_or(0);
        if largest > 1024 + 8 * n_members as i64 || self.first.iter().any(|first| *first < 0) {
            return None;
        }
        let n_firsts = largest as usize + 1;
        if !self.others.is_empty() {
            let mut is_there = vec![false; n_firsts];
            self.first.iter().for_each(|first| is_there[*first as usize] = true);
            let n_there = is_there.iter().filter(|is_there| **is_there).count();
            if n_members > MOST_SEARCHED * n_there {
                return None;
            }
        }
        Some(n_firsts)
    }

    fn hashed(self) -> (Vec<u32>, Groups) {
        let mut numbers = FxHashMap::default();
        let mut number = |member: usize| {
            let mut key = [NO_PART; MOST_KEYS];
            key[0] = self.first[member];
            if let Some(others) = self.others.get(member) {
                key[1..].copy_from_slice(others);
            }
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        };
        let by_member: Vec<u32> = (0..self.rows.len()).map(&mut number).collect();
        let (starts, order) = sorted(by_member.iter().copied(), numbers.len());
        (self.rows_in(&order), Groups::Hashed { numbers, heads: heads(&starts) })
    }

    fn rows_in(&self, order: &[u32]) -> Vec<u32> {
        order.iter().map(|member| self.rows[*member as usize]).collect()
    }
}

impl Groups {
    /// The rows of a key.
    pub fn get(&self, key: &Key) -> Option<KeyRows<'_>> {
        match self {
            Self::Dense { heads, others } => {
                let mut group = of_number(heads, key[0])?;
                if !others.is_empty() {
                    let wanted = others_of(key);
                    let Range { start, end } = group.places;
                    let from = group.end_of(start..end, |place| others[place] < wanted);
                    let to = end_of(from..end, from, |place| others[place] == wanted);
                    group.places = from..to;
                }
                Some(group)
            }
            Self::Hashed { numbers, heads } => of_number(heads, i64::from(*numbers.get(key)?)),
        }
    }

    /// The second part of the key at a place, if keys have more than one.
    pub fn second(&self, place: usize) -> i64 {
        match self {
            Self::Dense { others, .. } => others.get(place).map_or(NO_PART, |others| others[0]),
            Self::Hashed { .. } => NO_PART,
        }
    }

    /// Where the next answer for a key with this first part is likely to be.
    pub fn near(&self, first: u32) -> Option<usize> {
        match self {
            Self::Dense { heads, .. } => heads.get(first as usize).map(|head| head.near.get() as usize),
            Self::Hashed { .. } => None,
        }
    }
}

/// The rows of a number.
fn of_number(heads: &[Head], number: i64) -> Option<KeyRows<'_>> {
    let number = usize::try_from(number).ok()?;
    let [head, next] = heads.get(number..)?.get(..2)? else { return None };
    Some(KeyRows { places: head.start as usize..next.start as usize, near: &head.near })
}

/// The first of these places for which something does not hold, that holds up to it, sought from a place on by steps that double.
fn end_of(places: Range<usize>, near: usize, holds: impl Fn(usize) -> bool) -> usize {
    let Range { start: mut low, end: mut high } = places;
    if low >= high {
        return low;
    }
    let near = near.clamp(low, high - 1);
    let mut step = 1;
    if holds(near) {
        low = near + 1;
        while low + step <= high {
            let probe = low + step - 1;
            if !holds(probe) {
                high = probe;
                break;
            }
            low = probe + 1;
            step *= 2;
        }
    } else {
        high = near;
        while low + step <= high {
            let probe = high - step;
            if holds(probe) {
                low = probe + 1;
                break;
            }
            high = probe;
            step *= 2;
        }
    }
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

fn others_of(key: &Key) -> Others {
    let [_, others @ ..] = *key;
    others
}

fn heads(starts: &[u32]) -> Vec<Head> {
    starts.iter().map(|start| Head { start: *start, near: Cell::new(*start) }).collect()
}

/// Members in the order of their numbers, below `n_numbers`: where those of each number begin, with the end of the last, and the
/// members. Those of one number stay in their order.
fn sorted(numbers: impl Iterator<Item = u32> + Clone, n_numbers: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0; n_numbers + 1];
    for number in numbers.clone() {
        starts[number as usize + 1] += 1;
    }
    for idx in 1..starts.len() {
        starts[idx] += starts[idx - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0; starts[n_numbers] as usize];
    for (member, number) in (0..).zip(numbers) {
        let place = &mut next[number as usize];
        order[*place as usize] = member;
        *place += 1;
    }
    (starts, order)
}
