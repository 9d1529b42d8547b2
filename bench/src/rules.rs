//! The five rules of program P over the deals in order.
//!
//! In go deals and entities, out come the payment lines of each rule, in the order they arise: by day, then by deal. All
//! amounts are whole cents. Every line is rounded half to even once; a schedule is taken in two-hundredths or hundredths of
//! a cent, so nothing is lost before. Sums are checked: overflow stops the program.

use crate::{
    decode::{Deal, Deals, Entities},
    program::{BOUNTY_CAP, FIRST_DAY, QUARTER_ENDS, REGISTERED_FROM, SPIFF_CENTS, SPIFF_FROM, SPIFF_TO, quarter_of},
};

/// One payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// The amount in cents, never zero.
    pub cents: i64,
    /// The deal's number; zero for a quarter's rebate.
    pub deal: u64,
    /// The partner's or the rep's number.
    pub payee: u32,
    /// The day of 2026 that the payment belongs to.
    pub day: u16,
}

/// The payment lines of each rule.
pub type Lines = [Vec<Line>; 5];

/// Deals that are taken at a time by the pass over running sums, before the pass that writes their lines.
const CHUNK: usize = 256;

/// Evaluates program P; `bounty` is in cents.
pub fn evaluate(deals: &Deals, entities: &Entities, bounty: i64) -> Lines {
    let mut settlement = Settlement::new(entities, bounty);
    for (day, deals) in (0_u16..).zip(&deals.days) {
        if QUARTER_ENDS.contains(&day.wrapping_sub(1)) {
            settlement.begin_quarter();
        }
        for deals in deals.chunks(CHUNK) {
            let earned = settlement.accumulate(day, deals);
            settlement.pay_deals(day, deals, &earned);
        }
    }
    settlement.pay_rebates(&entities.earns_rebate);
    settlement.lines
}

/// What is known of a rep while deals go by.
struct Rep {
    sold_this_year: i64,
    bounties_this_quarter: i32,
    certified_until: i32,
}

/// Program P under way.
struct Settlement {
    lines: Lines,
    reps: Vec<Rep>,
    /// Cents by partner and quarter.
    sold: Vec<[i64; 4]>,
    customers: Customers,
    bounty: i64,
}

impl Settlement {
    fn new(entities: &Entities, bounty: i64) -> Settlement {
        let rep = |&certified_until: &i32| Rep { sold_this_year: 0, bounties_this_quarter: 0, certified_until };
        Settlement {
            lines: Lines::default(),
            reps: entities.certified_until.iter().map(rep).collect(),
            sold: vec![[0; 4]; entities.earns_rebate.len()],
            customers: Customers::default(),
            bounty,
        }
    }

    /// A new quarter leaves room for bounties again.
    fn begin_quarter(&mut self) {
        self.reps.iter_mut().for_each(|rep| rep.bounties_this_quarter = 0);
    }

    /// Adds deals to the running sums, and returns what each earns its rep by the accelerator.
    ///
    /// Nothing here depends on a branch, so the processor fetches the state of many reps at once.
    fn accumulate(&mut self, day: u16, deals: &[Deal]) -> [i64; CHUNK] {
        let (quarter, today) = (quarter_of(day), FIRST_DAY + i32::from(day));
        let mut earned = [0; CHUNK];
        for (earned, deal) in earned.iter_mut().zip(deals) {
            self.sold[deal.partner as usize][quarter] += deal.cents;
            let rep = &mut self.reps[deal.rep as usize];
            let before = rep.sold_this_year;
            rep.sold_this_year += deal.cents;
            let step = year_bands(rep.sold_this_year) - year_bands(before);
            *earned = half_even(step, 200) * i64::from(rep.certified_until >= today);
        }
        earned
    }

    /// Writes the lines of the rules that pay by the deal.
    fn pay_deals(&mut self, day: u16, deals: &[Deal], earned: &[i64; CHUNK]) {
        let spiff_cents = if (SPIFF_FROM..=SPIFF_TO).contains(&day) { SPIFF_CENTS } else { 0 };
        let [registered_deals, new_customers, _, year_accelerator, family_spiff] = &mut self.lines;
        for (deal, earned) in deals.iter().zip(earned) {
            let pay = |rule: &mut Vec<Line>, payee, cents| pay(rule, payee, cents, day, deal.id);
            if deal.is_registered && deal.cents >= REGISTERED_FROM {
                pay(registered_deals, deal.partner, half_even(deal.cents, 50));
            }
            if deal.is_sale && self.customers.is_new(deal.customer) {
                let paid = &mut self.reps[deal.rep as usize].bounties_this_quarter;
                let bounty = self.bounty.min(i64::from(BOUNTY_CAP - *paid));
                *paid += bounty as i32;
                pay(new_customers, deal.rep, bounty);
            }
            pay(year_accelerator, deal.rep, *earned);
            pay(family_spiff, deal.rep, spiff_cents * i64::from(deal.spiff_units));
        }
    }

