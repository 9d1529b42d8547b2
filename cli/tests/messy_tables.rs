//! Tables as people have them: each is read, or refused with what cures it, and with that it is read to the right cent.

mod support;

use support::Folder;

const PROGRAM: &str = "\
program p { currency EUR rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal { key id   when closed_on   partner partner   amount money   won yes/no }
rule r { for each deal   where won   pay partner 10% of amount }
";
const HEADER: &str = "id,closed_on,partner,amount,won\n";
const ROWS: &str = "D1,2026-02-01,ACME,1000.50,yes\nD2,2026-02-13,BETA,250,no\nD3,2026-03-31,ACME,99.99,yes\n";
/// A tenth of the first, and of the third rounded half even.
const PAID: &str = "r,partner,ACME,EUR,2026-Q1,110.05\n";

/// What becomes of a table.
enum Becomes {
    /// It is read as it is.
    Read,
    /// It is refused with these words, and read with these lines in its source.
    Cured(&'static str, &'static str),
    /// It is refused with these words: nothing in a program can cure it.
    Refused(&'static str),
}
use Becomes::{Cured, Read, Refused};

struct Table {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    becomes: Becomes,
    /// Lines of its totals.
    paid: &'static [&'static str],
}

fn table(name: &'static str, text: &str, becomes: Becomes) -> Table {
    Table { name, file: "deals.csv", bytes: text.as_bytes().to_vec(), becomes, paid: &[PAID] }
}

fn file(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, becomes: Becomes) -> Table {
    Table { name, file, bytes: bytes.into(), becomes, paid: &[PAID] }
}

