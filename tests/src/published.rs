//! Holds the pages of published figures against the files that the figures come from.
//!
//! A page's `published` block says, a line for each input and figure of the file, where it is on the page:
//!
//! ```text
//! sales: rows sale                                       the table `sales` is the page's rows of `sale`
//! free_units: parameter free_units                       a single value is a parameter
//! method: the rule                                       a value that says which rule a case is about, `{method}` below
//! payout: amount of payments {method}                    a figure is a sum over expected rows,
//! by_deal.payout: amount of payments by deal = key       for a list of figures by the columns that name them,
//! net.amount: amount of payments by run = period with 1 = 2026-01, 2 = 2026-02
//! percent: value of decisions percent                    or a decision
//! ```

use crate::case::{Kind, Setup};
use crate::page::{Case, Page};
use crate::table::Table;
use meed_compiler::value::{Exact, parse_exact};
use serde_json::{Map, Value};

/// Where an input or figure is on the page.
#[derive(Clone, Debug)]
enum Place {
    Rows(String),
    Parameter(String),
    Choice,
    Figure(Figure),
}

/// A figure among the expected rows of a case.
#[derive(Clone, Debug)]
struct Figure {
    column: String,
    kind: Kind,
    of: Option<String>,
    /// Column of the file, column of the page.
    by: Vec<(String, String)>,
    /// What a value of the file is called on the page.
    names: Vec<(String, String)>,
}

/// Says where a page and its file differ, and which cases of the file are on the page.
pub fn compare(page: &Page, file: &Value) -> (Vec<String>, Vec<String>) {
    let mut differences = Vec::new();
    let mut found = Vec::new();
    let places = match places(page) {
        Ok(places) => places,
        Err(error) => return (vec![error], found),
    };
    let cases = file["cases"].as_array().cloned().unwrap_or_default();
    for case in &page.cases {
        let id = case.title.split([',', ':']).next().unwrap_or_default();
        match cases.iter().find(|published| text(&published["id"]) == id) {
            Some(published) => {
                found.push(id.to_owned());
                let differs = |error: String| format!("## {}: {error}", case.title);
                differences.extend(differ(page, case, published, &places).into_iter().map(differs));
            }
            None => differences.push(format!("## {}: the file has no case `{id}`", case.title)),
        }
    }
    (differences, found)
}

fn differ(page: &Page, case: &Case, published: &Value, places: &[(String, Place)]) -> Vec<String> {
    let setup = match Setup::new(page, case) {
        Ok(setup) => setup,
        Err(error) => return vec![error],
    };
    let nothing = Map::new();
    let inputs = published["inputs"].as_object().unwrap_or(&nothing);
    let expected = published["expected"].as_object().unwrap_or(&nothing);
    let place = |name: &str| places.iter().find(|(known, _)| known == name).map(|(_, place)| place);
    let mut differences = Vec::new();
    for (name, value) in inputs {
        let held = match place(name) {
            Some(Place::Rows(record)) => rows_differ(&setup, record, value),
            Some(Place::Parameter(parameter)) => parameter_differs(&setup, parameter, value),
            Some(Place::Choice) => Ok(()),
            Some(Place::Figure(_)) | None => Err("is not told in the `published` block".to_owned()),
        };
        differences.extend(held.err().map(|error| format!("input `{name}`: {error}")));
    }
    for (name, value) in expected {
        let held = match value {
            Value::Array(rows) => list_differs(&setup, name, rows, places, inputs),
            _ => match place(name) {
                Some(Place::Figure(figure)) => figure_differs(&setup, figure, None, value, inputs),
                Some(Place::Rows(_) | Place::Parameter(_) | Place::Choice) | None => {
                    Err("is not told in the `published` block".to_owned())
                }
            },
        };
        differences.extend(held.err().map(|error| format!("figure `{name}`: {error}")));
    }
    differences
}

