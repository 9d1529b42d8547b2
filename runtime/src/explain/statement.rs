//! The statement of a balance: what was there, what changed it, and what is left, for one party or for each.

use crate::explain::balances::until;
use crate::explain::explainer::Explainer;
use crate::explain::query::{Answer, Asked, ExplainStep, Explanation};
use crate::explain::select::row_of;
use meed_compiler::balances::{Movement, MovementKind, Mover, NO_END};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{BalanceId, Days, VersionId};
use meed_grammar::foreign::shown;
use rustc_hash::FxHashMap;

/// Statements of a balance, those of parties in the order of their keys.
pub(super) fn statements(explainer: &Explainer<'_>, asked: &Asked<'_>, balance: BalanceId) -> Answer {
    let movements = &explainer.result.movements[balance.index()];
    let per = explainer.plan.balance(balance).per;
    let owners: Vec<u32> = match (&asked.query.payee, per) {
        (Some(key), Some(record)) => match row_of(explainer.loaded, record, key) {
            Some(owner) => vec![owner],
            None => {
                let name = &explainer.plan.record(record).name;
                let notes = vec![format!("no {name} with the key `{}` is in the tables", shown(key))];
                return Answer { notes, ..Answer::default() };
            }
        },
        (_, None) => vec![0],
        (None, Some(_)) => {
            let mut owners: Vec<u32> = movements.iter().map(|movement| movement.owner).collect();
            owners.dedup();
            owners
        }
    };
    if owners.is_empty() {
        let notes = vec![format!("nothing was added to `{}`", explainer.plan.balance(balance).name)];
        return Answer { notes, ..Answer::default() };
    }
    let statement = |owner: &u32| {
        let own: Vec<&Movement> = movements.iter().filter(|movement| movement.owner == *owner).collect();
        Statement { explainer, balance, days: asked.days, owner: *owner, movements: own }.told(asked)
    };
    let explanations = owners.iter().take(asked.query.most).map(statement).collect();
    let n_more = owners.len().saturating_sub(asked.query.most);
    Answer { notes: Vec::new(), explanations, n_more }
}

struct Statement<'a> {
    explainer: &'a Explainer<'a>,
    balance: BalanceId,
    /// Only what is of these days.
    days: Option<Days>,
    owner: u32,
    /// In the order of time.
    movements: Vec<&'a Movement>,
}

