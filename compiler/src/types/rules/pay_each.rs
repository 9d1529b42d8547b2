//! `pay each STEP above PATH up to N levels AMOUNT`: parties up a chain, each paid by itself.

use crate::plan::{Expr, Level, Op, Parties, Share, Spare, Type, UnitId};
use crate::typed::{self, When, extent};
use crate::types::Typing;
use crate::types::rules::Work;
use crate::types::scope::{Fact, Scope};
use crate::value::Exact;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, UnknownMeans, Way};

impl Typing<'_> {
    pub(super) fn pay_each(
        &mut self,
        way: &Way,
        amount: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        if self.chain_of(way).is_none() {
            return;
        }
        if let Some(ranked) = &work.ranked {
            let message = "a place in a contest is paid to whoever has it";
            let problem = Problem::error("bad-contest", span, message).other(ranked.span, "ranked here");
            return self
                .problem(problem.help("pay up the chain in a rule over these payments: for each payment from …"));
        }
        if let Some(taken) = work.taken {
            let message = "what is taken from a balance is paid to one party";
            let problem = Problem::error("bad-take", span, message).other(taken, "taken here");
            return self.problem(problem.help("pay it to one, or divide it: pay split got { … }"));
        }
        let (mut levels, mut unit): (Vec<Level>, Option<UnitId>) = (Vec::new(), None);
        for (number, path) in (1..).zip(way.paths()) {
            let Some(payee) = self.path(&path, scope) else { return };
            if self.party(&payee).is_none() {
                return;
            }
            let payee = payee.into_expr();
            // What is paid to somebody is worked out where there is one.
            let mut receiver = scope.clone();
            if let Op::Field { root, record, path } = &payee.op {
                let known = (1..=path.len()).map(|end| Fact::Field(*root, *record, path[..end].to_vec()));
                receiver.learn(known.collect());
            }
            receiver.each = Some((path, number));
            let value = self.numeric(amount, &mut receiver);
            scope.wanted.append(&mut receiver.wanted);
            let Some(value) = value else { return };
            if self.amount_of_money(&value, "what is paid", amount, &receiver).is_none() {
                return;
            }
            let Some((own, amount)) = self.amount_paid(value, None, unknown, scope, work) else { return };
            // A plain 0 is of any unit.
            if !matches!(&amount.op, Op::Number(zero) if *zero == Exact::ZERO) {
                unit = unit.or(Some(own));
            }
            levels.push(Level { payee, amount });
        }
        let unit = unit.unwrap_or(UnitId::CURRENCY);
        levels.iter_mut().for_each(|level| level.amount.ty = Type::Money(unit));
        if levels.iter().any(|level| extent(&level.amount, &scope.lets).adds_up) {
            let message = "what adds up for the row is no total of those up the chain";
            let help = "set it in a rule of its own, and pay each a share of that: set earned to …, or for each payment from …";
            return self.problem(Problem::error("bad-chain", amount.span, message).help(help));
        }
        work.unit = Some(unit);
        let nothing = Expr { op: Op::Number(Exact::ZERO), ty: Type::Money(unit), optional: false, span };
        let share = Share { parties: Parties::Levels(levels), spare: Spare::LargestFraction, base: None, span };
        work.clauses.push(typed::Clause::Pay(typed::Pay {
            payee: None,
            share: Some(share),
            amount: nothing,
            unit,
            take_back: false,
            when: When::Unsaid,
            span,
        }));
    }

    /// A chain has a number of levels that a path can have.
    pub(in crate::types) fn chain_of(&mut self, way: &Way) -> Option<()> {
        let Some(chain) = &way.chain else { return Some(()) };
        let most = limits::PATH.saturating_sub(way.path.parts.len());
        if chain.levels.is_some_and(|levels| levels as usize <= most) {
            return Some(());
        }
        let message = format!("a chain has from 1 to {most} levels");
        self.problem(Problem::error("over-limit", chain.levels_span, message).help("write: up to 2 levels"));
        None
    }
}
