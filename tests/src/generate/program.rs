//! Whole programs.

use super::Draw;
use super::balance::{balance_rules, contest_rule};
use super::expression::{Kind, Scope, Source, literal};
use super::head::{closed_and_returned, head};
use super::schedule::{Schedule, schedule};
use super::table::{Table, table};

const RECORDS: &str = "
entity region { key id  name text  target optional money  open yes/no }
entity agency { key id  region optional region  grade optional number  rank one of low, mid, high  since date  quota money  tag optional text }
entity person { key id  agency optional agency  rate percent  joined optional date  level one of junior, senior, lead  share optional percent  boss optional person  stars count dated }
unit points whole, rounded half even
event sale {
  key id  when sold_on  person person  helper optional person  amount money  bonus optional money  units count
  weight number  rate percent  price money to 4 decimals  stage one of won, lost, open  ok yes/no  flag optional yes/no
  note text  tag optional text  due optional date  customer id
  worth points  paid_in one of USD, EUR, JPY  cash money in paid_in  mentor optional person if there
}
";

/// A random program.
pub fn program(draw: &mut Draw) -> String {
    let mut text = head(draw);
    text += RECORDS;
    let schedules: Vec<Schedule> = (0..4).map(|idx| schedule(draw, &format!("plan_{idx}"))).collect();
    for schedule in &schedules {
        text += &format!("{}\n", schedule.text);
    }
    let tables: Vec<Table> = (0..2).map(|idx| table(draw, &format!("sheet_{idx}"))).collect();
    for table in &tables {
        text += &format!("{}\n", table.text);
    }
    text += &format!("parameter floor = {}\n", literal(draw, Kind::Money));
    let period = draw.pick(&["month", "quarter", "half"]);
    text += &read_by_others(draw, period);
    let mut paying = Vec::new();
    let others = others(draw, period);
    let mut decided = Vec::new();
    for idx in 0..draw.between(2, 4) {
        let name = format!("sale_rule_{idx}");
        text += &sale_rule(draw, &name, &schedules, &tables, &others, &mut decided);
        paying.push(name);
    }
    for idx in 0..draw.between(1, 2) {
        text += &period_rule(draw, &format!("period_rule_{idx}"), &schedules, &paying);
    }
    if draw.chance(40) {
        text += &points_rule(draw);
    }
    if draw.chance(40) {
        text += &cash_rule(draw);
    }
    if draw.chance(50) {
        text += &choice(draw, &schedules);
    }
    if draw.chance(60) {
        text += &split_rule(draw, &schedules);
    }
    if draw.chance(40) {
        text += &chain_rule(draw, &schedules);
    }
    if draw.chance(15) {
        text += &balance_rules(draw, &sale_scope(&schedules));
    }
    if draw.chance(15) {
        text += &contest_rule(draw);
    }
    if draw.chance(30) {
        let split = text.contains("rule split_rule").then_some("split_rule");
        text += &shared_limit(draw, "together", &paying, split, period);
        if draw.chance(40) {
            text += &shared_limit(draw, "once_more", &paying[..1], split, period);
        }
    }
    if draw.chance(70) {
        text += &payment_rule(draw, &paying, &schedules, &decided);
    }
    let text = closed_and_returned(draw, text);
    if text.contains("currency BHD") { in_dinars(&text) } else { text }
}

/// The same amounts with the code of another currency behind them.
fn in_dinars(text: &str) -> String {
    let mut parts = text.split('$');
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(part.len());
        changed += &format!("{} BHD{}", &part[..end], &part[end..]);
    }
    changed
}

