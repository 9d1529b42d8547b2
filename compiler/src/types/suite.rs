//! The program's tests: rows that are given, and what is expected of them.

mod given;

use super::Typing;
use super::expressions::fold;
use super::scope::Scope;
use crate::plan::{Op, Period, RecordId, Type, UnitId};
use crate::typed::Version;
use crate::types::expressions::literals::is_written;
use crate::value::{Exact, parse_exact};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, TestKey, TestStepKind};
use rustc_hash::FxHashSet;

/// One test.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// Its title.
    pub title: String,
    /// The rows that are given.
    pub given: Vec<Given>,
    /// Files of given rows.
    pub files: Vec<GivenFile>,
    /// The last day of the run, if one is given.
    pub through: Option<i32>,
    /// Parameters set for this test, as written in Meed.
    pub overrides: Vec<(String, String)>,
    /// What is expected.
    pub expect: Vec<Expectation>,
    /// Its place.
    pub span: Span,
}

/// A row that is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Of which record.
    pub record: RecordId,
    /// Its cells, key parts among them.
    pub cells: Vec<GivenCell>,
    /// Its place.
    pub span: Span,
}

/// A file of given rows, read as in a run.
#[derive(Clone, Debug)]
pub struct GivenFile {
    /// Of which record.
    pub record: RecordId,
    /// The file, seen from the program's folder.
    pub file: String,
    /// Its place.
    pub span: Span,
}

/// A cell of a given row, as plain text: `2026-03-14`, `1000.25`, `12.5%`, `yes`, a key or the name of a value.
#[derive(Clone, Debug)]
pub struct GivenCell {
    /// The field's name.
    pub field: String,
    /// The cell.
    pub value: String,
}

/// What a test expects.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// `expect RULE pays PAYEE AMOUNT`: the sum of the matching lines.
    Pays {
        /// The rule.
        rule: String,
        /// The payee's key, its parts joined by `|`.
        payee: String,
        /// In whole units.
        amount: Exact,
        /// Of this unit.
        unit: String,
        /// Of this event only.
        key: Option<String>,
        /// In this period only.
        period: Option<String>,
        /// Its place.
        span: Span,
    },
    /// `expect RULE does not pay`
    DoesNotPay {
        /// The rule.
        rule: String,
        /// To this payee.
        payee: Option<String>,
        /// For this event.
        key: Option<String>,
        /// In this period.
        period: Option<String>,
        /// Its place.
        span: Span,
    },
    /// `expect no other payments`
    NoOtherPayments(Span),
    /// `expect totals from`: the totals, by the columns that the file has.
    Totals {
        /// The file, seen from the program's folder.
        file: String,
        /// Its place.
        span: Span,
    },
    /// `expect NAME of KEY is VALUE`
    Decides {
        /// The decision.
        name: String,
        /// Of which event or entity.
        key: String,
        /// In which period.
        period: Option<String>,
        /// The value as output writes it; none for unknown.
        value: Option<String>,
        /// Its place.
        span: Span,
    },
    /// `expect balance of NAME [of KEY] is AMOUNT`: what all movements together come to.
    Balance {
        /// The balance.
        name: String,
        /// Whose; none where the program has one.
        key: Option<String>,
        /// In whole units.
        amount: Exact,
        /// Its place.
        span: Span,
    },
    /// `expect KEY rejected`
    Rejected {
        /// The row's key.
        key: String,
        /// Its place.
        span: Span,
    },
}

