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

    def apply(self, version, scope, smallest, unit, payee=None, only=None):
        """What is left of an amount. `only` are the limits that act now: those by keys of the row ("row"), those of each payment
        ("each"), those of whoever is paid ("payee"); all of them where it is not said."""
        seen = {}
        for clause in version.clauses:
            name, content = form(clause["kind"])
            if name not in ("at_most", "at_most_payments", "at_least"):
                continue
            # A limit is kept with those of other versions that are alike.
            per = tuple(".".join(path_names(path)) for path in content["per"])
            place = seen[name, per] = seen.get((name, per), 0) + 1
            state = self.sums.setdefault((name, per, place), {})
            acts_on = "payee" if "payee" in per else "row" if per else "each"
            if only is not None and acts_on not in only:
                continue
            bound = evaluate(content["most" if name == "at_most_payments" else "amount"], scope)
            if bound is None:
                raise Unknown("a limit that is missing")
            key = self._key(content["per"], scope, payee)
            if name == "at_most_payments":
                if smallest > 0 and state.get(key, 0) >= bound:
                    smallest = 0
                elif smallest > 0:
                    state[key] = state.get(key, 0) + 1
                continue
            bound *= 10**unit.decimals
            if name == "at_least":
                smallest = self._at_least(content, scope, _away_from_zero(bound), smallest, state)
                continue
            bound = _toward_zero(bound)
            if not content["per"]:
                smallest = max(-abs(bound), min(abs(bound), smallest))
            else:
                smallest = _at_most(key, bound, smallest, state)
        return smallest

    def remembered(self):
        """What the limits remember now."""
        return {name: dict(state) for name, state in self.sums.items()}

    def _key(self, per, scope, payee):
        """A key with whoever gets the amount, where it says `per payee`."""
        others = [path for path in per if path_names(path) != ["payee"]]
        key = key_of(others, scope) if others else ()
        return (payee.record.name, payee.key_text(), key) if len(others) < len(per) else key

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
