"""How the cells of a table are read (facts.md, "Types"; "Rows that cannot be taken"). Nothing is guessed."""

import re
from datetime import date, datetime, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from .trouble import Unknown, Unreadable
from .values import Choice

# Samples of numbers: what groups the digits, and the sign before the decimals.
SAMPLES = {
    "1000.50": ("", "."),
    "1,000.50": (",", "."),
    "1.000,50": (".", ","),
    "1 000,50": (" ", ","),
    "1000,50": ("", ","),
    "1'000.50": ("'", "."),
}
# Samples of percents: the decimal sign, whether `%` is written, what the number is divided by.
PERCENTS = {
    "12%": (".", True, 100),
    "12.5%": (".", True, 100),
    "12": (".", False, 100),
    "12.5": (".", False, 100),
    "0.12": (".", False, 1),
    "12,5%": (",", True, 100),
    "12,5": (",", False, 100),
    "0,12": (",", False, 1),
}
PLAIN_YES = {"yes": True, "true": True, "no": False, "false": False}


def read(field, text, decimals_of_money):
    """The value of a cell that is not empty; references are read elsewhere."""
    if field.type in ("id", "text"):
        return text
    if field.type == "count":
        return _number(text, field.format, 0)
    if field.type == "number":
        return _number(text, field.format, 9 if field.content is None else field.content["count"])
    if field.type == "money":
        return _number(text, field.format, decimals_of_money if field.content is None else field.content["count"])
    if field.type == "percent":
        return _percent(text, field.format)
    if field.type == "date":
        return _day(text, field.format or "YYYY-MM-DD")
    if field.type == "yes_no":
        return _yes_no(text, field)
    if field.type == "one_of":
        return _choice(text, field)
    raise Unknown(f"a cell of the type `{field.type}`")


def _digits(text, group, point):
    """The number that digits, grouped in threes or not, mean; and how many decimals are written."""
    point = re.escape(point)
    whole = r"\d+"
    if group:
        whole = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+"
    found = re.fullmatch(rf"(-?)({whole})(?:{point}(\d+))?", text, re.ASCII)
    if not found:
        raise Unreadable("not a number")
    sign, whole, decimals = found.groups()
    decimals = decimals or ""
    whole = whole.replace(group, "") if group else whole
    number = Fraction(int(whole + decimals), 10 ** len(decimals))
    return (-number if sign else number), len(decimals.rstrip("0"))


def _number(text, sample, decimals):
    if sample is not None and sample not in SAMPLES:
        raise Unknown(f"the format `{sample}` of a number")
    number, written = _digits(text, *SAMPLES[sample or "1000.50"])
    if written > decimals:
        raise Unreadable("too many decimals")
    if abs(number) * 10**decimals >= 2**63:
        raise Unreadable("too large")
    return number


def _percent(text, sample):
    if sample is not None and sample not in PERCENTS:
        raise Unknown(f"the format `{sample}` of a percent")
    point, with_sign, divisor = PERCENTS[sample or "12%"]
    if with_sign:
        if not text.endswith("%"):
            raise Unreadable("without %")
        text = text[:-1].rstrip()
    number, written = _digits(text, "", point)
    return number / divisor


def _day(text, pattern):
    places, expected = {}, ""
    for part in re.findall(r"YYYY|MM|DD|M|D|[^YMD]+", pattern):
        size = {"YYYY": r"\d{4}", "MM": r"\d{2}", "DD": r"\d{2}", "M": r"\d{1,2}", "D": r"\d{1,2}"}.get(part)
        expected += f"({size})" if size else re.escape(part)
        if size:
            places[part[0]] = len(places)
    found = re.fullmatch(expected, text, re.ASCII)
    if not found or len(places) != 3:
        raise Unreadable("not a day")
    numbers = [int(one) for one in found.groups()]
    try:
        return date(*(numbers[places[part]] for part in "YMD"))
    except ValueError:
        raise Unreadable("no such day") from None


def _yes_no(text, field):
    if field.format is None:
        known = PLAIN_YES
        text = text.lower()
    else:
        yes, _, no = field.format.partition("/")
        known = {yes: True, no: False}
        if field.ignoring_case:
            known = {one.lower(): value for one, value in known.items()}
            text = text.lower()
    if text not in known:
        raise Unreadable("not yes or no")
    return known[text]


def _choice(text, field):
    """A value without spellings is spelled as its name; `otherwise` is every other spelling."""
    names = tuple(choice["name"]["text"] for choice in field.content)
    same = str.lower if field.ignoring_case else str
    for choice in field.content:
        spellings = [spelling["value"] for spelling in choice["spellings"]]
        if not spellings and choice["otherwise"] is None:
            spellings = [choice["name"]["text"]]
        if same(text) in map(same, spellings):
            return Choice(choice["name"]["text"], names)
    for choice in field.content:
        if choice["otherwise"] is not None:
            return Choice(choice["name"]["text"], names)
    raise Unreadable("none of the values")


def moment(field, text):
    """A date and time: the day it falls on in the field's zone, and the instant."""
    zone = field.content["zone"]
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("not a date and time") from None
    if len(text) <= 10:
        raise Unreadable("a day without a time")
    here = _zone(zone["value"]) if zone else None
    if instant.tzinfo is None:
        if here is None:
            raise Unreadable("a time without a zone")
        instant = instant.replace(tzinfo=here)
    local = instant.astimezone(here) if here else instant
    return local.date(), instant.astimezone(timezone.utc)


def _zone(name):
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Unknown(f"the zone `{name}`") from None
