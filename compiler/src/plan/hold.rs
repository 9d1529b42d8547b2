//! Small sums that are held until they are worth a payment.

use super::{FieldId, Period, Plan, RecordId, Type, VersionId};

/// When the lines of a rule are paid out: they are carried in an account until it comes to enough. It changes when they are due, never
/// how much they are. A party has one account in a unit, whatever rules pay into it.
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
    /// The kinds of parties in whose accounts lines of a version are carried.
    pub fn accounts(&self, version: VersionId) -> Vec<RecordId> {
        let Some(hold) = &self.version(version).hold else { return Vec::new() };
        match &hold.per {
            None => self.payee_kinds(version),
            Some((record, path)) => vec![path.iter().fold(*record, |at, field| {
                let field = self.record(at).fields.get(field.index());
                match field.map(|field| field.ty) {
                    Some(Type::Ref(next)) => next,
                    _ => at,
                }
            })],
        }
    }

    /// Whether lines of a version can be carried in the account of another: of the same party, in one unit.
    pub fn share_account(&self, a: VersionId, b: VersionId) -> bool {
        let unit = |id: VersionId| self.version(id).emit().map(|emit| emit.unit);
        let others = self.accounts(b);
        unit(a) == unit(b) && self.accounts(a).iter().any(|kind| others.contains(kind))
    }
}

impl Hold {
    /// Whether two say the same of an account, however they name its party.
    pub fn is_alike(&self, other: &Self) -> bool {
        (self.until, self.paid_per, self.all_at_end) == (other.until, other.paid_per, other.all_at_end)
    }
}
