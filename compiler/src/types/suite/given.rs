//! Rows that a test gives: cells as plain text, and the spans of dated fields.

use super::{Given, GivenCell, joined};
use crate::plan::{FieldSource, RecordId, Type};
use crate::types::Typing;
use crate::types::scope::field_names;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::steps;
use meed_grammar::tree::{self, ExprKind, TestKey};

/// The first day of dated fields that are given without days.
const ALWAYS: &str = "0001-01-01";

impl Typing<'_> {
    pub(super) fn given_record(&mut self, record: &tree::Name) -> Option<RecordId> {
        let known = self.records.get(&record.text).copied();
        if known.is_none() && !self.damaged(&record.text) {
            let problem =
                Problem::error("unknown-record", record.span, format!("there is no record `{}`", record.text));
            let problem = self.suggest(problem, record, || self.records.keys().map(String::as_str));
            self.problem(problem);
        }
        known
    }

    pub(super) fn given(
        &mut self,
        record: &tree::Name,
        key: &[TestKey],
        days: Option<&(tree::Expr, Option<tree::Expr>)>,
        fields: &[(tree::Name, tree::Expr)],
        span: Span,
    ) -> Option<Vec<Given>> {
        let id = self.given_record(record)?;
        let definition = self.program.record(id);
        if key.len() != definition.key.len() {
            let message =
                format!("the key of `{}` has {} parts, {} given", record.text, definition.key.len(), key.len());
            let parts = definition.key.iter().map(|field| definition.fields[field.index()].name.as_str());
            let parts = parts.collect::<Vec<_>>().join(", ");
            let key = if definition.key.len() == 1 { parts } else { format!("({parts})") };
            let problem = Problem::error("key-parts", record.span, message);
            self.problem(problem.help(format!("write: given {} {key}", record.text)));
            return None;
        }
        let mut cells: Vec<GivenCell> = Vec::new();
        let (mut history, mut dated) = (None, Vec::new());
        for (part, field) in key.iter().zip(&definition.key) {
            cells.push(GivenCell { field: definition.fields[field.index()].name.clone(), value: part.text.clone() });
        }
        for (name, value) in fields {
            steps::count(1);
            let Some(field_id) = self.field_of(id, &name.text) else {
                if self.failed_fields.contains(&(id, name.text.clone())) {
                    continue;
                }
                let message = format!("`{}` has no field `{}`", record.text, name.text);
                let problem = Problem::error("unknown-name", name.span, message);
                let problem = self.suggest(problem, name, || field_names(self.program.record(id)));
                self.problem(problem);
                continue;
            };
            let field = &self.program.record(id).fields[field_id.index()];
            let ty = field.ty;
            if let (FieldSource::Columns(columns), Type::Ref(target)) = (&field.source, ty) {
                let headers: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
                if let Some(parts) = self.key_given(target, value) {
                    let parts = headers.into_iter().zip(parts).map(|(field, value)| GivenCell { field, value });
                    parts.for_each(|part| self.given_once(&mut cells, part, value.span));
                }
                continue;
            }
            let dated_in = self.dated.get(&(id, field_id)).copied();
            if let Some(text) = self.cell(value, ty) {
                let cell = GivenCell { field: name.text.clone(), value: text };
                match dated_in {
                    Some(record) => {
                        history = Some(record);
                        dated.push(cell);
                    }
                    None => self.given_once(&mut cells, cell, value.span),
                }
            }
        }
        let mut given = Vec::new();
        let n_key = key.len();
        if let Some(history) = history {
            let (from, to) = self.given_days(days)?;
            let of = GivenCell { field: record.text.clone(), value: joined(key) };
            let mut all = vec![of, GivenCell { field: "from".to_owned(), value: from }];
            all.extend(to.map(|value| GivenCell { field: "to".to_owned(), value }));
            all.append(&mut dated);
            given.push(Given { record: history, cells: all, span });
        } else if let Some((from, _)) = days {
            let message = format!("these days are of dated fields, and no dated field of `{}` is given", record.text);
            self.problem(Problem::error("misplaced-value", from.span, message).help("remove the days"));
            return None;
        }
        // Several spans of one party are one party, which is there as they refer to it.
        if given.is_empty() || cells.len() > n_key {
            given.push(Given { record: id, cells, span });
        }
        Some(given)
    }

    /// A cell of a row. A reference by several key fields shares its columns with fields of their names.
    fn given_once(&mut self, cells: &mut Vec<GivenCell>, cell: GivenCell, span: Span) {
        match cells.iter().find(|known| known.field == cell.field) {
            None => cells.push(cell),
            Some(known) if known.value == cell.value => {}
            Some(known) => {
                let message = format!(
                    "the column `{}` has {} for another field of this row, and {} here",
                    cell.field, known.value, cell.value
                );
                let help =
                    "a reference by several key fields reads a column for each of them: give both the same value";
                self.problem(Problem::error("key-parts", span, message).help(help));
            }
        }
    }

    /// The parts of a key of several fields, as cells: `(MAYA, 2026-Q1)`.
    fn key_given(&mut self, target: RecordId, value: &tree::Expr) -> Option<Vec<String>> {
        let definition = self.program.record(target);
        let types: Vec<Type> = definition.key.iter().map(|field| definition.fields[field.index()].ty).collect();
        let names: Vec<&str> =
            definition.key.iter().map(|field| definition.fields[field.index()].name.as_str()).collect();
        let help = format!("write its key in brackets: ({})", names.join(", "));
        let parts = match &value.kind {
            ExprKind::List(parts) if parts.len() == types.len() => parts,
            ExprKind::List(parts) => {
                let message =
                    format!("the key of `{}` has {} parts, {} given", definition.name, types.len(), parts.len());
                self.problem(Problem::error("key-parts", value.span, message).help(help));
                return None;
            }
            _ => {
                let message = format!("a `{}` has a key of {} parts", definition.name, types.len());
                self.problem(Problem::error("key-parts", value.span, message).help(help));
                return None;
            }
        };
        let cells: Vec<Option<String>> = parts.iter().zip(types).map(|(part, ty)| self.cell(part, ty)).collect();
        cells.into_iter().collect()
    }

    /// The days of dated fields as cells; without any they hold always.
    fn given_days(&mut self, days: Option<&(tree::Expr, Option<tree::Expr>)>) -> Option<(String, Option<String>)> {
        let Some((from, to)) = days else { return Some((ALWAYS.to_owned(), None)) };
        let from = self.cell(from, Type::Date)?;
        let to = match to {
            Some(to) => Some(self.cell(to, Type::Date)?),
            None => None,
        };
        Some((from, to))
    }

    /// A given value as plain text of its type.
    pub(super) fn cell(&mut self, value: &tree::Expr, ty: Type) -> Option<String> {
        let text = match (&value.kind, ty) {
            (ExprKind::Bracket(inner), _) => return self.cell(inner, ty),
            (ExprKind::Number(text), Type::Number | Type::Count | Type::Id(_) | Type::Ref(_) | Type::Text(_)) => {
                Some(text.clone())
            }
            (ExprKind::Number(text), Type::Money(_)) if text == "0" => Some(text.clone()),
            (ExprKind::Percent(text), Type::Percent) => Some(format!("{text}%")),
            (ExprKind::Money { amount, currency }, Type::Money(unit)) if self.is_of_unit(currency, unit) => {
                Some(amount.clone())
            }
            (ExprKind::Date(text), Type::Date) => Some(text.clone()),
            (ExprKind::PeriodName(text) | ExprKind::Number(text) | ExprKind::Text(text), Type::Period(kind)) => {
                return self.period_literal(Some(kind), text, value.span).map(|_| text.clone());
            }
            (ExprKind::Path(path), Type::Period(kind)) if path.parts.len() == 1 => {
                let text = path.parts[0].text.clone();
                return self.period_literal(Some(kind), &text, value.span).map(|_| text);
            }
            (ExprKind::YesNo(yes), Type::YesNo) => Some(if *yes { "yes" } else { "no" }.to_owned()),
            (ExprKind::Text(text), Type::Text(_) | Type::Id(_) | Type::Ref(_)) => Some(text.clone()),
            (ExprKind::Path(path), Type::Id(_) | Type::Ref(_) | Type::Text(_)) if path.parts.len() == 1 => {
                Some(path.parts[0].text.clone())
            }
            (ExprKind::Path(path), Type::Choice(choice)) if path.parts.len() == 1 => {
                let name = &path.parts[0];
                self.program.choices[choice.index()].contains(&name.text).then(|| name.text.clone())
            }
            _ => None,
        };
        if text.is_none() {
            let message = format!("here {} is given", self.type_words(ty));
            self.problem(Problem::error("type-mismatch", value.span, message).label("this is something else"));
        }
        text
    }
}