    /// Writes the rebates of all quarters, for the partners that earn one.
    fn pay_rebates(&mut self, earns_rebate: &[bool]) {
        for ((payee, quarters), earns) in (0..).zip(&self.sold).zip(earns_rebate) {
            for (sum, day) in quarters.iter().zip(QUARTER_ENDS).filter(|_| *earns) {
                pay(&mut self.lines[2], payee, half_even(volume_bands(*sum), 100), day, 0);
            }
        }
    }
}

/// Appends a line, unless nothing is to be paid.
fn pay(rule: &mut Vec<Line>, payee: u32, cents: i64, day: u16, deal: u64) {
    if cents != 0 {
        rule.push(Line { cents, deal, payee, day });
    }
}

/// The customers seen so far, a bit each.
#[derive(Default)]
struct Customers(Vec<u64>);

impl Customers {
    /// Whether this customer was not asked for before.
    fn is_new(&mut self, customer: u32) -> bool {
        let (word, bit) = (customer as usize / 64, 1 << (customer % 64));
        if word >= self.0.len() {
            self.0.resize((word + 1).next_power_of_two(), 0);
        }
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }
}

/// 0.5% to $250k, 1% to $1M, 1.5% beyond: two-hundredths of a cent.
fn year_bands(cents: i64) -> i64 {
    bands(cents, 25_000_000, 100_000_000)
}

/// 1% to $100k, 2% to $500k, 3% beyond: hundredths of a cent.
fn volume_bands(cents: i64) -> i64 {
    bands(cents, 10_000_000, 50_000_000)
}

/// Once, twice and three times what lies in the first, the second and the third band; nothing below zero.
///
/// The rates of both schedules are as one to two to three, so each is this sum in a unit of its first rate.
fn bands(cents: i64, first_to: i64, second_to: i64) -> i64 {
    let paid = cents.max(0);
    paid + (paid - first_to).max(0) + (paid - second_to).max(0)
}

/// `amount / divisor` rounded to the nearest whole number, halves to the even one.
fn half_even(amount: i64, divisor: i64) -> i64 {
    let whole = amount.div_euclid(divisor);
    let twice_rest = 2 * amount.rem_euclid(divisor);
    whole + i64::from(twice_rest > divisor || (twice_rest == divisor && whole % 2 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::KeyForm, program::DAYS};

    #[test]
    fn halves_go_to_the_even_cent() {
        for (amount, rounded) in [(25, 0), (26, 1), (75, 2), (125, 2), (-25, 0), (-26, -1), (-75, -2), (-125, -2)] {
            assert_eq!(half_even(amount, 50), rounded, "{amount} / 50");
        }
    }

    #[test]
    fn nothing_is_earned_below_zero() {
        assert_eq!(year_bands(-1), 0);
        assert_eq!(volume_bands(-10_000_000), 0);
        assert_eq!(year_bands(100_000_100), 25_000_000 + 2 * 75_000_000 + 3 * 100);
        assert_eq!(volume_bands(50_000_100), 10_000_000 + 2 * 40_000_000 + 3 * 100);
    }

    /// A rep sells once to each of many new customers, in March and in April.
    #[test]
    fn the_cap_cuts_through_a_bounty_and_starts_anew_with_the_quarter() {
        let deal = |number: u32| Deal {
            id: u64::from(number),
            cents: 0,
            partner: 0,
            rep: 0,
            customer: number,
            spiff_units: 0,
            is_sale: true,
            is_registered: false,
        };
        let mut days = vec![Vec::new(); DAYS];
        days[89] = (0..9).map(deal).collect();
        days[90] = (5..12).map(deal).collect();
        let zero = std::time::Duration::ZERO;
        let deals = Deals { days, n_rows: 16, form: KeyForm::Number, decoding: zero, ordering: zero };
        let lines = evaluate(&deals, &Entities::of(vec![false], vec![0]), 70_000);
        let cents: Vec<i64> = lines[1].iter().map(|line| line.cents).collect();
        assert_eq!(cents, [vec![70_000; 7], vec![10_000], vec![70_000; 3]].concat());
    }
}
