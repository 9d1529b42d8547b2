//! Whole programs over real tables, held against payments that an independent evaluation found.

use meed_runtime::inner::engine::Engine;
use meed_tests::{ENGINES, Settled, plan, settle, settle_in, shared};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Amounts by rule, payee and period of an expected file: the amount comes last, in cents when `cents`.
fn expected(
    path: &Path,
    name: impl Fn(&str) -> String,
    period: impl Fn(&str) -> String,
    cents: bool,
) -> BTreeMap<[String; 3], i64> {
    let text = std::fs::read_to_string(path).expect("the expected totals can be read");
    let rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let amount = |text: &str| if cents { text.parse().expect("cents") } else { to_cents(text) };
    let rows = rows.map(|cells| ([name(cells[0]), cells[1].to_owned(), period(cells[2])], amount(cells[3])));
    rows.filter(|(_, amount)| *amount != 0).collect()
}

fn to_cents(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let cents: i64 = format!("{whole}{rest:0<2}").parse().expect("an amount");
    cents
}

fn found(settled: &Settled) -> BTreeMap<[String; 3], i64> {
    let rows = settled.totals.rows.iter();
    rows.map(|row| ([row[0].clone(), row[2].clone(), row[4].clone()], to_cents(&row[5]))).collect()
}

#[test]
fn crm_pays_the_expected_totals() {
    let Some(shared) = shared() else { return };
    let plan = plan(&shared.join("programs/crm/crm.meed"), &[]);
    let table = |name: &str| vec![shared.join(format!("data/crm/{name}.csv"))];
    let files =
        [("opportunity", table("sales_pipeline")), ("agent", table("sales_teams")), ("product", table("products"))];
    let same = |text: &str| text.to_owned();
    let wanted = expected(&shared.join("programs/crm/expected_totals.csv"), same, same, false);
    let mut payments = None;
    for (rows, engine) in [1, 7, 65_536].into_iter().flat_map(|rows| ENGINES.map(|engine| (rows, engine))) {
        let settled = settle(&plan, &files, rows, engine);
        let way = format!("{rows} rows at a time, {engine:?}");
        assert_eq!(found(&settled), wanted, "{way}");
        assert_eq!(settled.replayed, 0, "machine code does every row");
        assert!(settled.accounts.iter().all(|(read, sum)| read == sum), "{:?}", settled.accounts);
        assert_eq!(*payments.get_or_insert_with(|| settled.payments.clone()), settled.payments, "{way}");
        let stored = settle_in(&plan, &files, rows.max(7), engine, Some((60_000, 9_000)));
        assert_eq!((found(&stored), stored.payments), (wanted.clone(), settled.payments), "{way}, from the disk");
    }
}

/// A real calendar of days with its own labels: in a rule per party and quarter each label meets the quarter of its name alone.
#[test]
fn fiscal_quarters_are_those_of_their_labels() {
    let Some(shared) = shared() else { return };
    let times = shared.join("data/fiscal/times.csv");
    let program = r#"
        program fiscal { currency USD rounded half even   periods from fiscal   active 2019-01-01 to 2023-12-31 }
        calendar fiscal from "times.csv" {
          day from "TIME_ID"   week from "WEEK_ENDING_DAY"   month from "FISCAL_MONTH_DESC"
          quarter from "FISCAL_QUARTER_DESC"   year from "FISCAL_YEAR"
        }
        entity label from day { key id from "FISCAL_QUARTER_DESC" }
        event day from "times" {
          key id from "TIME_ID"   when held_on from "TIME_ID"   label label from "FISCAL_QUARTER_DESC"
          number count from "FISCAL_QUARTER_NUMBER"   ends_on date from "END_OF_FIS_QUARTER"
        }
        rule counted { for each label per quarter   pay label $1 * (count of day) }
        rule numbered {
          for each day
          where number = quarter number of held_on
          pay label $1
        }
    "#;
    let text = std::fs::read_to_string(&times).expect("the calendar can be read");
    let sources = meed_compiler::Sources::gather("program", program, |_| Ok(text.clone()));
    let plan = meed_compiler::compile_sources(&sources, &[]).plan.expect("a program without mistakes");
    for engine in ENGINES {
        let settled = settle(&plan, &[("day", vec![times.clone()])], 65_536, engine);
        let found = found(&settled);
        assert!(found.keys().all(|[_, label, quarter]| label == quarter), "{found:?}");
        for rule in ["counted", "numbered"] {
            let of_rule = found.iter().filter(|([name, ..], _)| name == rule);
            assert_eq!(of_rule.map(|(_, cents)| cents / 100).sum::<i64>(), 1_826, "{rule} pays each day once");
        }
    }
}

