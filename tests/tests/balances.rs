//! The laws of balances and contests, over generated programs: movements add up lot by lot, nothing is ever below zero, nothing is taken
//! after its last day, what was moved by a day stays so on later days, and level parties share what their places are paid.

use meed_compiler::plan::calendar::day_of;
use meed_tests::deals::{any_deals, paid};
use meed_tests::generate::{Draw, has_refunds, program, rows};
use meed_tests::table::Table;
use meed_tests::ways::{PLAIN, settle};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A cell of a movement.
fn cell<'a>(movements: &Table, row: &'a [String], column: &str) -> &'a str {
    &row[movements.column(column).expect("a column of movements")]
}

fn cents(text: &str) -> i128 {
    text.replace('.', "").parse().expect("an amount")
}

/// Whether movements are those of balances that keep lots and never come to less than nothing.
fn hold(movements: &Table) -> usize {
    let mut left: BTreeMap<Vec<&str>, i128> = BTreeMap::new();
    let mut days: BTreeMap<Vec<&str>, &str> = BTreeMap::new();
    for row in &movements.rows {
        let [balance, key, lot, when, kind, amount, rest] =
            ["balance", "key", "lot", "when", "kind", "amount", "left"].map(|column| cell(movements, row, column));
        let last = days.entry(vec![balance, key]).or_insert(when);
        assert!(*last <= when, "movements of an owner come in time: {row:?}");
        *last = when;
        if kind == "short" {
            assert!(cents(amount) < 0 && cents(rest) == 0, "{row:?}");
            continue;
        }
        assert_ne!(cents(amount), 0, "a movement moves something: {row:?}");
        assert_eq!(
            kind == "added",
            cents(amount) > 0 || kind == "added",
            "only what is added may be above zero: {row:?}"
        );
        // Several rules may add for one row: lots of one name are told apart by what is left alone.
        let sum = left.entry(vec![balance, key, lot]).or_default();
        *sum += cents(amount);
        assert!(*sum >= 0 || lot.is_empty(), "a lot is never below zero: {row:?}");
    }
    movements.rows.len()
}

#[test]
fn movements_add_up_and_what_was_moved_stays_so() {
    let (mut n_programs, mut n_movements, mut n_closed) = (0, 0, 0);
    for seed in 70_000..70_220 {
        let mut draw = Draw::new(seed);
        let text = program(&mut draw);
        let Some(plan) = meed_compiler::compile(&text, &[]).plan.filter(|plan| !plan.balances.is_empty()) else {
            continue;
        };
        let tables = rows(&mut draw, 60, false, has_refunds(&text), plan.currency().decimals);
        let through = |day: &str| {
            let day = day_of(day.parse().expect("a day"));
            settle(&plan, &tables, day, PLAIN).expect("the account of rows adds up")
        };
        let (early, late) = (through("2026-05-20"), through("2026-11-25"));
        if early.fault.is_some() || late.fault.is_some() {
            continue;
        }
        n_programs += 1;
        n_movements += hold(&late.movements);
        // Of balances on which only rules act that read no other rule.
        let until = |table: &Table| -> Vec<Vec<String>> {
            table.rows.iter().filter(|row| cell(table, row, "when") <= "2026-05-20").cloned().collect()
        };
        n_closed += early.movements.rows.len();
        assert_eq!(until(&early.movements), until(&late.movements), "seed {seed}: what was moved stays so\n{text}");
    }
    assert!(n_programs > 10 && n_movements > 1_000 && n_closed > 300, "{n_programs} {n_movements} {n_closed}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(30),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    // Whatever is level, all prizes together are those of the places; level reps differ by a cent at most.
    #[test]
    fn level_parties_share_the_prizes_of_their_places(deals in any_deals(), top in 1u32..5) {
        let text = format!(
            "program law {{ currency USD rounded half even  active 2026-01-01 to 2026-12-31 }}\nuse channel\n\
             rule club {{ for each person per year  where count of (deal by rep) > 0\n\
             ranked by count of (deal by rep), share prizes  keep top {top}  pay person $100.01 / rank }}"
        );
        let found = paid(&text, &deals);
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        deals.iter().for_each(|deal| *counts.entry(deal.rep).or_default() += 1);
        let mut order: Vec<usize> = counts.values().copied().collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        let prize = |place: usize| if place as u32 <= top { half_even(10_001, place as i128) } else { 0 };
        let whole: i128 = (1..=order.len()).map(prize).sum();
        prop_assert_eq!(found.iter().map(|line| line.cents).sum::<i128>(), whole);
    }
}

/// A quotient, rounded half to even.
fn half_even(value: i128, by: i128) -> i128 {
    let (whole, rest) = (value / by, value % by);
    match (2 * rest).cmp(&by) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}
