//! Schedules of every form.

use super::Draw;
use super::expression::Kind;

/// A schedule and how it is called.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub name: String,
    pub text: String,
    /// Its arguments, by name.
    pub arguments: Vec<(&'static str, Kind)>,
    pub domain: Kind,
    pub result: Kind,
    /// What `rate of` gives; none for packages.
    pub rate: Option<Kind>,
    /// Whether some band pays none.
    pub misses: bool,
}

/// A schedule of a random form.
pub fn schedule(draw: &mut Draw, name: &str) -> Schedule {
    match draw.below(8) {
        0..=2 => banded(draw, name, Kind::Money),
        3 => banded(draw, name, Kind::Count),
        4 => curve(draw, name),
        5 => packages(draw, name),
        _ => contract(draw, name),
    }
}

/// How a bound or amount is written.
fn written(kind: Kind, value: i64) -> String {
    match kind {
        Kind::Money => format!("${value}"),
        Kind::Percent => format!("{value}%"),
        Kind::Count | Kind::Number | Kind::Date | Kind::YesNo => value.to_string(),
    }
}

fn words(draw: &mut Draw) -> String {
    let mut words = String::new();
    words += if draw.chance(25) { " even at zero" } else { " nothing at zero" };
    words += draw.pick(&["", " nothing below zero", " mirrored"]);
    words
}

fn banded(draw: &mut Draw, name: &str, domain: Kind) -> Schedule {
    let shape = draw.pick(&["graduated", "retroactive"]);
    let from = draw.chance(20);
    let mut bands = Vec::new();
    let mut misses = false;
    let mut bound = if from { draw.between(0, 500) } else { draw.between(1, 2_000) };
    for _ in 0..draw.between(1, 4) {
        let word = if from { "from" } else { draw.pick(&["to", "below"]) };
        let (pays, missed) = band(draw, domain);
        misses |= missed;
        bands.push(format!("{word} {} {pays}", written(domain, bound)));
        bound += draw.between(1, 60_000);
    }
    if !from {
        let (pays, missed) = band(draw, domain);
        misses |= missed;
        bands.push(format!("beyond {pays}"));
    }
    let text = format!("schedule {name} {shape}{} {{ {} }}", words(draw), bands.join("  "));
    let rate = Some(if domain == Kind::Money { Kind::Percent } else { Kind::Money });
    Schedule { name: name.to_owned(), text, arguments: Vec::new(), domain, result: Kind::Money, rate, misses }
}

fn band(draw: &mut Draw, domain: Kind) -> (String, bool) {
    if draw.chance(8) {
        return ("none".to_owned(), true);
    }
    let rate = match domain {
        Kind::Money => format!("{}.{:02}%", draw.between(0, 12), draw.between(0, 99)),
        _ => format!("${}.{:02} each", draw.between(0, 9), draw.between(0, 99)),
    };
    let flat = draw.between(0, 400);
    let pays = match draw.below(6) {
        0 => format!("${flat}"),
        1 => format!("{rate} plus ${flat}"),
        _ => rate,
    };
    (pays, false)
}

fn curve(draw: &mut Draw, name: &str) -> Schedule {
    let mut at = draw.between(0, 90);
    let mut bands = vec![format!("below {at}% {}%", draw.between(0, 20))];
    for _ in 0..draw.between(1, 4) {
        bands.push(format!("at {at}% pays {}%", draw.between(0, 200)));
        at += draw.between(1, 40);
    }
    let beyond = draw.pick(&["flat", "none", "250%"]);
    bands.push(format!("beyond {beyond}"));
    Schedule {
        name: name.to_owned(),
        text: format!("schedule {name} curve{} {{ {} }}", words(draw), bands.join("  ")),
        arguments: Vec::new(),
        domain: Kind::Percent,
        result: Kind::Percent,
        rate: Some(Kind::Percent),
        misses: beyond == "none",
    }
}

fn packages(draw: &mut Draw, name: &str) -> Schedule {
    let domain = draw.pick(&[Kind::Count, Kind::Money]);
    let (size, word, pays) =
        (draw.between(1, 150), draw.pick(&["started", "completed"]), format!("${}", draw.between(1, 50)));
    let size = written(domain, size);
    Schedule {
        name: name.to_owned(),
        text: format!("schedule {name} graduated{} {{ every {size} {word} pays {pays} }}", words(draw)),
        arguments: Vec::new(),
        domain,
        result: Kind::Money,
        rate: None,
        misses: false,
    }
}

/// With arguments: a ceiling, and a rate or a package's size.
fn contract(draw: &mut Draw, name: &str) -> Schedule {
    let shape = draw.pick(&["graduated", "retroactive"]);
    let form = draw.below(4);
    let (text, arguments, domain, result, rate) = match form {
        0 => (
            format!(
                "schedule {name}(size count) graduated {{ every size {} pays $7 }}",
                draw.pick(&["started", "completed"])
            ),
            vec![("size", Kind::Count)],
            Kind::Count,
            Kind::Money,
            None,
        ),
        1 => (
            format!(
                "schedule {name}(start percent, height percent) curve {{ below start 0%  at start pays height  at (start + 50%) pays (2 * height)  beyond {} }}",
                draw.pick(&["flat", "none", "300%"])
            ),
            vec![("start", Kind::Percent), ("height", Kind::Percent)],
            Kind::Percent,
            Kind::Percent,
            Some(Kind::Percent),
        ),
        _ => {
            let (first, second) = (draw.pick(&["to", "below"]), draw.pick(&["to", "below"]));
            let bands = format!("{first} ceiling rate  {second} (3 * ceiling) (rate / 3)  beyond 1%");
            (
                format!("schedule {name}(ceiling money, rate percent) {shape}{} {{ {bands} }}", words(draw)),
                vec![("ceiling", Kind::Money), ("rate", Kind::Percent)],
                Kind::Money,
                Kind::Money,
                Some(Kind::Percent),
            )
        }
    };
    let misses = text.contains("beyond none");
    Schedule { name: name.to_owned(), text, arguments, domain, result, rate, misses }
}
