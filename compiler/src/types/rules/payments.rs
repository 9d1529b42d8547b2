//! `pay` and `take back`: who, how much, and whether the amount is rounded along a running total.

use crate::internal::broken;
use crate::plan::{Expr, Function, Op, Parties, ScheduleOutput, Share, Spare, To, Type, UnitId};
use crate::typed::{self, When, extent};
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::rules::Work;
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, RecordKind, UnknownMeans, UnknownMeansKind};

impl Typing<'_> {
    #[expect(clippy::too_many_arguments, reason = "the parts of the clause, and where it stands")]
    pub(super) fn pay(
        &mut self,
        payee: Option<&tree::Expr>,
        amount: &tree::Expr,
        unknown: Option<&UnknownMeans>,
        take_back: bool,
        span: Span,
        scope: &mut Scope,
        work: &mut Work,
    ) {
        let Some(payee) = self.named_payee(payee, amount, scope) else { return };
        let to = self.payee(payee, scope);
        let value = if Self::is_take(amount) {
            self.take_from(amount, scope, work).map(Typed::from_expr)
        } else {
            self.numeric(amount, scope)
        };
        let (Some(to), Some(value)) = (to, value) else { return };
        if self.amount_of_money(&value, "what is paid", amount, scope).is_none() {
            return;
        }
        // Of several kinds one that may be nobody stands for all.
        let named = match &to {
            To::Payee(to) => to,
            To::OneOf(one) => one.parties().find(|party| party.optional).unwrap_or(&one.otherwise),
            To::Kept | To::Split(_) => broken("a payee that is divided"),
        };
        if let (true, Some(taken)) = (named.optional, work.taken) {
            return self.taken_for_nobody(named, taken);
        }
        let Some((unit, amount)) = self.amount_paid(value, Some(named), unknown, scope, work) else { return };
        let (payee, share) = match to {
            To::Payee(to) => (Some(to), None),
            To::Kept | To::Split(_) => broken("a payee that is divided"),
            To::OneOf(one) => {
                let (parties, spare) = (Parties::OneOf(one), Spare::LargestFraction);
                (None, Some(Share { parties, spare, base: None, span: payee.span }))
            }
        };
        work.clauses.push(typed::Clause::Pay(typed::Pay {
            payee,
            share,
            amount,
            unit,
            take_back,
            when: When::Unsaid,
            span,
        }));
    }

    /// What is paid, in which unit, with what is said for missing values.
    pub(super) fn amount_paid(
        &mut self,
        value: Typed,
        to: Option<&Expr>,
        unknown: Option<&UnknownMeans>,
        scope: &mut Scope,
        work: &mut Work,
    ) -> Option<(UnitId, Expr)> {
        self.whole_again(&value, scope);
        let unit = value.ty.unit().unwrap_or(UnitId::CURRENCY);
        let value = self.handled(value.into_expr(), to, unknown)?;
        self.flush(scope, work);
        let whole = extent(&value, &scope.lets);
        if whole.adds_up && whole.is_deep() {
            self.too_much(value.span);
            return None;
        }
        work.unit = Some(unit);
        Some((unit, value))
    }

    /// Who is paid, where somebody is named: one expression alone is an amount, and a schedule is nobody.
    fn named_payee<'e>(
        &mut self,
        payee: Option<&'e tree::Expr>,
        amount: &tree::Expr,
        scope: &Scope,
    ) -> Option<&'e tree::Expr> {
        let Some(payee) = payee else {
            self.problem(
                Problem::error("missing-payee", amount.span, "no payee: who is paid?")
                    .help("name the party before the amount: pay partner 2% of amount"),
            );
            return None;
        };
        let schedule = match &unbracketed(payee).kind {
            ExprKind::Path(path) if path.parts.len() == 1 && !self.names_something(&path.parts[0], scope) => {
                self.schedules.contains_key(&path.parts[0].text)
            }
            ExprKind::Call { .. } => true,
            _ => false,
        };
        if schedule {
            self.problem(
                Problem::error("missing-payee", payee.span, "no payee: who is paid?")
                    .label("this is a schedule")
                    .help("name the party before the amount: pay partner volume_bands(volume)"),
            );
            return None;
        }
        Some(payee)
    }

    /// Who is paid: a row of an entity, or of one of several entities.
    pub(super) fn payee(&mut self, payee: &tree::Expr, scope: &mut Scope) -> Option<To> {
        match &unbracketed(payee).kind {
            ExprKind::Conditional { branches, otherwise } => {
                self.conditional_party(branches, otherwise.as_deref(), payee.span, scope)
            }
            _ => {
                let to = self.expression(payee, scope)?;
                self.party(&to)?;
                Some(To::Payee(to.into_expr()))
            }
        }
    }

    /// A payee is a row of an entity.
    pub(in crate::types) fn party(&mut self, to: &Typed) -> Option<()> {
        let Type::Ref(record) = to.ty else {
            let message = format!("{} cannot be paid", self.type_words(to.ty));
            let mut problem = Problem::error("not-a-payee", to.span, message)
                .help("a payee is a party: declare it as an entity and the field as a reference to it");
            if let Some(declared) = self.declared(&to.op) {
                problem = problem.other(declared, format!("declared as {} here", self.type_words(to.ty)));
            }
            self.problem(problem);
            return None;
        };
        if self.program.record(record).kind == RecordKind::Event {
            let message = format!("an event cannot be paid: `{}` is one", self.program.record(record).name);
            self.problem(Problem::error("not-a-payee", to.span, message).help("pay a party that it refers to"));
            return None;
        }
        self.mark_used(record, &[]);
        Some(())
    }

    /// What is paid is money, or a plain 0.
    pub(super) fn amount_of_money(
        &mut self,
        value: &Typed,
        what: &str,
        written: &tree::Expr,
        scope: &Scope,
    ) -> Option<()> {
        let zero = value.literal && matches!(&value.op, Op::Number(number) if *number == Exact::ZERO);
        if value.ty.is_money() || zero {
            return Some(());
        }
        let message = format!("{what} must be an amount of money, not {}", self.type_words(value.ty));
        let help = match value.ty {
            Type::Percent => "a percent of what? write: 2% of amount",
            _ => "multiply it with a price: $25 * quantity",
        };
        let mut problem = Problem::error("not-money", value.span, message).help(help);
        if let (Op::Number(number), true, Type::Count | Type::Number) = (&value.op, value.literal, value.ty) {
            let written = self.money_text(number);
            problem = problem
                .help(format!("write an amount, such as {written}, or multiply it with a price: $25 * quantity"))
                .choice(value.span, written);
        }
        let field = scope.bare.and_then(|(_, record)| {
            let record = self.program.record(record);
            record.field("amount").filter(|field| record.fields[field.index()].ty.is_money())
        });
        if let (Type::Percent, ExprKind::Percent(_), Some(_)) = (value.ty, &written.kind, field) {
            problem = problem.choice(Span { start: value.span.end, end: value.span.end }, " of amount");
        }
        self.problem(problem);
        None
    }

    /// The amount with what is said for missing values; `None` if they are not dealt with.
    fn handled(&mut self, value: Expr, to: Option<&Expr>, unknown: Option<&UnknownMeans>) -> Option<Expr> {
        let to_nobody = to.filter(|to| to.optional);
        let Some(unknown) = unknown else {
            if let Some(to) = to_nobody {
                self.unknown_not_handled(to, "who is paid");
                return None;
            }
            if unhandled(&value) {
                self.unknown_not_handled(&value, "the amount");
                return None;
            }
            return Some(value);
        };
        match &unknown.kind {
            UnknownMeansKind::Nobody => Some(value),
            UnknownMeansKind::Value(_) if to_nobody.is_none() => {
                let default = self.unknown_value(unknown, value.ty)?;
                let (known, default) = self.unify(Typed::from_expr(value), default)?;
                Some(if_unknown(known.into_expr(), default.into_expr()))
            }
            UnknownMeansKind::Value(_) | UnknownMeansKind::Yes | UnknownMeansKind::No => {
                let message = "an unknown payee means nobody, an unknown amount 0";
                self.problem(
                    Problem::error("unknown-means", unknown.span, message).help("write: unknown means nobody"),
                );
                None
            }
        }
    }
}

pub(super) fn if_unknown(value: Expr, default: Expr) -> Expr {
    let (ty, optional, span) = (value.ty, default.optional, value.span);
    Expr { op: Op::IfUnknown(Box::new(value), Box::new(default)), ty, optional, span }
}

/// Whether an amount can be missing for another reason than a band that pays `none`.
fn unhandled(value: &Expr) -> bool {
    match &value.op {
        Op::Increment { body, .. } => unhandled(body),
        Op::Call(
            Function::Schedule { output: ScheduleOutput::Amount, .. }
            | Function::Negate
            | Function::Round { .. }
            | Function::Add
            | Function::Subtract
            | Function::Multiply
            | Function::Divide,
            operands,
        ) => operands.iter().any(unhandled),
        _ => value.optional,
    }
}
