//! What loading asks for, and what it does not: fields and tables that no rule reads, and what it tells on the way.

use crate::arrow::{batch, parquet};
use crate::view::{csv, input, load_rows, plan, view, view_of};
use arrow_array::{ArrayRef, Float64Array, StringArray};
use meed_compiler::plan::RecordId;
use meed_runtime::inner::load::{LoadOptions, load};
use std::cell::RefCell;
use std::sync::Arc;

const PROGRAM: &str = "
program needs { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
entity partner { key id  name text }
event deal { key id  when on date  partner partner  amount money  margin money  label text }
rule all { for each deal  pay partner 2% of amount }
";

#[test]
fn an_entity_of_which_only_the_key_is_read_is_what_accepted_rows_name() {
    let plan = plan(PROGRAM);
    let deals = "id,on,partner,amount\n1,2026-01-01,B,5\n2,2026-01-02,7,5\n3,2026-01-03,C,?\n4,2026-01-04,B,5\n";
    let loaded = load_rows(&plan, vec![input(&plan, "deal", vec![("d", csv(deals))])], 2).expect("it loads");
    assert_eq!(loaded.named_only, [RecordId(0)]);
    assert_eq!(loaded.origin(RecordId(0), 0), ("", 0));
    let found = view_of(&plan, &loaded);
    let keys: Vec<&str> = found.tables[0].rows.iter().map(|row| row[0].as_str()).collect();
    // C is in a rejected row alone.
    assert_eq!(keys, ["7", "B"]);
    assert_eq!(found.tables[0].account, Default::default());
    // With a table a name that is not in it leads nowhere.
    let partners = input(&plan, "partner", vec![("p", csv("id\n7\n"))]);
    let found = view(&plan, vec![input(&plan, "deal", vec![("d", csv(deals))]), partners], 2);
    assert_eq!(found.rejects.len(), 3);
}

#[test]
fn an_entity_that_a_rule_per_period_walks_through_is_what_rows_name_and_one_that_is_read_needs_its_table() {
    let walked =
        PROGRAM.replace("for each deal", "for each partner per quarter").replace("of amount", "of sum of deal.amount");
    let read = PROGRAM.replace("for each deal", "for each deal where partner.name is \"x\"");
    let load = |text: &str| {
        let plan = plan(text);
        let deals = "id,on,partner,amount\n1,2026-01-01,B,5\n2,2026-01-01,?,x\n3,2026-01-01,A,5\n";
        let deals = input(&plan, "deal", vec![("d", csv(deals))]);
        load_rows(&plan, vec![deals], 2)
    };
    assert_eq!(load(&read).map_err(|error| error.code()).err(), Some("missing-table"));
    let loaded = load(&walked).expect("it loads");
    let keys: Vec<String> = (0..loaded.keys[0].len()).map(|row| loaded.keys[0].text(row).into_owned()).collect();
    assert_eq!((loaded.named_only, keys), (vec![RecordId(0)], vec!["A".to_owned(), "B".to_owned()]));
    // A party whom no row can name needs a table.
    let unnamed = PROGRAM.replace("for each deal", "for each partner per quarter").replace("2% of amount", "$5");
    assert_eq!(load(&unnamed).map_err(|error| error.code()).err(), Some("missing-table"));
}

#[test]
fn a_field_that_no_rule_reads_may_be_missing_but_not_unreadable() {
    let plan = plan(PROGRAM);
    let deals =
        "id,on,partner,amount,margin,label\n1,2026-01-01,B,5,,\n2,2026-01-02,B,5,1.005,x\n3,2026-01-03,B,5,2,\n";
    let found = view(&plan, vec![input(&plan, "deal", vec![("d", csv(deals))])], 2);
    assert_eq!(found.rejects, [["d", "2", "margin", "1.005", "more than 2 decimals"].map(str::to_owned)]);
    assert_eq!(found.tables[1].rows[0], ["1", "d:1", "on=2026-01-01", "partner=B", "amount=500"]);
    // Floating point matters only where it is read.
    let text = |cell: &str| Arc::new(StringArray::from(vec![cell])) as ArrayRef;
    let margin: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    let columns = vec![text("1"), text("2026-01-01"), text("B"), text("5"), margin.clone(), margin];
    let one = batch(&["id", "on", "partner", "amount", "margin", "other"], columns);
    let found = view(&plan, vec![input(&plan, "deal", vec![("d", parquet(&one, 9))])], 2);
    assert_eq!(found.rejects, Vec::<[String; 5]>::new());
}

#[test]
fn rows_are_told_as_they_are_read() {
    let plan = plan(PROGRAM);
    let told = RefCell::new(Vec::new());
    let progress = |n_rows: u64| told.borrow_mut().push(n_rows);
    let options = LoadOptions { batch_rows: 2, progress: Some(&progress), ..LoadOptions::through(plan.active.to) };
    let deals = "id,on,partner,amount\n1,2026-01-01,B,5\n2,2026-01-02,B,5\n3,2026-01-03,B,5\n";
    let partners = input(&plan, "partner", vec![("p", csv("id\nB\n"))]);
    load(&plan, vec![partners, input(&plan, "deal", vec![("d", csv(deals))])], &options).expect("it loads");
    assert_eq!(*told.borrow(), [1, 3, 4]);
}
