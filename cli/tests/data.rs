//! `meed data`: what a program reads, tables to begin with, and a draft of how files could be read.

mod support;

use std::path::{Path, PathBuf};
use support::{Folder, gzip};

/// All programs of the examples.
fn programs() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let folders = std::fs::read_dir(examples).expect("the examples").map(|entry| entry.expect("an entry").path());
    let files =
        folders.filter(|folder| folder.is_dir()).flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let mut found: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "meed"));
    found.sort();
    found
}

#[test]
fn the_tables_that_are_written_are_read_by_their_program() {
    let folder = Folder::new("data-to");
    let programs = programs();
    assert!(programs.len() >= 17, "{programs:?}");
    for (idx, program) in programs.iter().enumerate() {
        let (program, to) = (program.display().to_string(), format!("to-{idx}"));
        let said = folder.meed(&["data", &program, "--to", &to]).with(0).messages;
        let through = said.trim().rsplit(' ').next().expect("a day");
        let ended = folder.meed(&["run", &program, "--data", &to, "--through", through, "--print", "totals"]);
        let ended = ended.with(0);
        assert!(!ended.messages.contains("not read:"), "{program}: {}", ended.messages);
        // Every file has its headers and two rows, and is listed with its columns.
        let listed = folder.meed(&["data", &program]).with(0).out;
        for entry in std::fs::read_dir(folder.path().join(&to)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a table");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(text.lines().count() >= 3 && listed.contains(&format!("{name}: ")), "{program}: {name}\n{listed}");
        }
        // Nothing is written over.
        folder.meed(&["data", &program, "--to", &to]).with(2).says("is there already");
    }
}

/// Layouts and formats that a source can say.
#[test]
fn tables_are_written_as_the_source_says() {
    let folder = Folder::new("data-sources");
    folder.write(
        "p.meed",
        r#"
program p { currency EUR rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id   level one of gold, silver   above optional partner }
event sale {
  key id   when sold_on   partner partner   amount money   share percent   part percent   signed yes/no   weight number
  count count at least 5   seen date and time   closed quarter   stage text   kind one of new, old
}
source sale from "Sales*.csv" {
  header in row 3
  utf-16
  skip rows where stage is "gone"
  id from "No."
  sold_on from "Date" as "D.M.YY"
  amount from "Betrag (€)" as "1.000,50"
  share from "Share" as "12,5"
  part from "Part" as "0.12"
  signed from "Signed" as "J/N"
  closed from "Quarter" as "2026Q1"
  kind from "Kind" ignoring case
}
rule r {
  for each sale
  where signed and kind is new and partner.level is gold
  pay partner (share of amount) + (part of amount) + (€1 * weight) + (€1 * count)
}
"#,
    );
    let listed = folder.meed(&["data", "p.meed"]).with(0).out;
    for words in [
        "Sales1.csv: event sale, a row each, headers in row 3",
        "Date        a date, D.M.YY (sold_on)",
        "Share       a percent without its sign, 12 for 12%",
        "partner     the key of a row of partner",
        "J or N",
        "one of gold, silver",
    ] {
        assert!(listed.contains(words), "{words}\n{listed}");
    }
    folder.meed(&["data", "p.meed", "--to", "tables"]).with(0);
    let run = folder.meed(&["run", "p.meed", "--data", "tables", "--print", "totals", "--print-as", "csv"]).with(0);
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
}

const CRM: &str = "\
Deal ID;Close Date;Partner Name;Net Amount;Registered?;Owner
D1;01/15/2026;ACME;8.000,00;Y;Kim
D2;02/05/2026;BOREAS;500,50;N;Kim
D3;02/13/2026;ACME;1.234,56;Y;Lee
";

