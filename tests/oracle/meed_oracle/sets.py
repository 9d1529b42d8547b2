"""Sets of rows and what is aggregated over them (totals.md, "Per party and period")."""

from datetime import date
from fractions import Fraction

from .calendars import TableCalendar
from .periods import WORDS, add_days, add_length, add_months
from .scope import Scope
from .tables import NO_INSTANT, Row, key_order
from .tree import expression, form, path_names
from .trouble import Fault, Unknown
from .values import extreme


def aggregate(content, scope, evaluate):
    """sum, count, average, smallest, largest, count of distinct."""
    function, value = content["function"], content["value"]
    chosen = unnamed(content["set"] or _short_set(value), scope)
    if chosen["as_it_stood"] is None:
        return _of_rows(function, value, chosen, scope, evaluate)
    if scope.own is None or chosen["source"].get("event") is None:
        raise Unknown("`as it stood` of what is not per party and period")
    _, last = scope.run.program.calendar.own(scope.period)
    with scope.run.reading(as_reported=last):
        return _of_rows(function, value, chosen, scope, evaluate)


def _of_rows(function, value, chosen, scope, evaluate):
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


def one_row(content, scope, evaluate):
    """One row of a set, or a field of it; nothing where there is none (totals.md, "One row of a set")."""
    scopes = rows_of(unnamed(content["set"], scope), scope, evaluate)
    which = content["which"]
    if which == "only" and len(scopes) > 1:
        raise Fault("several-rows")
    if which in ("highest", "lowest"):
        by = {"kind": {"path": content["by"]}, "span": None}
        found = [(evaluate(by, one), one) for one in scopes]
        found = [(value, one) for value, one in found if value is not None]
        rank = lambda pair: pair[0].rank if hasattr(pair[0], "rank") else pair[0]
        # Of equals `max` and `min` give the first, and rows are in order.
        scopes = [(max if which == "highest" else min)(found, key=rank)[1]] if found else []
    if not scopes:
        return None
    row = scopes[-1] if which == "latest" else scopes[0]
    if content["field"] is None:
        return row.subject
    names = path_names(content["field"])
    if row.line is not None and names[0] != row.subject.record.name:
        names = ["payment", *(name for name in names if name != "payment")]
    alone = Scope(scope.run, row.subject, line=row.line, day=row.day, period=row.period, own=row.own)
    # What a rule set stands behind the fields, and is read of this row.
    alone.outer = Scope(scope.run, row.subject, line=row.line, day=row.day)
    return evaluate(_path(names), alone)


def row_of_key(name, values, scope, evaluate):
    """`goal of (rep, 2026)`: the row with this key."""
    record = scope.run.program.records[name]
    wanted = [evaluate(value, scope) for value in values]
    if len(wanted) != len(record.key):
        raise Unknown(f"a key of `{name}` with {len(wanted)} parts")
    if None in wanted:
        return None
    wanted = [as_period(value, part.content, scope) if part.type == "period" else value for part, value in zip(record.key, wanted)]
    return row_with_key(name, wanted, scope)


def as_period(value, word, scope):
    """A value beside a period: a year may be a number, and a name stands for the period (amounts.md, "Dates")."""
    calendar = scope.run.program.calendar
    if isinstance(value, Fraction) and word == "year":
        return calendar.named(word, int(value), 1)
    return calendar.of_name(value, word) if isinstance(value, str) else value


def row_with_key(name, wanted, scope):
    record = scope.run.program.records[name]
    for row in scope.run.tables.of(name):
        if all(_same(row.values[part.name], value) for part, value in zip(record.key, wanted)):
            return row
    return None


def _same(part, value):
    if isinstance(part, Row) and isinstance(value, str):
        return part.key_text() == value
    return part is value or part == value


def unnamed(chosen, scope):
    """A set with the rows that a `let` names in place of that name."""
    while "event" in chosen["source"] and chosen["source"]["event"]["text"] in scope.sets:
        named = scope.sets[chosen["source"]["event"]["text"]]
        conditions = [one for one in (named["condition"], chosen["condition"]) if one is not None]
        both = conditions[0] if len(conditions) == 1 else None
        if len(conditions) == 2:
            content = {"op": "and", "op_span": None, "left": conditions[0], "right": conditions[1]}
            both = {"kind": {"binary": content}, "span": None}
        chosen = {
            "source": named["source"],
            "condition": both,
            **{one: chosen[one] if chosen[one] is not None else named[one] for one in ("of", "window", "unknown", "as_it_stood")},
            "by": chosen["by"] or named["by"],
        }
    return chosen


