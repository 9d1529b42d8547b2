//! What a rule says of returns: `returns change nothing`, `returns within N days`, `returns take back what was paid`.

use crate::plan::{FieldId, Reading, RecordId, Stream, Type};
use crate::typed::Version;
use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind, Returns};

/// No return comes so late.
const MOST_DAYS: u32 = 36_525;

impl Typing<'_> {
    /// As what a rule reads its rows, and whether returns take back what was paid for them. None where it says something that cannot be.
    pub(super) fn returns(&mut self, rule: &tree::Rule, stream: &Stream) -> Option<(Reading, bool)> {
        let Some((returns, at)) = said(rule) else { return Some((Reading::Left, false)) };
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
                Some((Reading::Within(days), false))
            }
            Returns::TakeBackPaid => {
                self.taken_back_by_share(rule, stream, at)?;
                Some((Reading::Reported, true))
            }
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
        let pays = |clause: &tree::Clause| {
            matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::PaySplit { .. } | ClauseKind::TakeBack { .. })
        };
        if !rule.clauses.iter().any(pays) {
            self.problem(wrong("this rule pays nothing that could be taken back".to_owned(), "remove this"));
            return None;
        }
        let name = self.program.record(record).name.clone();
        let takers = self.takers(record);
        if takers.is_empty() {
            let message = format!("no event takes `{name}` back");
            let help = format!("say it of the event that does: {name} reverses");
            self.problem(wrong(message, &help));
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
            let help = "let both name the same number first: reverses by amount, quantity";
            self.problem(wrong(message, help));
            return None;
        }
        Some(())
    }

    /// The events that take rows of a record back, with the number that each takes off first; none where that is the whole row.
    fn takers(&self, record: RecordId) -> Vec<(String, Option<FieldId>)> {
        let takes = |taker: &crate::plan::Record| {
            let reverses = taker.reverses.as_ref()?;
            let is_of = taker.fields[reverses.row.index()].ty == Type::Ref(record);
            is_of.then(|| (taker.name.clone(), reverses.takes.first().map(|(_, of)| *of)))
        };
        self.program.records.iter().filter_map(takes).collect()
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
