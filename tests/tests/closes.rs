//! The laws of a program that is settled at the ends of periods, over random deals and what takes them back.
//! `PROPTEST_CASES=1000` tries each that many times.

use meed_tests::deals::{Deal, Paid, any_deals, paid_after, paid_after_through};
use meed_tests::shape::any_shape;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn tried() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: cases.unwrap_or(15), failure_persistence: None, ..ProptestConfig::default() }
}

/// A program over deals and refunds with rules of many kinds, settled so.
fn program(settled: &str, items: &str) -> String {
    format!(
        "program law {{ currency USD rounded half even  active 2026-01-01 to 2026-12-31 {settled} }}\nuse channel\n\
         event refund {{ key id  when refunded_on  deal reverses  amount money }}\n{items}\
         rule all {{ for each deal  pay rep 1% of amount  at most $90 per rep per quarter }}\
         rule one {{ for each deal  where amount > $0  first per customer ever  pay rep $5 }}\
         rule seen {{ for each deal  pay rep $1 * (count of (deal where customer = this.customer)) }}\
         rule upon {{ for each payment from all  pay payment.payee 30% of payment.amount }}\
         rule kept {{ for each deal  pay rep 2% of amount  returns change nothing }}\
         rule volume {{ for each person per month  pay person 1% of (sum of deal.amount) }}\
         rule yearly {{ for each person per year  pay person 3% of (sum of deal.amount) }}"
    )
}

/// Refunds of these deals: none, a quarter, a quarter twice, or all of it, some days later.
fn refunds(deals: &[Deal], shares: &[(i64, i32)]) -> Vec<(usize, i32, i64)> {
    let mut refunds = Vec::new();
    for (deal, (share, later)) in deals.iter().zip(shares) {
        let first = deal.amount / 4;
        let parts = [vec![], vec![first], vec![first, first], vec![deal.amount]];
        refunds.extend(
            (0..).zip(&parts[*share as usize]).map(|(nth, part)| (deal.key, deal.day + later * (nth + 1), *part)),
        );
    }
    refunds
}

/// What is paid by rule, payee, deal and period.
fn sums<'a>(paid: impl IntoIterator<Item = &'a Paid>) -> BTreeMap<(String, String, String, String), i128> {
    let mut sums = BTreeMap::new();
    for line in paid {
        let key = (line.rule.clone(), line.payee.clone(), line.key.clone(), line.period.clone());
        *sums.entry(key).or_insert(0) += line.cents;
    }
    sums.retain(|_, cents| *cents != 0);
    sums
}

/// The last day of a quarter of 2026, counted from 0.
const QUARTER_ENDS: [i32; 4] = [89, 180, 272, 364];

proptest! {
    #![proptest_config(tried())]

    // All closes together pay what one run pays.
    #[test]
    fn closes_add_up_to_one_run(
        shape in any_shape(),
        kind in prop::sample::select(&["quarter", "half", "month"][..]),
        deals in any_deals(),
        shares in prop::collection::vec((0i64..4, 0i32..150), 25),
        through in prop::option::of(60i32..360),
    ) {
        let items = format!(
            "{}rule adds {{ for each deal  pay rep {} as amount adds up per rep per quarter }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let refunds = refunds(&deals, &shares);
        let closed = paid_after_through(&program(&format!("settled per {kind}"), &items), &deals, &refunds, through);
        let mut once = paid_after_through(&program("", &items), &deals, &refunds, through);
        // What an event pays is told by the quarter, and here by the periods of the closes.
        let mut closed_sums = closed.clone();
        for line in closed_sums.iter_mut().chain(&mut once).filter(|line| !line.key.is_empty()) {
            line.period.clear();
        }
        prop_assert_eq!(sums(&closed_sums), sums(&once));
    }

    // What was booked once is not touched again: a run through a close gives the lines that later runs begin with.
    #[test]
    fn what_was_booked_stays(
        deals in any_deals(),
        shares in prop::collection::vec((0i64..4, 0i32..150), 25),
        quarter in 0usize..4,
    ) {
        let text = program("settled per quarter", "");
        let refunds = refunds(&deals, &shares);
        let whole = paid_after(&text, &deals, &refunds);
        let until = paid_after_through(&text, &deals, &refunds, Some(QUARTER_ENDS[quarter]));
        let last = format!("2026-Q{}", quarter + 1);
        let month = format!("2026-{:02}", 3 * (quarter + 1));
        let is_known = |line: &&Paid| if line.booked.contains('Q') { line.booked <= last } else { line.booked <= month };
        // The year's accrual is not booked before it has ended.
        let settled = |line: &&Paid| line.rule != "yearly";
        let lines = |paid: &[Paid]| -> Vec<(String, String, String, String, i128)> {
            let known = paid.iter().filter(is_known).filter(settled);
            known.map(|line| (line.rule.clone(), line.payee.clone(), line.key.clone(), line.booked.clone(), line.cents)).collect()
        };
        prop_assert_eq!(lines(&whole), lines(&until));
    }
}
