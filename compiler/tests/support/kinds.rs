//! Kinds of texts of any size: what grows when a program, or a mistake in it, grows.

/// A kind of text.
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// The smallest size at which its growth is looked at; four times as much is within the limits of a text.
    pub size: usize,
    /// Whether texts of it are well.
    pub is_well: bool,
    /// The text of a size.
    pub text: fn(usize) -> String,
}

const fn well(name: &'static str, size: usize, text: fn(usize) -> String) -> Kind {
    Kind { name, size, is_well: true, text }
}

const fn broken(name: &'static str, size: usize, text: fn(usize) -> String) -> Kind {
    Kind { name, size, is_well: false, text }
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    well("rules", 50, rules),
    well("payment chains", 50, |n| {
        program("rule r0 { for each deal  pay partner amount }\n", n, |i| {
            format!("rule r{} {{ for each payment from r{i}  pay payment.payee 50% of payment.amount }}\n", i + 1)
        })
    }),
    well("payment chains from the last", 50, |n| {
        let chain = |i: usize| {
            let (own, read) = (n - i, n - i - 1);
            format!("rule r{own} {{ for each payment from r{read}  pay payment.payee 50% of payment.amount }}\n")
        };
        program("", n, chain) + "rule r0 { for each deal  pay partner amount }\n"
    }),
    well("decisions", 50, |n| {
        program("", n, |i| {
            format!(
                "rule s{i} {{ for each deal  set d{i} to 2% of amount }}\nrule p{i} {{ for each deal  pay partner d{i} }}\n"
            )
        })
    }),
    well("versions", 100, |n| {
        let text = program("", n, |i| {
            let (year, month) = (2000 + i / 12, i % 12 + 1);
            format!(
                "rule r {{ for each deal  active {year}-{month:02}-01 to {year}-{month:02}-28  first per partner per program  \
                 pay partner $5  at most $50 per rep per year }}\n"
            )
        });
        text.replace("2026-01-01 to 2026-12-31", "2000-01-01 to 2099-12-31")
    }),
    well("lets", 100, |n| {
        in_rule("let a0 = amount", n, |i| format!("let a{} = a{i} + a{i}", i + 1), |n| format!("pay partner a{n}"))
    }),
    well("lets in a row", 100, |n| {
        in_rule(
            "let a0 = amount",
            n,
            |i| format!("let a{} = a{i} + $1 if amount > $9, otherwise a{i}", i + 1),
            |n| format!("pay partner a{n}"),
        )
    }),
    well("lets that add up", 60, |n| {
        let text = in_rule(
            "let a0 = amount",
            n,
            |i| format!("let a{} = a{i} + $1", i + 1),
            |n| format!("pay partner bands as a{n} adds up per partner"),
        );
        text + BANDS
    }),
    well("lets of what adds up", 60, |n| {
        let text = in_rule(
            "let a0 = bands as amount adds up per partner",
            n,
            |i| format!("let a{} = a{i} * 2", i + 1),
            |n| format!("pay partner a{n}"),
        );
        text + BANDS
    }),
    well("running levels", 100, |n| {
        in_rule(
            "let a0 = amount",
            n,
            |i| format!("let b{i} = running sum of a0 per partner"),
            |_| "pay partner b0".to_owned(),
        )
    }),
    well("lets around sets", 100, |n| {
        let lets: String = (0..n).map(|i| format!("  let a{i} = sum of (amount * {i} + $1) in deal\n")).collect();
        let sums: String =
            (0..n).map(|i| format!("  let b{i} = sum of amount in (deal where amount > c{})\n", i % 9)).collect();
        let plain: String = (0..9).map(|i| format!("  let c{i} = $1 * {i}\n")).collect();
        program("", 0, |_| String::new())
            + &format!("rule r {{\n  for each partner per quarter\n{plain}{lets}{sums}  pay partner a0 + b0\n}}\n")
    }),
    well("conditions", 100, |n| {
        in_rule(
            "",
            n,
            |i| format!("where amount != ${i} and customer is not \"c{i}\""),
            |_| "pay partner $5".to_owned(),
        )
    }),
    well("limits", 100, |n| {
        in_rule("pay partner 1% of amount", n, |i| format!("at most ${} per rep per year", i + 1), |_| String::new())
    }),
    well("numbers in a list", 100, |n| {
        program("", 1, |_| {
            format!("rule r {{ for each deal  where quantity in [{}]  pay partner $5 }}\n", list(n, |i| i.to_string()))
        })
    }),
    well("texts in a list", 100, |n| {
        program("", 1, |_| {
            format!(
                "rule r {{ for each deal  where customer in [{}]  pay partner $5 }}\n",
                list(n, |i| format!("\"c{i}\""))
            )
        })
    }),
    well("tests of texts", 50, |n| {
        program("", n, |i| format!("rule r{i} {{ for each deal  where customer is \"c{i}\"  pay partner $5 }}\n"))
    }),
    well("brackets", 15, |n| {
        program("", 1, |_| {
            let (open, close) = ("(".repeat(n), ")".repeat(n));
            format!("rule r {{ for each deal  pay partner 1% of {open}amount{close} }}\n")
        })
    }),
    well("conditionals in brackets", 12, |n| {
        program("", 1, |_| {
            let (open, close) = ("(".repeat(n), " if amount > $1, otherwise $2)".repeat(n));
            format!("rule r {{ for each deal  pay partner {open}amount{close} }}\n")
        })
    }),
    well("branches", 60, |n| {
        let branches = |n| list(n, |i| format!("${i} if amount < ${i}"));
        program("", 1, |_| format!("rule r {{ for each deal  pay partner {}, otherwise $1 }}\n", branches(n)))
    }),
    well("operands", 50, |n| {
        program("", 1, |_| format!("rule r {{ for each deal  pay partner {} }}\n", vec!["amount"; n].join(" + ")))
    }),
    well("bands", 100, |n| {
        let bands: String = (1..=n).map(|i| format!("  to ${} {}%\n", i * 1000, i % 9 + 1)).collect();
        program(&format!("schedule s graduated {{\n{bands}  beyond 9%\n}}\n"), n, |i| {
            format!("rule r{i} {{ for each deal  pay partner s as amount adds up per partner }}\n")
        })
    }),
    well("parameters", 50, |n| {
        program("", n, |i| {
            format!("parameter p{i} = {}%\nrule r{i} {{ for each deal  pay partner p{i} of amount }}\n", i % 9 + 1)
        })
    }),
    well("tests", 60, |n| {
        program("rule r { for each deal  pay partner 2% of amount }\n", n, |i| {
            format!(
                "test \"number {i}\" {{\n  given partner P{i}\n  given deal D{i} {{ partner P{i}  closed_on 2026-03-14  amount $100  \
                 registered yes }}\n  expect r pays P{i} $2\n}}\n"
            )
        })
    }),
    well("fields", 50, |n| {
        let fields: String = (0..n).map(|i| format!("  f{i} optional text from \"F {i}\"\n  m{i} money\n")).collect();
        let lets: String =
            (0..n).map(|i| format!("  let l{i} = m{i} if f{i} is \"a\", otherwise $0, unknown means $0\n")).collect();
        program(&format!("extend deal {{\n{fields}}}\n"), 1, |_| {
            format!("rule r {{\n  for each deal\n{lets}  pay partner l0\n}}\n")
        })
    }),
    well("records", 50, |n| {
        program("", n, |i| {
            format!(
                "entity e{i} {{ key id  name text }}\nevent v{i} {{ key id  when w date  who e{i}  amount money  level one of a{i}, b{i} }}\n\
                 rule r{i} {{ for each v{i}  where level is a{i}  pay who 1% of amount }}\n"
            )
        })
    }),
    well("spellings", 100, |n| {
        let spellings = (0..n).map(|i| format!("\"s {i}\"")).collect::<Vec<_>>().join(" or ");
        program(&format!("extend deal {{ stage one of won {spellings}, lost ignoring case }}\n"), 1, |_| {
            "rule r { for each deal  where stage is won  pay partner $5 }\n".to_owned()
        })
    }),
    well("texts that are decided", 50, |n| {
        program("", n, |i| {
            format!(
                "rule s{i} {{ for each deal  set d{i} to \"t{i}\" }}\nrule p{i} {{ for each deal  where d{i} is \"t{i}\"  pay partner $1 }}\n"
            )
        })
    }),
    broken("unknown names", 100, |n| {
        program("", n, |i| format!("rule r{i} {{ for each deal  where registerd{i}  pay partner $5 }}\n"))
    }),
    broken("unknown names of one rule", 100, |n| {
        in_rule("", n, |i| format!("let a{i} = amuont{i}"), |_| "pay partner $5".to_owned())
    }),
    broken("unknown rules", 100, |n| {
        program("rule r { for each deal  pay partner $5 }\n", n, |i| {
            format!("test \"{i}\" {{ expect q{i} pays ACME $5 }}\nextend dael{i} {{ more text }}\n")
        })
    }),
    broken("names declared twice", 50, |n| {
        program("parameter p = 1%\n", n, |_| "parameter p = 1%\nschedule s graduated { beyond 1% }\n".to_owned())
    }),
    broken("rules that cannot be read", 50, |n| {
        program("", n, |i| {
            format!("rule r{i} {{\n  for each deal\n  where wehre amount\n  pay partner 2% amount\n}}\n")
        })
    }),
    broken("items on one line", 100, |n| {
        let items = "use channel ".repeat(n);
        program("", 1, |_| format!("{items}\nrule r {{ for each }}\n"))
    }),
    broken("tables that are not closed", 50, |n| program("", n, |i| format!("table t{i} {{\n  a | b\n"))),
    broken("brackets that are not closed", 50, |n| {
        program("", n, |i| format!("rule r{i} {{\n  for each deal\n  where (amount > $5\n  pay partner $5\n}}\n"))
    }),
    broken("lists in round brackets", 12, |n| {
        program("", 1, |_| {
            let (open, close) = ("amount in (".repeat(n), ")".repeat(n));
            format!("rule r {{ for each deal  where {open}$1{close}  pay partner $5 }}\n")
        })
    }),
    broken("lists in round brackets that are not closed", 12, |n| {
        program("", 1, |_| {
            format!("rule r {{ for each deal  where {}$1 $2  pay partner $5 }}\n", "amount in (".repeat(n))
        })
    }),
    broken("NULs", 2000, |n| "\0".repeat(n)),
    broken("NULs between words", 500, |n| program(&"\0 a ".repeat(n), 1, |_| String::new())),
    broken("quotes of word processors", 300, |n| program("", n, |_| "let a = “abc\" and 'x”\n".to_owned())),
    broken("quotes that are not closed", 300, |n| program("", n, |_| "rule \"abc {\n".to_owned())),
    broken("signs of other languages", 300, |n| program(&"≥ $ 5 && 1.000,50 ; ".repeat(n), 1, |_| String::new())),
    broken("names with hyphens", 300, |n| program(&"a-b-".repeat(n), 1, |_| String::new())),
    broken("numbers without blanks", 300, |n| program(&"1a2.".repeat(n), 1, |_| String::new())),
];

