"""What an expression is worth (amounts.md). Anything calculated from a missing value is missing."""

from datetime import date
from fractions import Fraction
from operator import add, mul, sub, truediv

from . import balances, decision_tables, schedules, sets
from .periods import Period, add_days, add_length, whole_months
from .scope import earlier, fields_of, list_of_path, value_of_path
from .tables import Row
from .tree import expression, form, path_names
from .trouble import Fault, Unknown
from .values import Choice, Length, ListName, extreme, round_to

# Of a value while it is worked out (limits.md).
BINARY_DIGITS = 8_192


def evaluate(node, scope, hint=None):
    """The value of an expression; None where it is missing. `hint` is the list of what stands beside it, if that is one."""
    name, content = expression(node)
    if name in KINDS:
        return KINDS[name](content, scope, hint)
    if name == "running":
        if id(content) not in scope.levels:
            raise Unknown("a running level in this place")
        return scope.levels[id(content)]
    if name == "adds_up":
        return _increment(node, scope)
    raise Unknown(f"an expression of the kind `{name}`")


# Literals and names.


def _path(content, scope, hint):
    return value_of_path(scope, content, evaluate, hint)


def _list(content, scope, hint):
    return [evaluate(one, scope, hint) for one in content]


# Calculating (amounts.md, "Calculating").


def _negate(content, scope, _):
    value = evaluate(content, scope)
    return None if value is None else -value


def _binary(content, scope, hint):
    if content["op"] in ("and", "or"):
        return _and_or(content, scope)
    left, right = evaluate(content["left"], scope), evaluate(content["right"], scope)
    return calculate(content["op"], left, right, scope.run.program.month_ends)


def calculate(op, left, right, month_ends=None):
    if left is None or right is None:
        return None
    if op in ("add", "subtract") and isinstance(left, date) and isinstance(right, Length):
        return add_length(left, right, 1 if op == "add" else -1, month_ends)
    if not isinstance(left, Fraction) or not isinstance(right, Fraction):
        raise Unknown(f"`{op}` of {left!r} and {right!r}")
    if op == "divide" and right == 0:
        raise Fault("division-by-zero")
    found = {"add": add, "subtract": sub, "multiply": mul, "of": mul, "divide": truediv}[op](left, right)
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > BINARY_DIGITS:
        raise Fault("overflow")
    return found


def _function(content, scope, hint):
    word = content["name"]["text"]
    if word in scope.run.program.records:
        return sets.row_of_key(word, content["values"], scope, evaluate)
    if word not in ("smallest", "largest"):
        raise Unknown(f"the function `{word}`")
    return extreme(word, _alike([evaluate(one, scope, hint) for one in content["values"]]))


def _clamp(content, scope, _):
    """First at least, then at most."""
    values = [None if content[side] is None else (evaluate(content[side], scope),) for side in ("at_least", "at_most")]
    return clamped(evaluate(content["value"], scope), *values)


def clamped(value, low, high):
    """A side is None where it is not written, else a tuple of its value."""
    for side, word in ((low, "largest"), (high, "smallest")):
        if side is not None:
            value = extreme(word, [value, side[0]])
    return value


# Rounding (amounts.md, "Rounding").


def _rounded(content, scope, _):
    value = evaluate(content["value"], scope)
    step = rounding_step(content["rounding"], scope)
    return rounded(value, content["rounding"]["mode"], step)


def rounded(value, mode, step):
    if value is None or step is None:
        return None
    if step == 0:
        raise Fault("division-by-zero")
    return round_to(value, mode, abs(step))


def rounding_step(rounding, scope):
    """What a rounding rounds to multiples of: money to its own decimals where nothing is said."""
    if rounding["to"] is None:
        if scope.run.program.units:
            raise Unknown("a rounding without its step, where there are several units")
        return Fraction(1, 10**scope.run.program.decimals)
    name, content = form(rounding["to"])
    if name == "whole":
        return Fraction(1)
    if name == "decimals":
        return Fraction(1, 10 ** content["count"])
    if name == "decimals_of":
        return Fraction(1, 10 ** int(evaluate(content, scope)))
    return evaluate(content, scope)


