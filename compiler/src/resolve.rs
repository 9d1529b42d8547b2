//! Names: what a program and its libraries declare, each once.
//!
//! Comes in: the trees of the program and the libraries it uses. Goes out: [`Resolved`], every declaration under its
//! name, with `extend` and `source` folded in, what names lead to, and the order of rules; and problems for names declared
//! twice or used nowhere declared, and for rules that wait for one another. Types come later.

use crate::plan::RecordId;
use kinds::Kinds;
use meaning::NameIndex;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind, Item, Member, Name};
use rustc_hash::{FxHashMap, FxHashSet};

mod balances;
mod choices;
mod dependencies;
pub mod files;
mod histories;
mod kinds;
mod meaning;
mod needs;
mod order;
mod rates;
mod shared_limits;
mod sources;
mod trees;

pub(crate) use histories::history_name;
pub(crate) use meaning::{Meaning, Sight};
pub use trees::{LibraryTree, Trees, trees};

/// Every declaration of a program, found by name.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The program's head, if it has one.
    pub program: Option<tree::Program>,
    /// Records, those of libraries first.
    pub records: Vec<Declared<tree::Record>>,
    /// Schedules.
    pub schedules: Vec<Declared<tree::Schedule>>,
    /// Rates of exchange.
    pub rates: Vec<tree::Rates>,
    /// Units beside the currency.
    pub units: Vec<tree::Unit>,
    /// Balances.
    pub balances: Vec<tree::Balance>,
    /// Limits over several rules.
    pub shared_limits: Vec<tree::SharedLimit>,
    /// Calendars.
    pub calendars: Vec<tree::Calendar>,
    /// Decision tables.
    pub tables: Vec<Declared<tree::Table>>,
    /// Parameters.
    pub parameters: Vec<tree::Parameter>,
    /// Their names.
    parameter_names: FxHashSet<String>,
    /// Rules in the order written; versions share a name.
    pub rules: Vec<tree::Rule>,
    /// Tests.
    pub tests: Vec<tree::Test>,
    /// Fields that the program adds to records of libraries, by record and name.
    pub extended: FxHashSet<(String, String)>,
    /// Whether a program head was there but could not be read.
    pub damaged_program: bool,
    /// Names of damaged items: what refers to them is not reported again.
    pub damaged: FxHashSet<String>,
    /// Choices between rules.
    pub chooses: Vec<tree::Choose>,
    /// By rule that is in one, its place in [`Self::chooses`].
    choice_of: FxHashMap<String, usize>,
    /// Sources of records, which say how their files are written.
    sources: Vec<tree::Source>,
    /// The records, by name.
    record_places: FxHashMap<String, usize>,
    /// The schedules, by name.
    schedule_places: FxHashMap<String, usize>,
    /// The versions of each rule, as written.
    versions: FxHashMap<String, Vec<usize>>,
    /// The first rule that sets each name, and the first of another name.
    first_setters: FxHashMap<String, (usize, Option<usize>)>,
    /// Rules with the names that they set.
    sets: FxHashMap<String, FxHashSet<String>>,
    /// Sheets of tables, by the names of their files; none of a text that was changed, of which they are not known.
    pub sheets: Option<Vec<(String, Result<String, String>)>>,
    /// The names of kinds.
    pub kinds: Vec<String>,
    /// Fields of records, by record.
    members: FxHashMap<String, FxHashSet<String>>,
    /// What names lead to, and which rules read which.
    pub(crate) index: NameIndex,
    /// The rules, by their places, in an order in which each comes after those it reads. Rules that wait for one another are
    /// not in it.
    pub order: Vec<usize>,
}

/// A declaration of the program or of a library.
#[derive(Debug)]
pub struct Declared<T> {
    /// What is declared.
    pub item: T,
    /// The library it comes from; none for the program's own.
    pub library: Option<String>,
}

