//! Expressions: what they name, their types, what can be missing, and where levels may be.

use super::{Invariant, Report};
use crate::plan::{
    Account, CreditPart, DecisionId, Expr, FieldId, FoldId, Function, LineKind, LocalId, Op, Plan, RecordId, Root,
    Side, StateId, StateKind, Stream, Type, Version,
};
use crate::value::Exact;
use meed_grammar::steps;
use rustc_hash::FxHashSet;

/// Where an expression is, and what is known there.
pub(super) struct Place<'a> {
    pub plan: &'a Plan,
    /// The rows; none inside a schedule.
    pub stream: Option<&'a Stream>,
    /// The rule; none inside a schedule, a key or an aggregate.
    pub rule: Option<&'a Version>,
    /// How many `let`s are defined.
    pub n_locals: usize,
    /// How often something was taken from balances.
    pub n_taken: u32,
    /// Whether the row has its rank.
    pub is_ranked: bool,
    /// States that were kept so far.
    pub states: FxHashSet<StateId>,
    /// Types of the schedule's arguments.
    pub arguments: &'a [Type],
}

impl<'a> Place<'a> {
    pub fn nowhere(plan: &'a Plan) -> Self {
        Self {
            plan,
            stream: None,
            rule: None,
            n_locals: 0,
            n_taken: 0,
            is_ranked: false,
            states: FxHashSet::default(),
            arguments: &[],
        }
    }

    pub fn row(plan: &'a Plan, stream: &'a Stream) -> Self {
        Self { stream: Some(stream), ..Self::nowhere(plan) }
    }

    /// Checks what is evaluated before and after a row.
    pub fn check_sides(&self, state: StateId, body: &Expr, report: &mut Report) {
        report.demand(self.states.contains(&state), Invariant::Levels, "what adds up is accumulated first");
        self.check_in(body, Some(state), report);
    }

    /// Checks an expression and everything in it.
    pub fn check(&self, expr: &Expr, report: &mut Report) {
        self.check_in(expr, None, report);
    }

    /// Checks an expression in which the sides of a state are evaluated, or of none.
    fn check_in(&self, expr: &Expr, sides_of: Option<StateId>, report: &mut Report) {
        steps::count(1);
        match &expr.op {
            Op::Increment { state, body } => {
                report.demand(sides_of.is_none(), Invariant::Sides, "one inside another");
                self.check_sides(*state, body, report);
            }
            op => op.children().into_iter().for_each(|child| self.check_in(child, sides_of, report)),
        }
        self.missing(expr, report);
        self.leaf(expr, sides_of, report);
        self.operator(expr, report);
    }

    /// Whether a balance is kept per whom it is asked of, and in this unit.
    pub(super) fn account_fits(&self, account: &Account, ty: Type) -> bool {
        let Some(balance) = self.plan.balances.get(account.balance.index()) else { return false };
        let owner = match (balance.per, &account.owner) {
            (None, None) => true,
            (Some(record), Some(owner)) => owner.ty == Type::Ref(record) && !owner.optional,
            (None, Some(_)) | (Some(_), None) => false,
        };
        owner && ty == Type::Money(balance.unit)
    }

    /// Whether what can be missing says so.
    fn missing(&self, expr: &Expr, report: &mut Report) {
        let may_lack = match &expr.op {
            Op::Call(function, _) if !function.signature().strict => false,
            Op::IfUnknown(_, default) => default.optional,
            Op::If { branches, otherwise } => otherwise.optional || branches.iter().any(|(_, value)| value.optional),
            Op::Missing => true,
            op => op.children().into_iter().any(|child| child.optional),
        };
        report.demand_with(expr.optional || !may_lack, Invariant::Missing, || words(expr));
        let always_known = matches!(&expr.op, Op::Call(function, _) if function.signature().total);
        report.demand_with(!(expr.optional && always_known), Invariant::Missing, || words(expr));
    }

