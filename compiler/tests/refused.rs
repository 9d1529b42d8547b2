//! More ways to make each mistake than its page shows: the code, and the text under the label.

mod support;

use support::{completed, listed};

/// In a rule over deals.
const IN_DEALS: &[(&str, &str, &str)] = &[
    ("where amount   pay partner $5", "type-mismatch", "amount"),
    ("where quantity >= $5   pay partner $5", "type-mismatch", "$5"),
    ("where closed_on > 5   pay partner $5", "type-mismatch", "5"),
    ("where partner > \"ACME\"   pay partner $5", "type-mismatch", "\"ACME\""),
    ("where amount contains \"5\"   pay partner $5", "type-mismatch", "amount"),
    ("where registered > no   pay partner $5", "type-mismatch", ">"),
    ("where partner is rep   pay partner $5", "type-mismatch", "rep"),
    ("pay partner registered * $5", "type-mismatch", "registered"),
    ("pay partner $5 * \"five\"", "type-mismatch", "\"five\""),
    ("pay partner amount + 5", "type-mismatch", "5"),
    ("pay partner amount + 5%", "type-mismatch", "5%"),
    ("pay partner amount of 5%", "type-mismatch", "amount"),
    ("pay partner amount * amount", "money-times-money", "*"),
    ("pay partner amount of amount", "money-times-money", "of"),
    ("pay partner quantity / amount * $5", "type-mismatch", "amount"),
    ("pay partner amount / (5 - 5)", "division-by-zero", "5 - 5"),
    ("pay partner closed_on - 2026-01-01", "type-mismatch", "-"),
    ("pay partner quantity", "not-money", "quantity"),
    ("pay partner 5", "not-money", "5"),
    ("pay registered $5", "not-a-payee", "registered"),
    ("pay deal $5", "not-a-payee", "deal"),
    ("pay nobody_here $5", "unknown-name", "nobody_here"),
    ("pay (rep if registered) $5", "missing-otherwise", "if registered"),
    ("pay (rep if registered, otherwise partner) $5", "", ""),
    ("pay (rep if amount, otherwise partner) $5", "type-mismatch", "amount"),
    ("pay (rep if registered, otherwise registered) $5", "type-mismatch", "registered"),
    ("pay (rep if registered, otherwise deal) $5", "not-a-payee", "deal"),
    ("pay (rep if registered, otherwise gone) $5", "unknown-name", "gone"),
    ("pay (rep if registered, otherwise \"ACME\") $5", "type-mismatch", "\"ACME\""),
    ("pay (rep if registered, otherwise partner) $5   at most $5 per rep.level per year", "unknown-name", "level"),
    ("pay partner.nam $5", "unknown-name", "nam"),
    ("pay partner $5   at most 5% per partner per year", "not-money", "5%"),
    ("pay partner $5   at most $5 per amount", "bad-key", "amount"),
    ("pay partner $5   at most $5 per partner per month per year", "duplicate-clause", "year"),
    ("pay partner $5   at most $5 per partner.level per year", "unknown-not-handled", "partner.level"),
    ("first per quantity ever   pay partner $5", "", ""),
    ("first per quantity   pay partner $5", "first-without-period", "first per quantity"),
    ("first per year   pay partner $5", "bad-key", "first per year"),
    ("let amount = $5   pay partner amount", "duplicate-name", "amount"),
    ("let x = $5   let x = $6   pay partner x", "duplicate-name", "x"),
    ("let x = [1, 2]   pay partner $5", "misplaced-value", "[1, 2]"),
    ("let x = product.price   pay partner x", "unknown-not-handled", "x"),
    ("pay partner product.price", "unknown-not-handled", "product.price"),
    ("pay partner product.price, unknown means nobody", "", ""),
    ("pay partner product.price, unknown means 0", "", ""),
    ("pay partner product.price, unknown means yes", "unknown-means", ", unknown means yes"),
    ("pay rep.manager $5", "unknown-not-handled", "rep.manager"),
    ("where product.price > $5   pay partner $5", "unknown-not-handled", "product.price > $5"),
    ("where product.price is known   pay partner product.price", "", ""),
    ("where product.price > $5, unknown means 0   pay partner $5", "unknown-means", ", unknown means 0"),
    (
        "pay partner (5% if amount > $5, otherwise 0%) * quantity",
        "not-money",
        "(5% if amount > $5, otherwise 0%) * quantity",
    ),
    ("pay partner $5 if registered, otherwise 5%", "type-mismatch", "5%"),
    ("pay partner bands(amount, amount)", "argument-count", "bands(amount, amount)"),
    ("pay partner bands(quantity)", "type-mismatch", "quantity"),
    ("pay partner bands as quantity adds up per rep per year", "type-mismatch", "quantity"),
    (
        "let x = bands as amount adds up per rep per year   where registered   pay partner x",
        "clause-order",
        "bands as amount adds up per rep per year",
    ),
    ("pay partner rate of amount", "unknown-name", "rate"),
    ("pay partner amount rounded half even to multiples of $0", "not-a-literal", "$0"),
    ("pay partner $5 * (quantity rounded upward)", "missing-decimals", "rounded upward"),
    ("where closed_on + amount days > 2026-01-01   pay partner $5", "type-mismatch", "amount"),
    ("where closed_on between 2026-13-01 and 2026-12-31   pay partner $5", "no-such-day", "2026-13-01"),
    ("where payment.amount > $5   pay partner $5", "unknown-name", "payment"),
    ("active 2026-06-30 to 2026-01-01   pay partner $5", "empty-range", "active 2026-06-30 to 2026-01-01"),
    ("active from 5   pay partner $5", "type-mismatch", "5"),
    ("pay partner $5   let x = 5", "clause-order", "let x = 5"),
    ("at most $5 per rep per year", "clause-order", "at most $5 per rep per year"),
    ("where closed_on < 2026-01-01   pay partner $5", "never-holds", "closed_on < 2026-01-01"),
    ("where amount > $5   where amount < $3   pay partner $5", "never-holds", "amount < $3"),
    ("where registered and not registered   pay partner $5", "never-holds", "not registered"),
    ("where amount > $5 or amount < $3   pay partner $5", "", ""),
    ("where quantity = 1 and quantity != 1   pay partner $5", "never-holds", "quantity != 1"),
    ("where 5 < quantity and quantity in [1, 2, 3]   pay partner $5", "never-holds", "quantity in [1, 2, 3]"),
    (
        "where closed_on between 2026-03-01 and 2026-02-01   pay partner $5",
        "never-holds",
        "closed_on between 2026-03-01 and 2026-02-01",
    ),
    ("pay partner 0% of amount", "never-pays", "0% of amount"),
    ("pay partner $5   at most $0", "never-pays", "$0"),
];

