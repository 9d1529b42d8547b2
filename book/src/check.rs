//! Re-adds a book: its chain, the digest of each settlement, and what each line says was posted before it.

use crate::book::Book;
use crate::chain::Link;
use crate::cursor::{InOrder, Shared};
use crate::entry::SealedLines;
use crate::error::BookError;
use crate::line::{LineId, LinesDigest, PostedLine};
use crate::money::Money;
use crate::state::{BookState, Status, Transfer};
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
    /// Whether all is well but for the head that was named.
    pub is_as_written: bool,
    /// What is wrong, the first first.
    pub findings: Vec<Finding>,
}

/// Letters of a head by which it is known.
const HEAD: usize = 16;
/// Findings that are told, at most.
const MOST: usize = 20;

impl Book {
    /// Re-adds everything in a book; where a head is named, it must be that of one of the entries.
    ///
    /// # Errors
    /// Where the book cannot be read at all.
    pub fn check(place: &Place, head: Option<&str>) -> Result<Checked, BookError> {
        let mut store = place.open()?;
        // Whatever others post meanwhile.
        store.begin_reading()?;
        let mut checked = Checked::default();
        let links = store.links(1)?;
        checked.n_entries = links.len() as u64;
        checked.findings.extend(store.faults()?.into_iter().map(Finding));
        let state = add_up(&links, &mut checked);
        if let Some(head) = head {
            if head.len() < HEAD || !head.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let message = format!("`{}` is no head", shown(head));
                let help = format!("write it as Meed has printed it, or its first {HEAD} letters at least");
                return Err(BookError::refused(message, help));
            }
            checked.since = since(&links, &head.to_lowercase());
        }
        check_lines(&state, &mut *store, &mut checked)?;
        checked.is_as_written = checked.findings.is_empty();
        if let Some(head) = head.filter(|_| checked.since.is_none()) {
            checked.findings.push(Finding(format!(
                "no entry has the head {}: it is of another book or mistyped, or what this one said then it says no more",
                shown(head)
            )));
        }
        checked.findings.truncate(MOST);
        Ok(checked)
    }
}

/// How many entries there are behind the one with this hash, or one that begins so.
fn since(links: &[Link], head: &str) -> Option<u64> {
    let is_named = |link: &&Link| link.hash.starts_with(head);
    let found = links.iter().find(is_named)?;
    Some((links.len() as u64).saturating_sub(found.number))
}

/// What the entries add up to, as far as they can be trusted.
fn add_up(links: &[Link], checked: &mut Checked) -> BookState {
    let mut state = BookState::default();
    for link in links {
        if let Err(error) = state.follow(link) {
            checked.findings.push(Finding(error.to_string()));
            checked.findings.push(Finding(format!("entries from {} on are not looked at", link.number)));
            break;
        }
    }
    checked.head.clone_from(&state.head);
    state
}

/// Demands that lines are as they were written: of some settlements, and of all transfers if these are asked for.
pub(crate) fn sealed(
    state: &BookState,
    store: &Shared<'_>,
    settlements: &[u64],
    with_transfers: bool,
) -> Result<(), BookError> {
    let known = settlements.iter().filter_map(|number| state.settlement(*number).ok());
    let known = known.filter(|known| known.status != Status::Dropped);
    let known = known.map(|known| {
        let number = known.settled.settlement;
        (number, format!("settlement {number}"), &known.settled.lines)
    });
    let transfers = state.transfers.iter().filter(|_| with_transfers);
    let transfers =
        transfers.map(|known| (Transfer::place(known.number), format!("transfer {}", known.number), &known.lines));
    for (place, of, lines) in known.chain(transfers) {
        let (mut digest, mut n_lines) = (LinesDigest::default(), 0);
        for line in InOrder::new(store, vec![place]) {
            digest.take(&line?.1);
            n_lines += 1;
        }
        if n_lines != lines.lines || digest.finish() != lines.sha256 {
            return Err(BookError::EditedLines { of });
        }
    }
    Ok(())
}

