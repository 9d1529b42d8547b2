//! The pages of what stops a run: the example does, with the code of its page, and the repair does not.

use meed_compiler::{compile, errors};
use meed_tests::case::Setup;
use meed_tests::page::{Case, Page};
use meed_tests::ways::{Outcome, WAYS, settle};
use std::path::Path;

const EXAMPLE: &str = "Example in a run";

#[test]
fn every_example_stops_the_run_and_its_repair_does_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/errors");
    let mut n_examples = 0;
    for code in errors::codes() {
        let page = Page::open(&folder.join(format!("{code}.md"))).expect("a page");
        for case in &page.cases {
            let stops = match case.title.as_str() {
                EXAMPLE => true,
                "Repair" if page.cases[0].title == EXAMPLE => false,
                _ => continue,
            };
            n_examples += u32::from(stops);
            for outcome in outcomes(&page, case) {
                assert_eq!(stop(&outcome).as_deref(), stops.then_some(code), "{}: {outcome:?}", case.title);
            }
        }
    }
    assert!(n_examples > 5, "only {n_examples} pages have an example in a run");
}

/// What a case comes to in each way.
fn outcomes(page: &Page, case: &Case) -> Vec<Outcome> {
    let setup = Setup::new(page, case).expect("a case");
    let compiled = compile(&setup.program, &[]);
    assert_eq!(compiled.problems, [], "{}", page.path.display());
    let plan = compiled.plan.expect("a program without problems has a Plan");
    let each = |way| settle(&plan, &setup.tables, plan.active.to, way).expect("the case can be settled");
    WAYS.into_iter().map(each).collect()
}

/// The code of what stopped a run, if anything did.
fn stop(outcome: &Outcome) -> Option<String> {
    match &outcome.fault {
        Some(fault) => fault.split_once(": ").map(|(code, _)| code.to_owned()),
        None => (!outcome.rejects.rows.is_empty()).then(|| "rejected-rows".to_owned()),
    }
}
