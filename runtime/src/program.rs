//! The door for programs that embed Meed: compile the text, load tables, settle, take what is paid.

use crate::engine::options::{Engine, RunOptions};
use crate::engine::result::{RunError, RunResult};
use crate::engine::settle::run;
use crate::explain::answer::explain;
use crate::explain::query::{Answer, ExplainError, Query};
use crate::load::error::LoadError;
use crate::load::load;
use crate::load::options::LoadOptions;
use crate::load::through::{Unsaid, unsaid};
use crate::manifest::Counts;
use crate::output::arrow::ArrowSink;
use crate::output::batch::{Header, Sink};
use crate::pay::account::account;
use crate::pay::columns::{payments_header, totals_header};
use crate::pay::credits::{credits_header, uncredited_header};
use crate::pay::decisions::decisions_header;
use crate::pay::differences::differences_header;
use crate::pay::held::held_header;
use crate::pay::movements::movements_header;
use crate::pay::sinks::Sinks;
use crate::pay::write::{
    write, write_credits, write_decisions, write_differences, write_held, write_movements, write_uncredited,
};
use crate::quotes::{QuoteError, Quotes};
use crate::source::file::{SourceFile, TableInput};
use crate::store::loaded::Loaded;
use crate::store::rejects::{Reject, Rejects};
use arrow_array::RecordBatch;
use meed_compiler::Sources;
use meed_compiler::plan::{Plan, RecordId, RecordTable};
use meed_grammar::foreign::{escaped, shown};
use meed_grammar::problem::Problem;
use std::io;
use std::num::NonZero;

/// A compiled program; it can settle any number of times.
#[derive(Debug)]
pub struct Program {
    plan: Plan,
    text: String,
    warnings: Vec<Problem>,
}

/// The tables of a program, in order and linked.
#[derive(Debug)]
pub struct Tables<'p> {
    program: &'p Program,
    loaded: Loaded,
    through: i32,
    /// Whether the day was said.
    is_said: bool,
}

/// What a program pays for its tables.
#[derive(Debug)]
pub struct Settled<'t> {
    plan: &'t Plan,
    loaded: &'t Loaded,
    result: RunResult,
}

/// How a program is settled.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SettleOptions {
    /// Which engine does the rows; what is paid is the same.
    pub engine: Engine,
    /// How many threads may do rules; unsaid, one. What is paid is the same.
    pub threads: Option<NonZero<usize>>,
    /// Whether the accepted rows are settled where others are rejected. Unsaid, one rejected row is an error: what is paid
    /// without it is not what the tables say.
    pub without_rejected: bool,
}

