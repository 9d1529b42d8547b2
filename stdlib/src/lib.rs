//! The Meed standard library, written in Meed.
//!
//! Each library is one `.meed` file beside this one, embedded here; a program takes it in with `use NAME`. The vocabulary declares
//! records. The others hold rules, and need some names that only the program can give a meaning: rates, bands, limits.

#![cfg_attr(
    not(test),
    deny(
        clippy::cast_lossless,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

/// A library.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// Its name behind `use`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// What its rules need the program to declare.
    pub needs: &'static [Need],
}

impl Library {
    /// Whether it holds rules, and is read as a file of the program.
    pub fn has_rules(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("rule "))
    }
}

/// A name that a program declares for a library.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// What is declared.
    pub kind: NeedKind,
    /// Its name.
    pub name: &'static str,
    /// A declaration, with terms that are an example: what the program declares is of its form.
    pub example: &'static str,
}

/// What is declared for a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedKind {
    /// A parameter.
    Parameter,
    /// A schedule, or a decision table.
    Schedule,
    /// A balance.
    Balance,
    /// A rule.
    Rule,
}

const fn parameter(name: &'static str, example: &'static str) -> Need {
    Need { kind: NeedKind::Parameter, name, example }
}

const fn schedule(name: &'static str, example: &'static str) -> Need {
    Need { kind: NeedKind::Schedule, name, example }
}

const fn balance(name: &'static str, example: &'static str) -> Need {
    Need { kind: NeedKind::Balance, name, example }
}

const fn rule(name: &'static str, example: &'static str) -> Need {
    Need { kind: NeedKind::Rule, name, example }
}

/// The libraries.
#[rustfmt::skip]
const LIBRARIES: &[Library] = &[
    Library { name: "channel", text: include_str!("channel.meed"), needs: &[] },
    Library { name: "volume_rebate", text: include_str!("volume_rebate.meed"), needs: &[schedule("rebate_bands", "schedule rebate_bands graduated { to $100k 1%  beyond 2% }")] },
    Library { name: "growth_rebate", text: include_str!("growth_rebate.meed"), needs: &[parameter("growth_rate", "parameter growth_rate = 3%")] },
    Library { name: "development_fund", text: include_str!("development_fund.meed"), needs: &[balance("fund", "balance fund per partner expires after 2 quarters"), parameter("fund_rate", "parameter fund_rate = 2%"), parameter("fund_share", "parameter fund_share = 50%")] },
    Library { name: "price_discount", text: include_str!("price_discount.meed"), needs: &[schedule("discount", "table discount(level, family, quantity) gives percent, one match { … }")] },
    Library { name: "training_minimum", text: include_str!("training_minimum.meed"), needs: &[parameter("certified_minimum", "parameter certified_minimum = 2")] },
    Library { name: "registration_bonus", text: include_str!("registration_bonus.meed"), needs: &[parameter("registration_rate", "parameter registration_rate = 5%"), parameter("registration_days", "parameter registration_days = 90"), parameter("registration_limit", "parameter registration_limit = $2,500")] },
    Library { name: "training_bounty", text: include_str!("training_bounty.meed"), needs: &[schedule("course_bounty", "table course_bounty(course) gives money, one match { … }"), parameter("training_limit", "parameter training_limit = $500")] },
    Library { name: "goal_bonus", text: include_str!("goal_bonus.meed"), needs: &[schedule("attainment", "schedule attainment curve nothing below zero { below 60% 0%  at 60% pays 30%  at 100% pays 100%  beyond flat }")] },
    Library { name: "target_prospects", text: include_str!("target_prospects.meed"), needs: &[parameter("engagement_bounty", "parameter engagement_bounty = $75"), parameter("engagement_limit", "parameter engagement_limit = $600")] },
    Library { name: "introduction_bounty", text: include_str!("introduction_bounty.meed"), needs: &[parameter("introduction_amount", "parameter introduction_amount = $500"), parameter("introduction_days", "parameter introduction_days = 180")] },
    Library { name: "placement_bonus", text: include_str!("placement_bonus.meed"), needs: &[parameter("placement_amount", "parameter placement_amount = $100"), parameter("placement_rate", "parameter placement_rate = 2%"), parameter("placement_days", "parameter placement_days = 120")] },
    Library { name: "manager_override", text: include_str!("manager_override.meed"), needs: &[parameter("override_rate", "parameter override_rate = 1%")] },
    Library { name: "named_advisor", text: include_str!("named_advisor.meed"), needs: &[parameter("named_rate", "parameter named_rate = 5%"), parameter("named_days", "parameter named_days = 365")] },
    Library { name: "credit_first_touch", text: include_str!("credit_first_touch.meed"), needs: CREDIT },
    Library { name: "credit_last_touch", text: include_str!("credit_last_touch.meed"), needs: CREDIT },
    Library { name: "credit_equal_shares", text: include_str!("credit_equal_shares.meed"), needs: CREDIT },
    Library { name: "credit_by_position", text: include_str!("credit_by_position.meed"), needs: CREDIT },
    Library { name: "credit_time_decay", text: include_str!("credit_time_decay.meed"), needs: CREDIT },
    Library { name: "credit_linear_decay", text: include_str!("credit_linear_decay.meed"), needs: CREDIT },
    Library { name: "credit_in_full", text: include_str!("credit_in_full.meed"), needs: CREDIT },
    Library { name: "influence", text: include_str!("influence.meed"), needs: &[rule("referral_fee", "use credit_equal_shares")] },
];

/// What every credit model needs.
const CREDIT: &[Need] = &[
    parameter("referral_rate", "parameter referral_rate = 5%"),
    parameter("referral_days", "parameter referral_days = 180"),
];

/// The library of this name.
///
/// ```
/// assert!(meed_stdlib::library("channel").is_some_and(|library| library.text.contains("event deal")));
/// assert!(meed_stdlib::library("volume_rebate").is_some_and(|library| library.has_rules()));
/// assert!(meed_stdlib::library("chanel").is_none());
/// ```
pub fn library(name: &str) -> Option<&'static Library> {
    LIBRARIES.iter().find(|known| known.name == name)
}

/// The vocabulary that declares this record.
///
/// ```
/// assert_eq!(meed_stdlib::home("deal"), Some("channel"));
/// assert_eq!(meed_stdlib::home("goal"), None);
/// ```
pub fn home(record: &str) -> Option<&'static str> {
    let declares = |line: &str| {
        let rest = line.strip_prefix("event ").or_else(|| line.strip_prefix("entity "));
        rest.is_some_and(|rest| rest.split([' ', '{']).next() == Some(record))
    };
    LIBRARIES.iter().find(|known| !known.has_rules() && known.text.lines().any(declares)).map(|known| known.name)
}

/// All libraries.
pub fn libraries() -> impl Iterator<Item = &'static Library> {
    LIBRARIES.iter()
}
