//! A stream of messages: columns first, then dictionaries and batches.

use crate::source::error::SourceError;
use crate::source::ipc::{About, CONTINUES};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, SchemaRef};
use std::io::{self, BufReader, Read};

/// Messages of a stream.
pub(super) struct Messages {
    about: About,
    bytes: BufReader<Box<dyn Read + Send>>,
    decoder: StreamDecoder,
    /// A batch that was read with the columns: the library takes a message without a body with the next one.
    ahead: Option<RecordBatch>,
    is_over: bool,
}

impl Messages {
    /// Reads the first message, which tells the columns.
    pub fn open(about: About, bytes: Box<dyn Read + Send>) -> Result<(Self, SchemaRef), SourceError> {
        let bytes = BufReader::with_capacity(1 << 16, bytes);
        let mut messages = Self { about, bytes, decoder: StreamDecoder::new(), ahead: None, is_over: false };
        while !messages.is_over {
            messages.ahead = messages.message()?;
            if let Some(schema) = messages.decoder.schema() {
                return Ok((messages, schema));
            }
        }
        Err(messages.about.bad("it ends before it says what its columns are"))
    }

    /// Reads a message; a batch, if it is one.
    fn message(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        let begins: [u8; 4] = match self.exactly(4)?.try_into() {
            Ok(begins) => begins,
            Err(rest) if rest.is_empty() => return self.end(),
            Err(_) => return Err(self.about.cut()),
        };
        if begins != CONTINUES {
            return Err(self.about.bad("a message does not begin as those of Arrow 0.15 and later do"));
        }
        let length: [u8; 4] = self.exactly(4)?.try_into().map_err(|_| self.about.cut())?;
        let n_bytes = u64::from(u32::from_le_bytes(length));
        if n_bytes == 0 {
            return self.end();
        }
        self.about.has_room(n_bytes)?;
        let head = self.exactly(n_bytes)?;
        if head.len() as u64 != n_bytes {
            return Err(self.about.cut());
        }
        let (n_body, is_little) = self.about.guarded(|| {
            let message =
                arrow_ipc::root_as_message(&head).map_err(|error| ArrowError::ParseError(error.to_string()))?;
            let is_little = message.header_as_schema().map(|schema| self.about.is_little(schema));
            Ok((message.bodyLength(), is_little.transpose()))
        })?;
        is_little?;
        let n_body = u64::try_from(n_body).map_err(|_| self.about.bad("it is damaged"))?;
        self.about.has_room(n_body)?;
        let body = self.exactly(n_body)?;
        if body.len() as u64 != n_body {
            return Err(self.about.cut());
        }
        self.about.fits_unpacked(&head, &body)?;
        // The body has memory of its own, in which its columns may stay.
        let mut message = Buffer::from_vec([&begins[..], &length, &head].concat());
        let mut body = Buffer::from_vec(body);
        let decoder = &mut self.decoder;
        self.about.guarded(|| {
            let of_head = decoder.decode(&mut message)?;
            if of_head.is_some() || body.is_empty() { Ok(of_head) } else { decoder.decode(&mut body) }
        })
    }

    /// So many bytes, fewer where the stream ends before.
    fn exactly(&mut self, n_bytes: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        let read = (&mut self.bytes).take(n_bytes).read_to_end(&mut bytes);
        read.map(|_| bytes).map_err(|error| self.about.cannot(&error))
    }

    /// Ends the stream. What is behind it is read too, so that the digest is of all bytes.
    fn end(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        self.is_over = true;
        let read = io::copy(&mut self.bytes, &mut io::sink());
        read.map(|_| None).map_err(|error| self.about.cannot(&error))
    }
}

impl Iterator for Messages {
    type Item = Result<RecordBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.ahead.take() {
            return Some(Ok(batch));
        }
        while !self.is_over {
            match self.message() {
                Ok(Some(batch)) => return Some(Ok(batch)),
                Ok(None) => {}
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
