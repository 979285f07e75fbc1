"""Pauses ended and archives filled by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localwaba.domain import template_life, template_pausing
from localwaba.domain.errors import refuse
from localwaba.domain.events import Event
from localwaba.domain.model import Template
from localwaba.domain.world import World
from localwaba.operations.call import SUCCESS, Answer, Call, missing

_MOST = 100


def unpause_template(call: Call) -> Answer:
    """`POST /{template}/unpause`: ends a pause that pacing made; what cannot be unpaused says why, with HTTP 200."""
    template = call.world.templates[call.node]
    reason = template_pausing.cannot_unpause(template, call.now)
    if reason:
        return Answer(body={"success": False, "reason": reason}, warning=reason)
    return Answer(body=SUCCESS, events=template_pausing.approve_again(template, call.now))


def archive_templates(call: Call) -> Answer:
    """`POST /{waba}/message_templates/archive`: each template for itself."""
    return _move(call, "archived_templates", template_life.cannot_archive, template_life.archive)


def unarchive_templates(call: Call) -> Answer:
    """`POST /{waba}/message_templates/unarchive`: each template for itself."""
    return _move(call, "unarchived_templates", template_life.cannot_unarchive, template_life.unarchive)


def _move(
    call: Call,
    done: str,
    fault_of: Callable[[Template | None], str],
    move: Callable[[Template, int, World], list[Event]],
) -> Answer:
    world = call.world
    moved: list[str] = []
    failed: dict[str, str] = {}
    events: list[Event] = []
    for template_id in _ids(call.params.get("hsm_ids")):
        template = world.templates.get(template_id)
        if template is not None and template.waba_id != call.node:
            template = None
        fault = fault_of(template)
        if template is None or fault:
            failed[template_id] = fault
        else:
            moved.append(template_id)
            events += move(template, call.now, world)
    return Answer(body={done: moved, "failed_templates": failed}, events=events)


def _ids(given: Any) -> list[str]:
    """The ids of a list, or of a text with commas; none twice."""
    parts = given if isinstance(given, list) else str(given or "").strip("[]").split(",")
    ids = list(dict.fromkeys(str(part).strip(" \"'") for part in parts))
    ids = [one for one in ids if one]
    if not ids:
        raise missing("hsm_ids")
    if len(ids) > _MOST:
        raise refuse(
            100,
            message=f"Param hsm_ids must have at most {_MOST} elements.",
            rule="template.archive",
            why=f"{len(ids)} ids",
            fix=f"send {_MOST} at a time",
        )
    return ids
