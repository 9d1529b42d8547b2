//! What a rule says of returns: `returns change nothing`, `returns within N days`, `returns take back what was paid`, `returns take back
//! what was added`.

use crate::plan::{FieldId, Function, Op, Period, Reading, RecordId, RecordKind, Stream, Type};
use crate::typed::{Version, exprs_of_version, walk};
use crate::types::Typing;
use crate::types::later::{Later, later};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind, Returns};

/// No return comes so late.
const MOST_DAYS: u32 = 36_525;

impl Typing<'_> {
    /// As what a rule reads its rows, and whether returns take back what was paid for them. None where it says something that cannot be.
    pub(super) fn returns(&mut self, rule: &tree::Rule, stream: &Stream) -> Option<(Reading, bool)> {
        let Some((returns, at)) = said(rule) else {
            // What a budget has shared out stays so.
            let budget = self.resolved.budget_of(&rule.name.text);
            return budget.map_or(Some((Reading::Left, false)), |period| self.until_its_end(rule, stream, period));
        };
        if let Some(stood) = self.folds.iter().find_map(|fold| fold.stood) {
            let message = "the rule says how its sets read rows that are returned, and this says it otherwise";
            self.problem(Problem::error("unexpected", stood, message).other(at, "said here").sure(stood, ""));
            return None;
        }
        match returns {
            Returns::ChangeNothing => Some((Reading::Reported, false)),
            Returns::Within(days) => {
                let Some(days) = days.filter(|days| *days <= MOST_DAYS) else {
                    let message = "returns count for a whole number of days, from 1 to 36,525";
                    self.problem(Problem::error("bad-returns", at, message).help("write: returns within 90 days"));
                    return None;
                };
                if let Stream::Events(record) | Stream::ByDate(record, _) = stream
                    && self.takers(*record).is_empty()
                {
                    self.taken_by_nobody(*record, at);
                    return None;
                }
                Some((Reading::Within(days), false))
            }
            Returns::TakeBackPaid => {
                self.taken_back_by_share(rule, stream, at)?;
                Some((Reading::Reported, true))
            }
            Returns::TakeBackAdded => {
                self.added_again(rule, stream, at)?;
                Some((Reading::Left, false))
            }
        }
    }

    /// As what a rule reads its rows whose payments are shared in proportion.
    fn until_its_end(&mut self, rule: &tree::Rule, stream: &Stream, period: Period) -> Option<(Reading, bool)> {
        match stream {
            Stream::Events(_) => Some((Reading::AtEnd(period), false)),
            Stream::Periods(..) => {
                self.folds.iter_mut().for_each(|fold| fold.closed = Some(period));
                Some((Reading::Left, false))
            }
            Stream::Lines(..) => Some((Reading::Left, false)),
            Stream::ByDate(..) => {
                let at = rule.clauses.iter().find(|clause| matches!(clause.kind, ClauseKind::AtMost { .. }));
                let at = at.map_or(rule.name.span, |clause| clause.span);
                self.problem(later(at, Later::BudgetByDate));
                None
            }
        }
    }

    /// Whether a set of a record that is found row by row would read other rows than the period closed with: rows that were returned, or,
    /// where the rule is done again as of later days, rows of these days.
    fn is_read_anew(&self, record: RecordId, adds_again: bool) -> bool {
        let record = self.program.record(record);
        record.returned(Reading::Left).is_some()
            || adds_again && record.kind == RecordKind::Event && record.spans.is_none()
    }

    /// In a rule whose periods are closed, sets that are found row by row would read rows as they are now.
    pub(super) fn closed_sets(&mut self, version: &mut Version) {
        let in_budget =
            version.folds.iter().any(|fold| fold.closed.is_some()) || self.resolved.budget_of(&version.name).is_some();
        if !in_budget && !version.adds_again {
            return;
        }
        if !matches!(version.stream, Stream::Periods(..)) || version.reading != Reading::Left {
            return;
        }
        let (mut found, adds_again) = (None, version.adds_again);
        for expr in exprs_of_version(version) {
            walk(expr, &mut |expr| {
                if let Op::Call(Function::Find { search, .. }, _) = &expr.op
                    && let Some(record) = self.program.searches[search.index()].stream.event()
                    && self.is_read_anew(record, adds_again)
                {
                    found.get_or_insert(self.program.searches[search.index()].span);
                }
            });
        }
        if let Some(span) = found {
            let what = match adds_again {
                true => Later::AgainRowByRow,
                false => Later::ProRataRowByRow,
            };
            self.problem(later(span, what));
        }
    }

    /// Whether a return takes back a share of what a rule paid for its row that is known.
    fn taken_back_by_share(&mut self, rule: &tree::Rule, stream: &Stream, at: Span) -> Option<()> {
        let wrong = |message: String, help: &str| Problem::error("bad-returns", at, message).help(help.to_owned());
        let record = match stream {
            Stream::Events(record) | Stream::ByDate(record, _) => *record,
            Stream::Periods(..) => {
                let adds = rule.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Add { .. }));
                let problem = if adds && !rule.clauses.iter().any(|clause| clause.kind.pays()) {
                    let written = "returns take back what was added";
                    Problem::error("bad-returns", at, "this rule adds to a balance and pays nothing".to_owned())
                        .help(format!("write: {written}"))
                        .choice(at, written)
                } else {
                    let message = "what was paid for a row can be taken back only in a rule over its event".to_owned();
                    wrong(message, "remove this: what a return changes comes back as a difference of the period")
                };
                self.problem(problem);
                return None;
            }
            Stream::Lines(..) => {
                let message = "this belongs to the rule whose payments these are".to_owned();
                self.problem(wrong(message, "say it there: what is taken back are payments of that rule too"));
                return None;
            }
        };
        let pays = |clause: &tree::Clause| clause.kind.pays();
        if !rule.clauses.iter().any(pays) {
            self.problem(wrong("this rule pays nothing that could be taken back".to_owned(), "remove this"));
            return None;
        }
        let takers = self.takers(record);
        if takers.is_empty() {
            self.taken_by_nobody(record, at);
            return None;
        }
        let mut by_number = takers.iter().filter_map(|(taker, first)| Some((taker, (*first)?)));
        if let Some((taker, first)) = by_number.next()
            && let Some((other, other_first)) = by_number.find(|(_, other)| *other != first)
        {
            let number = |field: FieldId| &self.program.record(record).fields[field.index()].name;
            let message = format!(
                "`{taker}` takes `{}` off first and `{other}` takes `{}`: which share of a payment is that?",
                number(first),
                number(other_first)
            );
            let help = format!("let both name the same number first, such as: reverses by {}", number(first));
            self.problem(wrong(message, &help));
            return None;
        }
        Some(())
    }

    /// Whether what a rule adds for a period can be worked out again as returns come: it does nothing but add, and of what it reads
    /// some is taken back.
    fn added_again(&mut self, rule: &tree::Rule, stream: &Stream, at: Span) -> Option<()> {
        let wrong = |message: String, help: &str| Problem::error("bad-returns", at, message).help(help.to_owned());
        if !matches!(stream, Stream::Periods(..)) {
            let message = "what was added is taken back in a rule per party and period".to_owned();
            let help = "remove this, and let a rule over the returns say what they change: add -2% of amount to mdf of deal.partner";
            self.problem(wrong(message, help));
            return None;
        }
        if !rule.clauses.iter().any(|clause| matches!(clause.kind, ClauseKind::Add { .. })) {
            self.problem(wrong("this rule adds nothing that could be taken back".to_owned(), "remove this"));
            return None;
        }
        let other = rule.clauses.iter().find(|clause| {
            let first = matches!(clause.kind, ClauseKind::FirstPer { .. } | ClauseKind::Set { .. });
            first || clause.kind.pays()
        });
        let takes = rule.clauses.iter().find(|clause| match &clause.kind {
            ClauseKind::Let { value, .. } => value.has(&|expr| matches!(expr.kind, tree::ExprKind::TakeFrom { .. })),
            _ => false,
        });
        let asks = rule.clauses.iter().find(|clause| match &clause.kind {
            ClauseKind::Let { value, .. }
            | ClauseKind::Where { condition: value, .. }
            | ClauseKind::Add { amount: value, .. } => {
                value.has(&|expr| matches!(expr.kind, tree::ExprKind::BalanceOf { .. }))
            }
            _ => false,
        });
        if let Some(clause) = other.or(takes) {
            let message = "a rule of which returns take back what was added does nothing but add";
            let problem =
                Problem::error("bad-returns", clause.span, message).other(at, "it is worked out again for each return");
            self.problem(problem.help("make two rules of it"));
            return None;
        }
        if let Some(clause) = asks {
            let message = "what is on a balance changes from day to day, and this is worked out again for each return";
            let problem = Problem::error("bad-returns", clause.span, message).other(at, "said here");
            self.problem(problem.help("add what does not hang on a balance"));
            return None;
        }
        if !self.totals.is_empty() {
            let message =
                "what adds up or runs from period to period is worked out once, and not again for each return"
                    .to_owned();
            self.problem(wrong(message, "add what each period comes to by itself"));
            return None;
        }
        let records: Vec<RecordId> = self.folds.iter().filter_map(|fold| fold.stream.event()).collect();
        // Of sets that are found row by row it is said later that they cannot be.
        if !records.is_empty() && !records.iter().any(|record| !self.takers(*record).is_empty()) {
            let message = "no event takes rows of the sets of this rule back".to_owned();
            let help = self.how_to_take_back(&records);
            self.problem(wrong(message, &help));
            return None;
        }
        Some(())
    }

    fn taken_by_nobody(&mut self, record: RecordId, at: Span) {
        let name = self.program.record(record).name.clone();
        let message = format!("no event takes `{name}` back");
        let help = format!("say it of the event that does: {name} reverses");
        self.problem(Problem::error("bad-returns", at, message).help(help));
    }

    /// How it is said that an event which refers to rows of these records takes them back.
    fn how_to_take_back(&self, records: &[RecordId]) -> String {
        for event in self.program.records.iter().filter(|record| record.kind == RecordKind::Event) {
            let refers =
                |field: &&crate::plan::Field| matches!(field.ty, Type::Ref(target) if records.contains(&target));
            if let Some(field) = event.fields.iter().find(refers) {
                return format!(
                    "say it of the event that does, in it or beside it: extend {} {{ {} reverses }}; or remove this",
                    event.name, field.name
                );
            }
        }
        "say it of the event that does: deal reverses; or remove this, and what was added stays so".to_owned()
    }

    /// The events that take rows of a record back, with the number that each takes off first; none where that is the whole row.
    fn takers(&self, record: RecordId) -> Vec<(String, Option<FieldId>)> {
        let takes = |taker: &crate::plan::Record| {
            let reverses = taker.reverses.as_ref()?;
            let is_of = taker.fields[reverses.row.index()].ty == Type::Ref(record);
            is_of.then(|| (taker.name.clone(), reverses.takes.first().map(|(_, of)| *of)))
        };
        let of_sets = self.set_reversals.iter().filter(|(_, target, _)| *target == record);
        let of_sets = of_sets.map(|(taker, ..)| (self.program.record(*taker).name.clone(), None));
        self.program.records.iter().filter_map(takes).chain(of_sets).collect()
    }

    /// What was added to a balance or taken from it stays so.
    pub(super) fn returns_beside_balances(&mut self, rule: &tree::Rule, version: &Version) {
        let over_events = !matches!(version.stream, Stream::Periods(..));
        if let Some((Returns::Within(_) | Returns::TakeBackPaid, at)) = said(rule)
            && over_events
        {
            let message = "in a rule over events that adds to a balance or takes from it returns change nothing";
            let help = "remove this, and let a rule over the returns add or pay what they change";
            self.problem(Problem::error("bad-returns", at, message).help(help));
        }
    }
}

/// What a rule says of returns, and where.
pub(super) fn said(rule: &tree::Rule) -> Option<(Returns, Span)> {
    rule.clauses.iter().find_map(|clause| match clause.kind {
        ClauseKind::Returns(returns) => Some((returns, clause.span)),
        _ => None,
    })
}
