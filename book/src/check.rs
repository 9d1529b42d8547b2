//! Re-adds a book: its chain, the digest of each settlement, and what each line says was posted before it.

use crate::book::Book;
use crate::chain::Link;
use crate::cursor::{InOrder, Shared};
use crate::entry::{Act, Entry, SettlementKind};
use crate::error::BookError;
use crate::line::{LineId, LinesDigest, PostedLine};
use crate::money::Money;
use crate::state::{BookState, Settlement, Status};
use crate::store::{Place, Store};
use meed_grammar::foreign::shown;
use meed_runtime::inner::earlier::Subject;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding(pub String);

/// What a check looked at, and what it found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The hash of the last entry.
    pub head: String,
    /// How many entries.
    pub n_entries: u64,
    /// How many lines.
    pub n_lines: u64,
    /// The entries since the head that was named.
    pub since: Option<u64>,
    /// What is wrong, the first first.
    pub findings: Vec<Finding>,
}

/// Findings that are told, at most.
const MOST: usize = 20;

impl Book {
    /// Re-adds everything in a book; where a head is named, it must be that of one of the entries.
    ///
    /// # Errors
    /// Where the book cannot be read at all.
    pub fn check(place: &Place, head: Option<&str>) -> Result<Checked, BookError> {
        let mut store = place.open()?;
        let mut checked = Checked::default();
        let links = store.links(1)?;
        checked.n_entries = links.len() as u64;
        checked.findings.extend(store.faults()?.into_iter().map(Finding));
        let state = add_up(&links, &mut checked);
        if let Some(head) = head {
            checked.since = since(&links, head);
            if checked.since.is_none() {
                let message =
                    format!("no entry has the head {}: what the book said then, it says no more", shown(head));
                checked.findings.push(Finding(message));
            }
        }
        check_lines(&state, &mut *store, &mut checked)?;
        checked.findings.truncate(MOST);
        Ok(checked)
    }
}

/// How many entries there are behind the one with this hash, of which the first sixteen letters do.
fn since(links: &[Link], head: &str) -> Option<u64> {
    let is_named = |link: &&Link| head.len() >= 16 && link.hash.starts_with(head);
    let found = links.iter().find(is_named)?;
    Some((links.len() as u64).saturating_sub(found.number))
}

/// What the entries add up to, as far as they can be trusted.
fn add_up(links: &[Link], checked: &mut Checked) -> BookState {
    let mut state = BookState::default();
    for link in links {
        let entry: Result<Entry, BookError> = link.entry(&state.head);
        let applied = entry.and_then(|entry| {
            state.apply(&entry, &link.hash).map_err(|error| BookError::Edited {
                number: entry.number,
                what: match &entry.act {
                    Act::Begun { .. } => "a book begins once".to_owned(),
                    _ => error.to_string(),
                },
            })
        });
        if let Err(error) = applied {
            checked.findings.push(Finding(error.to_string()));
            checked.findings.push(Finding(format!("entries from {} on are not looked at", link.number)));
            break;
        }
    }
    checked.head.clone_from(&state.head);
    state
}

/// The lines of a settlement while they pass by.
struct Passing<'a> {
    known: &'a Settlement,
    digest: LinesDigest,
    n_lines: u64,
    sums: BTreeMap<(String, String), (u64, i128)>,
    is_in_order: bool,
    last: Option<Subject>,
}

fn check_lines(state: &BookState, store: &mut dyn Store, checked: &mut Checked) -> Result<(), BookError> {
    for settlement in store.with_lines()? {
        let known = state.settlement(settlement);
        if known.is_err() || known.is_ok_and(|known| known.status == Status::Dropped) {
            checked.findings.push(Finding(format!("there are lines of settlement {settlement}, which has none")));
        }
    }
    let store: Shared<'_> = RefCell::new(store);
    // Each settlement by itself: its digest, its number of lines, its sums.
    for known in state.settlements.iter().filter(|known| known.status != Status::Dropped) {
        let number = known.settled.settlement;
        let mut passing = Passing {
            known,
            digest: LinesDigest::default(),
            n_lines: 0,
            sums: BTreeMap::new(),
            is_in_order: true,
            last: None,
        };
        for line in InOrder::new(&store, vec![number]) {
            match line {
                Ok((_, line)) => passing.take(&line),
                Err(error) => {
                    checked.findings.push(Finding(error.to_string()));
                    break;
                }
            }
        }
        checked.n_lines += passing.n_lines;
        checked.findings.extend(passing.finish().map(Finding));
    }
    // All of a program side by side: what each line says was posted before it.
    for program in state.programs() {
        let compared: Vec<u64> = state.compared(program).iter().map(|known| known.settled.settlement).collect();
        let mut subject: Option<Subject> = None;
        let mut sum: i128 = 0;
        for line in InOrder::new(&store, compared) {
            let Ok((settlement, line)) = line else { break };
            if subject.as_ref() != Some(&line.subject) {
                subject = Some(line.subject.clone());
                sum = 0;
            }
            if line.was != sum {
                let id = LineId { settlement, number: line.number };
                let decimals = state.units.get(&line.subject.unit).copied().unwrap_or(0);
                let money = |amount| Money { unit: line.subject.unit.clone(), decimals, amount };
                let message =
                    format!("line {id} says that {} was posted before, and it is {}", money(line.was), money(sum));
                checked.findings.push(Finding(message));
                if checked.findings.len() > MOST {
                    return Ok(());
                }
            }
            sum = line.was.saturating_add(line.line.amount);
        }
    }
    Ok(())
}

impl Passing<'_> {
    fn take(&mut self, line: &PostedLine) {
        self.digest.take(line);
        self.n_lines += 1;
        let is_behind = self.last.as_ref().is_none_or(|last| *last < line.subject);
        self.is_in_order &= is_behind && line.number == self.n_lines;
        let (rule, unit) = (&line.subject.rule, &line.subject.unit);
        let (n, sum) = self.sums.entry((rule.clone(), unit.clone())).or_default();
        *n += 1;
        *sum = sum.saturating_add(line.line.amount);
        self.last = Some(line.subject.clone());
    }

    /// What is wrong with them.
    fn finish(self) -> impl Iterator<Item = String> {
        let settled = &self.known.settled;
        let number = settled.settlement;
        let mut wrong = Vec::new();
        if self.n_lines != settled.lines.lines {
            wrong.push(format!("settlement {number} has {} lines, and had {}", self.n_lines, settled.lines.lines));
        }
        if !self.is_in_order {
            wrong.push(format!("the lines of settlement {number} are not in order"));
        }
        let totals = settled.totals.iter().map(|total| {
            let Money { unit, amount, .. } = &total.money;
            ((total.rule.clone(), unit.clone()), (total.lines, *amount))
        });
        if totals.collect::<BTreeMap<_, _>>() != self.sums {
            wrong.push(format!("the lines of settlement {number} do not add up to its totals"));
        }
        if wrong.is_empty() && self.digest.finish() != settled.lines.sha256 {
            wrong.push(format!("a line of settlement {number} is not as it was written"));
        }
        if settled.kind == SettlementKind::Adjustment && settled.lines.lines != 1 {
            wrong.push(format!("settlement {number} is an adjustment of {} lines", settled.lines.lines));
        }
        wrong.into_iter()
    }
}