fn rows_differ(setup: &Setup<'_>, record: &str, value: &Value) -> Result<(), String> {
    let rows = value.as_array().ok_or("is no table")?;
    let (_, table) =
        setup.tables.iter().find(|(name, _)| name == record).ok_or_else(|| format!("no rows of `{record}`"))?;
    if table.rows.len() != rows.len() {
        return Err(format!("{} rows, published {}", table.rows.len(), rows.len()));
    }
    for (own, row) in table.rows.iter().zip(rows) {
        for (column, value) in row.as_object().into_iter().flatten() {
            let place = table.column(column).ok_or_else(|| format!("no column `{column}`"))?;
            if !same(&own[place], &text(value)) {
                return Err(format!("`{column}` is {}, published {value}", own[place]));
            }
        }
    }
    Ok(())
}

fn parameter_differs(setup: &Setup<'_>, parameter: &str, value: &Value) -> Result<(), String> {
    let set = setup.overrides.iter().find(|(name, _)| name == parameter);
    match set {
        Some((_, own)) if same(own, &text(value)) => Ok(()),
        Some((_, own)) => Err(format!("is {own}, published {value}")),
        None => Err("is not set".to_owned()),
    }
}

/// A list of figures: each of its columns that has a place is looked up by the others.
fn list_differs(
    setup: &Setup<'_>,
    name: &str,
    rows: &[Value],
    places: &[(String, Place)],
    inputs: &Map<String, Value>,
) -> Result<(), String> {
    let figure = |(path, place): &(String, Place)| match (path.split_once('.'), place) {
        (Some((list, column)), Place::Figure(figure)) if list == name => Some((column.to_owned(), figure.clone())),
        _ => None,
    };
    let figures: Vec<(String, Figure)> = places.iter().filter_map(figure).collect();
    for row in rows {
        let row = row.as_object().ok_or("is no list of rows")?;
        for column in row.keys() {
            let told =
                figures.iter().any(|(own, figure)| own == column || figure.by.iter().any(|(by, _)| by == column));
            if !told {
                return Err(format!("`{column}` is not told in the `published` block"));
            }
        }
        for (column, figure) in figures.iter().filter(|(column, _)| row.contains_key(column)) {
            figure_differs(setup, figure, Some(row), &row[column], inputs)?;
        }
    }
    for (_, figure) in &figures {
        let wanted: Vec<Vec<String>> = rows.iter().filter_map(Value::as_object).map(|row| keys(figure, row)).collect();
        let table = expected_rows(setup, figure, inputs)?;
        for own in key_cells(&table, figure)? {
            if !wanted.contains(&own) {
                return Err(format!("{} is expected but not published", own.join(" ")));
            }
        }
    }
    Ok(())
}

fn figure_differs(
    setup: &Setup<'_>,
    figure: &Figure,
    row: Option<&Map<String, Value>>,
    value: &Value,
    inputs: &Map<String, Value>,
) -> Result<(), String> {
    let table = expected_rows(setup, figure, inputs)?;
    let keys = row.map_or_else(Vec::new, |row| keys(figure, row));
    let place = table.column(&figure.column).ok_or_else(|| format!("no column `{}`", figure.column))?;
    let own: Vec<&String> = match row {
        Some(_) => {
            let cells = key_cells(&table, figure)?;
            table.rows.iter().zip(cells).filter(|(_, cells)| *cells == keys).map(|(row, _)| &row[place]).collect()
        }
        None => table.rows.iter().map(|row| &row[place]).collect(),
    };
    let found = if figure.column == "amount" {
        let parsed = own.iter().map(|cell| parse_exact(cell).ok_or_else(|| format!("`{cell}` is no number")));
        let sum = parsed.collect::<Result<Vec<Exact>, _>>()?.into_iter().fold(Exact::ZERO, |sum, one| sum + one);
        meed_compiler::value::exact_text(&sum)
    } else {
        match own[..] {
            [] => String::new(),
            [one] => one.clone(),
            _ => return Err(format!("{} rows of {}", own.len(), keys.join(" "))),
        }
    };
    if same(&found, &text(value)) { Ok(()) } else { Err(format!("{} {found}, published {value}", keys.join(" "))) }
}

