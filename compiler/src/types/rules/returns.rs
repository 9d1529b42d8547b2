//! What a rule says of returns: `returns change nothing`, `returns within N days`, `returns take back what was paid`.

use crate::plan::{FieldId, Function, Op, Period, Reading, RecordId, Stream, Type};
use crate::resolve::later;
use crate::typed::{Version, exprs_of_version, walk};
use crate::types::Typing;
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
                self.problem(later(at, "a budget that is shared in proportion over rows by another date is"));
                None
            }
        }
    }

    /// In a rule whose periods a budget closes, sets that are found row by row would read rows as they are now.
    pub(super) fn closed_sets(&mut self, version: &mut Version) {
        if !version.folds.iter().any(|fold| fold.closed.is_some()) && self.resolved.budget_of(&version.name).is_none() {
            return;
        }
        if !matches!(version.stream, Stream::Periods(..)) || version.reading != Reading::Left {
            return;
        }
        let mut found = None;
        for expr in exprs_of_version(version) {
            walk(expr, &mut |expr| {
                if let Op::Call(Function::Find { search, .. }, _) = &expr.op
                    && let Some(record) = self.program.searches[search.index()].stream.event()
                    && self.program.record(record).returned(Reading::Left).is_some()
                {
                    found.get_or_insert(self.program.searches[search.index()].span);
                }
            });
        }
        if let Some(span) = found {
            self.problem(later(
                span,
                "in a rule whose payments are shared in proportion a set that is found row by row is",
            ));
        }
    }

    /// Whether a return takes back a share of what a rule paid for its row that is known.
    fn taken_back_by_share(&mut self, rule: &tree::Rule, stream: &Stream, at: Span) -> Option<()> {
        let wrong = |message: String, help: &str| Problem::error("bad-returns", at, message).help(help.to_owned());
        let record = match stream {
            Stream::Events(record) | Stream::ByDate(record, _) => *record,
            Stream::Periods(..) => {
                let message = "what was paid for a row can be taken back only in a rule over its event".to_owned();
                let help = "remove this: what a return changes comes back as a difference of the period";
                self.problem(wrong(message, help));
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

    fn taken_by_nobody(&mut self, record: RecordId, at: Span) {
        let name = self.program.record(record).name.clone();
        let message = format!("no event takes `{name}` back");
        let help = format!("say it of the event that does: {name} reverses");
        self.problem(Problem::error("bad-returns", at, message).help(help));
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
fn said(rule: &tree::Rule) -> Option<(Returns, Span)> {
    rule.clauses.iter().find_map(|clause| match clause.kind {
        ClauseKind::Returns(returns) => Some((returns, clause.span)),
        _ => None,
    })
}
