//! Where an invariant of Meed does not hold, a run ends with `internal-error`, names rule and row, and gives nothing.

use meed_compiler::data::{Column, Values};
use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::{Engine, RunError, RunOptions, run};
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::source::{Content, SourceFile, TableInput};
use meed_runtime::inner::store::Loaded;

const PROGRAM: &str = r#"
program tiny { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
entity partner { key id  level text }
event deal { key id  when closed_on  partner partner  amount money }
rule gold { for each deal  where partner.level is "gold"  pay partner 2% of amount }
rule all { for each partner per year  pay partner 1% of (sum of deal.amount) }
"#;

fn plan() -> Plan {
    meed_compiler::compile(PROGRAM, &[]).plan.expect("the program has no errors")
}

fn loaded(plan: &Plan) -> Loaded {
    let input = |record: &str, text: &str| TableInput {
        record: plan.record_named(record).expect("the record is known"),
        files: vec![SourceFile {
            name: format!("{record}s.csv"),
            content: Content::Csv(Box::new(std::io::Cursor::new(text.to_owned().into_bytes())), Some(b',')),
        }],
    };
    let deals = "id,closed_on,partner,amount\nD1,2026-01-05,ACME,100\nD2,2026-01-06,BEAR,100\n";
    let inputs = vec![input("partner", "id,level\nACME,gold\nBEAR,gold\n"), input("deal", deals)];
    load(plan, inputs, &LoadOptions::through(plan.active.to)).expect("the tables load")
}

/// The field of a record, by their names.
fn column<'l>(plan: &Plan, loaded: &'l mut Loaded, record: &str, field: &str) -> &'l mut Option<Column> {
    let record = plan.record_named(record).expect("the record is known");
    let place = plan.record(record).fields.iter().position(|known| known.name == field).expect("a field");
    &mut loaded.data.tables[record.index()].columns[place]
}

/// What a run by the interpreter says; machine code may not be given what does not hold.
fn said(plan: &Plan, loaded: &mut Loaded) -> String {
    let options = RunOptions { engine: Engine::Interpreter, ..RunOptions::through(plan.active.to) };
    match run(plan, loaded, &options, None) {
        Err(error @ RunError::Internal(_)) => {
            assert_eq!(error.code(), "internal-error");
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reference_that_leads_nowhere_pays_nobody() {
    let plan = plan();
    let mut loaded = loaded(&plan);
    *column(&plan, &mut loaded, "deal", "partner") = Some(Column { values: Values::U32(vec![0, 7]), known: None });
    let said = said(&plan, &mut loaded);
    assert!(said.contains("rule `gold`, deal D2 (deals.csv, row 2)"), "{said}");
}

#[test]
fn a_field_that_is_not_kept_is_not_taken_for_missing() {
    let plan = plan();
    let mut loaded = loaded(&plan);
    *column(&plan, &mut loaded, "partner", "level") = None;
    let said = said(&plan, &mut loaded);
    assert!(said.starts_with("the field `level`, which no table keeps, at rule `gold`, deal D1"), "{said}");
    assert!(said.contains("compiler/src/interpret/"), "{said}");
}

#[test]
fn a_text_in_place_of_a_number_is_no_amount() {
    let plan = plan();
    let mut loaded = loaded(&plan);
    *column(&plan, &mut loaded, "deal", "amount") = Some(Column { values: Values::U32(vec![0, 0]), known: None });
    let said = said(&plan, &mut loaded);
    assert!(said.starts_with("`*` of [Number(1/50), Code(0)], at rule `gold`, deal D1"), "{said}");
}

#[test]
fn a_code_that_no_test_on_texts_knows_is_not_taken_for_no() {
    let plan = plan();
    let mut loaded = loaded(&plan);
    loaded.data.predicates.iter_mut().for_each(Vec::clear);
    let said = said(&plan, &mut loaded);
    assert!(said.contains("rule `gold`, deal D1"), "{said}");
}
