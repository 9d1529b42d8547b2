"""What a source says of a whole file (facts.md, "A source apart from its record"): which texts say nothing, and which rows are none.
"""

from datetime import date

from . import cells
from .tree import expression, path_names
from .trouble import Unknown, Unreadable
from .values import ListName


def empty_texts(record):
    """Cells with one of these texts are empty."""
    return {text["value"] for name, content in record.source if name == "missing" for text in content}


def copies(record):
    """Asks of rows, one after the other, whether they equal one before in every column."""
    seen = set() if any(name == "equal_rows" for name, _ in record.source) else None

    def is_copy(cells_of_row):
        if seen is None:
            return False
        row = tuple(cells_of_row)
        before = len(seen)
        seen.add(row)
        return len(seen) == before

    return is_copy


def asked(record):
    """The fields that decide whether a row is skipped."""
    found = set()
    for condition in _conditions(record):
        _fields(condition, record, found)
    return found


def skips(record, texts, program):
    """Whether these cells are no row of the record."""
    return any(_holds(condition, record, texts, program) is True for condition in _conditions(record))


def _conditions(record):
    return [content for name, content in record.source if name == "skip_rows"]


def _fields(node, record, found):
    if isinstance(node, list):
        for one in node:
            _fields(one, record, found)
    elif isinstance(node, dict):
        if "parts" in node and node["parts"][-1]["text"] in record.fields:
            found.add(node["parts"][-1]["text"])
        for one in node.values():
            _fields(one, record, found)


def _holds(node, record, texts, program):
    """Yes, no, or None where a cell cannot answer."""
    from .expressions import compare, equal  # which reads rows by way of this

    name, content = expression(node)
    ask = lambda one: _holds(one, record, texts, program)
    value = lambda one: _value(one, record, texts, program)
    if name == "bracket":
        return ask(content)
    if name == "not":
        inside = ask(content)
        return None if inside is None else not inside
    if name == "binary" and content["op"] in ("and", "or"):
        sides, decides = [ask(content["left"]), ask(content["right"])], content["op"] == "or"
        return decides if decides in sides else None if None in sides else not decides
    if name == "known":
        field = record.fields[path_names(expression(content["value"])[1])[-1]]
        return any(not text for text in texts[field.name]) is content["negated"]
    if name == "compare":
        return compare(content["op"], value(content["left"]), value(content["right"]))
    if name == "between":
        one, low, high = (value(content[part]) for part in ("value", "low", "high"))
        above, below = compare("greater_or_equal", one, low), compare("less_or_equal", one, high)
        return None if above is None or below is None else (above and below) is not content["negated"]
    if name == "in":
        one = value(content["value"])
        if one is None:
            return None
        listed = [value(part) for part in expression(content["list"])[1]]
        return any(equal(one, part) for part in listed) is not content["negated"]
    if name == "path":
        return value(node)
    raise Unknown(f"`{name}` in a condition by which rows are skipped")


def _value(node, record, texts, program):
    from .expressions import KINDS

    name, content = expression(node)
    if name == "bracket":
        return _value(content, record, texts, program)
    if name == "negate":
        value = _value(content, record, texts, program)
        return None if value is None else -value
    if name == "date":
        return date.fromisoformat(content)
    if name != "path":
        return KINDS[name](content, None, None)
    field = record.fields.get(path_names(content)[-1])
    if field is None:
        return ListName(path_names(content)[-1])
    if any(not text for text in texts[field.name]):
        return None
    if field.type == "record":
        return "|".join(texts[field.name])
    try:
        return cells.read(field, texts[field.name][0], program)
    except Unreadable:
        return None
