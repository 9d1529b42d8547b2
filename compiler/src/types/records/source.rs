//! What a source says of a whole file, what the values of a field lie between, and records whose rows have no key.

use crate::plan::{Bounds, FieldId, FieldSource, RecordId, RecordTable, Type, UnitId};
use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, RecordKind, SourceLineKind};

impl Typing<'_> {
    /// The lines of a record's source.
    pub(super) fn source_lines(&mut self, id: RecordId) {
        let resolved = self.resolved;
        let lines = &resolved.records[id.index()].item.lines;
        if let (Some(first), RecordTable::Distinct(other)) = (lines.first(), &self.program.record(id).source) {
            let (name, other) = (self.program.record(id).name.clone(), self.program.record(*other).name.clone());
            let message = format!("`{name}` has no file of its own, its keys are in the file of `{other}`");
            let help = format!("say it of `{other}`: source {other} {{ … }}");
            return self.problem(Problem::error("distinct-fields", first.span, message).help(help));
        }
        for line in lines {
            match &line.kind {
                SourceLineKind::HeaderRow(Some(row)) => self.program.records[id.index()].layout.header_row = *row,
                SourceLineKind::HeaderRow(None) => {
                    let message = "rows are counted from 1, as a sheet shows them";
                    self.problem(Problem::error("wrong-number", line.span, message).help("write: header in row 3"));
                }
                SourceLineKind::Encoding(encoding) => self.program.records[id.index()].layout.encoding = *encoding,
                SourceLineKind::Missing(texts) => {
                    let texts = texts.iter().map(|text| text.value.trim().to_owned()).collect();
                    self.program.records[id.index()].layout.missing = texts;
                }
                SourceLineKind::SkipRows(condition) => {
                    let test = self.row_test(id, condition);
                    self.program.records[id.index()].layout.skip = test;
                }
                SourceLineKind::When(day) => self.day_of_file(id, day, line.span),
                SourceLineKind::NoKey => self.no_key(id, line.span),
                SourceLineKind::EqualRows => self.program.records[id.index()].layout.equal_rows_are_one = true,
                SourceLineKind::Sheet(name) => self.program.records[id.index()].layout.sheet = Some(name.value.clone()),
            }
        }
    }

    /// `when 2026-03-31`
    fn day_of_file(&mut self, id: RecordId, day: &tree::Expr, span: Span) {
        let record = self.program.record(id);
        let Some(when) = record.when else {
            if record.kind == RecordKind::Entity {
                let message = format!("`{}` is an entity, and only events happen on a day", record.name);
                self.problem(Problem::error("when-of-entity", span, message).help("remove the line"));
            }
            return;
        };
        let field = &record.fields[when.index()];
        let FieldSource::Column(column) = &field.source else { return };
        let name = field.name.clone();
        if column.exact || column.format != crate::plan::Format::Plain {
            let message = format!("`{name}` is read from a column, and this says the day of every row");
            let first = field.span;
            let mut problem = Problem::error("duplicate-clause", span, message);
            if first != Span::default() {
                problem = problem.other(first, "it is read here");
            }
            return self.problem(problem.help("remove one of them"));
        }
        if record.key.contains(&when) {
            let message = format!("`{name}` is in the key, and every row has the same");
            return self.problem(Problem::error("duplicate-clause", span, message).help("remove it from the key"));
        }
        if let Some(day) = self.written_value(day, Type::Date, 0, &name) {
            self.program.records[id.index()].fields[when.index()].source = FieldSource::Day(day as i32);
        }
    }

    /// `no key`
    fn no_key(&mut self, id: RecordId, span: Span) {
        let record = self.program.record(id);
        let name = record.name.clone();
        if record.kind == RecordKind::Entity {
            let message = format!("`{name}` is an entity: without a key nothing could refer to it");
            return self.problem(Problem::error("no-key", span, message).help("declare it as an event"));
        }
        let [key] = record.key[..] else {
            if record.key.len() > 1 {
                let message = format!("`{name}` has a key of several fields, and its file has none");
                let help = "let the record say `key id`, and these fields stand for themselves";
                self.problem(Problem::error("no-key", span, message).help(help));
            }
            return;
        };
        let field = &record.fields[key.index()];
        let said = match &field.source {
            FieldSource::Column(column) => column.exact.then_some(field.span),
            FieldSource::Columns(_)
            | FieldSource::Day(_)
            | FieldSource::Place
            | FieldSource::Returned(_)
            | FieldSource::Read(..) => Some(field.span),
        };
        if let Some(first) = said {
            let message = format!("`{}` is read from a column, and this says that the file has no key", field.name);
            let mut problem = Problem::error("duplicate-clause", span, message);
            if first != Span::default() {
                problem = problem.other(first, "it is read here");
            }
            return self.problem(problem.help("remove one of them"));
        }
        if !matches!(field.ty, Type::Id(_) | Type::Text(_)) {
            let message =
                format!("the key `{}` is no id, and the file and the row of a row are none either", field.name);
            return self.problem(Problem::error("no-key", span, message).help("let the record say `key id`"));
        }
        self.program.records[id.index()].fields[key.index()].source = FieldSource::Place;
    }

    /// Nothing can refer to a row that has no key.
    pub(super) fn references_to_no_key(&mut self) {
        let mut problems = Vec::new();
        for record in &self.program.records {
            for field in &record.fields {
                let Type::Ref(target) = field.ty else { continue };
                let target = self.program.record(target);
                if target.has_no_key() {
                    let message = format!("rows of `{}` have no key, so that nothing can refer to them", target.name);
                    problems.push(
                        Problem::error("no-key", field.span, message)
                            .help("take `no key` out of its source, or make this field a text"),
                    );
                }
            }
        }
        problems.into_iter().for_each(|problem| self.problem(problem));
    }

    /// Whether a field is the key of rows that have none; then it has no value, which is said here.
    pub(in crate::types) fn has_no_value(&mut self, record: RecordId, field: FieldId, span: Span) -> bool {
        let definition = self.program.record(record);
        let has_none = definition.fields[field.index()].source == FieldSource::Place;
        if has_none {
            let message = format!("rows of `{}` have no key", definition.name);
            self.problem(
                Problem::error("no-key", span, message)
                    .label("their file and row tell them apart, and no rule reads these")
                    .help("take `no key` out of its source, or read another field"),
            );
        }
        has_none
    }

    /// `at least $0`, `from 1 to 10,000`
    pub(super) fn bounds(&mut self, written: &tree::Bounds, ty: Type, decimals: u32) -> Bounds {
        if !matches!(ty, Type::Number | Type::Count | Type::Percent | Type::Money(_) | Type::Date) {
            let message = format!("{} has no bounds", self.type_words(ty));
            self.problem(Problem::error("type-mismatch", written.span, message).help("remove them"));
            return Bounds::default();
        }
        let mut end = |end: &Option<tree::Expr>| self.written_value(end.as_ref()?, ty, decimals, "the field");
        let bounds = Bounds { least: end(&written.least), most: end(&written.most) };
        if let (Some(least), Some(most)) = (bounds.least, bounds.most)
            && least > most
        {
            let message = "no value lies between these bounds";
            self.problem(Problem::error("bounds-not-rising", written.span, message).help("write the lower one first"));
        }
        bounds
    }

    /// A written value of a type, as its cells are kept.
    pub(super) fn written_value(&mut self, value: &tree::Expr, ty: Type, decimals: u32, what: &str) -> Option<i64> {
        let span = value.span;
        let typed = match (&value.kind, ty) {
            (ExprKind::Bracket(inner), _) => return self.written_value(inner, ty, decimals, what),
            (ExprKind::Number(text), Type::Number | Type::Count) => self.number_literal(text, span)?,
            // Beside a field the next field begins with a name, and so a unit is not written there.
            (ExprKind::Number(text), Type::Money(unit))
                if unit != UnitId::CURRENCY || text.trim_matches(['-', '0']).is_empty() =>
            {
                self.number_literal(text, span)?
            }
            (ExprKind::Percent(text), Type::Percent) => self.percent_literal(text, span)?,
            (ExprKind::Money { amount, currency }, Type::Money(unit)) if self.is_of_unit(currency, unit) => {
                self.money_literal(amount, currency, span)?
            }
            (ExprKind::Date(text), Type::Date) => self.date_literal(text, span)?,
            _ => {
                let message = format!("`{what}` is {}, and this is not", self.type_words(ty));
                let message = if what == "the field" { message.replace('`', "") } else { message };
                self.problem(Problem::error("type-mismatch", span, message).label("this is something else"));
                return None;
            }
        };
        let value = match typed.op {
            crate::plan::Op::Date(day) => Some(i64::from(day)),
            crate::plan::Op::Number(value) => {
                crate::value::over(&value, 10i64.pow(decimals)).and_then(|value| i64::try_from(value).ok())
            }
            _ => None,
        };
        if value.is_none() {
            let message = format!("no cell has this value: at most {decimals} decimals are kept");
            self.problem(Problem::error("over-limit", span, message).help("write fewer decimals, or a smaller number"));
        }
        value
    }
}
