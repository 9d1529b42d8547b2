//! What a designer reads when something is written wrongly. The page of each code is a test of the compiler.

use meed_grammar::parse;

/// What a designer reads for a mistake: the message, the label and the help.
fn read(text: &str) -> Vec<String> {
    let part = |text: &str| {
        if text.is_empty() { String::new() } else { format!(" | {text}") }
    };
    let problems = parse(text).problems;
    let line = |problem: &meed_grammar::problem::Problem| {
        format!("{problem}{}{}", part(&problem.primary.1), part(problem.help.as_deref().unwrap_or_default()))
    };
    problems.iter().map(line).collect()
}

#[test]
fn messages_speak_in_the_words_of_the_designer() {
    let cases = [
        (
            "rule a {\n  for each deal\n  pay rep $5\n",
            "rule `a` is not closed | `}` is missing after this | write `}` on a line of its own",
        ),
        (
            "rule a { for each deal   fist per customer   pay rep $5 }",
            "cannot read `fist` in rule `a` | did you mean `first`? | write `first`",
        ),
        (
            "schedul x graduated { beyond 1% }",
            "cannot read `schedul` in this file | did you mean `schedule`? | write `schedule`",
        ),
        (
            "schedule x grduated { beyond 1% }",
            "cannot read `grduated` in schedule `x` | did you mean `graduated`? | write `graduated`",
        ),
        (
            "event deal { key id   amount mony to 4 decimals }",
            "cannot read `mony` in event `deal` | did you mean `money`? | write `money`",
        ),
        (
            "rule a { for each deal   pay rep 5% fo amount }",
            "cannot read `fo` in rule `a` | did you mean `of`? | write `of`",
        ),
        (
            "rule a { for each deal   let at = 5   pay rep $5 }",
            "`at` is a word of the language and cannot be a name | expected a name | take another name; a column of this name is bound by `from \"…\"`",
        ),
        (
            "rule a { for each deal   where x and   pay rep $5 }",
            "`pay` does not fit here, in rule `a` | expected a value",
        ),
        ("rule a { for each deal   pay rep $5 }}", "unexpected `}` | nothing is open here"),
        ("rule a { for each deal   pay rep (x + y }", "this `(` is not closed | opened here | write `)`"),
        (
            "rule a { for each deal   first customer   pay rep $5 }",
            "missing `per`: first of what? | the first for each `customer` | write `first per customer per program`, or `first per customer ever`",
        ),
        (
            "rule a { for each deal   pay rep 1 of amount }",
            "missing `%`: a rate of 1 would pay the whole amount again | write `1%` | if it is meant so, write `1 * amount`",
        ),
        (
            "rule a { for each deal   where x and y or z   pay rep $5 }",
            "`and` beside `or` has two readings | which part belongs together? | write `(x and y) or z` or `x and (y or z)`",
        ),
        (
            "rule a { for each deal   pay rep f(x if y, otherwise z) }",
            "a conditional inside anything larger needs brackets of its own | this `if` belongs to what? | write `(2% if registered, otherwise 1%)`",
        ),
        (
            "rule a { for each deal   where d > 13/02/2026   pay rep $5 }",
            "`13/02/2026` is not how dates are written here | dates are written 2026-02-01 | write `2026-02-13`",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(read(text), [wanted], "{text}");
    }
}

#[test]
fn a_fraction_of_which_a_part_is_taken_may_stand_behind_any_sign() {
    let tell = |before: &str| read(&format!("rule a {{ for each deal   pay rep{before}/3 of amount }}"));
    let fraction = |fraction: &str| {
        let told = "`of` takes 3 alone, not the fraction | the fraction is written in brackets";
        [format!("{told} | write `({fraction}) of amount`")]
    };
    assert_eq!(tell(" 1"), fraction("1/3"));
    // Blanks and letters of several bytes.
    assert_eq!(tell("\u{a0}1"), fraction("1/3"));
    assert_eq!(tell("\u{202f}1.5 "), fraction("1.5/3"));
    assert_eq!(tell(" é"), fraction("é / 3"));
    assert_eq!(tell(" größe_é1"), fraction("größe_é1 / 3"));
}
