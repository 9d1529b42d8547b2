//! How the cells of a column are written: patterns of dates, samples of numbers, spellings of values.

mod clash;

use crate::plan::{Days, Format, Label, PercentFormat, Period, Spelling, Type};
use crate::types::Typing;
use crate::types::later::{Later, later};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;
use rustc_hash::FxHashMap;

impl Typing<'_> {
    pub(super) fn format(
        &mut self,
        field: &tree::Field,
        ty: Type,
        choices: &[tree::Choice],
        zone: Option<Option<String>>,
    ) -> Format {
        let written = field.format.as_ref();
        if let Some(format) = written.filter(|format| format.last_day_of.is_some() || format.samples.len() > 1) {
            return self.format_of_several(format, ty, zone);
        }
        let written = written.and_then(|format| format.samples.first());
        if let Some(span) = field.ignoring_case
            && !matches!(ty, Type::Choice(_) | Type::YesNo)
        {
            self.problem(later(span, Later::IgnoringCase));
        }
        let sample = match (ty, written) {
            (Type::Date, pattern) if zone.is_some() => {
                return Format::DateTime { zone: zone.flatten(), pattern: pattern.map(|text| text.value.clone()) };
            }
            (_, None) => Ok(Format::Plain),
            (Type::Period(kind), Some(text)) if !self.calendar_unknown && !self.shows_period(kind, &text.value) => {
                Err((text, "the name of a period is read by a sample of that kind, such as \"FY26 Q1\" or \"2026-03\""))
            }
            (_, Some(text)) => format_of(ty, &text.value).map_err(|help| (text, help)),
        };
        let format = sample.unwrap_or_else(|(text, help)| {
            let message = format!("`{}` is no format that is known here", text.value);
            self.problem(Problem::error("unknown-format", text.span, message).help(help));
            Format::Plain
        });
        match ty {
            Type::Choice(_) => self.choice_format(choices, field.ignoring_case.is_some()),
            _ => format,
        }
    }

    /// Whether a sample shows names of a kind of period.
    fn shows_period(&self, kind: Period, sample: &str) -> bool {
        let calendar = &self.program.calendar;
        let days = Label::new(sample, calendar).and_then(|label| label.days(sample, calendar));
        days.is_some_and(|days| calendar.days(kind, calendar.index(kind, days.from), Days::ALL) == days)
    }

    /// `as "D.M.YYYY" or "YYYY-MM-DD"`, `as the last day of "2026-Q1"`
    fn format_of_several(&mut self, format: &tree::CellFormat, ty: Type, zone: Option<Option<String>>) -> Format {
        let mut formats: Vec<(Format, Span)> = Vec::new();
        for text in &format.samples {
            let one = match (ty, &zone) {
                (Type::Date, None) if format.last_day_of.is_some() => {
                    match Label::new(&text.value, &self.program.calendar) {
                        _ if self.calendar_unknown => Ok(Format::LastDayOf(text.value.clone())),
                        Some(_) => Ok(Format::LastDayOf(text.value.clone())),
                        None => Err(
                            "the name of a period is read by a sample, such as \"2026-Q1\", \"FY26 Q1\" or \"2026-03\"",
                        ),
                    }
                }
                _ if format.last_day_of.is_some() => Err("only a date is the last day of a period"),
                (Type::Date, Some(zone)) => {
                    Ok(Format::DateTime { zone: zone.clone(), pattern: Some(text.value.clone()) })
                }
                _ => format_of(ty, &text.value),
            };
            match one {
                Ok(one) => {
                    let clash = formats.iter().find(|(other, _)| clash::read_differently(other, &one));
                    if let Some((_, first)) = clash {
                        let message = "these two formats can read one cell differently";
                        self.problem(
                            Problem::error("ambiguous-format", text.span, message)
                                .other(*first, "the other one")
                                .help("keep the one in which the file is written"),
                        );
                    }
                    formats.push((one, text.span));
                }
                Err(help) => {
                    let message = format!("`{}` is no format that is known here", text.value);
                    self.problem(Problem::error("unknown-format", text.span, message).help(help));
                }
            }
        }
        let mut formats: Vec<Format> = formats.into_iter().map(|(format, _)| format).collect();
        match formats.len() {
            0 => Format::Plain,
            1 => formats.swap_remove(0),
            _ => Format::OneOf(formats),
        }
    }

    fn choice_format(&mut self, choices: &[tree::Choice], ignoring_case: bool) -> Format {
        let mut spellings: Vec<Spelling> = Vec::new();
        let mut otherwise = None;
        let mut first_of: FxHashMap<String, (usize, Span)> = FxHashMap::default();
        for (value, choice) in choices.iter().enumerate() {
            if let Some(span) = choice.otherwise {
                if otherwise.is_some() {
                    self.problem(Problem::error(
                        "duplicate-clause",
                        span,
                        "one value can stand for every other spelling",
                    ));
                }
                otherwise = Some(value as u32);
            }
            let own = (choice.spellings.is_empty() && choice.otherwise.is_none())
                .then(|| (choice.name.text.clone(), choice.name.span));
            for (text, span) in choice.spellings.iter().map(|text| (text.value.clone(), text.span)).chain(own) {
                let read = if ignoring_case { text.to_lowercase() } else { text.clone() };
                let (first, place) = *first_of.entry(read).or_insert((value, span));
                if choices[first].name.text != choice.name.text {
                    let message = format!("the spelling \"{text}\" belongs to two values");
                    self.problem(
                        Problem::error("duplicate-spelling", span, message)
                            .other(place, "the other one")
                            .help("give each value spellings of its own"),
                    );
                }
                spellings.push(Spelling { text, value: value as u32 });
            }
        }
        Format::Choice { spellings, otherwise, ignoring_case }
    }
}

