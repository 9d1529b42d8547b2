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

/// The place of `pay` and `take back`; what is added and limits are behind it.
const PAY: u8 = 3;
/// When it is due, directly behind what is paid.
const DUE: u8 = PAY + 1;
/// Limits, and what is added beside a payment: before them or behind.
const LIMIT: u8 = PAY + 2;
const ADD: u8 = LIMIT;
/// `hold until`, behind limits.
const HOLD: u8 = PAY + 3;
/// The word about returns, behind everything.
const RETURNS: u8 = PAY + 4;

impl Typing<'_> {
    /// Each clause has its place: `for each`, `active`, `where`, `let` and one `first per`, one `pay`, limits.
    pub(super) fn clause_order(&mut self, rule: &tree::Rule) {
        let mut last: Option<Last> = None;
        let mut before: Option<&Clause> = None;
        let mut first: Option<Span> = None;
        let (mut paid, mut added): (bool, Option<Span>) = (false, None);
        for clause in &rule.clauses {
            if let ClauseKind::FirstPer { .. } = clause.kind {
                match first {
                    Some(first) => self.twice(clause.span, "first per", first),
                    None => first = Some(clause.span),
                }
            }
            let found = place(clause);
            paid |= matches!(found, Some((PAY, _)));
            if matches!(clause.kind, ClauseKind::Add { .. }) {
                added = Some(clause.span);
            }
            let follows = matches!(
                clause.kind,
                ClauseKind::AtMost { .. }
                    | ClauseKind::AtMostPayments { .. }
                    | ClauseKind::AtLeast { .. }
                    | ClauseKind::Due { .. }
                    | ClauseKind::InParts { .. }
                    | ClauseKind::Hold { .. }
            );
            let limits = follows && !is_due(clause);
            if let (true, Some(added)) = (limits, added) {
                self.limit_behind_add(clause, added, paid, before);
            }
            match (found, last) {
                (None, Some(last)) if last.place >= PAY => {
                    self.problem(
                        Problem::error("clause-order", clause.span, "values are set before `pay`")
                            .label("move this up")
                            .other(last.span, "this comes last, but for limits"),
                    );
                }
                (None, _) => {}
                (Some((place, word)), None) => last = Some(Last { place, word, span: clause.span }),
                (Some((place, word)), Some(known)) => {
                    if follows && known.place < PAY {
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

    /// A limit behind an `add`: it bounds what is paid, and nothing else.
    fn limit_behind_add(&mut self, clause: &Clause, added: Span, paid: bool, before: Option<&Clause>) {
        let is_hold = matches!(clause.kind, ClauseKind::Hold { .. });
        if !paid {
            let what = if is_hold {
                "nothing is paid here that could be held"
            } else {
                "nothing is paid here that a limit could bound"
            };
            let help = if is_hold {
                "remove it"
            } else {
                "bound what is added, in brackets: add (1% of amount at most $15) to mdf"
            };
            self.problem(
                Problem::error("clause-order", clause.span, what).other(added, "what is added has no limit").help(help),
            );
        } else if !is_hold && before.is_some_and(|before| matches!(before.kind, ClauseKind::Add { .. })) {
            self.problem(
                Problem::warning("limit-behind-add", clause.span, "this limit bounds what is paid, not what is added")
                    .other(added, "added whole")
                    .help("write it directly behind the `pay`"),
            );
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
        } else if place == last.place && matches!(place, 0 | 1 | PAY | DUE | HOLD | RETURNS) {
            if place == DUE {
                self.problem(
                    Problem::error("two-dues", clause.span, "a rule says once when its payments are due")
                        .other(last.span, "said here first")
                        .help("remove one of them"),
                );
            } else if place == PAY {
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
        let what = match clause.kind {
            ClauseKind::Hold { .. } => "`hold until`",
            ClauseKind::Due { .. } => "`due`",
            ClauseKind::InParts { .. } => "`in parts`",
            _ => "a limit",
        };
        let problem = Problem::error("clause-order", clause.span, format!("{what} follows a `pay`"));
        self.problem(match before {
            Some(Clause { kind: ClauseKind::Where { .. }, span }) if !is_due(clause) => problem
                .label("part of the condition?")
                .other(*span, "the condition ends here")
                .help(format!("in a condition `{word}` is written `{sign}`")),
            _ => problem.label("nothing is paid before this").help("move it after `pay`"),
        });
    }
}

/// Whether it says when something is due.
fn is_due(clause: &Clause) -> bool {
    matches!(clause.kind, ClauseKind::Due { .. } | ClauseKind::InParts { .. })
}

/// Where a clause belongs, and its words; values may be anywhere before `pay`.
fn place(clause: &Clause) -> Option<(u8, &'static str)> {
    match clause.kind {
        ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } => Some((0, "for each")),
        ClauseKind::Active(_) => Some((1, "active")),
        ClauseKind::Where { .. } => Some((2, "where")),
        ClauseKind::FirstPer { .. } => Some((2, "first per")),
        ClauseKind::RankedBy { .. } => Some((2, "ranked by")),
        ClauseKind::KeepTop(_) => Some((2, "keep top")),
        ClauseKind::Pay { .. } => Some((PAY, "pay")),
        ClauseKind::PaySplit { .. } => Some((PAY, "pay split")),
        ClauseKind::PayEach { .. } => Some((PAY, "pay each")),
        ClauseKind::TakeBack { .. } => Some((PAY, "take back")),
        ClauseKind::Due { .. } => Some((DUE, "due")),
        ClauseKind::InParts { .. } => Some((DUE, "in parts")),
        ClauseKind::Add { .. } => Some((ADD, "add")),
        ClauseKind::AtMost { .. } | ClauseKind::AtMostPayments { .. } => Some((LIMIT, "at most")),
        ClauseKind::AtLeast { .. } => Some((LIMIT, "at least")),
        ClauseKind::Hold { .. } => Some((HOLD, "hold until")),
        ClauseKind::Returns(_) => Some((RETURNS, "returns")),
        ClauseKind::Let { .. } | ClauseKind::Set { .. } => None,
    }
}
