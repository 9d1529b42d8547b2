//! Arrow IPC, file and stream (Feather of the second version is the file): <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>
//!
//! What is in a message is decoded by the library. StreamMessages are found here, one by one, so that what a damaged file says of their sizes is
//! checked before there is memory for it.

mod file;
mod stream;

use crate::source::arrow::BatchSource;
use crate::source::columns::Source;
use crate::source::error::SourceError;
use crate::source::opening::Opening;
use crate::source::unnamed_file::file_of;
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use file::Blocks;
use meed_compiler::internal;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use stream::StreamMessages;

/// The first bytes of a file, and its last.
pub(super) const MARK: &[u8; 6] = b"ARROW1";
/// What stands before the length of a message.
pub(super) const CONTINUES: [u8; 4] = [0xff; 4];

/// Opens a file, which may be a stream too.
pub(super) fn open_file(name: String, mut handle: File, opening: &Opening<'_>) -> Result<Box<dyn Source>, SourceError> {
    let file = ArrowFile { name, memory: opening.memory };
    let mut first = Vec::new();
    handle.by_ref().take(MARK.len() as u64).read_to_end(&mut first).map_err(|error| file.cannot(&error))?;
    handle.rewind().map_err(|error| file.cannot(&error))?;
    if first != MARK {
        return open_stream(file.name, Box::new(handle), opening);
    }
    let blocks = Blocks::open(file.clone(), handle)?;
    Ok(source(file, &blocks.schema(), blocks, opening))
}

/// Opens bytes: a stream, or a file, which is put into one without a name.
pub(super) fn open_bytes(
    name: String,
    bytes: Box<dyn Read + Send>,
    opening: &Opening<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let mut bytes = BufReader::new(bytes);
    let is_file = bytes.fill_buf().map(|first| first.starts_with(MARK));
    let opened = is_file.and_then(|is_file| if is_file { file_of(&mut bytes).map(Some) } else { Ok(None) });
    match opened {
        Ok(Some(handle)) => open_file(name, handle, opening),
        Ok(None) => open_stream(name, Box::new(bytes), opening),
        Err(error) => Err(ArrowFile { name, memory: opening.memory }.cannot(&error)),
    }
}

/// Opens a stream.
fn open_stream(
    name: String,
    bytes: Box<dyn Read + Send>,
    opening: &Opening<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let file = ArrowFile { name, memory: opening.memory };
    let (messages, schema) = StreamMessages::open(file.clone(), bytes)?;
    Ok(source(file, &schema, messages, opening))
}

fn source(
    file: ArrowFile,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, SourceError>> + 'static,
    opening: &Opening<'_>,
) -> Box<dyn Source> {
    let slices = BatchSlices { batches, batch_rows: opening.batch_rows.max(1), batch: None };
    Box::new(BatchSource::of(file.name, schema, Box::new(slices)))
}

/// Batches of a few thousand rows, whatever those of a file have.
struct BatchSlices<I> {
    batches: I,
    batch_rows: usize,
    /// The batch under way, and how many of its rows were given.
    batch: Option<(RecordBatch, usize)>,
}

