//! Decision tables and their rows.

use super::{Invariant, Report};
use crate::lookup::MOST_ARGUMENTS;
use crate::plan::{CellTest, Constant, Plan, Policy, Table, TableColumn, Type};
use crate::value::over;

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for table in &plan.tables {
        report.at(format!("table `{}`", table.name));
        let counted = !table.results.is_empty() && (1..=MOST_ARGUMENTS).contains(&table.arguments.len());
        report.demand(counted, Invariant::Tables, "a table has arguments and results");
        let policy = match table.policy {
            Policy::One | Policy::First => true,
            Policy::Highest(by) | Policy::Lowest(by) => (by as usize) < table.results.len(),
            Policy::Sum => table.results.iter().all(|result| result.ty.is_numeric()),
        };
        report.demand(policy, Invariant::Tables, "which row counts");
        for row in &table.rows {
            let complete = row.cells.len() == table.arguments.len();
            report.demand(complete, Invariant::Tables, "a row has a cell for each argument");
            let fits = row.cells.iter().zip(&table.arguments).all(|(cell, column)| asks(cell, column.ty));
            report.demand(fits, Invariant::Types, "a cell asks what its column can be asked");
        }
        for results in table.rows.iter().map(|row| &row.results).chain(&table.otherwise) {
            gives(table, results, report);
        }
    }
}

fn gives(table: &Table, results: &[Option<Constant>], report: &mut Report) {
    report.demand(results.len() == table.results.len(), Invariant::Tables, "a row has every result");
    let fits = |(value, column): (&Option<Constant>, &TableColumn)| match (value, column.ty) {
        (None, _) => true,
        (Some(Constant::Number(value)), ty) => ty.is_numeric() && column.den > 0 && over(value, column.den).is_some(),
        (Some(Constant::YesNo(_)), ty) => ty == Type::YesNo,
        (Some(Constant::Date(_)), ty) => matches!(ty, Type::Date | Type::Period(_)),
        (Some(Constant::Choice(_)), ty) => matches!(ty, Type::Choice(_)),
    };
    report.demand(results.iter().zip(&table.results).all(fits), Invariant::Types, "results are of their columns");
}

fn asks(cell: &CellTest, ty: Type) -> bool {
    let is_text = matches!(ty, Type::Text(_) | Type::Id(_));
    match cell {
        CellTest::Any | CellTest::Known | CellTest::Unknown => true,
        CellTest::Ranges(_) => !is_text,
        CellTest::Texts { .. } => is_text,
    }
}
