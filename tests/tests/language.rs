//! The language reference: every program of it compiles or shows the error it says, and pays what it says.
//!
//! A block `meed` begins an example, and the blocks behind it belong to it: rows, expected tables, an expected error. What
//! has no program head is completed by one, and by the library. A block `values` holds one value a line, with
//! what it comes to behind `//`.

use meed_compiler::compile;
use meed_tests::check::check_page;
use meed_tests::page::{Block, Case, Page};
use meed_tests::table::Table;
use meed_tests::ways::{WAYS, settle};
use std::path::{Path, PathBuf};

/// What an example is completed by.
const REST: &str = "
program example { currency USD rounded half even   active 2026-01-01 to 2026-12-31   month ends round down }
";

/// The deal that the values of the reference are taken of.
const DEAL: &str = "
event deal {
  key id
  when closed_on
  amount           money
  quantity         count
  registered       yes/no
  region           text
  tier             one of silver, gold, platinum
  certified_until  optional date
}
";
const DEAL_ROW: &str = "id, closed_on, amount, quantity, registered, region, tier, certified_until
D1, 2026-01-31, 1250, 12, yes, EMEA, gold,
";

#[test]
fn every_example_means_what_the_reference_says() {
    let mut failures = String::new();
    let mut n_examples = 0;
    for path in pages() {
        let page = Page::open(&path).expect("a page");
        for example in examples(&page) {
            n_examples += 1;
            if let Err(failure) = check(&page, &example) {
                let line = page.text[..example[0].place.start].matches('\n').count();
                failures += &format!("{}:{line}\n{failure}\n", path.display());
            }
        }
    }
    assert!(n_examples > 40, "only {n_examples} examples were found");
    assert!(failures.is_empty(), "{failures}");
}

/// The table of roundings: a mode in each row, a number over each column, what it is rounded to in the cell.
#[test]
fn the_table_of_roundings_is_right() {
    let text = std::fs::read_to_string(pages().iter().find(|path| path.ends_with("amounts.md")).expect("the page"));
    let text = text.expect("the page of amounts");
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches(['|', ' ']).split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let table: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| !line.starts_with("| mode |"))
        .take_while(|line| !line.is_empty())
        .map(cells)
        .collect();
    assert_eq!(table.len(), 12, "a head, a line and ten modes");
    let mut lines = String::new();
    for row in &table[2..] {
        for (number, wanted) in table[0].iter().zip(row).skip(1) {
            lines += &format!("{number} rounded {} to whole // {wanted}\n", row[0]);
        }
    }
    values(&lines).expect("every cell is what the program comes to");
}

fn pages() -> Vec<PathBuf> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut pages = vec![docs.join("language.md")];
    pages.extend(meed_tests::page::pages(&docs.join("language")));
    pages.push(docs.join("library.md"));
    pages.extend(meed_tests::page::pages(&docs.join("library")));
    assert!(pages.len() > 5, "the pages of the reference are gone");
    pages
}

/// The blocks of a page, each program with those that belong to it.
fn examples(page: &Page) -> Vec<Vec<Block>> {
    let mut examples: Vec<Vec<Block>> = Vec::new();
    for block in page.preamble.iter().chain(page.cases.iter().flat_map(|case| &case.blocks)) {
        match examples.last_mut() {
            Some(example) if !matches!(block.kind(), "meed" | "values") => example.push(block.clone()),
            _ => examples.push(vec![block.clone()]),
        }
    }
    examples
}

fn check(page: &Page, example: &[Block]) -> Result<(), String> {
    // The texts of libraries are held against them elsewhere.
    if example[0].words.iter().any(|word| word == "library") {
        return Ok(());
    }
    if example[0].kind() == "values" {
        return values(&example[0].text);
    }
    let mut blocks = example.to_vec();
    let written = &example[0].text;
    if !example[0].words.iter().any(|word| word == "loose") {
        match meed_grammar::format(written) {
            Ok(formatted) if formatted != *written => return Err(format!("formatted it is\n{formatted}")),
            _ => {}
        }
    }
    let whole = completed(written);
    blocks[0].text = meed_grammar::format(&whole).unwrap_or(whole);
    let compiled = compile(&blocks[0].text, &[]);
    if blocks.len() == 1 && compiled.tests.is_empty() {
        let said: Vec<String> = compiled.problems.iter().map(ToString::to_string).collect();
        return if said.is_empty() { Ok(()) } else { Err(said.join("\n")) };
    }
    let case = Case { title: "example".to_owned(), blocks };
    let alone = Page { path: page.path.clone(), text: page.text.clone(), preamble: Vec::new(), cases: vec![case] };
    let failures = check_page(&alone, "").failures;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// A program head where there is none, and the library where it declares nothing that the fragment declares itself.
fn completed(text: &str) -> String {
    let mut whole = text.to_owned();
    if !text.lines().any(|line| line.starts_with("program ")) {
        whole += REST;
        let library = meed_stdlib::library("channel").expect("the library").text;
        let declares = |line: &str| line.starts_with("entity ") || line.starts_with("event ");
        let name = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
        let own: Vec<_> = text.lines().filter(|line| declares(line)).map(name).collect();
        if !library.lines().filter(|line| declares(line)).any(|line| own.contains(&name(line))) {
            whole += "use channel\n";
        }
    }
    whole
}

/// Holds each value against what is behind it.
fn values(text: &str) -> Result<(), String> {
    let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once("//")).collect();
    if lines.is_empty() || lines.len() != text.lines().count() {
        return Err("a line has no value behind it".to_owned());
    }
    let sets: String = lines.iter().enumerate().map(|(idx, (value, _))| format!("  set v{idx} to {value}\n")).collect();
    let program = format!("rule values {{\n  for each deal\n{sets}}}\n{DEAL}{REST}");
    let compiled = compile(&program, &[]);
    let said: Vec<String> = compiled.problems.iter().map(ToString::to_string).collect();
    let plan = compiled.plan.ok_or_else(|| said.join("\n"))?;
    let tables = vec![("deal".to_owned(), Table::read(DEAL_ROW)?)];
    let outcome = settle(&plan, &tables, plan.active.to, WAYS[0])?;
    let found = outcome.decisions.only(&["value".to_owned()])?;
    for ((value, wanted), found) in lines.iter().zip(&found.rows) {
        if wanted.trim() != found[0] {
            return Err(format!("`{}` is {}, not {}", value.trim(), found[0], wanted.trim()));
        }
    }
    if found.rows.len() == lines.len() { Ok(()) } else { Err(format!("only {} values came out", found.rows.len())) }
}

