//! Parameters: literals with a name, which a run or a test may set anew. They may be used wherever a literal may.

use super::Typing;
use super::expressions::{fold, unbracketed};
use super::scope::{Scope, Typed};
use crate::plan::{self, ChoiceId, Op, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind};
use rustc_hash::FxHashMap;

/// What a parameter is.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    /// A value.
    Value(Typed),
    /// A name that several lists have: which is meant is known beside a value of one of them.
    Name(tree::Name),
    /// Some of these, of one kind.
    List(Vec<Constant>, Span),
}

impl Typing<'_> {
    /// Lowers the parameters in the order written; `overrides` are values that this run sets, as written in Meed.
    pub(super) fn parameters(&mut self, overrides: &[(String, String)]) {
        let mut set: FxHashMap<&str, Vec<&String>> = FxHashMap::default();
        for (name, new) in overrides {
            set.entry(name).or_default().push(new);
        }
        for parameter in &self.resolved.parameters {
            let name = &parameter.name;
            let value = literal_text(&parameter.value);
            let mut constant = self.parameter_value(&parameter.value);
            let mut entry = plan::Parameter { name: name.text.clone(), value: value.clone(), overridden: None };
            for new in set.remove(name.text.as_str()).unwrap_or_default() {
                if let Some(replaced) = self.replaced(parameter, constant.as_ref(), new) {
                    constant = Some(replaced);
                    entry.value = new.clone();
                    entry.overridden = Some(value.clone());
                }
            }
            self.program.parameters.push(entry);
            self.parameters.insert(name.text.clone(), constant);
        }
        for (name, _) in overrides.iter().filter(|(name, _)| !self.parameters.contains_key(name)).collect::<Vec<_>>() {
            let near = if self.suggests() {
                meed_grammar::nearest(name, self.parameters.keys().map(String::as_str)).map(str::to_owned)
            } else {
                None
            };
            let message = format!("there is no parameter `{name}` to set");
            let mut problem = Problem::error("unknown-parameter", Span::default(), message);
            let mut known: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            known.sort_unstable();
            problem = match (near, known.as_slice()) {
                (Some(near), _) => {
                    problem.help(format!("did you mean `{near}`? The parameters are {}", known.join(", ")))
                }
                (None, []) => problem.help("the program has no parameters"),
                (None, known) => problem.help(format!("the parameters are {}", known.join(", "))),
            };
            self.problem(problem);
        }
    }

    /// What is written for a parameter: a literal, a list of them, a value of a list, or a parameter above.
    pub(super) fn parameter_value(&mut self, expr: &tree::Expr) -> Option<Constant> {
        match &unbracketed(expr).kind {
            ExprKind::List(values) => self.parameter_list(values, expr.span),
            ExprKind::Path(path) if path.parts.len() == 1 => match self.parameters.get(&path.parts[0].text) {
                Some(known) => known.clone(),
                None => self.value_of_a_list(&path.parts[0]),
            },
            _ => self.constant(expr).map(Constant::Value),
        }
    }

    fn parameter_list(&mut self, values: &[tree::Expr], span: Span) -> Option<Constant> {
        let mut constants: Vec<Constant> = Vec::new();
        for value in values {
            let constant = self.parameter_value(value)?;
            if let Constant::List(..) = constant {
                self.misplaced(value.span, "a list holds no lists", "name the values: [gold, platinum]");
                return None;
            }
            if let Some(first) = constants.first()
                && !self.alike(first, &constant)
            {
                let (first, other) = (self.constant_words(first), self.constant_words(&constant));
                let message = format!("the values of a list are of one kind: here are {first} and {other}");
                self.problem(Problem::error("type-mismatch", value.span, message).label(format!("this is {other}")));
                return None;
            }
            constants.push(constant);
        }
        if constants.is_empty() {
            self.problem(
                Problem::error("empty-list", span, "an empty list holds nothing")
                    .label("no value is in it")
                    .help("name the values: [gold, platinum]"),
            );
            return None;
        }
        Some(Constant::List(constants, span))
    }

    /// A name that is no parameter so far: the value of a list.
    fn value_of_a_list(&mut self, name: &tree::Name) -> Option<Constant> {
        let lists =
            self.program.choices.iter().enumerate().filter(|(idx, _)| self.texts != Some(ChoiceId(*idx as u32)));
        let places: Vec<(usize, usize)> =
            lists.filter_map(|(idx, list)| Some((idx, list.iter().position(|value| *value == name.text)?))).collect();
        match places[..] {
            [(list, place)] => {
                let ty = Type::Choice(ChoiceId(list as u32));
                Some(Constant::Value(Typed::new(Op::Choice(place as u32), ty, false, name.span)))
            }
            [_, _, ..] => Some(Constant::Name(name.clone())),
            [] => {
                let later = self.resolved.parameters.iter().find(|later| later.name.text == name.text);
                if let Some(later) = later {
                    let message = format!("the parameter `{}` is declared below", name.text);
                    let problem = Problem::error("unknown-name", name.span, message)
                        .other(later.name.span, "declared here")
                        .help("a parameter is a literal, or made of parameters above it");
                    self.problem(problem);
                } else if !self.damaged(&name.text) {
                    let known: Vec<String> =
                        self.program.choices.iter().flatten().chain(self.parameters.keys()).cloned().collect();
                    let message = format!("`{}` is no value of a list, and no parameter", name.text);
                    let problem = Problem::error("unknown-name", name.span, message)
                        .help("a parameter is a literal: a number, an amount, a date, a text in quotes, yes or no");
                    let problem = self.suggest(problem, name, || known.iter().map(String::as_str));
                    self.problem(problem);
                }
                None
            }
        }
    }

    /// The value that a run sets for a parameter. What is wrong with it is told at the parameter: its own places are
    /// those of another text.
    fn replaced(&mut self, parameter: &tree::Parameter, old: Option<&Constant>, new: &str) -> Option<Constant> {
        let name = &parameter.name;
        let unreadable = |why: &str| {
            let message = format!("the value `{new}` for parameter `{}` cannot be taken: {why}", name.text);
            Problem::error("override-mismatch", name.span, message).help("write it as in the program")
        };
        let expr = match meed_grammar::parse_value(new) {
            Ok(expr) => expr,
            Err(problems) => {
                let why = problems.first().map_or_else(String::new, |problem| problem.message.clone());
                self.problem(unreadable(&why));
                return None;
            }
        };
        let before = self.problems.len();
        let value = self.set_value(&expr, old);
        let wrong = self.problems.split_off(before);
        if let Some(problem) = wrong.first() {
            self.problem(unreadable(&problem.message));
            return None;
        }
        let value = value?;
        if let Some((old_words, new_words)) = old.and_then(|old| self.differ(old, &value)) {
            let message = format!("`{}` is {old_words}, not {new_words}", name.text);
            let label = format!("its value is {}; this run sets {new}", literal_text(&parameter.value));
            self.problem(Problem::error("override-mismatch", name.span, message).label(label));
            return None;
        }
        Some(value.at(parameter.value.span))
    }

    /// What is written for a parameter that has a value: beside that it is known which list a name is of.
    pub(super) fn set_value(&mut self, expr: &tree::Expr, old: Option<&Constant>) -> Option<Constant> {
        let one = match old {
            Some(Constant::List(values, _)) => values.first(),
            other => other,
        };
        let hint = match one {
            Some(Constant::Value(Typed { ty, .. })) => Some(*ty),
            Some(Constant::Name(_) | Constant::List(..)) | None => None,
        };
        let value = match (&unbracketed(expr).kind, hint) {
            (ExprKind::Path(path), Some(Type::Choice(list))) if path.parts.len() == 1 => {
                let place = self.program.choices[list.index()].iter().position(|value| *value == path.parts[0].text);
                place.map(|place| Typed::new(Op::Choice(place as u32), Type::Choice(list), false, expr.span))
            }
            _ => None,
        };
        match (value, &unbracketed(expr).kind) {
            (Some(value), _) => Some(Constant::Value(value)),
            (None, ExprKind::List(values)) if matches!(old, Some(Constant::List(..))) && !values.is_empty() => {
                let values = values.iter().map(|value| self.set_value(value, one)).collect::<Option<Vec<_>>>()?;
                Some(Constant::List(values, expr.span))
            }
            (None, _) => self.parameter_value(expr),
        }
        .map(|new| match (new, hint) {
            // Whole numbers are numbers: with 2 for 1.5 the parameter stays what it is.
            (Constant::Value(new), Some(Type::Number)) if new.ty == Type::Count => {
                Constant::Value(Typed { ty: Type::Number, ..new })
            }
            (new, _) => new,
        })
    }

    /// In words, what a parameter is and what another value for it is, where they are of different kinds.
    pub(super) fn differ(&self, old: &Constant, new: &Constant) -> Option<(String, String)> {
        match (old, new) {
            (Constant::List(old, _), Constant::List(new, _)) => {
                let other = new.iter().find(|new| !self.alike(&old[0], new))?;
                Some((format!("a list of which each is {}", self.constant_words(&old[0])), self.constant_words(other)))
            }
            _ if self.alike(old, new) => None,
            _ => Some((self.constant_words(old), self.constant_words(new))),
        }
    }

    /// Whether two values are of one kind: numbers and whole numbers are, a percent is its own.
    fn alike(&self, a: &Constant, b: &Constant) -> bool {
        let has = |ty: Type, name: &tree::Name| match ty {
            Type::Choice(list) => self.program.choices[list.index()].contains(&name.text),
            _ => false,
        };
        match (a, b) {
            (Constant::Value(a), Constant::Value(b)) => match (a.ty, b.ty) {
                (Type::Number | Type::Count, Type::Number | Type::Count) => true,
                (a, b) => a == b,
            },
            (Constant::Name(_), Constant::Name(_)) => true,
            (Constant::Value(value), Constant::Name(name)) | (Constant::Name(name), Constant::Value(value)) => {
                has(value.ty, name)
            }
            (Constant::List(..), _) | (_, Constant::List(..)) => false,
        }
    }

    fn constant_words(&self, constant: &Constant) -> String {
        match constant {
            Constant::Value(value) => self.type_words(value.ty),
            Constant::Name(name) => format!("the value `{}`", name.text),
            Constant::List(..) => "a list".to_owned(),
        }
    }

    /// A parameter as one value. `hint` is the type of what is beside it.
    pub(super) fn one_value(&mut self, constant: Constant, hint: Option<Type>, span: Span) -> Option<Typed> {
        match (constant, hint) {
            (Constant::Value(value), Some(hint)) if self.is_list_of_texts(hint) && value.text.is_some() => {
                value.text.map(|text| self.listed_text(&text, span))
            }
            (Constant::Value(value), _) => Some(Typed { span, literal: false, ..value }),
            (Constant::Name(name), Some(Type::Choice(list))) => {
                let place = self.program.choices[list.index()].iter().position(|value| *value == name.text);
                match place {
                    Some(place) => Some(Typed::new(Op::Choice(place as u32), Type::Choice(list), false, span)),
                    None => {
                        self.unknown_choice(list, &tree::Name { span, ..name });
                        None
                    }
                }
            }
            (Constant::Name(name), _) => {
                let message = format!("`{}` is a value of several lists", name.text);
                self.problem(
                    Problem::error("ambiguous-name", span, message)
                        .label("here it is not known which is meant")
                        .help("compare it with a field of the list that is meant"),
                );
                None
            }
            (Constant::List(..), _) => {
                self.misplaced(span, "a list belongs after `in`", "write: level in levels");
                None
            }
        }
    }

    /// The value of an expression that reads no row.
    pub(super) fn constant(&mut self, expr: &tree::Expr) -> Option<Typed> {
        let typed = self.expression(expr, &mut Scope::constant())?;
        let folded = fold(typed);
        let constant = matches!(folded.op, Op::Number(_) | Op::YesNo(_) | Op::Date(_)) || folded.text.is_some();
        if !constant {
            self.problem(
                Problem::error("not-a-literal", expr.span, "this must be a literal")
                    .help("write a number, an amount, a date, a text, yes or no"),
            );
            return None;
        }
        Some(folded)
    }
}