impl<I: Iterator<Item = Result<RecordBatch, SourceError>>> Iterator for BatchSlices<I> {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((batch, given)) = self.batch.take() {
                let n_rows = self.batch_rows.min(batch.num_rows() - given);
                if n_rows > 0 {
                    let part = batch.slice(given, n_rows);
                    self.batch = Some((batch, given + n_rows));
                    return Some(Ok(part));
                }
            }
            match self.batches.next()? {
                Ok(batch) => self.batch = Some((batch, 0)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Which file, and how many bytes a message of it may take.
#[derive(Clone)]
struct ArrowFile {
    name: String,
    memory: usize,
}

impl ArrowFile {
    fn cannot(&self, error: &io::Error) -> SourceError {
        SourceError::CannotRead { file: self.name.clone(), reason: error.to_string() }
    }

    fn bad(&self, reason: &str) -> SourceError {
        SourceError::BadArrow { file: self.name.clone(), reason: reason.to_owned() }
    }

    fn cut(&self) -> SourceError {
        self.bad("it is cut off")
    }

    /// Lets the library decode what is not known to be whole.
    fn guarded<T>(&self, decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, SourceError> {
        match internal::guarded(decode) {
            Ok(decoded) => decoded.map_err(|error| self.bad(&error.to_string())),
            Err(_) => Err(self.bad("it is damaged")),
        }
    }

    fn has_room(&self, n_bytes: u64) -> Result<(), SourceError> {
        if n_bytes <= self.memory as u64 {
            return Ok(());
        }
        let (size, memory) = (n_bytes.div_ceil(1 << 20), self.memory >> 20);
        Err(SourceError::BatchTooLarge { file: self.name.clone(), size, memory })
    }

    /// Demands that what is packed in a message takes no more memory than there may be for it.
    fn fits_unpacked(&self, head: &[u8], body: &[u8]) -> Result<(), SourceError> {
        let sizes = internal::guarded(|| {
            let message = arrow_ipc::root_as_message(head).ok()?;
            let dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
            let batch = message.header_as_record_batch().or(dictionary)?;
            batch.compression()?;
            let unpacked = batch.buffers()?.iter().filter_map(|buffer| {
                let start = usize::try_from(buffer.offset()).ok()?;
                let length = body.get(start..)?.first_chunk::<8>()?;
                (buffer.length() > 0).then(|| u64::try_from(i64::from_le_bytes(*length)).unwrap_or(0))
            });
            Some(unpacked.fold(0, u64::saturating_add))
        });
        match sizes {
            Ok(size) => self.has_room(size.unwrap_or(0)),
            Err(_) => Err(self.bad("it is damaged")),
        }
    }

    /// Demands numbers whose last byte is the highest one.
    fn is_little(&self, schema: arrow_ipc::Schema<'_>) -> Result<(), SourceError> {
        if schema.endianness().equals_to_target_endianness() {
            return Ok(());
        }
        Err(self.bad("its numbers have their bytes in the order of other machines"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::columns::Wanted;
    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, Decimal128Array, DictionaryArray, Int64Array, StringArray};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
    use meed_compiler::plan::Layout;
    use std::io::Write;
    use std::num::NonZero;
    use std::sync::Arc;

    /// Two batches, of which each has words of its own.
    fn batches() -> Vec<RecordBatch> {
        let batch = |first: i64, words: [&str; 3]| {
            let numbers: ArrayRef = Arc::new(Int64Array::from(vec![first, first + 1, first + 2]));
            let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("Zoë")]));
            let words: ArrayRef = Arc::new(words.into_iter().collect::<DictionaryArray<Int32Type>>());
            let amounts = Decimal128Array::from(vec![5, -100, 123_456]).with_precision_and_scale(18, 2);
            let amounts: ArrayRef = Arc::new(amounts.expect("a decimal"));
            RecordBatch::try_from_iter([("n", numbers), ("text", texts), ("word", words), ("amount", amounts)])
                .expect("a batch")
        };
        vec![batch(1, ["gold", "silver", "gold"]), batch(4, ["lead", "gold", "tin"])]
    }

    fn stream(options: IpcWriteOptions, batches: &[RecordBatch]) -> Vec<u8> {
        let schema = batches[0].schema();
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).expect("a stream");
        batches.iter().for_each(|batch| writer.write(batch).expect("memory"));
        writer.into_inner().expect("memory")
    }

    fn file(batches: &[RecordBatch]) -> Vec<u8> {
        let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).expect("a file");
        batches.iter().for_each(|batch| writer.write(batch).expect("memory"));
        writer.into_inner().expect("memory")
    }

    /// The cells of all rows, or why there are none.
    fn read(bytes: &[u8], batch_rows: usize, memory: usize) -> Result<Vec<String>, SourceError> {
        let layout = Layout::default();
        let opening = Opening { layout: &layout, batch_rows, memory, threads: NonZero::<usize>::MIN };
        let mut handle = tempfile::tempfile().expect("a file");
        handle.write_all(bytes).expect("room on the disk");
        handle.rewind().expect("a file");
        let mut source = open_file("t.arrow".to_owned(), handle, &opening)?;
        let wanted: Vec<Wanted> = (0..source.header().len()).map(|column| Wanted { column, as_text: true }).collect();
        source.choose(&wanted)?;
        let mut rows = Vec::new();
        loop {
            let n_rows = source.advance()?;
            if n_rows == 0 {
                return Ok(rows);
            }
            assert!(n_rows <= batch_rows);
            let cells = |row| (0..wanted.len()).map(|chosen| source.text(chosen, row)).collect::<Vec<_>>().join(" ");
            rows.extend((0..n_rows).map(cells));
        }
    }

    const ROWS: [&str; 6] = [
        "1 a gold 0.05",
        "2  silver -1.00",
        "3 Zoë gold 1234.56",
        "4 a lead 0.05",
        "5  gold -1.00",
        "6 Zoë tin 1234.56",
    ];

    #[test]
    fn files_and_streams_are_read_packed_or_not() {
        let packed = |codec| {
            let options = IpcWriteOptions::default().try_with_compression(Some(codec)).expect("it is built in");
            stream(options, &batches())
        };
        let files = [
            stream(IpcWriteOptions::default(), &batches()),
            packed(CompressionType::LZ4_FRAME),
            packed(CompressionType::ZSTD),
        ];
        for bytes in &files {
            for batch_rows in [1, 2, 100] {
                assert_eq!(read(bytes, batch_rows, 1 << 20).expect("it can be read"), ROWS);
            }
        }
        // A file has one dictionary.
        assert_eq!(read(&file(&batches()[..1]), 2, 1 << 20).expect("it can be read"), ROWS[..3]);
        // Batches without rows, of which some have no bytes either, take none of the others away.
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let two = RecordBatch::try_from_iter([("n", numbers)]).expect("a batch");
        let none = two.slice(0, 0);
        for batches in [
            vec![none.clone(), two.clone()],
            vec![two.clone(), none.clone(), two.clone(), two.clone()],
            vec![two.clone(), none.clone(), none.clone(), two.clone(), none.clone()],
            vec![none.clone(), none.clone()],
        ] {
            let wanted = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
            for bytes in [stream(IpcWriteOptions::default(), &batches), file(&batches)] {
                assert_eq!(read(&bytes, 100, 1 << 20).expect("it can be read").len(), wanted);
            }
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error_and_no_panic() {
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME));
        for (whole, n_rows) in [(stream(options.expect("it is built in"), &batches()), 6), (file(&batches()[..1]), 3)] {
            for end in 0..whole.len() {
                assert!(read(&whole[..end], 100, 1 << 20).is_err(), "{end}");
            }
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= if at % 2 == 0 { 0x81 } else { 0xff };
                // Nothing tells whether values and the lengths of batches are those that were written; no rows are made up.
                if let Ok(rows) = read(&bytes, 100, 1 << 20) {
                    assert!(rows.len() <= n_rows, "{at}");
                }
            }
        }
        let error = |bytes: &[u8], memory| read(bytes, 100, memory).expect_err("it cannot be read").to_string();
        assert!(error(b"ARROW1\0\0 and no more", 1 << 20).contains("it is cut off"));
        assert_eq!(error(b"", 1 << 20), "`t.arrow` is not readable Arrow IPC: it is cut off");
        assert!(error(b"a,b\n1,2\n", 1 << 20).contains("a message does not begin as"));
        assert!(error(b"\xff\xff\xff\xff\x7f\xff\xff\xff", 1 << 20).contains("is 4096 MiB, and the limit is 1 MiB"));
    }

    /// A million zeros take little room while they are packed.
    #[test]
    fn what_is_packed_takes_no_more_memory_than_there_is() {
        let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; 1 << 20]));
        let batch = RecordBatch::try_from_iter([("n", zeros)]).expect("a batch");
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD));
        let bytes = stream(options.expect("it is built in"), &[batch]);
        assert!(bytes.len() < 1 << 16);
        assert_eq!(read(&bytes, 4_096, 16 << 20).expect("it can be read").len(), 1 << 20);
        let error = read(&bytes, 4_096, 4 << 20).expect_err("it is too large");
        assert_eq!((error.code(), error.help().is_some()), ("batch-too-large", true));
    }
}