/// Why a program pays nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The text has errors; warnings are among them.
    #[error("{}", in_words(.0))]
    Problems(Vec<Problem>),
    /// A table of what has no table in the program.
    #[error("the program has no record `{}` with a table of its own", shown(.0))]
    UnknownTable(String),
    /// A file or column that is needed cannot be had at all.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Rows that cannot be taken, and the first cell that is why.
    #[error("{n_rows} {} rejected: {}, row {}, column `{}`: {}", rows_are(*n_rows), shown(&first.file), first.row, shown(&first.column), escaped(&first.reason))]
    Rejected {
        /// How many rows.
        n_rows: u64,
        /// The first rejected cell.
        first: Reject,
    },
    /// The tables end before a period of a rule begins, and it was not said through which day is settled: see
    /// [`LoadOptions::through`].
    #[error("through which day? rule `{}` takes {} and what follows as ended", .0.rule, .0.first)]
    MissingThrough(Unsaid),
    /// No quote can be given.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// A row that no amount can be given for, or rows that cannot be kept.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    /// [`ProgramError::Problems`].
    pub fn compile(text: &str) -> Result<Self, ProgramError> {
        Self::compile_with(text, &[])
    }

    /// Compiles a program with other values of parameters, as written in Meed: `("bounty", "$700")`.
    ///
    /// # Errors
    /// [`ProgramError::Problems`].
    pub fn compile_with(text: &str, parameters: &[(&str, &str)]) -> Result<Self, ProgramError> {
        Self::compile_files(&Sources::alone("program", text), parameters)
    }

    /// Compiles a program that takes in other files with `use "terms.meed"`, gathered by [`Sources::gather`]. The places of
    /// problems are places in [`Sources::text`], and [`Sources::shown`] tells which file each is in.
    ///
    /// ```
    /// use meed_runtime::{Program, Sources};
    ///
    /// let program = r#"
    /// program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
    /// use "terms.meed"
    /// rule bonus { for each deal   pay partner rate of amount }
    /// "#;
    /// let terms = "use channel\nparameter rate = 2%\n";
    /// let sources = Sources::gather("program.meed", program, |name| match name {
    ///     "terms.meed" => Ok(terms.to_owned()),
    ///     _ => Err("there is no such file".to_owned()),
    /// });
    /// assert!(Program::compile_files(&sources, &[]).is_ok());
    /// ```
    ///
    /// # Errors
    /// [`ProgramError::Problems`].
    pub fn compile_files(sources: &Sources, parameters: &[(&str, &str)]) -> Result<Self, ProgramError> {
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let compiled = meed_compiler::compile_sources(sources, &parameters);
        match compiled.plan {
            Some(plan) => Ok(Self { plan, text: sources.text().to_owned(), warnings: compiled.problems }),
            None => Err(ProgramError::Problems(compiled.problems)),
        }
    }

    /// What may be a mistake in the text.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Loads tables by the names of their records, to settle through the program's last day. Several tables of one record
    /// are one table.
    ///
    /// # Errors
    /// [`ProgramError::UnknownTable`] and [`ProgramError::Load`]. Rows that cannot be taken are in [`Tables::rejects`].
    pub fn load<N: AsRef<str>, T: Into<SourceFile>>(
        &self,
        tables: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Tables<'_>, ProgramError> {
        let through = self.plan.active.to;
        let loaded = load(&self.plan, self.inputs(tables)?, &LoadOptions::through(through))?;
        Ok(Tables { program: self, loaded, through, is_said: false })
    }

    /// The same, through a day that is said, with the say on memory and on where rows beyond it may go.
    ///
    /// # Errors
    /// As [`Program::load`].
    pub fn load_with<N: AsRef<str>, T: Into<SourceFile>>(
        &self,
        tables: impl IntoIterator<Item = (N, T)>,
        options: &LoadOptions<'_>,
    ) -> Result<Tables<'_>, ProgramError> {
        let loaded = load(&self.plan, self.inputs(tables)?, options)?;
        Ok(Tables { program: self, loaded, through: options.through, is_said: true })
    }

    fn inputs<N: AsRef<str>, T: Into<SourceFile>>(
        &self,
        tables: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Vec<TableInput>, ProgramError> {
        let mut inputs: Vec<TableInput> = Vec::new();
        for (name, file) in tables {
            let (name, mut file) = (name.as_ref(), file.into());
            let known = (0..).map(RecordId).zip(&self.plan.records);
            let mut known =
                known.filter(|(_, record)| record.name == name && matches!(record.source, RecordTable::Table(_)));
            let Some((record, _)) = known.next() else { return Err(ProgramError::UnknownTable(name.to_owned())) };
            if file.name.is_empty() {
                name.clone_into(&mut file.name);
            }
            match inputs.iter_mut().find(|input| input.record == record) {
                Some(input) => input.files.push(file),
                None => inputs.push(TableInput { record, files: vec![file] }),
            }
        }
        Ok(inputs)
    }
}

