"""Contract coverage told: lines for a terminal, JSON for machines, one HTML page for people."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from textwrap import wrap
from typing import Any

import msgspec

from localwaba.version import __version__
from localwaba_contracts.coverage import PARTS, Counted, Coverage, Part, percent

_TOTAL = "total"


def table(coverage: Coverage, *, with_missing: bool = False, width: int = 80) -> list[str]:
    """A line for each part and one for all of them; `with_missing` names what was not exercised."""
    rows = [(part.name, part.covered, len(part.units)) for part in coverage.parts]
    rows.append((_TOTAL, coverage.covered, coverage.total))
    longest = max(len(name) for name, _, _ in rows)
    lines: list[str] = []
    for name, covered, total in rows:
        about = PARTS.get(name, "")
        lines.append(f"{name:{longest}}  {covered:>4} of {total:<4} {percent(covered, total):>5.1f}%  {about}".rstrip())
    if with_missing:
        for part in coverage.parts:
            lines += _listed(f"missing {part.name}", part.missing, width)
    if coverage.graph_version:
        lines.append(f"of what Graph {coverage.graph_version} has")
    if coverage.dropped:
        lines.append(
            f"{coverage.dropped} earlier entries are missing in the journals and do not count (retained_journal)"
        )
    return lines


def _listed(title: str, names: tuple[str, ...], width: int) -> list[str]:
    if not names:
        return []
    text = ", ".join(name.replace(" ", "\0") for name in names)  # names stay whole
    found = wrap(text, width - 2, initial_indent="  ", subsequent_indent="  ", break_long_words=False,
                 break_on_hyphens=False)  # fmt: skip
    return [f"{title}:", *(line.replace("\0", " ") for line in found)]


def shortfall(coverage: Coverage, required: float) -> str:
    """The one line that tells that a required percentage is not reached; empty if it is."""
    if not coverage.total or 100 * coverage.covered >= required * coverage.total:
        return ""
    return (
        f"contract coverage is {percent(coverage.covered, coverage.total):.1f}% "
        f"({coverage.covered} of {coverage.total}), less than the required {required:g}%"
    )


def as_json(coverage: Coverage) -> str:
    """Every unit with its count, part by part; then all that was counted, so that reports can be merged."""
    found: dict[str, Any] = {
        "localwaba": __version__,
        "graph_version": coverage.graph_version,
        "of": coverage.of,
        "ignore": coverage.ignore,
        "covered": coverage.covered,
        "total": coverage.total,
        "percent": percent(coverage.covered, coverage.total),
        "dropped": coverage.dropped,
        "parts": {part.name: _part(part) for part in coverage.parts},
        "counts": {key: coverage.counts[key] for key in sorted(coverage.counts)},
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def _part(part: Part) -> dict[str, Any]:
    return {
        "covered": part.covered,
        "total": len(part.units),
        "percent": percent(part.covered, len(part.units)),
        "missing": list(part.missing),
        "units": {one.unit.name: one.count for one in part.units},
        "beyond": {one.unit.name: one.count for one in part.beyond},
    }


def html(coverage: Coverage, required: float = 0) -> str:
    """All of it as one page that needs nothing beside it; `required` is the percentage that there has to be."""
    problem = shortfall(coverage, required)
    wanted = f", {required:g}% are required" if problem else ""
    style = "".join(
        files("localwaba.runtime").joinpath(name).read_text(encoding="utf-8") for name in ("report.css", "coverage.css")
    )
    head = f"{percent(coverage.covered, coverage.total):.1f}% of the contracts"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{head} – localwaba</title>\n<style>\n{style}</style>",
            f'<header class="{"failed" if problem else "passed"}"><h1>{head}</h1>',
            f"<p>{coverage.covered} of {coverage.total} were exercised{wanted}, {_made_by(coverage)}</p>",
            f"<p>{coverage.dropped} earlier entries are missing in the journals, and do not count</p>"
            if coverage.dropped
            else "",
            "</header>\n<main>",
            *(line for part in coverage.parts for line in _section(part)),
            "</main>\n</html>\n",
        ]
    )


def _made_by(coverage: Coverage) -> str:
    pin = f"Graph {escape(coverage.graph_version)}, " if coverage.graph_version else ""
    return f"{pin}localwaba {escape(__version__)}"


def _section(part: Part) -> Iterator[str]:
    share = percent(part.covered, len(part.units))
    yield f'<details class="scenario part" open><summary><span class="title">{escape(part.name)}'
    yield f'<span class="place"> {escape(PARTS[part.name])}</span></span>'
    yield f'<span class="bar"><i style="width:{share}%"></i></span>'
    yield f'<span class="share">{share:.1f}%</span><span class="of">{part.covered} of {len(part.units)}</span>'
    yield "</summary>"
    yield from _units("", [one for one in part.units if one.count])
    yield from _units("Missing", [one for one in part.units if not one.count])
    yield from _units("Exercised, but not asked for", list(part.beyond))
    yield "</details>"


def _units(title: str, counted: list[Counted]) -> Iterator[str]:
    if not counted:
        return
    if title:
        yield f"<h3>{title}</h3>"
    yield '<ul class="units">'
    for one in counted:
        kind, sign = ("covered", "✓") if one.count else ("missing", "✗")
        times = f'<span class="times">×{one.count}</span>' if one.count else ""
        about = f'<span class="about" title="{escape(one.unit.title)}">{escape(one.unit.title)}</span>'
        yield f'<li class="{kind}"><b class="sign">{sign}</b><code>{escape(one.unit.name)}</code>{about}{times}</li>'
    yield "</ul>"
