//! Names: what a program and its libraries declare, each once.
//!
//! Comes in: the trees of the program and the libraries it uses. Goes out: [`Resolved`], every declaration under its
//! name, with `extend` folded in, and problems for names declared twice or used nowhere declared. Types come later.

use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Item, Member, Name};
use rustc_hash::{FxHashMap, FxHashSet};

/// Every declaration of a program, found by name.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The program's head, if it has one.
    pub program: Option<tree::Program>,
    /// Records, those of libraries first.
    pub records: Vec<Declared<tree::Record>>,
    /// Schedules.
    pub schedules: Vec<Declared<tree::Schedule>>,
    /// Parameters.
    pub parameters: Vec<tree::Parameter>,
    /// Rules in the order written; versions share a name.
    pub rules: Vec<tree::Rule>,
    /// Tests.
    pub tests: Vec<tree::Test>,
    /// Fields that the program adds to records of libraries, by record and name.
    pub extended: FxHashSet<(String, String)>,
    /// Whether a program head was there but could not be read.
    pub damaged_program: bool,
    /// Names of damaged items: what refers to them is not reported again.
    pub damaged: Vec<String>,
}

/// A declaration of the program or of a library.
#[derive(Debug)]
pub struct Declared<T> {
    /// What is declared.
    pub item: T,
    /// The library it comes from; none for the program's own.
    pub library: Option<String>,
}

/// Gathers the declarations of `file` and of the libraries it uses.
pub fn resolve(file: tree::File, problems: &mut Vec<Problem>) -> Resolved {
    let mut resolved = Resolved::default();
    let mut names = Names::default();
    let uses: Vec<Name> = file
        .items
        .iter()
        .filter_map(|item| if let Item::Use(name) = item { Some(name.clone()) } else { None })
        .collect();
    for library in &uses {
        match meed_stdlib::library(&library.text) {
            Some(text) => {
                let parsed = meed_grammar::parse(text);
                let from = Some(library.text.clone());
                for item in parsed.file.items {
                    resolved.take(item, from.as_deref(), &mut names, problems);
                }
            }
            None => {
                let known: Vec<&str> = meed_stdlib::names().collect();
                let mut problem =
                    Problem::error("unknown-library", library.span, format!("there is no library `{}`", library.text))
                        .help(format!("the libraries are: {}", known.join(", ")));
                if let Some(near) = meed_grammar::nearest(&library.text, known) {
                    problem = problem.label(format!("did you mean `{near}`?")).edit(library.span, near);
                }
                problems.push(problem);
            }
        }
    }
    let first = file.items.first().map(first_name);
    for item in file.items {
        resolved.take(item, None, &mut names, problems);
    }
    if resolved.program.is_none() && !resolved.damaged_program {
        let help =
            "start with: program NAME \"Title\" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }";
        problems
            .push(Problem::error("missing-program", first.unwrap_or_default(), "the file has no `program`").help(help));
    }
    resolved
}

/// The name that an item declares or uses.
fn first_name(item: &Item) -> Span {
    match item {
        Item::Program(program) => program.name.span,
        Item::Use(name) => name.span,
        Item::Extend(extend) => extend.record.span,
        Item::Record(record) => record.name.span,
        Item::Schedule(schedule) => schedule.name.span,
        Item::Parameter(parameter) => parameter.name.span,
        Item::Rule(rule) => rule.name.span,
        Item::Test(test) => test.title.span,
        Item::Unsupported(unsupported) => unsupported.span,
        Item::Damaged(damaged) => damaged.span,
    }
}

/// Where each name was declared, by name space.
#[derive(Default)]
struct Names {
    rules: FxHashMap<String, Span>,
    schedules: FxHashMap<String, Span>,
    records: FxHashMap<String, Span>,
    values: FxHashMap<String, Span>,
}

impl Resolved {
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
            Item::Use(_) => {}
            Item::Extend(extend) => self.extend(extend, problems),
            Item::Record(record) => {
                let known = self.records.iter().find(|known| known.item.name.text == record.name.text);
                if let Some(Declared { library: Some(library), .. }) = known {
                    let name = &record.name.text;
                    let message = format!("library `{library}` already has `{name}`");
                    let help = format!("add fields with: extend {name} {{ … }}");
                    problems.push(Problem::error("duplicate-name", record.name.span, message).help(help));
                } else if declare(&mut names.records, &record.name, "record", problems) {
                    self.records.push(Declared { item: record, library: from(library) });
                }
            }
            Item::Schedule(schedule) => {
                if declare(&mut names.schedules, &schedule.name, "schedule", problems) {
                    self.schedules.push(Declared { item: schedule, library: from(library) });
                }
            }
            Item::Parameter(parameter) => {
                if declare(&mut names.values, &parameter.name, "parameter", problems) {
                    self.parameters.push(parameter);
                }
            }
            Item::Rule(rule) => {
                names.rules.entry(rule.name.text.clone()).or_insert(rule.name.span);
                self.rules.push(rule);
            }
            Item::Test(test) => self.tests.push(test),
            Item::Unsupported(unsupported) => {
                problems.push(not_supported(&unsupported));
                self.damaged.extend(unsupported.name.map(|name| name.text));
            }
            Item::Damaged(damaged) => {
                self.damaged_program |= damaged.keyword == "program";
                self.damaged.extend(damaged.name.map(|name| name.text));
            }
        }
    }

    fn extend(&mut self, extend: tree::Extend, problems: &mut Vec<Problem>) {
        let names: Vec<String> = self.records.iter().map(|record| record.item.name.text.clone()).collect();
        let Some(record) = self.records.iter_mut().find(|record| record.item.name.text == extend.record.text) else {
            let message = format!("there is no `{}` to extend", extend.record.text);
            let mut problem = Problem::error("unknown-record", extend.record.span, message);
            if let Some(near) = meed_grammar::nearest(&extend.record.text, names.iter().map(String::as_str)) {
                problem = problem.label(format!("did you mean `{near}`?")).edit(extend.record.span, near);
            }
            problems.push(problem);
            return;
        };
        for member in extend.members {
            if let Member::Field(field) = &member {
                let same = record.item.members.iter().any(|known| matches!(known, Member::Field(known) | Member::When(known) if known.name.text == field.name.text));
                if same {
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

/// The problem of a part of the language that this version reads but does not run.
pub fn not_supported(unsupported: &tree::Unsupported) -> Problem {
    later(unsupported.span, &format!("{} is", unsupported.what))
}

/// The same for `what` with its verb, as "a window in a running level is".
pub fn later(span: Span, what: &str) -> Problem {
    Problem::error("not-supported", span, format!("{what} not supported yet"))
        .help("this version of Meed reads it but cannot run it; take it out for now")
}
