//! The program's head and its parameters.

use super::expressions::fold;
use super::scope::{Scope, Typed};
use super::{Lowering, suggest};
use crate::plan::{self, Calendar, Days, Unit};
use crate::resolve::not_supported;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Active, ProgramClauseKind, Rounding};
use rustc_hash::FxHashMap;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Lowering<'_> {
    pub(super) fn head(&mut self) {
        let Some(program) = &self.resolved.program else { return };
        self.plan.name = program.name.text.clone();
        self.plan.title = program.title.as_ref().map_or(&program.name.text, |title| &title.value).clone();
        let (mut currency, mut active, mut fiscal, mut ends) = (None, None, None, None);
        for clause in &program.clauses {
            let seen = match &clause.kind {
                ProgramClauseKind::Currency { code, rounding, each_line } => {
                    self.currency(code, rounding.as_ref(), each_line.is_some());
                    currency.replace(clause.span)
                }
                ProgramClauseKind::FiscalYear { month, named_by } => {
                    self.fiscal_year(month, *named_by, clause.span);
                    fiscal.replace(clause.span)
                }
                ProgramClauseKind::Active(range) => {
                    self.program_range(range);
                    active.replace(clause.span)
                }
                ProgramClauseKind::MonthEnds(rule) => {
                    self.plan.calendar.month_ends = Some(*rule);
                    ends.replace(clause.span)
                }
                ProgramClauseKind::Unsupported(unsupported) => {
                    self.problem(not_supported(unsupported));
                    None
                }
            };
            if let Some(first) = seen {
                self.problem(
                    Problem::error("duplicate-clause", clause.span, "the program says this twice")
                        .other(first, "said first here"),
                );
            }
        }
        let missing = |what: &str, help: &str| {
            Problem::error(
                "missing-clause",
                program.name.span,
                format!("program `{}` does not say its {what}", program.name.text),
            )
            .help(help)
        };
        if currency.is_none() {
            self.problem(missing("currency and rounding", "add a line like: currency USD rounded half even"));
        }
        if active.is_none() {
            self.problem(missing("first and last day", "add a line like: active 2026-01-01 to 2026-12-31"));
        }
    }

    fn currency(&mut self, code: &tree::Name, rounding: Option<&Rounding>, each_line: bool) {
        let Some(currency) = iso_currency::Currency::from_code(&code.text) else {
            let help = "write the three letters of ISO 4217, such as USD, EUR or JPY";
            self.problem(
                Problem::error("unknown-currency", code.span, format!("there is no currency `{}`", code.text))
                    .help(help),
            );
            return;
        };
        let Some(rounding) = rounding else {
            let message = format!("how are amounts of {} rounded?", code.text);
            let after = Span { start: code.span.end, end: code.span.end };
            self.problem(
                Problem::error("missing-rounding", code.span, message)
                    .help("say it, for example: rounded half even")
                    .edit(after, " rounded half even"),
            );
            return;
        };
        if rounding.to.is_some() {
            self.problem(
                Problem::error("rounding-of-currency", rounding.span, "a currency owns its decimals")
                    .help("leave out the `to …` here; round an amount in a rule with `rounded … to …`"),
            );
        }
        self.plan.unit = Unit {
            code: currency.code().to_owned(),
            decimals: currency.exponent().unwrap_or(2).into(),
            mode: rounding.mode,
            each_line,
        };
    }

    fn fiscal_year(&mut self, month: &tree::Name, named_by: Option<(tree::NamedBy, Span)>, span: Span) {
        let lower = month.text.to_lowercase();
        let Some(place) = MONTHS.iter().position(|name| *name == lower) else {
            let problem = Problem::error("unknown-month", month.span, format!("`{}` is no month", month.text));
            self.problem(suggest(problem, month, MONTHS));
            return;
        };
        if named_by.is_none() && place > 0 {
            let message = "after which of its two calendar years is a fiscal year named?";
            self.problem(
                Problem::error("missing-fiscal-name", span, message)
                    .help("add `named by start` or `named by end`")
                    .edit(Span { start: span.end, end: span.end }, " named by start"),
            );
        }
        let named_by = named_by.map(|(named_by, _)| named_by);
        self.plan.calendar = Calendar { first_month: place as i8 + 1, named_by, ..self.plan.calendar };
    }

    fn program_range(&mut self, range: &Active) {
        let whole = Days { from: i32::MIN, to: i32::MAX };
        if range.from.is_none() || range.to.is_none() {
            self.problem(
                Problem::error("missing-clause", range.span, "a program has a first and a last day")
                    .help("write: active 2026-01-01 to 2026-12-31"),
            );
        } else if let Some(days) = self.range(range, whole) {
            self.plan.active = days;
        }
    }

    /// The days of an `active` clause, within `life`.
    pub(super) fn range(&mut self, range: &Active, life: Days) -> Option<Days> {
        let mut day = |expr: &Option<tree::Expr>, open: i32| match expr {
            Some(expr) => match self.constant(expr)? {
                Typed { op: plan::Op::Date(day), .. } => Some(day),
                _ => {
                    self.problem(
                        Problem::error("type-mismatch", expr.span, "a range of days begins and ends with a date")
                            .help("write a date like 2026-02-01"),
                    );
                    None
                }
            },
            None => Some(open),
        };
        let (from, to) = (day(&range.from, life.from)?, day(&range.to, life.to)?);
        if from > to {
            self.problem(Problem::error("empty-range", range.span, "the range ends before it begins"));
            return None;
        }
        Some(Days { from: from.max(life.from), to: to.min(life.to) })
    }

    pub(super) fn parameters(&mut self, overrides: &[(String, String)]) {
        let mut set: FxHashMap<&str, Vec<&String>> = FxHashMap::default();
        for (name, new) in overrides {
            set.entry(name).or_default().push(new);
        }
        for parameter in &self.resolved.parameters {
            let name = &parameter.name;
            let value = literal_text(&parameter.value);
            let mut typed = self.constant(&parameter.value);
            let mut entry = plan::Parameter { name: name.text.clone(), value: value.clone(), overridden: None };
            for new in set.remove(name.text.as_str()).unwrap_or_default() {
                if let Some(replaced) = self.replaced(parameter, typed.as_ref(), new) {
                    typed = Some(replaced);
                    entry.value = new.clone();
                    entry.overridden = Some(value.clone());
                }
            }
            self.plan.parameters.push(entry);
            self.parameters.insert(name.text.clone(), typed);
        }
        for (name, _) in overrides.iter().filter(|(name, _)| !self.parameters.contains_key(name)).collect::<Vec<_>>() {
            let near = if self.suggests() {
                meed_grammar::nearest(name, self.parameters.keys().map(String::as_str)).map(str::to_owned)
            } else {
                None
            };
            let message = format!("there is no parameter `{name}` to set");
            let mut problem = Problem::error("unknown-parameter", Span::default(), message);
            if let Some(near) = near {
                problem = problem.help(format!("did you mean `{near}`?"));
            }
            self.problem(problem);
        }
    }

    /// The value that a run sets for a parameter. What is wrong with it is told at the parameter: its own places are
    /// those of another text.
    fn replaced(&mut self, parameter: &tree::Parameter, old: Option<&Typed>, new: &str) -> Option<Typed> {
        let name = &parameter.name;
        let unreadable = |why: &str| {
            let message = format!("the value `{new}` for parameter `{}` cannot be taken: {why}", name.text);
            Problem::error("override-mismatch", name.span, message).help("write it as it would stand in the program")
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
        let value = self.constant(&expr);
        let wrong = self.problems.split_off(before);
        if let Some(problem) = wrong.first() {
            self.problem(unreadable(&problem.message));
            return None;
        }
        let value = value?;
        if let Some(old) = old.filter(|old| old.ty != value.ty) {
            let (old_words, new_words) = (self.type_words(old.ty), self.type_words(value.ty));
            let message = format!("`{}` is {old_words}, not {new_words}", name.text);
            let label = format!("its value is {}; this run sets {new}", literal_text(&parameter.value));
            self.problem(Problem::error("override-mismatch", name.span, message).label(label));
            return None;
        }
        Some(Typed { span: parameter.value.span, ..value })
    }

    /// The value of an expression that reads no row.
    pub(super) fn constant(&mut self, expr: &tree::Expr) -> Option<Typed> {
        let typed = self.expression(expr, &mut Scope::constant())?;
        let folded = fold(typed);
        let constant =
            matches!(folded.op, plan::Op::Number(_) | plan::Op::YesNo(_) | plan::Op::Date(_)) || folded.text.is_some();
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

/// A literal as it reads in Meed.
pub(super) fn literal_text(expr: &tree::Expr) -> String {
    match &expr.kind {
        tree::ExprKind::Number(text) | tree::ExprKind::Date(text) => text.clone(),
        tree::ExprKind::Percent(text) => format!("{text}%"),
        tree::ExprKind::Money { amount, currency } if currency.chars().all(char::is_alphanumeric) => {
            format!("{amount} {currency}")
        }
        tree::ExprKind::Money { amount, currency } => match amount.strip_prefix('-') {
            Some(amount) => format!("-{currency}{amount}"),
            None => format!("{currency}{amount}"),
        },
        tree::ExprKind::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        tree::ExprKind::YesNo(value) => if *value { "yes" } else { "no" }.to_owned(),
        _ => "…".to_owned(),
    }
}
