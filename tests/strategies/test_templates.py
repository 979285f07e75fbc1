"""Templates that the strategies make are approved and sent, or refused exactly as they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from localwaba_contracts.validate import is_valid
from pytest_localwaba import strategies as wa

quick = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], database=None)
unexplained = settings(quick, max_examples=200, phases=[Phase.generate, Phase.shrink])
unshrunk = settings(quick, max_examples=300, phases=[Phase.generate])


@quick
@given(data=st.data())
def test_templates_are_taken_and_sent(stage: Any, data: st.DataObject) -> None:
    """A definition is created, and its send is taken; both keep their contracts."""
    definition, request = data.draw(wa.templates_with_sends(handles=stage.handles))
    assert is_valid("requests/create_template", definition)
    assert is_valid("requests/messages/template", request)
    assert stage.create(definition).status == 200
    assert stage.send(request).status == 200


@pytest.mark.parametrize("kind", wa.TEMPLATE_KINDS)
def test_each_kind(stage: Any, kind: str) -> None:
    """Every kind of template can be asked for alone."""

    @settings(quick, max_examples=6)
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        definition, request = data.draw(wa.templates_with_sends([kind], handles=stage.handles))
        assert stage.create(definition).status == 200
        assert stage.send(request).status == 200

    holds()


@settings(quick, max_examples=60)
@given(data=st.data())
def test_broken_sends_of_templates(stage: Any, data: st.DataObject) -> None:
    """Once its template is there, a broken send is refused as promised."""
    one = data.draw(wa.broken_template_sends(handles=stage.handles))
    for definition in one.needs:
        assert stage.create(definition).status == 200
    reply = stage.send(one.request)
    assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what


@pytest.mark.parametrize(
    ("code", "kind"), [(132000, "text"), (132001, "text"), (132012, "media"), (131008, "buttons"), (100, "named")]
)
def test_codes_of_templates(code: int, kind: str) -> None:
    """Each of the errors that are typical of templates is among the promised ones."""
    assert find(wa.broken_template_sends([kind]), lambda one: one.error.code == code, settings=unshrunk)


@settings(quick, max_examples=60)
@given(data=st.data())
def test_broken_templates(stage: Any, data: st.DataObject) -> None:
    """A broken definition is refused as promised, with Meta's subcode and its texts for people."""
    one = data.draw(wa.broken_templates(handles=stage.handles))
    reply = stage.create(one.request)
    assert wa.MetaError.of(reply.status, reply.body) == one.error, one.what


def test_templates_shrink() -> None:
    """The smallest template and its send are the plainest."""
    definition, request = find(wa.templates_with_sends(), lambda one: True, settings=unexplained)
    body = {"type": "BODY", "text": "Hello"}
    assert definition == {"name": "a", "language": "en_US", "category": "UTILITY", "components": [body]}
    assert request["template"] == {"name": "a", "language": {"code": "en_US"}}
    found = find(wa.broken_template_sends(), lambda one: one.error.code == 132000, settings=unexplained)
    assert found.what == "the body gets 1 values and has 0 variables"


def draw_from(strategy: Any) -> Any:
    """Draws once, outside of a test of Hypothesis."""
    return find(strategy, lambda one: True, settings=unshrunk)


def test_slips() -> None:
    """A kind that there is not is an error that names those that there are."""
    with pytest.raises(ValueError, match="templates makes no carrousel; there are text, named"):
        draw_from(wa.templates(["carrousel"]))
