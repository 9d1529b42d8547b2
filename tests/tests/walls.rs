//! The walls of the house that neither Cargo nor a lint holds: who may name what, and which room may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A word, the rooms where it is looked for, and the places that may have it.
struct Wall {
    words: &'static [&'static str],
    rooms: &'static [&'static str],
    doors: &'static [&'static str],
}

const WALLS: [Wall; 11] = [
    // What a program means is said where it is found: lowering and what comes behind it make no message.
    Wall {
        words: &["Problem::error", "Problem::warning"],
        rooms: &["compiler/src"],
        doors: &[
            "compiler/src/types",
            "compiler/src/resolve",
            "compiler/src/checks",
            "compiler/src/compile.rs",
            "compiler/src/repairs.rs",
        ],
    },
    // Graduated, retroactive and curve exist up to lowering; behind it there are pieces.
    Wall {
        words: &["Graduated", "Retroactive"],
        rooms: &["compiler/src", "runtime/src", "book/src", "cli/src"],
        doors: &["compiler/src/types", "compiler/src/typed", "compiler/src/lower"],
    },
    // Machine code is made in one place.
    Wall {
        words: &["cranelift_"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src", "cli/src"],
        doors: &["compiler/src/codegen"],
    },
    // Arrow's layout is known where tables come from and where they go; beside these are the types of the door.
    Wall {
        words: &["arrow_array", "arrow_buffer", "arrow_cast", "arrow_schema"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src", "cli/src"],
        doors: &[
            "runtime/src/source",
            "runtime/src/output/arrow.rs",
            "runtime/src/output/ipc.rs",
            "runtime/src/program.rs",
            "runtime/src/lib.rs",
            "runtime/src/output/parquet.rs",
            "runtime/src/output/parquet",
        ],
    },
    Wall {
        words: &["use parquet::"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src", "cli/src"],
        doors: &[
            "runtime/src/source/parquet.rs",
            "runtime/src/source/parquet",
            "runtime/src/output/parquet.rs",
            "runtime/src/output/parquet",
        ],
    },
    // Only the store knows that rows can be spilled: to all others a page is a page. An embedder says where they may go.
    Wall {
        words: &["spill", "Spill", "SortedRuns", "sorted_runs", "scratch", "Scratch"],
        rooms: &["runtime/src"],
        doors: &["runtime/src/store", "runtime/src/load/options.rs", "runtime/src/lib.rs"],
    },
    // No clock, no chance, no file but the ones a caller names.
    Wall {
        words: &["std::time", "SystemTime", "Timestamp::now", "rand::", "std::env", "std::process"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src"],
        // They wait a little, for another writer and for a server.
        doors: &["book/src/store/sqlite.rs", "runtime/src/source/postgres.rs"],
    },
    Wall {
        words: &["std::fs", "tempfile"],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src"],
        doors: &["runtime/src/source", "runtime/src/manifest", "runtime/src/store", "book/src/store/sqlite"],
    },
    // Where the book is kept is known in one file for each kind of store, and so is how tables of a kind of database are read.
    Wall {
        words: &["rusqlite"],
        rooms: &["runtime/src", "book/src", "cli/src"],
        doors: &["book/src/store/sqlite.rs", "book/src/store/sqlite", "runtime/src/source/sqlite.rs"],
    },
    Wall {
        words: &["use postgres::"],
        rooms: &["runtime/src", "book/src", "cli/src"],
        doors: &["book/src/store/postgres.rs", "runtime/src/source/postgres.rs"],
    },
    // Only the command line and the tests draw messages.
    Wall {
        words: &["GraphicalReportHandler", "println!("],
        rooms: &["grammar/src", "compiler/src", "runtime/src", "book/src"],
        doors: &[],
    },
];

/// The rooms of the runtime in the order of the data's way, and which others each may know: none that comes after it.
const ROOMS: [(&str, &[&str]); 14] = [
    ("keys", &[]),
    ("source", &[]),
    ("decode", &["keys", "source"]),
    ("store", &["keys"]),
    ("load", &["decode", "keys", "source", "store"]),
    ("engine", &["load", "store"]),
    ("output", &[]),
    ("manifest", &[]),
    ("pay", &["engine", "keys", "manifest", "output", "store"]),
    ("earlier", &["engine", "keys", "manifest", "output", "pay", "source", "store"]),
    ("explain", &["engine", "store"]),
    ("quotes", &["decode", "engine", "keys", "store"]),
    ("suite", &["engine", "explain", "load", "output", "pay", "source", "store"]),
    ("program", &["engine", "explain", "load", "manifest", "output", "pay", "quotes", "source", "store"]),
];

/// The first files of the rooms that read bytes and texts of others, or write them.
const CAREFUL: [&str; 8] = [
    "grammar/src/lib.rs",
    "stdlib/src/lib.rs",
    "runtime/src/source.rs",
    "runtime/src/decode.rs",
    "runtime/src/output.rs",
    "runtime/src/manifest.rs",
    "book/src/lib.rs",
    "cli/src/main.rs",
];

/// What such a room may do only where it says why: a place that may be outside, a cast that may cut.
const CARELESS: [&str; 6] = [
    "clippy::cast_lossless",
    "clippy::cast_possible_truncation",
    "clippy::cast_possible_wrap",
    "clippy::cast_sign_loss",
    "clippy::indexing_slicing",
    "clippy::string_slice",
];

/// More files than these may not import one another in a cycle.
const LONGEST_CYCLE: usize = 3;

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

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

/// A file of the runtime: the path of its module, and what it has beside tests and comments.
type Modules = BTreeMap<Vec<String>, String>;

/// The modules of the runtime that are no tests.
fn modules() -> Modules {
    let root = house().join("runtime/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut modules, mut tests) = (Modules::new(), BTreeSet::new());
    for file in files {
        let name = file.strip_prefix(&root).expect("a file of the room").with_extension("");
        let module: Vec<String> = name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let text = std::fs::read_to_string(&file).expect("the source can be read");
        for (at, mark) in text.match_indices("#[cfg(test)]\nmod ") {
            let name = text[at + mark.len()..].split([';', ' ']).next().unwrap_or_default();
            tests.insert(module.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>());
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        modules.insert(module, code.join("\n"));
    }
    modules.retain(|module, _| !tests.contains(module) && module[..] != ["lib"]);
    modules
}

/// The modules that a module names: by paths from the crate's root, and its own children.
fn named(modules: &Modules, module: &[String]) -> BTreeSet<Vec<String>> {
    let code = &modules[module];
    let mut found = BTreeSet::new();
    let mut add = |path: &[&str], from: &[String]| {
        let path: Vec<String> = from.iter().cloned().chain(path.iter().map(|part| (*part).to_owned())).collect();
        let known = (1..=path.len()).rev().map(|len| path[..len].to_vec()).find(|path| modules.contains_key(path));
        found.extend(known.filter(|known| known != module));
    };
    let mut all = |text: &str, from: &[String]| {
        let end = text.find(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':')).unwrap_or(text.len());
        let path: Vec<&str> = text[..end].split("::").filter(|part| !part.is_empty()).collect();
        add(&path, from);
        if let Some(group) = text[end..].strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            for name in group.split(',') {
                let own = name.trim().split("::").next().unwrap_or_default();
                add(&path.iter().copied().chain([own]).collect::<Vec<_>>(), from);
            }
        }
    };
    code.match_indices("crate::").for_each(|(at, mark)| all(&code[at + mark.len()..], &[]));
    for line in code.lines() {
        if let Some((_, path)) = line.split_once("use ").filter(|(before, _)| before.is_empty() || *before == "pub ") {
            let child: Vec<String> = module.iter().cloned().chain(path.split("::").next().map(str::to_owned)).collect();
            if modules.contains_key(&child) {
                all(path, module);
            }
        }
    }
    found
}

#[test]
fn every_wall_holds() {
    let house = house();
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

#[test]
fn rooms_of_foreign_bytes_and_texts_neither_leave_an_array_nor_cut_a_number() {
    let house = house();
    let plain = |text: String| text.split_whitespace().collect::<String>();
    let denials = plain(format!("#![cfg_attr(not(test), deny({}))]", CARELESS.join(",")));
    for first in CAREFUL {
        let text = plain(std::fs::read_to_string(house.join(first)).expect("the first file of a room"));
        assert!(text.contains(&denials), "{first} does not deny {CARELESS:?}");
    }
    // What is let off is let off at one place, with a reason that Clippy demands, and no longer than it is needed.
    let mut let_off = Vec::new();
    for first in CAREFUL {
        let path = house.join(first);
        let mut files = vec![path.clone()];
        let room = if path.ends_with("lib.rs") || path.ends_with("main.rs") {
            path.parent().expect("a folder").to_owned()
        } else {
            path.with_extension("")
        };
        if room.is_dir() {
            sources(&room, &mut files);
        }
        for file in files {
            let text = plain(std::fs::read_to_string(&file).expect("the source can be read"));
            let whole = text.split("#![").skip(1).filter_map(|rest| rest.split(")]").next());
            let whole = whole.filter(|attribute| !attribute.starts_with("cfg_attr(not(test),deny("));
            if whole.into_iter().any(|attribute| CARELESS.iter().any(|lint| attribute.contains(lint))) {
                let_off.push(file);
            }
        }
    }
    assert_eq!(let_off, Vec::<PathBuf>::new(), "whole files are not let off");
}

#[test]
fn every_room_of_the_runtime_knows_only_rooms_before_it() {
    let modules = modules();
    let rooms: BTreeSet<&str> = modules.keys().map(|module| module[0].as_str()).collect();
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms, known, "every folder is a room");
    let mut before: BTreeSet<&str> = BTreeSet::new();
    for (room, may_know) in ROOMS {
        assert!(may_know.iter().all(|other| before.contains(other)), "{room} may know only rooms before it");
        before.insert(room);
    }
    let mut crossed = Vec::new();
    for module in modules.keys() {
        let may_know = ROOMS.iter().find(|(room, _)| *room == module[0]).map_or(&[][..], |(_, may_know)| may_know);
        for other in named(&modules, module) {
            if other[0] != module[0] && !may_know.contains(&other[0].as_str()) {
                crossed.push(format!("{} -> {}", module.join("/"), other.join("/")));
            }
        }
    }
    assert_eq!(crossed, Vec::<String>::new());
}

#[test]
fn files_of_the_runtime_do_not_import_one_another_in_long_cycles() {
    let modules = modules();
    let upward: Vec<&Vec<String>> =
        modules.iter().filter(|(_, code)| code.contains("super::")).map(|(module, _)| module).collect();
    assert_eq!(upward, Vec::<&Vec<String>>::new(), "imports are written from the crate's root");
    let named: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
        modules.keys().map(|module| (module, named(&modules, module))).collect();
    assert!(named.values().map(BTreeSet::len).sum::<usize>() > 200, "imports are seen");
    let reached = |from: &Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = next.pop() {
            let others = named[&module].iter().filter(|other| seen.insert((*other).clone()));
            next.extend(others.cloned().collect::<Vec<_>>());
        }
        seen
    };
    let reached: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
        modules.keys().map(|module| (module, reached(module))).collect();
    for (module, others) in &reached {
        let cycle: Vec<String> =
            others.iter().filter(|other| reached[other].contains(*module)).map(|other| other.join("/")).collect();
        assert!(cycle.len() <= LONGEST_CYCLE, "a cycle of imports: {cycle:?}");
    }
}
