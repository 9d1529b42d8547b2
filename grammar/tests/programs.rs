//! Healthy programs: read without a problem, tiled by tokens, formatted without change of meaning.

mod support;

use meed_grammar::tree::{ClauseKind, ExprKind, Item, TestStepKind};
use meed_grammar::{format, parse, parse_value, tokens};
use support::{programs, shown};

#[test]
fn every_program_is_read_without_a_problem() {
    for (name, text) in programs() {
        let parsed = parse(&text);
        assert!(parsed.problems.is_empty(), "{name}:\n{}", shown(&text, &parsed.problems));
        assert!(!parsed.file.items.iter().any(|item| matches!(item, Item::Damaged(_))), "{name}");
    }
}

#[test]
fn tokens_tile_every_text() {
    for (name, text) in programs() {
        let mut end = 0;
        for token in tokens(&text) {
            assert_eq!(token.span.start, end, "{name}");
            end = token.span.end;
        }
        assert_eq!(end as usize, text.len(), "{name}");
    }
}

#[test]
fn formatting_twice_changes_nothing() {
    for (name, text) in programs() {
        let once = format(&text).unwrap_or_else(|problems| panic!("{name}:\n{}", shown(&text, &problems)));
        assert_eq!(format(&once).as_ref(), Ok(&once), "{name}");
        let comments =
            |text: &str| tokens(text).iter().filter(|token| token.kind == meed_grammar::TokenKind::Comment).count();
        assert_eq!(comments(&text), comments(&once), "{name}");
    }
}

#[test]
fn the_corpus_is_written_as_the_formatter_writes() {
    for (name, text) in support::CORPUS {
        let formatted = format(text);
        if std::env::var_os("BLESS").is_some() {
            let formatted = formatted.clone().expect("the corpus is healthy");
            std::fs::write(std::format!("{}/tests/corpus/{name}.meed", env!("CARGO_MANIFEST_DIR")), formatted)
                .expect("it can be written");
        }
        assert_eq!(formatted.as_deref(), Ok(*text), "{name}; run with BLESS=1 to write it anew");
    }
}

#[test]
fn the_formatter_mends_what_people_type() {
    let text = "\u{FEFF}// head\r\n\r\n\r\nentity partner { key id,   // the key\r\n name text,\r\n  // free\r\n level one of a \"A\" or \"AA\", b otherwise from \"L\"\r\n}\r\nrule r\n{ for each deal where a\n and b\n pay rep (2*amount)\n} rule s { for each deal pay rep $1 }";
    let wanted = "// head

entity partner {
  key id   // the key
  name   text
  // free
  level  one of a \"A\" or \"AA\", b otherwise  from \"L\"
}
rule r {
  for each deal
  where a
    and b
  pay rep (2 * amount)
}
rule s { for each deal   pay rep $1 }
";
    assert_eq!(format(text).as_deref(), Ok(wanted));
}

#[test]
fn a_mark_of_byte_order_and_line_ends_of_windows_are_no_mistakes() {
    let text = "\u{FEFF}rule a {\r\n\tfor each deal\r\n\tpay\u{00A0}rep\u{202F}$5\r\n}\r\n";
    let parsed = parse(text);
    assert!(parsed.problems.is_empty(), "{}", shown(text, &parsed.problems));
    let Item::Rule(rule) = &parsed.file.items[0] else { panic!("a rule") };
    assert_eq!(rule.span.text(text), text.trim_start_matches('\u{FEFF}').trim_end());
}

#[test]
fn nodes_have_the_span_of_their_own_text() {
    let text = "rule a {\n  for each deal   // all\n  where x   // why\n  pay rep $5   \n}\n// end\n";
    let parsed = parse(text);
    let Item::Rule(rule) = &parsed.file.items[0] else { panic!("a rule") };
    let clauses: Vec<_> = rule.clauses.iter().map(|clause| clause.span.text(text)).collect();
    assert_eq!(clauses, ["for each deal", "where x", "pay rep $5"]);
}

