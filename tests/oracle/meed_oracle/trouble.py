"""What can go wrong."""


class Unknown(Exception):
    """A construct of the language that this evaluator does not know. It says so and stops."""


class Fault(Exception):
    """Something that no rule said an amount for: it stops the run (runs.md, "What stops a run")."""


class Unreadable(Exception):
    """A cell that cannot be taken; its row is rejected (facts.md, "Rows that cannot be taken")."""
