//! What the language has and this version does not run is said at its place, and nothing else is said about it.

mod support;

use meed_compiler::Later;
use support::{completed, listed};

/// By refusal: items that need it, and the text under the label. Those that declare records of their own come without the library.
const LATER: &[(Later, &str, &str)] = &[
    (
        Later::IgnoringCase,
        "extend deal { code text ignoring case }  rule r { for each deal  where code is \"A\"  pay partner $1 }",
        "ignoring case",
    ),
    (
        Later::OtherRowsCurrency,
        "rates daily from \"rates.csv\"\nevent order { key id  when ordered_on  partner partner  currency one of USD, EUR  total money in currency }\n\
         rule r { for each order  set n to count of (deal where amount > order.total in USD at closed_on within 90 days) }",
        "order.total",
    ),
    (
        Later::LetInSet,
        "extend deal { reseller optional partner }\nextend partner { least money }\n\
         rule r { for each partner per quarter  let big = least  set n to count of (deal by reseller where amount > big) }",
        "big",
    ),
    (
        Later::TotalPerFoundRow,
        "entity firm { key id  level text dated }\nevent sale { key id  when sold_on  firm firm  net money }\n\
         rule r { for each sale  pay firm bands as net adds up per firm.level per year }",
        "firm.level",
    ),
    (
        Later::AtStartOfOwnYears,
        "balance fund per partner\nrule r { for each partner per year from joined_on  add $5 to fund at start }",
        "add",
    ),
    (
        Later::GuaranteeOfOwnYears,
        "rule r { for each partner per year from joined_on  pay partner 1% of sum of deal.amount  at least $5 per partner per year }",
        "at least",
    ),
    (
        Later::BudgetByDate,
        "rule r { for each deal by rep.certified_until  pay rep 1% of amount  at most $2M per quarter, pro rata }",
        "at most",
    ),
    (
        Later::AgainRowByRow,
        "balance fund per partner\nextend return { deal reverses }\n\
         rule r { for each partner per quarter  add 1% of (sum of amount in (deal by partner within 90 days)) to fund  returns take back what was added }",
        "sum of amount",
    ),
    (
        Later::ProRataRowByRow,
        "extend return { deal reverses }\n\
         rule r { for each partner per quarter  pay partner 1% of (sum of amount in (deal by partner within 90 days))  at most $2M per quarter, pro rata }",
        "sum of amount",
    ),
    (
        Later::StoodInOwnYears,
        "extend return { deal reverses }\n\
         rule r { for each partner per year from joined_on  pay partner 1% of (sum of amount in (deal by partner, as it stood)) }",
        ", as it stood",
    ),
    (
        Later::StoodRowByRow,
        "extend return { deal reverses }\nrule r { for each quote  pay partner 1% of (sum of amount in (deal by partner within 90 days, as it stood)) }",
        ", as it stood",
    ),
    (
        Later::StoodOfLines,
        "rule fee { for each deal  pay partner 1% of amount }\n\
         rule r { for each partner per quarter  pay partner 1% of (sum of payment.amount in (payments from fee, as it stood)) }",
        ", as it stood",
    ),
    (
        Later::RunningInEveryRow,
        "rule r { for each deal  set level to running sum of (amount * (running count per rep per year)) in (deal where registered) per rep per year }",
        "running count per rep per year",
    ),
    (
        Later::RunningWindow,
        "rule r { for each deal  let n = running sum of amount in (deal where registered within 90 days) per partner  pay partner 1% of n }",
        "within 90 days",
    ),
    (
        Later::RunningPayments,
        "rule fee { for each deal  pay partner 1% of amount }\n\
         rule r { for each deal  let n = running sum of amount in (payments from fee) per partner  pay partner 1% of n }",
        "(payments from fee)",
    ),
    (
        Later::RunningOtherEvent,
        "rule r { for each deal  let n = running sum of amount in (quote where quantity > 5) per partner  pay partner 1% of n }",
        "(quote where quantity > 5)",
    ),
    (
        Later::AddsUpInEveryRow,
        "rule r { for each deal  let n = running sum of (bands as amount adds up per partner per year) in (deal where registered) per partner  pay partner 1% of n }",
        "bands as amount",
    ),
    (
        Later::HighestOfSeveral,
        "rule r { for each deal  pay partner bands as (amount - $5) adds up per partner per year at its highest }",
        "at its highest",
    ),
    (
        Later::BeforeThisWithTimes,
        "event order { key id  when ordered_at date and time  partner partner }\nevent visit { key id  when visited_at date and time  partner partner }\n\
         rule r { for each order  set n to count of (visit where visit.partner = this.partner before this) }",
        "before this",
    ),
    (
        Later::TakenBackBySeveral,
        "event one { key id  when one_on  partner partner  reverses (deal where deal.partner = one.partner) }\n\
         event two { key id  when two_on  partner partner  reverses (deal where deal.partner = two.partner) }\n\
         rule r { for each deal  pay partner 1% of amount }",
        "reverses (deal where deal.partner = two.partner)",
    ),
];

#[test]
fn what_comes_later_is_said_at_its_place() {
    let mut failures = String::new();
    for later in Later::ALL {
        assert!(LATER.iter().any(|(known, ..)| known == later), "no program needs {later:?}");
    }
    for (later, items, place) in LATER {
        let bands =
            if items.contains("bands as") { "schedule bands graduated { to $100k 1%   beyond 2% }\n" } else { "" };
        said(*later, &format!("{bands}{items}"), place, &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What is missing is listed, with its reason, from what the compiler refuses; `BLESS=1` writes the list.
#[test]
fn the_page_of_what_works_lists_what_is_refused() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/status.md");
    let page = std::fs::read_to_string(path).expect("docs/status.md");
    let rows: String = Later::ALL.iter().map(|later| format!("| {} | {} |\n", later.what(), later.why())).collect();
    let (before, rest) = page.split_once(HEAD).expect("the head of the list");
    let old = rest.split("\n\n").next().unwrap_or_default();
    let new = format!("{before}{HEAD}{rows}\n{}", &rest[(old.len() + 2).min(rest.len())..]);
    if std::env::var("BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(path, &new).expect("docs/status.md");
    } else {
        assert!(page == new, "docs/status.md does not list what the compiler refuses:\n{rows}");
    }
}

/// Above the list in `docs/status.md`.
const HEAD: &str = "| not supported yet | why |\n| --- | --- |\n";

fn said(later: Later, items: &str, place: &str, failures: &mut String) {
    let text = completed(items).replace("rounded half even", "rounded half even  month ends round down");
    let problems = meed_compiler::compile(&text, &[]).problems;
    let message = format!("{} is not supported yet", later.what());
    let well = problems.len() == 1
        && problems
            .iter()
            .all(|problem| problem.code == "not-supported" && problem.message == message && problem.help.is_some())
        && problems.first().is_some_and(|problem| problem.primary.0.text(&text).starts_with(place));
    if !well {
        let places: Vec<_> = problems.iter().map(|problem| problem.primary.0.text(&text)).collect();
        *failures += &format!("{later:?}: {items}\n  {places:?}\n{}", listed(&problems));
    }
}
