//! `hold until M per K`: small sums wait until they are worth a payment.

use crate::plan::fields::path_words;
use crate::plan::{Expr, FieldId, Hold, Op, Period, RecordId, Root, Type, UnitId};
use crate::typed::Version;
use crate::types::Typing;
use crate::types::rules::Work;
use crate::types::scope::Scope;
use crate::value::{Exact, RoundingMode, round};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind};

impl Typing<'_> {
    pub(super) fn hold(&mut self, clause: &Clause, scope: &mut Scope, work: &mut Work) {
        let ClauseKind::Hold { until, per, paid_per, all_at_end } = &clause.kind else { return };
        // An amount with a problem of its own has no unit to hold the sum against.
        let Some(unit) = work.unit else { return };
        let due = work.clauses.iter().find_map(|clause| match clause {
            crate::typed::Clause::Pay(pay) => pay.when.span(),
            _ => None,
        });
        if self.held_and_due(clause.span, due).is_none() {
            return;
        }
        let Some(until) = self.held_amount(until, unit, scope) else { return };
        let Some(per) = self.account(per, clause.span, work) else { return };
        let paid_per = match paid_per {
            Some(word) => match self.period_of(word) {
                Some(period) => Some(period),
                None => return,
            },
            None => None,
        };
        if let (Some(Period::Program), Some(word)) = (paid_per, clause_period(&clause.kind)) {
            let message = "what is held to the end of the program has no periods before it";
            let help = "write a shorter period, such as paid per quarter";
            return self.problem(Problem::error("unknown-period", word.span, message).help(help));
        }
        let hold = Hold { per, until, paid_per, all_at_end: all_at_end.is_some() };
        work.hold = Some((hold, clause.span));
    }

    /// From how much on it is paid out, in smallest units: an amount that is written, above zero.
    fn held_amount(&mut self, amount: &tree::Expr, unit: UnitId, scope: &mut Scope) -> Option<i64> {
        let value = self.numeric(amount, scope)?;
        let definition = self.program.unit(unit);
        if definition.by_row.is_some() {
            let message = "sums in the currency of each row are not held together";
            let help = "convert the amount that is paid: amount in USD at closed_on";
            self.problem(Problem::error("currency-mismatch", value.span, message).help(help));
            return None;
        }
        let per_one = Exact::from(definition.per_one());
        let written = self.amount_text(&Exact::from(50), unit);
        if let Op::Number(number) = &value.op
            && value.ty == Type::Money(unit)
            && *number > Exact::ZERO
            && let Ok(units) = i64::try_from(round(&(number * per_one), RoundingMode::Upward))
        {
            return Some(units);
        }
        let wanted = self.type_words(Type::Money(unit));
        let message = format!("what a sum is held until is {wanted} above zero that is written, or a parameter");
        let help = format!("write it: hold until {written} per payee");
        self.problem(Problem::error("bad-limit", amount.span, message).help(help));
        None
    }

    /// Whose account a line is carried in.
    fn account(&mut self, per: &[tree::Path], span: Span, work: &Work) -> Option<Option<(RecordId, Vec<FieldId>)>> {
        let pay = work.clauses.iter().find_map(|clause| match clause {
            crate::typed::Clause::Pay(pay) => Some(pay),
            _ => None,
        });
        let kinds = pay.map(crate::typed::Pay::kinds).unwrap_or_default();
        let [path] = per else {
            let problem = Problem::error("bad-key", per.get(1).map_or(span, |path| path.span), "in whose account?")
                .help("an account is of one party: hold until $50 per payee");
            let end = Span { start: span.end, end: span.end };
            self.problem(if per.is_empty() { problem.choice(end, " per payee") } else { problem });
            return None;
        };
        if matches!(&path.parts[..], [only] if only.text == "payee") {
            return Some(None);
        }
        let [kind] = kinds[..] else {
            let message = "parties of several kinds are paid, so an account is per payee";
            self.problem(Problem::error("bad-key", path.span, message).help("write: per payee"));
            return None;
        };
        let name = self.program.record(kind).name.clone();
        // The payee is called as the rule does, or by its kind: `per rep`, `per person`.
        let as_paid = pay.and_then(|pay| pay.payee.as_ref()).map_or(0, |payee| self.n_names_of(payee, &path.parts));
        let n_called = as_paid.max(usize::from(path.parts[0].text == name));
        let names = &path.parts[n_called..];
        if names.is_empty() {
            return Some(Some((kind, Vec::new())));
        }
        if n_called == 0 && self.field_of(kind, &names[0].text).is_none() {
            let message = format!("an account is of the payee, a {name}, or of a party that one belongs to");
            let help = format!("write: per payee, per {name}, or per a field of {name}");
            self.problem(Problem::error("bad-key", path.span, message).help(help));
            return None;
        }
        let value = self.follow(Root::Row, kind, Vec::new(), names, path.span, &mut Scope::constant())?;
        match (value.op, value.ty) {
            (Op::Field { path, .. }, Type::Ref(_)) => Some(Some((kind, path))),
            _ => {
                let message = "an account is of a party, one and the same whatever the day";
                self.problem(
                    Problem::error("bad-key", path.span, message).help("name a party that the payee belongs to"),
                );
                None
            }
        }
    }

    /// How many of these names are the path by which a rule calls its payee.
    fn n_names_of(&self, payee: &Expr, names: &[tree::Name]) -> usize {
        let Op::Field { record, path, .. } = &payee.op else { return 0 };
        let words = path_words(&self.program.records, *record, path);
        let n_words = if path.is_empty() { 0 } else { path.len() };
        let own = names.iter().take(n_words).map(|name| name.text.as_str()).collect::<Vec<_>>().join(".");
        if names.len() >= n_words && own == words { n_words } else { 0 }
    }

    /// Rules that pay into one account say the same of it.
    pub(super) fn one_account(&mut self) {
        let held: Vec<Version> = self.program.rules.iter().flat_map(|rule| &rule.versions).cloned().collect();
        for rule in held.chunk_by(|a, b| a.name == b.name) {
            let (holds, others): (Vec<&Version>, Vec<&Version>) =
                rule.iter().filter(|version| version.pay().is_some()).partition(|version| version.hold.is_some());
            if let ([first, ..], [other, ..]) = (&holds[..], &others[..])
                && let Some((_, span)) = &first.hold
            {
                let message = "one version of the rule holds what it pays, and another does not";
                self.problem(
                    Problem::error("two-holds", *span, message)
                        .other(other.span, "this one does not")
                        .help("say the same in every version: what waits at the end of one goes on in the next"),
                );
            }
        }
        let mut first: Vec<(UnitId, RecordId, &Hold, Span)> = Vec::new();
        for version in &held {
            let (Some((hold, span)), Some(pay)) = (&version.hold, version.pay()) else { continue };
            let kinds = match &hold.per {
                None => pay.kinds(),
                Some((record, path)) => vec![self.end_of(*record, path)],
            };
            let known = |kind: &RecordId| {
                first
                    .iter()
                    .find(|(unit, known, ..)| *unit == pay.unit && known == kind)
                    .map(|(.., hold, span)| (*hold, *span))
            };
            match kinds.iter().filter_map(known).find(|(known, _)| !known.is_alike(hold)) {
                Some((_, other)) => {
                    let message = "one account is held in two ways";
                    self.problem(
                        Problem::error("two-holds", *span, message)
                            .other(other, "said first here")
                            .help("say the same in every rule that pays into it"),
                    );
                }
                None => first.extend(kinds.into_iter().map(|kind| (pay.unit, kind, hold, *span))),
            }
        }
    }

    /// The party to which a path leads.
    fn end_of(&self, record: RecordId, path: &[FieldId]) -> RecordId {
        path.iter().fold(record, |at, field| match self.program.record(at).fields[field.index()].ty {
            Type::Ref(next) => next,
            _ => at,
        })
    }
}

fn clause_period(kind: &ClauseKind) -> Option<&tree::Name> {
    if let ClauseKind::Hold { paid_per, .. } = kind { paid_per.as_ref() } else { None }
}
