"""Which fields the rules of a program read: only those need a column, and only their cells can reject a row (facts.md, "Parties
and events").

A name is followed as far as references go. Where a name could be a field or something else, it is taken for the field.
"""

from .holds import beyond_payee
from .periods import WORDS
from .sets import paths_of
from .tree import expression, form, path_names


def used_fields(program):
    """The pairs of record and field that some rule reads."""
    walk = _Walk(program)
    for versions in program.rules.values():
        for version in versions:
            walk.version(version)
    for item in program.shared_limits:
        for path in form(item["limits"][0]["kind"])[1]["per"]:
            walk.limited([name["text"] for name in item["over"]], path_names(path))
    for choice in program.choices:
        if not isinstance(choice["policy"], str):
            stream = program.rules[choice["rules"][0]["text"]][0].stream
            walk._expression(form(choice["policy"])[1], [walk._frame(stream)])
    for record, field, numbers in program.reversals():
        walk.used.add((record.name, field.name))
        walk.used.update((name, number) for number in numbers for name in (record.name, field.content))
    for record, chosen in program.set_reversals():
        walk._set({"set": chosen, "value": None}, [walk._frame(("event", record.name))])
    return walk.used


class _Walk:
    def __init__(self, program):
        self.program, self.used = program, set()
        self.payee_kinds = {}

    def version(self, version):
        frames = [self._frame(version.stream)]
        if version.by is not None:
            self._path(version.by, frames)
        if version.stream[2:3] == ("own year",):
            self.used.add((version.stream[1], version.stream[3]))
        for clause in version.clauses:
            kind, content = form(clause["kind"])
            if kind in ("keep_top", "in_parts"):
                continue
            if kind == "hold":
                self._account(version, path_names(content["per"][0]))
                continue
            if kind == "pay_each":
                self._chain(content["way"], frames)
            for name, one in content.items():
                if name == "per":
                    for path in one:
                        if path_names(path) != ["payee"]:
                            self._path(path, frames)
                elif name == "unknown":
                    if one is not None and form(one["kind"])[0] == "value":
                        self._expression(form(one["kind"])[1], frames)
                elif name == "account":
                    self._balance(one, frames)
                elif name in ("condition", "value", "amount", "payee", "until", "measure", "day") and one is not None and kind != "hold":
                    self._expression(one, frames)
                elif name == "parties":
                    self._parties(one, frames)
            frames[0]["lets"].pop("each", None)
            if form(clause["kind"])[0] == "let":
                frames[0]["lets"][content["name"]["text"]] = content["value"]

    def _chain(self, way, frames):
        """Those up a chain, all of one kind: the receiver is called `each`."""
        paths = [{"parts": [{"text": name} for name in path]} for path in paths_of(way)]
        for path in paths:
            self._path(path, frames)
        frames[0]["lets"]["each"] = {"kind": {"path": paths[0]}, "span": None}

    def _balance(self, account, frames):
        """Whose balance is meant: a path, or the one field of that kind."""
        if account["of"] is not None:
            self._path(account["of"], frames)
            return
        item = next(one for one in self.program.balances if one["name"]["text"] == account["balance"]["text"])
        if not item["per"]:
            return
        wanted = item["per"][0]["parts"][-1]["text"]
        for record in [frames[0]["record"], *(one for ones in frames[0]["names"].values() for one in ones)]:
            if record is not None and not isinstance(record, tuple):
                self.used.update((record.name, one.name) for one in record.fields.values() if one.type == "record" and one.content == wanted)

    def _account(self, version, names):
        """The party in whose account sums wait: the payee, or one that it belongs to."""
        rule = next(name for name, versions in self.program.rules.items() if version in versions)
        payees = self._payees(rule)
        if names != ["payee"]:
            self._steps(payees, beyond_payee(names, version.clauses, [payee.name for payee in payees]))

    def limited(self, rules, names):
        """The party of which a limit over several rules is: the payee, or one that it belongs to."""
        if names == ["payee"] or len(names) == 1 and names[0] in WORDS:
            return
        payees = {payee.name: payee for rule in rules for payee in self._payees(rule)}
        if names[0] in payees:
            self._steps([payees[names[0]]], names[1:])
        else:
            self._steps(list(payees.values()), names)

    def _parties(self, parties, frames):
        kind, content = form(parties)
        if kind == "listed":
            self._inside(content, frames)
            return
        self._set({"set": content["set"], "value": content["payee"]}, frames)
        if not isinstance(content["model"], str):
            self._set({"set": content["set"], "value": None}, frames)
            frame = self._frame_of(self._unnamed(content["set"], frames)["source"])
            self._inside(content["model"], [frame, *frames])

    def _payees_of_parties(self, parties, frames):
        kind, content = form(parties)
        if kind == "found":
            frame = self._frame_of(self._unnamed(content["set"], frames)["source"])
            return self._records_of(content["payee"], [frame, *frames])
        found = []
        for part in content:
            name, to = (part["to"], None) if isinstance(part["to"], str) else form(part["to"])
            if name == "payee":
                found.extend(self._records_of(to, frames))
            elif name == "split":
                found.extend(self._payees_of_parties({"listed": to}, frames))
        return found

    def _frame(self, stream):
        if stream[0] == "payments":
            return {"record": None, "names": self._payment_names(stream[1]), "lets": {}}
        record = self.program.records[stream[1]]
        return {"record": record, "names": {record.name: [record]}, "lets": {}}

    def _payment_names(self, rule):
        """What can be named beside a payment: the row that it comes from."""
        names = {"payment": [("payment", rule)]}
        for version in self.program.rules[rule]:
            stream = version.stream
            if stream[0] == "payments":
                names.update({name: ones for name, ones in self._payment_names(stream[1]).items() if name != "payment"})
            else:
                names[stream[1]] = [self.program.records[stream[1]]]
        return names

    def _payees(self, rule):
        """The records that a rule pays."""
        if rule not in self.payee_kinds:
            self.payee_kinds[rule] = []
            found = []
            for version in self.program.rules[rule]:
                frames = [self._frame(version.stream)]
                for clause in version.clauses:
                    name, content = form(clause["kind"])
                    if name == "let":
                        frames[0]["lets"][content["name"]["text"]] = content["value"]
                    if name == "pay_split":
                        found.extend(self._payees_of_parties(content["parties"], frames))
                    if name == "pay_each":
                        found.extend(self._path({"parts": [{"text": name} for name in paths_of(content["way"])[0]]}, frames))
                    if name in ("pay", "take_back"):
                        found.extend(self._records_of(content["payee"], frames))
            self.payee_kinds[rule] = found
        return self.payee_kinds[rule]

    def _records_of(self, node, frames):
        name, content = expression(node)
        if name == "path":
            return [one for one in self._path(content, frames) if not isinstance(one, tuple)]
        if name == "bracket":
            return self._records_of(content, frames)
        if name == "one_row":
            frame = self._frame_of(self._unnamed(content["set"], frames)["source"])
            if content["field"] is None:
                return [frame["record"]]
            return self._path(content["field"], [frame])
        if name == "field_of":
            return self._steps(self._records_of(content["row"], frames), path_names(content["field"]))
        if name == "function" and content["name"]["text"] in self.program.records:
            return [self.program.records[content["name"]["text"]]]
        if name == "conditional":
            inside = [value for value, _ in content["branches"]] + [content["otherwise"]]
            return [one for value in inside for one in self._records_of(value, frames)]
        return []

    def _path(self, path, frames):
        """Marks the fields of a path; the records that it leads to."""
        names = path_names(path)
        if names[0] == "year from":
            names = names[1:]
        return self._steps(self._first(names[0], frames), names[1:])

    def _steps(self, at, names):
        for name in names:
            at = [next_one for one in at for next_one in self._step(one, name)]
        return at

    def _record_of(self, source):
        """The record of a set, a plural allowed."""
        name = source["event"]["text"]
        return self.program.records.get(name) or self.program.records[name.removesuffix("s")]

    def _frame_of(self, source):
        """The names of the rows of a set."""
        kind, name = form(source)
        if kind == "payments":
            return self._frame(("payments", name["text"]))
        if kind == "decisions":
            return self._frame(self.program.rules[name["text"]][0].stream)
        return self._frame(("event", self._record_of(source).name))

    def _unnamed(self, chosen, frames):
        """A set with the rows that a `let` names in place of that name."""
        while "event" in chosen["source"]:
            name = chosen["source"]["event"]["text"]
            named = next((frame["lets"][name] for frame in frames if name in frame["lets"]), None)
            if named is None or expression(named)[0] != "set":
                break
            chosen = {**chosen, "source": expression(named)[1]["source"]}
        return chosen

    def _first(self, name, frames):
        if name == "this" and len(frames) > 1:
            return [frames[-1]["record"]] if frames[-1]["record"] is not None else frames[-1]["names"]["payment"]
        for frame in frames:
            record = frame["record"]
            if record is not None and name in record.fields:
                return self._step(record, name)
            if frame["record"] is None and name in ("amount", "payee", "when"):
                return [one for payment in frame["names"]["payment"] for one in self._step(payment, name)]
            if name in frame["names"]:
                return frame["names"][name]
            if name in frame["lets"]:
                return self._records_of(frame["lets"][name], [frame])
        record = self.program.records.get(name)
        if record is not None and any(part.type == "period" for part in record.key):
            self.used.update((record.name, part.name) for part in record.key)
            return [record]
        return []

    def _step(self, at, name):
        if isinstance(at, tuple):
            return self._payees(at[1]) if name == "payee" else self._payment_names(at[1]).get(name, [])
        if name not in at.fields:
            return []
        field = at.fields[name]
        if field.is_dated:
            at = self.program.records[f"{at.name}_history"]
        self.used.add((at.name, name))
        if field.currency is not None:
            self.used.add((at.name, field.currency))
        return [self.program.records[field.content]] if field.type == "record" else []

    def _expression(self, node, frames):
        name, content = expression(node)
        if name == "path":
            self._path(content, frames)
        elif name == "in_currency":
            self._expression(content["value"], frames)
            # Whichever of them it is.
            for record in self.program.records.values():
                self.used.update((record.name, one.currency) for one in record.fields.values() if one.currency)
            self.used.update((self.program.rates.name, name) for name in self.program.rates.fields)
            self._inside(content["at"], frames)
        elif name == "period_of":
            # The word may be the name of a field.
            self._first(content["period"]["text"], frames)
            self._expression(content["date"], frames)
        elif name in ("aggregate", "running") and content["set"] is not None:
            self._set(content, frames)
        elif name == "set":
            self._set({"set": content, "value": None}, frames)
        elif name == "one_row":
            self._set({"set": content["set"], "value": None}, frames)
            frame = self._frame_of(self._unnamed(content["set"], frames)["source"])
            for path in (content["by"], content["field"]):
                if path is not None:
                    self._path(path, [frame])
        elif name in ("take_from", "balance_of"):
            for account in content["accounts"] if name == "take_from" else [content]:
                self._balance(account, frames)
            if name == "take_from":
                self._expression(content["amount"], frames)
        elif name == "field_of":
            self._expression(content["row"], frames)
            self._records_of(node, frames)
        elif name == "function" and content["name"]["text"] in self.program.records:
            record = self.program.records[content["name"]["text"]]
            self.used.update((record.name, part.name) for part in record.key)
            self._inside(content["values"], frames)
        elif name == "aggregate":
            self._aggregate(self._frame_of({"event": {"text": _first_name(content["value"])}}), content["value"], frames)
        else:
            self._inside(content, frames)

    def _inside(self, content, frames):
        """Whatever is inside an expression, whatever its form."""
        if isinstance(content, list):
            for one in content:
                self._inside(one, frames)
        elif isinstance(content, dict):
            if set(content) == {"kind", "span"}:
                self._expression(content, frames)
            elif set(content) == {"parts", "span"}:
                self._path(content, frames)
            else:
                for name, one in content.items():
                    # What stands behind the brackets of a table names one of its results.
                    if name != "result":
                        self._inside(one, frames)

    def _set(self, content, frames):
        chosen = self._unnamed(content["set"], frames)
        kind, source = form(chosen["source"])
        frame = self._frame_of(chosen["source"])
        for names in (names for way in chosen["by"] for names in paths_of(way)):
            if kind == "payments":
                self._steps(self._payees(source["text"]), names)
            self._path({"parts": [{"text": name} for name in names]}, [frame])
        if chosen["condition"] is not None:
            self._expression(chosen["condition"], [frame, *frames])
        for path in content.get("per", []):
            self._path(path, frames)
        self._aggregate(frame, content["value"], frames, is_tied=bool(chosen["by"]))

    def _aggregate(self, frame, value, frames, is_tied=False):
        outer = frames[0]["record"]
        if outer is not None and frame["record"] is not None and not is_tied:
            # The set is tied by its one field of the row's type.
            for field in frame["record"].fields.values():
                if field.type == "record" and field.content == outer.name:
                    self._step(frame["record"], field.name)
        if value is not None:
            self._expression(value, [frame, *frames])


def _first_name(node):
    name, content = expression(node)
    if name == "path":
        return path_names(content)[0]
    if name == "bracket":
        return _first_name(content)
    raise ValueError("an aggregate of something without a set")


def is_period(path):
    """Whether a `per` names a period."""
    names = path_names(path)
    return len(names) == 1 and names[0] in WORDS
