"""What each construct of the language costs, in nanoseconds per row and rule.

    constructs.py [--sizes N,N,N] [--only TEXT] [--keep DIR] [--bin DIR] [--memory MIB] [--csv]

For each construct there is a small program with one rule that is measured, over generated tables of 100,000, 1,000,000
and 4,000,000 deals. A time is that of the rule alone, without loading, making machine code and writing; it is the best
of three runs, of the largest size one run. Rows are those of the event, also where a rule runs per party and period:
what such a rule costs is spread over the deals or touches that there are.

At the smallest size the interpreter does the same, and all tables of both engines must be equal, or the script fails.
Prints a Markdown table, and below it what is slow or grows faster than its rows.

Builds nothing: `cargo build --release -p meed-cli` comes before. Tables are Parquet where pyarrow is installed, else
CSV. With `--keep DIR` tables and programs stay there, and tables that are there already are used again.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from array import array
from datetime import date, timedelta
from pathlib import Path

BENCH = Path(__file__).resolve().parent
SIZES = "100000,1000000,4000000"
# More than this many nanoseconds are slow, and so is more than this many times the time at the smallest size.
SLOW_NS = 300
SLOW_GROWTH = 2

FIRST_DAY = date(2025, 1, 1)
N_DAYS = 730
N_BUYERS, N_FAMILIES, N_RANGES = 40, 10, 5

HEAD = """\
program constructs "What each construct costs" {{
  currency USD rounded half even
{periods}  active 2025-01-01 to 2026-12-31
  month ends round down
}}
"""

FACTS = """
entity partner {
  key id
  region     one of north, south, east, west
  tier       one of bronze, silver, gold  dated
  engineers  count                        dated
}

entity person {
  key id
  sponsor  optional person
}

entity customer { key id }

entity buyer {
  key id
  name  text
}

entity product {
  key id
  family  text
}

entity account {
  key id
  owner  person
  size   money
}

entity goal {
  key (person, quarter)
  person   person
  quarter  quarter
  target   money at least $1
}

entity target {
  key id
  partner  partner
  season   count
  worth    money
}

entity agent {
  key id
  from  joined_on
  to    left_on
}

entity prospect {
  key id
  worth  money
}

event deal {
  key id
  when closed_on
  partner     partner
  agent       agent              from "partner"
  rep         person
  customer    customer
  account     account
  buyer       buyer
  product     product
  prospect    optional prospect  if there
  quantity    count from 1 to 100
  amount      money
  registered  yes/no
  booked      month
  proof_on    optional date
  currency    text
  price       money in currency
}

event touch {
  key id
  when touched_on
  customer  customer
  advisor   person
  helper    optional person
  cost      money
}

rates daily from "rates.csv"

schedule bands graduated {
  to $100k  1%
  to $500k  2%
  beyond    3%
}
"""


class Construct:
    """A construct: the items of its program, of which the rule `measured` is timed, and how many rows that rule has."""

    def __init__(self, name, text, per=None, periods=""):
        self.name = name
        self.text = text
        # Rows of the rule for each thousand deals.
        self.rows = {None: 1000, "partner month": 20 * 24, "partner quarter": 20 * 8, "person quarter": 10 * 8}[per]
        self.periods = periods
        self.ns = []
        self.equal = None

    def file_name(self):
        return "".join(letter if letter.isalnum() else "_" for letter in self.name) + ".meed"

    def program(self):
        """The text of the whole program."""
        # Months of another calendar have other names.
        facts = FACTS.replace("  booked      month\n", "") if self.periods else FACTS
        periods = f"  {self.periods}\n" if self.periods else ""
        return f"{HEAD.format(periods=periods)}{facts}\n{self.text.strip()}\n"


def deal_rule(body):
    """The measured rule over deals."""
    return f"rule measured {{\n  for each deal\n  {body}\n}}"


def period_rule(each, body):
    """The measured rule per party and period."""
    return f"rule measured {{\n  for each {each}\n  {body}\n}}"


CASES = """
table discount(region, family, quantity) gives percent, first match {
  region     | family                 | quantity   | percent
  north      | "Family 0"             | 1 to 20    | 1%
  north      | "Family 0"             | 21 or more | 2%
  north      | "Family 1"             | any        | 3%
  south      | "Family 0"             | 1 to 50    | 4%
  south      | "Family 2", "Family 3" | any        | 5%
  east, west | "Family 4"             | 80 or more | 6%
  east       | any                    | below 30   | 7%
  west       | not "Family 5"         | any        | 8%
  any        | "Family 6"             | any        | 9%
  otherwise                                        | 1.5%
}