/// Lines while they pass by.
struct Passing {
    /// What they are of.
    name: String,
    sealed: SealedLines,
    digest: LinesDigest,
    n_lines: u64,
    /// By rule and unit.
    sums: BTreeMap<(String, String), (u64, i128)>,
    is_in_order: bool,
    last: Option<Subject>,
}

/// A sum that an entry says: of a rule, or of all lines of the unit, and of how many lines if it says that.
type Said<'a> = (Option<&'a String>, &'a Money, Option<u64>);

fn check_lines(state: &BookState, store: &mut dyn Store, checked: &mut Checked) -> Result<(), BookError> {
    for place in store.with_lines()? {
        let is_settlement = state.settlement(place).is_ok_and(|known| known.status != Status::Dropped);
        let is_transfer = state.transfers.iter().any(|known| Transfer::place(known.number) == place);
        if !is_settlement && !is_transfer {
            checked.findings.push(Finding(format!("there are lines of settlement {place}, which has none")));
        }
    }
    let store: Shared<'_> = RefCell::new(store);
    // Each settlement and each transfer by itself: its digest, its number of lines, its sums.
    for known in state.settlements.iter().filter(|known| known.status != Status::Dropped) {
        let entry = &known.settled;
        let totals = entry.totals.iter().map(|total| (Some(&total.rule), &total.money, Some(total.lines)));
        let passing = Passing::new(format!("settlement {}", entry.settlement), entry.lines.clone());
        passing.check(&store, entry.settlement, totals.collect(), checked);
    }
    for known in &state.transfers {
        let is_paid = known.came_back.is_none();
        let sums: Vec<Money> = known
            .totals
            .iter()
            .map(|sum| Money { amount: if is_paid { -sum.amount } else { sum.amount }, ..sum.clone() })
            .collect();
        let passing = Passing::new(format!("transfer {}", known.number), known.lines.clone());
        let totals = sums.iter().map(|sum| (None, sum, None)).collect();
        passing.check(&store, Transfer::place(known.number), totals, checked);
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

impl Passing {
    fn new(name: String, sealed: SealedLines) -> Self {
        Self {
            name,
            sealed,
            digest: LinesDigest::default(),
            n_lines: 0,
            sums: BTreeMap::new(),
            is_in_order: true,
            last: None,
        }
    }

    /// Looks at all lines of a place.
    fn check(mut self, store: &Shared<'_>, place: u64, totals: Vec<Said<'_>>, checked: &mut Checked) {
        for line in InOrder::new(store, vec![place]) {
            match line {
                Ok((_, line)) => self.take(&line),
                Err(error) => {
                    checked.findings.push(Finding(error.to_string()));
                    break;
                }
            }
        }
        checked.n_lines += self.n_lines;
        checked.findings.extend(self.finish(&totals).into_iter().map(Finding));
    }

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
    fn finish(self, totals: &[Said<'_>]) -> Vec<String> {
        let Self { name, sealed, digest, n_lines, sums, is_in_order, .. } = self;
        let mut wrong = Vec::new();
        if n_lines != sealed.lines {
            wrong.push(format!("{name} has {n_lines} lines, and had {}", sealed.lines));
        }
        if !is_in_order {
            wrong.push(format!("the lines of {name} are not in order"));
        }
        let is_right = |(rule, money, n): &Said<'_>| {
            let of = sums.iter().filter(|((own, unit), _)| rule.is_none_or(|rule| rule == own) && *unit == money.unit);
            let (n_all, sum) = of.fold((0, 0i128), |all, (_, one)| (all.0 + one.0, all.1.saturating_add(one.1)));
            sum == money.amount && n.is_none_or(|n| n == n_all)
        };
        let n_said: u64 = totals.iter().map(|(_, _, n)| n.unwrap_or(0)).sum();
        let is_whole = totals.iter().all(|(rule, ..)| rule.is_none()) || n_said == n_lines;
        if !totals.iter().all(is_right) || !is_whole {
            wrong.push(format!("the lines of {name} do not add up to its totals"));
        }
        if wrong.is_empty() && digest.finish() != sealed.sha256 {
            wrong.push(format!("a line of {name} is not as it was written"));
        }
        wrong
    }
}
