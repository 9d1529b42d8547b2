//! Names: fields, parties, `let`s, parameters and decisions, and paths through references.

use crate::plan::{self, CreditPart, Expr, FieldId, Function, LineKind, Op, RecordId, RecordKind, Root, Stream, Type};
use crate::resolve::Meaning;
use crate::resolve::near;
use crate::typed::{Use, Version};
use crate::types::Typing;
use crate::types::later::{Later, later};
use crate::types::scope::{Fact, Scope, Typed, field_names, given_by};
use crate::value::Exact;
use meed_grammar::idioms;
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, DEPTH, EACH};

/// Whether it is known that a set has this row, as something of it is there.
fn is_found(row: &Expr, scope: &Scope) -> bool {
    given_by(&row.op).is_some_and(|(search, _, operands)| scope.knows(&Fact::Found(search, operands)))
}

impl Typing<'_> {
    /// A name, or a path of names.
    pub(in crate::types) fn path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        let (first, rest) = (&path.parts[0], &path.parts[1..]);
        // Among the spans of a party its own name leads to the fields of the span.
        if let (true, [next, ..], Some((_, spans))) = (scope.hides, rest, scope.bare)
            && scope.outer.as_ref().is_some_and(|(party, ..)| self.program.record(*party).name == first.text)
            && self.has_field(spans, next)
        {
            let parts = rest.to_vec();
            return self.path(&tree::Path { parts, span: path.span }, scope);
        }
        if let Some((receiver, level)) = scope.each.clone().filter(|_| first.text == EACH && scope.asking.is_none()) {
            if matches!(rest, [only] if only.text == DEPTH) {
                return Some(Typed::new(Op::Number(Exact::from(level)), Type::Count, false, path.span));
            }
            let parts = receiver.parts.into_iter().chain(rest.iter().cloned()).collect();
            return self.path(&tree::Path { parts, span: path.span }, scope);
        }
        let meaning = self.meaning(&path.parts, scope);
        if scope.ranked && rest.is_empty() && first.text == "rank" && !matches!(meaning, Some(Meaning::Local(_))) {
            return Some(self.rank_of_row(path.span));
        }
        if !matches!(meaning, Some(Meaning::Local(_))) {
            self.one_meaning(first, scope)?;
        }
        if let Some(used) = use_of(meaning, &first.text) {
            self.places.uses.push((first.span, used));
        }
        match meaning {
            Some(Meaning::Local(local)) => self.local_path(local, rest, path.span, scope),
            Some(Meaning::Argument(idx)) => {
                let ty = scope.arguments[idx as usize].1;
                Some(Typed::new(Op::Argument(idx), ty, false, path.span))
            }
            Some(Meaning::Field(root, record)) => self.follow(root, record, Vec::new(), &path.parts, path.span, scope),
            Some(Meaning::Outer) if scope.asking.is_some() => self.asked_path(path, scope),
            Some(Meaning::Outer) => self.outer_path(path, scope),
            Some(Meaning::Payment) => self.payment_path(path, scope),
            Some(Meaning::Row(root, record)) => self.root_path(root, record, rest, path.span, scope),
            Some(Meaning::OfPeriod(record)) => self.row_of_period(record, rest, path.span, scope),
            Some(Meaning::Parameter) => {
                let value = self.parameters.get(&first.text).cloned().flatten()?;
                if let [next, ..] = rest {
                    let message = format!("`{}` is a parameter and has no fields", first.text);
                    self.problem(Problem::error("unknown-name", next.span, message));
                    return None;
                }
                self.one_value(value, None, path.span)
            }
            Some(Meaning::Decided(root, record)) => {
                let op = Op::Field { root, record, path: Vec::new() };
                let row = Expr { op, ty: Type::Ref(record), optional: false, span: Span::default() };
                self.decision_of(row, record, first, None, path.span, scope)
            }
            Some(Meaning::Decision) => {
                let stream = scope.rule.as_ref().map(|rule| rule.stream.clone())?;
                self.read_decision(first, &stream, Root::Row, path.span, scope)
            }
            None => {
                self.unknown_name(first, scope);
                None
            }
        }
    }

    /// `goal`, `goal.target`: the row of the rule's own party and period, or a field of it.
    fn row_of_period(&mut self, record: RecordId, rest: &[tree::Name], span: Span, scope: &mut Scope) -> Option<Typed> {
        let Some(Stream::Periods(party, period)) = scope.rule.as_ref().map(|rule| rule.stream.clone()) else {
            return None;
        };
        // Wherever it is named it is one search, so that what is known of it at one place is known at the other.
        let place = self.program.record(record).span;
        let own = Op::Field { root: Root::Row, record: party, path: Vec::new() };
        let day = Expr { op: Op::When, ty: Type::Date, optional: false, span: place };
        let values = [
            Typed::new(own, Type::Ref(party), false, place),
            Typed::new(Op::one(Function::PeriodOf(period), day), Type::Period(period), false, place),
        ];
        let key = self.program.record(record).key.clone();
        let is_period =
            |field: &FieldId| matches!(self.program.record(record).fields[field.index()].ty, Type::Period(_));
        let values =
            if key.first().is_some_and(is_period) { values.into_iter().rev().collect() } else { values.to_vec() };
        let row = Typed { span, ..self.row_with_key(record, values, place, scope)? };
        if rest.is_empty() {
            let optional = !is_found(&row.clone().into_expr(), scope);
            return Some(Typed { optional, ..row });
        }
        let row = row.into_expr();
        let known = is_found(&row, scope);
        self.field_of_found(&row, rest, known, span, scope)
    }

    fn has_field(&self, record: RecordId, name: &tree::Name) -> bool {
        self.field_of(record, &name.text).is_some()
    }

    /// A name that means two things at a place has no meaning there.
    pub(super) fn one_meaning(&mut self, name: &tree::Name, scope: &Scope) -> Option<()> {
        let inner = scope.bare.map(|(_, record)| record).filter(|record| self.has_field(*record, name));
        let outer = scope.outer.as_ref().map(|outer| outer.0).filter(|record| self.has_field(*record, name));
        let text = &name.text;
        let called = |record: RecordId| self.program.record(record).name.clone();
        // The name of the rule's row, where the set's row has a field of that name.
        let own = scope.outer.as_ref().filter(|(_, _, names)| scope.asking.is_some() && names.contains(text));
        if let (Some(inner), Some(_)) = (inner, own) {
            let message = format!("`{text}` is a field of `{}` and the row of the rule", called(inner));
            let help = format!("write `{}.{text}` for the field, or `this` for the row of the rule", called(inner));
            self.problem(Problem::error("ambiguous-name", name.span, message).help(help));
            return None;
        }
        let (message, help) = match (inner, outer) {
            // In a set over the rule's own event a bare name is the set's row.
            (Some(inner), Some(outer)) if (inner == outer && scope.asking.is_some()) || scope.hides => return Some(()),
            (Some(inner), Some(outer)) => {
                let (inner, outer) = (called(inner), called(outer));
                let help = format!("write `{inner}.{text}` or `{outer}.{text}`");
                (format!("both `{inner}` and `{outer}` have a field `{text}`"), help)
            }
            (Some(record), None) | (None, Some(record)) if self.parameters.contains_key(text) => {
                let record = called(record);
                let help = format!("give the parameter another name, or write `{record}.{text}` for the field");
                (format!("`{text}` is a field of `{record}` and a parameter"), help)
            }
            (None, None)
                if self.parameters.contains_key(text) && scope.arguments.iter().any(|(name, _)| name == text) =>
            {
                (format!("`{text}` is an argument and a parameter"), "give one of them another name".to_owned())
            }
            _ => return Some(()),
        };
        self.problem(Problem::error("ambiguous-name", name.span, message).help(help));
        None
    }

    /// A name of the row that asks a set, which is an argument there.
    fn asked_path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        self.asked(scope, &mut |typing, outside| typing.path_of_row(path, outside))
    }

    /// A value of the row of the rule, however deep the set is in whose brackets it is asked for.
    pub(super) fn of_rule(
        &mut self,
        scope: &mut Scope,
        value: &mut dyn FnMut(&mut Self, &mut Scope) -> Option<Typed>,
    ) -> Option<Typed> {
        match scope.asking {
            Some(_) => self.asked(scope, &mut |typing, outside| typing.of_rule(outside, value)),
            None => value(self, scope),
        }
    }

    /// A value of the row that asks a set, which is an argument there.
    fn asked(
        &mut self,
        scope: &mut Scope,
        value: &mut dyn FnMut(&mut Self, &mut Scope) -> Option<Typed>,
    ) -> Option<Typed> {
        let mut asking = scope.asking.take()?;
        let typed = value(self, &mut asking.outside);
        let typed = typed.map(|typed| {
            let span = typed.span;
            let value = typed.into_expr();
            let known = asking.arguments.iter().position(|known| known.op == value.op);
            if known.is_none() {
                asking.arguments.push(value.clone());
            }
            let idx = known.unwrap_or(asking.arguments.len() - 1);
            Typed::new(Op::Argument(idx as u32), value.ty, value.optional, span)
        });
        scope.asking = Some(asking);
        typed
    }

    /// A path from the row that asks: `this`, `this.customer`, or as it is written in the rule.
    fn path_of_row(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        if path.parts[0].text != "this" {
            return self.path(path, scope);
        }
        // `this` is always the row of the rule, however deep the set is.
        if scope.asking.is_some() {
            return self.asked_path(path, scope);
        }
        let (Stream::Events(record) | Stream::Periods(record, _)) = scope.rule.as_ref()?.stream else {
            // Of the payment that a rule reads its payee, amount and day are meant, and the row that it pays for.
            let source = path.parts.get(1).map(|part| part.text.as_str());
            let source =
                scope.roots.iter().find(|(name, root, _)| *root == Root::Source && Some(name.as_str()) == source);
            return match source.cloned() {
                Some((_, root, record)) => self.root_path(root, record, &path.parts[2..], path.span, scope),
                None => self.payment_path(path, scope),
            };
        };
        self.root_path(Root::Row, record, &path.parts[1..], path.span, scope)
    }

    /// A name of the row around a set: the row itself, its fields, its `let`s.
    fn outer_path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        let (outer, join, names) = scope.outer.clone()?;
        let (first, rest) = (&path.parts[0], &path.parts[1..]);
        // The path to that row begins where the rows of the set are tied to it: at whom a payment goes to, or what it is paid for.
        let tied = scope.outer_lets.as_ref().and_then(|(_, join)| match &join.op {
            Op::Field { root, record, .. } => Some((*root, *record)),
            _ => None,
        });
        let (root, record) = tied.or(scope.bare)?;
        if names.contains(&first.text) {
            return match rest {
                [] => self.row_itself(root, record, join, path.span, scope),
                _ => self.follow(root, record, join, rest, path.span, scope),
            };
        }
        if self.has_field(outer, first) {
            return self.follow(root, record, join, &path.parts, path.span, scope);
        }
        let value = self.outer_let(first, scope)?.filter(|_| rest.is_empty());
        if value.is_none() {
            self.problem(later(path.span, Later::LetInSet));
        }
        value.map(|value| Typed { span: path.span, ..Typed::from_expr(value) })
    }

    /// A row by its name, or what it leads to: fields, and decisions of the row.
    fn root_path(
        &mut self,
        root: Root,
        record: RecordId,
        rest: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        match rest {
            [] => self.row_itself(root, record, Vec::new(), span, scope),
            [only] if let Some(stream) = self.resolved.decided_rows(&only.text, root, record, &scope.sight()) => {
                self.read_decision(only, &stream, root, span, scope)
            }
            _ => self.follow(root, record, Vec::new(), rest, span, scope),
        }
    }

    fn row_itself(
        &mut self,
        root: Root,
        record: RecordId,
        path: Vec<FieldId>,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        self.mark_used(record, &path);
        let mut target = record;
        for field in &path {
            if let Type::Ref(next) = self.program.record(target).fields[field.index()].ty {
                target = next;
            }
        }
        let optional = self.path_optional(root, record, &path, scope);
        Some(Typed::new(Op::Field { root, record, path }, Type::Ref(target), optional, span))
    }

    fn local_path(
        &mut self,
        local: plan::LocalId,
        rest: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let definition = &scope.lets[local].value;
        if rest.is_empty() {
            let optional = definition.optional && !scope.knows(&Fact::Local(local)) && !is_found(definition, scope);
            return Some(Typed::new(Op::Local(local), definition.ty, optional, span));
        }
        match (&definition.op, definition.ty) {
            (Op::Field { root, record, path }, Type::Ref(_)) => {
                let (root, record, path) = (*root, *record, path.clone());
                self.follow(root, record, path, rest, span, scope)
            }
            (Op::Call(Function::Find { search, .. }, _), Type::Ref(record))
                if self.program.searches[search.index()].stream.event() == Some(record) =>
            {
                let row = definition.clone();
                let known = !row.optional || scope.knows(&Fact::Local(local)) || is_found(&row, scope);
                self.field_of_found(&row, rest, known, span, scope)
            }
            (_, ty) => {
                let name = scope.lets.names.iter().find(|(_, known)| **known == local).map(|(name, _)| name.clone());
                let name = name.unwrap_or_default();
                let words = self.type_words(ty);
                let message = match ty {
                    Type::Ref(_) => {
                        format!("`{name}` is {words} that was decided or chosen, and its fields cannot be read")
                    }
                    _ => format!("`{name}` is {words} and has no fields"),
                };
                let help = "read the field where the row is found, and let a rule set it";
                self.problem(Problem::error("unknown-name", rest[0].span, message).help(help));
                None
            }
        }
    }

    /// What the payments in sight are amounts of.
    pub(in crate::types) fn type_of_payment(&mut self, span: Span, scope: &Scope) -> Option<Type> {
        let Some(Stream::Lines(rule, _)) = scope.rule.as_ref().map(|rule| &rule.stream) else {
            return Some(Type::MONEY);
        };
        let name = self.resolved.index.ids.iter().find(|(_, id)| *id == rule).map(|(name, _)| name.as_str());
        let pays = name.and_then(|name| self.typed(name).find_map(Version::pay));
        let ty = pays.map_or(Type::MONEY, |pay| Type::Money(pay.unit));
        self.of_one_unit(ty, span, "a payment that is read is")?;
        Some(ty)
    }

    /// What the bases of the credits in sight are amounts of.
    fn type_of_base(&mut self, span: Span, scope: &Scope) -> Option<Type> {
        let Some(Stream::Lines(rule, _)) = scope.rule.as_ref().map(|rule| &rule.stream) else {
            return Some(Type::MONEY);
        };
        let name = self.resolved.index.ids.iter().find(|(_, id)| *id == rule).map(|(name, _)| name.as_str());
        let base = |version: &Version| version.pay()?.share.as_ref()?.base.as_ref().map(|base| base.ty);
        let ty =
            name.and_then(|name| self.typed(name).find_map(base)).filter(|ty| ty.is_money()).unwrap_or(Type::MONEY);
        self.of_one_unit(ty, span, "a credit that is read is")?;
        Some(ty)
    }

    fn payment_path(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Typed> {
        let kind = scope.payment.unwrap_or(LineKind::Payment);
        let word = kind.word();
        let there_are = match kind {
            LineKind::Payment | LineKind::Original => {
                "of a payment there are `payment.amount`, `payment.payee` and `payment.when`"
            }
            LineKind::Credit => {
                "of a credit there are `credit.amount`, `credit.payee`, `credit.share`, `credit.base` and `credit.when`"
            }
        };
        // In the brackets of a set the payment's own amount and day are bare names.
        let named = match &path.parts[..] {
            [only] if only.text != word => Some(only),
            [_, part] => Some(part),
            _ => None,
        };
        let is_part = |name: &str| {
            matches!(name, "amount" | "when") || kind == LineKind::Credit && matches!(name, "share" | "base")
        };
        if let Some(named) = named.filter(|named| is_part(&named.text)) {
            return self.part_of_payment(&named.text, path.span, scope);
        }
        let Some(part) = path.parts.get(1) else {
            self.problem(Problem::error("unknown-name", path.span, there_are));
            return None;
        };
        match part.text.as_str() {
            "payee" if scope.payees.len() > 1 => {
                let kinds = scope.payees.clone();
                let instead = "name a party of the row that the payment is for, or ";
                self.payees_differ(&kinds, Some(instead), path.span);
                None
            }
            "payee" => {
                let (_, root, record) = scope.roots.iter().find(|(_, root, _)| *root == Root::Payee).cloned()?;
                if path.parts.len() == 2 {
                    return self.row_itself(root, record, Vec::new(), path.span, scope);
                }
                self.follow(root, record, Vec::new(), &path.parts[2..], path.span, scope)
            }
            _ => {
                let message = format!("a {word} has no `{}`", part.text);
                let problem = Problem::error("unknown-name", part.span, message).help(there_are);
                let known = ["amount", "payee", "when", "share", "base"];
                self.problem(near(problem, part, known[..if kind == LineKind::Credit { 5 } else { 3 }].to_vec()));
                None
            }
        }
    }

    /// A value that a payment or a credit has by this name.
    fn part_of_payment(&mut self, name: &str, span: Span, scope: &Scope) -> Option<Typed> {
        let (op, ty) = match name {
            "amount" => (Op::PaymentAmount, self.type_of_payment(span, scope)?),
            "share" => (Op::Credit(CreditPart::Share), Type::Percent),
            "base" => (Op::Credit(CreditPart::Base), self.type_of_base(span, scope)?),
            _ => (Op::When, Type::Date),
        };
        Some(Typed::new(op, ty, false, span))
    }

    /// Follows names as fields from a row.
    pub(in crate::types) fn follow(
        &mut self,
        root: Root,
        record: RecordId,
        mut path: Vec<FieldId>,
        names: &[tree::Name],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        let mut at = record;
        for field in &path {
            if let Type::Ref(next) = self.program.record(at).fields[field.index()].ty {
                at = next;
            }
        }
        let mut ty = Type::Ref(at);
        for (idx, name) in names.iter().enumerate() {
            let Type::Ref(here) = ty else {
                let message = format!("`{}` is {} and has no fields", names[idx - 1].text, self.type_words(ty));
                self.problem(Problem::error("unknown-name", name.span, message));
                return None;
            };
            let definition = self.program.record(here);
            let Some(field) = self.field_of(here, &name.text) else {
                if self.resolved.index.deciders_of(&name.text, here).next().is_some() {
                    let row = self.path_of(root, record, path, span, scope);
                    let found = self.decision_of(row, here, name, None, span, scope)?;
                    return self.without_fields(found, &names[idx + 1..]);
                }
                if self.failed_fields.contains(&(here, name.text.clone())) {
                    return None;
                }
                let message = format!("`{}` has no field `{}`", definition.name, name.text);
                let problem = Problem::error("unknown-name", name.span, message);
                let problem = self.suggest(problem, name, || field_names(definition));
                self.problem(problem);
                return None;
            };
            ty = definition.fields[field.index()].ty;
            if self.has_no_value(here, field, name.span) {
                return None;
            }
            if self.foreign.contains_key(&(here, field)) && !self.converting {
                path.push(field);
                return self.in_its_own(root, record, path, span, scope);
            }
            self.places.uses.push((name.span, Use::Field(here, field)));
            if let Some(history) = self.dated.get(&(here, field)).copied() {
                // The party is told by the names before the field, or by none of its own.
                let row_span = match names[..idx].last() {
                    Some(before) => Span { start: span.start, end: before.span.end },
                    None => Span::default(),
                };
                let row = self.path_of(root, record, path, row_span, scope);
                return self.dated_path(row, history, &names[idx..], span, scope);
            }
            path.push(field);
        }
        self.mark_used(record, &path);
        let optional = self.path_optional(root, record, &path, scope);
        Some(Typed::new(Op::Field { root, record, path }, ty, optional, span))
    }

    /// A decision, which has no fields.
    pub(super) fn without_fields(&mut self, found: Typed, rest: &[tree::Name]) -> Option<Typed> {
        let Some(next) = rest.first() else { return Some(found) };
        let message = format!("this is {} that a rule sets, and has no fields", self.type_words(found.ty));
        self.problem(Problem::error("unknown-name", next.span, message));
        None
    }

    /// What a path leads to.
    fn path_of(&mut self, root: Root, record: RecordId, path: Vec<FieldId>, span: Span, scope: &Scope) -> Expr {
        self.mark_used(record, &path);
        let ty = path.iter().fold(Type::Ref(record), |ty, field| match ty {
            Type::Ref(at) => self.program.record(at).fields[field.index()].ty,
            other => other,
        });
        let optional = self.path_optional(root, record, &path, scope);
        Expr { op: Op::Field { root, record, path }, ty, optional, span }
    }

    pub(super) fn unknown_name(&mut self, name: &tree::Name, scope: &Scope) {
        let mut records = scope.bare.iter().map(|bare| bare.1).chain(scope.outer.iter().map(|outer| outer.0));
        let field_failed = records.any(|record| self.failed_fields.contains(&(record, name.text.clone())));
        if self.damaged(&name.text) || scope.failed.contains(&name.text) || field_failed {
            return;
        }
        if scope.sets.contains_key(&name.text) {
            let message = format!("`{}` names a set, which is no value", name.text);
            let help = format!("ask something of it: count of {0}, or earliest ({0}).advisor", name.text);
            self.problem(Problem::error("misplaced-value", name.span, message).help(help));
            return;
        }
        if scope.ranks && name.text == "rank" {
            let message = "the rank is known behind `ranked by`";
            let help = "write this below it; in the brackets of a set, name it with `let` first";
            self.problem(Problem::error("bad-contest", name.span, message).help(help));
            return;
        }
        if self.balances.contains_key(&name.text) {
            let message = format!("`{}` is a balance, which is asked", name.text);
            let written = format!("balance of {}", name.text);
            let problem = Problem::error("misplaced-value", name.span, message);
            self.problem(problem.help(format!("write: {written}")).choice(name.span, written));
            return;
        }
        let setter = self.resolved.first_setter(&name.text);
        if let Some(rule) = setter {
            if scope.rule.as_ref().is_some_and(|own| own.name == rule.name.text) {
                let message = format!("`{}` is not known yet: this rule sets it only here or later", name.text);
                self.problem(Problem::error("unknown-name", name.span, message));
                return;
            }
            // A rule that failed sets nothing; that was said at its place.
            if self.known.decisions.contains_key(&name.text) {
                let is_of_row = scope
                    .bare
                    .is_some_and(|(_, record)| self.resolved.index.deciders_of(&name.text, record).next().is_some());
                let message = match is_of_row {
                    true => format!("`{}` is what a rule sets, and has no fields", name.text),
                    false => format!("`{}` is set for other rows than those of this rule", name.text),
                };
                let problem =
                    Problem::error("unknown-name", name.span, message).other(rule.name.span, "it is set here");
                self.problem(problem);
            }
            return;
        }
        let nothing = scope.lets.names.is_empty()
            && self.parameters.is_empty()
            && scope.arguments.is_empty()
            && scope.roots.is_empty()
            && scope.bare.is_none()
            && scope.outer.is_none();
        let mut problem = Problem::error("unknown-name", name.span, format!("`{}` is not known here", name.text));
        let when = scope.bare.and_then(|(_, record)| {
            let record = self.program.record(record);
            Some((record.name.clone(), record.fields[record.when?.index()].name.clone()))
        });
        if let (Some((event, when)), "date" | "day" | "when") = (when, name.text.as_str()) {
            problem = problem.help(format!("the day of `{event}` is `{when}`")).choice(name.span, when);
        } else if matches!(name.text.as_str(), "rate" | "band") {
            problem = problem.help(format!("of a schedule it is written: {} of volume_bands(amount)", name.text));
        } else if self.schedules.contains_key(&name.text) {
            problem = problem.label("this is a schedule").help(format!("apply it to something: {}(amount)", name.text));
        } else if nothing {
            problem = problem.help("inside a schedule only its arguments, parameters and literals can be used");
        }
        let behind = self.source.get(name.span.end as usize..).unwrap_or_default().trim_start();
        if name.text == "number" && behind.starts_with("of ") {
            problem = problem.help("write `count of`").sure(name.span, "count");
        }
        if let Some(help) = idioms::name(&name.text).filter(|_| problem.help.is_none()) {
            problem = problem.help(help);
        }
        if problem.help.is_none() && self.n_suggested.get() < limits::MESSAGES {
            let ways = self.ways_to(name, scope);
            if !ways.is_empty() {
                self.suggests();
                let listed: Vec<String> = ways.iter().map(|way| format!("`{way}`")).collect();
                problem = problem.help(format!("write {}", listed.join(" or ")));
                problem = ways.into_iter().fold(problem, |problem, way| problem.choice(name.span, way));
                self.problem(problem);
                return;
            }
        }
        let known = if self.n_suggested.get() < limits::MESSAGES { self.known_names(scope) } else { Vec::new() };
        let problem = self.suggest(problem, name, || known.iter().map(String::as_str));
        self.problem(problem);
    }

    /// How a name is written that belongs to something that the row knows: a field of a row that it refers to, in a rule per
    /// period a sum of an event's field or the number of its rows. At most three.
    fn ways_to(&self, name: &tree::Name, scope: &Scope) -> Vec<String> {
        let mut ways: Vec<String> = Vec::new();
        let text = &name.text;
        if let Some((_, record)) = scope.bare {
            for field in &self.program.record(record).fields {
                if let Type::Ref(target) = field.ty
                    && self.field_of(target, text).is_some()
                {
                    ways.push(format!("{}.{text}", field.name));
                }
            }
        }
        let is_grid = scope.rule.as_ref().is_some_and(|rule| matches!(rule.stream, Stream::Periods(..)));
        if is_grid && scope.outer.is_none() && ways.is_empty() {
            if let Some(event) = self.resolved.event(text) {
                ways.push(format!("(count of {})", self.program.record(event).name));
            }
            let events = self.program.records.iter().enumerate().filter(|(_, record)| record.kind == RecordKind::Event);
            for (idx, event) in events {
                let field = self.field_of(RecordId(idx as u32), text);
                let is_number = field.is_some_and(|field| event.fields[field.index()].ty.is_numeric());
                let is_partys = scope
                    .bare
                    .is_some_and(|(_, entity)| event.fields.iter().any(|field| field.ty == Type::Ref(entity)));
                if is_number && is_partys {
                    ways.push(format!("(sum of {}.{text})", event.name));
                }
            }
        }
        ways.truncate(3);
        ways
    }

    /// Every name that means something at a place.
    fn known_names(&self, scope: &Scope) -> Vec<String> {
        let mut known: Vec<String> = scope.lets.names.keys().cloned().chain(self.parameters.keys().cloned()).collect();
        known.extend(scope.arguments.iter().map(|(name, _)| name.clone()));
        known.extend(scope.roots.iter().map(|(name, _, _)| name.clone()));
        let records = scope.bare.map(|(_, record)| record).into_iter().chain(scope.outer.as_ref().map(|outer| outer.0));
        known.extend(records.flat_map(|record| field_names(self.program.record(record))).map(str::to_owned));
        known.sort();
        known
    }
}

/// What a name stands for that is no field; fields are noted where a path is followed, decisions where they are read.
fn use_of(meaning: Option<Meaning>, name: &str) -> Option<Use> {
    match meaning? {
        Meaning::Local(local) => Some(Use::Local(local)),
        Meaning::Argument(idx) => Some(Use::Argument(idx)),
        Meaning::Row(_, record) | Meaning::OfPeriod(record) => Some(Use::Record(record)),
        Meaning::Parameter => Some(Use::Parameter(name.to_owned())),
        Meaning::Field(..) | Meaning::Outer | Meaning::Payment | Meaning::Decision | Meaning::Decided(..) => None,
    }
}