#[test]
fn literals_are_plain_decimal_text() {
    let value =
        |text: &str| parse_value(text).unwrap_or_else(|problems| panic!("{text}:\n{}", shown(text, &problems))).kind;
    let money = |amount: &str, currency: &str| ExprKind::Money { amount: amount.into(), currency: currency.into() };
    assert_eq!(value("1,000"), ExprKind::Number("1000".into()));
    assert_eq!(value("-2.5k"), ExprKind::Number("-2500".into()));
    assert_eq!(value("0.0001M"), ExprKind::Number("100".into()));
    assert_eq!(value("1.23456k"), ExprKind::Number("1234.56".into()));
    assert_eq!(value("2.50%"), ExprKind::Percent("2.50".into()));
    assert_eq!(value("-$2.5k"), money("-2500", "$"));
    assert_eq!(value("500 EUR"), money("500", "EUR"));
    assert_eq!(value("€1,000.50"), money("1000.50", "€"));
    assert_eq!(value("\"say \"\"hello\"\"\""), ExprKind::Text("say \"hello\"".into()));
    assert_eq!(value("yes"), ExprKind::YesNo(true));
    assert_eq!(value("2026-02-01"), ExprKind::Date("2026-02-01".into()));
    assert!(parse_value("2 3").is_err() && parse_value("").is_err() && parse_value("250K").is_err());
}

#[test]
fn short_forms_have_no_set() {
    let value = |text: &str| parse_value(text).expect("a value").kind;
    assert!(matches!(value("sum of deal.amount"), ExprKind::Aggregate { value: Some(_), set: None, .. }));
    assert!(matches!(value("count of distinct deal.customer"), ExprKind::Aggregate { value: Some(_), set: None, .. }));
    assert!(matches!(value("count of deal"), ExprKind::Aggregate { value: None, set: Some(_), .. }));
}

#[test]
fn a_single_value_is_an_amount_without_payee() {
    let text = "rule a { for each deal   pay volume_bands(volume) }\nrule b { for each deal   pay rep bands(volume) }";
    let parsed = parse(text);
    assert!(parsed.problems.is_empty());
    let payees = parsed.file.items.iter().map(|item| match item {
        Item::Rule(rule) => match &rule.clauses[1].kind {
            ClauseKind::Pay { payee, .. } => payee.is_some(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    assert_eq!(payees.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn keys_of_tests_are_kept_as_written() {
    let text = "test \"t\" { given deal 007 { note \"1\" }   expect r pays (\"A-1\", 2026-Q1) $5 in 2026-Q1 }";
    let parsed = parse(text);
    assert!(parsed.problems.is_empty(), "{}", shown(text, &parsed.problems));
    let Item::Test(test) = &parsed.file.items[0] else { panic!("a test") };
    let TestStepKind::Given { key, .. } = &test.steps[0].kind else { panic!("given") };
    assert_eq!(key[0].text, "007");
    let TestStepKind::Pays { payee, in_period, .. } = &test.steps[1].kind else { panic!("pays") };
    assert_eq!(payee.iter().map(|key| key.text.as_str()).collect::<Vec<_>>(), ["A-1", "2026-Q1"]);
    assert_eq!(in_period.as_ref().map(|period| period.value.as_str()), Some("2026-Q1"));
}

#[test]
fn brackets_nest_forty_deep_in_linear_time() {
    for (open, inner, close) in [
        ("(", "x", ")"),
        ("f(", "x", ")"),
        ("(not ", "x", ")"),
        ("[", "x", "]"),
        ("(2% of ", "x", ")"),
        ("(sum of (", "x", "))"),
        ("smallest of (1, ", "x", ")"),
        ("other of (1, ", "x", ")"),
        ("(1 if ", "x", ", otherwise 2)"),
        ("(a if b, c if ", "x", ", otherwise 2)"),
        ("rate of f(", "x", ")"),
        ("count of (deal where ", "x", ")"),
        ("(y in [", "x", "])"),
    ] {
        let levels = if open.matches('(').count() + open.matches('[').count() > 1 { 30 } else { 40 };
        let text = format!("{}{inner}{}", open.repeat(levels), close.repeat(levels));
        let start = std::time::Instant::now();
        assert!(parse_value(&text).is_ok(), "{text}: {:?}", parse_value(&text));
        let broken = format!("rule a {{ for each deal pay rep {}{inner} }}", open.repeat(levels));
        assert!(!parse(&broken).problems.is_empty());
        assert!(start.elapsed().as_secs() < 2, "{open} took {:?}", start.elapsed());
    }
}

#[test]
fn nesting_deeper_than_64_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("f(", ")"),
        ("not ", ""),
        ("- ", ""),
        ("-", ""),
        ("x of ", ""),
        ("x + ", ""),
        ("x if unknown ", ""),
        ("x < ", ""),
        ("x and ", ""),
    ] {
        for levels in [65, 300, 3_000] {
            let text = format!("{}x{}", open.repeat(levels), close.repeat(levels));
            let result = parse_value(&text);
            let too_short_to_refuse = levels < 300 && !open.contains('(');
            assert!(result.is_err() || too_short_to_refuse, "{open} {levels}");
        }
    }
}
