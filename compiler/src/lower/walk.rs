//! Visits of expressions.

use super::Lowering;
use super::scope::Lets;
use crate::plan::{Amount, BandPays, Beyond, Expr, GroupFunction, Limit, Op, Plan, Shape, Step};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;

/// Values and operators that an expression may have when its `let`s are written out.
pub(super) const WRITTEN_OUT: u32 = 4_096;

/// How much an expression is when every `let` in it is written out. `let b = a + a` doubles what `a` is, so that this is
/// worked out from the `let`s and not by writing them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Values and operators.
    size: u32,
    /// How deep they stand in one another.
    depth: u32,
    /// Whether something adds up in it.
    pub telescopes: bool,
}

impl Extent {
    /// Whether it may be written out.
    pub fn fits(self) -> bool {
        self.size <= WRITTEN_OUT && !self.is_deep()
    }

    /// Whether values stand deeper in one another than in any expression that can be read at once.
    pub fn is_deep(self) -> bool {
        self.depth as usize > limits::VALUES
    }
}

/// The extent of an expression over `let`s.
pub(super) fn extent(expr: &Expr, lets: &Lets) -> Extent {
    steps::count(1);
    if let Op::Local(local) = expr.op {
        return lets[local].extent;
    }
    let own = Extent { size: 1, depth: 0, telescopes: matches!(expr.op, Op::Telescoped { .. }) };
    let all = expr.op.children().into_iter().fold(own, |all, child| {
        let child = extent(child, lets);
        Extent {
            size: all.size.saturating_add(child.size),
            depth: all.depth.max(child.depth),
            telescopes: all.telescopes || child.telescopes,
        }
    });
    Extent { depth: all.depth.saturating_add(1), ..all }
}

/// The expression with every `let` replaced by what it stands for. Only what [`Extent::fits`].
pub(super) fn inline(mut expr: Expr, lets: &Lets) -> Expr {
    walk(&mut expr, &mut |expr| {
        if let Op::Local(local) = expr.op {
            *expr = Expr { span: expr.span, ..inline(lets[local].value.clone(), lets) };
        }
    });
    expr
}

/// Visits every expression from the leaves up.
pub(super) fn walk(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    steps::count(1);
    for child in expr.op.children_mut() {
        walk(child, visit);
    }
    visit(expr);
}

/// Visits every expression of a Plan.
pub(super) fn every(plan: &mut Plan, visit: &mut impl FnMut(&mut Expr)) {
    let mut roots: Vec<&mut Expr> = Vec::new();
    for schedule in &mut plan.schedules {
        match &mut schedule.shape {
            Shape::Graduated(bands) | Shape::Retroactive(bands) => {
                for band in bands {
                    roots.extend(band.upper.as_mut().map(|edge| &mut edge.value));
                    if let BandPays::Amount { rate, flat } = &mut band.pays {
                        roots.extend(rate.iter_mut().chain(flat));
                    }
                }
            }
            Shape::Curve { below, points, beyond } => {
                roots.push(below);
                roots.extend(points.iter_mut().flat_map(|(at, height)| [at, height]));
                if let Beyond::Value(height) = beyond {
                    roots.push(height);
                }
            }
            Shape::Every { size, pays, .. } => roots.extend([&mut **size, &mut **pays]),
        }
    }
    roots.extend(plan.slots.iter_mut().flat_map(|slot| &mut slot.parts));
    for group in &mut plan.groups {
        roots.push(&mut group.join);
        roots.extend(&mut group.filter);
        match &mut group.function {
            GroupFunction::Sum(value, _)
            | GroupFunction::Smallest(value, _)
            | GroupFunction::Largest(value, _)
            | GroupFunction::Distinct(value) => roots.push(value),
            GroupFunction::Count => {}
        }
    }
    roots.extend(plan.rules.iter_mut().flat_map(|rule| &mut rule.steps).flat_map(of_step));
    roots.into_iter().for_each(|root| walk(root, visit));
}

fn of_step(step: &mut Step) -> Vec<&mut Expr> {
    match step {
        Step::AccumulateAll { filter, atoms, .. } => filter.iter_mut().chain(atoms).collect(),
        Step::Active | Step::Until | Step::First(_) | Step::Set(..) => Vec::new(),
        Step::Filter(value) | Step::Let(_, value) => vec![value],
        Step::Accumulate { atoms, .. } => atoms.iter_mut().collect(),
        Step::Pay(pay) => match &mut pay.amount {
            Amount::Plain(value) => vec![&mut pay.payee, value],
            Amount::AlongTotal { factor, body, .. } => factor.iter_mut().chain([&mut pay.payee, body]).collect(),
        },
        Step::Limit(Limit::PerPayment(amount) | Limit::AtMost { amount, .. } | Limit::AtLeast { amount, .. }) => {
            vec![amount]
        }
    }
}

impl Lowering<'_> {
    /// The expression without `let`s, for where they are not worked out yet.
    pub(super) fn without_lets(&mut self, expr: Expr, lets: &Lets) -> Option<Expr> {
        if extent(&expr, lets).fits() {
            return Some(inline(expr, lets));
        }
        self.too_much(expr.span);
        None
    }

    pub(super) fn too_much(&mut self, span: Span) {
        let (values, deep) = (limits::words(WRITTEN_OUT as usize), limits::VALUES);
        let message = format!("with every `let` written out this has at most {values} values, {deep} in one another");
        self.problem(
            Problem::error("over-limit", span, message)
                .label("this has more")
                .help("let fewer `let`s stand between what adds up and the fields"),
        );
    }
}
