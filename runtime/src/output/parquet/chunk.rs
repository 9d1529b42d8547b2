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

/// The pages of a column in a row group, one group after the other.
pub(super) struct Chunk {
    /// How values are written.
    encoding: Encoding,
    /// How pages are packed; not known before the first of the file.
    compression: Option<Compression>,
    encoder: snap::raw::Encoder,
    group: RowGroup,
}

/// What is known of the row group under way.
struct RowGroup {
    target: TrackedWrite<Vec<u8>>,
    dictionary: Option<u64>,
    data: Option<u64>,
    n_values: u64,
    n_unpacked: u64,
    n_packed: u64,
}

impl RowGroup {
    /// No pages yet; `room` is for their bytes.
    fn new(room: Vec<u8>) -> Self {
        let target = TrackedWrite::new(room);
        Self { target, dictionary: None, data: None, n_values: 0, n_unpacked: 0, n_packed: 0 }
    }
}

impl Chunk {
    /// No pages yet.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, compression: None, encoder: snap::raw::Encoder::new(), group: RowGroup::new(Vec::new()) }
    }

    /// Adds the values that others point to, each written plainly; before any other page.
    pub fn dictionary(&mut self, values: &[u8], n_values: usize) -> io::Result<()> {
        let num_values = number(n_values)?;
        let buf = self.packed(values)?;
        let page = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
        self.group.dictionary = Some(self.write(page, values.len())?);
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
        self.group.data.get_or_insert(offset);
        self.group.n_values += u64::from(number(n_values)?);
        Ok(())
    }

    /// The bytes, and what the row group says of them; the next row group begins.
    pub fn end_group(
        &mut self,
        description: ColumnDescPtr,
        statistics: Option<Statistics>,
    ) -> io::Result<(Bytes, ColumnCloseResult)> {
        let signed = |n: u64| i64::try_from(n).map_err(io::Error::other);
        let group = std::mem::replace(&mut self.group, RowGroup::new(Vec::new()));
        let mut encodings = vec![Encoding::RLE, self.encoding];
        encodings.extend(group.dictionary.map(|_| Encoding::PLAIN));
        let mut metadata = ColumnChunkMetaData::builder(description)
            .set_compression(self.compression.unwrap_or(Compression::UNCOMPRESSED))
            .set_encodings(encodings)
            .set_num_values(signed(group.n_values)?)
            .set_total_uncompressed_size(signed(group.n_unpacked)?)
            .set_total_compressed_size(signed(group.n_packed)?)
            .set_dictionary_page_offset(group.dictionary.map(signed).transpose()?)
            .set_data_page_offset(signed(group.data.unwrap_or(0))?);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: group.n_packed,
            rows_written: group.n_values,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(group.target.into_inner()?), close))
    }

    /// Gives the room of bytes that are written back.
    pub fn reuse(&mut self, bytes: Bytes) {
        let mut room = Vec::from(bytes);
        room.clear();
        self.group = RowGroup::new(room);
    }

    /// A page as it is kept: packed, unless the first page of the file shows that this saves little.
    fn packed(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        if self.compression == Some(Compression::UNCOMPRESSED) {
            return Ok(Bytes::copy_from_slice(bytes));
        }
        let packed = self.encoder.compress_vec(bytes).map_err(io::Error::other)?;
        // Packing costs more time than all else that is done for a text: what saves less than a third is not worth it.
        if self.compression.is_none() && packed.len() > bytes.len() - bytes.len() / 3 {
            self.compression = Some(Compression::UNCOMPRESSED);
            return Ok(Bytes::copy_from_slice(bytes));
        }
        self.compression = Some(Compression::SNAPPY);
        Ok(Bytes::from(packed))
    }

    /// Writes a page, and says where it begins.
    fn write(&mut self, page: Page, n_unpacked: usize) -> io::Result<u64> {
        let mut pages = SerializedPageWriter::new(&mut self.group.target);
        let written = pages.write_page(CompressedPage::new(page, n_unpacked))?;
        pages.close()?;
        self.group.n_unpacked += u64::from(number(written.uncompressed_size)?);
        self.group.n_packed += u64::from(number(written.compressed_size)?);
        Ok(written.offset)
    }
}

/// A number of rows or bytes; Parquet has 31 bits for those of a page.
pub(super) fn number(n: usize) -> io::Result<u32> {
    let n = i32::try_from(n).map_err(|_| io::Error::other("a page of Parquet of more than 2 GiB"))?;
    Ok(n.unsigned_abs())
}
