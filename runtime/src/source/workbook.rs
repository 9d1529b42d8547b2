//! Workbooks, XLSX and ODS, as a source: one sheet of them, held whole.
//!
//! Cells are kept as the texts that a CSV file would have in their place. Where all cells of a column are numbers, or days, it is told
//! as such, so that it does not matter how a sheet shows them. A number of a sheet is binary floating point, of which the
//! 15 digits count that a sheet shows; more decimals than its field has reject a row, as in any other file.

use crate::source::columns::{ColumnChunk, Encoding, Scalar, Source, SourceType, Wanted, of_column};
use crate::source::error::SourceError;
use crate::source::text::value_of;
use calamine::{Data, Ods, Range, Reader, Xlsx, open_workbook_from_rs};
use meed_compiler::internal::broken;
use meed_compiler::plan::Layout;
use meed_compiler::plan::calendar::day_of;
use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A workbook that takes more bytes than this when unpacked is no table that somebody keeps by hand.
const LARGEST: u64 = 1 << 30;

/// The formats of workbooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workbook {
    /// Of Excel.
    Xlsx,
    /// OpenDocument.
    Ods,
}

impl Workbook {
    /// The format of a file by its ending.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        match () {
            () if ending.eq_ignore_ascii_case("xlsx") => Some(Self::Xlsx),
            () if ending.eq_ignore_ascii_case("ods") => Some(Self::Ods),
            () => None,
        }
    }
}

pub(super) struct WorkbookSource {
    header: Vec<String>,
    columns: Vec<Column>,
    /// The row of the sheet of each row, counted from 1.
    lines: Vec<u64>,
    n_blank: u64,
    wanted: Vec<Wanted>,
    batch_rows: usize,
    /// The rows of this batch.
    start: usize,
    n_rows: usize,
}

/// The cells of a column; an empty text is a missing cell.
struct Column {
    texts: Vec<String>,
    typed: Typed,
}

/// What all cells of a column are.
enum Typed {
    Texts,
    /// Some are numbers, which are told by row.
    Scalars(Vec<bool>),
    /// Whole numbers of `10^-decimals`.
    Numbers {
        values: Vec<i128>,
        decimals: i32,
    },
    Days(Vec<i32>),
}

impl WorkbookSource {
    /// Reads a sheet.
    pub fn open(
        file: String,
        bytes: File,
        format: Workbook,
        layout: &Layout,
        batch_rows: usize,
    ) -> Result<Self, SourceError> {
        let range = sheet(&file, bytes, format, layout.sheet.as_deref())?;
        let (Some((_, left)), Some((bottom, right))) = (range.start(), range.end()) else {
            return Err(SourceError::EmptyFile { file });
        };
        let text = |row: u32, column: u32| range.get_value((row, column)).map_or(String::new(), text_of);
        let is_blank = |row: u32| (left..=right).all(|column| text(row, column).is_empty());
        // Where the header is in the first row, rows of blanks before it are passed over.
        let header_row = match layout.header_row {
            0 | 1 => (0..=bottom).find(|row| !is_blank(*row)),
            row => Some(row - 1).filter(|row| *row <= bottom && !is_blank(*row)),
        };
        let Some(header_row) = header_row else {
            return Err(SourceError::NoHeaderRow { file, row: layout.header_row });
        };
        let header: Vec<String> = (left..=right).map(|column| text(header_row, column)).collect();
        let below = header_row + 1..=bottom;
        let n_below = below.clone().count() as u64;
        let rows: Vec<u32> = below.filter(|row| !is_blank(*row)).collect();
        let columns = (left..=right).map(|column| {
            let cells = rows.iter().map(|row| range.get_value((*row, column)).unwrap_or(&Data::Empty));
            Column::of(cells)
        });
        Ok(Self {
            header,
            columns: columns.collect(),
            lines: rows.iter().map(|row| u64::from(*row) + 1).collect(),
            n_blank: n_below - rows.len() as u64,
            wanted: Vec::new(),
            batch_rows,
            start: 0,
            n_rows: 0,
        })
    }

    fn column(&self, chosen: usize) -> (&Column, bool) {
        let Wanted { column, as_text } = *of_column(&self.wanted, chosen);
        (of_column(&self.columns, column), as_text)
    }
}