/// Gathers the declarations of `file` and of the libraries it uses. `file_at` tells places of different files apart; where it
/// is not known, a library that is used twice is used by two of them.
pub fn resolve(file: tree::File, file_at: &dyn Fn(Span) -> Option<usize>, problems: &mut Vec<Problem>) -> Resolved {
    let mut resolved = Resolved::default();
    let mut names = Names::default();
    let uses: Vec<Name> = file
        .items
        .iter()
        .filter_map(|item| if let Item::Use(name) = item { Some(name.clone()) } else { None })
        .collect();
    let mut used: FxHashMap<&str, Span> = FxHashMap::default();
    let mut items: Vec<(Item, Option<String>)> = Vec::new();
    for library in &uses {
        if let Some(first) = used.get(library.text.as_str()) {
            if file_at(*first).is_none() || file_at(*first) != file_at(library.span) {
                continue;
            }
            let message = format!("library `{}` is used twice", library.text);
            problems.push(
                Problem::error("duplicate-name", library.span, message)
                    .other(*first, "used first here")
                    .help("remove one of them"),
            );
            continue;
        }
        used.insert(&library.text, library.span);
        match trees::library(library) {
            Ok(tree) => items.extend(tree.items.into_iter().map(|item| (item, Some(library.text.clone())))),
            Err(problem) => problems.push(problem),
        }
    }
    let first = file.items.first().map(Item::place);
    items.extend(file.items.into_iter().map(|item| (item, None)));
    // An extension may be written before what it extends.
    items.sort_by_key(|(item, _)| matches!(item, Item::Extend(_)));
    let kinds = Kinds::gather(items.iter().map(|(item, _)| item), &mut names.records, problems);
    resolved.kinds = kinds.names().cloned().collect();
    for (mut item, library) in items {
        kinds.spell_out(&mut item);
        resolved.take(item, library.as_deref(), &mut names, problems);
    }
    let records = resolved.records.iter().filter_map(|record| histories::history_of(&record.item));
    for history in records.collect::<Vec<_>>() {
        resolved.take(Item::Record(history), None, &mut names, problems);
    }
    resolved.fold_sources(&mut names, problems);
    if resolved.program.is_none() && !resolved.damaged_program {
        let help =
            "start with: program NAME \"Title\" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }";
        problems
            .push(Problem::error("missing-program", first.unwrap_or_default(), "the file has no `program`").help(help));
    }
    resolved.look_for_needs(&uses, problems);
    resolved.index_names();
    resolved.gather_shared_limits(problems);
    resolved.gather_choices(problems);
    resolved.order_rules(problems);
    resolved
}

/// Where each name was declared, by name space.
#[derive(Default)]
struct Names {
    rules: FxHashMap<String, Span>,
    schedules: FxHashMap<String, Span>,
    records: FxHashMap<String, Span>,
    calendars: FxHashMap<String, Span>,
    balances: FxHashMap<String, Span>,
    shared_limits: FxHashMap<String, Span>,
    values: FxHashMap<String, Span>,
    /// Unknown names for which near ones were looked for; no more than messages are shown.
    n_suggested: usize,
}

impl Resolved {
    /// The versions of a rule, by their places in [`Self::rules`].
    pub fn versions(&self, rule: &str) -> &[usize] {
        self.versions.get(rule).map_or(&[], Vec::as_slice)
    }

    /// The first rule that sets a name.
    pub fn first_setter(&self, name: &str) -> Option<&tree::Rule> {
        self.first_setters.get(name).map(|(first, _)| &self.rules[*first])
    }

    /// The first rule of another name than this that sets a name.
    pub fn other_setter(&self, rule: &str, name: &str) -> Option<&tree::Rule> {
        let (first, second) = self.first_setters.get(name)?;
        let first = &self.rules[*first];
        if first.name.text == rule { second.map(|idx| &self.rules[idx]) } else { Some(first) }
    }

    /// The choice that a rule is in.
    pub fn choice_of(&self, rule: &str) -> Option<&tree::Choose> {
        self.choice_of.get(rule).map(|&idx| &self.chooses[idx])
    }

    /// The choice that both rules are in.
    pub fn choice_between(&self, one: &str, other: &str) -> Option<&tree::Choose> {
        let is_one = self.choice_of.get(one) == self.choice_of.get(other);
        self.choice_of(one).filter(|_| is_one)
    }

    /// Whether a version of a rule sets a name.
    pub fn sets(&self, rule: &str, name: &str) -> bool {
        self.sets.get(rule).is_some_and(|names| names.contains(name))
    }

