"""What a measure finds: a line of JSON at once, and in the end a row in a table of all, beside its target."""

import json
import os
from collections.abc import Iterable
from typing import NamedTuple


class Measured(NamedTuple):
    """A measure's `name` and `figures`; `least` and `most`: {figure: what it has to be at least, at most}."""

    name: str
    figures: dict
    least: dict = {}
    most: dict = {}

    @property
    def line(self) -> str:
        """One line of JSON, with how busy the machine was."""
        return json.dumps({"name": self.name, **self.figures, "load": round(os.getloadavg()[0], 1)})

    @property
    def missed(self) -> list[str]:
        """The figures that miss their targets."""
        low = [figure for figure, least in self.least.items() if self.figures[figure] < least]
        return low + [figure for figure, most in self.most.items() if self.figures[figure] > most]


def table(measured: Iterable[Measured]) -> str:
    """The measures with floor, ratio, targets and whether these are met, as lines of text."""
    rows = [("measure", "unit", "floor", "ours", "ratio", "target", "met")]
    for one in measured:
        targets = [f"{figure} >= {least}" for figure, least in one.least.items()]
        targets += [f"{figure} <= {most}" for figure, most in one.most.items()]
        figures = [str(one.figures.get(figure, "")) for figure in ("unit", "floor", "ours", "ratio")]
        met = f"no: {', '.join(_said(one, figure) for figure in one.missed)}" if one.missed else "yes"
        rows.append((one.name, *figures, ", ".join(targets), met if targets else ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _said(one, figure):
    return figure if figure == "ratio" else f"{figure} {one.figures[figure]}"