/// In a rule per partner and quarter.
const IN_QUARTERS: &[(&str, &str, &str)] = &[
    ("pay partner sum of deal.registered", "type-mismatch", "sum of deal.registered"),
    ("pay partner largest of deal.partner", "type-mismatch", "largest of deal.partner"),
    ("pay partner average of deal.amount", "unknown-not-handled", "average of deal.amount"),
    ("pay partner sum of deel.amount", "unknown-record", "deel"),
    ("pay partner sum of amount in payments from nothing", "unknown-rule", "nothing"),
    ("pay partner sum of amount in (deal previous decade)", "unknown-period", "decade"),
    ("pay partner sum of amount in (deal by rep)", "type-mismatch", "rep"),
    ("pay partner sum of amount in (deal where product.price > $5)", "unknown-not-handled", "product.price > $5"),
    ("pay partner sum of amount in (deal where amount > $5 and amount < $3)", "never-holds", "amount < $3"),
    ("pay partner $5   at least $5 per partner", "missing-period", "at least $5 per partner"),
    ("pay partner $5   at least $5 per partner per month", "unknown-period", "at least $5 per partner per month"),
    ("pay partner $5   at least $5 per level per quarter", "unknown-not-handled", "level"),
    (
        "pay partner running sum of deal.amount per partner per year",
        "running-in-period-rule",
        "running sum of deal.amount per partner per year",
    ),
];

