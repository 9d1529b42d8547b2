//! Values that depend on conditions: `A if C, otherwise B`.

use crate::internal::broken;
use crate::plan::{ChoiceId, Expr, Function, OneOf, Op, TextTest, To, Type};
use crate::types::Typing;
use crate::types::scope::{Scope, Typed, facts};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    pub(super) fn conditional(
        &mut self,
        branches: &[(tree::Expr, tree::Expr)],
        otherwise: Option<&tree::Expr>,
        hint: Option<Type>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (conditions, values) = self.branches(branches, otherwise, hint, scope)?;
        self.chosen_value(conditions, values, span)
    }

    /// Who is meant where conditions choose: one value, or parties of several kinds.
    pub(in crate::types) fn conditional_party(
        &mut self,
        branches: &[(tree::Expr, tree::Expr)],
        otherwise: Option<&tree::Expr>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<To> {
        let (conditions, values) = self.branches(branches, otherwise, None, scope)?;
        let are_rows = values.iter().all(|value| matches!(value.ty, Type::Ref(_)));
        if !are_rows || values.iter().all(|value| value.ty == values[0].ty) {
            let to = self.chosen_value(conditions, values, span)?;
            self.party(&to)?;
            return Some(To::Payee(to.into_expr()));
        }
        for value in &values {
            self.party(value)?;
        }
        let mut parties: Vec<Expr> = values.into_iter().map(Typed::into_expr).collect();
        let otherwise = parties.pop()?;
        Some(To::OneOf(OneOf { branches: conditions.into_iter().zip(parties).collect(), otherwise }))
    }

    /// Conditions, and the values under them and otherwise.
    fn branches(
        &mut self,
        branches: &[(tree::Expr, tree::Expr)],
        otherwise: Option<&tree::Expr>,
        hint: Option<Type>,
        scope: &mut Scope,
    ) -> Option<(Vec<Expr>, Vec<Typed>)> {
        // That it is missing was said when the text was read.
        let otherwise = otherwise?;
        let outside = scope.facts.mark();
        let mut conditions = Vec::new();
        let mut values: Vec<Typed> = Vec::new();
        for (value, condition) in branches {
            let condition = self.condition(condition, scope)?;
            let here = scope.facts.mark();
            scope.learn(facts(&condition.op, true));
            let hint = hint.or(values.first().map(|value| value.ty));
            values.push(self.hinted(value, hint, scope)?);
            scope.facts.forget_from(here);
            scope.learn(facts(&condition.op, false));
            conditions.push(condition);
        }
        let hint = hint.or(values.first().map(|value| value.ty));
        values.push(self.hinted(otherwise, hint, scope)?);
        scope.facts.forget_from(outside);
        Some((conditions, values))
    }

    /// Values of which conditions choose one, as one value.
    fn chosen_value(&mut self, conditions: Vec<Expr>, values: Vec<Typed>, span: Span) -> Option<Typed> {
        let values = self.in_list_of_texts(values);
        let values = self.unify_all(values)?;
        let data = values.iter().find(|value| value.text.is_none()).map(|value| value.ty);
        let values: Option<Vec<Typed>> = values.into_iter().map(|value| self.text_beside_data(value, data)).collect();
        let values = values?;
        let ty = values[0].ty;
        let optional = values.iter().any(|value| value.optional);
        let mut values: Vec<Expr> = values.into_iter().map(Typed::into_expr).collect();
        let otherwise = Box::new(values.pop()?);
        let branches = conditions.into_iter().zip(values).collect();
        Some(Typed::new(Op::If { branches, otherwise }, ty, optional, span))
    }

    /// A text in quotes beside a value of the data is one of its texts.
    pub(in crate::types) fn text_beside_data(&mut self, value: Typed, data: Option<Type>) -> Option<Typed> {
        let Some(text) = &value.text else { return Some(value) };
        let span = value.span;
        let Some(ty @ (Type::Text(domain) | Type::Id(domain))) = data else {
            let words = data.map_or_else(|| "nothing".to_owned(), |ty| self.type_words(ty));
            let message = format!("a text in quotes is beside {words}");
            self.problem(Problem::error("misplaced-value", span, message));
            return None;
        };
        let test = self.predicate_id(domain, TextTest::In(vec![text.clone()]));
        Some(Typed::new(Op::Call(Function::Text(test), Vec::new()), Type::Text(domain), false, span).of_type(ty))
    }

    /// Texts among which a condition chooses, or that are decided, are values of one list; values of the data stay.
    pub(in crate::types) fn in_list_of_texts(&mut self, values: Vec<Typed>) -> Vec<Typed> {
        let own = |value: &Typed| value.text.is_some() || self.is_list_of_texts(value.ty);
        if !values.iter().all(own) {
            return values;
        }
        values
            .into_iter()
            .map(|value| match &value.text {
                Some(text) => self.listed_text(text, value.span),
                None => value,
            })
            .collect()
    }

    /// A text as a value of the list of all texts that rules decide.
    pub(in crate::types) fn listed_text(&mut self, text: &str, span: Span) -> Typed {
        let Type::Choice(choice) = self.texts_type() else { broken("a list of texts that is no list") };
        let list = &mut self.program.choices[choice.index()];
        let place = *self.known.texts.entry(text.to_owned()).or_insert_with(|| {
            list.push(text.to_owned());
            list.len() as u32 - 1
        });
        Typed::new(Op::Choice(place), Type::Choice(choice), false, span)
    }

    /// The type of the texts that rules and tables decide.
    pub(in crate::types) fn texts_type(&mut self) -> Type {
        let program = &mut self.program;
        let choice = *self.texts.get_or_insert_with(|| {
            program.choices.push(Vec::new());
            ChoiceId(program.choices.len() as u32 - 1)
        });
        Type::Choice(choice)
    }

    /// Whether values of a type are texts that rules decide.
    pub(in crate::types) fn is_list_of_texts(&self, ty: Type) -> bool {
        matches!(ty, Type::Choice(choice) if self.texts == Some(choice))
    }
}
