//! Conditions: comparisons, lists, tests on texts, and what they tell about missing values.

use crate::lower::Lowering;
use crate::lower::expressions::unbracketed;
use crate::lower::scope::{Scope, Typed, facts};
use crate::plan::{Comparison, Expr, Op, Predicate, PredicateId, TextTest, Type};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CompareOp, ExprKind};

impl Lowering<'_> {
    /// A condition.
    pub(in crate::lower) fn condition(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Expr> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::YesNo {
            return Some(typed.into_expr());
        }
        let words = self.type_words(typed.ty);
        let help = "compare it with something: amount >= $1,000, level is gold";
        self.problem(
            Problem::error("type-mismatch", expr.span, format!("a condition is a yes or no, not {words}")).help(help),
        );
        None
    }

    /// `not x`
    pub(super) fn not(&mut self, inner: &tree::Expr, span: Span, scope: &mut Scope) -> Option<Typed> {
        let inner = self.condition(inner, scope)?;
        let optional = inner.optional;
        Some(Typed::new(Op::Not(Box::new(inner)), Type::YesNo, optional, span))
    }

    /// `x is known`
    pub(super) fn known(&mut self, value: &tree::Expr, negated: bool, span: Span, scope: &mut Scope) -> Option<Typed> {
        let value = self.expression(value, scope)?;
        let known = Typed::new(Op::IsKnown(Box::new(value.into_expr())), Type::YesNo, false, span);
        Some(negate(known, negated))
    }

    /// `x between a and b`
    pub(super) fn between(
        &mut self,
        value: &tree::Expr,
        negated: bool,
        low: &tree::Expr,
        high: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let from = self.comparison(CompareOp::GreaterOrEqual, value.span, value, low, span, scope)?;
        let to = self.comparison(CompareOp::LessOrEqual, value.span, value, high, span, scope)?;
        let optional = from.optional || to.optional;
        let both = Typed::new(Op::And(vec![from.into_expr(), to.into_expr()]), Type::YesNo, optional, span);
        Some(negate(both, negated))
    }

    pub(super) fn connective(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Typed> {
        let ExprKind::Binary { op, .. } = &expr.kind else { return None };
        let mut parts = Vec::new();
        flatten(expr, *op, &mut parts);
        let outside = scope.facts.mark();
        let mut lowered = Vec::new();
        let mut failed = false;
        for part in parts {
            match self.condition(part, scope) {
                Some(condition) => {
                    scope.learn(facts(&condition.op, *op == BinaryOp::And));
                    lowered.push(condition);
                }
                None => failed = true,
            }
        }
        scope.facts.forget_from(outside);
        if failed {
            return None;
        }
        let optional = lowered.iter().any(|condition| condition.optional);
        let op = if *op == BinaryOp::And { Op::And(lowered) } else { Op::Or(lowered) };
        Some(Typed::new(op, Type::YesNo, optional, expr.span))
    }

    pub(super) fn comparison(
        &mut self,
        op: CompareOp,
        op_span: Span,
        left: &tree::Expr,
        right: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let (a, b) = self.sides(left, right, scope)?;
        match (op, &a.text, &b.text) {
            (CompareOp::Contains | CompareOp::StartsWith, None, Some(text)) => {
                let test = if op == CompareOp::Contains {
                    TextTest::Contains(text.clone())
                } else {
                    TextTest::StartsWith(text.clone())
                };
                return self.predicate(a, test, span);
            }
            (CompareOp::Contains | CompareOp::StartsWith, ..) => {
                let help = "write: name contains \"Cloud\"";
                self.problem(
                    Problem::error("type-mismatch", op_span, "a text is searched for a quoted text").help(help),
                );
                return None;
            }
            (CompareOp::Equal | CompareOp::NotEqual, None, Some(text))
            | (CompareOp::Equal | CompareOp::NotEqual, Some(text), None) => {
                let test = TextTest::In(vec![text.clone()]);
                let value = if a.text.is_some() { b } else { a };
                return Some(negate(self.predicate(value, test, span)?, op == CompareOp::NotEqual));
            }
            _ => {}
        }
        let (a, b) = self.unify(a, b)?;
        let comparison = match op {
            CompareOp::Equal => Comparison::Equal,
            CompareOp::NotEqual => Comparison::NotEqual,
            CompareOp::Less => Comparison::Less,
            CompareOp::LessOrEqual => Comparison::LessOrEqual,
            CompareOp::Greater => Comparison::Greater,
            CompareOp::GreaterOrEqual => Comparison::GreaterOrEqual,
            CompareOp::Contains | CompareOp::StartsWith => return None,
        };
        let ordered =
            matches!(a.ty, Type::Number | Type::Count | Type::Percent | Type::Money | Type::Date | Type::Choice(_))
                && !self.is_list_of_texts(a.ty);
        if !ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let message = format!("{} has no order", self.type_words(a.ty));
            self.problem(Problem::error("type-mismatch", op_span, message).help("compare with `is` or `is not`"));
            return None;
        }
        let optional = a.optional || b.optional;
        let op = Op::Compare(comparison, Box::new(a.into_expr()), Box::new(b.into_expr()));
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// Both sides of a comparison; the name of a choice has its meaning from the other side.
    pub(super) fn sides(&mut self, left: &tree::Expr, right: &tree::Expr, scope: &mut Scope) -> Option<(Typed, Typed)> {
        let bare = |expr: &tree::Expr| match &unbracketed(expr).kind {
            ExprKind::Path(path) if path.parts.len() == 1 => Some(path.parts[0].clone()),
            _ => None,
        };
        if bare(left).is_some_and(|name| !self.names_something(&name, scope))
            && bare(right).is_none_or(|name| self.names_something(&name, scope))
        {
            let b = self.expression(right, scope)?;
            let a = self.hinted(left, Some(b.ty), scope)?;
            return Some((a, b));
        }
        let a = self.expression(left, scope)?;
        let b = self.hinted(right, Some(a.ty), scope)?;
        Some((a, b))
    }

    /// `x in [a, b]`
    pub(super) fn membership(
        &mut self,
        value: &tree::Expr,
        negated: bool,
        list: &tree::Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        // The grammar reads nothing but a list here, and reports what stands there without its brackets.
        let ExprKind::List(values) = &unbracketed(list).kind else { return None };
        if values.is_empty() {
            self.problem(
                Problem::error("empty-list", list.span, "an empty list holds nothing")
                    .label("no value is in it")
                    .help("name the values: level in [gold, platinum]"),
            );
            return None;
        }
        let subject = self.expression(value, scope)?;
        let texts: Option<Vec<String>> = values
            .iter()
            .map(|value| if let ExprKind::Text(text) = &value.kind { Some(text.clone()) } else { None })
            .collect();
        if let (Some(texts), Type::Text(_) | Type::Id(_) | Type::Ref(_)) = (texts, subject.ty) {
            return Some(negate(self.predicate(subject, TextTest::In(texts), span)?, negated));
        }
        let tests = values.iter().map(|value| self.equal(&subject, value, scope)).collect::<Option<Vec<_>>>()?;
        let optional = tests.iter().any(|test| test.optional);
        Some(negate(Typed::new(Op::Or(tests), Type::YesNo, optional, span), negated))
    }

    /// Whether a value is the one of a list.
    fn equal(&mut self, subject: &Typed, value: &tree::Expr, scope: &mut Scope) -> Option<Expr> {
        let other = self.hinted(value, Some(subject.ty), scope)?;
        if other.text.is_some() && subject.ty != other.ty && !matches!(subject.ty, Type::Text(_) | Type::Id(_)) {
            let words = self.type_words(subject.ty);
            self.problem(Problem::error("type-mismatch", value.span, format!("a text is not {words}")));
            return None;
        }
        let (a, b) = self.unify(subject.clone(), other)?;
        let optional = a.optional || b.optional;
        let op = Op::Compare(Comparison::Equal, Box::new(a.into_expr()), Box::new(b.into_expr()));
        Some(Expr { op, ty: Type::YesNo, optional, span: value.span })
    }

    fn predicate(&mut self, value: Typed, test: TextTest, span: Span) -> Option<Typed> {
        let value = self.key_text(value);
        let (Type::Text(domain) | Type::Id(domain)) = value.ty else {
            let words = self.type_words(value.ty);
            self.problem(Problem::error("type-mismatch", value.span, format!("{words} is not compared with a text")));
            return None;
        };
        let predicate = Predicate { domain, test };
        let next = PredicateId(self.plan.predicates.len() as u32);
        let predicate_id = *self.known.predicates.entry(predicate.clone()).or_insert(next);
        if predicate_id == next {
            self.plan.predicates.push(predicate);
        }
        let optional = value.optional;
        let op = Op::Predicate { predicate: predicate_id, value: Box::new(value.into_expr()) };
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// A reference compared with a text is its key, where that is one field.
    fn key_text(&mut self, value: Typed) -> Typed {
        let (Type::Ref(target), Op::Field { root, record, path }) = (value.ty, &value.op) else { return value };
        let [key] = self.plan.record(target).key[..] else { return value };
        let mut path = path.clone();
        path.push(key);
        self.mark_used(*record, &path);
        let ty = self.plan.record(target).fields[key.index()].ty;
        Typed { op: Op::Field { root: *root, record: *record, path }, ty, ..value }
    }
}

fn negate(typed: Typed, negated: bool) -> Typed {
    if !negated {
        return typed;
    }
    let (optional, span) = (typed.optional, typed.span);
    Typed::new(Op::Not(Box::new(typed.into_expr())), Type::YesNo, optional, span)
}

fn flatten<'e>(expr: &'e tree::Expr, op: BinaryOp, parts: &mut Vec<&'e tree::Expr>) {
    match &expr.kind {
        ExprKind::Binary { op: found, left, right, .. } if *found == op => {
            flatten(left, op, parts);
            flatten(right, op, parts);
        }
        _ => parts.push(expr),
    }
}
