//! From declarations to the typed tree: types are found, and what can be missing is followed.
//!
//! Comes in: [`Resolved`]. Goes out: a [`Program`], the places of types and names, and problems, always all of them: a rule
//! with a problem is left out and hides no other. Every message about what a program means is made here. Each kind of
//! declaration has its file: `head`, `records`, `schedules`, `tables`, `rules`, `expressions`, `sets`.

mod calendars;
mod expressions;
mod head;
mod later;
mod parameters;
mod records;
mod rules;
mod schedules;
mod scope;
mod sets;
mod suite;
mod tables;

pub use later::Later;
pub use records::written_format;
pub use suite::{Expectation, Given, GivenCell, GivenFile, TestCase};

use crate::plan::{self, RecordId, ScheduleId};
use crate::resolve::{Meaning, Resolved, near};
use crate::typed::{self, Fold, Places, Program, Total, Version};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree;
use rustc_hash::{FxHashMap, FxHashSet};

/// What typing gives: the program (complete but for what had problems), its places, and its tests.
pub struct Typed {
    /// The program.
    pub program: Program,
    /// What is where.
    pub places: Places,
    /// The program's tests.
    pub tests: Vec<TestCase>,
}

/// Types declarations. `source` is the text that they are in; `overrides` are parameters set for this run, as written
/// in Meed.
pub fn types(resolved: &Resolved, source: &str, overrides: &[(String, String)], problems: &mut Vec<Problem>) -> Typed {
    let mut typing = Typing::new(resolved, source);
    typing.head();
    typing.units();
    typing.records();
    // After records: a parameter may be a value of a field's list.
    typing.parameters(overrides);
    typing.schedules();
    typing.tables();
    typing.balances();
    typing.rules();
    typing.found_reversals();
    typing.unasked_tables();
    let tests = typing.tests();
    typing.settle_searches();
    typing.settle_domains();
    problems.append(&mut typing.problems);
    Typed { program: typing.program, places: typing.places, tests }
}

/// The work in progress.
struct Typing<'a> {
    resolved: &'a Resolved,
    /// The text of the program, for repairs that move a part of it.
    source: &'a str,
    program: Program,
    /// What is where.
    places: Places,
    /// The versions so far, in the order of work.
    versions: Vec<Version>,
    /// Totals of the rule at work.
    totals: Vec<Total>,
    /// Aggregates of the rule at work.
    folds: Vec<Fold>,
    problems: Vec<Problem>,
    /// How many of these are errors.
    n_errors: usize,
    /// Unknown names for which near ones were looked for.
    n_suggested: std::cell::Cell<usize>,
    /// Parameters by name; `None` if their value had a problem.
    parameters: FxHashMap<String, Option<parameters::Constant>>,
    records: FxHashMap<String, RecordId>,
    /// Fields that are declared and had a problem: what uses them is not reported again.
    failed_fields: FxHashSet<(RecordId, String)>,
    /// Amounts in the currency that a field of this name names.
    foreign: FxHashMap<(RecordId, plan::FieldId), tree::Name>,
    /// Units beside the currency, by name.
    units: FxHashMap<String, plan::UnitId>,
    /// Whether what is read is being converted to the program's currency.
    converting: bool,
    /// How often a dated field was read.
    n_dated: usize,
    /// Dated fields of entities, and the records of their histories.
    dated: FxHashMap<(RecordId, plan::FieldId), RecordId>,
    schedules: FxHashMap<String, Option<ScheduleId>>,
    /// Decision tables by name; none where their head had a problem.
    tables: FxHashMap<String, Option<plan::TableId>>,
    /// The same in the making, by id.
    open_tables: Vec<tables::OpenTable<'a>>,
    /// The list of the texts that rules decide, once there is one.
    texts: Option<plan::ChoiceId>,
    /// Decisions that are taken for every row in the program's life, numbered as they were found.
    always_taken: FxHashMap<plan::DecisionId, usize>,
    /// Balances by name; none where their declaration had a problem.
    balances: FxHashMap<String, Option<plan::BalanceId>>,
    /// By balance, its unit and where it was told.
    balance_units: Vec<Option<(plan::UnitId, Span)>>,
    /// By domain, the one it was joined to.
    domains: Vec<u32>,
    /// What has been made once, and where.
    known: Known,
    /// Whether the rule at work keeps something per program.
    of_program: bool,
    /// Decisions that are taken for every row of their event.
    everywhere: FxHashSet<plan::DecisionId>,
    /// The clause at work.
    clause: Option<Span>,
    /// Events whose rows take back what they find: whose rows, and the set.
    set_reversals: Vec<(RecordId, RecordId, &'a tree::Set)>,
    /// What names stand for shares.
    shares: expressions::Shares,
    /// Whether the program's periods are those of a calendar that is not known: what is asked of them is not judged.
    calendar_unknown: bool,
    /// Whether dates move by months somewhere, and where first.
    months_used: Option<Span>,
}

