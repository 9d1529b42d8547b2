//! What adds up, evaluated on totals: which parts are summed row by row and which act on the sums.

use crate::plan::{Expr, Function, Op, Side, StateId};
use crate::typed::walk;
use meed_grammar::span::Span;
use meed_grammar::steps;
use rustc_hash::{FxHashMap, FxHashSet};

/// The state that [`split`] writes before the real one is known.
const PENDING: StateId = StateId(u32::MAX);

/// What adds up as it is written, evaluated as a whole on totals: literals and what is fixed by the key are taken as they are, sums,
/// differences, constant factors and divisors, roundings and bounds act on the totals, everything else is a summand that
/// is summed row by row, a `let` too. The value on totals, the summands, and the places of bounds of which more than one
/// side adds up.
pub(super) fn split(value: &Expr, keys: &[Expr]) -> (Expr, Vec<Expr>, Vec<Span>) {
    let mut split =
        Split { fixed: FxHashSet::default(), summands: Vec::new(), known: FxHashMap::default(), bounds: Vec::new() };
    split.find_fixed(value, keys);
    let mut expr = split.part(value);
    if split.summands.is_empty() {
        expr = split.summand(value);
    }
    (expr, split.summands, split.bounds)
}

struct Split {
    /// The parts that are the same for every row of a key, by their places in memory.
    fixed: FxHashSet<*const Expr>,
    summands: Vec<Expr>,
    /// The summands so far, as text.
    known: FxHashMap<String, u32>,
    /// Bounds between parts that both add up.
    bounds: Vec<Span>,
}

impl Split {
    fn part(&mut self, value: &Expr) -> Expr {
        steps::count(1);
        if self.is_fixed(value) {
            return value.clone();
        }
        let (function, operands) = match value.op.as_call() {
            Some((function, operands)) if self.acts_on_totals(function, operands) => (function, operands),
            _ => return self.summand(value),
        };
        if matches!(function, Function::Smallest | Function::Largest)
            && operands.iter().filter(|side| !self.is_fixed(side)).count() > 1
            && !self.bounds.contains(&value.span)
        {
            self.bounds.push(value.span);
        }
        let operands = operands.iter().map(|operand| self.part(operand)).collect();
        let op = Op::Call(function.clone(), operands);
        Expr { op, ty: value.ty, optional: value.optional, span: value.span }
    }

    /// Whether a function is taken of the totals of its operands; else it is taken of each row, and its values are summed.
    fn acts_on_totals(&self, function: &Function, operands: &[Expr]) -> bool {
        match (function, operands) {
            (
                Function::Negate
                | Function::Add
                | Function::Subtract
                | Function::Round { .. }
                | Function::Smallest
                | Function::Largest,
                _,
            ) => true,
            (Function::Multiply, [a, b]) => self.is_fixed(a) || self.is_fixed(b),
            (Function::Divide, [_, b]) => self.is_fixed(b),
            _ => false,
        }
    }

    fn summand(&mut self, value: &Expr) -> Expr {
        let next = self.summands.len() as u32;
        let summand = *self.known.entry(format!("{:?}", value.op)).or_insert(next);
        if summand == next {
            self.summands.push(value.clone());
        }
        let op = Op::Level { state: PENDING, summand, side: Side::Current };
        Expr { op, ty: value.ty, optional: value.optional, span: value.span }
    }

    fn is_fixed(&self, value: &Expr) -> bool {
        self.fixed.contains(&std::ptr::from_ref(value))
    }

    /// Finds the parts that are the same for every row of a key, from the leaves up.
    fn find_fixed(&mut self, value: &Expr, keys: &[Expr]) -> bool {
        steps::count(1);
        let fixed = match &value.op {
            Op::Number(_) => true,
            Op::Field { root, path, .. } => keys.iter().any(|key| {
                matches!(&key.op, Op::Field { root: key_root, path: key_path, .. } if key_root == root && path.len() > key_path.len() && path.starts_with(key_path))
            }),
            op => {
                let n_fixed = op.children().into_iter().filter(|child| self.find_fixed(child, keys)).count();
                let arithmetic = matches!(
                    op.as_call(),
                    Some((
                        Function::Negate | Function::Add | Function::Subtract | Function::Multiply | Function::Divide,
                        _
                    ))
                );
                arithmetic && n_fixed == op.children().len()
            }
        };
        if fixed {
            self.fixed.insert(std::ptr::from_ref(value));
        }
        fixed
    }
}

pub(super) fn with_state(mut expr: Expr, state: StateId) -> Expr {
    walk(&mut expr, &mut |expr| {
        if let Op::Level { state: pending, .. } = &mut expr.op
            && *pending == PENDING
        {
            *pending = state;
        }
    });
    expr
}
