//! Tables of a PostgreSQL server pay what the same rows in a file do, or say why they cannot be read.

#![cfg(feature = "postgres")]

mod support;

use support::Folder;
use support::server::Server;

const PROGRAM: &str = "\
program p { currency USD rounded half even   active 2026-01-01 to 2026-12-31 }
entity partner { key id }
event deal {
  key id   when closed_on   partner partner   amount money   registered yes/no   remark optional text   seen optional date and time
}
rule share { for each deal   where registered   pay partner 10% of amount }
rule noted { for each deal   where remark is \"a, b\", unknown means no   pay partner $1 }
";
const CSV: &str = "\
id,closed_on,partner,amount,registered,remark,seen
D1,2026-01-05,\"A\"\"C\\ME\",1000.05,yes,\"a, b\",2026-01-05T10:00:00Z
7,2026-02-05,BETA,500,no,,
D3,2026-03-05,Zo\u{eb},0.10,yes,x,2026-03-05T01:30:00Z
";
const TABLES: &str = "
CREATE SCHEMA sales;
CREATE SEQUENCE counter;
CREATE TABLE sales.\"Deals\" (
    id text, closed_on date, partner text, amount numeric(18, 2), registered boolean, remark text, seen timestamptz, list double precision
);
INSERT INTO sales.\"Deals\" VALUES
    ('D1', '2026-01-05', E'A\"C\\\\ME', 1000.05, true, 'a, b', '2026-01-05 10:00:00+00', 1),
    ('7', '2026-02-05', 'BETA', 500, false, NULL, NULL, NULL),
    ('D3', '2026-03-05', 'Zo\u{eb}', 0.10, true, 'x', '2026-03-05 03:30:00+02', 0.1);
CREATE TABLE empty AS SELECT * FROM sales.\"Deals\" WHERE false;
CREATE TABLE floats AS SELECT id, closed_on, partner, amount::double precision, registered FROM sales.\"Deals\";
";

#[test]
#[ignore = "needs a PostgreSQL server: just postgres"]
fn tables_and_queries_pay_what_files_do() {
    let server = Server::start(54330);
    let url = server.url("crm");
    server.sql("crm", TABLES);
    let folder = Folder::new("postgres-tables");
    folder.write("p.meed", PROGRAM).write("deal.csv", CSV);
    let run = |entry: &str| folder.meed(&["run", "p.meed", "--data", entry, "--out", "out"]);
    run("deal=deal.csv").with(0);
    let wanted = folder.read("out/payments.csv");
    assert_eq!(wanted.lines().count(), 4, "{wanted}");
    for rows in [
        "table=sales.Deals",
        "query=SELECT * FROM sales.\"Deals\" ORDER BY id DESC;",
        "query=SELECT id, closed_on, partner, amount, registered, remark, seen FROM sales.\"Deals\" WHERE amount > 0 AND id LIKE '%'",
    ] {
        run(&format!("deal={url}?{rows}")).with(0);
        assert_eq!(folder.read("out/payments.csv"), wanted, "{rows}");
        folder.meed(&["verify", "out/run.json", "p.meed"]).with(0);
    }
    // A table without rows has columns.
    run(&format!("deal={url}?table=empty")).with(0);
    assert_eq!(folder.read("out/payments.csv").lines().count(), 1);
    // What is wrong is told, and nothing is written.
    for (rows, words) in [
        ("table=deals", "relation \"deals\" does not exist"),
        ("query=SELECT id FROM empty", "`closed_on`"),
        ("query=DELETE FROM empty RETURNING *", "syntax error"),
        ("query=SELECT *, nextval('counter') AS n FROM sales.\"Deals\"", "read-only transaction"),
        ("query=SELEC", "syntax error"),
        ("query=SELECT *, 1 AS id FROM empty", "two of its columns are called `id`"),
        ("query=SELECT 1; DROP TABLE empty", "multiple commands"),
        ("query=SELECT *, 1/(amount - 500) AS x FROM sales.\"Deals\"", "division by zero"),
        ("table=floats", "binary floating point"),
    ] {
        let ended = run(&format!("deal={url}?{rows}"));
        assert!(ended.code != 0 && ended.messages.contains(words), "{rows}: {}", ended.messages);
        assert_eq!(folder.read("out/payments.csv").lines().count(), 1, "{rows}");
    }
    // A password is in no message and in no file.
    let secret = url.replace("meed@", "meed:secret@");
    let ended = run(&format!("deal={secret}?table=sales.Deals")).with(0);
    assert!(!ended.messages.contains("secret") && !folder.read("out/run.json").contains("secret"));
    let nobody = "postgres://nobody:secret@127.0.0.1:1/crm?table=deals";
    let ended = run(&format!("deal={nobody}")).with(3).says("postgres://nobody@127.0.0.1:1/crm?table=deals");
    assert!(!ended.messages.contains("secret"), "{}", ended.messages);
}
