//! Every limit is named by its message, at what is too much, and by the reference; what is just within it is well.

use meed_compiler::{Problem, compile};
use meed_grammar::limits;
use std::path::Path;

const HEAD: &str = "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31  month ends round down }\nuse channel\n";

/// A limit, and a text with so many of what it limits.
type Limited = (&'static str, usize, fn(usize) -> String);

const LIMITED: &[Limited] = &[
    ("bytes of a text", limits::TEXT_BYTES, |n| {
        let rule = rule("pay partner $5");
        let blanks = " ".repeat(n - rule.len());
        rule + &blanks
    }),
    ("items", limits::ITEMS, |n| {
        HEAD.to_owned() + &(2..n).map(|i| format!("parameter p{i} = 1\n")).collect::<String>()
    }),
    ("clauses", limits::LINES, |n| {
        rule(&(2..n).map(|i| format!("let a{i} = $1\n")).collect::<String>().add("pay partner a2"))
    }),
    ("bands", limits::LINES, |n| {
        let bands: String = (1..n).map(|i| format!("to ${i} 1%\n")).collect();
        format!("{HEAD}schedule s graduated {{\n{bands}beyond 1%\n}}\n")
    }),
    ("fields", limits::LINES, |n| {
        let fields: String = (0..n).map(|i| format!("f{i} text\n")).collect();
        format!("{HEAD}extend deal {{\n{fields}}}\n")
    }),
    ("lines of a test", limits::LINES, |n| {
        let lines = "expect r does not pay ACME\n".repeat(n);
        format!("{}test \"t\" {{\n{lines}}}\n", rule("pay partner $5"))
    }),
    ("brackets", limits::BRACKETS, |n| {
        // The braces of the rule are one pair.
        rule(&format!("pay partner {}$5{}", "(".repeat(n - 1), ")".repeat(n - 1)))
    }),
    ("values of an expression", limits::VALUES, |n| rule(&format!("pay partner {}", vec!["$1"; n - 1].join(" + ")))),
    ("listed values", limits::LISTED, |n| {
        let values: Vec<String> = (0..n).map(|i| i.to_string()).collect();
        rule(&format!("where quantity in [{}]\npay partner $5", values.join(", ")))
    }),
    ("names of a path", limits::PATH, |n| {
        let path = vec!["boss"; n].join(".");
        format!(
            "{HEAD}entity agent {{ key id  boss agent }}\nevent sale {{ key id  when d  boss agent }}\nrule r {{ for each sale  pay {path} $5 }}\n"
        )
    }),
    ("parts of a key", limits::KEY, |n| {
        let per = vec!["partner"; n].join(" and ");
        rule(&format!("first per {per} ever\npay partner $5"))
    }),
    ("splits in one another", limits::SPLIT, |n| {
        // The outermost is one of them.
        let deep = "rest split { ".repeat(n - 1);
        rule(&format!("pay split amount {{ {deep}rest to partner {}", "} ".repeat(n)))
    }),
    ("first of a key", limits::FIRST as usize, |n| rule(&format!("first {n} per customer per year\npay partner $5"))),
    ("days of a half-life", 3_660, |n| {
        rule(&format!(
            "pay split amount among (referral where referral.customer = this.customer) halving every {n} days to partner"
        ))
    }),
    ("characters of a name", limits::NAME, |n| rule(&format!("let {} = $5\npay partner $5", "a".repeat(n)))),
    ("characters of a text", limits::QUOTED, |n| {
        rule(&format!("where customer is not \"{}\"\npay partner $5", "a".repeat(n)))
    }),
    ("digits before the point", limits::DIGITS, |n| rule(&format!("pay partner ${} * 0", "9".repeat(n)))),
    ("digits behind the point", limits::DIGITS, |n| rule(&format!("pay partner $1.{}", "1".repeat(n)))),
    ("decimals of a rounding", limits::ROUNDED_DECIMALS as usize, |n| {
        rule(&format!("pay partner amount / 7 rounded upward to {n} decimals"))
    }),
    ("decimals of a field", limits::KEPT_DECIMALS as usize, |n| {
        format!("{HEAD}extend deal {{ price money to {n} decimals }}\n{}", "")
    }),
    ("choices", limits::CHOICES, |n| {
        let choices: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
        format!("{HEAD}extend deal {{ stage one of {} }}\n", choices.join(", "))
    }),
    ("days", 3_652_058, |n| rule(&format!("where closed_on > 2026-01-01 - {n} days\npay partner $5"))),
    ("months", 119_987, |n| rule(&format!("where closed_on > 2026-01-01 - {n} months\npay partner $5"))),
    ("years", 9_998, |n| rule(&format!("where closed_on > 2026-01-01 - {n} years\npay partner $5"))),
];

trait Add {
    fn add(self, text: &str) -> Self;
}

impl Add for String {
    fn add(mut self, text: &str) -> Self {
        self.push_str(text);
        self
    }
}

fn rule(clauses: &str) -> String {
    format!("{HEAD}rule r {{\nfor each deal\n{clauses}\n}}\n")
}

/// Whether a problem tells of a limit.
fn is_over(problem: &&Problem) -> bool {
    matches!(problem.code, "over-limit" | "too-deep")
}

#[test]
fn a_message_names_the_limit_where_there_is_too_much() {
    let mut failures = String::new();
    for (name, limit, text) in LIMITED {
        let problems = compile(&text(*limit), &[]).problems;
        if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
            failures += &format!("{name}: {limit} are refused: {}: {problem}\n", problem.code);
        }
        let problems = compile(&text(limit + 1), &[]).problems;
        let words = limits::words(*limit);
        let named = |problem: &Problem| problem.message.contains(&words) || problem.primary.1.contains(&words);
        match &problems.iter().filter(is_over).collect::<Vec<_>>()[..] {
            [problem] if named(problem) && !problem.primary.0.is_empty() => {}
            found => failures += &format!("{name}: {found:?} {:?}\n", problems.first()),
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn literals_that_size_work_are_refused_at_their_place() {
    for decimals in ["1B", "0.5", "-1", "19", "999999999999999999999", "1,000", "4k"] {
        let text = rule(&format!("pay partner amount / 7 rounded upward to {decimals} decimals"));
        let problems = compile(&text, &[]).problems;
        let [problem] = &problems[..] else { panic!("{decimals}: {problems:?}") };
        assert_eq!((problem.code, problem.primary.0.text(&text)), ("over-limit", decimals));
        let text = format!("{HEAD}extend deal {{ price number to {decimals} decimals }}\n");
        let problems = compile(&text, &[]).problems;
        let [problem] = &problems[..] else { panic!("{decimals}: {problems:?}") };
        assert_eq!((problem.code, problem.primary.0.text(&text)), ("over-limit", decimals));
    }
    for months in ["0.5", "999999999999", "-119988"] {
        let text = rule(&format!("where closed_on > 2026-01-01 + {months} months\npay partner $5"));
        let problems = compile(&text, &[]).problems;
        let [problem] = &problems[..] else { panic!("{months}: {problems:?}") };
        assert_eq!((problem.code, problem.primary.0.text(&text)), ("over-limit", months));
    }
}

#[test]
fn of_many_problems_the_first_are_told_and_how_many_more_there_are() {
    let mistakes =
        |n: usize| rule(&(0..n).map(|i| format!("let a{i} = amuont\n")).collect::<String>().add("pay partner $5"));
    let problems = compile(&mistakes(limits::MESSAGES), &[]).problems;
    assert_eq!(problems.len(), limits::MESSAGES);
    let compiled = compile(&mistakes(limits::MESSAGES + 23), &[]);
    let last = compiled.problems.last().expect("problems");
    assert_eq!((compiled.problems.len(), last.code), (limits::MESSAGES + 1, "more-problems"));
    assert_eq!(last.message, "23 more problems are not shown: at most 100 are");
    assert!(compiled.plan.is_none());
    // Warnings do not hide an error behind them.
    let warned: String =
        (0..limits::MESSAGES + 5).map(|i| format!("where amount > $5 and amount < $3\nlet a{i} = $1\n")).collect();
    let rules: String = (0..limits::MESSAGES + 5)
        .map(|i| format!("rule w{i} {{ for each deal  where amount > $5 and amount < $3  pay partner $1 }}\n"))
        .collect();
    let problems =
        compile(&format!("{HEAD}{rules}rule r {{ for each deal\n{warned}pay partner amuont }}\n"), &[]).problems;
    assert!(problems.iter().any(|problem| problem.code == "unknown-name"), "{:?}", problems.last());
}

#[test]
fn lets_are_written_out_as_far_as_they_are_short() {
    let lets = |n: usize, last: &str| {
        let lets: String = (0..n).map(|i| format!("let a{} = a{i} + a{i}\n", i + 1)).collect();
        let bands = "schedule bands graduated { to $1000 1%  beyond 2% }\n";
        format!("{}{bands}", rule(&format!("let a0 = amount\n{lets}{last}")))
    };
    for last in ["pay partner a200", "where a200 > $5\npay partner $5"] {
        let compiled = compile(&lets(200, last), &[]);
        assert!(compiled.plan.is_some(), "{:?}", compiled.problems);
    }
    for last in ["pay partner bands as a23 adds up per partner", "pay partner running sum of a23 per partner"] {
        let problems = compile(&lets(24, last), &[]).problems;
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["over-limit"], "{problems:?}");
        assert!(problems[0].message.contains("4,096"), "{problems:?}");
    }
    assert!(compile(&lets(8, "pay partner bands as a8 adds up per partner"), &[]).problems.is_empty());
}

#[test]
fn products_of_parameters_do_not_grow_without_end() {
    let parameters: String = (0..64).map(|i| format!("parameter p{} = (p{i} * p{i})\n", i + 1)).collect();
    let problems = compile(&format!("{}parameter p0 = 999\n{parameters}", rule("pay partner $5")), &[]).problems;
    assert!(problems.iter().any(Problem::is_error), "the last of them has more digits than there are atoms");
}

#[test]
fn the_reference_names_every_limit() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/limits.md");
    let page = std::fs::read_to_string(page).expect("the page of limits");
    for (name, limit, _) in LIMITED {
        assert!(page.contains(&limits::words(*limit)), "{name}: {limit} is not on the page");
    }
    for limit in [limits::MESSAGES, 4_096] {
        assert!(page.contains(&limits::words(limit)), "{limit} is not on the page");
    }
}
