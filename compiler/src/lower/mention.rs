//! Which names a clause mentions: enough to put rules in order before their types are known.

use meed_grammar::tree::{Clause, ClauseKind, Expr, ExprKind, Path, Set, SetSource, UnknownMeans, UnknownMeansKind};

/// Gathers the names in a clause, and the rules whose payments its sets read.
pub(super) fn clause(clause: &Clause, names: &mut Vec<String>, sources: &mut Vec<String>) {
    let mut found = Found { names, sources };
    match &clause.kind {
        ClauseKind::Where { condition: value, unknown }
        | ClauseKind::Let { value, unknown, .. }
        | ClauseKind::Set { value, unknown, .. } => {
            found.expr(value);
            found.unknown(unknown.as_ref());
        }
        ClauseKind::FirstPer { per } => found.paths(per),
        ClauseKind::Pay { payee, amount, unknown } | ClauseKind::TakeBack { payee, amount, unknown } => {
            payee.iter().for_each(|payee| found.expr(payee));
            found.expr(amount);
            found.unknown(unknown.as_ref());
        }
        ClauseKind::AtMost { amount, per } | ClauseKind::AtLeast { amount, per } => {
            found.expr(amount);
            found.paths(per);
        }
        ClauseKind::ForEach { .. }
        | ClauseKind::ForEachPayment { .. }
        | ClauseKind::Active(_)
        | ClauseKind::Unsupported(_) => {}
    }
}

struct Found<'a> {
    names: &'a mut Vec<String>,
    sources: &'a mut Vec<String>,
}

impl Found<'_> {
    fn paths(&mut self, paths: &[Path]) {
        for path in paths {
            self.names.extend(path.parts.iter().map(|part| part.text.clone()));
        }
    }

    fn unknown(&mut self, unknown: Option<&UnknownMeans>) {
        if let Some(UnknownMeans { kind: UnknownMeansKind::Value(value), .. }) = unknown {
            self.expr(value);
        }
    }

    fn set(&mut self, set: &Set) {
        if let SetSource::Payments(rule) = &set.source {
            self.sources.push(rule.text.clone());
        }
        self.paths(set.by.as_slice());
        set.condition.iter().for_each(|condition| self.expr(condition));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Path(path) => self.paths(std::slice::from_ref(path)),
            ExprKind::Call { arguments: values, .. } | ExprKind::List(values) | ExprKind::Extreme { values, .. } => {
                values.iter().for_each(|value| self.expr(value));
            }
            ExprKind::Bracket(x)
            | ExprKind::Negate(x)
            | ExprKind::Not(x)
            | ExprKind::RateOf(x)
            | ExprKind::BandOf(x) => self.expr(x),
            ExprKind::Known { value, .. } | ExprKind::Rounded { value, .. } => self.expr(value),
            ExprKind::Period { count: x, .. } | ExprKind::DatePart { date: x, .. } => self.expr(x),
            ExprKind::Binary { left: a, right: b, .. }
            | ExprKind::Compare { left: a, right: b, .. }
            | ExprKind::In { value: a, list: b, .. }
            | ExprKind::IfUnknown { value: a, default: b }
            | ExprKind::TimeBetween { from: a, to: b, .. } => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Between { value, low, high, .. } => {
                [value, low, high].into_iter().for_each(|part| self.expr(part))
            }
            ExprKind::Conditional { branches, otherwise } => {
                for (value, condition) in branches {
                    self.expr(value);
                    self.expr(condition);
                }
                otherwise.iter().for_each(|value| self.expr(value));
            }
            ExprKind::Clamp { value, at_least, at_most } => {
                self.expr(value);
                at_least.iter().chain(at_most).for_each(|bound| self.expr(bound));
            }
            ExprKind::Aggregate { value, set, .. } => {
                value.iter().for_each(|value| self.expr(value));
                set.iter().for_each(|set| self.set(set));
            }
            ExprKind::Running { value, set, per, .. } => {
                value.iter().for_each(|value| self.expr(value));
                set.iter().for_each(|set| self.set(set));
                self.paths(per);
            }
            ExprKind::AddsUp { arguments, quantity, per, .. } => {
                arguments.iter().for_each(|argument| self.expr(argument));
                self.expr(quantity);
                self.paths(per);
            }
            ExprKind::Number(_)
            | ExprKind::Percent(_)
            | ExprKind::Money { .. }
            | ExprKind::Date(_)
            | ExprKind::Text(_)
            | ExprKind::YesNo(_)
            | ExprKind::Unsupported(_)
            | ExprKind::Damaged => {}
        }
    }
}
