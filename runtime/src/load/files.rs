//! Files and batches as rows of text cells.

use super::{LoadError, LoadOptions};
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use meed_compiler::plan::{ColumnSource, Field, Plan, RecordId};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The files of one record.
pub struct TableInput {
    /// The record.
    pub record: RecordId,
    /// Its files, together one table.
    pub files: Vec<SourceFile>,
}

/// One file or table in memory.
pub struct SourceFile {
    /// Its name in messages.
    pub name: String,
    /// Its rows.
    pub content: Content,
}

/// Where rows come from.
pub enum Content {
    /// CSV; the delimiter is found from the header where none is given.
    Csv(Box<dyn Read + Send>, Option<u8>),
    /// Parquet.
    Parquet(File),
    /// Arrow, as engineers hand it over.
    Batches(Vec<RecordBatch>),
    /// Rows of a test: the header holds names of fields, cells are plain whatever a field's format.
    Cells {
        /// Names of fields.
        header: Vec<String>,
        /// Cells by row.
        rows: Vec<Vec<Option<String>>>,
    },
}

impl SourceFile {
    /// Opens a file by its ending: `.csv`, `.tsv`, `.txt` or `.parquet`.
    ///
    /// # Errors
    /// When it cannot be opened or its ending is another.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let open = || {
            File::open(path).map_err(|error| LoadError::CannotRead { file: name.clone(), reason: error.to_string() })
        };
        let content = match ending.as_str() {
            "csv" | "txt" => Content::Csv(Box::new(open()?), None),
            "tsv" => Content::Csv(Box::new(open()?), Some(b'\t')),
            "parquet" => Content::Parquet(open()?),
            _ => return Err(LoadError::UnknownFormat { file: name }),
        };
        Ok(Self { name, content })
    }
}

/// Rows of text cells, with their places.
pub(super) struct RawTable {
    parts: Vec<RawPart>,
}

struct RawPart {
    file: Arc<str>,
    header: Vec<String>,
    canonical: bool,
    rows: Vec<RawRow>,
}

/// One row.
pub(super) struct RawRow {
    pub file: Arc<str>,
    pub number: u64,
    /// Why it is no row at all.
    pub damage: Option<String>,
    cells: Vec<Option<Vec<u8>>>,
    /// By column of the first part, the column of this row's part.
    map: Option<Arc<Vec<Option<usize>>>>,
}

impl RawRow {
    /// The cell of a column, none when it is empty.
    pub fn cell(&self, column: usize) -> Option<&[u8]> {
        let column = match &self.map {
            Some(map) => map[column]?,
            None => column,
        };
        self.cells.get(column)?.as_deref()
    }
}

impl RawTable {
    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &RawRow> {
        self.parts.iter().flat_map(|part| &part.rows)
    }

    /// Whether cells are plain whatever a field's format.
    pub fn canonical(&self) -> bool {
        self.parts.iter().any(|part| part.canonical)
    }

    /// The column of a field; none when it is not there and need not be.
    pub fn column(
        &self,
        plan: &Plan,
        record: RecordId,
        field: &Field,
        source: &ColumnSource,
        own: bool,
    ) -> Result<Option<usize>, LoadError> {
        let Some(part) = self.parts.first() else { return Ok(None) };
        let definition = plan.record(record);
        if part.canonical {
            let name = if own { &field.name } else { &source.header };
            return Ok(part.header.iter().position(|header| header == name || *header == field.name));
        }
        let trimmed = source.header.trim();
        let same = |header: &&String| {
            if source.exact { header.trim() == trimmed } else { header.trim().to_lowercase() == trimmed.to_lowercase() }
        };
        let found: Vec<usize> =
            part.header.iter().enumerate().filter(|(_, header)| same(header)).map(|(idx, _)| idx).collect();
        let file = part.file.to_string();
        let needed = field.used || definition.key.iter().any(|key| definition.fields[key.index()].name == field.name);
        match found[..] {
            [only] => Ok(Some(only)),
            [] if !needed => Ok(None),
            [] => Err(LoadError::MissingColumn {
                file,
                record: definition.name.clone(),
                field: field.name.clone(),
                header: source.header.clone(),
                near: super::error::nearest(&source.header, &part.header),
                found: part.header.clone(),
            }),
            _ if !needed => Ok(None),
            _ => Err(LoadError::DuplicateColumn {
                file,
                record: definition.name.clone(),
                field: field.name.clone(),
                header: source.header.clone(),
                count: found.len(),
            }),
        }
    }
}