impl Tables<'_> {
    /// The cells that made rows be rejected.
    pub fn rejects(&self) -> &Rejects {
        &self.loaded.rejects
    }

    /// Whether the options take the tables without the rows that are rejected, if some are.
    fn takes_rejected(&self, options: SettleOptions) -> Result<(), ProgramError> {
        match self.loaded.rejects.first() {
            Some(first) if !options.without_rejected => {
                let n_rows = self.loaded.counts.iter().map(|counts| counts.rejected).sum();
                Err(ProgramError::Rejected { n_rows, first: first.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Settles the program.
    ///
    /// # Errors
    /// [`ProgramError::Rejected`], [`ProgramError::MissingThrough`] and [`ProgramError::Run`].
    pub fn settle(&mut self, options: SettleOptions) -> Result<Settled<'_>, ProgramError> {
        let plan = &self.program.plan;
        self.takes_rejected(options)?;
        if let (Some(unsaid), false) = (unsaid(plan, &self.loaded), self.is_said) {
            return Err(ProgramError::MissingThrough(unsaid));
        }
        let threads = options.threads.unwrap_or(NonZero::<usize>::MIN);
        let run_options = RunOptions { engine: options.engine, threads, ..RunOptions::through(self.through) };
        let result = run(plan, &mut self.loaded, &run_options, None)?;
        Ok(Settled { plan, loaded: &self.loaded, result })
    }

    /// Settles the tables once, and answers quotes of an event one after the other: see [`Quotes::quote`].
    ///
    /// ```
    /// use arrow_array::{BooleanArray, RecordBatch, StringArray};
    /// use meed_runtime::{LoadOptions, Program, SettleOptions};
    /// use std::sync::Arc;
    ///
    /// let program = Program::compile(r#"
    /// program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
    /// use channel
    /// rule fee { for each deal   where registered   pay partner 2% of amount   at most $30 per partner per quarter }
    /// "#)?;
    /// let text = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as arrow_array::ArrayRef;
    /// let deals = RecordBatch::try_from_iter([
    ///     ("id", text(&["D1"])),
    ///     ("closed_on", text(&["2026-02-01"])),
    ///     ("partner", text(&["ACME"])),
    ///     ("amount", text(&["1000.00"])),
    ///     ("registered", Arc::new(BooleanArray::from(vec![true])) as arrow_array::ArrayRef),
    /// ])?;
    /// let mut tables = program.load([("deal", deals)])?;
    /// let mut quotes = tables.quotes("deal", SettleOptions::default())?;
    /// quotes.quote(&[("partner", "ACME"), ("closed_on", "2026-02-10"), ("amount", "700.50"), ("registered", "yes")])?;
    /// let paid: Vec<String> = quotes.lines().map(|line| format!("{} {}", line.rule, line.text())).collect();
    /// assert_eq!(paid, ["fee 10.00"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Quotes`] says, and where the tables have rejected rows that the options do not leave out.
    pub fn quotes(&mut self, event: &str, options: SettleOptions) -> Result<Quotes<'_>, ProgramError> {
        self.takes_rejected(options)?;
        let run_options = RunOptions { engine: options.engine, ..RunOptions::through(self.through) };
        Ok(Quotes::new(&self.program.plan, &mut self.loaded, &run_options, event)?)
    }

    /// Says in sentences why rows are paid what they are paid, or nothing.
    ///
    /// # Errors
    /// What is asked for is not there, rows are not all held in memory, or the run meets a fault.
    pub fn explain(&mut self, query: &Query) -> Result<Answer, ExplainError> {
        explain(&self.program.plan, &self.program.text, &mut self.loaded, self.through, query)
    }
}

impl Settled<'_> {
    /// The payments, one row for each line.
    ///
    /// # Errors
    /// When lines cannot be read back.
    pub fn payments(&self) -> io::Result<Vec<RecordBatch>> {
        arrow(self.payments_header(), |sink| self.write_to(Sinks { payments: Some(sink), ..Sinks::default() }))
    }

    /// Sums of the payments by rule, payee and period.
    ///
    /// # Errors
    /// When lines cannot be read back.
    pub fn totals(&self) -> io::Result<Vec<RecordBatch>> {
        arrow(self.totals_header(), |sink| self.write_totals(sink))
    }

    /// What rules decided.
    ///
    /// # Errors
    /// When decisions cannot be read back.
    pub fn decisions(&self) -> io::Result<Vec<RecordBatch>> {
        arrow(self.decisions_header(), |sink| self.write_decisions(sink))
    }

    /// What rows found by splits are credited with; none where no rule divides among rows found.
    ///
    /// # Errors
    /// When credits cannot be read back.
    pub fn credits(&self) -> io::Result<Vec<RecordBatch>> {
        let Some(header) = credits_header(self.plan) else { return Ok(Vec::new()) };
        arrow(header, |sink| write_credits(self.plan, self.loaded, &self.result, sink))
    }

    /// Parts of splits that nobody gets; none where no rule divides anything.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn uncredited(&self) -> io::Result<Vec<RecordBatch>> {
        let Some(header) = uncredited_header(self.plan) else { return Ok(Vec::new()) };
        arrow(header, |sink| write_uncredited(self.plan, self.loaded, &self.result, sink))
    }

    /// What later closes changed of sums that earlier ones had settled; none where the program is not settled at the ends of periods.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn differences(&self) -> io::Result<Vec<RecordBatch>> {
        let Some(header) = differences_header(self.plan) else { return Ok(Vec::new()) };
        arrow(header, |sink| write_differences(self.plan, self.loaded, &self.result, sink))
    }

    /// The payments that are still held; none where no rule holds any.
    ///
    /// # Errors
    /// When they cannot be read back.
    pub fn held(&self) -> io::Result<Vec<RecordBatch>> {
        let Some(header) = held_header(self.plan) else { return Ok(Vec::new()) };
        arrow(header, |sink| write_held(self.plan, self.loaded, &self.result, sink))
    }

    /// How balances changed; none where the program has none.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn movements(&self) -> io::Result<Vec<RecordBatch>> {
        let Some(header) = movements_header(self.plan) else { return Ok(Vec::new()) };
        arrow(header, |sink| write_movements(self.plan, self.loaded, &self.result, sink))
    }

    /// How the rows of events ended: over all rules, then rule by rule. The other numbers add up to those read.
    pub fn account(&self) -> Vec<Counts> {
        account(self.plan, self.loaded, &self.result)
    }

    /// Hands payments and totals on, batch by batch; no table is ever held whole.
    ///
    /// # Errors
    /// What a sink meets, or that lines cannot be read back.
    pub fn write(&self, payments: &mut dyn Sink, totals: &mut dyn Sink) -> io::Result<()> {
        self.write_to(Sinks { payments: Some(payments), totals: Some(totals), ..Sinks::default() })
    }

    /// Hands the sums of payments alone on, batch by batch, which is quicker than with the payments.
    ///
    /// # Errors
    /// What the sink meets, or that lines cannot be read back.
    pub fn write_totals(&self, totals: &mut dyn Sink) -> io::Result<()> {
        self.write_to(Sinks { totals: Some(totals), ..Sinks::default() })
    }

    fn write_to(&self, mut sinks: Sinks<'_>) -> io::Result<()> {
        write(self.plan, self.loaded, &self.result, &mut sinks)
    }

    /// Hands decisions on, batch by batch.
    ///
    /// # Errors
    /// What the sink meets, or that decisions cannot be read back.
    pub fn write_decisions(&self, sink: &mut dyn Sink) -> io::Result<()> {
        write_decisions(self.plan, self.loaded, &self.result, sink)
    }

    /// The columns of payments.
    pub fn payments_header(&self) -> Header {
        payments_header(self.plan, &self.result)
    }

    /// The columns of totals.
    pub fn totals_header(&self) -> Header {
        totals_header(self.plan)
    }

    /// The columns of decisions.
    pub fn decisions_header(&self) -> Header {
        decisions_header()
    }
}

/// What is written to a sink, as Arrow.
fn arrow(header: Header, write: impl FnOnce(&mut dyn Sink) -> io::Result<()>) -> io::Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    let mut sink = ArrowSink::new(header, |batch| {
        batches.push(batch);
        Ok(())
    });
    write(&mut sink)?;
    Ok(batches)
}

/// The first error of a program, and how many more there are.
fn in_words(problems: &[Problem]) -> String {
    let mut errors = problems.iter().filter(|problem| problem.is_error());
    match (errors.next(), errors.count()) {
        (Some(first), 0) => first.message.clone(),
        (Some(first), n_more) => format!("{} (and {n_more} more)", first.message),
        (None, _) => "the program cannot run".to_owned(),
    }
}

fn rows_are(n_rows: u64) -> &'static str {
    if n_rows == 1 { "row is" } else { "rows are" }
}
