//! What libraries of rules need: names that the program declares, in the form that their rules read.

use super::Resolved;
use meed_grammar::problem::Problem;
use meed_grammar::tree::{self, Item, Name};
use meed_stdlib::{Need, NeedKind};

impl Resolved {
    /// What libraries of rules need and the program does not declare.
    pub(super) fn look_for_needs(&mut self, uses: &[Name], problems: &mut Vec<Problem>) {
        for name in uses {
            let needs = meed_stdlib::library(&name.text).map_or(&[][..], |library| library.needs);
            let is_there = |need: &&Need| match need.kind {
                NeedKind::Parameter => self.has_parameter(need.name),
                NeedKind::Schedule => {
                    self.schedule(need.name).is_some()
                        || self.tables.iter().any(|table| table.item.name.text == need.name)
                }
                NeedKind::Balance => self.balances.iter().any(|balance| balance.name.text == need.name),
                NeedKind::Rule => !self.versions(need.name).is_empty(),
            };
            let missing: Vec<&Need> =
                needs.iter().filter(|need| !is_there(need) && !self.damaged.contains(need.name)).collect();
            let others: Vec<Problem> = needs.iter().filter_map(|need| self.of_another_form(need, name)).collect();
            self.parameters.retain(|own| !others.iter().any(|problem| problem.primary.0 == own.value.span));
            problems.extend(others);
            if missing.is_empty() {
                continue;
            }
            let names: Vec<String> = missing.iter().map(|need| format!("`{}`", need.name)).collect();
            let message = format!("library `{}` needs {}", name.text, names.join(", "));
            let examples: Vec<&str> = missing.iter().map(|need| need.example).collect();
            problems.push(
                Problem::error("library-needs", name.span, message)
                    .label("its rules read what the program does not say")
                    .help(format!(
                        "declare it in the program, with the terms that hold there, as in: {}",
                        examples.join("  ")
                    )),
            );
            // What the rules of the library say of it is not told again.
            self.damaged.extend(missing.iter().map(|need| need.name.to_owned()));
        }
    }

    /// Where the program declares what a library needs in another form than its rules can read; a parameter is then not there.
    fn of_another_form(&mut self, need: &Need, library: &Name) -> Option<Problem> {
        let example = meed_grammar::parse(&need.example.replace("{ … }", "{ }")).file.items.into_iter().next()?;
        let (at, form) = match (need.kind, example) {
            (NeedKind::Parameter, Item::Parameter(example)) => {
                let own = self.parameters.iter().find(|own| own.name.text == need.name)?;
                let wanted = literal_kind(&example.value)?;
                if literal_kind(&own.value).is_none_or(|own| own == wanted) {
                    return None;
                }
                self.damaged.insert(need.name.to_owned());
                (own.value.span, format!("is {wanted}, as in: {}", need.example))
            }
            (NeedKind::Balance, Item::Balance(example)) => {
                let own = self.balances.iter().find(|own| own.name.text == need.name)?;
                let party = |balance: &tree::Balance| {
                    balance.per.iter().map(|path| path.parts.last().map(|name| name.text.clone())).collect::<Vec<_>>()
                };
                if party(own) == party(&example) {
                    return None;
                }
                (own.name.span, format!("is kept as in: {}", need.example))
            }
            (NeedKind::Schedule, Item::Table(example)) => {
                let own = self.tables.iter().find(|own| own.item.name.text == need.name)?;
                let names =
                    |table: &tree::Table| table.arguments.iter().map(|one| one.name.text.clone()).collect::<Vec<_>>();
                if names(&own.item) == names(&example) {
                    return None;
                }
                (own.item.name.span, format!("is asked with {}", names(&example).join(", ")))
            }
            _ => return None,
        };
        let message = format!("`{}` of library `{}` {form}", need.name, library.text);
        let problem = Problem::error("library-needs", at, message).other(library.span, "the library is taken in here");
        Some(problem.help("write it so; other terms are a rule of your own, as the text of the library is one"))
    }
}

/// What a literal is, in words; none of what is no literal.
fn literal_kind(value: &tree::Expr) -> Option<&'static str> {
    match &value.kind {
        tree::ExprKind::Percent(_) => Some("a percent"),
        tree::ExprKind::Money { .. } => Some("an amount"),
        tree::ExprKind::Number(_) => Some("a number"),
        tree::ExprKind::Text(_) => Some("a text"),
        tree::ExprKind::Date(_) => Some("a date"),
        tree::ExprKind::YesNo(_) => Some("yes or no"),
        _ => None,
    }
}
