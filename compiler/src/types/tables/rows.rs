//! Rows of tables: as many cells as columns, the header, what holds otherwise, and whether two rows take one value.

use crate::plan::calendar::date_of;
use crate::plan::cover::{Answer, Sample};
use crate::plan::{Constant, Policy, Table, TableRow, Type};
use crate::types::Typing;
use crate::value::{Exact, exact_text, lcm};
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, CellKind, CellRange, ExprKind, TableCell, TableRows};

impl Typing<'_> {
    /// Types all rows of a table whose arguments have types; a problem makes the table one that failed.
    pub(super) fn table_rows(&mut self, idx: usize) {
        let before = self.n_errors;
        self.open_tables[idx].done = true;
        let declared = self.open_tables[idx].declared;
        let types: Vec<Type> = self.open_tables[idx].types.iter().map(|ty| ty.unwrap_or(Type::Number)).collect();
        for (column, ty) in self.program.tables[idx].arguments.iter_mut().zip(&types) {
            column.ty = *ty;
        }
        let results: Vec<Type> = self.program.tables[idx].results.iter().map(|result| result.ty).collect();
        let Some(rows) = self.lines_of_table(declared, &types, &results) else {
            self.open_tables[idx].failed = true;
            return;
        };
        let is_written = matches!(declared.rows, TableRows::Written(_));
        let header = is_written && self.header(declared, &rows);
        let body = &rows[usize::from(header)..];
        if body.is_empty() {
            let message = format!("table `{}` has no rows", declared.name.text);
            let help = "write a line for each row, its cells with `|` between them";
            self.problem(Problem::error("table-rows", declared.name.span, message).help(help));
        }
        let mut typed: Vec<TableRow> = Vec::new();
        let mut otherwise: Option<(Vec<Option<Constant>>, &tree::TableRow)> = None;
        for row in body {
            if let Some((_, first)) = &otherwise {
                let message = "`otherwise` is the last row of a table";
                self.problem(Problem::error("table-rows", row.span, message).other(first.span, "the `otherwise`"));
                break;
            }
            if row.cells.first().is_some_and(|cell| cell.kind == CellKind::Otherwise) {
                otherwise = self.results(idx, declared, row, &row.cells[1..]).map(|results| (results, row));
                continue;
            }
            typed.extend(self.table_row(idx, declared, row, &types));
        }
        let otherwise = otherwise.map(|(results, _)| results);
        self.denominators(idx, &typed, &otherwise);
        let lacks = &mut self.open_tables[idx].lacks;
        for results in typed.iter().map(|row| &row.results).chain(&otherwise) {
            lacks.iter_mut().zip(results).for_each(|(lacks, value)| *lacks |= value.is_none());
        }
        let table = &mut self.program.tables[idx];
        (table.rows, table.otherwise) = (typed, otherwise);
        if self.n_errors == before && self.program.tables[idx].policy == Policy::One {
            self.overlap(idx);
        }
        self.open_tables[idx].failed = self.n_errors > before;
    }

    /// Whether the first line names the columns; then it names them all, in order.
    fn header(&mut self, table: &tree::Table, rows: &[tree::TableRow]) -> bool {
        let names = table
            .arguments
            .iter()
            .map(|argument| &argument.name)
            .chain(table.results.iter().map(|result| &result.name));
        let names: Vec<&tree::Name> = names.collect();
        let Some(first) = rows.first() else { return false };
        let written: Vec<Option<&tree::Name>> = first.cells.iter().map(bare).collect();
        let argument = |name: &&tree::Name| table.arguments.iter().any(|argument| argument.name.text == name.text);
        if !written.iter().flatten().any(argument) {
            return false;
        }
        let same = written.len() == names.len()
            && written
                .iter()
                .zip(&names)
                .all(|(written, name)| written.is_some_and(|written| written.text == name.text));
        if !same {
            let wanted: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            let message = "the first line names the columns in the order of the brackets, then the results";
            self.problem(
                Problem::error("table-rows", first.span, message)
                    .other(table.name.span, "declared here")
                    .help(format!("write `{}`", wanted.join(" | "))),
            );
        }
        true
    }

    fn table_row(&mut self, idx: usize, table: &tree::Table, row: &tree::TableRow, types: &[Type]) -> Option<TableRow> {
        let n_columns = types.len() + table.results.len();
        if row.cells.len() != n_columns {
            return self.cell_count(table, row, n_columns);
        }
        let mut cells = Vec::new();
        for (cell, ty) in row.cells.iter().zip(types) {
            cells.extend(self.asked_cell(cell, *ty));
        }
        let results = self.results(idx, table, row, &row.cells[types.len()..])?;
        (cells.len() == types.len()).then_some(TableRow { cells, results, span: row.span })
    }

    fn cell_count<T>(&mut self, table: &tree::Table, row: &tree::TableRow, n_columns: usize) -> Option<T> {
        let cells = |n: usize| if n == 1 { "one cell".to_owned() } else { format!("{n} cells") };
        let message = format!("this row has {}, the table {n_columns} columns", cells(row.cells.len()));
        self.problem(
            Problem::error("table-rows", row.span, message)
                .other(table.name.span, "declared here")
                .help("write a cell for each column with `|` between them; `any` where a column does not matter"),
        );
        None
    }

    fn results(
        &mut self,
        idx: usize,
        table: &tree::Table,
        row: &tree::TableRow,
        cells: &[TableCell],
    ) -> Option<Vec<Option<Constant>>> {
        let types: Vec<Type> = self.program.tables[idx].results.iter().map(|result| result.ty).collect();
        if cells.len() != types.len() {
            let n_columns = row.cells.len() - cells.len() + types.len();
            return self.cell_count(table, row, n_columns);
        }
        let values: Vec<Option<Option<Constant>>> =
            cells.iter().zip(types).map(|(cell, ty)| self.result_cell(cell, ty)).collect();
        values.into_iter().collect()
    }

    /// The denominator of each result that is a number.
    fn denominators(&mut self, idx: usize, rows: &[TableRow], otherwise: &Option<Vec<Option<Constant>>>) {
        for place in 0..self.program.tables[idx].results.len() {
            let mut den = Some(1i64);
            for value in
                rows.iter().map(|row| &row.results).chain(otherwise).filter_map(|results| results[place].as_ref())
            {
                let own = i64::try_from(value.number().denominator()).ok();
                den = den.zip(own).and_then(|(den, own)| lcm(den, own));
            }
            match den {
                Some(den) => self.program.tables[idx].results[place].den = den,
                None => {
                    let span = self.open_tables[idx].declared.results[place].name.span;
                    self.problem(Problem::error("over-limit", span, "these values have too many digits"));
                }
            }
        }
    }

    /// Where one row may match, no two do.
    fn overlap(&mut self, idx: usize) {
        let table = &self.program.tables[idx];
        let choices = &self.program.choices;
        let n_choices = |ty: Type| if let Type::Choice(choice) = ty { choices[choice.index()].len() } else { 0 };
        let Answer::Yes((earlier, later, sample)) = table.overlap(n_choices) else { return };
        let words = self.sample_words(table, &sample);
        let ranked = table.results.iter().find(|result| {
            matches!(result.ty, Type::Percent | Type::Number | Type::Count | Type::Money(_) | Type::Date)
        });
        let by = ranked.map_or(String::new(), |result| format!(", or `highest by {0}`, `lowest by {0}`", result.name));
        let help = format!(
            "change one of them, or say which counts in place of `one match`: `first match`, the upper row{by}"
        );
        if let TableRows::Sheet { file, .. } = &self.open_tables[idx].declared.rows {
            let message = format!("rows {} and {} of `{}` match {words}", earlier + 1, later + 1, file.value);
            self.problem(Problem::error("rows-overlap", file.span, message).help(help));
            return;
        }
        let (earlier, later) = (table.rows[earlier].span, table.rows[later].span);
        let problem = Problem::error("rows-overlap", later, format!("two rows match {words}"))
            .label("this one too")
            .other(earlier, "this row matches")
            .help(help);
        self.problem(problem);
    }

    /// Values as a reader knows them: `level gold, quantity 49`.
    pub(super) fn sample_words(&self, table: &Table, sample: &[Sample]) -> String {
        let value = |sample: &Sample, ty: Type| match sample {
            Sample::Missing => "unknown".to_owned(),
            Sample::OtherText => "of any other text".to_owned(),
            Sample::Text(text) => format!("\"{text}\""),
            Sample::Number(x) => self.number_words(x, ty),
        };
        let parts = table.arguments.iter().zip(sample);
        parts
            .map(|(column, sample)| format!("{} {}", column.name, value(sample, column.ty)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn number_words(&self, x: &Exact, ty: Type) -> String {
        let whole = || i64::try_from(x.numerator()).unwrap_or_default();
        match ty {
            Type::Choice(choice) => {
                self.program.choices[choice.index()].get(whole() as usize).cloned().unwrap_or_default()
            }
            Type::YesNo => if whole() == 0 { "no" } else { "yes" }.to_owned(),
            Type::Date => date_of(whole() as i32).to_string(),
            Type::Period(period) => {
                let calendar = &self.program.calendar;
                calendar.name(period, calendar.index(period, whole() as i32))
            }
            Type::Percent => format!("{}%", exact_text(&(x * Exact::from(100)))),
            Type::Money(unit) => format!("{} {}", exact_text(x), self.program.unit(unit).code),
            _ => exact_text(x),
        }
    }
}

/// The one bare name of a cell.
pub(super) fn bare(cell: &TableCell) -> Option<&tree::Name> {
    let CellKind::Is { negated: None, ranges } = &cell.kind else { return None };
    let [CellRange::Value(value)] = &ranges[..] else { return None };
    match &value.kind {
        ExprKind::Path(path) => path.parts.first(),
        _ => None,
    }
}
