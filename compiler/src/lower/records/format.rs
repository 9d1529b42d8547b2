//! How the cells of a column are written: patterns of dates, samples of numbers, spellings of values.

use crate::lower::Lowering;
use crate::plan::{Format, PercentFormat, Spelling, Type};
use crate::resolve::later;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Lowering<'_> {
    pub(super) fn format(
        &mut self,
        field: &tree::Field,
        ty: Type,
        choices: &[tree::Choice],
        zone: Option<Option<String>>,
    ) -> Format {
        let written = field.format.as_ref();
        if let Some(span) = field.ignoring_case
            && !matches!(ty, Type::Choice(_) | Type::YesNo)
        {
            self.problem(later(span, "`ignoring case` for other types than `one of` is"));
        }
        match ty {
            Type::Choice(_) => self.choice_format(choices, field.ignoring_case.is_some()),
            Type::Date => match (zone, written) {
                (Some(zone), pattern) => Format::DateTime { zone, pattern: pattern.map(|text| text.value.clone()) },
                (None, None) => Format::Plain,
                (None, Some(text)) if date_pattern(&text.value) => Format::Date(text.value.clone()),
                (None, Some(text)) => {
                    self.bad_format(text, "a date is read by a pattern of YYYY, MM and DD, such as \"DD-MM-YYYY\"");
                    Format::Plain
                }
            },
            Type::Percent => match written.map(|text| text.value.as_str()) {
                None => Format::Plain,
                Some("12%") => Format::Number { group: None, decimal: '.', percent: PercentFormat::Sign },
                Some("12") => Format::Number { group: None, decimal: '.', percent: PercentFormat::Hundredths },
                Some("0.12") => Format::Number { group: None, decimal: '.', percent: PercentFormat::Share },
                Some("0,12") => Format::Number { group: None, decimal: ',', percent: PercentFormat::Share },
                Some("12,5%") => Format::Number { group: Some('.'), decimal: ',', percent: PercentFormat::Sign },
                Some("12,5") => Format::Number { group: Some('.'), decimal: ',', percent: PercentFormat::Hundredths },
                Some(_) => {
                    if let Some(text) = written {
                        self.bad_format(
                            text,
                            "a percent is read as \"12%\", \"12\", \"0.12\", or \"12,5%\", \"12,5\", \"0,12\"",
                        );
                    }
                    Format::Plain
                }
            },
            Type::Money | Type::Number | Type::Count => {
                match written {
                    None => Format::Plain,
                    Some(text) => match number_format(&text.value) {
                        Some((group, decimal)) => Format::Number { group, decimal, percent: PercentFormat::No },
                        None => {
                            self.bad_format(text, "a number is read as \"1000.50\", \"1,000.50\", \"1.000,50\", \"1 000,50\" or \"1000,50\"");
                            Format::Plain
                        }
                    },
                }
            }
            Type::YesNo => match written {
                None => Format::Plain,
                Some(text) => match text.value.split_once('/') {
                    Some((yes, no)) if !yes.is_empty() && !no.is_empty() && yes != no => {
                        Format::YesNo { yes: yes.to_owned(), no: no.to_owned() }
                    }
                    _ => {
                        self.bad_format(text, "a yes/no is read by its two spellings, such as \"Y/N\"");
                        Format::Plain
                    }
                },
            },
            Type::Text(_) | Type::Id(_) | Type::Ref(_) => {
                if let Some(text) = written {
                    self.bad_format(text, "texts, ids and references are read as they stand; leave `as` out");
                }
                Format::Plain
            }
        }
    }

    fn bad_format(&mut self, text: &tree::Text, help: &str) {
        let message = format!("`{}` is no format that is known here", text.value);
        self.problem(Problem::error("unknown-format", text.span, message).help(help));
    }

    fn choice_format(&mut self, choices: &[tree::Choice], ignoring_case: bool) -> Format {
        let mut spellings: Vec<Spelling> = Vec::new();
        let mut otherwise = None;
        let mut places: Vec<Span> = Vec::new();
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
                let same = |known: &Spelling| {
                    if ignoring_case { known.text.to_lowercase() == text.to_lowercase() } else { known.text == text }
                };
                let twice = |first: &usize| choices[spellings[*first].value as usize].name.text != choice.name.text;
                if let Some(first) = spellings.iter().position(same).filter(twice) {
                    let message = format!("the spelling \"{text}\" belongs to two values");
                    self.problem(
                        Problem::error("duplicate-spelling", span, message)
                            .other(places[first], "the other one")
                            .help("give each value spellings of its own"),
                    );
                }
                spellings.push(Spelling { text, value: value as u32 });
                places.push(span);
            }
        }
        Format::Choice { spellings, otherwise, ignoring_case }
    }
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
    known && whole && matches!(count('Y'), 2 | 4) && matches!(count('M'), 1..=3) && matches!(count('D'), 1 | 2)
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
