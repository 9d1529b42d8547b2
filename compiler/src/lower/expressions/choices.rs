//! Values of a `one of`, which have their meaning from the value beside them.

use crate::lower::Lowering;
use crate::lower::scope::{Scope, Typed};
use crate::plan::{ChoiceId, ColumnSource, FieldSource, Format, Op, Type};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind};

impl Lowering<'_> {
    /// An expression where a value of a choice may be named.
    pub(in crate::lower) fn hinted(
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
                if self.names_something(name, scope) {
                    return self.path(path, scope);
                }
                self.unknown_choice(choice, name);
                None
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
        let place = self.plan.choices[choice.index()].iter().position(|known| known == value);
        place.map(|place| place as u32)
    }

    /// A value of a choice in quotes, with the value that is meant.
    fn quoted_choice(&mut self, choice: ChoiceId, text: &str, span: Span) {
        let values = self.plan.choices[choice.index()].clone();
        let mut problem = Problem::error("quoted-choice", span, "the values of a `one of` are written without quotes");
        if !self.suggests() {
            return self.problem(problem);
        }
        let near = meed_grammar::nearest(text, values.iter().map(String::as_str));
        let same = values.iter().find(|value| value.to_lowercase() == text.to_lowercase()).map(String::as_str);
        let spelled = self.spelled(choice, text);
        if let Some(value) = same.or(spelled.as_deref()).or(near) {
            problem = problem.help(format!("write `{value}`")).edit(span, value);
        }
        self.problem(problem);
    }

    /// The value of a choice that some column spells so.
    fn spelled(&self, choice: ChoiceId, text: &str) -> Option<String> {
        let fields = self.plan.records.iter().flat_map(|record| &record.fields);
        let value = fields.filter(|field| field.ty == Type::Choice(choice)).find_map(|field| match &field.source {
            FieldSource::Column(ColumnSource { format: Format::Choice { spellings, .. }, .. }) => {
                spellings.iter().find(|spelling| spelling.text == text).map(|spelling| spelling.value)
            }
            _ => None,
        })?;
        self.plan.choices[choice.index()].get(value as usize).cloned()
    }

    fn unknown_choice(&mut self, choice: ChoiceId, name: &tree::Name) {
        let values = &self.plan.choices[choice.index()];
        let shown = values[..values.len().min(limits::CHOICES)].join(", ");
        let problem = Problem::error("unknown-value", name.span, format!("`{}` is not one of {shown}", name.text));
        let problem = self.suggest(problem, name, || values.iter().map(String::as_str));
        self.problem(problem);
    }
}
