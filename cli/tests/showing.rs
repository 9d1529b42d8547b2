//! `meed show`: the tree that other programs read, the phases of the work, and what is said of programs that cannot be read.

mod support;

use serde_json::Value;
use support::Folder;

const PROGRAM: &str = "\
program small { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }

use channel

schedule bands graduated { to $1.5k 2.50%   beyond flat }

rule rebate { for each deal   pay partner bands(amount) }
";

fn small(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", PROGRAM).write("latin.meed", b"program p \"caf\xe9\" {}").write("sub/x.txt", "");
    folder
}

#[test]
fn the_items_for_people() {
    let shown = small("show-outline").meed(&["show", "tree", "small.meed"]).with(0).out;
    let own =
        "    1  program small\n    3  use channel\n    5  schedule bands, 2 bands\n    7  rule rebate, 2 clauses\n";
    assert!(shown.starts_with(own), "{shown}");
    assert!(shown.contains("channel  event deal, 9 members\n"), "{shown}");
}

#[test]
fn the_whole_tree_as_json() {
    let shown = small("show-json").meed(&["show", "tree", "small.meed", "--json"]).with(0).out;
    let trees: Value = serde_json::from_str(&shown).expect("one object");
    let items = &trees["program"]["items"];
    let band = &items[2]["schedule"]["bands"][0];
    // Numbers are exact as text, without the letters that scale them.
    assert_eq!(band["bound"]["to"]["kind"]["money"], serde_json::json!({ "amount": "1500", "currency": "$" }));
    assert_eq!(band["pays"]["amount"]["value"]["kind"]["percent"], "2.50");
    assert_eq!(items[2]["schedule"]["shape"][0], "graduated");
    let place = &band["span"];
    let place = place["start"].as_u64().expect("a place") as usize..place["end"].as_u64().expect("a place") as usize;
    assert_eq!(&PROGRAM[place], "to $1.5k 2.50%");
    let library = &trees["libraries"][0];
    assert_eq!(library["name"], "channel");
    let records = library["file"]["items"].as_array().expect("items").iter();
    assert!(records.filter_map(|item| item["record"]["name"]["text"].as_str()).any(|name| name == "deal"));
}

#[test]
fn the_phases_of_a_rule_that_remembers_per_two_keys() {
    let folder = Folder::new("show-phases");
    let program = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
rule bonus { for each introduction   first per customer per program   pay introducer $5   at most $20 per introducer per year }
rule level { for each deal   pay rep 1% of amount   at most $9 per rep per quarter   at most $20 per rep and partner per year }
limit both { over bonus, level   at most $1,000 per payee per year }
";
    folder.write("p.meed", program);
    let shown = folder.meed(&["show", "phases", "p.meed"]).with(0).out;
    assert_eq!(
        shown,
        "\
rule bonus version 1, each introduction
  phase 1: nodes 1 to 3 over the rows, with seen.1
    rows with the same row.customer stay together
    reads row.introducer, row.customer
  phase 2: nodes 4 to 5 over the rows, with paid.1
    rows with the same row.introducer, year stay together
    reads row.introducer

rule level version 1, each deal
  phase 1: nodes 1 to 5 over the rows, with paid.1, paid.2
    rows with the same row.rep stay together
    reads row.rep, row.amount

limit both over the lines of bonus, level
  lines with the same payee stay together, one after the other
"
    );
    folder.meed(&["show", "phases", "gone.meed"]).with(1).says("cannot read `gone.meed`");
    folder.write("bad.meed", "rule x { for each deal   pay }");
    assert_eq!(folder.meed(&["show", "phases", "bad.meed"]).with(1).out, "");
}

/// What counts under the limits of one rule of a choice depends on the other.
#[test]
fn the_phases_of_a_choice() {
    let folder = Folder::new("show-choice");
    let program = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
use channel
choose highest per deal {
  rule base { for each deal   pay partner 2% of amount   at most $90 per partner per month }
  rule fast { for each deal   pay partner 5% of amount   at most $60 per rep per quarter }
}
rule also { for each deal   pay rep 10% of paid by base   hold until $50 per payee }
";
    folder.write("p.meed", program);
    let shown = folder.meed(&["show", "phases", "p.meed"]).with(0).out;
    assert_eq!(shown.matches("    all lines stay together\n").count(), 2, "{shown}");
    assert!(shown.contains("\nchoice between base, fast\n  their lines of one row stay together\n"), "{shown}");
    assert!(
        shown.ends_with("\nhold over the lines of also\n  lines of one account stay together, one after the other\n")
    );
}

#[test]
fn programs_that_cannot_be_shown() {
    let folder = small("show-bad");
    for more in [&[][..], &["--json"]] {
        let show = |program| folder.meed(&[&["show", "tree", program], more].concat());
        show("gone.meed").with(1).says("cannot read `gone.meed`");
        show("latin.meed").with(1).says("`latin.meed` is not UTF-8 text");
        show("sub").with(2).says("a folder without a `meed.toml`");
        folder.write("bad.meed", "rule x { for each deal   pay }\nrule y {{");
        assert_eq!(show("bad.meed").with(1).says("bad.meed").out, "", "nothing is shown of what cannot be read");
        folder.write("library.meed", "use chanel");
        show("library.meed").with(1).says("unknown-library").says("did you mean `channel`?");
    }
    folder.meed(&["show", "tree"]).with(2).says("no program is named");
    folder.meed(&["show"]).with(2).says("Usage");
    folder.meed(&["show", "three", "small.meed"]).with(2).says("there is no command");
    let out = folder.meed(&["show", "tree", "bad.meed", "--message-format", "json"]).with(1).out;
    assert!(out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|object| object["code"].is_string())));
}

#[test]
fn names_that_mean_nothing_are_shown_all_the_same() {
    let folder = small("show-names");
    folder.write("names.meed", "rule x { for each lottery   pay nobody_known $5 }");
    let shown = folder.meed(&["show", "tree", "names.meed"]).with(0).out;
    assert_eq!(shown, "    1  rule x, 2 clauses\n");
}

#[test]
fn the_plan_is_shown_by_its_name_and_by_the_one_it_had() {
    let folder = Folder::new("showing-plan");
    folder.write("p.meed", "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n");
    let shown = folder.meed(&["show", "plan", "p.meed"]).with(0);
    assert!(shown.out.starts_with("program p \"p\"\n") && shown.messages.is_empty(), "{}{}", shown.out, shown.messages);
    let by_old_name = folder.meed(&["plan", "p.meed"]).with(0).says("`meed plan` is `meed show plan`");
    assert_eq!(by_old_name.out, shown.out);
    folder.meed(&["show", "plan", "none.meed"]).with(1).says("cannot read `none.meed`");
}

#[test]
fn the_version_says_of_which_source_it_is() {
    let folder = Folder::new("showing-version");
    let version = folder.meed(&["--version"]).with(0).out;
    let wanted = format!("meed {}", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&wanted), "{version}");
    // Outside of a clone nobody knows the commit.
    if let Some((_, source)) = version.trim_end().split_once(" (") {
        let (commit, day) = source.trim_end_matches(')').split_once(' ').expect("a commit and a day");
        assert!(commit.len() >= 7 && day.parse::<jiff::civil::Date>().is_ok(), "{version}");
    }
}
