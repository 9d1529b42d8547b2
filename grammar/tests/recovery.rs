//! Damaged programs: no panic, every damage named, and healthy items survive.

mod support;

use meed_grammar::problem::{Problem, Repair};
use meed_grammar::tree::Item;
use meed_grammar::{TokenKind, parse, tokens};
use support::{programs, shown};

/// A small source of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn healthy(items: &[Item]) -> usize {
    items.iter().filter(|item| !matches!(item, Item::Damaged(_))).count()
}

#[test]
fn damage_is_named_and_hides_nothing_else() {
    let mut numbers = Numbers(2026);
    let (mut mutants, mut lost, mut errors, mut damaged) = (0, 0, 0, 0);
    for (name, text) in programs() {
        let words: Vec<_> = tokens(&text)
            .into_iter()
            .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Comment))
            .collect();
        let before = parse(&text).file.items.len();
        for _ in 0..60 {
            let index = numbers.below(words.len() - 1);
            let (one, next) = (words[index].span, words[index + 1].span);
            let (head, tail) = (&text[..one.start as usize], &text[next.end as usize..]);
            let between = &text[one.end as usize..next.start as usize];
            let (first, second) = (one.text(&text), next.text(&text));
            let mutant = match numbers.below(4) {
                0 => format!("{head}{between}{second}{tail}"),
                1 => format!("{head}{first} {first}{between}{second}{tail}"),
                2 => format!("{head}{second}{between}{first}{tail}"),
                _ => format!("{head}{first}{between}{second} )]}}\"{tail}"),
            };
            let parsed = parse(&mutant);
            mutants += 1;
            errors += parsed.problems.len();
            damaged += usize::from(!parsed.problems.is_empty());
            lost += (before - 1).saturating_sub(healthy(&parsed.file.items));
            if parsed.file.items.iter().any(|item| matches!(item, Item::Damaged(_))) {
                assert!(!parsed.problems.is_empty(), "{name}:\n{mutant}");
            }
            for problem in &parsed.problems {
                assert!(
                    mutant.get(problem.primary.0.start as usize..problem.primary.0.end as usize).is_some(),
                    "{name}: {problem:?}"
                );
                for edit in problem.repairs.iter().flat_map(|repair| &repair.edits) {
                    assert!(
                        mutant.get(edit.span.start as usize..edit.span.end as usize).is_some(),
                        "{name}: {problem:?}"
                    );
                }
            }
        }
    }
    println!("{mutants} mutants, {damaged} with problems, {errors} problems, {lost} healthy items lost");
    assert!(lost * 100 <= mutants * 5, "{lost} items lost in {mutants} mutants");
    assert!(errors * 10 <= damaged * 20, "{errors} problems in {damaged} damaged programs");
}

#[test]
fn cut_anywhere_no_text_panics() {
    let text = support::CORPUS.iter().map(|(_, text)| *text).collect::<String>();
    let mut numbers = Numbers(7);
    for _ in 0..150 {
        let start = numbers.below(text.len());
        let end = start + numbers.below(300);
        if let Some(piece) = text.get(start..end.min(text.len())) {
            parse(piece);
        }
    }
    for piece in [
        "",
        " ",
        "\"",
        "'",
        "“",
        "$",
        "%",
        "-",
        "--",
        "1",
        "1.",
        "1,",
        "1-",
        "1-2-",
        "é",
        "\u{FEFF}",
        "\u{FEFF}\u{FEFF}",
        "🙂",
        "{",
        "}",
        "((",
        "#",
        "/*",
        "/",
        "\0",
        "2026-",
        "$-",
        "a-",
        "-a",
        ".5",
        "1..2",
        "if",
        "else",
        "rule",
        "rule rule",
        "test test",
        "1/2/3/4",
        "١٢",
        "1é",
    ] {
        parse(piece);
        let _ = meed_grammar::parse_value(piece);
    }
}

#[test]
fn three_mistakes_in_three_rules_are_three_problems() {
    let text = "rule a { for each deal\n  wher x\n  pay rep $5 }\nrule good { for each deal   pay rep $5 }\nrule b { for each deal   pay rep 2% off amount }\nrule c { for each deal   fist per customer   pay rep $5 }\n";
    let parsed = parse(text);
    assert_eq!(parsed.problems.len(), 3, "{}", shown(text, &parsed.problems));
    assert_eq!(healthy(&parsed.file.items), 1);
    let names = parsed.file.items.iter().filter_map(|item| match item {
        Item::Damaged(damaged) => Some((damaged.keyword.as_str(), damaged.name.as_ref()?.text.as_str())),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), [("rule", "a"), ("rule", "b"), ("rule", "c")]);
}

