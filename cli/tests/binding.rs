//! Which file is the table of which record: each rule of `--data` once.

mod support;

use support::Folder;

const PROGRAM: &str = r#"
program small { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity team { key id }
entity area from deal { key name from "region" }
entity unread { key id }
event deal from "Opportunities" { key id   when closed_on   team team   area area from "region"   amount money }
event visit { key id   when came_on   team team }
rule share { for each deal   pay team 10% of amount }
rule fee { for each visit   pay team $5 }
"#;
const DEAL: &str = "id,closed_on,team,region,amount\nD1,2026-01-05,T1,EMEA,100\n";
const VISIT: &str = "id,came_on,team\nV1,2026-01-06,T1\n";

/// A folder with the program and a table for each record.
fn small(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("small.meed", PROGRAM).write("data/Opportunities.csv", DEAL);
    folder.write("data/visits.csv", VISIT).write("data/team.csv", "id\nT1\n");
    folder
}

fn run(folder: &Folder, data: &[&str]) -> support::Ended {
    let _ = std::fs::remove_dir_all(folder.path().join("out"));
    let data = data.iter().flat_map(|entry| ["--data", entry]);
    let all: Vec<&str> = ["run", "small.meed", "--out", "out"].into_iter().chain(data).collect();
    folder.meed(&all)
}

/// Rules and amounts of the totals.
fn paid(folder: &Folder) -> String {
    let totals = folder.read("out/totals.csv");
    let cells = totals.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    cells.map(|cells| format!("{} {}", cells[0], cells[5])).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_folder_binds_by_source_name_own_name_or_plural() {
    let folder = small("bind-folder");
    run(&folder, &["data"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn a_file_whose_name_has_that_of_a_source_twice_is_another_file() {
    let folder = small("bind-doubled");
    for other in ["OpportunitiesOpportunities.csv", "opportunities-opportunities.csv", "opportunities.csv.csv"] {
        folder.write(&format!("data/{other}"), DEAL);
    }
    run(&folder, &["data"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn names_of_files_ignore_case() {
    let folder = small("bind-case");
    for (from, to) in [("Opportunities.csv", "OPPORTUNITIES.CSV"), ("team.csv", "Teams.csv")] {
        let data = folder.path().join("data");
        std::fs::rename(data.join(from), data.join(to)).expect("a file is renamed");
    }
    run(&folder, &["data"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn without_a_file_of_the_source_name_the_own_name_binds() {
    let folder = small("bind-own");
    let data = folder.path().join("data");
    std::fs::rename(data.join("Opportunities.csv"), data.join("deals.csv")).expect("a file is renamed");
    run(&folder, &["data"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn the_source_name_goes_before_the_own_name() {
    let folder = small("bind-source");
    folder.write("data/deal.csv", DEAL.replace("100", "999"));
    run(&folder, &["data"]).with(0).says("not read: data/deal.csv");
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn two_candidates_are_an_error_that_names_both() {
    let folder = small("bind-two");
    folder.write("data/visit.tsv", VISIT.replace(',', "\t"));
    let ended = run(&folder, &["data"]).with(3).says("two files could be the table of `visit`");
    ended.says("`data/visit.tsv` and `data/visits.csv`").says("--data visit=data/visit.tsv");
    assert!(!folder.has("out"));
}

#[test]
fn a_named_file_wins_over_the_folder() {
    let folder = small("bind-named");
    folder
        .write("data/visit.tsv", VISIT.replace(',', "\t"))
        .write("more.csv", VISIT.replace("V1", "V2") + "V3,2026-02-01,T1\n");
    let ended = run(&folder, &["data", "visit=more.csv"]).with(0);
    ended.says("not read: data/visits.csv (another file is named for `visit`)").says("not read: data/visit.tsv");
    assert_eq!(paid(&folder), "share 10.00, fee 10.00");
    let ended = run(&folder, &["visit=data/visits.csv", "data"]).with(0);
    assert!(!ended.messages.contains("not read: data/visits.csv"), "{}", ended.messages);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn other_files_are_listed_as_not_read() {
    let folder = small("bind-other");
    folder.write("data/notes.xlsx", "").write("data/unread.csv", "id\nU1\n").write("data/.hidden.csv", "");
    let ended = run(&folder, &["data"]).with(0).says("not read: data/notes.xlsx");
    let ended = ended.says("not read: data/unread.csv (no rule reads `unread`)");
    assert!(!ended.messages.contains("hidden"), "{}", ended.messages);
}

#[test]
fn stars_mean_several_files_of_one_record() {
    let folder = small("bind-stars");
    folder.write("2026-01/visits-north-1.csv", VISIT.replace("V1", "V5"));
    folder.write("2026-02/visits-north-2.csv", VISIT.replace("V1", "V6"));
    folder.write("2026-02/visits-south-2.csv", VISIT.replace("V1", "V7"));
    run(&folder, &["data", "visit=2026-*/visits-*-*.csv"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 15.00");
    run(&folder, &["data", "visit=2026-*/*north*.csv", "visit=2026-*/*south*.csv"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 15.00");
    run(&folder, &["data", "visit=2025-*.csv"]).with(3).says("no file matches `2025-*.csv`");
    let ended = run(&folder, &["data", "visit=2026-*/*north*.csv", "visit=2026-01/visits-north-1.csv"]).with(2);
    ended.says("`2026-01/visits-north-1.csv` is named twice for `visit`");
}

#[test]
fn files_that_are_read_are_not_listed_as_not_read() {
    let folder = small("bind-read");
    folder
        .write("data/visits-01.csv", VISIT.replace("V1", "V5"))
        .write("data/visits-02.csv", VISIT.replace("V1", "V6"));
    for pattern in ["visit=data/visits-*.csv", "visit=./data/visits-*.csv", "visit=data/../data/visits-*.csv"] {
        let ended = run(&folder, &["data", pattern]).with(0);
        let not_read: Vec<&str> = ended.messages.lines().filter(|line| line.starts_with("not read")).collect();
        assert_eq!(not_read, ["not read: data/visits.csv (another file is named for `visit`)"]);
        assert_eq!(paid(&folder), "share 10.00, fee 10.00");
    }
    let twice = run(&folder, &["data", "visit=data/visits-01.csv", "visit=./data/visits-01.csv"]).with(2);
    twice.says("is named twice for `visit`");
    // A file may be named for a record that no rule reads, and be read for another.
    let ended = run(&folder, &["data", "unread=data/team.csv"]).with(0);
    assert!(!ended.messages.contains("not read: data/team.csv"), "{}", ended.messages);
}

#[test]
fn what_is_named_wrongly_is_told() {
    let folder = small("bind-wrong");
    run(&folder, &["data", "dael=x.csv"]).with(2).says("the program has no record `dael`").says("did you mean `deal`?");
    run(&folder, &["data", "area=x.csv"]).with(2).says("its keys are in the table of `deal`");
    run(&folder, &["data/visits.csv"]).with(2).says("`data/visits.csv` is a file: whose table is it?");
    run(&folder, &["data", "visit=gone.csv"]).with(3).says("cannot read `gone.csv`");
    run(&folder, &["gone"]).with(3).says("cannot list `gone`");
    run(&folder, &["data", "visit=small.meed"]).with(3).says("cannot tell the format of `small.meed`");
    run(&folder, &[]).with(2).says("no tables are named");
    folder.write("empty/readme.md", "");
    run(&folder, &["empty"]).with(3).says("no table for");
    folder.write("other.csv", "id\nU1\n");
    run(&folder, &["data", "unread=other.csv"]).with(0).says("not read: other.csv (no rule reads `unread`)");
}

#[test]
fn a_folder_may_bear_an_equals_sign() {
    let folder = small("bind-equals");
    std::fs::rename(folder.path().join("data"), folder.path().join("year=2026")).expect("the folder is renamed");
    run(&folder, &["year=2026"]).with(0);
    assert_eq!(paid(&folder), "share 10.00, fee 5.00");
}

#[test]
fn a_record_of_the_library_that_is_written_again_is_refused_at_its_place() {
    let folder = Folder::new("bind-library");
    let program = PROGRAM.split("entity team").next().expect("the head").to_owned()
        + "use channel\nevent deal from \"Opportunities\" {\n  key id from \"Opportunity ID\"\n  when closed_on\n  amount money as \"1.000,50\"\n}\n";
    folder.write("small.meed", program);
    let ended = folder.meed(&["check", "small.meed"]).with(1).says("library `channel` already has `deal`");
    ended.says("small.meed:4:7");
}

#[test]
fn a_source_names_files_by_a_pattern_or_with_their_ending() {
    let folder = small("binding-source");
    let program = PROGRAM.replace(
        "event deal from \"Opportunities\"",
        "source deal from \"Opp*.csv\" { closed_on from \"Closed\" }\nevent deal",
    );
    folder.write("small.meed", &program);
    folder.write("data/Opportunities.csv", "id,Closed,team,region,amount\nD1,2026-01-05,T1,EMEA,100\n");
    folder.write("data/opp-2.csv", "id,Closed,team,region,amount\nD2,2026-01-05,T1,EMEA,50\n");
    folder.write("data/Opp.txt", "no table of it");
    let ended = run(&folder, &["data"]).with(0);
    assert_eq!(paid(&folder), "share 15.00, fee 5.00");
    assert!(
        ended.messages.contains("not read: data/Opp.txt") && !ended.messages.contains("opp-2"),
        "{}",
        ended.messages
    );
    folder.write("small.meed", program.replace("Opp*.csv", "opp-2.csv"));
    run(&folder, &["data"]).with(0).says("Opportunities.csv");
    assert_eq!(paid(&folder), "share 5.00, fee 5.00");
    // One file of a record of its own name remains the table where nothing fits.
    folder.write("small.meed", program.replace("Opp*.csv", "nothing-*.csv"));
    run(&folder, &["data"]).with(3);
}