fn sale_scope(schedules: &[Schedule]) -> Scope {
    let mut scope = Scope { schedules: schedules.to_vec(), ..Scope::default() };
    scope.add(Kind::Money, &["amount", "price", "floor"], false);
    scope.add(Kind::Money, &["bonus", "person.agency.quota", "person.agency.region.target"], true);
    scope.add(Kind::Percent, &["rate", "person.rate"], false);
    scope.add(Kind::Percent, &["person.share", "helper.rate", "helper.share"], true);
    scope.add(Kind::Count, &["units"], false);
    scope.add(Kind::Number, &["weight"], false);
    scope.add(Kind::Number, &["person.agency.grade"], true);
    scope.add(Kind::Count, &["person.stars", "helper.stars", "mentor.stars"], true);
    scope.add(Kind::Count, &["(lowest of person.stars from sold_on to (sold_on + 40 days))"], true);
    scope.add(
        Kind::Count,
        &["(highest of helper.stars from 2026-03-01 to sold_on)", "(person.stars at 2026-06-30)"],
        true,
    );
    scope.add(Kind::Date, &["sold_on"], false);
    scope.add(Kind::Date, &["due", "person.joined", "helper.agency.since"], true);
    scope.add(Kind::YesNo, &["ok"], false);
    scope.add(Kind::YesNo, &["flag", "person.agency.region.open"], true);
    let tests = [
        "(stage is won)",
        "(stage in [won, open])",
        "(person.level >= senior)",
        "(note contains \"a\")",
        "(note in [\"alpha\", \"gamma\"])",
        "(note is not \"beta\")",
        "(customer is \"C1\")",
        "(quarter number of sold_on != 2)",
        "(day number of (sold_on + 1 months) < 20)",
        "(person.level in [junior, lead])",
    ];
    scope.tests = tests.map(str::to_owned).to_vec();
    let unsure = [
        "tag starts with \"x\"",
        "tag ends with \"y\"",
        "person.agency.rank is high",
        "helper.level is lead",
        "mentor.level is senior",
        "person.stars > helper.stars",
        "person.agency.tag is \"xa\"",
        "flag",
    ];
    scope.unsure_tests = unsure.map(str::to_owned).to_vec();
    scope.running = [
        ("running sum of amount per person per quarter", Kind::Money),
        ("running sum of (rate of amount) in (sale where ok) per person per month before this row", Kind::Money),
        ("running count per customer per year", Kind::Count),
        ("running count in (sale where stage is won) per person per half before this row", Kind::Count),
    ]
    .map(|(text, kind)| Source { text: text.to_owned(), kind, optional: false })
    .to_vec();
    scope
}

/// A rule that pays in another unit than the currency.
fn points_rule(draw: &mut Draw) -> String {
    let amount = match draw.below(4) {
        0 => format!("{}% of worth", draw.between(1, 150)),
        1 => "3 points * weight".to_owned(),
        2 => format!("(worth if ok, otherwise {} points)", draw.between(-9, 9)),
        _ => "(largest of (worth, 0)) / 7 * units".to_owned(),
    };
    let limit = draw.pick(&["", "  at most 500 points per person per month\n", "  at most (20% of worth)\n"]);
    format!("rule points_rule {{\n  for each sale\n  where worth > -400 points\n  pay person {amount}\n{limit}}}\n")
}

/// A rule that pays in the currency of each row.
fn cash_rule(draw: &mut Draw) -> String {
    let amount = match draw.below(3) {
        0 => format!("{}% of cash", draw.between(1, 150)),
        1 => "(cash / 3 if paid_in is not EUR, otherwise 0)".to_owned(),
        _ => "(smallest of (cash, 0)) + 7% of cash".replace("+ 7% of cash", "+ (7% of cash)"),
    };
    let limit = draw.pick(&["", "  at most (5% of cash)\n"]);
    let payee = draw.pick(&["person", "mentor", "(mentor if cash > 0, otherwise person.agency)"]);
    let unknown = if payee == "person" { "" } else { ", unknown means nobody" };
    format!("rule cash_rule {{\n  for each sale\n  pay {payee} {amount}{unknown}\n{limit}}}\n")
}

