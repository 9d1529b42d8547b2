//! What adds up, evaluated on totals: which parts are summed row by row and which act on the sums.

use crate::lower::walk::walk;
use crate::plan::{Expr, Op, StateId, View};

/// The state that [`split`] writes before the real one is known.
const PENDING: StateId = StateId(u32::MAX);

/// What adds up, evaluated as a whole on totals: literals and what is fixed by the key stand as they are, sums,
/// differences, constant factors and divisors, roundings and bounds act on the totals, everything else is an atom that
/// is summed row by row.
pub(super) fn split(value: &Expr, keys: &[Expr], atoms: &mut Vec<Expr>) -> Expr {
    let expr = split_part(value, keys, atoms);
    if atoms.is_empty() { atom(value, atoms) } else { expr }
}

fn split_part(value: &Expr, keys: &[Expr], atoms: &mut Vec<Expr>) -> Expr {
    if is_fixed(value, keys) {
        return value.clone();
    }
    let with = |op| Expr { op, ..value.clone() };
    match &value.op {
        Op::Negate(x) => with(Op::Negate(Box::new(split_part(x, keys, atoms)))),
        Op::Add(a, b) => with(Op::Add(Box::new(split_part(a, keys, atoms)), Box::new(split_part(b, keys, atoms)))),
        Op::Subtract(a, b) => {
            with(Op::Subtract(Box::new(split_part(a, keys, atoms)), Box::new(split_part(b, keys, atoms))))
        }
        Op::Multiply(a, b) if is_fixed(a, keys) => with(Op::Multiply(a.clone(), Box::new(split_part(b, keys, atoms)))),
        Op::Multiply(a, b) if is_fixed(b, keys) => with(Op::Multiply(Box::new(split_part(a, keys, atoms)), b.clone())),
        Op::Divide(a, b) if is_fixed(b, keys) => with(Op::Divide(Box::new(split_part(a, keys, atoms)), b.clone())),
        Op::Round { value, mode, quantum } => {
            with(Op::Round { value: Box::new(split_part(value, keys, atoms)), mode: *mode, quantum: quantum.clone() })
        }
        Op::Smallest(values) => with(Op::Smallest(values.iter().map(|value| split_part(value, keys, atoms)).collect())),
        Op::Largest(values) => with(Op::Largest(values.iter().map(|value| split_part(value, keys, atoms)).collect())),
        _ => atom(value, atoms),
    }
}

pub(super) fn atom(value: &Expr, atoms: &mut Vec<Expr>) -> Expr {
    let idx = atoms.iter().position(|known| known.op == value.op).unwrap_or_else(|| {
        atoms.push(value.clone());
        atoms.len() - 1
    });
    Expr { op: Op::Level { state: PENDING, atom: idx as u32, view: View::Turn }, ..value.clone() }
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

/// Whether a value is the same for every row of a key.
fn is_fixed(value: &Expr, keys: &[Expr]) -> bool {
    match &value.op {
        Op::Number(_) => true,
        Op::Field { root, path, .. } => keys.iter().any(|key| {
            matches!(&key.op, Op::Field { root: key_root, path: key_path, .. } if key_root == root && path.len() > key_path.len() && path.starts_with(key_path))
        }),
        Op::Negate(x) => is_fixed(x, keys),
        Op::Add(a, b) | Op::Subtract(a, b) | Op::Multiply(a, b) | Op::Divide(a, b) => is_fixed(a, keys) && is_fixed(b, keys),
        _ => false,
    }
}