#[test]
fn a_draft_reads_the_files_that_it_was_made_from() {
    let folder = Folder::new("data-from");
    folder.meed(&["new", "desk"]).with(0);
    folder.write("exports/CRM Export.csv", CRM);
    folder.write("exports/partners.csv.gz", gzip(b"name\nACME\nBOREAS\n"));
    folder.write(
        "exports/introductions.csv",
        "Introduction No,Introduced,Introducer,Customer ID\n1,2026-01-03,MAYA,C1\n",
    );
    folder.write("exports/other.csv", "a,b\n1,2\n").write("exports/readme.md", "no table");
    folder.write("exports/cut.parquet", "PAR1").write("exports/empty.csv", "");
    let draft = folder.meed(&["data", "desk", "--from", "exports"]).with(0).out;
    for words in [
        "// A draft by `meed data --from exports`.",
        "// 3 rows of `CRM Export.csv` looked at.\nsource deal from \"CRM Export.csv\" {\n  id from \"Deal ID\"\n",
        "  closed_on from \"Close Date\" as \"MM/DD/YYYY\"\n",
        "  partner from \"Partner Name\"\n",
        "  amount from \"Net Amount\" as \"1.000,50\"\n",
        "  registered from \"Registered?\" as \"Y/N\"\n}\n",
        "source partner {\n  id from \"name\"\n}\n",
        "  introduced_on from \"Introduced\"\n  customer from \"Customer ID\"\n",
        "// other.csv: no record that the program reads looks like it\n",
        "// cut.parquet: `exports/cut.parquet` is not a readable Parquet file",
        "// empty.csv: `exports/empty.csv` is empty",
        "// no file looks like the table of `person`\n",
    ] {
        assert!(draft.contains(words), "{words}\n{draft}");
    }
    // It is a draft: nothing is read by it before somebody puts it into the program.
    folder.meed(&["run", "desk", "--data", "exports", "--out", "out"]).with(3);
    std::fs::remove_file(folder.path().join("exports/cut.parquet")).expect("it goes");
    folder.write("desk/desk.meed", folder.read("desk/desk.meed") + "\n" + &draft);
    folder.meed(&["check", "desk"]).with(0);
    let run = ["run", "desk", "--data", "exports", "--through", "2026-06-30", "--print", "totals", "--print-as", "csv"];
    let totals = folder.meed(&run).with(0).out;
    assert!(totals.contains("registered_deals,partner,ACME,USD,2026-Q1,184.69"), "{totals}");
    // What the program says already is not asked for again.
    let again = folder.meed(&["data", "desk", "--from", "exports"]).with(0).out;
    assert!(
        again.contains("// The program's source for `deal` reads `CRM Export.csv`: nothing needs to change.\n"),
        "{again}"
    );
    let other = CRM.replace("Close Date", "Closing");
    folder.write("others/CRM Export.csv", other);
    let again = folder.meed(&["data", "desk", "--from", "others"]).with(0).out;
    assert!(again.contains("// The program has a source for `deal`: what follows would take its place."), "{again}");
}

#[test]
fn what_only_the_sender_knows_is_said() {
    let folder = Folder::new("data-unsure");
    folder.meed(&["new", "desk"]).with(0);
    folder
        .write("exports/deals.csv", "id,closed_on,partner,total\n1,03/04/2026,A,\"1,250\"\n2,05/06/2026,B,\"2,500\"\n");
    let draft = folder.meed(&["data", "desk", "--from", "exports"]).with(0).out;
    assert!(
        draft.contains(
            "closed_on from \"closed_on\" as \"DD/MM/YYYY\"   // or as \"MM/DD/YYYY\": only who sent it knows"
        ),
        "{draft}"
    );
    assert!(
        draft.contains("// registered is needed, and no column looks like it: id, closed_on, partner, total"),
        "{draft}"
    );
    // Files that are no tables, no folder, no program.
    folder.write("none/readme.md", "no table");
    folder.meed(&["data", "desk", "--from", "none"]).with(3).says("has no file whose ending is that of a table");
    folder.meed(&["data", "desk", "--from", "gone"]).with(3).says("cannot list `gone`");
    folder.meed(&["data", "desk", "--from", "none", "--to", "x"]).with(2);
    folder.meed(&["data", "gone.meed"]).with(1).says("cannot read `gone.meed`");
    folder.write("p.meed", "program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }\n");
    assert_eq!(folder.meed(&["data", "p.meed"]).with(0).out, "the program reads no tables\n");
    folder.write("file", "");
    folder.meed(&["data", "desk", "--to", "file"]).with(5).says("cannot write");
}

