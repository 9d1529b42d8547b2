//! What a run tells people: the account of rows, and the totals by rule.

mod cures;
mod texts;

use crate::draw::{Messages, file_name, say};
use meed_compiler::internal::broken;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::plan::{BelowZero, Node, Plan, Reading, Version, VersionId};
use meed_compiler::value::decimal_text;
use meed_grammar::foreign::{escaped, shown};
use meed_grammar::limits;
use meed_runtime::inner::engine::RunResult;
use meed_runtime::inner::pay::{PaidPayee, PayeeSums, sums_of};
use meed_runtime::inner::source::SourceFile;
use meed_runtime::inner::store::{LeftOutRows, Loaded, Reject, Unreadable};
use meed_runtime::manifest::{Manifest, Table};
use std::collections::BTreeSet;
use std::path::Path;

const HEADER: [&str; 9] = [
    "rows of",
    "read",
    "rejected",
    "after the run's date",
    "returned",
    "paid",
    "counted",
    "paid nothing",
    "not matched",
];
/// The number of it that is of rows of which nothing is left.
const RETURNED: usize = 3;

/// The account of rows and the totals by rule.
#[expect(
    clippy::indexing_slicing,
    reason = "what was loaded is by record of the Plan, what a run gives by version of its rules"
)]
pub fn accounts(plan: &Plan, loaded: &Loaded, result: &RunResult, Manifest { account, tables, .. }: &Manifest) {
    say(&format!("{} through {}", shown(&plan.title), date_of(result.through)));
    parameters(plan);
    for record in &loaded.named_only {
        let (name, n_keys) = (&plan.record(*record).name, loaded.keys[record.index()].len());
        say(&format!("no table for {name}: its rows are the {} keys that other rows name", limits::words(n_keys)));
    }
    for (record, n_blank) in plan.records.iter().zip(&loaded.blank_rows).filter(|(_, n_blank)| **n_blank > 0) {
        let rows = if *n_blank == 1 { "1 blank row is".to_owned() } else { format!("{n_blank} blank rows are") };
        say(&format!("{rows} skipped in the tables of {}", record.name));
    }
    for (record, left_out) in plan.records.iter().zip(&loaded.left_out) {
        let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
        let is = |n: u64| if n == 1 { "is" } else { "are" };
        let LeftOutRows { skipped, copies } = *left_out;
        if skipped > 0 {
            say(&format!("{} {} skipped as the source of {} says", rows(skipped), is(skipped), record.name));
        }
        if copies > 0 {
            let of = if copies == 1 { "a copy of another" } else { "copies of others" };
            say(&format!("{} {} left out of {}: {of}", rows(copies), is(copies), record.name));
        }
    }
    for (record, field, n_rows) in &loaded.not_there {
        let record = plan.record(*record);
        let rows = if *n_rows == 1 { "1 row names".to_owned() } else { format!("{n_rows} rows name") };
        let field = &record.fields[field.index()].name;
        say(&format!("{rows} a row that is not there in {field} of {}: taken as missing", record.name));
    }
    let mut table = comfy_table::Table::new();
    // Where nothing can be taken back, nothing is said about it.
    let with_returned = plan.records.iter().any(|record| record.used && record.returned(Reading::Left).is_some());
    let header = (0..).zip(HEADER).filter(|(idx, _)| with_returned || *idx != RETURNED + 1).map(|(_, word)| word);
    table.load_style(comfy_table::presets::ASCII_FULL_CONDENSED).set_header(header);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(comfy_table::CellAlignment::Right));
    for counts in account {
        let name = match &counts.rule {
            Some(rule) => format!("{} in {rule}", counts.event),
            None => counts.event.clone(),
        };
        let numbers = [
            counts.read,
            counts.rejected,
            counts.after_run_date,
            counts.returned,
            counts.paid,
            counts.counted,
            counts.paid_nothing,
            counts.not_matched,
        ];
        let shown = (0..)
            .zip(numbers)
            .filter(|(idx, _)| with_returned || *idx != RETURNED)
            .map(|(_, number)| count_words(number));
        table.add_row(std::iter::once(name).chain(shown));
    }
    if let Some((terminal_size::Width(width), _)) = terminal_size::terminal_size_of(std::io::stderr()) {
        table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic).set_width(width);
    }
    say(&table.to_string());
    for (version, rule) in (0..).map(VersionId).zip(&plan.versions) {
        if rule.emit().is_none() {
            let adds = rule.nodes.iter().any(|node| matches!(node, Node::Add(_)));
            let sets = rule.nodes.iter().any(|node| matches!(node, Node::Set(..)));
            let does = match (adds, sets) {
                (true, true) => "sets values and adds to a balance",
                (true, false) => "adds to a balance",
                (false, _) => "sets values",
            };
            say(&format!("{}: {does}, and pays nobody", rule.name));
            continue;
        }
        for (unit, sum) in sums_of(plan, result, version) {
            let unit = plan.unit(unit);
            let word = if sum.n_lines == 1 { "payment" } else { "payments" };
            say(&format!(
                "{}: {} {word}, {} {}",
                rule.name,
                count_words(sum.n_lines),
                grouped(&decimal_text(sum.sum, unit.decimals)),
                unit.code
            ));
        }
        let unit = plan.unit_of(version);
        if result.below_zero[version.index()] != 0 {
            say(&below_zero(plan, rule, result.below_zero[version.index()]));
        }
        if let Some(held) = &result.held[version.index()] {
            for (unit, sum) in held.sums() {
                let unit = plan.unit(*unit);
                let word = if sum.n_lines == 1 { "payment is" } else { "payments are" };
                let amount = grouped(&decimal_text(sum.sum, unit.decimals));
                say(&format!("  {} {word} held, {amount} {}", count_words(sum.n_lines), unit.code));
            }
        }
        let is_written = tables.iter().any(|table| table.table == "uncredited");
        match (result.n_uncredited[version.index()], is_written) {
            (0, _) => {}
            (1, true) => say("  one part that nobody gets is in `uncredited`"),
            (n_parts, true) => say(&format!("  {n_parts} parts that nobody gets are in `uncredited`")),
            (1, false) => say("  there is one part that nobody gets"),
            (n_parts, false) => say(&format!("  there are {n_parts} parts that nobody gets")),
        }
        if result.missed[version.index()] != 0 {
            let missed = decimal_text(result.missed[version.index()], unit.decimals);
            say(&format!("  rounding each line alone pays {missed} {} more than along the running total", unit.code));
        }
    }
}

