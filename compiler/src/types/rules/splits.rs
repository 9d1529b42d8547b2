//! `pay split`: an amount that is divided among listed or found parties.

use crate::plan::{
    Expr, FindFunction, Function, Model, Op, Part, Parties, RecordKind, Share, Spare, Stream, Take, To, Type, UnitId,
};
use crate::typed;
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::rules::Work;
use crate::types::scope::{Scope, Typed};
use crate::value::{Exact, exact_text};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CreditModel, ExprKind, SplitPart, SplitTake, SplitTo, UnknownMeans};

/// The longest time in which a weight is halved: ten years.
const MOST_DAYS: u32 = 3_660;

impl Typing<'_> {
    #[expect(clippy::too_many_arguments, reason = "the parts of the clause, and where it stands")]
    pub(super) fn split(
        &mut self,
        amount: &tree::Expr,
        parties: &tree::Parties,
        spare: Option<Spare>,
        unknown: Option<&UnknownMeans>,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let value = self.numeric(amount, scope);
        let Some(value) = value.filter(|value| self.amount_of_money(value, "what is paid", amount, scope).is_some())
        else {
            return;
        };
        let unit = value.ty.unit().unwrap_or(UnitId::CURRENCY);
        let Some(base) = self.base(amount, &value, scope) else { return };
        let parties = match parties {
            tree::Parties::Listed(parts) => {
                self.listed(parts, unit, span, scope).map(|parts| (Parties::Listed(parts), None))
            }
            tree::Parties::Found { set, model, payee } => {
                let found = self.among(set, model, payee, unit, span, scope);
                found.map(|(payee, by)| (Parties::Found { payee, by }, Some(base)))
            }
        };
        let Some((unit, amount)) = self.amount_paid(value, None, unknown, scope, work) else { return };
        let Some((parties, base)) = parties else { return };
        let spare = spare.unwrap_or(Spare::LargestFraction);
        let share = Some(Share { parties, spare, base, span });
        work.clauses.push(typed::Clause::Pay(typed::Pay {
            payee: None,
            share,
            amount,
            unit,
            take_back: false,
            when: typed::When::Unsaid,
            span,
        }));
    }

    /// What a credit is a share of: X where the amount is `P of X`, else the amount.
    fn base(&mut self, written: &tree::Expr, amount: &Typed, scope: &mut Scope) -> Option<Expr> {
        let ExprKind::Binary { op: BinaryOp::Of, right, .. } = &unbracketed(written).kind else {
            return Some(amount.clone().into_expr());
        };
        Some(match &amount.op {
            Op::Call(Function::Multiply, factors) if let [_, of] = &factors[..] => of.clone(),
            // Of a constant, which was worked out with its share.
            _ => self.numeric(right, scope)?.into_expr(),
        })
    }

    /// Parts in order, which together are the whole.
    fn listed(&mut self, parts: &[SplitPart], unit: UnitId, span: Span, scope: &mut Scope) -> Option<Vec<Part>> {
        let mut typed = Vec::new();
        let mut failed = false;
        for part in parts {
            match self.part(part, unit, scope) {
                Some(part) => typed.push(part),
                None => failed = true,
            }
        }
        if failed {
            return None;
        }
        self.no_gap(&typed, parts.first().map_or(span, |first| first.span.to(parts[parts.len() - 1].span)))?;
        Some(typed)
    }

    fn part(&mut self, part: &SplitPart, unit: UnitId, scope: &mut Scope) -> Option<Part> {
        let take = match &part.take {
            SplitTake::Rest => Take::Rest,
            SplitTake::Share(share) => {
                let value = self.numeric(share, scope)?;
                if value.ty != Type::Percent && !self.is_share(&value) {
                    let message = format!("a part is a share of the whole, not {}", self.type_words(value.ty));
                    let help = "write a percent, such as 60% to partner; for an amount: up to $10 to partner";
                    self.problem(Problem::error("bad-split", share.span, message).help(help));
                    return None;
                }
                Take::Percent(self.there(value.of_type(Type::Percent), "this share")?)
            }
            SplitTake::UpTo(most) => {
                let value = self.numeric(most, scope)?;
                if value.ty != Type::Money(unit) {
                    let message = format!(
                        "`up to` is {} here, not {}",
                        self.type_words(Type::Money(unit)),
                        self.type_words(value.ty)
                    );
                    let help = "a share of the whole is written without it: 60% to partner";
                    self.problem(Problem::error("bad-split", most.span, message).help(help));
                    return None;
                }
                Take::UpTo(self.there(value, "this amount")?)
            }
        };
        let to = match &part.to {
            SplitTo::Kept => To::Kept,
            SplitTo::Split(parts) => To::Split(self.listed(parts, unit, part.span, scope)?),
            SplitTo::Payee(payee) => self.payee(payee, scope)?,
        };
        Some(Part { take, to, span: part.span })
    }

    /// A value of a split that is never missing.
    fn there(&mut self, value: Typed, what: &str) -> Option<Expr> {
        let value = value.into_expr();
        if value.optional {
            self.unknown_not_handled(&value, what);
            return None;
        }
        Some(value)
    }

    /// Parts leave no gap: they end with what is left, or are shares that make the whole.
    fn no_gap(&mut self, parts: &[Part], span: Span) -> Option<()> {
        let rest = parts.iter().position(|part| part.take == Take::Rest);
        if let Some(rest) = rest
            && let Some(behind) = parts.get(rest + 1)
        {
            let problem = Problem::error("bad-split", behind.span, "nothing is left behind the rest")
                .other(parts[rest].span, "this takes what is left")
                .help("move the rest to the end");
            self.problem(problem);
            return None;
        }
        let mut sum = Exact::ZERO;
        let mut fixed = true;
        for part in parts {
            match &part.take {
                Take::Percent(Expr { op: Op::Number(share), span, .. }) => {
                    if *share < Exact::ZERO {
                        let problem = Problem::error("bad-split", *span, "a share is not below zero");
                        self.problem(problem.help("write it without the minus"));
                        return None;
                    }
                    sum += share;
                }
                Take::Percent(_) | Take::UpTo(_) => fixed = false,
                Take::Rest => {}
            }
        }
        let shares = percent_text(&sum);
        let problem = Problem::error("bad-split", span, "the parts are not the whole");
        let problem = if sum > Exact::ONE {
            problem.label(format!("the shares are {shares} together")).help("lower a share")
        } else if rest.is_some() {
            if sum < Exact::ONE {
                return Some(());
            }
            problem
                .label(format!("the shares are {shares}, and nothing is left for the rest"))
                .help("lower a share, or remove the rest")
        } else if fixed && sum == Exact::ONE {
            return Some(());
        } else if fixed {
            let open = percent_text(&(Exact::ONE - &sum));
            let help = format!("say who gets the other {open}: rest to partner, or, where nobody does: rest kept");
            problem.label(format!("the shares are {shares} together")).help(help)
        } else {
            let help = "say who gets what is left: rest to partner, or, where nobody does: rest kept";
            problem.label("what is left can be more than nothing").help(help)
        };
        self.problem(problem);
        None
    }

    /// Who is paid for a row found, and by what these rows share.
    fn among(
        &mut self,
        set: &tree::Set,
        model: &CreditModel,
        payee: &tree::Expr,
        unit: UnitId,
        span: Span,
        scope: &mut Scope,
    ) -> Option<(Expr, Model)> {
        if let tree::SetSource::Event(name) = &set.source
            && scope.failed.contains(&name.text)
        {
            return None;
        }
        let set = self.unnamed_set(set, scope);
        let mut found = self.found(&set, set.span, scope)?;
        let to = self.expression(payee, &mut found.inner)?;
        self.party(&to)?;
        let is_entity = match found.stream {
            Stream::Events(record) => self.program.record(record).kind == RecordKind::Entity,
            Stream::ByDate(..) | Stream::Periods(..) | Stream::Lines(..) => false,
        };
        let by_time = matches!(
            model,
            CreditModel::FirstTouch | CreditModel::LastTouch | CreditModel::Places { .. } | CreditModel::Halving { .. }
        );
        if is_entity && by_time {
            let message = "rows of an entity do not come one after the other";
            let help = "share `by equal shares` or `by weight`, or name an event in place of the entity";
            self.problem(Problem::error("not-an-event", set.span, message).help(help));
            return None;
        }
        let number = |value: Exact, ty| Expr { op: Op::Number(value), ty, optional: false, span };
        let share = |value: Exact| number(value, Type::Percent);
        let places =
            |first, middle, last| Model::Places { first: share(first), middle: share(middle), last: share(last) };
        // What is asked of each row, beside who is paid for it.
        let mut asked = vec![(FindFunction::Each, to.into_expr())];
        let by = match model {
            CreditModel::EqualShares => Model::Weight(number(Exact::ONE, Type::Count)),
            CreditModel::FirstTouch => places(Exact::ONE, Exact::ZERO, Exact::ZERO),
            CreditModel::LastTouch => places(Exact::ZERO, Exact::ZERO, Exact::ONE),
            CreditModel::InFull => Model::InFull,
            CreditModel::Places { first, middle, last } => {
                let [first, middle, last] = self.places([first, middle, last], scope)?;
                Model::Places { first, middle, last }
            }
            CreditModel::Halving { days, span: place } => {
                let known = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
                let Some(days) = known else {
                    let message = format!("a weight is halved every 1 to {} days", limits::words(MOST_DAYS as usize));
                    self.problem(Problem::error("over-limit", *place, message).help("write a whole number of days"));
                    return None;
                };
                let day = Expr { op: Op::When, ty: Type::Date, optional: false, span };
                asked.push((FindFunction::Each, day.clone()));
                Model::Halving { day, days }
            }
            CreditModel::Weight(weight) | CreditModel::InOrder(weight) => {
                let value = self.numeric(weight, &mut found.inner)?;
                let in_order = matches!(model, CreditModel::InOrder(_));
                if in_order && value.ty != Type::Money(unit) {
                    let message = format!(
                        "what a row gets at most is {} here, not {}",
                        self.type_words(Type::Money(unit)),
                        self.type_words(value.ty)
                    );
                    self.problem(Problem::error("bad-split", weight.span, message));
                    return None;
                }
                let value = self.there(value, if in_order { "this amount" } else { "this weight" })?;
                if matches!(&value.op, Op::Number(number) if *number <= Exact::ZERO) {
                    let message = "what all rows share by is above zero";
                    self.problem(Problem::error("bad-split", value.span, message).help("write: by equal shares"));
                    return None;
                }
                asked.push((FindFunction::Each, value.clone()));
                if in_order { Model::InOrder(value) } else { Model::Weight(value) }
            }
        };
        found.give_back(scope);
        let optional = asked[0].1.optional;
        let asked =
            asked.into_iter().enumerate().map(|(idx, (function, value))| (function, value, idx == 0 && optional));
        let mut given = self.ask_all(found, asked.collect(), span).into_iter().map(Typed::into_expr);
        let payee = given.next()?;
        let by = match (by, given.next()) {
            (Model::Weight(_), Some(each)) => Model::Weight(each),
            (Model::InOrder(_), Some(each)) => Model::InOrder(each),
            (Model::Halving { days, .. }, Some(each)) => Model::Halving { day: each, days },
            (by, _) => by,
        };
        Some((payee, by))
    }

    /// `40% first 20% middle 40% last`
    fn places(&mut self, shares: [&tree::Expr; 3], scope: &mut Scope) -> Option<[Expr; 3]> {
        let mut typed = Vec::new();
        for share in shares {
            let value = self.numeric(share, scope)?;
            match &value.op {
                Op::Number(number) if value.ty == Type::Percent && *number >= Exact::ZERO => {
                    typed.push(value.into_expr());
                }
                _ => {
                    let message = "the share of a place is a percent that is written or a parameter";
                    self.problem(
                        Problem::error("bad-split", share.span, message).help("write: 40% first 20% middle 40% last"),
                    );
                    return None;
                }
            }
        }
        let number = |share: &Expr| share.op.as_number().cloned().unwrap_or(Exact::ZERO);
        let [first, middle, last] = <[Expr; 3]>::try_from(typed).ok()?;
        let ends = number(&first) + number(&last);
        let sum = &ends + number(&middle);
        let span = first.span.to(last.span);
        if sum != Exact::ONE {
            let message = format!("the shares are {} together, not 100%", percent_text(&sum));
            self.problem(Problem::error("bad-split", span, message).help("write: 40% first 20% middle 40% last"));
            return None;
        }
        if ends == Exact::ZERO {
            let message = "of two rows neither would get anything";
            self.problem(Problem::error("bad-split", span, message).help("give the first or the last row a share"));
            return None;
        }
        Some([first, middle, last])
    }
}

fn percent_text(share: &Exact) -> String {
    format!("{}%", exact_text(&(share * Exact::from(100))))
}
