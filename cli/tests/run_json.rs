//! `docs/run-json.md`, `docs/run.schema.json` and what a run writes say the same.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use support::Folder;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/run.schema.json")).expect("the schema is JSON")
}

/// A `run.json` with every field: a file that the program uses, changed parameters, rejected rows in the folder or elsewhere, a blank row,
/// a reference to a row that is not there, a row that was taken back, slices.
fn written(test: &str, rejects: &str) -> Value {
    let folder = Folder::new(&format!("run-json-{test}-{}", rejects.replace('/', "-")));
    folder.meed(&["new", "p"]).with(0);
    folder.write("p/data/deals.csv", folder.read("p/data/deals.csv") + "D99,2026-02-30,ACME,1,yes\n,,,,\n");
    let terms = "parameter spare = 2%
entity prospect { key id   size count }
event demo { key id   when held_on   prospect optional prospect if there }
event no_show { key id   when noted_on   demo reverses }
rule demos { for each demo   set size to prospect.size if unknown 0 }
";
    folder.write("p/terms.meed", terms);
    folder.write("p/data/prospect.csv", "id,size\nNORTH,1\n");
    folder.write("p/data/demo.csv", "id,held_on,prospect\nM1,2026-02-01,SOUTH\nM2,2026-02-01,NORTH\n");
    folder.write("p/data/no_show.csv", "id,noted_on,demo\nN1,2026-02-02,M2\n");
    folder.write("p/p.meed", folder.read("p/p.meed") + "\nuse \"terms.meed\"\n");
    folder.meed(&["run", "p", "--out", "earlier", "--rejects", "earlier.csv"]).with(0);
    let options = ["--slices", "--set", "bounty=$700", "--out", "out", "--rejects", rejects];
    let options = [&options[..], &["--paid", "earlier", "--csv-formulas", "as-is", "--csv", "sep=; bom"]].concat();
    folder.meed(&[&["run", "p"], &options[..]].concat()).with(0);
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}

/// What of a value the schema does not allow. Only the words that the schema uses are known here.
fn faults(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).expect("a definition"),
        None => schema,
    };
    let mut fault = |what: &str| found.push(format!("{place}: {what}: {value}"));
    for word in schema.as_object().expect("an object").keys() {
        let known = [
            "$schema",
            "$defs",
            "title",
            "type",
            "required",
            "additionalProperties",
            "properties",
            "items",
            "const",
            "enum",
            "pattern",
            "minimum",
        ];
        assert!(known.contains(&&**word), "{word}");
    }
    let is_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some(other) => panic!("{other}"),
        None => true,
    };
    if !is_type {
        fault("is of another type");
    }
    if schema.get("const").is_some_and(|known| known != value)
        || schema["enum"].as_array().is_some_and(|all| !all.contains(value))
    {
        fault("is another value");
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !fits(pattern, text)
    {
        fault(pattern);
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            fault(&format!("lacks `{name}`"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => faults(root, schema, inner, &format!("{place}/{name}"), found),
            None => found.push(format!("{place}: `{name}` is not in the schema")),
        }
    }
    for (idx, inner) in value.as_array().into_iter().flatten().enumerate() {
        faults(root, &schema["items"], inner, &format!("{place}/{idx}"), found);
    }
}

/// The patterns of the schema.
fn fits(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        "^[0-9a-f]{64}$" => {
            text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        }
        "^-?[0-9]{4,6}-[0-9]{2}-[0-9]{2}$" => text.split('-').all(digits) && text.len() == 10,
        "^-?[0-9]+(\\.[0-9]+)?$" => text.trim_start_matches('-').split('.').all(digits),
        "^[^./\\\\][^/\\\\]*$" => !text.starts_with('.') && !text.contains(['/', '\\']) && !text.is_empty(),
        other => panic!("a pattern that this test does not know: {other}"),
    }
}

#[test]
fn a_real_run_json_fits_the_schema() {
    let schema = schema();
    for rejects in ["out/bad.csv", "bad.csv"] {
        let mut found = Vec::new();
        let written = written("schema", rejects);
        faults(&schema, &schema, &written, "", &mut found);
        assert_eq!(found, Vec::<String>::new());
        // The check itself finds faults.
        let mut other = written.clone();
        other["more"] = 1.into();
        other["totals"][0]["amount"] = 1.into();
        other["tables"][0]["file"] = "../payments.csv".into();
        other.as_object_mut().expect("an object").remove("through");
        faults(&schema, &schema, &other, "", &mut found);
        assert_eq!(found.len(), 4, "{found:?}");
    }
}

/// The names of all fields in a schema or in a value.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        found.insert(name.clone());
        names(inner, found);
    }
    value.as_array().into_iter().flatten().for_each(|inner| names(inner, found));
}

#[test]
fn the_page_and_the_schema_name_every_field_that_is_written() {
    let mut written_names = BTreeSet::new();
    ["out/bad.csv", "bad.csv"].iter().for_each(|rejects| names(&written("page", rejects), &mut written_names));
    let mut of_schema = BTreeSet::new();
    let mut schemas = vec![schema()];
    while let Some(schema) = schemas.pop() {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            of_schema.insert(name.clone());
            schemas.push(inner.clone());
        }
        schemas.extend(schema.get("items").cloned());
    }
    assert_eq!(of_schema, written_names);
    let page = include_str!("../../docs/run-json.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    let mut of_page: BTreeSet<String> =
        rows.flat_map(|(cell, _)| cell.split(", ")).map(|name| name.replace('`', "")).collect();
    // Named in the row of the field that has them.
    of_page.extend(["title", "uses", "values"].map(str::to_owned));
    assert_eq!(of_page, written_names);
}
