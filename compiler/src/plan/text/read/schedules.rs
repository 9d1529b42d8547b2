//! Reads schedules and their pieces.

use super::super::lexer::{Cursor, Read};
use super::super::names::Place;
use super::super::words::Word;
use super::{number, phrase};
use crate::plan::{BelowZero, End, Line, Piece, Pieces, Plan, Reach, Schedule, Type};
use meed_grammar::span::Span;

pub(super) fn first_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let name = line.word()?.to_owned();
    line.expect_mark('(')?;
    let arguments = match line.takes_mark(')') {
        true => Vec::new(),
        false => {
            let arguments = line.list(|line| phrase::ty(plan, line))?;
            line.expect_mark(')')?;
            arguments
        }
    };
    let mut said = |word: &str| line.expect(word).and_then(|()| phrase::ty(plan, line));
    let (domain, result, rate): (Type, Type, Type) = (said("of")?, said("gives")?, said("rate")?);
    let even_at_zero = line.takes("even-at-zero");
    let below_zero = match (line.takes("nothing-below-zero"), line.takes("mirrored")) {
        (false, false) => BelowZero::Unsaid,
        (true, false) => BelowZero::Nothing,
        (false, true) => BelowZero::Mirrored,
        (true, true) => return Err("a schedule gives one thing below zero".to_owned()),
    };
    plan.schedules.push(Schedule {
        name,
        arguments,
        domain,
        result,
        rate,
        even_at_zero,
        below_zero,
        pieces: Pieces::Lines { pieces: Vec::new(), heights: false },
        span: Span::default(),
    });
    Ok(())
}

pub(super) fn inner_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut schedule) = plan.schedules.pop() else { return Err("this belongs to no schedule".to_owned()) };
    let place = Place { arguments: &schedule.arguments, ..Place::new(plan) };
    let value = |line: &mut Cursor| place.read(line);
    match (line.word()?, &mut schedule.pieces) {
        (word @ ("lines" | "heights"), pieces) => {
            *pieces = Pieces::Lines { pieces: Vec::new(), heights: word == "heights" };
        }
        ("every", pieces) => {
            let size = value(line)?;
            let started = line.takes("started");
            if !started {
                line.expect("completed")?;
            }
            line.expect("gives")?;
            *pieces = Pieces::Steps { size, started, each: value(line)? };
        }
        ("piece", Pieces::Lines { pieces, .. }) => pieces.push(piece(&place, line)?),
        (other, _) => return Err(format!("`{other}` belongs to no schedule of this form")),
    }
    plan.schedules.push(schedule);
    Ok(())
}

fn piece(place: &Place, line: &mut Cursor) -> Read<Piece> {
    let number = number(line)?;
    let end = match line.word()? {
        "to" => End::To(place.read(line)?),
        "below" => End::Below(place.read(line)?),
        "point" => End::Point,
        "beyond" => End::Never,
        other => return Err(format!("`{other}` ends no piece")),
    };
    let gives = match line.word()? {
        "none" => None,
        "between" => {
            let from = place.read(line)?;
            line.expect("and")?;
            Some(Line::Between(from, place.read(line)?))
        }
        word => {
            let reach = Reach::of_word(word).ok_or_else(|| format!("`{word}` is nothing that a piece gives"))?;
            let mut part = |word: &str| if line.takes(word) { place.read(line).map(Some) } else { Ok(None) };
            let (slope, jump) = (part("slope")?, part("jump")?);
            Some(Line::Priced { reach, jump, slope })
        }
    };
    Ok(Piece { number, end, line: gives, span: Span::default() })
}