"""

SHEET = """
table granted(buyer, family, quantity) from "discounts.csv" gives percent, one match {
  buyer     from "Buyer"
  family    from "Family"
  quantity  from "Min" to "Max"
  percent   from "Discount" as "12"
}

"""

FEE = """
rule fee {
  for each deal
  pay partner 1% of amount
}

"""

VOLUMES = """
rule volumes {
  for each partner per quarter
  set volume to sum of deal.amount
}

"""

REFUND = """\
event refund {
  key id
  when refunded_on
  deal    reverses by amount
  amount  money
}

"""
RECALL = REFUND.replace("refund", "recall")
ADDS_UP = "pay rep bands as amount adds up per rep per {}"

CALENDAR = """
calendar trade from "trade.csv" {
  day
  quarter
  year
}

"""

TOUCHES = "(touch where touch.customer = deal.customer within 90 days)"

CONSTRUCTS = [
    Construct("percent of amount", deal_rule("pay partner 2% of amount")),
    Construct(
        "conditional",
        deal_rule("pay partner (3% if registered and quantity > 50, 2.5% if amount >= $5,000, otherwise 2%) of amount"),
    ),
    Construct(
        "decision table, 10 rows",
        CASES + deal_rule("pay partner discount(partner.region, product.family, quantity) of amount"),
    ),
    Construct(
        "decision table from a sheet, 2,000 rows",
        SHEET + deal_rule("pay partner granted(buyer.name, product.family, quantity) of amount, unknown means 0"),
    ),
    Construct(
        "dated field by a reference",
        deal_rule("where partner.tier >= silver, unknown means no\n  pay partner 2% of amount"),
    ),
    Construct(
        "dated, lowest from A to B",
        deal_rule(
            "pay partner $1 * (lowest of partner.engineers from (closed_on - 90 days) to closed_on if unknown 0)"
        ),
    ),
    Construct(
        "dated, throughout",
        period_rule("partner per month", "where engineers >= 2 throughout, unknown means no\n  pay partner $100"),
        "partner month",
    ),
    Construct(
        "set within 30 days, count",
        deal_rule("pay partner $1 * count of (touch where touch.customer = deal.customer within 30 days)"),
    ),
    Construct(
        "set within 30 days, sum",
        deal_rule("pay partner 10% of sum of cost in (touch where touch.customer = deal.customer within 30 days)"),
    ),
    Construct(
        "the (SET)",
        deal_rule(
            "let mine = the (target where target.partner = deal.partner and season = year of closed_on)\n"
            "  pay partner 1% of mine.worth, unknown means 0"
        ),
    ),
    Construct(
        "latest (SET) and its field",
        deal_rule(
            "let last = latest (touch where touch.customer = deal.customer last 12 months)\n"
            "  pay last.advisor 1% of amount, unknown means nobody"
        ),
    ),
    Construct(
        "last 12 months, sum",
        deal_rule("pay partner 1% of sum of amount in (deal where customer = this.customer last 12 months)"),
    ),
    Construct(
        "same quarter last year",
        period_rule("partner per quarter", "pay partner 1% of sum of amount in (deal same quarter last year)"),
        "partner quarter",
    ),
    Construct(
        "before this, count",
        deal_rule("pay partner $1 * count of (deal where customer = this.customer before this)"),
    ),
    Construct(
        "named set",
        deal_rule(
            f"let touches = {TOUCHES}\n"
            "  where count of touches >= 1\n"
            "  pay earliest (touches).advisor 10% of sum of cost in touches, unknown means nobody"
        ),
    ),
    Construct(
        "set within 90 days, largest",
        deal_rule(f"pay partner 10% of (largest of cost in {TOUCHES} if unknown $0)"),
    ),
    Construct(
        "set within 90 days, count of distinct",
        deal_rule(f"pay partner $1 * count of distinct advisor in {TOUCHES}"),
    ),
    Construct(
        "highest by C (SET) and its field",
        deal_rule(f"pay highest by cost {TOUCHES}.advisor 1% of amount, unknown means nobody"),
    ),
    Construct(
        "set with a condition on both rows",
        deal_rule(
            "pay partner $1 * count of\n"
            "    (touch where touch.customer = deal.customer and cost >= deal.amount / 20 within 90 days)"
        ),
    ),
    Construct(
        "set of entities",
        period_rule("person per quarter", "pay person 1% of sum of size in (account by owner)"),
        "person quarter",
    ),
    Construct(
        "sum per partner and quarter",
        period_rule("partner per quarter", "pay partner 1% of sum of deal.amount"),
        "partner quarter",
    ),
    Construct(
        "count of distinct per partner and quarter",
        period_rule("partner per quarter", "pay partner $1 * count of distinct deal.customer"),
        "partner quarter",
    ),
    Construct(
        "set of payments",
        FEE
        + deal_rule(
            "pay partner $1 * count of (payments from fee where deal.customer = this.customer within 30 days)"
        ),
    ),
    Construct(
        "set of payments per partner and quarter",
        FEE + period_rule("partner per quarter", "pay partner 10% of sum of amount in payments from fee"),
        "partner quarter",
    ),
    Construct(
        "set of decisions",
        VOLUMES
        + period_rule(
            "partner per quarter",
            "pay partner 1% of (largest of volume in (decision from volumes to date)), unknown means 0",
        ),
        "partner quarter",
    ),
    Construct(
        "decision by a reference",
        VOLUMES + deal_rule("where partner.volume >= $10,000, unknown means no\n  pay partner 1% of amount"),
    ),
    Construct(
        "decision by a reference, period before",
        VOLUMES
        + deal_rule("where partner.volume previous quarter >= $10,000, unknown means no\n  pay partner 1% of amount"),
    ),
    Construct(
        "set by A or B",
        period_rule("person per quarter", "pay person 1% of sum of cost in (touch by advisor or helper)"),
        "person quarter",
    ),
    Construct(
        "set up a chain of 3 levels",
        period_rule(
            "person per quarter",
            "pay person 1% of sum of amount in (deal by rep or each sponsor above rep up to 3 levels)",
        ),
        "person quarter",
    ),
    Construct(
        "set within a set",
        period_rule(
            "person per quarter",
            "let touched = (deal where count of (touch where touch.customer = deal.customer within 30 days) >= 1)\n"
            "  pay person 1% of sum of amount in touched",
        ),
        "person quarter",
    ),
    Construct(
        "row by key (person, quarter)",
        deal_rule(
            "where amount >= (goal of (rep, quarter of closed_on)).target, unknown means no\n  pay rep 1% of amount"
        ),
    ),
    Construct(
        "row by key in a rule per person and quarter",
        period_rule(
            "person per quarter",
            "where sum of deal.amount >= goal.target, unknown means no\n"
            "  pay person 1% of goal.target, unknown means 0",
        ),
        "person quarter",
    ),
    Construct(
        "field that is a period",
        deal_rule("where booked = month of closed_on\n  pay partner 1% of amount"),
    ),
    Construct(
        "entity with a life",
        period_rule("agent per quarter", "pay agent 1% of sum of deal.amount"),
        "partner quarter",
    ),
    Construct("currency converted", deal_rule("pay partner 2% of (price in USD at closed_on)")),
    Construct("adds up per quarter", deal_rule(ADDS_UP.format("quarter"))),
    Construct(
        "adds up per quarter of a calendar",
        CALENDAR + deal_rule(ADDS_UP.format("quarter")),
        periods="periods from trade",
    ),
    Construct(
        "adds up per quarter of 4-4-5",
        deal_rule(ADDS_UP.format("quarter")),
        periods="periods 4-4-5 ending last saturday of december",
    ),
    Construct("adds up per quarter, at its highest", deal_rule(ADDS_UP.format("quarter") + " at its highest")),
    Construct("payee of two kinds", deal_rule("pay (partner if registered, otherwise rep) 2% of amount")),
    Construct("returns within 90 days", REFUND + deal_rule("pay rep 2% of amount\n  returns within 90 days")),
    Construct("returns take back what was paid", REFUND + deal_rule("pay rep 2% of amount\n  returns take back what was paid")),
    Construct(
        "set as it stood, per partner and quarter",
        REFUND
        + "rule measured {\n  for each partner per quarter\n"
        + "  pay partner 1% of (sum of amount in (deal previous quarter, as it stood))\n}",
        per="partner quarter",
    ),
    Construct(
        "returns take back what was added, and taken",
        RECALL
        + "balance kept per partner\n\n"
        + "rule fund {\n  for each partner per quarter\n  add 2% of (sum of deal.amount) to kept\n  returns take back what was added\n}\n\n"
        + deal_rule("pay partner take (1% of amount) from kept"),
    ),
    Construct("adds up per week", deal_rule(ADDS_UP.format("week"))),
    Construct("adds up per half month", deal_rule(ADDS_UP.format("half month"))),
    Construct("adds up per year, graduated", deal_rule(ADDS_UP.format("year"))),
    Construct(
        "running sum",
        deal_rule("where running sum of amount per rep per year >= $50,000\n  pay rep 1% of amount"),
    ),
    Construct("first per account ever", deal_rule("first per account ever\n  pay rep $500")),
    Construct(
        "limit per rep and quarter",
        deal_rule("pay rep 2% of amount\n  at most $2,000 per rep per quarter"),
    ),
    Construct(
        "optional reference, if there",
        deal_rule("where prospect.worth >= $10,000, unknown means no\n  pay partner 1% of amount"),
    ),
    Construct(
        "rule by another date",
        "rule measured {\n  for each deal by proof_on\n  pay partner 1% of amount\n}",
    ),
    Construct(
        "share of payments",
        FEE + "rule measured {\n  for each payment from fee\n  pay payment.payee 10% of payment.amount\n}",
    ),
    Construct("paid by another rule", FEE + deal_rule("pay rep 10% of paid by fee")),
    Construct("due in 90 days", deal_rule("pay rep 2% of amount, due 90 days after closed_on")),
    Construct("in 4 parts", deal_rule("pay rep 2% of amount in 4 parts per quarter")),
    Construct("paid up a chain of 3 levels", deal_rule("pay each sponsor above rep up to 3 levels 1% of amount")),
    Construct(
        "limit over two rules",
        FEE + deal_rule("pay rep 2% of amount") + "\n\nlimit both {\n  over fee, measured\n  at most $5,000 per payee per quarter\n}",
    ),
    Construct("budget, pro rata", deal_rule("pay rep 2% of amount\n  at most $2,000,000 per quarter, pro rata")),
    Construct("held until $500", deal_rule("pay rep 2% of amount\n  hold until $500 per rep")),
    Construct("split, listed", deal_rule("pay split 5% of amount { 60% to partner   up to $10 to rep   rest to agent }")),
    Construct(
        "split among rows found, equal",
        deal_rule(f"pay split 10% of amount among {TOUCHES} by equal shares to advisor"),
    ),
    Construct(
        "split among rows found, halving",
        deal_rule(f"pay split 10% of amount among {TOUCHES} halving every 30 days to advisor"),
    ),
    Construct(
        "split among rows found, limit per payee",
        deal_rule(
            f"pay split 10% of amount among {TOUCHES} by equal shares to advisor\n"
            "  at most $2,000 per payee per quarter"
        ),
    ),
    Construct(
        "limit by number of payments",
        deal_rule("pay rep 2% of amount\n  at most 20 payments per account per year"),
    ),
    Construct("first 5 per account per year", deal_rule("first 5 per account per year\n  pay rep $500")),
    Construct(
        "balance, added and taken",
        "balance kept per partner expires after 2 quarters\n\n"
        "rule fund {\n  for each deal\n  where registered\n  add 2% of amount to kept\n}\n\n"
        + deal_rule("pay partner take (1% of amount) from kept"),
    ),
    Construct(
        "contest, shared prizes",
        period_rule(
            "partner per month",
            "ranked by sum of deal.amount, share prizes\n  pay partner $1,000 / rank",
        ),
        per="partner month",
    ),
    Construct(
        "contest, to the earliest",
        period_rule(
            "partner per month",
            "where count of deal > 0\n  ranked by count of deal, to the earliest\n  pay partner $1,000 / rank",
        ),
        per="partner month",
    ),
    Construct(
        "choose highest of two",
        "choose highest per deal {\n"
        "  rule other {\n    for each deal\n    where registered\n    pay partner 5% of amount\n  }\n\n"
        "  rule measured {\n    for each deal\n    pay partner 2% of amount\n  }\n}",
    ),
    Construct(
        "choose highest of two, each sets",
        "choose highest per deal {\n"
        "  rule other {\n    for each deal\n    where registered\n    set share to 5%\n    pay partner share of amount\n  }\n\n"
        "  rule measured {\n    for each deal\n    set share to 2%\n    pay partner share of amount\n  }\n}",
    ),
]


class Column:
    """A column of a table: what its numbers mean, and the numbers; below zero the cell is empty."""

    def __init__(self, header, kind, values, words=None):
        self.header = header
        self.kind = kind
        self.values = values
        self.words = words

    def texts(self):
        """The cells as they are written in CSV."""
        write = {
            "number": str,
            "money": lambda cents: f"{cents // 100}.{cents % 100:02}",
            "day": lambda day: DAYS[day],
            "word": lambda code: self.words[code],
            "flag": lambda flag: ("no", "yes")[flag],
        }[self.kind]
        return ("" if value < 0 else write(value) for value in self.values)

    def arrow(self, pa):
        """The cells as an array of Arrow."""
        n, mask = len(self.values), None
        if any(value < 0 for value in self.values):
            mask = pa.array([value >= 0 for value in self.values]).buffers()[1]
        if self.kind == "money":
            # The low and the high half of each number.
            halves = array("q", bytes(16 * n))
            halves[0::2] = self.values
            return pa.Array.from_buffers(pa.decimal128(18, 2), n, [mask, pa.py_buffer(halves)])
        if self.kind == "day":
            first = (FIRST_DAY - date(1970, 1, 1)).days
            days = array("i", (first + day for day in self.values))
            return pa.Array.from_buffers(pa.date32(), n, [mask, pa.py_buffer(days)])
        numbers = pa.Array.from_buffers(pa.int64(), n, [mask, pa.py_buffer(self.values)])
        if self.kind == "word":
            return pa.DictionaryArray.from_arrays(numbers.cast(pa.int32()), pa.array(self.words))
        return numbers.cast(pa.bool_()) if self.kind == "flag" else numbers


DAYS = [(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(N_DAYS + 120)]
MONTHS = sorted({day[:7] for day in DAYS})
MONTH_OF = [MONTHS.index(day[:7]) for day in DAYS]
QUARTERS = [f"{year}-Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4)]


class Drawn:
    """Columns of random values; each column has a generator of its own."""

    def __init__(self, table, n):
        self.table = table
        self.n = n

    def draw(self, header):
        """The generator of a column."""
        return random.Random(f"{self.table}.{header}")

    def range(self, header, kind, low, high, words=None, missing=0):
        """Values from `low` to `high`, each as often; of a hundred cells some are missing."""
        draw = self.draw(header)
        values = array("q", draw.choices(range(low, high + 1), k=self.n))
        if missing:
            values = array("q", (-1 if draw.random() * 100 < missing else value for value in values))
        return Column(header, kind, values, words)

    def words(self, header, words):
        return self.range(header, "word", 0, len(words) - 1, words)


def keys(n):
    """A column of keys."""
    return Column("id", "number", array("q", range(1, n + 1)))


def tables(size):
    """The tables of so many deals: their names and columns, one after the other."""
    n_partners, n_persons, n_customers, n_accounts = size // 50, size // 100, size // 20, size // 5

    drawn = Drawn("deal", size)
    closed_on = drawn.range("closed_on", "day", 0, N_DAYS - 1)
    later = drawn.draw("booked").choices((0, 0, 0, 0, 1), k=size)
    booked = array("q", (MONTH_OF[day] + late for day, late in zip(closed_on.values, later)))
    proof_on = array("q", (day + day % 90 if day % 7 else -1 for day in closed_on.values))
    yield "deal", [
        keys(size),
        closed_on,
        drawn.range("partner", "number", 1, n_partners),
        drawn.range("rep", "number", 1, n_persons),
        drawn.range("customer", "number", 1, n_customers),
        drawn.range("account", "number", 1, n_accounts),
        drawn.range("buyer", "number", 1, N_BUYERS),
        drawn.range("product", "number", 1, 100),
        drawn.range("prospect", "number", 1, 2 * n_customers, missing=10),
        drawn.range("quantity", "number", 1, 100),
        drawn.range("amount", "money", 10_000, 2_000_000),
        drawn.range("registered", "flag", 0, 1),
        Column("booked", "word", booked, MONTHS),
        Column("proof_on", "day", proof_on),
        drawn.words("currency", ["USD", "EUR", "GBP"]),
        drawn.range("price", "money", 10_000, 2_000_000),
    ]

    # One deal in twenty is taken back in part, on the last day.
    n_refunds = size // 20
    yield "refund", [
        keys(n_refunds),
        Column("refunded_on", "day", array("q", [N_DAYS - 1] * n_refunds)),
        Column("deal", "number", array("q", range(1, 20 * n_refunds + 1, 20))),
        Drawn("refund", n_refunds).range("amount", "money", 1_000, 10_000),
    ]
    # As many are on any of the days after their deal.
    of = range(7, size, 20)
    days = array("q", (min(closed_on.values[deal] + 1 + deal % 200, N_DAYS - 1) for deal in of))
    yield "recall", [
        keys(len(of)),
        Column("recalled_on", "day", days),
        Column("deal", "number", array("q", (deal + 1 for deal in of))),
        Drawn("recall", len(of)).range("amount", "money", 1_000, 10_000),
    ]

    drawn = Drawn("touch", size)
    yield "touch", [
        keys(size),
        drawn.range("touched_on", "day", 0, N_DAYS - 1),
        drawn.range("customer", "number", 1, n_customers),
        drawn.range("advisor", "number", 1, n_persons),
        drawn.range("helper", "number", 1, n_persons, missing=50),
        drawn.range("cost", "money", 1_000, 100_000),
    ]

    regions = ["north", "south", "east", "west"]
    yield "partner", [keys(n_partners), Drawn("partner", n_partners).words("region", regions)]
    # Three spans each, the first from before the program on and the last open.
    drawn = Drawn("spans", 3 * n_partners)
    begins, ends = array("q"), array("q")
    for partner in range(n_partners):
        second, third = 150 + partner * 7 % 150, 400 + partner * 11 % 150
        begins.extend((0, second, third))
        ends.extend((second - 1, third - 1, -1))
    yield "partner_history", [
        Column("id", "number", array("q", (span // 3 + 1 for span in range(3 * n_partners)))),
        Column("from", "day", begins),
        Column("to", "day", ends),
        drawn.words("tier", ["bronze", "silver", "gold"]),
        drawn.range("engineers", "number", 1, 6),
    ]
    # Five people below each.
    sponsors = array("q", (person // 5 if person >= 5 else -1 for person in range(1, n_persons + 1)))
    yield "person", [keys(n_persons), Column("sponsor", "number", sponsors)]
    yield "customer", [keys(n_customers)]
    buyers = array("q", range(N_BUYERS))
    yield "buyer", [keys(N_BUYERS), Column("name", "word", buyers, [f"Buyer {idx}" for idx in buyers])]
    families = array("q", (product % N_FAMILIES for product in range(100)))
    yield "product", [keys(100), Column("family", "word", families, [f"Family {idx}" for idx in range(N_FAMILIES)])]

    drawn = Drawn("account", n_accounts)
    yield "account", [
        keys(n_accounts),
        drawn.range("owner", "number", 1, n_persons),
        drawn.range("size", "money", 10_000, 2_000_000),
    ]
    n_goals = 8 * n_persons
    yield "goal", [
        Column("person", "number", array("q", (goal // 8 + 1 for goal in range(n_goals)))),
        Column("quarter", "word", array("q", (goal % 8 for goal in range(n_goals))), QUARTERS),
        Drawn("goal", n_goals).range("target", "money", 100_000, 3_000_000),
    ]
    n_targets = 2 * n_partners
    yield "target", [
        keys(n_targets),
        Column("partner", "number", array("q", (target // 2 + 1 for target in range(n_targets)))),
        Column("season", "number", array("q", (2025 + target % 2 for target in range(n_targets)))),
        Drawn("target", n_targets).range("worth", "money", 1_000_000, 9_000_000),
    ]
    yield "agent", [
        keys(n_partners),
        Drawn("agent", n_partners).range("joined_on", "day", 0, 400),
        Drawn("agent", n_partners).range("left_on", "day", 401, N_DAYS - 1, missing=50),
    ]
    yield "prospect", [keys(n_customers), Drawn("prospect", n_customers).range("worth", "money", 10_000, 5_000_000)]


def sheets():
    """The tables that are small and always CSV: rates, a calendar, and discounts for each buyer, family and range."""
    rates = [
        (DAYS[day], currency, "USD", f"1.{above + day * 7 % 20}")
        for currency, above in (("EUR", 10), ("GBP", 30))
        for day in range(0, N_DAYS, 7)
    ]
    # Eight quarters of about as many days, which end some days after those of the calendar do.
    quarter_of = lambda day: min(max(day - 11, 0) * 8 // N_DAYS, 7)
    days = [
        (DAYS[day], f"T{quarter_of(day) % 4 + 1}-{2025 + quarter_of(day) // 4}", 2025 + quarter_of(day) // 4)
        for day in range(N_DAYS)
    ]
    width = 100 // N_RANGES
    discounts = [
        (f"Buyer {buyer}", f"Family {family}", 1 + part * width, (part + 1) * width, 1 + (buyer + family + part) % 9)
        for buyer in range(N_BUYERS)
        for family in range(N_FAMILIES)
        for part in range(N_RANGES)
    ]
    return {
        "rates": [("day", "from", "to", "rate"), *rates],
        "trade": [("day", "quarter", "year"), *days],
        "discounts": [("Buyer", "Family", "Min", "Max", "Discount"), *discounts],
    }


def write_csv(path, header, columns):
    """Writes a table as CSV, from its columns of texts."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(header) + "\n")
        file.writelines(",".join(cells) + "\n" for cells in zip(*columns))


