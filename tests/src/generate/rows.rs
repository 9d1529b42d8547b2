//! Rows for generated programs.

use super::{Draw, Numbering};
use crate::table::Table;

/// Tables of every record, with so many sales, money with the decimals of the currency; `wild` ones have amounts up to the limits of their fields and days of all
/// centuries.
pub fn rows(draw: &mut Draw, n_sales: usize, wild: bool, refunded: bool, decimals: u32) -> Vec<(String, Table)> {
    let (n_regions, n_agencies, n_persons) = (2, 4, 9);
    let [region, agency, person, sale, customer] = ["R", "A", "P", "", "C"].map(|letter| Numbering::draw(draw, letter));
    let mut row = Rows { draw, wild, decimals };
    let regions =
        (0..n_regions).map(|idx| vec![region.key(idx), format!("name {idx}"), row.maybe(Rows::money), row.flag()]);
    let regions = table(&["id", "name", "target", "open"], regions.collect());
    let agencies = (0..n_agencies).map(|idx| {
        let region = row.reference(region, n_regions);
        let choice = row.draw.pick(&["low", "mid", "high"]).to_owned();
        vec![agency.key(idx), region, row.maybe(Rows::number), choice, row.day(), row.money(), row.maybe(Rows::tag)]
    });
    let agencies = table(&["id", "region", "grade", "rank", "since", "quota", "tag"], agencies.collect());
    let persons = (0..n_persons).map(|idx| {
        let agency = row.reference(agency, n_agencies);
        let boss = if idx == 0 { String::new() } else { row.reference(person, idx) };
        let level = row.draw.pick(&["junior", "senior", "lead"]).to_owned();
        let (joined, share) = (row.maybe(Rows::day), row.maybe(Rows::percent));
        vec![person.key(idx), agency, row.percent(), joined, level, share, boss]
    });
    let persons = table(&["id", "agency", "rate", "joined", "level", "share", "boss"], persons.collect());
    let history = (0..n_persons).flat_map(|idx| row.spans(&person.key(idx)));
    let history = table(&["id", "from", "to", "stars"], history.collect());
    let header = [
        "id", "sold_on", "person", "helper", "amount", "bonus", "units", "weight", "rate", "price", "stage", "ok",
        "flag", "note", "tag", "due", "customer", "worth", "paid_in", "cash", "mentor",
    ];
    let sales = (0..n_sales).map(|idx| {
        vec![
            sale.key(idx),
            row.sold_on(),
            person.key(row.draw.below(n_persons)),
            row.reference(person, n_persons),
            row.money(),
            row.maybe(Rows::money),
            row.count(),
            row.number(),
            row.percent(),
            row.price(),
            row.draw.pick(&["won", "lost", "open"]).to_owned(),
            row.flag(),
            row.maybe(Rows::flag),
            row.draw.pick(&["alpha", "beta", "gamma", "delta"]).to_owned(),
            row.maybe(Rows::tag),
            row.maybe(Rows::day),
            customer.key(row.draw.below(6)),
            row.draw.between(-500, 2_000).to_string(),
            row.draw.pick(&["USD", "EUR", "JPY"]).to_owned(),
            decimal(row.draw.between(-900_000, 9_000_000), 4),
            // Two of them are nobody.
            row.reference(person, n_persons + 2),
        ]
    });
    let sales: Vec<Vec<String>> = sales.collect();
    let refunds = if refunded { row.refunds(&sales) } else { Vec::new() };
    let refunds = table(&["id", "refunded_on", "sale", "amount"], refunds);
    let sales = table(&header, sales);
    let mut tables = vec![
        ("region", regions),
        ("agency", agencies),
        ("person", persons),
        ("person_history", history),
        ("sale", sales),
    ];
    tables.extend(refunded.then_some(("refund", refunds)));
    tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect()
}

fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
}

struct Rows<'a> {
    draw: &'a mut Draw,
    wild: bool,
    /// Of the currency.
    decimals: u32,
}

