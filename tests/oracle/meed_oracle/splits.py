"""Amounts that are divided among parties (splits.md): every part is its share cut down to smallest units, and the units that are left
go one by one to the parts that the split names. What is taken back is divided like what was paid, with the sign turned at the end."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from math import floor

from .expressions import evaluate
from .sets import rows_of, unnamed
from .tables import Row, key_order
from .tree import expression, form, without_brackets
from .trouble import Fault, Unknown

MOST_BITS = 8_192  # of a number that is reckoned with


@dataclass
class Part:
    """A part that somebody is to get."""

    place: int
    payee: Row | None
    smallest: int


@dataclass
class Claim:
    """A share of the whole in smallest units, before it is cut down."""

    share: Fraction
    most: int | None = None
    rank: tuple = ()


def split(content, scope, whole, unit):
    """The parts of an amount, and the credits of the rows found: (row, payee, share, part). No parts are nobody at all."""
    sign = 1 if whole >= 0 else -1
    kind, parties = form(content["parties"])
    spare = content["spare"] or "largest_fraction"
    if kind == "listed":
        parts = []
        _listed(parties, scope, abs(whole), spare, unit, parts)
        credits = []
    else:
        parts, credits = _found(parties, scope, abs(whole), spare, unit)
    for part in parts:
        part.smallest *= sign
    return parts, [(row, payee, share, sign * smallest) for row, payee, share, smallest in credits]


def divide(whole, claims, spare):
    """Shares cut down, and who gets the units that are left."""
    parts = [floor(claim.share) for claim in claims]
    left = whole - sum(parts)
    order = [place for place, claim in enumerate(claims) if claim.share > 0]
    order = [place for place in order if claims[place].most is None or parts[place] < claims[place].most]
    if spare == "largest_fraction":
        order.sort(key=lambda place: (parts[place] - claims[place].share, claims[place].rank, place))
    elif spare == "largest_share":
        order.sort(key=lambda place: (-claims[place].share, claims[place].rank, place))
    for place in order[:left]:
        parts[place] += 1
    return parts


def _listed(listed, scope, whole, spare, unit, found):
    left, claims = Fraction(whole), []
    for part in listed:
        take = part["take"]
        name, content = (take, None) if isinstance(take, str) else form(take)
        most = None
        if name == "rest":
            share = left
        elif name == "share":
            share = whole * _number(content, scope)
            if share < 0 if whole else _number(content, scope) < 0:
                raise Fault("bad-share")
        else:
            most = max(0, _toward_zero(_number(content, scope) * 10**unit.decimals))
            share = min(left, Fraction(most))
        if share > left:
            raise Fault("bad-share")
        left -= share
        claims.append(Claim(share, most))
    for part, smallest in zip(listed, divide(whole, claims, spare)):
        to = part["to"]
        name, content = (to, None) if isinstance(to, str) else form(to)
        if name == "split":
            _listed(content, scope, smallest, spare, unit, found)
        elif name == "payee":
            found.append(Part(len(found) + 1, _party(evaluate(content, scope)), smallest))


def _found(parties, scope, whole, spare, unit):
    rows = rows_of(unnamed(parties["set"], scope), scope, evaluate)
    payees = [_party(evaluate(parties["payee"], row)) for row in rows]
    model = parties["model"]
    name, content = (model, None) if isinstance(model, str) else form(model)
    if name == "in_full":
        shares, parts = [Fraction(1)] * len(rows), [whole] * len(rows)
    elif name == "in_order":
        if whole == 0:
            return [], []
        left, parts = whole, []
        for row in rows:
            part = min(left, max(0, _toward_zero(_number(content, row) * 10**unit.decimals)))
            left -= part
            parts.append(part)
        shares = [Fraction(part, whole) for part in parts]
    else:
        weights = _weights(name, content, rows, scope)
        if any(weight < 0 for weight in weights):
            raise Fault("bad-share")
        total = sum(weights)
        if total.numerator.bit_length() > MOST_BITS:
            raise Fault("overflow")
        if total == 0:
            return [], []
        shares = [weight / total for weight in weights]
        last = (1, ())
        ranks = [last if payee is None else (0, key_order(payee.key)) for payee in payees]
        parts = divide(whole, [Claim(whole * share, None, rank) for share, rank in zip(shares, ranks)], spare)
    subjects = [row.line if row.line is not None else row.subject for row in rows]
    found = [Part(place, payee, part) for place, (payee, part) in enumerate(zip(payees, parts), 1)]
    return found, list(zip(subjects, payees, shares, parts))


def _weights(name, content, rows, scope):
    if name == "equal_shares":
        return [Fraction(1)] * len(rows)
    if name == "weight":
        return [_number(content, row) for row in rows]
    if name == "halving":
        return [_halved((scope.day - row.day).days, int(content["days"])) for row in rows]
    if name in ("first_touch", "last_touch"):
        ends = (Fraction(name == "first_touch"), Fraction(0), Fraction(name == "last_touch"))
    else:
        ends = tuple(_number(content[place], scope) for place in ("first", "middle", "last"))
    first, middle, last = ends
    if len(rows) < 2:
        return [Fraction(1)] * len(rows)
    return [first, *[middle / (len(rows) - 2)] * (len(rows) - 2), last] if len(rows) > 2 else [first, last]


def _halved(days, half_life):
    """A half to the power of so many times, to 18 decimals."""
    doublings = -days // half_life
    if doublings > MOST_BITS:
        raise Fault("overflow")
    with localcontext() as context:
        # As many digits as the weight has before the point, and more than 18 behind it.
        context.prec = 80 + max(0, doublings) // 3
        return Fraction((Decimal(2) ** (Decimal(-days) / half_life)).quantize(Decimal(1).scaleb(-18), ROUND_HALF_EVEN))


def base_of(content):
    """What a credit is a share of: X where the amount is `P of X`, else the amount."""
    name, inside = expression(without_brackets(content["amount"]))
    if name == "binary" and inside["op"] == "of":
        return inside["right"]
    return content["amount"]


def _number(node, scope):
    value = evaluate(node, scope)
    if value is None:
        raise Unknown("a share that is missing")
    return value


def _party(payee):
    if payee is not None and not isinstance(payee, Row):
        raise Unknown("a payee that is no row")
    return payee


def _toward_zero(number):
    return int(number)

