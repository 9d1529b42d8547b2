//! A stream of messages: columns first, then dictionaries and batches, and a mark at the end.

use crate::source::error::SourceError;
use crate::source::ipc::{ArrowFile, CONTINUES};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MessageHeader};
use arrow_schema::{ArrowError, SchemaRef};
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// Messages of a stream.
pub(super) struct StreamMessages {
    file: ArrowFile,
    bytes: BufReader<Box<dyn Read + Send>>,
    decoder: FileDecoder,
    is_over: bool,
}

/// A message as it is in the stream.
struct Message {
    /// The mark, the length and the head.
    head: Vec<u8>,
    n_body: u64,
    kind: MessageHeader,
}

/// Where the head of a message begins: behind its mark and its length.
const HEAD: usize = 8;

impl StreamMessages {
    /// Reads the first message, which tells the columns.
    pub fn open(file: ArrowFile, bytes: Box<dyn Read + Send>) -> Result<(Self, SchemaRef), SourceError> {
        let mut bytes = BufReader::with_capacity(1 << 16, bytes);
        let Some(Message { head, n_body, .. }) = message(&file, &mut bytes)? else {
            return Err(file.bad("it ends before it says what its columns are"));
        };
        exactly(&file, &mut bytes, n_body)?;
        let (schema, version, is_little) = file.guarded(|| {
            let message = root(&head)?;
            let missing = || ArrowError::ParseError("its first message does not say what its columns are".to_owned());
            let schema = message.header_as_schema().ok_or_else(missing)?;
            Ok((Arc::new(try_fb_to_schema(schema)?), message.version(), file.is_little(schema)))
        })?;
        is_little?;
        let decoder = FileDecoder::new(schema.clone(), version);
        Ok((Self { file, bytes, decoder, is_over: false }, schema))
    }

    /// The next batch; none behind the last.
    fn batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        loop {
            let Some(Message { mut head, n_body, kind }) = message(&self.file, &mut self.bytes)? else {
                // What is behind the end is read too, so that the digest is of all bytes.
                let read = io::copy(&mut self.bytes, &mut io::sink());
                return read.map(|_| None).map_err(|error| self.file.cannot(&error));
            };
            let body = exactly(&self.file, &mut self.bytes, n_body)?;
            self.file.fits_unpacked(head.get(HEAD..).unwrap_or_default(), &body)?;
            let n_head = i32::try_from(head.len()).map_err(|_| self.file.bad("it is damaged"))?;
            let block = Block::new(0, n_head, i64::try_from(n_body).map_err(|_| self.file.bad("it is damaged"))?);
            head.extend_from_slice(&body);
            let bytes = Buffer::from_vec(head);
            let decoder = &mut self.decoder;
            match kind {
                MessageHeader::DictionaryBatch => self.file.guarded(|| decoder.read_dictionary(&block, &bytes))?,
                MessageHeader::RecordBatch => return self.file.guarded(|| decoder.read_record_batch(&block, &bytes)),
                _ => return Err(self.file.bad("it is damaged")),
            }
        }
    }
}

fn root(head: &[u8]) -> Result<arrow_ipc::Message<'_>, ArrowError> {
    let head = head.get(HEAD..).unwrap_or_default();
    arrow_ipc::root_as_message(head).map_err(|error| ArrowError::ParseError(error.to_string()))
}

/// Reads the head of a message; none at the mark of the end, without which a stream is cut off.
fn message(file: &ArrowFile, bytes: &mut impl Read) -> Result<Option<Message>, SourceError> {
    let mut head = exactly(file, bytes, 4)?;
    if head != CONTINUES {
        return Err(match head.as_slice() {
            b"FEA1" => file.bad("it is Feather of the first version: write it again, as Feather of the second"),
            _ => file.bad("a message does not begin as those of Arrow 0.15 and later do"),
        });
    }
    let length = exactly(file, bytes, 4)?;
    let n_bytes = length.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    if n_bytes == 0 {
        return Ok(None);
    }
    file.has_room(n_bytes)?;
    head.extend_from_slice(&length);
    head.extend_from_slice(&exactly(file, bytes, n_bytes)?);
    let (n_body, kind) = file.guarded(|| {
        let message = root(&head)?;
        Ok((message.bodyLength(), message.header_type()))
    })?;
    let n_body = u64::try_from(n_body).map_err(|_| file.bad("it is damaged"))?;
    file.has_room(n_body)?;
    Ok(Some(Message { head, n_body, kind }))
}

/// So many bytes; that there are fewer is an error.
fn exactly(file: &ArrowFile, bytes: &mut impl Read, n_bytes: u64) -> Result<Vec<u8>, SourceError> {
    let mut read = Vec::new();
    bytes.take(n_bytes).read_to_end(&mut read).map_err(|error| file.cannot(&error))?;
    if read.len() as u64 == n_bytes { Ok(read) } else { Err(file.cut()) }
}

impl Iterator for StreamMessages {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.batch().transpose();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}
