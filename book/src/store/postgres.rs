//! A book on a PostgreSQL server: the tables of the schema `meed` of a database. The connection is not encrypted.

use crate::chain::Link;
use crate::error::BookError;
use crate::line::PostedLine;
use crate::payee::Payee;
use crate::store::{FORMAT, LineSum, Names, Store, SumBy, id, whole};
use meed_runtime::inner::earlier::{Line, Subject};
use postgres::error::SqlState;
use postgres::{Client, NoTls, Row};
use std::fmt::Write as _;
use std::io::Write as _;

/// Days are counted from 1970-01-01, amounts in the smallest parts of their units. Texts sort by their bytes.
const SCHEMA: &str = "
CREATE SCHEMA meed;
CREATE TABLE meed.format (format INTEGER NOT NULL);
CREATE TABLE meed.entry (number BIGINT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE meed.name (
    kind TEXT COLLATE \"C\" NOT NULL, key TEXT COLLATE \"C\" NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, key)
);
CREATE TABLE meed.line (
    settlement BIGINT NOT NULL, number BIGINT NOT NULL,
    event TEXT COLLATE \"C\" NOT NULL, key TEXT COLLATE \"C\" NOT NULL, rule TEXT COLLATE \"C\" NOT NULL,
    payee_kind TEXT COLLATE \"C\" NOT NULL, payee TEXT COLLATE \"C\" NOT NULL, period TEXT COLLATE \"C\" NOT NULL,
    unit TEXT COLLATE \"C\" NOT NULL, due INTEGER, version INTEGER NOT NULL, place INTEGER NOT NULL, \"when\" INTEGER NOT NULL,
    booked TEXT COLLATE \"C\" NOT NULL, reason TEXT COLLATE \"C\" NOT NULL, was BIGINT NOT NULL, amount BIGINT NOT NULL, \"row\" BIGINT,
    PRIMARY KEY (settlement, number)
);
CREATE INDEX line_payee ON meed.line (payee_kind, payee);
";

/// The columns by which lines are read, by [`line`], and written, by [`copied`].
const COLUMNS: &str = "settlement, number, event, key, rule, payee_kind, payee, period, unit, due, version, place, \"when\", booked, \
     reason, was, amount, \"row\"";

pub(super) struct Server {
    client: Client,
    place: String,
}

impl Server {
    fn connect(url: &str, place: &str) -> Result<Self, BookError> {
        let client = Client::connect(url, NoTls).map_err(|error| fault(&error, place))?;
        let mut server = Self { client, place: place.to_owned() };
        // Another session cannot change what a name means.
        server.execute("SET search_path = pg_catalog; SET lock_timeout = '2s'; SET client_min_messages = warning")?;
        Ok(server)
    }

    pub fn open(url: &str, place: &str) -> Result<Self, BookError> {
        let mut server = Self::connect(url, place)?;
        if !server.has_schema()? {
            return Err(BookError::NoBook { place: place.to_owned() });
        }
        let none = || BookError::NotABook { place: place.to_owned(), reason: Some("it has no format".to_owned()) };
        let formats = server.client.query("SELECT format FROM meed.format", &[]).map_err(|_| none())?;
        let [row] = formats.as_slice() else { return Err(none()) };
        match u32::try_from(row.get::<_, i32>(0)) {
            Ok(FORMAT) => Ok(server),
            Ok(format) if format > FORMAT => Err(BookError::Newer { place: place.to_owned(), format, known: FORMAT }),
            Ok(_) | Err(_) => Err(none()),
        }
    }

    pub fn create<T>(
        url: &str,
        place: &str,
        fill: impl FnOnce(&mut dyn Store) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        let mut server = Self::connect(url, place)?;
        server.execute("BEGIN")?;
        if server.has_schema()? {
            return Err(BookError::Exists { place: format!("{place}, schema meed") });
        }
        server.execute(SCHEMA)?;
        server.execute(&format!("INSERT INTO meed.format VALUES ({FORMAT})"))?;
        let filled = fill(&mut server)?;
        server.execute("COMMIT")?;
        Ok(filled)
    }

    fn has_schema(&mut self) -> Result<bool, BookError> {
        let found = self.client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'meed'", &[]);
        found.map(|rows| !rows.is_empty()).map_err(|error| fault(&error, &self.place))
    }

    fn execute(&mut self, statements: &str) -> Result<(), BookError> {
        self.client.batch_execute(statements).map_err(|error| fault(&error, &self.place))
    }

    fn query(&mut self, select: &str, values: &[&(dyn postgres::types::ToSql + Sync)]) -> Result<Vec<Row>, BookError> {
        self.client.query(select, values).map_err(|error| fault(&error, &self.place))
    }
}

/// A line, with its settlement.
fn line(row: &Row) -> (u64, PostedLine) {
    let subject = Subject {
        event: row.get(2),
        key: row.get(3),
        rule: row.get(4),
        payee_kind: row.get(5),
        payee: row.get(6),
        period: row.get(7),
        unit: row.get(8),
        due: row.get(9),
    };
    let [was, amount] = [15, 16].map(|column| i128::from(row.get::<_, i64>(column)));
    let digest = row.get::<_, Option<i64>>(17).map(i64::cast_unsigned);
    let line = Line { version: row.get(10), place: row.get(11), when: row.get(12), amount, row: digest };
    let posted = PostedLine { number: whole(row.get(1)), subject, line, booked: row.get(13), reason: row.get(14), was };
    (whole(row.get(0)), posted)
}

/// A line as a row of `COPY`.
fn copied(settlement: u64, line: &PostedLine, text: &mut String) -> Result<(), BookError> {
    let PostedLine { number, subject, line, booked, reason, was } = line;
    let Subject { event, key, rule, payee_kind, payee, period, unit, due } = subject;
    let large = |what| BookError::TooLarge { rule: rule.clone(), key: key.clone(), what };
    let small = |amount: i128, what| i64::try_from(amount).map_err(|_| large(what));
    let (was, amount) =
        (small(*was, "what was posted before is too large")?, small(line.amount, "the amount is too large")?);
    // A String takes whatever is written to it.
    let _ = write!(text, "{settlement}\t{number}");
    for word in [event, key, rule, payee_kind, payee, period, unit] {
        text.push('\t');
        escape(word, text).ok_or_else(|| large("the server takes no text with a zero byte"))?;
    }
    text.push('\t');
    let _ = match due {
        Some(due) => write!(text, "{due}"),
        None => write!(text, "\\N"),
    };
    let _ = write!(text, "\t{}\t{}\t{}", line.version, line.place, line.when);
    for word in [booked, reason] {
        text.push('\t');
        escape(word, text).ok_or_else(|| large("the server takes no text with a zero byte"))?;
    }
    let _ = write!(text, "\t{was}\t{amount}\t");
    let _ = match line.row {
        Some(row) => writeln!(text, "{}", row.cast_signed()),
        None => writeln!(text, "\\N"),
    };
    Ok(())
}

fn escape(word: &str, text: &mut String) -> Option<()> {
    for letter in word.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\0' => return None,
            letter => text.push(letter),
        }
    }
    Some(())
}

