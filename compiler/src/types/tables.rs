//! Decision tables: the head where they are declared, their rows once it is known what they are asked with.
//!
//! The type of an argument is the one that is written, or that of the value with which the table is asked first. A table
//! that nobody asks is typed by its own cells.

mod ask;
mod cells;
mod rows;
mod sheet;
mod texts;

pub(super) use texts::day as written_day;

use super::Typing;
use crate::lookup::MOST_ARGUMENTS;
use crate::plan::{Policy, Table, TableColumn, TableId, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, FieldTypeKind};

/// A table in the making.
pub(super) struct OpenTable<'a> {
    declared: &'a tree::Table,
    /// By argument, its type, once it is known.
    types: Vec<Option<Type>>,
    /// By argument, the value that told its type.
    told: Vec<Option<Span>>,
    /// By result, whether some row, or what holds otherwise, has none.
    lacks: Vec<bool>,
    /// Whether its rows are typed.
    done: bool,
    /// Whether something of it had a problem: what uses it is not reported again.
    failed: bool,
    /// Whether a gap in it was told.
    gap_told: bool,
}

impl<'a> Typing<'a> {
    /// The heads of all tables.
    pub(super) fn tables(&mut self) {
        let resolved = self.resolved;
        for declared in &resolved.tables {
            let before = self.n_errors;
            let head = self.table_head(&declared.item);
            let id = head.filter(|_| self.n_errors == before).map(|(table, open)| {
                self.program.tables.push(table);
                self.open_tables.push(open);
                TableId(self.program.tables.len() as u32 - 1)
            });
            self.tables.insert(declared.item.name.text.clone(), id);
        }
    }

    fn table_head(&mut self, table: &'a tree::Table) -> Option<(Table, OpenTable<'a>)> {
        if table.arguments.len() > MOST_ARGUMENTS {
            let message =
                format!("a table is asked with at most {MOST_ARGUMENTS} values, this one {}", table.arguments.len());
            self.problem(
                Problem::error("over-limit", table.arguments[MOST_ARGUMENTS].name.span, message)
                    .help("make two tables of it"),
            );
            return None;
        }
        self.column_names(table);
        let types: Option<Vec<Option<Type>>> =
            table.arguments.iter().map(|argument| self.argument_type(argument)).collect();
        let results: Option<Vec<TableColumn>> = table.results.iter().map(|result| self.result_column(result)).collect();
        let (types, results) = (types?, results?);
        let policy = self.policy(table, &results)?;
        let n_arguments = types.len();
        let open = OpenTable {
            declared: table,
            told: vec![None; n_arguments],
            lacks: vec![false; results.len()],
            done: false,
            failed: false,
            gap_told: false,
            types,
        };
        let arguments = table.arguments.iter().map(|argument| TableColumn {
            name: argument.name.text.clone(),
            ty: Type::Number,
            den: 1,
        });
        let made = Table {
            name: table.name.text.clone(),
            arguments: arguments.collect(),
            results,
            policy,
            rows: Vec::new(),
            otherwise: None,
            span: table.span,
        };
        Some((made, open))
    }

    /// Every column has a name of its own.
    fn column_names(&mut self, table: &tree::Table) {
        let names = table
            .arguments
            .iter()
            .map(|argument| &argument.name)
            .chain(table.results.iter().map(|result| &result.name));
        let names: Vec<&tree::Name> = names.collect();
        for (idx, name) in names.iter().enumerate() {
            if let Some(first) = names[..idx].iter().find(|first| first.text == name.text) {
                let message = format!("two columns of `{}` are named `{}`", table.name.text, name.text);
                self.problem(
                    Problem::error("duplicate-name", name.span, message).other(first.span, "named first here"),
                );
            }
        }
    }

    fn argument_type(&mut self, argument: &tree::TableArgument) -> Option<Option<Type>> {
        let Some(ty) = &argument.ty else { return Some(None) };
        match self.field_type(ty)? {
            Type::Ref(_) => {
                let message = "a table is asked with values, not with rows";
                let help = "leave the type out: a reference is asked by its key";
                self.problem(Problem::error("type-mismatch", ty.span, message).help(help));
                None
            }
            found => Some(Some(found)),
        }
    }

