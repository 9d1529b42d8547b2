//! Aggregates, and the sets they are taken over.

use super::Rule;
use super::clauses::unknown_means;
use super::expressions::{only, operand};
use super::literals::decimal;
use super::node::Node;
use crate::problem::Problem;
use crate::tree::*;

pub(super) fn running(node: &Node<'_, '_>) -> ExprKind {
    ExprKind::Running {
        value: node.part(Rule::aggregate_value).map(|value| Box::new(only(&value))),
        set: node.part(Rule::set_bracket).map(|set| set_bracket(&set)),
        per: node.part(Rule::running_per).map(|per| per.to_paths()).unwrap_or_default(),
        before: node.has(Rule::before_row),
    }
}

pub(super) fn count_of(node: &Node<'_, '_>) -> ExprKind {
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
pub(super) fn extreme(node: &Node<'_, '_>) -> ExprKind {
    let brackets = node.part(Rule::values);
    let (name, mut values) = named_values(node);
    match (node.part(Rule::in_set), brackets) {
        (Some(set), Some(brackets)) if values.len() == 1 => {
            let kind = ExprKind::Bracket(Box::new(values.remove(0)));
            let value = Some(Box::new(Expr { kind, span: brackets.span() }));
            ExprKind::Aggregate { function: aggregate_word(node), value, set: Some(in_set(&set)) }
        }
        (Some(set), _) => {
            node.reader.report(
                Problem::error("aggregate-brackets", set.span(), "one value is taken over a set, not several")
                    .label("this set belongs to one value")
                    .help("write the smaller or larger value in brackets of its own: `largest of (smallest of (a, b)) in deal`"),
            );
            ExprKind::Function { name, values }
        }
        (None, _) => ExprKind::Function { name, values },
    }
}

/// `WORD of (a, b)`
pub(super) fn function_of(node: &Node<'_, '_>) -> ExprKind {
    let (name, values) = named_values(node);
    ExprKind::Function { name, values }
}

fn named_values(node: &Node<'_, '_>) -> (Name, Vec<Expr>) {
    let name = node.parts().next().map_or_else(|| node.name(), |word| word.to_name());
    let brackets = node.part(Rule::values);
    let values = brackets.iter().flat_map(|brackets| brackets.parts().filter_map(|part| operand(&part)));
    (name, values.collect())
}

pub(super) fn aggregate_word(node: &Node<'_, '_>) -> Aggregate {
    match node.parts().next().map(|word| word.rule()) {
        Some(Rule::k_average) => Aggregate::Average,
        Some(Rule::k_smallest) => Aggregate::Smallest,
        Some(Rule::k_largest) => Aggregate::Largest,
        _ => Aggregate::Sum,
    }
}

pub(super) fn in_set(node: &Node<'_, '_>) -> Set {
    match node.part(Rule::set) {
        Some(set) => self::set(&set),
        None => set(node),
    }
}

pub(super) fn set(node: &Node<'_, '_>) -> Set {
    match node.part(Rule::set_bracket) {
        Some(bracket) => set_bracket(&bracket),
        None => plain_set(node),
    }
}

fn set_source(node: &Node<'_, '_>) -> SetSource {
    let name = |rule: Rule| node.part(rule).map(|part| part.name());
    let payments = name(Rule::payments).map(SetSource::Payments);
    let credits = || name(Rule::credits).map(SetSource::Credits);
    let decisions = || name(Rule::decisions).map(SetSource::Decisions);
    payments.or_else(credits).or_else(decisions).unwrap_or_else(|| SetSource::Event(node.name()))
}

fn set_bracket(node: &Node<'_, '_>) -> Set {
    let mut set = plain_set(node);
    set.of = node.part(Rule::set_of).map(|of| if of.has(Rule::k_this) { SetOf::This } else { SetOf::Everyone });
    set.unknown = unknown_means(node);
    set.as_it_stood = node.span_of(Rule::as_it_stood);
    for part in node.parts_of(Rule::set_part).flat_map(|part| part.parts().collect::<Vec<_>>()) {
        let twice = match part.rule() {
            Rule::set_by => {
                !std::mem::replace(&mut set.by, part.parts_of(Rule::way).map(|way| self::way(&way)).collect())
                    .is_empty()
            }
            Rule::set_where => set.condition.replace(Box::new(only(&part))).is_some(),
            _ => set.window.replace(window(&part)).is_some(),
        };
        if twice {
            node.reader.report(
                Problem::error("unexpected", part.span(), "a set has one `by`, one `where` and one window")
                    .label("the second of its kind"),
            );
        }
    }
    // Behind a condition `previous quarter` is the window of the set; a decision of an earlier period stands in brackets there.
    if let (None, Some(condition)) = (&set.window, &mut set.condition) {
        set.window = window_behind(condition);
    }
    set
}

/// `rep.manager`, `each sponsor above advisor up to 2 levels`
pub(super) fn way(node: &Node<'_, '_>) -> Way {
    let path = |node: &Node<'_, '_>| node.part(Rule::path).map_or_else(|| node.to_path(), |path| path.to_path());
    let Some(chain) = node.part(Rule::chain) else {
        return Way { path: path(node), chain: None, span: node.span() };
    };
    let levels_span = chain.span_of(Rule::number).unwrap_or(chain.span());
    let steps = Chain { step: chain.name(), levels: whole_number(&chain), levels_span };
    Way { path: path(&chain), chain: Some(steps), span: node.span() }
}

/// The window that a condition ends with, which is taken off it.
fn window_behind(expr: &mut Expr) -> Option<Window> {
    match &mut expr.kind {
        ExprKind::Earlier { value, window } => {
            let (value, window) = (value.clone(), window.clone());
            *expr = Expr { span: value.span, kind: ExprKind::Path(value) };
            Some(window)
        }
        ExprKind::Binary { right, .. } | ExprKind::Compare { right, .. } => window_behind(right),
        ExprKind::Between { high, .. } => window_behind(high),
        ExprKind::Not(inner) => window_behind(inner),
        _ => None,
    }
}

/// `previous quarter`, `same quarter last year`, behind a decision.
pub(super) fn earlier_window(node: &Node<'_, '_>) -> Window {
    let kind = if node.has(Rule::k_previous) {
        WindowKind::Previous { count: Some(1), period: node.name() }
    } else {
        WindowKind::SameLastYear(node.name())
    };
    Window { kind, span: node.span() }
}

fn window(node: &Node<'_, '_>) -> Window {
    let kind = match node.rule() {
        Rule::window_to_date => WindowKind::ToDate,
        Rule::window_previous => {
            let count = if node.has(Rule::number) { whole_number(node) } else { Some(1) };
            WindowKind::Previous { count, period: node.name() }
        }
        Rule::window_within => WindowKind::Within(Box::new(only(node))),
        Rule::window_last => WindowKind::Last { count: whole_number(node), unit: node.name() },
        Rule::window_same => WindowKind::SameLastYear(node.name()),
        Rule::window_whole => WindowKind::Whole(node.name()),
        Rule::window_ever => WindowKind::Ever,
        _ => WindowKind::BeforeThis,
    };
    Window { kind, span: node.span() }
}

/// The number in a node, if it is a whole one above zero.
pub(super) fn whole_number(node: &Node<'_, '_>) -> Option<u32> {
    decimal(node.part(Rule::number)?.text()).parse().ok().filter(|&count| count > 0)
}

fn plain_set(node: &Node<'_, '_>) -> Set {
    Set::plain(set_source(node), node.span())
}

/// `earliest (SET)`, `the (SET).segment`
pub(super) fn one_row(node: &Node<'_, '_>) -> ExprKind {
    let has = |rule| node.has(rule);
    let which = match () {
        () if has(Rule::k_earliest) => OneRow::Earliest,
        () if has(Rule::k_latest) => OneRow::Latest,
        () if has(Rule::k_highest) => OneRow::Highest,
        () if has(Rule::k_lowest) => OneRow::Lowest,
        () => OneRow::Only,
    };
    ExprKind::OneRow {
        which,
        by: node.part(Rule::path).map(|path| path.to_path()),
        set: node.part(Rule::set_bracket).map_or_else(|| plain_set(node), |set| set_bracket(&set)),
        field: node.part(Rule::field_of).map(|field| field.to_path()),
    }
}

/// A set that a `let` names.
pub(super) fn named_set(node: &Node<'_, '_>) -> ExprKind {
    ExprKind::Set(set(node))
}
