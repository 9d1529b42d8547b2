//! The days of a set, as the row that asks says them.

use crate::internal::broken;
use crate::plan::{
    Back, Comparison, Edge, Expr, Function, Op, Period, RecordId, RecordKind, Root, Stream, TimeUnit, Type, Years,
};
use crate::typed::without_places;
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::later::{Later, later};
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, WindowKind};

/// The first and the last day of a set, and the row before which its rows are.
#[derive(Clone, Default)]
pub(super) struct Edges {
    pub from: Option<Expr>,
    pub to: Option<Expr>,
    pub before: Option<Expr>,
}

impl Edges {
    /// Whether a bound of this kind on the day can be an edge.
    pub fn takes(&self, comparison: Comparison) -> bool {
        match comparison {
            Comparison::Less | Comparison::LessOrEqual => self.to.is_none(),
            Comparison::Greater | Comparison::GreaterOrEqual => self.from.is_none(),
            Comparison::Equal | Comparison::NotEqual => false,
        }
    }

    /// A bound on the day that a condition says.
    pub fn bound(&mut self, comparison: Comparison, day: Expr) {
        match comparison {
            Comparison::Less => self.to = Some(days_after(day, -1)),
            Comparison::LessOrEqual => self.to = Some(day),
            Comparison::Greater => self.from = Some(days_after(day, 1)),
            Comparison::GreaterOrEqual => self.from = Some(day),
            Comparison::Equal | Comparison::NotEqual => {}
        }
    }

    /// The same, with the days that a window comes to as nobody's words.
    pub fn without_places(self) -> Self {
        let Self { from, to, before } = self;
        let [from, to, before] = [from, to, before].map(|edge| edge.map(without_places));
        Self { from, to, before }
    }

    /// Both these edges and others.
    pub fn narrow(&mut self, other: Self) {
        let both = |function, a: Option<Expr>, b: Option<Expr>| match (a, b) {
            (Some(a), Some(b)) => {
                let (span, optional) = (b.span, a.optional || b.optional);
                Some(Expr { op: Op::two(function, a, b), ty: Type::Date, optional, span })
            }
            (a, b) => a.or(b),
        };
        self.from = both(Function::Largest, self.from.take(), other.from);
        self.to = both(Function::Smallest, self.to.take(), other.to);
        self.before = other.before;
    }
}

