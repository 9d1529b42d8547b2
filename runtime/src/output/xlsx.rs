//! Workbooks (XLSX). A sheet keeps numbers as binary floating point: an amount of more than fifteen digits is written as text, so that no
//! digit of it changes.

use crate::output::batch::{Batch, Cells, Header, Kind, Sink};
use meed_compiler::plan::calendar::date_of;
use meed_compiler::value::decimal_text;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::io::{self, Write};

/// Rows of a sheet, its header among them.
const MOST_ROWS: u32 = 1_048_576;
/// Digits that a number of a sheet keeps.
const DIGITS: usize = 15;

/// Writes a table as the first sheet of a workbook, and what is to be known of it as the second.
pub struct XlsxSink<W> {
    header: Header,
    /// By column, how its cells are shown.
    formats: Vec<Format>,
    workbook: Workbook,
    n_rows: u32,
    target: Option<W>,
}

impl<W: Write> XlsxSink<W> {
    /// Begins a table; `about` has what is to be known of it, each with its name.
    ///
    /// # Errors
    /// When the sheets cannot be begun.
    pub fn new(header: Header, target: W, about: &[(&str, String)]) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        // The same rows are the same bytes: a workbook says of no clock when it was made.
        let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(other)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(other)?;
        let bold = Format::new().set_bold();
        for (column, (name, _)) in (0u16..).zip(&header) {
            sheet.write_string_with_format(0, column, *name, &bold).map_err(other)?;
        }
        if !about.is_empty() {
            let sheet =
                workbook.add_worksheet_with_constant_memory().map_err(other)?.set_name("about").map_err(other)?;
            for (row, (name, text)) in (0u32..).zip(about) {
                sheet.write_string(row, 0, *name).map_err(other)?;
                sheet.write_string(row, 1, text).map_err(other)?;
            }
        }
        let format = |kind: &Kind| match kind {
            Kind::Amount { decimals: 0, .. } => Format::new().set_num_format("0"),
            Kind::Amount { decimals, .. } => {
                Format::new().set_num_format(format!("0.{}", "0".repeat(*decimals as usize)))
            }
            Kind::Day => Format::new().set_num_format("yyyy-mm-dd"),
            Kind::Word | Kind::Name | Kind::Text | Kind::Whole => Format::new(),
        };
        let formats = header.iter().map(|(_, kind)| format(kind)).collect();
        Ok(Self { header, formats, workbook, n_rows: 0, target: Some(target) })
    }
}

