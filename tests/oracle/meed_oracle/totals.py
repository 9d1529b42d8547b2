"""What adds up from row to row: running levels and schedules `as … adds up` (totals.md)."""

from fractions import Fraction

from .expressions import calculate, clamped, evaluate, rounded, rounding_step
from .periods import WORDS, add_months
from .scope import Scope
from .tables import Row
from .tree import expression, form, path_names
from .trouble import Unknown
from .values import extreme


def key_of(per, scope):
    """The key that something is kept per: values of the row, and the period of its day."""
    key = []
    for path in per:
        names = path_names(path)
        record = scope.record
        if len(names) == 1 and names[0] in WORDS and not (record is not None and names[0] in record.fields):
            key.append((names[0], scope.run.program.calendar.period_of(names[0], scope.day).number))
        elif names[0] == "year from":
            start = evaluate({"kind": {"path": {"parts": path["parts"][1:]}}, "span": None}, scope)
            key.append((names[0], own_year(start, scope.day, scope.run.program.month_ends)))
        else:
            value = evaluate({"kind": {"path": path}, "span": None}, scope)
            key.append(id(value) if isinstance(value, Row) else value)
    return tuple(key)


def own_year(start, day, month_ends):
    """Which of the years that begin on the anniversaries of a date holds a day; the first is 0 (totals.md, "A year of its own")."""
    number = day.year - start.year
    return number if add_months(start, 12 * number, month_ends) <= day else number - 1


class Quantity:
    """What is written between `as` and `adds up`, taken apart (totals.md, "Row by row").

    Literals and values that the key fixes stand as they are; sums, differences, constant factors and divisors, roundings and
    bounds act on the totals; everything else is added up row by row: those are the summands.
    """

    def __init__(self, node, per, program):
        self.fixed_paths = [path_names(path) for path in per]
        self.program = program
        self.summands = []
        self.shape = self._take_apart(node)
        if not self.summands:
            # Where nothing in it adds up, the whole is what each row adds: `as 1 adds up` counts rows.
            self.summands = [node]
            self.shape = lambda sums, scope: sums[0]

    def _is_fixed(self, node):
        name, content = expression(node)
        if name in ("number", "percent", "money"):
            return True
        if name == "path":
            names = path_names(content)
            is_parameter = len(names) == 1 and names[0] in self.program.parameters
            return is_parameter or any(names[: len(fixed)] == fixed for fixed in self.fixed_paths)
        if name in ("bracket", "negate"):
            return self._is_fixed(content)
        if name == "binary":
            return self._is_fixed(content["left"]) and self._is_fixed(content["right"])
        return False

    def _take_apart(self, node):
        name, content = expression(node)
        if self._is_fixed(node):
            return lambda sums, scope: evaluate(node, scope)
        if name == "bracket":
            return self._take_apart(content)
        if name == "negate":
            inside = self._take_apart(content)
            return lambda sums, scope: -inside(sums, scope)
        if name == "binary" and self._acts_on_totals(content):
            left, right = self._take_apart(content["left"]), self._take_apart(content["right"])
            return lambda sums, scope: calculate(content["op"], left(sums, scope), right(sums, scope))
        if name == "rounded":
            inside = self._take_apart(content["value"])
            rounding = content["rounding"]
            return lambda sums, scope: rounded(inside(sums, scope), rounding["mode"], rounding_step(rounding, scope))
        if name == "clamp":
            inside = self._take_apart(content["value"])
            sides = [
                None if content[side] is None else self._take_apart(content[side]) for side in ("at_least", "at_most")
            ]
            of = lambda side, sums, scope: None if side is None else (side(sums, scope),)
            return lambda sums, scope: clamped(inside(sums, scope), *(of(side, sums, scope) for side in sides))
        if name == "function":
            several = [self._take_apart(one) for one in content["values"]]
            return lambda sums, scope: extreme(content["name"]["text"], [one(sums, scope) for one in several])
        place = len(self.summands)
        self.summands.append(node)
        return lambda sums, scope: sums[place]

    def _acts_on_totals(self, content):
        op = content["op"]
        if op in ("add", "subtract"):
            return True
        if op in ("multiply", "of"):
            return self._is_fixed(content["left"]) or self._is_fixed(content["right"])
        return op == "divide" and self._is_fixed(content["right"])

    def of_row(self, scope):
        """The summands of a row; None where one is missing."""
        values = [evaluate(node, scope) for node in self.summands]
        return None if None in values else values


class Accumulation:
    """The totals of one `adds up`, by key. They go through all versions of a rule."""

    def __init__(self):
        self.sums, self.highest = {}, {}

    def add(self, content, scope, program):
        """Takes in a row: the quantity before it, nothing for the first, and with it. None where it is missing."""
        quantity = Quantity(content["quantity"], content["per"], program)
        values = quantity.of_row(scope)
        if values is None:
            return None
        key = key_of(content["per"], scope)
        before = self.sums.get(key)
        if before is not None and len(before) != len(values):
            raise Unknown("versions of a rule add up quantities of different form")
        after = [old + new for old, new in zip(before or [Fraction(0)] * len(values), values)]
        self.sums[key] = after
        earlier, later = None if before is None else quantity.shape(before, scope), quantity.shape(after, scope)
        if content["at_its_highest"] is None:
            return earlier, later
        # The highest that the total has reached, from nothing on.
        reached = self.highest.get(key, Fraction(0))
        self.highest[key] = max(reached, later)
        return None if before is None else reached, self.highest[key]


class Level:
    """A running sum or count, by key (totals.md, "Running levels")."""

    def __init__(self):
        self.sums = {}

    def take(self, content, scope, counts=True):
        """The level of a row, which it raises if it counts."""
        key = key_of(content["per"], scope)
        before = self.sums.get(key, Fraction(0))
        after = before
        if counts:
            value = Fraction(1) if content["value"] is None else evaluate(content["value"], scope)
            if value is None:
                raise Unknown("a missing value in a running level")
            after = self.sums[key] = before + value
        return before if content["before"] else after


def level_of_set(content, scope):
    """A level over a bracketed set: rows of its own up to this row, also from before the program's life."""
    level, event = Level(), scope.record.name
    chosen = content["set"]
    if chosen["source"] != {"event": chosen["source"].get("event")} or chosen["source"]["event"]["text"] != event:
        raise Unknown("a running level over the rows of something else")
    if chosen["by"] or chosen["window"] is not None:
        raise Unknown("a running level over a set with a path or window")
    of_row = {}
    for row, day in scope.run.events_by(event, scope.by):
        one = Scope(scope.run, subject=row, day=day)
        counts = chosen["condition"] is None or evaluate(chosen["condition"], one)
        if counts is None and chosen["unknown"] is None:
            raise Unknown("an unknown condition of a set")
        counts = form(chosen["unknown"]["kind"])[0] == "yes" if counts is None else counts
        of_row[id(row)] = level.take(content, one, counts)
    return of_row


def total_of_all(content, scope, definitions):
    """What adds up `over all` rows of the event in the program's life, whichever the rule matched."""
    accumulation, program = Accumulation(), scope.run.program
    of_row = {}
    for row, day in scope.run.events_by(scope.record.name, scope.by):
        if program.first <= day <= program.last:
            one = Scope(scope.run, subject=row, day=day, definitions=definitions)
            of_row[id(row)] = accumulation.add(content, one, program)
    return of_row
