"""What a decision table gives for the values that it is asked with (tables.md)."""

import csv
import io
from datetime import date

from . import cells, expressions
from .program import Field
from .scope import Scope
from .tree import expression, form, path_names
from .trouble import Unknown
from .values import Choice, ListName, extreme


def asked(run, table, values, result):
    """One result of a table; without a name its only one."""
    if form(table["rows"])[0] == "sheet":
        return _asked_of_sheet(run, table, values, result)
    rows, otherwise = _rows(table)
    scope = Scope(run, arguments={})
    names = [one["name"]["text"] for one in table["results"]]
    n_arguments = len(table["arguments"])
    found = [
        [_result(cell, scope) for cell in row["cells"][n_arguments:]]
        for row in rows
        if all(_matches(cell, value, scope) for cell, value in zip(row["cells"], values))
    ]
    if not found:
        # `otherwise` is what holds for all other values; without it the result is missing.
        if otherwise is None:
            return None
        found = [[_result(cell, scope) for cell in otherwise["cells"][1:]]]
    place = names.index(result) if result is not None else 0
    return _of_several(table, found, names, place)


def _asked_of_sheet(run, table, values, result):
    """A table whose rows are in a sheet: cells are values, or the ends of a range, both in; an empty end is open."""
    _, sheet = form(table["rows"])
    text = run.sheets[sheet["file"]["value"]]
    first = text.splitlines()[0]
    delimiter = max(",;\t|", key=first.count)
    header, *lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text), delimiter=delimiter)]
    columns = {column["name"]["text"]: column for column in sheet["columns"]}
    names = [one["name"]["text"] for one in table["results"]]
    found = []
    for line in lines:
        if not any(line):
            continue
        line += [""] * (len(header) - len(line))
        takes = all(
            _sheet_takes(run, columns.get(one["name"]["text"]), header, line, one, value, sheet["empty_any"] is not None)
            for one, value in zip(table["arguments"], values)
        )
        if takes:
            found.append([_sheet_result(run, columns.get(one["name"]["text"]), header, line, one) for one in table["results"]])
    if not found:
        if sheet["otherwise"] is None:
            return None
        scope = Scope(run, arguments={})
        found = [[_result(cell, scope) for cell in sheet["otherwise"]["cells"][1:]]]
    return _of_several(table, found, names, names.index(result) if result is not None else 0)


def _sheet_cell(column, header, line, name, end="from"):
    if column is None:
        return line[[one.lower() for one in header].index(name.lower())]
    return "" if column[end] is None else line[header.index(column[end]["value"])]


def _sheet_takes(run, column, header, line, argument, value, empty_any):
    name = argument["name"]["text"]
    low = _sheet_cell(column, header, line, name)
    sample = column["format"]["value"] if column is not None and column["format"] is not None else None
    if column is None or (column["to"] is None and column["or_more"] is None):
        if not low and empty_any:
            return True
        return value is not None and expressions.equal(value, _sheet_value(run, low, value, sample))
    high = _sheet_cell(column, header, line, name, "to")
    if not low and not high:
        return True
    if value is None:
        return False
    above = not low or expressions.compare("greater_or_equal", value, _sheet_value(run, low, value, sample))
    return above and (not high or expressions.compare("less_or_equal", value, _sheet_value(run, high, value, sample)))


def _sheet_value(run, text, like, sample):
    """A cell as a value of the kind of another."""
    if isinstance(like, Choice):
        return ListName(text)
    if isinstance(like, str):
        return text
    kind = {bool: "yes_no", date: "date"}.get(type(like), "percent" if text.endswith("%") else "number")
    return _read(run, text, kind, sample)


def _sheet_result(run, column, header, line, result):
    name = result["name"]["text"]
    text = _sheet_cell(column, header, line, name)
    if not text:
        return None
    sample = column["format"]["value"] if column is not None and column["format"] is not None else None
    kind, content = (name, None) if result["ty"] is None else form(result["ty"]["kind"])
    if kind in ("one_of", "record"):
        return ListName(text)
    return _read(run, text, kind, sample)


def _read(run, text, kind, sample):
    content = {"count": 9} if kind == "money" else None
    field = Field("", kind, content, False, None, (sample,) if sample is not None else ())
    return cells.read(field, text, run.program)


def _rows(table):
    """The rows of values, and the last one if it is `otherwise`. The first line may name the columns."""
    kind, rows = form(table["rows"])
    if kind != "written":
        raise Unknown("a table from a file")
    names = [one["name"]["text"] for one in table["arguments"] + table["results"]]
    if [_name(cell) for cell in rows[0]["cells"]] == names:
        rows = rows[1:]
    last = rows[-1] if rows and form(rows[-1]["cells"][0]["kind"])[0] == "otherwise" else None
    return (rows[:-1] if last else rows), last


def _name(cell):
    """The name that a cell is, if it is one."""
    kind, content = form(cell["kind"])
    if kind != "is" or content["negated"] is not None or len(content["ranges"]) != 1:
        return None
    kind, node = form(content["ranges"][0])
    if kind != "value" or expression(node)[0] != "path":
        return None
    return ".".join(path_names(expression(node)[1]))


def _of_several(table, found, names, place):
    """Which row counts (tables.md, "Which row counts")."""
    if table["policy"] is None:
        if len(found) > 1:
            raise Unknown("several rows of a table that does not say which counts")
        return found[0][place]
    policy, by = form(table["policy"][0])
    if policy in ("one", "first"):
        if policy == "one" and len(found) > 1:
            raise Unknown("several rows of a table of which one may match")
        return found[0][place]
    if policy == "sum":
        values = [row[place] for row in found if row[place] is not None]
        return sum(values[1:], values[0]) if values else None
    by = names.index(by["text"])
    known = [row for row in found if row[by] is not None]
    if not known:
        return found[0][place]
    best = extreme("largest" if policy == "highest" else "smallest", [row[by] for row in known])
    return next(row for row in known if row[by] == best)[place]


def _result(cell, scope):
    kind, content = form(cell["kind"])
    if kind == "none":
        return None
    if kind != "is":
        raise Unknown(f"`{kind}` as a result of a table")
    (one,) = content["ranges"]
    return expressions.evaluate(form(one)[1], scope)


def _matches(cell, value, scope):
    """Whether a cell takes a value; a missing one is taken by `any` and `unknown` alone."""
    kind, content = form(cell["kind"])
    if kind == "any":
        return True
    if kind in ("known", "unknown"):
        return (value is None) == (kind == "unknown")
    if kind != "is":
        raise Unknown(f"the cell `{kind}` of a table")
    if value is None:
        return False
    takes = any(_is_in(form(one), value, scope) for one in content["ranges"])
    return takes == (content["negated"] is None)


# Whether a value is on the right side of the one bound of a range.
SIDES = {
    "below": "less",
    "before": "less",
    "to": "less_or_equal",
    "over": "greater",
    "after": "greater",
    "or_more": "greater_or_equal",
}


def _is_in(one, value, scope):
    kind, content = one
    bound = lambda node: expressions.evaluate(node, scope, value.names if isinstance(value, Choice) else None)
    if kind == "value":
        return expressions.equal(value, bound(content))
    if kind in SIDES:
        return expressions.compare(SIDES[kind], value, bound(content))
    if kind in ("through", "up_to"):
        low, high = content
        is_below = expressions.compare("less_or_equal" if kind == "through" else "less", value, bound(high))
        return expressions.compare("greater_or_equal", value, bound(low)) and is_below
    raise Unknown(f"the range `{kind}` in a table")