    /// What is named is there, of its type, and may be read here.
    fn leaf(&self, expr: &Expr, sides_of: Option<StateId>, report: &mut Report) {
        match &expr.op {
            Op::Field { root, record, path } => self.field(expr, *root, *record, path, report),
            Op::PaymentAmount => {
                let payments = matches!(self.stream, Some(Stream::Lines(..)));
                report.demand(payments && expr.ty.is_money(), Invariant::Types, "the amount of a payment");
            }
            Op::Credit(part) => {
                let credits = matches!(self.stream, Some(Stream::Lines(_, LineKind::Credit)));
                let is_typed = match part {
                    CreditPart::Share => expr.ty == Type::Percent,
                    CreditPart::Base => expr.ty.is_money(),
                };
                report.demand(credits && is_typed, Invariant::Types, "a part of a credit");
            }
            Op::Balance(account) => {
                let known = self.plan.balances.get(account.balance.index()).is_some() && self.rule.is_some();
                report.demand(known, Invariant::Named, "a balance, in a rule");
            }
            Op::Rank => {
                report.demand(self.is_ranked && expr.ty == Type::Count, Invariant::Locals, "a rank behind the ranking");
            }
            Op::Taken(nth) => {
                let is_taken = *nth < self.n_taken && expr.ty.is_money() && !expr.optional;
                report.demand(is_taken, Invariant::Locals, "what was taken above");
            }
            Op::When => {
                let dated = self.stream.is_some() && expr.ty == Type::Date;
                report.demand(dated, Invariant::Types, "the day of a row");
            }
            Op::Local(local) => self.local(expr, *local, report),
            Op::Decision { decision, root } => self.decision(expr, *decision, *root, report),
            Op::Fold(fold) => self.fold(expr, *fold, report),
            Op::Level { state, summand, side } => {
                let sided = (sides_of == Some(*state)) == (*side == Side::Current);
                report.demand(sided, Invariant::Sides, "the side of a level");
                self.level(expr, *state, *summand, report);
            }
            Op::Argument(idx) => {
                let ty = self.arguments.get(*idx as usize);
                report.demand(ty == Some(&expr.ty), Invariant::Types, "an argument of the schedule");
            }
            Op::Choice(place) => {
                let list =
                    if let Type::Choice(choice) = expr.ty { self.plan.choices.get(choice.index()) } else { None };
                let there = list.is_some_and(|list| (*place as usize) < list.len());
                report.demand(there, Invariant::Types, "a value of a list");
            }
            _ => {}
        }
    }

    fn field(&self, expr: &Expr, root: Root, record: RecordId, path: &[FieldId], report: &mut Report) {
        let expected = match (root, self.stream) {
            (Root::Row, Some(Stream::Events(own) | Stream::ByDate(own, _) | Stream::Periods(own, _))) => *own == record,
            (Root::Payee | Root::Source, Some(Stream::Lines(..))) => true,
            _ => false,
        };
        report.demand(expected, Invariant::Types, "where a path begins");
        let mut ty = Type::Ref(record);
        for field in path {
            let target = if let Type::Ref(at) = ty { self.plan.records.get(at.index()) } else { None };
            let Some(field) = target.and_then(|record| record.fields.get(field.index())) else {
                return report.demand(false, Invariant::Named, "a field of a path");
            };
            report.demand(field.used, Invariant::Used, format!("`{}`", field.name));
            ty = field.ty;
        }
        report.demand(stands_for(ty, expr.ty), Invariant::Types, "a field");
    }

    fn local(&self, expr: &Expr, local: LocalId, report: &mut Report) {
        report.demand(local.index() < self.n_locals, Invariant::Locals, "read before it is defined");
        let known = self.rule.and_then(|rule| rule.locals.get(local.index()));
        report.demand(known.is_some_and(|known| stands_for(known.ty, expr.ty)), Invariant::Types, "a `let`");
    }

    fn decision(&self, expr: &Expr, decision: DecisionId, root: Root, report: &mut Report) {
        let Some(known) = self.plan.decisions.get(decision.index()) else {
            return report.demand(false, Invariant::Named, "a decision");
        };
        report.demand(stands_for(known.ty, expr.ty), Invariant::Types, format!("`{}`", known.name));
        let own = root != Root::Row || self.stream.is_none_or(|stream| known.stream == stream.rows());
        report.demand(own, Invariant::Decisions, format!("`{}` of other rows", known.name));
    }