#[test]
fn mistakes_in_several_lines_of_one_rule_are_all_named() {
    let text = "rule a {\n  for each deal\n  wher x\n  first per customer\n  pay rep 2% off amount\n  at mots $5\n}\n";
    let parsed = parse(text);
    let words: Vec<_> = parsed.problems.iter().map(|problem| problem.primary.0.text(text)).collect();
    assert_eq!(words, ["wher", "off", "mots"]);
}

#[test]
fn a_missing_brace_damages_one_item() {
    let text = "rule a {\n  for each deal\n  pay rep $5\n\nrule b { for each deal   pay rep $5 }\n";
    let parsed = parse(text);
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(parsed.problems[0].code, "not-closed");
    assert_eq!(parsed.problems[0].message, "rule `a` is not closed");
    assert_eq!(healthy(&parsed.file.items), 1);
}

#[test]
fn typing_mistakes_are_read_as_what_was_meant() {
    let text =
        "rule a {\n  for each deal\n  where amount => $1.000,50 and day > 2026-2-1\n  pay rep 2 % of amount;\n}\n";
    let parsed = parse(text);
    let codes: Vec<_> = parsed.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["wrong-sign", "wrong-number", "wrong-date", "wrong-percent", "semicolon"]);
    let Item::Rule(rule) = &parsed.file.items[0] else { panic!("a rule") };
    let clauses: Vec<_> = rule.clauses.iter().map(|clause| clause.span.text(text)).collect();
    assert_eq!(clauses, ["for each deal", "where amount => $1.000,50 and day > 2026-2-1", "pay rep 2 % of amount"]);
}

#[test]
fn edits_repair_the_text() {
    let texts = [
        "rule a { for each deal   where x == 1   pay rep $5 }",
        "rule a { for each deal   where x is “y”   pay rep $5 }",
        "rule a { for each deal   pay rep (1% if x else 2%) }",
        "rule a { for each deal   first per customer ever   pay rep $ 5 }",
        "rule a { for each deal   where x in a, b   pay rep 250K * x }",
        "rule a { for each deal   where x-y > .5   pay rep 2 % of x }",
        "rule a { for each deal   wher x   pay rep $5 }",
        "rule a { for each deal   if x   pay rep $5 }",
        "rule a { for each deal   pay rep $5",
        "test \"t {\n given deal FAM-03 { x 1C1 }\n}",
    ];
    for text in texts {
        let first = |problem: Problem| problem.repairs.into_iter().next();
        let edits = parse(text).problems.into_iter().filter_map(first).flat_map(|repair| repair.edits).collect();
        let fixed = Repair { title: String::new(), edits, sure: true }.applied(text);
        let parsed = parse(&fixed);
        assert!(parsed.problems.is_empty(), "{text}\n{fixed}\n{}", shown(&fixed, &parsed.problems));
    }
}

#[test]
fn odd_characters_anywhere_do_not_panic() {
    const ODD: &[&str] = &[
        "\"", "'", "“", "”", "’", "$", "€", "%", "-", "–", "−", "×", ";", "#", "/*", "*/", "//", "\u{200B}",
        "\u{202E}", "\u{FEFF}", "é", "🙂", "\r", "\n", "\t", "\u{00A0}", "(", ")", "[", "]", "{", "}", ",", ".", "1",
        "1,00", "2026-1-2", "1/2/26", "if", "else", "=", "<", ">", "|", "&", "!", "k", "K", "_", "\0",
    ];
    let mut numbers = Numbers(99);
    for (name, text) in support::CORPUS {
        for _ in 0..12 {
            let mut mutant = (*text).to_owned();
            for _ in 0..=numbers.below(3) {
                let place = (0..=numbers.below(mutant.len())).rev().find(|place| mutant.is_char_boundary(*place));
                mutant.insert_str(place.unwrap_or(0), ODD[numbers.below(ODD.len())]);
            }
            for problem in parse(&mutant).problems {
                let span = problem.primary.0;
                assert!(mutant.get(span.start as usize..span.end as usize).is_some(), "{name}: {problem:?}");
            }
            if let Ok(formatted) = meed_grammar::format(&mutant) {
                assert_eq!(meed_grammar::format(&formatted), Ok(formatted.clone()), "{name}:\n{mutant}");
            } else {
                assert!(!parse(&mutant).problems.is_empty(), "{name}: the formatter changes this\n{mutant}");
            }
        }
    }
}