const RULES: [&str; 5] = ["registered_deals", "new_customers", "volume_rebate", "year_accelerator", "family_spiff"];

/// Program P over the deals of these files, with a bounty.
fn settlement(shared: &Path, deals: Vec<PathBuf>, bounty: &str, rows: u32, engine: Engine) -> Settled {
    settlement_in(shared, deals, bounty, rows, engine, None)
}

/// The same; from so many bytes on the rows of deals are spilled to disk, in pieces of so many.
fn settlement_in(
    shared: &Path,
    deals: Vec<PathBuf>,
    bounty: &str,
    rows: u32,
    engine: Engine,
    held: Option<(usize, usize)>,
) -> Settled {
    let folder = shared.join("programs/settlement");
    let plan = plan(&folder.join("settlement.meed"), &[("bounty", bounty)]);
    let ending = if deals[0].extension().is_some_and(|ending| ending == "csv") { "csv" } else { "parquet" };
    let entity = |name: &str| vec![folder.join(format!("{name}.{ending}"))];
    let files =
        [("partner", entity("partner")), ("rep", entity("rep")), ("product", entity("product")), ("deal", deals)];
    settle_in(&plan, &files, rows, engine, held)
}

/// Lines by rule as the expected files have them: how many, and sums of cents alone and weighed by deal and payee.
fn digest(settled: &Settled) -> String {
    let mut digests = BTreeMap::<usize, [i64; 4]>::new();
    for row in &settled.payments.rows {
        let rule = RULES.iter().position(|rule| *rule == row[0]).expect("a rule of the program") + 1;
        let number = |text: &str| if text.is_empty() { 0 } else { text.parse::<i64>().expect("a number") };
        let (cents, digest) = (to_cents(&row[5]), digests.entry(rule).or_default());
        *digest = [
            digest[0] + 1,
            digest[1] + cents,
            digest[2] + cents * (number(&row[7]) % 9973),
            digest[3] + cents * (number(&row[3]) % 997),
        ];
    }
    digests.iter().map(|(rule, d)| format!("{rule},{},{},{},{}\n", d[0], d[1], d[2], d[3])).collect()
}

/// The totals that a folder of settlement expects.
fn expected_totals(folder: &Path) -> BTreeMap<[String; 3], i64> {
    let rule = |text: &str| RULES[text.parse::<usize>().expect("a rule number") - 1].to_owned();
    expected(&folder.join("expected_totals.csv"), rule, |quarter| format!("2026-Q{quarter}"), true)
}

#[test]
fn settlement_pays_the_expected_totals_and_lines() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("programs/settlement/5000");
    let wanted = std::fs::read_to_string(folder.join("expected_lines.csv")).expect("the expected lines can be read");
    let mut payments = None;
    for (file, rows) in [("deals.csv", 65_536), ("deals.parquet", 7), ("deals.csv", 1), ("deals.parquet", 65_536)] {
        for engine in ENGINES {
            let settled = settlement(&shared, vec![folder.join(file)], "$500", rows, engine);
            let way = format!("{file}, {rows} rows at a time, {engine:?}");
            assert_eq!(found(&settled), expected_totals(&folder), "{way}");
            assert_eq!(digest(&settled), wanted, "{way}");
            assert_eq!(*payments.get_or_insert_with(|| settled.payments.clone()), settled.payments, "{way}");
            let stored =
                settlement_in(&shared, vec![folder.join(file)], "$500", rows.max(7), engine, Some((90_000, 40_000)));
            assert_eq!((digest(&stored), stored.payments), (wanted.clone(), settled.payments), "{way}, from the disk");
        }
    }
}

