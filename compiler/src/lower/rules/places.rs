//! Each clause has its place in a rule.

use crate::lower::Lowering;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind};

impl Lowering<'_> {
    /// Each clause has its place: `for each`, `active`, `where` and `let`, `first per`, one `pay`, limits.
    pub(super) fn clause_order(&mut self, rule: &tree::Rule) {
        let rank = |clause: &Clause| match clause.kind {
            ClauseKind::ForEach { .. } | ClauseKind::ForEachPayment { .. } => Some((0, "for each")),
            ClauseKind::Active(_) => Some((1, "active")),
            ClauseKind::Where { .. } => Some((2, "where")),
            ClauseKind::FirstPer { .. } => Some((3, "first per")),
            ClauseKind::Pay { .. } => Some((4, "pay")),
            ClauseKind::TakeBack { .. } => Some((4, "take back")),
            ClauseKind::AtMost { .. } => Some((5, "at most")),
            ClauseKind::AtLeast { .. } => Some((5, "at least")),
            ClauseKind::Let { .. } | ClauseKind::Set { .. } | ClauseKind::Unsupported(_) => None,
        };
        let mut last: Option<(i32, &str, Span)> = None;
        for clause in &rule.clauses {
            let paid = last.is_some_and(|(rank, ..)| rank >= 4);
            if let (true, ClauseKind::Let { .. } | ClauseKind::Set { .. }) = (paid, &clause.kind) {
                let span = last.map_or(clause.span, |(_, _, span)| span);
                self.problem(
                    Problem::error("clause-order", clause.span, "values are set before `pay`")
                        .other(span, "this comes last, but for limits"),
                );
            }
            let Some((place, word)) = rank(clause) else { continue };
            if let Some((before, other, span)) = last {
                if place < before {
                    let message = format!("`{word}` comes before `{other}`");
                    self.problem(
                        Problem::error("clause-order", clause.span, message)
                            .label("move this up")
                            .other(span, format!("`{other}` stands here")),
                    );
                } else if place == before && matches!(place, 0 | 1 | 3 | 4) {
                    let message =
                        if place == 4 { "a rule pays once".to_owned() } else { format!("a rule has one `{word}`") };
                    let mut problem =
                        Problem::error("duplicate-clause", clause.span, message).other(span, "the first one");
                    if place == 4 {
                        problem = problem.help("two payments are two rules");
                    }
                    self.problem(problem);
                }
            }
            last = Some((last.map_or(place, |(before, ..)| before.max(place)), word, clause.span));
        }
        let limit = rule
            .clauses
            .iter()
            .find(|clause| matches!(clause.kind, ClauseKind::AtMost { .. } | ClauseKind::AtLeast { .. }));
        let pays = rule
            .clauses
            .iter()
            .any(|clause| matches!(clause.kind, ClauseKind::Pay { .. } | ClauseKind::TakeBack { .. }));
        if let (Some(limit), false) = (limit, pays) {
            self.problem(Problem::error("clause-order", limit.span, "a limit follows a `pay`"));
        }
    }
}
