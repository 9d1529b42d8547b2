//! Faults that stop a run before any row is judged: files that cannot be read, columns that are not there.

#![expect(missing_docs, reason = "the message of each variant says what its fields are")]

use crate::source::error::SourceError;
use crate::store::error::StoreError;
use meed_compiler::internal::InternalError;
use meed_grammar::foreign::shown;
use thiserror::Error;

/// More columns of a table are not listed.
const MOST_TOLD: usize = 50;

/// Why tables could not be loaded.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// A file or table in memory that gives no rows.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A CSV file whose header is not UTF-8.
    #[error("`{}` is not UTF-8 text", shown(file))]
    NotUtf8 { file: String, record: String },
    /// A rule per entity and period with more rows than may be held.
    #[error(
        "rule `{rule}` has {n_rows} rows, {n_entities} of `{entity}` in {n_periods} periods (per {period}): \
         that takes about {needed} MiB, and the limit is {memory} MiB",
        n_rows = n_entities * n_periods
    )]
    TooManyPeriodRows {
        rule: String,
        entity: String,
        period: &'static str,
        n_entities: u64,
        n_periods: u64,
        needed: u64,
        memory: usize,
    },
    /// A condition by which rows find what they take back has no result.
    #[error("what `{}` of `{record}` takes back cannot be told: {reason}", shown(key))]
    Reversal { record: String, key: String, reason: String },
    /// A table that a rule needs was not given.
    #[error("no table for `{record}`")]
    MissingTable { record: String, expected: String },
    /// Rows of a record without a key are told apart by their file.
    #[error("rows of `{record}` have no key, and two of its files are named `{}`", shown(file))]
    SameFileName { file: String, record: String },
    /// A needed column is not there.
    #[error("`{}` has no column `{}` for the field `{field}` of `{record}`", shown(file), shown(header))]
    MissingColumn {
        file: String,
        record: String,
        field: String,
        header: String,
        found: Vec<String>,
        is_key: bool,
        near: Option<String>,
    },
    /// A needed header is there twice.
    #[error("`{}` has {count} columns `{}`, which the field `{field}` of `{record}` reads", shown(file), shown(header))]
    DuplicateColumn { file: String, record: String, field: String, header: String, count: usize },
    /// A column holds binary floating point.
    #[error("column `{}` of `{}` holds binary floating point", shown(column), shown(file))]
    FloatingPoint { file: String, column: String, decimals: u32 },
    /// A column holds values of another type.
    #[error(
        "column `{}` of `{}` holds {}, and the field `{field}` of `{record}` is {wanted}",
        shown(column),
        shown(file),
        shown(found)
    )]
    WrongColumnType { file: String, column: String, record: String, field: String, found: String, wanted: String },
    /// A percent in a typed column whose scale is not said.
    #[error(
        "column `{}` of `{}` holds numbers, and it is not said what part of 1 the percent `{field}` is",
        shown(column),
        shown(file)
    )]
    PercentScale { file: String, column: String, field: String },
    /// A time zone that is not known.
    #[error("the time zone `{}` of the field `{field}` is not known", shown(zone))]
    UnknownZone { zone: String, field: String },
    /// More rows than a table can have.
    #[error("`{record}` has more than 2,147,000,000 rows")]
    TooManyRows { record: String },
    /// Rows that are too many for memory could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An invariant of Meed that does not hold.
    #[error(transparent)]
    Internal(#[from] InternalError),
}

impl LoadError {
    /// The code, one per kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::NotUtf8 { .. } => "not-utf8",
            Self::Reversal { .. } => "bad-reverses",
            Self::TooManyPeriodRows { .. } => "too-many-period-rows",
            Self::MissingTable { .. } => "missing-table",
            Self::SameFileName { .. } => "same-file-name",
            Self::MissingColumn { .. } => "missing-column",
            Self::DuplicateColumn { .. } => "duplicate-column",
            Self::FloatingPoint { .. } => "floating-point-column",
            Self::WrongColumnType { .. } => "wrong-column-type",
            Self::PercentScale { .. } => "percent-scale",
            Self::UnknownZone { .. } => "unknown-zone",
            Self::TooManyRows { .. } => "too-many-rows",
            Self::Store(_) => "cannot-keep-rows",
            Self::Internal(_) => "internal-error",
        }
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.help(),
            Self::NotUtf8 { record, .. } => Some(format!(
                "save the file as UTF-8, or say in `source {record}` how it is written: `utf-16` or `windows-1252`"
            )),
            Self::Reversal { .. } => {
                Some("compare fields of both rows, without calculating in the condition".to_owned())
            }
            Self::TooManyPeriodRows { .. } => {
                Some("shorten the program, settle longer periods, or allow more memory with --memory MIB".to_owned())
            }
            Self::MissingTable { expected, record } => Some(format!(
                "call its file `{expected}.csv`, with the ending that it has, or name it: --data {record}=FILE"
            )),
            Self::SameFileName { .. } => Some("give one of the files another name".to_owned()),
            Self::MissingColumn { found, near, record, field, is_key, .. } => {
                let columns = columns(found);
                let no_key = match is_key {
                    true => ", or `no key` if its rows have none",
                    false => "",
                };
                Some(match (near, found.as_slice()) {
                    (Some(near), _) => format!("did you mean `{}`? {columns}", shown(near)),
                    (None, []) => columns,
                    (None, [_]) => {
                        format!(
                            "{columns}; where headers stand further down, say `header in row N` in `source {record}`"
                        )
                    }
                    (None, _) => format!(
                        "{columns}; if one of them is it, say `{field} from \"…\"` with its name in `source {record}`{no_key}"
                    ),
                })
            }
            Self::DuplicateColumn { .. } => {
                Some("rename one, or name the header with `from` where they differ in case".into())
            }
            Self::FloatingPoint { decimals, .. } => {
                Some(format!("Meed reads exact decimals: write it as DECIMAL(18, {decimals})"))
            }
            Self::PercentScale { .. } => {
                Some(r#"write `as "0.12"` where 0.12 means 12%, or `as "12"` where 12 does"#.to_owned())
            }
            Self::UnknownZone { .. } => Some("write a name like `Europe/Berlin` or an offset like `+02:00`".to_owned()),
            Self::WrongColumnType { .. } | Self::TooManyRows { .. } | Self::Store(_) => None,
            Self::Internal(_) => Some(InternalError::HELP.to_owned()),
        }
    }
}

/// What columns there are; of very many only the first are told.
fn columns(headers: &[String]) -> String {
    let told: Vec<String> = headers.iter().take(MOST_TOLD).map(|header| format!("`{}`", shown(header))).collect();
    match headers.len().saturating_sub(MOST_TOLD) {
        _ if headers.is_empty() => "it has no columns".to_owned(),
        0 => format!("it has {}", told.join(", ")),
        n_more => format!("it has {} and {n_more} more", told.join(", ")),
    }
}

/// The header most like `wanted`, if any is like it.
pub(crate) fn nearest(wanted: &str, found: &[String]) -> Option<String> {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(wanted);
    let distances = found.iter().map(|header| (distance(&wanted, &plain(header)), header));
    let (nearness, header) = distances.min_by_key(|(nearness, _)| *nearness)?;
    (nearness <= wanted.len() / 3).then(|| header.clone())
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
