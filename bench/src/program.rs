//! What program P says, as constants: the calendar of 2026, the rules' names and their numbers.
//!
//! Money is whole cents in `i64`, days count from 2026-01-01. Nothing here reads or writes anything.

/// The text of program P, as `generate` leaves it next to the data.
pub const SOURCE: &str = include_str!("../settlement.meed");

/// The rules in the order of the program; a rule's number is its index plus one.
pub const RULES: [&str; 5] = ["registered_deals", "new_customers", "volume_rebate", "year_accelerator", "family_spiff"];

/// The kind of payee of each rule.
pub const PAYEE_KINDS: [PayeeKind; 5] =
    [PayeeKind::Partner, PayeeKind::Rep, PayeeKind::Partner, PayeeKind::Rep, PayeeKind::Rep];

/// The entities that program P pays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayeeKind {
    /// The company.
    Partner,
    /// A person the company employs.
    Rep,
}

impl PayeeKind {
    /// The entity's name in the program.
    pub fn name(self) -> &'static str {
        match self {
            PayeeKind::Partner => "partner",
            PayeeKind::Rep => "rep",
        }
    }
}

/// 2026-01-01 in days since 1970-01-01.
pub const FIRST_DAY: i32 = 20_454;

/// The days of 2026.
pub const DAYS: usize = 365;

/// The last day of each quarter.
pub const QUARTER_ENDS: [u16; 4] = [89, 180, 272, 364];

/// The quarters as Meed writes periods.
pub const QUARTERS: [&str; 4] = ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"];

/// The quarter of a day, from zero.
pub fn quarter_of(day: u16) -> usize {
    QUARTER_ENDS.iter().take_while(|end| **end < day).count()
}

/// A day of 2026 from a count of days since 1970, or `None` for another year.
pub fn day_of(since_1970: i32) -> Option<u16> {
    u16::try_from(since_1970.checked_sub(FIRST_DAY)?).ok().filter(|day| usize::from(*day) < DAYS)
}

/// 2026-04-06, the first day of the SPIFF.
pub const SPIFF_FROM: u16 = 95;

/// 2026-05-17, the last day of the SPIFF.
pub const SPIFF_TO: u16 = 136;

/// The families of the SPIFF.
pub const SPIFF_FAMILIES: [&str; 3] = ["FAM-03", "FAM-07", "FAM-11"];

/// $25, what the SPIFF pays per unit.
pub const SPIFF_CENTS: i64 = 2_500;

/// $1,000, the least amount of a registered deal that pays.
pub const REGISTERED_FROM: i64 = 100_000;

/// $5,000, the most a rep earns by new customers in a quarter.
pub const BOUNTY_CAP: i32 = 500_000;
