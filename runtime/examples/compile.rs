//! How long it takes from the text of a program to machine code and to the first payment, by the number of rules:
//! `compile [RULES …]`. Medians of several runs, in microseconds.

use meed_compiler::codegen::{CodeOptions, Kernels};
use meed_compiler::plan::Plan;
use meed_runtime::engine::{RunOptions, run};
use meed_runtime::ledger;
use meed_runtime::load::{Content, LoadOptions, Loaded, SourceFile, TableInput, load};
use std::time::Instant;

const RUNS: usize = 15;

fn main() {
    let mut sizes: Vec<usize> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1, 10, 100, 1000];
    }
    println!("| rules | text to Plan | Plan to machine code | text to first payment |");
    println!("| ---: | ---: | ---: | ---: |");
    for n_rules in sizes {
        let text = program(n_rules);
        let plan = meed_compiler::compile(&text, &[]).plan.expect("the program has no problem");
        let to_plan = median(|| drop(meed_compiler::compile(&text, &[])));
        let settled = settle(&plan);
        let to_code = median(|| drop(Kernels::compile(&plan, &settled.data, CodeOptions::default())));
        let to_payment = median(|| {
            let plan = meed_compiler::compile(&text, &[]).plan.expect("the program has no problem");
            drop(settle(&plan));
        });
        println!("| {n_rules} | {to_plan} | {to_code} | {to_payment} |");
    }
}

fn median(mut work: impl FnMut()) -> u128 {
    let mut times: Vec<u128> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

/// A program of rules of the usual kinds, in turn.
fn program(n_rules: usize) -> String {
    let mut text =
        String::from("program many { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nuse channel\n");
    for idx in 0..n_rules {
        let rate = idx % 7 + 1;
        text += &match idx % 5 {
            0 => format!(
                "rule r{idx} {{ for each deal  where registered and amount >= $1,000  pay partner {rate}% of amount }}\n"
            ),
            1 => format!(
                "rule r{idx} {{ for each deal  first per customer  pay rep $500  at most $5,000 per rep per quarter }}\n"
            ),
            2 => format!(
                "schedule s{idx} graduated {{ to $100k 1%  to $500k {rate}%  beyond 8% }}\nrule r{idx} {{ for each partner per quarter  pay partner s{idx}(sum of deal.amount) }}\n"
            ),
            3 => format!(
                "schedule s{idx} graduated {{ to $250k 0.5%  to $1M {rate}%  beyond 8% }}\nrule r{idx} {{ for each deal  pay rep s{idx} as amount adds up per rep per year }}\n"
            ),
            _ => format!(
                "rule r{idx} {{ for each deal  where closed_on between 2026-04-06 and 2026-05-17  pay rep ${rate} * quantity }}\n"
            ),
        };
    }
    text
}

/// Settles one deal, for which something is paid.
fn settle(plan: &Plan) -> Loaded {
    let deals = table(
        plan,
        "deal",
        &["id", "closed_on", "partner", "rep", "customer", "quantity", "amount", "registered"],
        &["D1", "2026-04-10", "ACME", "MAYA", "C1", "3", "5000.00", "yes"],
    );
    let partners = table(plan, "partner", &["id"], &["ACME"]);
    let through = plan.active.to;
    let mut loaded = load(plan, vec![deals, partners], &LoadOptions::through(through)).expect("the deal loads");
    let options = RunOptions::through(through);
    let result = run(plan, &mut loaded, &options, None).expect("no rule meets a fault");
    assert!(ledger::payments(plan, &loaded, &result).is_ok_and(|sheet| !sheet.rows.is_empty()));
    loaded
}

/// A table of one row.
fn table(plan: &Plan, record: &str, header: &[&str], row: &[&str]) -> TableInput {
    let content = Content::Cells {
        header: header.iter().map(|&name| name.to_owned()).collect(),
        rows: vec![row.iter().map(|&cell| Some(cell.to_owned())).collect()],
    };
    let record = plan.record_named(record).expect("the library has it");
    TableInput { record, files: vec![SourceFile { name: "given".to_owned(), content }] }
}