    /// Whether there is a parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameter_names.contains(name)
    }

    /// The record of this name, a plural allowed.
    pub(crate) fn record_named(&self, name: &str) -> Option<RecordId> {
        let records = &self.index.records;
        records.get(name).or_else(|| records.get(name.strip_suffix('s')?)).copied()
    }

    /// The event of this name, a plural allowed.
    pub(crate) fn event(&self, name: &str) -> Option<RecordId> {
        self.record_named(name).filter(|record| self.records[record.index()].item.kind == tree::RecordKind::Event)
    }

    /// The schedule of this name.
    pub fn schedule(&self, name: &str) -> Option<&tree::Schedule> {
        self.schedule_places.get(name).map(|&idx| &self.schedules[idx].item)
    }

    fn note_rule(&mut self, rule: &tree::Rule) {
        let idx = self.rules.len();
        self.versions.entry(rule.name.text.clone()).or_default().push(idx);
        for clause in &rule.clauses {
            if let ClauseKind::Set { name, .. } = &clause.kind {
                let (first, second) = self.first_setters.entry(name.text.clone()).or_insert((idx, None));
                if second.is_none() && *first != idx && self.rules[*first].name.text != rule.name.text {
                    *second = Some(idx);
                }
                self.sets.entry(rule.name.text.clone()).or_default().insert(name.text.clone());
            }
        }
    }

    fn take(&mut self, item: Item, library: Option<&str>, names: &mut Names, problems: &mut Vec<Problem>) {
        let from = |item_library: Option<&str>| item_library.map(str::to_owned);
        match item {
            Item::Program(program) => match &self.program {
                Some(first) => problems.push(
                    Problem::error("duplicate-name", program.name.span, "a file has one `program`")
                        .other(first.name.span, "the first one"),
                ),
                None => self.program = Some(program),
            },
            // The items of another file are among these.
            Item::Use(_) | Item::UseFile(_) => {}
            // Their lists stand where they are named.
            Item::Kind(_) => {}
            Item::Source(source) => self.sources.push(source),
            Item::Extend(extend) => self.extend(extend, names, problems),
            Item::Record(record) => {
                let known = self.record_places.get(&record.name.text).map(|&idx| &self.records[idx]);
                if let Some(Declared { library: Some(library), .. }) = known {
                    let name = &record.name.text;
                    let message = format!("library `{library}` already has `{name}`");
                    let help = format!(
                        "add fields with: extend {name} {{ … }}; say how its file is written with: source {name} {{ … }}"
                    );
                    problems.push(Problem::error("duplicate-name", record.name.span, message).help(help));
                } else if declare(&mut names.records, &record.name, "record", problems) {
                    self.record_places.insert(record.name.text.clone(), self.records.len());
                    let fields = record.members.iter().filter_map(member_name).map(str::to_owned);
                    self.members.entry(record.name.text.clone()).or_default().extend(fields);
                    self.records.push(Declared { item: record, library: from(library) });
                }
            }
            Item::Schedule(schedule) => {
                if declare(&mut names.schedules, &schedule.name, "schedule", problems) {
                    self.schedule_places.insert(schedule.name.text.clone(), self.schedules.len());
                    self.schedules.push(Declared { item: schedule, library: from(library) });
                }
            }
            Item::Calendar(calendar) => {
                if declare(&mut names.calendars, &calendar.name, "calendar", problems) {
                    self.calendars.push(calendar);
                }
            }
            Item::Rates(rates) => {
                self.take(Item::Record(rates::record_of(&rates)), library, names, problems);
                self.rates.push(rates);
            }
            Item::Unit(unit) => {
                // A unit is a type of fields, as a record is.
                if declare(&mut names.records, &unit.name, "record or unit", problems) {
                    self.units.push(unit);
                }
            }
            Item::Table(table) => {
                // Schedules and tables are both called by name.
                if declare(&mut names.schedules, &table.name, "schedule or table", problems) {
                    self.tables.push(Declared { item: table, library: from(library) });
                }
            }
            Item::Parameter(parameter) => {
                if declare(&mut names.values, &parameter.name, "parameter", problems) {
                    self.parameter_names.insert(parameter.name.text.clone());
                    self.parameters.push(parameter);
                }
            }
            Item::Rule(rule) => {
                names.rules.entry(rule.name.text.clone()).or_insert(rule.name.span);
                self.note_rule(&rule);
                self.rules.push(rule);
            }
            Item::Choose(choose) => self.chooses.push(choose),
            Item::Test(test) => self.tests.push(test),
            Item::Balance(balance) => {
                if declare(&mut names.balances, &balance.name, "balance", problems) {
                    self.balances.push(balance);
                }
            }
            Item::SharedLimit(limit) => {
                if declare(&mut names.shared_limits, &limit.name, "limit", problems) {
                    self.shared_limits.push(limit);
                }
            }
            Item::Damaged(damaged) => {
                self.damaged_program |= damaged.keyword == "program";
                self.damaged.extend(damaged.name.into_iter().chain(damaged.sets).map(|name| name.text));
            }
        }
    }

    fn extend(&mut self, extend: tree::Extend, names: &mut Names, problems: &mut Vec<Problem>) {
        let Some(&place) = self.record_places.get(&extend.record.text) else {
            names.n_suggested += 1;
            let n_known = if names.n_suggested <= limits::MESSAGES { self.records.len() } else { 0 };
            let known = self.records[..n_known].iter().map(|record| record.item.name.text.as_str());
            let message = format!("there is no `{}` to extend", extend.record.text);
            problems.push(near(Problem::error("unknown-record", extend.record.span, message), &extend.record, known));
            return;
        };
        let record = &mut self.records[place];
        let known = self.members.entry(extend.record.text.clone()).or_default();
        for member in extend.members {
            if let Member::Field(field) = &member {
                if !known.insert(field.name.text.clone()) {
                    if reverses_too(&mut record.item.members, field) {
                        continue;
                    }
                    let message = format!("`{}` already has a field `{}`", extend.record.text, field.name.text);
                    problems.push(Problem::error("duplicate-name", field.name.span, message));
                    continue;
                }
                self.extended.insert((extend.record.text.clone(), field.name.text.clone()));
            }
            record.item.members.push(member);
        }
    }
}