fn keys(figure: &Figure, row: &Map<String, Value>) -> Vec<String> {
    let own =
        |value: String| figure.names.iter().find(|(name, _)| *name == value).map_or(value, |(_, own)| own.clone());
    figure.by.iter().map(|(column, _)| own(row.get(column).map(text).unwrap_or_default())).collect()
}

fn key_cells(table: &Table, figure: &Figure) -> Result<Vec<Vec<String>>, String> {
    let columns: Vec<String> = figure.by.iter().map(|(_, column)| column.clone()).collect();
    Ok(table.only(&columns)?.rows)
}

/// The expected rows that a figure is about.
fn expected_rows(setup: &Setup<'_>, figure: &Figure, inputs: &Map<String, Value>) -> Result<Table, String> {
    let mut of = figure.of.clone();
    for (name, value) in inputs {
        of = of.map(|of| of.replace(&format!("{{{name}}}"), &text(value)));
    }
    let blocks = || setup.expectations.iter().filter(|one| one.kind == figure.kind);
    let own = blocks().find(|one| one.of == of).or_else(|| blocks().find(|one| one.of.is_none()));
    let own = own.ok_or_else(|| format!("no expected {:?} {}", figure.kind, of.clone().unwrap_or_default()))?;
    let table = Table::read(&own.block.text)?;
    match of {
        Some(of) if own.of.is_none() => {
            let column = figure.kind.filtered();
            match (table.column(column), table.rows.len()) {
                (Some(_), _) => Ok(table.with(column, &of)),
                (None, 0 | 1) => Ok(table),
                (None, _) => Err(format!("no column `{column}` to find `{of}` by")),
            }
        }
        _ => Ok(table),
    }
}

fn places(page: &Page) -> Result<Vec<(String, Place)>, String> {
    let block = page.preamble.iter().find(|block| block.kind() == "published");
    let block = block.ok_or("the page has no `published` block")?;
    let place = |line: &str| {
        let (name, words) = line.split_once(':').ok_or_else(|| format!("`{line}` names no place"))?;
        let place = read_place(words.trim()).ok_or_else(|| format!("`{line}` cannot be understood"))?;
        Ok((name.trim().to_owned(), place))
    };
    block.text.lines().filter(|line| !line.trim().is_empty()).map(place).collect()
}

fn read_place(words: &str) -> Option<Place> {
    if words == "the rule" || words == "the decision" {
        return Some(Place::Choice);
    }
    if let Some(record) = words.strip_prefix("rows ") {
        return Some(Place::Rows(record.to_owned()));
    }
    if let Some(name) = words.strip_prefix("parameter ") {
        return Some(Place::Parameter(name.to_owned()));
    }
    let (words, names) = words.split_once(" with ").unwrap_or((words, ""));
    let (what, by) = words.split_once(" by ").unwrap_or((words, ""));
    let (column, what) = what.split_once(" of ")?;
    let (kind, of) = what.split_once(' ').map_or((what, None), |(kind, of)| (kind, Some(of.to_owned())));
    let kind = match kind {
        "payments" => Kind::Payments,
        "totals" => Kind::Totals,
        "decisions" => Kind::Decisions,
        "credits" => Kind::Credits,
        _ => return None,
    };
    let pairs = |text: &str| -> Option<Vec<(String, String)>> {
        let pair = |pair: &str| pair.split_once('=').map(|(a, b)| (a.trim().to_owned(), b.trim().to_owned()));
        text.split(',').filter(|pair| !pair.trim().is_empty()).map(pair).collect()
    };
    Some(Place::Figure(Figure { column: column.to_owned(), kind, of, by: pairs(by)?, names: pairs(names)? }))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        _ => value.to_string(),
    }
}

/// Whether two cells say the same; numbers by their value.
fn same(own: &str, published: &str) -> bool {
    match (parse_exact(own), parse_exact(published)) {
        (Some(own), Some(published)) => own == published,
        _ => own == published,
    }
}
