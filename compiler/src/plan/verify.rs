//! What a Plan owes to everyone who reads it.
//!
//! Lowering makes Plans, and whatever reads one (the interpreter, machine code, explanations) relies on the invariants
//! listed in [`Invariant`] without looking again. [`Plan::verify`] looks. It runs on every Plan of a test or of a debug
//! build; a Plan that breaks an invariant is a mistake of the compiler, never of the program.

mod expression;
mod records;
mod rules;
mod schedules;
mod searches;
mod states;
mod tables;

use super::{DecisionId, Node, Plan, RuleId, VersionId};
use meed_grammar::steps;
use rustc_hash::FxHashMap;

/// What must hold of a Plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Invariant {
    /// Every record, field, list, schedule, test, key, state, match, fold, decision, rule and `let` that is named is there.
    #[error("what is named is there")]
    Named,
    /// A record has a key of fields that cannot be missing; an event has a `when` that is a date, an entity none; the
    /// distinct values of another record's column are an entity with its key alone.
    #[error("a record has its key, an event its `when`")]
    Keys,
    /// Every list and every domain of texts belongs to a field; they are numbered in the order of the fields. One list
    /// may follow: the texts that rules decide.
    #[error("lists and texts belong to fields")]
    Lists,
    /// Fields that are read are marked as used, and so are their records, the `when` and the references in the keys of
    /// these, and the records they refer to.
    #[error("what is read is marked as used")]
    Used,
    /// Operands fit their operator, and its type is that of its result; names have the type of what they name.
    #[error("types agree")]
    Types,
    /// An operator of something that can be missing can be missing, unless it deals with it.
    #[error("what can be missing says so")]
    Missing,
    /// A divisor is not the number 0; what is rounded to is above 0; denominators are above 0.
    #[error("nothing is divided by zero")]
    Divisors,
    /// A `let` is numbered in order, defined once, and read only after that.
    #[error("a `let` comes before its readers")]
    Locals,
    /// A level is read after its state was accumulated in the same rule, and only a summand that the state has.
    #[error("a level is accumulated before it is read")]
    Levels,
    /// Inside what is evaluated before and after a row the levels of its state take that side, and no level does
    /// anywhere else.
    #[error("sides of a row are asked where there are two")]
    Sides,
    /// A state belongs to its rule, is kept over the rule's rows, is touched by one step of each version, and that
    /// step is of its kind.
    #[error("a state fits the step that keeps it")]
    States,
    /// The parts of a key are fields of the row.
    #[error("keys are fields")]
    StateKeys,
    /// Aggregates are listed by the rule that reads them; their rows are for its entity and period, and a path leads to it.
    #[error("aggregates come before their readers")]
    Folds,
    /// Totals of every row come first, then the range, then conditions and values, then one line, its limits and its end; a
    /// rule pays or decides.
    #[error("nodes are in their order")]
    Nodes,
    /// A payee is an entity, an amount is money; a guarantee belongs to a rule per entity and period.
    #[error("what is paid is money, and somebody gets it")]
    Payments,
    /// What is added to or taken from a balance is of its unit, of whom it is kept per, and at one moment of a row; rules that act on a
    /// balance are next to one another in the order.
    #[error("balances are asked of their owners")]
    Balances,
    /// A decision is set over its own rows, in its own type, by versions of one rule.
    #[error("a decision is set once")]
    Decisions,
    /// A rule's days lie in the program's, and its versions have numbers of their own, days apart, and one stream.
    #[error("versions share the program's days")]
    Ranges,
    /// A set's rows are found by few fields of them; days bound events only; nothing that holds of a row alone reads who asks.
    #[error("sets are found by keys and days")]
    Searches,
    /// The order of work names every rule once, each after those whose payments or decisions it reads.
    #[error("readers come after what they read")]
    Order,
    /// Bands follow one another to one without an end, literal bounds rise, and bounds, rates and amounts are arithmetic
    /// on literals and arguments.
    #[error("the bands of a schedule follow one another")]
    Schedules,
    /// A row of a decision table has a cell for each argument and every result, and the table says which row counts.
    #[error("the rows of a table are complete")]
    Tables,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Named,
        Self::Keys,
        Self::Lists,
        Self::Used,
        Self::Types,
        Self::Missing,
        Self::Divisors,
        Self::Locals,
        Self::Levels,
        Self::Sides,
        Self::States,
        Self::StateKeys,
        Self::Folds,
        Self::Nodes,
        Self::Payments,
        Self::Decisions,
        Self::Ranges,
        Self::Order,
        Self::Schedules,
        Self::Tables,
    ];
}