/// Separators, letters and files that a source can say.
#[test]
fn tables_are_written_in_the_letters_and_files_of_their_source() {
    let folder = Folder::new("data-letters");
    folder.write(
        "p.meed",
        r#"
program p { currency EUR rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id   name text }
event deal { key id   when closed_on   partner partner   amount money   size number }
source deal from "all.tsv" { windows-1252   amount from "Betrag (€)"   size from "Größe" }
source partner from "all.tsv" { windows-1252   equal rows are one   id from "partner" }
rule r { for each deal   where partner.name is not "Zoë"   pay partner 10% of amount + €1 * size }
"#
        .replace("10% of amount + €1 * size", "(10% of amount) + (€1 * size)"),
    );
    folder.meed(&["data", "p.meed", "--to", "to"]).with(0).says("two example rows each: all.tsv;");
    let bytes = std::fs::read(folder.path().join("to/all.tsv")).expect("a table");
    assert!(bytes.starts_with(b"partner\tname\tid\tclosed_on\tBetrag (\x80)\tGr\xf6\xdfe\n"), "{bytes:?}");
    let run = folder.meed(&[
        "run",
        "p.meed",
        "--data",
        "deal=to/all.tsv",
        "--data",
        "partner=to/all.tsv",
        "--print",
        "totals",
    ]);
    run.with(0);
    // Letters that the file cannot have.
    folder.write("q.meed", folder.read("p.meed").replace("Größe", "Łódź"));
    folder.meed(&["data", "q.meed", "--to", "none"]).with(5).says("it has letters that windows-1252 has not");
    assert!(!folder.has("none"));
}

/// Letters that are no UTF-8 are told by the draft, and headers are read in them.
#[test]
fn a_draft_says_in_which_letters_a_file_is() {
    let folder = Folder::new("data-draft-letters");
    let program = "program p { currency EUR rounded half even   active 2026-01-01 to 2026-12-31 }\nentity partner { key id }\n\
        event deal { key id   when closed_on   partner partner   amount money }\nrule r { for each deal   pay partner 10% of amount }\n";
    let text = "id;Abschluss Date;partner;amount (\u{20ac})\nD1;2026-01-05;Zo\u{eb};5,00\n";
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let plain = text.replace('\u{20ac}', "EUR");
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (name, bytes, letters) in [("windows", windows.into_owned(), "windows-1252"), ("wide", wide, "utf-16")] {
        let exports = format!("exports-{name}");
        folder.write("p.meed", program).write(&format!("{exports}/deals.csv"), bytes);
        let draft = folder.meed(&["data", "p.meed", "--from", &exports]).with(0).out;
        assert!(draft.contains(&format!("source deal {{\n  {letters}\n")), "{draft}");
        folder.write("p.meed", format!("{program}{draft}"));
        let run = folder.meed(&["run", "p.meed", "--data", &exports, "--print", "totals", "--print-as", "csv"]).with(0);
        assert!(run.out.contains("Zo\u{eb},EUR,2026-Q1,0.50"), "{}", run.out);
    }
}

/// Whatever headers and names of files there are, a draft is a program, and nothing of them commands the terminal.
#[test]
fn a_draft_of_strange_files_is_still_a_program() {
    let folder = Folder::new("data-strange");
    folder.meed(&["new", "desk"]).with(0);
    let header =
        |id: &str, amount: &str| format!("{id},closed_on,partner,{amount},registered\nD1,2026-01-01,ACME,5,yes\n");
    for (name, file, text, words) in [
        ("quote", "deals.csv", header("id", "\"Amount (12\"\")\""), "// amount: no program can name the column"),
        ("line", "deals.csv", header("id", "\"Net\nAmount\""), "// amount: no program can name the column"),
        ("escape", "deals.csv", header("id", "Amount \u{1b}[31m"), "// amount: no program can name the column"),
        ("direction", "deals.csv", header("id", "Amount \u{202e}"), "// amount: no program can name the column"),
        (
            "twice",
            "deals.csv",
            header("id", "Amount,AMOUNT"),
            "// amount: 2 columns are called `Amount`: rename all but one",
        ),
        ("file", "my \"deals\".csv", header("id", "Net Amount"), "amount from \"Net Amount\""),
    ] {
        let exports = format!("exports-{name}");
        folder.write(&format!("{exports}/{file}"), text);
        let draft = folder.meed(&["data", "desk", "--from", &exports]).with(0).out;
        assert!(draft.contains(words), "{name}\n{draft}");
        assert!(!draft.contains(['\u{1b}', '\u{202e}']), "{name}");
        folder.write("tried/p.meed", folder.read("desk/desk.meed") + "\n" + &draft);
        folder.meed(&["check", "tried/p.meed"]).with(0);
    }
}
