//! The formats in which tables are written.

use meed_runtime::inner::output::{CsvSink, Formulas, Header, JsonLinesSink, ParquetSink, Sink};
use std::io::{self, Write};

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values
    Csv,
    /// Parquet
    Parquet,
    /// One JSON object for each row
    Jsonl,
}

impl Format {
    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }

    /// Begins a table in this format; what becomes of cells that begin like formulas matters in CSV alone.
    pub fn sink<W: Write + Send + 'static>(
        self,
        header: Header,
        target: W,
        formulas: Formulas,
    ) -> io::Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Csv => Box::new(CsvSink::with_formulas(header, target, formulas)?),
            Self::Parquet => Box::new(ParquetSink::new(header, target)?),
            Self::Jsonl => Box::new(JsonLinesSink::new(header, target)),
        })
    }
}
