"""How templates are refused: Graph's grammar of parameters, and the subcodes of template management.

Placeholders that the catalogue's user texts may use: `{language}`, `{component}`, `{fields}`, `{category}`,
`{existing_category}` (also `{existing}`), `{wait}` (with its preposition: "in 4 weeks"), `{limit}`, `{field}`,
`{format}`. A refusal of which the user texts are known and the subcode is not names its row in `values["variant"]`:
`category_mismatch`, `category_while_deleting`, `button_combination`.
"""

from __future__ import annotations

from collections.abc import Iterable

from localwaba.domain.errors import Refused, refuse

MISSING_FIELDS = 2388043
UNEXPECTED_FIELDS = 2388042
CHARACTER_LIMIT = 2388040
HEADER_FORMAT = 2388047
BODY_FORMAT = 2388072
FOOTER_FORMAT = 2388073
BUTTON_FORMAT = 2388060


def required(path: str) -> Refused:
    """A parameter is not there."""
    return refuse(
        100,
        message=f"The parameter {path} is required.",
        rule="graph.required",
        why=f"{path} is missing",
        fix=f"send {path}",
    )


def wrong_type(path: str, kind: str) -> Refused:
    """A parameter has another JSON type; `kind` with its article (`a string`)."""
    return refuse(
        100,
        message=f"Param {path} must be {kind}.",
        rule="graph.type",
        why=f"{path} is not {kind}",
        fix=f"send {kind}",
    )


def not_one_of(path: str, allowed: Iterable[str], got: object) -> Refused:
    """A parameter is not in its enum."""
    names = ", ".join(allowed)
    return refuse(
        100,
        message=f'Param {path} must be one of {{{names}}} - got "{got}".',
        rule="graph.enum",
        why=f"{path} is {got!r}",
        fix=f"use one of {names}",
    )


def unexpected_key(key: str, path: str) -> Refused:
    """An object inside the request has a key that Graph does not know there."""
    return refuse(
        100,
        message=f'Unexpected key "{key}" on param "{path}".',
        rule="graph.unknown_key",
        why=f"{path} knows no {key!r}",
        fix=f"leave {key!r} out",
    )


def unfit(path: str, sentence: str, *, rule: str = "graph.value") -> Refused:
    """A parameter's value breaks a limit; `sentence` goes on after `Param <path>`."""
    return refuse(100, message=f"Param {path} {sentence}.", rule=rule, why=f"{path} {sentence}", fix="")


def missing_fields(component: str, *fields: str, fix: str = "") -> Refused:
    """A component lacks what it needs (100/2388043)."""
    names = ", ".join(fields)
    return refuse(
        100,
        subcode=MISSING_FIELDS,
        values={"component": component, "fields": names},
        rule="template.missing_fields",
        why=f"component of type {component} is missing expected field(s) ({names})",
        fix=fix or f"give the {component} component its {names}",
    )


def wrong_example(component: str, why: str) -> Refused:
    """Variables and examples do not agree (100/2388043, as captured for an example too many too)."""
    return refuse(
        100,
        subcode=MISSING_FIELDS,
        values={"component": component, "fields": "example"},
        rule="template.example",
        why=why,
        fix="give exactly one example for every variable, none where there is no variable",
    )


def unexpected_fields(component: str, *fields: str, why: str = "") -> Refused:
    """A component has what it may not have (100/2388042)."""
    names = ", ".join(fields)
    return refuse(
        100,
        subcode=UNEXPECTED_FIELDS,
        values={"component": component, "fields": names},
        rule="template.unexpected_fields",
        why=why or f"component of type {component} has unexpected field(s) ({names})",
        fix=f"leave {names} out of the {component} component",
    )


def too_long(field: str, limit: int, length: int) -> Refused:
    """A text is longer than its field allows (100/2388040)."""
    return refuse(
        100,
        subcode=CHARACTER_LIMIT,
        values={"field": field, "limit": str(limit)},
        rule="template.length",
        why=f"{field} has {length} characters",
        fix=f"use at most {limit} characters",
    )


def wrong_format(subcode: int, rule: str, why: str) -> Refused:
    """A text has characters or variables that its place forbids."""
    return refuse(100, subcode=subcode, rule=rule, why=why, fix="take them out")


def not_combined(why: str, fix: str) -> Refused:
    """Parts of a template do not go together; Meta's text was never captured, clients look for two of its words."""
    return refuse(
        100, message=f"Invalid parameter: invalid combination, {why}", rule="template.combination", why=why, fix=fix
    )


def buttons_not_combined(why: str, fix: str) -> Refused:
    """Buttons do not go together: too many of a kind, or quick replies not grouped."""
    return refuse(100, values={"variant": "button_combination"}, rule="template.buttons", why=why, fix=fix)
