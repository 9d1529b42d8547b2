//! Names that mislead: words that their place keeps for the language, words of the language as names of values, and
//! names that mix the letters of several scripts.

use meed_grammar::problem::Problem;
use meed_grammar::steps;
use meed_grammar::tree::{Argument, ClauseKind, Field, FieldTypeKind, File, Item, Member, Name};

/// Words that go on with the field before them.
const FIELDS: &[&str] = &["as"];
/// Words that a band may pay, which no value of a name in it could be told from.
const BANDS: &[&str] = &["flat", "none", "nothing", "rest"];
/// Words written where the value of a `one of` could be.
const CHOICES: &[&str] = &["any", "below", "known", "otherwise", "unknown"];
/// Words that go on behind a value or in front of one: `5 days`, `2% each`, `amount rounded …`.
const BESIDE_VALUES: &[&str] = &[
    "adds", "as", "by", "contains", "day", "days", "each", "ever", "from", "means", "month", "months", "nobody",
    "over", "plus", "rounded", "starts", "to", "with", "within", "year", "years",
];

/// Looks at every name that the program itself declares.
pub(crate) fn names(file: &File, problems: &mut Vec<Problem>) {
    let mut names = Names { problems };
    for item in &file.items {
        names.item(item);
    }
}

struct Names<'p> {
    problems: &'p mut Vec<Problem>,
}

impl Names<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Program(program) => self.script(&program.name),
            Item::Extend(extend) => self.members(&extend.members),
            Item::Record(record) => {
                self.script(&record.name);
                self.members(&record.members);
            }
            Item::Schedule(schedule) => {
                self.script(&schedule.name);
                for Argument { name, .. } in &schedule.arguments {
                    self.value(name);
                    self.reserved(name, BANDS, "bands of schedules");
                }
            }
            Item::Kind(kind) => self.script(&kind.name),
            Item::Calendar(calendar) => self.script(&calendar.name),
            Item::Rates(rates) => self.script(&rates.name),
            Item::Unit(unit) => self.script(&unit.name),
            Item::Table(table) => {
                self.script(&table.name);
                table.arguments.iter().for_each(|argument| self.script(&argument.name));
            }
            Item::Parameter(parameter) => {
                self.value(&parameter.name);
                self.reserved(&parameter.name, BANDS, "bands of schedules");
            }
            Item::Rule(rule) => {
                self.script(&rule.name);
                for clause in &rule.clauses {
                    if let ClauseKind::Let { name, .. } | ClauseKind::Set { name, .. } = &clause.kind {
                        self.value(name);
                    }
                }
            }
            Item::Use(_) | Item::UseFile(_) | Item::Source(_) | Item::Test(_) | Item::Choose(_) | Item::Damaged(_) => {}
            Item::Balance(balance) => self.script(&balance.name),
            Item::SharedLimit(limit) => self.script(&limit.name),
        }
    }

    fn members(&mut self, members: &[Member]) {
        for member in members {
            match member {
                Member::Key { parts, .. } => parts.iter().for_each(|part| self.field(part)),
                Member::When(field) | Member::Field(field) => self.field(field),
                Member::ReversesSet { .. } => {}
            }
        }
    }

    fn field(&mut self, field: &Field) {
        self.script(&field.name);
        if FIELDS.contains(&field.name.text.as_str()) {
            let message = format!("`{}` has a meaning of its own in fields", field.name.text);
            let help = "it comes after the name and type of a field, with a text in quotes after it: `closed_on date as \"DD-MM-YYYY\"`";
            self.problems.push(Problem::error("reserved-name", field.name.span, message).help(help));
        }
        if let Some(FieldTypeKind::OneOf(choices)) = field.ty.as_ref().map(|ty| &ty.kind) {
            for choice in choices {
                self.script(&choice.name);
                self.reserved(&choice.name, CHOICES, "conditions");
            }
        }
    }

    /// A `let`, a `set`, a parameter or an argument: a name that stands for a value.
    fn value(&mut self, name: &Name) {
        self.script(name);
        if BESIDE_VALUES.contains(&name.text.as_str()) {
            let message = format!("`{}` is also a word used beside values", name.text);
            self.problems.push(
                Problem::warning("keyword-name", name.span, message)
                    .label("the name of a value here")
                    .help("take a name that is no word of the language"),
            );
        }
    }

    fn reserved(&mut self, name: &Name, words: &[&str], place: &str) {
        if words.contains(&name.text.as_str()) {
            let message = format!("`{}` has a meaning of its own in {place}", name.text);
            self.problems.push(Problem::error("reserved-name", name.span, message).help("take another name"));
        }
    }

    fn script(&mut self, name: &Name) {
        steps::count(1);
        let mut scripts: Vec<&str> = name.text.chars().filter_map(script).collect();
        scripts.dedup();
        if let [first, second, ..] = scripts[..] {
            let message = format!("`{}` mixes {first} and {second} letters", name.text);
            self.problems.push(
                Problem::warning("mixed-scripts", name.span, message)
                    .label("letters of two scripts can look alike")
                    .help("write the name in the letters of one script"),
            );
        }
    }
}

/// The script of a letter, of those whose letters are easily taken for one another; marks and digits belong to any.
fn script(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A'..='Z' | 'a'..='z' | 'ª' | 'º' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ʯ' | 'Ḁ'..='ỿ' => "Latin",
        'Ͱ'..='ͳ' | 'Ͷ'..='Ϳ' | 'Ά' | 'Έ'..='ϡ' | 'ἀ'..='ῼ' => "Greek",
        'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' => "Cyrillic",
        'Ա'..='Ֆ' | 'ա'..='և' => "Armenian",
        'Ꭰ'..='Ᏽ' | 'ᏸ'..='ᏽ' => "Cherokee",
        _ => return None,
    })
}
