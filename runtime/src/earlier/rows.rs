//! The rows of events as they are now, in the order of subjects: whether a row is there, what was returned of it, and a digest of its cells
//! by which it is known again.

use crate::earlier::subject::push_text;
use crate::earlier::sums::Room;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::sorted_records::{RecordsInOrder, SortedRecords};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Plan, Record, RecordId, RecordKind, Type};
use rustc_hash::FxHashMap;

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Of the cells that rules read.
    pub digest: u64,
    /// The last day on which something of it was returned.
    pub returned: Option<i32>,
}

/// Rows in the order of subjects.
pub(super) struct RowsInOrder {
    records: RecordsInOrder,
    key: Vec<u8>,
    row: Option<Row>,
}

impl RowsInOrder {
    /// The rows of all events.
    pub fn of(plan: &Plan, loaded: &Loaded, room: Room<'_>) -> Result<Self, StoreError> {
        let mut records = SortedRecords::new(room.folder, room.memory);
        for (idx, record) in (0..).zip(&plan.records) {
            if record.kind == RecordKind::Event && record.used {
                push_rows(loaded, (RecordId(idx), record), &mut records)?;
            }
        }
        let mut rows = Self { records: records.finish()?, key: Vec::new(), row: None };
        rows.advance()?;
        Ok(rows)
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.row = None;
        if let Some((key, beside)) = self.records.next()? {
            self.key.clear();
            self.key.extend_from_slice(key);
            let row = || {
                let digest = u64::from_le_bytes(*beside.first_chunk()?);
                let returned = i32::from_le_bytes(*beside.get(9..)?.first_chunk()?);
                Some(Row { digest, returned: (*beside.get(8)? == 1).then_some(returned) })
            };
            self.row = Some(row().unwrap_or_else(|| broken("a row that is cut")));
        }
        Ok(())
    }

    /// The row that some bytes begin a subject of; bytes come in order.
    pub fn find(&mut self, key: &[u8]) -> Result<Option<Row>, StoreError> {
        while self.row.is_some() && *self.key < *key {
            self.advance()?;
        }
        Ok(self.row.filter(|_| self.key == key))
    }
}

fn push_rows(
    loaded: &Loaded,
    (id, record): (RecordId, &Record),
    records: &mut SortedRecords,
) -> Result<(), StoreError> {
    let mut last: FxHashMap<u32, i32> = FxHashMap::default();
    let taken = loaded.taken.iter().find(|taken| taken.record == id);
    for taking in taken.into_iter().flat_map(|taken| &taken.rows) {
        let day = last.entry(taking.row).or_insert(taking.day);
        *day = taking.day.max(*day);
    }
    let mut key = Vec::new();
    push_text(&record.name, &mut key);
    let len_of_event = key.len();
    for page in 0..loaded.n_pages(id) {
        let (keys, table) = (loaded.keys_of(id, page)?, loaded.table_of(id, page)?);
        let digests = digests(loaded, record, keys.len(), &table.columns);
        for (row, digest) in digests.into_iter().enumerate() {
            key.truncate(len_of_event);
            push_text(&keys.text(row), &mut key);
            // Rows that are taken back are all in one page.
            let returned = last.get(&u32::try_from(row).unwrap_or(u32::MAX));
            let mut beside = [0; 13];
            beside[..8].copy_from_slice(&digest.to_le_bytes());
            beside[8] = u8::from(returned.is_some());
            beside[9..].copy_from_slice(&returned.copied().unwrap_or(0).to_le_bytes());
            records.push(&key, &beside)?;
        }
    }
    Ok(())
}

/// FNV-1a, of 64 bits (Fowler, Noll and Vo): the same on every machine and for every version of Meed.
#[derive(Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    const NEW: Self = Self(0xcbf2_9ce4_8422_2325);

    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// By row, the digest of its cells: numbers in the smallest parts of their fields, texts and keys as they are written.
fn digests(loaded: &Loaded, record: &Record, n_rows: usize, columns: &[Option<Column>]) -> Vec<u64> {
    let mut digests = vec![Fnv::NEW; n_rows];
    let mut text = Vec::new();
    for (idx, (field, column)) in record.fields.iter().zip(columns).enumerate() {
        let Some(column) = column else { continue };
        let number = (idx as u32).to_le_bytes();
        for (row, digest) in digests.iter_mut().enumerate() {
            if column.known.as_ref().is_some_and(|known| known.get(row) != Some(&1)) {
                continue;
            }
            digest.take(&number);
            match (&column.values, field.ty) {
                (Values::U32(codes), Type::Text(domain) | Type::Id(domain)) => {
                    digest.take(loaded.dictionaries[domain.index()].text(codes[row]).as_bytes());
                }
                (Values::U32(rows), Type::Ref(other)) => {
                    let (keys, row) = (&loaded.keys[other.index()], rows[row] as usize);
                    // The keys of an event in pages are not held; what refers to its rows reads them otherwise.
                    if row < keys.len() {
                        text.clear();
                        keys.write(row, &mut text);
                        digest.take(&text);
                    }
                }
                (Values::U32(codes), _) => digest.take(&codes[row].to_le_bytes()),
                (Values::I64(values), _) => digest.take(&values[row].to_le_bytes()),
                (Values::I32(days), _) => digest.take(&days[row].to_le_bytes()),
                (Values::U8(places), _) => digest.take(&[places[row]]),
            }
        }
    }
    digests.into_iter().map(|digest| digest.0).collect()
}
