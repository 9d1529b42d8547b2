"""What a schedule pays for a quantity: F(x), and the rate and band reached (schedules.md)."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from . import expressions
from .scope import Scope
from .tree import expression, form
from .trouble import Fault, Unknown


@dataclass
class Band:
    """A band with its values worked out. `bound` is where it ends or, for `from` and `at`, begins; None of the last."""

    word: str
    bound: Fraction | None
    rate: Fraction | None  # a share or a price, of each unit
    amount: Fraction | None  # one amount
    is_none: bool = False
    is_flat: bool = False


def value(run, schedule, arguments, quantity):
    """F of a quantity: nothing below zero or mirrored, nothing at zero unless it is said (schedules.md, "At zero and below")."""
    bands = _bands(run, schedule, arguments)
    if quantity is None or bands is None:
        return None
    if quantity < 0:
        if schedule["mirrored"] is None:
            return Fraction(0)
        paid = _above_zero(schedule, bands, -quantity)
        return None if paid is None else -paid
    if quantity == 0 and schedule["even_at_zero"] is None:
        return Fraction(0)
    return _above_zero(schedule, bands, quantity)


def reached(run, schedule, arguments, quantity, ask):
    """The rate or the number of the band reached (schedules.md, "The rate and the band reached")."""
    bands = _bands(run, schedule, arguments)
    if quantity is None or bands is None:
        return None
    if quantity < 0:
        if schedule["mirrored"] is None:
            return None
        quantity = -quantity
    if bands[0].word == "every":
        raise Unknown(f"`{ask} of` packages")
    place = _place(bands, quantity)
    if place is None or bands[place].is_none:
        return None
    if ask == "band":
        return Fraction(place + 1)
    return _curve(bands, quantity) if _shape(schedule) == "curve" else bands[place].rate


def _shape(schedule):
    return schedule["shape"][0]


def _above_zero(schedule, bands, quantity):
    if bands[0].word == "every":
        return None if bands[0].is_none else bands[0].amount * _packages(schedule, bands[0].bound, quantity)
    if _shape(schedule) == "curve":
        return _curve(bands, quantity)
    place = _place(bands, quantity)
    if place is None:
        return Fraction(0)
    if bands[place].is_none:
        return None
    if _shape(schedule) == "graduated":
        return _graduated(bands, place, quantity)
    return _retroactive(bands, place, quantity)


def _place(bands, quantity):
    """The place of the band that a quantity reaches; None below the first `from`."""
    if bands[0].word == "from":
        places = [place for place, band in enumerate(bands) if quantity >= band.bound]
        return places[-1] if places else None
    for place, band in enumerate(bands):
        if band.word == "to" and quantity <= band.bound:
            return place
        if band.word == "below" and quantity < band.bound:
            return place
        if band.word == "beyond":
            # Above the last point of a curve it is still that point's band, unless there is no result.
            return place - 1 if bands[place - 1].word == "at" and not band.is_none else place
        if band.word == "at":
            after = bands[place + 1] if place + 1 < len(bands) else None
            if after is None or (quantity < after.bound if after.word == "at" else quantity <= band.bound):
                return place
    raise Unknown("a quantity above the last band")


def _graduated(bands, last, quantity):
    """Each band pays its rate on its own part; every band that is entered adds its amount, once."""
    total = Fraction(0)
    for place in range(last + 1):
        band = bands[place]
        start = band.bound if band.word == "from" else (bands[place - 1].bound if place else Fraction(0))
        if place < last:
            end = bands[place + 1].bound if band.word == "from" else band.bound
        else:
            end = quantity
        if not band.is_none and not band.is_flat:
            total += (band.rate or 0) * (end - start) + (band.amount or 0)
    return total


def _retroactive(bands, place, quantity):
    """The band reached pays on all of it; `beyond flat` keeps what the last band pays at its end."""
    band = bands[place]
    if band.is_flat:
        before = bands[place - 1]
        return None if before.is_none else _retroactive(bands, place - 1, before.bound)
    return (band.rate or 0) * quantity + (band.amount or 0)


def _curve(bands, quantity):
    """Straight lines between points; below the first and beyond the last it is constant (schedules.md, "Curves")."""
    points = [band for band in bands if band.word == "at"]
    if quantity < points[0].bound:
        below = [band for band in bands if band.word == "below"]
        if not below:
            return points[0].amount
        return None if below[0].is_none else below[0].amount
    for left, right in zip(points, points[1:]):
        if quantity < right.bound:
            part = (quantity - left.bound) / (right.bound - left.bound)
            return left.amount + (right.amount - left.amount) * part
    if quantity == points[-1].bound:
        return points[-1].amount
    beyond = bands[-1]
    if beyond.word != "beyond" or beyond.is_flat:
        return points[-1].amount
    return None if beyond.is_none else beyond.amount


def _packages(schedule, size, quantity):
    """Packages begun or full (schedules.md, "Packages")."""
    counted = form(schedule["bands"][0]["bound"])[1]["counted"][0]
    return ceil(quantity / size) if counted == "started" else floor(quantity / size)


# The values of bounds and bands.


def _bands(run, schedule, arguments):
    """The bands with their values; bounds that cross stop the run. None where an argument is missing."""
    if any(value is None for value in arguments.values()):
        return None
    scope = Scope(run, arguments=arguments)
    kinds = {argument["name"]["text"]: form(argument["ty"]["kind"])[0] for argument in schedule["arguments"]}
    is_curve = _shape(schedule) == "curve"
    bands = [_band(run, band, scope, kinds, is_curve) for band in schedule["bands"]]
    if bands[0].word == "every":
        if bands[0].bound <= 0:
            raise Fault("empty-package")
        return bands
    bounds = [band.bound for band in bands if band.bound is not None]
    if is_curve and bands[0].word == "below":
        # The part below the first point ends there.
        bounds = bounds[1:]
    if any(after <= before for before, after in zip(bounds, bounds[1:])):
        raise Fault("crossing-bounds")
    return bands


def _band(run, item, scope, kinds, is_curve):
    word, bound = form(item["bound"])
    if word == "every":
        bound = bound["size"]
    found = Band(word, None if bound is None else expressions.evaluate(bound, scope), None, None)
    name, pays = form(item["pays"])
    if name == "none":
        found.is_none = True
    elif name == "flat":
        found.is_flat = True
    else:
        first = expressions.evaluate(pays["value"], scope)
        is_share = kind_of(run, pays["value"], kinds) == "percent"
        if word != "every" and not is_curve and (pays["each"] is not None or is_share):
            found.rate = first
        else:
            found.amount = first
        if pays["plus"] is not None:
            found.amount = (found.amount or 0) + expressions.evaluate(pays["plus"], scope)
    return found


def kind_of(run, node, kinds):
    """Whether a value in a schedule is money, a percent or a plain number (schedules.md, "What a band pays")."""
    name, content = expression(node)
    if name in ("number", "percent", "money"):
        return name
    if name == "path":
        text = content["parts"][0]["text"]
        if text in kinds:
            return kinds[text]
        if text in run.program.parameters:
            return kind_of(run, run.program.parameters[text], {})
        raise Unknown(f"`{text}` in a schedule")
    if name in ("bracket", "negate"):
        return kind_of(run, content, kinds)
    if name in ("rounded", "clamp", "if_unknown"):
        return kind_of(run, content["value"], kinds)
    if name == "function":
        return kind_of(run, content["values"][0], kinds)
    if name == "conditional":
        return kind_of(run, content["branches"][0][0], kinds)
    if name == "binary":
        return _kind_of_two(content["op"], *(kind_of(run, content[side], kinds) for side in ("left", "right")))
    raise Unknown(f"a `{name}` in a schedule")


def _kind_of_two(op, left, right):
    """amounts.md, the table below "Calculating"."""
    if op == "divide":
        return "number" if left == right else left
    if "money" in (left, right):
        return "money"
    if op == "of":
        return "number" if right not in ("percent",) else "percent"
    return "percent" if "percent" in (left, right) else "number"
