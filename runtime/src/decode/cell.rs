//! How one cell of a field is read: from text by the field's format, or from a typed column.
//!
//! A value is a whole number: of `10^-decimals` for numbers, a day, a place in a list of `one of`, 1 and 0 for yes and no.

use crate::decode::day::{self, Pattern, Zone};
use crate::decode::number::NumberReader;
use meed_compiler::internal::broken;
use meed_compiler::plan::{
    Calendar, ColumnSource, Days, Field, FieldSource, Format, Label, Period, Plan, Spelling, Type,
};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Why a cell cannot be taken.
pub(crate) type Reason = Cow<'static, str>;

pub(crate) const NOT_UTF8: &str = "not UTF-8 text";
pub(crate) const OUTSIDE: &str = "outside the calendar";
pub(crate) const TOO_LONG: &str = "longer than 65,536 bytes";

/// A cell of more bytes is no value of a field: real ones are a few hundred, and every key is held.
pub(crate) const LONGEST_CELL: usize = 1 << 16;

/// The columns that a field is read from, in the order of the components of the key that it refers to.
pub(crate) fn sources(field: &Field) -> &[ColumnSource] {
    match &field.source {
        FieldSource::Column(source) => std::slice::from_ref(source),
        FieldSource::Columns(sources) => sources,
        FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => &[],
    }
}

/// Reads the cells of a field that is no text, id or reference.
#[derive(Clone, Debug)]
pub(crate) enum CellReader {
    Number(NumberReader),
    Date(Option<Pattern>),
    /// The name of a period, whose last day is the value.
    LastDayOf(Label, Calendar),
    /// The name of a period of a kind, as Meed writes it or by a sample; the value is its first day.
    Period(Period, Option<Label>, Calendar),
    /// One of several formats; no two of them read a cell differently.
    OneOf(Vec<CellReader>),
    /// A date and time; the value is the day, the instant is kept for ordering.
    Moment {
        zone: Zone,
        pattern: Option<Pattern>,
    },
    YesNo {
        spelled: Option<[String; 2]>,
    },
    Choice(ChoiceReader),
}

/// Reads a `one of`.
#[derive(Clone, Debug)]
pub(crate) struct ChoiceReader {
    spellings: FxHashMap<String, u32>,
    otherwise: Option<u32>,
    ignoring_case: bool,
    /// What may be there, for messages.
    listed: String,
}

impl CellReader {
    /// The reader for a type and format; none for texts, ids and references, or when the zone is not known.
    #[expect(clippy::indexing_slicing, reason = "a Plan names only lists of choices that it has")]
    pub fn new(plan: &Plan, ty: Type, decimals: u32, format: &Format) -> Option<Self> {
        if let Format::OneOf(formats) = format {
            let readers = formats.iter().map(|format| Self::new(plan, ty, decimals, format));
            return readers.collect::<Option<_>>().map(Self::OneOf);
        }
        Some(match ty {
            Type::Number | Type::Count | Type::Percent | Type::Money(_) => {
                Self::Number(NumberReader::new(plan, ty, decimals, format))
            }
            Type::Date => match format {
                Format::Date(pattern) => Self::Date(Some(Pattern::new(pattern))),
                Format::DateTime { zone, pattern } => {
                    let pattern = pattern.as_ref().map(|pattern| Pattern::new(pattern));
                    Self::Moment { zone: Zone::new(zone.as_deref())?, pattern }
                }
                Format::LastDayOf(sample) => {
                    Self::LastDayOf(Label::new(sample, &plan.calendar)?, plan.calendar.clone())
                }
                Format::Plain
                | Format::Number { .. }
                | Format::Choice { .. }
                | Format::YesNo { .. }
                | Format::Period(_)
                | Format::OneOf(_) => Self::Date(None),
            },
            Type::Period(kind) => {
                let label = match format {
                    Format::Period(sample) => Some(Label::new(sample, &plan.calendar)?),
                    _ => None,
                };
                Self::Period(kind, label, plan.calendar.clone())
            }
            Type::YesNo => match format {
                Format::YesNo { yes, no } => Self::YesNo { spelled: Some([no.clone(), yes.clone()]) },
                _ => Self::YesNo { spelled: None },
            },
            Type::Choice(choice) => Self::Choice(ChoiceReader::new(&plan.choices[choice.index()], format)),
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => return None,
        })
    }

    /// The reader of a typed column, to which it does not matter how texts are written.
    pub fn typed(&self) -> &Self {
        match self {
            Self::OneOf(readers) => readers.first().map_or(self, Self::typed),
            _ => self,
        }
    }

    /// Whether a text has a moment beside its day.
    pub fn has_moments(&self) -> bool {
        matches!(self.typed(), Self::Moment { .. })
    }

