//! The formats in which tables are written.

use meed_runtime::inner::output::{
    CsvSink, CsvStyle, Header, IpcSink, JsonLinesSink, ParquetSink, Sink, ThreadSink, XlsxSink,
};
use std::io::{self, Write};
use std::num::NonZero;

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values
    Csv,
    /// Parquet
    Parquet,
    /// One JSON object for each row
    Jsonl,
    /// Arrow IPC files
    Arrow,
    /// Workbooks, for at most 1,048,575 rows a table
    Xlsx,
}

impl Format {
    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrow",
            Self::Xlsx => "xlsx",
        }
    }

    /// Begins a table in this format, written by a thread of its own where there may be several; a style
    /// matters in CSV alone.
    pub fn sink<W: Write + Send + 'static>(
        self,
        header: Header,
        target: W,
        style: CsvStyle,
        threads: NonZero<usize>,
    ) -> io::Result<Box<dyn Sink>> {
        Ok(match self {
            Self::Csv => by(threads, CsvSink::with_style(header, target, style)?),
            Self::Parquet => by(threads, ParquetSink::new(header, target)?),
            Self::Jsonl => by(threads, JsonLinesSink::new(header, target)),
            Self::Arrow => by(threads, IpcSink::new(header, target)?),
            Self::Xlsx => Box::new(XlsxSink::new(header, target, &[])?),
        })
    }
}

fn by<S: Sink + Send + 'static>(threads: NonZero<usize>, sink: S) -> Box<dyn Sink> {
    if threads.get() == 1 { Box::new(sink) } else { Box::new(ThreadSink::new(sink)) }
}
