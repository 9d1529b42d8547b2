//! What a run tells people: the account of rows, and the totals by rule.

use crate::draw::{Messages, say};
use meed_compiler::plan::Plan;
use meed_compiler::plan::calendar::date_of;
use meed_compiler::value::decimal_text;
use meed_grammar::foreign::{escaped, shown};
use meed_runtime::engine::RunResult;
use meed_runtime::load::Loaded;
use meed_runtime::manifest::Counts;

const HEADER: [&str; 8] =
    ["rows of", "read", "rejected", "after the run's date", "paid", "counted", "paid nothing", "not matched"];

/// The account of rows and the totals by rule.
pub fn accounts(plan: &Plan, loaded: &Loaded, result: &RunResult, account: &[Counts]) {
    say(&format!("{} through {}", shown(&plan.title), date_of(result.through)));
    parameters(plan);
    for record in &loaded.named_only {
        let (name, n_keys) = (&plan.record(*record).name, loaded.keys[record.index()].len());
        say(&format!("no table for {name}: its rows are the {n_keys} keys that other rows name"));
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::ASCII_FULL_CONDENSED).set_header(HEADER);
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
            counts.paid,
            counts.counted,
            counts.paid_nothing,
            counts.not_matched,
        ];
        table.add_row(std::iter::once(name).chain(numbers.map(|number| number.to_string())));
    }
    say(&table.to_string());
    for (idx, rule) in plan.rules.iter().enumerate() {
        let lines = &result.lines[idx];
        let (amount, code) = (decimal_text(lines.sum(), plan.unit.decimals), &plan.unit.code);
        let word = if lines.len() == 1 { "payment" } else { "payments" };
        say(&format!("{}: {} {word}, {amount} {code}", rule.name, lines.len()));
        if result.missed[idx] != 0 {
            let missed = decimal_text(result.missed[idx], plan.unit.decimals);
            say(&format!("  rounding each line alone pays {missed} {code} more than along the running total"));
        }
    }
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

/// The first rejected rows.
pub fn rejects(loaded: &Loaded, n_rows: usize, messages: Messages) {
    for reject in loaded.rejects.iter().take(n_rows) {
        let (file, row, column, value) = (shown(&reject.file), reject.row, shown(&reject.column), shown(&reject.value));
        let reason = escaped(&reject.reason);
        messages.detail("rejected-rows", &format!("{file}, row {row}, column `{column}`, value `{value}`: {reason}"));
    }
}