/// The format that a sample shows for a type, as in `as "1.000,50"`; `None` if the type is not read by it.
pub fn written_format(ty: Type, sample: &str) -> Option<Format> {
    format_of(ty, sample).ok()
}

/// The same, or what is known for the type.
fn format_of(ty: Type, sample: &str) -> Result<Format, &'static str> {
    match ty {
        Type::Date if date_pattern(sample) => Ok(Format::Date(sample.to_owned())),
        // Held against the calendar by whoever knows it.
        Type::Period(_) => Ok(Format::Period(sample.to_owned())),
        Type::Date => Err("a date is read by a pattern of YYYY, MM and DD, such as \"DD-MM-YYYY\""),
        Type::Percent => percent_format(sample)
            .ok_or("a percent is read as \"12%\", \"12\", \"0.12\", or \"12,5%\", \"12,5\", \"0,12\""),
        Type::Money(_) | Type::Number | Type::Count => number_format(sample)
            .map(|(group, decimal)| Format::Number { group, decimal, percent: PercentFormat::No })
            .ok_or("a number is read as \"1000.50\", \"1,000.50\", \"1.000,50\", \"1 000,50\" or \"1000,50\""),
        Type::YesNo => match sample.split_once('/') {
            Some((yes, no)) if !yes.is_empty() && !no.is_empty() && yes != no => {
                Ok(Format::YesNo { yes: yes.to_owned(), no: no.to_owned() })
            }
            _ => Err("a yes/no is read by its two spellings, such as \"Y/N\""),
        },
        Type::Text(_) | Type::Id(_) | Type::Ref(_) => {
            Err("texts, ids and references are read as they are written; remove `as`")
        }
        Type::Choice(_) => Err("the values of a `one of` are bound to their spellings one by one; leave `as` out"),
    }
}

/// Separators and the meaning of a sample percent.
fn percent_format(sample: &str) -> Option<Format> {
    let (group, decimal, percent) = match sample {
        "12%" => (None, '.', PercentFormat::Sign),
        "12" => (None, '.', PercentFormat::Hundredths),
        "0.12" => (None, '.', PercentFormat::Share),
        "0,12" => (None, ',', PercentFormat::Share),
        "12,5%" => (Some('.'), ',', PercentFormat::Sign),
        "12,5" => (Some('.'), ',', PercentFormat::Hundredths),
        _ => return None,
    };
    Some(Format::Number { group, decimal, percent })
}

/// Whether a pattern names a day, a month and a year, once each.
fn date_pattern(pattern: &str) -> bool {
    let count = |letter: char| pattern.chars().filter(|&c| c == letter).count();
    let known = pattern.chars().all(|c| matches!(c, 'Y' | 'M' | 'D') || !c.is_alphanumeric());
    let together = |letter: char| {
        let first = pattern.find(letter).unwrap_or(0);
        pattern[first..].chars().take_while(|&c| c == letter).count() == count(letter)
    };
    let whole = ['Y', 'M', 'D'].into_iter().all(together);
    known && whole && matches!(count('Y'), 2 | 4) && matches!(count('M'), 1..=4) && matches!(count('D'), 1 | 2)
}

/// Group and decimal separators of a sample number.
fn number_format(sample: &str) -> Option<(Option<char>, char)> {
    match sample {
        "1000.50" | "1000" => Some((None, '.')),
        "1,000.50" | "1,000" => Some((Some(','), '.')),
        "1 000.50" => Some((Some(' '), '.')),
        "1'000.50" => Some((Some('\''), '.')),
        "1000,50" => Some((None, ',')),
        "1.000,50" | "1.000" => Some((Some('.'), ',')),
        "1 000,50" | "1 000" => Some((Some(' '), ',')),
        _ => None,
    }
}
