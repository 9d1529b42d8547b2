//! The typed tree and its places: what an editor reads, also of a program with problems.

use meed_compiler::compile;
use meed_compiler::plan::Type;
use meed_compiler::typed::{Clause, Use};

const PROGRAM: &str = r#"
program cloud { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
use channel
schedule volume graduated { to $100k 1%  beyond 2% }
rule good {
  for each deal
  where registered
  let half = 50% of amount
  pay partner volume as half adds up per partner per year
}
rule broken { for each deal  where registerd  pay partner 2% of amount }
rule later { for each payment from good  pay payment.payee 10% of payment.amount }
"#;

/// The place of the `nth` word in the program, from 0.
fn at(word: &str, nth: usize) -> u32 {
    PROGRAM.match_indices(word).nth(nth).expect("the word is there").0 as u32
}

#[test]
fn a_program_with_a_problem_has_the_tree_and_the_plan_of_its_other_rules() {
    let compiled = compile(PROGRAM, &[]);
    assert!(compiled.plan.is_none());
    assert_eq!(compiled.problems.len(), 1, "{:?}", compiled.problems);
    let program = compiled.program.expect("there is a tree");
    let names: Vec<(&str, usize)> =
        program.rules.iter().map(|rule| (rule.name.as_str(), rule.versions.len())).collect();
    assert_eq!(names, [("good", 1), ("broken", 0), ("later", 1)]);
    let clauses = &program.rules[0].versions[0].clauses;
    assert!(
        matches!(clauses[..], [Clause::Where(_), Clause::Let(..), Clause::Total(0), Clause::Pay(_)]),
        "{clauses:?}"
    );
    let partial = compiled.partial.expect("there is a Plan of them");
    assert_eq!(partial.verify(), []);
    assert_eq!(partial.versions.len(), 2);
}

#[test]
fn every_place_has_its_type_and_every_name_what_it_stands_for() {
    let compiled = compile(PROGRAM, &[]);
    let (program, places) = (compiled.program.expect("there is a tree"), compiled.places);
    let type_at =
        |offset| places.type_at(offset).map(|(span, ty, _)| (&PROGRAM[span.start as usize..span.end as usize], ty));
    assert_eq!(type_at(at("amount", 0)), Some(("amount", Type::MONEY)));
    assert_eq!(type_at(at("50%", 0)), Some(("50%", Type::Percent)));
    assert_eq!(type_at(at("of amount", 0)), Some(("50% of amount", Type::MONEY)));
    // What is beside a name that is not known has its type all the same.
    assert_eq!(type_at(at("amount", 1)), Some(("amount", Type::MONEY)));
    let deal = program.records.iter().position(|record| record.name == "deal").expect("the library has deals");
    let used = |offset| places.use_at(offset).map(|(_, used)| used.clone());
    let Some(Use::Field(record, field)) = used(at("registered", 0)) else { panic!("`registered` is a field") };
    assert_eq!((record.index(), program.records[deal].fields[field.index()].name.as_str()), (deal, "registered"));
    assert_eq!(used(at("deal", 0)), Some(Use::Record(record)));
    assert!(matches!(used(at("volume as", 0)), Some(Use::Schedule(_))));
    assert!(matches!(used(at("half adds", 0)), Some(Use::Local(_))));
    assert_eq!(used(at("good", 1)), Some(Use::Rule("good".to_owned())));
    assert_eq!(used(at("registerd", 0)), None);
}