impl Typing<'_> {
    /// The edges of a set's window. Without one it has rows of any date, in a rule per entity and period those of the rule's own
    /// period.
    pub(super) fn window_edges(
        &mut self,
        window: Option<&tree::Window>,
        rows: &Stream,
        scope: &mut Scope,
        span: Span,
    ) -> Option<Edges> {
        let own = match scope.rule.as_ref().map(|rule| &rule.stream) {
            Some(Stream::Periods(_, period)) => Some(*period),
            _ => None,
        };
        if let Stream::Events(record) = *rows
            && self.program.record(record).kind == RecordKind::Entity
        {
            let Some(window) = window else { return Some(Edges::default()) };
            let message = format!("`{}` is an entity, and its rows have no day", self.program.record(record).name);
            self.problem(Problem::error("window-of-entity", window.span, message).help("remove the window"));
            return None;
        }
        let Some(window) = window else {
            let Some(period) = own else { return Some(Edges::default()) };
            let (from, to) = self.own_days(scope, period, span);
            return Some(Edges { from: Some(from), to: Some(to), before: None });
        };
        let at = window.span;
        let day = || row_day(at);
        let edges = |from: Option<Expr>, to: Option<Expr>| Some(Edges { from, to, before: None });
        match &window.kind {
            WindowKind::Ever => Some(Edges::default()),
            WindowKind::ToDate => edges(None, Some(day())),
            WindowKind::BeforeThis => self.before_this(rows, at, scope),
            WindowKind::Within(length) => {
                let ExprKind::Period { count, unit } = &unbracketed(length).kind else {
                    let message = "`within` is followed by a length of time";
                    self.problem(Problem::error("unknown-window", length.span, message).help("write: within 180 days"));
                    return None;
                };
                let from = self.moved(Typed::from_expr(day()), count, *unit, true, at, scope)?;
                edges(Some(from.into_expr()), Some(day()))
            }
            WindowKind::Last { count, unit } => {
                let count = self.window_count(*count, at)?;
                let from = match unit.text.as_str() {
                    "days" => days_after(day(), 1 - count),
                    "months" | "years" => {
                        let years = unit.text == "years";
                        let months = if years { count * 12 } else { count };
                        match own {
                            // In a rule per month or longer these are whole months, of which its own ends the last.
                            Some(Period::Month | Period::Quarter | Period::Half | Period::Year | Period::Program) => {
                                // A table may give a year other months than twelve.
                                let by_year = years && matches!(self.program.calendar.years, Years::Table(_));
                                let (kind, count) =
                                    if by_year { (Period::Year, count) } else { (Period::Month, months) };
                                self.held(kind, at)?;
                                back(kind, day(), count - 1)
                            }
                            _ => {
                                self.note_months(TimeUnit::Months, at);
                                days_after(months_after(day(), -months), 1)
                            }
                        }
                    }
                    "day" | "month" | "year" => return self.plural(unit),
                    word => {
                        let Some(period) = plural_period(word) else { return self.no_period(unit) };
                        back(self.held(period, unit.span)?, day(), count - 1)
                    }
                };
                edges(Some(from), Some(day()))
            }
            WindowKind::Previous { count, period } => {
                let count = self.window_count(*count, at)?;
                let kind = if count == 1 { Period::from_word(&period.text) } else { None };
                let Some(kind) = kind.or_else(|| plural_period(&period.text)) else {
                    return self.no_period(period);
                };
                if kind == Period::Program {
                    return self.no_period(period);
                }
                let first = edge(self.held(kind, period.span)?, Edge::First, day());
                edges(Some(back(kind, day(), count)), Some(days_after(first, -1)))
            }
            WindowKind::SameLastYear(period) => {
                let kind = self.same_last_year(period, at)?;
                let from = back_by(kind, Back::Year, day());
                edges(Some(from.clone()), Some(edge(kind, Edge::Last, from)))
            }
            WindowKind::Whole(period) => match Period::from_word(&period.text) {
                Some(Period::Program) | None => self.no_period(period),
                Some(kind) => {
                    self.held(kind, period.span)?;
                    edges(Some(edge(kind, Edge::First, day())), Some(edge(kind, Edge::Last, day())))
                }
            },
        }
    }

    /// `same quarter last year`
    pub(super) fn same_last_year(&mut self, period: &tree::Name, span: Span) -> Option<Period> {
        let Some(kind) = Period::from_word(&period.text) else { return self.no_period(period) };
        if matches!(kind, Period::Day | Period::Week | Period::Program) {
            let message = format!("no {} stands in the year before at the same place", kind.word());
            self.problem(
                Problem::error("unknown-window", span, message).help("write half month, month, quarter, half or year"),
            );
            return None;
        }
        self.held(kind, period.span)?;
        self.held(Period::Year, span)?;
        Some(kind)
    }

    /// The days of a rule's own period: those within the program's life and the party's.
    pub(in crate::types) fn own_days(&mut self, scope: &Scope, period: Period, span: Span) -> (Expr, Expr) {
        let begin = Expr { op: Op::Date(self.program.active.from), ty: Type::Date, optional: false, span };
        let first = self.rules_own_year(scope, 0, span).unwrap_or_else(|| edge(period, Edge::First, row_day(span)));
        let first = if period == Period::Program { begin } else { cut_first(first, begin, scope.early, span) };
        (self.within_life(scope, Edge::First, first), row_day(span))
    }

    /// In a rule for years of a party's own the first day of its year, or of one so many years later; none in others.
    pub(in crate::types) fn rules_own_year(&mut self, scope: &Scope, later: i64, span: Span) -> Option<Expr> {
        let Some(Stream::Periods(party, Period::OwnYear)) = scope.rule.as_ref().map(|rule| &rule.stream) else {
            return None;
        };
        let row = Op::Field { root: Root::Row, record: *party, path: Vec::new() };
        let row = Expr { op: row, ty: Type::Ref(*party), optional: false, span };
        let begins = self.own_year_from(&row, row_day(span), later);
        Some(begins.unwrap_or_else(|| broken("a year of no party's own")))
    }

    /// The first day of the own year of a party that holds a day, or of one so many years later; none where the party has no such.
    pub(in crate::types) fn own_year_from(&mut self, row: &Expr, day: Expr, later: i64) -> Option<Expr> {
        let (Op::Field { root, record, path }, Type::Ref(party)) = (&row.op, row.ty) else { return None };
        let field = self.program.record(party).own_year?;
        let (root, record, mut path) = (*root, *record, path.clone());
        path.push(field);
        self.mark_used(record, &path);
        let span = day.span;
        let date = |op| Expr { op, ty: Type::Date, optional: row.optional || day.optional, span };
        let from = date(Op::Field { root, record, path });
        let count = |op| Expr { op, ty: Type::Count, ..from.clone() };
        let mut years = count(Op::two(Function::OwnYear, from.clone(), day.clone()));
        if later != 0 {
            years = count(Op::two(Function::Add, years, count(Op::Number(Exact::from(later)))));
        }
        Some(Expr { op: Op::two(Function::AddTime(TimeUnit::Years), from.clone(), years), ..from })
    }

    /// A day that is not before the party's first, or not after its last; that of a rule per party and period.
    pub(in crate::types) fn within_life(&mut self, scope: &Scope, edge: Edge, day: Expr) -> Expr {
        let Some(Stream::Periods(party, _)) = scope.rule.as_ref().map(|rule| rule.stream.clone()) else { return day };
        let row = Expr {
            op: Op::Field { root: Root::Row, record: party, path: Vec::new() },
            ty: Type::Ref(party),
            ..day.clone()
        };
        let Some(limit) = self.day_of_life_of(&row, edge) else { return day };
        let (span, function) = (day.span, if edge == Edge::First { Function::Largest } else { Function::Smallest });
        let limit = if limit.optional {
            Expr { op: Op::IfUnknown(Box::new(limit), Box::new(day.clone())), ..day.clone() }
        } else {
            limit
        };
        Expr { op: Op::two(function, day, limit), ty: Type::Date, optional: false, span }
    }

    /// The first or last day of what a path leads to, which may be missing; none where its record has no such day.
    pub(in crate::types) fn day_of_life_of(&mut self, row: &Expr, edge: Edge) -> Option<Expr> {
        let (Op::Field { root, record, path }, Type::Ref(party)) = (&row.op, row.ty) else { return None };
        let life = self.program.record(party).life;
        let field = if edge == Edge::First { life.from } else { life.to }?;
        let (root, record, mut path) = (*root, *record, path.clone());
        path.push(field);
        self.mark_used(record, &path);
        let optional = row.optional || self.program.record(party).fields[field.index()].optional;
        // It is written at no place of the rule.
        Some(Expr { op: Op::Field { root, record, path }, ty: Type::Date, optional, span: Span::default() })
    }

    /// Whether a day is one of those on which a row lives, `None` where it always does.
    pub(in crate::types) fn lives_on(&mut self, row: &Expr, day: &Expr) -> Option<Expr> {
        let expr = |op| Expr { op, ty: Type::YesNo, optional: false, span: row.span };
        let mut conditions = Vec::new();
        for (edge, comparison) in [(Edge::First, Comparison::LessOrEqual), (Edge::Last, Comparison::GreaterOrEqual)] {
            let Some(limit) = self.day_of_life_of(row, edge) else { continue };
            let optional = limit.optional;
            let compared = Op::two(Function::Compare(comparison), limit, day.clone());
            let compared = Expr { optional, ..expr(compared) };
            let yes = Box::new(expr(Op::YesNo(true)));
            conditions.push(if optional { expr(Op::IfUnknown(Box::new(compared), yes)) } else { compared });
        }
        match conditions.len() {
            0 => None,
            1 => conditions.pop(),
            _ => Some(expr(Op::And(conditions))),
        }
    }

    /// `before this`: by the one order, in which rows of one day come in the order in which their events are declared, then by key.
    fn before_this(&mut self, rows: &Stream, span: Span, scope: &Scope) -> Option<Edges> {
        let Stream::Events(record) = *rows else {
            let message = "only rows of events come before one another within a day";
            let word = if let Stream::Lines(_, kind) = rows { kind.word() } else { "payment" };
            let help = format!("bound the day: where {word}.when < closed_on");
            self.problem(Problem::error("unknown-window", span, message).help(help));
            return None;
        };
        let stream = scope.rule.as_ref().map(|rule| rule.stream.clone());
        let by_date = scope.rule.as_ref().is_some_and(|rule| rule.by_date);
        match stream {
            Some(Stream::Events(own)) if own == record && by_date => {
                let message = "the rows of the rule come by another date, and those of the set by their `when`";
                let help = "bound the day: where closed_on < this.signed_on";
                self.problem(Problem::error("unknown-window", span, message).help(help));
                None
            }
            Some(Stream::Events(own)) if own == record => {
                let op = Op::Field { root: Root::Row, record: own, path: Vec::new() };
                let row = Expr { op, ty: Type::Ref(own), optional: false, span };
                Some(Edges { from: None, to: None, before: Some(row) })
            }
            Some(Stream::Events(own)) => {
                let timed = |id: RecordId| {
                    let record = self.program.record(id);
                    record.when.is_some_and(|when| record.fields[when.index()].has_time())
                };
                if timed(own) && timed(record) {
                    self.problem(later(span, Later::BeforeThisWithTimes));
                    return None;
                }
                // On one day the event comes first that is declared first.
                let to = if record < own { row_day(span) } else { days_after(row_day(span), -1) };
                Some(Edges { from: None, to: Some(to), before: None })
            }
            _ => {
                let message = "a period comes after all events of its days";
                self.problem(Problem::error("unknown-window", span, message).help("write: to date"));
                None
            }
        }
    }

    fn window_count(&mut self, count: Option<u32>, span: Span) -> Option<i64> {
        if count.is_none_or(|count| count > 1_000) {
            let message = "this counts whole periods, from 1 to 1,000";
            self.problem(Problem::error("unknown-window", span, message).help("write: last 12 months"));
            return None;
        }
        count.map(i64::from)
    }

    fn plural(&mut self, unit: &tree::Name) -> Option<Edges> {
        let message = format!("`{}` is one, and several are counted here", unit.text);
        let plural = format!("{}s", unit.text);
        self.problem(Problem::error("unknown-period", unit.span, message).sure(unit.span, plural));
        None
    }

    fn no_period<T>(&mut self, name: &tree::Name) -> Option<T> {
        self.problem(
            Problem::error("unknown-period", name.span, format!("`{}` is no period", name.text))
                .help("write day, week, half month, month, quarter, half or year"),
        );
        None
    }
}