/// 200,000 deals with this bounty, by both engines.
fn many_deals(bounty: &str, lines: &str, totals: bool) {
    let Some(shared) = shared() else { return };
    let folder = shared.join("programs/settlement/200000");
    let wanted = std::fs::read_to_string(folder.join(lines)).expect("the expected lines can be read");
    let deals = || vec![folder.join("deals.parquet")];
    let settled = settlement(&shared, deals(), bounty, 65_536, Engine::Jit);
    assert_eq!(digest(&settled), wanted);
    if totals {
        assert_eq!(found(&settled), expected_totals(&folder));
    }
    assert_eq!(settled.replayed, 0, "machine code does every row");
    assert!(settled.accounts.iter().all(|(read, sum)| read == sum), "{:?}", settled.accounts);
    assert!(settled.payments == settlement(&shared, deals(), bounty, 4096, Engine::Interpreter).payments);
    let stored = settlement_in(&shared, deals(), bounty, 4096, Engine::Jit, Some((4 << 20, 1 << 20)));
    assert_eq!(stored.replayed, 0, "machine code does every row");
    assert!(stored.payments == settled.payments && stored.totals == settled.totals, "from the disk");
}

#[test]
fn two_hundred_thousand_deals_pay_the_expected_totals_and_lines() {
    many_deals("$500", "expected_lines.csv", true);
}

#[test]
fn two_hundred_thousand_deals_pay_the_expected_lines_with_a_larger_bounty() {
    many_deals("$700", "expected_lines_bounty_700.csv", false);
}

#[test]
fn shuffled_rows_in_several_files_pay_the_same() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("programs/settlement/5000");
    let text = std::fs::read_to_string(folder.join("deals.csv")).expect("the deals can be read");
    let (header, rows) = text.split_once('\n').expect("a header");
    let mut rows: Vec<&str> = rows.lines().collect();
    // A fixed stride that shares no factor with the number of rows visits each once.
    let n_rows = rows.len();
    rows = (0..n_rows).map(|idx| rows[(idx * 1_237 + 11) % n_rows]).collect();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let parts = rows.chunks(n_rows / 3 + 1).enumerate().map(|(part, rows)| {
        let path = target.join(format!("shuffled-{part}.csv"));
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).expect("the part can be written");
        path
    });
    let whole = settlement(&shared, vec![folder.join("deals.csv")], "$500", 65_536, Engine::Jit);
    let split = settlement(&shared, parts.collect(), "$500", 97, Engine::Jit);
    assert_eq!(whole.payments, split.payments);
    assert_eq!(whole.totals, split.totals);
}

#[test]
fn the_example_passes_its_own_tests_and_pays_what_the_readme_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    let text = std::fs::read_to_string(folder.join("quickstart.meed")).expect("the program can be read");
    let compiled = meed_compiler::compile(&text, &[]);
    let plan = compiled.plan.expect("the example compiles");
    assert!(!compiled.tests.is_empty());
    for test in &compiled.tests {
        assert_eq!(meed_runtime::inner::suite::run_test(&plan, test, Engine::Jit), [], "{}", test.title);
    }
    let table = |name: &str| vec![folder.join(format!("data/{name}.csv"))];
    let files = [
        ("deal", table("deals")),
        ("introduction", table("introductions")),
        ("partner", table("partners")),
        ("person", table("persons")),
        ("customer", table("customers")),
    ];
    let settled = settle(&plan, &files, 2, Engine::Jit);
    let csv = String::from_utf8(settled.totals.to_csv()).expect("UTF-8");
    let readme = std::fs::read_to_string(folder.join("../../README.md")).expect("the README can be read");
    assert!(readme.contains(&csv), "{csv}");
}