impl Constant {
    /// The same, told at another place.
    fn at(self, span: Span) -> Self {
        match self {
            Self::Value(value) => Self::Value(Typed { span, ..value }),
            Self::Name(name) => Self::Name(tree::Name { span, ..name }),
            Self::List(values, _) => Self::List(values.into_iter().map(|value| value.at(span)).collect(), span),
        }
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Value(Typed { span, .. }) | Self::List(_, span) => *span,
            Self::Name(name) => name.span,
        }
    }
}

/// A literal as it reads in Meed.
pub(super) fn literal_text(expr: &tree::Expr) -> String {
    match &expr.kind {
        ExprKind::Number(text) | ExprKind::Date(text) => text.clone(),
        ExprKind::Percent(text) => format!("{text}%"),
        ExprKind::Money { amount, currency } if currency.chars().all(char::is_alphanumeric) => {
            format!("{amount} {currency}")
        }
        ExprKind::Money { amount, currency } => match amount.strip_prefix('-') {
            Some(amount) => format!("-{currency}{amount}"),
            None => format!("{currency}{amount}"),
        },
        ExprKind::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        ExprKind::YesNo(value) => if *value { "yes" } else { "no" }.to_owned(),
        ExprKind::Path(path) => path.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("."),
        ExprKind::List(values) => format!("[{}]", values.iter().map(literal_text).collect::<Vec<_>>().join(", ")),
        ExprKind::Bracket(inner) => format!("({})", literal_text(inner)),
        ExprKind::Negate(inner) => format!("-{}", literal_text(inner)),
        _ => "…".to_owned(),
    }
}
