//! Formats that would read the cells of a column which its field's format does not.
//!
//! An offer is what is written in the program (`as "DD/MM/YYYY"`), it reads every value of the sample, and of two that read
//! all values alike only the first is made. Where several read them differently all are offered: only the sender knows.

use crate::decode::cell::{CellReader, sources};
use crate::store::unreadable::Unreadable;
use meed_compiler::plan::{Field, Format, Plan, Type};
use meed_compiler::written_format;

/// Samples of numbers and amounts, plain ones first.
const NUMBERS: [&str; 7] = ["1000.50", "1,000.50", "1000,50", "1.000,50", "1 000,50", "1 000.50", "1'000.50"];
const PERCENTS: [&str; 6] = ["12%", "12", "0.12", "12,5%", "12,5", "0,12"];
const YES_NO: [&str; 11] =
    ["yes/no", "Y/N", "1/0", "T/F", "J/N", "ja/nein", "oui/non", "si/no", "sí/no", "on/off", "wahr/falsch"];
/// More offers tell nobody what to do.
const MOST: usize = 3;

impl Unreadable {
    /// What would read all values of the sample, as it is written behind the field; empty where nothing does.
    pub fn offers(&self, plan: &Plan) -> Vec<String> {
        let Some(field) = plan.record(self.record).fields.get(self.field) else { return Vec::new() };
        // What the field's own format reads was refused for what it says, not for how it is written.
        let own = CellReader::new(plan, field.ty, field.decimals, &sources(field)[0].format);
        if own.is_some_and(|own| self.sample.iter().all(|value| own.parse(value.as_bytes()).is_ok())) {
            return Vec::new();
        }
        let mut found: Vec<(String, Vec<i64>)> = Vec::new();
        let known = candidates(field);
        let reads = |format: &Format| {
            let reader = CellReader::new(plan, field.ty, field.decimals, format);
            reader.is_some_and(|reader| self.sample.iter().all(|value| reader.parse(value.as_bytes()).is_ok()))
        };
        let is_known = known.iter().any(|(_, format)| reads(format));
        let others = if is_known { Vec::new() } else { pairs(field, &self.sample) };
        for (text, format) in known.into_iter().chain(others) {
            let Some(reader) = CellReader::new(plan, field.ty, field.decimals, &format) else { continue };
            let values = self.sample.iter().map(|value| reader.parse(value.as_bytes()));
            let Ok(values) = values.collect::<Result<Vec<i64>, _>>() else { continue };
            if found.iter().all(|(_, known)| *known != values) {
                found.push((text, values));
            }
            if found.len() == MOST {
                break;
            }
        }
        found.into_iter().map(|(text, _)| text).collect()
    }
}

/// Two words that stand for yes and no, in either order: which is which only the sender knows.
fn pairs(field: &Field, sample: &[String]) -> Vec<(String, Format)> {
    let mut words: Vec<&String> = sample.iter().collect();
    words.sort_unstable();
    words.dedup();
    let ([one, other], Type::YesNo) = (words.as_slice(), field.ty) else { return Vec::new() };
    if [one, other].iter().any(|word| word.contains(['/', '"', '\\']) || word.trim() != word.as_str()) {
        return Vec::new();
    }
    let pair = |yes: &str, no: &str| {
        let written = format!("{yes}/{no}");
        Some((format!("as \"{written}\""), written_format(field.ty, &written)?))
    };
    [pair(one, other), pair(other, one)].into_iter().flatten().collect()
}

/// What could be written behind a field, and the format that it is.
fn candidates(field: &Field) -> Vec<(String, Format)> {
    let own = &sources(field)[0].format;
    let written = |sample: String| {
        let format = match own {
            Format::DateTime { zone, .. } => Format::DateTime { zone: zone.clone(), pattern: Some(sample.clone()) },
            _ => written_format(field.ty, &sample)?,
        };
        Some((format!("as \"{sample}\""), format))
    };
    let all = |samples: &[&str]| samples.iter().filter_map(|sample| written((*sample).to_owned())).collect();
    match (field.ty, own) {
        (Type::Money(_) | Type::Number | Type::Count, _) => all(&NUMBERS),
        (Type::Percent, _) => all(&PERCENTS),
        (Type::YesNo, _) => all(&YES_NO),
        (Type::Date, Format::DateTime { .. }) => {
            let times = ["", " HH:mm", " HH:mm:SS", "THH:mm", "THH:mm:SS"];
            let with = |time: &'static str| date_patterns().into_iter().map(move |date| date + time);
            times.into_iter().flat_map(with).filter_map(written).collect()
        }
        (Type::Date, _) => date_patterns().into_iter().filter_map(written).collect(),
        (Type::Choice(_), Format::Choice { spellings, otherwise, ignoring_case: false }) => {
            let (spellings, otherwise) = (spellings.clone(), *otherwise);
            vec![("ignoring case".to_owned(), Format::Choice { spellings, otherwise, ignoring_case: true })]
        }
        (Type::Choice(_), Format::Plain) => {
            let format = Format::Choice { spellings: Vec::new(), otherwise: None, ignoring_case: true };
            vec![("ignoring case".to_owned(), format)]
        }
        (Type::Period(_) | Type::Choice(_) | Type::Text(_) | Type::Id(_) | Type::Ref(_), _) => Vec::new(),
    }
}

/// Patterns of dates: of four digits for the year before two, of two digits for day and month before one.
fn date_patterns() -> Vec<String> {
    let mut patterns = Vec::new();
    for year in ["YYYY", "YY"] {
        for (month, day) in [("MM", "DD"), ("M", "D"), ("MMM", "DD"), ("MMM", "D")] {
            for separator in ["-", "/", ".", " "] {
                patterns.push([day, month, year].join(separator));
                patterns.push([month, day, year].join(separator));
                // A year of two digits in front would make three readings of every date of digits.
                if year == "YYYY" {
                    patterns.push([year, month, day].join(separator));
                }
            }
            if month == "MMM" {
                patterns.push(format!("{month} {day}, {year}"));
            }
        }
    }
    patterns.push("YYYYMMDD".to_owned());
    patterns
}