    /// A result, whose type is written behind its name, or is its name.
    fn result_column(&mut self, result: &tree::TableResult) -> Option<TableColumn> {
        let kind = match (&result.ty, result.name.text.as_str()) {
            (Some(ty), _) => ty.kind.clone(),
            (None, "percent") => FieldTypeKind::Percent,
            (None, "money") => FieldTypeKind::Money(None),
            (None, "count") => FieldTypeKind::Count,
            (None, "number") => FieldTypeKind::Number(None),
            (None, "date") => FieldTypeKind::Date,
            (None, "text") => FieldTypeKind::Text,
            (None, name) if self.units.contains_key(name) => FieldTypeKind::Record(result.name.clone()),
            (None, name) => {
                let message = format!("of which type is `{name}`?");
                self.problem(
                    Problem::error("unknown-type", result.name.span, message)
                        .help(format!("write the type after the name: {name} percent")),
                );
                return None;
            }
        };
        let span = result.ty.as_ref().map_or(result.name.span, |ty| ty.span);
        let ty = match kind {
            // The texts that rules decide are a list of their own.
            FieldTypeKind::Text => self.texts_type(),
            FieldTypeKind::Id | FieldTypeKind::DateTime { .. } => {
                let message =
                    "a table gives a percent, money, a count, a number, a date, yes or no, a text or a value of a list";
                self.problem(Problem::error("type-mismatch", span, message));
                return None;
            }
            kind => match self.field_type(&tree::FieldType { kind, span })? {
                Type::Ref(_) => {
                    let message = "a table gives values, not rows";
                    self.problem(Problem::error("type-mismatch", span, message));
                    return None;
                }
                ty => ty,
            },
        };
        Some(TableColumn { name: result.name.text.clone(), ty, den: 1 })
    }

    fn policy(&mut self, table: &tree::Table, results: &[TableColumn]) -> Option<Policy> {
        let Some((policy, span)) = &table.policy else {
            let last = table.results.last()?;
            let at = last.ty.as_ref().map_or(last.name.span, |ty| ty.span).end;
            let end = Span { start: at, end: at };
            self.problem(
                Problem::error(
                    "missing-policy",
                    table.name.span,
                    format!("which row of `{}` counts where several match?", table.name.text),
                )
                .label("say `one match`, `first match`, `highest by …`, `lowest by …` or `sum of matches`")
                .help("write, for example: , one match")
                .choice(end, ", one match")
                .choice(end, ", first match"),
            );
            return None;
        };
        let mut by = |name: &tree::Name| {
            let place = results.iter().position(|result| result.name == name.text);
            match place {
                Some(place) if !self.is_list_of_texts(results[place].ty) => Some(place as u32),
                Some(_) => {
                    self.problem(
                        Problem::error("type-mismatch", name.span, "texts have no order")
                            .help("name a result that has one"),
                    );
                    None
                }
                None => {
                    let problem = Problem::error(
                        "unknown-name",
                        name.span,
                        format!("`{}` gives no `{}`", table.name.text, name.text),
                    );
                    let problem = self.suggest(problem, name, || results.iter().map(|result| result.name.as_str()));
                    self.problem(problem);
                    None
                }
            }
        };
        Some(match policy {
            tree::Policy::One => Policy::One,
            tree::Policy::First => Policy::First,
            tree::Policy::Highest(name) => Policy::Highest(by(name)?),
            tree::Policy::Lowest(name) => Policy::Lowest(by(name)?),
            tree::Policy::Sum => {
                if let Some(result) = results.iter().find(|result| !result.ty.is_numeric()) {
                    let message = format!("`{}` cannot be added up", result.name);
                    self.problem(
                        Problem::error("type-mismatch", *span, message)
                            .help("`sum of matches` adds numbers, counts, percents or money"),
                    );
                    return None;
                }
                Policy::Sum
            }
        })
    }

    /// Types the rows of tables that nobody asks.
    pub(super) fn unasked_tables(&mut self) {
        for idx in 0..self.open_tables.len() {
            if !self.open_tables[idx].done && !self.open_tables[idx].failed {
                self.types_by_cells(idx);
                self.table_rows(idx);
            }
        }
    }
}
