//! The systems of `examples`, one for each numbered folder: what the program pays is what `expected/` says, whatever way it is settled, and
//! that is what the independent calculation beside it makes of the same tables.

use meed_compiler::Sources;
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::day_of;
use meed_compiler::value::parse_exact;
use meed_runtime::inner::engine::Engine;
use meed_tests::examples;
use meed_tests::table::Table;
use meed_tests::ways::{Outcome, WAYS, alike, completed, difference, settle};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many systems there are.
const N_SYSTEMS: usize = 14;

fn systems() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")).expect("the examples");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|folder| folder.join("program.meed").is_file());
    folders.sort();
    assert_eq!(folders.len(), N_SYSTEMS);
    folders
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The tables that rules read, by record.
fn tables(plan: &Plan, folder: &Path) -> Vec<(String, Table)> {
    let table = |(record, path): (String, PathBuf)| (record, Table::read(&read(&path)).expect("a table"));
    completed(plan, &examples::tables(plan, folder).into_iter().map(table).collect::<Vec<_>>())
}

/// The rows as a bag: numbers are equal that are worth the same. Movements that agree in all else are added up.
fn bag(table: &Table, adds_up: bool) -> BTreeMap<Vec<String>, usize> {
    let number = |cell: &String| parse_exact(cell).map_or_else(|| cell.clone(), |value| value.to_string());
    let is_number = |header: &String| ["amount", "left", "value"].contains(&header.as_str());
    let mut rows: Vec<Vec<String>> = table.rows.clone();
    for row in &mut rows {
        for (cell, header) in row.iter_mut().zip(&table.header) {
            if is_number(header) {
                *cell = number(cell);
            }
        }
    }
    let mut bag: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    match table.column("amount").filter(|_| adds_up) {
        Some(amount) => {
            let mut sums = BTreeMap::new();
            for mut row in rows {
                let own = parse_exact(&row.remove(amount));
                *sums.entry(row).or_insert(meed_compiler::value::Exact::ZERO) += own.unwrap_or_default();
            }
            for (mut row, sum) in sums {
                row.push(sum.to_string());
                bag.insert(row, 1);
            }
        }
        None => rows.into_iter().for_each(|row| *bag.entry(row).or_default() += 1),
    }
    bag
}

/// What differs between an expected table and one of a run, by the columns and kinds of rows that are expected.
fn against(table: &str, wanted: &Table, found: &Table) -> Result<(), String> {
    let mut found = found.clone();
    if table == "totals" {
        // A sum belongs to the period in which it is booked.
        if let (None, Some(booked)) = (found.column("period"), found.column("booked")) {
            found.header[booked] = "period".to_owned();
        }
    }
    if wanted.rows.is_empty() {
        return if found.rows.is_empty() {
            Ok(())
        } else {
            Err(format!("{table}: none expected\n{}", found.to_text()))
        };
    }
    // Of a reference by several columns each may be named: rows are compared.
    let columns = if table == "rejects" { vec!["record".to_owned(), "row".to_owned()] } else { wanted.header.clone() };
    let (wanted, mut found) = (&wanted.only(&columns)?, found);
    if table == "rejects" {
        found = found.only(&columns)?;
        found.rows.dedup();
    }
    let kinds: &[&str] = match table {
        "decisions" => &["rule", "name"],
        "movements" => &["balance", "kind"],
        _ => &[],
    };
    let kind = |table: &Table, row: &Vec<String>| -> Vec<String> {
        kinds.iter().filter_map(|name| table.column(name)).map(|place| row[place].clone()).collect()
    };
    let known: BTreeSet<Vec<String>> = wanted.rows.iter().map(|row| kind(wanted, row)).collect();
    let kept = found.rows.iter().filter(|row| known.contains(&kind(&found, row))).cloned().collect();
    let found = Table { header: found.header.clone(), rows: kept }.only(&wanted.header)?;
    let adds_up = table == "movements";
    let (wanted, found) = (bag(wanted, adds_up), bag(&found, adds_up));
    let missing: Vec<String> =
        wanted.iter().filter(|(row, n)| found.get(*row) != Some(n)).map(|(row, _)| row.join(",")).collect();
    let extra: Vec<String> =
        found.iter().filter(|(row, n)| wanted.get(*row) != Some(n)).map(|(row, _)| row.join(",")).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(format!("{table}\nexpected: {}\nfound: {}", missing.join("\n          "), extra.join("\n       ")))
}

