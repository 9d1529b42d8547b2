//! The parts of a set's condition, sorted: by what the rows are found, and what is asked of them.

use super::search::Found;
use crate::plan::{Comparison, Expr, Function, Op};
use crate::search::MOST_KEYS;
use crate::typed::walk;
use crate::types::Typing;
use crate::types::scope::Scope;

impl Typing<'_> {
    /// Sorts the parts of a condition: keys, edges of the window, what holds of the set's row, and the rest.
    pub(super) fn conditions(&mut self, found: &mut Found, condition: Expr) {
        if let Op::And(parts) = condition.op {
            parts.into_iter().for_each(|part| self.conditions(found, part));
            return;
        }
        let (reads_row, reads_arguments) = reads(&condition);
        if !reads_arguments {
            return found.only.push(condition);
        }
        if reads_row
            && let Op::Call(Function::Compare(comparison), sides) = &condition.op
            && let [a, b] = &sides[..]
        {
            for (own, other, comparison) in [(a, b, *comparison), (b, a, comparison.turned())] {
                if reads(other).0 || reads(own).1 {
                    continue;
                }
                // The day of a payment, or of a row per entity and period, is an edge.
                if own.op == Op::When && found.edges.takes(comparison) {
                    let day = self.lifted(other, &found.inner);
                    found.edges.bound(comparison, day);
                    return;
                }
                let Op::Field { path, .. } = &own.op else { continue };
                let when = found.record().and_then(|record| self.program.record(record).when);
                if comparison == Comparison::Equal && found.keys.len() < MOST_KEYS {
                    let other = self.lifted(other, &found.inner);
                    found.keys.push((own.clone(), other));
                    return;
                }
                let is_when = matches!(path[..], [field] if Some(field) == when);
                if is_when && !own.optional && found.edges.takes(comparison) {
                    let day = self.lifted(other, &found.inner);
                    found.edges.bound(comparison, day);
                    return;
                }
            }
        }
        found.also.push(condition);
    }

    /// What the row that asks gives, as it is read there.
    fn lifted(&self, value: &Expr, inner: &Scope) -> Expr {
        let mut value = value.clone();
        if let Some(asking) = &inner.asking {
            walk(&mut value, &mut |expr| {
                if let Op::Argument(idx) = expr.op {
                    *expr = asking.arguments[idx as usize].clone();
                }
            });
        }
        value
    }
}

/// Whether an expression reads the set's row, and whether it reads what the row that asks gives.
fn reads(expr: &Expr) -> (bool, bool) {
    let (mut row, mut arguments) = (false, false);
    expr.walk(&mut |expr| match expr.op {
        Op::Field { .. } | Op::When | Op::Decision { .. } => row = true,
        Op::Argument(_) => arguments = true,
        _ => {}
    });
    (row, arguments)
}