/// Each library is documented: its text, what it computes with an example, and when it fails.
#[test]
fn every_library_is_on_a_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let index = std::fs::read_to_string(docs.join("library.md")).expect("docs/library.md");
    let pages = meed_tests::page::pages(&docs.join("library"));
    let pages: Vec<String> = pages.iter().map(|path| std::fs::read_to_string(path).expect("a page")).collect();
    for library in meed_stdlib::libraries() {
        let (name, text) = (library.name, library.text);
        let shown = format!("```meed library {name}\n{text}```");
        let page = pages.iter().find(|page| page.contains(&shown));
        let after = page.unwrap_or_else(|| panic!("no page of docs/library has the text of `{name}`"));
        let (_, after) = after.split_once(&shown).expect("it is there");
        let section = after.split("\n## ").next().unwrap_or_default();
        assert!(section.contains("**Computes.**") && section.contains("**Fails.**"), "`{name}` says too little");
        assert_eq!(library.has_rules(), section.contains("\ntest \""), "an example of `{name}`");
        let head: Vec<&str> = text.lines().filter(|line| line.starts_with("//")).collect();
        let head = head.join(" ");
        let says = |need: &meed_stdlib::Need| {
            head.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).any(|word| word == need.name)
        };
        assert!(library.needs.iter().all(says), "the head of `{name}` does not say what it needs");
        assert!(!library.has_rules() || index.contains(&format!("#{name})")), "docs/library.md does not list `{name}`");
    }
}

/// What a library needs is what it cannot do without, and the terms that a message gives as examples are Meed.
#[test]
fn libraries_need_what_they_say() {
    const HEAD: &str = "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31  month ends round down }\nuse channel\n";
    for library in meed_stdlib::libraries().filter(|library| library.has_rules()) {
        let own = format!("{HEAD}use {}\n", library.name);
        let declared: Vec<String> = library.needs.iter().map(|need| written_out(need.example)).collect();
        let terms = |without: Option<usize>| -> String {
            let kept = declared.iter().enumerate().filter(|(idx, _)| Some(*idx) != without);
            kept.map(|(_, term)| format!("{term}\n")).collect()
        };
        let whole = compile(&format!("{own}{}", with_terms_of_used(&terms(None))), &[]);
        let said: Vec<String> = whole.problems.iter().map(ToString::to_string).collect();
        assert!(said.is_empty(), "{}: {}", library.name, said.join("\n"));
        for (idx, need) in library.needs.iter().enumerate() {
            let text = format!("{own}{}", with_terms_of_used(&terms(Some(idx))));
            let problems = compile(&text, &[]).problems;
            assert_eq!(problems.len(), 1, "`{}` without `{}`: {problems:?}", library.name, need.name);
            assert_eq!(problems[0].code, "library-needs");
            let at = problems[0].primary.0;
            assert_eq!(&text[at.start as usize..at.end as usize], library.name);
        }
    }
}

/// An example of a term, its table with a row.
fn written_out(example: &str) -> String {
    let Some((head, _)) = example.split_once("{ … }") else { return example.to_owned() };
    let arguments = head.split(['(', ')']).nth(1).expect("arguments").replace(',', " |");
    let (result, value) = if head.contains("percent") { ("percent", "1%") } else { ("money", "$1") };
    format!("{head}{{\n  {arguments} | {result}\n  otherwise | {value}\n}}")
}

/// The terms with those of the libraries that they use.
fn with_terms_of_used(terms: &str) -> String {
    let used = terms.lines().filter_map(|line| meed_stdlib::library(line.strip_prefix("use ")?));
    let needs: String = used.flat_map(|library| library.needs).map(|need| format!("{}\n", need.example)).collect();
    format!("{terms}{needs}")
}
