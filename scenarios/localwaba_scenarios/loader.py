"""A file of scenarios, read into values; every mistake in it is told at once, each in one line with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from localwaba_scenarios import nodes
from localwaba_scenarios.model import Person, Place, Rule, Scenario, SendsFile, Step, Template
from localwaba_scenarios.nodes import Node, Scalar, Wrong, parse
from localwaba_scenarios.reading import Reader, nearest, span_of, words
from localwaba_scenarios.sentences import RESERVED, read_rule, read_step, refuse_odd_spaces

MEMBERS = ("name", "description", "users", "templates", "variables", "examples", "policy", "clock", "seed", "version",
           "strict", "steps")  # fmt: skip
PERSON = ("name", "country", "number", "username")
TEMPLATE = ("language", "category", "body", "example", "components")
WORLD = ("phone_number_id", "waba_id", "business_number")
"""Names that every scenario has: the ids and the number of the business."""
OF_USERS = ("number", "name", "user_id", "code")
"""What is known of each user, as in `${ana.number}`."""
TAKEN = (*RESERVED, "true", "false", "null")
"""What users cannot be called."""
_TIMES = ("delivered_after", "read_after", "answers_after")


class BadScenario(ValueError):
    """Files that cannot be played; the text has a line for each mistake."""

    def __init__(self, mistakes: list[Wrong]) -> None:
        there = sorted(mistakes, key=lambda one: (one.place.file, one.place.line, one.place.column))
        self.mistakes = tuple(dict.fromkeys(map(str, there)))
        super().__init__("\n".join(self.mistakes))


def load(path: Path, values: Mapping[str, str] | None = None) -> list[Scenario]:
    """The scenarios of a file, one for each example; raises `BadScenario`. `values` win over its variables."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        why = error.strerror or str(error)
        if not path.exists():
            beside = path.parent.glob("*.y*ml") if path.parent.is_dir() else ()
            why = f"there is no such file{nearest(path.name, sorted(one.name for one in beside))}"
        raise BadScenario([Wrong(Place(str(path), 1, 1), why)]) from None
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start]).decode("utf-8", "replace")
        place = nodes.place_at(before, len(before), str(path))
        raise BadScenario([Wrong(place, "this is no text in UTF-8; save it as UTF-8")]) from None
    return read(text, str(path), path.parent, values)


def read(
    text: str, file: str = "scenario.yaml", folder: Path | None = None, values: Mapping[str, str] | None = None
) -> list[Scenario]:
    """The scenarios of a text; `folder` is where the files lie that it names."""
    found: list[Scenario] = []
    mistakes: list[Wrong] = []
    try:
        for root in parse(text, file):
            if not (isinstance(root, Scalar) and root.is_empty):
                found += _Document(root, folder or Path(), values or {}, mistakes).scenarios()
    except Wrong as wrong:
        mistakes.append(wrong)
    if not found and not mistakes:
        mistakes.append(Wrong(Place(file, 1, 1), "there is no scenario in it; one has a name and steps"))
    if mistakes:
        raise BadScenario(mistakes)
    return found


