"""A second reading of the language: what a program pays, worked out from its tree in the plainest possible way.

This folder shares no code with the compiler and was written from the language reference (docs/language) alone. Comments
name the page and heading that a piece follows. It is slow on purpose: every row is looked at one after the other, and every
number is an exact fraction.

The way of the data: tree -> program.py (what is declared) -> tables.py (rows) -> rules.py (lines and decisions) -> output.py.
What this evaluator does not know is an error that names it (Unknown), never a guess.
"""
