//! `meed show plan [PROGRAM]`, `meed show tree [PROGRAM]` and `meed show phases [PROGRAM]`: a program as it is compiled, as it is read and as
//! its work may be cut, for people and for other programs.

use crate::ExitStatus;
use crate::draw::{self, Messages};
use crate::plan;
use crate::project;
use meed_compiler::plan::Plan;
use meed_compiler::{LibraryTree, Sources, Trees, trees};
use meed_grammar::tree::{Item, RecordKind};
use std::path::PathBuf;

/// Show a program as Meed has read it.
#[derive(clap::Args)]
pub struct Show {
    #[command(subcommand)]
    what: What,
}

/// What can be shown.
#[derive(clap::Subcommand)]
enum What {
    Plan(ShownPlan),
    Tree(Tree),
    Phases(Phases),
}

/// Show the tree of a program and of its libraries: what is written, before any name has a meaning
#[derive(clap::Args)]
struct Tree {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here or around
    program: Option<PathBuf>,
    /// The whole tree as JSON, with the place of everything; without it the items alone
    #[arg(long)]
    json: bool,
}

/// Show what a program means, step by step
#[derive(clap::Args)]
struct ShownPlan {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here or around
    program: Option<PathBuf>,
}

/// Show into which parts the work of a program may be cut: for each rule its phases, which rows stay together, and what is read
#[derive(clap::Args)]
struct Phases {
    /// The program, a `.meed` file or a folder with a `meed.toml`; without it the project here or around
    program: Option<PathBuf>,
}

impl Show {
    pub fn run(self, messages: Messages) -> ExitStatus {
        match self.what {
            What::Plan(plan) => plan.run(messages),
            What::Tree(tree) => tree.run(messages),
            What::Phases(phases) => phases.run(messages),
        }
    }
}

impl ShownPlan {
    fn run(self, messages: Messages) -> ExitStatus {
        plan::print(self.program.as_deref(), Plan::to_text, messages)
    }
}

impl Phases {
    fn run(self, messages: Messages) -> ExitStatus {
        plan::print(self.program.as_deref(), Plan::phases_text, messages)
    }
}

impl Tree {
    fn run(self, messages: Messages) -> ExitStatus {
        let program = match project::program(self.program.as_deref(), &[], messages) {
            Ok(program) => program,
            Err(status) => return status,
        };
        let trees = match trees(&program.sources) {
            Ok(trees) => trees,
            Err(problems) => {
                program.tell(&problems, messages);
                return ExitStatus::Program;
            }
        };
        let shown =
            if self.json { serde_json::json!(trees).to_string() + "\n" } else { outline(&trees, &program.sources) };
        draw::print_all(&shown, messages)
    }
}

/// The items, one a line: of the program with their lines, of other files and of libraries with their names.
fn outline(trees: &Trees, sources: &Sources) -> String {
    let mut shown = String::new();
    let mut within = 0;
    for item in &trees.program.items {
        let at = item.place().start;
        let file = sources.file_at(at);
        if file != within {
            within = file;
            if let Some(file) = sources.files().get(file) {
                shown += &format!("{}\n", file.name);
            }
        }
        shown += &format!("{:>5}  {}\n", sources.line_at(at), heading(item));
    }
    for LibraryTree { name, file } in &trees.libraries {
        for item in &file.items {
            shown += &format!("{name:>5}  {}\n", heading(item));
        }
    }
    shown
}

/// An item in a few words.
fn heading(item: &Item) -> String {
    let several = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    match item {
        Item::Program(program) => format!("program {}", program.name.text),
        Item::Use(name) => format!("use {}", name.text),
        Item::UseFile(file) => format!("use {:?}", file.value),
        Item::Extend(extend) => format!("extend {}, {}", extend.record.text, several(extend.members.len(), "member")),
        Item::Record(record) => {
            let kind = match record.kind {
                RecordKind::Entity => "entity",
                RecordKind::Event => "event",
            };
            format!("{kind} {}, {}", record.name.text, several(record.members.len(), "member"))
        }
        Item::Source(source) => format!("source {}, {}", source.record.text, several(source.fields.len(), "field")),
        Item::Kind(kind) => format!("kind {}, {}", kind.name.text, several(kind.values.len(), "value")),
        Item::Rates(rates) => format!("rates {}", rates.name.text),
        Item::Unit(unit) => format!("unit {}", unit.name.text),
        Item::Calendar(calendar) => {
            format!("calendar {}, {}", calendar.name.text, several(calendar.columns.len(), "column"))
        }
        Item::Schedule(schedule) => {
            format!("schedule {}, {}", schedule.name.text, several(schedule.bands.len(), "band"))
        }
        Item::Table(table) => format!("table {}", table.name.text),
        Item::Parameter(parameter) => format!("parameter {}", parameter.name.text),
        Item::Rule(rule) => format!("rule {}, {}", rule.name.text, several(rule.clauses.len(), "clause")),
        Item::Choose(choose) => format!("choice between {}", several(choose.rules.len(), "rule")),
        Item::Test(test) => format!("test {:?}, {}", test.title.value, several(test.steps.len(), "line")),
        Item::Balance(balance) => format!("balance {}", balance.name.text),
        Item::SharedLimit(limit) => format!("limit {} over {}", limit.name.text, several(limit.over.len(), "rule")),
        Item::Damaged(damaged) => format!("not read: {}", damaged.keyword),
    }
}
