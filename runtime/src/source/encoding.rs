//! The bytes of a text file as UTF-8, whatever encoding they have.
//!
//! What is no letter in the encoding becomes a byte that is none in UTF-8: so a cell is refused at its place, with its file
//! and row, and does no harm where nobody reads it.

use encoding_rs::{Decoder, DecoderResult, UTF_16LE, WINDOWS_1252};
use meed_compiler::plan::TextEncoding;
use std::io::{self, Read};

/// Bytes read and decoded at a time.
const INPUT: usize = 1 << 16;
/// No letter, in place of what cannot be decoded.
const NO_LETTER: u8 = 0xff;
/// The bytes that Windows-1252 leaves without a letter.
const UNUSED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// A reader of UTF-8 around one of another encoding.
pub(super) fn decoded(reader: Box<dyn Read + Send>, encoding: TextEncoding) -> Box<dyn Read + Send> {
    let (decoder, unused): (_, &[u8]) = match encoding {
        TextEncoding::Utf8 => return reader,
        TextEncoding::Windows1252 => (WINDOWS_1252.new_decoder_without_bom_handling(), &UNUSED),
        TextEncoding::Utf16 => (UTF_16LE.new_decoder(), &[]),
    };
    Box::new(Decoded { reader, decoder, unused, input: Vec::new(), text: Vec::new(), at: 0, is_done: false })
}

struct Decoded {
    reader: Box<dyn Read + Send>,
    decoder: Decoder,
    unused: &'static [u8],
    input: Vec<u8>,
    /// Decoded bytes, and how many of them were handed out.
    text: Vec<u8>,
    at: usize,
    is_done: bool,
}

impl Decoded {
    /// Decodes the next bytes of the file.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        self.input.resize(INPUT, 0);
        let n_read = self.reader.read(&mut self.input)?;
        self.input.truncate(n_read);
        let input = std::mem::take(&mut self.input);
        let mut pieces = input.split(|byte| self.unused.contains(byte)).peekable();
        while let Some(piece) = pieces.next() {
            let is_last = n_read == 0;
            self.decode(piece, is_last);
            if pieces.peek().is_some() {
                self.text.push(NO_LETTER);
            }
        }
        self.input = input;
        self.is_done = n_read == 0;
        Ok(())
    }

    fn decode(&mut self, mut bytes: &[u8], is_last: bool) {
        loop {
            let start = self.text.len();
            let room = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(INPUT * 3);
            self.text.resize(start + room, 0);
            let room = self.text.get_mut(start..).unwrap_or_default();
            let (result, n_in, n_out) = self.decoder.decode_to_utf8_without_replacement(bytes, room, is_last);
            self.text.truncate(start + n_out);
            bytes = bytes.get(n_in..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(NO_LETTER),
            }
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.is_done {
            self.fill()?;
        }
        let mut waiting = self.text.get(self.at..).unwrap_or_default();
        let n = waiting.read(target)?;
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: TextEncoding) -> Vec<u8> {
        /// Hands out one byte at a time, so that letters are cut anywhere.
        struct Slow(Vec<u8>);
        impl Read for Slow {
            fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
                if self.0.is_empty() || target.is_empty() {
                    return Ok(0);
                }
                target[0] = self.0.remove(0);
                Ok(1)
            }
        }
        let mut texts = Vec::new();
        for reader in
            [Box::new(Slow(bytes.to_vec())) as Box<dyn Read + Send>, Box::new(io::Cursor::new(bytes.to_vec()))]
        {
            let mut text = Vec::new();
            decoded(reader, encoding).read_to_end(&mut text).expect("nothing fails in memory");
            texts.push(text);
        }
        assert_eq!(texts[0], texts[1]);
        texts.swap_remove(0)
    }

    #[test]
    fn letters_are_those_of_the_encoding() {
        assert_eq!(read(b"caf\xe9 \x80 5", TextEncoding::Windows1252), "café € 5".as_bytes());
        assert_eq!(read(b"a\x81b\x9d", TextEncoding::Windows1252), b"a\xffb\xff");
        let bytes = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for (mark, order) in [
            ("\u{feff}", u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ("\u{feff}", u16::to_be_bytes),
            ("", u16::to_le_bytes),
        ] {
            assert_eq!(read(&bytes(&format!("{mark}Łódź 😀"), order), TextEncoding::Utf16), "Łódź 😀".as_bytes());
        }
        // Half of a pair of units, and half of a unit.
        assert_eq!(read(&[b'a', 0, 0x00, 0xd8, b'b', 0], TextEncoding::Utf16), b"a\xffb");
        assert_eq!(read(&[b'a', 0, b'b'], TextEncoding::Utf16), b"a\xff");
        assert_eq!(read("é".as_bytes(), TextEncoding::Utf8), "é".as_bytes());
    }
}
