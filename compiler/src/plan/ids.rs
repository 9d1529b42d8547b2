//! The ids of the Plan: what is named by its place in a list.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A unit of payment.
    UnitId
    /// An entity or event.
    RecordId
    /// A field of a record.
    FieldId
    /// A list of `one of`.
    ChoiceId
    /// Texts or ids that can be compared with one another.
    DomainId
    /// A schedule.
    ScheduleId
    /// A decision table.
    TableId
    /// A test on texts.
    PredicateId
    /// The key of states.
    KeyId
    /// A keyed state.
    StateId
    /// Rows that belong to a row.
    MatchId
    /// An aggregate of these.
    FoldId
    /// A set that is found for each row.
    SearchId
    /// A choice between rules.
    StackingId
    /// A balance.
    BalanceId
    /// A limit over several rules.
    SharedLimitId
    /// A decision.
    DecisionId
    /// A rule, which has versions.
    RuleId
    /// A version of a rule.
    VersionId
    /// A `let` or `set` within its rule.
    LocalId
}

impl UnitId {
    /// That of the program's currency.
    pub const CURRENCY: Self = Self(0);
}
