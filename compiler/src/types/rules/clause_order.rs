//! Each clause has its place in a rule.

use crate::types::Typing;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind};

/// The clause that is furthest down so far.
#[derive(Clone, Copy)]
struct Last {
    place: u8,
    word: &'static str,
    span: Span,
}

/// The place of `pay` and `take back`; limits are behind it.
const PAY: u8 = 3;
/// The place of the word about returns, behind everything.
const LIMIT: u8 = PAY + 1;
/// `hold until`, behind limits.
const HOLD: u8 = PAY + 2;
const RETURNS: u8 = PAY + 3;

impl Typing<'_> {
    /// Each clause has its place: `for each`, `active`, `where`, `let` and one `first per`, one `pay`, limits.
    pub(super) fn clause_order(&mut self, rule: &tree::Rule) {
        let mut last: Option<Last> = None;
        let mut before: Option<&Clause> = None;
        let mut first: Option<Span> = None;
        for clause in &rule.clauses {
            if let ClauseKind::FirstPer { .. } = clause.kind {
                match first {
                    Some(first) => self.twice(clause.span, "first per", first),
                    None => first = Some(clause.span),
                }
            }
            match (place(clause), last) {
                (None, Some(last)) if last.place >= PAY && !matches!(clause.kind, ClauseKind::Unsupported(_)) => {
                    self.problem(
                        Problem::error("clause-order", clause.span, "values are set before `pay`")
                            .label("move this up")
                            .other(last.span, "this comes last, but for limits"),
                    );
                }
                (None, _) => {}
                (Some((place, word)), None) => last = Some(Last { place, word, span: clause.span }),
                (Some((place, word)), Some(known)) => {
                    if matches!(place, LIMIT | HOLD) && known.place < PAY {
                        self.early_limit(clause, before);
                    } else {
                        self.after(clause, place, word, known);
                        last = Some(Last { place: place.max(known.place), word, span: clause.span });
                    }
                }
            }
            before = Some(clause);
        }
    }

    /// A clause that is behind another which comes later, or for the second time.
    fn after(&mut self, clause: &Clause, place: u8, word: &'static str, last: Last) {
        if place < last.place {
            let message = format!("`{word}` comes before `{}`", last.word);
            self.problem(
                Problem::error("clause-order", clause.span, message)
                    .label("move this up")
                    .other(last.span, format!("`{}` is here", last.word)),
            );
        } else if place == last.place && matches!(place, 0 | 1 | PAY | HOLD | RETURNS) {
            if place == PAY {
                self.problem(
                    Problem::error("duplicate-clause", clause.span, "a rule pays once")
                        .other(last.span, "the first one")
                        .help("two payments are two rules"),
                );
            } else {
                self.twice(clause.span, word, last.span);
            }
        }
    }

    fn twice(&mut self, span: Span, word: &str, first: Span) {
        self.problem(
            Problem::error("duplicate-clause", span, format!("a rule has one `{word}`"))
                .other(first, "the first one")
                .help("remove one of them"),
        );
    }

    /// A limit before anything is paid; behind a `where` it was most likely meant as part of the condition.
    fn early_limit(&mut self, clause: &Clause, before: Option<&Clause>) {
        let (word, sign) =
            if matches!(clause.kind, ClauseKind::AtLeast { .. }) { ("at least", ">=") } else { ("at most", "<=") };
        let what = if matches!(clause.kind, ClauseKind::Hold { .. }) { "`hold until`" } else { "a limit" };
        let problem = Problem::error("clause-order", clause.span, format!("{what} follows a `pay`"));
        self.problem(match before {
            Some(Clause { kind: ClauseKind::Where { .. }, span }) => problem
                .label("part of the condition?")
                .other(*span, "the condition ends here")
                .help(format!("in a condition `{word}` is written `{sign}`")),
            _ => problem.label("nothing is paid before this").help("move it after `pay`"),
        });
    }
}

/// Where a clause belongs, and its words; values may be anywhere before `pay`.
fn place(clause: &Clause) -> Option<(u8, &'static str)> {
    match clause.kind {
        ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } => Some((0, "for each")),
        ClauseKind::Active(_) => Some((1, "active")),
        ClauseKind::Where { .. } => Some((2, "where")),
        ClauseKind::FirstPer { .. } => Some((2, "first per")),
        ClauseKind::Pay { .. } => Some((PAY, "pay")),
        ClauseKind::PaySplit { .. } => Some((PAY, "pay split")),
        ClauseKind::TakeBack { .. } => Some((PAY, "take back")),
        ClauseKind::AtMost { .. } | ClauseKind::AtMostPayments { .. } => Some((LIMIT, "at most")),
        ClauseKind::AtLeast { .. } => Some((LIMIT, "at least")),
        ClauseKind::Hold { .. } => Some((HOLD, "hold until")),
        ClauseKind::ReturnsChangeNothing => Some((RETURNS, "returns")),
        ClauseKind::Let { .. } | ClauseKind::Set { .. } | ClauseKind::Unsupported(_) => None,
    }
}
