//! Every folder of `examples` pays what its `expected` folder says, by both engines, and passes its own tests.

use meed_runtime::inner::engine::{Engine, run};
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::output::Sheet;
use meed_runtime::inner::pay;
use meed_runtime::inner::source::{SourceFile, TableInput};
use meed_runtime::inner::store::Spill;
use meed_tests::examples::{folders, name, program, tables};
use meed_tests::ways;
use std::path::{Path, PathBuf};

/// The tables of a folder.
fn inputs(plan: &meed_compiler::plan::Plan, folder: &Path) -> Vec<TableInput> {
    let input = |(name, path): (String, PathBuf)| TableInput {
        record: plan.record_named(&name).expect("the record is known"),
        files: vec![SourceFile::open(&path).expect("the table opens")],
    };
    tables(plan, folder).into_iter().map(input).collect()
}

#[test]
fn examples_pay_what_they_say() {
    for folder in folders() {
        let name = name(&folder);
        let text = program(&folder);
        let compiled = meed_compiler::compile(&text, &[]);
        assert_eq!(compiled.problems, [], "{name}");
        assert_eq!(meed_grammar::format(&text).expect("it can be formatted"), text, "{name} is in its usual form");
        let plan = compiled.plan.expect("a program without problems has a Plan");
        let scratch = std::env::temp_dir();
        let stored = Spill { folder: &scratch, bytes: 1, page_bytes: 200 };
        let ways =
            [Engine::Interpreter, Engine::Jit].into_iter().flat_map(|engine| [(engine, None), (engine, Some(stored))]);
        for (engine, spill) in ways {
            let through = plan.active.to;
            let options = LoadOptions { spill, ..LoadOptions::through(through) };
            let mut loaded = load(&plan, inputs(&plan, &folder), &options).expect("the tables load");
            assert_eq!(loaded.rejects, [], "{name}");
            let options = ways::options(through, 16, engine);
            let result = run(&plan, &mut loaded, &options, None).expect("no rule meets a fault");
            let compare = |table: &str, sheet: std::io::Result<Sheet>| {
                let path = folder.join(format!("expected/{table}.csv"));
                let expected = std::fs::read_to_string(&path).unwrap_or_default();
                if table == "totals" || !expected.is_empty() {
                    let found = String::from_utf8(sheet.expect("rows can be read").to_csv()).expect("UTF-8");
                    assert_eq!(found, expected, "{name}, {table}, {engine:?}");
                }
            };
            compare("totals", pay::totals(&plan, &loaded, &result));
            compare("decisions", pay::decisions(&plan, &loaded, &result));
            for test in &compiled.tests {
                assert_eq!(meed_runtime::inner::suite::run_test(&plan, test, engine), [], "{name}: {}", test.title);
            }
        }
    }
}
