//! Lines and credits as the stream of another rule.

use crate::engine::credits::NOBODY;
use crate::engine::lines::Line;
use crate::engine::origin::Origin;
use crate::engine::result::RunResult;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use meed_compiler::data::Payments;
use meed_compiler::internal::broken;
use meed_compiler::plan::{LineKind, Plan, RuleId, VersionId};

/// The lines of all versions of a rule in a page as a stream, in the order of `when`, then of what is behind them.
pub(super) fn payments(
    plan: &Plan,
    rule: RuleId,
    kind: LineKind,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Payments, StoreError> {
    let origin = plan.first_version(rule).and_then(|id| Origin::of(plan, id, loaded, result));
    let mut payments = Payments::default();
    let Some(origin) = origin else { broken(format!("payments of `{}` that come from nothing", plan.rule(rule).name)) };
    let mut found = in_order(plan, rule, &origin, loaded, result, page)?;
    if kind == LineKind::Original {
        found.retain(|line| line.taking == 0);
    }
    let when = |line: &Line| loaded.day_of_line(&origin, line.root, line.taking);
    let is_taken_back = found.iter().any(|line| line.taking > 0);
    for line in found {
        let Line { root, payee, amount, place, kind, taking, .. } = line;
        if is_taken_back {
            payments.taking.push(taking);
        }
        payments.root.push(root);
        payments.kind.push(kind);
        payments.place.push(place);
        payments.payee.push(payee);
        payments.amount.push(amount);
        payments.when.push(when(&line));
        payments.source.push(origin.source(root));
    }
    Ok(payments)
}

/// The lines of all versions of a rule in a page, those that returns take back on the days of these.
pub(crate) fn in_order(
    plan: &Plan,
    rule: RuleId,
    origin: &Origin<'_>,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Vec<Line>, StoreError> {
    let mut found = result.merged(plan, plan.versions_of(rule), page)?;
    if found.iter().any(|line| line.taking > 0) {
        found.sort_by_key(|line| loaded.place_of_line(origin, line.root, line.taking));
    }
    Ok(found)
}

/// The credits of the rows found by a rule's splits in a page as a stream, in the same order; one of nobody is none.
pub(super) fn credits(
    plan: &Plan,
    rule: RuleId,
    loaded: &Loaded,
    result: &RunResult,
    page: usize,
) -> Result<Payments, StoreError> {
    let origin = plan.first_version(rule).and_then(|id| Origin::of(plan, id, loaded, result));
    let Some(origin) = origin else { broken(format!("credits of `{}` that come from nothing", plan.rule(rule).name)) };
    let versions: Vec<VersionId> = plan.versions_of(rule).collect();
    let known = versions.iter().map(|id| result.credits[id.index()].get(page)).collect::<Result<Vec<_>, _>>()?;
    let mut found: Vec<(usize, usize)> =
        known.iter().enumerate().flat_map(|(version, rows)| (0..rows.len()).map(move |idx| (version, idx))).collect();
    found.retain(|(version, idx)| known[*version].payees[*idx] != NOBODY);
    found.sort_by_key(|(version, idx)| known[*version].roots[*idx]);
    let mut credits = Payments::default();
    for (version, idx) in found {
        let rows = &known[version];
        let root = rows.roots[idx];
        credits.root.push(root);
        credits
            .kind
            .push(plan.payee_record(versions[version]).unwrap_or_else(|| broken("credits of no kind of party")));
        credits.place.push(rows.places[idx]);
        credits.payee.push(rows.payees[idx]);
        credits.amount.push(rows.amounts[idx]);
        credits.share.push(rows.share(idx));
        credits.base.push(rows.base(idx));
        credits.when.push(origin.day(root));
        credits.source.push(origin.source(root));
    }
    Ok(credits)
}

/// The rows of the event, or of the entity periods, behind these credits, in their order.
pub(crate) fn credited_rows(
    plan: &Plan,
    rule: RuleId,
    result: &RunResult,
    page: usize,
) -> Result<Vec<u32>, StoreError> {
    let mut roots = Vec::new();
    for id in plan.versions_of(rule) {
        let known = result.credits[id.index()].get(page)?;
        roots.extend((0..known.len()).filter(|&idx| known.payees[idx] != NOBODY).map(|idx| known.roots[idx]));
    }
    roots.sort_unstable();
    Ok(roots)
}
