//! Expressions and types as text.

use super::lexer::quoted;
use super::names::Place;
use super::words::Word;
use crate::plan::calendar::date_of;
use crate::plan::{
    Account, Back, Expr, FieldId, Function, Notation, Op, Plan, PredicateId, RecordId, Root, Signature, TextTest, Type,
};
use crate::value::{Exact, exact_text};

impl Place<'_> {
    /// An expression with its type.
    pub(super) fn typed(&self, expr: &Expr) -> String {
        format!("{} : {}", self.core(expr), type_text(self.plan, expr.ty))
    }

    /// An expression, with its type where it is not the usual one.
    pub(super) fn phrase(&self, expr: &Expr) -> String {
        let says_so = match &expr.op {
            Op::Number(_) => matches!(expr.ty, Type::Percent | Type::Money(_)),
            Op::Choice(_) => true,
            _ => false,
        };
        if says_so || self.usual_type(&expr.op) == expr.ty {
            self.core(expr)
        } else {
            format!("({})", self.typed(expr))
        }
    }

    fn core(&self, expr: &Expr) -> String {
        let text = self.operator(expr);
        if expr.optional { format!("{text}?") } else { text }
    }

    /// A balance, and whose.
    pub(super) fn account(&self, account: &Account, between: &str) -> String {
        let name = &self.plan.balance(account.balance).name;
        account.owner.as_ref().map_or_else(|| name.clone(), |owner| format!("{name}{between}{}", self.typed(owner)))
    }

    fn operator(&self, expr: &Expr) -> String {
        let all = |name: &str, values: &[Expr]| {
            let values: Vec<String> = values.iter().map(|value| self.phrase(value)).collect();
            format!("{name}({})", values.join(", "))
        };
        match &expr.op {
            Op::Number(value) => number(self.plan, value, expr.ty),
            Op::YesNo(value) => if *value { "yes" } else { "no" }.to_owned(),
            Op::Date(day) => date_of(*day).to_string(),
            Op::Choice(place) => self.choice(expr.ty, *place),
            Op::Missing => "missing".to_owned(),
            Op::Field { root, record, path } => self.field(*root, *record, path),
            Op::PaymentAmount => "payment.amount".to_owned(),
            Op::Balance(account) => format!("balance({})", self.account(account, ", ")),
            Op::Rank => "rank".to_owned(),
            Op::Taken(nth) => format!("taken.{}", nth + 1),
            Op::Credit(part) => format!("credit.{}", part.word()),
            Op::When => "when".to_owned(),
            Op::Local(local) => {
                let name = self.locals.get(local.index()).map(|local| local.name.as_str());
                format!("let.{}", name.unwrap_or_default())
            }
            Op::Decision { decision, root: Root::Row } => self.plan.decision_name(*decision),
            Op::Decision { decision, root } => format!("{}.{}", root.word(), self.plan.decision_name(*decision)),
            Op::Fold(group) => self.plan.fold_name(*group),
            Op::Level { state, summand, side } => {
                format!("level({}, {}, {})", self.plan.state_name(*state), summand + 1, side.word())
            }
            Op::Increment { state, body } => {
                format!("increment({}, {})", self.plan.state_name(*state), self.phrase(body))
            }
            Op::Call(function, operands) => self.call(function, operands),
            Op::Argument(idx) => format!("argument.{}", idx + 1),
            Op::And(values) => all("all", values),
            Op::Or(values) => all("any", values),
            Op::IfUnknown(a, b) => format!("({} if-unknown {})", self.phrase(a), self.phrase(b)),
            Op::If { branches, otherwise } => {
                let branch = |(condition, value): &(Expr, Expr)| {
                    format!("{} then {}, ", self.phrase(condition), self.phrase(value))
                };
                let branches: String = branches.iter().map(branch).collect();
                format!("if({branches}otherwise {})", self.phrase(otherwise))
            }
        }
    }

    /// A function: its word before its operands or between them.
    fn call(&self, function: &Function, operands: &[Expr]) -> String {
        let values: Vec<String> = operands.iter().map(|value| self.phrase(value)).collect();
        let Signature { word, notation, .. } = function.signature();
        match function {
            Function::Round { mode, quantum } => {
                format!("round({}, {}, {})", values.join(", "), mode.word(), exact_text(quantum))
            }
            Function::Schedule { schedule, .. } => {
                format!("{word} of {}({})", self.plan.schedules[schedule.index()].name, values.join(", "))
            }
            Function::Lookup { table, result } => {
                let table = &self.plan.tables[table.index()];
                let result = table.results.get(*result as usize).map_or("", |result| result.name.as_str());
                format!("{word} of {} {result}({})", table.name, values.join(", "))
            }
            Function::Find { search, output } => {
                format!("{word} of search.{} output.{}({})", search.0 + 1, output + 1, values.join(", "))
            }
            Function::PeriodBack(period, back) => {
                let back = match back {
                    Back::Periods(count) => count.to_string(),
                    Back::Year => "year".to_owned(),
                };
                format!("{word}({}, {}, {back})", values.join(", "), period.word().replace(' ', "-"))
            }
            Function::Text(predicate) => {
                let domain = self.plan.predicates[predicate.index()].domain;
                format!("{word} of {} ({})", self.plan.field_of_domain(domain), test(self.plan, *predicate))
            }
            Function::Test(predicate) => format!("({} {})", values.join(", "), test(self.plan, *predicate)),
            _ if notation == Notation::Between => format!("({})", values.join(&format!(" {word} "))),
            _ => format!("{word}({})", values.join(", ")),
        }
    }

    fn choice(&self, ty: Type, place: u32) -> String {
        let Type::Choice(choice) = ty else { return String::new() };
        if self.plan.texts() == Some(choice) {
            return format!("value.texts.{}", place + 1);
        }
        let value = self.plan.choices[choice.index()].get(place as usize).map_or("", String::as_str);
        format!("value.{}.{value}", self.plan.field_of_choice(choice))
    }

    /// `row.partner.tier`; where the place has not just that record, the record is named.
    fn field(&self, root: Root, record: RecordId, path: &[FieldId]) -> String {
        let mut text = root.word().to_owned();
        if root != Root::Row || self.record != Some(record) {
            text = format!("{text}:{}", self.plan.record(record).name);
        }
        if path.is_empty() { text } else { format!("{text}.{}", self.plan.path_words(record, path)) }
    }
}

