//! Repairs: each that is offered leaves fewer errors, none that is sure changes what a number is worth or chooses for the
//! writer, and everyday phrases get the words and the repair that `phrases.md` says.

mod support;

use meed_compiler::{Problem, compile, fixed, repairs};
use std::fmt::Write as _;
use std::path::Path;
use support::completed;

const HEAD: &str = "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nuse channel\n";

/// The problems of a text, with the repairs that are offered.
fn offered(text: &str) -> Vec<Problem> {
    let problems = repairs(text, &[], compile(text, &[]).problems);
    // A value that may be unknown was there before, and could not be asked about.
    let is_error = |problem: &&Problem| problem.is_error() && problem.code != "unknown-not-handled";
    let errors = |text: &str| compile(text, &[]).problems.iter().filter(is_error).count();
    let unread = |text: &str| meed_grammar::parse(text).problems.len();
    for repair in problems.iter().filter(|problem| problem.is_error()).flat_map(|problem| &problem.repairs) {
        let after = repair.applied(text);
        let is_better = if repair.sure { unread(&after) <= unread(text) } else { errors(&after) < errors(text) };
        assert!(is_better, "{}\n{text}", repair.title);
    }
    problems
}

/// The titles of all repairs of a text; the sure ones begin with `!`.
fn titles(text: &str) -> Vec<String> {
    let problems = offered(text);
    let all = problems.iter().flat_map(|problem| &problem.repairs);
    all.map(|repair| format!("{}{}", if repair.sure { "!" } else { "" }, repair.title)).collect()
}

fn in_rule(clauses: &str) -> String {
    format!("{HEAD}rule r {{\n  {clauses}\n}}\n")
}

#[test]
fn a_repair_keeps_what_a_number_is_worth_or_leaves_the_choice() {
    let cases: &[(&str, &[&str])] = &[
        ("pay partner 0.02 of amount", &["!write `2%`"]),
        ("pay partner 0.025 of amount", &["!write `2.5%`"]),
        ("pay partner (0.02) of amount", &["!write `2%`"]),
        ("pay partner -0.02 of amount", &["!write `-2%`"]),
        ("pay partner 1/3 of amount", &["write `(1/3)`"]),
        ("pay partner 2 of amount", &["write `2%`", "write `2 * amount`"]),
        ("pay partner 1 of amount", &["write `1%`", "write `100%`"]),
        ("pay partner 2 percent of amount", &["!write `2%`"]),
        ("pay partner (2% if 0.5 < 60%, otherwise 1%) of amount", &["!write `50%`"]),
        ("where amount >= 10000   pay partner $5", &["!write `$10000`"]),
        ("pay partner 1,5% of amount", &["write `1.5%`", "write `15%`"]),
        ("pay partner $1.000,50", &["!write `$1000.50`"]),
        ("pay partner $5m", &["write `$5M`"]),
        ("let x = 2   pay partner x% of amount", &[]),
    ];
    for (clauses, wanted) in cases {
        assert_eq!(titles(&in_rule(&format!("for each deal   {clauses}"))), *wanted, "{clauses}");
    }
    let discounts = "rule r { for each sale   pay partner (1 - discount) of amount }
        entity partner { key id }
        event sale { key id   when sold_on   partner partner   amount money   discount percent }
        program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }";
    assert_eq!(titles(discounts), ["!write `100%`"]);
    assert!(fixed(discounts, &[]).text.contains("(100% - discount) of amount"));
}

#[test]
fn what_the_language_leaves_to_the_writer_is_a_choice() {
    let cases: &[(&str, &[&str])] = &[
        ("schedule s { to $100k 1%  beyond 2% }", &["write `graduated`", "write `retroactive`"]),
        ("schedule s tiered { to $100k 1%  beyond 2% }", &["write `graduated`", "write `retroactive`"]),
        ("schedule s graduated { to $100k 1% }", &["write `beyond flat`", "write `beyond none`"]),
        ("schedule s { every 100 pays $5 }", &["write `started`", "write `completed`"]),
        ("schedule s graduated { to $100k 1  beyond 2% }", &["write `1%`"]),
        ("schedule s every 100 started pays $5", &["!write `{` and `}`"]),
    ];
    for (text, wanted) in cases {
        assert_eq!(titles(&completed(text)), *wanted, "{text}");
    }
    let unrounded = format!("rule r {{ for each deal  pay partner $5 }}\n{}", HEAD.replace(" rounded half even", ""));
    let all = titles(&unrounded);
    assert!(all.len() > 2 && all.iter().all(|title| !title.starts_with('!')), "{all:?}");
}

#[test]
fn a_repair_that_does_not_help_is_not_offered() {
    let cases = [
        ("rule r { for each claim pay partner 50% of cost from mdf }", "`from` is not written here"),
        (
            "rule r { for each deal where first deal of customer pay rep $500 }",
            "the first `deal` of each `customer` is a clause, not a condition",
        ),
    ];
    for (text, message) in cases {
        let problems = offered(&completed(text));
        assert_eq!(problems.first().map(ToString::to_string).as_deref(), Some(message), "{text}");
        assert!(problems.iter().all(|problem| problem.repairs.is_empty()), "{text}: {:?}", titles(&completed(text)));
    }
    assert_eq!(titles(&completed("rule r { for each deal let e = latest deal pay rep $5 }")), ["write `(deal)`"]);
    let two_words = completed("rule registered deals { for each deal pay partner 2% of amount }");
    assert_eq!(titles(&two_words), ["write `registered_deals`"]);
    // That the region may be missing could not be asked before it was clear what it is compared with.
    let unquoted = completed("rule r { for each deal where partner.region = EMEA pay partner 2% of amount }");
    assert_eq!(titles(&unquoted), ["write `\"EMEA\"`"]);
    let two_payments = completed("rule r { for each deal pay rep $500 and partner $100 }");
    assert_eq!(titles(&two_payments), [""; 0]);
}

