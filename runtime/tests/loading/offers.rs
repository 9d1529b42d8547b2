//! What is offered for a column that cannot be read compiles, and reads every value of the column.

use crate::view::{csv, input, load_rows, plan};
use meed_compiler::plan::RecordId;

/// A program with a field of this type and format.
fn program(field: &str, format: &str) -> String {
    let head =
        "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\n";
    let when = if field.starts_with("when") { "" } else { "when on  " };
    format!(
        "{head}event deal {{\n  key id\n  partner partner\n  {when}\n  {field} {format}\n}}\n\
         rule r {{ for each deal  pay partner $1 }}\n"
    )
}

/// What is offered for a field whose column has these values, each offer tried on all of them.
fn offers(field: &str, values: &[&str]) -> Vec<String> {
    let load = |format: &str| {
        let plan = plan(&program(field, format));
        let is_when = field.starts_with("when");
        let mut text = if is_when { "id,partner,x\n" } else { "id,partner,on,x\n" }.to_owned();
        for (row, value) in values.iter().enumerate() {
            let on = if is_when { "" } else { "2026-01-01," };
            text += &format!("{row},A,{on}\"{value}\"\n");
        }
        let loaded = load_rows(&plan, vec![input(&plan, "deal", vec![("d", csv(text))])], 2).expect("it loads");
        (plan, loaded)
    };
    let (plan, loaded) = load("");
    let [column] = loaded.rejects.unreadable() else { panic!("{:?}", loaded.rejects.unreadable()) };
    assert_eq!((column.record, column.n_all), (RecordId(1), values.len() as u64));
    let offers = column.offers(&plan);
    for offer in &offers {
        assert_eq!(load(offer).1.rejects, [], "{field} {offer}");
    }
    offers
}

#[test]
fn dates_are_offered_the_patterns_that_read_them() {
    for (values, wanted) in [
        (&["03/14/2026", "12/31/2026"][..], &["as \"MM/DD/YYYY\""][..]),
        (&["14.03.2026"], &["as \"DD.MM.YYYY\""]),
        (&["1.3.2026", "14.3.2026"], &["as \"D.M.YYYY\""]),
        (&["01/02/2026", "03/04/2026"], &["as \"DD/MM/YYYY\"", "as \"MM/DD/YYYY\""]),
        (&["5-Jan-2026"], &["as \"D-MMM-YYYY\""]),
        (&["Jan 5, 2026"], &["as \"MMM D, YYYY\""]),
        (&["20260105"], &["as \"YYYYMMDD\""]),
        (&["2026/01/05"], &["as \"YYYY/MM/DD\""]),
        (&["31/12/26"], &["as \"DD/MM/YY\""]),
        (&["03/14/2026", "14/03/2026"], &[]),
        (&["03/14/2026", "soon"], &[]),
    ] {
        assert_eq!(offers("when x", values), wanted, "{values:?}");
    }
    let moments = offers("when x date and time", &["14.03.2026 08:30"]);
    assert_eq!(moments, ["as \"DD.MM.YYYY HH:mm\""]);
}

#[test]
fn numbers_percents_and_spellings_are_offered_what_reads_them() {
    for (field, values, wanted) in [
        ("x money", &["1.000,50", "12"][..], &["as \"1.000,50\""][..]),
        ("x money", &["1000,50"], &["as \"1000,50\""]),
        ("x money", &["$1,000.50"], &["as \"1,000.50\""]),
        ("x number", &["1,000"], &["as \"1,000.50\"", "as \"1000,50\""]),
        ("x count", &["1 000"], &["as \"1 000,50\""]),
        ("x percent", &["12"], &["as \"12\"", "as \"0.12\""]),
        ("x percent", &["12,5%"], &["as \"12,5%\""]),
        ("x yes/no", &["Y", "N"], &["as \"Y/N\""]),
        ("x yes/no", &["1", "0"], &["as \"1/0\""]),
        ("x yes/no", &["perhaps"], &[]),
        ("x one of won, lost", &["Won", "LOST"], &["ignoring case"]),
        ("x one of won, lost", &["open"], &[]),
    ] {
        assert_eq!(offers(field, values), wanted, "{field} {values:?}");
    }
}
