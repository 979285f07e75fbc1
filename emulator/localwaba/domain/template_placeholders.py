"""Variables in the texts of templates: finding them, filling them, and the shape a text must have around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from unicodedata import category

ANY_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
POSITION = re.compile(r"[1-9][0-9]*")
_WORD = re.compile(r"\S*[^\W_]\S*")
# Scripts that put no spaces between words: there every letter counts, or the ratio would refuse all their texts.
_UNSPACED = re.compile("[\u0e01-\u0e30\u0e81-\u0eb0\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ADJACENT = re.compile(r"\}\}\s*\{\{")

_PICTURE = (
    "[\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f250\U0001f251"
    "⌚⌛⏩-⏳⏸-⏺◽◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♾♿⚒-⚗⚙⚛⚜⚠⚡⚧⚪⚫⚰⚱⚽⚾⛄⛅⛈⛎⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽"
    "✂✅✈-✍✏✒✔✖✝✡✨✳✴❄❇❌❎❓-❕❗❣❤➕-➗➡➰➿⬛⬜⭐⭕]"
)
_ONE = _PICTURE + "(?:[\U0001f3fb-\U0001f3ff])?\ufe0f?"
_EMOJI = (  # text, compiled when first needed, which takes 3 ms
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|[©®‼⁉™ℹ↔-↙↩↪⌨⏏▪▫▶◀◻◼⤴⤵⬅-⬇]\ufe0f"
    f"|{_ONE}(?:\u200d(?:{_ONE}|[♀♂⚕⚖✈⬛➡]\ufe0f?))*"
)


def placeholders(text: str, parameter_format: str) -> list[str]:
    """The distinct variables of a text, without braces: positions in rising order, names in order of appearance."""
    found = dict.fromkeys(name.strip() for name in ANY_PLACEHOLDER.findall(text))
    if parameter_format == "NAMED":
        return [name for name in found if NAME.fullmatch(name)]
    return sorted((name for name in found if POSITION.fullmatch(name)), key=int)


def hydrate(text: str, values: Mapping[str, str] | Sequence[str]) -> str:
    """The text with its variables replaced, by name or by position from 1; a variable without value stays."""
    known = values if isinstance(values, Mapping) else {str(n): v for n, v in enumerate(values, start=1)}
    return ANY_PLACEHOLDER.sub(lambda found: known.get(found[1].strip(), found[0]), text)


def pieces(text: str, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A text cut at its variables: the fixed parts, and between them the places of the variables in `names`."""
    where = {name: place for place, name in enumerate(names)}
    fixed: list[str] = [""]
    order: list[int] = []
    end = 0
    for found in ANY_PLACEHOLDER.finditer(text):
        place = where.get(found[1].strip())
        if place is None:
            continue
        fixed[-1] += text[end : found.start()]
        fixed.append("")
        order.append(place)
        end = found.end()
    fixed[-1] += text[end:]
    return tuple(fixed), tuple(order)


def malformed(text: str, parameter_format: str) -> str | None:
    """Why the variables of a text cannot be read, None if they can: braces, kind, gaps, names used twice."""
    rest = ANY_PLACEHOLDER.sub("", text)
    if "{{" in rest or "}}" in rest:
        return "braces of a variable are not balanced"
    inside: list[str] = [name for name in ANY_PLACEHOLDER.findall(text) if not strange(name)]
    if parameter_format == "NAMED":
        wrong = next((name for name in inside if not NAME.fullmatch(name)), None)
        if wrong is not None:
            return f"{{{{{wrong}}}}} is no name: lower-case letters, digits and underscores"
        twice = next((name for name in inside if inside.count(name) > 1), None)
        return None if twice is None else f"{{{{{twice}}}}} is used twice"
    wrong = next((name for name in inside if not POSITION.fullmatch(name)), None)
    if wrong is not None:
        return f"{{{{{wrong}}}}} is no position, and parameter_format is POSITIONAL"
    numbers = sorted({int(name) for name in inside})
    if numbers != list(range(1, len(numbers) + 1)):
        return "variables must be {{1}}, {{2}} and so on without a gap"
    return None


def strange(name: str) -> bool:
    """Whether a variable has special characters in it, which only the review finds."""
    return any(character in "#$%" for character in name)


def adjacent(text: str) -> bool:
    """Whether two variables stand next to each other without text or punctuation between them."""
    return _ADJACENT.search(text) is not None


def fixed_words(text: str) -> int:
    """How many words a text has beside its variables: runs of non-space with a letter or digit in them."""
    return len(_WORD.findall(_UNSPACED.sub(" x ", ANY_PLACEHOLDER.sub("", text))))


def too_many_variables(text: str) -> bool:
    """The ratio rule, fitted to captured refusals: `fixed words + n < 3n + 1` for n variables."""
    count = len(set(ANY_PLACEHOLDER.findall(text)))
    return count > 0 and fixed_words(text) + count < 3 * count + 1


def variable_at_edge(text: str, strict: bool) -> bool:
    """Whether a text begins or ends with a variable; if `strict`, punctuation around it does not help."""
    found = list(ANY_PLACEHOLDER.finditer(text))
    if not found:
        return False
    before, after = text[: found[0].start()], text[found[-1].end() :]
    if strict:
        return not _says_something(before) or not _says_something(after)
    return not before.strip() or not after.strip()


def _says_something(text: str) -> bool:
    return any(
        not (character.isspace() or character in "*_~`" or category(character)[0] in "PZC") for character in text
    )


def emojis(text: str) -> int:
    """How many emojis a text has; a sequence that shows as one picture counts once."""
    return len(re.findall(_EMOJI, text))


def without_placeholders(text: str) -> str:
    """The fixed part of a text."""
    return ANY_PLACEHOLDER.sub("", text)
