"""What a name means in its place (rules.md, "Let and set"; totals.md, "Per party and period"; runs.md, "Parameters")."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from .tables import Row
from .tree import form, path_names
from .trouble import Unknown
from .values import Choice, ListName


@dataclass
class Line:
    """A payment of a rule. Its source is the row that it was paid for: of an event, or of an entity in a period."""

    rule: str
    version: int
    payee: Row
    unit: object  # in what it is paid
    smallest: int  # the amount in smallest units
    amount: Fraction
    source: Row
    when: date
    period: object
    is_accrual: bool
    place: int = 1  # among the payments of its row
    due: date | None = field(default=None, kw_only=True)  # where the rule says when
    of: Row | None = field(default=None, kw_only=True)  # the row that it was paid for, where its source is the return that takes it back

    @property
    def row(self):
        """The row whose fields it has."""
        return self.source if self.of is None else self.of


@dataclass
class Credit(Line):
    """What a row found by a split is credited with, read like a payment."""

    share: Fraction = None  # of the whole
    base: Fraction = None  # that of what the amount is a share of


@dataclass
class Scope:
    """The row around an expression, and the values that have a name there."""

    run: object
    subject: Row | None = None
    line: Line | None = None
    day: date | None = None
    period: object = None  # in a rule per entity and period
    own: tuple | None = None  # the first and last day of its own period
    lets: dict = field(default_factory=dict)
    definitions: dict = field(default_factory=dict)  # of `let`s that are worked out when they are asked for
    later: set = field(default_factory=set)  # names that are known only when all conditions are
    levels: dict = field(default_factory=dict)  # running levels of this row, by their place in the tree
    totals: dict = field(default_factory=dict)  # what adds up: before and after this row
    outer: object = None  # inside the brackets of a set: the row around it
    arguments: dict | None = None  # inside a schedule
    sets: dict = field(default_factory=dict)  # that a `let` names
    moment: date | None = None  # when the row acts on balances
    end: date | None = None  # the last day of its period, whole as far as the program lives
    stood: date | None = None  # the day as of which it reads rows, where its period is closed
    rank: Fraction | None = None  # in a contest
    depth: Fraction | None = None  # in a payment up a chain, the level of the receiver
    prize: int | None = None  # of level rows, what the row gets
    is_undecided: bool = False
    added: list = field(default_factory=list)  # what its rule has added so far, with how to take it back
    mover: tuple | None = None  # the rule and the row, where they act on balances
    version: object = None
    by: dict | None = None  # the path to the date by which the rows of the rule come, if not by their own
    moment: date | None = None  # the day on which dated fields are read, where it is said

    def own_of(self, period):
        """The part of a period within the program's life and the party's (facts.md, "Lives")."""
        first, last = self.run.program.calendar.own(period)
        return (first, last) if self.subject is None else self.subject.within_life(first, last)

    def decision_day(self):
        """The day that tells of which period a decision is: of a row that has no day that of the row around it."""
        for around in _around(self):
            if around.own is not None or around.day is not None:
                return around.own[1] if around.own is not None else around.day
        return None

    def reading_day(self):
        """The day on which dated fields are read: that of the row, in a rule per period one that is said."""
        return self.moment if self.moment is not None or self.own is not None else self.day

    def evaluate(self, node):
        """The value of an expression here."""
        from .expressions import evaluate  # which looks names up here

        return evaluate(node, self)

    @property
    def record(self):
        return self.subject.record if self.line is None else None


def row_with_key(name, wanted, scope):
    from .sets import row_with_key as found  # which looks names up here

    return found(name, wanted, scope)


def value_of_path(scope, path, evaluate, hint):
    """The value of a dotted name."""
    names = path_names(path)
    if names == ["each", "depth"] and scope.depth is not None:
        return scope.depth
    value = _first(scope, names, evaluate, hint)
    return fields_of(scope, value, names[1:])


def fields_of(scope, value, names):
    """What a row leads to by these names."""
    for name in names:
        value = _step(scope, value, name)
    return value


def dated(run, row, name, day):
    """The value of a dated field on a day; missing where no span holds it."""
    if day is None:
        raise Unknown(f"`{name}` on no day")
    span = run.tables.span_of(row, day)
    return None if span is None else span.values.get(name)


def _around(scope):
    while scope is not None:
        yield scope
        scope = scope.outer


def _first(scope, names, evaluate, hint):
    run, name = scope.run, names[0]
    if scope.arguments is not None:
        # Nothing of a row is known inside a schedule but its arguments and parameters (schedules.md, "Arguments").
        if name in scope.arguments:
            return scope.arguments[name]
    else:
        if name == "this" and scope.outer is not None:
            *_, outermost = _around(scope)
            return outermost.subject if outermost.line is None else outermost.line
        if name == "rank" and scope.rank is not None and name not in scope.lets:
            return scope.rank
        if name == "each" and "each" in scope.lets:
            # The receiver of a payment up a chain, which is a row of the rule and of no set.
            return scope.lets[name]
        for around in _around(scope):
            if around.line is not None:
                if name == "payment":
                    return around.line
                if around.outer is not None and (name in ("amount", "payee", "when") or name in ("share", "base") and hasattr(around.line, name)):
                    return getattr(around.line, name)
                if name == around.line.row.record.name:
                    return around.line.row
            elif name in around.record.fields and around.record.fields[name].is_dated:
                return dated(run, around.subject, name, scope.reading_day())
            elif name in around.record.fields:
                return _value(around.subject, name)
            elif name == around.record.name:
                return around.subject
            elif around.outer is not None and len(names) == 1 and run.is_decision(around.record.name, name):
                # In the brackets of a set what its row was decided comes before the row around it.
                return run.decision(around.subject, name, around.decision_day())
            if name in around.lets:
                return around.lets[name]
            if name in around.definitions:
                around.lets[name] = evaluate(around.definitions[name], around)
                return around.lets[name]
            if name in around.later:
                raise Unknown(f"`{name}` adds up and stands above a condition that reads it")
    if scope.arguments is None and scope.period is not None and name in run.program.records:
        # The row of an entity that is keyed by the rule's own party and period (rules.md, "For each").
        key = run.program.records[name].key
        parts = {part.type: part.content for part in key}
        if parts == {"record": scope.record.name, "period": scope.period.word}:
            own = {"record": scope.subject, "period": scope.period}
            return row_with_key(name, [own[part.type] for part in key], scope)
    if name in run.program.parameters:
        return evaluate(run.program.parameters[name], scope, hint)
    if hint is not None and name in hint:
        return Choice(name, hint)
    if scope.arguments is None:
        for around in _around(scope):
            if around.line is None and run.is_decision(around.record.name, name):
                return run.decision(around.subject, name, around.decision_day())
    if name == "none":
        return None
    period = run.program.calendar.of_name(name)
    if period is not None:
        return period
    if run.program.lists_with(name):
        return ListName(name)
    raise Unknown(f"the name `{name}`")


def _value(row, name):
    """The value of a field; without its currency an amount is none (amounts.md, "Several currencies")."""
    currency = row.record.fields[name].currency
    return None if currency is not None and row.values.get(currency) is None else row.values.get(name)


def _step(scope, value, name):
    run = scope.run
    if value is None:
        return None
    if isinstance(value, Line):
        if name in ("amount", "payee", "when") or name in ("share", "base") and hasattr(value, name):
            return getattr(value, name)
        if name == value.row.record.name:
            return value.row
        raise Unknown(f"`{name}` of a payment")
    if not isinstance(value, Row):
        raise Unknown(f"`.{name}` of something that is no row")
    if name in value.record.fields and value.record.fields[name].is_dated:
        return dated(run, value, name, scope.reading_day())
    if name in value.record.fields:
        return _value(value, name)
    if run.is_decision(value.record.name, name):
        return run.decision(value, name, scope.decision_day())
    raise Unknown(f"`{name}` of `{value.record.name}`")


def earlier(scope, content, evaluate):
    """`partner.tier previous quarter`: a decision of the period before, or of the same one a year ago."""
    *names, name = path_names(content["value"])
    row = fields_of(scope, _first(scope, names, evaluate, None), names[1:]) if names else None
    if not names:
        around = next(one for one in _around(scope) if one.line is None and scope.run.is_decision(one.record.name, name))
        row = around.subject
    kind, window = form(content["window"]["kind"])
    return None if row is None else scope.run.decision(row, name, scope.decision_day(), kind)


def list_of_path(scope, path):
    """The list of values of a field that a path leads to, where it leads to one."""
    names = path_names(path)
    for around in _around(scope):
        if around.line is not None:
            found = _fields_behind(scope.run, [around.line.row.record], names[1:])
            if names[0] == around.line.row.record.name:
                return found
        elif around.record is not None:
            if names[0] in around.record.fields:
                return _fields_behind(scope.run, [around.record], names)
            if names[0] == around.record.name:
                return _fields_behind(scope.run, [around.record], names[1:])
    return None


def _fields_behind(run, records, names):
    (record,) = records
    found = None
    for name in names:
        found = record.fields.get(name) if record is not None else None
        if found is None:
            return None
        record = run.program.records[found.content] if found.type == "record" else None
    if found is None or found.type != "one_of":
        return None
    return tuple(choice["name"]["text"] for choice in found.content)
