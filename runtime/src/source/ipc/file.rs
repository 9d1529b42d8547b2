//! A file, whose footer says where its dictionaries and batches are.

use crate::source::error::SourceError;
use crate::source::ipc::{ArrowFile, CONTINUES, MARK};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::Block;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_schema::{ArrowError, SchemaRef};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

/// Batches of a file.
pub(super) struct Blocks {
    file: ArrowFile,
    handle: File,
    schema: SchemaRef,
    decoder: FileDecoder,
    batches: std::vec::IntoIter<Block>,
    /// Bytes of the dictionaries.
    n_held: u64,
}

impl Blocks {
    /// Reads the footer and the dictionaries.
    pub fn open(file: ArrowFile, mut handle: File) -> Result<Self, SourceError> {
        let size = handle.seek(SeekFrom::End(0)).map_err(|error| file.cannot(&error))?;
        // The length of the footer and the mark.
        let end = size.checked_sub(10).ok_or_else(|| file.cut())?;
        let tail = bytes_at(&file, &mut handle, end, 10)?;
        let Some((length, mark)) = tail.split_first_chunk::<4>() else { return Err(file.cut()) };
        if mark != MARK {
            return Err(file.cut());
        }
        let n_bytes = u64::from(u32::from_le_bytes(*length));
        let start = end.checked_sub(n_bytes).ok_or_else(|| file.bad("it is damaged"))?;
        file.has_room(n_bytes)?;
        let footer = bytes_at(&file, &mut handle, start, n_bytes)?;
        let (found, is_little) = file.guarded(|| {
            let footer =
                arrow_ipc::root_as_footer(&footer).map_err(|error| ArrowError::ParseError(error.to_string()))?;
            let missing = || ArrowError::ParseError("its footer has no columns".to_owned());
            let schema = footer.schema().ok_or_else(missing)?;
            let dictionaries: Vec<Block> = footer.dictionaries().into_iter().flatten().copied().collect();
            let batches: Vec<Block> = footer.recordBatches().into_iter().flatten().copied().collect();
            let found = (Arc::new(try_fb_to_schema(schema)?), footer.version(), dictionaries, batches);
            Ok((found, file.is_little(schema)))
        })?;
        is_little?;
        let (schema, version, dictionaries, batches) = found;
        let decoder = FileDecoder::new(schema.clone(), version);
        let mut blocks = Self { file, handle, schema, decoder, batches: batches.into_iter(), n_held: 0 };
        for block in dictionaries {
            let bytes = blocks.block(&block)?;
            // Dictionaries are held as long as the file is read.
            blocks.n_held = blocks.n_held.saturating_add(bytes.len() as u64);
            blocks.file.has_room(blocks.n_held)?;
            let decoder = &mut blocks.decoder;
            blocks.file.guarded(|| decoder.read_dictionary(&block, &bytes))?;
        }
        Ok(blocks)
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The bytes of a message.
    fn block(&mut self, block: &Block) -> Result<Buffer, SourceError> {
        let damaged = || self.file.bad("it is damaged");
        let number = |number: i64| u64::try_from(number).map_err(|_| damaged());
        let (start, n_head) = (number(block.offset())?, number(block.metaDataLength().into())?);
        let n_bytes = n_head.checked_add(number(block.bodyLength())?).ok_or_else(damaged)?;
        self.file.has_room(n_bytes)?;
        let bytes = bytes_at(&self.file, &mut self.handle, start, n_bytes)?;
        let n_head = usize::try_from(n_head).map_err(|_| damaged())?;
        let (head, body) = bytes.split_at_checked(n_head).ok_or_else(damaged)?;
        // Before the head stand its length and, since Arrow 0.15, a mark.
        let n_before = if head.starts_with(&CONTINUES) { 8 } else { 4 };
        self.file.fits_unpacked(head.get(n_before..).ok_or_else(damaged)?, body)?;
        Ok(Buffer::from_vec(bytes))
    }

    fn batch(&mut self, block: &Block) -> Result<Option<RecordBatch>, SourceError> {
        let bytes = self.block(block)?;
        self.file.guarded(|| self.decoder.read_record_batch(block, &bytes))
    }
}

impl Iterator for Blocks {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let block = self.batches.next()?;
            if let Some(batch) = self.batch(&block).transpose() {
                return Some(batch);
            }
        }
    }
}

/// So many bytes at a place of the file.
fn bytes_at(file: &ArrowFile, handle: &mut File, start: u64, n_bytes: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    handle.seek(SeekFrom::Start(start)).map_err(|error| file.cannot(&error))?;
    handle.take(n_bytes).read_to_end(&mut bytes).map_err(|error| file.cannot(&error))?;
    if bytes.len() as u64 == n_bytes { Ok(bytes) } else { Err(file.cut()) }
}
