//! The laws of the mechanics, over random schedules, amounts, orders and roundings: whatever is paid follows from what
//! added up. `PROPTEST_CASES=1000` tries each law that many times.

use meed_compiler::value::{Exact, fraction};
use meed_tests::deals::{Deal, any_deals, date, line, paid, paid_after, paid_through};
use meed_tests::shape::{MODES, any_shape, dollars, rounded};
use proptest::prelude::*;
use std::collections::HashMap;

fn tried() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    // What failed once belongs into a page of cases, not into a file of seeds.
    ProptestConfig { cases: cases.unwrap_or(40), failure_persistence: None, ..ProptestConfig::default() }
}

/// A program with these items, rounding by this mode.
fn program(mode: &str, items: &str) -> String {
    format!("program law {{ currency USD rounded {mode}  active 2026-01-01 to 2026-12-31 }}\nuse channel\n{items}")
}

fn any_mode() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&MODES[..])
}

/// Walks over deals with what has added up and what has been paid so far per rep and period.
struct Walk<K> {
    so_far: HashMap<K, (i64, i128)>,
}

impl<K: std::hash::Hash + Eq> Walk<K> {
    fn new() -> Self {
        Self { so_far: HashMap::new() }
    }

    /// Total and payments after a deal of this amount that was paid this line.
    fn step(&mut self, key: K, amount: i64, line: i128) -> (i64, i128) {
        let (total, paid) = self.so_far.entry(key).or_default();
        *total += amount;
        *paid += line;
        (*total, *paid)
    }
}