    /// What a text says.
    pub fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
        match self {
            Self::Number(reader) => reader.parse(text),
            Self::Date(None) => day::parse_iso(text).map(i64::from).ok_or(Cow::Borrowed("not a date like 2026-02-01")),
            Self::Date(Some(pattern)) => {
                let moment = pattern.parse(text).ok_or(Cow::Borrowed("not a date of the given format"))?;
                Ok(i64::from(moment.day))
            }
            Self::LastDayOf(label, calendar) => {
                let text = std::str::from_utf8(text).map_err(|_| Cow::Borrowed(NOT_UTF8))?;
                let days = label.days(text, calendar);
                days.map(|days| i64::from(days.to)).ok_or(Cow::Borrowed("not a period of the given format"))
            }
            Self::Period(kind, label, calendar) => {
                let text = std::str::from_utf8(text).map_err(|_| Cow::Borrowed(NOT_UTF8))?;
                let days = match label {
                    Some(label) => label.days(text, calendar),
                    None => calendar.parse_name_of(*kind, text).map(|index| calendar.days(*kind, index, Days::ALL)),
                };
                let whole = |days: &Days| calendar.days(*kind, calendar.index(*kind, days.from), Days::ALL) == *days;
                days.filter(whole).map(|days| i64::from(days.from)).ok_or_else(|| {
                    Cow::Owned(format!(
                        "not a {} {}",
                        kind.word(),
                        if label.is_some() { "of the given format" } else { "as it is named" }
                    ))
                })
            }
            Self::OneOf(readers) => one_of(readers, |reader| reader.parse(text)),
            Self::Moment { .. } => self.parse_moment(text).map(|(day, _)| i64::from(day)),
            Self::YesNo { spelled } => parse_yes_no(text, spelled.as_ref()),
            Self::Choice(reader) => reader.parse(text),
        }
    }

    /// Day and instant of a text, for fields that are a date and time.
    pub fn parse_moment(&self, text: &[u8]) -> Result<(i32, i128), Reason> {
        if let Self::OneOf(readers) = self {
            return one_of(readers, |reader| reader.parse_moment(text));
        }
        let Self::Moment { zone, pattern } = self else { broken("a field without a time is read as a date and time") };
        let moment = match pattern {
            Some(pattern) => pattern.parse(text).ok_or(Cow::Borrowed("not a date and time of the given format"))?,
            None => {
                day::parse_iso_moment(text).ok_or(Cow::Borrowed("not a date and time like 2026-02-01T08:30:00Z"))?
            }
        };
        zone.place(moment).ok_or(Cow::Borrowed(OUTSIDE))
    }
}

/// What the first reader says that can read a cell; else why none can, by the first.
fn one_of<T>(readers: &[CellReader], read: impl Fn(&CellReader) -> Result<T, Reason>) -> Result<T, Reason> {
    let mut first = None;
    for reader in readers {
        match read(reader) {
            Ok(value) => return Ok(value),
            Err(reason) => drop(first.get_or_insert(reason)),
        }
    }
    Err(first.filter(|_| readers.len() == 1).unwrap_or(Cow::Borrowed("in none of the given formats")))
}

fn parse_yes_no(text: &[u8], spelled: Option<&[String; 2]>) -> Result<i64, Reason> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    match spelled {
        Some([_, yes]) if is(yes) => Ok(1),
        Some([no, _]) if is(no) => Ok(0),
        Some([no, yes]) => Err(Cow::Owned(format!("neither `{yes}` nor `{no}`"))),
        None if is("yes") || is("true") => Ok(1),
        None if is("no") || is("false") => Ok(0),
        None => Err(Cow::Borrowed("not yes, no, true or false")),
    }
}

impl ChoiceReader {
    fn new(values: &[String], format: &Format) -> Self {
        let (spelled, otherwise, ignoring_case): (&[Spelling], _, _) = match format {
            Format::Choice { spellings, otherwise, ignoring_case } => (spellings, *otherwise, *ignoring_case),
            _ => (&[], None, false),
        };
        let fold = |text: &str| if ignoring_case { text.to_lowercase() } else { text.to_owned() };
        let has_spelling = |value: u32| spelled.iter().any(|spelling| spelling.value == value);
        let named = values.iter().zip(0..).filter(|(_, value)| !has_spelling(*value) && otherwise != Some(*value));
        let named = named.map(|(name, value)| (name.as_str(), value));
        let spelled = spelled.iter().map(|spelling| (spelling.text.as_str(), spelling.value));
        let all: Vec<(&str, u32)> = spelled.chain(named).collect();
        let listed = all.iter().map(|(text, _)| format!("`{text}`")).collect::<Vec<_>>().join(", ");
        let spellings = all.into_iter().map(|(text, value)| (fold(text), value)).collect();
        Self { spellings, otherwise, ignoring_case, listed }
    }

    fn parse(&self, text: &[u8]) -> Result<i64, Reason> {
        let text = std::str::from_utf8(text).map_err(|_| Cow::Borrowed(NOT_UTF8))?;
        let found =
            if self.ignoring_case { self.spellings.get(&text.to_lowercase()) } else { self.spellings.get(text) };
        let value = found.copied().or(self.otherwise);
        value.map(i64::from).ok_or_else(|| Cow::Owned(format!("none of {}", self.listed)))
    }
}