def _identity(value):
    return id(value) if isinstance(value, Row) else value


def source_of(value):
    """The event of a value that names it, `deal.amount`."""
    while expression(value)[0] == "bracket":
        value = expression(value)[1]
    name, path = expression(value)
    if name != "path":
        raise Unknown("an aggregate without a set")
    return path["parts"][0]


def _short_set(value):
    """`sum of deal.amount` is short for `sum of amount in deal`."""
    source = {"event": source_of(value)}
    return {"source": source, "of": None, "by": [], "condition": None, "window": None, "unknown": None, "as_it_stood": None}


def rows_of(chosen, scope, evaluate):
    """A scope for each row of a set, in order."""
    first, last, before = _days(chosen["window"], scope)
    found = []
    for one in _belonging(chosen, scope, evaluate):
        one.outer = scope
        if one.day is not None and (first is not None and one.day < first or last is not None and one.day > last):
            continue
        if before and not _is_before(one, scope):
            continue
        if scope.own is None and one.line is None and one.own is None and one.subject is not None and one.subject.record.life and not _lives(one.subject, scope.day):
            continue
        if chosen["condition"] is not None:
            holds = evaluate(chosen["condition"], one)
            if holds is None and chosen["unknown"] is None:
                raise Unknown("an unknown condition of a set")
            if holds is None and form(chosen["unknown"]["kind"])[0] == "yes":
                holds = True
            if not holds:
                continue
        found.append(one)
    return found


def _lives(row, day):
    first, last = row.within_life(day, day)
    return first <= day <= last


def _is_before(one, scope):
    """The one order: by moment, then by the place of the event in the program, then by key."""
    records = list(scope.run.program.records)
    place = lambda row: (row.when, row.instant, records.index(row.record.name), key_order(row.key))
    mine, others = scope.subject, one.subject
    if mine.instant == NO_INSTANT or others.instant == NO_INSTANT:
        place = lambda row: (row.when, records.index(row.record.name), row.order)
    return place(others) < place(mine)


def _belonging(chosen, scope, evaluate):
    """Scopes of the rows that belong to the row around, of any day. Which row belongs to whom is worked out once for all."""
    kind, name = form(chosen["source"])
    ways = [names for way in chosen["by"] for names in paths_of(way)]
    is_tied = chosen["of"] == "this" or chosen["of"] is None and (scope.own is not None or bool(ways))
    around = scope.subject.record.name if is_tied else None
    place = (kind, name["text"], tuple(tuple(names) for names in ways), around, scope.run.tables.is_as_reported)
    if place not in scope.run.belonging:
        parties = scope.run.belonging[place] = {}
        if kind == "event":
            record = _record(scope.run, name["text"])
            rows = scope.run.events(record.name) if record.is_event else _by_key(scope.run.tables.of(record.name))
            found = [(row, None) for row in rows]
        elif kind == "decisions":
            found = scope.run.decided(name["text"])
        else:
            found = [(line.row, line) for line in scope.run.lines(name["text"])]
        for row, behind in found:
            # A row is in the set once when one of the ways leads to the party.
            owners = [None]
            if is_tied and kind == "payments":
                owners = [_party_of(behind, names, around, scope, evaluate) for names in ways or [None]]
            elif is_tied and not ways and kind == "decisions" and row.record.name == around:
                owners = [row]
            elif is_tied:
                alone = Scope(scope.run, subject=row, day=row.when)
                owners = [evaluate(_path(names), alone) for names in ways or [[_only_field(row.record, scope.subject.record)]]]
            for owner in {id(owner) for owner in owners}:
                parties.setdefault(owner, []).append((row, behind))
    rows = scope.run.belonging[place].get(id(scope.subject if is_tied else None), [])
    return [_scope_of(scope.run, row, behind) for row, behind in rows]


