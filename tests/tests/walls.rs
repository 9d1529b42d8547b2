//! The walls of the house that neither Cargo nor a lint holds: who may name what.

use std::path::{Path, PathBuf};

/// A word, the rooms where it is looked for, and the places that may have it.
struct Wall {
    words: &'static [&'static str],
    rooms: &'static [&'static str],
    doors: &'static [&'static str],
}

const WALLS: [Wall; 6] = [
    // Machine code is made in one place.
    Wall {
        words: &["cranelift_"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "cli/src"],
        doors: &["compiler/src/codegen"],
    },
    // Arrow's layout is known in one place; beside it stand the types of the interface.
    Wall {
        words: &["arrow_array", "arrow_buffer", "arrow_cast", "arrow_schema"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "cli/src"],
        doors: &[
            "runtime/src/columns",
            "runtime/src/table/arrow.rs",
            "runtime/src/load/source.rs",
            "runtime/src/lib.rs",
        ],
    },
    Wall {
        words: &["use parquet::"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "cli/src"],
        doors: &["runtime/src/columns", "runtime/src/table"],
    },
    // No clock, no chance, no file but the ones a caller names.
    Wall {
        words: &["std::time", "SystemTime", "rand::", "std::env", "std::process"],
        rooms: &["grammar/src", "compiler/src", "runtime/src"],
        doors: &[],
    },
    Wall {
        words: &["std::fs", "tempfile"],
        rooms: &["grammar/src", "compiler/src", "runtime/src"],
        doors: &[
            "runtime/src/load/source.rs",
            "runtime/src/manifest",
            "runtime/src/columns/parquet.rs",
            "runtime/src/scratch.rs",
            // Tests.
            "runtime/src/keys/stored.rs",
            "runtime/src/keys/model.rs",
        ],
    },
    // Only the command line and the tests draw messages.
    Wall {
        words: &["GraphicalReportHandler", "println!("],
        rooms: &["grammar/src", "compiler/src", "runtime/src"],
        doors: &[],
    },
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a room") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_wall_holds() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut crossed = Vec::new();
    for wall in &WALLS {
        let mut files = Vec::new();
        wall.rooms.iter().for_each(|room| sources(&house.join(room), &mut files));
        assert!(files.len() > 40, "the rooms are looked through");
        for file in files {
            let name = file.strip_prefix(&house).expect("a file of the house").to_string_lossy().replace('\\', "/");
            if wall.doors.iter().any(|door| name.starts_with(door)) {
                continue;
            }
            let text = std::fs::read_to_string(&file).expect("the source can be read");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| wall.words.iter().any(|word| line.contains(word))) {
                crossed.push(format!("{name}: {}", line.trim()));
            }
        }
    }
    assert_eq!(crossed, Vec::<String>::new());
}