def arrow():
    """The module pyarrow, where it is installed."""
    try:
        import pyarrow.parquet
    except ModuleNotFoundError:
        return None
    return pyarrow


def generate(size, folder, pyarrow):
    """Writes the tables of a size, unless they are there."""
    if folder.exists():
        return
    print(f"tables of {size:,} deals", file=sys.stderr)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, columns in tables(size):
        if pyarrow:
            table = pyarrow.table({column.header: column.arrow(pyarrow) for column in columns})
            pyarrow.parquet.write_table(table, part / f"{name}.parquet")
        else:
            header = [column.header for column in columns]
            write_csv(part / f"{name}.csv", header, [column.texts() for column in columns])
    for name, rows in sheets().items():
        write_csv(part / f"{name}.csv", rows[0], zip(*(map(str, row) for row in rows[1:])))
    part.rename(folder)


class Settled:
    """What a run gave: the seconds of the measured rule, the payments it made, and the digests of all tables."""

    def __init__(self, meed, program, data, memory, engine, output, scratch):
        out = scratch / "out"
        command = [meed, "run", program, "--data", data, "--out", out, "--engine", engine, "--format", output]
        # A rule that is done beside others has no time of its own.
        command += ["--through", "2026-12-31", "--memory", str(memory), "--threads", "1", "--timings"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{program.name}, {engine}: meed ended with {done.returncode}:\n{done.stderr[-2000:]}")
        report = json.loads((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])
        manifest = json.loads((out / "run.json").read_text())
        shutil.rmtree(out)
        self.seconds = float(report["seconds"]["rule measured"])
        self.payments = sum(total["payments"] for total in manifest["totals"] if total["rule"] == "measured")
        self.digests = {table["table"]: table["sha256"] for table in manifest["tables"]}


def measure(construct, sizes, folders, programs, meed, memory):
    """Runs a construct at every size, and by the interpreter at the first."""
    program = programs / construct.file_name()
    program.write_text(construct.program())
    with tempfile.TemporaryDirectory(dir=programs.parent) as scratch:
        for size, folder in zip(sizes, folders):
            is_first, is_last = size == sizes[0], size == sizes[-1]
            output = "csv" if is_first else "parquet"
            settle = lambda engine: Settled(meed, program, folder, memory, engine, output, Path(scratch))
            runs = [settle("jit") for _ in range(1 if is_last and not is_first else 3)]
            construct.ns.append(min(run.seconds for run in runs) / size * 1e9)
            if is_first:
                construct.equal = runs[0].digests == settle("interpreter").digests
            n_rows = size * construct.rows // 1000
            if runs[0].payments < n_rows // 10:
                sys.exit(f"{construct.name}: {runs[0].payments:,} payments for {n_rows:,} rows are too few")


def short(size):
    """A size as it is written in the table."""
    return f"{size // 1_000_000} M" if size % 1_000_000 == 0 else f"{size // 1000} k"


def row(construct):
    """The line of a construct in the table."""
    times = " | ".join(f"{ns:.0f}" for ns in construct.ns)
    return f"| {construct.name} | {times} | {'yes' if construct.equal else 'NO'} |"


def slow(construct, sizes):
    """What is slow about a construct, or nothing."""
    faults = [f"{ns:.0f} ns at {short(size)}" for size, ns in zip(sizes, construct.ns) if ns > SLOW_NS]
    growth = construct.ns[-1] / construct.ns[0]
    if growth > SLOW_GROWTH:
        faults.append(f"{growth:.1f} times the time at {short(sizes[0])} at {short(sizes[-1])}")
    return ", ".join(faults)


def main():
    parser = argparse.ArgumentParser(description="Measures what each construct costs per row and rule.")
    parser.add_argument("--sizes", default=SIZES, help="deals, from few to many")
    parser.add_argument("--only", default="", help="the constructs whose name contains this text")
    parser.add_argument("--keep", type=Path, help="folder for tables and programs, which stay there")
    parser.add_argument("--bin", type=Path, default=BENCH.parent / "target" / "release", help="folder of the program")
    parser.add_argument("--memory", type=int, default=1_000_000, help="MiB for rows; by default all are held")
    parser.add_argument("--csv", action="store_true", help="tables as CSV also where pyarrow is installed")
    arguments = parser.parse_args()
    sizes = sorted(int(size) for size in arguments.sizes.split(","))
    chosen = [construct for construct in CONSTRUCTS if arguments.only in construct.name]
    if not chosen:
        parser.error(f"no construct has {arguments.only!r} in its name")
    meed = arguments.bin / "meed"
    if not meed.exists():
        sys.exit(f"{meed} is not there: cargo build --release -p meed-cli")
    pyarrow = None if arguments.csv else arrow()

    with tempfile.TemporaryDirectory() as temporary:
        keep = (arguments.keep or Path(temporary)).resolve()
        programs = keep / "programs"
        programs.mkdir(parents=True, exist_ok=True)
        folders = [keep / f"{size}-{'parquet' if pyarrow else 'csv'}" for size in sizes]
        for size, folder in zip(sizes, folders):
            generate(size, folder, pyarrow)
        print("| construct | " + " | ".join(f"ns at {short(size)}" for size in sizes) + " | digest equal |")
        print("| --- |" + " ---: |" * len(sizes) + " --- |")
        for construct in chosen:
            measure(construct, sizes, folders, programs, meed, arguments.memory)
            print(row(construct), flush=True)

    lines = [f"- {construct.name}: {faults}" for construct in chosen if (faults := slow(construct, sizes))]
    if lines:
        print("\nSlow:\n\n" + "\n".join(lines))
    differ = [construct.name for construct in chosen if not construct.equal]
    if differ:
        sys.exit("\nThe engines disagree: " + ", ".join(differ))


if __name__ == "__main__":
    main()