/// Rules of which a row is paid by one or several, and one that reads what they pay.
fn choice(draw: &mut Draw, schedules: &[Schedule]) -> String {
    if draw.chance(30) {
        let policy = draw.pick(&["highest", "first", "all up to (floor at least $40)"]);
        let name = if policy.starts_with("all") { "counted_apart" } else { "counted" };
        return format!(
            "choose {policy} per person per quarter {{\n\
               rule of_amounts {{\n  for each person per quarter\n  set counted to largest of units in (sale by person)\n  pay person {}% of (sum of amount in (sale by person))\n  at most ${} per person per year\n  }}\n\
               rule of_counts {{\n  for each person per quarter\n  set {name} to count of (sale by person)\n  pay person ${} * (count of (sale by person))\n{}  }}\n}}\n\
             rule of_counted {{\n  for each sale\n  pay person $3 * (person.counted if unknown 0)\n}}\n\
             rule earlier_counted {{\n  for each sale\n  pay person $2 * (person.{name} previous quarter if unknown 1)\n}}\n",
            draw.between(0, 9),
            draw.between(0, 900),
            draw.between(0, 90),
            draw.pick(&["", "  at least $70 per person per quarter\n", "  at most 1 payments per payee per year\n"]),
        );
    }
    let scope = sale_scope(schedules);
    let policy = draw.pick(&[
        "highest",
        "highest",
        "first",
        "all up to $250",
        "all up to (3% of amount)",
        "all up to (price if ok, otherwise $5.5)",
    ]);
    let mut text = format!("choose {policy} per sale {{\n");
    for idx in 0..draw.between(2, 3) {
        text += &format!("rule choice_{idx} {{\n  for each sale\n");
        // A row that all may pay has a decision of each of them.
        let name = if idx > 0 && policy.starts_with("all") { format!("picked_{idx}") } else { "picked".to_owned() };
        if idx == 0 || draw.chance(50) {
            text += &format!("  set {name} to {}\n", scope.expression(draw, Kind::Money, 1));
        }
        text += &filters(draw, &scope);
        if draw.chance(30) {
            text += &format!("  set mine_{idx} to units\n");
        }
        let amount = match draw.chance(30) {
            true => adds_up(draw, &scope),
            false => scope.expression(draw, Kind::Money, 2),
        };
        text += &match draw.below(5) {
            0 => format!("  pay split {amount} {{ {} }}, unknown means nobody\n", parts(draw, 1)),
            1 => format!("  pay split {amount} {}, unknown means nobody\n", among(draw)),
            2 => format!("  take back from person {amount}, unknown means nobody\n"),
            _ => {
                format!(
                    "  pay {} {amount}, unknown means nobody\n",
                    draw.pick(&["person", "helper", "person.agency", OF_SEVERAL_KINDS])
                )
            }
        };
        text += &due(draw, &scope, "due");
        text += &limits(draw, &scope, &["person", "customer"], "day");
        if draw.chance(20) {
            text += "  at most $300 per payee per quarter\n";
        }
        text += "}\n";
    }
    text + "}\nrule of_chosen { for each sale   pay person 10% of (paid by choice_0 - paid by choice_1) }\n\
            rule of_picked { for each sale   where picked is known   pay person 7% of picked }\n\
            rule of_all_picked { for each person per month   \
              pay person 3% of (sum of (picked if unknown $0) in (decision from choice_0 by person)) }\n"
}

/// A rule that divides its amount, and sometimes one over its payments.
fn split_rule(draw: &mut Draw, schedules: &[Schedule]) -> String {
    let scope = sale_scope(schedules);
    let mut text = "rule split_rule {\n  for each sale\n".to_owned();
    text += &filters(draw, &scope);
    let amount = match draw.chance(30) {
        true => adds_up(draw, &scope),
        false => scope.expression(draw, Kind::Money, 2),
    };
    let parties = match draw.chance(50) {
        true => format!("{{ {} }}", parts(draw, 2)),
        false => among(draw),
    };
    let spare =
        draw.pick(&["", "", " spare in listed order", " spare to the largest share", " spare to the largest fraction"]);
    text += &format!("  pay split {amount} {parties}{spare}, unknown means nobody\n");
    text += &due(draw, &scope, "due");
    for _ in 0..draw.below(3) {
        text += &match draw.below(4) {
            0 => format!(
                "  at most {} payments per {} per month\n",
                draw.between(0, 3),
                draw.pick(&["payee", "customer"])
            ),
            1 => format!(
                "  at most ${} per payee per {}\n",
                draw.between(0, 900),
                draw.pick(&["week", "quarter", "program"])
            ),
            2 => format!("  at most ${} per person per quarter\n", draw.between(0, 2_000)),
            _ => format!("  at most ${}.5\n", draw.between(0, 300)),
        };
    }
    text += "}\n";
    if draw.chance(50) {
        text += "rule on_split { for each payment from split_rule   pay sale.person 3% of payment.amount   at most 20 payments per payee per year }\n";
    }
    text
}

/// Listed parts, divided again at most so many times.
fn parts(draw: &mut Draw, deep: usize) -> String {
    let mut text = String::new();
    let mut left = 100;
    for _ in 0..draw.below(4) {
        let to = match draw.below(8) {
            0 => "kept".to_owned(),
            1 if deep > 0 => format!("split {{ {} }}", parts(draw, deep - 1)),
            _ => format!("to {}", draw.pick(&["person", "helper", "person.agency", "person.boss", "mentor"])),
        };
        if draw.chance(40) {
            let most = draw.pick(&["$0", "$12.34", "$100", "price", "(price - $500)", "($5 * units)"]);
            text += &format!("up to {most} {to}   ");
        } else {
            let share = draw.between(0, left - 1);
            left -= share;
            text += &format!("{share}% {to}   ");
        }
    }
    text + &format!("rest {}", draw.pick(&["kept", "to person", "to helper", "to person.agency.region"]))
}

