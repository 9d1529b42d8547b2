//! `paid by RULE`: what another rule pays for the same row.

use super::window::Edges;
use crate::plan::{Expr, FindFunction, LineKind, Op, RecordId, Root, Stream, Type};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::Name;

impl Typing<'_> {
    /// The sum of a rule's payments for this row, after its limits.
    pub(in crate::types) fn paid_for_row(&mut self, rule: &Name, span: Span, scope: &mut Scope) -> Option<Typed> {
        self.paid_by(rule)?;
        let other = self.typed(&rule.text).next()?.stream.rows();
        let own = scope.rule.as_ref().filter(|_| !scope.in_set()).map(|rule| rule.stream.clone());
        let record = match (&own, &other) {
            (Some(Stream::Events(own)), Stream::Events(other)) if own == other => *own,
            (Some(Stream::Periods(own, period)), Stream::Periods(other, known)) if (own, period) == (other, known) => {
                *own
            }
            _ => {
                let message = format!("rule `{}` is for other rows than this", rule.text);
                let help = "`paid by` names a rule for the same rows; others are read as payments: sum of payment.amount in (payments from RULE where …)";
                self.problem(Problem::error("type-mismatch", rule.span, message).help(help));
                return None;
            }
        };
        let id = self.rule_named(&rule.text)?;
        let takes_back = self.typed(&rule.text).any(|version| version.takes_back);
        let kind = if takes_back { LineKind::Original } else { LineKind::Payment };
        let mut found = self.no_rows_yet(Stream::Lines(id, kind), scope, span);
        let row = |root: Root, record: RecordId| {
            let op = Op::Field { root, record, path: Vec::new() };
            Expr { op, ty: Type::Ref(record), optional: false, span: Span::default() }
        };
        found.keys.push((row(Root::Source, record), row(Root::Row, record)));
        if let Some(Stream::Periods(..)) = own {
            let day = || Some(Expr { op: Op::When, ty: Type::Date, optional: false, span: Span::default() });
            found.edges.narrow(Edges { from: day(), to: day(), before: None });
        }
        let ty = self.type_of_payment(span, &found.inner)?;
        let amount = Expr { op: Op::PaymentAmount, ty, optional: false, span };
        Some(self.ask(found, FindFunction::Sum, amount, false, span))
    }
}
