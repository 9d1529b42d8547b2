//! JSON lines: one object on each line, whose members are the cells of a row. Numbers are taken as they are written, never through a
//! floating point number, and are plain whatever the format of their field: that is how texts are written.

use crate::source::columns::{ColumnChunk, Encoding, Scalar, Source, SourceType, Wanted, of_column};
use crate::source::error::{OtherFormat, SourceError};
use crate::source::opening::Opening;
use crate::source::text::{trim, value_of};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// Lines in which the names of columns are looked for: a member can be left out where there is no value.
const LOOKED_AT: usize = 1_000;
/// Bytes of a line, at most.
const LONGEST: u64 = 16 << 20;

/// Rows of JSON lines.
pub(super) struct JsonLinesSource {
    name: String,
    reader: BufReader<Box<dyn Read + Send>>,
    /// The number of the last line that was read.
    line: u64,
    n_blank: u64,
    header: Vec<String>,
    /// What the columns hold, where that is known before they are read.
    types: Option<Vec<SourceType>>,
    /// Lines that were read for their names and are no rows yet.
    ahead: VecDeque<(u64, Vec<u8>)>,
    wanted: Vec<Wanted>,
    batch_rows: usize,
    /// Of this batch: the cells by chosen column and row, where each row begins, and what is no row.
    cells: Vec<Vec<Option<Cell>>>,
    lines: Vec<u64>,
    damaged: Vec<(usize, String)>,
}

/// A value as it is written, and whether it is a number.
#[derive(Clone)]
struct Cell {
    text: Vec<u8>,
    is_number: bool,
}

/// Opens JSON lines.
pub(super) fn open(
    name: String,
    reader: Box<dyn Read + Send>,
    opening: &Opening<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let mut source = JsonLinesSource::new(name, reader, opening);
    let mut first_fault = None;
    while source.ahead.len() < LOOKED_AT {
        let Some((line, text)) = source.next_line()? else { break };
        let read: Result<Members<'_>, _> = serde_json::from_slice(&text);
        if let (Err(error), None) = (&read, &first_fault) {
            first_fault = Some(format!("line {line} is not one JSON object: {error}"));
        }
        if let Ok(Members(members)) = read {
            for (name, _) in members {
                if !source.header.iter().any(|known| *known == name) {
                    source.header.push(name.into_owned());
                }
            }
        }
        if source.ahead.is_empty() && text.trim_ascii_start().starts_with(b"[") {
            return Err(SourceError::OtherFormat { file: source.name, is: OtherFormat::JsonList });
        }
        source.ahead.push_back((line, text));
    }
    match first_fault {
        Some(reason) if source.header.is_empty() => Err(SourceError::CannotRead { file: source.name, reason }),
        _ if source.ahead.is_empty() => Err(SourceError::EmptyFile { file: source.name }),
        _ => Ok(Box::new(source)),
    }
}

/// The members of an object in their order, each with its value as it is written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    members.push((name.0, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The name of a member, which has signs of its own where it is not borrowed.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Opens JSON lines of which the columns are known.
pub(super) fn with_columns(
    name: String,
    reader: Box<dyn Read + Send>,
    opening: &Opening<'_>,
    columns: Vec<(String, SourceType)>,
) -> Box<dyn Source> {
    let (header, types) = columns.into_iter().unzip();
    Box::new(JsonLinesSource { header, types: Some(types), ..JsonLinesSource::new(name, reader, opening) })
}

impl JsonLinesSource {
    fn new(name: String, reader: Box<dyn Read + Send>, opening: &Opening<'_>) -> Self {
        Self {
            name,
            reader: BufReader::with_capacity(1 << 16, reader),
            line: 0,
            n_blank: 0,
            header: Vec::new(),
            types: None,
            ahead: VecDeque::new(),
            wanted: Vec::new(),
            batch_rows: opening.batch_rows.max(1),
            cells: Vec::new(),
            lines: Vec::new(),
            damaged: Vec::new(),
        }
    }