/// Rows of a set, by each model.
fn among(draw: &mut Draw) -> String {
    let tie = draw.pick(&[
        "customer = this.customer",
        "person = this.person",
        "customer = this.customer and ok",
        "person = this.helper and helper is known",
        "customer = this.customer and weight > this.weight",
    ]);
    let window = draw.pick(&["", "", " to date", " within 35 days", " before this", " previous month"]);
    let weight = draw.pick(&[
        "(largest of (units, 0))",
        "(largest of (weight, 0))",
        "(units * units)",
        "(1 if ok, otherwise 0)",
        "(largest of (weight - this.weight, 0))",
    ]);
    let model = match draw.below(9) {
        0 => "by equal shares".to_owned(),
        2 => format!("by weight {weight}"),
        1 | 3 => format!("in order up to {}", draw.pick(&["$40", "price", "(amount at least $0)", "($3 * units)"])),
        4 => draw.pick(&["first touch", "last touch"]).to_owned(),
        5 => draw
            .pick(&["40% first 20% middle 40% last", "20% first 20% middle 60% last", "100% first 0% middle 0% last"])
            .to_owned(),
        6 | 7 => format!("halving every {} days", draw.pick(&[1, 7, 30, 365])),
        _ => "each in full".to_owned(),
    };
    let payee = draw.pick(&["person", "sale.helper", "person.agency", "sale.mentor", "this.person"]);
    format!("among (sale where {tie}{window}, unknown means no) {model} to {payee}")
}

/// Rules whose decisions and payments the others read, of other rows too.
fn read_by_others(draw: &mut Draw, period: &str) -> String {
    let least = draw.between(0, 3_000);
    format!(
        "rule volumes {{\n  for each person per {period}\n  set volume to sum of amount in (sale by person)\n  \
         where volume > ${least}\n  set best to (largest of amount in (sale by person)) if unknown $0\n}}\n\
         rule fee {{\n  for each sale\n  where units > {}\n  pay person 1% of amount\n}}\n",
        draw.between(0, 4)
    )
}

/// Something of what is read of them in rules over sales.
fn others(draw: &mut Draw, period: &str) -> Vec<Source> {
    let same = "sale.customer = this.customer";
    let money = [
        ("person.volume".to_owned(), true),
        (format!("(person.volume previous {period})"), true),
        ("helper.best".to_owned(), true),
        (format!("(person.boss.best same {period} last year)"), true),
        (format!("(sum of amount in (payments from fee where {same}))"), false),
        (format!("(latest (payments from fee where {same} to date).amount)"), true),
        ("(average of best in (decision from volumes where person = this.person and best > $50 to date, unknown means no))".to_owned(), true),
    ];
    let counts = [
        format!("(count of (payments from fee where {same} within 40 days))"),
        "(count of (decision from volumes where person = this.person and volume > amount, unknown means no))"
            .to_owned(),
        format!(
            "(count of (sale where {same} and count of (payments from fee where sale.customer = customer last 60 days) > 0))"
        ),
        format!(
            "(sum of (count of (sale where person = this.person before this)) in (sale where {same} last 2 months))"
        ),
    ];
    let money = money.map(|(text, optional)| Source { text, kind: Kind::Money, optional });
    let counts = counts.map(|text| Source { text, kind: Kind::Count, optional: false });
    let all: Vec<Source> = money.into_iter().chain(counts).collect();
    (0..3).map(|_| draw.pick(&all)).collect()
}

