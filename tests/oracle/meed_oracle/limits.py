"""Limits and guarantees act on rounded payments, in order, each on what the one before left (rules.md, "Limits"; totals.md,
"Guarantees"). Amounts are in smallest units of the currency."""

from math import ceil, floor

from .expressions import evaluate
from .totals import key_of
from .tree import form, path_names
from .trouble import Fault, Unknown


class Limits:
    """What the limits of a rule remember, through all its versions."""

    def __init__(self, run):
        self.run = run
        self.sums = {}

    def apply(self, version, scope, smallest, unit):
        """What is left of an amount."""
        seen = {}
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name not in ("at_most", "at_least"):
                continue
            bound = evaluate(content["amount"], scope)
            if bound is None:
                raise Unknown("a limit that is missing")
            bound *= 10**unit.decimals
            # A limit is kept with those of other versions that are alike.
            per = tuple(".".join(path_names(path)) for path in content["per"])
            place = seen[name, per] = seen.get((name, per), 0) + 1
            state = self.sums.setdefault((name, per, place), {})
            if name == "at_least":
                smallest = self._at_least(content, scope, _away_from_zero(bound), smallest, state)
                continue
            bound = _toward_zero(bound)
            if not content["per"]:
                smallest = max(-abs(bound), min(abs(bound), smallest))
            else:
                smallest = _at_most(key_of(content["per"], scope), bound, smallest, state)
        return smallest

    def _at_least(self, content, scope, bound, smallest, state):
        """What misses is paid in the last of the rule's periods that the guarantee's period reaches, once it has ended."""
        calendar = self.run.program.calendar
        words = [path_names(path)[0] for path in content["per"]]
        key = key_of(content["per"], scope)
        total = state.get(key, 0) + smallest
        period = calendar.period_of(words[-1], scope.day)
        _, last = calendar.own(period)
        # A period of the rule is that longer one's in which it ends.
        following = calendar.period(scope.period.word, scope.period.number + 1)
        after = None if scope.period.word == "program" or scope.own[1] == self.run.program.last else scope.own_of(following)
        # A party may leave before the longer period ends.
        is_last = after is None or after[0] > after[1] or calendar.own(following)[1] > last
        missing = max(0, bound - total) if is_last and last <= self.run.through else 0
        state[key] = total + missing
        return smallest + missing


def _at_most(key, bound, smallest, state):
    """The payment is the change of the smaller of sum and limit."""
    before = state.get(key, 0)
    after = state[key] = before + smallest
    return min(after, bound) - min(before, bound)


def _toward_zero(number):
    return floor(number) if number >= 0 else ceil(number)


def _away_from_zero(number):
    return ceil(number) if number >= 0 else floor(number)
