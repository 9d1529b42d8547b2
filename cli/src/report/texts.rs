//! Texts that rules compare with and that no row has, `gold` where the table says `Gold`, or not all in one spelling.

use meed_compiler::plan::{Plan, TextTest, Type};
use meed_grammar::foreign::shown;
use meed_runtime::inner::store::Loaded;

/// Of a field with more different texts a missing one is no news: names and numbers of orders come and go.
const MOST_TEXTS: usize = 1_000;
/// So many of the texts that are there are listed.
const MOST_LISTED: usize = 12;

/// A line for each text that a rule compares a field with and that no row has, or some only in another spelling.
pub fn unmatched(plan: &Plan, loaded: &Loaded) -> Vec<String> {
    let mut lines = Vec::new();
    for predicate in &plan.predicates {
        let TextTest::In(texts) = &predicate.test else { continue };
        #[expect(clippy::indexing_slicing, reason = "there is a dictionary for every domain of the Plan")]
        let dictionary = &loaded.dictionaries[predicate.domain.index()];
        if dictionary.is_empty() || dictionary.len() > MOST_TEXTS {
            continue;
        }
        let mut there: Vec<String> =
            (0..).take(dictionary.len()).map(|code| dictionary.text(code).into_owned()).collect();
        there.sort_unstable();
        let fields = plan.records.iter().filter(|record| record.used).flat_map(|record| {
            let of_domain =
                |ty: Type| matches!(ty, Type::Text(domain) | Type::Id(domain) if domain == predicate.domain);
            let fields = record.fields.iter().filter(move |field| field.used && of_domain(field.ty));
            fields.map(|field| format!("{} has {}", record.name, field.name))
        });
        let fields: Vec<String> = fields.collect();
        if fields.is_empty() {
            continue;
        }
        let n_more = there.len().saturating_sub(MOST_LISTED);
        let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
        let listed: Vec<String> = there.iter().take(MOST_LISTED).map(|text| shown(text).into_owned()).collect();
        let are = if there.len() == 1 { "there is" } else { "there are" };
        for text in texts.iter().filter(|text| there.binary_search(text).is_ok()) {
            let same = |other: &&String| !texts.contains(other) && other.to_lowercase() == text.to_lowercase();
            for other in there.iter().filter(same) {
                let line = format!(
                    "a row of {} \"{}\", which is not \"{}\"",
                    fields.join(" or of "),
                    shown(other),
                    shown(text)
                );
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        // The program's own currency needs no rates.
        let is_own = |text: &&String| **text == plan.currency().code;
        for text in texts.iter().filter(|text| there.binary_search(text).is_err() && !is_own(text)) {
            let line =
                format!("no row of {} \"{}\"; {are} {}{more}", fields.join(" or of "), shown(text), listed.join(", "));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}