/// The period of a word in the plural.
fn plural_period(word: &str) -> Option<Period> {
    let one = match word {
        "halves" => "half",
        word => word.strip_suffix('s').unwrap_or_default(),
    };
    Period::from_word(one).filter(|period| *period != Period::Program)
}

/// The day of the row that asks; in a rule per period its last.
fn row_day(span: Span) -> Expr {
    Expr { op: Op::When, ty: Type::Date, optional: false, span }
}

pub(in crate::types) fn edge(period: Period, edge: Edge, day: Expr) -> Expr {
    let (optional, span) = (day.optional, day.span);
    Expr { op: Op::one(Function::PeriodEdge(period, edge), day), ty: Type::Date, optional, span }
}

fn later_by(unit: TimeUnit, day: Expr, count: i64) -> Expr {
    let (optional, span) = (day.optional, day.span);
    let count = Expr { op: Op::Number(Exact::from(count)), ty: Type::Count, optional: false, span };
    Expr { op: Op::two(Function::AddTime(unit), day, count), ty: Type::Date, optional, span }
}

pub(in crate::types) fn days_after(day: Expr, count: i64) -> Expr {
    if count == 0 { day } else { later_by(TimeUnit::Days, day, count) }
}

fn months_after(day: Expr, count: i64) -> Expr {
    if count == 0 { day } else { later_by(TimeUnit::Months, day, count) }
}

/// The first day of the period so many before the one that holds a day.
pub(in crate::types) fn back(period: Period, day: Expr, count: i64) -> Expr {
    match period {
        Period::Day => days_after(day, -count),
        _ if count == 0 => edge(period, Edge::First, day),
        _ => back_by(period, Back::Periods(u32::try_from(count).unwrap_or(0)), day),
    }
}

pub(in crate::types) fn back_by(period: Period, back: Back, day: Expr) -> Expr {
    let (optional, span) = (day.optional, day.span);
    Expr { op: Op::one(Function::PeriodBack(period, back), day), ty: Type::Date, optional, span }
}

/// The first day of a rule's own period, not before the program's; a period before the program is whole, where a rule has such.
pub(in crate::types) fn cut_first(first: Expr, begin: Expr, is_early: bool, span: Span) -> Expr {
    let expr = |op, ty| Expr { op, ty, optional: false, span };
    let cut = expr(Op::two(Function::Largest, first.clone(), begin.clone()), Type::Date);
    if !is_early {
        return cut;
    }
    let before = expr(Op::two(Function::Compare(Comparison::Less), row_day(span), begin), Type::YesNo);
    expr(Op::If { branches: vec![(before, first)], otherwise: Box::new(cut) }, Type::Date)
}
