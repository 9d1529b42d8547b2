//! The schedule law: the lines of a period add up to F of what added up, to the cent, in any order.

use meed_compiler::interpret::schedule::ask;
use meed_compiler::plan::{Ask, RecordId};
use meed_compiler::value::{Exact, fraction, round};
use meed_runtime::engine::{Engine, RunOptions, run};
use meed_runtime::load::{Content, LoadOptions, SourceFile, TableInput, load};
use proptest::prelude::*;

/// A program whose one schedule has these bounds (rising, in dollars) and rates (in hundredths of a percent).
fn program(shape: &str, bounds: &[u32], rates: &[u32], word: &str) -> String {
    let mut bands = String::new();
    for (bound, rate) in bounds.iter().zip(rates) {
        bands += &format!("  {word} ${bound} {}.{:02}%\n", rate / 100, rate % 100);
    }
    let last = rates[bounds.len()];
    format!(
        "program law {{ currency USD rounded half even  active 2026-01-01 to 2026-12-31 }}
         use channel
         schedule bands {shape} {{\n{bands}  beyond {}.{:02}%\n}}
         rule earned {{ for each deal  pay rep bands as amount adds up per rep per quarter }}",
        last / 100,
        last % 100
    )
}

/// Cents by quarter that the program pays for deals given as (day of the year, cents).
fn paid(text: &str, deals: &[(u32, i64)]) -> (Vec<i128>, meed_compiler::plan::Schedule) {
    let compiled = meed_compiler::compile(text, &[]);
    assert_eq!(compiled.problems, [], "{text}");
    let plan = compiled.plan.expect("a program without problems has a Plan");
    let table = |name: &str, header: &[&str], rows: Vec<Vec<Option<String>>>| TableInput {
        record: RecordId(plan.records.iter().position(|record| record.name == name).expect("a record") as u32),
        files: vec![SourceFile {
            name: name.to_owned(),
            content: Content::Cells { header: header.iter().map(|name| (*name).to_owned()).collect(), rows },
        }],
    };
    let start = meed_compiler::plan::calendar::day_of("2026-01-01".parse().expect("a date"));
    let row = |(idx, (day, cents)): (usize, &(u32, i64))| {
        let day = meed_compiler::plan::calendar::date_of(start + *day as i32).to_string();
        let amount = meed_compiler::value::decimal_text(i128::from(*cents), 2);
        vec![Some(idx.to_string()), Some(day), Some("R".to_owned()), Some(amount)]
    };
    let deals = table("deal", &["id", "closed_on", "rep", "amount"], deals.iter().enumerate().map(row).collect());
    let reps = table("person", &["id"], vec![vec![Some("R".to_owned())]]);
    let through = plan.active.to;
    let mut loaded = load(&plan, vec![deals, reps], &LoadOptions::through(through)).expect("the rows load");
    assert_eq!(loaded.rejects, []);
    let options = RunOptions { through, chunk_rows: 5, engine: Engine::Jit };
    let result = run(&plan, &mut loaded, &options, None).expect("no fault");
    let mut sums = vec![0; 4];
    for row in meed_runtime::ledger::payments(&plan, &loaded, &result).rows {
        let quarter: usize = row[9].trim_start_matches("2026-Q").parse().expect("a quarter");
        sums[quarter - 1] += row[5].replace('.', "").parse::<i128>().expect("an amount");
    }
    (sums, plan.schedules[0].clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn lines_add_up_to_the_schedule_of_the_total(
        retroactive in any::<bool>(),
        below in any::<bool>(),
        steps in prop::collection::vec(1u32..50_000, 1..4),
        rates in prop::collection::vec(0u32..5_000, 4),
        deals in prop::collection::vec((0u32..365, -9_000_000i64..30_000_000), 0..40),
    ) {
        let bounds: Vec<u32> = steps.iter().scan(0, |sum, step| { *sum += step; Some(*sum) }).collect();
        let shape = if retroactive { "retroactive" } else { "graduated" };
        let text = program(shape, &bounds, &rates, if below { "below" } else { "to" });
        let (sums, schedule) = paid(&text, &deals);
        for (quarter, sum) in sums.iter().enumerate() {
            let ends = [90, 181, 273, 365];
            let begins = if quarter == 0 { 0 } else { ends[quarter - 1] };
            let total: i64 = deals.iter().filter(|(day, _)| (begins..ends[quarter]).contains(day)).map(|(_, cents)| cents).sum();
            let worth = ask(&schedule, &[], &fraction(total.into(), 100), Ask::Amount).expect("bounds rise").expect("every band pays");
            let cents = round(&(worth * Exact::from(100)), meed_compiler::value::RoundingMode::HalfEven);
            prop_assert_eq!(i128::try_from(cents).expect("small"), *sum, "quarter {}", quarter + 1);
        }
        let mut turned = deals.clone();
        turned.reverse();
        prop_assert_eq!(paid(&text, &turned).0, sums);
    }
}
