//! Small sums that are held until they are worth a payment.

use super::{FieldId, Period, Plan, RecordId, Version};

/// When the lines of a rule are paid out: they are carried in an account until it comes to enough. It changes when they are due, never
/// how much they are. Rules that name the same party in one unit have one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// Whose account a line is carried in: whoever is paid, or the party to which a path of the payee, of this record, leads.
    pub per: Option<(RecordId, Vec<FieldId>)>,
    /// From how many smallest units on the account is paid out.
    pub until: i64,
    /// The periods at whose ends alone the account is looked at.
    pub paid_per: Option<Period>,
    /// Whether what is carried at the end of the program is paid out then.
    pub all_at_end: bool,
}

impl Plan {
    /// Whether lines of a version are carried in the account of another.
    pub fn share_account(&self, a: &Version, b: &Version) -> bool {
        let (Some(one), Some(other)) = (&a.hold, &b.hold) else { return false };
        let unit = |version: &Version| version.emit().map(|emit| emit.unit);
        one.per == other.per && unit(a) == unit(b)
    }
}
