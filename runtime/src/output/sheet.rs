//! Tables as text cells in memory.

use crate::output::batch::{Batch, Header, Sink};
use meed_compiler::internal::broken;
use std::io;

/// A table of text cells with its header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Names of the columns.
    pub header: Vec<&'static str>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
    kinds: Header,
}

impl Sheet {
    /// An empty table.
    pub fn new(header: Header) -> Self {
        Self { header: header.iter().map(|(name, _)| *name).collect(), rows: Vec::new(), kinds: header }
    }

    /// The table as CSV, with its header; cells are as they are, none that begins like a formula is marked.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = writer
            .write_record(&self.header)
            .and_then(|()| self.rows.iter().try_for_each(|row| writer.write_record(row)));
        match (written, writer.into_inner()) {
            (Ok(()), Ok(bytes)) => bytes,
            (Err(_), _) | (_, Err(_)) => broken("a table in memory that cannot be written"),
        }
    }
}

impl Sink for Sheet {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        for row in 0..batch.n_rows {
            let cells = batch.columns.iter().zip(&self.kinds);
            self.rows.push(cells.map(|(cells, (_, kind))| cells.text(row, *kind).into_owned()).collect());
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
