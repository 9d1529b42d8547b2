//! The law of small sums that are held, over random deals. `PROPTEST_CASES=1000` tries it that many times.

use meed_tests::deals::{Paid, any_deals, line, paid};
use proptest::prelude::*;
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    // Lines wait in their order until they come to enough together, and then all that wait are paid; what is paid is what the rule
    // pays without an account.
    #[test]
    fn lines_wait_until_they_come_to_enough(deals in any_deals(), until in 1i64..60_000) {
        let rule = |hold: &str| {
            format!(
                "program law {{ currency USD rounded half even  active 2026-01-01 to 2026-12-31 }}\nuse channel\n\
                 rule share {{ for each deal  pay rep 1% of amount {hold} }}"
            )
        };
        let dollars = format!("${}.{:02}", until / 100, until % 100);
        let whole = paid(&rule(""), &deals);
        let held = paid(&rule(&format!("hold until {dollars} per payee")), &deals);
        let mut in_order = deals.clone();
        in_order.sort_by_key(|deal| (deal.day, deal.key));
        let mut accounts: BTreeMap<usize, (i128, Vec<usize>)> = BTreeMap::new();
        let mut due: Vec<(String, i128)> = Vec::new();
        for deal in &in_order {
            let (sum, waiting) = accounts.entry(deal.rep).or_default();
            let cents = line(&whole, "share", deal);
            *sum += cents;
            if cents != 0 {
                waiting.push(deal.key);
            }
            if *sum >= i128::from(until) {
                due.extend(waiting.drain(..).map(|key| (key.to_string(), 0)));
                *sum = 0;
            }
        }
        for (key, cents) in &mut due {
            *cents = whole.iter().filter(|line| line.key == *key).map(|line| line.cents).sum();
        }
        due.sort();
        let mut found: Vec<(String, i128)> = held.into_iter().map(|Paid { key, cents, .. }| (key, cents)).collect();
        found.sort();
        prop_assert_eq!(found, due, "until {}", dollars);
    }
}
