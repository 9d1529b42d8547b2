//! Reads schedules and their bands.

use super::super::lexer::{Cursor, Read};
use super::super::names::Place;
use super::{number, phrase};
use crate::plan::{Band, BandPays, BelowZero, Beyond, Edge, Expr, Op, Plan, Schedule, Shape, Type};
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
        shape: Shape::Graduated(Vec::new()),
        span: Span::default(),
    });
    Ok(())
}

pub(super) fn inner_line(plan: &mut Plan, line: &mut Cursor) -> Read<()> {
    let Some(mut schedule) = plan.schedules.pop() else { return Err("this belongs to no schedule".to_owned()) };
    let place = Place { arguments: &schedule.arguments, ..Place::new(plan) };
    let value = |line: &mut Cursor| place.read(line);
    match (line.word()?, &mut schedule.shape) {
        ("graduated", shape) => *shape = Shape::Graduated(Vec::new()),
        ("retroactive", shape) => *shape = Shape::Retroactive(Vec::new()),
        ("curve", shape) => {
            let below = Expr { op: Op::Missing, ty: Type::Number, optional: false, span: Span::default() };
            *shape = Shape::Curve { below: Box::new(below), points: Vec::new(), beyond: Beyond::Flat };
        }
        ("every", shape) => {
            let size = Box::new(value(line)?);
            let started = line.takes("started");
            if !started {
                line.expect("completed")?;
            }
            line.expect("pays")?;
            *shape = Shape::Every { size, started, pays: Box::new(value(line)?) };
        }
        ("band", Shape::Graduated(bands) | Shape::Retroactive(bands)) => bands.push(band(&place, line)?),
        ("below", Shape::Curve { below, .. }) => {
            line.expect("pays")?;
            **below = value(line)?;
        }
        ("at", Shape::Curve { points, .. }) => {
            let at = value(line)?;
            line.expect("pays")?;
            points.push((at, value(line)?));
        }
        ("beyond", Shape::Curve { beyond, .. }) => {
            *beyond = match line.word()? {
                "flat" => Beyond::Flat,
                "none" => Beyond::None,
                _ => Beyond::Value(Box::new(value(line)?)),
            }
        }
        (other, _) => return Err(format!("`{other}` belongs to no schedule of this shape")),
    }
    plan.schedules.push(schedule);
    Ok(())
}

fn band(place: &Place, line: &mut Cursor) -> Read<Band> {
    let number = number(line)?;
    let upper = match line.word()? {
        "beyond" => None,
        word @ ("to" | "below") => Some(Edge { value: place.read(line)?, included: word == "to" }),
        other => return Err(format!("`{other}` ends no band")),
    };
    let pays = if line.takes("none") {
        BandPays::None
    } else {
        let mut part = |word: &str| if line.takes(word) { place.read(line).map(Some) } else { Ok(None) };
        BandPays::Amount { rate: part("rate")?, flat: part("plus")? }
    };
    Ok(Band { number, upper, pays, span: Span::default() })
}
