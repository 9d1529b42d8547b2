"""What a program declares: its head, records, schedules, parameters and rules, with those of the libraries it uses."""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from . import calendars, kept, literals
from .credits import Versions, as_payments
from .periods import WEEKDAYS, WORDS, Calendar
from .tree import expression, form
from .trouble import Unknown
from .units import Unit, unit_of_item
from .values import decimals_of

MONTH_NAMES = (
    "january february march april may june july august september october november december".split()
)


@dataclass
class Field:
    """A field of a record, and how its column is read."""

    name: str
    type: str
    content: object  # of the type: decimals, the values of a list, the record referred to
    optional: bool
    column: str | None = None
    formats: tuple = ()  # a cell is of one of them
    last_day_of: bool = False  # of a period, by whose name a day is read
    ignoring_case: bool = False
    if_there: bool = False  # a reference to a row that is not there is missing
    currency: str | None = None  # the field that names the currency of the amount
    is_dated: bool = False  # its values are in the history of its record
    reverses: list | None = None  # the row referred to is taken back: what is named behind `by`
    least: Fraction | None = None
    most: Fraction | None = None


@dataclass
class Record:
    """An entity or event."""

    name: str
    is_event: bool
    table: str | None = None
    distinct_of: str | None = None  # `from agent`: the values of a column of that record
    key: list = field(default_factory=list)
    when: Field | None = None
    fields: dict = field(default_factory=dict)  # all of them by name, key and `when` too
    source: list = field(default_factory=list)  # what a source says of the whole file
    has_key: bool = True
    day: date | None = None  # of every row
    life: dict = field(default_factory=dict)  # the names of its first and last day, by "from" and "to"
    history_of: str | None = None  # the entity whose dated fields it has
    reverses_set: dict | None = None  # what each of its rows takes back


@dataclass
class Version:
    """A rule as it is written once."""

    name: str
    number: int  # among the versions of the rule, by their ranges, from 1
    stream: tuple  # ("event", name), ("entity", name, period) or ("payments", rule)
    by: dict | None  # the path to another date than the event's own
    clauses: list
    first: date
    last: date
    has_active: bool
    as_reported: bool  # returns change nothing for it
    takes_back: bool = False  # a return takes back its share of what was paid
    within: int | None = None  # the days after a row in which returns count
    budget: str | None = None  # the period in which its lines are shared in proportion
    adds_again: bool = False  # what it adds is worked out again as returns come
    as_it_stood: bool = False  # it reads rows as they stood at the end of its period

    def mode(self, stood=None):
        """How rows are read: as reported, as left, as they stood on a day, or as returns of some days leave them."""
        if self.within is not None and not self.as_reported:
            return self.within, stood
        if self.budget is not None and not self.as_reported and self.stream[0] == "event":
            return self.budget, stood
        return self.as_reported or stood or False

    @property
    def only_sets(self):
        return not any(form(clause["kind"])[0] in ("pay", "pay_split", "pay_each", "take_back", "add") for clause in self.clauses)