/// How many payees are told.
const LARGEST: usize = 5;

/// The payees that are paid most, over all rules.
#[expect(clippy::indexing_slicing, reason = "payees are of records of the Plan")]
pub fn largest_payees(plan: &Plan, loaded: &Loaded, payees: &PayeeSums) {
    for (unit, largest) in payees.largest(plan, loaded, LARGEST) {
        let unit = plan.unit(unit);
        let has_kinds = largest.iter().any(|payee| payee.kind != largest[0].kind);
        let told = |PaidPayee { kind, key, sum }: &PaidPayee| {
            let kind = if has_kinds { format!("{} ", plan.record(*kind).name) } else { String::new() };
            format!("{kind}{} {}", shown(key), grouped(&decimal_text(*sum, unit.decimals)))
        };
        let told: Vec<String> = largest.iter().map(told).collect();
        say(&format!("paid most, in {}: {}", unit.code, told.join("; ")));
    }
}

/// What was written where.
pub fn written(folder: &Path, rejects: Option<&Path>, Manifest { tables, .. }: &Manifest) {
    let told = |table: &Table| {
        let rows = if table.rows == 1 { "row" } else { "rows" };
        format!("{} ({} {rows})", shown(&table.file), count_words(table.rows))
    };
    let told: Vec<String> = tables.iter().map(told).collect();
    say(&format!("written to `{}`: {}, run.json", file_name(folder), told.join(", ")));
    if let Some(rejects) = rejects.filter(|rejects| !tables.iter().any(|table| folder.join(&table.file) == **rejects)) {
        say(&format!("rejected rows: `{}`", file_name(rejects)));
    }
}

