//! The phases of a Plan as text.

use super::names::Place;
use super::words::Word;
use super::write::stream;
use crate::plan::{Phase, Plan, Together, Version, VersionId, Whose, Work};
use std::fmt::Write;
use std::ops::Range;

/// Writes a line; writing to a text cannot fail.
macro_rules! line {
    ($out:expr, $($rest:tt)*) => { let _ = writeln!($out, $($rest)*); };
}

pub(super) fn write(plan: &Plan) -> String {
    let mut out = String::new();
    for (idx, id) in plan.order.iter().enumerate() {
        if idx > 0 {
            out.push('\n');
        }
        version(plan, *id, &mut out);
    }
    for stacking in &plan.stackings {
        let rules: Vec<&str> = stacking.rules.iter().map(|id| plan.rule(*id).name.as_str()).collect();
        line!(out, "\nchoice between {}", rules.join(", "));
        line!(out, "  their lines of one row stay together");
    }
    for rule in plan.rules.iter().filter(|rule| rule.versions.iter().any(|id| plan.version(*id).hold.is_some())) {
        line!(out, "\nhold over the lines of {}", rule.name);
        line!(out, "  lines of one account stay together, one after the other");
    }
    for limit in &plan.shared_limits {
        let rules: Vec<&str> = limit.rules.iter().map(|id| plan.rule(*id).name.as_str()).collect();
        let whose = match limit.per {
            Whose::All => "all lines",
            Whose::Payee => "lines with the same payee",
            Whose::Party(..) => "lines with the same party",
        };
        line!(out, "\nlimit {} over the lines of {}", limit.name, rules.join(", "));
        line!(out, "  {whose} stay together, one after the other");
    }
    out
}

fn version(plan: &Plan, id: VersionId, out: &mut String) {
    let rule = plan.version(id);
    line!(out, "rule {} version {}, {}", rule.name, rule.number, stream(plan, &rule.stream));
    for (number, phase) in (1..).zip(plan.phases(id)) {
        let (work, place) = work(plan, rule, &phase);
        line!(out, "  phase {number}: {work}");
        line!(out, "    {}", together(&place, &phase));
        let mut reads: Vec<String> = Vec::new();
        for read in plan.reads(rule, &phase) {
            let read = place.phrase(read);
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
        if !reads.is_empty() {
            line!(out, "    reads {}", reads.join(", "));
        }
    }
}

/// What a phase does, and where its expressions stand.
fn work<'a>(plan: &'a Plan, rule: &'a Version, phase: &Phase) -> (String, Place<'a>) {
    let own = Place { locals: &rule.locals, ..Place::row(plan, rule.rule, &rule.stream) };
    match &phase.work {
        Work::Fold(fold) => {
            let rows = plan.matched(*fold);
            let words = format!("{} over {}", plan.fold_name(*fold), stream(plan, &rows.stream));
            (words, Place::row(plan, rows.rule, &rows.stream))
        }
        Work::Rows(nodes) => (format!("{} over the rows{}", numbers(nodes), keeps(plan, rule, nodes)), own),
        Work::Lines(nodes) => (format!("{} over the lines{}", numbers(nodes), keeps(plan, rule, nodes)), own),
    }
}

/// The numbers of nodes, as the Plan's text has them.
fn numbers(nodes: &Range<usize>) -> String {
    match nodes.len() {
        1 => format!("node {}", nodes.end),
        _ => format!("nodes {} to {}", nodes.start + 1, nodes.end),
    }
}

/// What these nodes keep.
fn keeps(plan: &Plan, rule: &Version, nodes: &Range<usize>) -> String {
    let states = rule.nodes[nodes.clone()].iter().filter_map(|node| node.state());
    let names: Vec<String> = states.map(|state| plan.state_name(state)).collect();
    if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) }
}

fn together(place: &Place<'_>, phase: &Phase) -> String {
    let what = if let Work::Lines(_) = phase.work { "lines" } else { "rows" };
    match &phase.together {
        Together::None => format!("{what} are cut anywhere"),
        Together::All => format!("all {what} stay together"),
        Together::Alike { of_payee, parts, period } => {
            let mut alike: Vec<String> = if *of_payee { vec!["whoever-is-paid".to_owned()] } else { Vec::new() };
            alike.extend(parts.iter().map(|part| place.phrase(part)));
            alike.extend(period.map(|period| Word::word(period).to_owned()));
            format!("{what} with the same {} stay together", alike.join(", "))
        }
    }
}
