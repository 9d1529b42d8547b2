//! Where two honest readings exist, none is taken silently: each is printed, and brackets are asked for.

use super::node::Node;
use super::{DEEPEST, Rule};
use crate::problem::Problem;
use crate::span::Span;
use crate::tree::{BinaryOp, CompareOp, Expr, ExprKind};

/// An operator with its place.
pub(super) struct Operator {
    pub(super) op: BinaryOp,
    pub(super) span: Span,
}

/// Whether what stands for a list is one name alone.
pub(super) fn is_name(node: &Node<'_, '_>) -> bool {
    let mut parts = node.parts();
    parts.next().is_some_and(|part| part.rule() == Rule::path) && parts.next().is_none()
}

/// A chain as text, with every run of one kind of operator in brackets.
fn grouped(node: &Node<'_, '_>, operands: &[Expr], operators: &[Operator], inner: impl Fn(BinaryOp) -> bool) -> String {
    let source = node.reader.source;
    let mut text = String::new();
    let mut open = false;
    for (index, operand) in operands.iter().enumerate() {
        let next = operators.get(index).is_some_and(|operator| inner(operator.op));
        if next && !open {
            text.push('(');
            open = true;
        }
        text.push_str(operand.span.text(source));
        if open && !next {
            text.push(')');
            open = false;
        }
        if let Some(operator) = operators.get(index) {
            text.push(' ');
            text.push_str(operator.span.text(source));
            text.push(' ');
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// From the first operand to the last.
fn chain_span(operands: &[Expr]) -> Span {
    let (first, last) = (operands.first(), operands.last());
    first.zip(last).map_or_else(Span::default, |(first, last)| Span { start: first.span.start, end: last.span.end })
}

pub(super) fn mixed_and_or(node: &Node<'_, '_>, operands: &[Expr], operators: &[Operator], span: Span) {
    let first = grouped(node, operands, operators, |op| op == BinaryOp::And);
    let second = grouped(node, operands, operators, |op| op == BinaryOp::Or);
    #[expect(clippy::indexing_slicing, reason = "two operators that are mixed are two")]
    let other = operators[0].span;
    node.reader.report(
        Problem::error("and-or-brackets", span, "`and` beside `or` has two readings")
            .label("which part belongs together?")
            .other(other, "joined with this")
            .help(format!("write `{first}` or `{second}`"))
            .choice(chain_span(operands), &*first)
            .choice(chain_span(operands), &*second),
    );
}

pub(super) fn of_beside_sum(node: &Node<'_, '_>, operands: &[Expr], operators: &[Operator], of: Span, sum: Span) {
    let is_sum = |op| matches!(op, BinaryOp::Add | BinaryOp::Subtract);
    let first = grouped(node, operands, operators, |op| !is_sum(op));
    let second = grouped(node, operands, operators, is_sum);
    let sign = sum.text(node.reader.source);
    node.reader.report(
        Problem::error("of-brackets", sum, format!("`of` beside `{sign}` has two readings"))
            .label("which part belongs together?")
            .other(of, "the share is taken here")
            .help(format!("write `{first}` or `{second}`"))
            .choice(chain_span(operands), &*first)
            .choice(chain_span(operands), &*second),
    );
}

pub(super) fn missing_percent(node: &Node<'_, '_>, left: &Expr, right: &Expr) {
    let ExprKind::Number(number) = &left.kind else {
        return;
    };
    let source = node.reader.source;
    let (written, of) = (left.span.text(source), right.span.text(source));
    let problem = |message: String| Problem::error("missing-percent", left.span, message);
    // `1/3 of amount`: the fraction is meant, and `of` takes its second part.
    let before = left.span.before(source).trim_end();
    if let Some(before) = before.strip_suffix('/') {
        let before = before.trim_end();
        let of_operand = |sign: char| sign.is_alphanumeric() || matches!(sign, '.' | ',' | '_');
        let start = before.trim_end_matches(of_operand).len();
        let fraction = Span::new(start, left.span.end as usize).text(source);
        let is_number = fraction.starts_with(|sign: char| sign.is_ascii_digit());
        let between = if is_number { "" } else { " " };
        let fraction = fraction.split('/').map(str::trim).collect::<Vec<_>>().join(&format!("{between}/{between}"));
        return node.reader.report(
            problem(format!("`of` takes {written} alone, not the fraction"))
                .label("the fraction is written in brackets")
                .help(format!("write `({fraction}) of {of}`"))
                .choice(Span::new(start, left.span.end as usize), format!("({fraction})")),
        );
    }
    node.reader.report(match percent_of(written) {
        // A fraction is a share already; only its spelling is wrong.
        Some((percent, true)) => problem(format!("a share is written with `%`: {written} is {percent}"))
            .label(format!("write `{percent}`"))
            .sure(left.span, percent),
        as_percent => {
            let share =
                if number == "1" { "the whole amount again".to_owned() } else { format!("{number} times the amount") };
            let problem = problem(format!("missing `%`: a rate of {written} would pay {share}"))
                .label(format!("write `{written}%`"))
                .help(format!("if it is meant so, write `{written} * {of}`"))
                .choice(left.span, format!("{written}%"));
            match as_percent {
                Some((percent, _)) if number == "1" => problem.choice(left.span, percent),
                _ => {
                    let product = format!("{written} * {of}");
                    problem.choice(Span { start: left.span.start, end: right.span.end }, product)
                }
            }
        }
    });
}

/// A number written as a percent of the same worth, and whether it is less than 1.
///
/// INVARIANT: digits are only moved, so that no worth changes.
fn percent_of(written: &str) -> Option<(String, bool)> {
    if let Some(positive) = written.strip_prefix('-') {
        return percent_of(positive).map(|(percent, is_fraction)| (format!("-{percent}"), is_fraction));
    }
    let plain = written.replace(',', "");
    let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    if !whole.bytes().chain(decimals.bytes()).all(|sign| sign.is_ascii_digit()) {
        return None;
    }
    let decimals = format!("{decimals:0<2}");
    let (moved, rest) = decimals.split_at(2);
    let (digits, rest) = (format!("{whole}{moved}"), rest.trim_end_matches('0'));
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if rest.is_empty() { "" } else { "." };
    Some((format!("{digits}{point}{rest}%"), whole.bytes().all(|sign| sign == b'0')))
}

pub(super) fn comparison_chain(node: &Node<'_, '_>, left: &Expr) {
    let source = node.reader.source;
    let middle = match &left.kind {
        ExprKind::Compare { right, .. } => right.span.text(source),
        _ => left.span.text(source),
    };
    let problem = Problem::error("comparison-chain", node.span(), "a comparison has two sides")
        .label("this is a second comparison")
        .other(left.span, "the first one")
        .help(format!("write `{} and {middle} {}`, or `between`", left.span.text(source), node.span().text(source)));
    // `a < b < c` has one meaning; `a != b != c` has none, and a `not` before it would be of the first part alone.
    let rises = |op: &CompareOp| match op {
        CompareOp::Less | CompareOp::LessOrEqual => Some('<'),
        CompareOp::Greater | CompareOp::GreaterOrEqual => Some('>'),
        _ => None,
    };
    let first = if let ExprKind::Compare { op, .. } = &left.kind { rises(op) } else { None };
    let one_way = first.is_some() && node.span().text(source).chars().next() == first;
    let negated = left.span.before(source).trim_end().ends_with("not");
    node.reader.report(match (one_way, negated) {
        (true, false) => problem.sure(Span { start: left.span.end, end: left.span.end }, format!(" and {middle}")),
        _ => problem,
    });
}

/// `stage in won, lost`, or `sum of amount * quantity in deal`, whose set reads as a list; whether it is the first.
pub(super) fn list_brackets(value: &Expr, node: &Node<'_, '_>) -> bool {
    let source = node.reader.source;
    let span = node.span();
    let written = span.text(source);
    if let ExprKind::Binary { left, .. } = &value.kind
        && let ExprKind::Aggregate { value: Some(first), set: None, .. } = &leftmost(left).kind
    {
        let head = Span { start: value.span.start, end: first.span.start }.text(source);
        let inside = Span { start: first.span.start, end: value.span.end }.text(source);
        node.reader.report(
            Problem::error("aggregate-brackets", value.span, "what is added up over a set is written in brackets")
                .label("which part belongs to the set?")
                .other(span, "the set")
                .help(format!("write `{head}({inside}) in {written}`"))
                .choice(Span { start: first.span.start, end: value.span.end }, format!("({inside})")),
        );
        return false;
    }
    if is_name(node) {
        return true;
    }
    let round = node.part(Rule::round_list).is_some_and(|round| round.has(Rule::comma));
    let bare = written.strip_prefix('(').and_then(|written| written.strip_suffix(')')).filter(|_| round);
    let bare = bare.unwrap_or(written);
    node.reader.report(
        Problem::error("list-brackets", span, "a list is written in square brackets")
            .label("the values to compare with")
            .help(format!("write `[{bare}]`"))
            .sure(span, format!("[{bare}]")),
    );
    true
}

fn leftmost(value: &Expr) -> &Expr {
    let mut value = value;
    while let ExprKind::Binary { left, .. } = &value.kind {
        value = left;
    }
    value
}

/// Whether more is around one value than anybody means; reported.
pub(super) fn too_long(node: &Node<'_, '_>) -> bool {
    let long = node.parts().nth(DEEPEST).is_some();
    if long {
        node.reader.report(
            Problem::error("too-deep", node.span(), "there are more words around this value than can be meant")
                .label(format!("more than {DEEPEST} words and signs"))
                .help("give parts of it a name with `let`"),
        );
    }
    long
}

/// `pay A at most B rounded half even`: B is rounded, and a reader may take it for what is paid.
pub(super) fn rounded_limit(node: &Node<'_, '_>) {
    let Some(amount) = node.part(Rule::arithmetic) else { return };
    let Some(rounding) = amount.part(Rule::rounding) else { return };
    let word = if node.rule() == Rule::at_most { "at most" } else { "at least" };
    let own = format!("({})", amount.span().text(node.reader.source).trim());
    node.reader.report(
        Problem::error("rounded-brackets", rounding.span(), format!("`rounded` behind `{word}` has two readings"))
            .label("what is rounded?")
            .other(amount.span(), "this alone, or what is paid")
            .help(format!("write `{word} {own}`, or the rounding before `{word}`"))
            .choice(amount.span(), &*own),
    );
}

/// `(A at most B rounded half even)`: B is rounded, and a reader may take it for the whole.
pub(super) fn rounded_bound(node: &Node<'_, '_>, value: &Expr, clamp: &Node<'_, '_>) {
    for bound in clamp.parts() {
        let Some(rounding) = bound.part(Rule::arithmetic).and_then(|bound| bound.part(Rule::rounding)) else {
            continue;
        };
        let text = |span: Span| span.text(node.reader.source).trim().to_owned();
        let before = text(Span { start: value.span.start, end: rounding.span().start });
        let word = if bound.rule() == Rule::clamp_most { "at most" } else { "at least" };
        let amount = bound.part(Rule::arithmetic).map_or(bound.span(), |amount| amount.span());
        let rounded = text(rounding.span());
        let whole = format!("({before}) {rounded}");
        let own = format!("({})", text(amount));
        node.reader.report(
            Problem::error("rounded-brackets", rounding.span(), format!("`rounded` behind `{word}` has two readings"))
                .label("what is rounded?")
                .other(amount, "this alone, or all before it")
                .help(format!("write `{whole}` or `{} {word} {own}`", text(value.span)))
                .choice(Span { start: value.span.start, end: rounding.span().end }, &*whole)
                .choice(amount, &*own),
        );
    }
}
