//! Aggregates over the rows of a set, per entity and period.

use crate::lower::Lowering;
use crate::lower::dens::den;
use crate::lower::expressions::unbracketed;
use crate::lower::scope::{RuleScope, Scope, Typed, facts};
use crate::plan::{Comparison, Expr, Function, Group, GroupFunction, GroupId, Op, Period, Stream, Type, Window};
use crate::resolve::{later, not_supported};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Aggregate, ExprKind, SetSource, WindowKind};

impl Lowering<'_> {
    pub(in crate::lower) fn aggregate(
        &mut self,
        function: Aggregate,
        value: Option<&tree::Expr>,
        set: Option<&tree::Set>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let Some(RuleScope { name, stream: Stream::Grid(entity, period), .. }) = scope.rule.clone() else {
            let help = "in a rule per event use `running sum of … per …`, or a rule `for each ENTITY per PERIOD`";
            self.problem(later(span, "an aggregate over a set in a rule per event is").help(help));
            return None;
        };
        let source = self.set_source(value, set, span)?;
        let (stream, record) = self.set_stream(&source)?;
        let plain = set.filter(|set| set.condition.is_none() && set.window.is_none()).map(|set| set.span);
        let join = self.join(record, &stream, entity, set.and_then(|set| set.by.as_ref()), plain, span)?;
        let mut inner = self.set_scope(&stream, record, entity, &join, scope);
        let condition = set.and_then(|set| set.condition.as_deref());
        let filter = match condition {
            Some(condition) => Some(self.set_condition(condition, &mut inner)?),
            None => None,
        };
        let window = self.window(set.and_then(|set| set.window.as_ref()))?;
        let taken = match value {
            Some(value) => Some(self.taken(function, value, span, &mut inner)?),
            None => None,
        };
        // What the function aggregates is set by each of the groups it needs.
        let count = GroupFunction::Count;
        let group = Group { rule: name, stream, entity, join, filter, period, window, function: count, span };
        Some(self.groups(function, taken, &group))
    }

    /// The rows: of the set, or in the short form (`sum of deal.amount`) of the first name.
    fn set_source(&mut self, value: Option<&tree::Expr>, set: Option<&tree::Set>, span: Span) -> Option<SetSource> {
        match (set, value.map(|value| &unbracketed(value).kind)) {
            (Some(set), _) => Some(set.source.clone()),
            (None, Some(ExprKind::Path(path))) if path.parts.len() > 1 => Some(SetSource::Event(path.parts[0].clone())),
            _ => {
                let help = "write: sum of deal.amount, or sum of amount in (deal where registered)";
                self.problem(Problem::error("missing-set", span, "of which rows?").help(help));
                None
            }
        }
    }

    /// `where C` of a set.
    pub(super) fn set_condition(&mut self, condition: &tree::Expr, inner: &mut Scope) -> Option<Expr> {
        let condition = self.condition(condition, inner)?;
        if condition.optional {
            self.unknown_not_handled(&condition, "the condition of this set");
            return None;
        }
        inner.learn(facts(&condition.op, true));
        Some(condition)
    }

    fn window(&mut self, window: Option<&tree::Window>) -> Option<Window> {
        match window.map(|window| &window.kind) {
            None => Some(Window::Own),
            Some(WindowKind::ToDate) => Some(Window::ToDate),
            Some(WindowKind::Previous(name)) => match Period::from_word(&name.text) {
                Some(period) if period != Period::Program => Some(Window::Previous(period)),
                _ => {
                    self.problem(
                        Problem::error("unknown-period", name.span, format!("`{}` is no period", name.text))
                            .help("write month, quarter, half or year"),
                    );
                    None
                }
            },
            Some(WindowKind::Unsupported(unsupported)) => {
                self.problem(not_supported(unsupported));
                None
            }
        }
    }

    /// What is aggregated, of a type that the function can take.
    fn taken(&mut self, function: Aggregate, value: &tree::Expr, span: Span, inner: &mut Scope) -> Option<Expr> {
        let taken = self.expression(value, inner)?;
        if taken.optional {
            self.unknown_not_handled(&taken.into_expr(), "what is aggregated");
            return None;
        }
        let ordered = taken.ty.is_numeric() || matches!(taken.ty, Type::Date | Type::Choice(_));
        let fits = match function {
            Aggregate::Sum | Aggregate::Average => taken.ty.is_numeric(),
            Aggregate::Smallest | Aggregate::Largest => ordered,
            Aggregate::Count | Aggregate::CountDistinct => true,
        };
        if !fits {
            let words = self.type_words(taken.ty);
            self.problem(Problem::error("type-mismatch", span, format!("{words} cannot be aggregated so")));
            return None;
        }
        Some(taken.into_expr())
    }

    /// The groups that an aggregate reads; an average is a sum and a count.
    fn groups(&mut self, function: Aggregate, taken: Option<Expr>, group: &Group) -> Typed {
        let Some(taken) = taken else { return self.group(group, GroupFunction::Count, Type::Count, false) };
        let ty = taken.ty;
        let known_den = den(&self.plan, &taken, &[]);
        let plain = if ty.is_numeric() { known_den } else { Some(1) };
        match function {
            Aggregate::Sum => self.group(group, GroupFunction::Sum(taken, known_den), ty, false),
            Aggregate::Smallest => self.group(group, GroupFunction::Smallest(taken, plain), ty, true),
            Aggregate::Largest => self.group(group, GroupFunction::Largest(taken, plain), ty, true),
            Aggregate::CountDistinct => self.group(group, GroupFunction::Distinct(taken), Type::Count, false),
            Aggregate::Count => self.group(group, GroupFunction::Count, Type::Count, false),
            Aggregate::Average => {
                let sum = self.group(group, GroupFunction::Sum(taken, known_den), ty, false).into_expr();
                let count = self.group(group, GroupFunction::Count, Type::Count, false).into_expr();
                average(sum, count, if ty == Type::Count { Type::Number } else { ty }, group.span)
            }
        }
    }

    fn group(&mut self, group: &Group, function: GroupFunction, ty: Type, optional: bool) -> Typed {
        self.plan.groups.push(Group { function, ..group.clone() });
        Typed::new(Op::Group(GroupId(self.plan.groups.len() as u32 - 1)), ty, optional, group.span)
    }
}

/// The quotient of a sum and a count; missing where the count is 0.
fn average(sum: Expr, count: Expr, ty: Type, span: Span) -> Typed {
    let expr = |op, ty, optional| Expr { op, ty, optional, span };
    let none = expr(Op::Number(Exact::ZERO), Type::Count, false);
    let some = Op::two(Function::Compare(Comparison::Greater), count.clone(), none);
    let average = expr(Op::two(Function::Divide, sum, count), ty, false);
    let branches = vec![(expr(some, Type::YesNo, false), average)];
    let otherwise = Box::new(expr(Op::Missing, ty, true));
    Typed::new(Op::If { branches, otherwise }, ty, true, span)
}
