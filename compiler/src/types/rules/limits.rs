//! Limits: `at most` and `at least`.

use crate::plan::{Expr, Op, Period, Root, Stream, Type, UnitId};
use crate::typed::{Clause, Keys, Limit};
use crate::types::Typing;
use crate::types::later::{Later, later};
use crate::types::rules::Work;
use crate::types::scope::{RuleScope, Scope};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    pub(super) fn limit(
        &mut self,
        amount: &tree::Expr,
        per: &[tree::Path],
        floor: bool,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(value) = self.limit_amount(amount, scope, work) else { return };
        self.flush(scope, work);
        let Some(rule) = scope.rule.clone() else { return };
        let Some(keys) = self.keys_of_limit(per, span, floor, scope) else { return };
        let is_each = keys.parts.is_empty() && keys.period.is_none() && !keys.payee;
        let pay = work.clauses.iter().find_map(|clause| if let Clause::Pay(pay) = clause { Some(pay) } else { None });
        if let Some(pay) = pay.filter(|pay| floor && pay.is_chain()) {
            let message = "a guarantee is of one payment, and here several are made";
            let problem = Problem::error("bad-limit", span, message).other(pay.span, "each of these is paid by itself");
            return self.problem(problem.help("write it into the amount: (5% of amount at least $10)"));
        }
        if floor || !is_each {
            let unit = work.unit.unwrap_or(UnitId::CURRENCY);
            if self.of_one_unit(Type::Money(unit), span, "what a limit adds up is").is_none() {
                return;
            }
        }
        let limit = match (floor, is_each) {
            (false, true) => Limit::Each(value),
            (false, false) => Limit::AtMost(value, keys),
            (true, _) => {
                let Some(period) = self.guaranteed_period(&rule, &keys, &value, span) else { return };
                Limit::AtLeast(value, keys, period)
            }
        };
        work.clauses.push(Clause::Limit(limit));
    }

    /// `at most N payments per K per P`
    pub(super) fn most_payments(
        &mut self,
        most: &tree::Expr,
        per: &[tree::Path],
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(value) = self.numeric(most, scope) else { return };
        let whole = |number: &Exact| *number >= Exact::ZERO && number.is_whole();
        match &value.op {
            Op::Number(number) if whole(number) && !value.ty.is_money() && value.ty != Type::Percent => {}
            _ => {
                let message = "how many payments is a whole number that is written, or a parameter";
                return self.problem(Problem::error("bad-limit", most.span, message).help("write: at most 6 payments"));
            }
        }
        let Some(keys) = self.keys_of_limit(per, span, false, scope) else { return };
        if keys.parts.is_empty() && keys.period.is_none() && !keys.payee {
            let end = Span { start: span.end, end: span.end };
            let problem = Problem::error("bad-key", span, "how many payments of whom?")
                .help("write whose payments are counted, and in which time: per payee per year")
                .choice(end, " per payee per year");
            return self.problem(problem);
        }
        work.clauses.push(Clause::Limit(Limit::Payments(value.into_expr(), keys)));
    }

    /// What a limit is per: fields of the row, or whoever is paid.
    fn keys_of_limit(&mut self, per: &[tree::Path], span: Span, floor: bool, scope: &mut Scope) -> Option<Keys> {
        let of_payee = |path: &tree::Path| matches!(&path.parts[..], [only] if only.text == "payee");
        let payee = per.iter().find(|path| of_payee(path) && !self.names_something(&path.parts[0], scope));
        let Some(payee) = payee else {
            let keys = self.keys(per, scope)?;
            return self.not_shorter(span, &keys, floor, scope).map(|()| keys);
        };
        let others: Vec<tree::Path> = per.iter().filter(|path| *path != payee).cloned().collect();
        let keys = Keys { payee: true, ..self.keys(&others, scope)? };
        if floor {
            let message = "a guarantee is per the party of its rule, also where nobody is paid";
            self.problem(
                Problem::error("bad-key", payee.span, message).help("write: at least $1,000 per partner per year"),
            );
            return None;
        }
        if !keys.parts.is_empty() {
            let message = "a limit per payee has no other key beside its period";
            let help = "write two limits, one of them per payee";
            self.problem(Problem::error("bad-key", payee.span, message).help(help));
            return None;
        }
        self.not_shorter(span, &keys, floor, scope).map(|()| keys)
    }

    /// The period of a limit is no shorter than that of its rule.
    fn not_shorter(&mut self, span: Span, keys: &Keys, floor: bool, scope: &Scope) -> Option<()> {
        if let (Some(Stream::Periods(_, own)), Some(period), false) =
            (scope.rule.as_ref().map(|rule| &rule.stream), keys.period, floor)
            && period < *own
        {
            let message = format!("the rule runs per {}, its limit cannot be per {}", own.word(), period.word());
            let help = match own {
                Period::OwnYear => "write: per program, or per the same year from its date".to_owned(),
                own => format!("write: per {}", own.word()),
            };
            self.problem(Problem::error("unknown-period", span, message).help(help));
            return None;
        }
        Some(())
    }

    /// A limit is an amount of what the rule pays, there for every row, and not below zero.
    fn limit_amount(&mut self, amount: &tree::Expr, scope: &mut Scope, work: &Work) -> Option<Expr> {
        let value = self.numeric(amount, scope)?;
        // An amount with a problem of its own has no unit to hold the limit against.
        if work.unit.is_none() && value.ty.is_money() {
            return None;
        }
        let unit = work.unit.unwrap_or(UnitId::CURRENCY);
        if value.ty != Type::Money(unit) {
            let wanted = self.type_words(Type::Money(unit));
            let message = format!("a limit of this rule is {wanted}, not {}", self.type_words(value.ty));
            if self.program.unit(unit).by_row.is_some() {
                let help = "write a share of it, such as at most 50% of amount, or convert the amount that is paid";
                self.problem(Problem::error("currency-mismatch", value.span, message).help(help));
                return None;
            }
            self.problem(match &value.op {
                Op::Number(number) if value.literal && value.ty != Type::Percent => {
                    let written = self.amount_text(number, unit);
                    Problem::error("not-money", value.span, message)
                        .help(format!("write an amount, such as at most {written}"))
                        .choice(value.span, written)
                }
                _ => {
                    let written = self.amount_text(&Exact::from(500), unit);
                    let help = format!("write an amount, such as at most {written}");
                    Problem::error("not-money", value.span, message).help(help)
                }
            });
            return None;
        }
        let value = value.into_expr();
        if value.optional {
            self.unknown_not_handled(&value, "this limit");
            return None;
        }
        if matches!(&value.op, Op::Number(number) if *number < Exact::ZERO) {
            let mut problem = Problem::error("negative-limit", value.span, "a limit is not below zero")
                .help("write the amount without a minus");
            if matches!(&amount.kind, tree::ExprKind::Money { amount, .. } if amount.starts_with('-')) {
                let sign = Span { start: amount.span.start, end: amount.span.start + 1 };
                problem = problem.choice(sign, "");
            }
            self.problem(problem);
            return None;
        }
        Some(value)
    }

    /// A guarantee is per the entity of its rule and a period no shorter than the rule's.
    fn guaranteed_period(&mut self, rule: &RuleScope, keys: &Keys, amount: &Expr, span: Span) -> Option<Period> {
        let Stream::Periods(entity, own) = rule.stream else {
            let message = "a guarantee belongs to a rule per entity and period";
            let bound = self.written(amount.span);
            let help = format!(
                "for a guarantee write the rule as: for each partner per quarter; for a threshold write a condition: where amount >= \
                 {bound}; for the least that one row pays: pay rep (2% of amount at least {bound})"
            );
            self.problem(Problem::error("guarantee-per-event", span, message).help(help));
            return None;
        };
        if own == Period::OwnYear {
            self.problem(later(span, Later::GuaranteeOfOwnYears));
            return None;
        }
        let name = self.program.record(entity).name.clone();
        let Some(period) = keys.period else {
            let bound = self.in_one_line(amount.span);
            let end = Span { start: span.end, end: span.end };
            self.problem(
                Problem::error("missing-period", span, format!("is {bound} a threshold or a guarantee?"))
                    .label("a guarantee is paid to whoever has less, also to those with nothing")
                    .help(format!(
                        "for a threshold write a condition above the `pay`: where (sum of deal.amount) >= {bound}; for a \
                         guarantee its period: at least {bound} per {name} per {}",
                        own.word()
                    ))
                    .choice(end, format!(" per {name} per {}", own.word())),
            );
            return None;
        };
        let row = |part: &Expr| matches!(&part.op, Op::Field { root: Root::Row, path, .. } if path.is_empty());
        if keys.parts.len() != 1 || !keys.parts.iter().all(row) {
            self.problem(
                Problem::error("bad-key", span, format!("the guarantee of this rule is per {name}"))
                    .help(format!("write: at least $1,000 per {name} per {}", period.word())),
            );
            return None;
        }
        if period < own {
            let message = format!("the rule runs per {}, its guarantee cannot be per {}", own.word(), period.word());
            let help = format!("write: per {}", own.word());
            self.problem(Problem::error("unknown-period", span, message).help(help));
            return None;
        }
        Some(period)
    }
}
