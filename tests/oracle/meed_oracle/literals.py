"""Literals as text, for parameters that a run sets (runs.md, "Parameters"; writing.md, "Numbers, shares, amounts").

They become the tree that the program's own text would have given.
"""

import re
from datetime import date
from fractions import Fraction

from .tree import expression
from .trouble import Unknown

NUMBER = re.compile(r"(-?)(\d[\d,]*)(\.\d+)?([kMB]?)")
SCALE = {"": 0, "k": 3, "M": 6, "B": 9}


def day(node):
    """The day of a date literal in the tree."""
    name, content = expression(node)
    if name != "date":
        raise Unknown(f"a day written as `{name}`")
    return date.fromisoformat(content)


def number(node):
    """The number, share or amount of a literal in the tree."""
    name, content = expression(node)
    if name == "negate":
        return -number(content)
    if name not in ("number", "percent", "money"):
        raise Unknown(f"a number written as `{name}`")
    amount = Fraction(content["amount"] if name == "money" else content)
    return amount / 100 if name == "percent" else amount


def _number(text):
    found = NUMBER.fullmatch(text)
    if not found:
        raise Unknown(f"the literal `{text}`")
    sign, whole, decimals, scale = found.groups()
    digits, decimals = whole.replace(",", ""), (decimals or "")[1:]
    for _ in range(SCALE[scale]):
        digits, decimals = digits + (decimals[:1] or "0"), decimals[1:]
    return sign + digits + ("." + decimals if decimals else "")


def read(text):
    """A literal, or a list of literals in square brackets, as a tree."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        inside = re.findall(r'"(?:[^"]|"")*"|[^,\s]+', text[1:-1])
        return _node("list", [read(one) for one in inside])
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return _node("text", text[1:-1].replace('""', '"'))
    if text in ("yes", "no"):
        return _node("yes_no", text == "yes")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _node("date", text)
    if text.endswith("%"):
        return _node("percent", _number(text[:-1]))
    with_code = re.fullmatch(r"(\S+) ([A-Z]{3})", text)
    if with_code:
        return _node("money", {"amount": _number(with_code[1]), "currency": with_code[2]})
    with_sign = re.fullmatch(r"(-?)([^\w\s.,\-]+)(\S+)", text)
    if with_sign:
        return _node("money", {"amount": _number(with_sign[1] + with_sign[3]), "currency": with_sign[2]})
    if re.fullmatch(r"[^\W\d]\w*", text):
        return _node("path", {"parts": [{"text": text}]})
    return _node("number", _number(text))


def _node(name, content):
    return {"kind": {name: content}, "span": None}
