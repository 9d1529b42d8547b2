//! Whole plans over real tables: a shop's lines without keys, and a sales desk. What they pay is worked out again here by plain loops.

use meed_compiler::compile;
use meed_compiler::plan::Plan;
use meed_runtime::inner::engine::Engine;
use meed_tests::{ENGINES, Settled, settle, shared};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

type Row = HashMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).expect("the table can be read");
    let header = reader.headers().expect("a header").clone();
    let row = |cells: csv::StringRecord| header.iter().zip(&cells).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    reader.records().map(|cells| row(cells.expect("a row"))).collect()
}

fn program(text: &str) -> Plan {
    let compiled = compile(text, &[]);
    assert_eq!(compiled.problems, []);
    compiled.plan.expect("a plan")
}

/// Ten-thousandths of a decimal text.
fn units(text: &str) -> i128 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let sign = if text.starts_with('-') { -1 } else { 1 };
    whole.parse::<i128>().expect("a number") * 10_000 + sign * format!("{rest:0<4}").parse::<i128>().expect("decimals")
}

fn cents(text: &str) -> i128 {
    units(text) / 100
}

/// `number / den`, half to even.
fn rounded(number: i128, den: i128) -> i128 {
    let (floor, rest) = (number.div_euclid(den), number.rem_euclid(den) * 2);
    floor + i128::from(rest > den || rest == den && floor % 2 != 0)
}

