//! What is spilled settles as what is held in memory, whatever fits into memory and whatever is wrong with rows.

use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::Engine;
use meed_tests::table::Table;
use meed_tests::ways::{Outcome, PLAIN, Way, alike, difference, lies_on_disk, replayed, settle};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Days and times, keys of texts and of several parts, references, records of distinct values, versions with payees of
/// two kinds, decisions, payments for payments, aggregates and limits.
const PROGRAM: &str = "
    program memory { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }

    entity firm { key id  region  optional text }
    entity person { key id  firm  optional firm  boss  optional person }
    entity city from sale { key name from \"city\" }

    event sale {
      key (country, number)
      when sold_at date and time
      country  text
      number   text
      seller   person
      firm     firm
      city     optional city
      amount   money
      share    optional percent
    }
    event visit {
      key id
      when made_on
      person  person
      place   optional text
    }

    schedule bands graduated { to $1000  2%  to $5000  3%  beyond  5% }

    rule commission {
      for each sale  active to 2026-06-30
      where amount > $10
      set size to amount / $1000
      pay seller bands as amount adds up per seller per quarter
      at most $90 per seller per year
    }
    rule commission {
      for each sale  active from 2026-07-01
      set size to amount / $2000
      pay firm 1% of amount
    }
    rule override { for each payment from commission  where sale.amount > $200  pay sale.seller.boss 10% of payment.amount, unknown means nobody }
    rule first_of_city { for each sale  where city is known  first per city per program  pay seller $25 }
    rule sphere {
      for each person per quarter
      set places to count of distinct place in (visit by person where place is known to date)
      set sold to sum of amount in (sale by seller)
      set paid to sum of amount in (payments from first_of_city)
      pay person (1% of sold) + (paid / 10) + ($1 * count of visit)
    }
    rule large { for each payment from commission  where (sale.size if unknown 0) > 1  set weight to sale.size if unknown 0  pay sale.firm $1 }
    rule visits { for each visit  where place is known  first per person and place per quarter  pay person $5 }
    rule heavy {
      for each payment from commission
      where (weight if unknown 0) > 2 and (weight if unknown 0) < 4
      pay sale.seller 10% of payment.amount
    }
";

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let compiled = meed_compiler::compile(PROGRAM, &[]);
    let errors: Vec<&str> = compiled.problems.iter().map(|problem| problem.message.as_str()).collect();
    compiled.plan.unwrap_or_else(|| panic!("{errors:?}"))
});

/// One of these, the first of them most of the time.
fn mostly(cells: &'static [&'static str], others: &'static [&'static str]) -> impl Strategy<Value = String> {
    let all = |cells| prop::sample::select(cells).prop_map(str::to_owned);
    prop_oneof![30 => all(cells), 1 => all(others)]
}

fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { header: header.iter().map(|&name| name.to_owned()).collect(), rows }
}

fn any_firms() -> impl Strategy<Value = Table> {
    let row = (mostly(&["F1", "F2", "10", "9"], &["F1", ""]), mostly(&["north", ""], &["south"]));
    prop::collection::btree_map("F[1-3]|9|10", row, 2..5)
        .prop_map(|rows| table(&["id", "region"], rows.into_iter().map(|(id, (_, region))| vec![id, region]).collect()))
}

fn any_persons() -> impl Strategy<Value = Table> {
    let row = (mostly(&["F1", "F2", "", "9"], &["F9"]), mostly(&["", "p1", "p2"], &["p9"]));
    prop::collection::btree_map("p[1-4]|7", row, 3..6).prop_map(|rows| {
        table(&["id", "firm", "boss"], rows.into_iter().map(|(id, (firm, boss))| vec![id, firm, boss]).collect())
    })
}

