//! How lines are divided, in the Plan's text: `share of (percent 60%, to …), (rest, kept) spare fraction`.

use super::lexer::{Cursor, Read};
use super::names::Place;
use crate::plan::{Expr, Level, Model, OneOf, Part, Parties, Share, Spare, Take, To};
use meed_grammar::span::Span;

const SPARES: [(Spare, &str); 3] = [
    (Spare::LargestFraction, "largest-fraction"),
    (Spare::ListedOrder, "listed-order"),
    (Spare::LargestShare, "largest-share"),
];

pub(super) fn write(place: &Place, share: &Share) -> String {
    let spare = SPARES.iter().find(|(spare, _)| *spare == share.spare).map_or("", |(_, word)| word);
    let base = share.base.as_ref().map_or(String::new(), |base| format!(" base {}", place.typed(base)));
    let parties = match &share.parties {
        Parties::Listed(listed) => format!("of {}", parts(place, listed)),
        Parties::OneOf(one) => format!("whole {}", one_of(place, one)),
        Parties::Levels(levels) => {
            let level = |level: &Level| format!("({}, {})", place.typed(&level.payee), place.typed(&level.amount));
            format!("each {}", levels.iter().map(level).collect::<Vec<_>>().join(", "))
        }
        Parties::Found { payee, by } => format!("among {} {}", place.typed(payee), model(place, by)),
    };
    format!("share {parties} spare {spare}{base}")
}

fn parts(place: &Place, parts: &[Part]) -> String {
    parts.iter().map(|part| format!("({})", self::part(place, part))).collect::<Vec<_>>().join(", ")
}

fn part(place: &Place, part: &Part) -> String {
    let take = match &part.take {
        Take::Percent(share) => format!("percent {}", place.typed(share)),
        Take::UpTo(most) => format!("up-to {}", place.typed(most)),
        Take::Rest => "rest".to_owned(),
    };
    let to = match &part.to {
        To::Payee(payee) => format!("to {}", place.typed(payee)),
        To::OneOf(one) => format!("one-of {}", one_of(place, one)),
        To::Kept => "kept".to_owned(),
        To::Split(parts) => format!("split {}", self::parts(place, parts)),
    };
    format!("{take}, {to}")
}

/// `if (condition, party), … otherwise party`
fn one_of(place: &Place, one: &OneOf) -> String {
    let branch = |(condition, party): &(Expr, Expr)| format!("({}, {})", place.typed(condition), place.typed(party));
    let branches: Vec<String> = one.branches.iter().map(branch).collect();
    format!("if {} otherwise {}", branches.join(", "), place.typed(&one.otherwise))
}

fn read_one_of(place: &Place, line: &mut Cursor) -> Read<OneOf> {
    line.expect("if")?;
    let branches = line.list(|line| {
        line.expect_mark('(')?;
        let condition = place.read_typed(line)?;
        line.expect_mark(',')?;
        let party = place.read_typed(line)?;
        line.expect_mark(')')?;
        Ok((condition, party))
    })?;
    line.expect("otherwise")?;
    Ok(OneOf { branches, otherwise: place.read_typed(line)? })
}

fn model(place: &Place, model: &Model) -> String {
    match model {
        Model::Weight(weight) => format!("by-weight {}", place.typed(weight)),
        Model::InOrder(most) => format!("in-order up-to {}", place.typed(most)),
        Model::Places { first, middle, last } => {
            format!("by-place {}, {}, {}", place.typed(first), place.typed(middle), place.typed(last))
        }
        Model::Halving { day, days } => format!("halving {days} {}", place.typed(day)),
        Model::InFull => "in-full".to_owned(),
    }
}

pub(super) fn read(place: &Place, line: &mut Cursor) -> Read<Share> {
    let parties = if line.takes("of") {
        Parties::Listed(line.list(|line| read_part(place, line))?)
    } else if line.takes("whole") {
        Parties::OneOf(read_one_of(place, line)?)
    } else if line.takes("each") {
        Parties::Levels(line.list(|line| read_level(place, line))?)
    } else {
        line.expect("among")?;
        Parties::Found { payee: place.read_typed(line)?, by: read_model(place, line)? }
    };
    line.expect("spare")?;
    let word = line.word()?;
    let spare = SPARES.iter().find(|(_, known)| *known == word).map(|(spare, _)| *spare);
    let spare = spare.ok_or_else(|| format!("`{word}` says nothing of spare units"))?;
    let base = if line.takes("base") { Some(place.read_typed(line)?) } else { None };
    Ok(Share { parties, spare, base, span: Span::default() })
}

fn read_level(place: &Place, line: &mut Cursor) -> Read<Level> {
    line.expect_mark('(')?;
    let payee = place.read_typed(line)?;
    line.expect_mark(',')?;
    let amount = place.read_typed(line)?;
    line.expect_mark(')')?;
    Ok(Level { payee, amount })
}

fn read_part(place: &Place, line: &mut Cursor) -> Read<Part> {
    line.expect_mark('(')?;
    let take = match line.word()? {
        "percent" => Take::Percent(place.read_typed(line)?),
        "up-to" => Take::UpTo(place.read_typed(line)?),
        "rest" => Take::Rest,
        other => return Err(format!("`{other}` is no part")),
    };
    line.expect_mark(',')?;
    let to = match line.word()? {
        "to" => To::Payee(place.read_typed(line)?),
        "one-of" => To::OneOf(read_one_of(place, line)?),
        "kept" => To::Kept,
        "split" => To::Split(line.list(|line| read_part(place, line))?),
        other => return Err(format!("`{other}` is nobody")),
    };
    line.expect_mark(')')?;
    Ok(Part { take, to, span: Span::default() })
}

fn read_model(place: &Place, line: &mut Cursor) -> Read<Model> {
    Ok(match line.word()? {
        "by-weight" => Model::Weight(place.read_typed(line)?),
        "in-order" => {
            line.expect("up-to")?;
            Model::InOrder(place.read_typed(line)?)
        }
        "by-place" => {
            let mut shares = line.list(|line| place.read_typed(line))?.into_iter();
            let mut share = || -> Read<Expr> { shares.next().ok_or_else(|| "three shares".to_owned()) };
            Model::Places { first: share()?, middle: share()?, last: share()? }
        }
        "halving" => {
            let days = line.word()?.parse().map_err(|_| "so many days".to_owned())?;
            Model::Halving { day: place.read_typed(line)?, days }
        }
        "in-full" => Model::InFull,
        other => return Err(format!("`{other}` is no way to share")),
    })
}
