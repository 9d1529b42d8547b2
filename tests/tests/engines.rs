//! Interpreter and machine code over generated programs and rows.

use meed_tests::engines::{Held, hold};
use meed_tests::generate::{Draw, program, rows};

/// What a sweep over seeds came to.
#[derive(Debug, Default)]
struct Sweep {
    compiled: u64,
    refused: u64,
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
            if std::env::var_os("MEED_REFUSED").is_some() {
                for problem in compiled.problems.iter().filter(|problem| problem.is_error()) {
                    let (start, end) = (problem.primary.0.start as usize, problem.primary.0.end as usize);
                    println!(
                        "seed {seed} {} {}: {}",
                        problem.code,
                        problem.message,
                        &text[start..end.min(start + 800)]
                    );
                }
            }
            sweep.refused += 1;
            continue;
        };
        sweep.compiled += 1;
        let tables = rows(&mut draw, 90, wild, plan.unit.decimals);
        match hold(&plan, &tables, &[1, 7, 4096]) {
            Ok(held) => {
                sweep.held.rows += held.rows;
                sweep.held.replayed += held.replayed;
                sweep.held.lines += held.lines;
                sweep.faults += u64::from(held.fault);
            }
            Err(difference) => panic!("seed {seed}, wild {wild}: {difference}\n{text}"),
        }
    }
    sweep
}

#[test]
fn engines_agree_on_moderate_rows() {
    let sweep = sweep(0..150, false);
    println!("{sweep:?}");
}

#[test]
fn engines_agree_at_the_limits() {
    let sweep = sweep(1_000..1_150, true);
    println!("{sweep:?}");
}
