//! The program's head.

use super::Typing;
use super::scope::Typed;
use crate::plan::{self, Days, Period, Unit, UnitId, Weekday};
use crate::resolve::near;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Active, ProgramClauseKind, Rounding};

pub(super) const MONTHS: [&str; 12] = [
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

/// Words that stand where a unit would, as types and values.
const TYPE_WORDS: [&str; 18] = [
    "beyond", "count", "date", "flat", "id", "k", "M", "money", "no", "none", "nobody", "number", "percent", "text",
    "this", "unknown", "yes", "zero",
];

impl Typing<'_> {
    pub(super) fn head(&mut self) {
        let Some(program) = &self.resolved.program else { return };
        self.program.name = program.name.text.clone();
        self.program.title = program.title.as_ref().map_or(&program.name.text, |title| &title.value).clone();
        let mut calendars = self.calendar_tables();
        let (mut currency, mut active, mut fiscal, mut ends, mut weeks) = (None, None, None, None, None);
        let mut settled: Option<&tree::Name> = None;
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
                    self.program.calendar.month_ends = Some(*rule);
                    ends.replace(clause.span)
                }
                ProgramClauseKind::WeeksStart(day) => {
                    match Weekday::from_word(&day.text.to_lowercase()) {
                        Some(first) => self.program.calendar.weeks_start = first,
                        None => self.no_weekday(day),
                    }
                    weeks.replace(clause.span)
                }
                ProgramClauseKind::Settled(word) => settled.replace(word).map(|first| first.span),
                ProgramClauseKind::PeriodsFrom(name) => {
                    self.periods_from(name, std::mem::take(&mut calendars));
                    fiscal.replace(clause.span)
                }
                ProgramClauseKind::PeriodsOfWeeks { pattern, nearest, day, month, named_by } => {
                    self.periods_of_weeks(pattern, *nearest, day, month, *named_by, clause.span);
                    fiscal.replace(clause.span)
                }
            };
            if let Some(first) = seen {
                self.problem(
                    Problem::error("duplicate-clause", clause.span, "the program says this twice")
                        .other(first, "said first here"),
                );
            }
        }
        if let (Some(span), Some(_)) = (active, fiscal) {
            self.calendar_holds_life(span);
        }
        if let Some(word) = settled {
            self.settled_per(word);
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

    /// Which periods the ends are of at which the program is settled.
    fn settled_per(&mut self, word: &tree::Name) {
        let Some(period) = self.period_of(word) else { return };
        if period == Period::Program {
            let message = "a program is settled at the ends of periods that are shorter than its life";
            let help = "write settled per quarter, or leave it out: a run settles through its day at once";
            self.problem(Problem::error("unknown-period", word.span, message).help(help));
            return;
        }
        self.program.calendar.settled = Some(period);
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
            let modes = ["half even", "half away from zero", "toward zero", "away from zero"];
            return self.rounding_unsaid(code, code.span, "", &modes);
        };
        if rounding.to.is_some() {
            self.problem(
                Problem::error("rounding-of-currency", rounding.span, "a currency owns its decimals")
                    .help("leave out the `to …` here; round an amount in a rule with `rounded … to …`"),
            );
        }
        self.program.units[0] = Unit {
            code: currency.code().to_owned(),
            decimals: currency.exponent().unwrap_or(2).into(),
            mode: rounding.mode,
            each_line,
            by_row: None,
        };
    }

    /// Asks how amounts are rounded, which is said behind a place; the likeliest way comes first.
    fn rounding_unsaid(&mut self, unit: &tree::Name, behind: Span, comma: &str, modes: &[&str]) {
        let message = format!("how are amounts of {} rounded?", unit.text);
        let after = Span { start: behind.end, end: behind.end };
        let problem = Problem::error("missing-rounding", unit.span, message);
        let problem = problem.help(format!("say it, for example: rounded {}", modes.first().unwrap_or(&"half even")));
        let choose = |problem: Problem, mode: &&str| problem.choice(after, format!("{comma} rounded {mode}"));
        self.problem(modes.iter().fold(problem, choose));
    }

    /// Units beside the currency: `unit points whole, rounded toward zero`.
    pub(in crate::types) fn units(&mut self) {
        for unit in &self.resolved.units {
            let name = &unit.name.text;
            let end = Span { start: unit.name.span.end, end: unit.name.span.end };
            let code = self.program.currency().code.clone();
            if TYPE_WORDS.contains(&name.as_str()) {
                let message = format!("`{name}` is a word of the language, and no name of a unit");
                self.problem(
                    Problem::error("reserved-name", unit.name.span, message).help("give it a name such as points"),
                );
                continue;
            }
            if *name == code || iso_currency::Currency::from_code(name).is_some() {
                let message = format!("`{name}` is a currency, and a unit is another reward");
                self.problem(
                    Problem::error("reserved-name", unit.name.span, message).help("give it a name such as points"),
                );
                continue;
            }
            let decimals = match unit.decimals {
                Some(written) => self.counted(written, "a unit has", limits::MONEY_DECIMALS),
                None => {
                    let message = format!("how many decimals has an amount of {name}?");
                    self.problem(
                        Problem::error("missing-decimals", unit.name.span, message)
                            .help("write `whole` or `to 2 decimals` behind the name")
                            .choice(end, " whole,"),
                    );
                    None
                }
            };
            let Some(rounding) = &unit.rounding else {
                self.rounding_unsaid(&unit.name, unit.span, ",", &["toward zero", "half even", "half away from zero"]);
                continue;
            };
            if rounding.to.is_some() {
                self.problem(
                    Problem::error("rounding-of-currency", rounding.span, "a unit owns its decimals")
                        .help("write them behind its name: unit points to 2 decimals, rounded half even"),
                );
            }
            let Some(decimals) = decimals else { continue };
            let id = UnitId(self.program.units.len() as u32);
            let each_line = unit.each_line.is_some();
            let mode = rounding.mode;
            self.program.units.push(Unit { code: name.clone(), decimals, mode, each_line, by_row: None });
            self.units.insert(name.clone(), id);
        }
    }

    fn fiscal_year(&mut self, month: &tree::Name, named_by: Option<(tree::NamedBy, Span)>, span: Span) {
        let lower = month.text.to_lowercase();
        let Some(place) = MONTHS.iter().position(|name| *name == lower) else {
            return self.no_month(month);
        };
        if named_by.is_none() && place > 0 {
            self.ask_year_name(span);
        }
        self.program.calendar.first_month = place as i8 + 1;
        self.program.calendar.named_by = named_by.map(|(named_by, _)| named_by);
    }

    pub(super) fn ask_year_name(&mut self, span: Span) {
        let message = "after which of its two calendar years is a fiscal year named?";
        self.problem(
            Problem::error("missing-fiscal-name", span, message)
                .help("add `named by start` or `named by end`")
                .choice(Span { start: span.end, end: span.end }, " named by start")
                .choice(Span { start: span.end, end: span.end }, " named by end"),
        );
    }

    pub(super) fn no_month(&mut self, month: &tree::Name) {
        let problem = Problem::error("unknown-month", month.span, format!("`{}` is no month", month.text));
        self.problem(near(problem, month, MONTHS));
    }

    pub(super) fn no_weekday(&mut self, day: &tree::Name) {
        let message = format!("`{}` is no day of the week", day.text);
        let problem = Problem::error("unknown-weekday", day.span, message);
        self.problem(near(problem, day, Weekday::ALL.map(Weekday::word)));
    }

    fn program_range(&mut self, range: &Active) {
        let whole = Days { from: i32::MIN, to: i32::MAX };
        if range.from.is_none() || range.to.is_none() {
            self.problem(
                Problem::error("missing-clause", range.span, "a program has a first and a last day")
                    .help("write: active 2026-01-01 to 2026-12-31"),
            );
        } else if let Some(days) = self.range(range, whole) {
            self.program.active = days;
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
}
