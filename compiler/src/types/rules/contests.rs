//! Contests: `ranked by`, `keep top` and the word `rank`.

use crate::plan::{Comparison, Expr, Function, Op, Period, Rank, Root, Stream, Ties, Type};
use crate::typed::{Clause, Fold, FoldFunction, inline};
use crate::types::Typing;
use crate::types::rules::Work;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind};

/// The ranking of a rule under way.
pub(super) struct Ranked {
    measure: Expr,
    ties: Ties,
    pub span: Span,
}

impl Typing<'_> {
    /// `ranked by X, share prizes`
    pub(super) fn ranked_by(&mut self, clause: &tree::Clause, pays: bool, scope: &mut Scope, work: &mut Work) {
        let ClauseKind::RankedBy { measure, ties, ties_span } = &clause.kind else { return };
        // What reads the rank says nothing of a ranking with a problem.
        scope.ranked = true;
        let party = match scope.rule.as_ref().map(|rule| &rule.stream) {
            Some(Stream::Periods(_, Period::OwnYear)) => {
                let message = "parties whose years begin on different days are not ranked among one another";
                let help = "rank them in a period of all: for each person per year";
                return self.problem(Problem::error("bad-contest", clause.span, message).help(help));
            }
            Some(Stream::Periods(party, _)) => *party,
            _ => {
                let message = "a contest is among parties, in a period";
                let help = "rank them in a rule per party and period: for each partner per quarter";
                return self.problem(Problem::error("bad-contest", clause.span, message).help(help));
            }
        };
        if let Some(first) = &work.ranked {
            let message = "a rule ranks once";
            let help = "two contests are two rules";
            let problem = Problem::error("duplicate-clause", clause.span, message).other(first.span, "the first one");
            return self.problem(problem.help(help));
        }
        let is_named = self.parameters.contains_key("rank") || self.resolved.first_setter("rank").is_some();
        if is_named || scope.lets.names.contains_key("rank") {
            let message = "`rank` is the place in the contest here, and something else has that name";
            return self
                .problem(Problem::error("bad-contest", clause.span, message).help("give that another name: place"));
        }
        if self.field_of(party, "rank").is_some() {
            let name = self.program.record(party).name.clone();
            let message = format!("`rank` is the place in the contest here, and {name} has a field of that name");
            let help = format!("give the field another name: `level text from \"rank\"` in `entity {name}`");
            return self.problem(Problem::error("bad-contest", clause.span, message).help(help));
        }
        let Some(value) = self.numeric(measure, scope) else { return };
        if self.of_one_unit(value.ty, value.span, "a measure is").is_none() {
            return;
        }
        let value = value.into_expr();
        if value.optional {
            return self.unknown_above(&value, "the measure");
        }
        let ties = match ties {
            Some(ties) => *ties,
            None if !pays => Ties::KeepRank,
            None => {
                let end = Span { start: clause.span.end, end: clause.span.end };
                let message = "what becomes of a tie?";
                let problem = Problem::error("bad-contest", clause.span, message)
                    .label("two parties with one measure have one rank")
                    .help("they share what their places are paid, the earliest comes first, or each is paid as of that rank")
                    .choice(end, ", share prizes")
                    .choice(end, ", to the earliest")
                    .choice(end, ", keep rank");
                return self.problem(problem);
            }
        };
        self.flush(scope, work);
        let completed = match ties {
            Ties::ToTheEarliest => match self.completed(&value, ties_span.unwrap_or(clause.span), scope) {
                Some(completed) => completed,
                None => return,
            },
            Ties::SharePrizes | Ties::KeepRank => Vec::new(),
        };
        work.ranked = Some(Ranked { measure: value.clone(), ties, span: clause.span });
        work.filters = true;
        work.clauses.push(Clause::Rank(Rank { measure: value, ties, completed, span: clause.span }));
    }

    /// The last rows of the events that a measure is made of.
    fn completed(&mut self, measure: &Expr, span: Span, scope: &Scope) -> Option<Vec<Expr>> {
        let mut folds: Vec<u32> = Vec::new();
        let mut others = false;
        inline(measure.clone(), &scope.lets).walk(&mut |expr| match &expr.op {
            Op::Fold(id) => folds.push(id.0),
            Op::Call(Function::Find { .. }, _) | Op::Decision { .. } => others = true,
            _ => {}
        });
        folds.sort_unstable();
        folds.dedup();
        let of: Vec<Fold> = folds.iter().map(|id| self.folds[*id as usize].clone()).collect();
        let adds = |fold: &Fold| matches!(fold.function, FoldFunction::Sum | FoldFunction::Count);
        let is_event = |fold: &Fold| matches!(fold.stream, Stream::Events(_)) && adds(fold);
        if others || of.is_empty() || !of.iter().all(is_event) {
            let message = "here it is not told which row completes the measure";
            let help = "rank by a sum or a count of rows of an event in the period, which belong to the party by one path, or say `share prizes`";
            self.problem(Problem::error("bad-contest", span, message).help(help));
            return None;
        }
        let mut completed = Vec::new();
        for fold in of {
            let Stream::Events(record) = fold.stream else { continue };
            let op = Op::Field { root: Root::Row, record, path: Vec::new() };
            let row = Expr { op, ty: Type::Ref(record), optional: false, span: Span::default() };
            let op = Op::Fold(crate::plan::FoldId(self.folds.len() as u32));
            self.folds.push(Fold { function: FoldFunction::Largest, value: Some(row), ..fold });
            completed.push(Expr { op, ty: Type::Ref(record), optional: true, span: Span::default() });
        }
        Some(completed)
    }

    /// `keep top N`
    pub(super) fn keep_top(&mut self, clause: &tree::Clause, most: &tree::Expr, scope: &mut Scope, work: &mut Work) {
        if scope.ranked && work.ranked.is_none() {
            return;
        }
        if work.ranks && !scope.ranked {
            let message = "`keep top` comes behind `ranked by`";
            return self.problem(Problem::error("bad-contest", clause.span, message).label("move this down"));
        }
        if work.ranked.is_none() {
            let message = "the top of what?";
            let help = "rank first: ranked by sum of deal.amount, share prizes";
            return self.problem(Problem::error("bad-contest", clause.span, message).help(help));
        }
        let Some(value) = self.numeric(most, scope) else { return };
        let whole = |number: &Exact| *number >= Exact::ONE && number.is_whole();
        match &value.op {
            Op::Number(number) if whole(number) && !value.ty.is_money() && value.ty != Type::Percent => {}
            _ => {
                let message = "how many are kept is a whole number that is written, or a parameter";
                return self.problem(Problem::error("bad-contest", most.span, message).help("write: keep top 10"));
            }
        }
        // The rank is told where the row is ranked.
        let rank = Expr { op: Op::Rank, ty: Type::Count, optional: false, span: Span::default() };
        let op = Op::two(Function::Compare(Comparison::LessOrEqual), rank, value.of_type(Type::Count).into_expr());
        work.clauses.push(Clause::Where(Expr { op, ty: Type::YesNo, optional: false, span: clause.span }));
    }

    /// The word `rank`, behind `ranked by`.
    pub(in crate::types) fn rank_of_row(&self, span: Span) -> Typed {
        Typed::new(Op::Rank, Type::Count, false, span)
    }

    /// What level rows share is what their places are paid, whoever they are.
    pub(super) fn shared_prizes(&mut self, scope: &Scope, work: &Work) {
        let Some(Ranked { measure, ties: Ties::SharePrizes, span }) = &work.ranked else { return };
        let (measure, span) = (measure.clone(), *span);
        let behind = work.clauses.iter().skip_while(|clause| !matches!(clause, Clause::Rank(_))).skip(1);
        let mut own: Option<Span> = None;
        for clause in behind {
            let value = match clause {
                Clause::Where(value) => value,
                Clause::Pay(pay) => &pay.amount,
                Clause::First(keys, _) => {
                    own = own.or(Some(keys.parts.first().map_or(span, |part| part.span)));
                    continue;
                }
                _ => continue,
            };
            own = own.or_else(|| {
                self.of_own_row(&inline(value.clone(), &scope.lets), &inline(measure.clone(), &scope.lets))
            });
        }
        if let Some(own) = own {
            let message = "this is of one party, and a prize that is shared hangs on the rank alone";
            let help = "pay by rank: pay partner prizes(rank), or say `keep rank` or `to the earliest`";
            self.problem(
                Problem::error("bad-contest", own, message).other(span, "level parties share prizes").help(help),
            );
        }
    }

    /// A contest acts on no balance: its rows are done once a period is over, not in the one order.
    pub(super) fn alone_in_contest(&mut self, version: &mut crate::typed::Version) {
        if !Self::acts_on_balances(version) {
            return;
        }
        let span = version.clauses.iter().find_map(|clause| match clause {
            Clause::Rank(rank) => Some(rank.span),
            _ => None,
        });
        let message = "a contest acts on no balance";
        let help = "set the rank here, and add or take in a rule that reads it";
        self.problem(Problem::error("bad-contest", span.unwrap_or(version.span), message).help(help));
    }

    /// Where an expression reads something of its row that level rows need not have in common.
    fn of_own_row(&self, value: &Expr, measure: &Expr) -> Option<Span> {
        if value.op == measure.op {
            return None;
        }
        let reads = match &value.op {
            Op::Field { .. }
            | Op::Fold(_)
            | Op::Decision { .. }
            | Op::Level { .. }
            | Op::Increment { .. }
            | Op::Balance(_)
            | Op::Taken(_) => true,
            Op::Call(Function::Find { .. }, operands) => {
                return operands.iter().find_map(|operand| self.of_own_row(operand, measure));
            }
            _ => false,
        };
        if reads {
            return Some(value.span);
        }
        value.op.children().into_iter().find_map(|child| self.of_own_row(child, measure))
    }
}
