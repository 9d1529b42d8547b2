//! What looks beyond one row: aggregates over sets, and what is kept per key.

mod aggregates;
mod join;
mod paid;
mod running;
pub(in crate::types) mod search;
mod sorted;
mod totals;
pub(in crate::types) mod window;

use super::Typing;
use super::scope::Scope;
use crate::internal::broken;
use crate::plan::fields::path_words;
use crate::plan::{Expr, Function, LineKind, Op, Period, RecordId, StateId, Stream, TimeUnit, Type};
use crate::typed::{Keys, Lets, Total, Use, WRITTEN_OUT, extent, inline, walk};
use crate::types::later::{Later, later};
use meed_grammar::limits;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, SetSource};

impl Typing<'_> {
    fn set_stream(&mut self, source: &SetSource) -> Option<(Stream, RecordId)> {
        match source {
            SetSource::Event(name) => {
                let record = self.event_named(name)?;
                Some((Stream::Events(record), record))
            }
            SetSource::Payments(name) | SetSource::Credits(name) => {
                let is_credits = matches!(source, SetSource::Credits(_));
                let payee = if is_credits { self.credited_by(name)? } else { self.paid_by(name)? };
                let kind = if is_credits { LineKind::Credit } else { LineKind::Payment };
                self.places.uses.push((name.span, Use::Rule(name.text.clone())));
                self.rule_named(&name.text).map(|rule| (Stream::Lines(rule, kind), payee))
            }
            SetSource::Decisions(name) => broken(format!("decisions from `{}` that are no search", name.text)),
        }
    }

    /// The event of this name, a plural allowed.
    pub(super) fn event_named(&mut self, name: &tree::Name) -> Option<RecordId> {
        let found = self.resolved.record_named(&name.text);
        match found {
            Some(record) if self.program.record(record).kind == tree::RecordKind::Event => {
                self.places.uses.push((name.span, Use::Record(record)));
                self.mark_used(record, &[]);
                Some(record)
            }
            Some(_) => {
                let problem =
                    Problem::error("not-an-event", name.span, format!("`{}` is an entity, not an event", name.text));
                let refers =
                    self.program.records.iter().filter(|event| event.kind == tree::RecordKind::Event).find_map(
                        |event| {
                            let field = event.fields.iter().find(|field| Some(field.ty) == found.map(Type::Ref))?;
                            Some(format!("{}.{}", event.name, field.name))
                        },
                    );
                self.problem(match refers {
                    Some(path) => problem.help(format!("count it in the rows of an event: count of distinct {path}")),
                    None => problem,
                });
                None
            }
            None => {
                if !self.damaged(&name.text) {
                    let problem =
                        Problem::error("unknown-record", name.span, format!("there is no event `{}`", name.text));
                    let known = || self.program.records.iter().map(|record| record.name.as_str());
                    let problem = self.suggest(problem, name, known);
                    self.problem(problem);
                }
                None
            }
        }
    }

    /// Whom a rule pays.
    pub(super) fn paid_by(&mut self, rule: &tree::Name) -> Option<RecordId> {
        let Some(payee) = self.typed(&rule.text).next().map(|version| version.payees().first().copied()) else {
            self.unknown_rule(rule);
            return None;
        };
        // One whose payment has a mistake, which is told, is left out and pays all the same.
        let pays = |idx: &usize| self.resolved.rules[*idx].clauses.iter().any(|clause| clause.kind.pays());
        let is_left_out =
            self.problems.iter().any(Problem::is_error) && self.resolved.versions(&rule.text).iter().any(pays);
        if payee.is_none() && !is_left_out {
            let message = format!("rule `{}` pays nobody", rule.text);
            self.problem(
                Problem::error("no-payments", rule.span, message)
                    .label("it sets values and has no `pay`")
                    .help("name a rule that pays; what a rule sets is: decision from RULE"),
            );
        }
        payee
    }

    /// Whom a rule credits the rows that its split finds to.
    pub(super) fn credited_by(&mut self, rule: &tree::Name) -> Option<RecordId> {
        let payee = self.paid_by(rule)?;
        let is_among = |version: &crate::typed::Version| {
            let share = version.pay().and_then(|pay| pay.share.as_ref());
            share.is_some_and(|share| matches!(share.parties, crate::plan::Parties::Found { .. }))
        };
        if !self.typed(&rule.text).any(is_among) {
            let message = format!("rule `{}` divides nothing among found rows", rule.text);
            self.problem(
                Problem::error("no-credits", rule.span, message)
                    .label("only `pay split … among …` writes credits")
                    .help("name a rule that does; what others pay is read as payments from RULE"),
            );
            return None;
        }
        Some(payee)
    }

    /// There is no rule of this name; one that has problems of its own has said so.
    pub(super) fn unknown_rule(&mut self, name: &tree::Name) {
        if self.damaged(&name.text) || !self.resolved.versions(&name.text).is_empty() {
            return;
        }
        let known = || self.resolved.rules.iter().map(|rule| rule.name.text.as_str());
        let problem = Problem::error("unknown-rule", name.span, format!("there is no rule `{}`", name.text));
        let problem = self.suggest(problem, name, known);
        self.problem(problem);
    }

    /// Which value can be missing, by name where it has one.
    pub(super) fn missing_words(&self, value: &Expr) -> String {
        let mut name = None;
        walk(&mut value.clone(), &mut |expr| {
            if let (Op::Field { record, path, .. }, true, None) = (&expr.op, expr.optional, &name) {
                name = Some(format!("`{}` can be missing", path_words(&self.program.records, *record, path)));
            }
        });
        name.unwrap_or_else(|| "a value here can be missing".to_owned())
    }

    pub(super) fn unknown_not_handled(&mut self, value: &Expr, what: &str) {
        self.problem(
            Problem::error("unknown-not-handled", value.span, format!("{what} may be unknown"))
                .label(self.missing_words(value))
                .help("ask `is known` first, give a value with `if unknown …`, or end the clause with `, unknown means …`"),
        );
    }

    /// Keys and period after `per`.
    pub(super) fn keys(&mut self, per: &[tree::Path], scope: &mut Scope) -> Option<Keys> {
        let mut keys = Keys { parts: Vec::new(), period: None, own_year: false, payee: false };
        for path in per {
            if path.parts.first().is_some_and(|first| first.text == tree::OWN_YEAR) {
                keys.parts.push(self.own_year(path, scope)?);
                if keys.own_year || keys.period.is_some() {
                    self.problem(Problem::error("duplicate-clause", path.span, "there is one period"));
                    return None;
                }
                keys.own_year = true;
                continue;
            }
            if let [only] = &path.parts[..]
                && let Some(period) = Period::from_word(&only.text)
                && !self.names_something(only, scope)
            {
                self.of_program |= period == Period::Program;
                self.held(period, path.span)?;
                if keys.period.replace(period).is_some() || keys.own_year {
                    self.problem(Problem::error("duplicate-clause", path.span, "there is one period"));
                    return None;
                }
                continue;
            }
            let expr = tree::Expr { kind: ExprKind::Path(path.clone()), span: path.span };
            let mut key = self.expression(&expr, scope)?.into_expr();
            if let Op::Local(local) = key.op {
                let defined = &scope.lets[local].value;
                if matches!(defined.op, Op::Field { .. }) {
                    key = defined.clone();
                }
            }
            if matches!(key.op, Op::Call(Function::Find { .. }, _)) {
                self.problem(later(path.span, Later::TotalPerFoundRow));
                return None;
            }
            if !matches!(key.op, Op::Field { .. })
                || key.ty.is_money()
                || key.ty == Type::Number
                || key.ty == Type::Percent
            {
                let message = format!("{} is nothing to keep a total per", self.type_words(key.ty));
                self.problem(
                    Problem::error("bad-key", path.span, message)
                        .help("write a party, an id or a list value: per rep per year"),
                );
                return None;
            }
            if key.optional {
                self.unknown_not_handled(&key, "the key of this total");
                return None;
            }
            keys.parts.push(key);
        }
        Some(keys)
    }

    /// `year from rep.joined_on`: from the date of the party to the day before its next anniversary.
    fn own_year(&mut self, path: &tree::Path, scope: &mut Scope) -> Option<Expr> {
        let date = tree::Path { parts: path.parts[1..].to_vec(), span: path.span };
        let from = self.path(&date, scope)?.into_expr();
        if !matches!(from.op, Op::Field { .. }) || from.ty != Type::Date {
            let message = format!("a year of its own begins on a date, not {}", self.type_words(from.ty));
            let help = "name a date of the party: per rep per year from rep.joined_on";
            self.problem(Problem::error("type-mismatch", path.span, message).help(help));
            return None;
        }
        if from.optional {
            self.unknown_not_handled(&from, "the key of this total");
            return None;
        }
        self.note_months(TimeUnit::Years, path.span);
        let when = Expr { op: Op::When, ty: Type::Date, optional: false, span: path.span };
        Some(Expr { op: Op::two(Function::OwnYear, from, when), ty: Type::Count, optional: false, span: path.span })
    }

    /// Keeps a total, from before the clause at work on.
    pub(super) fn total_of(&mut self, total: Total, scope: &mut Scope) -> StateId {
        let id = self.totals.len() as u32;
        self.totals.push(total);
        scope.wanted.push(id);
        StateId(id)
    }

    /// The expression without `let`s, for where they are not worked out yet.
    pub(super) fn without_lets(&mut self, expr: Expr, lets: &Lets) -> Option<Expr> {
        if extent(&expr, lets).fits() {
            return Some(inline(expr, lets));
        }
        self.too_much(expr.span);
        None
    }

    pub(super) fn too_much(&mut self, span: Span) {
        let (values, deep) = (limits::words(WRITTEN_OUT as usize), limits::VALUES);
        let message = format!("with every `let` written out this has at most {values} values, {deep} in one another");
        self.problem(
            Problem::error("over-limit", span, message)
                .label("this has more")
                .help("use fewer `let`s between what adds up and the fields"),
        );
    }
}
