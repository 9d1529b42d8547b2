"""How the cells of a table are read (facts.md, "Types"; "Rows that cannot be taken"). Nothing is guessed."""

import re
from calendar import monthrange
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


def read(field, text, program):
    """The value of a cell that is not empty; references are read elsewhere."""
    for sample in field.formats or (None,):
        try:
            value = _by(field, sample, text, program)
        except Unreadable as why:
            trouble = why
        else:
            if field.least is not None and value < field.least or field.most is not None and value > field.most:
                raise Unreadable("outside of its bounds")
            return value
    raise trouble


def _by(field, sample, text, program):
    """The value of a cell by one format, the plain one if there is no sample."""
    if field.type in ("id", "text"):
        return text
    if field.type == "count":
        return _number(text, sample, 0)
    if field.type == "number":
        return _number(text, sample, 9 if field.content is None else field.content["count"])
    if field.type == "money":
        return _number(text, sample, program.decimals if field.content is None else field.content["count"])
    if field.type == "unit":
        return _number(text, sample, program.units[field.content].decimals)
    if field.type == "percent":
        return _percent(text, sample)
    if field.type == "date":
        return _last_day(text, sample, program.calendar) if field.last_day_of else day_by(text, sample or "YYYY-MM-DD")
    if field.type == "period":
        return _period(text, sample, field.content, program.calendar)
    if field.type == "yes_no":
        return _yes_no(text, sample, field.ignoring_case)
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
    # Three decimals may be a thousand, and all of them count.
    return (-number if sign else number), 3 if len(decimals) == 3 else len(decimals.rstrip("0"))


def _number(text, sample, decimals):
    if sample is not None and sample not in SAMPLES:
        raise Unknown(f"the format `{sample}` of a number")
    number, written = _digits(text, *SAMPLES[sample or "1000.50"])
    if written > decimals:
        raise Unreadable("too many decimals")
    if not -(2**63) <= number * 10**decimals < 2**63:
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


MONTHS = "January February March April May June July August September October November December".split()


def day_by(text, pattern):
    places, expected = {}, ""
    for part in re.findall(r"YYYY|YY|MMMM|MMM|MM|DD|M|D|[^YMD]+", pattern):
        names = MONTHS if part == "MMMM" else [name[:3] for name in MONTHS]
        size = rf"(?i:{'|'.join(names)})" if part in ("MMM", "MMMM") else {
            "YYYY": r"\d{4}", "YY": r"\d{2}", "MM": r"\d{2}", "DD": r"\d{2}", "M": r"\d{1,2}", "D": r"\d{1,2}"
        }.get(part)
        expected += f"({size})" if size else re.escape(part)
        if size:
            places[part[0]] = len(places)
    found = re.fullmatch(expected, text, re.ASCII)
    if not found or len(places) != 3:
        raise Unreadable("not a day")
    year, month, day = (found.groups()[places[part]] for part in "YMD")
    if not month.isdigit():
        month = [name[:3].lower() for name in MONTHS].index(month[:3].lower()) + 1
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        raise Unreadable("no such day") from None


def _period(text, sample, word, calendar):
    if sample is None:
        period = calendar.of_name(text, word)
    else:
        period = calendar.period_of(word, _last_day(text, sample, calendar))
    if period is None:
        raise Unreadable("no such period")
    return period


def _last_day(text, sample, calendar):
    """The last day of the period that a cell names, written as the sample is (facts.md, "Types")."""
    word = calendar.word_of(sample)
    if word is not None:
        return calendar.last_day_named(word, text)
    parts = re.split(r"(\d+)", sample)
    numbers = parts[1::2]
    years = [place for place, digits in enumerate(numbers) if len(digits) == 4]
    years = years or [place for place, digits in enumerate(numbers) if len(digits) == 2]
    found = re.fullmatch("".join(
        rf"(\d{{{len(part)}}})" if place % 2 and (place // 2 == years[0] or part[0] == "0") else
        r"(\d{1,2})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    ), text, re.ASCII)
    if not years or len(numbers) > 2:
        raise Unknown(f"the format `{sample}` of a period")
    if not found:
        raise Unreadable("not a period")
    year = int(found.groups()[years[0]])
    year += 2000 if year < 100 else 0
    if len(numbers) == 1:
        return calendar.named("year", year, 1).last
    number = int(found.groups()[1 - years[0]])
    letter = parts[2 * (1 - years[0])].strip(" -_/")[-1:].upper()
    if not letter:
        return _month_end(year, number)
    word = {"Q": "quarter", "T": "quarter", "H": "half", "S": "half", "M": "month"}.get(letter)
    if word is None:
        raise Unknown(f"the format `{sample}` of a period")
    if not 1 <= number <= {"quarter": 4, "half": 2, "month": 12}[word]:
        raise Unreadable("no such period")
    return calendar.named(word, year, number).last


def _month_end(year, month):
    if not 1 <= month <= 12:
        raise Unreadable("no such month")
    return date(year, month, monthrange(year, month)[1])


def _yes_no(text, sample, ignoring_case):
    if sample is None:
        known = PLAIN_YES
        text = text.lower()
    else:
        yes, _, no = sample.partition("/")
        known = {yes: True, no: False}
        if ignoring_case:
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