fn any_sales() -> impl Strategy<Value = Table> {
    let number = prop_oneof![9 => (1u32..60).prop_map(|number| number.to_string()), 1 => "A[1-9]"];
    let when = prop_oneof![
        20 => (1u32..13, 1u32..29, 0u32..24).prop_map(|(month, day, hour)| {
            format!("2026-{month:02}-{day:02}T{hour:02}:30:00Z")
        }),
        2 => Just("2026-03-05T08:30:00Z".to_owned()),
        1 => mostly(&["2027-01-05T08:30:00Z", "2025-12-01T08:30:00Z"], &["soon", ""]),
    ];
    let amount = prop_oneof![20 => (-20_000i64..400_000).prop_map(|cents| {
        format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
    }), 1 => mostly(&["0", "1e3"], &["many"])];
    let row = (
        mostly(&["de", "us", "fr"], &[""]),
        number,
        when,
        mostly(&["p1", "p2", "p3"], &["p9", "7"]),
        mostly(&["F1", "F2"], &["F9"]),
        mostly(&["Rome", "Oslo", "", "12"], &["Bonn"]),
        amount,
        mostly(&["", "5%"], &["x"]),
    );
    let header = ["country", "number", "sold_at", "seller", "firm", "city", "amount", "share"];
    let cells = |(country, number, when, seller, firm, city, amount, share)| {
        vec![country, number, when, seller, firm, city, amount, share]
    };
    prop::collection::vec(row, 0..40).prop_map(move |rows| table(&header, rows.into_iter().map(cells).collect()))
}

fn any_visits() -> impl Strategy<Value = Table> {
    let day = (1u32..13, 1u32..29).prop_map(|(month, day)| format!("2026-{month:02}-{day:02}"));
    let row = (
        0u32..80,
        prop_oneof![20 => day, 1 => Just("2027-02-01".to_owned())],
        mostly(&["p1", "p2", "7"], &["p9"]),
        mostly(&["Rome", "Oslo", ""], &["Bonn"]),
    );
    prop::collection::vec(row, 0..30).prop_map(|rows| {
        let cells = |(id, day, person, place): (u32, String, String, String)| vec![id.to_string(), day, person, place];
        table(&["id", "made_on", "person", "place"], rows.into_iter().map(cells).collect())
    })
}

fn settled(tables: &[(String, Table)], way: Way) -> Outcome {
    let outcome = settle(&PLAN, tables, PLAN.active.to, way).expect("the account of rows adds up");
    alike(&outcome, &way)
}

fn tried() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: cases.unwrap_or(120), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(tried())]

    #[test]
    fn rows_on_the_disk_settle_as_rows_in_memory(
        firms in any_firms(),
        persons in any_persons(),
        sales in any_sales(),
        visits in any_visits(),
        rows in prop::sample::select(vec![1u32, 2, 5, 64]),
        bytes in prop::sample::select(vec![1usize, 300, 1_000]),
        pieces in 1usize..9,
        shuffled in any::<bool>(),
        by_machine in any::<bool>(),
    ) {
        let tables: Vec<(String, Table)> = [("firm", firms), ("person", persons), ("sale", sales), ("visit", visits)]
            .map(|(name, table)| (name.to_owned(), table))
            .into();
        let engine = if by_machine { Engine::Jit } else { Engine::Interpreter };
        let held = Way { name: "held", rows, shuffled, engine, ..PLAIN };
        let stored = Way { name: "stored", held: Some((bytes, (bytes / pieces).max(1))), ..held };
        let (mut one, other) = (settled(&tables, held), settled(&tables, stored));
        // The parts of lines are gathered in memory only.
        one.slices = None;
        let differ = difference(&one, &other);
        prop_assert!(differ.is_none(), "{}", differ.unwrap_or_default());
    }
}

#[test]
fn the_rows_of_both_events_lie_on_the_disk() {
    let tables = [
        ("firm", table(&["id", "region"], vec![vec!["F1".into(), String::new()]])),
        ("person", table(&["id", "firm", "boss"], vec![vec!["p1".into(), "F1".into(), String::new()]])),
        (
            "sale",
            table(
                &["country", "number", "sold_at", "seller", "firm", "city", "amount", "share"],
                vec![["de", "1", "2026-01-05T08:30:00Z", "p1", "F1", "Rome", "500.00", ""].map(str::to_owned).into()],
            ),
        ),
        ("visit", table(&["id", "made_on", "person", "place"], vec![])),
    ];
    let tables: Vec<(String, Table)> = tables.map(|(name, table)| (name.to_owned(), table)).into();
    let way = Way { name: "stored", rows: 1, engine: Engine::Jit, held: Some((1, 1)), ..PLAIN };
    assert_eq!(lies_on_disk(&PLAN, &tables, way), Ok(true));
    assert_eq!(lies_on_disk(&PLAN, &tables, Way { held: Some((1 << 20, 1)), ..way }), Ok(false));
    assert_eq!(lies_on_disk(&PLAN, &tables, Way { held: None, ..way }), Ok(false));
    let outcome = settled(&tables, way);
    assert_eq!(outcome.payments.rows.len(), 3, "commission, first of its city, and the sphere: {outcome:?}");
}