/// The usual table with something else in place of it.
fn with(from: &str, to: &str) -> String {
    (HEADER.to_owned() + ROWS).replace(from, to)
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// JSON lines of the rows, with amounts as they are written.
fn json(first: &str) -> String {
    let row = |id: &str, day: &str, partner: &str, amount: &str, won: bool| {
        format!(
            "{{\"id\":\"{id}\",\"closed_on\":\"{day}\",\"partner\":\"{partner}\",\"amount\":{amount},\"won\":{won}}}\n"
        )
    };
    row("D1", "2026-02-01", "ACME", first, true)
        + &row("D2", "2026-02-13", "BETA", "250", false)
        + &row("D3", "2026-03-31", "ACME", "\"99.99\"", true)
}

fn tables() -> Vec<Table> {
    let whole = HEADER.to_owned() + ROWS;
    let german = whole.replace(',', ";").replace("1000.50", "1.000,50").replace("99.99", "99,99");
    let american =
        with("2026-02-01", "02/01/2026").replace("2026-02-13", "02/13/2026").replace("2026-03-31", "03/31/2026");
    let ambiguous =
        with("2026-02-01", "03/02/2026").replace("2026-02-13", "04/02/2026").replace("2026-03-31", "05/02/2026");
    vec![
        table("plain", &whole, Read),
        table("lines of Windows", &whole.replace('\n', "\r\n"), Read),
        table("lines of an old Macintosh", &whole.replace('\n', "\r"), Read),
        table("a mark of UTF-8", &format!("\u{feff}{whole}"), Read),
        table("semicolons", &whole.replace(',', ";"), Read),
        table("bars", &whole.replace(',', "|"), Read),
        file("tabs", "deals.tsv", whole.replace(',', "\t"), Read),
        table("no line end behind the last row", whole.trim_end(), Read),
        table("every cell in quotes", &whole.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect::<String>(), Read),
        table("blanks around cells, capitals in headers", &whole.replace(',', " , ").replace("closed_on", "Closed_On"), Read),
        table("blank rows", &whole.replace('\n', "\n\n ,,,,\n"), Read),
        table("columns that nobody reads", &whole.lines().map(|line| format!("\"a, \"\"b\"\"\nc\",{line},x\n")).collect::<String>(), Read),
        table("columns in another order", "won,amount,partner,closed_on,id\nyes,1000.50,ACME,2026-02-01,D1\nno,250,BETA,2026-02-13,D2\nyes,99.99,ACME,2026-03-31,D3\n", Read),
        table("what Excel says of its separator", &format!("sep=;\n{}", whole.replace(',', ";")), Read),
        table("a title above the headers", &format!("Sales report\nprinted 2026-04-01\n\n{whole}"), Cured("say `header in row N` in `source deal`", "header in row 4")),
        table("letters of Windows", "x", Read).bytes_of(b"id,closed_on,partner,amount,won,note\nD1,2026-02-01,ACME,1000.50,yes,caf\xe9\nD3,2026-03-31,ACME,99.99,yes,\n"),
        table("letters of Windows in a key", "x", Cured("a file from Windows is read with `windows-1252` in `source deal`", "windows-1252")).bytes_of(b"id,closed_on,partner,amount,won\nD1,2026-02-01,ACME,1000.50,yes\nD2,2026-02-13,Zo\xeb,250,no\nD3,2026-03-31,ACME,99.99,yes\n"),
        file("UTF-16", "deals.txt", utf16(&whole), Cured("how it is written: `utf-16`", "utf-16")),
        table("German numbers", &german, Cured("would read that with `as \"1.000,50\"`", "amount as \"1.000,50\"")),
        table("French numbers, with blanks that break no line", &whole.replace(',', ";").replace("1000.50", "1\u{a0}000,50").replace("99.99", "99,99"), Cured("`as \"1 000,50\"`", "amount as \"1 000,50\"")),
        table("Swiss numbers", &with("1000.50", "1'000.50"), Cured("`as \"1'000.50\"`", "amount as \"1'000.50\"")),
        table("a sign of the currency", &with("1000.50", "\"€1,000.50\""), Cured("`as \"1,000.50\"`", "amount as \"1,000.50\"")),
        table("its code", &with("1000.50", "1000.50 EUR"), Cured("`as \"1000.50\"`", "amount as \"1000.50\"")),
        table("American dates", &american, Cured("`as \"MM/DD/YYYY\"`", "closed_on as \"MM/DD/YYYY\"")),
        table("dates that are read in two ways", &ambiguous, Cured("`as \"DD/MM/YYYY\"` or `as \"MM/DD/YYYY\"` (ask which is meant)", "closed_on as \"MM/DD/YYYY\"")).paid_in_two_quarters(),
        table("German dates", &with("2026-02-01", "1.2.2026").replace("2026-02-13", "13.2.2026").replace("2026-03-31", "31.3.2026"), Cured("`as \"D.M.YYYY\"`", "closed_on as \"D.M.YYYY\"")),
        table("names of months", &with("2026-02-01", "01 Feb 2026").replace("2026-02-13", "13 Feb 2026").replace("2026-03-31", "31 Mar 2026"), Cured("`as \"DD MMM YYYY\"`", "closed_on as \"DD MMM YYYY\"")),
        table("years of two digits", &american.replace("/2026", "/26"), Cured("`as \"MM/DD/YY\"`", "closed_on as \"MM/DD/YY\"")),
        table("two ways to write dates", &with("2026-02-13", "02/13/2026"), Cured("`as \"MM/DD/YYYY\"`", "closed_on as \"YYYY-MM-DD\" or \"MM/DD/YYYY\"")),
        table("times", &with("2026-02-01", "2026-02-01 10:00:00"), Refused("a field of the type `date and time`")),
        table("days as numbers of a spreadsheet", &with("2026-02-01", "46054"), Refused("show the column as dates there and save it again")),
        table("Y and N", &with("yes", "Y").replace("no\n", "N\n"), Cured("`as \"Y/N\"`", "won as \"Y/N\"")),
        table("won and lost", &with("yes", "Won").replace("no\n", "Lost\n"), Cured("`as \"Lost/Won\"` or `as \"Won/Lost\"` (ask which is meant)", "won as \"Won/Lost\"")),
        table("ones and zeros", &with("yes", "1").replace("no\n", "0\n"), Cured("`as \"1/0\"`", "won as \"1/0\"")),
        table("headers of their own", &with("closed_on", "Close Date"), Cured("say `closed_on from \"…\"` with its name in `source deal`", "closed_on from \"Close Date\"")),
        table("a header with a slip", &with("amount", "ammount"), Cured("did you mean `ammount`?", "amount from \"ammount\"")),
        table("a row of sums", &(whole.clone() + "Total,,,1350.49,\n"), Cured("`skip rows where closed_on is unknown` in `source deal`", "skip rows where closed_on is unknown")),
        table("a row twice", &(whole.clone() + "D1,2026-02-01,ACME,1000.50,yes\n"), Cured("say `equal rows are one` in `source deal`", "equal rows are one")),
        table("a key twice", &(whole.clone() + "D1,2026-02-01,ACME,900,yes\n"), Refused("duplicate key, also in")),
        table("no key", &whole.lines().map(|line| line.split_once(',').expect("cells").1.to_owned() + "\n").collect::<String>(), Cured("`no key` if its rows have none", "no key")),
        table("N/A", &with("250", "N/A"), Refused("say `missing \"N/A\"` in `source deal`, and `optional` for the field `amount`")),
        table("an amount in brackets", &with("250", "(250)"), Refused("write it with a `-` in front")),
        table("a minus behind", &with("250", "250-"), Refused("write it with a `-` in front")),
        table("a power of ten", &with("250", "2.5E+2"), Refused("save it as a plain number")),
        table("more decimals than there are cents", &with("250", "250.005"), Refused("more than 2 decimals")),
        table("a cell too few", &(whole.clone() + "D4,2026-02-01,ACME\n"), Refused("the row has 3 cells, the header 5")),
        table("a cell too many", &(whole.clone() + "D4,2026-02-01,ACME,1,000,yes\n"), Refused("the row has 6 cells, the header 5")),
        table("a quote that is not closed", &(whole.clone() + "D4,2026-02-01,\"ACME,1,yes\n"), Refused("the quote that opens in row 4 is never closed")),
        table("a header twice", &with("won", "amount"), Refused("has 2 columns `amount`")),
        table("nothing at all", "", Refused("is empty: it has no header")),
        table("a workbook by the name of text", "PK\u{3}\u{4}and more", Refused("give its name the ending .xlsx")),
        table("a page of the web", "<html><table><tr><td>id</td></tr></table></html>", Refused("ask for the export as CSV or as a workbook")),
        file("text by the name of a workbook", "deals.xlsx", whole.clone(), Refused("save it again, or as CSV")),
        file("an old workbook", "deals.xls", b"\xd0\xcf\x11\xe0".to_vec(), Refused("save it as .xlsx or as CSV")),
        file("JSON lines", "deals.jsonl", json("1000.50"), Read),
        file("JSON with a number in quotes, German", "deals.jsonl", json("\"1.000,50\"").replace("99.99", "99,99"), Cured("`as \"1.000,50\"`", "amount as \"1.000,50\"")),
        file("one list of JSON", "deals.jsonl", format!("[{}]", json("1000.50").trim().replace('\n', ",")), Refused("jq --compact-output '.[]'")),
        file("a list of JSON", "deals.json", "[]", Refused("jq --compact-output '.[]'")),
    ]
}

impl Table {
    fn bytes_of(mut self, bytes: &[u8]) -> Self {
        self.bytes = bytes.to_vec();
        self
    }

    /// With days of March and May.
    fn paid_in_two_quarters(mut self) -> Self {
        self.paid = &["r,partner,ACME,EUR,2026-Q1,100.05\n", "r,partner,ACME,EUR,2026-Q2,10.00\n"];
        self
    }
}

#[test]
fn messy_tables_are_read_or_refused_with_what_cures_them() {
    let tables = tables();
    assert!(tables.len() >= 45, "{}", tables.len());
    for (idx, Table { name, file, bytes, becomes, paid }) in tables.into_iter().enumerate() {
        let folder = Folder::new(&format!("messy-{idx}"));
        folder.write("p.meed", PROGRAM).write(&format!("data/{file}"), bytes);
        let run = || folder.meed(&["run", "p.meed", "--data", "data", "--print", "totals", "--print-as", "csv"]);
        let paid = |out: &str| out.lines().count() == 1 + paid.len() && paid.iter().all(|line| out.contains(line));
        let ended = run();
        let told = format!("{name}: {}{}", ended.out, ended.messages);
        match becomes {
            Read => assert!(ended.code == 0 && paid(&ended.out), "{told}"),
            Refused(words) => {
                assert!(ended.code == 3 && ended.messages.contains(words) && ended.out.is_empty(), "{told}")
            }
            Cured(words, line) => {
                assert!(ended.code == 3 && ended.messages.contains(words) && ended.out.is_empty(), "{told}");
                folder.write("p.meed", format!("{PROGRAM}source deal {{ {line} }}\n"));
                let ended = run();
                assert!(ended.code == 0 && paid(&ended.out), "{name}, cured: {}{}", ended.out, ended.messages);
            }
        }
    }
}