/// A few values of sets that a row finds.
fn found(draw: &mut Draw, scope: &mut Scope) {
    for _ in 0..draw.below(3) {
        let tie = draw.pick(&[
            "customer = this.customer",
            "person = this.person",
            "person = this.helper and helper is known",
            "customer = this.customer and ok and units >= this.units",
            "stage = this.stage and sold_on <= this.due",
            "weight > this.weight and customer = this.customer",
            "person = this.person and sold_on >= this.sold_on - 40 days and sold_on < this.sold_on",
        ]);
        let window = draw.pick(&[
            "",
            "",
            " before this",
            " to date",
            " ever",
            " within 35 days",
            " within 2 months",
            " last 20 days",
            " last 3 months",
            " last 1 years",
            " last 2 quarters",
            " last 5 weeks",
            " last 3 half months",
            " previous month",
            " previous 3 weeks",
            " previous 3 half months",
            " same quarter last year",
            " same half month last year",
            " in the whole month",
        ]);
        let set = format!("(sale where {tie}{window}, unknown means no)");
        let (text, kind, optional) = match draw.below(9) {
            0 | 1 => (format!("sum of amount in {set}"), Kind::Money, false),
            2 => (format!("count of {set}"), Kind::Count, false),
            3 => (format!("average of sale.weight in {set}"), Kind::Number, true),
            4 => (format!("{} of amount in {set}", draw.pick(&["smallest", "largest"])), Kind::Money, true),
            5 => (format!("count of distinct sale.person in {set}"), Kind::Count, false),
            6 => (format!("sum of (sale.rate of (amount + this.amount)) in {set}"), Kind::Money, false),
            7 => {
                let which = draw.pick(&["earliest", "latest", "highest by weight", "lowest by amount"]);
                let field =
                    draw.pick(&[("sold_on", Kind::Date), ("amount", Kind::Money), ("person.rate", Kind::Percent)]);
                (format!("{which} {set}.{}", field.0), field.1, true)
            }
            _ => (format!("sum of units in {set}"), Kind::Count, false),
        };
        scope.add(kind, &[&format!("({text})")], optional);
    }
}

fn sale_rule(
    draw: &mut Draw,
    name: &str,
    schedules: &[Schedule],
    tables: &[Table],
    others: &[Source],
    decided: &mut Vec<Source>,
) -> String {
    let mut scope = Scope { tables: tables.to_vec(), ..sale_scope(schedules) };
    scope.sources.extend(decided.iter().chain(others).cloned());
    found(draw, &mut scope);
    let by = if draw.chance(20) { draw.pick(&[" by due", " by due", " by person.joined"]) } else { "" };
    let mut text = format!("rule {name} {{\n  for each sale{by}\n");
    if draw.chance(70) {
        text += "  active from 2026-03-01\n";
    }
    text += &filters(draw, &scope);
    text += &lets(draw, &mut scope);
    if draw.chance(30) {
        text += &format!(
            "  first{} per {}\n",
            draw.pick(&["", "", " 2", " 5"]),
            draw.pick(&[
                "customer per program",
                "customer ever",
                "customer per quarter",
                "person per month",
                "person per day",
                "customer and person per program",
                "customer and person ever"
            ])
        );
    }
    text += &lets(draw, &mut scope);
    let n_sources = scope.sources.len();
    text += &sets(draw, &mut scope, name);
    decided.extend(scope.sources[n_sources..].iter().map(|source| Source { optional: true, ..source.clone() }));
    let payee = draw.pick(&["person", "person", "helper", "person.agency", "person.boss"]);
    let amount = match draw.chance(45) {
        true => adds_up(draw, &scope),
        false => scope.expression(draw, Kind::Money, 3),
    };
    text += &pay(draw, payee, &amount);
    let due = due(draw, &scope, "due");
    text += &due;
    text += &limits(draw, &scope, &["person", "customer", "person and customer"], "day");
    // One account is held in one way, and what is held says when it is due.
    if due.is_empty() && draw.chance(12) {
        text += "  hold until $5000 per payee\n";
    }
    // Which rows come before one by another date is refused.
    let text = if by.is_empty() { text } else { text.replace(" before this, unknown", ", unknown") };
    text + "}\n"
}