/// Cents by rule, payee and whatever else is asked.
fn paid(settled: &Settled, columns: &[&str]) -> BTreeMap<Vec<String>, i128> {
    let place = |name: &str| settled.payments.header.iter().position(|known| *known == name).expect("a column");
    let places: Vec<usize> = columns.iter().map(|name| place(name)).collect();
    let mut sums = BTreeMap::new();
    for row in &settled.payments.rows {
        *sums.entry(places.iter().map(|place| row[*place].clone()).collect()).or_default() +=
            cents(&row[place("amount")]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn key(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

const RETAIL: &str = r#"
    program retail "Customer rebate, December 2010" {
      currency GBP rounded half even
      active 2010-12-01 to 2010-12-31
    }
    entity customer from line { key id from "CustomerID" }
    event line { key id   when sold_at date and time   customer optional customer   invoice text   quantity count   price money to 4 decimals }
    source line from "online_retail_2010_12.csv" {
      no key
      sold_at   from "InvoiceDate" as "YYYY-MM-DD HH:mm:ss"
      customer  from "CustomerID"
      invoice   from "InvoiceNo"
      quantity  from "Quantity"
      price     from "UnitPrice"
    }
    schedule bands graduated { to £1,000 1%   to £5,000 2%   beyond 3% }
    rule rebate { for each customer per month   pay customer bands(sum of (price * quantity) in line) }
    rule line_by_line { for each line   where customer is known   pay customer bands as (price * quantity) adds up per customer per month }
    rule cancelled {
      for each line
      where customer is known and invoice starts with "C"
      let bought = count of (line where line.customer = this.customer and line.quantity > 0 before this, unknown means no)
      pay customer ($1 if bought = 0, otherwise $0)
    }
"#;

/// 1% of the first thousand pounds, 2% up to five thousand, 3% beyond, of an amount in ten-thousandths; rounded to cents.
fn bands(amount: i128) -> i128 {
    let part = |from: i128, to: i128| (amount.min(to * 10_000) - from * 10_000).max(0);
    rounded(part(0, 1_000) + 2 * part(1_000, 5_000) + 3 * part(5_000, i128::MAX / 100_000), 10_000)
}

#[test]
fn a_shop_whose_lines_have_no_keys() {
    let Some(shared) = shared() else { return };
    let path = shared.join("data/retail/online_retail_2010_12.csv");
    let lines = rows(&path);
    let mut spent: BTreeMap<&str, i128> = BTreeMap::new();
    let mut first: HashMap<&str, &str> = HashMap::new();
    for line in lines.iter().filter(|line| !line["CustomerID"].is_empty()) {
        let quantity: i128 = line["Quantity"].parse().expect("a count");
        *spent.entry(&line["CustomerID"]).or_default() += units(&line["UnitPrice"]) * quantity;
        if quantity > 0 {
            let day = first.entry(&line["CustomerID"]).or_insert(&line["InvoiceDate"]);
            *day = (*day).min(&line["InvoiceDate"]);
        }
    }
    let mut wanted = BTreeMap::new();
    for (customer, amount) in &spent {
        for rule in ["rebate", "line_by_line"] {
            wanted.insert(key(&[rule, customer]), bands(*amount));
        }
    }
    // A cancellation before anything that its customer bought in the file: it is a row as any other, and it is counted.
    let cancelled: Vec<&Row> =
        lines.iter().filter(|line| line["InvoiceNo"].starts_with('C') && !line["CustomerID"].is_empty()).collect();
    let early = |line: &&&Row| first.get(&*line["CustomerID"]).is_none_or(|day| *day >= &*line["InvoiceDate"]);
    for line in cancelled.iter().filter(early) {
        *wanted.entry(key(&["cancelled", &line["CustomerID"]])).or_default() += 100;
    }
    assert_eq!(
        (lines.len(), spent.len(), cancelled.len(), cancelled.iter().filter(early).count()),
        (42_481, 948, 690, 265)
    );
    wanted.retain(|_, cents| *cents != 0);
    let plan = program(&RETAIL.replace('$', "£"));
    for engine in ENGINES {
        let settled = settle(&plan, &[("line", vec![path.clone()])], 4_096, engine);
        assert_eq!(paid(&settled, &["rule", "payee"]), wanted, "{engine:?}");
        // Every row is accounted for.
        assert_eq!(settled.accounts, [(42_481, 42_481)]);
    }
}

/// The same lines with keys, and cancellations that name the line that they take back where there is one.
#[test]
fn a_shop_whose_cancellations_name_their_lines() {
    let Some(shared) = shared() else { return };
    let lines = rows(&shared.join("data/retail/online_retail_2010_12.csv"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("retail-named");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut sold = "id,sold_on,customer,quantity,price\n".to_owned();
    let mut returned = "id,returned_on,line,quantity\n".to_owned();
    // What is left of each line that was sold, by customer and article, in the order of the file.
    let mut left: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    let mut quantities: Vec<i128> = Vec::new();
    let mut wanted: BTreeMap<Vec<String>, i128> = BTreeMap::new();
    let mut n_returns = 0;
    for (idx, line) in lines.iter().enumerate() {
        let (quantity, customer) = (line["Quantity"].parse::<i128>().expect("a count"), &*line["CustomerID"]);
        quantities.push(quantity);
        let day = &line["InvoiceDate"][..10];
        let article = (customer, &*line["StockCode"]);
        if customer.is_empty() || quantity == 0 {
            continue;
        }
        if quantity > 0 {
            sold += &format!("L{idx},{day},{customer},{quantity},{}\n", line["UnitPrice"]);
            left.entry(article).or_default().push(idx);
        } else if let Some(of) =
            left.get(&article).and_then(|known| known.iter().find(|of| quantities[**of] >= -quantity))
        {
            returned += &format!("R{idx},{day},L{of},{}\n", -quantity);
            quantities[*of] += quantity;
            n_returns += 1;
        }
    }
    for (idx, line) in lines.iter().enumerate() {
        if !line["CustomerID"].is_empty() && quantities[idx] > 0 {
            let amount = units(&line["UnitPrice"]) * quantities[idx];
            *wanted.entry(key(&["share", &line["CustomerID"]])).or_default() += rounded(amount, 1_000);
        }
    }
    wanted.retain(|_, cents| *cents != 0);
    assert!(n_returns > 250, "{n_returns} lines are taken back");
    for (name, text) in [("sold.csv", &sold), ("returned.csv", &returned)] {
        std::fs::write(folder.join(name), text).expect("a table");
    }
    let plan = program(
        "program shop { currency GBP rounded half even   active 2010-12-01 to 2010-12-31 }
         entity customer { key id }
         event line { key id   when sold_on   customer customer   quantity count   price money to 4 decimals }
         event returned { key id   when returned_on   line reverses   quantity count }
         rule share { for each line   pay customer 10% of (price * quantity) }",
    );
    let customers: BTreeSet<&str> = lines.iter().map(|line| &*line["CustomerID"]).filter(|id| !id.is_empty()).collect();
    let text = "id\n".to_owned() + &customers.iter().map(|id| format!("{id}\n")).collect::<String>();
    std::fs::write(folder.join("customer.csv"), text).expect("a table");
    let files = [("line", "sold.csv"), ("returned", "returned.csv"), ("customer", "customer.csv")];
    let files: Vec<(&str, Vec<PathBuf>)> = files.map(|(record, name)| (record, vec![folder.join(name)])).into();
    for engine in ENGINES {
        let settled = settle(&plan, &files, 4_096, engine);
        assert_eq!(paid(&settled, &["rule", "payee"]), wanted, "{engine:?}");
        assert!(settled.accounts.iter().all(|(read, sum)| read == sum), "{:?}", settled.accounts);
    }
}

const DESK: &str = r#"
    program desk "Sales plan 2017" { currency USD rounded half even   active 2017-01-01 to 2017-12-31 }
    entity region { key name }
    entity manager { key name   region region }
    entity agent from "sales_teams" {
      key name  from "sales_agent"
      manager   manager
    }
    entity goal { key (agent agent, quarter quarter)   target money }
    event opportunity from "sales_pipeline" {
      key id                   from "opportunity_id"
      agent      agent         from "sales_agent"
      stage      one of won "Won", lost "Lost", engaging "Engaging", prospecting "Prospecting"   from "deal_stage"
      when closed_on optional  from "close_date" as "DD-MM-YYYY"
      value      optional money from "close_value"
    }
    schedule payout retroactive { below 80% 0%   below 100% 2%   below 120% 3%   beyond 4% }
    rule sold {
      for each agent per quarter
      set won to sum of value in (opportunity where stage is won and value is known)
    }
    rule commission "By the share of the goal that was met" {
      for each agent per quarter
      let target = goal.target
      where target is known and target > $0
      pay agent (rate of payout(won / target)) of won, unknown means nobody
    }
    rule override "Eleven percent, nine parts in ten to the manager and the rest to the region" {
      for each payment from commission
      pay split 11% of payment.amount { 90% to payment.payee.manager   rest to payment.payee.manager.region }
    }
    rule prizes "The best three of each quarter" {
      for each agent per quarter
      where won > $0, unknown means no
      ranked by won, share prizes
      keep top 3
      pay agent ($1,000 if rank = 1, $500 if rank = 2, otherwise $250)
    }
"#;

#[test]
fn a_sales_desk_with_goals_overrides_and_a_contest() {
    let Some(shared) = shared() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sales-desk");
    std::fs::create_dir_all(&folder).expect("a folder");
    let crm = |name: &str| shared.join(format!("data/crm/{name}.csv"));
    let (teams, pipeline) = (rows(&crm("sales_teams")), rows(&crm("sales_pipeline")));
    let managers: BTreeMap<&str, &str> = teams.iter().map(|row| (&*row["manager"], &*row["regional_office"])).collect();
    let agents: Vec<&str> = teams.iter().map(|row| &*row["sales_agent"]).collect();
    let manager_of: HashMap<&str, &str> = teams.iter().map(|row| (&*row["sales_agent"], &*row["manager"])).collect();
    let mut won: BTreeMap<(&str, u32), i128> = BTreeMap::new();
    for row in pipeline.iter().filter(|row| row["deal_stage"] == "Won" && !row["close_value"].is_empty()) {
        let month: u32 = row["close_date"][3..5].parse().expect("a month");
        *won.entry((&row["sales_agent"], (month - 1) / 3 + 1)).or_default() += cents(&row["close_value"]);
    }
    // The data has no goals: each agent's is a round number that some meet and others do not.
    let target = |agent: &str, quarter: u32| 50_000 + 10_000 * i128::from((agent.len() as u32 + quarter) % 6);
    let mut text = "agent,quarter,target\n".to_owned();
    for (agent, quarter) in agents.iter().flat_map(|agent| (1..=4).map(move |quarter| (agent, quarter))) {
        text += &format!("{agent},2017-Q{quarter},{}\n", target(agent, quarter));
    }
    std::fs::write(folder.join("goal.csv"), text).expect("a table");
    let text = managers.iter().map(|(manager, region)| format!("{manager},{region}\n")).collect::<String>();
    std::fs::write(folder.join("manager.csv"), "name,region\n".to_owned() + &text).expect("a table");
    let regions: BTreeSet<&&str> = managers.values().collect();
    let text = regions.iter().map(|region| format!("{region}\n")).collect::<String>();
    std::fs::write(folder.join("region.csv"), "name\n".to_owned() + &text).expect("a table");
    let mut wanted: BTreeMap<Vec<String>, i128> = BTreeMap::new();
    let mut add = |rule: &str, payee: &str, quarter: u32, cents: i128| {
        *wanted.entry(key(&[rule, payee, &format!("2017-Q{quarter}")])).or_default() += cents;
    };
    for quarter in 1..=4 {
        let of = |agent: &str| won.get(&(agent, quarter)).copied().unwrap_or(0);
        for agent in &agents {
            let (sum, target) = (of(agent), 100 * target(agent, quarter));
            let percent = match 100 * sum {
                met if met < 80 * target => 0,
                met if met < 100 * target => 2,
                met if met < 120 * target => 3,
                _ => 4,
            };
            let commission = rounded(sum * percent, 100);
            add("commission", agent, quarter, commission);
            // The whole is rounded, then divided; the spare cent goes to the largest fraction.
            let whole = rounded(11 * commission, 100);
            let (manager, region) = (9 * whole / 10, whole / 10);
            let to_manager = whole - manager - region == 1 && 9 * whole % 10 >= whole % 10;
            let manager = manager + i128::from(to_manager);
            add("override", manager_of[agent], quarter, manager);
            add("override", managers[manager_of[agent]], quarter, whole - manager);
        }
        let mut ranked: Vec<&str> = agents.iter().copied().filter(|agent| of(agent) > 0).collect();
        ranked.sort_by_key(|agent| std::cmp::Reverse(of(agent)));
        for (agent, prize) in ranked.iter().zip([1_000, 500, 250]) {
            assert_eq!(ranked.iter().filter(|other| of(other) == of(agent)).count(), 1, "nobody is level in this data");
            add("prizes", agent, quarter, 100 * prize);
        }
    }
    wanted.retain(|_, cents| *cents != 0);
    let plan = program(DESK);
    let own = |name: &str| vec![folder.join(format!("{name}.csv"))];
    let files = [
        ("opportunity", vec![crm("sales_pipeline")]),
        ("agent", vec![crm("sales_teams")]),
        ("manager", own("manager")),
        ("region", own("region")),
        ("goal", own("goal")),
    ];
    for engine in [Engine::Interpreter, Engine::Jit] {
        let settled = settle(&plan, &files, 4_096, engine);
        assert_eq!(paid(&settled, &["rule", "payee", "period"]), wanted, "{engine:?}");
        assert!(settled.accounts.iter().all(|(read, sum)| read == sum), "{:?}", settled.accounts);
    }
    let commissions = wanted.iter().filter(|(key, _)| key[0] == "commission").count();
    assert!((30..100).contains(&commissions), "{commissions} commissions: some goals are met, and some are not");
}
