//! `for each …`: the rows a rule reads.

use crate::plan::{LineKind, Op, Period, RecordId, Root, Stream, TimeUnit, Type};
use crate::resolve::near;
use crate::typed::{Use, Version};
use crate::types::Typing;
use crate::types::scope::{Fact, Scope};
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, Clause, ClauseKind, RecordKind};

impl Typing<'_> {
    pub(super) fn stream(&mut self, rule: &tree::Rule, clause: &Clause, scope: &mut Scope) -> Option<Stream> {
        match &clause.kind {
            ClauseKind::ForEachPayment { rule: source, credit } => {
                let kind = credit.map_or(LineKind::Payment, |_| LineKind::Credit);
                self.payments_of(rule, source, kind, scope)
            }
            // By a party: what is meant is a total of each.
            ClauseKind::ForEach { subject, by: Some(by), .. } if self.is_partys(subject, by) => {
                let party = &by.parts[0].text;
                let message = format!("a rule for each `{}` runs once for each row", subject.text);
                self.problem(
                    Problem::error("event-per-period", by.span, message)
                        .label(format!("once for each `{party}`?"))
                        .help(format!(
                            "write `for each {party} per quarter`, and sums such as `sum of {}.amount`",
                            subject.text
                        )),
                );
                None
            }
            ClauseKind::ForEach { subject, per, from, by } => {
                let stream = self.rows_of(subject, per.as_ref(), from.as_ref(), scope)?;
                match by {
                    Some(by) => self.by_date(stream, by, scope),
                    None => Some(stream),
                }
            }
            _ => None,
        }
    }

    /// `by signed_on`: the rows of an event that have this date, in its order.
    fn by_date(&mut self, stream: Stream, by: &tree::Path, scope: &mut Scope) -> Option<Stream> {
        let Stream::Events(event) = stream else {
            let message = "the rows of a rule per party and period are its periods, which have their own days";
            self.problem(Problem::error("type-mismatch", by.span, message).help("remove `by …`"));
            return None;
        };
        let day = self.path(by, scope)?;
        let date = match &day.op {
            Op::Field { path, .. } if day.ty == Type::Date => path.clone(),
            _ => {
                let names: Vec<&str> = by.parts.iter().map(|part| part.text.as_str()).collect();
                let message = format!("`{}` is {}, and rows come by a date", names.join("."), self.type_words(day.ty));
                let problem = Problem::error("type-mismatch", by.span, message);
                self.problem(problem.help("name a date of the row: for each deal by signed_on"));
                return None;
            }
        };
        // A row without it is not matched.
        let known = (1..=date.len()).map(|n| Fact::Field(Root::Row, event, date[..n].to_vec()));
        scope.learn(known.collect());
        // By its own day an event comes anyway.
        let own = self.program.record(event).when;
        if matches!((&date[..], own), ([field], Some(when)) if *field == when) {
            return Some(Stream::Events(event));
        }
        Some(Stream::ByDate(event, date))
    }

    /// `per year from joined_on`: years of each party's own.
    fn own_years(
        &mut self,
        record: RecordId,
        per: &tree::Name,
        from: &tree::Path,
        scope: &mut Scope,
    ) -> Option<Stream> {
        let day = self.path(from, scope)?;
        let field = match &day.op {
            Op::Field { root: Root::Row, path, .. } if day.ty == Type::Date && path.len() == 1 => path[0],
            _ => {
                let message =
                    format!("a year of its own begins on a date of the party, not {}", self.type_words(day.ty));
                let help = "name a date of the entity itself: for each person per year from joined_on";
                self.problem(Problem::error("type-mismatch", from.span, message).help(help));
                return None;
            }
        };
        let definition = self.program.record(record);
        if let Some(known) = definition.own_year.filter(|known| *known != field) {
            let (name, known) = (definition.name.clone(), definition.fields[known.index()].name.clone());
            let message = format!("the years of a `{name}` are counted from `{known}` in another rule");
            let help = "count them from one date in all rules";
            self.problem(Problem::error("bad-key", per.span, message).help(help));
            return None;
        }
        self.program.records[record.index()].own_year = Some(field);
        self.mark_used(record, &[field]);
        self.note_months(TimeUnit::Years, per.span);
        // A party without the date has no such year.
        scope.learn(vec![Fact::Field(Root::Row, record, vec![field])]);
        Some(Stream::Periods(record, Period::OwnYear))
    }

    /// Whether a path is the one name of a party that the event refers to.
    fn is_partys(&self, subject: &tree::Name, path: &tree::Path) -> bool {
        let ([name], Some(&event)) = (&path.parts[..], self.records.get(&subject.text)) else { return false };
        let field = self.field_of(event, &name.text);
        field.is_some_and(|field| matches!(self.program.record(event).fields[field.index()].ty, Type::Ref(_)))
    }

    /// `for each payment from RULE`, `for each credit from RULE`
    fn payments_of(
        &mut self,
        rule: &tree::Rule,
        source: &tree::Name,
        kind: LineKind,
        scope: &mut Scope,
    ) -> Option<Stream> {
        if source.text == rule.name.text {
            let message = format!("rule `{}` reads its own {}s", source.text, kind.word());
            self.problem(
                Problem::error("rule-cycle", source.span, message)
                    .help(format!("name the rule whose {}s are meant", kind.word())),
            );
            return None;
        }
        let payee = match kind {
            LineKind::Payment | LineKind::Original => self.paid_by(source)?,
            LineKind::Credit => self.credited_by(source)?,
        };
        self.places.uses.push((source.span, Use::Rule(source.text.clone())));
        scope.payment = Some(kind);
        scope.payees = self.payee_kinds(&source.text);
        scope.roots.push((format!("{}.payee", kind.word()), Root::Payee, payee));
        let rule = self.rule_named(&source.text)?;
        if let Some(record) = self.resolved.index.origins.get(&source.text).copied().flatten() {
            scope.roots.push((self.program.record(record).name.clone(), Root::Source, record));
        }
        Some(Stream::Lines(rule, kind))
    }

    /// `for each deal`, `for each partner per quarter`
    fn rows_of(
        &mut self,
        subject: &tree::Name,
        per: Option<&tree::Name>,
        from: Option<&tree::Path>,
        scope: &mut Scope,
    ) -> Option<Stream> {
        let Some(&record) = self.records.get(&subject.text) else {
            if !self.damaged(&subject.text) {
                let message = format!("there is no event or entity `{}`", subject.text);
                let problem = Problem::error("unknown-record", subject.span, message);
                let problem = self.suggest(problem, subject, || self.records.keys().map(String::as_str));
                self.problem(problem);
            }
            return None;
        };
        self.places.uses.push((subject.span, Use::Record(record)));
        self.mark_used(record, &[]);
        scope.roots.push((subject.text.clone(), Root::Row, record));
        scope.bare = Some((Root::Row, record));
        match (self.program.record(record).kind, per) {
            (RecordKind::Event, None) => return Some(Stream::Events(record)),
            (RecordKind::Entity, Some(per)) => match Period::from_word(&per.text) {
                Some(Period::OwnYear) => return self.own_years(record, per, from?, scope),
                Some(period) => return Some(Stream::Periods(record, self.held(period, per.span)?)),
                None => {
                    let problem = Problem::error("unknown-period", per.span, format!("`{}` is no period", per.text));
                    self.problem(near(problem, per, Period::ALL.map(Period::word)));
                }
            },
            (RecordKind::Event, Some(per)) => {
                let message = format!("`{}` is an event: a rule over it runs once per row", subject.text);
                self.problem(
                    Problem::error("event-per-period", per.span, message)
                        .help("remove the `per …`, or name an entity: for each partner per quarter")
                        .choice(Span { start: subject.span.end, end: per.span.end }, ""),
                );
            }
            (RecordKind::Entity, None) => {
                let message = format!("`{}` is an entity: once per which period?", subject.text);
                let end = Span { start: subject.span.end, end: subject.span.end };
                self.problem(
                    Problem::error("missing-period", subject.span, message)
                        .help("write: for each partner per quarter")
                        .choice(end, " per quarter")
                        .choice(end, " per month")
                        .choice(end, " per year")
                        .choice(end, " per program"),
                );
            }
        }
        None
    }

    /// The kinds of parties that the versions of a rule pay.
    pub(in crate::types) fn payee_kinds(&self, rule: &str) -> Vec<RecordId> {
        let mut kinds: Vec<RecordId> = self.typed(rule).flat_map(Version::payees).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Says that the payees of payments are parties of several kinds; `instead` is what can be asked in place of the payee.
    pub(in crate::types) fn payees_differ(&mut self, kinds: &[RecordId], instead: Option<&str>, span: Span) {
        let names: Vec<String> = kinds.iter().map(|&kind| format!("a {}", self.program.record(kind).name)).collect();
        let message = format!("this rule pays parties of several kinds: {}", names.join(", "));
        self.problem(
            Problem::error("version-payees", span, message)
                .label("which of them is meant?")
                .help(format!("{}let what is paid to each kind be a rule of its own", instead.unwrap_or_default())),
        );
    }
}