fn number(plan: &Plan, value: &Exact, ty: Type) -> String {
    match ty {
        Type::Percent => format!("{}%", exact_text(&(value * Exact::from(100)))),
        Type::Money(unit) => format!("{} {}", exact_text(value), plan.unit(unit).code),
        _ => exact_text(value),
    }
}

/// `in "a", "b"`
pub(super) fn test(plan: &Plan, predicate: PredicateId) -> String {
    text_test(&plan.predicates[predicate.index()].test)
}

/// A test of a text.
pub(super) fn text_test(test: &TextTest) -> String {
    match test {
        TextTest::In(texts) => {
            format!("in {}", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
        TextTest::Contains(text) => format!("contains {}", quoted(text)),
        TextTest::StartsWith(text) => format!("starts-with {}", quoted(text)),
        TextTest::EndsWith(text) => format!("ends-with {}", quoted(text)),
    }
}

/// A type; texts and lists go by the first field that holds them.
pub(super) fn type_text(plan: &Plan, ty: Type) -> String {
    match ty {
        Type::Number => "number".to_owned(),
        Type::Count => "count".to_owned(),
        Type::Percent => "percent".to_owned(),
        Type::MONEY => "money".to_owned(),
        Type::Money(unit) => format!("money-{}", plan.unit(unit).code),
        Type::YesNo => "yes/no".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Period(period) => period.word().replace(' ', "-"),
        Type::Choice(choice) => format!("one-of {}", plan.field_of_choice(choice)),
        Type::Text(domain) => format!("text {}", plan.field_of_domain(domain)),
        Type::Id(domain) => format!("id {}", plan.field_of_domain(domain)),
        Type::Ref(record) => format!("->{}", plan.record(record).name),
    }
}
