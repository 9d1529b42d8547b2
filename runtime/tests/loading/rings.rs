//! Rings of references, and chains of rows that are rejected one behind the other.

use crate::view::{csv, input, load_rows, plan, view};
use meed_compiler::plan::Plan;
use meed_runtime::inner::load::{LoadOptions, load};
use meed_runtime::inner::store::Rejects;
use meed_runtime::inner::store::Spill;
use std::fmt::Write as _;

const PROGRAM: &str = "
program rings { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
entity partner { key id  owner optional person }
entity person { key id  employer optional partner  manager optional person  sponsor optional person }
event deal { key id  when on date  rep person  parent optional deal  amount money }
rule a { for each deal  where rep.manager.sponsor.employer.owner is known  pay rep 2% of amount }
rule b { for each deal  where parent is known  pay rep 2% of amount }
";

/// Rejected cells as `table row column value: reason`.
fn rejects(plan: &Plan, partners: &str, persons: &str, deals: &str) -> Vec<String> {
    let tables = [("partner", partners), ("person", persons), ("deal", deals)];
    let inputs = tables.map(|(name, rows)| input(plan, name, vec![(name, csv(rows.replace(' ', "\n")))]));
    let line = |[file, row, column, value, reason]: [String; 5]| format!("{file} {row} {column} {value}: {reason}");
    view(plan, inputs.into(), 3).rejects.into_iter().map(line).collect()
}

#[test]
fn rings_of_one_two_and_three_are_rejected_with_what_refers_to_them() {
    let persons = "id,employer,manager,sponsor 1,,2, 2,,3, 3,,1, 4,,4, 5,,6, 6,,5, 7,,1, 8,,7, 9,,10, 10,,,";
    let deals = "id,on,rep,parent,amount A,2026-01-01,9,,1 B,2026-01-01,8,,1";
    assert_eq!(
        rejects(&plan(PROGRAM), "id,owner", persons, deals),
        [
            "person 1 manager 2: a loop: 1 → 2 → 3 → 1",
            "person 2 manager 3: a loop: 2 → 3 → 1 → 2",
            "person 3 manager 1: a loop: 3 → 1 → 2 → 3",
            "person 4 manager 4: a loop: 4 → 4",
            "person 5 manager 6: a loop: 5 → 6 → 5",
            "person 6 manager 5: a loop: 6 → 5 → 6",
            "person 7 manager 1: refers to a rejected row: person, row 1",
            "person 8 manager 7: refers to a rejected row: person, row 7",
            "deal 2 rep 8: refers to a rejected row: person, row 8",
        ]
    );
}

#[test]
fn only_one_field_of_one_record_makes_a_ring() {
    let plan = plan(PROGRAM);
    // ANN manages BEN, who sponsors her; ACME is owned by ANN, who is employed there.
    let persons = "id,employer,manager,sponsor ANN,ACME,,BEN BEN,,ANN,";
    let deals = "id,on,rep,parent,amount A,2026-01-01,BEN,,1";
    assert_eq!(rejects(&plan, "id,owner ACME,ANN", persons, deals), [""; 0]);
    // A row on two rings tells both.
    let persons = "id,employer,manager,sponsor ANN,,BEN,ANN BEN,,ANN,";
    assert_eq!(
        rejects(&plan, "id,owner ACME,ANN", persons, "id,on,rep,parent,amount"),
        [
            "partner 1 owner ANN: refers to a rejected row: person, row 1",
            "person 1 manager BEN: a loop: ANN → BEN → ANN",
            "person 1 sponsor ANN: a loop: ANN → ANN",
            "person 2 manager ANN: a loop: BEN → ANN → BEN",
        ]
    );
}

#[test]
fn events_have_rings_too_and_rows_rejected_before_are_on_none() {
    let deals = "id,on,rep,parent,amount A,2026-01-01,ANN,B,1 B,2026-01-01,ANN,A,1 C,2026-01-01,ANN,D,? D,2026-01-01,ANN,C,1 \
                 E,2026-01-01,ANN,E,1 E,2026-01-01,ANN,E,1 F,2026-01-01,ANN,A,1";
    assert_eq!(
        rejects(&plan(PROGRAM), "id,owner", "id,employer,manager,sponsor ANN,,,", deals),
        [
            "deal 1 parent B: a loop: A → B → A",
            "deal 2 parent A: a loop: B → A → B",
            "deal 3 amount ?: not an amount",
            "deal 4 parent C: refers to a rejected row: deal, row 3",
            "deal 5 id E: duplicate key, also in deal, row 6",
            "deal 6 id E: duplicate key, also in deal, row 5",
            "deal 7 parent A: refers to a rejected row: deal, row 1",
        ]
    );
}

/// Persons of whom each is managed by the next; the last is managed by `last`.
fn chain(n_rows: usize, last: &str) -> String {
    let mut text = "id,employer,manager,sponsor\n".to_owned();
    for row in 1..n_rows {
        let _ = writeln!(text, "{row},,{},", row + 1);
    }
    let _ = writeln!(text, "{n_rows},,{last},");
    text
}

/// A pass over all rows for each of them would not end here.
#[test]
fn a_hundred_thousand_rows_behind_one_another_are_rejected_in_no_time() {
    let plan = plan(PROGRAM);
    let found = |n_rows: usize, last: &str| {
        let inputs = vec![
            input(&plan, "partner", vec![("partner", csv("id,owner\n"))]),
            input(&plan, "person", vec![("person", csv(chain(n_rows, last)))]),
            input(&plan, "deal", vec![("deal", csv("id,on,rep,parent,amount\n"))]),
        ];
        load_rows(&plan, inputs, 16_384).expect("it loads").rejects
    };
    // Of many only the first are held, of fewer all.
    for n_rows in [100_000, 9_000] {
        let reason = |rejects: &Rejects, row: usize, wanted: &str| {
            assert_eq!(rejects.n_all(), n_rows as u64);
            if row < rejects.len() {
                assert_eq!(rejects[row].reason, wanted);
            }
        };
        assert_eq!(found(n_rows, "").n_all(), 0);
        let dangling = found(n_rows, "nobody");
        reason(&dangling, 0, "refers to a rejected row: person, row 2");
        reason(&dangling, n_rows - 1, "there is no person with this key");
        let ring = found(n_rows, "1");
        reason(&ring, 7, &format!("a loop of {n_rows} rows: 8 → 9 → 10 → … → 7 → 8"));
        // A ring at the end of a tail.
        let tail = found(n_rows, &(n_rows - 1).to_string());
        reason(&tail, 0, "refers to a rejected row: person, row 2");
        reason(&tail, n_rows - 1, &format!("a loop: {n_rows} → {} → {n_rows}", n_rows - 1));
    }
}

/// Agents are in the deals: when the last deal that names one is rejected, what refers to that agent is too.
#[test]
fn chains_run_through_distinct_values_and_rows_on_the_disk() {
    let plan = plan(
        "
program chains { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
entity agent from deal { key name from \"agent\" }
entity person { key id  manager optional person }
event deal { key id  when on date  agent agent  helper optional agent  rep person  amount money }
rule a { for each deal  where helper is known and rep.manager is known  pay agent 2% of amount }
",
    );
    let persons = "id,manager\nANN,BEN\nBEN,ANN\nCEM,\n";
    let deals = "id,on,agent,helper,rep,amount\n1,2026-01-01,A,,ANN,1\n2,2026-01-01,B,A,CEM,1\n\
                 3,2026-01-01,C,B,CEM,1\n4,2026-01-01,D,,CEM,1\n5,2026-01-01,D,C,CEM,1\n6,2026-01-01,E,D,CEM,1\n";
    let folder = std::env::temp_dir();
    let spills = [None, Some((1, 1)), Some((60, 30)), Some((200, 100))];
    for spill in spills.map(|spill| spill.map(|(bytes, page_bytes)| Spill { folder: &folder, bytes, page_bytes })) {
        let inputs = vec![
            input(&plan, "person", vec![("person", csv(persons))]),
            input(&plan, "deal", vec![("deal", csv(deals))]),
        ];
        let options = LoadOptions { batch_rows: 2, spill, ..LoadOptions::through(plan.active.to) };
        let loaded = load(&plan, inputs, &options).expect("it loads");
        let rejects: Vec<String> = loaded
            .rejects
            .iter()
            .map(|reject| format!("{} {} {}: {}", reject.key, reject.column, reject.value, reject.reason))
            .collect();
        assert_eq!(
            rejects,
            [
                "ANN manager BEN: a loop: ANN → BEN → ANN",
                "BEN manager ANN: a loop: BEN → ANN → BEN",
                "1 rep ANN: refers to a rejected row: person, row 1",
                "2 helper A: there is no agent with this key",
                "3 helper B: there is no agent with this key",
                "5 helper C: there is no agent with this key",
            ],
            "{:?}",
            spill.map(|spill| spill.bytes)
        );
        let agents = plan.records.iter().position(|record| record.name == "agent").expect("agents");
        let names: Vec<_> = (0..2).map(|row| loaded.keys[agents].text(row).into_owned()).collect();
        assert_eq!(names, ["D", "E"]);
        assert_eq!(loaded.keys[agents].len(), 2);
    }
}
