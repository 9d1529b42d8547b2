//! From tables to payments.

#![expect(clippy::result_large_err, reason = "an error ends the run, it is made once")]

mod decode;
mod engine;
mod explain;
mod keys;
mod load;
pub mod manifest;
mod output;
mod pay;
mod source;
mod store;
mod suite;

/// What this repository's command line, tests and benchmarks take beside the door. It changes from day to day.
#[doc(hidden)]
pub mod inner {
    pub mod engine {
        pub use crate::engine::counts::Counts;
        pub use crate::engine::lines::{LineRows, Lines};
        pub use crate::engine::options::{Engine, Observer, RunOptions};
        pub use crate::engine::result::{RunError, RunFault, RunResult};
        pub use crate::engine::run::run;
    }
    pub mod explain {
        pub use crate::explain::answer::explain;
        pub use crate::explain::query::{Answer, ExplainError, ExplainStep, Explanation, Query};
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
        pub use crate::output::batch::{Batch, Cells, Header, Kind, Sink, Texts};
        pub use crate::output::csv::CsvSink;
        pub use crate::output::formula::Formulas;
        pub use crate::output::jsonl::JsonLinesSink;
        pub use crate::output::parquet::ParquetSink;
        pub use crate::output::sheet::Sheet;
    }
    pub mod pay {
        pub use crate::pay::columns::{payments_header, slices_header, totals_header};
        pub use crate::pay::decisions::decisions_header;
        pub use crate::pay::sinks::Sinks;
        pub use crate::pay::slices::Slices;
        pub use crate::pay::write::{decisions, payments, slices, totals, write, write_decisions};
    }
    pub mod source {
        pub use crate::source::error::SourceError;
        pub use crate::source::file::{Content, SourceFile, StreamFormat, TableInput};
    }
    pub mod store {
        pub use crate::store::error::StoreError;
        pub use crate::store::loaded::{Loaded, RowCounts};
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
