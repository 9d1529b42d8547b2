//! The tree as other programs read it: every choice of forms is written by one rule.

#[test]
fn every_choice_of_the_tree_is_written_in_small_letters() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tree");
    let files = std::fs::read_dir(folder).expect("the tree is there").map(|entry| entry.expect("an entry").path());
    let mut n_choices = 0;
    for path in files.chain([std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tree.rs")]) {
        let text = std::fs::read_to_string(&path).expect("a file of the tree can be read");
        for (place, _) in text.match_indices("\npub enum ") {
            let attributes: Vec<&str> = text[..place].lines().rev().take_while(|line| line.starts_with("#[")).collect();
            let is_small = attributes.contains(&"#[serde(rename_all = \"snake_case\")]");
            let name = text[place..].split_whitespace().nth(2).unwrap_or_default();
            assert!(is_small, "`{name}` in {} needs #[serde(rename_all = \"snake_case\")]", path.display());
            n_choices += 1;
        }
    }
    assert!(n_choices > 20, "{n_choices}");
}
