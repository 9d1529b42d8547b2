"""Sets of rows and what is aggregated over them (totals.md, "Per party and period")."""

from fractions import Fraction

from .scope import Scope
from .tables import Row
from .tree import expression, form, path_names
from .trouble import Fault, Unknown
from .values import extreme


def aggregate(content, scope, evaluate):
    """sum, count, average, smallest, largest, count of distinct."""
    function, value = content["function"], content["value"]
    chosen = content["set"] or _short_set(value)
    scopes = rows_of(chosen, scope, evaluate)
    if function == "count":
        return Fraction(len(scopes))
    values = [evaluate(value, one) for one in scopes]
    if any(one is None for one in values):
        raise Unknown("a missing value in an aggregate")
    if function == "count_distinct":
        return Fraction(len({_identity(one) for one in values}))
    if function == "sum":
        return sum(values, Fraction(0))
    if not values:
        return None
    if function == "average":
        return sum(values, Fraction(0)) / len(values)
    return extreme(function, values)


def _identity(value):
    return id(value) if isinstance(value, Row) else value


def _short_set(value):
    """`sum of deal.amount` is short for `sum of amount in deal`."""
    while expression(value)[0] == "bracket":
        value = expression(value)[1]
    name, path = expression(value)
    if name != "path":
        raise Unknown("an aggregate without a set")
    return {"source": {"event": path["parts"][0]}, "by": None, "condition": None, "window": None}


def rows_of(chosen, scope, evaluate):
    """A scope for each row of a set, in order."""
    if scope.own is None:
        raise Unknown("a set in a rule that is not per entity and period")
    first, last = _days(chosen["window"], scope)
    found = []
    for one in _belonging(chosen, scope, evaluate):
        one.outer = scope
        if (first is not None and one.day < first) or one.day > last:
            continue
        if chosen["condition"] is not None:
            holds = evaluate(chosen["condition"], one)
            if holds is None:
                raise Unknown("an unknown condition of a set")
            if not holds:
                continue
        found.append(one)
    return found


def _belonging(chosen, scope, evaluate):
    """Scopes of the rows that belong to the party, of any day. Which row belongs to whom is worked out once for all parties."""
    kind, name = form(chosen["source"])
    names = path_names(chosen["by"]) if chosen["by"] is not None else None
    place = (kind, name["text"], tuple(names or ()), scope.record.name)
    if place not in scope.run.belonging:
        parties = scope.run.belonging[place] = {}
        if kind == "event":
            names = names or [_only_field(scope.run.program.records[name["text"]], scope.record)]
            for row in scope.run.events(name["text"]):
                party = evaluate(_path(names), Scope(scope.run, subject=row, day=row.when))
                parties.setdefault(id(party), []).append((row, None))
        else:
            for line in scope.run.lines(name["text"]):
                party = line.payee if names is None else _party_of(line, names, scope, evaluate)
                parties.setdefault(id(party), []).append((line.source, line))
    rows = scope.run.belonging[place].get(id(scope.subject), [])
    day = lambda row, line: row.when if line is None else line.when
    return [Scope(scope.run, subject=row, line=line, day=day(row, line)) for row, line in rows]


def meets_a_fault(content, scope, evaluate):
    """Whether some row of a set's event, of whatever party and day, meets a fault in the set's condition or value."""
    chosen = content["set"] or _short_set(content["value"])
    kind, name = form(chosen["source"])
    if kind == "event":
        rows = [Scope(scope.run, row, None, row.when, outer=scope) for row in scope.run.events(name["text"])]
    else:
        rows = [Scope(scope.run, line.source, line, line.when, outer=scope) for line in scope.run.lines(name["text"])]
    try:
        for row in rows:
            holds = chosen["condition"] is None or evaluate(chosen["condition"], row)
            if holds and content["value"] is not None:
                evaluate(content["value"], row)
    except Fault:
        return True
    return False


def _path(names):
    return {"kind": {"path": {"parts": [{"text": name} for name in names]}}, "span": None}


def _only_field(event, entity):
    """Without `by` a row belongs by the event's one field of the party's kind."""
    fields = [field for field in event.fields.values() if field.type == "record" and field.content == entity.name]
    if len(fields) != 1:
        raise Unknown(f"a set of `{event.name}` with {len(fields)} fields of the party's kind")
    return fields[0].name


def _days(window, scope):
    """The days of a set; without a first one it is from the first row of the data on."""
    if window is None:
        return scope.own
    name, content = form(window["kind"])
    calendar = scope.run.program.calendar
    if name == "to_date":
        return None, scope.own[1]
    if name == "previous":
        before = calendar.before(calendar.period_of(content["text"], scope.own[1]))
        return before.first, before.last
    raise Unknown(f"the window `{name}`")


def _party_of(line, names, scope, evaluate):
    """To whom a payment belongs by a path of its payee, or of the row that was paid for."""
    if names[0] in ("payment", line.source.record.name):
        return evaluate(_path(names), Scope(scope.run, line=line, subject=line.source, day=line.when))
    row = line.payee if names[0] in line.payee.record.fields else line.source
    return evaluate(_path(names), Scope(scope.run, subject=row, day=line.when))
