//! Running levels, and schedules applied as something adds up.

use crate::plan::{Expr, Function, Op, ScheduleOutput, Side, StateId, Stream, Type};
use crate::typed::{Keys, Over, Purpose, Total};
use crate::types::Typing;
use crate::types::expressions::Form;
use crate::types::later::{Later, later};
use crate::types::scope::{RuleScope, Scope, Typed};
use crate::types::sets::totals::{split, with_state};
use meed_grammar::problem::{Problem, Repair};
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, SetSource};

impl Typing<'_> {
    pub(in crate::types) fn running(
        &mut self,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        per: &[tree::Path],
        before: bool,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let Some(rule) = scope.rule.clone().filter(|rule| !matches!(rule.stream, Stream::Periods(..))) else {
            self.problem(
                Problem::error("running-in-period-rule", span, "a running level belongs to a rule per event")
                    .help("in a rule per period write: sum of deal.amount"),
            );
            return None;
        };
        if scope.every_row {
            self.problem(later(span, Later::RunningInEveryRow));
            return None;
        }
        let of_set = set.is_some();
        let parts = apart(scope, of_set, |inner| self.running_parts(value, set, per, &rule, span, inner));
        let (filter, keys, summand) = parts?;
        let ty = summand.ty;
        // A set has rows of its own; without one it is those that have come so far in the rule.
        let over = if of_set { Over::Set(filter) } else { Over::Matched };
        let purpose = if value.is_some() { Purpose::RunningSum } else { Purpose::RunningCount };
        let state = self.total_of(Total { keys, over, summands: vec![summand], highest: false, purpose }, scope);
        let side = if before { Side::Before } else { Side::After };
        Some(Typed::new(Op::Level { state, summand: 0, side }, ty, false, span))
    }

    /// Which rows a running level is over, per what, and what each adds. A set looks at all rows of the event, before any
    /// `let` or condition of the rule.
    fn running_parts(
        &mut self,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        per: &[tree::Path],
        rule: &RuleScope,
        span: Span,
        inner: &mut Scope,
    ) -> Option<(Option<Expr>, Keys, Expr)> {
        let filter = match set {
            Some(set) => self.running_set(set, rule, inner)?,
            None => None,
        };
        let filter = match filter {
            Some(filter) => Some(self.without_lets(filter, &inner.lets)?),
            None => None,
        };
        let keys = self.keys(per, inner)?;
        let summand = match value {
            Some(value) => {
                let value = self.numeric(value, inner)?;
                if value.optional {
                    self.unknown_not_handled(&value.clone().into_expr(), "what is summed");
                    return None;
                }
                self.of_one_unit(value.ty, value.span, "a running sum is")?;
                self.without_lets(value.into_expr(), &inner.lets)?
            }
            None => Expr { op: Op::Number(crate::value::Exact::ONE), ty: Type::Count, optional: false, span },
        };
        Some((filter, keys, summand))
    }

    /// The condition of the set that a running level is over: rows of the rule's own event.
    fn running_set(&mut self, set: &tree::Set, rule: &RuleScope, inner: &mut Scope) -> Option<Option<Expr>> {
        if let Some(window) = &set.window {
            self.problem(later(window.span, Later::RunningWindow));
            return None;
        }
        let SetSource::Event(name) = &set.source else {
            self.problem(later(set.span, Later::RunningPayments));
            return None;
        };
        let record = self.event_named(name)?;
        if rule.stream != Stream::Events(record) {
            self.problem(later(set.span, Later::RunningOtherEvent));
            return None;
        }
        if !set.by.is_empty() || set.of.is_some() {
            let message = "a running level counts rows of everybody, and `per` says whose are counted together";
            self.problem(Problem::error("unexpected", set.span, message).help("remove `by` and `of` from the set"));
            return None;
        }
        self.set_condition(set, inner)
    }

    pub(in crate::types) fn adds_up(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::AddsUp { schedule, arguments, quantity, over_all, per, at_its_highest } = &expr.kind else {
            return None;
        };
        let span = expr.span;
        let Some(rule) = scope.rule.clone().filter(|rule| !matches!(rule.stream, Stream::Periods(..))) else {
            let message = "something adds up row by row only in a rule per event";
            let help = "in a rule per period apply the schedule to a value: volume_bands(sum of deal.amount)";
            self.problem(Problem::error("running-in-period-rule", span, message).help(help));
            return None;
        };
        if scope.every_row {
            self.problem(later(span, Later::AddsUpInEveryRow));
            return None;
        }
        let id = self.schedule_named(schedule)?;
        let Form { arguments: types, domain, result, pays_none } = self.form(id);
        let (_, arguments) = self.placed_arguments(schedule, arguments, None, &types, span, scope)?;
        let mut lowered = self.arguments(&arguments, types, scope)?;
        self.accumulates(over_all.as_ref(), &rule, span)?;
        let (value, keys) = apart(scope, over_all.is_some(), |inner| {
            let value = self.numeric(quantity, inner)?;
            self.of_one_unit(value.ty, value.span, "what adds up is")?;
            let value = self.accepts(value, domain)?.into_expr();
            if value.optional {
                self.unknown_not_handled(&value, "what adds up");
                return None;
            }
            Some((value, self.keys(per, inner)?))
        })?;
        let (state, total) = self.total(value, keys, over_all.as_ref(), *at_its_highest, scope)?;
        let optional = lowered.iter().any(|argument| argument.optional) || pays_none;
        lowered.push(total);
        let body = Op::Call(Function::Schedule { schedule: id, output: ScheduleOutput::Amount }, lowered);
        let body = Expr { op: body, ty: result, optional, span };
        Some(Typed::new(Op::Increment { state, body: Box::new(body) }, result, optional, span))
    }

    /// Whether rows may add up here: those of the rule's event, or once it is decided which rows match.
    fn accumulates(&mut self, over_all: Option<&tree::Name>, rule: &RuleScope, span: Span) -> Option<()> {
        if let Some(event) = over_all {
            let record = self.event_named(event)?;
            if rule.stream != Stream::Events(record) {
                let message = format!("`over all` names the rule's own event, not `{}`", event.text);
                let problem = Problem::error("other-event", event.span, message);
                self.problem(match rule.stream {
                    Stream::Events(own) => problem.help(format!("write: over all {}", self.program.record(own).name)),
                    Stream::Periods(..) | Stream::ByDate(..) | Stream::Lines(..) => {
                        problem.help("leave `over all` out")
                    }
                });
                return None;
            }
        } else if !rule.matched {
            let message = "what adds up is used before the rule has decided which rows match";
            self.problem(
                Problem::error("clause-order", span, message)
                    .help("put it after `where` and `first per`, or write `over all …`"),
            );
            return None;
        }
        Some(())
    }

    /// The state of what adds up, and the quantity evaluated on it.
    fn total(
        &mut self,
        value: Expr,
        keys: Keys,
        over_all: Option<&tree::Name>,
        at_its_highest: Option<Span>,
        scope: &mut Scope,
    ) -> Option<(StateId, Expr)> {
        let (mut total, summands, bounds) = split(&value, &keys.parts);
        for bound in bounds {
            self.bound_on_totals(bound, scope);
        }
        // A `let` is a value of the row, whatever it stands for.
        let summands = summands.into_iter().map(|summand| self.without_lets(summand, &scope.lets));
        let summands = summands.collect::<Option<Vec<_>>>()?;
        let over = over_all.map_or(Over::Matched, |event| Over::All(event.span));
        if let Some(span) = at_its_highest {
            // The highest of an amount that totals make together is not that of each.
            let Op::Level { summand, .. } = &mut total.op else {
                let help = "name it before, and let that add up: let net = …";
                self.problem(later(span, Later::HighestOfSeveral).help(help));
                return None;
            };
            *summand = 1;
        }
        let highest = at_its_highest.is_some();
        let state = self.total_of(Total { keys, over, summands, highest, purpose: Purpose::AddsUp }, scope);
        Some((state, with_state(total, state)))
    }
}

