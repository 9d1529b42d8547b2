//! Tables of PostgreSQL databases, read in one transaction that may change nothing. The connection is not encrypted.
//!
//! The server writes each row as JSON: decimal numbers as they are, days as 2026-02-01, instants in UTC.

use crate::source::columns::SourceType;
use crate::source::database::Columns;
use postgres::types::Type;
use postgres::{Config, Error, IsolationLevel, NoTls};
use std::error::Error as _;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How long a server may take to answer where its URL says nothing of that.
const CONNECT: Duration = Duration::from_secs(30);

/// Reads what a query gives.
pub(super) fn read(
    url: &str,
    password: Option<&str>,
    query: &str,
    told: &SyncSender<Columns>,
    target: &mut dyn Write,
) -> Result<(), String> {
    let mut config: Config = url.parse().map_err(plain)?;
    if let (Some(password), None) = (password, config.get_password()) {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    let mut client = config.application_name("meed").connect(NoTls).map_err(plain)?;
    client.batch_execute("SET TimeZone = 'UTC'; SET client_min_messages = warning").map_err(plain)?;
    let reading = client.build_transaction().read_only(true).isolation_level(IsolationLevel::RepeatableRead);
    let mut reading = reading.start().map_err(plain)?;
    let statement = reading.prepare(query).map_err(plain)?;
    let columns = statement.columns().iter();
    let columns: Columns = columns.map(|column| (column.name().to_owned(), source_type(column.type_()))).collect();
    if columns.is_empty() {
        return Err("the query gives no rows: one that begins with SELECT does".to_owned());
    }
    // Whoever asked has gone where nobody takes it.
    let _ = told.send(columns);
    let copy = format!("COPY (SELECT row_to_json(meed_row) FROM ({query}\n) AS meed_row) TO STDOUT");
    let mut rows = BufReader::new(reading.copy_out(&copy).map_err(plain)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if rows.read_until(b'\n', &mut line).map_err(met)? == 0 {
            return Ok(());
        }
        // In this format a backslash is doubled; every other sign that it marks is marked in JSON already.
        let mut rest = line.as_slice();
        while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
            let (before, after) = rest.split_at(at + 1);
            target.write_all(before).map_err(|error| error.to_string())?;
            rest = after.get(1..).unwrap_or_default();
        }
        target.write_all(rest).map_err(|error| error.to_string())?;
    }
}

/// What must be known of a column before it is read: the rest is told by its cells.
fn source_type(ty: &Type) -> SourceType {
    match *ty {
        Type::FLOAT4 | Type::FLOAT8 => SourceType::Floats,
        _ => SourceType::Texts,
    }
}

/// What the server says, or what came before it could.
fn plain(error: Error) -> String {
    match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    }
}

/// The same of what is met while rows come.
fn met(error: io::Error) -> String {
    let told = error.to_string();
    let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
    inner.map_or(told, |error| plain(*error))
}