def _scope_of(run, row, behind):
    """The scope of a row of a set: with the payment that was made for it, or the period or day of which it was decided."""
    if behind is None or isinstance(behind, date):
        return Scope(run, subject=row, day=row.when if behind is None else behind)
    if hasattr(behind, "payee"):
        return Scope(run, subject=row, line=behind, day=behind.when)
    own = row.within_life(*run.program.calendar.own(behind))
    return Scope(run, subject=row, day=own[1], period=behind, own=own)


def paths_of(way):
    """The paths that `each STEP above PATH up to N levels` stands for; else the one path."""
    names, chain = path_names(way["path"]), way["chain"]
    if chain is None:
        return [names]
    return [names + [chain["step"]["text"]] * times for times in range(1, chain["levels"] + 1)]


def _record(run, name):
    """A record by its name, a plural allowed."""
    records = run.program.records
    return records.get(name) or records[name.removesuffix("s")]


def _by_key(rows):
    return sorted(rows, key=lambda row: key_order(row.key))


def meets_a_fault(content, scope, evaluate):
    """Whether some row of a set's event, of whatever party and day, meets a fault in the set's condition or value."""
    chosen = unnamed(content["set"] or _short_set(content["value"]), scope)
    kind, name = form(chosen["source"])
    if kind == "event":
        record = _record(scope.run, name["text"])
        rows = scope.run.events(record.name) if record.is_event else scope.run.tables.of(record.name)
        rows = [Scope(scope.run, row, None, row.when) for row in rows]
    elif kind == "decisions":
        rows = [_scope_of(scope.run, row, behind) for row, behind in scope.run.decided(name["text"])]
    else:
        rows = [_scope_of(scope.run, line.row, line) for line in scope.run.lines(name["text"])]
    for row in rows:
        row.outer = scope
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
    """The first and the last day of a set, and whether its rows come before the row around."""
    if window is None:
        return (*scope.own, False) if scope.own is not None else (None, None, False)
    name, content = form(window["kind"])
    calendar, month_ends = scope.run.program.calendar, scope.run.program.month_ends
    day = scope.day if scope.own is None else scope.own[1]
    if name == "ever":
        return None, None, False
    if name == "to_date":
        return None, day, False
    if name == "before_this":
        return None, None, True
    if name == "within":
        length = scope.evaluate(content)
        return add_length(day, length, -1, month_ends), day, False
    if name == "whole":
        period = calendar.period_of(content["text"], day)
        return period.first, period.last, False
    if name == "previous":
        now = calendar.period_of(_singular(content["period"]["text"]), day)
        first = calendar.period(now.word, now.number - content["count"])
        return first.first, calendar.before(now).last, False
    if name == "same_last_year":
        now = calendar.period_of(content["text"], day)
        then = calendar.a_year_before(now)
        return then.first, then.last, False
    if name == "last":
        count, unit = content["count"], content["unit"]["text"]
        if unit == "days":
            return add_days(day, 1 - count), day, False
        if unit in ("months", "years"):
            count *= 12 if unit == "years" else 1
            if scope.period is not None and scope.period.word in ("month", "quarter", "half", "year", "program"):
                word = "month"
                if unit == "years" and isinstance(calendar, TableCalendar):
                    word, count = "year", content["count"]
                now = calendar.period_of(word, day)
                return calendar.period(word, now.number - count + 1).first, day, False
            return add_days(add_months(day, -count, month_ends), 1), day, False
        now = calendar.period_of(_singular(unit), day)
        return calendar.period(now.word, now.number - count + 1).first, day, False
    raise Unknown(f"the window `{name}`")


def _singular(word):
    return {"halves": "half"}.get(word, word.removesuffix("s") if word not in WORDS else word)


def _party_of(line, names, around, scope, evaluate):
    """To whom a payment belongs: its payee, the row that was paid for, or what a path of either leads to."""
    if names is None and line.payee.record.name == around:
        return line.payee
    if names is None and line.row.record.name == around:
        return line.row
    if names is None:
        names = [_only_field(line.payee.record, scope.subject.record)]
    if names[0] in ("payment", line.row.record.name):
        return evaluate(_path(names), Scope(scope.run, line=line, subject=line.row, day=line.when))
    row = line.payee if names[0] in line.payee.record.fields else line.row
    return evaluate(_path(names), Scope(scope.run, subject=row, day=line.when))
