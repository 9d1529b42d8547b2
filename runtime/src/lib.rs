//! From tables to payments.
//!
//! A program that embeds Meed compiles the text once, hands tables over as Arrow batches or files, and takes what is paid:
//!
//! ```
//! use arrow_array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringArray};
//! use meed_runtime::{Program, SettleOptions};
//! use std::sync::Arc;
//!
//! let text = r#"
//!     program tiny { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
//!     use channel
//!     rule two_percent { for each deal  where registered  pay partner 2% of amount }
//! "#;
//! let deals = RecordBatch::try_from_iter([
//!     ("id", Arc::new(StringArray::from(vec!["D1", "D2"])) as ArrayRef),
//!     ("closed_on", Arc::new(Date32Array::from(vec![20_500, 20_501]))),
//!     ("partner", Arc::new(StringArray::from(vec!["ACME", "ACME"]))),
//!     ("amount", Arc::new(Decimal128Array::from(vec![100_025, 900_000]).with_precision_and_scale(12, 2)?)),
//!     ("registered", Arc::new(BooleanArray::from(vec![true, false]))),
//! ])?;
//!
//! let program = Program::compile(text)?;
//! let mut tables = program.load([("deal", deals)])?;
//! let settled = tables.settle(SettleOptions::default())?;
//! let payments: Vec<RecordBatch> = settled.payments()?;
//! let account = settled.account();
//! # assert_eq!(payments.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
//! # assert_eq!((account[0].read, account[0].paid, account[0].not_matched), (2, 1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows that cannot be taken stop the settlement unless [`SettleOptions::without_rejected`] sets them aside;
//! [`Tables::rejects`] tells each. Many rows need no more memory where [`LoadOptions::spill`] names a folder, and tables of
//! any length go to a [`Sink`] batch by batch.
//!
//! What is named here and in [`manifest`], the format of `run.json`, is meant to stay. The hidden module `inner` is what the
//! command line, the tests and the benchmarks of this repository take beside it; it changes without notice.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

mod decode;
mod earlier;
mod engine;
mod explain;
mod keys;
mod load;
pub mod manifest;
mod output;
mod pay;
mod program;
mod quotes;
mod source;
mod store;
mod suite;

pub use engine::options::Engine;
pub use engine::result::{RunError, RunFault};
pub use explain::query::{Answer, ExplainError, ExplainStep, Explanation, Query};
pub use load::error::LoadError;
pub use load::options::LoadOptions;
pub use load::through::Unsaid;
pub use meed_compiler::{Shown, SourceText, Sources};
pub use meed_grammar::problem::Problem;
pub use output::arrow::ArrowSink;
pub use output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
pub use output::csv::CsvSink;
pub use output::formula::Formulas;
pub use output::jsonl::JsonLinesSink;
pub use output::parquet::ParquetSink;
pub use output::sheet::Sheet;
pub use output::thread::ThreadSink;
pub use program::{Program, ProgramError, SettleOptions, Settled, Tables};
pub use quotes::{QuoteError, QuoteLine, Quotes};
pub use source::Packing;
pub use source::error::SourceError;
pub use source::file::{Content, SourceFile, StreamFormat};
pub use store::error::StoreError;
pub use store::rejects::{MOST_HELD, Reject, Rejects};
pub use store::spill::Spill;
pub use store::unreadable::Unreadable;

/// What this repository's command line, tests and benchmarks take beside the door. It changes from day to day.
#[doc(hidden)]
pub mod inner {
    pub mod earlier {
        pub use crate::earlier::{
            Accrued, Before, Compared, Difference, EarlierError, EarlierRun, EarlierRuns, Line, Reason, Room, RunLines,
            Subject, fields_in_digests, read_payments,
        };
    }
    pub mod engine {
        pub use crate::engine::counts::Counts;
        pub use crate::engine::lines::{LineRows, Lines};
        pub use crate::engine::options::{Engine, Observer, RunOptions};
        pub use crate::engine::result::{RunError, RunFault, RunResult};
        pub use crate::engine::settle::run;
    }
    pub mod explain {
        pub use crate::explain::answer::explain;
        pub use crate::explain::query::{Answer, ExplainError, ExplainStep, Explanation, Query};
        pub use crate::explain::quote::{Quote, QuotedDecision, QuotedPayment, quote};
    }
    pub mod keys {
        pub use crate::keys::columns::Keys;
        pub use crate::keys::component::KeyComponent;
        pub use crate::keys::dictionary::Dictionary;
    }
    pub mod load {
        pub use crate::load::error::LoadError;
        pub use crate::load::load;
        pub use crate::load::options::LoadOptions;
        pub use crate::load::read::Read;
        pub use crate::load::through::{Unsaid, unsaid};
    }
    pub mod output {
        pub use crate::output::arrow::ArrowSink;
        pub use crate::output::batch::{Amounts, Batch, Cells, Header, Kind, Sink, Texts};
        pub use crate::output::csv::{CsvSink, CsvStyle};
        pub use crate::output::dialect::CsvDialect;
        pub use crate::output::formula::Formulas;
        pub use crate::output::ipc::IpcSink;
        pub use crate::output::jsonl::JsonLinesSink;
        pub use crate::output::parquet::ParquetSink;
        pub use crate::output::sheet::Sheet;
        pub use crate::output::thread::ThreadSink;
        pub use crate::output::xlsx::XlsxSink;
    }
    pub mod pay {
        pub use crate::pay::account::{account, rule_totals, sums_of};
        pub use crate::pay::columns::{payments_header, slices_header, totals_header};
        pub use crate::pay::credits::{credits_header, uncredited_header};
        pub use crate::pay::decisions::decisions_header;
        pub use crate::pay::differences::differences_header;
        pub use crate::pay::held::held_header;
        pub use crate::pay::movements::movements_header;
        pub use crate::pay::payees::{PaidPayee, PayeeSums};
        pub use crate::pay::sinks::Sinks;
        pub use crate::pay::slices::Slices;
        pub use crate::pay::write::{
            credits, decisions, differences, held, movements, payments, slices, totals, uncredited, write,
            write_credits, write_decisions, write_differences, write_held, write_movements, write_uncredited,
        };
    }
    pub mod source {
        pub use crate::source::database::{DatabaseFault, DatabaseTable, without_password};
        pub use crate::source::error::SourceError;
        pub use crate::source::file::{Content, SourceFile, StreamFormat, TableInput};
        pub use crate::source::workbook::{Workbook, as_csv};
    }
    pub mod store {
        pub use crate::store::error::StoreError;
        pub use crate::store::loaded::{LeftOutRows, Loaded, RowCounts};
        pub use crate::store::rejects::{MOST_HELD, Reject, Rejects};
        pub use crate::store::spill::Spill;
        pub use crate::store::unreadable::Unreadable;
    }
    pub mod suite {
        pub use crate::suite::coverage::{Coverage, Unreached};
        pub use crate::suite::failure::{Failure, Files};
        pub use crate::suite::run::{run_both, run_test};
    }
}
