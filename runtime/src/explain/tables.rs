//! The row of a decision table that counted.

use crate::explain::explainer::Explainer;
use crate::explain::steps::Values;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::{Expr, Function, Node, Op, Policy, TableRow, VersionId};
use meed_grammar::span::Span;

/// How many rows of a table are named where their results are added.
const NAMED: usize = 10;

impl Explainer<'_> {
    /// Which row of a decision table counted where it is asked at this place, or that none did; nothing where no table is asked
    /// there, or where what it is asked with is not at hand.
    pub(super) fn table_rows(&self, id: VersionId, row: u32, span: Span, values: &Values) -> Vec<String> {
        let nodes = self.plan.version(id).nodes.iter().flat_map(Node::exprs);
        let mut asked: Option<&Expr> = None;
        for expr in nodes {
            expr.walk(&mut |expr| {
                if expr.span == span && matches!(expr.op, Op::Call(Function::Lookup { .. }, _)) {
                    asked.get_or_insert(expr);
                }
            });
        }
        let Some(Expr { op: Op::Call(Function::Lookup { table, .. }, operands), .. }) = asked else {
            return Vec::new();
        };
        let arguments = operands.iter().map(|operand| self.at_hand(id, row, operand, values));
        let Some(arguments) = arguments.collect::<Option<Vec<Value>>>() else { return Vec::new() };
        let definition = &self.plan.tables[table.index()];
        let mut found = self.loaded.data.lookups[table.index()].matching(&arguments);
        if definition.policy != Policy::Sum {
            found.truncate(1);
        }
        if found.is_empty() {
            let otherwise = if definition.otherwise.is_some() { ": otherwise" } else { "" };
            return vec![format!("no row of `{}` matches{otherwise}", definition.name)];
        }
        let mut named: Vec<String> =
            found.iter().take(NAMED).map(|row| self.table_row(&definition.rows, row, &definition.name)).collect();
        if found.len() > NAMED {
            named.push(format!("and {} more of its rows", found.len() - NAMED));
        }
        named
    }

    /// A row as it is written, or by its number in its sheet.
    fn table_row(&self, rows: &[TableRow], row: &TableRow, table: &str) -> String {
        let written = self.quote(row.span);
        // All rows of a sheet have the place where its file is named.
        if written.starts_with('"') && rows.iter().all(|other| other.span == row.span) {
            let number = rows.iter().position(|other| other == row).map_or(0, |idx| idx + 1);
            return format!("row {number} of {written}");
        }
        format!("the row of `{table}`: {written}")
    }

    /// A value that was met, or that the row says by itself.
    fn at_hand(&self, id: VersionId, row: u32, expr: &Expr, values: &Values) -> Option<Value> {
        if let Some((.., value)) = values.iter().find(|(span, ty, _)| *span == expr.span && *ty == expr.ty) {
            return Some(value.clone());
        }
        let mut is_plain = true;
        expr.walk(&mut |expr| {
            is_plain &= !matches!(
                &expr.op,
                Op::Local(_)
                    | Op::Level { .. }
                    | Op::Increment { .. }
                    | Op::Balance(_)
                    | Op::Taken(_)
                    | Op::Rank
                    | Op::Fold(_)
                    | Op::Decision { .. }
                    | Op::Argument(_)
                    | Op::Call(Function::Find { .. }, _)
            );
        });
        if !is_plain {
            return None;
        }
        let events = self.plan.version(id).stream.event().map(|record| Rows::Events { record });
        let rows = self.rows(id).or(events.as_ref())?;
        Row::new(self.plan, rows, row, 0, false).eval(expr, &self.loaded.data).ok()
    }
}
