//! Conditions: comparisons, lists, tests on texts, and what they tell about missing values.

use crate::plan::{
    Comparison, DomainId, Expr, FieldId, Function, Op, Predicate, PredicateId, SearchId, SearchOutput, TextTest, Type,
};
use crate::resolve::Meaning;
use crate::types::Typing;
use crate::types::expressions::unbracketed;
use crate::types::parameters::Constant;
use crate::types::scope::{Scope, Typed, facts};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, BinaryOp, CompareOp, ExprKind};

impl Typing<'_> {
    /// A condition.
    pub(in crate::types) fn condition(&mut self, expr: &tree::Expr, scope: &mut Scope) -> Option<Expr> {
        let typed = self.expression(expr, scope)?;
        if typed.ty == Type::YesNo {
            return Some(typed.into_expr());
        }
        let words = self.type_words(typed.ty);
        let help = match &expr.kind {
            ExprKind::Text(_) => {
                "each comparison is written in full; one of several texts: region in [\"EMEA\", \"APAC\"]"
            }
            _ => "compare it with something: amount >= $1,000, level is gold",
        };
        self.problem(
            Problem::error("type-mismatch", expr.span, format!("a condition is a yes or no, not {words}")).help(help),
        );
        None
    }

    /// `not x`
    pub(super) fn not(&mut self, inner: &tree::Expr, span: Span, scope: &mut Scope) -> Option<Typed> {
        let inner = self.condition(inner, scope)?;
        let optional = inner.optional;
        Some(Typed::new(Op::one(Function::Not, inner), Type::YesNo, optional, span))
    }

    /// `x is known`
    pub(super) fn known(&mut self, value: &tree::Expr, negated: bool, span: Span, scope: &mut Scope) -> Option<Typed> {
        let value = self.expression(value, scope)?;
        if value.text.is_some() {
            return Some(Typed::new(Op::YesNo(!negated), Type::YesNo, false, span));
        }
        let known = Typed::new(Op::one(Function::Known, value.into_expr()), Type::YesNo, false, span);
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
        if *op == BinaryOp::Or && self.one_of_several(&parts, expr.span, scope) {
            return None;
        }
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

    /// `region is "EMEA" or "APAC"`, `level is gold or silver`: one comparison, of which only the values go on.
    fn one_of_several(&mut self, parts: &[&tree::Expr], span: Span, scope: &Scope) -> bool {
        let [first, others @ ..] = parts else { return false };
        let ExprKind::Compare { op: CompareOp::Equal, left, right, .. } = &first.kind else { return false };
        let is_value = |value: &tree::Expr| match &value.kind {
            ExprKind::Text(_) => true,
            ExprKind::Path(path) => path.parts.len() == 1 && !self.names_something(&path.parts[0], scope),
            _ => false,
        };
        if !is_value(right) || !others.iter().all(|other| is_value(other)) {
            return false;
        }
        let values = std::iter::once(&**right).chain(others.iter().copied()).map(|value| self.written(value.span));
        let written = format!("{} in [{}]", self.written(left.span), values.collect::<Vec<_>>().join(", "));
        self.problem(
            Problem::error("type-mismatch", others[0].span, "each comparison is written in full")
                .label("with what is this compared?")
                .help(format!("write `{written}`"))
                .sure(span, written),
        );
        true
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
        let of_texts = |holds: bool| Some(Typed::new(Op::YesNo(holds), Type::YesNo, false, span));
        match (op, &a.text, &b.text) {
            // Two texts in quotes, or parameters that are texts.
            (CompareOp::Equal, Some(a), Some(b)) => return of_texts(a == b),
            (CompareOp::NotEqual, Some(a), Some(b)) => return of_texts(a != b),
            (CompareOp::Contains, Some(a), Some(b)) => return of_texts(a.contains(b.as_str())),
            (CompareOp::StartsWith, Some(a), Some(b)) => return of_texts(a.starts_with(b.as_str())),
            (CompareOp::EndsWith, Some(a), Some(b)) => return of_texts(a.ends_with(b.as_str())),
            (CompareOp::Contains | CompareOp::StartsWith | CompareOp::EndsWith, None, Some(text)) => {
                let test = match op {
                    CompareOp::StartsWith => TextTest::StartsWith(text.clone()),
                    CompareOp::EndsWith => TextTest::EndsWith(text.clone()),
                    _ => TextTest::Contains(text.clone()),
                };
                return self.predicate(a, test, span);
            }
            (CompareOp::Contains | CompareOp::StartsWith | CompareOp::EndsWith, ..) => {
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
            CompareOp::Contains | CompareOp::StartsWith | CompareOp::EndsWith => return None,
        };
        let ordered = matches!(
            a.ty,
            Type::Number
                | Type::Count
                | Type::Percent
                | Type::Money(_)
                | Type::Date
                | Type::Period(_)
                | Type::Choice(_)
        ) && !self.is_list_of_texts(a.ty);
        if !ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let message = format!("{} has no order", self.type_words(a.ty));
            self.problem(Problem::error("type-mismatch", op_span, message).help("compare with `is` or `is not`"));
            return None;
        }
        self.not_with_itself(&a, &b, span, scope)?;
        let optional = a.optional || b.optional;
        let op = Op::two(Function::Compare(comparison), a.into_expr(), b.into_expr());
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// Refuses a field against itself: in the brackets of a set one of the two was to be of the row around it.
    fn not_with_itself(&mut self, a: &Typed, b: &Typed, span: Span, scope: &Scope) -> Option<()> {
        let is_read = matches!(
            a.op,
            Op::Field { .. }
                | Op::Argument(_)
                | Op::PaymentAmount
                | Op::Credit(_)
                | Op::Balance(_)
                | Op::When
                | Op::Decision { .. }
                | Op::Local(_)
        );
        if !is_read || a.op != b.op {
            return Some(());
        }
        let problem = Problem::error("compared-with-itself", span, "both sides are the same value")
            .label("this is so for every row, or for none");
        let help = if !scope.in_set() {
            "compare it with another value"
        } else if matches!(a.op, Op::Argument(_)) {
            "write one side as a field of the set's row, in full: deal.customer"
        } else {
            "for the row of the rule write `this` in front: this.customer"
        };
        self.problem(problem.help(help));
        None
    }

    /// Both sides of a comparison; the name of a choice has its meaning from the other side.
    pub(super) fn sides(&mut self, left: &tree::Expr, right: &tree::Expr, scope: &mut Scope) -> Option<(Typed, Typed)> {
        let bare = |expr: &tree::Expr| match &unbracketed(expr).kind {
            ExprKind::Path(path) if path.parts.len() == 1 => Some(path.parts[0].clone()),
            _ => None,
        };
        // A value of a list, and a text, have their meaning from the other side.
        let needs_side = |typing: &Self, expr: &tree::Expr| match bare(expr) {
            Some(name) => match typing.meaning(std::slice::from_ref(&name), scope) {
                None => true,
                Some(Meaning::Parameter) => match typing.parameters.get(&name.text) {
                    Some(Some(Constant::Name(_))) => true,
                    Some(Some(Constant::Value(value))) => value.text.is_some(),
                    Some(Some(Constant::List(..)) | None) | None => false,
                },
                Some(_) => false,
            },
            None => matches!(unbracketed(expr).kind, ExprKind::Text(_)),
        };
        let (first, second) =
            if needs_side(self, left) && !needs_side(self, right) { (right, left) } else { (left, right) };
        let a = self.expression(first, scope)?;
        let b = self.hinted(second, Some(a.ty), scope)?;
        Some(if std::ptr::eq(first, left) { (a, b) } else { (b, a) })
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
        let subject = self.expression(value, scope)?;
        let values = self.values_of(list, &subject, scope)?;
        // One test on the texts, and one comparison for each other value.
        let texts: Vec<String> = values.iter().filter_map(|value| value.text.clone()).collect();
        let mut tests = Vec::new();
        match (&subject.text, texts.is_empty()) {
            (_, true) => {}
            (Some(text), false) => tests.push(Typed::new(Op::YesNo(texts.contains(text)), Type::YesNo, false, span)),
            (None, false) => tests.push(self.predicate(subject.clone(), TextTest::In(texts), span)?),
        }
        for value in values.into_iter().filter(|value| value.text.is_none()) {
            tests.push(self.equal(subject.clone(), value)?);
        }
        if let [only] = &tests[..] {
            return Some(negate(Typed { span, ..only.clone() }, negated));
        }
        let optional = tests.iter().any(|test| test.optional);
        let tests = tests.into_iter().map(Typed::into_expr).collect();
        Some(negate(Typed::new(Op::Or(tests), Type::YesNo, optional, span), negated))
    }

    /// The values after `in`: a list, or a parameter that is one.
    fn values_of(&mut self, list: &tree::Expr, subject: &Typed, scope: &mut Scope) -> Option<Vec<Typed>> {
        let hint = Some(subject.ty);
        match &unbracketed(list).kind {
            ExprKind::List(values) if values.is_empty() => {
                self.problem(
                    Problem::error("empty-list", list.span, "an empty list holds nothing")
                        .label("no value is in it")
                        .help("name the values: level in [gold, platinum]"),
                );
                None
            }
            ExprKind::List(values) => values.iter().map(|value| self.hinted(value, hint, scope)).collect(),
            ExprKind::Path(path) => {
                let parameter = match self.meaning(&path.parts, scope) {
                    Some(Meaning::Parameter) if path.parts.len() == 1 => self.parameters.get(&path.parts[0].text),
                    _ => None,
                };
                match parameter.cloned() {
                    Some(Some(Constant::List(values, _))) => {
                        self.one_meaning(&path.parts[0], scope)?;
                        values.into_iter().map(|value| self.one_value(value, hint, list.span)).collect()
                    }
                    Some(None) => None,
                    Some(Some(Constant::Value(_) | Constant::Name(_))) | None => {
                        let names: Vec<&str> = path.parts.iter().map(|part| part.text.as_str()).collect();
                        let written = names.join(".");
                        self.problem(
                            Problem::error("list-brackets", list.span, "a list is written in square brackets")
                                .label("the values to compare with")
                                .help(format!("write `[{written}]`"))
                                .sure(list.span, format!("[{written}]")),
                        );
                        None
                    }
                }
            }
            // The grammar reads nothing else here, and reports what is there without its brackets.
            _ => None,
        }
    }

    /// Whether a value is one of a list.
    fn equal(&mut self, subject: Typed, value: Typed) -> Option<Typed> {
        let span = value.span;
        if let Some(text) = &subject.text {
            return self.predicate(value, TextTest::In(vec![text.clone()]), span);
        }
        let (a, b) = self.unify(subject, value)?;
        let optional = a.optional || b.optional;
        let op = Op::two(Function::Compare(Comparison::Equal), a.into_expr(), b.into_expr());
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// The id of a test, which is made once.
    pub(super) fn predicate_id(&mut self, domain: DomainId, test: TextTest) -> PredicateId {
        let predicate = Predicate { domain, test };
        let next = PredicateId(self.program.predicates.len() as u32);
        let id = *self.known.predicates.entry(predicate.clone()).or_insert(next);
        if id == next {
            self.program.predicates.push(predicate);
        }
        id
    }

    fn predicate(&mut self, value: Typed, test: TextTest, span: Span) -> Option<Typed> {
        let value = self.key_text(value);
        let (Type::Text(domain) | Type::Id(domain)) = value.ty else {
            let words = self.type_words(value.ty);
            self.problem(Problem::error("type-mismatch", value.span, format!("{words} is not compared with a text")));
            return None;
        };
        let predicate_id = self.predicate_id(domain, test);
        let optional = value.optional;
        let op = Op::one(Function::Test(predicate_id), value.into_expr());
        Some(Typed::new(op, Type::YesNo, optional, span))
    }

    /// A reference compared with a text is its key, where that is one field.
    pub(in crate::types) fn key_text(&mut self, value: Typed) -> Typed {
        let Type::Ref(target) = value.ty else { return value };
        let [key] = self.program.record(target).key[..] else { return value };
        if let Op::Call(Function::Find { search, output }, operands) = &value.op {
            return self.key_of_found(*search, *output, operands, key, value.clone());
        }
        let Op::Field { root, record, path } = &value.op else { return value };
        let mut path = path.clone();
        path.push(key);
        self.mark_used(*record, &path);
        let ty = self.program.record(target).fields[key.index()].ty;
        Typed { op: Op::Field { root: *root, record: *record, path }, ty, ..value }
    }
}

impl Typing<'_> {
    /// The key of what a row that was found refers to, in place of the reference.
    fn key_of_found(&mut self, search: SearchId, output: u32, operands: &[Expr], key: FieldId, value: Typed) -> Typed {
        let known = &self.program.searches[search.index()];
        let asked = known.outputs[output as usize].clone();
        let Some(record) = known.record() else { return value };
        let Type::Ref(target) = value.ty else { return value };
        let ty = self.program.record(target).fields[key.index()].ty;
        let mut taken = asked.value;
        let mut paths = Vec::new();
        let mut extend = |expr: &mut Expr| {
            if let Op::Field { path, .. } = &mut expr.op {
                path.push(key);
                paths.push(path.clone());
            }
            expr.ty = ty;
        };
        match &mut taken.op {
            // A dated field is that of the span only up to its last day.
            Op::If { branches, otherwise } => {
                branches.iter_mut().for_each(|(_, value)| extend(value));
                extend(otherwise.as_mut());
                taken.ty = ty;
            }
            Op::Field { .. } => extend(&mut taken),
            _ => return value,
        }
        paths.iter().for_each(|path| self.mark_used(record, path));
        let (search, output) = self.output(search, SearchOutput { function: asked.function, value: taken, den: None });
        Typed { op: Op::Call(Function::Find { search, output }, operands.to_vec()), ty, ..value }
    }
}

fn negate(typed: Typed, negated: bool) -> Typed {
    if !negated {
        return typed;
    }
    let (optional, span) = (typed.optional, typed.span);
    Typed::new(Op::one(Function::Not, typed.into_expr()), Type::YesNo, optional, span)
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