impl Statement<'_> {
    fn told(&self, asked: &Asked<'_>) -> Explanation {
        let through = self.explainer.result.through;
        let days = self.days.unwrap_or(Days { to: through, ..Days::ALL });
        let (from, to) = (days.from, days.to.min(through));
        let name = self.explainer.balance_words(self.balance, self.owner);
        if from > through {
            let heading = format!(
                "{name}: {} has not begun on {}",
                shown(asked.query.period.as_deref().unwrap_or_default()),
                date_of(through)
            );
            return Explanation { heading, ..Explanation::default() };
        }
        let at = |is_in: &dyn Fn(&Movement) -> bool| {
            let changes = self.movements.iter().filter(|known| known.kind != MovementKind::Short && is_in(known));
            changes.map(|known| i128::from(known.amount)).sum::<i128>()
        };
        let at_first = at(&|known| known.when < from);
        let at_last = at(&|known| known.when <= to);
        let heading = format!("{name} on {}: {}", date_of(to), self.words(at_last));
        let mut steps = Vec::new();
        if let Some(period) = &asked.query.period {
            steps.push(step(format!("{} at the beginning of {}", self.words(at_first), shown(period))));
        }
        let mut there = at_first;
        let own: Vec<&Movement> =
            self.movements.iter().copied().filter(|known| known.when >= from && known.when <= to).collect();
        // What one row takes or adds on a day is one entry, however many lots it moves.
        let is_taken = |known: &Movement| known.kind == MovementKind::Taken;
        for moved in own.chunk_by(|a, b| a.by.is_some() && (a.by, a.when, is_taken(a)) == (b.by, b.when, is_taken(b))) {
            let changes = moved.iter().filter(|known| known.kind != MovementKind::Short);
            there += changes.map(|known| i128::from(known.amount)).sum::<i128>();
            steps.push(self.entry(moved, there));
        }
        steps.push(self.sums(&own, to));
        Explanation { heading, rule: String::new(), steps }
    }

    fn words(&self, amount: i128) -> String {
        self.explainer.of_balance(self.balance, amount)
    }

    /// What one row did on a day, or a lot that ended.
    fn entry(&self, moved: &[&Movement], there: i128) -> ExplainStep {
        let Some(first) = moved.first() else { return step(String::new()) };
        let when = date_of(first.when);
        let there = format!("{} are there", self.words(there));
        let lot = |lot: Mover| self.explainer.lot_of_root(lot).unwrap_or_default();
        let Some(by) = first.by else {
            let of = first.lot.map(lot).unwrap_or_default();
            return step(format!("{when}: {} of {of} end unused; {there}", self.words(-i128::from(first.amount))));
        };
        let rule = &self.explainer.plan.version(by.version).name;
        let row = self.explainer.for_root(by).unwrap_or_default();
        let changes = moved.iter().filter(|known| known.kind != MovementKind::Short);
        let sum: i128 = changes.clone().map(|known| i128::from(known.amount)).sum();
        let is_added = first.kind != MovementKind::Taken;
        let ends = first.ends;
        let text = match sum {
            0 => format!("{when}: `{rule}` changes nothing {row}; {there}"),
            1.. => {
                let until = until((ends != NO_END).then_some(ends));
                format!("{when}: `{rule}` adds {} {row}{until}; {there}", self.words(sum))
            }
            _ if is_added => format!("{when}: `{rule}` lowers it by {} {row}; {there}", self.words(-sum)),
            _ => format!("{when}: `{rule}` takes {} {row}; {there}", self.words(-sum)),
        };
        let mut details = Vec::new();
        if sum < 0 {
            let lots = changes.filter_map(|known| Some((known.lot?, -i128::from(known.amount), known.left)));
            details.extend(lots.map(|(known, amount, left)| {
                format!("{} from {}; {} of it are left", self.words(amount), lot(known), self.words(left.into()))
            }));
        }
        let short: i128 =
            moved.iter().filter(|known| known.kind == MovementKind::Short).map(|known| i128::from(known.amount)).sum();
        if short != 0 {
            details.push(format!("{} more are not there: the balance never goes below zero", self.words(-short)));
        }
        ExplainStep { holds: None, text, details }
    }

    /// What all of it comes to, and what is left of each lot.
    fn sums(&self, own: &[&Movement], to: i32) -> ExplainStep {
        let of = |is_meant: &dyn Fn(&Movement) -> bool| {
            let meant = own.iter().filter(|known| is_meant(known));
            meant.map(|known| i128::from(known.amount)).sum::<i128>()
        };
        let kind = |kind: MovementKind| move |known: &Movement| known.kind == kind;
        let added = of(&|known| known.kind == MovementKind::Added && known.amount > 0);
        let lowered = of(&|known| known.kind == MovementKind::Added && known.amount < 0);
        let (taken, expired) = (of(&kind(MovementKind::Taken)), of(&kind(MovementKind::Expired)));
        let mut parts = vec![format!("{} added", self.words(added))];
        if lowered != 0 {
            parts.push(format!("{} lowered", self.words(-lowered)));
        }
        parts.push(format!("{} taken", self.words(-taken)));
        if expired != 0 {
            parts.push(format!("{} ended unused", self.words(-expired)));
        }
        let details = self.lots_left(to).into_iter().map(|(lot, ends, left)| {
            let of = self.explainer.lot_of_root(lot).unwrap_or_default();
            let until = until((ends != NO_END).then_some(ends));
            format!("{} are left of {of}{until}", self.words(left))
        });
        let text = match own {
            [] => "nothing was added or taken".to_owned(),
            _ => format!("together: {}", parts.join(", ")),
        };
        ExplainStep { holds: None, text, details: details.collect() }
    }

    /// What is left of each lot on a day, with its last day; oldest first.
    fn lots_left(&self, day: i32) -> Vec<(Mover, i32, i128)> {
        let mut lots: Vec<(Mover, i32, i128)> = Vec::new();
        let mut places: FxHashMap<(VersionId, u32, i32), usize> = FxHashMap::default();
        for known in self.movements.iter().filter(|known| known.when <= day) {
            let Some(lot) = known.lot else { continue };
            let place = *places.entry((lot.version, lot.row, known.ends)).or_insert(lots.len());
            if place == lots.len() {
                lots.push((lot, known.ends, 0));
            }
            lots[place].2 += i128::from(known.amount);
        }
        lots.retain(|(.., left)| *left > 0);
        lots
    }
}

fn step(text: String) -> ExplainStep {
    ExplainStep { text, ..ExplainStep::default() }
}
