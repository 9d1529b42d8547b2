//! Tests.

use super::*;
use crate::span::Span;
use serde::Serialize;

/// `test "title" { … }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Test {
    /// Its title.
    pub title: Text,
    /// Its lines, in order.
    pub steps: Vec<TestStep>,
    /// The whole item.
    pub span: Span,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestStep {
    /// What it says.
    pub kind: TestStepKind,
    /// Its place.
    pub span: Span,
}

/// What a line of a test says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStepKind {
    /// `given deal D1 { partner ACME  amount $10 }`
    Given {
        /// The record.
        record: Name,
        /// Its key: a name, a number or a text; several in brackets for a composite key.
        key: Vec<TestKey>,
        /// `from D to D`: the days of its dated fields.
        days: Option<Box<(Expr, Option<Expr>)>>,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
    /// `given deal from "deals.csv"`
    GivenFrom {
        /// The record.
        record: Name,
        /// The file.
        file: Text,
    },
    /// `through DATE`
    Through(Expr),
    /// `with parameter = value`
    With {
        /// The parameter.
        parameter: Name,
        /// Its value.
        value: Expr,
    },
    /// `expect RULE pays PAYEE AMOUNT [for KEY] [in PERIOD]`
    Pays {
        /// The rule.
        rule: Name,
        /// Who.
        payee: Vec<TestKey>,
        /// How much.
        amount: Expr,
        /// `for KEY`
        for_key: Option<Vec<TestKey>>,
        /// `in 2026-Q1`: the period as written
        in_period: Option<Text>,
    },
    /// `expect RULE does not pay [PAYEE] [for KEY] [in PERIOD]`
    DoesNotPay {
        /// The rule.
        rule: Name,
        /// Who; missing means anybody.
        payee: Option<Vec<TestKey>>,
        /// `for KEY`
        for_key: Option<Vec<TestKey>>,
        /// `in 2026-Q1`
        in_period: Option<Text>,
    },
    /// `expect no other payments`
    NoOtherPayments,
    /// `expect NAME of KEY [in PERIOD] is VALUE`
    Decides {
        /// The decision.
        name: Name,
        /// Of which event or entity.
        key: Vec<TestKey>,
        /// `in 2026-Q1`
        in_period: Option<Text>,
        /// The value; missing for `is unknown`.
        value: Option<Expr>,
    },
    /// `expect balance of NAME [of KEY] is AMOUNT`
    Balance {
        /// The balance.
        name: Name,
        /// Whose.
        key: Option<Vec<TestKey>>,
        /// How much is left.
        value: Expr,
    },
    /// `expect KEY rejected`
    Rejected(Vec<TestKey>),
    /// `expect totals from "totals.csv"`
    TotalsFrom(Text),
}

/// A key in a test: a name, a number or a text, compared as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestKey {
    /// The key's text.
    pub text: String,
    /// Its place.
    pub span: Span,
}
