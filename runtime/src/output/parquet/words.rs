//! A column of words that repeat, as a dictionary and the places of its words.
//!
//! The words of a batch come as codes, and most columns hold one word for many rows: a column keeps runs, and writes them in
//! Parquet's hybrid of runs and packed bits without looking at the text of any row.

use crate::output::batch::{Cells, Texts};
use crate::output::parquet::bits::hybrid;
use crate::output::parquet::chunk::{Chunk, number};
use crate::output::parquet::column::{Column, other_kind};
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;
use rustc_hash::FxHashMap;
use std::io;

/// The rows of a row group in one column.
pub(super) struct WordColumn {
    chunk: Chunk,
    places: FxHashMap<Box<[u8]>, u32>,
    /// The different words, in the order in which they came.
    words: Texts,
    /// Words by their place, and how many rows have each in turn.
    runs: Vec<(u32, u32)>,
    n_rows: usize,
    /// The least and the largest word of the row group, once its page is made.
    range: Option<(ByteArray, ByteArray)>,
}

impl WordColumn {
    /// No rows yet.
    pub fn new() -> Self {
        Self {
            chunk: Chunk::new(Encoding::RLE_DICTIONARY),
            places: FxHashMap::default(),
            words: Texts::default(),
            runs: Vec::new(),
            n_rows: 0,
            range: None,
        }
    }

    fn take_text(&mut self, text: &[u8]) -> io::Result<()> {
        let place = place_of(text, &mut self.words, &mut self.places)?;
        self.repeat(place, 1)
    }

    /// Adds so many rows with the word at a place.
    fn repeat(&mut self, place: u32, n_rows: usize) -> io::Result<()> {
        match self.runs.last_mut() {
            Some((last, n)) if *last == place => *n += number(n_rows)?,
            _ => self.runs.push((place, number(n_rows)?)),
        }
        self.n_rows += n_rows;
        Ok(())
    }
}

impl Column for WordColumn {
    fn take(&mut self, cells: &Cells, _: usize) -> io::Result<()> {
        let (words, codes) = match cells {
            Cells::Words { words, codes } => (words, codes),
            Cells::Texts(texts) => return texts.iter().try_for_each(|text| self.take_text(text)),
            _ => return Err(other_kind("words")),
        };
        // Which of the batch's words are met first comes first.
        let mut known: Vec<Option<u32>> = vec![None; words.ends.len()];
        let mut rest = codes.as_slice();
        while let Some(&code) = rest.first() {
            let n = n_alike(rest, code);
            let Some(known) = known.get_mut(usize::from(code)) else {
                return Err(io::Error::other("a code without a word"));
            };
            let place = match *known {
                Some(place) => place,
                None => *known.insert(place_of(words.get(code.into()), &mut self.words, &mut self.places)?),
            };
            self.repeat(place, n)?;
            rest = rest.get(n..).unwrap_or_default();
        }
        Ok(())
    }

    fn end_page(&mut self) -> io::Result<()> {
        let words = std::mem::take(&mut self.words);
        let n_words = words.ends.len();
        let mut dictionary = Vec::with_capacity(words.bytes.len() + 4 * n_words);
        for word in words.iter() {
            dictionary.extend_from_slice(&number(word.len())?.to_le_bytes());
            dictionary.extend_from_slice(word);
        }
        self.chunk.dictionary(&dictionary, n_words)?;
        let n_bits = u32::BITS - number(n_words.saturating_sub(1))?.leading_zeros();
        let [width, ..] = n_bits.to_le_bytes();
        let mut places = vec![width];
        hybrid(&self.runs, n_bits, &mut places);
        self.chunk.values(&places, std::mem::take(&mut self.n_rows))?;
        self.runs.clear();
        self.places.clear();
        let text = |word: &[u8]| ByteArray::from(word.to_vec());
        self.range = words.iter().min().map(text).zip(words.iter().max().map(text));
        Ok(())
    }

    fn statistics(&mut self) -> Option<Statistics> {
        let (least, largest) = self.range.take().unzip();
        Some(Statistics::byte_array(least, largest, None, Some(0), false))
    }

    fn chunk(&mut self) -> &mut Chunk {
        &mut self.chunk
    }
}

/// How many codes at the beginning are this one.
fn n_alike(codes: &[u16], code: u16) -> usize {
    // Most runs are long: blocks are compared whole.
    let (blocks, _) = codes.as_chunks::<32>();
    let n_blocks =
        blocks.iter().take_while(|block| block.iter().fold(0, |all, other| all | (other ^ code)) == 0).count();
    let (_, rest) = codes.split_at(n_blocks * 32);
    n_blocks * 32 + rest.iter().take_while(|other| **other == code).count()
}

/// The place of a word, which is added where it is new.
fn place_of(word: &[u8], words: &mut Texts, places: &mut FxHashMap<Box<[u8]>, u32>) -> io::Result<u32> {
    if let Some(place) = places.get(word) {
        return Ok(*place);
    }
    let place = number(words.ends.len())?;
    words.bytes.extend_from_slice(word);
    words.end();
    places.insert(word.into(), place);
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::{Batch, Kind, Sink};
    use crate::output::parquet::ParquetSink;
    use arrow_array::RecordBatch;
    use arrow_array::cast::AsArray;
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    fn read(bytes: Vec<u8>) -> Vec<String> {
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("a file").build().expect("rows");
        let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("rows")).collect();
        let texts = batches.iter().flat_map(|batch| {
            let column = arrow_cast::cast(batch.column(0), &arrow_schema::DataType::Utf8).expect("texts");
            column.as_string::<i32>().iter().map(|text| text.expect("a word").to_owned()).collect::<Vec<_>>()
        });
        texts.collect()
    }

    proptest! {
        /// Whatever words come in whatever batches, a reader finds the same ones.
        #[test]
        fn words_are_read_as_they_were_taken(
            batches in prop::collection::vec((1usize..700, prop::collection::vec((0u16..600, 1usize..40), 1..40)), 0..6)
        ) {
            let mut written = Vec::new();
            let mut sink = ParquetSink::new(vec![("word", Kind::Word)], &mut written).expect("a file");
            let mut wanted = Vec::new();
            for (n_words, runs) in batches {
                // Of each batch the words are others, and some of them are of all.
                let words: Vec<String> = (0..n_words).map(|idx| format!("{}", idx % 7 * n_words)).collect();
                let codes: Vec<u16> = runs
                    .iter()
                    .flat_map(|(code, n)| std::iter::repeat_n(code % n_words as u16, *n))
                    .collect();
                wanted.extend(codes.iter().map(|code| words[usize::from(*code)].clone()));
                let n_rows = codes.len();
                sink.take(Batch { n_rows, columns: vec![Cells::Words { words: words.iter().collect(), codes }] }).expect("taken");
            }
            sink.finish().expect("written");
            drop(sink);
            prop_assert_eq!(read(written), wanted);
        }
    }
}
