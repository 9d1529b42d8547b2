//! Records, fields, lists and domains.

use super::{Invariant, Report};
use crate::plan::{Field, FieldId, Plan, Record, RecordId, RecordKind, RecordTable, Type};
use meed_grammar::steps;

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for record in &plan.records {
        report.at(format!("record `{}`", record.name));
        named(plan, record, report);
        key(record, report);
        used(plan, record, report);
    }
    lists(plan, report);
}

fn named(plan: &Plan, record: &Record, report: &mut Report) {
    let known = |id: RecordId| id.index() < plan.records.len();
    let fields = record.key.iter().chain(&record.when);
    let in_range = fields.into_iter().all(|field| field.index() < record.fields.len());
    report.demand(in_range, Invariant::Named, "a field of the key");
    if let RecordTable::Distinct(other) = record.source {
        report.demand(known(other), Invariant::Named, "the record whose column it is");
    }
    let tested = record.layout.skip.iter().flat_map(|test| test.fields()).all(|id| id.index() < record.fields.len());
    report.demand(tested, Invariant::Named, "a field of the rows that are skipped");
    for field in &record.fields {
        let there = match field.ty {
            Type::Choice(choice) => choice.index() < plan.choices.len(),
            Type::Text(domain) | Type::Id(domain) => domain.0 < plan.n_domains,
            Type::Ref(record) => known(record),
            Type::Number | Type::Count | Type::Percent | Type::Money(_) | Type::YesNo | Type::Date => true,
            Type::Period(period) => plan.calendar.has(period),
        };
        report.demand(there, Invariant::Named, format!("the type of `{}`", field.name));
    }
}

fn key(record: &Record, report: &mut Report) {
    let field = |id: FieldId| record.fields.get(id.index());
    let keyed = !record.key.is_empty() && record.key.iter().all(|id| field(*id).is_some_and(|field| !field.optional));
    report.demand(keyed, Invariant::Keys, "the key");
    let when = match record.when.map(field) {
        Some(when) => record.kind == RecordKind::Event && when.is_some_and(|when| when.ty == Type::Date),
        None => record.kind == RecordKind::Entity,
    };
    report.demand(when, Invariant::Keys, "the `when`");
    if matches!(record.source, RecordTable::Distinct(_)) {
        let plain = record.kind == RecordKind::Entity && record.fields.len() == 1;
        report.demand(plain, Invariant::Keys, "distinct values of a column");
    }
}

fn used(plan: &Plan, record: &Record, report: &mut Report) {
    let marked = |field: Option<&Field>| field.is_none_or(|field| field.used);
    if record.used {
        let is_ref = |id: &&FieldId| matches!(record.fields.get(id.index()), Some(Field { ty: Type::Ref(_), .. }));
        let ids = record.key.iter().filter(is_ref).chain(&record.when);
        let all = ids.into_iter().all(|id| marked(record.fields.get(id.index())));
        report.demand(all, Invariant::Used, "`when` and references in the key of a used record");
    }
    for field in record.fields.iter().filter(|field| field.used) {
        report.demand(record.used, Invariant::Used, format!("the record of `{}`", field.name));
        if let Type::Ref(target) = field.ty {
            let target = plan.records.get(target.index());
            report.demand(
                target.is_none_or(|target| target.used),
                Invariant::Used,
                format!("what `{}` refers to", field.name),
            );
        }
    }
}

fn lists(plan: &Plan, report: &mut Report) {
    report.at("the program");
    // Each is numbered when it is first met, so that the next new one has the number of those met so far.
    let (mut n_choices, mut n_domains, mut in_order) = (0, 0, true);
    for field in plan.records.iter().flat_map(|record| &record.fields) {
        steps::count(1);
        let (n_met, id) = match field.ty {
            Type::Choice(choice) => (&mut n_choices, choice.index()),
            Type::Text(domain) | Type::Id(domain) => (&mut n_domains, domain.index()),
            _ => continue,
        };
        in_order &= id <= *n_met;
        *n_met += usize::from(id == *n_met);
    }
    let texts = usize::from(plan.choices.len() > n_choices);
    report.demand(in_order && n_choices + texts == plan.choices.len(), Invariant::Lists, "lists");
    report.demand(in_order && n_domains == plan.n_domains as usize, Invariant::Lists, "domains of texts");
    let tested = plan.predicates.iter().all(|predicate| predicate.domain.0 < plan.n_domains);
    report.demand(tested, Invariant::Named, "the texts of a test");
}
