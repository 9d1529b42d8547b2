//! What Meed pays is what the evaluator in `tests/oracle` pays, which was written from the language page alone: for generated
//! programs, for the cases of the suite, for the examples, and for whole programs with expected totals.

use meed_compiler::plan::calendar::day_of;
use meed_tests::case::Setup;
use meed_tests::examples;
use meed_tests::generate::{Draw, has_refunds, program, rows};
use meed_tests::oracle::{Answer, Job, answers};
use meed_tests::page::{Page, pages};
use meed_tests::shared;
use meed_tests::table::Table;
use meed_tests::ways::{Outcome, PLAIN, completed, settle};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle").join(name)
}

/// Programs of these seeds with moderate rows, through the program's last day or one before; only those with a text, where one is given.
fn generated(seeds: std::ops::Range<u64>, with: &str) -> Vec<(Job, Outcome)> {
    let one = |seed: u64| {
        let mut draw = Draw::new(seed);
        let text = program(&mut draw);
        if !text.contains(with) {
            return None;
        }
        let plan = meed_compiler::compile(&text, &[]).plan?;
        let tables = rows(&mut draw, 90, false, has_refunds(&text), plan.currency().decimals);
        let through = (seed.is_multiple_of(3)).then(|| format!("2026-{:02}-20", 3 + seed / 3 % 8));
        let day = through.as_ref().map_or(plan.active.to, |day| day_of(day.parse().expect("a day")));
        let outcome = settle(&plan, &tables, day, PLAIN).expect("the account of rows adds up");
        Some((
            Job { name: format!("seed {seed}"), text, tables, through, set: Vec::new(), sheets: Vec::new() },
            outcome,
        ))
    };
    seeds.filter_map(one).collect()
}

/// How many of these runs had a fault; where one differs the rest is told.
fn hold(name: &str, runs: &[(Job, Outcome)]) -> usize {
    let jobs: Vec<Job> = runs.iter().map(|(job, _)| job.clone()).collect();
    let found = answers(&folder(name), &jobs);
    let mut differences: Vec<String> = Vec::new();
    for ((job, outcome), answer) in runs.iter().zip(&found) {
        if let Some(difference) = answer.difference(outcome) {
            let through = job.through.as_deref().unwrap_or("its last day");
            differences.push(format!("{}, through {through}: {difference}\n{}", job.name, job.text));
        }
    }
    let shown = differences.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} differ\n{shown}", differences.len(), runs.len());
    found.iter().filter(|answer| matches!(answer, Answer::Fault(_))).count()
}

#[test]
fn generated_programs() {
    let runs = generated(20_000..20_150, "");
    assert!(runs.len() > 110, "most of them compile");
    let faults = hold("generated", &runs);
    assert!(faults < runs.len() / 3, "{faults} of {} end with a fault", runs.len());
    assert!(runs.iter().map(|(_, outcome)| outcome.payments.rows.len()).sum::<usize>() > 6_000);
}

/// `just oracle FROM..TO` holds programs of these seeds; with `MEED_WITH` only those with that text.
#[test]
#[ignore = "long; `just oracle` runs it"]
fn many_generated_programs() {
    let seed = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a seed is a whole number"))
    };
    let (from, to) = (seed("MEED_FROM", 0), seed("MEED_TO", 2_000));
    let with = std::env::var("MEED_WITH").unwrap_or_default();
    for start in (from..to).step_by(200) {
        let runs = generated(start..(start + 200).min(to), &with);
        println!("from {start}: {} programs, {} with a fault", runs.len(), hold("many", &runs));
    }
}

/// Every case of the suite that compiles and runs, with the run it expects.
#[test]
fn cases_of_the_suite() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let mut runs = Vec::new();
    for path in pages(&suite) {
        let page = Page::open(&path).expect("a page can be read");
        for case in &page.cases {
            let setup = Setup::new(&page, case).expect("a case can be read");
            let Some(plan) = setup.compile(&setup.program, &setup.overrides).plan else { continue };
            let mut throughs: Vec<Option<&str>> = setup.expectations.iter().map(|one| one.through.as_deref()).collect();
            throughs.sort_unstable();
            throughs.dedup();
            for through in throughs {
                let day = through.map_or(plan.active.to, |day| day_of(day.parse().expect("a day")));
                let outcome = settle(&plan, &setup.tables, day, PLAIN).expect("the account of rows adds up");
                let place = path.strip_prefix(&suite).unwrap_or(&path).display();
                let job = Job {
                    name: format!("{place}, {}", case.title),
                    text: setup.program.clone(),
                    tables: completed(&plan, &setup.tables),
                    through: through.map(str::to_owned),
                    set: setup.overrides.clone(),
                    sheets: setup.sheets.clone(),
                };
                runs.push((job, outcome));
            }
        }
    }
    assert!(runs.len() > 300, "{}", runs.len());
    hold("suite", &runs);
}

/// A program over tables in files.
fn over_files(name: &str, text: String, files: &[(String, PathBuf)]) -> (Job, Outcome) {
    let plan = meed_compiler::compile(&text, &[]).plan.expect("the program compiles");
    let table = |(record, path): &(String, PathBuf)| {
        let text = std::fs::read_to_string(path).expect("the table can be read");
        (record.clone(), Table::read(&text).expect("a table"))
    };
    let tables: Vec<(String, Table)> = files.iter().map(table).collect();
    let outcome = settle(&plan, &tables, plan.active.to, PLAIN).expect("the account of rows adds up");
    (Job { name: name.to_owned(), text, tables, through: None, set: Vec::new(), sheets: Vec::new() }, outcome)
}

#[test]
fn the_examples() {
    let run = |folder: PathBuf| {
        let text = examples::program(&folder);
        let plan = meed_compiler::compile(&text, &[]).plan.expect("an example compiles");
        over_files(&examples::name(&folder), text, &examples::tables(&plan, &folder))
    };
    let runs: Vec<(Job, Outcome)> = examples::folders().into_iter().map(run).collect();
    assert!(!runs.is_empty());
    hold("examples", &runs);
}

/// Programs over real tables, whose totals by Meed `tests/programs.rs` holds against what other evaluations expect.
#[test]
fn whole_programs() {
    let Some(shared) = shared() else { return };
    let run = |program: &str, folder: PathBuf, tables: &[(&str, &str)]| {
        let path = shared.join(format!("programs/{program}/{program}.meed"));
        let text = std::fs::read_to_string(path).expect("the program can be read");
        let file = |(record, file): &(&str, &str)| ((*record).to_owned(), folder.join(format!("{file}.csv")));
        over_files(program, text, &tables.iter().map(file).collect::<Vec<_>>())
    };
    let crm = [("opportunity", "sales_pipeline"), ("agent", "sales_teams"), ("product", "products")];
    let settlement = [("partner", "partner"), ("rep", "rep"), ("product", "product"), ("deal", "5000/deals")];
    let runs =
        [run("crm", shared.join("data/crm"), &crm), run("settlement", shared.join("programs/settlement"), &settlement)];
    assert!(runs.iter().all(|(_, outcome)| outcome.payments.rows.len() > 1_000));
    hold("programs", &runs);
}