proptest! {
    #![proptest_config(tried())]

    // What returns leave is paid as if it had been so from the start: rows lowered by hand, and without those that are gone. Rules that
    // returns change nothing of pay as if there were none.
    #[test]
    fn returns_pay_as_rows_lowered_by_hand(
        shape in any_shape(),
        mode in any_mode(),
        deals in any_deals(),
        shares in prop::collection::vec((0i64..=4, 0i32..200), 25),
    ) {
        let rules = |returns: &str| format!(
            "event refund {{ key id  when refunded_on  deal reverses  amount money }}\n{}\
             rule adds {{ for each deal  pay rep {} as amount adds up per rep per quarter {returns} }}\
             rule all {{ for each deal  pay rep 1% of amount  at most $90 per rep per quarter {returns} }}\
             rule one {{ for each deal  where amount > $0  first per customer ever  pay rep $5 {returns} }}\
             rule so_far {{ for each deal  where amount < running sum of amount per rep per year  pay rep $1 {returns} }}\
             rule seen {{ for each deal  pay rep $1 * (count of (deal where customer = this.customer before this)) {returns} }}\
             rule volume {{ for each person per quarter  pay person (1% of (sum of deal.amount)) + ($1 * (count of deal)) {returns} }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let left = program(mode, &rules(""));
        let reported = program(mode, &rules("returns change nothing"));
        let within = program(mode, &rules("returns within 60 days"));
        let (mut refunds, mut lowered, mut lowered_soon) = (Vec::new(), Vec::new(), Vec::new());
        for (deal, (share, later)) in deals.iter().zip(&shares) {
            // A quarter of it, in one return or two; nothing; or all of it.
            let first = deal.amount / 4;
            let parts = [vec![], vec![first], vec![first, first], vec![deal.amount - first, first], vec![deal.amount]];
            let parts = &parts[*share as usize];
            // Those after the year are not taken off.
            let day = deal.day + later;
            refunds.extend(parts.iter().map(|part| (deal.key, day, *part)));
            let taken: i64 = if day < 365 { parts.iter().sum() } else { 0 };
            let is_gone = !parts.is_empty() && day < 365 && taken == deal.amount;
            let left = (!is_gone).then(|| Deal { amount: deal.amount - taken, ..deal.clone() });
            lowered_soon.extend(if *later <= 60 { left.clone() } else { Some(deal.clone()) });
            lowered.extend(left);
        }
        prop_assert_eq!(paid_after(&left, &deals, &refunds), paid_after(&left, &lowered, &[]));
        prop_assert_eq!(paid_after(&reported, &deals, &refunds), paid_after(&reported, &deals, &[]));
        prop_assert_eq!(paid_after(&within, &deals, &refunds), paid_after(&within, &lowered_soon, &[]));
    }

    // Of every line of a row returns take back the share that is returned, rounded once for all of them: all of it where the row is gone.
    #[test]
    fn returns_take_back_shares_of_lines(
        mode in any_mode(),
        deals in any_deals(),
        shares in prop::collection::vec((0i64..=3, 1i64..=40, 0i32..200), 25),
    ) {
        let rules = |returns: &str| format!(
            "event refund {{ key id  when refunded_on  deal reverses  amount money }}
             rule part {{ for each deal  pay rep 7% of amount  at most $900 per rep per quarter  {returns} }}
             rule turned {{ for each deal  take back from rep $3  {returns} }}
             rule parts {{ for each deal  pay split amount {{ 33% to rep  rest to rep }}  {returns} }}
             rule above {{ for each payment from part  pay payment.payee $0 + payment.amount }}"
        );
        let (taken, reported) =
            (program(mode, &rules("returns take back what was paid")), program(mode, &rules("returns change nothing")));
        let mut refunds = Vec::new();
        let mut returned: HashMap<String, (i64, i64)> = HashMap::new();
        for (deal, (n_parts, size, later)) in deals.iter().zip(&shares) {
            let day = deal.day + later;
            let part = deal.amount * size / 100;
            let parts: Vec<i64> = if *size == 40 { vec![deal.amount] } else { (0..*n_parts.min(&2)).map(|_| part).collect() };
            refunds.extend(parts.iter().map(|part| (deal.key, day, *part)));
            if day < 365 && !parts.is_empty() {
                let is_gone = parts.iter().sum::<i64>() == deal.amount;
                let share = if is_gone { (1, 1) } else { (parts.iter().sum(), deal.amount) };
                returned.insert(deal.key.to_string(), share);
            }
        }
        let mut left: HashMap<(String, String), i128> = HashMap::new();
        for line in paid_after(&reported, &deals, &[]) {
            let (part, whole) = returned.get(&line.key).copied().unwrap_or((0, 1));
            let back = rounded(&(Exact::from(line.cents) * fraction(part.into(), whole.into())), mode);
            *left.entry((line.rule, line.payee)).or_default() += line.cents - back;
        }
        let mut sums: HashMap<(String, String), i128> = HashMap::new();
        for line in paid_after(&taken, &deals, &refunds) {
            *sums.entry((line.rule, line.payee)).or_default() += line.cents;
        }
        left.retain(|_, sum| *sum != 0);
        sums.retain(|_, sum| *sum != 0);
        prop_assert_eq!(sums, left);
    }

    // Σ lines = F(Σ), to the cent, after every single row.
    #[test]
    fn lines_add_up_to_the_schedule_of_the_total(shape in any_shape(), mode in any_mode(), deals in any_deals()) {
        let rule = format!(
            "{}rule earned {{ for each deal  pay rep {} as amount adds up per rep per quarter }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let lines = paid(&program(mode, &rule), &deals);
        let mut walk = Walk::new();
        for deal in &deals {
            let (total, sum) = walk.step((deal.rep, deal.quarter()), deal.amount, line(&lines, "earned", deal));
            prop_assert_eq!(sum, rounded(&shape.worth(total), mode), "deal {}", deal.key);
        }
    }

    // A factor of the whole is a factor of the total.
    #[test]
    fn a_share_of_the_schedule_adds_up_too(shape in any_shape(), mode in any_mode(), deals in any_deals()) {
        let rule = format!(
            "{}rule earned {{ for each deal  let all = {} as amount adds up per rep per year  pay rep 33% of all }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let lines = paid(&program(mode, &rule), &deals);
        let mut walk = Walk::new();
        for deal in &deals {
            let (total, sum) = walk.step(deal.rep, deal.amount, line(&lines, "earned", deal));
            prop_assert_eq!(sum, rounded(&(shape.worth(total) * fraction(33, 100)), mode), "deal {}", deal.key);
        }
    }

    // A schedule of a period's total pays what the lines of its deals add up to; versions change nothing in that.
    #[test]
    fn a_period_pays_what_its_deals_add_up_to(shape in any_shape(), mode in any_mode(), deals in any_deals()) {
        let (applied, value) = (shape.applied("bands"), shape.called("bands", "sum of deal.amount"));
        let rules = format!(
            "{}rule running {{ for each deal  active to 2026-05-15  pay rep {applied} as amount adds up per rep per quarter }}
             rule running {{ for each deal  active from 2026-05-16  pay rep {applied} as amount adds up per rep per quarter }}
             rule whole {{ for each person per quarter  where count of deal > 0  pay person {value} }}",
            shape.declared("bands")
        );
        let lines = paid(&program(mode, &rules), &deals);
        let sums = |rule: &str| {
            let mut sums: HashMap<(&str, &str), i128> = HashMap::new();
            for line in lines.iter().filter(|line| line.rule == rule) {
                *sums.entry((&line.payee, &line.period)).or_default() += line.cents;
            }
            sums.retain(|_, sum| *sum != 0);
            sums
        };
        prop_assert_eq!(sums("running"), sums("whole"));
    }

    // Where each line is rounded alone, it is the rounded difference of F.
    #[test]
    fn each_line_alone_is_the_difference(shape in any_shape(), mode in any_mode(), deals in any_deals()) {
        let rule = format!(
            "{}rule earned {{ for each deal  pay rep {} as amount adds up per rep per year }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let lines = paid(&program(&format!("{mode} each line"), &rule), &deals);
        let mut before: HashMap<usize, (i64, Exact)> = HashMap::new();
        for deal in &deals {
            let (total, worth) = before.entry(deal.rep).or_insert((0, Exact::ZERO));
            *total += deal.amount;
            let after = shape.worth(*total);
            prop_assert_eq!(line(&lines, "earned", deal), rounded(&(&after - &*worth), mode), "deal {}", deal.key);
            *worth = after;
        }
    }

    // Over all deals every deal adds up, and those that match are paid their own difference.
    #[test]
    fn over_all_deals_every_deal_adds_up(shape in any_shape(), deals in any_deals()) {
        let rule = format!(
            "{}rule earned {{ for each deal  where amount > $1,000
             pay rep {} as amount over all deals adds up per rep per year }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let lines = paid(&program("half even", &rule), &deals);
        let mut totals: HashMap<usize, Option<i64>> = HashMap::new();
        for deal in &deals {
            let total = totals.entry(deal.rep).or_default();
            let before = total.map_or(0, |total| rounded(&shape.worth(total), "half even"));
            *total = Some(total.unwrap_or(0) + deal.amount);
            let after = rounded(&shape.worth(total.unwrap_or(0)), "half even");
            let wanted = if deal.amount > 100_000 { after - before } else { 0 };
            prop_assert_eq!(line(&lines, "earned", deal), wanted, "deal {}", deal.key);
        }
    }

    // Σ limited lines = min(Σ lines, M) after every single row, and a second limit acts on what the first one left.
    #[test]
    fn limits_cut_the_sum(
        shape in any_shape(),
        deals in any_deals(),
        each in 0i64..300_000,
        most in 0i64..900_000,
        most_of_all in 0i64..2_000_000,
    ) {
        let rule = format!(
            "{}rule earned {{ for each deal  pay rep {} as amount adds up per rep per year
             at most {}  at most {} per rep per quarter  at most {} per customer }}",
            shape.declared("bands"),
            shape.applied("bands"),
            dollars(each),
            dollars(most),
            dollars(most_of_all)
        );
        let lines = paid(&program("half even", &rule), &deals);
        let (mut earned, mut paid_so_far) = (Walk::new(), HashMap::<usize, i128>::new());
        let (mut quarters, mut customers) = (HashMap::<_, i128>::new(), HashMap::<_, i128>::new());
        for deal in &deals {
            let earned_before = paid_so_far.entry(deal.rep).or_default();
            let (total, _) = earned.step(deal.rep, deal.amount, 0);
            let worth = rounded(&shape.worth(total), "half even");
            let cut = (worth - *earned_before).clamp(-i128::from(each), each.into());
            *earned_before = worth;
            let cut = limited(quarters.entry((deal.rep, deal.quarter())).or_default(), cut, most);
            let cut = limited(customers.entry(deal.customer).or_default(), cut, most_of_all);
            prop_assert_eq!(line(&lines, "earned", deal), cut, "deal {}", deal.key);
        }
    }

    // Σ ≥ M at the end of a guarantee's period, and no more than that where less was earned.
    #[test]
    fn guarantees_fill_the_sum(shape in any_shape(), deals in any_deals(), least in 0i64..900_000) {
        let rule = format!(
            "{}rule earned {{ for each person per quarter  pay person {}  at least {} per person per half }}",
            shape.declared("bands"),
            shape.called("bands", "sum of deal.amount"),
            dollars(least)
        );
        let lines = paid(&program("half even", &rule), &deals);
        for rep in 0..3 {
            for half in 0..2 {
                let worth = |quarter: usize| {
                    let own = deals.iter().filter(|deal| deal.rep == rep && deal.quarter() == quarter);
                    rounded(&shape.worth(own.map(|deal| deal.amount).sum()), "half even")
                };
                let (first, second) = (worth(2 * half), worth(2 * half + 1));
                let found = |quarter: usize| {
                    let period = format!("2026-Q{}", quarter + 1);
                    let own = lines.iter().filter(|line| line.payee == format!("R{rep}") && line.period == period);
                    own.map(|line| line.cents).sum::<i128>()
                };
                prop_assert_eq!(found(2 * half), first);
                prop_assert_eq!(first + found(2 * half + 1), (first + second).max(least.into()));
            }
        }
    }

    // A period ends with that part of it which lies within the program's life, wherever that is cut: then the same guarantee
    // is paid in full in rules of any period, and nothing is an accrual any more.
    #[test]
    fn periods_end_with_their_part_of_the_life(
        deals in any_deals(),
        (first, n_days) in (0i32..365, 0i32..365),
        after in 0i32..400,
        least in 0i64..9_000_000,
    ) {
        let last = (first + n_days).min(364);
        let through = first + after;
        let deals: Vec<Deal> = deals.into_iter().filter(|deal| (first..=last).contains(&deal.day)).collect();
        let rule = |period: &str, guarantee: &str| format!(
            "rule {period}ly {{ for each person per {period}  pay person sum of deal.amount
             at least {} per person per {guarantee} }}\n",
            dollars(least)
        );
        let program = format!(
            "program law {{ currency USD rounded half even  active {} to {} }}\nuse channel\n{}{}{}{}",
            date(first),
            date(last),
            rule("month", "year"),
            rule("quarter", "year"),
            rule("year", "year"),
            rule("program", "program")
        );
        let lines = paid_through(&program, &deals, Some(through));
        let has_ended = last <= through;
        for rep in 0..3 {
            let own = deals.iter().filter(|deal| deal.rep == rep && deal.day <= through);
            let earned = own.map(|deal| i128::from(deal.amount)).sum::<i128>();
            let wanted = if has_ended { earned.max(least.into()) } else { earned };
            for rule in ["monthly", "quarterly", "yearly", "programly"] {
                let own = lines.iter().filter(|line| line.rule == rule && line.payee == format!("R{rep}"));
                prop_assert_eq!(own.map(|line| line.cents).sum::<i128>(), wanted, "{} of R{}", rule, rep);
            }
        }
        for line in &lines {
            let end = match line.rule.as_str() {
                "monthly" => {
                    let month: usize = line.period[5..].parse().expect("a month");
                    [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365][month - 1] - 1
                }
                "quarterly" => [89, 180, 272, 364][usize::from(line.period.as_bytes()[6] - b'1')],
                _ => 364,
            };
            prop_assert_eq!(line.is_accrual, end.min(last) > through, "{:?}", line);
        }
    }

    // First per: one line per key and period, that of the first row which passed.
    #[test]
    fn the_first_is_one_and_the_first(deals in any_deals()) {
        let rule = "rule bounty { for each deal  where amount >= $0
                    first per rep and customer per quarter  pay rep $1 }";
        let lines = paid(&program("half even", rule), &deals);
        let mut seen = Vec::new();
        for deal in &deals {
            let key = (deal.rep, deal.customer, deal.quarter());
            let first = deal.amount >= 0 && !seen.contains(&key);
            if first {
                seen.push(key);
            }
            prop_assert_eq!(line(&lines, "bounty", deal), if first { 100 } else { 0 }, "deal {}", deal.key);
        }
    }

    // Taking back is paying, with the other sign.
    #[test]
    fn taking_back_is_the_negative(shape in any_shape(), deals in any_deals(), most in 0i64..900_000) {
        let (applied, most) = (shape.applied("bands"), dollars(most));
        let rules = format!(
            "{}rule given {{ for each deal  pay rep {applied} as amount adds up per rep per year  at most {most} per rep }}
             rule taken {{ for each deal  take back from rep {applied} as amount adds up per rep per year  at most {most} per rep }}",
            shape.declared("bands")
        );
        let lines = paid(&program("half upward", &rules), &deals);
        for deal in &deals {
            prop_assert_eq!(line(&lines, "given", deal), -line(&lines, "taken", deal), "deal {}", deal.key);
        }
    }

    // Under a limit over several rules the lines of each party add up to what these earn, and at most to M; negative ones give room back.
    #[test]
    fn a_limit_over_rules_cuts_the_sum(deals in any_deals(), most in 0i64..900_000) {
        let rules = "rule share { for each deal  pay rep 2% of amount  at most $700 per rep per quarter }
             rule flat { for each deal  pay (rep if amount > $10,000, otherwise rep) $40 }
             rule volume { for each person per quarter  pay person 1% of (sum of deal.amount) }";
        let limit = format!("limit together {{ over share, flat, volume   at most {} per payee per year }}", dollars(most));
        let sums = |program: &str| {
            let mut sums: HashMap<String, i128> = HashMap::new();
            for line in paid(program, &deals) {
                *sums.entry(line.payee).or_default() += line.cents;
            }
            sums
        };
        let earned = sums(&program("half even", rules));
        let mut left = sums(&program("half even", &format!("{rules}\n{limit}")));
        for (payee, sum) in earned {
            prop_assert_eq!(left.remove(&payee).unwrap_or(0), sum.min(most.into()), "{}", payee);
        }
        prop_assert!(left.is_empty());
    }

    // A budget in proportion pays all of it where more was earned, and the same share of every line, to two cents.
    #[test]
    fn a_budget_is_shared_out(deals in any_deals(), most in 0i64..900_000, mode in any_mode()) {
        let rules = |budget: &str| program(mode, &format!(
            "rule share {{ for each deal  where amount > $0  pay rep 2% of amount  {budget} }}
             rule all {{ for each deal  pay rep 2% of amount  {budget} }}"
        ));
        let earned = paid(&rules(""), &deals);
        let left = paid(&rules(&format!("at most {} per year, pro rata", dollars(most))), &deals);
        for rule in ["share", "all"] {
            let sum = |lines: &[meed_tests::deals::Paid]| {
                lines.iter().filter(|line| line.rule == rule).map(|line| line.cents).sum::<i128>()
            };
            prop_assert_eq!(sum(&left), sum(&earned).min(most.into()), "{}", rule);
            let whole = sum(&earned);
            for deal in deals.iter().filter(|_| whole > i128::from(most)) {
                let share = fraction(line(&earned, rule, deal) * i128::from(most), whole);
                let off = Exact::from(line(&left, rule, deal)) - share;
                // Both ends of a line are rounded, toward zero perhaps from either side of it.
                let two = Exact::from(2);
                prop_assert!(off < two && off > -two, "{} of deal {}", rule, deal.key);
            }
        }
    }

    // One rule of a choice is paid, the one that would pay most; what the others would have paid uses no room under their limits.
    #[test]
    fn losers_of_a_choice_use_no_room(deals in any_deals(), most in (0i64..900_000, 0i64..900_000)) {
        let rules = format!(
            "choose highest per deal {{
               rule small {{ for each deal  pay rep 2% of amount  at most {} per rep per quarter }}
               rule large {{ for each deal  where amount > $20,000 or amount < $0  pay rep 5% of amount  at most {} per rep per year }}
             }}
             rule both {{ for each deal  pay rep (paid by small) + (paid by large) }}",
            dollars(most.0),
            dollars(most.1)
        );
        let lines = paid(&program("half even", &rules), &deals);
        let (mut small, mut large): (HashMap<_, i128>, HashMap<_, i128>) = (HashMap::new(), HashMap::new());
        for deal in &deals {
            let of = |percent: i64| rounded(&fraction((deal.amount * percent).into(), 100), "half even");
            let under = |sum: i128, line: i128, most: i64| (sum + line).min(most.into()) - sum.min(most.into());
            let own_small = small.entry((deal.rep, deal.quarter())).or_default();
            let own_large = large.entry(deal.rep).or_default();
            let matches = deal.amount > 2_000_000 || deal.amount < 0;
            let (two, five) = (of(2), if matches { of(5) } else { 0 });
            let (a, b) = (under(*own_small, two, most.0), under(*own_large, five, most.1));
            let is_large = b != 0 && (a == 0 || if a > 0 || b > 0 { b > a } else { b < a });
            if is_large {
                *own_large += five;
            } else if a != 0 {
                *own_small += two;
            }
            let (small, large) = if is_large { (0, b) } else { (a, 0) };
            prop_assert_eq!(line(&lines, "small", deal), small, "deal {}", deal.key);
            prop_assert_eq!(line(&lines, "large", deal), large, "deal {}", deal.key);
            prop_assert_eq!(line(&lines, "both", deal), small + large, "deal {}", deal.key);
        }
    }

    // Parts are the whole; those of a negative amount are minus those of the amount; equal parts are a cent apart at most.
    #[test]
    fn parts_are_the_whole(
        deals in any_deals(),
        shares in (0i64..=60, 0i64..=99),
        most in 0i64..900_000,
        spare in prop_oneof![
            Just(""), Just(" spare in listed order"), Just(" spare to the largest share"),
        ],
    ) {
        let (first, second) = shares;
        let parts = format!(
            "{{ {first}% to rep  up to {} to rep  rest split {{ {second}% to rep  rest to rep }} }}{spare}",
            dollars(most)
        );
        let rules = format!(
            "rule given {{ for each deal  pay split amount {parts} }}
             rule turned {{ for each deal  pay split (0 - amount) {parts} }}
             rule among {{ for each deal  pay split amount among (deal where customer = this.customer) by equal shares to rep{spare} }}
             rule minus {{ for each deal  pay split (0 - amount) among (deal where customer = this.customer) by equal shares to rep{spare} }}"
        );
        let lines = paid(&program("half even", &rules), &deals);
        let of = |rule: &str, deal: &Deal| -> Vec<i128> {
            let key = deal.key.to_string();
            let own = lines.iter().filter(|line| line.rule == rule && line.key == key);
            own.map(|line| line.cents).collect()
        };
        for deal in &deals {
            let sum = |rule: &str| of(rule, deal).iter().sum::<i128>();
            for rule in ["given", "among"] {
                prop_assert_eq!(sum(rule), i128::from(deal.amount), "{} of deal {}", rule, deal.key);
            }
            let turned = |rule: &str| of(rule, deal).into_iter().map(|cents| -cents).collect::<Vec<_>>();
            prop_assert_eq!(of("given", deal), turned("turned"), "deal {}", deal.key);
            prop_assert_eq!(of("among", deal), turned("minus"), "deal {}", deal.key);
            let n = deals.iter().filter(|other| other.customer == deal.customer).count() as i128;
            let (least, whole) = (i128::from(deal.amount.abs()) / n, i128::from(deal.amount.abs()));
            for part in of("among", deal) {
                prop_assert!(part.abs() == least || part.abs() == least + 1 && whole % n != 0, "deal {}", deal.key);
            }
        }
    }

    // When payments are due changes nothing of what is paid: parts add up to what is paid at once, limits and all, a cent apart at most with
    // the larger ones first, those of a negative amount are minus those of the amount, and each is due in a period of its own.
    #[test]
    fn parts_of_a_payment_are_what_is_paid_at_once(
        deals in any_deals(),
        number in 1usize..8,
        period in prop::sample::select(&["day", "week", "month", "quarter", "half", "year"][..]),
        most in 0i64..900_000,
        days in 0i32..400,
    ) {
        let rule = |name: &str, amount: &str, when: &str| format!(
            "rule {name} {{ for each deal  pay rep {amount} {when}  at most {} per rep per quarter }}\n", dollars(most)
        );
        let parts = format!("in {number} parts per {period}");
        let rules = [
            rule("at_once", "10% of amount", ""),
            rule("later", "10% of amount", &format!(", due {days} days after closed_on")),
            rule("in_parts", "10% of amount", &parts),
            format!("rule turned {{ for each deal  take back from rep 10% of amount {parts}  at most {} per rep per quarter }}\n", dollars(most)),
        ];
        let lines = paid(&program("half even", &rules.concat()), &deals);
        for deal in &deals {
            let key = deal.key.to_string();
            let of = |rule: &str| lines.iter().filter(|line| line.rule == rule && line.key == key).collect::<Vec<_>>();
            let whole = line(&lines, "at_once", deal);
            prop_assert_eq!(line(&lines, "later", deal), whole, "deal {}", deal.key);
            prop_assert!(of("later").iter().all(|line| line.due == date(deal.day + days)), "deal {}", deal.key);
            let parts = of("in_parts");
            prop_assert_eq!(line(&lines, "in_parts", deal), whole, "deal {}", deal.key);
            prop_assert_eq!(parts.len() as i128, whole.abs().min(number as i128), "deal {}", deal.key);
            let sizes: Vec<i128> = parts.iter().map(|line| line.cents.abs()).collect();
            prop_assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes.first().is_none_or(|most| most - sizes[sizes.len() - 1] <= 1));
            prop_assert!(parts.iter().is_sorted_by(|a, b| a.due < b.due) && parts.iter().all(|line| line.due >= date(deal.day)));
            let turned: Vec<i128> = of("turned").iter().map(|line| -line.cents).collect();
            prop_assert_eq!(turned, parts.iter().map(|line| line.cents).collect::<Vec<_>>(), "deal {}", deal.key);
        }
    }

    // Rows that others find and take back are absent; rules that returns change nothing of pay as if none were found.
    #[test]
    fn rows_found_to_be_taken_back_are_absent(
        shape in any_shape(),
        mode in any_mode(),
        deals in any_deals(),
        found in prop::collection::vec((any::<bool>(), -40i32..200), 25),
    ) {
        let rules = |reverses: &str, returns: &str| format!(
            "event refund {{ key id  when refunded_on  deal id  amount money  {reverses} }}\n{}\
             rule adds {{ for each deal  pay rep {} as amount adds up per rep per quarter {returns} }}\
             rule one {{ for each deal  where amount > $0  first per customer ever  pay rep $5 {returns} }}\
             rule total {{ for each person per quarter  pay person 1% of sum of deal.amount {returns} }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let set = "reverses (deal where deal.id = refund.deal)";
        let days = |(deal, (_, after)): (&Deal, &(bool, i32))| (deal.day + after).clamp(0, 364);
        let chosen: Vec<(&Deal, &(bool, i32))> = deals.iter().zip(&found).filter(|(_, (is_found, _))| *is_found).collect();
        let refunds: Vec<(usize, i32, i64)> = chosen.iter().map(|pair| (pair.0.key, days(*pair), 0)).collect();
        // A row that is found on a day before its own is not taken back.
        let left: Vec<Deal> = deals
            .iter()
            .filter(|deal| !chosen.iter().any(|pair| pair.0.key == deal.key && days(*pair) >= deal.day))
            .cloned()
            .collect();
        let sums = |lines: &[meed_tests::deals::Paid]| {
            let mut sums: std::collections::BTreeMap<[String; 4], i128> = std::collections::BTreeMap::new();
            for line in lines {
                let key = [&line.rule, &line.payee, &line.key, &line.period].map(String::clone);
                *sums.entry(key).or_default() += line.cents;
            }
            sums
        };
        let taken = paid_after(&program(mode, &rules(set, "")), &deals, &refunds);
        prop_assert_eq!(sums(&taken), sums(&paid_after(&program(mode, &rules("", "")), &left, &refunds)));
        let kept = paid_after(&program(mode, &rules(set, "returns change nothing")), &deals, &refunds);
        prop_assert_eq!(sums(&kept), sums(&paid_after(&program(mode, &rules("", "")), &deals, &refunds)));
    }

    // Parties up a chain are paid as by rules of their own.
    #[test]
    fn a_chain_pays_as_rules_of_its_levels(
        deals in any_deals(),
        mode in any_mode(),
        rates in [0i64..2_000, 0i64..2_000, 0i64..2_000],
        most in 0i64..900_000,
    ) {
        let percent = |rate: i64| format!("{}.{:02}%", rate / 100, rate % 100);
        let [first, second, third] = rates.map(percent);
        let limit = format!("at most {} per payee per quarter", dollars(most));
        let level = |name: &str, path: &str, rate: &str| {
            format!("rule {name} {{ for each deal  pay {path} {rate} of amount, unknown means nobody }}\n")
        };
        let chain = |name: &str, limit: &str| format!(
            "rule {name} {{ for each deal  pay each manager above rep up to 3 levels
             ({first} if each.depth = 1, {second} if each.depth = 2, otherwise {third}) of amount  {limit} }}\n"
        );
        let rules = [
            chain("chain", ""),
            level("level_1", "rep.manager", &first),
            level("level_2", "rep.manager.manager", &second),
            level("level_3", "rep.manager.manager.manager", &third),
            chain("limited", &limit),
        ];
        let lines = paid(&program(mode, &rules.concat()), &deals);
        let of = |rule: &str, deal: &Deal, payee: usize| {
            let (key, payee) = (deal.key.to_string(), format!("R{payee}"));
            let own = lines.iter().filter(|line| line.rule == rule && line.key == key && line.payee == payee);
            own.map(|line| line.cents).sum::<i128>()
        };
        let mut sums: HashMap<(usize, usize), i128> = HashMap::new();
        for deal in &deals {
            for payee in deal.rep + 1..3 {
                let own = of(&format!("level_{}", payee - deal.rep), deal, payee);
                prop_assert_eq!(of("chain", deal, payee), own, "deal {} for R{}", deal.key, payee);
                let left = limited(sums.entry((payee, deal.quarter())).or_default(), own, most);
                prop_assert_eq!(of("limited", deal, payee), left, "limited deal {} for R{}", deal.key, payee);
            }
            prop_assert_eq!(of("chain", deal, deal.rep), 0, "deal {}", deal.key);
        }
    }

    // An override is a share of each line, after that line's limits.
    #[test]
    fn overrides_follow_their_lines(shape in any_shape(), mode in any_mode(), deals in any_deals()) {
        let rules = format!(
            "{}rule earned {{ for each deal  pay rep {} as amount adds up per rep per year  at most $500 }}
             rule override {{ for each payment from earned  pay payment.payee 7.5% of payment.amount }}",
            shape.declared("bands"),
            shape.applied("bands")
        );
        let lines = paid(&program(mode, &rules), &deals);
        for deal in &deals {
            let share = fraction(line(&lines, "earned", deal) * 75, 1_000);
            prop_assert_eq!(line(&lines, "override", deal), rounded(&share, mode), "deal {}", deal.key);
        }
    }

    // Running levels are the sums of what came before, and a schedule of two of them is what adding up pays.
    #[test]
    fn running_levels_are_sums(shape in any_shape(), deals in any_deals()) {
        let rules = format!(
            "{}rule level {{ for each deal  pay rep running sum of amount in (deal where amount > $0) per rep per quarter }}
             rule number {{ for each deal  pay rep $1 * running count per customer before this row }}
             rule steps {{ for each deal
               let after = running sum of amount per rep
               let earlier = running sum of amount per rep before this row
               pay rep {} - {} }}",
            shape.declared("bands"),
            shape.called("bands", "after"),
            shape.called("bands", "earlier")
        );
        let lines = paid(&program("half even", &rules), &deals);
        let (mut sums, mut counts, mut totals) = (HashMap::new(), HashMap::new(), HashMap::new());
        for deal in &deals {
            let level: &mut i64 = sums.entry((deal.rep, deal.quarter())).or_default();
            *level += deal.amount.max(0);
            prop_assert_eq!(line(&lines, "level", deal), i128::from(*level), "deal {}", deal.key);
            let count: &mut i128 = counts.entry(deal.customer).or_default();
            prop_assert_eq!(line(&lines, "number", deal), *count * 100, "deal {}", deal.key);
            *count += 1;
            let total: &mut i64 = totals.entry(deal.rep).or_default();
            let before = shape.worth(*total);
            *total += deal.amount;
            let step = rounded(&(shape.worth(*total) - before), "half even");
            prop_assert_eq!(line(&lines, "steps", deal), step, "deal {}", deal.key);
        }
    }

    // Sets are folds over the deals of the entity and period.
    #[test]
    fn sets_are_folds(deals in any_deals()) {
        let rule = |name: &str, amount: &str| {
            format!("rule {name} {{ for each person per quarter  pay person {amount} }}\n")
        };
        let rules = [
            rule("total", "sum of deal.amount"),
            rule("number", "$1 * count of (deal where amount > $0)"),
            rule("mean", "average of deal.amount, unknown means $0"),
            rule("least", "smallest of deal.amount, unknown means $0"),
            rule("most", "largest of amount in (deal where amount < $50,000), unknown means $0"),
            rule("different", "$1 * count of distinct deal.customer"),
            rule("so_far", "sum of amount in (deal to date)"),
            rule("before", "sum of amount in (deal previous quarter)"),
        ];
        let lines = paid(&program("half even", &rules.concat()), &deals);
        for (rep, quarter) in (0..3).flat_map(|rep| (0..4).map(move |quarter| (rep, quarter))) {
            let of = |wanted: &dyn Fn(usize) -> bool| -> Vec<&Deal> {
                deals.iter().filter(|deal| deal.rep == rep && wanted(deal.quarter())).collect()
            };
            let sum = |deals: &[&Deal]| i128::from(deals.iter().map(|deal| deal.amount).sum::<i64>());
            let own = of(&|other| other == quarter);
            let amounts: Vec<i64> = own.iter().map(|deal| deal.amount).collect();
            let mean = fraction(sum(&own), own.len().max(1) as i128);
            let mut customers: Vec<usize> = own.iter().map(|deal| deal.customer).collect();
            customers.sort_unstable();
            customers.dedup();
            let wanted = [
                ("total", sum(&own)),
                ("number", 100 * amounts.iter().filter(|&&amount| amount > 0).count() as i128),
                ("mean", rounded(&mean, "half even")),
                ("least", amounts.iter().min().map_or(0, |&least| least.into())),
                ("most", amounts.iter().filter(|&&amount| amount < 5_000_000).max().map_or(0, |&most| most.into())),
                ("different", 100 * customers.len() as i128),
                ("so_far", sum(&of(&|other| other <= quarter))),
                ("before", sum(&of(&|other| other + 1 == quarter))),
            ];
            for (rule, wanted) in wanted {
                let own = lines.iter().filter(|line| {
                    line.rule == rule && line.payee == format!("R{rep}") && line.period == format!("2026-Q{}", quarter + 1)
                });
                prop_assert_eq!(own.map(|line| line.cents).sum::<i128>(), wanted, "{} of R{} in quarter {}", rule, rep, quarter);
            }
        }
    }
}

/// The change of min(Σ, M).
fn limited(sum: &mut i128, line: i128, most: i64) -> i128 {
    let before = (*sum).min(most.into());
    *sum += line;
    (*sum).min(most.into()) - before
}
