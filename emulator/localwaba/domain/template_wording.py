"""Header, body and footer of a template: what each needs, and how its text may read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.template_placeholders import (
    ANY_PLACEHOLDER,
    emojis,
    malformed,
    too_many_variables,
    variable_at_edge,
    without_placeholders,
)
from localwaba.domain.template_refusals import (
    BODY_FORMAT,
    FOOTER_FORMAT,
    missing_fields,
    too_long,
    unexpected_fields,
    wrong_example,
    wrong_format,
)
from localwaba.domain.template_values import TemplatePolicy

HANDLE_FORMATS = frozenset(("IMAGE", "VIDEO", "DOCUMENT", "GIF"))
FORMATTING = re.compile(r"[*_~`]")
_HANDLE = re.compile(r"[0-9]+:{1,2}[A-Za-z0-9+/=_-]+(:[A-Za-z0-9+/=_.-]*)*")
_BREAKS = re.compile(r"\n{3,}")

HandleCheck = Callable[[str, str], bool]
"""Whether an uploaded handle is good for a header format; the caller knows its upload sessions."""


def check_header_fields(header: dict[str, Any], parameter_format: str, handle_ok: HandleCheck | None) -> None:
    """A header has its format, its text or its sample, and an example for its variable."""
    kind = header.get("format")
    if kind is None:
        raise missing_fields("HEADER", "format")
    example = header.get("example", {})
    if kind == "TEXT":
        if not header.get("text"):
            raise missing_fields("HEADER", "text")
        _check_examples("HEADER", header["text"], example, parameter_format)
        return
    if header.get("text"):
        raise unexpected_fields("HEADER", "text")
    if kind in HANDLE_FORMATS:
        _check_handles(kind, example, handle_ok)


def check_body_fields(body: dict[str, Any], parameter_format: str) -> None:
    """A body has a text, and one example for every variable in it."""
    if not body.get("text"):
        raise missing_fields("BODY", "text")
    extra = [key for key in ("format", "add_security_recommendation", "code_expiration_minutes") if key in body]
    if extra:
        raise unexpected_fields("BODY", *extra)
    _check_examples("BODY", body["text"], body.get("example", {}), parameter_format)


def check_footer_fields(footer: dict[str, Any]) -> None:
    """A footer has a text and nothing else."""
    if not footer.get("text"):
        raise missing_fields("FOOTER", "text")
    extra = [key for key in ("format", "add_security_recommendation", "code_expiration_minutes") if key in footer]
    if extra:
        raise unexpected_fields("FOOTER", *extra)


def check_header_format(header: dict[str, Any], parameter_format: str, policy: TemplatePolicy) -> None:
    """A text header is short, plain, and has one variable at most."""
    if header.get("format") != "TEXT":
        return
    text, code = header["text"], policy.header_format_subcode
    if len(text) > 60:
        raise too_long("header", 60, len(text))
    plain = without_placeholders(text)
    if "\n" in plain or FORMATTING.search(plain) or emojis(plain):
        raise wrong_format(code, "template.header_format", "the header has new lines, formatting characters or emojis")
    wrong = malformed(text, parameter_format)
    if wrong is None and len(ANY_PLACEHOLDER.findall(text)) > 1:
        wrong = "a header may have one variable only"
    if wrong is not None:
        raise wrong_format(code, "template.header_format", wrong)


def check_body_format(
    body: dict[str, Any], parameter_format: str, limit: int, policy: TemplatePolicy, field: str = "body"
) -> None:
    """A body is not too long, not only variables, with few emojis and no gaps of empty lines."""
    text = body["text"]
    if len(text) > limit:
        raise too_long(field, limit, len(text))
    wrong = malformed(text, parameter_format)
    if _BREAKS.search(text.replace("\r\n", "\n")):
        wrong = "the body has more than two consecutive newline characters"
    elif not without_placeholders(text).strip():
        wrong = "the body has nothing but variables"
    elif emojis(text) > policy.emoji_limit:
        wrong = f"the body has {emojis(text)} emojis"
    if wrong is not None:
        raise wrong_format(BODY_FORMAT, "template.body_format", wrong)


def check_footer_format(footer: dict[str, Any]) -> None:
    """A footer is short, without variables, new lines or emojis."""
    text = footer["text"]
    if len(text) > 60:
        raise too_long("footer", 60, len(text))
    if "\n" in text or ANY_PLACEHOLDER.search(text) or emojis(text):
        raise wrong_format(FOOTER_FORMAT, "template.footer_format", "the footer has variables, new lines or emojis")


def check_ratio(text: str, policy: TemplatePolicy) -> None:
    """A text has enough fixed words for its variables (100/2388293)."""
    if policy.variable_ratio and too_many_variables(text):
        raise refuse(
            100,
            subcode=2388293,
            rule="template.variable_ratio",
            why="too many variables: words + n must be at least 3n + 1 for n variables",
            fix="write more words around the variables or use fewer",
        )


def check_edges(text: str, policy: TemplatePolicy) -> None:
    """A text neither begins nor ends with a variable (100/2388299)."""
    if variable_at_edge(text, policy.strict_trailing_variable):
        raise refuse(
            100,
            subcode=2388299,
            rule="template.variable_at_edge",
            why="the text begins or ends with a variable; punctuation around it does not help",
            fix="put a word before the first and after the last variable",
        )


def _check_examples(component: str, text: str, example: dict[str, Any], parameter_format: str) -> None:
    variables = list(dict.fromkeys(name.strip() for name in ANY_PLACEHOLDER.findall(text)))
    stem = "header_text" if component == "HEADER" else "body_text"
    if not variables:
        if any(_counted(example.get(key)) for key in (stem, f"{stem}_named_params")):
            raise wrong_example(component, f"the {component} has an example and no variable")
        return
    if parameter_format == "NAMED":
        _check_named(component, variables, example.get(f"{stem}_named_params"))
        return
    rows = example.get(stem)
    if not rows or not isinstance(rows, list):
        raise missing_fields(component, "example", fix=f"send example.{stem}")
    for row in rows if component == "BODY" else [rows]:
        if not isinstance(row, list) or len(row) != len(variables) or not all(_filled(one) for one in row):
            raise wrong_example(component, f"{len(variables)} variables, example {row!r}")


def _check_named(component: str, variables: list[str], given: object) -> None:
    if not isinstance(given, list) or not given:
        raise missing_fields(component, "example", fix="send the examples as *_named_params")
    names = [one.get("param_name") for one in given if isinstance(one, dict) and _filled(one.get("example"))]
    if sorted(map(str, names)) != sorted(variables):
        raise wrong_example(component, f"variables {variables}, examples for {names}")


def _counted(value: object) -> bool:
    return bool(value) and value != [[]]


def _filled(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _check_handles(kind: str, example: dict[str, Any], handle_ok: HandleCheck | None) -> None:
    handles = example.get("header_handle")
    if not isinstance(handles, list) or not handles:
        raise _no_sample(kind, "there is no example.header_handle")
    for handle in handles:
        if not isinstance(handle, str) or not handle or handle.lower().startswith(("http:", "https:")):
            raise _no_sample(kind, "example.header_handle is not a handle of the Resumable Upload API")
        if not all(_HANDLE.fullmatch(line) for line in handle.split("\n")) or (
            handle_ok is not None and not handle_ok(handle, kind)
        ):
            raise refuse(
                131009,
                subcode=2494102,
                rule="template.header_handle",
                why=f"{handle[:40]!r} is no handle of an uploaded {kind.lower()} of this app",
                fix="upload the sample: POST /{app}/uploads, then POST /{upload session}, and send its h",
            )


def _no_sample(kind: str, why: str) -> Refused:
    return refuse(
        100,
        subcode=2388273,
        values={"component": kind, "format": kind},
        rule="template.header_sample",
        why=why,
        fix="upload a sample and send its handle as example.header_handle",
    )