/// An invariant that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {invariant} ({detail})")]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// The rule, schedule or record.
    pub place: String,
    /// What was met.
    pub detail: String,
}

impl Plan {
    /// Everything that does not hold; empty for a good Plan.
    pub fn verify(&self) -> Vec<Violation> {
        let mut report = Report { place: String::new(), violations: Vec::new() };
        records::verify(self, &mut report);
        self.owners(&mut report);
        // What follows looks things up by number, so that numbers are checked first.
        if report.violations.iter().any(|violation| violation.invariant == Invariant::Named) {
            return report.violations;
        }
        let index = Index::of(self);
        schedules::verify(self, &mut report);
        tables::verify(self, &mut report);
        searches::verify(self, &mut report);
        states::verify(self, &mut report);
        for idx in 0..self.versions.len() {
            rules::verify(self, &index, VersionId(idx as u32), &mut report);
        }
        rules::set_reversals(self, &mut report);
        rules::order(self, &index, &mut report);
        report.violations
    }

    /// Whether every version belongs to one rule, and that rule lists it, and every aggregate has its rows.
    fn owners(&self, report: &mut Report) {
        let mut listed = vec![0; self.versions.len()];
        for (idx, rule) in self.rules.iter().enumerate() {
            report.at(format!("rule `{}`", rule.name));
            for id in &rule.versions {
                let owner = self.versions.get(id.index()).map(|version| version.rule);
                report.demand(owner == Some(RuleId(idx as u32)), Invariant::Named, "a version of it");
                listed.iter_mut().skip(id.index()).take(1).for_each(|times| *times += 1);
            }
        }
        report.at("the rules");
        report.demand(listed.iter().all(|times| *times == 1), Invariant::Named, "every version has one rule");
        let there = self.folds.iter().all(|fold| fold.over.index() < self.matches.len());
        report.demand(there, Invariant::Named, "the rows of an aggregate");
    }
}

/// The versions that set each decision.
struct Index {
    setters: FxHashMap<DecisionId, Vec<VersionId>>,
}

impl Index {
    fn of(plan: &Plan) -> Self {
        let mut index = Self { setters: FxHashMap::default() };
        for (idx, version) in plan.versions.iter().enumerate() {
            let id = VersionId(idx as u32);
            for step in &version.nodes {
                steps::count(1);
                if let Node::Set(decision, _) = step {
                    let setters = index.setters.entry(*decision).or_default();
                    if setters.last() != Some(&id) {
                        setters.push(id);
                    }
                }
            }
        }
        index
    }

    fn setters(&self, decision: DecisionId) -> &[VersionId] {
        self.setters.get(&decision).map_or(&[], Vec::as_slice)
    }
}

/// Breaches so far.
struct Report {
    place: String,
    violations: Vec<Violation>,
}

impl Report {
    /// Names the place of what follows.
    fn at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// Demands that something holds.
    fn demand(&mut self, holds: bool, invariant: Invariant, detail: impl Into<String>) {
        self.demand_with(holds, invariant, || detail);
    }

    /// The same, with a detail that is worked out only where it is wanted.
    fn demand_with<T: Into<String>>(&mut self, holds: bool, invariant: Invariant, detail: impl FnOnce() -> T) {
        if !holds {
            let detail = detail().into();
            self.violations.push(Violation { invariant, place: self.place.clone(), detail });
        }
    }
}