/// An amount along a running total.
fn adds_up(draw: &mut Draw, scope: &Scope) -> String {
    let fit: Vec<&Schedule> = scope
        .schedules
        .iter()
        .filter(|schedule| schedule.result == Kind::Money && schedule.domain != Kind::Percent)
        .collect();
    if fit.is_empty() {
        return scope.expression(draw, Kind::Money, 2);
    }
    let schedule = draw.pick(&fit);
    let quantity = match schedule.domain {
        // A quotient by a value adds up in the interpreter only.
        Kind::Money if draw.chance(4) => "(amount / (units + 0.5))",
        Kind::Money => draw.pick(&[
            "amount",
            "(amount - $10)",
            "(rate of amount)",
            "(amount / 3)",
            "(amount rounded half even to whole)",
            "((amount - price) at least $0)",
        ]),
        _ => draw.pick(&["units", "(units * 2)", "(weight + units)"]),
    };
    let over = draw.pick(&["", "", " over all sale"]);
    let per = draw.pick(&[
        "per person per quarter",
        "per person per year",
        "per customer",
        "per person.level per week",
        "per program",
    ]);
    let call = match schedule.arguments.is_empty() {
        true => schedule.name.clone(),
        false => format!("{}({})", schedule.name, scope.named_arguments(draw, schedule).join(", ")),
    };
    let is_one = ["amount", "(rate of amount)", "units", "(amount / (units + 0.5))"].contains(&quantity);
    let highest = if is_one && draw.chance(25) { " at its highest" } else { "" };
    let earned = format!("{call} as {quantity}{over} adds up {per}{highest}");
    match draw.below(6) {
        0 => format!("50% of ({earned})"),
        1 => format!("person.rate of ({earned})"),
        2 => format!("($1 + ({earned}))"),
        3 => format!("({earned}) / 3"),
        _ => earned,
    }
}

fn filters(draw: &mut Draw, scope: &Scope) -> String {
    let mut text = String::new();
    for _ in 0..draw.below(3) {
        text += &match draw.chance(40) {
            true => format!("  where {}, unknown means {}\n", scope.unsure(draw), draw.pick(&["yes", "no"])),
            false => format!("  where {}\n", scope.condition(draw, 2)),
        };
    }
    text
}

fn lets(draw: &mut Draw, scope: &mut Scope) -> String {
    let mut text = String::new();
    for _ in 0..draw.below(2) {
        let kind = draw.pick(&[Kind::Money, Kind::Percent, Kind::Count, Kind::Number, Kind::Date]);
        let name = format!("value_{}", scope.sources.len());
        text += &format!("  let {name} = {}\n", scope.expression(draw, kind, 2));
        scope.add(kind, &[&name], false);
    }
    text
}

fn sets(draw: &mut Draw, scope: &mut Scope, rule: &str) -> String {
    let mut text = String::new();
    if draw.chance(40) {
        let kind = draw.pick(&[Kind::Money, Kind::Percent, Kind::Count, Kind::Number, Kind::Date, Kind::YesNo]);
        let name = format!("{rule}_decision");
        text += &format!("  set {name} to {}\n", scope.expression(draw, kind, 2));
        scope.add(kind, &[&name], false);
    }
    text
}

fn pay(draw: &mut Draw, payee: &str, amount: &str) -> String {
    let unknown = if ["person", "agency", "region"].contains(&payee) { "" } else { ", unknown means nobody" };
    let words = if draw.chance(20) { "take back from" } else { "pay" };
    format!("  {words} {payee} {amount}{unknown}\n")
}

/// A rule that pays those above a person, each by itself, and sometimes one over its payments.
fn chain_rule(draw: &mut Draw, schedules: &[Schedule]) -> String {
    let mut scope = sale_scope(schedules);
    let mut text = "rule chain_rule {\n  for each sale\n".to_owned();
    text += &filters(draw, &scope);
    text += &lets(draw, &mut scope);
    let above = draw.pick(&["person", "helper", "mentor.boss"]);
    scope.add(Kind::Money, &["each.agency.quota"], true);
    scope.add(Kind::Percent, &["each.rate", "(1% * each.depth)"], false);
    scope.add(Kind::Percent, &["each.share"], true);
    scope.add(Kind::Count, &["each.depth"], false);
    scope.add(Kind::Count, &["each.stars"], true);
    scope.tests.extend(["(each.level >= senior)", "(each.depth < 3)"].map(str::to_owned));
    let amount = scope.expression(draw, Kind::Money, 2);
    let levels = draw.between(1, 4);
    text += &format!("  pay each boss above {above} up to {levels} levels {amount}, unknown means nobody\n");
    let plain = sale_scope(schedules);
    text += &due(draw, &plain, "due");
    text += &limits(draw, &plain, &["person", "customer", "payee"], "day");
    if draw.chance(15) {
        text += "  at most 9 payments per payee per half\n";
    }
    text += "}\n";
    if draw.chance(40) {
        text += "rule above_chain { for each payment from chain_rule   pay each boss above payment.payee up to 2 levels (5% if each.depth = 1, otherwise 2%) of payment.amount }\n";
    }
    text
}