    /// The next line that is not blank, with its number.
    fn next_line(&mut self) -> Result<Option<(u64, Vec<u8>)>, SourceError> {
        loop {
            let mut text = Vec::new();
            let read = (&mut self.reader).take(LONGEST + 1).read_until(b'\n', &mut text);
            let cannot = |reason: String| SourceError::CannotRead { file: self.name.clone(), reason };
            match read {
                Err(error) => return Err(cannot(error.to_string())),
                Ok(0) => return Ok(None),
                Ok(_) if text.len() as u64 > LONGEST => {
                    return Err(cannot(format!("line {} has more than {} MiB", self.line + 1, LONGEST >> 20)));
                }
                Ok(_) => {}
            }
            self.line += 1;
            if self.line == 1
                && let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf")
            {
                text = rest.to_vec();
            }
            if text.trim_ascii().is_empty() {
                self.n_blank += 1;
                continue;
            }
            return Ok(Some((self.line, text)));
        }
    }

    /// Puts the cells of a line into a row; why it is none.
    fn take(&mut self, text: &[u8]) -> Result<(), String> {
        let Members(members) =
            serde_json::from_slice(text).map_err(|error| format!("not one JSON object on the line: {error}"))?;
        let mut seen: Vec<usize> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let Some(column) = self.header.iter().position(|known| *known == name) else {
                let name = value_of(name.as_bytes());
                return Err(format!("it has `{name}`, which none of the first {LOOKED_AT} lines has"));
            };
            if seen.contains(&column) {
                return Err(format!("it has `{}` twice", value_of(name.as_bytes())));
            }
            seen.push(column);
            let chosen = self.wanted.iter().zip(&mut self.cells).filter(|(wanted, _)| wanted.column == column);
            for (_, cells) in chosen {
                if let Some(cell) = cells.last_mut() {
                    *cell = cell_of(&name, value)?;
                }
            }
        }
        Ok(())
    }
}

/// The text of a value; none of `null`.
fn cell_of(name: &str, value: &RawValue) -> Result<Option<Cell>, String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => {
            let text: String = serde_json::from_str(text).map_err(|error| error.to_string())?;
            Ok(Some(Cell { text: trim(text.as_bytes()).to_vec(), is_number: false }))
        }
        Some(b'{' | b'[') => {
            Err(format!("`{}` is a list or an object, and no single value", value_of(name.as_bytes())))
        }
        Some(b't' | b'f') | None => Ok(Some(Cell { text: text.as_bytes().to_vec(), is_number: false })),
        Some(_) => Ok(Some(Cell { text: text.as_bytes().to_vec(), is_number: true })),
    }
}

impl Source for JsonLinesSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn source_type(&self, column: usize) -> SourceType {
        self.types.as_ref().map_or(SourceType::Texts, |types| of_column(types, column).clone())
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.wanted = wanted.to_vec();
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        self.cells = vec![Vec::new(); self.wanted.len()];
        self.lines.clear();
        self.damaged.clear();
        while self.lines.len() < self.batch_rows {
            let next = match self.ahead.pop_front() {
                Some(line) => Some(line),
                None => self.next_line()?,
            };
            let Some((line, text)) = next else { break };
            self.cells.iter_mut().for_each(|cells| cells.push(None));
            if let Err(reason) = self.take(&text) {
                self.damaged.push((self.lines.len(), reason));
            }
            self.lines.push(line);
        }
        Ok(self.lines.len())
    }

    fn damaged(&self) -> &[(usize, String)] {
        &self.damaged
    }

    fn line(&self, row: usize) -> Option<u64> {
        // The lines of a table of a database are nowhere to be seen.
        self.lines.get(row).copied().filter(|_| self.types.is_none())
    }

    fn n_blank(&self) -> u64 {
        self.n_blank
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        let cells = of_column(&self.cells, chosen);
        let scalars = cells.iter().map(|cell| match cell {
            Some(Cell { text, is_number: true }) => Scalar::Number(text),
            Some(Cell { text, is_number: false }) => Scalar::Text(text),
            None => Scalar::Text(&[]),
        });
        let encoding = match of_column(&self.wanted, chosen).as_text {
            true => Encoding::Texts(scalars.map(Scalar::text).collect()),
            false => Encoding::Scalars(scalars.collect()),
        };
        ColumnChunk { encoding, known: None }
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        let cell = of_column(&self.cells, chosen).get(row).and_then(Option::as_ref);
        value_of(cell.map_or(&[], |cell| &cell.text))
    }
}