/// Items by themselves.
const ITEMS: &[(&str, &str, &str)] = &[
    ("schedule s graduated { }", "schedule-end", "s"),
    ("schedule s graduated { to $5 1%   beyond 2%   to $7 3% }", "schedule-end", "beyond 2%"),
    ("schedule s graduated { to $5 1%   from $7 2%   beyond 3% }", "schedule-form", "from $7 2%"),
    ("schedule s graduated { to $5 flat   beyond 3% }", "schedule-form", "flat"),
    ("schedule s graduated { to $5 1% each   beyond 3% }", "schedule-form", "each"),
    ("schedule s graduated { to $5 $1 plus $2   beyond 3% }", "schedule-form", "$2"),
    ("schedule s graduated { to $5 1% plus 2%   beyond 3% }", "schedule-form", "2%"),
    ("schedule s graduated { to $5 1%   to 7 2%   beyond 3% }", "schedule-mixed", "7"),
    ("schedule s graduated { to $5 $1 each   beyond $2 each }", "schedule-mixed", "s"),
    ("schedule s graduated { to -$5 1%   beyond 2% }", "bounds-not-rising", "-$5"),
    ("schedule s graduated { to amount 1%   beyond 2% }", "unknown-name", "amount"),
    ("schedule s graduated { to 5 1   beyond 2 }", "missing-percent", "1"),
    ("schedule s(a text) graduated { to a 1%   beyond 2% }", "type-mismatch", "text"),
    ("schedule s curve { at 80% pays 50%   beyond flat }", "schedule-end", "s"),
    ("schedule s curve { below 80% 0%   at 80% pays $5   beyond flat }", "schedule-mixed", "$5"),
    ("schedule s curve { below 80% 0%   at 80% pays 5%   at 70% pays 6%   beyond flat }", "bounds-not-rising", "70%"),
    ("schedule s graduated { every 0 started pays $5 }", "bounds-not-rising", "0"),
    ("schedule s graduated { every 5 started pays $5   beyond 2% }", "schedule-form", "beyond 2%"),
    ("schedule s retroactive { below $5 none   beyond 0% }", "never-pays", "s"),
    ("parameter p = partner", "unknown-name", "partner"),
    ("parameter p = 2%\nparameter p = 3%", "duplicate-name", "p"),
    ("parameter p = p", "unknown-name", "p"),
    ("parameter p = [1, [2]]", "misplaced-value", "[2]"),
    ("parameter p = [1, 2.5]", "", ""),
    ("parameter p = [1, 2%]", "type-mismatch", "2%"),
    ("parameter p = [1]\nrule r { for each deal   where quantity in [p]   pay partner $5 }", "misplaced-value", "p"),
    ("parameter p = [1]\nrule r { for each deal   pay partner $5 * p }", "misplaced-value", "p"),
    (
        "parameter p = 2%\nrule r { for each deal   pay partner $5 rounded half even to p decimals }",
        "not-a-literal",
        "p",
    ),
    ("rule r { for each deal   pay partner $5 rounded half even to quantity decimals }", "not-a-literal", "quantity"),
    ("rule r { for each deal   where quantity in rep.manager   pay partner $5 }", "list-brackets", "rep.manager"),
    ("rule r { for each deal   where partner in partner   pay partner $5 }", "list-brackets", "partner"),
    ("extend deal { amount money }", "duplicate-name", "amount"),
    ("extend deel { margin money }", "unknown-record", "deel"),
    ("entity partner { key id }", "duplicate-name", "partner"),
    ("event e { key id   key other text   when happened_on }", "duplicate-clause", "key other text"),
    ("event e { key id   when happened_on   when told_on }", "duplicate-clause", "when told_on"),
    ("event e { key id   when happened_on   amount money as \"pretty\" }", "unknown-format", "\"pretty\""),
    ("event e { key id   when happened_on   ok yes/no as \"Y\" }", "unknown-format", "\"Y\""),
    ("event e { key id   when happened_on   share percent as \"1%\" }", "unknown-format", "\"1%\""),
    ("event e { key id   when happened_on   name text as \"x\" }", "unknown-format", "\"x\""),
    ("event e { key id   when happened_on   state one of a, b as \"x\" }", "unknown-format", "\"x\""),
    ("event e { key (id, id)   when happened_on }", "duplicate-name", "id"),
    ("entity m from nothing { key id }", "unknown-record", "nothing"),
    ("entity e { key id   state one of known, other }", "reserved-name", "known"),
    ("schedule s(flat money) graduated { to flat 1%   beyond 2% }", "reserved-name", "flat"),
    (
        "program a { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\nprogram b { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }",
        "duplicate-name",
        "b",
    ),
    (
        "program a { currency USD rounded half even   active from 2026-01-01 }",
        "missing-clause",
        "active from 2026-01-01",
    ),
    ("test \"t\" { given deel D1 { }   expect no other payments }", "unknown-record", "deel"),
    ("test \"t\" { given deal D1 { amuont $5 }   expect no other payments }", "unknown-name", "amuont"),
    ("test \"t\" { given deal D1 { amount 5 }   expect no other payments }", "type-mismatch", "5"),
    ("test \"t\" { given deal D1 { registered \"yes\" }   expect no other payments }", "type-mismatch", "\"yes\""),
    ("test \"t\" { through 5   expect no other payments }", "type-mismatch", "5"),
    ("test \"t\" { expect nothing pays ACME $5 }", "unknown-rule", "nothing"),
    ("rule r { for each deal   pay partner $5 }\ntest \"t\" { expect r pays ACME 5% }", "not-money", "5%"),
    ("rule r { for each deal   set share to 5% }\ntest \"t\" { expect shares of D1 is 5% }", "unknown-name", "shares"),
    ("rule r { for each deal   set share to 5% }\ntest \"t\" { expect share of D1 is yes }", "type-mismatch", "yes"),
    ("rule r { pay partner $5 }", "missing-clause", "r"),
    ("rule r { for each deal }", "missing-clause", "r"),
    ("rule r { for each payment from r   pay payment.payee $5 }", "rule-cycle", "r"),
];