impl Typing<'_> {
    pub(super) fn tests(&mut self) -> Vec<TestCase> {
        let tests = &self.resolved.tests;
        tests.iter().map(|test| self.test(test)).collect()
    }

    fn test(&mut self, test: &tree::Test) -> TestCase {
        let mut case = TestCase {
            title: test.title.value.clone(),
            given: Vec::new(),
            files: Vec::new(),
            through: None,
            overrides: Vec::new(),
            expect: Vec::new(),
            span: test.span,
        };
        for step in &test.steps {
            self.test_step(step, &mut case);
        }
        self.names_given(test, &case);
        if !test.steps.iter().any(|step| expects(&step.kind)) {
            self.problem(
                Problem::warning("empty-test", test.title.span, "this test expects nothing")
                    .help("add a line like: expect registered_deals pays ACME $200"),
            );
        }
        case
    }

    fn test_step(&mut self, step: &tree::TestStep, case: &mut TestCase) {
        let period = |text: &Option<tree::Text>| text.as_ref().map(|text| text.value.clone());
        match &step.kind {
            TestStepKind::Given { record, key, days, fields } => {
                if let Some(given) = self.given(record, key, days.as_deref(), fields, step.span) {
                    case.given.extend(given);
                }
            }
            TestStepKind::GivenFrom { record, file } => {
                if let Some(record) = self.given_record(record) {
                    case.files.push(GivenFile { record, file: file.value.clone(), span: file.span });
                }
            }
            TestStepKind::TotalsFrom(file) => {
                case.expect.push(Expectation::Totals { file: file.value.clone(), span: file.span });
            }
            TestStepKind::Through(date) => {
                if let Some(Op::Date(day)) = self.constant(date).map(|typed| typed.op) {
                    case.through = Some(day);
                } else {
                    self.problem(Problem::error("type-mismatch", date.span, "a test runs through a date"));
                }
            }
            TestStepKind::With { parameter, value } => {
                self.with(parameter, value);
                case.overrides.push((parameter.text.clone(), super::parameters::literal_text(value)));
            }
            TestStepKind::Pays { rule, payee, amount, for_key, in_period } => {
                self.rule_exists(rule);
                self.expected_period(rule, in_period.as_ref());
                let Some((number, unit)) = self.expected_amount(amount, &rule.text) else { return };
                case.expect.push(Expectation::Pays {
                    rule: rule.text.clone(),
                    payee: joined(payee),
                    amount: number,
                    unit,
                    key: for_key.as_deref().map(joined),
                    period: period(in_period),
                    span: step.span,
                });
            }
            TestStepKind::DoesNotPay { rule, payee, for_key, in_period } => {
                self.rule_exists(rule);
                self.expected_period(rule, in_period.as_ref());
                case.expect.push(Expectation::DoesNotPay {
                    rule: rule.text.clone(),
                    payee: payee.as_deref().map(joined),
                    key: for_key.as_deref().map(joined),
                    period: period(in_period),
                    span: step.span,
                });
            }
            TestStepKind::NoOtherPayments => case.expect.push(Expectation::NoOtherPayments(step.span)),
            TestStepKind::Decides { name, key, in_period, value } => {
                let value = match value {
                    None => None,
                    Some(value) => match self.expected_decision(name, value) {
                        Some(text) => Some(text),
                        None => return,
                    },
                };
                case.expect.push(Expectation::Decides {
                    name: name.text.clone(),
                    key: joined(key),
                    period: period(in_period),
                    value,
                    span: step.span,
                });
            }
            TestStepKind::Balance { name, key, value } => {
                self.expected_balance(case, name, key.as_deref(), value, step)
            }
            TestStepKind::Rejected(key) => {
                case.expect.push(Expectation::Rejected { key: joined(key), span: step.span })
            }
        }
    }

    /// `expect balance of NAME [of KEY] is AMOUNT`. Without a key it can be a decision of that name.
    fn expected_balance(
        &mut self,
        case: &mut TestCase,
        name: &tree::Name,
        key: Option<&[TestKey]>,
        value: &tree::Expr,
        step: &tree::TestStep,
    ) {
        let is_decision = key.is_none() && !self.balances.contains_key(&name.text);
        if is_decision && self.resolved.index.deciders.contains_key("balance") {
            let decided = tree::Name { text: "balance".to_owned(), span: step.span };
            let Some(text) = self.expected_decision(&decided, value) else { return };
            case.expect.push(Expectation::Decides {
                name: decided.text,
                key: name.text.clone(),
                period: None,
                value: Some(text),
                span: step.span,
            });
            return;
        }
        let Some(balance) = self.balance_named(name) else { return };
        let known = self.program.balances[balance.index()].clone();
        if known.per.is_some() != key.is_some() {
            let (message, help) = match known.per {
                Some(record) => {
                    let kind = &self.program.record(record).name;
                    (
                        format!("whose `{}`?", name.text),
                        format!("write: expect balance of {} of the {kind}'s key", name.text),
                    )
                }
                None => {
                    let message = format!("`{}` is kept for the program, and nobody has their own", name.text);
                    (message, format!("write: expect balance of {} is …", name.text))
                }
            };
            return self.problem(Problem::error("whose-balance", name.span, message).help(help));
        }
        let Some(amount) = self.hinted(value, Some(Type::Money(known.unit)), &mut Scope::constant()) else { return };
        let zero = matches!(&amount.op, Op::Number(number) if *number == Exact::ZERO);
        match amount.op {
            Op::Number(number) if amount.ty == Type::Money(known.unit) || zero => {
                let key = key.map(joined);
                case.expect.push(Expectation::Balance {
                    name: name.text.clone(),
                    key,
                    amount: number,
                    span: step.span,
                });
            }
            _ => {
                let wanted = self.type_words(Type::Money(known.unit));
                let message = format!("a balance of `{}` is {wanted}", name.text);
                self.problem(
                    Problem::error("type-mismatch", value.span, message).help("write an amount, such as $200"),
                );
            }
        }
    }

    /// A period is one by which the lines of the rule are told: no line is in another, so that it would be no test.
    fn expected_period(&mut self, rule: &tree::Name, period: Option<&tree::Text>) {
        let Some(period) = period else { return };
        let mut rules = self.resolved.versions(&rule.text).iter().map(|&idx| &self.resolved.rules[idx]);
        let kind = rules.find_map(|rule| {
            rule.clauses.iter().find_map(|clause| match &clause.kind {
                tree::ClauseKind::ForEach { per: Some(per), .. } => Some(Period::from_word(&per.text)),
                tree::ClauseKind::ForEach { per: None, .. } => Some(Some(self.program.calendar.told_by())),
                // The payments of another rule have its periods.
                tree::ClauseKind::ForEachPayment { .. } => Some(None),
                _ => None,
            })
        });
        if self.calendar_unknown {
            return;
        }
        let own = kind.flatten();
        let of_own = own.and_then(|own| Some((own, self.program.calendar.parse_name_of(own, &period.value)?)));
        let named = of_own.or_else(|| self.program.calendar.parse_name(&period.value));
        if named.is_some_and(|(found, _)| own.is_none_or(|own| own == found)) || period.value == "program" {
            return;
        }
        let kind = own.unwrap_or(self.program.calendar.told_by());
        let example = self.program.calendar.name(kind, self.program.calendar.index(kind, self.program.active.from));
        let message = match named {
            Some(_) => format!("`{}` is told by {}, so no line is in `{}`", rule.text, kind.word(), period.value),
            None => format!("`{}` is no period", period.value),
        };
        let problem = Problem::error("unknown-period", period.span, message);
        let help = match kind {
            Period::OwnYear => {
                "a year of a party's own is named by its last day, in quotes: \"Y2027-05-14\"".to_owned()
            }
            _ => format!("write a period such as {example}"),
        };
        self.problem(problem.help(help));
    }

    /// A payee or key that no row of the test bears is a slip where it is said not to be paid: that shows nothing.
    fn names_given(&mut self, test: &tree::Test, case: &TestCase) {
        if !case.files.is_empty() || case.given.is_empty() {
            return;
        }
        let cells = case.given.iter().flat_map(|given| &given.cells);
        let known: FxHashSet<&str> = cells.map(|cell| cell.value.as_str()).collect();
        let mut unknown: Vec<(String, Span)> = Vec::new();
        for step in &test.steps {
            let TestStepKind::DoesNotPay { payee, for_key, .. } = &step.kind else { continue };
            for part in payee.iter().chain(for_key).flatten() {
                if !known.contains(part.text.as_str()) {
                    unknown.push((part.text.clone(), part.span));
                }
            }
        }
        for (name, span) in unknown {
            let mut problem = Problem::error("unknown-name", span, format!("no row of this test names `{name}`"));
            problem = match meed_grammar::nearest(&name, known.iter().copied()) {
                Some(near) => problem.label(format!("did you mean `{near}`?")).choice(span, near),
                None => problem.help("whoever is said not to be paid must be in a `given` above"),
            };
            self.problem(problem);
        }
    }

    fn expected_amount(&mut self, amount: &tree::Expr, rule: &str) -> Option<(Exact, String)> {
        let versions = self.program.rules.iter().filter(|known| known.name == rule).flat_map(|known| &known.versions);
        let unit = versions.filter_map(Version::pay).map(|pay| pay.unit).next().unwrap_or(UnitId::CURRENCY);
        if let (Some(by_row), tree::ExprKind::Money { amount: number, currency }) =
            (&self.program.unit(unit).by_row, &amount.kind)
        {
            let mut codes = by_row.units.iter().map(|unit| &self.program.unit(*unit).code);
            let written = codes.find(|code| is_written(currency, code)).cloned();
            if let (Some(code), Some(number)) = (written, parse_exact(number)) {
                return Some((number, code));
            }
        }
        let typed = fold(self.expression(amount, &mut Scope::constant())?);
        match typed.op {
            Op::Number(number)
                if typed.ty == Type::Money(unit)
                    || number == Exact::ZERO && self.program.unit(unit).by_row.is_none() =>
            {
                Some((number, self.program.unit(unit).code.clone()))
            }
            _ => {
                let (words, wanted) = (self.type_words(typed.ty), self.type_words(Type::Money(unit)));
                let message = format!("`{rule}` pays {wanted}, not {words}");
                let sample = self.amount_text(&Exact::from(200), unit);
                let help = format!("write an amount, such as {sample}");
                self.problem(Problem::error("not-money", amount.span, message).help(help));
                None
            }
        }
    }

    /// The value that a decision must have, as output writes it.
    fn expected_decision(&mut self, name: &tree::Name, value: &tree::Expr) -> Option<String> {
        let decision = self.known.decisions.get(&name.text).and_then(|known| known.values().flatten().min());
        let Some(ty) = decision.map(|decision| self.program.decisions[decision.index()].ty) else {
            // A rule that failed sets nothing; that was said at its place.
            if self.resolved.first_setter(&name.text).is_none() {
                let problem = Problem::error("unknown-name", name.span, format!("no rule sets `{}`", name.text));
                let known = || self.program.decisions.iter().map(|decision| decision.name.as_str());
                let problem = self.suggest(problem, name, known);
                self.problem(problem);
            }
            return None;
        };
        // Texts, ids and rows of the data are told by what stands in it.
        if matches!(ty, Type::Text(_) | Type::Id(_) | Type::Ref(_)) {
            return self.cell(value, ty);
        }
        let typed = fold(self.hinted(value, Some(ty), &mut Scope::constant())?);
        // A plain number may stand for a value of a unit; one of another unit may not.
        let other_unit = typed.ty.is_money() && typed.ty != ty;
        let same = typed.ty == ty || (typed.ty.is_numeric() && ty.is_numeric() && !other_unit);
        if !same {
            let (wanted, words) = (self.type_words(ty), self.type_words(typed.ty));
            let message = format!("`{}` is {wanted}, not {words}", name.text);
            self.problem(Problem::error("type-mismatch", value.span, message).label(format!("this is {words}")));
            return None;
        }
        Some(match (&typed.op, ty) {
            (Op::Choice(place), Type::Choice(choice)) => self.program.choices[choice.index()][*place as usize].clone(),
            (op, _) => decision_text(op),
        })
    }

    /// A parameter that a test sets must be there, and its value of the same kind.
    fn with(&mut self, parameter: &tree::Name, value: &tree::Expr) {
        match self.parameters.get(&parameter.text).cloned() {
            None => {
                let known: Vec<String> = self.parameters.keys().cloned().collect();
                let message = format!("there is no parameter `{}`", parameter.text);
                let mut problem = Problem::error("unknown-parameter", parameter.span, message);
                if !known.is_empty() && self.suggests() {
                    let mut names = known.clone();
                    names.sort();
                    problem = problem.help(format!("the parameters are: {}", names.join(", ")));
                }
                let problem = self.suggest(problem, parameter, || known.iter().map(String::as_str));
                self.problem(problem);
            }
            Some(old) => {
                let new = self.set_value(value, old.as_ref());
                if let (Some(old), Some(new)) = (old, new)
                    && let Some((old_words, new_words)) = self.differ(&old, &new)
                {
                    let message = format!("`{}` is {old_words}, not {new_words}", parameter.text);
                    let problem = Problem::error("override-mismatch", value.span, message);
                    let known = self.program.parameters.iter().find(|known| known.name == parameter.text);
                    let like = known.map_or_else(String::new, |known| known.value.clone());
                    let problem = problem.other(old.span(), "its value in the program");
                    self.problem(problem.help(format!("write a value of the same kind, such as {like}")));
                }
            }
        }
    }

    fn rule_exists(&mut self, rule: &tree::Name) {
        self.unknown_rule(rule);
    }
}

fn expects(step: &TestStepKind) -> bool {
    match step {
        TestStepKind::Pays { .. }
        | TestStepKind::DoesNotPay { .. }
        | TestStepKind::NoOtherPayments
        | TestStepKind::Decides { .. }
        | TestStepKind::Rejected(_)
        | TestStepKind::Balance { .. }
        | TestStepKind::TotalsFrom(_) => true,
        TestStepKind::Given { .. }
        | TestStepKind::GivenFrom { .. }
        | TestStepKind::Through(_)
        | TestStepKind::With { .. } => false,
    }
}

/// A key's parts, joined as output writes them.
fn joined(parts: &[TestKey]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("|")
}

fn decision_text(op: &Op) -> String {
    match op {
        Op::Number(value) => crate::value::exact_text(value),
        Op::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Op::Date(day) => crate::plan::calendar::date_of(*day).to_string(),
        _ => String::new(),
    }
}