/// Indices of what the program lists: to look for a thing in a list would take longer the more there are.
#[derive(Default)]
struct Known {
    /// By record, its fields by name.
    fields: Vec<FxHashMap<String, plan::FieldId>>,
    /// Lists of `one of`.
    choices: FxHashMap<Vec<String>, plan::ChoiceId>,
    /// Places in the list of texts that rules decide.
    texts: FxHashMap<String, u32>,
    /// By schedule, what its bands do not give.
    gaps: Vec<expressions::Gaps>,
    predicates: FxHashMap<plan::Predicate, plan::PredicateId>,
    /// Decisions by name and rows; several where a choice is between the rules that take them.
    decisions: FxHashMap<String, FxHashMap<plan::Stream, Vec<plan::DecisionId>>>,
    /// By search that something is asked of, the rules whose payments or decisions are read in it.
    waits: FxHashMap<usize, std::collections::BTreeSet<plan::RuleId>>,
    /// By decision, the rule that takes it.
    deciders: Vec<String>,
    /// The versions of each rule that are typed, in the order of work.
    rules: FxHashMap<String, Vec<usize>>,
}

impl<'a> Typing<'a> {
    fn new(resolved: &'a Resolved, source: &'a str) -> Self {
        Self {
            resolved,
            source,
            program: Program::empty(),
            places: Places::default(),
            versions: Vec::new(),
            totals: Vec::new(),
            folds: Vec::new(),
            problems: Vec::new(),
            n_errors: 0,
            n_suggested: std::cell::Cell::new(0),
            parameters: FxHashMap::default(),
            records: FxHashMap::default(),
            failed_fields: FxHashSet::default(),
            n_dated: 0,
            dated: FxHashMap::default(),
            schedules: FxHashMap::default(),
            tables: FxHashMap::default(),
            open_tables: Vec::new(),
            texts: None,
            always_taken: FxHashMap::default(),
            balances: FxHashMap::default(),
            balance_units: Vec::new(),
            domains: Vec::new(),
            known: Known::default(),
            of_program: false,
            everywhere: FxHashSet::default(),
            clause: None,
            set_reversals: Vec::new(),
            shares: expressions::Shares::default(),
            foreign: FxHashMap::default(),
            units: FxHashMap::default(),
            converting: false,
            calendar_unknown: false,
            months_used: None,
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.n_errors += usize::from(problem.is_error());
        self.problems.push(problem);
    }

    /// Whether a near name is looked for in place of one more unknown one: for as many as messages are shown.
    fn suggests(&self) -> bool {
        self.n_suggested.set(self.n_suggested.get() + 1);
        self.n_suggested.get() <= limits::MESSAGES
    }

    /// The did-you-mean of an unknown name.
    fn suggest<'n, K: IntoIterator<Item = &'n str>>(
        &self,
        problem: Problem,
        name: &tree::Name,
        known: impl FnOnce() -> K,
    ) -> Problem {
        if !self.suggests() {
            return problem;
        }
        let known: Vec<&str> = known().into_iter().collect();
        let problem = near(problem, name, known.iter().copied());
        if problem.help.is_some() || !problem.repairs.is_empty() {
            return problem;
        }
        match meed_stdlib::home(&name.text) {
            // Records of its own and those of the library would be two of one name.
            Some(library) if self.declares_of(library) => {
                let event = format!("event {} {{", name.text);
                let is_event = meed_stdlib::library(library).is_some_and(|library| library.text.contains(&event));
                let form = if is_event {
                    format!("{event} key id  when …")
                } else {
                    format!("entity {} {{ key id", name.text)
                };
                problem.help(format!("declare it, with the fields that are read: {form} }}"))
            }
            Some(library) if !self.records.contains_key(&name.text) => {
                problem.help(format!("`{}` is of a library: write `use {library}`", name.text))
            }
            Some(_) | None => listed(problem, known),
        }
    }

    /// Whether the program declares a record of its own that this vocabulary has too.
    fn declares_of(&self, library: &str) -> bool {
        let own = self.resolved.records.iter().filter(|record| record.library.is_none());
        own.map(|record| meed_stdlib::home(&record.item.name.text)).any(|home| home == Some(library))
    }

    /// What the first name of a path means here; `None` if it means nothing.
    fn meaning(&self, path: &[tree::Name], scope: &scope::Scope) -> Option<Meaning> {
        self.resolved.meaning(path, &scope.sight())
    }

    /// Whether a bare name means anything here.
    fn names_something(&self, name: &tree::Name, scope: &scope::Scope) -> bool {
        self.meaning(std::slice::from_ref(name), scope).is_some()
    }

    /// The rule of this name.
    fn rule_named(&self, name: &str) -> Option<plan::RuleId> {
        self.resolved.index.ids.get(name).copied()
    }

    /// The field of a record.
    fn field_of(&self, record: RecordId, name: &str) -> Option<plan::FieldId> {
        steps::count(1);
        self.known.fields.get(record.index())?.get(name).copied()
    }

    /// The decisions of this name for these rows; of several a row has one at most.
    fn decisions(&self, name: &str, stream: &plan::Stream) -> &[plan::DecisionId] {
        steps::count(1);
        self.known.decisions.get(name).and_then(|known| known.get(stream)).map_or(&[], Vec::as_slice)
    }

    /// The versions of a rule that are typed so far.
    fn typed(&self, rule: &str) -> impl Iterator<Item = &Version> {
        steps::count(1);
        self.known.rules.get(rule).into_iter().flatten().map(|&idx| &self.versions[idx])
    }

    /// What is written at a place of the program.
    fn written(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or("…")
    }

    /// The same on one line.
    fn in_one_line(&self, span: Span) -> String {
        self.written(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn damaged(&self, name: &str) -> bool {
        self.resolved.damaged.contains(name)
    }

    fn new_domain(&mut self) -> plan::DomainId {
        self.domains.push(self.domains.len() as u32);
        plan::DomainId(self.domains.len() as u32 - 1)
    }

    fn domain_root(&mut self, domain: u32) -> u32 {
        let mut root = domain;
        while self.domains[root as usize] != root {
            steps::count(1);
            // Each second one is joined to the next but one, so that the way stays short.
            let next = self.domains[root as usize];
            self.domains[root as usize] = self.domains[next as usize];
            root = next;
        }
        root
    }

    /// Makes the values of two domains comparable.
    fn join_domains(&mut self, a: plan::DomainId, b: plan::DomainId) {
        let (a, b) = (self.domain_root(a.0), self.domain_root(b.0));
        self.domains[a.max(b) as usize] = a.min(b);
    }

    /// Puts the sets that rows of a set ask before it.
    fn settle_searches(&mut self) {
        let n_searches = self.program.searches.len();
        let asked: Vec<Vec<usize>> = self.program.searches.iter().map(asked_by_rows).collect();
        let mut places: Vec<Option<u32>> = vec![None; n_searches];
        let (mut next, mut order) = (0, Vec::with_capacity(n_searches));
        for first in 0..n_searches {
            // A set is placed once those that its rows ask are.
            let mut open = vec![first];
            while let Some(&idx) = open.last() {
                steps::count(1);
                let waiting = asked[idx].iter().find(|inner| places[**inner].is_none() && !open.contains(inner));
                if let (None, Some(&inner)) = (places[idx], waiting) {
                    open.push(inner);
                    continue;
                }
                open.pop();
                if places[idx].is_none() {
                    places[idx] = Some(next);
                    order.push(idx);
                    next += 1;
                }
            }
        }
        if order.is_sorted() {
            return;
        }
        typed::every(&mut self.program, &mut |expr| {
            if let plan::Op::Call(plan::Function::Find { search, .. }, _) = &mut expr.op {
                search.0 = places[search.index()].unwrap_or(search.0);
            }
        });
        let searches = std::mem::take(&mut self.program.searches);
        self.program.searches = order.into_iter().map(|idx| searches[idx].clone()).collect();
    }

    /// Writes the joined domains everywhere, numbered in the order of the fields that hold them.
    fn settle_domains(&mut self) {
        let roots: Vec<u32> = (0..self.domains.len() as u32).map(|domain| self.domain_root(domain)).collect();
        let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
        for field in self.program.records.iter().flat_map(|record| &record.fields) {
            steps::count(1);
            if let plan::Type::Text(domain) | plan::Type::Id(domain) = field.ty {
                let next = numbers.len() as u32;
                numbers.entry(roots[domain.index()]).or_insert(next);
            }
        }
        let number = |domain: &mut plan::DomainId| {
            let root = roots.get(domain.index());
            domain.0 = root.and_then(|root| numbers.get(root)).copied().unwrap_or(0);
        };
        let settle = |ty: &mut plan::Type| {
            if let plan::Type::Text(domain) | plan::Type::Id(domain) = ty {
                number(domain);
            }
        };
        self.program.records.iter_mut().flat_map(|record| &mut record.fields).for_each(|field| settle(&mut field.ty));
        self.program.decisions.iter_mut().for_each(|decision| settle(&mut decision.ty));
        self.program.predicates.iter_mut().for_each(|predicate| number(&mut predicate.domain));
        let columns = self.program.tables.iter_mut().flat_map(|table| &mut table.arguments);
        columns.for_each(|column| settle(&mut column.ty));
        self.program.searches.iter_mut().flat_map(|search| &mut search.operands).for_each(settle);
        let versions = self.program.rules.iter_mut().flat_map(|rule| &mut rule.versions);
        versions.flat_map(|version| &mut version.locals).for_each(|local| settle(&mut local.ty));
        self.places.types.iter_mut().for_each(|(_, ty, _)| settle(ty));
        typed::every(&mut self.program, &mut |expr| settle(&mut expr.ty));
        self.program.n_domains = numbers.len() as u32;
    }
}

/// The sets that the rows of a set ask.
fn asked_by_rows(search: &plan::Search) -> Vec<usize> {
    let mut found = Vec::new();
    let mut look = |expr: &plan::Expr| {
        if let plan::Op::Call(plan::Function::Find { search, .. }, _) = &expr.op {
            found.push(search.index());
        }
    };
    search.exprs().for_each(|expr| expr.walk(&mut look));
    found
}

/// Names that a message lists at most.
const LISTED: usize = 12;

/// What there is in place of an unknown name.
fn listed(problem: Problem, mut known: Vec<&str>) -> Problem {
    known.sort_unstable();
    known.dedup();
    let shown: Vec<String> = known.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match (shown.is_empty(), known.len().saturating_sub(LISTED)) {
        (true, _) => problem,
        (false, 0) => problem.help(format!("there are {}", shown.join(", "))),
        (false, more) => problem.help(format!("there are {} and {more} more", shown.join(", "))),
    }
}
