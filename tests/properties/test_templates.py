"""The rules of templates against an obvious reference, and the way from a template to a send and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.errors import Refused
from localwaba.domain.template_compiling import compile_template, compile_text
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_placeholders import hydrate, placeholders
from localwaba.domain.template_sending import match
from localwaba.domain.template_values import TemplateDraft, TemplatePolicy

FEW = settings(max_examples=60, deadline=None)
POLICY = TemplatePolicy()


def code_of(body: dict[str, Any], policy: TemplatePolicy = POLICY) -> int | None:
    try:
        check_creation(body, [], 0, policy)
    except Refused as refused:
        return refused.refusal.subcode
    return None


# ---- (a) ratio and edges

WORDS = st.sampled_from(["order", "é", "7", "it's", "#5", "日"])
MARKS = st.sampled_from([".", "!", "-", "…", "*", "«"])
TOKENS = st.lists(st.tuples(st.just("word"), WORDS) | st.tuples(st.just("mark"), MARKS) | st.just(("variable", "")))


def expected_code(kinds: list[str], strict: bool) -> int | None:
    """What the rules say of a text, told by its kinds of tokens."""
    variables, words = kinds.count("variable"), kinds.count("word")
    if variables == 0:
        return None
    if set(kinds) == {"variable"}:
        return 2388072
    if words < 2 * variables + 1:
        return 2388293
    telling = [kind for kind in kinds if kind != "mark"] if strict else kinds
    return 2388299 if "variable" in (telling[0], telling[-1]) else None


@FEW
@given(tokens=TOKENS.filter(bool), strict=st.booleans())
def test_ratio_and_edges(tokens: list[tuple[str, str]], strict: bool) -> None:
    """A body is refused for its variables exactly when counting its tokens says so."""
    count, parts = 0, []
    for kind, token in tokens:
        count += kind == "variable"
        parts.append(f"{{{{{count}}}}}" if kind == "variable" else token)
    component: dict[str, Any] = {"type": "BODY", "text": " ".join(parts)}
    if count:
        component["example"] = {"body_text": [["x"] * count]}
    body = {"name": "n", "language": "en", "category": "UTILITY", "components": [component]}
    policy = TemplatePolicy(strict_trailing_variable=strict)
    assert code_of(body, policy) == expected_code([kind for kind, _ in tokens], strict)


# ---- (b) from a template to its send

NAMES = st.lists(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), unique=True, max_size=4)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


def worded(names: list[str]) -> str:
    return "We write to you " + "".join(f"with {{{{{name}}}}} as it is agreed, " for name in names) + "from us."


@st.composite
def templates(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, int]]:
    """A creation, the components of a send that fits it, and where in them the values of each part are."""
    named = draw(st.booleans())
    names = draw(NAMES)
    if not named:
        names = [str(number) for number in range(1, len(names) + 1)]
    components: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []
    places: dict[str, int] = {}

    def value(name: str) -> dict[str, Any]:
        return {"type": "text", "text": draw(VALUES)} | ({"parameter_name": name} if named else {})

    header = draw(st.sampled_from([None, "TEXT", "IMAGE", "VIDEO", "DOCUMENT"]))
    if header == "TEXT":
        name = "sale" if named else "1"
        example = (
            {"header_text_named_params": [{"param_name": name, "example": "x"}]} if named else {"header_text": ["x"]}
        )
        components.append({"type": "HEADER", "format": "TEXT", "text": f"Our {{{{{name}}}}} is on", "example": example})
        places["header"] = len(sent)
        sent.append({"type": "header", "parameters": [value(name)]})
    elif header is not None:
        components.append({"type": "HEADER", "format": header, "example": {"header_handle": ["4::eA==:x"]}})
        kind = header.lower()
        sent.append({"type": "header", "parameters": [{"type": kind, kind: {"id": "1"}}]})
    body: dict[str, Any] = {"type": "BODY", "text": worded(names)}
    if names:
        examples = [{"param_name": name, "example": "x"} for name in names]
        body["example"] = {"body_text_named_params": examples} if named else {"body_text": [["x"] * len(names)]}
        places["body"] = len(sent)
        sent.append({"type": "body", "parameters": [value(name) for name in names]})
    components.append(body)
    if draw(st.booleans()):
        components.append({"type": "FOOTER", "text": "Bye"})
    kinds = draw(st.lists(st.sampled_from(["QUICK_REPLY", "URL", "STATIC", "COPY_CODE"]), unique=True, max_size=4))
    buttons: list[dict[str, Any]] = []
    for index, kind in enumerate(kinds):
        if kind == "QUICK_REPLY":
            buttons.append({"type": kind, "text": "Yes"})
        elif kind == "STATIC":
            buttons.append({"type": "URL", "text": "Help", "url": "https://a.test"})
        elif kind == "URL":
            buttons.append({"type": "URL", "text": "Go", "url": "https://a.test/{{1}}", "example": ["x"]})
            places["url"] = len(sent)
            suffix = {"type": "text", "text": draw(VALUES)}
            sent.append({"type": "button", "sub_type": "url", "index": str(index), "parameters": [suffix]})
        else:
            buttons.append({"type": kind, "example": "A1"})
            coupon = {"type": "coupon_code", "coupon_code": "A1"}
            sent.append({"type": "button", "sub_type": "copy_code", "index": index, "parameters": [coupon]})
    if buttons:
        components.append({"type": "BUTTONS", "buttons": buttons})
    form = "NAMED" if named else "POSITIONAL"
    whole = {"name": "n", "language": "en", "category": "MARKETING", "parameter_format": form, "components": components}
    return whole, sent, places


def created(body: dict[str, Any]) -> TemplateDraft:
    return check_creation(body, [], 0, POLICY)


def refused_code(draft: TemplateDraft, sent: list[dict[str, Any]]) -> int:
    compiled = compile_template(draft.components, draft.category, draft.parameter_format)
    with pytest.raises(Refused) as caught:
        match(compiled, sent)
    return caught.value.refusal.code


@FEW
@given(case=templates())
def test_valid_templates_can_be_sent(case: tuple[dict[str, Any], list[dict[str, Any]], dict[str, int]]) -> None:
    """A template that was accepted is filled by a send with exactly its values, and shows them in its body."""
    body, sent, places = case
    draft = created(body)
    filled = match(compile_template(draft.components, draft.category, draft.parameter_format), sent)
    assert draft.rejected_reason is None
    for parameter in sent[places["body"]]["parameters"] if "body" in places else []:
        assert f"with {parameter['text']} as it is agreed" in filled.body


@FEW
@given(case=templates(), data=st.data())
def test_one_value_less_or_more(
    case: tuple[dict[str, Any], list[dict[str, Any]], dict[str, int]], data: st.DataObject
) -> None:
    """One value less is 132000, in a URL button 131008; one more is 132000."""
    body, sent, places = case
    draft = created(body)
    if not places:
        extra = {"type": "body", "parameters": [{"type": "text", "text": "x"}]}
        assert refused_code(draft, [*sent, extra]) == 132000
        return
    part = data.draw(st.sampled_from(sorted(places)))
    place = places[part]
    values = sent[place]["parameters"]
    more = [*sent[:place], sent[place] | {"parameters": [*values, values[0]]}, *sent[place + 1 :]]
    less = [*sent[:place], sent[place] | {"parameters": values[1:]}, *sent[place + 1 :]]
    assert refused_code(draft, more) == 132000
    assert refused_code(draft, less) == (131008 if part == "url" else 132000)


@FEW
@given(values=st.lists(VALUES, min_size=1, max_size=4), noise=st.sampled_from(["", "type", "footer", "index"]))
def test_quick_path(values: list[str], noise: str) -> None:
    """The short way for common sends shows what the long way shows."""
    names = [str(number) for number in range(1, len(values) + 1)]
    compiled = compile_template([{"type": "BODY", "text": worded(names)}], "UTILITY", "POSITIONAL")
    component: dict[str, Any] = {"type": "body", "parameters": [{"type": "text", "text": one} for one in values]}
    slow = [component | {"type": "BODY"}, {"type": "footer", "parameters": []}]
    if noise:
        component = component | {noise: component.get(noise)}
    assert match(compiled, [component]) == match(compiled, slow)


# ---- (c) filling and its inverse

FIXED = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=12)


@FEW
@given(fixed=st.lists(FIXED, min_size=1, max_size=5), named=st.booleans())
def test_hydrate_inverts(fixed: list[str], named: bool) -> None:
    """Putting marks in the places of variables, and variables in the places of marks, gives the text again."""
    count = len(fixed) - 1
    names = [f"v_{'abcde'[number]}" if named else str(number + 1) for number in range(count)]
    text = fixed[0] + "".join(f"{{{{{name}}}}}{rest}" for name, rest in zip(names, fixed[1:], strict=True))
    marks = [f"{{mark-{number}}}" for number in range(count)]
    form = "NAMED" if named else "POSITIONAL"
    filled = hydrate(text, dict(zip(names, marks, strict=True)) if named else marks)
    assert placeholders(text, form) == names
    assert compile_text(text, form).render(marks) == filled
    back = filled
    for name, mark in zip(names, marks, strict=True):
        back = back.replace(mark, f"{{{{{name}}}}}")
    assert back == text


def test_unknown_variables_stay() -> None:
    """A variable without value stays as it is."""
    assert hydrate("{{1}} and {{2}}", ["a"]) == "a and {{2}}"
    assert hydrate("{{a}} and {{b}}", {"b": "x"}) == "{{a}} and x"