class Program:
    """All declarations, by name."""

    def __init__(self, trees, overrides, sheets=None):
        self.records, self.schedules, self.tables, self.parameters, self.rules = {}, {}, {}, {}, Versions()
        self.choices = []  # between rules
        self.balances = []  # as they are declared
        self.shared_limits, self.budgets = [], []  # over several rules, and in proportion in one
        self.currency = self.rates = None
        self.units = {}  # beside the currency
        rules, sources = [], []
        trees = as_payments(trees)
        items = [item for library in trees["libraries"] for item in library["file"]["items"]]
        items += trees["program"]["items"]
        self.kinds = {one["name"]["text"]: one["values"] for name, one in map(form, items) if name == "kind"}
        self.sheets = sheets  # none where only the records are asked for
        self.calendars = [content for name, content in map(form, items) if name == "calendar"]
        for item in items:
            name, content = form(item)
            if name == "program":
                self._take_head(content)
            elif name == "record":
                self._take_record(content)
            elif name == "extend":
                self._take_members(self._record(content["record"]["text"]), content["members"])
            elif name == "source":
                sources.append(content)
            elif name == "rates":
                self._take_rates(content)
            elif name == "unit":
                self.units[content["name"]["text"]] = unit_of_item(content)
            elif name == "schedule":
                self.schedules[content["name"]["text"]] = content
            elif name == "table":
                self.tables[content["name"]["text"]] = content
            elif name == "parameter":
                self.parameters[content["name"]["text"]] = content["value"]
            elif name == "choose":
                self.choices.append(content)
            elif name == "rule":
                rules.append(content)
            elif name == "balance":
                self.balances.append(content)
            elif name == "shared_limit":
                self.shared_limits.append(content)
            elif name not in ("use", "use_file", "kind", "calendar", "test"):
                raise Unknown(f"an item of the kind `{name}`")
        if self.currency is None:
            raise Unknown("a file without a `program`")
        for record in self.records.values():
            for side in ("from", "to"):
                one = record.fields.get(side)
                of_a_name = one is not None and one.type == "record" and one.content not in self.records
                if not record.is_event and (of_a_name or one is not None and one.type == "date"):
                    # `from first_day`: the day has the name that stands for a type.
                    del record.fields[side]
                    one.name, one.type = one.content if of_a_name else side, "date"
                    one.optional = one.optional or side == "to"
                    record.fields[one.name], record.life[side] = one, one.name
            for one in [*record.fields.values(), *record.key]:
                # A name of no record may be that of a period (facts.md, "Types").
                if one.type == "record" and one.content in self.units:
                    one.type = "unit"
                elif one.type == "record" and one.content not in self.records and one.content in WORDS:
                    one.type = "period"
        self._make_histories()
        for source in sources:
            self._take_source(source)
        for name, text in overrides.items():
            if name not in self.parameters:
                raise Unknown(f"no parameter `{name}`")
            self.parameters[name] = literals.read(text)
        for rule in rules:
            self._take_rule(rule)
        self.shared_limits = self.budgets + self.shared_limits
        for versions in self.rules.values():
            versions.sort(key=lambda version: version.first)
            for number, version in enumerate(versions):
                version.number = number + 1

    # The head (facts.md, "The head of a program").

    def _take_head(self, head):
        self.month_ends, first_month, by_end, life, weekday = None, None, False, None, 0
        self.settled = None
        weeks, table = None, None
        for clause in head["clauses"]:
            name, content = form(clause["kind"])
            if name == "currency":
                self.currency = content["code"]["text"]
                self.rounding = content["rounding"]["mode"]
                self.each_line = content["each_line"] is not None
            elif name == "fiscal_year":
                first_month = MONTH_NAMES.index(content["month"]["text"].lower()) + 1
                by_end = content["named_by"] is not None and content["named_by"][0] == "end"
            elif name == "active":
                life = (literals.day(content["from"]), literals.day(content["to"]))
            elif name == "weeks_start":
                weekday = WEEKDAYS.index(content["text"].lower())
            elif name == "periods_of_weeks":
                weeks = content
            elif name == "periods_from":
                table = content["text"]
            elif name == "settled":
                self.settled = content["text"]
            elif name == "month_ends":
                self.month_ends = content
            else:
                raise Unknown(f"`{name}` in the head of a program")
        self.decimals = decimals_of(self.currency)
        self.unit = Unit(self.currency, self.decimals, self.rounding, self.each_line)
        self.first, self.last = life
        if weeks is not None:
            self.calendar = calendars.of_weeks(life, weeks)
        elif table is not None:
            self.calendar = calendars.from_table(life, self.calendars, table, self.sheets, weekday)
        else:
            self.calendar = Calendar(first_month, by_end, life, weekday)
        self.calendar.settled = self.settled

    # Records (facts.md, "Parties and events").

    def _record(self, name):
        if name not in self.records:
            raise Unknown(f"no record `{name}`")
        return self.records[name]

    def _take_record(self, item):
        record = Record(item["name"]["text"], item["kind"] == "event")
        if item["from"] is not None:
            name, content = form(item["from"])
            if name == "table":
                record.table = content["value"]
            else:
                record.distinct_of = content["text"]
        self.records[record.name] = record
        self._take_members(record, item["members"])

    def _take_rates(self, item):
        """Rates are a table of day, from, to and rate (amounts.md, "Several currencies")."""
        self.rates = Record(item["name"]["text"], True, item["file"]["value"])
        fields = [Field("from", "text", None, False), Field("to", "text", None, False), Field("day", "date", None, False)]
        self.rates.key, self.rates.when = list(fields), fields[2]
        rate = Field("rate", "number", None, False, least=Fraction(1, 10**9))
        self.rates.fields = {one.name: one for one in [*fields, rate]}
        self.records[self.rates.name] = self.rates

    def _take_members(self, record, members):
        for member in members:
            name, content = form(member)
            if name == "key":
                for part in content["parts"]:
                    one = self._field(part, "id")
                    # A part of several may be described by a field of its name.
                    record.key.append(record.fields.setdefault(one.name, one))
            elif name == "when":
                record.when = self._field(content, "date")
                record.fields[record.when.name] = record.when
            elif name == "field":
                one = self._field(content, None)
                keys = [key.name for key in record.key]
                record.fields[one.name] = one
                if one.name in keys:
                    record.key[keys.index(one.name)] = one
            elif name == "reverses_set":
                record.reverses_set = content["set"]
            else:
                raise Unknown(f"a member of the kind `{name}` in `{record.name}`")

    def _field(self, item, default):
        text = lambda one: None if one is None else one["value"]
        kind, content = (default, None) if item["ty"] is None else form(item["ty"]["kind"])
        currency = None
        if kind == "money_in":
            kind, content, currency = "number", {"count": 4}, content["text"]
        if kind == "one_of":
            content = tuple(content)
        elif kind == "record" and content["text"] in self.kinds:
            kind, content = "one_of", tuple(self.kinds[content["text"]])
        elif kind == "record":
            content = content["text"]
        elif kind not in "id text count number percent money date date_time yes_no".split():
            raise Unknown(f"the type `{kind}` of the field `{item['name']['text']}`")
        one = Field(
            item["name"]["text"],
            kind,
            content,
            item["optional"] is not None,
            text(item["column"]),
            ignoring_case=item["ignoring_case"] is not None,
        )
        one.currency = currency
        if item["bounds"] is not None:
            sides = (item["bounds"][side] for side in ("least", "most"))
            one.least, one.most = (None if side is None else literals.number(side) for side in sides)
        one.is_dated = item["dated"] is not None
        one.if_there = item["if_there"] is not None
        if item["reverses"] is not None:
            one.reverses = [name["text"] for name in item["reverses"]["by"]]
        _take_format(one, item)
        return one

    def _take_source(self, source):
        """How a record's file is written, apart from the record (facts.md, "A source apart from its record")."""
        name = source["record"]["text"]
        record = self._record(name if source["history"] is None else f"{name}_history")
        for line in source["lines"]:
            name, content = form(line["kind"])
            if name == "no_key":
                record.has_key = False
            elif name == "when":
                record.day = literals.day(content)
            elif name in ("missing", "skip_rows", "equal_rows"):
                record.source.append((name, content))
            # Header, encoding and sheet are for whoever reads the file.
            elif name not in ("header_row", "encoding"):
                raise Unknown(f"`{name}` in a source")
        if source["from"] is not None:
            record.table = source["from"]["value"]
        for item in source["fields"]:
            one = record.fields[item["name"]["text"]]
            one.column = item["column"]["value"] if item["column"] else one.column
            _take_format(one, item)
            one.ignoring_case = one.ignoring_case or item["ignoring_case"] is not None

    def _make_histories(self):
        """Dated fields are read from a table of their own: the key, `from`, `to` and these fields (facts.md, "Dated fields")."""
        for record in list(self.records.values()):
            dated = [one for one in record.fields.values() if one.is_dated]
            if not dated:
                continue
            history = Record(f"{record.name}_history", True, history_of=record.name)
            column = record.key[0].column or record.key[0].name
            owner = Field(record.name, "record", record.name, False, column if len(record.key) == 1 else None)
            first, last = Field("from", "date", None, False), Field("to", "date", None, True)
            history.key, history.when = [owner, first], first
            for one in [owner, first, last, *(replace(one, is_dated=False) for one in dated)]:
                history.fields[one.name] = one
            self.records[history.name] = history

    def set_reversals(self):
        """Events whose rows take back what they find, each with the set."""
        return [(record, record.reverses_set) for record in self.records.values() if record.reverses_set is not None]

    def reversals(self):
        """Events that take rows of others back: the record, its field, and the numbers that are taken off (facts.md, "Events that
        take others back")."""
        found = []
        for record in self.records.values():
            for one in record.fields.values():
                if one.reverses is not None:
                    target = self.records[one.content]
                    both = [
                        name
                        for name, own in record.fields.items()
                        if own.type in ("count", "number", "money") and name in target.fields
                        and target.fields[name].type == own.type and target.fields[name].content == own.content
                    ]
                    found.append((record, one, one.reverses or both))
        return found

    # Rules (rules.md).

    def _take_rule(self, item):
        name, stream, by, active, clauses = item["name"]["text"], None, None, None, []
        as_reported, takes_back, within, adds_again = False, False, None, False
        for clause in item["clauses"]:
            kind, content = form(clause["kind"])
            if kind == "for_each":
                by = content["by"]
                subject = content["subject"]["text"]
                is_event = self._record(subject).is_event
                own = [content["from"]["parts"][0]["text"]] if content["from"] is not None else []
                stream = ("event", subject) if is_event else ("entity", subject, content["per"]["text"], *own)
            elif kind == "for_each_payment":
                stream = ("payments", content["rule"]["text"])
            elif kind == "active":
                active = content
            elif kind == "returns":
                word, count = form(content)
                as_reported, takes_back = word in ("change_nothing", "take_back_paid"), word == "take_back_paid"
                within = count if word == "within" else None
                adds_again = word == "take_back_added"
            elif kind == "at_most" and content["pro_rata"] is not None:
                # Over the lines of all rows, as a limit over several rules is.
                self.budgets.append({"name": item["name"], "over": [item["name"]], "limits": [clause]})
            elif kind in "where let set first_per pay pay_split pay_each take_back add ranked_by keep_top at_most at_most_payments at_least hold due in_parts".split():
                clauses.append(clause)
            else:
                raise Unknown(f"a clause of the kind `{kind}`")
        first, last = self.first, self.last
        if active is not None:
            if active["from"] is not None:
                first = max(first, self._day(active["from"]))
            if active["to"] is not None:
                last = min(last, self._day(active["to"]))
        version = Version(name, 0, stream, by, clauses, first, last, active is not None, as_reported, takes_back, within)
        version.adds_again = adds_again
        if not as_reported and any(form(clause["kind"])[0] == "ranked_by" for clause in clauses):
            version.as_it_stood = True
        if not as_reported and kept.acts(version):
            # What was added or taken stays so (balances.md, "Returns").
            version.as_reported, version.as_it_stood = stream[0] != "entity", stream[0] == "entity"
        self.rules.setdefault(name, []).append(version)

    def _day(self, node):
        name, content = expression(node)
        if name == "path":
            return self._day(self.parameters[content["parts"][0]["text"]])
        return literals.day(node)

    def has_units(self):
        """Whether amounts may be in another unit than the currency."""
        fields = (one for record in self.records.values() for one in record.fields.values())
        return bool(self.units) or any(one.currency is not None for one in fields)

    def lists_with(self, name):
        """The lists of values in which a name occurs, each once."""
        found = []
        for record in self.records.values():
            for one in record.fields.values():
                if one.type == "one_of":
                    names = tuple(choice["name"]["text"] for choice in one.content)
                    if name in names and names not in found:
                        found.append(names)
        return found


def _take_format(one, item):
    """The formats that a field is given in its record or in a source."""
    if item["format"] is not None:
        one.formats = tuple(sample["value"] for sample in item["format"]["samples"])
        one.last_day_of = item["format"]["last_day_of"] is not None
