//! A column of few words, as a dictionary and the places of its words.
//!
//! The words of a batch come as codes, and most columns hold one word for many rows: a column keeps runs, and writes them in
//! Parquet's hybrid of runs and packed bits ("Parquet encoding definitions", RLE / Bit-Packing Hybrid) without looking at the
//! text of any row.

use crate::output::batch::Cells;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use rustc_hash::FxHashMap;
use std::io;

/// The rows of a row group in one column.
#[derive(Debug, Default)]
pub(super) struct WordColumn {
    places: FxHashMap<String, u32>,
    /// The different words, in the order in which they came.
    words: Vec<String>,
    /// Words by their place, and how many rows have each in turn.
    runs: Vec<(u32, u32)>,
    n_rows: u64,
}

impl WordColumn {
    /// Takes the cells of some rows.
    pub fn take(&mut self, cells: &Cells) -> io::Result<()> {
        let Cells::Words { words, codes } = cells else {
            return Err(io::Error::other("a column of words with cells of another kind"));
        };
        // Which of the batch's words are met first comes first.
        let mut known: Vec<Option<u32>> = vec![None; words.len()];
        let mut rest = codes.as_slice();
        while let Some(&code) = rest.first() {
            let n = rest.iter().take_while(|other| **other == code).count();
            let (Some(word), Some(known)) = (words.get(usize::from(code)), known.get_mut(usize::from(code))) else {
                return Err(io::Error::other("a code without a word"));
            };
            let place = match *known {
                Some(place) => place,
                None => *known.insert(place_of(word, &mut self.words, &mut self.places)?),
            };
            match self.runs.last_mut() {
                Some((last, n_last)) if *last == place => *n_last += number(n)?,
                _ => self.runs.push((place, number(n)?)),
            }
            rest = rest.get(n..).unwrap_or_default();
        }
        self.n_rows += u64::from(number(codes.len())?);
        Ok(())
    }

    /// The column chunk, and what its row group says of it.
    pub fn finish(self, description: ColumnDescPtr) -> io::Result<(Bytes, ColumnCloseResult)> {
        let n_values = u32::try_from(self.n_rows).map_err(io::Error::other)?;
        let mut dictionary = Vec::new();
        for word in &self.words {
            dictionary.extend_from_slice(&number(word.len())?.to_le_bytes());
            dictionary.extend_from_slice(word.as_bytes());
        }
        let n_words = number(self.words.len())?;
        let n_bits = u32::BITS - n_words.saturating_sub(1).leading_zeros();
        let [width, ..] = n_bits.to_le_bytes();
        let mut places = vec![width];
        hybrid(&self.runs, n_bits, &mut places);

        let mut target = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut target);
        let (buf, n_dictionary) = (packed(&dictionary)?, dictionary.len());
        let page = Page::DictionaryPage { buf, num_values: n_words, encoding: Encoding::PLAIN, is_sorted: false };
        let first = pages.write_page(CompressedPage::new(page, n_dictionary))?;
        let (buf, n_places) = (packed(&places)?, places.len());
        let page = Page::DataPage {
            buf,
            num_values: n_values,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let second = pages.write_page(CompressedPage::new(page, n_places))?;
        pages.close()?;

        let n_read = i64::from(number(first.uncompressed_size)?) + i64::from(number(second.uncompressed_size)?);
        let n_written = u64::from(number(first.compressed_size)?) + u64::from(number(second.compressed_size)?);
        let place = |offset: u64| i64::try_from(offset).map_err(io::Error::other);
        let metadata = ColumnChunkMetaData::builder(description)
            .set_compression(Compression::SNAPPY)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_num_values(i64::from(n_values))
            .set_total_uncompressed_size(n_read)
            .set_total_compressed_size(place(n_written)?)
            .set_dictionary_page_offset(Some(place(first.offset)?))
            .set_data_page_offset(place(second.offset)?)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: n_written,
            rows_written: self.n_rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(target.into_inner()?), close))
    }
}

/// The place of a word, which is added where it is new.
fn place_of(word: &str, words: &mut Vec<String>, places: &mut FxHashMap<String, u32>) -> io::Result<u32> {
    if let Some(place) = places.get(word) {
        return Ok(*place);
    }
    let place = number(words.len())?;
    words.push(word.to_owned());
    places.insert(word.to_owned(), place);
    Ok(place)
}

/// A number of rows or bytes; Parquet has 32 bits for those of a page.
fn number(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(|_| io::Error::other("a page of Parquet of more than 4 GiB"))
}

/// A page as it is kept.
fn packed(bytes: &[u8]) -> io::Result<Bytes> {
    Ok(Bytes::from(snap::raw::Encoder::new().compress_vec(bytes).map_err(io::Error::other)?))
}

/// Runs of values below `2^n_bits`: those of eight and more as such, what is between them packed in eights.
fn hybrid(runs: &[(u32, u32)], n_bits: u32, target: &mut Vec<u8>) {
    let mut between: Vec<u32> = Vec::new();
    for &(value, n) in runs {
        let mut left = n;
        // What is packed is whole eights before a run begins.
        while left > 0 && (left < 8 || !between.len().is_multiple_of(8)) {
            between.push(value);
            left -= 1;
        }
        if left == 0 {
            continue;
        }
        pack(&mut between, n_bits, target);
        varint(u64::from(left) << 1, target);
        target.extend_from_slice(value.to_le_bytes().get(..n_bits.div_ceil(8) as usize).unwrap_or_default());
    }
    pack(&mut between, n_bits, target);
}

/// Values packed one behind the other, from the lowest bit on; zeros fill the last eight.
fn pack(values: &mut Vec<u32>, n_bits: u32, target: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let n_groups = values.len().div_ceil(8);
    varint((n_groups as u64) << 1 | 1, target);
    let mut bits = 0u64;
    let mut n_held = 0;
    for value in values.drain(..).chain(std::iter::repeat(0)).take(n_groups * 8) {
        bits |= u64::from(value) << n_held;
        n_held += n_bits;
        while n_held >= 8 {
            let [byte, ..] = bits.to_le_bytes();
            target.push(byte);
            bits >>= 8;
            n_held -= 8;
        }
    }
}

/// A whole number in sevens of bits, the lowest first.
fn varint(mut value: u64, target: &mut Vec<u8>) {
    while value >= 0x80 {
        let [byte, ..] = value.to_le_bytes();
        target.push(byte | 0x80);
        value >>= 7;
    }
    let [byte, ..] = value.to_le_bytes();
    target.push(byte);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::{Batch, Kind, Sink};
    use crate::output::parquet::ParquetSink;
    use arrow_array::RecordBatch;
    use arrow_array::cast::AsArray;
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
                sink.take(&Batch { n_rows, columns: vec![Cells::Words { words, codes }] }).expect("taken");
            }
            sink.finish().expect("written");
            drop(sink);
            prop_assert_eq!(read(written), wanted);
        }
    }
}