/// Reads all rows of a record's files.
pub(super) fn read(_plan: &Plan, input: TableInput, options: &LoadOptions) -> Result<RawTable, LoadError> {
    let mut parts: Vec<RawPart> = Vec::new();
    for file in input.files {
        let name: Arc<str> = Arc::from(file.name.as_str());
        let mut part = match file.content {
            Content::Csv(mut reader, delimiter) => {
                let mut bytes = Vec::new();
                reader
                    .read_to_end(&mut bytes)
                    .map_err(|error| LoadError::CannotRead { file: file.name.clone(), reason: error.to_string() })?;
                read_csv(&name, &bytes, delimiter)?
            }
            Content::Parquet(handle) => read_parquet(&name, handle, options)?,
            Content::Batches(batches) => {
                let mut part = RawPart { file: name.clone(), header: Vec::new(), canonical: false, rows: Vec::new() };
                for batch in &batches {
                    take_batch(&mut part, batch)?;
                }
                part
            }
            Content::Cells { header, rows } => {
                let rows = rows.into_iter().enumerate().map(|(idx, cells)| RawRow {
                    file: name.clone(),
                    number: idx as u64 + 1,
                    damage: None,
                    cells: cells.into_iter().map(|cell| cell.map(String::into_bytes)).collect(),
                    map: None,
                });
                RawPart { file: name.clone(), header, canonical: true, rows: rows.collect() }
            }
        };
        // A later file may have its columns in another order.
        if let Some(first) = parts.first()
            && first.header != part.header
        {
            let place =
                |header: &String| part.header.iter().position(|other| other.trim().eq_ignore_ascii_case(header.trim()));
            let map: Vec<Option<usize>> = first.header.iter().map(place).collect();
            if let Some(missing) = map.iter().position(Option::is_none) {
                let header = first.header[missing].clone();
                return Err(LoadError::MissingColumn {
                    file: file.name,
                    record: _plan.record(input.record).name.clone(),
                    field: header.clone(),
                    near: super::error::nearest(&header, &part.header),
                    header,
                    found: part.header,
                });
            }
            let map = Arc::new(map);
            part.rows.iter_mut().for_each(|row| row.map = Some(map.clone()));
        }
        parts.push(part);
    }
    Ok(RawTable { parts })
}

fn read_csv(name: &Arc<str>, bytes: &[u8], delimiter: Option<u8>) -> Result<RawPart, LoadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let Some(first) = first else { return Err(LoadError::EmptyFile { file: name.to_string() }) };
    let count = |delimiter: u8| first.iter().filter(|&&byte| byte == delimiter).count();
    let found = *b",;\t|".iter().max_by_key(|&&delimiter| (count(delimiter), delimiter == b',')).unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(found))
        .flexible(true)
        .has_headers(false)
        .from_reader(bytes);
    let mut part = RawPart { file: name.clone(), header: Vec::new(), canonical: false, rows: Vec::new() };
    let mut record = csv::ByteRecord::new();
    let mut number = 0;
    let mut started = false;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| LoadError::CannotRead { file: name.to_string(), reason: error.to_string() })?
    {
        if !started {
            started = true;
            let text = |cell: &[u8]| std::str::from_utf8(cell).map(|text| text.trim().to_owned());
            part.header = record
                .iter()
                .map(text)
                .collect::<Result<_, _>>()
                .map_err(|_| LoadError::NotUtf8 { file: name.to_string() })?;
            continue;
        }
        number += 1;
        let damage = (record.len() != part.header.len())
            .then(|| format!("the row has {} cells, the header {}", record.len(), part.header.len()));
        let cells = record.iter().map(|cell| {
            let cell = crate::columns::trim(cell);
            (!cell.is_empty()).then(|| cell.to_vec())
        });
        part.rows.push(RawRow { file: name.clone(), number, damage, cells: cells.collect(), map: None });
    }
    Ok(part)
}

fn read_parquet(name: &Arc<str>, file: File, options: &LoadOptions) -> Result<RawPart, LoadError> {
    let bad = |reason: String| LoadError::BadParquet { file: name.to_string(), reason };
    let mut part = RawPart { file: name.clone(), header: Vec::new(), canonical: false, rows: Vec::new() };
    // Some damaged files make the decoder panic; the panic is an error of the file like any other.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| -> Result<(), LoadError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| bad(error.to_string()))?;
        part.header = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let reader =
            builder.with_batch_size(options.batch_rows.max(1)).build().map_err(|error| bad(error.to_string()))?;
        for batch in reader {
            take_batch(&mut part, &batch.map_err(|error| bad(error.to_string()))?)?;
        }
        Ok(())
    }));
    read.unwrap_or_else(|_| Err(bad("its pages are damaged".to_owned())))?;
    Ok(part)
}

fn take_batch(part: &mut RawPart, batch: &RecordBatch) -> Result<(), LoadError> {
    let schema = batch.schema();
    part.header = schema.fields().iter().map(|field| field.name().clone()).collect();
    let options = FormatOptions::default();
    let mut formatters = Vec::new();
    for (column, field) in batch.columns().iter().zip(schema.fields()) {
        if matches!(column.data_type(), DataType::Float16 | DataType::Float32 | DataType::Float64) {
            return Err(LoadError::FloatingPoint {
                file: part.file.to_string(),
                column: field.name().clone(),
                decimals: 2,
            });
        }
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options);
        formatters.push(
            formatter
                .map_err(|error| LoadError::CannotRead { file: part.file.to_string(), reason: error.to_string() })?,
        );
    }
    for row in 0..batch.num_rows() {
        let cells = batch.columns().iter().zip(&formatters).map(|(column, formatter)| {
            let text = if column.is_null(row) { String::new() } else { formatter.value(row).to_string() };
            let text = text.trim();
            (!text.is_empty()).then(|| text.as_bytes().to_vec())
        });
        let number = part.rows.len() as u64 + 1;
        part.rows.push(RawRow { file: part.file.clone(), number, damage: None, cells: cells.collect(), map: None });
    }
    Ok(())
}