# Conditions (amounts.md, "Conditions"; "Missing values").


def _and_or(content, scope):
    """`and` stops at the first part that fails, `or` at the first that holds."""
    decides = content["op"] == "or"
    values = []
    for side in ("left", "right"):
        value = evaluate(content[side], scope)
        if value is decides:
            return decides
        values.append(value)
    return None if None in values else not decides


def _not(content, scope, _):
    value = evaluate(content, scope)
    return None if value is None else not value


def _compare(content, scope, _):
    hint = _list_beside([content["left"], content["right"]], scope)
    left, right = evaluate(content["left"], scope, hint), evaluate(content["right"], scope, hint)
    return compare(content["op"], left, right)


def compare(op, left, right):
    left, right = _alike([left, right])
    if left is None or right is None:
        return None
    if op == "equal":
        return equal(left, right)
    if op == "not_equal":
        return not equal(left, right)
    if op in ("contains", "starts_with", "ends_with"):
        return {"contains": right in left, "starts_with": left.startswith(right)}.get(op, left.endswith(right))
    if isinstance(left, Choice):
        left, right = left.rank, right.rank
    if isinstance(left, (str, bool, Row)) or isinstance(right, (str, bool, Row)):
        raise Unknown(f"`{op}` of {left!r} and {right!r}")
    return {"less": left < right, "less_or_equal": left <= right, "greater": left > right}.get(op, left >= right)


def equal(left, right):
    """A reference is compared with another, or with the key in quotes."""
    left, right = _alike([left, right])
    if isinstance(left, Row) and isinstance(right, str):
        return left.key_text() == right
    if isinstance(right, Row) and isinstance(left, str):
        return right.key_text() == left
    if isinstance(left, Row) or isinstance(right, Row):
        return left is right
    if isinstance(left, Choice) and isinstance(right, Choice):
        return left.name == right.name
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        raise Unknown(f"{left!r} is compared with {right!r}")
    return left == right


def _as_period(value, beside):
    if isinstance(value, Fraction):
        return beside.calendar.named("year", int(value), 1)
    return beside.calendar.of_name(value, beside.word) if isinstance(value, str) else value


def _alike(values):
    """Names of values become values of the list that another of them is of."""
    period = next((value for value in values if isinstance(value, Period)), None)
    if period is not None:
        return [_as_period(value, period) for value in values]
    names = next((value.names for value in values if isinstance(value, Choice)), None)
    if names is None:
        return values
    return [Choice(value.name, names) if isinstance(value, ListName) else value for value in values]


def _list_beside(nodes, scope):
    """The list of values of one of these expressions, where a field tells it."""
    for node in nodes:
        name, content = expression(node)
        if name in ("bracket", "at"):
            found = _list_beside([content if name == "bracket" else content["value"]], scope)
        else:
            found = list_of_path(scope, content) if name == "path" and scope.arguments is None else None
        if found is not None:
            return found
    return None


def _between(content, scope, _):
    """Both ends are in."""
    hint = _list_beside([content["value"], content["low"], content["high"]], scope)
    value, low, high = (evaluate(content[one], scope, hint) for one in ("value", "low", "high"))
    above, below = compare("greater_or_equal", value, low), compare("less_or_equal", value, high)
    if above is None or below is None:
        return None
    return (above and below) is not content["negated"]


def _in(content, scope, _):
    hint = _list_beside([content["value"]], scope)
    value, values = evaluate(content["value"], scope, hint), evaluate(content["list"], scope, hint)
    if value is None:
        return None
    found = any(one is not None and equal(value, one) for one in values)
    if not found and None in values:
        return None
    return found is not content["negated"]


def _known(content, scope, _):
    return (evaluate(content["value"], scope) is None) is content["negated"]


