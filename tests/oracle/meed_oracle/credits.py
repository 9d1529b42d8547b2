"""Credits of splits as rows (splits.md, "Credits"): they are read like payments, and rules that read them name `credit of RULE`."""

from dataclasses import dataclass

OF = "credit of "


class Versions(dict):
    """The versions of rules by name; those behind credits are the rule's own."""

    def __missing__(self, name):
        if name.startswith(OF):
            return self[name.removeprefix(OF)]
        raise KeyError(name)


def as_payments(node):
    """The tree with credits called payments of such a rule."""
    if isinstance(node, list):
        return [as_payments(one) for one in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"credits"}:
        return {"payments": _renamed(node["credits"])}
    if "for_each_payment" in node and node["for_each_payment"]["credit"] is not None:
        return {"for_each_payment": {"rule": _renamed(node["for_each_payment"]["rule"]), "credit": None}}
    if "parts" in node and isinstance(node["parts"], list) and node["parts"] and node["parts"][0].get("text") == "credit":
        return {**node, "parts": [{**node["parts"][0], "text": "payment"}, *node["parts"][1:]]}
    return {name: as_payments(one) for name, one in node.items()}


def _renamed(name):
    return {**name, "text": OF + name["text"]}


@dataclass
class Credits:
    """A rule by its credits, in order."""

    lines: list