fn ids(numbers: &[u64]) -> Vec<i64> {
    numbers.iter().copied().map(id).collect()
}

fn fault(error: &postgres::Error, place: &str) -> BookError {
    let message = error.as_db_error().map_or_else(|| told(error), |error| error.message().to_owned());
    match error.code() {
        Some(
            &SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE,
        ) => BookError::Busy { place: place.to_owned() },
        Some(&SqlState::DISK_FULL) => BookError::Full(message),
        Some(_) | None => BookError::Store(format!("`{place}`: {message}")),
    }
}

/// What the client says of what is no answer of the server, with its cause.
fn told(error: &postgres::Error) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

impl Store for Server {
    fn links(&mut self, from: u64) -> Result<Vec<Link>, BookError> {
        let select = "SELECT number, body, hash FROM meed.entry WHERE number >= $1 ORDER BY number";
        let rows = self.query(select, &[&id(from)])?;
        Ok(rows.iter().map(|row| Link { number: whole(row.get(0)), body: row.get(1), hash: row.get(2) }).collect())
    }

    fn begin(&mut self) -> Result<(), BookError> {
        self.execute("BEGIN")?;
        self.execute("LOCK TABLE meed.entry IN EXCLUSIVE MODE").inspect_err(|_| self.roll_back())
    }

    fn commit(&mut self) -> Result<(), BookError> {
        self.execute("COMMIT")
    }

    fn begin_reading(&mut self) -> Result<(), BookError> {
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn forget(&mut self) -> Result<(), BookError> {
        self.execute("VACUUM FULL meed.name")
    }

    fn roll_back(&mut self) {
        // Where the connection is gone, the server has done it.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn put_link(&mut self, link: &Link) -> Result<(), BookError> {
        let insert = "INSERT INTO meed.entry (number, body, hash) VALUES ($1, $2, $3)";
        self.query(insert, &[&id(link.number), &link.body, &link.hash]).map(|_| ())
    }

    fn put_lines(&mut self, settlement: u64, lines: &[PostedLine]) -> Result<(), BookError> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        lines.iter().try_for_each(|line| copied(settlement, line, &mut text))?;
        let place = &self.place;
        let copy = format!("COPY meed.line ({COLUMNS}) FROM STDIN");
        let mut writer = self.client.copy_in(&copy).map_err(|error| fault(&error, place))?;
        writer.write_all(text.as_bytes())?;
        writer.finish().map(|_| ()).map_err(|error| fault(&error, place))
    }

