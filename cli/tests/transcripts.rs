//! The transcripts of pages in `docs` are what the commands write. With `UPDATE_PAGES=1` the pages are written.

mod support;

use std::path::Path;
use support::Folder;

/// The words of a command: what is within quotes is one.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut within) = (Vec::new(), String::new(), None);
    for letter in command.chars().chain([' ']) {
        match (letter, within) {
            ('\'' | '"', None) => within = Some(letter),
            (quote, Some(open)) if quote == open => within = None,
            (' ', None) if word.is_empty() => {}
            (' ', None) => words.push(std::mem::take(&mut word)),
            (letter, _) => word.push(letter),
        }
    }
    words
}

/// Runs what a block shows, and gives the block as it is then. Commands work in a folder below the test's own.
fn printed(folder: &Folder, place: &mut String, block: &str) -> String {
    let mut printed = String::new();
    for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        printed += &format!("$ {line}\n");
        if let Some(below) = line.strip_prefix("cd ") {
            place.push_str(below);
            continue;
        }
        let (command, target) = line.split_once(" > ").map_or((line, None), |(command, file)| (command, Some(file)));
        let all = words(command.strip_prefix("meed ").unwrap_or_else(|| panic!("`{line}` is no command of Meed")));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let ended = folder.meed_in(place, &all).with(0);
        match target {
            Some(file) => {
                folder.write(&format!("{place}/{file}"), &ended.out);
                printed += &ended.messages;
            }
            None => printed += &format!("{}{}", ended.messages, ended.out),
        }
    }
    printed
}

/// Follows a page from its first block to its last: runs commands, and writes the files that it shows.
fn follow(name: &str, folder: &Folder) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let (mut place, mut n_commands) = (String::new(), 0);
    // A file that is shown below the command that reads it is there before.
    let parts: Vec<&str> = page.split("```").collect();
    let mut shown: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    let file = |part: &str| {
        let (head, text) = part.split_once('\n')?;
        let (_, name) = head.split_once(' ')?;
        Some((name.to_owned(), text.to_owned()))
    };
    for idx in (1..parts.len()).step_by(2) {
        match parts[idx].strip_prefix("console\n") {
            Some(block) => {
                if let Some((name, text)) = parts.get(idx + 2).and_then(|next| file(next))
                    && block.contains(&name)
                {
                    folder.write(&format!("{place}/{name}"), text);
                }
                n_commands += block.lines().filter(|line| line.starts_with("$ ")).count();
                shown[idx] = format!("console\n{}", printed(folder, &mut place, block));
            }
            None => {
                if let Some((name, text)) = file(parts[idx]) {
                    folder.write(&format!("{place}/{name}"), text);
                }
            }
        }
    }
    assert!(n_commands > 4, "{name} shows {n_commands} commands");
    let shown = shown.join("```");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, shown).expect("the page can be written");
    } else {
        for (wanted, is) in page.lines().zip(shown.lines()) {
            assert_eq!(is, wanted, "{name}; with UPDATE_PAGES=1 the page is written");
        }
        assert_eq!(shown, page);
    }
}

#[test]
fn the_page_of_the_command_line_shows_what_the_commands_write() {
    follow("command-line.md", &Folder::new("transcripts"));
}

#[test]
fn a_quarter_is_closed_as_the_page_shows() {
    let folder = Folder::new("closing");
    follow("closing-a-quarter.md", &folder);
    // What the page says of the end: nothing is different any more, and all adds up.
    folder.meed_in("desk", &["settle", "--through", "2026-06-30"]).with(0).says("nothing is different");
    folder.meed_in("desk", &["book", "check"]).with(0);
}

#[test]
fn every_option_of_the_page_is_one() {
    let page = [include_str!("../../docs/command-line.md"), include_str!("../../docs/closing-a-quarter.md")].concat();
    let folder = Folder::new("options");
    let commands: [&[&str]; 12] = [
        &["run"],
        &["explain"],
        &["test"],
        &["check"],
        &["show", "tree"],
        &["quote"],
        &["new"],
        &["settle"],
        &["close"],
        &["dispute", "open"],
        &["verify"],
        &["book"],
    ];
    let of_book = ["show", "check", "approve", "open", "adjust", "payables", "paid", "export", "upgrade"];
    let help: String = commands.map(|command| folder.meed(&[command, &["--help"]].concat()).with(0).out).concat();
    let of_book = of_book.map(|command| folder.meed(&["book", command, "--help"]).with(0).out).concat();
    let help = help + &of_book;
    let options = page.split("--").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(rest.len());
        &rest[..end]
    });
    // An event is named as an option.
    for option in options.filter(|option| !option.trim_matches('-').is_empty() && *option != "deal") {
        assert!(help.contains(&format!("--{option}")), "`--{option}` is no option");
    }
}
