//! Interpreter and machine code over generated programs and rows.

use meed_compiler::codegen::MAKES_CODE;
use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::Engine;
use meed_tests::engines::{Held, hold};
use meed_tests::generate::{Draw, has_refunds, program, rows};
use meed_tests::rename::Shape;
use meed_tests::table::Table;
use meed_tests::ways::{Outcome, PLAIN, Way, difference, settle};

/// What a sweep over seeds came to.
#[derive(Debug, Default)]
struct Sweep {
    compiled: u64,
    /// Problems of texts that are no program, with the seed.
    refused: Vec<(u64, String)>,
    faults: u64,
    held: Held,
}

/// Holds both engines against each other over programs of these seeds.
fn sweep(seeds: std::ops::Range<u64>, wild: bool) -> Sweep {
    let mut sweep = Sweep::default();
    for seed in seeds {
        let mut draw = Draw::new(seed);
        let text = program(&mut draw);
        let compiled = meed_compiler::compile(&text, &[]);
        let Some(plan) = compiled.plan else {
            let error = compiled.problems.iter().find(|problem| problem.is_error());
            if let Some(error) = error.filter(|error| error.code == "internal-error") {
                panic!("seed {seed}, wild {wild}: {error}\n{text}");
            }
            sweep.refused.push((seed, error.map_or_else(String::new, |error| error.message.clone())));
            continue;
        };
        sweep.compiled += 1;
        let tables = rows(&mut draw, 90, wild, has_refunds(&text), plan.currency().decimals);
        match hold(&plan, &tables, &[1, 7, 4096]) {
            Ok(held) => {
                sweep.held.rows += held.rows;
                sweep.held.replayed += held.replayed;
                sweep.held.lines += held.lines;
                sweep.faults += u64::from(held.fault);
            }
            Err(difference) => panic!("seed {seed}, wild {wild}: {difference}\n{text}"),
        }
        if let Some((way, difference)) = another_way(&plan, &tables) {
            panic!("seed {seed}, wild {wild}, {way}: {difference}\n{text}");
        }
    }
    sweep
}

/// The first way, if any, in which a run differs from one over the same rows in memory, and in what: with rows that lie
/// on the disk, and with keys of other names.
fn another_way(plan: &Plan, tables: &[(String, Table)]) -> Option<(&'static str, String)> {
    let held = Way { name: "held", rows: 64, engine: Engine::Jit, ..PLAIN };
    let others = [
        Way { name: "from the disk", rows: 7, held: Some((2_000, 500)), ..held },
        Way { name: "with keys of seven digits", renamed: Some(Shape::SevenDigits), ..held },
        Way {
            name: "with prefixed keys, from the disk",
            held: Some((2_000, 500)),
            renamed: Some(Shape::Prefixed),
            ..held
        },
        Way { name: "with keys of mixed shapes", engine: Engine::Interpreter, renamed: Some(Shape::Mixed), ..held },
    ];
    let settled = |way| settle(plan, tables, plan.active.to, way).expect("the account of rows adds up");
    let first = settled(held);
    others.into_iter().find_map(|way| {
        let plain = Outcome { slices: None, ..settled(way) };
        difference(&first, &plain).map(|difference| (way.name, difference))
    })
}

#[test]
fn engines_agree_on_moderate_rows() {
    let sweep = sweep(0..22, false);
    assert!(sweep.compiled > 17, "{sweep:?}");
    assert!(sweep.faults < sweep.compiled / 2, "{sweep:?}");
    assert!(sweep.held.lines > 3_000, "{sweep:?}");
    assert!(sweep.held.replayed * 50 < sweep.held.rows, "machine code does nearly every row: {sweep:?}");
}

#[test]
fn engines_agree_at_the_limits() {
    let sweep = sweep(1_000..1_022, true);
    assert!(sweep.compiled > 15, "{sweep:?}");
    assert!(sweep.held.lines > 1_200, "{sweep:?}");
    assert!(sweep.held.replayed > 0 || !MAKES_CODE, "some rows have no room: {sweep:?}");
}

/// Everything that a Plan can hold, as it is written by `Debug`.
const PARTS: [&str; 90] = [
    "Levels([",
    "due: Some(",
    "Some(Installments",
    "TakeFrom(",
    "Taken(",
    "Balance(",
    "Rank(",
    "Number(",
    "YesNo(",
    "Date(",
    "Choice(",
    "Field {",
    "PaymentAmount",
    "When",
    "Local(",
    "Decision {",
    "Fold(",
    "Level {",
    "Increment {",
    "Call(Negate, ",
    "Call(Add, ",
    "Call(Subtract, ",
    "Call(Multiply, ",
    "Call(Divide, ",
    "Call(Smallest, ",
    "Call(Largest, ",
    "Call(Round {",
    "Call(Schedule {",
    "Argument(",
    "Call(Compare(",
    "And([",
    "Or([",
    "Call(Not, ",
    "Call(Test(",
    "Call(Known, ",
    "IfUnknown(",
    "If {",
    "Call(AddTime(",
    "Call(TimeBetween(",
    "Call(DatePart(",
    "Call(PeriodEdge(",
    "Call(Find {",
    "TotalOfAll {",
    "Active",
    "Keep(",
    "Let(",
    "First {",
    "Total {",
    "Set(",
    "owner: Row",
    "owner: Total(",
    "PerPayment(",
    "AtMost {",
    "AtLeast {",
    "Sum(",
    "Count",
    "Smallest(Expr",
    "Largest(Expr",
    "Distinct(",
    "Own",
    "ToDate",
    "Previous(",
    "ByDate(",
    "Events(",
    "Periods(",
    "Lines(",
    "reach: Above",
    "reach: Whole",
    "Between(",
    "Steps {",
    "output: Rate",
    "output: Band",
    "side: Before",
    "negative: true",
    "Share(Share",
    "Percent(",
    "UpTo(",
    "Kept",
    "Split(",
    "Weight(",
    "InOrder(",
    "Places {",
    "Halving {",
    "InFull",
    "Payments {",
    "LargestShare",
    "Choose(",
    "policy: Highest",
    "policy: First",
    "AllUpTo(",
];

#[test]
fn programs_hold_every_part_of_a_plan() {
    let mut found = [0; PARTS.len()];
    for seed in 0..220 {
        let text = program(&mut Draw::new(seed));
        let Some(plan) = meed_compiler::compile(&text, &[]).plan else { continue };
        let parts = (&plan.schedules, &plan.states, &plan.matches, &plan.folds, &plan.versions, &plan.stackings);
        let plan = format!("{parts:?}");
        found.iter_mut().zip(PARTS).for_each(|(found, part)| *found += usize::from(plan.contains(part)));
    }
    let rare: Vec<_> = PARTS.into_iter().zip(found).filter(|(_, found)| *found < 5).collect();
    assert_eq!(rare, []);
}

/// `just fuzz FROM TO` runs programs of these seeds; `MEED_WILD`, 0 or 1, says whether rows are wild.
#[test]
#[ignore = "long; `just fuzz` runs it"]
fn engines_agree_on_many_programs() {
    let seed = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a seed is a whole number"))
    };
    let (from, to) = (seed("MEED_FROM", 10_000), seed("MEED_TO", 12_000));
    for start in (from..to).step_by(100) {
        let wild = std::env::var("MEED_WILD").map_or(start / 100 % 2 == 1, |text| text == "1");
        println!("{:?}", sweep(start..(start + 100).min(to), wild));
    }
}