    fn lines(&mut self, settlement: u64, after: u64, limit: usize) -> Result<Vec<PostedLine>, BookError> {
        let select =
            format!("SELECT {COLUMNS} FROM meed.line WHERE settlement = $1 AND number > $2 ORDER BY number LIMIT $3");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.query(&select, &[&id(settlement), &id(after), &limit])?.iter().map(|row| line(row).1).collect())
    }

    fn lines_of(
        &mut self,
        settlements: &[u64],
        payee: &Payee,
        key: Option<&str>,
    ) -> Result<Vec<(u64, PostedLine)>, BookError> {
        let select = format!(
            "SELECT {COLUMNS} FROM meed.line WHERE payee_kind = $1 AND payee = $2 AND ($3::TEXT IS NULL OR key = $3) \
             AND settlement = ANY($4) AND number > 0 ORDER BY settlement, number"
        );
        let rows = self.query(&select, &[&payee.kind, &payee.key, &key, &ids(settlements)])?;
        Ok(rows.iter().map(line).collect())
    }

    fn drop_lines(&mut self, settlement: u64) -> Result<(), BookError> {
        self.query("DELETE FROM meed.line WHERE settlement = $1", &[&id(settlement)]).map(|_| ())
    }

    fn with_lines(&mut self) -> Result<Vec<u64>, BookError> {
        let rows = self.query("SELECT DISTINCT settlement FROM meed.line ORDER BY settlement", &[])?;
        Ok(rows.iter().map(|row| whole(row.get(0))).collect())
    }

    fn sums(
        &mut self,
        settlements: &[u64],
        last: Option<u64>,
        by: SumBy,
        due_by: Option<i32>,
    ) -> Result<Vec<LineSum>, BookError> {
        let rule = match by {
            SumBy::Payee => "NULL::TEXT, NULL::TEXT",
            SumBy::PayeeRuleAndBooked => "rule, booked",
        };
        let select = format!(
            "SELECT payee_kind, payee, {rule}, unit, sum(amount)::TEXT,
                 coalesce(sum(amount) FILTER (WHERE settlement = $3), 0)::TEXT
             FROM meed.line WHERE settlement = ANY($1) AND number > 0 AND ($2::INTEGER IS NULL OR due IS NULL OR due <= $2)
             GROUP BY payee_kind, payee, {rule}, unit"
        );
        let sum = |row: &Row| {
            let amount = |column: usize| {
                let text: String = row.get(column);
                text.parse::<i128>().map_err(|_| BookError::Store(format!("`{text}` is no sum of lines")))
            };
            let payee = Payee { kind: row.get(0), key: row.get(1) };
            Ok(LineSum {
                payee,
                rule: row.get(2),
                booked: row.get(3),
                unit: row.get(4),
                amount: amount(5)?,
                of_last: amount(6)?,
            })
        };
        self.query(&select, &[&ids(settlements), &due_by, &last.map(id)])?.iter().map(sum).collect()
    }

    fn keys_of(&mut self, kind: &str) -> Result<Vec<String>, BookError> {
        let select = "SELECT DISTINCT payee FROM meed.line WHERE payee_kind = $1 ORDER BY payee";
        Ok(self.query(select, &[&kind])?.iter().map(|row| row.get(0)).collect())
    }

    fn names(&mut self) -> Result<Names, BookError> {
        let rows = self.query("SELECT kind, key, name FROM meed.name ORDER BY kind, key", &[])?;
        Ok(rows.iter().map(|row| (Payee { kind: row.get(0), key: row.get(1) }, row.get(2))).collect())
    }

    fn put_names(&mut self, names: &[(Payee, String)]) -> Result<(), BookError> {
        let insert =
            "INSERT INTO meed.name VALUES ($1, $2, $3) ON CONFLICT (kind, key) DO UPDATE SET name = excluded.name";
        names.iter().try_for_each(|(payee, name)| self.query(insert, &[&payee.kind, &payee.key, name]).map(|_| ()))
    }

    fn erase_name(&mut self, payee: &Payee) -> Result<bool, BookError> {
        let delete = "DELETE FROM meed.name WHERE kind = $1 AND key = $2 RETURNING kind";
        self.query(delete, &[&payee.kind, &payee.key]).map(|rows| !rows.is_empty())
    }

    fn faults(&mut self) -> Result<Vec<String>, BookError> {
        let triggers = "SELECT tgname::TEXT FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
            JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'meed' AND NOT tgisinternal";
        let rows = self.query(triggers, &[])?;
        let mut faults: Vec<String> =
            rows.iter().map(|row| format!("its tables have a trigger: {}", row.get::<_, String>(0))).collect();
        let unread = self.query("SELECT (SELECT count(*) FROM meed.line WHERE number <= 0 OR settlement <= 0) + (SELECT count(*) FROM meed.entry WHERE number <= 0)", &[])?;
        if unread.iter().any(|row| row.get::<_, i64>(0) > 0) {
            faults.push("it has lines or entries with numbers below one".to_owned());
        }
        Ok(faults)
    }
}