/// In a rule over deals, with balances of partners, of people and of the program.
const ON_BALANCES: &[(&str, &str, &str)] = &[
    ("add amount to mdf", "", ""),
    ("add 5 to mdf", "not-money", "5"),
    ("add 2% to mdf", "not-money", "2%"),
    ("add product.price to mdf", "unknown-not-handled", "product.price"),
    ("add amount to mfd", "unknown-balance", "mfd"),
    ("add amount to debt", "", ""),
    ("add amount to mdf of rep", "whose-balance", "rep"),
    ("add amount to mdf of rep.employer", "unknown-not-handled", "rep.employer"),
    ("add amount to pot of partner", "whose-balance", "partner"),
    ("add amount to mdf at start", "bad-add", "at start"),
    ("add amount to mdf until 5", "type-mismatch", "5"),
    ("add amount to debt until closed_on + 5 days", "bad-add", "closed_on + 5 days"),
    ("add amount to mdf   at most $5", "clause-order", "at most $5"),
    ("add amount to mdf   hold until $5 per partner", "clause-order", "hold until $5 per partner"),
    ("pay rep $9   add amount to mdf   at most $5", "limit-behind-add", "at most $5"),
    ("pay rep $9   at most $5   add amount to mdf", "", ""),
    ("pay partner take amount from mdf", "", ""),
    ("pay partner take amount from mdf and pot", "", ""),
    ("pay partner take amount from mdf and mdf", "bad-take", "mdf"),
    ("pay partner 2 * take amount from mdf", "bad-take", "take amount from mdf"),
    ("let got = take amount from mdf   where amount > $5   pay partner got", "bad-take", "where amount > $5"),
    ("let got = take amount from mdf   pay partner got   at most $5", "bad-take", "at most $5"),
    ("let got = take amount from mdf   pay rep.manager got, unknown means nobody", "bad-take", "rep.manager"),
    ("let got = take amount from mdf, unknown means 0   pay partner got", "unknown-means", ", unknown means 0"),
    ("where mdf > $5   pay partner $5", "misplaced-value", "mdf"),
    ("where balance of mdf > $5   pay partner $5", "", ""),
    ("where count of (deal where balance of pot > $5) > 1   pay partner $5", "bad-take", "pot"),
];

/// The same in a rule per partner and quarter.
const ON_BALANCES_OF_QUARTERS: &[(&str, &str, &str)] = &[
    ("add 2% of (sum of deal.amount) to mdf", "", ""),
    ("add 2% of (sum of deal.amount) to mdf at start", "bad-add", "sum of deal.amount"),
    ("add 2% of (sum of amount in (deal previous quarter)) to mdf at start", "", ""),
    ("add $5 to mdf at start   add $5 to pot", "bad-add", "add $5 to pot"),
    ("add $5 to debt", "whose-balance", "debt"),
    ("ranked by sum of deal.amount   add $5 to mdf", "bad-contest", "ranked by sum of deal.amount"),
];