fn table_of<'a>(outcome: &'a Outcome, name: &str) -> &'a Table {
    match name {
        "totals" => &outcome.totals,
        "decisions" => &outcome.decisions,
        "movements" => &outcome.movements,
        "credits" => &outcome.credits,
        "uncredited" => &outcome.uncredited,
        "held" => &outcome.held,
        "rejects" => &outcome.rejects,
        other => panic!("an expected table `{other}`"),
    }
}

#[test]
fn every_system_pays_what_its_guide_says() {
    for folder in systems() {
        let system = name(&folder);
        let text = read(&folder.join("program.meed"));
        assert_eq!(meed_grammar::format(&text).expect("it can be formatted"), text, "{system} is in its usual form");
        let sheet = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string());
        let compiled = meed_compiler::compile_sources(&Sources::gather("program.meed", &text, sheet), &[]);
        let plan = compiled.plan.unwrap_or_else(|| panic!("{system}: {:?}", compiled.problems));
        assert!(compiled.tests.len() > 1, "{system} has tests");
        for test in &compiled.tests {
            for engine in [Engine::Interpreter, Engine::Jit] {
                let failures = meed_runtime::inner::suite::run_test(&plan, test, engine);
                assert_eq!(failures, [], "{system}: {}", test.title);
            }
        }
        let tables = tables(&plan, &folder);
        let expected = std::fs::read_dir(folder.join("expected")).expect("expected tables");
        let mut expected: Vec<String> = expected.map(|entry| name(&entry.expect("an entry").path())).collect();
        expected.sort();
        assert!(expected.contains(&"totals.csv".to_owned()), "{system}");
        let mut days: BTreeMap<i32, Vec<(String, Table)>> = BTreeMap::new();
        for file in &expected {
            let stem = file.strip_suffix(".csv").unwrap_or_else(|| panic!("{system}: {file}"));
            let (table, day) = stem.split_once('@').unwrap_or((stem, ""));
            let day = day.parse().map_or(plan.active.to, day_of);
            let wanted = Table::read(&read(&folder.join("expected").join(file))).expect("a table");
            days.entry(day).or_default().push((table.to_owned(), wanted));
        }
        for (day, expected) in days {
            let first = settle(&plan, &tables, day, WAYS[0]).unwrap_or_else(|error| panic!("{system}: {error}"));
            assert_eq!(first.fault, None, "{system}");
            for (table, wanted) in &expected {
                against(table, wanted, table_of(&first, table)).unwrap_or_else(|error| panic!("{system}, {error}"));
            }
            for way in &WAYS[1..] {
                let other = settle(&plan, &tables, day, *way).unwrap_or_else(|error| panic!("{system}: {error}"));
                let found = difference(&alike(&first, way), &alike(&other, way));
                assert_eq!(found, None, "{system}, {}", way.name);
            }
        }
    }
}

/// The script beside a program knows nothing of Meed, and says what the tables in `expected/` say.
#[test]
fn every_expected_table_is_calculated_by_itself() {
    for folder in systems() {
        let system = name(&folder);
        let script = read(&folder.join("oracle.py"));
        let imports = script.lines().filter(|line| line.starts_with("import ") || line.starts_with("from "));
        let known = [
            "argparse",
            "bisect",
            "calendar",
            "collections",
            "csv",
            "datetime",
            "fractions",
            "functools",
            "itertools",
            "json",
            "math",
            "os",
            "pathlib",
            "re",
            "sys",
        ];
        for line in imports {
            let modules = line.trim_start_matches("from ").trim_start_matches("import ");
            let modules = modules.split(" import ").next().unwrap_or_default();
            for module in modules.split(',') {
                let module = module.trim().split([' ', '.']).next().unwrap_or_default();
                assert!(known.contains(&module), "{system} imports `{module}`");
            }
        }
        assert!(!script.contains("float("), "{system} calculates in fractions");
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-{system}"));
        let _ = std::fs::remove_dir_all(&out);
        let expected = std::fs::read_dir(folder.join("expected")).expect("expected tables");
        for entry in expected {
            let file = name(&entry.expect("an entry").path());
            let through = file.strip_suffix(".csv").and_then(|stem| stem.split_once('@')).map(|(_, day)| day);
            let mut command = Command::new("python3");
            command.arg(folder.join("oracle.py")).arg("--out").arg(&out).arg("--quiet");
            if let Some(day) = through {
                command.args(["--through", day]);
            }
            let done = command.output().expect("python3 runs");
            assert!(done.status.success(), "{system}: {}", String::from_utf8_lossy(&done.stderr));
            let made = match through {
                Some(_) if out.join(&file).is_file() => out.join(&file),
                Some(_) => out.join("totals.csv"),
                None => out.join(&file),
            };
            assert_eq!(read(&made), read(&folder.join("expected").join(&file)), "{system}, {file}");
        }
    }
}
