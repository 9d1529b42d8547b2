//! Idioms of other languages, of sheets and of everyday speech: each is one problem, and its edit repairs the text.

use meed_grammar::{format, parse};

/// A text, and the same with the edits made.
const HABITS: &[(&str, &str)] = &[
    ("rule r { for every deal pay partner $5 }", "rule r { for each deal pay partner $5 }"),
    ("rule r { each deal pay partner $5 }", "rule r { for each deal pay partner $5 }"),
    (
        "rule r { for each partner each quarter pay partner $5 }",
        "rule r { for each partner per quarter pay partner $5 }",
    ),
    ("rule r { for each deal where x then pay partner $5 }", "rule r { for each deal where x  pay partner $5 }"),
    ("rule r { for each deal pay partner 5% amount }", "rule r { for each deal pay partner 5% of amount }"),
    (
        "rule r { for each deal pay partner 5% of deal amount }",
        "rule r { for each deal pay partner 5% of deal.amount }",
    ),
    (
        "rule r { for each deal pay partner $5 up to $9 per year }",
        "rule r { for each deal pay partner $5 at most $9 per year }",
    ),
    ("rule r { for each deal pay partner $5 max $9 }", "rule r { for each deal pay partner $5 at most $9 }"),
    (
        "rule r { for each deal where x is greater than $5 pay partner $5 }",
        "rule r { for each deal where x > $5 pay partner $5 }",
    ),
    (
        "rule r { for each partner per year pay partner 2% of total deal.amount }",
        "rule r { for each partner per year pay partner 2% of sum of deal.amount }",
    ),
    (
        "rule r { for each deal where x in (a, b) pay partner $5 }",
        "rule r { for each deal where x in [a, b] pay partner $5 }",
    ),
    ("rule r for each deal pay partner $5 }", "rule r { for each deal pay partner $5 }"),
    ("schedule s graduated { from $0 to $9 1% beyond 2% }", "schedule s graduated {  to $9 1% beyond 2% }"),
    ("schedule s graduated { 0 to $9 1% beyond 2% }", "schedule s graduated {  to $9 1% beyond 2% }"),
    ("schedule s graduated { up to $9 1% beyond 2% }", "schedule s graduated { to $9 1% beyond 2% }"),
    ("schedule s graduated { to $9 1% above 2% }", "schedule s graduated { to $9 1% beyond 2% }"),
    ("schedule s graduated { to $9 1 percent beyond 2% }", "schedule s graduated { to $9 1% beyond 2% }"),
    ("schedule s graduated { to $9 = 1% beyond 2% }", "schedule s graduated { to $9  1% beyond 2% }"),
    ("rule r { for each deal pay 5% of amount to partner }", "rule r { for each deal pay partner 5% of amount }"),
    ("schedule s tiered { to $9 1% beyond 2% }", "schedule s graduated { to $9 1% beyond 2% }"),
    ("event e { key id when t stage one of [a, b] }", "event e { key id when t stage one of a, b }"),
    ("parameter p 5%", "parameter p = 5%"),
    ("test t { expect no other payments }", "test \"t\" { expect no other payments }"),
    ("test \"t\" { deal D1 { x $5 } }", "test \"t\" { given deal D1 { x $5 } }"),
    ("test \"t\" { given deal D1 { x = $5 } }", "test \"t\" { given deal D1 { x  $5 } }"),
];

#[test]
fn an_idiom_is_one_problem_whose_edit_repairs_it() {
    for (text, wanted) in HABITS {
        let problems = parse(text).problems;
        let [problem] = &problems[..] else { panic!("{text}\n{problems:?}") };
        let mended = problem.repairs.first().unwrap_or_else(|| panic!("{text}: {problem}")).applied(text);
        assert_eq!(mended, *wanted, "{text}: {problem}");
        assert!(format(&mended).is_ok(), "{mended}");
    }
}

#[test]
fn what_no_edit_can_repair_is_said_with_an_example() {
    let cases = [
        (
            "rule r { for each deal pay partner 2% of amount per quarter }",
            "`per` belongs to a limit, a total or a `first`",
        ),
        ("schedule s graduated { $9 1% beyond 2% }", "a band says where it ends or begins"),
        ("event e { key id when t stage one of \"Won\", \"Lost\" }", "a value of a `one of` has a name"),
        ("event e { key id when t x number(2) }", "decimals are written in words"),
    ];
    for (text, message) in cases {
        let problems = parse(text).problems;
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [message], "{text}");
        assert!(problems[0].help.is_some(), "{text}");
    }
}