/// Whether a field that is there, and refers to the same event, takes its row back as an extension says: `extend return { deal reverses }`.
fn reverses_too(members: &mut [Member], added: &tree::Field) -> bool {
    let refers = |field: &tree::Field| match field.ty.as_ref().map(|ty| &ty.kind) {
        Some(tree::FieldTypeKind::Record(name)) => Some(name.text.clone()),
        _ => None,
    };
    let known = members.iter_mut().find_map(|member| match member {
        Member::Field(field) if field.name.text == added.name.text => Some(field),
        _ => None,
    });
    match known {
        Some(field) if field.reverses.is_none() && added.reverses.is_some() && refers(field) == refers(added) => {
            (field.ty, field.reverses) = (added.ty.clone(), added.reverses.clone());
            true
        }
        _ => false,
    }
}

/// The name of a field that stands for itself, or is the `when`.
pub(crate) fn member_name(member: &Member) -> Option<&str> {
    match member {
        Member::Field(field) | Member::When(field) => Some(&field.name.text),
        Member::Key { .. } | Member::ReversesSet { .. } => None,
    }
}

/// The did-you-mean of an unknown name.
pub(crate) fn near<'n>(problem: Problem, name: &Name, known: impl IntoIterator<Item = &'n str>) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    // `closed` is short for `closed_on`, where nothing else begins so.
    let begins = |known: &str| known.strip_prefix(name.text.as_str()).is_some_and(|rest| rest.starts_with('_'));
    let mut longer = known.iter().copied().filter(|known| begins(known));
    let whole = longer.next().filter(|_| longer.next().is_none());
    match meed_grammar::nearest(&name.text, known.iter().copied()).or(whole) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).choice(name.span, near),
        None => problem,
    }
}

fn declare(space: &mut FxHashMap<String, Span>, name: &Name, what: &str, problems: &mut Vec<Problem>) -> bool {
    match space.get(&name.text) {
        Some(first) => {
            let message = format!("there are two {what}s named `{}`", name.text);
            problems.push(
                Problem::error("duplicate-name", name.span, message)
                    .label("declared again here")
                    .other(*first, "declared first here")
                    .help("give one of them another name"),
            );
            false
        }
        None => {
            space.insert(name.text.clone(), name.span);
            true
        }
    }
}