#[test]
fn sure_repairs_are_made_until_none_is_left() {
    let text = in_rule("for every deal   where registered == yes   pay partner 0.02 of the amount;");
    let fixed = fixed(&text, &[]);
    assert!(
        fixed.text.contains("for each deal   where registered = yes   pay partner 2% of amount\n"),
        "{}",
        fixed.text
    );
    assert!(compile(&fixed.text, &[]).plan.is_some());
    assert!(fixed.done.iter().all(|(line, _)| *line == 4), "{:?}", fixed.done);
    let choice = in_rule("for each deal   pay partner 2 of amount");
    assert_eq!(meed_compiler::fixed(&choice, &[]).text, choice);
}

/// What `check --fix` makes of clauses of a rule over deals; `None` if nothing is sure.
const SURELY: &[(&str, Option<&str>)] = &[
    // A part of what is written is not left out.
    ("let net = amount-5   pay partner net", None),
    ("where amount-5 > $3   pay partner $5", None),
    ("where amount > -1.250   pay partner $5", None),
    ("pay partner smallest of ($1,5K, amount)", None),
    ("where quantity in [1;2;3]   pay partner $5", None),
    ("where registered;pay partner $5", Some("where registered pay partner $5")),
    ("pay partner $5;", Some("pay partner $5")),
    // A comparison of three, and what has no meaning.
    ("where $1000 < amount < $2000   pay partner $5", Some("where $1000 < amount and amount < $2000   pay partner $5")),
    ("where not $1000 < amount < $2000   pay partner $5", None),
    ("where quantity != 2 != 3   pay partner $5", None),
    // Numbers are no texts.
    ("set x to 1e3", None),
    ("pay partner 2pct of amount", None),
    // A minus is no comment, and nothing becomes a part of one.
    ("pay partner amount -- $5", None),
    ("let net = amount -- $50\n  pay partner net", None),
    ("pay partner $9\n  at most $500 # per rep per quarter", None),
    ("\n  # as signed\n  pay partner $5", Some("\n  // as signed\n  pay partner $5")),
    ("pay partner (5% if registered // reg\n else 2%) of amount", None),
    ("pay 5% of amount // who\n to partner", None),
    // Days.
    ("where closed_on > 26-02-01   pay partner $5", None),
    ("where closed_on > 31/02/2026   pay partner $5", None),
    ("where closed_on > 2026/2/1   pay partner $5", Some("where closed_on > 2026-02-01   pay partner $5")),
    // What would leave as many mistakes.
    ("pay partner $9\n  at most $500 each rep per quarter", None),
    ("where amount up to $5   pay partner $5", Some("where amount <= $5   pay partner $5")),
    ("first per customer ever if registered   pay partner $5", None),
    ("pay partner $5   at most $50 if registered", None),
    ("pay partner 2 % of amount", Some("pay partner 2% of amount")),
];

#[test]
fn a_sure_repair_means_what_was_written() {
    for (clauses, wanted) in SURELY {
        let text = in_rule(&format!("for each deal   {clauses}"));
        let wanted = wanted.map_or(text.clone(), |clauses| in_rule(&format!("for each deal   {clauses}")));
        assert_eq!(fixed(&text, &[]).text, wanted);
    }
    let arguments = format!(
        "{HEAD}schedule s(c money, r percent) graduated {{ to c r  beyond 3% }}\n\
         rule r {{ for each deal  pay partner s(amount, 4%, $10,000) }}\n"
    );
    assert_eq!(fixed(&arguments, &[]).text, arguments);
    let schedule = format!(
        "{HEAD}schedule s graduated {{ to $50 1% else 3% }}\nrule r {{ for each deal  pay partner s(amount) }}\n"
    );
    assert_eq!(fixed(&schedule, &[]).text, schedule.replace("else", "beyond"));
}

#[test]
fn trying_repairs_is_bounded() {
    let rules: String = (0..300).map(|n| format!("rule r{n} {{ for each deal  pay partner 2 of amount }}\n")).collect();
    let text = format!("{HEAD}{rules}");
    let problems = repairs(&text, &[], compile(&text, &[]).problems);
    let offered = problems.iter().map(|problem| problem.repairs.len()).sum::<usize>();
    assert_eq!(offered, 60);
}

/// What is said of a phrase, as the table has it.
fn said(phrase: &str) -> (String, String) {
    let text = format!(
        "{HEAD}extend partner {{ budget money }}\nschedule bands graduated {{ to $10k 1%  beyond 2% }}\nrule r {{\n  {}\n}}\n",
        phrase.replace(" | ", "\n  ")
    );
    let problems = offered(&text);
    let mut words = Vec::new();
    for problem in &problems {
        let parts = [Some(problem.message.clone()), Some(problem.primary.1.clone()), problem.help.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        words.push(format!("{}: {}", problem.code, parts.join("; ")));
    }
    let titles = titles(&text).join(", ");
    (words.join(" — "), titles)
}

#[test]
fn every_phrase_gets_the_words_and_the_repair_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/phrases.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (head, rows) = page.split_once("| --- | --- | --- |\n").expect("the table");
    let mut found = format!("{head}| --- | --- | --- |\n");
    for row in rows.lines() {
        let phrase = row.trim_start_matches("| ").split(" | ").next().expect("a phrase");
        let (words, repairs) = said(&phrase.replace(" / ", " | "));
        writeln!(found, "| {phrase} | {} | {} |", words.replace('|', "or"), repairs.replace('|', "or")).expect("a row");
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).expect("the page");
    }
    assert_eq!(found, page, "BLESS=1 writes the table; read what changes");
}
