//! Tables of SQLite databases, which are opened to be read only.
//!
//! SQLite has no decimal numbers: an amount with decimals is kept in binary floating point, also in a column that is called decimal. As of
//! a number of a workbook, the 15 digits count that it shows.

use crate::source::columns::SourceType;
use crate::source::database::Columns;
use crate::source::workbook::number_text;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, OpenFlags};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::SyncSender;

/// Reads what a query gives.
pub(super) fn read(path: &Path, query: &str, told: &SyncSender<Columns>, target: &mut dyn Write) -> Result<(), String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags).map_err(plain)?;
    let mut statement = database.prepare(query).map_err(|error| match tables(&database) {
        Ok(tables) if !tables.is_empty() => format!("{}; it has the tables {}", plain(error), tables.join(", ")),
        Ok(_) => format!("{}; it has no tables", plain(error)),
        Err(error) => plain(error),
    })?;
    if !statement.readonly() || statement.column_count() == 0 {
        return Err("the query gives no rows: one that begins with SELECT does".to_owned());
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let columns = names.iter().map(|name| (name.clone(), SourceType::Texts)).collect();
    // Whoever asked has gone where nobody takes it.
    let _ = told.send(columns);
    let mut rows = statement.query([]).map_err(plain)?;
    let mut n_rows = 0u64;
    while let Some(row) = rows.next().map_err(plain)? {
        n_rows += 1;
        let mut cells = Vec::with_capacity(names.len());
        for (column, name) in names.iter().enumerate() {
            let cell = cell_of(row.get_ref(column).map_err(plain)?);
            cells.push((name, cell.map_err(|reason| format!("row {n_rows}, column `{name}`: {reason}"))?));
        }
        serde_json::to_writer(&mut *target, &Row(&cells)).map_err(|error| error.to_string())?;
        target.write_all(b"\n").map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The names of tables and views.
fn tables(database: &Connection) -> Result<Vec<String>, Error> {
    let mut names = database.prepare(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 20",
    )?;
    names.query_map([], |row| row.get(0))?.collect()
}

/// A row as an object.
struct Row<'a>(&'a [(&'a String, Cell<'a>)]);

enum Cell<'a> {
    Missing,
    Number(Box<RawValue>),
    Text(Cow<'a, str>),
}

fn cell_of(value: ValueRef<'_>) -> Result<Cell<'_>, String> {
    let number = |text: String| match RawValue::from_string(text.clone()) {
        Ok(number) => Cell::Number(number),
        // Neither infinity nor what is no number has a number in JSON.
        Err(_) => Cell::Text(Cow::Owned(text)),
    };
    Ok(match value {
        ValueRef::Null => Cell::Missing,
        ValueRef::Integer(value) => number(value.to_string()),
        ValueRef::Real(value) => number(number_text(value)),
        ValueRef::Text(text) => Cell::Text(Cow::Borrowed(std::str::from_utf8(text).map_err(|_| "not UTF-8 text")?)),
        ValueRef::Blob(bytes) => {
            let mut text = "x'".to_owned();
            for byte in bytes {
                write!(text, "{byte:02x}").map_err(|error| error.to_string())?;
            }
            Cell::Text(Cow::Owned(text + "'"))
        }
    })
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in self.0 {
            match cell {
                Cell::Missing => object.serialize_entry(name, &())?,
                Cell::Number(number) => object.serialize_entry(name, number)?,
                Cell::Text(text) => object.serialize_entry(name, text)?,
            }
        }
        object.end()
    }
}

/// What the library says, without its name for the kind of it.
fn plain(error: Error) -> String {
    match error {
        Error::SqliteFailure(failure, None) => failure.to_string(),
        Error::SqliteFailure(_, Some(message)) => message,
        Error::SqlInputError { msg, .. } => msg,
        Error::MultipleStatement => "the query is more than one statement".to_owned(),
        other => other.to_string(),
    }
}
