//! Typical mistakes as people see them: the text and the message together, drawn as the command line draws them.

use meed_compiler::{Problem, compile};
use miette::{GraphicalReportHandler, GraphicalTheme, NamedSource, Report};

const HEAD: &str = "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nuse channel\n";

/// A name, and a fragment with one mistake or more.
const MISTAKES: &[(&str, &str)] = &[
    ("a mistyped word", "rule sales {\n  for each deal\n  wher registered\n  pay partner 2% of amount\n}"),
    ("a mistyped field", "rule sales {\n  for each deal\n  where registerd\n  pay partner 2% of amount\n}"),
    ("a number for an amount", "rule sales {\n  for each deal\n  where amount >= 1000\n  pay partner 2% of amount\n}"),
    ("no percent sign", "schedule volume graduated {\n  to $100k  1\n  beyond    2%\n}"),
    ("no end of a schedule", "schedule volume graduated {\n  to $100k  1%\n  to $500k  2%\n}"),
    ("bounds in disorder", "schedule volume graduated {\n  to $500k  1%\n  to $100k  2%\n  beyond    3%\n}"),
    ("graduated or retroactive", "schedule volume {\n  to $100k  1%\n  beyond    2%\n}"),
    ("nobody is paid", "rule sales {\n  for each deal\n  pay 2% of amount\n}"),
    ("a clause too late", "rule sales {\n  for each deal\n  pay partner 2% of amount\n  where registered\n}"),
    (
        "a value that can be missing",
        "rule sales {\n  for each deal\n  where rep.certified_until >= closed_on\n  pay rep 2% of amount\n}",
    ),
    (
        "two readings of and beside or",
        "rule sales {\n  for each deal\n  where registered and amount > $5 or quantity > 3\n  pay rep $5\n}",
    ),
    ("a rule that is not closed", "rule sales {\n  for each deal\n  pay partner 2% of amount\n"),
    (
        "rules in a circle",
        "rule one { for each payment from two   pay payment.payee 50% of payment.amount }\n\nrule two { for each payment from one   pay payment.payee 50% of payment.amount }",
    ),
    (
        "a part that comes later",
        "rule sales {\n  for each deal by rep.certified_until\n  pay rep 1% of amount\n  at most $2M per quarter, pro rata\n}",
    ),
    (
        "two conditions against each other",
        "rule sales {\n  for each deal\n  where amount > $500 and amount < $300\n  pay partner 2% of amount\n}",
    ),
];

#[test]
fn typical_mistakes_are_drawn_with_their_repair() {
    let mut drawn = String::new();
    for (name, fragment) in MISTAKES {
        let text = format!("{fragment}\n\n{HEAD}");
        let problems = compile(&text, &[]).problems;
        assert!(!problems.is_empty(), "{name}");
        drawn += &format!("=== {name}\n\n");
        for problem in &problems {
            drawn += &draw(problem, &text);
            drawn.push('\n');
        }
    }
    insta::assert_snapshot!(drawn);
}

fn draw(problem: &Problem, text: &str) -> String {
    let report = Report::new(problem.clone()).with_source_code(NamedSource::new("program.meed", text.to_owned()));
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(120);
    let mut drawn = String::new();
    handler.render_report(&mut drawn, report.as_ref()).expect("a report can be drawn");
    drawn
}
