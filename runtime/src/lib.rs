//! From tables to payments.
//!
//! `files -> load -> tables -> engine -> lines -> ledger -> payments`. This room decides nothing of what a program
//! means: it follows the Plan.
//!
//! A program that embeds Meed compiles the text once, hands tables over as files or Arrow batches, and takes the
//! payments as Arrow batches (or through any other [`table::Sink`]):
//!
//! ```
//! use arrow_array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringArray};
//! use meed_runtime::engine::{RunOptions, run};
//! use meed_runtime::ledger::{self, Sinks};
//! use meed_runtime::load::{Content, LoadOptions, SourceFile, TableInput, load};
//! use meed_runtime::table::ArrowSink;
//! use std::sync::Arc;
//!
//! let program = r#"
//!     program tiny { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
//!     use channel
//!     rule two_percent { for each deal  where registered  pay partner 2% of amount }
//! "#;
//! let plan = meed_compiler::compile(program, &[]).plan.expect("the program has no errors");
//! let days = Date32Array::from(vec![20_500, 20_501]);
//! let amounts = Decimal128Array::from(vec![100_025, 900_000]).with_precision_and_scale(12, 2)?;
//! let deals = RecordBatch::try_from_iter([
//!     ("id", Arc::new(StringArray::from(vec!["D1", "D2"])) as ArrayRef),
//!     ("closed_on", Arc::new(days)),
//!     ("partner", Arc::new(StringArray::from(vec!["ACME", "ACME"]))),
//!     ("amount", Arc::new(amounts)),
//!     ("registered", Arc::new(BooleanArray::from(vec![true, false]))),
//! ])?;
//! let deal = plan.record_named("deal").expect("the library has deals");
//! let file = SourceFile { name: "deals".to_owned(), content: Content::Batches(vec![deals]) };
//! let through = plan.active.to;
//! let mut loaded =
//!     load(&plan, vec![TableInput { record: deal, files: vec![file] }], &LoadOptions::through(through))?;
//! assert!(loaded.rejects.is_empty());
//! let result = run(&plan, &mut loaded, &RunOptions::through(through), None)?;
//! let (mut payments, mut totals) = (Vec::new(), Vec::new());
//! ledger::write(&plan, &loaded, &result, &mut Sinks {
//!     payments: &mut ArrowSink::new(ledger::payments_header(&plan, &result), |batch| Ok(payments.push(batch))),
//!     totals: &mut ArrowSink::new(ledger::totals_header(&plan), |batch| Ok(totals.push(batch))),
//!     slices: None,
//! })?;
//! assert_eq!(payments.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

mod columns;
pub mod engine;
pub mod explain;
pub mod keys;
pub mod ledger;
pub mod load;
pub mod manifest;
pub mod scratch;
pub mod suite;
pub mod table;
pub mod through;
mod words;