/// The cells of a sheet as CSV, for whoever reads a table that is part of a program.
///
/// # Errors
/// When the file is no workbook that can be read.
pub fn as_csv(file: &str, bytes: File, format: Workbook) -> Result<String, SourceError> {
    let range = sheet(file, bytes, format, None)?;
    let Some((_, left)) = range.start() else { return Ok(String::new()) };
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in range.rows() {
        // A row of one empty cell would be no row at all.
        let cells = row.iter().map(text_of).chain((left > 0).then(String::new));
        out.write_record(cells).unwrap_or_else(|error| broken(format!("a sheet that cannot be written: {error}")));
    }
    let bytes = out.into_inner().unwrap_or_else(|error| broken(format!("a sheet that cannot be written: {error}")));
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The cells of the sheet of this name, of the first where none is named.
fn sheet(file: &str, bytes: File, format: Workbook, name: Option<&str>) -> Result<Range<Data>, SourceError> {
    let bad = |reason: String| SourceError::BadWorkbook { file: file.to_owned(), reason };
    let copy = bytes.try_clone().map_err(|error| bad(error.to_string()))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(copy)).map_err(|error| bad(error.to_string()))?;
    let mut size = 0u64;
    for place in 0..archive.len() {
        let part = archive.by_index_raw(place).map_err(|error| bad(error.to_string()))?;
        size = size.saturating_add(part.size());
    }
    if size > LARGEST {
        return Err(bad("it is larger than 1 GiB when unpacked".to_owned()));
    }
    let read = || -> Result<(Vec<String>, Option<Range<Data>>), String> {
        let reader = BufReader::new(bytes);
        let range = |names: &[String]| match name {
            Some(name) => names.iter().find(|known| *known == name).cloned(),
            None => names.first().cloned(),
        };
        match format {
            Workbook::Xlsx => {
                let mut book: Xlsx<_> =
                    open_workbook_from_rs(reader).map_err(|error: calamine::XlsxError| error.to_string())?;
                let names = book.sheet_names();
                let found = range(&names).map(|name| book.worksheet_range(&name)).transpose();
                Ok((names, found.map_err(|error| error.to_string())?))
            }
            Workbook::Ods => {
                let mut book: Ods<_> =
                    open_workbook_from_rs(reader).map_err(|error: calamine::OdsError| error.to_string())?;
                let names = book.sheet_names();
                let found = range(&names).map(|name| book.worksheet_range(&name)).transpose();
                Ok((names, found.map_err(|error| error.to_string())?))
            }
        }
    };
    // A damaged file must not end the run with a panic of its reader.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    let (names, found) = read.unwrap_or_else(|_| Err("it is damaged".to_owned())).map_err(bad)?;
    found.ok_or_else(|| SourceError::NoSheet {
        file: file.to_owned(),
        sheet: name.unwrap_or_default().to_owned(),
        known: names,
    })
}

impl Column {
    fn of<'d>(cells: impl Iterator<Item = &'d Data> + Clone) -> Self {
        let texts: Vec<String> = cells.clone().map(text_of).collect();
        let all = |is: fn(&Data) -> bool| {
            let mut there = cells.clone().zip(&texts).filter(|(_, text)| !text.is_empty()).peekable();
            there.peek().is_some() && there.all(|(cell, _)| is(cell))
        };
        let typed = if all(|cell| matches!(cell, Data::Int(_) | Data::Float(_))) {
            numbers(&texts)
        } else if all(|cell| matches!(cell, Data::DateTime(_) | Data::DateTimeIso(_))) {
            days(&texts)
        } else {
            None
        };
        let is_number: Vec<bool> = cells.map(|cell| matches!(cell, Data::Int(_) | Data::Float(_))).collect();
        let untyped = if is_number.contains(&true) { Typed::Scalars(is_number) } else { Typed::Texts };
        Self { texts, typed: typed.unwrap_or(untyped) }
    }
}

/// Decimal texts as whole numbers of their smallest part; none where they do not fit.
fn numbers(texts: &[String]) -> Option<Typed> {
    let n_decimals = |text: &String| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = texts.iter().map(n_decimals).max().unwrap_or(0);
    let value = |text: &String| {
        let missing = decimals - n_decimals(text);
        let digits: String =
            text.chars().filter(|sign| *sign != '.').chain(std::iter::repeat_n('0', missing)).collect();
        if text.is_empty() { Some(0) } else { digits.parse::<i128>().ok() }
    };
    let values = texts.iter().map(value).collect::<Option<Vec<i128>>>()?;
    Some(Typed::Numbers { values, decimals: i32::try_from(decimals).ok().filter(|decimals| *decimals <= 18)? })
}

/// Days written as such; none where one has a time.
fn days(texts: &[String]) -> Option<Typed> {
    let day = |text: &String| if text.is_empty() { Some(0) } else { text.parse().ok().map(day_of) };
    let plain = texts.iter().all(|text| text.is_empty() || text.len() == "2026-02-01".len());
    if !plain {
        return None;
    }
    texts.iter().map(day).collect::<Option<Vec<i32>>>().map(Typed::Days)
}

/// What a CSV file would have in place of a cell.
fn text_of(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.trim().to_owned(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => date,
                _ => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        Data::DateTime(duration) => number_text(duration.as_f64()),
        Data::DateTimeIso(text) => text.trim_end_matches("T00:00:00").to_owned(),
        Data::DurationIso(text) => text.clone(),
        Data::Error(error) => error.to_string(),
    }
}

/// Whole numbers below this are all there in binary floating point: 2 to the power of 53.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// Below this, what calculations leave behind the 15th digit is less than any part of a cent.
const CALCULATED: f64 = 1e11;