const STORED: Way = Way { name: "stored", rows: 4, engine: Engine::Jit, held: Some((1, 1)), ..PLAIN };

fn compiled(program: &str) -> Plan {
    let head = "program small { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nuse channel\n";
    meed_compiler::compile(&format!("{head}{program}"), &[]).plan.expect("the program has no errors")
}

fn deals(rows: &[&str]) -> Vec<(String, Table)> {
    let cells = |row: &&str| row.split(',').map(str::to_owned).collect();
    vec![("deal".to_owned(), table(&["id", "closed_on", "partner", "amount"], rows.iter().map(cells).collect()))]
}

#[test]
fn one_bad_row_leaves_the_others_to_machine_code() {
    let plan = compiled("rule rebate { for each deal  pay partner 2% of amount }");
    let rows: Vec<String> = (0..200)
        .map(|n| {
            format!("D{n},2026-{:02}-05,ACME,{}", 1 + n % 12, if n == 77 { "many".to_owned() } else { n.to_string() })
        })
        .collect();
    let tables = deals(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(replayed(&plan, &tables, STORED), Ok(0));
    assert_eq!(replayed(&plan, &tables, Way { held: None, ..STORED }), Ok(0));
}

#[test]
fn rows_that_no_rule_reads_are_accounted_for() {
    let plan = compiled(
        "entity city from deal { key name from \"partner\" }
         rule yearly { for each city per year  pay city $1 }",
    );
    let tables = deals(&["D1,2026-01-05,ACME,1", "D2,2026-01-06,BLUE,2", "D3,2027-01-06,BLUE,2"]);
    for way in [STORED, Way { held: None, ..STORED }] {
        let outcome = settle(&plan, &tables, plan.active.to, way).expect("the account of rows adds up");
        assert_eq!(
            outcome.accounts.rows,
            [["deal", "3", "0", "1", "0", "0", "0", "0", "2"].map(str::to_owned)],
            "{outcome:?}"
        );
        assert_eq!(outcome.payments.rows.len(), 2, "{outcome:?}");
    }
}

/// A sum that is nearly as large as one can be, from rows before: threads that add up ranges of the rows after them must not go beyond
/// it, and must not come back from beyond it either.
#[test]
fn a_sum_that_is_nearly_full_stops_at_the_same_row_by_threads() {
    let program = "
        program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
        entity partner { key id }
        event move { key id  when on  partner partner  a count  b count  plus yes/no }
        rule v {
          for each partner per quarter
          where sum of (a * b if plus, otherwise 0 - a * b) in move > 5
          pay partner $5
        }";
    let plan = meed_compiler::compile(program, &[]).plan.expect("the program has no errors");
    let most = i64::MAX;
    let nearly = [(most, most), (most, most), (most, 3), (most - 10, 1)];
    let row = |id: String, on: &str, (a, b): (i64, i64), plus: &str| {
        [id, on.to_owned(), "P".to_owned(), a.to_string(), b.to_string(), plus.to_owned()].to_vec()
    };
    let mut rows: Vec<Vec<String>> =
        (0..).zip(nearly).map(|(idx, pair)| row(format!("A{idx}"), "2026-01-01", pair, "yes")).collect();
    for number in 0..240 {
        // Far enough behind the large ones to lie in another page.
        let one = i64::from(number >= 120);
        let plus = if number < 200 { "yes" } else { "no" };
        rows.push(row(format!("B{number:03}"), "2026-01-02", (one, one), plus));
    }
    let tables = vec![("move".to_owned(), table(&["id", "on", "partner", "a", "b", "plus"], rows))];
    let threads = Way { name: "by threads", engine: Engine::Jit, cut: (1, 2), held: Some((2_000, 1_500)), ..PLAIN };
    let settle = |way| settle(&plan, &tables, plan.active.to, way).unwrap_or_else(|error| panic!("{error}"));
    let plain = settle(PLAIN);
    assert!(plain.fault.as_ref().is_some_and(|fault| fault.starts_with("overflow")), "{:?}", plain.fault);
    assert_eq!(settle(threads).fault, plain.fault);
}