class _Document:
    """One scenario while it is read; what is wrong is collected, so that the rest can be read too."""

    def __init__(self, root: Node, folder: Path, values: Mapping[str, str], mistakes: list[Wrong]) -> None:
        self.place = root.place
        self.folder = folder
        self.mistakes = mistakes
        self.members: dict[str, Node] = {}
        if not isinstance(root, nodes.Mapping):
            raise Wrong(root.place, "a scenario begins with its name, as in name: A first contact")
        given = {name.text for name, _ in root.entries}
        for name, node in root.entries:
            self.members[name.text] = node
            if name.text not in MEMBERS:
                hint = nearest(name.text, MEMBERS)
                mistakes.append(Wrong(name.place, f"a scenario has no member {name.text}{hint}"))
                if (meant := hint.removeprefix("; did you mean ").rstrip("?")) in set(MEMBERS) - given:
                    self.members[meant] = node  # so that what follows from this mistake is not told as another one
        self.variables: dict[str, str] = {}
        with self._collecting():
            self.variables = self._names("variables") | dict(values)

    def _collecting(self) -> _Collecting:
        return _Collecting(self.mistakes)

    def scenarios(self) -> list[Scenario]:
        """One for each example, or the one."""
        found: list[Scenario] = []
        for row in self._examples():
            with self._collecting():
                found.append(self._scenario(row))
        return found

    def _names(self, member: str) -> dict[str, str]:
        node = self.members.get(member)
        return self._row(node, member) if node is not None else {}

    def _row(self, node: Node, what: str) -> dict[str, str]:
        """Names and their texts."""
        plain, found = Reader({}), {}
        for name, value in plain.members(node, what).items():
            if not re.fullmatch(r"[^\W\d]\w*", name):
                raise Wrong(value.place, f"a variable is a word of letters, digits and _, not {name}")
            if name in WORLD:
                raise Wrong(value.place, f"{name} is there already: it is the business's")
            found[name] = plain.word(value, name)
        return found

    def _examples(self) -> list[dict[str, str]]:
        node = self.members.get("examples")
        if node is None:
            return [{}]
        rows: list[dict[str, str]] = []
        with self._collecting():
            if not isinstance(node, nodes.Sequence) or not node.items:
                raise Wrong(node.place, "examples are a list of rows, as in - {country: BR, code: 131026}")
            for item in node.items:
                row = self._row(item, "an example")
                if rows:
                    _refuse_gaps(item.place, row, rows[0])
                rows.append(row)
        return rows

    def _scenario(self, row: dict[str, str]) -> Scenario:
        reader = Reader(self.variables | row, WORLD)
        for member in ("name", "steps"):
            if member not in self.members:
                raise Wrong(self.place, f"a scenario needs its {member}")
        self._part("description", "", lambda node: reader.text(node, "description"))
        users = self._users(reader)
        named = self._named()
        reader.later |= {f"{key}.{name}" for key in named for name in OF_USERS}
        return Scenario(
            name=self._part("name", "", lambda node: _name(reader, node)),
            place=self.place,
            users=users,
            templates=self._templates(reader),
            variables=self.variables | row,
            example=row,
            policy=self._part("policy", None, lambda node: _policy(reader, node)),
            clock=self._part("clock", None, lambda node: _clock(reader, node)),
            seed=self._part("seed", 0, lambda node: reader.whole(node, "seed")),
            version=self._part("version", None, lambda node: _version(reader, node)),
            strict=self._part("strict", True, lambda node: reader.boolean(node, "strict")),
            steps=self._steps(reader, named),
        )

    def _part(self, member: str, default: Any, read: Callable[[Node], Any]) -> Any:
        """A member that may be missing; what is wrong with it does not keep the others from being read."""
        if member in self.members:
            with self._collecting():
                return read(self.members[member])
        return default

    # users

    def _users(self, reader: Reader) -> tuple[Person, ...]:
        node = self.members.get("users")
        found: list[Person] = []
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return ()
        if isinstance(node, Scalar):
            raise Wrong(node.place, "users are a list or a mapping of names, as in users: [ana, bob]")
        if isinstance(node, nodes.Sequence):
            for item in node.items:
                with self._collecting():
                    person = _person(reader, reader.word(item, "a user"), item.place, None)
                    if any(person.key == other.key for other in found):
                        raise Wrong(item.place, f"{person.key} stands here twice")
                    found.append(person)
        else:
            for name, value in node.entries:
                with self._collecting():
                    found.append(_person(reader, name.text, name.place, value))
        return tuple(found)

    def _named(self) -> list[str]:
        """Whoever is named, so that a mistake in what is said of somebody is one mistake."""
        node = self.members.get("users")
        if isinstance(node, nodes.Mapping):
            return [name.text for name, _ in node.entries]
        items = node.items if isinstance(node, nodes.Sequence) else ()
        return [item.text for item in items if isinstance(item, Scalar)]

    # templates

    def _templates(self, reader: Reader) -> tuple[Template, ...]:
        node = self.members.get("templates")
        if node is None:
            return ()
        found: list[Template] = []
        for name, value in reader.members(node, "templates").items():
            with self._collecting():
                found.append(_template(reader, name, value))
        return tuple(found)

    def _steps(self, reader: Reader, users: list[str]) -> tuple[Step, ...]:
        node = self.members["steps"]
        if not isinstance(node, nodes.Sequence) or not node.items:
            for first in [name for name, _ in node.entries[:1]] if isinstance(node, nodes.Mapping) else [node]:
                refuse_odd_spaces(first.text if isinstance(first, Scalar) else "", node.place)
            raise Wrong(node.place, "steps are a list: each begins with a dash, as in - ana says: Hi")
        found: list[Step] = []
        for item in node.items:
            with self._collecting():
                if not _is_of_nobody(item, users):
                    found.append(self._step(reader, item, users))
        return tuple(found)

    def _step(self, reader: Reader, item: Node, users: list[str]) -> Step:
        if isinstance(item, Scalar):
            return read_step(reader, item.place, reader.word(item, "a step"), None, users)
        if isinstance(item, nodes.Mapping) and len(item.entries) > 1:
            (sentence, first), (second, _) = item.entries[:2]
            if isinstance(first, Scalar) and first.is_empty and " " in sentence.text and " " not in second.text:
                raise Wrong(second.place, f"what belongs to `{sentence.text}:` is indented further than that")
        if not isinstance(item, nodes.Mapping) or len(item.entries) != 1:
            more = item.entries[1:2] if isinstance(item, nodes.Mapping) else ()
            place = more[0][0].place if more else item.place
            raise Wrong(place, "a step is one sentence, and what follows it after a colon; begin each with a dash")
        key, value = item.entries[0]
        step = read_step(reader, key.place, reader.word(key, "a step"), value, users)
        if isinstance(step, SendsFile) and step.file is not None:
            path = self.folder / step.file
            if not path.is_file():
                raise Wrong(value.place, f"there is no file {path}")
            return replace(step, file=str(path))
        return step


