"""The README's table of magic numbers, out of the rules themselves. Run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

from localwaba.domain.magic import BEHAVIOURS, FAILS_LATER, PREFIX, REFUSED_AT_ONCE

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN = "<!-- magic numbers: made by tests/docs/magic_table.py -->\n"
END = "<!-- end of magic numbers -->"


def render() -> str:
    """The table as Markdown."""
    rows = ["| write to | and |", "|---|---|"]
    rows += [f"| `{number}` | {text} |" for number, (_, text) in BEHAVIOURS.items()]
    rows += [f"| `{PREFIX}{code:06d}` | 200, then `failed` with {code}: {text} |" for code, text in FAILS_LATER.items()]
    rows += [
        f"| `{PREFIX}{code:06d}` | refused at once with {code}: {text} |" for code, text in REFUSED_AT_ONCE.items()
    ]
    return "\n" + "\n".join(rows) + "\n\n"


def current() -> str:
    """The table as it stands in the README."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Puts the table into the README."""
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(head + BEGIN + render() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    write()
