//! The rows of events as they are now, in the order of subjects: whether a row is there, what was returned of it, and a digest of its cells
//! by which it is known again.

use crate::earlier::subject::push_text;
use crate::earlier::sums::Room;
use crate::store::error::StoreError;
use crate::store::loaded::Loaded;
use crate::store::sorted_records::{RecordsInOrder, SortedRecords};
use meed_compiler::data::{Column, Values};
use meed_compiler::internal::broken;
use meed_compiler::plan::{Field, FieldId, FieldSource, Plan, Record, RecordId, RecordKind, Type};
use rustc_hash::FxHashMap;

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Of the cells that rules read, as they were reported, and of what was returned.
    pub digest: RowDigest,
    /// The last day on which something of it was returned.
    pub returned: Option<i32>,
}

/// By which a row is known again: forty bits are of its cells as they were reported, the other bits of what was returned of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowDigest(pub u64);

/// Bits of what was returned.
const RETURNS: u64 = (1 << 24) - 1;

impl RowDigest {
    fn new(cells: Fnv, returns: Option<Fnv>) -> Self {
        // The upper bits of a sum that was multiplied are mixed best; what was returned is never like nothing.
        Self((cells.0 & !RETURNS) | returns.map_or(0, |returns| (returns.0 >> 40).max(1)))
    }

    /// Whether the cells are others.
    pub fn is_changed(self, other: Self) -> bool {
        (self.0 ^ other.0) & !RETURNS != 0
    }

    /// Whether something else was returned.
    pub fn is_returned(self, other: Self) -> bool {
        (self.0 ^ other.0) & RETURNS != 0
    }
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
                let digest = RowDigest(u64::from_le_bytes(*beside.first_chunk()?));
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
    // By row, the last day on which something of it was returned, and what was.
    let mut returns: FxHashMap<u32, (i32, Fnv, Vec<i64>)> = FxHashMap::default();
    let taken = loaded.taken.iter().find(|taken| taken.record == id);
    for taking in taken.into_iter().flat_map(|taken| &taken.rows) {
        let (day, digest, sums) = returns.entry(taking.row).or_insert((taking.day, Fnv::NEW, Vec::new()));
        *day = taking.day.max(*day);
        digest.take(&taking.day.to_le_bytes());
        taking.numbers.iter().for_each(|number| digest.take(&number.to_le_bytes()));
        sums.resize(sums.len().max(taking.numbers.len()), 0);
        sums.iter_mut().zip(&taking.numbers).for_each(|(sum, number)| *sum = sum.wrapping_add(*number));
    }
    let fields = taken.map_or(&[][..], |taken| &taken.fields);
    let mut key = Vec::new();
    push_text(&record.name, &mut key);
    let len_of_event = key.len();
    for page in 0..loaded.n_pages(id) {
        let (keys, table) = (loaded.keys_of(id, page)?, loaded.table_of(id, page)?);
        let returned = Returned { fields, returns: &returns };
        let digests = digests(loaded, record, keys.len(), &table.columns, &returned);
        for (row, digest) in digests.into_iter().enumerate() {
            key.truncate(len_of_event);
            push_text(&keys.text(row), &mut key);
            // Rows that are taken back are all in one page.
            let returned = returned.of(row);
            let digest = RowDigest::new(digest, returned.map(|(_, digest, _)| *digest));
            let mut beside = [0; 13];
            beside[..8].copy_from_slice(&digest.0.to_le_bytes());
            beside[8] = u8::from(returned.is_some());
            beside[9..].copy_from_slice(&returned.map_or(0, |(day, ..)| *day).to_le_bytes());
            records.push(&key, &beside)?;
        }
    }
    Ok(())
}

/// What was returned of the rows of an event: the numbers that returns reduce, and by row what they took.
struct Returned<'a> {
    fields: &'a [FieldId],
    returns: &'a FxHashMap<u32, (i32, Fnv, Vec<i64>)>,
}

impl Returned<'_> {
    fn of(&self, row: usize) -> Option<&(i32, Fnv, Vec<i64>)> {
        self.returns.get(&u32::try_from(row).ok()?)
    }

    /// What returns took of a field of a row.
    fn of_field(&self, field: usize, row: usize) -> i64 {
        if self.returns.is_empty() {
            return 0;
        }
        let place = self.fields.iter().position(|known| known.index() == field);
        place.zip(self.of(row)).and_then(|(place, (_, _, sums))| sums.get(place).copied()).unwrap_or(0)
    }
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

/// By row, the digest of its cells as they were reported: numbers in the smallest parts of their fields, texts and keys as they are written.
fn digests(
    loaded: &Loaded,
    record: &Record,
    n_rows: usize,
    columns: &[Option<Column>],
    returned: &Returned<'_>,
) -> Vec<Fnv> {
    let mut digests = vec![Fnv::NEW; n_rows];
    let mut text = Vec::new();
    // By name: where a field stands in the program changes nothing.
    let mut fields: Vec<(usize, &Field, &Column)> = (0..)
        .zip(record.fields.iter().zip(columns))
        .filter_map(|(idx, (field, column))| Some((idx, field, column.as_ref()?)))
        .filter(|(_, field, _)| is_read(field))
        .collect();
    fields.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    for (idx, field, column) in fields {
        for (row, digest) in digests.iter_mut().enumerate() {
            if column.known.as_ref().is_some_and(|known| known.get(row) != Some(&1)) {
                continue;
            }
            digest.take(field.name.as_bytes());
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
                (Values::I64(values), _) => {
                    digest.take(&values[row].wrapping_add(returned.of_field(idx, row)).to_le_bytes());
                }
                (Values::I32(days), _) => digest.take(&days[row].to_le_bytes()),
                (Values::U8(places), _) => digest.take(&[places[row]]),
            }
        }
    }
    digests
}

/// Whether a field is read from a table, and is no reading of another one.
fn is_read(field: &Field) -> bool {
    match field.source {
        FieldSource::Column(_) | FieldSource::Columns(_) => field.used,
        FieldSource::Day(_) | FieldSource::Place | FieldSource::Returned(_) | FieldSource::Read(..) => false,
    }
}

/// The fields of events that the digests of their rows are of, as one text: digests of other fields say nothing of a change.
pub fn fields_in_digests(plan: &Plan) -> String {
    let events = plan.records.iter().filter(|record| record.kind == RecordKind::Event && record.used);
    let fields = |record: &Record| {
        let mut own: Vec<&str> =
            record.fields.iter().filter(|field| is_read(field)).map(|field| &*field.name).collect();
        own.sort_unstable();
        format!("{}({})", record.name, own.join(" "))
    };
    events.map(fields).collect::<Vec<_>>().join(" ")
}
