//! What a schedule says of zero and below.

use crate::plan::{Expr, Op};
use crate::typed::{Band, BandPays, Shape};
use crate::types::Typing;
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    /// Words that exclude each other are not used together, and where the first band has an amount of its own the schedule
    /// says whether zero is paid it. None where that is open.
    pub(super) fn at_zero(&mut self, schedule: &tree::Schedule, shape: &Shape) -> Option<()> {
        for (one, other) in
            [(schedule.even_at_zero, schedule.nothing_at_zero), (schedule.mirrored, schedule.nothing_below_zero)]
        {
            if let (Some(one), Some(other)) = (one, other) {
                let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
                self.problem(
                    Problem::error("schedule-form", second, "these two say different things")
                        .other(first, "the other of the two")
                        .help("remove one of them"),
                );
                return None;
            }
        }
        if schedule.even_at_zero.is_some() || schedule.nothing_at_zero.is_some() {
            return Some(());
        }
        let Some(amount) = first_amount(shape) else { return Some(()) };
        let head = Span {
            start: schedule.name.span.start,
            end: schedule.shape.map_or(schedule.name.span, |shape| shape.1).end,
        };
        let message = format!("is this amount of `{}` paid at zero?", schedule.name.text);
        let mut problem = Problem::error("missing-at-zero", amount.span, message)
            .label("the amount of the first band")
            .other(head, "the schedule does not say")
            .help("write `even at zero` or `nothing at zero` before its bands");
        if let Some(end) = schedule.words_end() {
            problem = problem.choice(end, " even at zero").choice(end, " nothing at zero");
        }
        self.problem(problem);
        None
    }
}

/// The amount that the band of zero pays beside or without a rate, unless it is 0.
fn first_amount(shape: &Shape) -> Option<&Expr> {
    let flat = match shape {
        Shape::Graduated(bands) | Shape::Retroactive(bands) => match bands.first()? {
            Band { pays: BandPays::Amount { flat, .. }, .. } => flat.as_ref()?,
            Band { pays: BandPays::None, .. } => return None,
        },
        Shape::Curve { below, .. } if below.ty.is_money() => below,
        Shape::Curve { .. } | Shape::Every { .. } => return None,
    };
    (!matches!(&flat.op, Op::Number(number) if *number == Exact::ZERO)).then_some(flat)
}
