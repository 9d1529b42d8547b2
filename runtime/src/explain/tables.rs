//! The row of a decision table that counted.

use crate::explain::explainer::Explainer;
use crate::explain::steps::Values;
use meed_compiler::data::Rows;
use meed_compiler::interpret::eval::{Row, Value};
use meed_compiler::plan::{Expr, Function, Node, Op, Policy, TableId, TableRow, VersionId};
use meed_grammar::span::Span;

/// How many rows of a table are named where their results are added.
const NAMED: usize = 10;

impl Explainer<'_> {
    /// Which row of a decision table counted where it is asked at this place and gave this value, or that none did; nothing where
    /// no table is asked there, or where what it is asked with is not at hand.
    pub(super) fn table_rows(
        &self,
        id: VersionId,
        row: u32,
        span: Span,
        value: &Value,
        values: &Values,
    ) -> Vec<String> {
        let nodes = self.plan.version(id).nodes.iter().flat_map(Node::exprs);
        let mut asked: Vec<&Expr> = Vec::new();
        for expr in nodes {
            expr.walk(&mut |expr| {
                if expr.span == span && matches!(expr.op, Op::Call(Function::Lookup { .. }, _)) {
                    asked.push(expr);
                }
            });
        }
        // One place of the text is asked with several arguments where parties up a chain are paid: the value tells which.
        let mut told: Option<Vec<String>> = None;
        for expr in asked {
            let Op::Call(Function::Lookup { table, result }, operands) = &expr.op else { continue };
            let arguments = operands.iter().map(|operand| self.at_hand(id, row, operand, values));
            let Some(arguments) = arguments.collect::<Option<Vec<Value>>>() else { return Vec::new() };
            let lookup = &self.loaded.data.lookups[table.index()];
            if !lookup.gives(&arguments, *result as usize, value) {
                continue;
            }
            let words = self.matching_rows(*table, &lookup.matching(&arguments));
            if told.as_ref().is_some_and(|told| *told != words) {
                return Vec::new();
            }
            told = Some(words);
        }
        told.unwrap_or_default()
    }

    /// The rows of a table that match, those that count.
    fn matching_rows(&self, table: TableId, found: &[usize]) -> Vec<String> {
        let definition = &self.plan.tables[table.index()];
        let counted = if definition.policy == Policy::Sum { found } else { found.get(..1).unwrap_or_default() };
        if counted.is_empty() {
            let otherwise = if definition.otherwise.is_some() { ": otherwise" } else { "" };
            return vec![format!("no row of `{}` matches{otherwise}", definition.name)];
        }
        let mut named: Vec<String> = counted
            .iter()
            .take(NAMED)
            .map(|&place| self.table_row(&definition.rows, place, &definition.name))
            .collect();
        if counted.len() > NAMED {
            named.push(format!("and {} more of its rows", counted.len() - NAMED));
        }
        named
    }

    /// A row as it is written, or by its number in its sheet.
    fn table_row(&self, rows: &[TableRow], place: usize, table: &str) -> String {
        let written = rows.get(place).map_or(String::new(), |row| self.quote(row.span));
        // All rows of a sheet have the place where its file is named; a row that is written has bars between its cells.
        if written.starts_with('"') && !written.contains('|') {
            return format!("row {} of {written}", place + 1);
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
