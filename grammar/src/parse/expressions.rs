//! Expressions: what one operand of the grammar becomes. Chains of operators are folded in `fold`.

use super::Rule;
use super::fold;
use super::node::Node;
use crate::problem::Problem;
use crate::tree::*;

/// The first expression among the parts of a node, which the grammar guarantees.
pub(super) fn only(node: &Node<'_, '_>) -> Expr {
    node.parts()
        .find_map(|part| operand(&part))
        .unwrap_or_else(|| damaged(node))
}

/// The last expression among the parts of a node.
pub(super) fn last(node: &Node<'_, '_>) -> Expr {
    node.parts()
        .filter_map(|part| operand(&part))
        .last()
        .unwrap_or_else(|| damaged(node))
}

/// What stands where an expression could not be read.
pub(super) fn damaged(node: &Node<'_, '_>) -> Expr {
    Expr {
        kind: ExprKind::Damaged,
        span: node.span(),
    }
}

/// `amount`: a condition or value, perhaps a conditional.
pub(super) fn value(node: &Node<'_, '_>) -> Expr {
    let first = node
        .part(Rule::condition)
        .map(|condition| fold::condition(&condition));
    let first = first.unwrap_or_else(|| damaged(node));
    match node.part(Rule::conditional) {
        Some(tail) => Expr {
            kind: conditional(first, &tail),
            span: node.span(),
        },
        None => first,
    }
}

/// The expression of a node, or none if the node is a keyword or sign.
pub(super) fn operand(node: &Node<'_, '_>) -> Option<Expr> {
    let kind = match node.rule() {
        Rule::amount => return Some(value(node)),
        Rule::condition => return Some(fold::condition(node)),
        Rule::arithmetic => return Some(fold::arithmetic(node)),
        Rule::aggregate_value | Rule::quantity => return Some(only(node)),
        Rule::number => ExprKind::Number(decimal(node.text())),
        Rule::percent => ExprKind::Percent(decimal(node.text().trim_end_matches('%'))),
        Rule::money => money(node.text()),
        Rule::date => ExprKind::Date(node.text().to_owned()),
        Rule::text => ExprKind::Text(node.to_text().value),
        Rule::yes => ExprKind::YesNo(true),
        Rule::no => ExprKind::YesNo(false),
        Rule::path => ExprKind::Path(node.to_path()),
        Rule::call => {
            let (name, arguments) = call(node);
            ExprKind::Call { name, arguments }
        }
        Rule::negative => ExprKind::Negate(Box::new(only(node))),
        Rule::list | Rule::mistake_list => {
            ExprKind::List(node.parts().filter_map(|part| operand(&part)).collect())
        }
        Rule::bracket => ExprKind::Bracket(Box::new(inside(node))),
        Rule::counted => return Some(counted(node)),
        Rule::bracketed => return Some(counted(node)),
        Rule::named => return Some(named(node)),
        Rule::running => running(node),
        Rule::count_of => count_of(node),
        Rule::extreme => extreme(node),
        Rule::aggregate => ExprKind::Aggregate {
            function: aggregate_word(node),
            value: Some(Box::new(only(node))),
            set: node.part(Rule::in_set).map(|set| in_set(&set)),
        },
        Rule::rate_of => ExprKind::RateOf(Box::new(only(node))),
        Rule::band_of => ExprKind::BandOf(Box::new(only(node))),
        Rule::time_between => ExprKind::TimeBetween {
            unit: period_unit(node),
            from: Box::new(only(node)),
            to: Box::new(last(node)),
        },
        Rule::date_part => ExprKind::DatePart {
            part: date_part(node),
            date: Box::new(only(node)),
        },
        other => ExprKind::Unsupported(node.unsupported(not_supported(other)?)),
    };
    Some(Expr {
        kind,
        span: node.span(),
    })
}

/// What an operand is called that is read but not run; none for what is no operand.
fn not_supported(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::lowest_of => "the lowest or highest value over a time",
        Rule::earliest => "the earliest or latest row of a set",
        Rule::take_from => "a balance (`take … from`)",
        Rule::balance_of => "a balance (`balance of`)",
        Rule::paid_by => "what another rule paid (`paid by`)",
        _ => return None,
    })
}

