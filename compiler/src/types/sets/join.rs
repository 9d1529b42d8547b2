//! How the rows of a set belong to the entity of a rule.

use crate::plan::{self, Expr, Function, Op, RecordId, Root, Stream, Type};
use crate::typed::{extent, inline, walk};
use crate::types::Typing;
use crate::types::scope::{RuleScope, Scope};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree;

impl Typing<'_> {
    /// The path from a row of the set to the entity of the rule.
    pub(super) fn join(
        &mut self,
        stream: &Stream,
        entity: RecordId,
        by: Option<&tree::Path>,
        source: Option<Span>,
        span: Span,
    ) -> Option<Expr> {
        let (root, record) = match stream {
            Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => (Root::Row, *record),
            Stream::Lines(rule, _) => (Root::Payee, self.payee_of(*rule)?),
        };
        if let Some(by) = by {
            let mut scope = Scope::constant();
            scope.rule = Some(RuleScope { name: String::new(), stream: stream.rows(), by_date: false, matched: true });
            let typed = match stream {
                Stream::Lines(rule, _) => self.path_of_payment(*rule, record, by, &mut scope)?,
                _ => self.follow(root, record, Vec::new(), &by.parts, by.span, &mut scope)?,
            };
            if typed.ty != Type::Ref(entity) {
                let (found, wanted) = (self.type_words(typed.ty), self.type_words(Type::Ref(entity)));
                self.problem(Problem::error(
                    "type-mismatch",
                    by.span,
                    format!("`by` must lead to {wanted}, not {found}"),
                ));
                return None;
            }
            if !matches!(typed.op, Op::Field { .. }) {
                return self.dated_tie(by.span);
            }
            return Some(typed.into_expr());
        }
        if let Stream::Lines(rule, _) = stream {
            // A payment belongs to whom it is paid, or to the row that it is paid for.
            let kinds = self.kinds_of(*rule);
            let is_of_one = kinds.len() < 2;
            if !(is_of_one && record == entity) && self.source_of(*rule) == Some(entity) {
                let op = Op::Field { root: Root::Source, record: entity, path: Vec::new() };
                return Some(Expr { op, ty: Type::Ref(entity), optional: false, span });
            }
            if !is_of_one {
                let instead = "say by which party of the row that was paid for, such as: by deal.partner, or ";
                self.payees_differ(&kinds, Some(instead), span);
                return None;
            }
        }
        if (root == Root::Payee || matches!(stream, Stream::Periods(..))) && record == entity {
            return Some(Expr {
                op: Op::Field { root, record, path: Vec::new() },
                ty: Type::Ref(entity),
                optional: false,
                span,
            });
        }
        let definition = self.program.record(record);
        let direct: Vec<usize> =
            (0..definition.fields.len()).filter(|&idx| definition.fields[idx].ty == Type::Ref(entity)).collect();
        if let [only] = direct[..] {
            if self.dated.contains_key(&(record, plan::FieldId(only as u32))) {
                return self.dated_tie(span);
            }
            let path = vec![plan::FieldId(only as u32)];
            self.mark_used(record, &path);
            let optional = self.path_optional(root, record, &path, &Scope::constant());
            return Some(Expr { op: Op::Field { root, record, path }, ty: Type::Ref(entity), optional, span });
        }
        let paths = self.paths_to(record, entity);
        let (set, wanted) = (self.program.record(record).name.clone(), self.program.record(entity).name.clone());
        let message = if direct.is_empty() {
            format!("`{set}` has no field that is {}", self.type_words(Type::Ref(entity)))
        } else {
            format!("`{set}` leads to `{wanted}` in more than one way")
        };
        let mut problem = Problem::error("ambiguous-join", span, message);
        if !paths.is_empty() {
            problem = problem.help(format!(
                "say which: {}",
                paths.iter().map(|path| format!("({set} by {path})")).collect::<Vec<_>>().join(" or ")
            ));
        }
        if let ([path], Some(set_span)) = (&paths[..], source) {
            problem = problem.sure(set_span, format!("({set} by {path})"));
        }
        self.problem(problem);
        None
    }

    /// Rows belong to a party by what does not change; who somebody belongs to on a day is a condition.
    fn dated_tie<T>(&mut self, span: Span) -> Option<T> {
        let message = "this leads through a dated field, and to whom the rows belong changes from day to day";
        let help =
            "take the rows of everyone and say of which day: (engineer of everyone where (employer at end) = this)";
        self.problem(Problem::error("missing-moment", span, message).help(help));
        None
    }

    /// Whom the payments of a rule go to.
    fn payee_of(&self, rule: plan::RuleId) -> Option<RecordId> {
        self.kinds_of(rule).first().copied()
    }

    /// The kinds of parties that the payments of a rule go to.
    fn kinds_of(&self, rule: plan::RuleId) -> Vec<RecordId> {
        let name = self.resolved.index.ids.iter().find(|(_, id)| **id == rule).map(|(name, _)| name);
        name.map_or_else(Vec::new, |name| self.payee_kinds(name))
    }

    /// What the payments of a rule are paid for in the end.
    pub(super) fn source_of(&self, rule: plan::RuleId) -> Option<RecordId> {
        let name = self.resolved.index.ids.iter().find(|(_, id)| **id == rule).map(|(name, _)| name)?;
        self.resolved.index.origins.get(name).copied().flatten()
    }

    /// A path of a payment: of its payee, or of the row that it is paid for.
    fn path_of_payment(
        &mut self,
        rule: plan::RuleId,
        payee: RecordId,
        by: &tree::Path,
        scope: &mut Scope,
    ) -> Option<crate::types::scope::Typed> {
        let (first, rest) = by.parts.split_first()?;
        let source = self.source_of(rule);
        let is_source = source.is_some_and(|source| self.program.record(source).name == first.text);
        let (root, record, names) = match (first.text.as_str(), rest, source) {
            ("payment" | "credit", [second, rest @ ..], _) if second.text == "payee" => (Root::Payee, payee, rest),
            (_, rest, Some(source)) if is_source => (Root::Source, source, rest),
            _ if self.field_of(payee, &first.text).is_some() => (Root::Payee, payee, &by.parts[..]),
            (_, _, Some(source)) if self.field_of(source, &first.text).is_some() => {
                (Root::Source, source, &by.parts[..])
            }
            _ => (Root::Payee, payee, &by.parts[..]),
        };
        let kinds = self.kinds_of(rule);
        if root == Root::Payee && kinds.len() > 1 {
            self.payees_differ(&kinds, Some("name a party of the row that the payment is for, or "), by.span);
            return None;
        }
        if names.is_empty() {
            let op = Op::Field { root, record, path: Vec::new() };
            return Some(crate::types::scope::Typed::new(op, Type::Ref(record), false, by.span));
        }
        self.follow(root, record, Vec::new(), names, by.span, scope)
    }

    /// The ways from a record to an entity, at most two references long.
    fn paths_to(&self, record: RecordId, entity: RecordId) -> Vec<String> {
        let mut paths = Vec::new();
        for field in &self.program.record(record).fields {
            if let Type::Ref(next) = field.ty {
                if next == entity {
                    paths.push(field.name.clone());
                }
                for second in &self.program.record(next).fields {
                    if second.ty == Type::Ref(entity) {
                        paths.push(format!("{}.{}", field.name, second.name));
                    }
                }
            }
        }
        paths
    }

    /// The scope inside the brackets of a set that is in `outside`.
    pub(super) fn set_scope(
        &mut self,
        stream: &Stream,
        record: RecordId,
        entity: RecordId,
        join: &Expr,
        outside: &Scope,
    ) -> Scope {
        let mut scope = Scope::constant();
        let path = if let Op::Field { path, .. } = &join.op { path.clone() } else { Vec::new() };
        let entity_name = self.program.record(entity).name.clone();
        match stream {
            Stream::Lines(rule, kind) => {
                scope.payment = Some(*kind);
                scope.roots.push((format!("{}.payee", kind.word()), Root::Payee, record));
                scope.payees = self.kinds_of(*rule);
                if let Some(source) = self.source_of(*rule).filter(|source| *source != entity) {
                    scope.roots.push((self.program.record(source).name.clone(), Root::Source, source));
                }
            }
            Stream::Events(_) | Stream::ByDate(..) | Stream::Periods(..) => {
                scope.roots.push((self.program.record(record).name.clone(), Root::Row, record));
                scope.bare = Some((Root::Row, record));
            }
        }
        scope.rule = Some(RuleScope { name: String::new(), stream: stream.rows(), by_date: false, matched: true });
        scope.outer = Some((entity, path, vec![entity_name]));
        scope.outer_lets = Some((outside.lets.clone(), join.clone()));
        scope
    }

    /// A `let` of the enclosing row, seen from the set's row; the outer none is a name of no `let`, the inner one is a
    /// `let` that cannot be seen.
    pub(in crate::types) fn outer_let(&mut self, name: &tree::Name, scope: &Scope) -> Option<Option<Expr>> {
        let (lets, join) = scope.outer_lets.as_ref()?;
        let local = *lets.names.get(&name.text)?;
        if !extent(&lets[local].value, lets).fits() {
            return Some(None);
        }
        Some(self.seen_from(inline(lets[local].value.clone(), lets), join))
    }

    /// Whether a name is that of a `let` which a row of the set cannot work out anew: more than fields and numbers.
    pub(super) fn is_far_let(&self, name: &tree::Name, scope: &Scope) -> bool {
        let Some(&local) = scope.lets.names.get(&name.text) else { return false };
        let defined = &scope.lets[local];
        if defined.value.optional || !extent(&defined.value, &scope.lets).fits() {
            return true;
        }
        let mut is_far = false;
        inline(defined.value.clone(), &scope.lets).walk(&mut |expr| {
            is_far |= match &expr.op {
                Op::Field { root, record, path } => self.path_optional(*root, *record, path, &Scope::constant()),
                Op::PaymentAmount
                | Op::Credit(_)
                | Op::Balance(_)
                | Op::Taken(_)
                | Op::Rank
                | Op::When
                | Op::Decision { .. }
                | Op::Fold(_)
                | Op::Level { .. }
                | Op::Increment { .. }
                | Op::Call(Function::Find { .. }, _) => true,
                _ => false,
            };
        });
        is_far
    }

    /// A value of the entity's row as it is found from a row of the set; `None` if it is more than fields and numbers.
    fn seen_from(&self, mut value: Expr, join: &Expr) -> Option<Expr> {
        let Op::Field { root: set_root, record: set_record, path: to_entity } = &join.op else { return None };
        let mut plain = true;
        walk(&mut value, &mut |expr| match &mut expr.op {
            Op::Field { root, record, path } => {
                plain &= !self.path_optional(*root, *record, path, &Scope::constant());
                (*root, *record) = (*set_root, *set_record);
                path.splice(0..0, to_entity.iter().copied());
            }
            Op::PaymentAmount
            | Op::Credit(_)
            | Op::Balance(_)
            | Op::Taken(_)
            | Op::Rank
            | Op::When
            | Op::Decision { .. }
            | Op::Fold(_)
            | Op::Level { .. }
            | Op::Increment { .. } => plain = false,
            _ => {}
        });
        (plain && !join.optional).then_some(value)
    }
}