def _is_of_nobody(item: Node, users: list[str]) -> bool:
    """Whether a step is of a user who cannot be called so, which is told where that user is named."""
    key = item.entries[0][0] if isinstance(item, nodes.Mapping) and item.entries else item
    sentence = key.text if isinstance(key, Scalar) else ""
    return any(sentence.startswith(f"{user} ") for user in users if not _is_a_name(user))


def _is_a_name(key: str) -> bool:
    return key.isidentifier() and key not in TAKEN


def _refuse_gaps(place: Place, row: Mapping[str, str], first: Mapping[str, str]) -> None:
    """Each row has the columns of the first one."""
    lacks, extra = [name for name in first if name not in row], [name for name in row if name not in first]
    if lacks or extra:
        what = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"has {', '.join(extra)} beside"] * bool(extra)
        raise Wrong(place, f"each example names the same ({', '.join(first)}), but this one {' and '.join(what)}")


class _Collecting:
    """Keeps a mistake and goes on behind the block."""

    def __init__(self, mistakes: list[Wrong]) -> None:
        self._mistakes = mistakes

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Wrong):
            self._mistakes.append(error)
            return True
        return False


def _name(reader: Reader, node: Node) -> str:
    found = reader.word(node, "name")
    if not found.strip():
        raise Wrong(node.place, "a scenario needs its name")
    return found


def _policy(reader: Reader, node: Node) -> Rule:
    return read_rule(reader, node, node.place, {"sentence": "policy", "argument": reader.shown(node)})


def _clock(reader: Reader, node: Node) -> str:
    found = reader.word(node, "clock")
    if found == "real":
        return found
    try:
        moment = datetime.fromisoformat(found.replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1971 <= moment.year <= 9000:
        raise Wrong(node.place, f"clock is real, or a time with its zone as 2026-01-31T12:00:00Z, not {found}")
    return found


def _version(reader: Reader, node: Node) -> str:
    found = reader.word(node, "version")
    if not re.fullmatch(r"v\d{1,3}\.\d", found):
        raise Wrong(node.place, f"version is a Graph version such as v26.0, not {found}")
    return found


def _person(reader: Reader, key: str, place: Place, node: Node | None) -> Person:
    """A user; nobody needs to say anything of them."""
    if not _is_a_name(key):
        why = "is taken" if key in TAKEN else "is not one"
        raise Wrong(place, f"a user's name here is one word, and {key!r} {why}; their full name goes into name:")
    if node is None or (isinstance(node, Scalar) and node.is_empty):
        return Person(key=key, place=place, name=key.capitalize())
    members = reader.members(node, f"the user {key}", (*PERSON, *words("behaviour")))
    said = {name: reader.word(members[name], name) for name in PERSON if name in members}
    country = said.get("country", "US")
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise Wrong(members["country"].place, f"country is two capital letters such as BR, not {country}")
    if "country" in said and "number" in said:
        raise Wrong(members["country"].place, "a number has its country already: leave one of the two out")
    return Person(
        key=key,
        place=place,
        name=said.get("name", key.capitalize()),
        country=country,
        number=said.get("number"),
        username=said.get("username"),
        behaviour={name: _behaviour(reader, name, value) for name, value in members.items() if name not in PERSON},
        places={name: value.place for name, value in members.items()},
    )


def _behaviour(reader: Reader, name: str, node: Node) -> Any:
    if name not in _TIMES:
        return reader.json(node)
    found = reader.word(node, name)
    if found == "never":
        return None
    seconds = span_of(found)
    if seconds is None:
        raise Wrong(node.place, f"{name} is a time such as 5 s, or never; not {found}")
    return seconds


def _template(reader: Reader, name: str, node: Node) -> Template:
    """A template out of its text, or out of its components."""
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise Wrong(node.place, f"a template's name is made of a-z, 0-9 and _, not {name}")
    members = reader.members(node, f"the template {name}", TEMPLATE)
    if ("body" in members) == ("components" in members):
        raise Wrong(node.place, "a template has either a body (a text) or components (as Meta takes them)")
    category = "UTILITY"
    if "category" in members:
        category = reader.choice(members["category"], "category", words("template_category"))
    language = reader.word(members["language"], "language") if "language" in members else "en_US"
    if "components" in members:
        components = reader.json(members["components"])
        if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
            raise Wrong(
                members["components"].place, "components are a list of mappings, as in - {type: BODY, text: Hi}"
            )
    else:
        components = [_body(reader, members)]
    return Template(place=node.place, name=name, language=language, category=category, components=tuple(components))


def _body(reader: Reader, members: dict[str, Node]) -> dict[str, Any]:
    """A body component; variables without examples get some."""
    text = reader.word(members["body"], "body")
    count = max((int(number) for number in re.findall(r"\{\{(\d+)\}\}", text)), default=0)
    example = [f"example {n + 1}" for n in range(count)]
    if "example" in members:
        node = members["example"]
        items = node.items if isinstance(node, nodes.Sequence) else (node,)
        example = [reader.word(item, "an example") for item in items]
        if len(example) != count:
            raise Wrong(node.place, f"the body has {count} variables, here are examples of {len(example)}")
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [example]}} if example else {})


__all__ = ["BadScenario", "load", "nearest", "read"]
