//! The pages of one column in one row group, as bytes of the file, and what the footer says of them.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::io;

/// The pages of a column in a row group.
pub(super) struct Chunk {
    target: TrackedWrite<Vec<u8>>,
    /// How values are written.
    encoding: Encoding,
    /// How pages are packed; not known before the first.
    compression: Option<Compression>,
    encodings: Vec<Encoding>,
    dictionary: Option<u64>,
    data: Option<u64>,
    n_values: u64,
    n_unpacked: u64,
    n_packed: u64,
}

impl Chunk {
    /// No pages yet.
    pub fn new(encoding: Encoding) -> Self {
        Self {
            target: TrackedWrite::new(Vec::new()),
            encoding,
            compression: None,
            encodings: vec![Encoding::RLE, encoding],
            dictionary: None,
            data: None,
            n_values: 0,
            n_unpacked: 0,
            n_packed: 0,
        }
    }

    /// Adds the values that others point to, each written plainly; before any other page.
    pub fn dictionary(&mut self, values: &[u8], n_values: usize) -> io::Result<()> {
        let num_values = number(n_values)?;
        self.encodings.push(Encoding::PLAIN);
        let buf = self.packed(values)?;
        let page = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
        self.dictionary = Some(self.write(page, values.len())?);
        Ok(())
    }

    /// Adds so many values.
    pub fn values(&mut self, values: &[u8], n_values: usize) -> io::Result<()> {
        let page = Page::DataPage {
            buf: self.packed(values)?,
            num_values: number(n_values)?,
            encoding: self.encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let offset = self.write(page, values.len())?;
        self.data.get_or_insert(offset);
        self.n_values += u64::from(number(n_values)?);
        Ok(())
    }

    /// The bytes, and what the row group says of them.
    pub fn finish(
        self,
        description: ColumnDescPtr,
        statistics: Option<Statistics>,
    ) -> io::Result<(Bytes, ColumnCloseResult)> {
        let signed = |n: u64| i64::try_from(n).map_err(io::Error::other);
        let mut metadata = ColumnChunkMetaData::builder(description)
            .set_compression(self.compression.unwrap_or(Compression::UNCOMPRESSED))
            .set_encodings(self.encodings)
            .set_num_values(signed(self.n_values)?)
            .set_total_uncompressed_size(signed(self.n_unpacked)?)
            .set_total_compressed_size(signed(self.n_packed)?)
            .set_dictionary_page_offset(self.dictionary.map(signed).transpose()?)
            .set_data_page_offset(signed(self.data.unwrap_or(0))?);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: self.n_packed,
            rows_written: self.n_values,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(self.target.into_inner()?), close))
    }

    /// A page as it is kept: packed, unless the first page shows that this saves little.
    fn packed(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        if self.compression == Some(Compression::UNCOMPRESSED) {
            return Ok(Bytes::copy_from_slice(bytes));
        }
        let packed = snap::raw::Encoder::new().compress_vec(bytes).map_err(io::Error::other)?;
        // A tenth is less than what unpacking costs whoever reads.
        if self.compression.is_none() && packed.len() > bytes.len() - bytes.len() / 10 {
            self.compression = Some(Compression::UNCOMPRESSED);
            return Ok(Bytes::copy_from_slice(bytes));
        }
        self.compression = Some(Compression::SNAPPY);
        Ok(Bytes::from(packed))
    }

    /// Writes a page, and says where it begins.
    fn write(&mut self, page: Page, n_unpacked: usize) -> io::Result<u64> {
        let mut pages = SerializedPageWriter::new(&mut self.target);
        let written = pages.write_page(CompressedPage::new(page, n_unpacked))?;
        pages.close()?;
        self.n_unpacked += u64::from(number(written.uncompressed_size)?);
        self.n_packed += u64::from(number(written.compressed_size)?);
        Ok(written.offset)
    }
}

/// A number of rows or bytes; Parquet has 32 bits for those of a page.
pub(super) fn number(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(|_| io::Error::other("a page of Parquet of more than 4 GiB"))
}
