//! `limit NAME { over R, S  at most M per K per P }`: one limit over what several rules pay.

use crate::plan::fields::path_words;
use crate::plan::{Most, Op, Period, RecordId, Root, RuleId, SharedLimit, Type, UnitId, Whose};
use crate::typed::{Clause, Use, Version};
use crate::types::Typing;
use crate::types::scope::Scope;
use crate::value::{Exact, RoundingMode, round};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ClauseKind, ExprKind, OWN_YEAR};

impl Typing<'_> {
    /// The limits over several rules; one with a problem is left out, as is one of whose rules one is.
    pub(super) fn shared_limits(&mut self) {
        let resolved = self.resolved;
        for item in &resolved.shared_limits {
            if let Some(limit) = self.shared_limit(item) {
                self.program.shared_limits.push(limit);
            }
        }
    }

    fn shared_limit(&mut self, item: &tree::SharedLimit) -> Option<SharedLimit> {
        let limit = self.one_limit(item);
        let rules = self.rules_under(item)?;
        let versions: Vec<Version> =
            rules.iter().flat_map(|id| &self.program.rules[id.index()].versions).cloned().collect();
        if rules.iter().any(|id| self.program.rules[id.index()].versions.is_empty()) {
            return None;
        }
        let unit = self.unit_under(item, &versions)?;
        let limit = limit?;
        let (written, per, counts, pro_rata) =
            match &limit.kind {
                ClauseKind::AtMost { amount, per, pro_rata } => (amount, per, false, *pro_rata),
                ClauseKind::AtMostPayments { most, per } => (most, per, true, None),
                ClauseKind::AtLeast { .. } => {
                    let message = "several rules have no guarantee together";
                    let problem = Problem::error("bad-limit", limit.span, message);
                    self.problem(problem.help(
                        "write it in the rule that is to pay what misses: at least $1,000 per partner per quarter",
                    ));
                    return None;
                }
                _ => return None,
            };
        let most = match counts {
            false if pro_rata.is_some() => Most::InProportion(self.amount_under(written, unit)?),
            false => Most::Amount(self.amount_under(written, unit)?),
            true => Most::Payments(self.payments_under(written)?),
        };
        let mut kinds: Vec<RecordId> = versions.iter().flat_map(Version::payees).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let (per, period) = self.whose(per, limit.span, &kinds, &versions)?;
        Some(SharedLimit { name: item.name.text.clone(), rules, unit, most, per, period, span: written.span })
    }

    /// How much: one clause says it.
    fn one_limit<'t>(&mut self, item: &'t tree::SharedLimit) -> Option<&'t tree::Clause> {
        match &item.limits[..] {
            [limit] => Some(limit),
            [] => {
                let message = format!("limit `{}` does not say how much", item.name.text);
                let help = "write it behind the rules: at most $5,000 per payee per year";
                self.problem(Problem::error("missing-clause", item.name.span, message).help(help));
                None
            }
            [first, second, ..] => {
                let problem = Problem::error("duplicate-clause", second.span, "a limit over rules says one thing");
                self.problem(problem.other(first.span, "the first").help("write a second limit over the same rules"));
                None
            }
        }
    }

    /// The rules, each once.
    fn rules_under(&mut self, item: &tree::SharedLimit) -> Option<Vec<RuleId>> {
        if item.over.is_empty() {
            let message = format!("limit `{}` does not say over which rules it is", item.name.text);
            let help = "name them: over registered_deals, introductions";
            self.problem(Problem::error("missing-clause", item.name.span, message).help(help));
            return None;
        }
        let mut rules: Vec<(RuleId, Span)> = Vec::new();
        let mut failed = false;
        for name in &item.over {
            let Some(id) = self.rule_named(&name.text) else {
                self.unknown_rule(name);
                failed = true;
                continue;
            };
            self.places.uses.push((name.span, Use::Rule(name.text.clone())));
            if let Some((_, first)) = rules.iter().find(|(known, _)| *known == id) {
                let problem = Problem::error("duplicate-clause", name.span, format!("`{}` is named twice", name.text));
                self.problem(problem.other(*first, "named first here").help("name each rule once"));
                failed = true;
                continue;
            }
            rules.push((id, name.span));
            let versions = self.program.rules[id.index()].versions.clone();
            for version in &versions {
                let problem = if version.pay().is_none() {
                    let message = format!("rule `{}` pays nothing that could be limited", name.text);
                    Problem::error("bad-limit", name.span, message).help("name rules that pay")
                } else if version.clauses.iter().any(|clause| matches!(clause, Clause::TakeFrom(_))) {
                    let message =
                        format!("rule `{}` pays what it takes from a balance, which no limit cuts", name.text);
                    Problem::error("bad-limit", name.span, message)
                        .help("bound what is taken: take (50% of cost at most $500) from mdf")
                } else {
                    continue;
                };
                self.problem(problem);
                failed = true;
                break;
            }
        }
        (!failed).then(|| rules.into_iter().map(|(id, _)| id).collect())
    }

    /// The unit in which all of them pay.
    fn unit_under(&mut self, item: &tree::SharedLimit, versions: &[Version]) -> Option<UnitId> {
        let place = |version: &Version| {
            item.over.iter().find(|rule| rule.text == version.name).map_or(item.name.span, |rule| rule.span)
        };
        let unit = versions[0].pay()?.unit;
        if let Some(other) = versions.iter().find(|version| version.pay().is_some_and(|pay| pay.unit != unit)) {
            let message = format!("rule `{}` pays in another unit than `{}`", other.name, versions[0].name);
            self.problem(
                Problem::error("bad-limit", place(other), message)
                    .other(place(&versions[0]), "the first rule")
                    .help("a limit is over amounts of one unit"),
            );
            return None;
        }
        if self.program.unit(unit).by_row.is_some() {
            let message = "sums in the currency of each row have no limit together";
            let help = "convert the amount that is paid: amount in USD at closed_on";
            self.problem(Problem::error("currency-mismatch", place(&versions[0]), message).help(help));
            return None;
        }
        Some(unit)
    }

    /// An amount that is written, or a parameter, in smallest units.
    fn amount_under(&mut self, amount: &tree::Expr, unit: UnitId) -> Option<i64> {
        // Only parameters have names here.
        let is_parameter = |path: &tree::Path| {
            path.parts.len() == 1 && self.resolved.parameters.iter().any(|own| own.name.text == path.parts[0].text)
        };
        if amount.has(&|expr| matches!(&expr.kind, ExprKind::Path(path) if !is_parameter(path))) {
            self.no_amount(amount, unit);
            return None;
        }
        let value = self.numeric(amount, &mut Scope::constant())?;
        let per_one = Exact::from(self.program.unit(unit).per_one());
        if let Op::Number(number) = &value.op
            && value.ty == Type::Money(unit)
            && *number >= Exact::ZERO
            && let Ok(units) = i64::try_from(round(&(number * per_one), RoundingMode::TowardZero))
        {
            return Some(units);
        }
        self.no_amount(amount, unit);
        None
    }

    fn no_amount(&mut self, amount: &tree::Expr, unit: UnitId) {
        let (wanted, written) = (self.type_words(Type::Money(unit)), self.amount_text(&Exact::from(5_000), unit));
        let message = format!("a limit over payments is {wanted} that is written, or a parameter, not below zero");
        let help = format!("write it: at most {written} per payee per year");
        self.problem(Problem::error("bad-limit", amount.span, message).help(help));
    }

    fn payments_under(&mut self, most: &tree::Expr) -> Option<i64> {
        let value = self.numeric(most, &mut Scope::constant())?;
        if let Op::Number(number) = &value.op
            && !value.ty.is_money()
            && value.ty != Type::Percent
            && *number >= Exact::ZERO
            && number.is_whole()
            && let Ok(most) = i64::try_from(number.numerator())
        {
            return Some(most);
        }
        let message = "how many payments is a whole number that is written, or a parameter";
        self.problem(
            Problem::error("bad-limit", most.span, message).help("write: at most 6 payments per payee per year"),
        );
        None
    }

    /// Of whom, and in which time.
    fn whose(
        &mut self,
        per: &[tree::Path],
        span: Span,
        kinds: &[RecordId],
        versions: &[Version],
    ) -> Option<(Whose, Option<Period>)> {
        let mut period: Option<Period> = None;
        let mut whose: Option<(Whose, Span)> = None;
        let twice = |path: &tree::Path| {
            Problem::error("bad-key", path.span, "a limit over payments is per one party and one period")
        };
        for path in per {
            let single = match &path.parts[..] {
                [only] => Some(only),
                _ => None,
            };
            if path.parts[0].text == OWN_YEAR {
                let message = "a limit over payments is per a period of the program, not of a party's own";
                self.problem(Problem::error("bad-key", path.span, message).help("write: per year"));
                return None;
            }
            if let Some(found) = single.and_then(|name| Period::from_word(&name.text)) {
                if period.replace(found).is_some() {
                    self.problem(twice(path));
                    return None;
                }
                continue;
            }
            let found = match single {
                Some(name) if name.text == "payee" => Whose::Payee,
                _ => self.party_under(path, kinds, versions)?,
            };
            if let Some((_, first)) = whose.replace((found, path.span)) {
                self.problem(
                    twice(path).other(first, "the first party").help("write a second limit over the same rules"),
                );
                return None;
            }
        }
        if per.is_empty() {
            let end = Span { start: span.end, end: span.end };
            let problem = Problem::error("bad-key", span, "a limit over payments says of whom, and in which time");
            self.problem(problem.help("write: per payee per year").choice(end, " per payee per year"));
            return None;
        }
        Some((whose.map_or(Whose::All, |(whose, _)| whose), period))
    }

    /// A kind of payee, or a party that payees of a kind belong to.
    fn party_under(&mut self, path: &tree::Path, kinds: &[RecordId], versions: &[Version]) -> Option<Whose> {
        let first = &path.parts[0].text;
        let named = kinds.iter().copied().find(|kind| self.program.record(*kind).name == *first);
        // As all rules call whom they pay.
        let as_paid = |version: &Version| {
            let payee = version.pay().and_then(|pay| pay.payee.as_ref())?;
            let Op::Field { record, path: fields, .. } = &payee.op else { return None };
            let words = path_words(&self.program.records, *record, fields);
            let written = path.parts.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".");
            (written == words && !fields.is_empty()).then_some(())
        };
        let (kind, rest): (RecordId, &[tree::Name]) = match (named, kinds) {
            (Some(kind), _) => (kind, &path.parts[1..]),
            (None, [kind]) if versions.iter().all(|version| as_paid(version).is_some()) => (*kind, &[]),
            (None, [kind]) if self.field_of(*kind, first).is_some() => (*kind, &path.parts[..]),
            _ => {
                let names: Vec<String> =
                    kinds.iter().map(|kind| format!("per {}", self.program.record(*kind).name)).collect();
                let message = "a limit over payments is per payee, or per a party that payees belong to";
                let help = format!("write: per payee, or {}", names.join(", "));
                self.problem(Problem::error("bad-key", path.span, message).help(help));
                return None;
            }
        };
        if rest.is_empty() {
            return Some(Whose::Party(kind, Vec::new()));
        }
        let value = self.follow(Root::Row, kind, Vec::new(), rest, path.span, &mut Scope::constant())?;
        match (value.op, value.ty) {
            (Op::Field { path, .. }, Type::Ref(_)) => Some(Whose::Party(kind, path)),
            _ => {
                let message = "a limit over payments is of a party, one and the same whatever the day";
                let help = "name a party that the payee belongs to";
                self.problem(Problem::error("bad-key", path.span, message).help(help));
                None
            }
        }
    }
}
