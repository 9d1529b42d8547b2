//! Functions that are written `WORD of (a, b)`: all that is said of them is in their row of the table.

use super::fold;
use crate::plan::{Function, Kind, Op, Operands};
use crate::typed::Use;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::idioms;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    pub(super) fn function(
        &mut self,
        name: &tree::Name,
        values: &[tree::Expr],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let function = Function::called(&name.text);
        if function.is_none() {
            if let Some(record) = self.resolved.index.records.get(&name.text).copied() {
                self.places.uses.push((name.span, Use::Record(record)));
                return self.row_of_key(record, values, span, scope);
            }
            self.unknown_function(name);
        }
        // Every value is looked at, so that all problems are told at once.
        let values: Vec<Option<Typed>> = values.iter().map(|value| self.expression(value, scope)).collect();
        self.called(function?, values.into_iter().collect::<Option<_>>()?, span)
    }

    /// A function of these values, which are of one type.
    pub(super) fn called(&mut self, function: Function, values: Vec<Typed>, span: Span) -> Option<Typed> {
        let signature = function.signature();
        let (n_values, kind) = match signature.operands {
            Operands::Alike(n, kind) => (n, kind),
            Operands::Several(kind) => (values.len(), kind),
            Operands::Each(_) | Operands::OfSchedule | Operands::OfTable | Operands::OfSearch => return None,
        };
        if values.len() != n_values {
            let message = format!("`{} of` takes {n_values} values, not {}", signature.word, values.len());
            self.problem(Problem::error("argument-count", span, message));
            return None;
        }
        let values = self.unify_all(values)?;
        let ty = values[0].ty;
        if !kind.holds(ty) || (kind == Kind::Ordered && self.is_list_of_texts(ty)) {
            let message = format!("{} has no {}", self.type_words(ty), signature.word);
            self.problem(Problem::error("type-mismatch", span, message));
            return None;
        }
        if let Some(divisor) = signature.divisor.and_then(|idx| values.get(idx)) {
            self.not_zero(divisor)?;
        }
        let optional = values.iter().any(|value| value.optional);
        let operands = values.into_iter().map(Typed::into_expr).collect();
        Some(fold(Typed::new(Op::Call(function, operands), ty, optional, span)))
    }

    /// What is divided by is not the number 0.
    pub(super) fn not_zero(&mut self, divisor: &Typed) -> Option<()> {
        if divisor.op.as_number().is_none_or(|number| *number != Exact::ZERO) {
            return Some(());
        }
        let help = "divide by something else, or leave the row out with `where`";
        self.problem(Problem::error("division-by-zero", divisor.span, "nothing can be divided by zero").help(help));
        None
    }

    fn unknown_function(&mut self, name: &tree::Name) {
        let problem = Problem::error("unknown-name", name.span, format!("there is no function `{} of`", name.text));
        let problem = match idioms::function_word(&name.text) {
            Some(written) => problem.help(format!("write `{written} of`")).sure(name.span, written),
            None => self.suggest(problem, name, Function::called_words),
        };
        self.problem(problem);
    }
}
