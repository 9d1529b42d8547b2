//! Values of a `one of`, which have their meaning from the value beside them.

use crate::plan::{ChoiceId, ColumnSource, FieldSource, Format, Op, Type};
use crate::resolve::Meaning;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind};

impl Typing<'_> {
    /// An expression where a value of a choice may be named.
    pub(in crate::types) fn hinted(
        &mut self,
        expr: &tree::Expr,
        hint: Option<Type>,
        scope: &mut Scope,
    ) -> Option<Typed> {
        match (&expr.kind, hint) {
            (ExprKind::Bracket(inner), _) => self.hinted(inner, hint, scope),
            (ExprKind::Path(path), Some(Type::Choice(choice))) if path.parts.len() == 1 => {
                let name = &path.parts[0];
                if let Some(place) = self.choice_place(choice, &name.text) {
                    return Some(Typed::new(Op::Choice(place), Type::Choice(choice), false, expr.span));
                }
                match self.meaning(&path.parts, scope) {
                    Some(Meaning::Parameter) => self.parameter_beside(path, hint, scope),
                    Some(_) => self.path(path, scope),
                    None => {
                        self.unknown_choice(choice, name);
                        None
                    }
                }
            }
            (ExprKind::Path(path), Some(Type::Text(_) | Type::Id(_)))
                if path.parts.len() == 1 && !self.names_something(&path.parts[0], scope) =>
            {
                self.unquoted(&path.parts[0], scope);
                None
            }
            (ExprKind::Path(path), Some(Type::Period(kind)))
                if path.parts.len() == 1 && !self.names_something(&path.parts[0], scope) =>
            {
                self.period_literal(Some(kind), &path.parts[0].text, expr.span)
            }
            (ExprKind::PeriodName(text) | ExprKind::Number(text) | ExprKind::Text(text), Some(Type::Period(kind))) => {
                self.period_literal(Some(kind), text, expr.span)
            }
            (ExprKind::Text(text), Some(ty)) if self.is_list_of_texts(ty) => Some(self.listed_text(text, expr.span)),
            (ExprKind::Text(text), Some(Type::Choice(choice))) => {
                self.quoted_choice(choice, text, expr.span);
                None
            }
            (ExprKind::Conditional { branches, otherwise }, Some(_)) => {
                self.conditional(branches, otherwise.as_deref(), hint, expr.span, scope)
            }
            _ => self.expression(expr, scope),
        }
    }

    /// The place of a value in its list. Only that of the texts can be long.
    fn choice_place(&self, choice: ChoiceId, value: &str) -> Option<u32> {
        if self.texts == Some(choice) {
            return self.known.texts.get(value).copied();
        }
        let place = self.program.choices[choice.index()].iter().position(|known| known == value);
        place.map(|place| place as u32)
    }

    /// A parameter, where it is known what is beside it.
    fn parameter_beside(&mut self, path: &tree::Path, hint: Option<Type>, scope: &mut Scope) -> Option<Typed> {
        match self.parameters.get(&path.parts[0].text).cloned().flatten() {
            Some(constant) if self.one_meaning(&path.parts[0], scope).is_some() => {
                self.one_value(constant, hint, path.span)
            }
            Some(_) | None => None,
        }
    }

    /// A name beside a text that means nothing: the text itself, without its quotes.
    fn unquoted(&mut self, name: &tree::Name, scope: &Scope) {
        if self.damaged(&name.text)
            || scope.failed.contains(&name.text)
            || meed_grammar::idioms::name(&name.text).is_some()
        {
            return self.unknown_name(name, scope);
        }
        let written = format!("\"{}\"", name.text);
        let message = format!("`{}` is not known here", name.text);
        self.problem(
            Problem::error("unknown-name", name.span, message)
                .label("a text is written in quotes")
                .help(format!("write `{written}`"))
                .choice(name.span, written),
        );
    }

    /// A value of a choice in quotes, with the value that is meant.
    fn quoted_choice(&mut self, choice: ChoiceId, text: &str, span: Span) {
        let values = self.program.choices[choice.index()].clone();
        let mut problem = Problem::error("quoted-choice", span, "the values of a `one of` are written without quotes");
        if !self.suggests() {
            return self.problem(problem);
        }
        let near = meed_grammar::nearest(text, values.iter().map(String::as_str));
        let same = values.iter().find(|value| value.to_lowercase() == text.to_lowercase()).map(String::as_str);
        let spelled = self.spelled(choice, text);
        if let Some(value) = same.or(spelled.as_deref()) {
            problem = problem.help(format!("write `{value}`")).sure(span, value);
        } else if let Some(value) = near {
            problem = problem.help(format!("write `{value}`")).choice(span, value);
        }
        self.problem(problem);
    }

    /// The value of a choice that some column spells so.
    fn spelled(&self, choice: ChoiceId, text: &str) -> Option<String> {
        let fields = self.program.records.iter().flat_map(|record| &record.fields);
        let value = fields.filter(|field| field.ty == Type::Choice(choice)).find_map(|field| match &field.source {
            FieldSource::Column(ColumnSource { format: Format::Choice { spellings, .. }, .. }) => {
                spellings.iter().find(|spelling| spelling.text == text).map(|spelling| spelling.value)
            }
            _ => None,
        })?;
        self.program.choices[choice.index()].get(value as usize).cloned()
    }

    pub(in crate::types) fn unknown_choice(&mut self, choice: ChoiceId, name: &tree::Name) {
        let values = &self.program.choices[choice.index()];
        let shown = values[..values.len().min(limits::CHOICES)].join(", ");
        let problem = Problem::error("unknown-value", name.span, format!("`{}` is not one of {shown}", name.text));
        let problem = self.suggest(problem, name, || values.iter().map(String::as_str));
        self.problem(problem);
    }
}