impl Typing<'_> {
    /// A bound between two things that both change from row to row, written where totals are compared.
    fn bound_on_totals(&mut self, bound: Span, scope: &Scope) {
        let written = self.in_one_line(bound);
        // `X at most Y` is in brackets, which are not part of it.
        let written =
            if written.ends_with(')') && written.contains(" of (") { written } else { format!("({written})") };
        let message = "this bound compares totals, not what each row has";
        let mut problem = Problem::warning("bound-on-totals", bound, message)
            .label("both sides add up")
            .help(format!("to bound each row write `let bounded = {written}` before, and let `bounded` add up"));
        let free = !self.names_something(&tree::Name { text: "bounded".to_owned(), span: bound }, scope);
        if let Some(clause) = self.clause.filter(|_| free) {
            problem = problem.repair(
                Repair::choice("bound each row")
                    .edit(Span { start: clause.start, end: clause.start }, format!("let bounded = {written}\n  "))
                    .edit(bound, "bounded"),
            );
        }
        self.problem(problem);
    }
}

/// Works on something of a row that is worked out apart from what the rule does with the row: what it finds out of the
/// row is not the rule's. Of rows that the rule looks at before all its conditions
/// (`every_row`) nothing is known yet.
fn apart<T>(scope: &mut Scope, every_row: bool, work: impl FnOnce(&mut Scope) -> T) -> T {
    let (mark, outside) = (scope.facts.mark(), scope.every_row);
    scope.every_row |= every_row;
    let known = every_row.then(|| (std::mem::take(&mut scope.facts), scope.taken.take()));
    let done = work(scope);
    scope.every_row = outside;
    match known {
        Some((facts, taken)) => (scope.facts, scope.taken) = (facts, taken),
        None => scope.facts.forget_from(mark),
    }
    done
}
