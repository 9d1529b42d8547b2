//! What one case means: the program, the parameters and tables of its runs, and what is expected of them.

use crate::page::{Block, Case, Page};
use crate::table::Table;
use meed_compiler::{Compiled, Sources};

/// A case, put together from its own blocks and those that its page gives to all.
#[derive(Debug, Default)]
pub struct Setup<'p> {
    /// The program.
    pub program: String,
    /// Parameters set for its runs.
    pub overrides: Vec<(String, String)>,
    /// Tables by the name of their record.
    pub tables: Vec<(String, Table)>,
    /// Sheets of decision tables by the names of their files.
    pub sheets: Vec<(String, String)>,
    /// What is expected.
    pub expectations: Vec<Expectation<'p>>,
}

/// An expected block.
#[derive(Debug)]
pub struct Expectation<'p> {
    /// The block.
    pub block: &'p Block,
    /// What it holds.
    pub kind: Kind,
    /// Only the rows of this rule, or in decisions those of this name.
    pub of: Option<String>,
    /// The last day of the run, where it is not the program's.
    pub through: Option<String>,
}

/// What an expected block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Payment lines.
    Payments,
    /// Totals by rule, payee and period.
    Totals,
    /// The parts of lines.
    Slices,
    /// Decisions.
    Decisions,
    /// What rows found by splits are credited with.
    Credits,
    /// Parts of splits that nobody gets.
    Uncredited,
    /// Sums of earlier periods that closes changed.
    Differences,
    /// Payments that are still held.
    Held,
    /// Changes of balances.
    Movements,
    /// What became of the rows, by event.
    Accounts,
    /// How often schedules were asked below zero.
    BelowZero,
    /// Rejected cells.
    Rejects,
    /// Problems of the program, of its tables, or a fault of the run.
    Error,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "payments" => Self::Payments,
            "totals" => Self::Totals,
            "slices" => Self::Slices,
            "decisions" => Self::Decisions,
            "credits" => Self::Credits,
            "uncredited" => Self::Uncredited,
            "differences" => Self::Differences,
            "held" => Self::Held,
            "movements" => Self::Movements,
            "accounts" => Self::Accounts,
            "below-zero" => Self::BelowZero,
            "rejects" => Self::Rejects,
            "error" => Self::Error,
            _ => return None,
        })
    }

    /// The column that `of` filters.
    pub fn filtered(self) -> &'static str {
        match self {
            Self::Payments | Self::Totals | Self::Slices | Self::Error => "rule",
            Self::Decisions => "name",
            Self::Accounts => "event",
            Self::BelowZero | Self::Credits | Self::Uncredited | Self::Differences | Self::Held => "rule",
            Self::Movements => "balance",
            Self::Rejects => "record",
        }
    }
}

impl<'p> Setup<'p> {
    /// Puts a case together.
    ///
    /// # Errors
    /// In words, when a block cannot be understood.
    pub fn new(page: &'p Page, case: &'p Case) -> Result<Self, String> {
        let mut setup = Self::default();
        let alone = case.blocks.iter().any(|block| block.words == ["meed", "alone"]);
        for block in page.preamble.iter().filter(|block| !alone || block.kind() != "meed").chain(&case.blocks) {
            setup.take(block).map_err(|error| format!("block `{}`: {error}", block.words.join(" ")))?;
        }
        Ok(setup)
    }

    /// Compiles a program with the sheets of the case beside it.
    pub fn compile(&self, program: &str, overrides: &[(String, String)]) -> Compiled {
        let sheet = |name: &str| {
            let known = self.sheets.iter().find(|(known, _)| known == name);
            known.map(|(_, text)| text.clone()).ok_or_else(|| "there is no such file".to_owned())
        };
        meed_compiler::compile_sources(&Sources::gather("program", program, sheet), overrides)
    }

    fn take(&mut self, block: &'p Block) -> Result<(), String> {
        let name = || block.words.get(1).cloned().ok_or_else(|| "of what?".to_owned());
        match block.kind() {
            "meed" => {
                if !self.program.is_empty() {
                    self.program += "\n";
                }
                self.program += &block.text;
            }
            "rows" => {
                let name = name()?;
                self.tables.retain(|(known, _)| *known != name);
                self.tables.push((name, Table::read(&block.text)?));
            }
            "sheet" => self.sheets.push((name()?, block.text.clone())),
            "set" => {
                for line in block.text.lines() {
                    let (name, value) = line.split_once('=').ok_or_else(|| format!("`{line}` has no `=`"))?;
                    self.overrides.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            "text" | "published" => {}
            word => {
                let kind = Kind::of(word).ok_or("there is no such block")?;
                let mut expectation = Expectation { block, kind, of: None, through: None };
                let mut words = block.words[1..].iter();
                while let Some(word) = words.next() {
                    match word.as_str() {
                        "through" => expectation.through = words.next().cloned(),
                        name => expectation.of = Some(name.to_owned()),
                    }
                }
                self.expectations.push(expectation);
            }
        }
        Ok(())
    }
}