def _if_unknown(content, scope, hint):
    value = evaluate(content["value"], scope, hint)
    return evaluate(content["default"], scope, hint) if value is None else value


def _conditional(content, scope, hint):
    """The first condition that holds decides; an unknown one does not hold."""
    for value, condition in content["branches"]:
        if evaluate(condition, scope) is True:
            return evaluate(value, scope, hint)
    return evaluate(content["otherwise"], scope, hint)


# Dates (amounts.md, "Dates").


def _period(content, scope, _):
    count = evaluate(content["count"], scope)
    return None if count is None else Length(count, content["unit"])


def _time_between(content, scope, _):
    start, end = evaluate(content["from"], scope), evaluate(content["to"], scope)
    if start is None or end is None:
        return None
    if content["unit"] == "days":
        return Fraction((end - start).days)
    months = whole_months(start, end, scope.run.program.month_ends)
    if content["unit"] == "months":
        return Fraction(months)
    return Fraction(months // 12 if months >= 0 else -(-months // 12))


def _date_part(content, scope, _):
    """Year, half and quarter are those of the fiscal calendar; the month is counted from its first."""
    day, part = _day_in(evaluate(content["date"], scope)), content["part"]
    if day is None:
        return None
    if part == "day":
        return Fraction(day.day)
    if part == "year":
        return Fraction(scope.run.program.calendar.year_name(day))
    return Fraction(scope.run.program.calendar.part_number(part, day))


def _in_currency(content, scope, _):
    """By the last rate on or before the day; the program's own currency needs none (amounts.md, "Several currencies")."""
    node = content["value"]
    while expression(node)[0] == "bracket":
        node = expression(node)[1]
    path = expression(node)[1]
    names = path_names(path)
    record = _owner(names, scope)
    currency = {"parts": [{"text": name} for name in [*names[:-1], record.fields[names[-1]].currency]]}
    amount, code = evaluate(node, scope), value_of_path(scope, currency, evaluate, None)
    code = code.name if isinstance(code, Choice) else code
    name, at = form(content["at"])
    if name == "day":
        day = evaluate(at, scope)
    elif at["text"] == "program":
        day = scope.run.program.last
    else:
        own = scope.day if scope.own is None else scope.own[1]
        day = scope.run.program.calendar.period_of(at["text"], own).last
    if code == content["currency"]["text"]:
        return amount
    if code is None or day is None:
        return None
    rates = [
        row
        for row in scope.run.tables.of(scope.run.program.rates.name)
        if row.values["from"] == code and row.values["to"] == content["currency"]["text"] and row.when <= day
    ]
    if not rates:
        raise Fault("missing-rate")
    return None if amount is None else amount * max(rates, key=lambda row: row.when).values["rate"]


def _owner(names, scope):
    """The record of the field that a path ends with."""
    around = scope
    while around is not None:
        record = around.record
        if record is not None and names[0] in (*record.fields, record.name):
            names = names[1:] if names[0] not in record.fields else names
            for name in names[:-1]:
                record = scope.run.program.records[record.fields[name].content]
            return record
        around = around.outer
    raise Unknown(f"the amount {names}")


def _period_of(content, scope, _):
    """A field of a number may have the word's name, and then it is a part of what follows."""
    word = content["period"]["text"]
    around = scope
    while around is not None:
        own = around.record.fields.get(word) if around.record is not None else None
        if own is not None and own.type in ("count", "number", "percent", "money"):
            part, value = around.subject.values.get(word), evaluate(content["date"], scope)
            return calculate("of", part, value)
        around = around.outer
    day = _day_in(evaluate(content["date"], scope))
    return None if day is None else scope.run.program.calendar.period_of(word, day)


def _day_in(value):
    """A period stands for its first day."""
    return value.first if isinstance(value, Period) else value


def _period_edge(content, scope, _):
    """The first or last day of the period that holds a day, whole; without one of the rule's own, cut to the program's life."""
    word, calendar = content["period"]["text"], scope.run.program.calendar
    if content["edge"] not in ("first", "last"):
        raise Unknown(f"the {content['edge']} day of a period")
    if content["date"] is None:
        first, last = _of_rule(scope).own_of(_own_period(word, scope))
        return first if content["edge"] == "first" else last
    day = _day_in(evaluate(content["date"], scope))
    if day is None:
        return None
    period = calendar.period_of(word, day)
    return period.first if content["edge"] == "first" else period.last


def _days_in(content, scope, _):
    period = _own_period(content["period"]["text"], scope)
    first, last = (period.first, period.last) if content["whole"] else _of_rule(scope).own_of(period)
    return Fraction((last - first).days + 1)


def _of_rule(scope):
    """The row of the rule, however deep the set is in whose brackets this is."""
    while scope.outer is not None:
        scope = scope.outer
    return scope


def _own_period(word, scope):
    """Of a kind the one that holds the last day of the rule's own period."""
    scope = _of_rule(scope)
    if word != "program" and scope.own is None:
        raise Unknown(f"the days of a {word} without a day in this place")
    if word == "year" and scope.period is not None and scope.period.word == "own year":
        return scope.period
    return scope.run.program.calendar.period_of(word, scope.day if scope.own is None else scope.own[1])


# Schedules (schedules.md) and what adds up (totals.md).


def _at(content, scope, _):
    """`level is gold at end`, `level at D` (facts.md, "Dated fields")."""
    moment, day = form(content["moment"])
    if moment == "throughout":
        return _throughout(content, scope)
    if moment == "day":
        moment = evaluate(day, scope)
    else:
        own = _own_days(scope)
        moment = own[0] if moment == "start" else own[1]
    outside, scope.moment = scope.moment, moment
    try:
        return evaluate(content["value"], scope)
    finally:
        scope.moment = outside


def _own_days(scope):
    """The days of a row's own period; those of the rule's for a row of an entity in a set."""
    return scope.own if scope.own is not None else _of_rule(scope).own


def _extreme_over(content, scope, _):
    """Of what a dated field has been on some day of these; missing where it has been nothing (facts.md, "Dated fields")."""
    *before, name = path_names(content["value"])
    path = {"kind": {"path": {"parts": [{"text": one} for one in before]}}, "span": None}
    row = evaluate(path, scope) if before else scope.subject
    first, last = evaluate(content["from"], scope), evaluate(content["to"], scope)
    if row is None or first is None or last is None:
        return None
    found = [
        span.values.get(name)
        for span in scope.run.tables.spans(row)
        if first <= last and span.when <= last and (span.values.get("to") is None or first <= span.values["to"])
    ]
    found = [value for value in found if value is not None]
    return extreme("largest" if content["highest"] else "smallest", found) if found else None


def _throughout(content, scope):
    """On every day of the rule's own period: no where it fails on one, else unknown where it is on one."""
    day, last = _own_days(scope)
    found = True
    while day <= last:
        outside, scope.moment = scope.moment, day
        value = evaluate(content["value"], scope)
        scope.moment = outside
        if value is False:
            return False
        found = None if value is None else found
        day = add_days(day, 1)
    return found


def _call(content, scope, _):
    program, name = scope.run.program, content["name"]["text"]
    if name in program.tables:
        values = [evaluate(given["value"], scope) for given in content["arguments"]]
        result = None if content["result"] is None else ".".join(path_names(content["result"]))
        return decision_tables.asked(scope.run, program.tables[name], values, result)
    quantity, arguments = None, {}
    schedule = program.schedules[name]
    for given in content["arguments"]:
        if given["name"] is None:
            quantity = evaluate(given["value"], scope)
        else:
            arguments[given["name"]["text"]] = evaluate(given["value"], scope)
    return schedules.value(scope.run, schedule, arguments, quantity)


def _asked(ask):
    def asked(content, scope, _):
        while expression(content)[0] == "bracket":
            content = expression(content)[1]
        name, call = expression(content)
        if name != "call":
            raise Unknown(f"`{ask} of` a {name}")
        schedule = scope.run.program.schedules[call["name"]["text"]]
        arguments = {
            given["name"]["text"]: evaluate(given["value"], scope)
            for given in call["arguments"]
            if given["name"] is not None
        }
        (quantity,) = (evaluate(given["value"], scope) for given in call["arguments"] if given["name"] is None)
        return schedules.reached(scope.run, schedule, arguments, quantity, ask)

    return asked


def _increment(node, scope):
    """F(after) less F(before), exact."""
    before, after = increment_sides(node, scope)
    return None if after is None else after - (before or 0)


def increment_sides(node, scope):
    """F of the total before this row, nothing for the first, and F of the total with it (totals.md, "Row by row")."""
    content = expression(node)[1]
    schedule = scope.run.program.schedules[content["schedule"]["text"]]
    arguments = {}
    for given in content["arguments"]:
        # One argument alone needs no name there (schedules.md, "Arguments").
        name = given["name"]["text"] if given["name"] else schedule["arguments"][0]["name"]["text"]
        arguments[name] = evaluate(given["value"], scope)
    if id(content) not in scope.totals:
        raise Unknown("`adds up` in this place")
    total = scope.totals[id(content)]
    if total is None:
        return None, None
    before, after = total
    after = schedules.value(scope.run, schedule, arguments, after)
    before = Fraction(0) if before is None else schedules.value(scope.run, schedule, arguments, before)
    return before, after


def _aggregate(content, scope, _):
    return sets.aggregate(content, scope, evaluate)


def _one_row(content, scope, _):
    return sets.one_row(content, scope, evaluate)


def _field_of(content, scope, _):
    return fields_of(scope, evaluate(content["row"], scope), path_names(content["field"]))


def _as_reported(content, scope, hint):
    """Before anything was taken off it (facts.md, "Rows as they were reported")."""
    with scope.run.reading(as_reported=True):
        return value_of_path(scope, content, evaluate, hint)


def _paid_by(content, scope, _):
    """What another rule pays for the same row."""
    lines = scope.run.lines(content["rule"]["text"])
    same = [line for line in lines if line.source is scope.subject and line.when == scope.day]
    return sum((line.amount for line in same), Fraction(0))


KINDS = {
    "number": lambda content, *_: Fraction(content),
    "percent": lambda content, *_: Fraction(content) / 100,
    "money": lambda content, *_: Fraction(content["amount"]),
    "date": lambda content, *_: date.fromisoformat(content),
    "text": lambda content, *_: content,
    "yes_no": lambda content, *_: content,
    "bracket": lambda content, scope, hint: evaluate(content, scope, hint),
    "path": _path,
    "list": _list,
    "negate": _negate,
    "not": _not,
    "binary": _binary,
    "compare": _compare,
    "between": _between,
    "in": _in,
    "known": _known,
    "if_unknown": _if_unknown,
    "conditional": _conditional,
    "rounded": _rounded,
    "clamp": _clamp,
    "function": _function,
    "aggregate": _aggregate,
    "at": _at,
    "one_row": _one_row,
    "field_of": _field_of,
    "extreme_over": _extreme_over,
    "earlier": lambda content, scope, _: earlier(scope, content, evaluate),
    "call": _call,
    "rate_of": _asked("rate"),
    "band_of": _asked("band"),
    "period": _period,
    "time_between": _time_between,
    "in_currency": _in_currency,
    "period_name": lambda content, scope, _: scope.run.program.calendar.of_name(content),
    "period_of": _period_of,
    "date_part": _date_part,
    "period_edge": _period_edge,
    "days_in": _days_in,
    "paid_by": _paid_by,
    "take_from": lambda content, scope, _: balances.take(content, scope),
    "balance_of": lambda content, scope, _: balances.balance_of(content, scope),
    "as_reported": _as_reported,
}