/// A number as a sheet shows it, without a power of ten: by its 15 digits, where these say it, and else by all that it has, so that nothing
/// is rounded that somebody wrote.
pub(super) fn number_text(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string();
    }
    let shown = shown_text(number);
    let is_it = shown.parse().is_ok_and(|back: f64| {
        // What is left of a calculation, as 0.1 + 0.2, is the last bit or two.
        back == number || number.abs() < CALCULATED && back.to_bits().abs_diff(number.to_bits()) <= 2
    });
    let is_whole = number.abs() < WHOLE && number == number.trunc();
    match (is_whole, is_it) {
        (true, _) => plain_zero(number.to_string()),
        (false, true) => shown,
        // All of its digits: more than anybody wrote, so that it is refused where it cannot be exact.
        (false, false) => format!("{number:.30}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

/// Zero has no sign.
fn plain_zero(text: String) -> String {
    if text == "-0" { "0".to_owned() } else { text }
}

/// The 15 digits that a sheet shows.
fn shown_text(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let point = exponent.parse::<i32>().unwrap_or(0).saturating_add(1);
    if digits.is_empty() {
        return "0".to_owned();
    }
    let n_digits = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= n_digits {
        format!("{sign}{digits}{}", zeros(point - n_digits))
    } else {
        let (whole, decimals) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{sign}{whole}.{decimals}")
    }
}

impl Source for WorkbookSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn source_type(&self, column: usize) -> SourceType {
        match &of_column(&self.columns, column).typed {
            Typed::Texts | Typed::Scalars(_) => SourceType::Texts,
            Typed::Numbers { .. } => SourceType::Numbers,
            Typed::Days(_) => SourceType::Dates,
        }
    }

    fn choose(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.wanted = wanted.to_vec();
        (self.start, self.n_rows) = (0, 0);
        Ok(())
    }

    fn advance(&mut self) -> Result<usize, SourceError> {
        self.start += self.n_rows;
        self.n_rows = self.batch_rows.min(self.lines.len() - self.start);
        Ok(self.n_rows)
    }

    fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(self.start + row).copied()
    }

    fn n_blank(&self) -> u64 {
        self.n_blank
    }

    fn cells(&self, chosen: usize) -> ColumnChunk<'_> {
        let (column, as_text) = self.column(chosen);
        let rows = self.start..self.start + self.n_rows;
        let texts = column.texts.get(rows.clone()).unwrap_or_default();
        let known = || Some(texts.iter().map(|text| u8::from(!text.is_empty())).collect());
        let as_texts = || Encoding::Texts(texts.iter().map(String::as_bytes).collect());
        let (encoding, known) = match &column.typed {
            Typed::Texts => (as_texts(), None),
            Typed::Scalars(_) if as_text => (as_texts(), None),
            Typed::Scalars(is_number) => {
                let is_number = is_number.get(rows).unwrap_or_default();
                let scalars = texts.iter().zip(is_number).map(|(text, is_number)| match is_number {
                    true => Scalar::Number(text.as_bytes()),
                    false => Scalar::Text(text.as_bytes()),
                });
                (Encoding::Scalars(scalars.collect()), None)
            }
            Typed::Numbers { values, decimals } => {
                let values = values.get(rows).unwrap_or_default();
                let whole: Option<Vec<i64>> = values.iter().map(|value| i64::try_from(*value).ok()).collect();
                match whole {
                    Some(values) if *decimals == 0 || !as_text => {
                        (Encoding::Wholes { values: Cow::Owned(values), decimals: *decimals }, known())
                    }
                    None if !as_text => (Encoding::Wides { values: values.to_vec(), decimals: *decimals }, known()),
                    _ => (as_texts(), None),
                }
            }
            Typed::Days(_) if as_text => (as_texts(), None),
            Typed::Days(days) => (Encoding::Days(Cow::Borrowed(days.get(rows).unwrap_or_default())), known()),
        };
        ColumnChunk { encoding, known }
    }

    fn text(&self, chosen: usize, row: usize) -> String {
        let (column, _) = self.column(chosen);
        column.texts.get(self.start + row).map_or(String::new(), |text| value_of(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::number_text;

    #[test]
    fn numbers_have_the_digits_that_a_sheet_shows() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (1234.5, "1234.5"),
            (-0.07, "-0.07"),
            (1e15, "1000000000000000"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (12_345_678_901_234.56, "12345678901234.560546875"),
            (99_999_999_999_999.99, "99999999999999.984375"),
            (1_000_000_000_000.005, "1000000000000.0050048828125"),
            (123_456_789_012.25, "123456789012.25"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (0.000_001, "0.000001"),
            (0.0, "0"),
            (-0.0, "0"),
            (100.0, "100"),
            (2.675, "2.675"),
        ];
        for (number, text) in cases {
            assert_eq!(number_text(number), text);
        }
    }
}
