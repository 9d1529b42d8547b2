//! Decision tables: their head, their rows line by line, or the columns of a sheet.

use super::Rule;
use super::expressions::only;
use super::items::field_type;
use super::node::Node;
use crate::tree::*;

/// The node of a table.
pub(super) fn table(node: &Node<'_, '_>) -> Table {
    let gives = node.part(Rule::table_gives);
    let arguments = node
        .part(Rule::table_arguments)
        .into_iter()
        .flat_map(|arguments| arguments.parts_of(Rule::table_argument).collect::<Vec<_>>());
    let results = gives.iter().flat_map(|gives| gives.parts_of(Rule::table_result));
    let ty = |part: &Node<'_, '_>| part.part(Rule::field_type).map(|ty| field_type(&ty));
    let rows = match node.part(Rule::table_from).and_then(|from| from.quoted()) {
        Some(file) => TableRows::Sheet {
            file,
            columns: node.parts_of(Rule::table_column).map(|part| column(&part)).collect(),
            empty_any: node.span_of(Rule::empty_any),
            otherwise: node
                .part(Rule::otherwise_row)
                .and_then(|part| part.part(Rule::table_row))
                .map(|part| row(&part)),
        },
        None => TableRows::Written(node.parts_of(Rule::table_row).map(|part| row(&part)).collect()),
    };
    Table {
        name: node.name(),
        arguments: arguments.map(|part| TableArgument { name: part.name(), ty: ty(&part) }).collect(),
        results: results.map(|part| TableResult { name: part.name(), ty: ty(&part) }).collect(),
        policy: gives.and_then(|gives| gives.part(Rule::policy)).map(|policy| (self::policy(&policy), policy.span())),
        rows,
        span: node.span(),
    }
}

fn policy(node: &Node<'_, '_>) -> Policy {
    if let Some(by) = node.part(Rule::by_result) {
        let name = by.name();
        return if by.has(Rule::k_highest) { Policy::Highest(name) } else { Policy::Lowest(name) };
    }
    if node.has(Rule::first_match) {
        Policy::First
    } else if node.has(Rule::sum_of_matches) {
        Policy::Sum
    } else {
        Policy::One
    }
}

fn column(node: &Node<'_, '_>) -> TableColumn {
    let behind = |word: Rule| {
        let mut parts = node.parts().skip_while(|part| part.rule() != word).skip(1);
        parts.next().filter(|part| part.rule() == Rule::text).map(|part| part.to_text())
    };
    TableColumn {
        name: node.name(),
        from: behind(Rule::k_from),
        to: behind(Rule::k_to),
        or_more: node.span_of(Rule::or_more),
        format: behind(Rule::k_as),
        span: node.span(),
    }
}

fn row(node: &Node<'_, '_>) -> TableRow {
    TableRow { cells: node.parts_of(Rule::table_cell).map(|part| cell(&part)).collect(), span: node.span() }
}

fn cell(node: &Node<'_, '_>) -> TableCell {
    let kind = node.parts().next().map_or(CellKind::Any, |part| match part.rule() {
        Rule::cell_known => CellKind::Known,
        Rule::cell_unknown => CellKind::Unknown,
        Rule::cell_none => CellKind::None,
        Rule::cell_otherwise => CellKind::Otherwise,
        Rule::cell_not => {
            let inner = part.part(Rule::cell_is);
            let ranges = inner.iter().flat_map(|inner| inner.parts_of(Rule::cell_range)).map(|part| range(&part));
            CellKind::Is { negated: part.span_of(Rule::k_not), ranges: ranges.collect() }
        }
        Rule::cell_is => {
            let ranges = part.parts_of(Rule::cell_range).map(|part| range(&part));
            CellKind::Is { negated: None, ranges: ranges.collect() }
        }
        _ => CellKind::Any,
    });
    TableCell { kind, span: node.span() }
}

fn range(node: &Node<'_, '_>) -> CellRange {
    let mut values: Vec<Expr> = node.parts_of(Rule::cell_value).map(|part| value(&part)).collect();
    let has = |rule: Rule| node.has(rule);
    let second = if values.len() > 1 { values.pop() } else { None };
    let first = values.pop().unwrap_or_else(|| super::expressions::damaged(node));
    match second {
        Some(second) if has(Rule::k_below) => CellRange::UpTo(first, second),
        Some(second) => CellRange::Through(first, second),
        None if has(Rule::k_below) => CellRange::Below(first),
        None if has(Rule::k_over) => CellRange::Over(first),
        None if has(Rule::k_before) => CellRange::Before(first),
        None if has(Rule::k_after) => CellRange::After(first),
        None if has(Rule::k_more) => CellRange::OrMore(first),
        None if has(Rule::k_to) => CellRange::To(first),
        None => CellRange::Value(first),
    }
}

/// A literal, or a name: of a value of a list, or of a parameter.
fn value(node: &Node<'_, '_>) -> Expr {
    match node.part(Rule::name) {
        Some(name) => {
            let span = name.span();
            Expr { kind: ExprKind::Path(Path { parts: vec![name.to_name()], span }), span }
        }
        None => only(node),
    }
}
