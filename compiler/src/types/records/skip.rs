//! `skip rows where …`: conditions on the cells of a row before it is one.
//!
//! A condition compares fields of the record with what is written. What needs other rows, a reference's own fields or
//! arithmetic is known only after loading and is refused.

use crate::plan::{Comparison, FieldId, FieldSource, Op, RecordId, RowTest, TextTest, Type};
use crate::types::Typing;
use crate::types::scope::{Scope, field_names};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CompareOp, ExprKind};

impl Typing<'_> {
    /// The test of a condition; none when it has a problem, which is then reported.
    pub(super) fn row_test(&mut self, id: RecordId, condition: &tree::Expr) -> Option<RowTest> {
        match &condition.kind {
            ExprKind::Bracket(inner) => self.row_test(id, inner),
            ExprKind::Not(inner) => Some(RowTest::Not(Box::new(self.row_test(id, inner)?))),
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right, .. } => {
                let (left, right) = (self.row_test(id, left), self.row_test(id, right));
                let parts = vec![left?, right?];
                Some(if *op == BinaryOp::And { RowTest::All(parts) } else { RowTest::Any(parts) })
            }
            ExprKind::Known { value, negated } => {
                let missing = RowTest::Missing(self.cell_named(id, value)?);
                Some(if *negated { missing } else { RowTest::Not(Box::new(missing)) })
            }
            ExprKind::Compare { op, left, right, .. } => {
                let field = self.cell_named(id, left)?;
                self.cell_compared(id, field, *op, right)
            }
            ExprKind::Between { value, negated, low, high } => {
                let field = self.cell_named(id, value)?;
                let low = self.cell_compared(id, field, CompareOp::GreaterOrEqual, low);
                let high = self.cell_compared(id, field, CompareOp::LessOrEqual, high);
                negated_if(*negated, RowTest::All(vec![low?, high?]))
            }
            ExprKind::In { value, negated, list } => {
                let field = self.cell_named(id, value)?;
                let ExprKind::List(values) = &list.kind else { return self.no_row_test(list.span) };
                let parts: Option<Vec<RowTest>> =
                    values.iter().map(|value| self.cell_compared(id, field, CompareOp::Equal, value)).collect();
                negated_if(*negated, RowTest::Any(parts?))
            }
            // A yes/no field by itself.
            ExprKind::Path(_) => {
                let field = self.cell_named(id, condition)?;
                if self.program.record(id).fields[field.index()].ty != Type::YesNo {
                    return self.no_row_test(condition.span);
                }
                Some(RowTest::Compare(field, Comparison::Equal, 1))
            }
            ExprKind::Damaged => None,
            _ => self.no_row_test(condition.span),
        }
    }

    fn no_row_test<T>(&mut self, span: Span) -> Option<T> {
        let message = "rows are skipped by what their own cells say";
        self.problem(
            Problem::error("skip-condition", span, message)
                .label("this is known only when all rows are read")
                .help("compare a field of the record with a value: `id is unknown`, `name starts with \"Total\"`"),
        );
        None
    }

    /// The field of the record that a bare name is.
    fn cell_named(&mut self, id: RecordId, value: &tree::Expr) -> Option<FieldId> {
        let name = match &value.kind {
            ExprKind::Bracket(inner) => return self.cell_named(id, inner),
            ExprKind::Path(path) if path.parts.len() == 1 => &path.parts[0],
            ExprKind::Damaged => return None,
            _ => return self.no_row_test(value.span),
        };
        let Some(field) = self.field_of(id, &name.text) else {
            if !self.failed_fields.contains(&(id, name.text.clone())) {
                let message = format!("`{}` has no field `{}`", self.program.record(id).name, name.text);
                let problem = Problem::error("unknown-name", name.span, message);
                let known = || field_names(self.program.record(id));
                let problem = self.suggest(problem, name, known);
                self.problem(problem);
            }
            return None;
        };
        match self.program.record(id).fields[field.index()].source {
            FieldSource::Column(_) => Some(field),
            FieldSource::Columns(_) => self.no_row_test(value.span),
            FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => {
                let message = format!("`{}` has no column in this file", name.text);
                let problem = Problem::error("skip-condition", value.span, message);
                self.problem(problem.help("compare a field that is read from a column"));
                None
            }
        }
    }

    fn cell_compared(&mut self, id: RecordId, field: FieldId, op: CompareOp, value: &tree::Expr) -> Option<RowTest> {
        let definition = &self.program.record(id).fields[field.index()];
        let (ty, decimals, name) = (definition.ty, definition.decimals, definition.name.clone());
        let comparison = match op {
            CompareOp::Equal => Some(Comparison::Equal),
            CompareOp::NotEqual => Some(Comparison::NotEqual),
            CompareOp::Less => Some(Comparison::Less),
            CompareOp::LessOrEqual => Some(Comparison::LessOrEqual),
            CompareOp::Greater => Some(Comparison::Greater),
            CompareOp::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
            CompareOp::Contains | CompareOp::StartsWith | CompareOp::EndsWith => None,
        };
        match (ty, &value.kind) {
            (_, ExprKind::Bracket(inner)) => self.cell_compared(id, field, op, inner),
            (_, ExprKind::Damaged) => None,
            (Type::Text(_) | Type::Id(_) | Type::Ref(_), ExprKind::Text(text) | ExprKind::Number(text)) => {
                let text = text.clone();
                let test = match (op, &value.kind) {
                    (CompareOp::Equal, _) => RowTest::Text(field, TextTest::In(vec![text])),
                    (CompareOp::NotEqual, _) => RowTest::Not(Box::new(RowTest::Text(field, TextTest::In(vec![text])))),
                    (CompareOp::Contains, ExprKind::Text(_)) => RowTest::Text(field, TextTest::Contains(text)),
                    (CompareOp::StartsWith, ExprKind::Text(_)) => RowTest::Text(field, TextTest::StartsWith(text)),
                    (CompareOp::EndsWith, ExprKind::Text(_)) => RowTest::Text(field, TextTest::EndsWith(text)),
                    _ => return self.no_row_test(value.span),
                };
                Some(test)
            }
            (Type::Choice(choice), ExprKind::Path(path)) if path.parts.len() == 1 => {
                let name = &path.parts[0];
                let place = self.program.choices[choice.index()].iter().position(|known| *known == name.text);
                let Some(place) = place else {
                    self.unknown_choice(choice, name);
                    return None;
                };
                Some(RowTest::Compare(field, comparison?, place as i64))
            }
            (Type::YesNo, ExprKind::YesNo(yes)) if matches!(op, CompareOp::Equal | CompareOp::NotEqual) => {
                Some(RowTest::Compare(field, comparison?, i64::from(*yes)))
            }
            (Type::Period(_), _) => {
                let Some(comparison) = comparison else { return self.no_row_test(value.span) };
                let typed = self.hinted(value, Some(ty), &mut Scope::constant())?;
                let Op::Date(day) = typed.op else { return self.no_row_test(value.span) };
                Some(RowTest::Compare(field, comparison, i64::from(day)))
            }
            (Type::Number | Type::Count | Type::Percent | Type::Money(_) | Type::Date, _) => {
                let Some(comparison) = comparison else { return self.no_row_test(value.span) };
                Some(RowTest::Compare(field, comparison, self.written_value(value, ty, decimals, &name)?))
            }
            (Type::Text(_) | Type::Id(_) | Type::Ref(_) | Type::Choice(_) | Type::YesNo, _) => {
                let message = format!("`{name}` is {}, and this is not", self.type_words(ty));
                self.problem(Problem::error("type-mismatch", value.span, message).label("this is something else"));
                None
            }
        }
    }
}

fn negated_if(negated: bool, test: RowTest) -> Option<RowTest> {
    Some(if negated { RowTest::Not(Box::new(test)) } else { test })
}
