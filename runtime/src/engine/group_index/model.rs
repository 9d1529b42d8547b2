//! GroupIndex beside a plain map: rows have one slot exactly where the keys they are written with are the same.

use crate::engine::group_index::{GroupIndex, NONE};
use crate::engine::paths::days;
use crate::load::load;
use crate::load::options::LoadOptions;
use crate::source::file::{Content, SourceFile, TableInput};
use crate::store::loaded::Loaded;
use crate::store::pages::DateSpan;
use meed_compiler::data::Rows;
use meed_compiler::plan::Plan;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A rule for each kind of key: texts, references, lists, numbers without a bound, paths, several parts, periods.
const PROGRAM: &str = r#"
program slots "Keys of every kind" { currency USD rounded half even  active 2020-01-01 to 2026-12-31 }
entity partner { key id  region text }
event sale {
  key id  when sold_on  partner partner  rep optional partner  customer id  units count  flag yes/no  stage one of won, lost
}
rule a { for each sale  first per customer per program  pay partner $1 }
rule b { for each sale  first per partner per month  pay partner $1 }
rule c { for each sale  first per units per program  pay partner $1 }
rule d { for each sale  first per customer and partner and flag per quarter  pay partner $1 }
rule e { for each sale  first per partner.region and stage per year  pay partner $1 }
rule f { for each sale  where rep is known  first per rep and units per month  pay partner $1 }
rule g { for each sale  where rep is known  first per rep.region and customer per program  pay partner $1 }
"#;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let compiled = meed_compiler::compile(PROGRAM, &[]);
    compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.problems))
});

#[derive(Clone, Debug)]
struct Sale {
    day: (i32, u32, u32),
    partner: usize,
    rep: Option<usize>,
    customer: String,
    units: i64,
    flag: bool,
    stage: &'static str,
}

fn sale() -> impl Strategy<Value = Sale> {
    let customer = (prop::sample::select(vec!["", "0", "C"]), prop_oneof![0u64..9, 65_530u64..65_545])
        .prop_map(|(shape, n)| format!("{shape}{n}"));
    let units = prop_oneof![-3i64..4, Just(i64::MAX), Just(i64::MIN), (1i64 << 32) - 2..(1i64 << 32) + 2];
    let day = (2020i32..2027, 1u32..13, 1u32..29);
    let stage = prop::sample::select(vec!["won", "lost"]);
    (day, 0usize..5, prop::option::of(0usize..5), customer, units, any::<bool>(), stage).prop_map(
        |(day, partner, rep, customer, units, flag, stage)| Sale { day, partner, rep, customer, units, flag, stage },
    )
}

/// The key of a partner, and its region.
fn partner(idx: usize) -> (String, String) {
    (["7", "007", "65536", "ACME", "1000000000000000000"][idx].to_owned(), format!("R{}", idx / 2))
}

fn loaded(sales: &[Sale]) -> Loaded {
    let partners: String = (0..5).map(partner).map(|(id, region)| format!("{id},{region}\n")).collect();
    let key = |idx: usize| partner(idx).0;
    let row = |(idx, sale): (usize, &Sale)| {
        let Sale { day: (year, month, day), partner, rep, customer, units, flag, stage } = sale;
        let (rep, flag) = (rep.map_or(String::new(), key), if *flag { "yes" } else { "no" });
        format!("{idx},{year}-{month:02}-{day:02},{},{rep},{customer},{units},{flag},{stage}\n", key(*partner))
    };
    let rows: String = sales.iter().enumerate().map(row).collect();
    let input = |record: &str, header: &str, rows: String| TableInput {
        record: PLAN.record_named(record).expect("the record is known"),
        files: vec![SourceFile {
            name: record.to_owned(),
            content: Content::Csv(Box::new(std::io::Cursor::new(format!("{header}\n{rows}").into_bytes())), Some(b',')),
        }],
    };
    let inputs = vec![
        input("partner", "id,region", partners),
        input("sale", "id,sold_on,partner,rep,customer,units,flag,stage", rows),
    ];
    let loaded = load(&PLAN, inputs, &LoadOptions::through(PLAN.active.to)).expect("the tables load");
    assert_eq!(loaded.rejects, []);
    loaded
}

/// The keys by rule, in the order of the rules; `None` if a part is missing.
fn keys(sale: &Sale) -> [Option<Vec<String>>; 7] {
    let (id, region) = partner(sale.partner);
    let rep = sale.rep.map(partner);
    let (year, month, _) = sale.day;
    let (quarter, customer) = ((month - 1) / 3, &sale.customer);
    [
        Some(vec![customer.clone()]),
        Some(vec![id.clone(), format!("{year}-{month}")]),
        Some(vec![sale.units.to_string()]),
        Some(vec![customer.clone(), id, sale.flag.to_string(), format!("{year} {quarter}")]),
        Some(vec![region, sale.stage.to_owned(), year.to_string()]),
        rep.clone().map(|(rep, _)| vec![rep, sale.units.to_string(), format!("{year}-{month}")]),
        rep.map(|(_, region)| vec![region, customer.clone()]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_share_a_slot_where_they_share_a_key(mut sales in prop::collection::vec(sale(), 1..70), at_a_time in 1u32..20) {
        // Rows are in order by day, then key.
        sales.sort_by_key(|sale| sale.day);
        let loaded = loaded(&sales);
        let rows = Rows::Events { record: PLAN.record_named("sale").expect("the event is known") };
        let n_rows = sales.len() as u32;
        prop_assert_eq!(PLAN.keys.len(), 7);
        for (nth, spec) in PLAN.keys.iter().enumerate() {
            let span = DateSpan::of(days(&PLAN, &loaded.data, &rows, 0, n_rows));
            let mut slots = GroupIndex::new(&PLAN, spec, &loaded, span, sales.len());
            let mut found = vec![0; sales.len()];
            for (start, chunk) in (0..n_rows).step_by(at_a_time as usize).zip(found.chunks_mut(at_a_time as usize)) {
                slots.number(&PLAN, spec, &loaded.data, &rows, start, chunk);
                prop_assert!(chunk.iter().all(|&slot| slot == NONE || (slot as usize) < slots.len()));
            }
            let (mut by_key, mut by_slot) = (HashMap::new(), HashMap::new());
            for (sale, &slot) in sales.iter().zip(&found) {
                let Some(key) = keys(sale)[nth].clone() else {
                    prop_assert_eq!(slot, NONE);
                    continue;
                };
                prop_assert_ne!(slot, NONE);
                prop_assert_eq!(*by_key.entry(key.clone()).or_insert(slot), slot, "{:?}", key);
                prop_assert_eq!(by_slot.entry(slot).or_insert(key.clone()), &key);
            }
        }
    }
}
