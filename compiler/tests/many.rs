//! One mistake hides no other: a program with many says all of them in one run, in the order of the text, and only them.

use meed_compiler::compile;

const PROGRAM: &str = r#"
program cloud "Cloud partners" {
  currency USD rounded half even
  fiscal year starts february
  active 2026-02-01 to 2027-01-31
}

use channel

entity shop {
  key id
  size  one of small, large, small
  city  twon
}

schedule volume graduated {
  to $500k  1%
  to $100k  2%
  beyond    3%
}

schedule open_end retroactive { below $1M 0%   below $2M 1.25% }

rule not_closed {
  for each deal
  where (amount > $5
  pay partner $5
}

rule registered_deals {
  for each deal
  where registerd
  pay partner 2 of amount
}

rule rebate {
  for each partner per quarter
  let volume = sum of deal.amount
  pay volume(volume)
}

rule large {
  for each deal
  where amount >= 1000
  where rep.certified_until > closed_on
  pay rep 5%
  at most 300 per rep per quarter
}

rule reads_large { for each payment from large   pay payment.payee.manager 10% of payment.amount }

test "a rule that is not there" {
  given deal 1A { amount $5 }
  expect rebates pays ACME $5
}
"#;

#[test]
fn every_mistake_of_a_program_is_said_in_one_run() {
    let problems = compile(PROGRAM, &[]).problems;
    let said: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code, problem.primary.0.text(PROGRAM))).collect();
    let wanted = [
        ("missing-fiscal-name", "fiscal year starts february"),
        ("duplicate-name", "small"),
        ("unknown-type", "twon"),
        ("bounds-not-rising", "$100k"),
        ("schedule-end", "below $2M 1.25%"),
        ("not-closed", "("),
        ("unknown-name", "registerd"),
        ("missing-percent", "2"),
        ("missing-payee", "volume(volume)"),
        ("type-mismatch", "1000"),
        ("unknown-not-handled", "rep.certified_until > closed_on"),
        ("not-money", "5%"),
        ("not-money", "300"),
        ("quote-key", "1A"),
        ("unknown-rule", "rebates"),
    ];
    assert_eq!(said, wanted);
}
