//! Random deals, and what programs pay for them.

use crate::table::Table;
use crate::ways::{WAYS, alike, difference, settle};
use meed_compiler::plan::calendar::{date_of, day_of};
use proptest::prelude::*;

/// A deal of one of three reps, of whom R1 is the manager of R0 and R2 that of R1, with one of three customers.
#[derive(Clone, Debug)]
pub struct Deal {
    /// Its place in the table, which is its key.
    pub key: usize,
    /// Day of the year 2026, from 0.
    pub day: i32,
    /// Its rep.
    pub rep: usize,
    /// Its customer.
    pub customer: usize,
    /// Cents.
    pub amount: i64,
}

impl Deal {
    /// The quarter that holds it, from 0.
    pub fn quarter(&self) -> usize {
        [90, 181, 273].iter().filter(|&&end| self.day >= end).count()
    }
}

/// Up to 25 deals, as the rules see them: by day, then key.
pub fn any_deals() -> impl Strategy<Value = Vec<Deal>> {
    let any = prop_oneof![6 => -3_000_000i64..9_000_000, 1 => -200i64..200, 1 => Just(0)];
    // Totals of round amounts alone meet round bounds.
    let round = (-10i64..20).prop_map(|thousands| thousands * 100_000);
    prop_oneof![deals_of(any), deals_of(round)]
}

fn deals_of(amount: impl Strategy<Value = i64>) -> impl Strategy<Value = Vec<Deal>> {
    let deal = (0i32..365, 0usize..3, 0usize..3, amount);
    prop::collection::vec(deal, 0..25).prop_map(|rows| {
        let deal = |(key, (day, rep, customer, amount))| Deal { key, day, rep, customer, amount };
        let mut deals: Vec<Deal> = rows.into_iter().enumerate().map(deal).collect();
        deals.sort_by_key(|deal| (deal.day, deal.key));
        deals
    })
}

/// A payment line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The rule.
    pub rule: String,
    /// The payee.
    pub payee: String,
    /// The event's key, empty in a rule per period.
    pub key: String,
    /// The period.
    pub period: String,
    /// Cents.
    pub cents: i128,
    /// Whether its period has not ended.
    pub is_accrual: bool,
    /// The period that it is booked in.
    pub booked: String,
    /// The day on which it is due, as written; empty where nothing is said of that.
    pub due: String,
}

/// Settles a program through its last day in every way, which must come to the same.
///
/// # Panics
/// When the program has an error, or two ways differ.
pub fn paid(program: &str, deals: &[Deal]) -> Vec<Paid> {
    paid_through(program, deals, None)
}

/// The same through a day of the year 2026, counted from 0.
///
/// # Panics
/// When the program has an error, or two ways differ.
pub fn paid_through(program: &str, deals: &[Deal], through: Option<i32>) -> Vec<Paid> {
    paid_for(program, &tables(deals), through)
}

/// The same for deals of which an event `refund`, which the program declares, takes these cents off: a deal, the day, and the cents.
///
/// # Panics
/// When the program has an error, or two ways differ.
pub fn paid_after(program: &str, deals: &[Deal], refunds: &[(usize, i32, i64)]) -> Vec<Paid> {
    paid_after_through(program, deals, refunds, None)
}

/// The same through a day of the year 2026, counted from 0.
///
/// # Panics
/// When the program has an error, or two ways differ.
pub fn paid_after_through(
    program: &str,
    deals: &[Deal],
    refunds: &[(usize, i32, i64)],
    through: Option<i32>,
) -> Vec<Paid> {
    let mut tables = tables(deals);
    let row = |(idx, (deal, day, cents)): (usize, &(usize, i32, i64))| {
        vec![idx.to_string(), date(*day), deal.to_string(), meed_compiler::value::decimal_text((*cents).into(), 2)]
    };
    let header = ["id", "refunded_on", "deal", "amount"].map(str::to_owned).to_vec();
    tables.push(("refund".to_owned(), Table { header, rows: refunds.iter().enumerate().map(row).collect() }));
    paid_for(program, &tables, through)
}

fn paid_for(program: &str, tables: &[(String, Table)], through: Option<i32>) -> Vec<Paid> {
    let compiled = meed_compiler::compile(program, &[]);
    let plan = compiled.plan.unwrap_or_else(|| panic!("{:?}\n{program}", compiled.problems));
    let through = through.map_or(plan.active.to, |day| first_day() + day);
    let settle = |way| settle(&plan, tables, through, way).unwrap_or_else(|error| panic!("{error}\n{program}"));
    let first = settle(WAYS[1]);
    let way = WAYS[WAYS.len() - 1];
    let other = settle(way);
    if let Some(difference) = difference(&alike(&first, &way), &alike(&other, &way)) {
        panic!("{} it gives {difference}\n{program}", way.name);
    }
    assert_eq!(first.fault, None, "{program}");
    let columns = ["rule", "payee", "key", "period", "amount", "accrual", "booked", "due"].map(str::to_owned);
    let rows = first.payments.only(&columns).unwrap_or_else(|error| panic!("{error}")).rows;
    rows.into_iter()
        .map(|row| {
            let [rule, payee, key, period, amount, accrual, booked, due] =
                <[String; 8]>::try_from(row).unwrap_or_default();
            Paid { rule, payee, key, period, cents: cents(&amount), is_accrual: accrual == "yes", booked, due }
        })
        .collect()
}

/// The cents that a rule pays for a deal.
pub fn line(paid: &[Paid], rule: &str, deal: &Deal) -> i128 {
    let own = paid.iter().filter(|line| line.rule == rule && line.key == deal.key.to_string());
    own.map(|line| line.cents).sum()
}

/// The first day of 2026, as Plans count days.
fn first_day() -> i32 {
    day_of("2026-01-01".parse().unwrap_or_default())
}

/// A day of the year 2026, counted from 0, as Meed writes it.
pub fn date(day: i32) -> String {
    date_of(first_day() + day).to_string()
}

fn cents(amount: &str) -> i128 {
    amount.replace('.', "").parse().unwrap_or_else(|_| panic!("{amount} has no two decimals"))
}

fn tables(deals: &[Deal]) -> Vec<(String, Table)> {
    let table = |header: &[&str], rows| Table { header: header.iter().map(|&name| name.to_owned()).collect(), rows };
    let row = |deal: &Deal| {
        vec![
            deal.key.to_string(),
            date(deal.day),
            format!("R{}", deal.rep),
            format!("C{}", deal.customer),
            meed_compiler::value::decimal_text(deal.amount.into(), 2),
        ]
    };
    let mut rows: Vec<Vec<String>> = deals.iter().map(row).collect();
    // As the file has them, not as the rules see them.
    rows.sort_by_key(|row| row[0].len());
    let manager = |rep: usize| if rep < 2 { format!("R{}", rep + 1) } else { String::new() };
    let people = (0..3).map(|rep| vec![format!("R{rep}"), manager(rep)]).collect();
    vec![
        ("deal".to_owned(), table(&["id", "closed_on", "rep", "customer", "amount"], rows)),
        ("person".to_owned(), table(&["id", "manager"], people)),
    ]
}
