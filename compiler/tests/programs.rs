//! The sample programs compile without a problem. They are in `../shared`; where that is absent this says so.

use std::path::Path;

#[test]
fn sample_programs_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/programs");
    if !folder.is_dir() {
        println!("skipped: ../shared is absent");
        return;
    }
    for (program, n_rules) in [("quickstart/quickstart", 2), ("settlement/settlement", 5), ("crm/crm", 4)] {
        let text = std::fs::read_to_string(folder.join(format!("{program}.meed"))).unwrap_or_default();
        let compiled = meed_compiler::compile(&text, &[]);
        assert_eq!(compiled.problems, [], "{program}");
        assert_eq!(compiled.plan.map(|plan| plan.rules.len()), Some(n_rules), "{program}");
    }
}
