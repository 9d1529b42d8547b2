//! What the language has and this version does not run is said at its place, and nothing else is said about it.

mod support;

use support::{completed, listed};

/// A snippet, and the text under the label.
const LATER: &[(&str, &str)] = &[(
    "program p {\n  currency USD rounded half even\n  active 2026-01-01 to 2026-12-31\n  returns recompute\n}",
    "returns recompute",
)];

/// A clause in a rule over deals, and the text under the label.
const CLAUSES: &[(&str, &str)] = &[
    (
        "set level to running sum of (amount * (running count per rep per year)) in (deal where registered) per rep per year",
        "running count per rep per year",
    ),
    (
        "let n = running sum of amount in (quote where quantity > 5) per partner   pay partner 1% of n",
        "(quote where quantity > 5)",
    ),
    ("pay partner bands as (amount - $5) adds up per partner per year at its highest", "at its highest"),
];

#[test]
fn what_comes_later_is_said_at_its_place() {
    let mut failures = String::new();
    for (snippet, place) in LATER {
        said(snippet, place, &mut failures);
    }
    let bands = "schedule bands graduated { to $100k 1%   beyond 2% }";
    for (clause, place) in CLAUSES {
        said(&format!("{bands}\nrule later {{ for each deal   {clause} }}"), place, &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

fn said(snippet: &str, place: &str, failures: &mut String) {
    let text = completed(snippet);
    let problems = meed_compiler::compile(&text, &[]).problems;
    let well = problems.iter().all(|problem| problem.code == "not-supported" && problem.help.is_some())
        && problems.first().is_some_and(|problem| problem.primary.0.text(&text).starts_with(place));
    if !well {
        let places: Vec<_> = problems.iter().map(|problem| problem.primary.0.text(&text)).collect();
        *failures += &format!("{snippet}\n  {places:?}\n{}", listed(&problems));
    }
}