/// When it is due, if that is said, perhaps on a day that may be unknown.
fn due(draw: &mut Draw, scope: &Scope, unsure: &str) -> String {
    match draw.below(100) {
        0..12 => format!("  , due {}\n", scope.expression(draw, Kind::Date, 1)),
        12..16 if !unsure.is_empty() => format!("  , due {unsure}, unknown means 2026-09-30\n"),
        16..30 => {
            let period = draw.pick(&["day", "week", "month", "quarter", "half", "year"]);
            format!("  in {} parts per {period}\n", draw.between(1, 5))
        }
        _ => String::new(),
    }
}

/// Limits per periods no shorter than one.
fn limits(draw: &mut Draw, scope: &Scope, keys: &[&str], shortest: &str) -> String {
    let all = ["day", "week", "half month", "month", "quarter", "half", "year", "program"];
    let periods = &all[all.iter().position(|period| *period == shortest).expect("a period")..];
    let mut text = String::new();
    for _ in 0..draw.below(3) {
        let bound = match draw.chance(70) {
            true => format!("${}.{:04}", draw.between(0, 4_000), draw.between(0, 9_999)),
            false => format!("(largest of ({}, $1))", scope.expression(draw, Kind::Money, 1)),
        };
        let per = match draw.chance(60) {
            true => format!(" per {} per {}", draw.pick(keys), draw.pick(periods)),
            false => String::new(),
        };
        text += &format!("  at most {bound}{per}\n");
    }
    text
}

fn period_rule(draw: &mut Draw, name: &str, schedules: &[Schedule], paying: &[String]) -> String {
    let entity = draw.pick(&["person", "agency", "region"]);
    let period = draw.pick(&["week", "half month", "month", "month", "quarter", "quarter", "half", "year"]);
    let mut scope = Scope { schedules: schedules.to_vec(), ..Scope::default() };
    let by = match entity {
        "person" => " by person",
        "agency" => " by person.agency",
        _ => " by person.agency.region",
    };
    scope.add(Kind::Money, &["floor"], false);
    match entity {
        "person" => {
            scope.add(Kind::Percent, &["rate"], false);
            scope.add(Kind::Percent, &["share"], true);
            scope.add(Kind::Date, &["joined"], true);
            scope.tests.push("(level >= senior)".to_owned());
            scope.add(Kind::Count, &["(stars at start)", "(stars at end)"], true);
            scope.unsure_tests.push("(stars >= 2 throughout)".to_owned());
        }
        "agency" => {
            scope.add(Kind::Money, &["quota"], false);
            scope.add(Kind::Number, &["grade"], true);
            scope.add(Kind::Date, &["since"], false);
            scope.tests.push("(rank is not low)".to_owned());
        }
        _ => {
            scope.add(Kind::Money, &["target"], true);
            scope.add(Kind::YesNo, &["open"], false);
        }
    }
    for _ in 0..draw.between(1, 4) {
        let (aggregate, kind, optional) = aggregate(draw, by);
        scope.add(kind, &[&aggregate], optional);
    }
    if draw.chance(40) {
        let from = draw.pick(paying);
        let by = if entity == "person" { "" } else { " by agency" };
        if entity != "region" {
            scope.add(Kind::Money, &[&format!("(sum of payment.amount in (payments from {from}{by}))")], false);
        }
    }
    let own = match entity {
        "person" if draw.chance(15) => Some("year from joined"),
        "agency" if draw.chance(15) => Some("year from since"),
        _ => None,
    };
    let mut text = format!("rule {name} {{\n  for each {entity} per {}\n", own.unwrap_or(period));
    text += &filters(draw, &scope);
    text += &lets(draw, &mut scope);
    text += &sets(draw, &mut scope, name);
    let amount = scope.expression(draw, Kind::Money, 3);
    text += &pay(draw, entity, &amount);
    text += &due(draw, &scope, "");
    text += &limits(draw, &scope, &[entity], if own.is_some() { "program" } else { period });
    if own.is_some() {
        // Sets of such a rule are found row by row.
        text = text.replace(", as it stood", "");
    }
    if own.is_none() && draw.chance(40) {
        text += &format!("  at least ${} per {entity} per {}\n", draw.between(0, 900), draw.pick(&[period, "year"]));
    }
    text + "}\n"
}

