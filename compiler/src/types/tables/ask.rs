//! Tables asked with values.

use crate::plan::cover::Answer;
use crate::plan::{Function, Op, Policy, TableId, Type};
use crate::typed::Use;
use crate::types::Typing;
use crate::types::scope::{Scope, Typed};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, GivenArgument};

impl Typing<'_> {
    /// `discount(partner.level, quantity)`, `granted(customer, family).rate`
    pub(in crate::types) fn ask_table(
        &mut self,
        id: TableId,
        name: &tree::Name,
        given: &[GivenArgument],
        result: Option<&tree::Path>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let idx = id.index();
        self.places.uses.push((name.span, Use::Table(id)));
        let values = self.asked_values(idx, given, span)?;
        let mut operands = Vec::new();
        let before = self.n_errors;
        for (place, value) in values.into_iter().enumerate() {
            operands.extend(self.asked_value(idx, place, value, scope));
        }
        if self.n_errors > before || operands.len() < self.open_tables[idx].types.len() {
            return None;
        }
        if !self.open_tables[idx].done && !self.open_tables[idx].failed {
            self.table_rows(idx);
        }
        let result = self.asked_result(idx, result, span)?;
        if self.open_tables[idx].failed {
            return None;
        }
        let missing: Vec<bool> = operands.iter().map(|operand| operand.optional).collect();
        let optional = self.open_tables[idx].lacks[result as usize] || self.may_miss(idx, &missing);
        let ty = self.program.tables[idx].results[result as usize].ty;
        let operands = operands.into_iter().map(Typed::into_expr).collect();
        Some(Typed::new(Op::Call(Function::Lookup { table: id, result }, operands), ty, optional, span))
    }

    /// The values in the order of the arguments; one with a name is that argument.
    fn asked_values<'e>(&mut self, idx: usize, given: &'e [GivenArgument], span: Span) -> Option<Vec<&'e tree::Expr>> {
        let table = self.open_tables[idx].declared;
        let names: Vec<&str> = table.arguments.iter().map(|argument| argument.name.text.as_str()).collect();
        if given.len() != names.len() {
            let message = format!("`{}` is asked with {}", table.name.text, n_values(names.len()));
            self.problem(
                Problem::error("argument-count", span, message).label(format!("{} given", given.len())).help(format!(
                    "write: {}({})",
                    table.name.text,
                    names.join(", ")
                )),
            );
            return None;
        }
        let mut values: Vec<Option<&tree::Expr>> = vec![None; names.len()];
        for (place, value) in given.iter().enumerate() {
            let place = match &value.name {
                None => place,
                Some(name) => match names.iter().position(|known| *known == name.text) {
                    Some(place) => place,
                    None => {
                        let message = format!("`{}` has no argument `{}`", table.name.text, name.text);
                        let problem = Problem::error("unknown-name", name.span, message);
                        let problem = self.suggest(problem, name, || names.iter().copied());
                        self.problem(problem);
                        return None;
                    }
                },
            };
            if values[place].replace(&value.value).is_some() {
                let message = format!("argument `{}` is given twice", names[place]);
                self.problem(Problem::error("duplicate-name", value.value.span, message).help("remove one of them"));
                return None;
            }
        }
        values.into_iter().collect()
    }

    /// A value for an argument; the first tells its type.
    fn asked_value(&mut self, idx: usize, place: usize, value: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let wanted = self.open_tables[idx].types[place];
        let found = self.hinted(value, wanted, scope)?;
        let found = self.key_text(found);
        let argument = &self.open_tables[idx].declared.arguments[place].name;
        if found.text.is_some() || matches!(found.ty, Type::Ref(_)) {
            let message = format!("`{}` is asked with a value of the row", argument.text);
            let help = match found.ty {
                Type::Ref(_) => "ask with one of its fields",
                _ => "name a field, a `let` or a decision that holds a text",
            };
            self.problem(Problem::error("misplaced-value", value.span, message).help(help));
            return None;
        }
        let Some(wanted) = wanted else {
            let ty = match found.ty {
                Type::Text(domain) | Type::Id(domain) => {
                    let own = self.new_domain();
                    self.join_domains(own, domain);
                    Type::Text(own)
                }
                ty => ty,
            };
            self.open_tables[idx].types[place] = Some(ty);
            self.open_tables[idx].told[place] = Some(value.span);
            return Some(found);
        };
        let fits = match (wanted, found.ty) {
            (Type::Text(own), Type::Text(domain) | Type::Id(domain)) | (Type::Id(own), Type::Id(domain)) => {
                self.join_domains(own, domain);
                true
            }
            (wanted, found) => wanted == found || (wanted == Type::Number && found == Type::Count),
        };
        if fits {
            return Some(found);
        }
        let (wanted, given) = (self.type_words(wanted), self.type_words(found.ty));
        let message = format!("`{}` is {wanted}, not {given}", argument.text);
        let mut problem = Problem::error("type-mismatch", value.span, message);
        problem = match self.open_tables[idx].told[place] {
            Some(told) => problem
                .other(told, "asked first with this")
                .help("write its type after its name where the table is declared"),
            None => problem.other(argument.span, "declared here"),
        };
        self.problem(problem);
        None
    }

    /// Which result is asked for; a table with one needs no name.
    fn asked_result(&mut self, idx: usize, result: Option<&tree::Path>, span: Span) -> Option<u32> {
        let table = &self.program.tables[idx];
        let names: Vec<String> = table.results.iter().map(|result| result.name.clone()).collect();
        let Some(path) = result else {
            if names.len() == 1 {
                return Some(0);
            }
            let table = &table.name;
            let listed: Vec<String> = names.iter().map(|name| format!("`{table}(…).{name}`")).collect();
            let message = format!("which result of `{table}`?");
            self.problem(
                Problem::error("missing-result", span, message).help(format!("write {}", listed.join(" or "))),
            );
            return None;
        };
        let name = &path.parts[0];
        let place = names.iter().position(|known| *known == name.text);
        match (place, path.parts.get(1)) {
            (Some(place), None) => Some(place as u32),
            (Some(_), Some(more)) => {
                let message = format!("`{}` is a value and has no fields", name.text);
                self.problem(Problem::error("unknown-name", more.span, message));
                None
            }
            (None, _) => {
                let message = format!("`{}` gives no `{}`", table.name, name.text);
                let problem = Problem::error("unknown-name", name.span, message);
                let problem = self.suggest(problem, name, || names.iter().map(String::as_str));
                self.problem(problem);
                None
            }
        }
    }

    /// Whether no row may match, where these arguments can be missing.
    fn may_miss(&mut self, idx: usize, missing: &[bool]) -> bool {
        let table = &self.program.tables[idx];
        if table.otherwise.is_some() {
            return false;
        }
        let choices = &self.program.choices;
        let n_choices = |ty: Type| if let Type::Choice(choice) = ty { choices[choice.index()].len() } else { 0 };
        let gap = match table.gap(n_choices, missing) {
            Answer::No => return false,
            Answer::Open => return true,
            Answer::Yes(gap) => gap,
        };
        let told = std::mem::replace(&mut self.open_tables[idx].gap_told, true);
        // No row to add is usual where all that match are added up.
        if !told && table.policy != Policy::Sum {
            let table = &self.program.tables[idx];
            let sample = self.sample_words(table, &gap);
            let name = &self.open_tables[idx].declared.name;
            let message = format!("no row of `{}` matches {sample}", name.text);
            let place = if matches!(self.open_tables[idx].declared.rows, tree::TableRows::Sheet { .. }) {
                "add a row for it to the sheet, or say below the columns"
            } else {
                "add a row for it, or say"
            };
            let help = format!("{place} what holds for all others: otherwise | … (`none` for no result)");
            self.problem(Problem::warning("table-gap", name.span, message).help(help));
        }
        true
    }
}

fn n_values(n: usize) -> String {
    if n == 1 { "one value".to_owned() } else { format!("{n} values") }
}
