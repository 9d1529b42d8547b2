//! What is in the brackets of a schedule: the quantity first, then every argument by its name.

use crate::plan::Type;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::{Problem, Repair};
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, GivenArgument};

impl Typing<'_> {
    /// The quantity, where one is there (`domain` is its type), and the arguments in the order of their declaration.
    pub(in crate::types) fn placed_arguments<'e>(
        &mut self,
        schedule: &tree::Name,
        given: &'e [GivenArgument],
        domain: Option<Type>,
        types: &[Type],
        span: Span,
        scope: &mut Scope,
    ) -> Option<(Option<&'e tree::Expr>, Vec<&'e tree::Expr>)> {
        let declared = self.resolved.schedule(&schedule.text);
        let names = declared.iter().flat_map(|declared| &declared.arguments);
        let names: Vec<String> = names.map(|argument| argument.name.text.clone()).collect();
        self.known_arguments(schedule, given, &names)?;
        if given.len() != names.len() + usize::from(domain.is_some()) {
            return self.argument_count(schedule, given.len(), &names, domain, span);
        }
        let n_unnamed = given.iter().filter(|argument| argument.name.is_none()).count();
        let in_place = match domain {
            Some(_) => n_unnamed == 1 && given[0].name.is_none(),
            // Where what adds up is outside, one argument alone cannot be taken for another.
            None => n_unnamed == 0 || names.len() == 1,
        };
        if !in_place {
            return self.unnamed_arguments(schedule, given, &names, domain, types, scope);
        }
        let quantity = domain.map(|_| &given[0].value);
        let rest = &given[usize::from(domain.is_some())..];
        let of_name =
            |name: &String| rest.iter().find(|given| given.name.as_ref().is_none_or(|given| given.text == *name));
        let arguments: Option<Vec<_>> = names.iter().map(|name| Some(&of_name(name)?.value)).collect();
        Some((quantity, arguments?))
    }

    /// Names in the brackets are arguments of the schedule, each once.
    fn known_arguments(&mut self, schedule: &tree::Name, given: &[GivenArgument], names: &[String]) -> Option<()> {
        let mut found: Vec<&tree::Name> = Vec::new();
        for name in given.iter().filter_map(|argument| argument.name.as_ref()) {
            if !names.contains(&name.text) {
                let message = format!("`{}` has no argument `{}`", schedule.text, name.text);
                let mut problem = Problem::error("unknown-name", name.span, message);
                if let Some(declared) = self.resolved.schedule(&schedule.text).filter(|_| !names.is_empty()) {
                    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                    problem = problem.other(declared.name.span, format!("its arguments: {}", listed.join(", ")));
                }
                let problem = self.suggest(problem, name, || names.iter().map(String::as_str));
                self.problem(problem);
                return None;
            }
            if let Some(first) = found.iter().find(|known| known.text == name.text) {
                let message = format!("argument `{}` is given twice", name.text);
                self.problem(
                    Problem::error("duplicate-name", name.span, message)
                        .other(first.span, "given first here")
                        .help("remove one of them"),
                );
                return None;
            }
            found.push(name);
        }
        Some(())
    }

    /// Too many or too few values in the brackets.
    fn argument_count<T>(
        &mut self,
        schedule: &tree::Name,
        n_given: usize,
        names: &[String],
        domain: Option<Type>,
        span: Span,
    ) -> Option<T> {
        let arguments = match names.len() {
            0 => "no arguments".to_owned(),
            1 => "one argument".to_owned(),
            n => format!("{n} arguments"),
        };
        let message = match domain {
            None => format!("`{}` takes {arguments} here", schedule.text),
            Some(_) => format!("`{}` takes a quantity and {arguments}", schedule.text),
        };
        let quantity = domain.map(|ty| if ty.is_money() { "amount" } else { "quantity" }.to_owned());
        let named = names.iter().map(|name| format!("{name} = …"));
        let brackets = quantity.into_iter().chain(named).collect::<Vec<_>>().join(", ");
        let written =
            if brackets.is_empty() { schedule.text.clone() } else { format!("{}({brackets})", schedule.text) };
        self.problem(
            Problem::error("argument-count", span, message)
                .label(format!("{n_given} given"))
                .help(format!("write: {written}")),
        );
        None
    }

    /// Values without names beside the quantity: two amounts could be taken for each other. The new spelling is shown;
    /// it is an edit to choose where types or names tell which value is which argument.
    fn unnamed_arguments<T>(
        &mut self,
        schedule: &tree::Name,
        given: &[GivenArgument],
        names: &[String],
        domain: Option<Type>,
        types: &[Type],
        scope: &mut Scope,
    ) -> Option<T> {
        let values: Vec<&tree::Expr> = given.iter().map(|argument| &argument.value).collect();
        let place = values[0].span.to(values[values.len() - 1].span);
        let rule = match domain {
            Some(_) => "the quantity comes first, every argument by its name",
            None => "every argument of a schedule is given by its name",
        };
        let mut problem = Problem::error("argument-names", place, rule);
        if let Some(declared) = self.resolved.schedule(&schedule.text) {
            problem = problem.other(declared.name.span, "declared here");
        }
        if given.iter().any(|argument| argument.name.is_some()) {
            self.problem(problem.help(format!("give each argument its name: {} = …", names[0])));
            return None;
        }
        let typed: Option<Vec<Typed>> = values.iter().map(|value| self.numeric(value, scope)).collect();
        let typed = typed?;
        // The quantity comes first, or last as it once did.
        let orders: Vec<Vec<usize>> = match domain {
            Some(_) => {
                let first = (0..values.len()).collect();
                let last = std::iter::once(values.len() - 1).chain(0..values.len() - 1).collect();
                vec![first, last]
            }
            None => vec![(0..values.len()).collect()],
        };
        let wanted: Vec<Type> = domain.into_iter().chain(types.iter().copied()).collect();
        let fit = |order: &&Vec<usize>| order.iter().zip(&wanted).all(|(&idx, ty)| self.fits(&typed[idx], *ty));
        let n_quantity = usize::from(domain.is_some());
        let named = |order: &&Vec<usize>| {
            order[n_quantity..].iter().zip(names).all(|(&idx, name)| last_name(values[idx]) == Some(name.as_str()))
        };
        let mut fitting: Vec<&Vec<usize>> = orders.iter().filter(fit).collect();
        let told: Vec<&Vec<usize>> = fitting.iter().copied().filter(|order| named(order)).collect();
        if told.len() == 1 {
            fitting = told;
        }
        let written = |order: &Vec<usize>| {
            let part = |(at, &idx): (usize, &usize)| {
                let value = self.in_one_line(values[idx].span);
                match at.checked_sub(n_quantity) {
                    Some(argument) => format!("{} = {value}", names[argument]),
                    None => value,
                }
            };
            order.iter().enumerate().map(part).collect::<Vec<_>>().join(", ")
        };
        let spelled: Vec<String> = fitting.into_iter().map(written).collect();
        let problem = match &spelled[..] {
            [] => problem.help(format!("give each argument its name: {} = …", names[0])),
            [one] => {
                // Which value was meant as which, only the writer knows.
                let written = format!("write `{}({one})`", schedule.text);
                problem.help(written.clone()).repair(Repair::choice(written).edit(place, one.clone()))
            }
            [one, other, ..] => problem
                .label("which is the quantity?")
                .help(format!("write `{0}({one})` or `{0}({other})`", schedule.text))
                .repair(Repair::choice(format!("write `{}({one})`", schedule.text)).edit(place, one.clone()))
                .repair(Repair::choice(format!("write `{}({other})`", schedule.text)).edit(place, other.clone())),
        };
        self.problem(problem);
        None
    }
}

/// The name at the end of a path.
fn last_name(value: &tree::Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Path(path) => path.parts.last().map(|name| name.text.as_str()),
        ExprKind::Bracket(inner) => last_name(inner),
        _ => None,
    }
}
