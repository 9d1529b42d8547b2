"""In what an amount is paid: the currency of the program, a unit of its own, or the currency that a row names (facts.md, "Units";
amounts.md, "Currencies")."""

from dataclasses import dataclass

from .tree import expression, form, path_names
from .trouble import Unknown
from .values import decimals_of


@dataclass(frozen=True)
class Unit:
    """A unit of payment."""

    code: str
    decimals: int
    mode: str
    each_line: bool


def unit_of_item(item):
    """`unit points whole, rounded toward zero`"""
    decimals = item["decimals"]["count"]
    return Unit(item["name"]["text"], decimals, item["rounding"]["mode"], item["each_line"] is not None)


def unit_of(program, node, version, scope=None):
    """The unit of the amount that an expression of a rule gives; that of the program where it names none."""
    if not program.has_units():
        return program.unit
    return _Walk(program, version, scope).of(node, _records_of(program, version.stream)) or program.unit


def _records_of(program, stream):
    if stream[0] != "payments":
        return [program.records[stream[1]]]
    source = program.rules[stream[1]][0].stream
    while source[0] == "payments":
        source = program.rules[source[1]][0].stream
    return [program.records[source[1]]]


class _Walk:
    """`records` are those whose fields are names, the inner first."""

    def __init__(self, program, version, scope):
        self.program, self.version, self.scope = program, version, scope
        self.known = {}  # of each `let`, which may be named again and again

    def of(self, node, records):
        name, content = expression(node)
        if name == "money":
            return self.program.units.get(content["currency"])
        if name == "path":
            return self._path(path_names(content), records)
        if name in ("bracket", "negate"):
            return self.of(content, records)
        if name in ("rounded", "clamp", "if_unknown"):
            return self.of(content["value"], records)
        if name == "conditional":
            values = [value for value, _ in content["branches"]] + [content["otherwise"]]
            return self._first(values, records)
        if name == "function":
            return self._first(content["values"], records)
        if name == "binary":
            left, right = (self.of(content[side], records) for side in ("left", "right"))
            if content["op"] == "divide":
                return None if right is not None else left
            return left or right
        if name == "aggregate":
            inner = records
            if content["set"] is not None:
                inner = [*self._records_of_set(content["set"]), *records]
            elif content["value"] is not None:
                inner = [self._named(path_names(expression(content["value"])[1])[0]), *records]
            return None if content["value"] is None else self.of(content["value"], [one for one in inner if one])
        if name in ("call", "adds_up"):
            return self._called(content, records)
        if name == "earlier":
            return self._path(path_names(content["value"]), records)
        if name == "as_reported":
            return self._path(path_names(content), records)
        if name in ("take_from", "balance_of"):
            accounts = content["accounts"] if name == "take_from" else [content]
            own = self.of(content["amount"], records) if name == "take_from" else None
            return own or self._of_balance(accounts[0]["balance"]["text"])
        if name == "paid_by":
            return self.of_rule(content["rule"]["text"])
        if name == "running":
            return None if content["value"] is None else self.of(content["value"], records)
        if name == "one_row":
            inner = self._records_of_set(content["set"])
            names = [] if content["field"] is None else path_names(content["field"])
            owner = next((one for one in inner if not isinstance(one, tuple) and names and names[0] in one.fields), None)
            return None if owner is None else self._field(owner, names)
        return None

    def _first(self, nodes, records):
        found = (self.of(node, records) for node in nodes if node is not None)
        return next((unit for unit in found if unit is not None), None)

    def _records_of_set(self, chosen):
        kind, name = form(chosen["source"])
        if kind == "event":
            record = self._named(name["text"])
            return [record] if record is not None else self._records_of_named(name["text"])
        return [("payments", name["text"])] if kind == "payments" else _records_of(self.program, self.program.rules[name["text"]][0].stream)

    def _records_of_named(self, name):
        """Of a set that a `let` names."""
        for clause in self.version.clauses:
            kind, content = form(clause["kind"])
            if kind == "let" and content["name"]["text"] == name and expression(content["value"])[0] == "set":
                return self._records_of_set(expression(content["value"])[1])
        return []

    def _named(self, name):
        return self.program.records.get(name) or self.program.records.get(name.removesuffix("s"))

    def _called(self, content, records):
        """What a schedule or table gives: an amount of its own unit, or a share of the quantity."""
        name = content["schedule"]["text"] if "schedule" in content else content["name"]["text"]
        if name in self.program.tables:
            return self._of_table(self.program.tables[name])
        schedule = self.program.schedules[name]
        for band in schedule["bands"]:
            pays = form(band["pays"])
            if pays[0] == "amount":
                unit = self.of(pays[1]["value"], []) or (pays[1]["plus"] and self.of(pays[1]["plus"], []))
                if unit:
                    return unit
        if "quantity" in content:
            return None if self._is_price(schedule) else self.of(content["quantity"], records)
        quantity = [one["value"] for one in content["arguments"] if one["name"] is None]
        return None if self._is_price(schedule) else self._first(quantity, records)

    def _is_price(self, schedule):
        """Whether its bands pay amounts of the program's currency."""
        for band in schedule["bands"]:
            pays = form(band["pays"])
            if pays[0] == "amount" and expression(pays[1]["value"])[0] == "money":
                return True
        return False

    def _of_table(self, table):
        names = [one["name"]["text"] for one in table["results"] if one["ty"] is None]
        kinds = [form(one["ty"]["kind"]) for one in table["results"] if one["ty"] is not None]
        names += [content["text"] for kind, content in kinds if kind == "record"]
        return next((self.program.units[name] for name in names if name in self.program.units), None)

    def _path(self, names, records):
        first, rest = names[0], names[1:]
        if first in ("this", *(one.name for one in records if not isinstance(one, tuple))) and rest:
            return self._path(rest, [one for one in records if first == "this" or getattr(one, "name", None) == first])
        paid = next((one[1] for one in records if isinstance(one, tuple)), None)
        if first == "payment" or first == "amount" and paid is not None:
            return self.of_rule(paid or self.version.stream[1])
        for record in records:
            if not isinstance(record, tuple) and first in record.fields:
                return self._field(record, names)
        for clause in self.version.clauses:
            name, content = form(clause["kind"])
            if name in ("let", "set") and content["name"]["text"] == first:
                if first not in self.known:
                    self.known[first] = self.of(content["value"], records)
                return self.known[first]
        if first in self.program.parameters:
            return self.of(self.program.parameters[first], [])
        for versions in self.program.rules.values():
            for version in versions:
                for clause in version.clauses:
                    name, content = form(clause["kind"])
                    if name == "set" and content["name"]["text"] == names[-1]:
                        walk = _Walk(self.program, version, None)
                        return walk.of(content["value"], _records_of(self.program, version.stream))
        return None

    def _field(self, record, names):
        for name in names[:-1]:
            record = self.program.records.get(record.fields[name].content) if name in record.fields else None
            if record is None:
                return None
        own = record.fields.get(names[-1])
        if own is None:
            return self._path(names[-1:], [])
        if own.currency is not None:
            return self._own_currency(names, own)
        return self.program.units.get(own.content) if own.type == "unit" else None

    def _own_currency(self, names, own):
        if self.scope is None:
            return None
        path = {"kind": {"path": {"parts": [{"text": name} for name in [*names[:-1], own.currency]]}}, "span": None}
        code = self.scope.evaluate(path)
        code = getattr(code, "name", code)
        if code is None:
            return None
        return Unit(code, decimals_of(code), self.program.rounding, self.program.each_line)

    def _of_balance(self, name):
        """The unit of what is added to a balance."""
        for versions in self.program.rules.values():
            for version in versions:
                for clause in version.clauses:
                    kind, content = form(clause["kind"])
                    if kind == "add" and content["account"]["balance"]["text"] == name:
                        unit = unit_of(self.program, content["amount"], version)
                        if unit is not None:
                            return unit
        return None

    def of_rule(self, name):
        """The unit of what a rule pays."""
        for version in self.program.rules[name]:
            for clause in version.clauses:
                kind, content = form(clause["kind"])
                if kind in ("pay", "pay_split", "pay_each", "take_back"):
                    return unit_of(self.program, content["amount"], version)
        raise Unknown(f"payments of `{name}`, which pays nothing")
