"""Values: exact numbers, days, texts, values of a list; and how numbers are rounded and written.

A missing value is None. Numbers are fractions: money in whole units of the currency, a percent as its share (2% is 1/50).
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from .periods import Period
from .trouble import Unknown


@dataclass(frozen=True)
class Choice:
    """A value of a `one of`; its place in the list is its rank, lowest first (facts.md, "Types")."""

    name: str
    names: tuple

    @property
    def rank(self):
        return self.names.index(self.name)


@dataclass(frozen=True)
class ListName:
    """The name of a value of some list, before it is known of which (runs.md, "Parameters")."""

    name: str


@dataclass(frozen=True)
class Length:
    """A length of time: 12 months."""

    count: Fraction
    unit: str


# How many decimals the money of a currency has where it is not two (ISO 4217).
DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def decimals_of(currency):
    return DECIMALS.get(currency, 2)


def round_whole(number, mode):
    """A number rounded to a whole one (amounts.md, "Rounding"; the table of the ten modes)."""
    below = floor(number)
    rest = number - below
    if rest == 0:
        return below
    above = below + 1
    toward_zero, away = (below, above) if number > 0 else (above, below)
    if not mode.startswith("half"):
        return {"away_from_zero": away, "toward_zero": toward_zero, "upward": above, "downward": below}[mode]
    if rest != Fraction(1, 2):
        return above if rest > Fraction(1, 2) else below
    even, odd = (below, above) if below % 2 == 0 else (above, below)
    ties = {
        "half_even": even,
        "half_odd": odd,
        "half_away_from_zero": away,
        "half_toward_zero": toward_zero,
        "half_upward": above,
        "half_downward": below,
    }
    return ties[mode]


def round_to(number, mode, step):
    """A number rounded to a multiple of a step."""
    return round_whole(number / step, mode) * step


def extreme(word, values):
    """The smallest or largest of several; missing where one of them is."""
    if any(value is None for value in values):
        return None
    rank = lambda value: value.rank if isinstance(value, Choice) else value
    return (min if word == "smallest" else max)(values, key=rank)


def number_text(number):
    """A number as tables of decisions write it: its decimals where they end, else a fraction (625/6)."""
    number = Fraction(number)
    rest, decimals = number.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        decimals = max(decimals, count)
    if rest != 1:
        return f"{number.numerator}/{number.denominator}"
    digits = str(abs(number.numerator) * 10**decimals // number.denominator)
    if decimals:
        digits = digits.rjust(decimals + 1, "0")
        digits = f"{digits[:-decimals]}.{digits[-decimals:]}"
    return ("-" if number < 0 else "") + digits


def money_text(smallest, decimals):
    """An amount in smallest units with the decimals of its currency."""
    digits = str(abs(smallest)).rjust(decimals + 1, "0")
    if decimals:
        digits = f"{digits[:-decimals]}.{digits[-decimals:]}"
    return ("-" if smallest < 0 else "") + digits


def value_text(value):
    """Any value as tables write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Fraction)):
        return number_text(value)
    if isinstance(value, date):
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    if isinstance(value, (Choice, ListName)):
        return value.name
    if isinstance(value, str):
        return value
    if isinstance(value, Period):
        return value.calendar.name(value)
    if hasattr(value, "key_text"):
        return value.key_text()
    raise Unknown(f"a value of the kind {type(value).__name__} in a table")