    fn fold(&self, expr: &Expr, fold: FoldId, report: &mut Report) {
        let listed = self.rule.is_some_and(|rule| rule.folds.contains(&fold));
        report.demand(listed, Invariant::Folds, "read but not listed");
        let Some(known) = self.plan.folds.get(fold.index()) else {
            return report.demand(false, Invariant::Named, "an aggregate");
        };
        let ty = known.function.value_type().unwrap_or(Type::Count);
        report.demand(stands_for(ty, expr.ty), Invariant::Types, "an aggregate");
        let may_lack =
            matches!(known.function, crate::plan::FoldFunction::Smallest(..) | crate::plan::FoldFunction::Largest(..));
        report.demand(expr.optional || !may_lack, Invariant::Missing, "the smallest or largest of no rows");
    }

    fn level(&self, expr: &Expr, state: StateId, summand: u32, report: &mut Report) {
        report.demand(self.states.contains(&state), Invariant::Levels, "read before it is accumulated");
        let kind = self.plan.states.get(state.index()).map(|state| &state.kind);
        let there =
            matches!(kind, Some(StateKind::Sums { denominators, .. }) if (summand as usize) < denominators.len());
        report.demand(there, Invariant::Levels, "an summand that the state has");
        report.demand(expr.ty.is_numeric(), Invariant::Types, "a level is a number");
    }

    /// The operands fit, and the type is that of the result.
    fn operator(&self, expr: &Expr, report: &mut Report) {
        let numeric = |value: &Expr| value.ty.is_numeric();
        let yes_no = |value: &Expr| value.ty == Type::YesNo;
        let date = |value: &Expr| matches!(value.ty, Type::Date | Type::Period(_));
        let is = |ty: Type| stands_for(ty, expr.ty);
        let fits = match &expr.op {
            Op::Number(_) => numeric(expr),
            Op::YesNo(_) => yes_no(expr),
            Op::Date(_) => date(expr),
            Op::Increment { body, .. } => numeric(body) && is(body.ty),
            Op::Call(function, operands) => {
                function.takes(self.plan, operands) && is(function.result(self.plan, operands))
            }
            Op::And(values) | Op::Or(values) => yes_no(expr) && values.iter().all(yes_no),
            Op::IfUnknown(a, b) => a.ty == b.ty && is(a.ty),
            Op::If { branches, otherwise } => {
                is(otherwise.ty) && branches.iter().all(|(condition, value)| yes_no(condition) && is(value.ty))
            }
            Op::Balance(account) => self.account_fits(account, expr.ty),
            Op::Choice(_)
            | Op::Taken(_)
            | Op::Rank
            | Op::Missing
            | Op::Field { .. }
            | Op::PaymentAmount
            | Op::Credit(_)
            | Op::When
            | Op::Local(_)
            | Op::Decision { .. }
            | Op::Fold(_)
            | Op::Level { .. }
            | Op::Argument(_) => true,
        };
        report.demand_with(fits, Invariant::Types, || words(expr));
        let divisor = match &expr.op {
            Op::Call(Function::Round { quantum, .. }, _) => *quantum > Exact::ZERO,
            Op::Call(function, operands) => {
                let divisor = function.signature().divisor.and_then(|idx| operands.get(idx));
                divisor.and_then(|divisor| divisor.op.as_number()).is_none_or(|number| *number != Exact::ZERO)
            }
            _ => true,
        };
        report.demand_with(divisor, Invariant::Divisors, || words(expr));
    }
}

/// The operator in a word or two.
fn words(expr: &Expr) -> String {
    if let Op::Call(function, _) = &expr.op {
        return function.signature().word.to_owned();
    }
    let all = format!("{:?}", expr.op);
    all.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// Whether a value of one type may be used where another is expected: counts, numbers and shares are added and compared as
/// numbers of one type.
fn stands_for(found: Type, expected: Type) -> bool {
    let plain = |ty| matches!(ty, Type::Number | Type::Count | Type::Percent);
    found == expected || plain(found) && plain(expected)
}