impl Rows<'_> {
    fn maybe(&mut self, value: impl FnOnce(&mut Self) -> String) -> String {
        if self.draw.chance(25) { String::new() } else { value(self) }
    }

    fn reference(&mut self, to: Numbering, n: usize) -> String {
        if self.draw.chance(20) { String::new() } else { to.key(self.draw.below(n)) }
    }

    /// Up to three spans of a person's stars, with gaps; the last may be open.
    fn spans(&mut self, key: &str) -> Vec<Vec<String>> {
        let mut month = self.draw.between(1, 4);
        let mut spans = Vec::new();
        while month <= 12 && spans.len() < 3 {
            let length = self.draw.between(0, 4);
            let from = format!("2026-{month:02}-{:02}", self.draw.between(1, 12));
            let is_open = month + length > 11 || self.draw.chance(10);
            let to = if is_open {
                String::new()
            } else {
                format!("2026-{:02}-{:02}", month + length, self.draw.between(13, 28))
            };
            spans.push(vec![key.to_owned(), from, to, self.draw.between(0, 4).to_string()]);
            if is_open {
                break;
            }
            month += length + 1;
        }
        spans
    }

    /// Some of the sales are taken back: a part of them, or two, or all.
    fn refunds(&mut self, sales: &[Vec<String>]) -> Vec<Vec<String>> {
        let mut refunds: Vec<Vec<String>> = Vec::new();
        for sale in sales {
            let (key, sold_on, amount) = (&sale[0], &sale[1], &sale[4]);
            let amount: i64 = amount.replace('.', "").parse().unwrap_or(0);
            let parts = match self.draw.below(6) {
                0 => vec![amount],
                1 => vec![amount / 2, amount - amount / 2],
                2 => vec![amount / 3],
                _ => Vec::new(),
            };
            for part in parts {
                let day = self.sold_on().max(sold_on.clone());
                refunds.push(vec![format!("B{}", refunds.len()), day, key.clone(), decimal(part, self.decimals)]);
            }
        }
        refunds
    }

    fn money(&mut self) -> String {
        let parts = self.whole(3_000_000, self.decimals);
        decimal(parts, self.decimals)
    }

    fn price(&mut self) -> String {
        let parts = self.whole(9_000_000, 4);
        decimal(parts, 4)
    }

    fn number(&mut self) -> String {
        let parts = self.whole(50_000, 9);
        if self.wild && self.draw.chance(30) { decimal(parts, 9) } else { decimal(parts.rem_euclid(50_000), 3) }
    }

    fn percent(&mut self) -> String {
        let parts = if self.draw.chance(10) { self.draw.between(-5_000, 20_000) } else { self.draw.between(0, 2_000) };
        format!("{}%", decimal(parts, 2))
    }

    fn count(&mut self) -> String {
        self.whole(40, 0).to_string()
    }

    /// A number of moderate size, sometimes negative; a wild one may be any.
    fn whole(&mut self, size: i64, decimals: u32) -> i64 {
        if self.wild && self.draw.chance(4) {
            let near = self.draw.between(-3, 3);
            return match self.draw.below(6) {
                0 => i64::MAX - near.abs(),
                1 => i64::MIN + near.abs(),
                2 => i64::MAX / 10i64.pow(decimals) - near.abs(),
                3 => (1i64 << self.draw.between(20, 62)).saturating_add(near),
                4 => -(1i64 << self.draw.between(20, 62)) + near,
                _ => near,
            };
        }
        match self.draw.below(10) {
            0 => 0,
            1 => -self.draw.between(0, size),
            2 => self.draw.between(0, size) / 100 * 100,
            _ => self.draw.between(0, size),
        }
    }

    fn flag(&mut self) -> String {
        self.draw.pick(&["yes", "no"]).to_owned()
    }

    fn tag(&mut self) -> String {
        self.draw.pick(&["xa", "xb", "ya", "a"]).to_owned()
    }

    fn sold_on(&mut self) -> String {
        let (year, month) = match self.draw.below(12) {
            0 => (2025, self.draw.between(9, 12)),
            1 => (2027, 1),
            _ => (2026, self.draw.between(1, 12)),
        };
        format!("{year}-{month:02}-{:02}", self.draw.between(1, 28))
    }

    fn day(&mut self) -> String {
        let year = match self.draw.below(20) {
            0 if self.wild => self.draw.pick(&[1, 1600, 1899, 2200, 9999]),
            1 => self.draw.between(1900, 2199),
            _ => self.draw.between(2020, 2027),
        };
        let (month, day) = match self.draw.below(6) {
            0 => self.draw.pick(&[(1, 31), (2, 28), (12, 31), (1, 1), (8, 31), (4, 30)]),
            _ => (self.draw.between(1, 12), self.draw.between(1, 28)),
        };
        format!("{year:04}-{month:02}-{day:02}")
    }
}

fn decimal(value: i64, decimals: u32) -> String {
    meed_compiler::value::decimal_text(i128::from(value), decimals)
}
