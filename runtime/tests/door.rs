//! The door for programs that embed Meed.

use meed_runtime::{
    Content, LoadOptions, Program, ProgramError, Query, SettleOptions, Sheet, SourceFile, Spill, Tables,
};

const PROGRAM: &str = r#"
program door "A program behind the door" { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
use channel
parameter share = 2%
rule two_percent { for each deal  where registered  pay partner share of amount }
rule minimum { for each partner per quarter  pay partner 1% of sum of deal.amount }
"#;

const DEALS: &str = "id,closed_on,partner,amount,registered
D1,2026-02-16,ACME,1000.25,yes
D2,2026-12-17,ACME,9000.00,no
D3,2026-12-30,GLOBEX,500.00,yes
";

fn program() -> Program {
    Program::compile(PROGRAM).unwrap_or_else(|error| panic!("{error}"))
}

fn csv(text: &str) -> SourceFile {
    let bytes = std::io::Cursor::new(text.to_owned().into_bytes());
    SourceFile { name: "deals.csv".to_owned(), content: Content::Csv(Box::new(bytes), None) }
}

/// Payments and totals as text.
fn settled(tables: &mut Tables<'_>, options: SettleOptions) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let settled = tables.settle(options).unwrap_or_else(|error| panic!("{error}"));
    let (mut payments, mut totals) = (Sheet::new(settled.payments_header()), Sheet::new(settled.totals_header()));
    settled.write(&mut payments, &mut totals).expect("text can be written");
    let n_rows = |batches: Vec<arrow_array::RecordBatch>| batches.iter().map(|batch| batch.num_rows()).sum::<usize>();
    assert_eq!(n_rows(settled.payments().expect("lines can be read")), payments.rows.len());
    assert_eq!(n_rows(settled.totals().expect("lines can be read")), totals.rows.len());
    assert_eq!(settled.decisions().expect("there are none"), []);
    (payments.rows, totals.rows)
}

#[test]
fn a_program_settles_again_and_again_and_wherever_rows_are_kept() {
    let program = program();
    assert_eq!(program.warnings(), []);
    let mut tables = program.load([("deal", csv(DEALS))]).unwrap_or_else(|error| panic!("{error}"));
    let (payments, totals) = settled(&mut tables, SettleOptions::default());
    let cells = |rows: &[Vec<String>], columns: &[usize]| -> Vec<String> {
        rows.iter()
            .map(|row| columns.iter().map(|&column| row[column].as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(
        cells(&payments, &[0, 3, 5, 7, 10]),
        [
            "two_percent ACME 20.00 D1 2026-Q1",
            "two_percent GLOBEX 10.00 D3 2026-Q4",
            "minimum ACME 10.00  2026-Q1",
            "minimum ACME 90.00  2026-Q4",
            "minimum GLOBEX 5.00  2026-Q4",
        ]
    );
    assert_eq!(totals.len(), 5);
    assert_eq!(settled(&mut tables, SettleOptions::default()), (payments.clone(), totals.clone()));
    let folder = std::env::temp_dir();
    let spill = Some(Spill { folder: &folder, bytes: 1, page_bytes: 1 });
    let options = LoadOptions { spill, ..LoadOptions::through(20_818) };
    let mut spilled = program.load_with([("deal", csv(DEALS))], &options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settled(&mut spilled, SettleOptions::default()), (payments, totals));
    let answer = tables.explain(&Query { key: Some("D2".to_owned()), most: 1, ..Query::default() });
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer.explanations[0].heading, "two_percent pays nothing for deal D2 of 2026-12-17");
}

#[test]
fn parameters_have_the_values_that_they_are_given() {
    let program = Program::compile_with(PROGRAM, &[("share", "4%")]).unwrap_or_else(|error| panic!("{error}"));
    let mut tables = program.load([("deal", csv(DEALS))]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settled(&mut tables, SettleOptions::default()).0[0][5], "40.01");
}

#[test]
fn nothing_is_paid_in_silence_that_may_be_wrong() {
    let error = Program::compile("program p { currency XYZ }").expect_err("it has errors");
    assert!(matches!(&error, ProgramError::Problems(problems) if !problems.is_empty()), "{error}");
    let program = program();
    let error = program.load([("deel", csv(DEALS))]).expect_err("there is no such record");
    assert_eq!(error.to_string(), "the program has no record `deel` with a table of its own");
    let error = program.load([("deal", csv("id\nD1\n"))]).expect_err("columns are missing");
    assert!(matches!(error, ProgramError::Load(_)), "{error}");
    // A cell that cannot be read.
    let bad = DEALS.replace("500.00", "many");
    let mut tables = program.load([("deal", csv(&bad))]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(tables.rejects().len(), 1);
    let error = tables.settle(SettleOptions::default()).expect_err("a row is rejected");
    assert_eq!(error.to_string(), "1 row is rejected: deals.csv, row 3, column `amount`: not an amount");
    let mut aside = SettleOptions::default();
    aside.without_rejected = true;
    assert_eq!(settled(&mut tables, aside).0.len(), 3);
    // Tables that end before a period begins.
    let early = DEALS.lines().take(2).map(|line| line.to_owned() + "\n").collect::<String>();
    let mut tables = program.load([("deal", csv(&early))]).unwrap_or_else(|error| panic!("{error}"));
    let error = tables.settle(SettleOptions::default()).expect_err("the day is not said");
    assert_eq!(error.to_string(), "through which day? rule `minimum` takes 2026-Q2 and what follows as ended");
    let said = LoadOptions::through(20_543);
    let mut tables = program.load_with([("deal", csv(&early))], &said).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settled(&mut tables, SettleOptions::default()).0.len(), 2);
}