/// An amount with commas between groups of digits: `12,345.67`.
pub fn grouped(amount: &str) -> String {
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount), |digits| ("-", digits));
    let (whole, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let n_digits = whole.len();
    let mut text = sign.to_owned();
    for (idx, digit) in whole.chars().enumerate() {
        if idx > 0 && (n_digits - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + decimals
}

/// Rows at which a schedule was asked below zero that does not say what it pays there.
#[expect(clippy::indexing_slicing, reason = "a Plan names only schedules that it has")]
fn below_zero(plan: &Plan, rule: &Version, n_rows: u64) -> String {
    let mut unsaid: BTreeSet<&str> = BTreeSet::new();
    for expr in rule.nodes.iter().flat_map(Node::exprs) {
        expr.walk(&mut |expr| {
            if let Some((schedule, ..)) = expr.op.as_schedule() {
                let schedule = &plan.schedules[schedule.index()];
                if schedule.below_zero == BelowZero::Unsaid {
                    unsaid.insert(&schedule.name);
                }
            }
        });
    }
    let names: Vec<String> = unsaid.into_iter().map(|name| format!("`{name}`")).collect();
    let rows = if n_rows == 1 { "1 row was".to_owned() } else { format!("{} rows were", count_words(n_rows)) };
    format!("  {rows} below zero, where {} pays nothing unless it says `mirrored`", names.join(" or "))
}

/// Texts that rules compare with and that no row has.
pub fn unmatched_texts(plan: &Plan, loaded: &Loaded) {
    texts::unmatched(plan, loaded).iter().for_each(|line| say(line));
}

/// That cells were marked which a spreadsheet would have run as formulas.
pub fn formulas(n_marked: u64) {
    let cells = match n_marked {
        0 => return,
        1 => "1 cell begins like a formula and is".to_owned(),
        n_marked => format!("{n_marked} cells begin like formulas and are"),
    };
    say(&format!("{cells} marked by a `'`: --csv-formulas as-is writes such cells as they are"));
}

/// Parameters that have another value than in the program.
pub fn parameters(plan: &Plan) {
    for parameter in &plan.parameters {
        if let Some(old) = &parameter.overridden {
            let (value, old) = (shown(&parameter.value), shown(old));
            say(&format!("parameter {} = {value} (in the program {old})", parameter.name));
        }
    }
}

/// How many rows are set aside, where the question is about others.
pub fn rejected_in_short(loaded: &Loaded, messages: Messages) {
    let n_rows: u64 = loaded.counts.iter().map(|counts| counts.rejected).sum();
    let rows = match n_rows {
        0 => return,
        1 => "1 row is".to_owned(),
        n_rows => format!("{} rows are", count_words(n_rows)),
    };
    messages.note(&format!("{rows} rejected and left out: `meed run --rejects FILE` lists them"));
}

/// What is rejected: a column that cannot be read once, however many its rows, then the first other cells.
pub fn rejects(plan: &Plan, loaded: &Loaded, n_told: usize, messages: Messages) {
    rejects_of(plan, loaded, None, n_told, messages);
}

/// The same, of one file alone where one is named.
pub fn rejects_of(plan: &Plan, loaded: &Loaded, file: Option<&str>, n_told: usize, messages: Messages) {
    let is_meant = |of: &str| file.is_none_or(|file| file == of);
    let unreadable = loaded.rejects.unreadable();
    let unreadable: Vec<_> = unreadable.iter().filter(|column| is_meant(&column.file)).collect();
    let columns: Vec<&Unreadable> =
        unreadable.iter().copied().filter(|column| column.n_rows > 1).take(n_told).collect();
    for column in &columns {
        messages.detail("rejected-rows", &wrong_format(plan, column));
    }
    let same = |column: &Unreadable, reject: &Reject| {
        (column.record, &column.file, &column.column, &column.reason)
            == (reject.record, &reject.file, &reject.column, &reject.reason)
    };
    let meant = loaded.rejects.iter().filter(|reject| is_meant(&reject.file));
    let others = meant.filter(|reject| !columns.iter().any(|column| same(column, reject)));
    for reject in others.take(n_told - columns.len()) {
        let (file, column, value) = (shown(&reject.file), shown(&reject.column), shown(&reject.value));
        let (place, reason) = (place(reject.row, reject.line), escaped(&reject.reason));
        let offer = unreadable.iter().find(|column| same(column, reject)).map(|known| offer(plan, known));
        let field = cures::field_of(plan, reject.record, &reject.column);
        let cure = || cures::cure(plan, reject.record, field, &reject.value, &reject.reason);
        let offer = offer.filter(|offer| !offer.is_empty()).unwrap_or_else(cure);
        messages
            .detail("rejected-rows", &format!("{file}, {place}, column `{column}`, value `{value}`: {reason}{offer}"));
    }
    let meant = loaded.rejects.iter().filter(|reject| is_meant(&reject.file));
    if let Some(cure) = cures::rows_of_sums(plan, meant) {
        messages.note(&cure);
    }
}

/// ``column `closed_on` of deals.csv: 5,000 of 5,000 rows: not a date like 2026-02-01, as row 1 `03/14/2026` ``
fn wrong_format(plan: &Plan, column: &Unreadable) -> String {
    let (n_rows, n_all) = (count_words(column.n_rows), count_words(column.n_all));
    let (file, header, reason) = (shown(&column.file), shown(&column.column), escaped(&column.reason));
    let example = shown(column.sample.first().map_or("", String::as_str)).into_owned();
    let field = plan.record(column.record).fields.get(column.field);
    let value = column.sample.first().map_or("", String::as_str);
    let cure = || cures::cure(plan, column.record, field, value, &column.reason);
    let offer = Some(offer(plan, column)).filter(|offer| !offer.is_empty()).unwrap_or_else(cure);
    let place = place(column.row, column.line);
    format!("{file}, column `{header}`, {n_rows} of {n_all} rows: {reason}, as `{example}` in {place}{offer}")
}

/// What would read a column.
fn offer(plan: &Plan, column: &Unreadable) -> String {
    let offers = column.offers(plan);
    let record = plan.record(column.record);
    // In what is no text, numbers are numbers: no format reads them otherwise.
    if column.reason.starts_with("more than") && !SourceFile::is_delimited(Path::new(&column.file)) {
        return String::new();
    }
    let Some(field) = record.fields.get(column.field).filter(|_| !offers.is_empty()) else { return String::new() };
    // A number with too many decimals is one already: it is another only where its point stands between thousands.
    let is_number = column.reason.starts_with("more than");
    let several = match offers.len() > 1 {
        true => " (ask which is meant)",
        false if is_number => " (ask whether its point stands between thousands)",
        false => "",
    };
    let offers = offers.iter().map(|offer| format!("`{offer}`")).collect::<Vec<_>>().join(" or ");
    format!("; the field `{}` of `{}` would read that with {offers}{several}", field.name, record.name)
}

/// `row 3, line 5`
fn place(row: u64, line: Option<u64>) -> String {
    line.map_or_else(|| format!("row {row}"), |line| format!("row {row}, line {line}"))
}

/// A count with commas: `5,000`.
pub fn count_words(count: u64) -> String {
    limits::words(usize::try_from(count).unwrap_or_else(|_| broken("more rows than tables may have")))
}
