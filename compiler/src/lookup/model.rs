//! The law of tables: what is found through sets of rows is what reading the table row by row gives.

use super::*;
use crate::plan::{DomainId, Range, RangeEnd, TableColumn};
use crate::value::fraction;
use meed_grammar::span::Span;
use proptest::prelude::*;

const TEXTS: [&str; 4] = ["a", "b", "c", "d"];

fn end() -> impl Strategy<Value = RangeEnd> {
    (-4i64..8, 1i64..4, any::<bool>())
        .prop_map(|(num, den, included)| RangeEnd { at: fraction(num.into(), den.into()), included })
}

fn range() -> impl Strategy<Value = Range> {
    (proptest::option::of(end()), proptest::option::of(end())).prop_map(|(from, to)| Range { from, to })
}

fn number_cell() -> impl Strategy<Value = CellTest> {
    prop_oneof![
        Just(CellTest::Any),
        Just(CellTest::Known),
        Just(CellTest::Unknown),
        proptest::collection::vec(range(), 1..3).prop_map(CellTest::Ranges),
    ]
}

fn text_cell() -> impl Strategy<Value = CellTest> {
    let texts = proptest::collection::vec(proptest::sample::select(&TEXTS[..]), 1..3);
    prop_oneof![
        Just(CellTest::Any),
        Just(CellTest::Known),
        Just(CellTest::Unknown),
        (texts, any::<bool>()).prop_map(|(texts, negated)| {
            CellTest::Texts { texts: texts.into_iter().map(str::to_owned).collect(), negated }
        }),
    ]
}

fn results() -> impl Strategy<Value = Vec<Option<Constant>>> {
    let result = proptest::option::of((-3i64..4).prop_map(|num| Constant::Number(fraction(num.into(), 2.into()))));
    proptest::collection::vec(result, 2)
}

fn row() -> impl Strategy<Value = TableRow> {
    (number_cell(), text_cell(), results()).prop_map(|(number, text, results)| TableRow {
        cells: vec![number, text],
        results,
        span: Span::default(),
    })
}

fn table() -> impl Strategy<Value = Table> {
    let policy = prop_oneof![
        Just(Policy::First),
        (0u32..2).prop_map(Policy::Highest),
        (0u32..2).prop_map(Policy::Lowest),
        Just(Policy::Sum),
    ];
    let column = |name: &str, ty: Type, den: i64| TableColumn { name: name.to_owned(), ty, den };
    (proptest::collection::vec(row(), 0..90), policy, proptest::option::of(results())).prop_map(
        move |(rows, policy, otherwise)| Table {
            name: "t".to_owned(),
            arguments: vec![column("x", Type::Number, 1), column("y", Type::Text(DomainId(0)), 1)],
            results: vec![column("p", Type::Number, 2), column("q", Type::Number, 2)],
            policy,
            rows,
            otherwise,
            span: Span::default(),
        },
    )
}

proptest! {
    #[test]
    fn found_is_what_is_read(
        table in table(),
        asked in proptest::collection::vec((proptest::option::of((-9i64..17, 1i64..5)), proptest::option::of(0u32..6)), 1..20),
    ) {
        // The data has `d` not at all, and two texts that no cell names.
        let lookup = Lookup::new(&table, |_, text| TEXTS[..3].iter().position(|known| *known == text).map(|code| code as u32));
        for (x, y) in asked {
            let exact = x.map_or(Value::Missing, |(num, den)| Value::Number(fraction(num.into(), den.into())));
            let values = [exact, y.map_or(Value::Missing, Value::Code)];
            let (num, den) = x.unwrap_or_default();
            let asked = [
                Asked { num, den },
                Asked { num: y.map_or(0, i64::from), den: i64::from(y.is_some()) },
            ];
            for result in 0..2 {
                let read = lookup.read(&values, result).map(|value| value.number());
                let mut answer = Answer::default();
                #[expect(unsafe_code, reason = "the addresses are those of a table, two arguments and an answer")]
                let failed = unsafe { ask(&raw const lookup, asked.as_ptr(), result as u64, &raw mut answer) };
                prop_assert_eq!(failed, 0);
                let found = (answer.known == 1).then(|| fraction(answer.value.into(), 2.into()));
                prop_assert_eq!(found, read);
            }
        }
    }
}
