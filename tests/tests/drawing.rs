//! The drawing of the flow: the same in the README and in the page on architecture, and each of its boxes is a room.

use std::path::{Path, PathBuf};

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The drawing of a page.
fn drawing(page: &str) -> String {
    let text = std::fs::read_to_string(house().join(page)).expect("the page can be read");
    let mut blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block);
    let drawing = blocks.find(|block| block.contains("+-----"));
    drawing.unwrap_or_else(|| panic!("{page} has no drawing")).to_owned()
}

/// The texts of boxes: what is one blank behind a side. What is beside a box is two blanks away from it.
fn boxes(drawing: &str) -> Vec<&str> {
    let pieces = drawing.lines().flat_map(|line| line.split(['|', '+', '<', '>']));
    let boxed =
        pieces.filter_map(|piece| piece.strip_prefix(' ')).filter(|piece| piece.starts_with(char::is_alphabetic));
    boxed.map(str::trim_end).collect()
}

#[test]
fn both_drawings_are_one() {
    assert_eq!(drawing("README.md"), drawing("docs/architecture.md"));
}

#[test]
fn every_box_is_a_room() {
    let drawing = drawing("README.md");
    let boxes = boxes(&drawing);
    assert_eq!(boxes.len(), 16, "{boxes:?}");
    for room in boxes {
        let folder = match room.split_once('/') {
            Some((house, room)) => format!("{house}/src/{room}"),
            None => room.to_owned(),
        };
        assert!(house().join(&folder).is_dir(), "{folder} is drawn and is no folder");
    }
}
