//! Parquet's physical forms that Arrow does not write: decimals as whole numbers of 32 and 64 bits and as bytes of any
//! length, and instants of 96 bits.

use crate::arrow::file;
use crate::view::{csv, input, plan, view};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const PROGRAM: &str = "
program physical { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }
event deal { key id  when signed_at date and time in \"UTC\"  amount money }
rule all { for each deal  where amount > $0  set read to amount }
";

/// A file of three deals whose amounts are of a type, written by `amounts`.
fn deals(ty: &str, amounts: impl Fn(&mut SerializedRowGroupWriter<'_, &mut Vec<u8>>)) -> Vec<u8> {
    let schema = format!("message deal {{ required int32 id; required int96 signed_at; required {ty}; }}");
    let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    let mut ids = group.next_column().expect("a column").expect("ids");
    ids.typed::<Int32Type>().write_batch(&[3, 1, 2], None, None).expect("ids");
    ids.close().expect("ids end");
    // Nanoseconds of the day, then the Julian day: 2,440,588 is 1970-01-01. The last is far beyond nanoseconds of 64 bits.
    let at = |day: u32, hour: u64| {
        let nanos = hour * 3_600_000_000_000;
        let mut instant = Int96::new();
        instant.set_data(nanos as u32, (nanos >> 32) as u32, 2_440_588 + day);
        instant
    };
    let mut instants = group.next_column().expect("a column").expect("instants");
    let values = [at(20_454, 1), at(20_454, 23), at(2_932_896, 0)];
    instants.typed::<Int96Type>().write_batch(&values, None, None).expect("instants");
    instants.close().expect("instants end");
    amounts(&mut group);
    group.close().expect("the group ends");
    writer.close().expect("the file ends");
    bytes
}

#[test]
fn decimals_and_instants_load_from_every_physical_form() {
    let plan = plan(PROGRAM);
    let text = "id,signed_at,amount\n3,2026-01-01T01:00:00Z,12.5\n1,2026-01-01T23:00:00Z,-0.01\n2,9999-12-31T00:00:00Z,70000\n";
    let expected = view(&plan, vec![input(&plan, "deal", vec![("d", csv(text))])], 8);
    assert_eq!(expected.tables[0].account.after_run_date, 1);
    let cents = [1_250i64, -1, 7_000_000];
    let bytes = |n_bytes: usize| cents.map(|cents| cents.to_be_bytes()[8 - n_bytes..].to_vec());
    let files = [
        deals("int32 amount (DECIMAL(9, 2))", |group| {
            let mut column = group.next_column().expect("a column").expect("amounts");
            column.typed::<Int32Type>().write_batch(&cents.map(|cents| cents as i32), None, None).expect("amounts");
            column.close().expect("amounts end");
        }),
        deals("int64 amount (DECIMAL(18, 2))", |group| {
            let mut column = group.next_column().expect("a column").expect("amounts");
            column.typed::<Int64Type>().write_batch(&cents, None, None).expect("amounts");
            column.close().expect("amounts end");
        }),
        deals("fixed_len_byte_array(5) amount (DECIMAL(11, 2))", |group| {
            let mut column = group.next_column().expect("a column").expect("amounts");
            let values = bytes(5).map(FixedLenByteArray::from);
            column.typed::<FixedLenByteArrayType>().write_batch(&values, None, None).expect("amounts");
            column.close().expect("amounts end");
        }),
        deals("binary amount (DECIMAL(11, 2))", |group| {
            let mut column = group.next_column().expect("a column").expect("amounts");
            let values = [bytes(2)[0].clone(), bytes(1)[1].clone(), bytes(7)[2].clone()].map(ByteArray::from);
            column.typed::<ByteArrayType>().write_batch(&values, None, None).expect("amounts");
            column.close().expect("amounts end");
        }),
    ];
    for (idx, bytes) in files.iter().enumerate() {
        let found = view(&plan, vec![input(&plan, "deal", vec![("d", file(bytes))])], 8);
        assert_eq!(found, expected, "file {idx}");
    }
}