impl<W: Write> Sink for XlsxSink<W> {
    fn take(&mut self, batch: Batch) -> io::Result<()> {
        let sheet = self.workbook.worksheet_from_index(0).map_err(other)?;
        for row in 0..batch.n_rows {
            self.n_rows += 1;
            if self.n_rows >= MOST_ROWS {
                let message = format!("a sheet has at most {MOST_ROWS} rows: write CSV or Parquet");
                return Err(io::Error::other(message));
            }
            for (column, ((cells, (_, kind)), format)) in
                (0u16..).zip(batch.columns.iter().zip(&self.header).zip(&self.formats))
            {
                write(sheet, (self.n_rows, column), (cells, *kind, row), format).map_err(other)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(mut target) = self.target.take() else { return Ok(()) };
        // Packed it is held before it is written: a workbook is put together from parts that are written last.
        let bytes = self.workbook.save_to_buffer().map_err(other)?;
        target.write_all(&bytes)?;
        target.flush()
    }
}

/// Writes a cell; none where there is no value.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (cells, kind, of): (&Cells, Kind, usize),
    format: &Format,
) -> Result<(), XlsxError> {
    let day = match cells {
        Cells::Days(days) => days.get(of).copied(),
        Cells::SomeDays(days) => days.get(of).copied().flatten(),
        Cells::NoDays | Cells::Words { .. } | Cells::Texts(_) | Cells::Amounts(_) | Cells::Wholes(_) => None,
    };
    match cells {
        Cells::Days(_) | Cells::SomeDays(_) | Cells::NoDays => {
            let Some(day) = day else { return Ok(()) };
            let date = date_of(day);
            let in_sheet =
                u16::try_from(date.year()).ok().zip(u8::try_from(date.month()).ok()).zip(u8::try_from(date.day()).ok());
            match in_sheet.map(|((year, month), day)| ExcelDateTime::from_ymd(year, month, day)) {
                Some(Ok(date)) => sheet.write_datetime_with_format(row, column, &date, format)?,
                // Sheets begin with 1900.
                Some(Err(_)) | None => sheet.write_string(row, column, date.to_string())?,
            };
        }
        Cells::Wholes(numbers) => {
            if let Some(number) = numbers.get(of) {
                sheet.write_number(row, column, *number)?;
            }
        }
        Cells::Amounts(amounts) => {
            let decimals = if let Kind::Amount { decimals, .. } = kind { decimals } else { 0 };
            let Some(value) = amounts.values.get(of) else { return Ok(()) };
            let text = decimal_text(*value, amounts.decimals(of, decimals));
            let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
            match text.parse::<f64>() {
                Ok(number) if n_digits <= DIGITS => sheet.write_number_with_format(row, column, number, format)?,
                Ok(_) | Err(_) => sheet.write_string(row, column, text)?,
            };
        }
        Cells::Words { .. } | Cells::Texts(_) => {
            let text = cells.text(of, kind);
            if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
        }
    }
    Ok(())
}

fn other(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::{Amounts, Texts};
    use calamine::{Data, Reader, Xlsx};
    use std::io::Cursor;

    #[test]
    fn cells_are_read_back_as_they_were_meant() {
        let header = vec![
            ("payee", Kind::Text),
            ("amount", Kind::Amount { decimals: 2, digits: 38 }),
            ("due", Kind::Day),
            ("place", Kind::Whole),
        ];
        let mut target = Cursor::new(Vec::new());
        let mut sink = XlsxSink::new(header, &mut target, &[("head", "1f01".to_owned())]).expect("it is begun");
        let columns = vec![
            Cells::Texts(["=ACME", "", "BETA"].into_iter().collect::<Texts>()),
            Cells::Amounts(Amounts { values: vec![-1_205, 99_999_999_999_999_999, 7], decimals: vec![2, 2, 0] }),
            Cells::SomeDays(vec![Some(20_500), None, Some(-400_000)]),
            Cells::Wholes(vec![1, 2, -3]),
        ];
        sink.take(Batch { n_rows: 3, columns }).expect("there is room");
        sink.finish().expect("there is room");
        drop(sink);
        let mut workbook: Xlsx<_> = Xlsx::new(target).expect("it is a workbook");
        let sheet = workbook.worksheet_range_at(0).expect("the first sheet").expect("it can be read");
        let cell = |row, column| sheet.get_value((row, column)).cloned().unwrap_or(Data::Empty);
        let text = |text: &str| Data::String(text.to_owned());
        assert_eq!([cell(0, 0), cell(0, 1), cell(0, 2)], ["payee", "amount", "due"].map(text));
        // A text that begins like a formula is a text, and an amount of more digits than a number has too.
        assert_eq!([cell(1, 0), cell(1, 1), cell(1, 3)], [text("=ACME"), Data::Float(-12.05), Data::Float(1.0)]);
        assert_eq!([cell(2, 0), cell(2, 1), cell(2, 2)], [Data::Empty, text("999999999999999.99"), Data::Empty]);
        assert_eq!([cell(3, 1), cell(3, 3)], [Data::Float(7.0), Data::Float(-3.0)]);
        // Sheets begin with 1900.
        assert_eq!(cell(3, 2), text(&date_of(-400_000).to_string()));
        assert!(matches!(cell(1, 2), Data::DateTime(_)), "{:?}", cell(1, 2));
        let about = workbook.worksheet_range("about").expect("the second sheet");
        assert_eq!(about.get_value((0, 1)), Some(&text("1f01")));
    }
}
