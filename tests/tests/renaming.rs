//! Keys given other names of the same order pay the same, also where they are many: as many as make the tables of numbers
//! grow while rows are read.

use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::Engine;
use meed_tests::examples;
use meed_tests::rename::{Renaming, Shape};
use meed_tests::table::Table;
use meed_tests::ways::{Outcome, PLAIN, Way, difference, settle};

/// Whole keys with gaps, each several times: bounties once per customer, bands and limits per customer, distinct counts,
/// references.
const PROGRAM: &str = r#"
program many "Keys without number" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }

entity partner { key id  tier one of silver, gold }

event introduction {
  key id
  when introduced_on
  customer  id
  partner   partner
  amount    money
}

schedule bands graduated {
  to $1,000 1%
  beyond 5%
}

rule bounty { for each introduction  first per customer per program  pay partner $500 }
rule running { for each introduction  pay partner bands as amount adds up per customer per year }
rule capped { for each introduction  pay partner $100  at most $150 per customer per year }
rule distinct { for each partner per year  pay partner $1 * (count of distinct introduction.customer) }
rule gold { for each introduction  where partner.tier is gold  pay partner 2% of amount }
"#;

const N_CUSTOMERS: usize = 4_101;

/// Customer 65561 first, then those from 1 on, then 65561 again: sixteen times the number of customers is then just more
/// than its number.
fn tables() -> Vec<(String, Table)> {
    let row = |idx: usize, day: u32, customer: usize| {
        let partner = 1_000_000 + customer % 4_500;
        vec![format!("I{idx}"), format!("2026-01-{day:02}"), customer.to_string(), partner.to_string(), "800.00".into()]
    };
    let mut rows = vec![row(0, 1, 65_561)];
    rows.extend((1..N_CUSTOMERS).map(|customer| row(customer, 2, customer)));
    rows.push(row(N_CUSTOMERS, 3, 65_561));
    let partner = |idx: usize| vec![(1_000_000 + idx).to_string(), ["silver", "gold"][idx % 2].to_owned()];
    let table = |header: &[&str], rows| Table { header: header.iter().map(|name| (*name).to_owned()).collect(), rows };
    vec![
        ("partner".to_owned(), table(&["id", "tier"], (0..5_000).map(partner).collect())),
        ("introduction".to_owned(), table(&["id", "introduced_on", "customer", "partner", "amount"], rows)),
    ]
}

/// Cents by rule, and how many lines.
fn totals(outcome: &Outcome) -> Vec<(String, usize, i64)> {
    assert_eq!(outcome.fault, None);
    assert_eq!(outcome.rejects.rows, Vec::<Vec<String>>::new());
    let place = |name: &str| outcome.payments.column(name).expect("the column is there");
    let (rule, amount) = (place("rule"), place("amount"));
    let mut totals: Vec<(String, usize, i64)> = Vec::new();
    for row in &outcome.payments.rows {
        let cents: i64 = row[amount].replace('.', "").parse().expect("cents");
        match totals.iter_mut().find(|(name, ..)| *name == row[rule]) {
            Some((_, lines, sum)) => (*lines, *sum) = (*lines + 1, *sum + cents),
            None => totals.push((row[rule].clone(), 1, cents)),
        }
    }
    totals
}

fn plan() -> Plan {
    let compiled = meed_compiler::compile(PROGRAM, &[]);
    compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.problems))
}

#[test]
fn thousands_of_keys_pay_the_same_by_any_name_and_in_any_order() {
    let (plan, tables) = (plan(), tables());
    let settle = |way: Way| settle(&plan, &tables, plan.active.to, way).expect("the account adds up");
    let jit = Way { name: "by machine code", engine: Engine::Jit, rows: 4_096, ..PLAIN };
    let first = settle(jit);
    // Worked out by hand: 4,100 customers with one row of $800, one with two; the second row of the latter is $200 to the
    // bound and $600 above it, and gets what the limit leaves of $100.
    let rule = |name: &str, lines: usize, cents: i64| (name.to_owned(), lines, cents);
    let gold = first.payments.rows.iter().filter(|row| row[0] == "gold").count();
    let expected = [
        rule("bounty", 4_101, 205_050_000),
        rule("running", 4_102, 4_100 * 800 + 800 + 200 + 3_000),
        rule("capped", 4_102, 41_015_000),
        // Customers 2561 and 65561 share a partner.
        rule("distinct", 4_100, 410_100),
        rule("gold", gold, gold as i64 * 1_600),
    ];
    assert_eq!(totals(&first), expected);
    let stored = Some((20_000, 5_000));
    let others = [
        Way { name: "shuffled", shuffled: true, ..jit },
        Way { name: "from the disk, shuffled", shuffled: true, held: stored, ..jit },
        Way { name: "with keys of seven digits", renamed: Some(Shape::SevenDigits), ..jit },
        Way { name: "with keys around 65,536, shuffled", shuffled: true, renamed: Some(Shape::Around65536), ..jit },
        Way { name: "with prefixed keys", renamed: Some(Shape::Prefixed), ..jit },
        Way { name: "with keys of mixed shapes, from the disk", held: stored, renamed: Some(Shape::Mixed), ..jit },
    ];
    for way in others {
        if let Some(difference) = difference(&first, &settle(way)) {
            panic!("{}: {}", way.name, difference.chars().take(2_000).collect::<String>());
        }
    }
}

#[test]
fn examples_pay_the_same_with_keys_of_other_names() {
    for folder in examples::folders() {
        let name = examples::name(&folder);
        let plan = meed_compiler::compile(&examples::program(&folder), &[]).plan.expect("the program has no errors");
        let read =
            |(record, path)| (record, Table::read(&std::fs::read_to_string(path).expect("a table")).expect("rows"));
        let tables: Vec<(String, Table)> = examples::tables(&plan, &folder).into_iter().map(read).collect();
        let settle = |way: Way| settle(&plan, &tables, plan.active.to, way).expect("the account adds up");
        let first = settle(PLAIN);
        assert!(!first.payments.rows.is_empty(), "{name}");
        for shape in [Shape::SevenDigits, Shape::Around65536, Shape::Prefixed, Shape::Mixed] {
            assert!(Renaming::new(&plan, &tables, shape).len() > 5, "{name} has keys");
            let renamed = settle(Way { renamed: Some(shape), ..PLAIN });
            assert_eq!(difference(&first, &renamed), None, "{name}, {shape:?}");
        }
    }
}
