//! Sets that are found row by row.

use super::expression::Place;
use super::{Invariant, Report};
use crate::plan::{Expr, FindFunction, Function, Op, Plan, RecordKind, Search, Stream, Type};
use crate::search::MOST_KEYS;

pub(super) fn verify(plan: &Plan, report: &mut Report) {
    for (idx, search) in plan.searches.iter().enumerate() {
        report.at(format!("search {}", idx + 1));
        let known = match &search.stream {
            Stream::Events(record) | Stream::ByDate(record, _) | Stream::Periods(record, _) => {
                plan.records.get(record.index()).map(Some)
            }
            Stream::Lines(rule, _) => plan.rules.get(rule.index()).map(|_| None),
        };
        let Some(record) = known else {
            report.demand(false, Invariant::Named, "whose rows");
            continue;
        };
        if let Some(record) = record {
            report.demand(record.used, Invariant::Used, format!("`{}`", record.name));
        }
        let place = Place { arguments: &search.operands, ..Place::row(plan, &search.stream) };
        search.exprs().for_each(|expr| place.check(expr, report));
        report.demand(search.keys.len() <= MOST_KEYS, Invariant::Searches, "a key has few parts");
        for (key, ty) in search.keys.iter().zip(&search.operands) {
            report.demand(is_field(key), Invariant::Searches, "a key is a field of the row");
            report.demand(alike(key.ty, *ty), Invariant::Types, "a key and its operand");
        }
        report.demand(
            search.ways.is_empty() || !search.keys.is_empty(),
            Invariant::Searches,
            "ways beside a first key",
        );
        for way in &search.ways {
            report.demand(is_field(way), Invariant::Searches, "a way is a field of the row");
            report.demand(
                search.keys.first().is_some_and(|key| alike(key.ty, way.ty)),
                Invariant::Types,
                "a way and its key",
            );
        }
        edges(search, record.filter(|_| search.record().is_some()).map(|record| record.kind), report);
        for condition in search.only.iter().chain(&search.also) {
            report.demand(condition.ty == Type::YesNo, Invariant::Types, "a condition of a set");
        }
        if let Some(only) = &search.only {
            let mut reads = false;
            only.walk(&mut |expr| reads |= matches!(expr.op, Op::Argument(_)));
            report.demand(!reads, Invariant::Searches, "what holds whoever asks reads no operand");
        }
        for output in &search.outputs {
            let numeric = !matches!(output.function, FindFunction::Sum) || output.value.ty.is_numeric();
            report.demand(numeric, Invariant::Types, "a sum of numbers");
            report.demand(output.den.is_none_or(|den| den > 0), Invariant::Divisors, "the parts of one of an output");
        }
        let mut ready = true;
        search.exprs().for_each(|expr| {
            expr.walk(&mut |expr| match &expr.op {
                Op::Call(Function::Find { search, .. }, _) => ready &= search.index() < idx,
                Op::Local(_) => ready = false,
                _ => {}
            });
        });
        report.demand(ready, Invariant::Searches, "a row of a set asks only sets before it");
    }
}

/// `kind` is none for payments and for rows per entity and period, which have days.
fn edges(search: &Search, kind: Option<RecordKind>, report: &mut Report) {
    let of = |operand: Option<u32>, ty: Type| {
        operand.is_none_or(|idx| search.operands.get(idx as usize).is_some_and(|known| *known == ty))
    };
    let dated =
        kind != Some(RecordKind::Entity) || search.from.is_none() && search.to.is_none() && search.before.is_none();
    report.demand(dated, Invariant::Searches, "only events have days");
    let days = of(search.from, Type::Date) && of(search.to, Type::Date);
    report.demand(days, Invariant::Types, "the first and the last day");
    let before = match search.record() {
        Some(record) => of(search.before, Type::Ref(record)),
        None => search.before.is_none(),
    };
    report.demand(before, Invariant::Types, "the row before which rows are");
}

fn is_field(expr: &Expr) -> bool {
    matches!(expr.op, Op::Field { .. })
}

fn alike(a: Type, b: Type) -> bool {
    let plain = |ty| matches!(ty, Type::Number | Type::Count | Type::Percent);
    a == b || plain(a) && plain(b)
}
