//! Expressions by their type.

use super::Draw;
use super::schedule::Schedule;
use super::table::Table;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Money,
    Percent,
    Count,
    Number,
    Date,
    YesNo,
}

/// Something that can be named.
#[derive(Clone, Debug)]
pub struct Source {
    pub text: String,
    pub kind: Kind,
    pub optional: bool,
}

/// Where an expression is.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub sources: Vec<Source>,
    /// Conditions on texts, choices and references that can be written here; the second are unknown at times.
    pub tests: Vec<String>,
    pub unsure_tests: Vec<String>,
    pub schedules: Vec<Schedule>,
    pub tables: Vec<Table>,
    /// Running levels that can be asked for, with their kinds.
    pub running: Vec<Source>,
}

pub const MODES: [&str; 10] = [
    "half even",
    "half odd",
    "half away from zero",
    "half toward zero",
    "half upward",
    "half downward",
    "away from zero",
    "toward zero",
    "upward",
    "downward",
];

impl Scope {
    pub fn add(&mut self, kind: Kind, texts: &[&str], optional: bool) {
        self.sources.extend(texts.iter().map(|text| Source { text: (*text).to_owned(), kind, optional }));
    }

    /// An expression of this kind that is always there, so many levels deep at most.
    pub fn expression(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Date => self.date(draw, depth),
            Kind::YesNo => self.condition(draw, depth),
            Kind::Money | Kind::Percent | Kind::Count | Kind::Number => self.number(draw, kind, depth),
        }
    }

    fn number(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        if depth == 0 || draw.chance(15) {
            return self.leaf(draw, kind);
        }
        let depth = depth - 1;
        match draw.below(13) {
            12 => self.table(draw, kind).unwrap_or_else(|| self.leaf(draw, kind)),
            0 | 1 => self.sum(draw, kind, depth),
            2 | 3 => self.product(draw, kind, depth),
            4 => self.quotient(draw, kind, depth),
            5 => {
                let word = draw.pick(&["smallest", "largest"]);
                let values: Vec<String> = (0..draw.between(2, 3)).map(|_| self.number(draw, kind, depth)).collect();
                format!("({word} of ({}))", values.join(", "))
            }
            6 => {
                let (first, second) = (self.condition(draw, depth), self.condition(draw, depth));
                let [a, b, c] = [(); 3].map(|()| self.number(draw, kind, depth));
                format!("({a} if {first}, {b} if {second}, otherwise {c})")
            }
            7 => {
                let value = self.number(draw, kind, depth);
                let (mode, to) = (
                    draw.pick(&MODES),
                    draw.pick(&[
                        "to whole",
                        "to 1 decimal",
                        "to 3 decimals",
                        "to multiples of 5",
                        "to multiples of 0.25",
                    ]),
                );
                let to = if kind == Kind::Count { "to whole" } else { to };
                format!("({value} rounded {mode} {to})")
            }
            8 => {
                let value = self.number(draw, kind, depth);
                format!("({value} at least {} at most {})", low(kind), self.number(draw, kind, 0))
            }
            9 => self.asked(draw, kind, depth).unwrap_or_else(|| self.leaf(draw, kind)),
            10 if kind == Kind::Count => self.time(draw, depth),
            10 => match draw.pick(&self.running_of(kind)) {
                Some(running) => format!("({})", running.text),
                None => self.leaf(draw, kind),
            },
            _ => format!("(-{})", self.bracketed(draw, kind, depth)),
        }
    }

    fn running_of(&self, kind: Kind) -> Vec<Option<Source>> {
        let found: Vec<Option<Source>> =
            self.running.iter().filter(|source| source.kind == kind).cloned().map(Some).collect();
        if found.is_empty() { vec![None] } else { found }
    }

    fn bracketed(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        format!("({})", self.number(draw, kind, depth))
    }

    fn sum(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        let sign = draw.pick(&["+", "-"]);
        format!("({} {sign} {})", self.number(draw, kind, depth), self.number(draw, kind, depth))
    }

    fn product(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Money | Kind::Number if draw.chance(60) => {
                format!("({} of {})", self.number(draw, Kind::Percent, depth), self.number(draw, kind, depth))
            }
            Kind::Money => {
                let by = draw.pick(&[Kind::Count, Kind::Number]);
                format!("({} * {})", self.number(draw, kind, depth), self.number(draw, by, depth))
            }
            Kind::Percent => {
                format!("({} * {})", self.number(draw, kind, depth), self.number(draw, Kind::Number, depth))
            }
            _ => format!("({} * {})", self.number(draw, kind, depth), self.number(draw, kind, depth)),
        }
    }

    fn quotient(&self, draw: &mut Draw, kind: Kind, depth: usize) -> String {
        if draw.chance(40) {
            let by = draw.pick(&["2", "3", "7", "0.25", "1000"]);
            let kind = if kind == Kind::Count { Kind::Number } else { kind };
            return match kind {
                Kind::Count => self.leaf(draw, kind),
                _ => format!("({} / {by})", self.number(draw, kind, depth)),
            };
        }
        match kind {
            Kind::Number => {
                let (a, b) = (self.number(draw, Kind::Money, depth), self.divisor(draw, Kind::Money));
                format!("({a} / {b})")
            }
            Kind::Money | Kind::Percent => {
                let by = draw.pick(&[Kind::Count, Kind::Number]);
                format!("({} / {})", self.number(draw, kind, depth), self.divisor(draw, by))
            }
            _ => self.leaf(draw, kind),
        }
    }

    /// A result of this kind of a table that is asked with something.
    fn table(&self, draw: &mut Draw, kind: Kind) -> Option<String> {
        let of = |table: &Table| table.results.iter().find(|result| result.1 == kind).map(|result| result.0);
        let fit: Vec<(&Table, &str)> = self.tables.iter().filter_map(|table| Some((table, of(table)?))).collect();
        if fit.is_empty() {
            return None;
        }
        let (table, result) = draw.pick(&fit);
        let values: Vec<String> = table.arguments.iter().map(|kind| self.number(draw, *kind, 1)).collect();
        Some(format!("({}({}).{result} if unknown {})", table.name, values.join(", "), literal(draw, kind)))
    }

    /// Rarely zero.
    fn divisor(&self, draw: &mut Draw, kind: Kind) -> String {
        let value = self.number(draw, kind, 0);
        if draw.chance(97) { format!("(largest of ({value}, {}))", literal(draw, kind)) } else { value }
    }

    /// F of something, or the rate or band reached.
    fn asked(&self, draw: &mut Draw, kind: Kind, depth: usize) -> Option<String> {
        let schedule = draw.pick(&self.schedules);
        let ask = if schedule.result == kind && draw.chance(70) {
            ""
        } else if schedule.rate == Some(kind) {
            "rate of "
        } else if kind == Kind::Count && schedule.rate.is_some() {
            "band of "
        } else if schedule.result == kind {
            ""
        } else {
            return None;
        };
        let call = self.call(draw, &schedule, depth);
        let unsure = schedule.misses || !ask.is_empty();
        let zero = literal(draw, kind);
        Some(if unsure { format!("({ask}{call} if unknown {zero})") } else { format!("({ask}{call})") })
    }

    pub fn call(&self, draw: &mut Draw, schedule: &Schedule, depth: usize) -> String {
        let arguments = self.named_arguments(draw, schedule);
        let quantity = self.number(draw, schedule.domain, depth);
        let brackets = std::iter::once(quantity).chain(arguments).collect::<Vec<_>>().join(", ");
        format!("{}({brackets})", schedule.name)
    }

    /// The arguments of a schedule, each by its name, in any order.
    pub fn named_arguments(&self, draw: &mut Draw, schedule: &Schedule) -> Vec<String> {
        let named = schedule.arguments.iter().map(|&(name, kind)| format!("{name} = {}", self.argument(draw, kind)));
        let mut named: Vec<String> = named.collect();
        if draw.chance(30) {
            named.reverse();
        }
        named
    }

    /// Mostly one that does not make bounds cross.
    pub fn argument(&self, draw: &mut Draw, kind: Kind) -> String {
        let value = self.number(draw, kind, 0);
        if draw.chance(95) { format!("(largest of ({value}, {}))", literal(draw, kind)) } else { value }
    }

    fn leaf(&self, draw: &mut Draw, kind: Kind) -> String {
        let sources: Vec<&Source> = self.sources.iter().filter(|source| source.kind == kind).collect();
        if sources.is_empty() || draw.chance(15) {
            return literal(draw, kind);
        }
        let source = draw.pick(&sources);
        match source.optional {
            true => format!("({} if unknown {})", source.text, literal(draw, kind)),
            false => source.text.clone(),
        }
    }

    fn date(&self, draw: &mut Draw, depth: usize) -> String {
        if depth == 0 || draw.chance(50) {
            return self.leaf(draw, Kind::Date);
        }
        if draw.chance(20) {
            let period = draw.pick(&["day", "week", "half month", "month", "quarter", "half", "year"]);
            return format!("({} day of {period} of {})", draw.pick(&["first", "last"]), self.date(draw, depth - 1));
        }
        let (sign, unit) = (draw.pick(&["+", "-"]), draw.pick(&["days", "months", "years"]));
        let count = match draw.chance(70) {
            true => draw.between(0, 40).to_string(),
            false => format!("({} rounded downward to whole)", self.leaf(draw, Kind::Count)),
        };
        match count.parse::<i64>() {
            Ok(_) => format!("({} {sign} {count} {unit})", self.date(draw, depth - 1)),
            Err(_) => format!("({} {sign} {count} {unit})", self.date(draw, 0)),
        }
    }

    fn time(&self, draw: &mut Draw, depth: usize) -> String {
        let (from, to) = (self.date(draw, depth), self.date(draw, depth));
        match draw.below(3) {
            0 => format!("(days from {from} to {to})"),
            1 => format!("(whole {} from {from} to {to})", draw.pick(&["months", "years"])),
            _ => {
                let part = draw.pick(&["year", "half number", "quarter number", "month number", "day number"]);
                format!("({part} of {from})")
            }
        }
    }

    /// A condition that is always known.
    pub fn condition(&self, draw: &mut Draw, depth: usize) -> String {
        if depth > 0 && draw.chance(40) {
            let word = draw.pick(&["and", "or"]);
            let parts: Vec<String> = (0..draw.between(2, 3)).map(|_| self.condition(draw, depth - 1)).collect();
            return format!("({})", parts.join(&format!(" {word} ")));
        }
        match draw.below(8) {
            0 if !self.tests.is_empty() => draw.pick(&self.tests),
            1 => format!("(not ({}))", self.condition(draw, 0)),
            2 => {
                let optional: Vec<&Source> = self.sources.iter().filter(|source| source.optional).collect();
                match optional.is_empty() {
                    true => "yes".to_owned(),
                    false => format!("({} is {})", draw.pick(&optional).text, draw.pick(&["known", "unknown"])),
                }
            }
            3 => match self.sources.iter().filter(|source| source.kind == Kind::YesNo).collect::<Vec<_>>() {
                flags if flags.is_empty() => "yes".to_owned(),
                flags => {
                    let flag = draw.pick(&flags);
                    if flag.optional {
                        format!("({} if unknown {})", flag.text, draw.pick(&["yes", "no"]))
                    } else {
                        flag.text.clone()
                    }
                }
            },
            _ => {
                let kind = draw.pick(&[Kind::Money, Kind::Money, Kind::Percent, Kind::Count, Kind::Number, Kind::Date]);
                let (a, b) = (self.expression(draw, kind, depth.min(1)), self.expression(draw, kind, 0));
                if is_same(&a, &b) {
                    return "yes".to_owned();
                }
                if draw.chance(20) {
                    let c = self.expression(draw, kind, 0);
                    if is_same(&a, &c) {
                        return "yes".to_owned();
                    }
                    return format!("({a} between {b} and {c})");
                }
                format!("({a} {} {b})", draw.pick(&["<", "<=", ">", ">=", "=", "!="]))
            }
        }
    }

    /// A condition that can be unknown.
    pub fn unsure(&self, draw: &mut Draw) -> String {
        let optional: Vec<&Source> =
            self.sources.iter().filter(|source| source.optional && source.kind != Kind::YesNo).collect();
        if optional.is_empty() || draw.chance(30) && !self.unsure_tests.is_empty() {
            return draw.pick(&self.unsure_tests);
        }
        let source = draw.pick(&optional);
        let other = self.expression(draw, source.kind, 1);
        if is_same(&other, &source.text) {
            return format!("{} is known", source.text);
        }
        format!("{} {} {other}", source.text, draw.pick(&["<", ">=", "=", "!="]))
    }
}

/// Whether two values are written alike: none is compared with itself.
fn is_same(a: &str, b: &str) -> bool {
    a.trim_matches(['(', ')']) == b.trim_matches(['(', ')'])
}

fn low(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "-$50",
        Kind::Percent => "0%",
        Kind::Count | Kind::Number | Kind::Date | Kind::YesNo => "0",
    }
}

/// A literal above zero.
pub fn literal(draw: &mut Draw, kind: Kind) -> String {
    match kind {
        Kind::Money => format!("${}.{:02}", draw.between(1, 5_000), draw.between(0, 99)),
        Kind::Percent => format!("{}.{}%", draw.between(1, 130), draw.between(0, 9)),
        Kind::Count => draw.between(1, 60).to_string(),
        Kind::Number => format!("{}.{}", draw.between(0, 20), draw.between(1, 9)),
        Kind::Date => format!("20{:02}-{:02}-{:02}", draw.between(24, 28), draw.between(1, 12), draw.between(1, 28)),
        Kind::YesNo => draw.pick(&["yes", "no"]).to_owned(),
    }
}