/// In a rule per partner and quarter.
const CONTESTS: &[(&str, &str, &str)] = &[
    ("ranked by sum of deal.amount   pay partner $5", "bad-contest", "ranked by sum of deal.amount"),
    ("ranked by sum of deal.amount   set place to rank", "", ""),
    ("keep top 3   ranked by sum of deal.amount, keep rank   pay partner $5", "bad-contest", "keep top 3"),
    ("keep top 3   pay partner $5", "bad-contest", "keep top 3"),
    ("ranked by count of deal, keep rank   keep top 0   pay partner $5", "bad-contest", "0"),
    ("ranked by count of deal, keep rank   keep top 10%   pay partner $5", "bad-contest", "10%"),
    (
        "ranked by count of deal, keep rank   ranked by count of deal, keep rank   pay partner $5",
        "duplicate-clause",
        "ranked by count of deal, keep rank",
    ),
    ("where rank < 3   ranked by count of deal, keep rank   pay partner $5", "bad-contest", "rank"),
    ("ranked by count of deal, keep rank   let rank = 3   pay partner $5 * rank", "bad-contest", "rank"),
    (
        "ranked by largest of deal.amount if unknown $0, to the earliest   pay partner $5",
        "bad-contest",
        "to the earliest",
    ),
    ("ranked by largest of deal.amount, keep rank   pay partner $5", "unknown-not-handled", "largest of deal.amount"),
    (
        "ranked by count of deal, share prizes   pay partner 5% of (sum of deal.amount)",
        "bad-contest",
        "sum of deal.amount",
    ),
    ("let n = count of deal   ranked by n, share prizes   pay partner $5 * n / rank", "", ""),
];

#[test]
fn each_mistake_is_found_at_its_place() {
    let bands = "schedule bands graduated { to $100k 1%   beyond 2% }\n";
    let mut failures = String::new();
    for (clause, code, place) in IN_DEALS {
        found(&format!("{bands}rule r {{ for each deal   {clause} }}"), code, place, &mut failures);
    }
    for (clause, code, place) in IN_QUARTERS {
        found(&format!("{bands}rule r {{ for each partner per quarter   {clause} }}"), code, place, &mut failures);
    }
    for (item, code, place) in ITEMS {
        found(item, code, place, &mut failures);
    }
    let balances = "balance mdf per partner expires after 2 quarters\nbalance pot\nbalance debt per person may be negative\n\
                    rule fill { for each deal   add $1 to mdf   add $1 to pot }\n";
    for (clause, code, place) in ON_BALANCES {
        found(&format!("{bands}{balances}rule r {{ for each deal   {clause} }}"), code, place, &mut failures);
    }
    for (clause, code, place) in ON_BALANCES_OF_QUARTERS {
        found(
            &format!("{bands}{balances}rule r {{ for each partner per quarter   {clause} }}"),
            code,
            place,
            &mut failures,
        );
    }
    for (clause, code, place) in CONTESTS {
        found(&format!("{bands}rule r {{ for each partner per quarter   {clause} }}"), code, place, &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_value_set_for_a_run_is_told_of_at_its_parameter() {
    let text = completed("parameter bounty = $500\nrule r { for each deal   pay rep bounty }");
    let cases = [
        ("$700", ""),
        ("7%", "`bounty` is an amount of money, not a percent"),
        (
            "€700",
            "the value `€700` for parameter `bounty` cannot be taken: `€` is not the sign of USD, the program's currency",
        ),
        (
            "2026-02-30",
            "the value `2026-02-30` for parameter `bounty` cannot be taken: `2026-02-30` is no day of the calendar",
        ),
    ];
    for (value, message) in cases {
        let problems = meed_compiler::compile(&text, &[("bounty".to_owned(), value.to_owned())]).problems;
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.join("; "), message);
        assert!(problems.iter().all(|problem| problem.primary.0.text(&text) == "bounty"));
    }
}

/// Exactly this mistake, or none where the code is empty.
fn found(snippet: &str, code: &str, place: &str, failures: &mut String) {
    let text = completed(snippet);
    let problems = meed_compiler::compile(&text, &[]).problems;
    let said: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code, problem.primary.0.text(&text))).collect();
    let wanted: Vec<(&str, &str)> = if code.is_empty() { Vec::new() } else { vec![(code, place)] };
    if said != wanted {
        *failures += &format!("{snippet}\n  found {said:?}\n  not   {wanted:?}\n{}", listed(&problems));
    }
}