const BANDS: &str = "schedule bands graduated { to $1000 1%  beyond 2% }\n";

/// A program with `n` items of a kind.
fn program(before: &str, n: usize, item: impl Fn(usize) -> String) -> String {
    let mut text = String::from(
        "program p { currency USD rounded half even  active 2026-01-01 to 2026-12-31  month ends round down }\nuse channel\n",
    );
    text += before;
    (0..n).for_each(|idx| text += &item(idx));
    text
}

/// A program of one rule with `n` lines of a kind.
fn in_rule(before: &str, n: usize, line: impl Fn(usize) -> String, last: impl Fn(usize) -> String) -> String {
    let lines: String = (0..n).map(|idx| format!("  {}\n", line(idx))).collect();
    program("", 1, |_| format!("rule r {{\n  for each deal\n  {before}\n{lines}  {}\n}}\n", last(n)))
}

fn list(n: usize, value: impl Fn(usize) -> String) -> String {
    (0..n).map(value).collect::<Vec<_>>().join(", ")
}

/// Rules of the usual kinds, in turn.
pub fn rules(n: usize) -> String {
    program("", n, |idx| {
        let rate = idx % 7 + 1;
        match idx % 5 {
            0 => format!(
                "rule r{idx} {{ for each deal  where registered and amount >= $1,000  pay partner {rate}% of amount }}\n"
            ),
            1 => format!(
                "rule r{idx} {{ for each deal  first per customer per program  pay rep $500  at most $5,000 per rep per quarter }}\n"
            ),
            2 => format!(
                "schedule s{idx} graduated {{ to $100k 1%  to $500k {rate}%  beyond 8% }}\nrule r{idx} {{ for each partner per quarter  pay partner s{idx}(sum of deal.amount) }}\n"
            ),
            3 => format!(
                "schedule s{idx} graduated {{ to $250k 0.5%  to $1M {rate}%  beyond 8% }}\nrule r{idx} {{ for each deal  pay rep s{idx} as amount adds up per rep per year }}\n"
            ),
            _ => format!(
                "rule r{idx} {{ for each deal  where closed_on between 2026-04-06 and 2026-05-17  pay rep ${rate} * quantity }}\n"
            ),
        }
    })
}