/// Digits with grouping taken out and `k`, `M`, `B` multiplied in, as plain decimal text.
pub(super) fn decimal(text: &str) -> String {
    let (digits, zeros) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 3),
        Some(b'M') => (&text[..text.len() - 1], 6),
        Some(b'B') => (&text[..text.len() - 1], 9),
        _ => (text, 0),
    };
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |digits| ("-", digits));
    let digits: String = digits.chars().filter(|&digit| digit != ',').collect();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut whole = whole.to_owned();
    let mut fraction = fraction.chars();
    for _ in 0..zeros {
        whole.push(fraction.next().unwrap_or('0'));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.as_str() {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn money(text: &str) -> ExprKind {
    let (sign, rest) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let digits = |part: &str| decimal(&format!("{sign}{part}"));
    match rest.split_once([' ', '\u{00A0}', '\u{202F}']) {
        Some((amount, code)) => ExprKind::Money {
            amount: digits(amount),
            currency: code.to_owned(),
        },
        None => {
            let symbol = rest.chars().next().map_or(0, char::len_utf8);
            ExprKind::Money {
                amount: digits(&rest[symbol..]),
                currency: rest[..symbol].to_owned(),
            }
        }
    }
}

/// A whole number of at most nine digits; a larger or broken one reads as the largest, which no unit allows.
pub(super) fn whole(node: &Node<'_, '_>) -> u32 {
    decimal(node.text()).parse().unwrap_or(u32::MAX)
}

fn call(node: &Node<'_, '_>) -> (Name, Vec<Expr>) {
    let name = node
        .part(Rule::call_name)
        .map_or_else(|| node.name(), |name| name.to_name());
    (
        name,
        node.parts_of(Rule::condition)
            .map(|argument| fold::condition(&argument))
            .collect(),
    )
}

/// What stands in a pair of brackets.
fn inside(node: &Node<'_, '_>) -> Expr {
    let first = only(node);
    if let Some(tail) = node.part(Rule::conditional) {
        let span = first.span.to(tail.span());
        return Expr {
            kind: conditional(first, &tail),
            span,
        };
    }
    let Some(clamp) = node.part(Rule::clamp) else {
        return first;
    };
    let limit = |rule| clamp.part(rule).map(|limit| Box::new(only(&limit)));
    let span = first.span.to(clamp.span());
    let (at_least, at_most) = (limit(Rule::clamp_least), limit(Rule::clamp_most));
    Expr {
        kind: ExprKind::Clamp {
            value: Box::new(first),
            at_least,
            at_most,
        },
        span,
    }
}

fn conditional(first: Expr, tail: &Node<'_, '_>) -> ExprKind {
    let mut branches = vec![(first, only(tail))];
    for branch in tail.parts_of(Rule::branch) {
        branches.push((only(&branch), last(&branch)));
    }
    let otherwise = tail
        .part(Rule::otherwise)
        .map(|otherwise| Box::new(only(&otherwise)));
    if otherwise.is_none() {
        let span = tail.span();
        tail.reader.report(
            Problem::error(
                "missing-otherwise",
                span,
                "missing `otherwise`: how much when the condition does not hold?",
            )
            .label("`otherwise` belongs behind this")
            .help(
                "write `, otherwise 0%` (or `$0`); where nothing at all is to be paid, use `where`",
            ),
        );
    }
    ExprKind::Conditional {
        branches,
        otherwise,
    }
}

/// A number or bracket, perhaps with a unit of time behind it.
fn counted(node: &Node<'_, '_>) -> Expr {
    let value = only(node);
    if node.has(Rule::period_unit) {
        let unit = period_unit(node);
        return Expr {
            kind: ExprKind::Period {
                count: Box::new(value),
                unit,
            },
            span: node.span(),
        };
    }
    if node.has(Rule::field_of) {
        let unsupported = Unsupported {
            what: "a field of a row in brackets",
            name: None,
            span: node.span(),
        };
        return Expr {
            kind: ExprKind::Unsupported(unsupported),
            span: node.span(),
        };
    }
    match node.part(Rule::unit_name) {
        Some(unit) => {
            let unsupported = Unsupported {
                what: "an amount in a unit",
                name: Some(unit.name()),
                span: node.span(),
            };
            Expr {
                kind: ExprKind::Unsupported(unsupported),
                span: node.span(),
            }
        }
        None => value,
    }
}

/// A name or call, perhaps with `as … adds up` or a unit of time behind it.
fn named(node: &Node<'_, '_>) -> Expr {
    let Some(tail) = node.part(Rule::adds_up) else {
        return counted(node);
    };
    let (schedule, arguments) = match node.part(Rule::call) {
        Some(head) => call(&head),
        None => (
            node.part(Rule::path)
                .map_or_else(|| node.name(), |path| path.name()),
            Vec::new(),
        ),
    };
    let kind = ExprKind::AddsUp {
        schedule,
        arguments,
        quantity: Box::new(only(&tail)),
        over_all: tail.part(Rule::over_all).map(|over| over.name()),
        per: tail.per(),
        at_its_highest: tail.span_of(Rule::at_its_highest),
    };
    Expr {
        kind,
        span: node.span(),
    }
}

fn running(node: &Node<'_, '_>) -> ExprKind {
    ExprKind::Running {
        value: node
            .part(Rule::aggregate_value)
            .map(|value| Box::new(only(&value))),
        set: node.part(Rule::set_bracket).map(|set| set_bracket(&set)),
        per: node
            .part(Rule::running_per)
            .map(|per| per.to_paths())
            .unwrap_or_default(),
        before: node.has(Rule::before_row),
    }
}

fn count_of(node: &Node<'_, '_>) -> ExprKind {
    match node.part(Rule::aggregate_value) {
        Some(value) => ExprKind::Aggregate {
            function: Aggregate::CountDistinct,
            value: Some(Box::new(only(&value))),
            set: node.part(Rule::in_set).map(|set| in_set(&set)),
        },
        None => ExprKind::Aggregate {
            function: Aggregate::Count,
            value: None,
            set: node.part(Rule::set).map(|set| self::set(&set)),
        },
    }
}

/// `smallest of (a, b)`, or the aggregate `smallest of (a + b) in deal`.
fn extreme(node: &Node<'_, '_>) -> ExprKind {
    let largest = node.has(Rule::k_largest);
    let brackets = node.part(Rule::values);
    let mut values: Vec<Expr> = brackets
        .iter()
        .flat_map(|brackets| brackets.parts().filter_map(|part| operand(&part)))
        .collect();
    match (node.part(Rule::in_set), brackets) {
        (Some(set), Some(brackets)) if values.len() == 1 => {
            let kind = ExprKind::Bracket(Box::new(values.remove(0)));
            let value = Some(Box::new(Expr {
                kind,
                span: brackets.span(),
            }));
            ExprKind::Aggregate {
                function: aggregate_word(node),
                value,
                set: Some(in_set(&set)),
            }
        }
        (Some(set), _) => {
            node.reader.report(
                Problem::error("aggregate-brackets", set.span(), "one value is taken over a set, not several")
                    .label("this set belongs to one value")
                    .help("write the smaller or larger value in brackets of its own: `largest of (smallest of (a, b)) in deal`"),
            );
            ExprKind::Extreme { largest, values }
        }
        (None, _) => ExprKind::Extreme { largest, values },
    }
}

fn aggregate_word(node: &Node<'_, '_>) -> Aggregate {
    match node.parts().next().map(|word| word.rule()) {
        Some(Rule::k_average) => Aggregate::Average,
        Some(Rule::k_smallest) => Aggregate::Smallest,
        Some(Rule::k_largest) => Aggregate::Largest,
        _ => Aggregate::Sum,
    }
}

fn in_set(node: &Node<'_, '_>) -> Set {
    match node.part(Rule::set) {
        Some(set) => self::set(&set),
        None => set(node),
    }
}

fn set(node: &Node<'_, '_>) -> Set {
    match node.part(Rule::set_bracket) {
        Some(bracket) => set_bracket(&bracket),
        None => Set {
            source: set_source(node),
            by: None,
            condition: None,
            window: None,
            span: node.span(),
        },
    }
}

fn set_source(node: &Node<'_, '_>) -> SetSource {
    match node.part(Rule::payments) {
        Some(payments) => SetSource::Payments(payments.name()),
        None => SetSource::Event(node.name()),
    }
}

fn set_bracket(node: &Node<'_, '_>) -> Set {
    let mut set = Set {
        source: set_source(node),
        by: None,
        condition: None,
        window: None,
        span: node.span(),
    };
    for part in node
        .parts_of(Rule::set_part)
        .flat_map(|part| part.parts().collect::<Vec<_>>())
    {
        let twice = match part.rule() {
            Rule::set_by => set
                .by
                .replace(
                    part.part(Rule::path)
                        .map_or_else(|| part.to_path(), |path| path.to_path()),
                )
                .is_some(),
            Rule::set_where => set.condition.replace(Box::new(only(&part))).is_some(),
            _ => set.window.replace(window(&part)).is_some(),
        };
        if twice {
            node.reader.report(
                Problem::error(
                    "unexpected",
                    part.span(),
                    "a set has one `by`, one `where` and one window",
                )
                .label("the second of its kind"),
            );
        }
    }
    set
}

fn window(node: &Node<'_, '_>) -> Window {
    let kind = match node.rule() {
        Rule::window_to_date => WindowKind::ToDate,
        Rule::window_previous => WindowKind::Previous(node.name()),
        _ => WindowKind::Unsupported(Unsupported {
            what: "this window of a set",
            name: None,
            span: node.span(),
        }),
    };
    Window {
        kind,
        span: node.span(),
    }
}

fn period_unit(node: &Node<'_, '_>) -> PeriodUnit {
    let unit = node.part(Rule::period_unit);
    let node = unit.as_ref().unwrap_or(node);
    if node.has(Rule::k_days) || node.has(Rule::k_day) {
        PeriodUnit::Days
    } else if node.has(Rule::k_months) || node.has(Rule::k_month) {
        PeriodUnit::Months
    } else {
        PeriodUnit::Years
    }
}

fn date_part(node: &Node<'_, '_>) -> DatePart {
    match node.parts().next().map(|word| word.rule()) {
        Some(Rule::k_half) => DatePart::Half,
        Some(Rule::k_quarter) => DatePart::Quarter,
        Some(Rule::k_month) => DatePart::Month,
        Some(Rule::k_day) => DatePart::Day,
        _ => DatePart::Year,
    }
}

/// `rounded half even to 2 decimals`
pub(super) fn rounding(node: &Node<'_, '_>) -> Rounding {
    let mode = node
        .part(Rule::mode)
        .map_or(RoundingMode::HalfEven, |mode| rounding_mode(&mode));
    let to = node.part(Rule::round_to).map(|to| {
        if to.has(Rule::k_whole) {
            RoundTo::Whole
        } else if to.has(Rule::k_multiples) {
            RoundTo::MultiplesOf(Box::new(only(&to)))
        } else {
            RoundTo::Decimals(to.part(Rule::number).map_or(0, |number| whole(&number)))
        }
    });
    Rounding {
        mode,
        to,
        span: node.span(),
    }
}

fn rounding_mode(node: &Node<'_, '_>) -> RoundingMode {
    let half = node.has(Rule::k_half);
    if let Some(mistake) = node.part(Rule::mistake_half) {
        return half_up(node, &mistake);
    }
    let has = |rule| node.has(rule);
    match half {
        true if has(Rule::k_even) => RoundingMode::HalfEven,
        true if has(Rule::k_odd) => RoundingMode::HalfOdd,
        true if has(Rule::k_away) => RoundingMode::HalfAwayFromZero,
        true if has(Rule::k_toward) => RoundingMode::HalfTowardZero,
        true if has(Rule::k_upward) => RoundingMode::HalfUpward,
        true => RoundingMode::HalfDownward,
        false if has(Rule::k_away) => RoundingMode::AwayFromZero,
        false if has(Rule::k_toward) => RoundingMode::TowardZero,
        false if has(Rule::k_upward) => RoundingMode::Upward,
        false => RoundingMode::Downward,
    }
}

fn half_up(node: &Node<'_, '_>, mistake: &Node<'_, '_>) -> RoundingMode {
    let up = mistake.has(Rule::k_up);
    let (word, first, second) = if up {
        ("up", "half away from zero", "half upward")
    } else {
        ("down", "half toward zero", "half downward")
    };
    let (minus_first, minus_second) = if up { ("-3", "-2") } else { ("-2", "-3") };
    node.reader.report(
        Problem::error("half-up", node.span(), format!("`half {word}` has two meanings, which differ for negative amounts"))
            .label(format!("-2.5 becomes {minus_first}, or {minus_second}"))
            .help(format!("write `{first}` (-2.5 becomes {minus_first}) or `{second}` (-2.5 becomes {minus_second})")),
    );
    if up {
        RoundingMode::HalfAwayFromZero
    } else {
        RoundingMode::HalfTowardZero
    }
}