/// An aggregate, what it gives, and whether it can be missing.
fn aggregate(draw: &mut Draw, by: &str) -> (String, Kind, bool) {
    let window = draw.pick(&[
        "",
        "",
        " to date",
        " previous quarter",
        " previous month",
        " previous half month",
        " previous week",
        " ever",
        " last 3 months",
        " last 2 quarters",
        " previous 2 quarters",
        " same quarter last year",
        " in the whole quarter",
    ]);
    let filter = draw.pick(&[
        "",
        "",
        " where ok",
        " where bonus is known",
        " where stage is won and units > 2",
        " where units > 0 and amount / units > $3",
    ]);
    let is_of_periods = window.is_empty() || [" to date", " same"].iter().any(|start| window.starts_with(start));
    let is_of_periods = is_of_periods || window.starts_with(" previous") && !window.contains('2');
    let stood = if is_of_periods && draw.chance(30) { ", as it stood" } else { "" };
    let set = format!("(sale{by}{filter}{window}{stood})");
    let (text, kind, optional) = match draw.below(10) {
        0 | 1 => (format!("sum of amount in {set}"), Kind::Money, false),
        2 => (format!("sum of (sale.rate of amount) in {set}"), Kind::Money, false),
        3 => (format!("count of {set}"), Kind::Count, false),
        4 => (format!("average of amount in {set}"), Kind::Money, true),
        5 => (format!("{} of amount in {set}", draw.pick(&["smallest", "largest"])), Kind::Money, true),
        6 => (format!("{} of sold_on in {set}", draw.pick(&["smallest", "largest"])), Kind::Date, true),
        7 => (
            format!(
                "count of distinct {} in {set}",
                draw.pick(&["customer", "person", "sold_on", "units", "stage", "amount"])
            ),
            Kind::Count,
            false,
        ),
        8 => (format!("sum of (amount / (largest of (units, 1))) in {set}"), Kind::Money, false),
        _ => (format!("largest of sale.rate in {set}"), Kind::Percent, true),
    };
    (format!("({text})"), kind, optional)
}

/// A limit over several rules.
fn shared_limit(draw: &mut Draw, name: &str, paying: &[String], split: Option<&str>, period: &str) -> String {
    let mut over: Vec<&str> = paying.iter().map(String::as_str).chain(split.filter(|_| draw.chance(60))).collect();
    if draw.chance(50) {
        over.reverse();
    }
    let most = match draw.chance(25) {
        true => format!("{} payments", draw.between(1, 12)),
        false => format!("${}", draw.between(0, 900)),
    };
    let per = draw.pick(&[
        format!("per payee per {period}"),
        "per payee".to_owned(),
        "per person per year".to_owned(),
        "per person.agency per program".to_owned(),
        format!("per {period}"),
        "per year, by date".to_owned(),
        format!("per {period}, pro rata"),
        "per payee per year, pro rata".to_owned(),
    ]);
    // What is counted is not shared.
    let most = if per.ends_with("pro rata") { format!("${}", draw.between(0, 900)) } else { most };
    format!("limit {name} {{\n  over {}\n  at most {most} {per}\n}}\n", over.join(", "))
}

/// Who is paid, a person or an agency.
const OF_SEVERAL_KINDS: &str =
    "(helper if amount > $40 and helper is known, person.agency if units > 2, otherwise person)";

fn payment_rule(draw: &mut Draw, paying: &[String], schedules: &[Schedule], decided: &[Source]) -> String {
    let from = draw.pick(paying);
    let mut scope = Scope { schedules: schedules.to_vec(), ..Scope::default() };
    scope.add(Kind::Money, &["payment.amount", "floor", "sale.amount"], false);
    scope.add(Kind::Money, &["sale.bonus"], true);
    scope.add(Kind::Percent, &["sale.rate", "sale.person.rate"], false);
    scope.add(Kind::Date, &["payment.when", "sale.sold_on"], false);
    scope.add(Kind::Count, &["sale.units"], false);
    for source in decided {
        scope.add(source.kind, &[&format!("sale.{}", source.text)], true);
    }
    let mut text = format!("rule on_payments {{\n  for each payment from {from}\n");
    text += &filters(draw, &scope);
    text += &lets(draw, &mut scope);
    text += &sets(draw, &mut scope, "on_payments");
    let payee = draw.pick(&[
        "sale.person",
        "sale.helper",
        "sale.person.agency",
        "(sale.person if payment.amount > $1, otherwise sale.person.agency)",
    ]);
    let amount = scope.expression(draw, Kind::Money, 2);
    let unknown = if payee == "sale.person" { "" } else { ", unknown means nobody" };
    text += &format!("  pay {payee} {amount}{unknown}\n");
    text += &due(draw, &scope, "sale.due");
    text += &limits(draw, &scope, &["sale.person"], "month");
    text + "}\n"
}
