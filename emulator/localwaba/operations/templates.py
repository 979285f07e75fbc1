"""Message templates: create, list, read, edit, delete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from localwaba.domain import template_library, template_life, template_pacing, utility_misuse, verification
from localwaba.domain.agenda import ReviewTemplate
from localwaba.domain.budgets import creations
from localwaba.domain.clock import DAY, HOUR, SECOND
from localwaba.domain.enforcement import check_management
from localwaba.domain.errors import refuse
from localwaba.domain.events import Event, Put, Removed, Scheduled
from localwaba.domain.media import find_handle
from localwaba.domain.model import Template
from localwaba.domain.template_creation import check_creation, check_edit
from localwaba.domain.template_values import CurrentTemplate, ExistingTemplate, TemplateDraft, TemplatePolicy
from localwaba.domain.told import TemplateEdited
from localwaba.operations.call import SUCCESS, Answer, Call, unknown_object
from localwaba.operations.flow_sends import resolve_flow_buttons
from localwaba.operations.viewing import show, view_of
from localwaba.wire.fields import read_fields
from localwaba.wire.nodes import render
from localwaba.wire.paging import page
from localwaba.wire.templates import TEMPLATE

_GONE = template_life.GOING


def create_template(call: Call) -> Answer:
    """`POST /{waba}/message_templates`: PENDING until it is reviewed; authentication ones are approved at once."""
    world, params = call.world, template_library.completed(call.params)
    if world.quality.barred:
        template_pacing.check_portfolio(world, call.node, call.now)
    check_management(world, call.node, call.now)
    siblings = [template for template in world.templates.values() if template.waba_id == call.node]
    draft = check_creation(
        params,
        [existing_of(template) for template in siblings],
        call.now,
        policy_of(call),
        handle_ok=handle_check(call),
        creates_last_hour=sum(call.now - template.created_at < HOUR for template in siblings if not template.is_sample),
    )
    utility_misuse.check_creation(world, call.node, draft.category, call.now)
    blank = Template(
        id=call.ids.number(),
        waba_id=call.node,
        name=draft.name,
        language=draft.language,
        category=draft.category,
        status="PENDING",
        components=b"[]",
        created_at=call.now,
    )
    template = stored(call, draft, blank)
    events = reviewed(call, template, old_namesakes(siblings, draft))
    events += template_life.watch_idleness(world, template, call.now)
    status = template.status if not _is_instant(call, template) else "APPROVED"
    return Answer(body={"id": template.id, "status": status, "category": template.category}, events=events)


def old_namesakes(siblings: list[Template], draft: TemplateDraft) -> list[Template]:
    """Deleted templates whose name is free again."""
    return [one for one in siblings if (one.name, one.language) == (draft.name, draft.language) and one.deleted_at]


def _is_instant(call: Call, template: Template) -> bool:
    policy = call.world.policy
    if template.rejected_reason != "NONE" or policy.review_outcome != "approve":
        return False
    if "library_template_name" in call.params and not call.params.get("components"):
        return True  # the wording of the library has been reviewed
    return template.category == "AUTHENTICATION" and policy.authentication_review == "instant"


def reviewed(call: Call, template: Template, namesakes: list[Template]) -> list[Event]:
    """The template is there, and its review is due."""
    now = call.now
    delay = 0 if _is_instant(call, template) else int(call.world.policy.review_after * SECOND)
    events: list[Event] = [Removed(at=now, kind="Template", id=one.id) for one in namesakes]
    if _is_instant(call, template):
        template = replace(template, status="APPROVED", was_approved=True)
        return [*events, Put(at=now, thing=template)]
    review = Scheduled(at=now, due=now + delay, item=ReviewTemplate(template.id, now))
    return [*events, Put(at=now, thing=template), review]


def stored(call: Call, draft: TemplateDraft, template: Template) -> Template:
    """A template with what a draft says."""
    return replace(
        template,
        category=draft.category,
        components=msgspec.json.encode(resolve_flow_buttons(call.world, template.waba_id, draft.components)),
        parameter_format=draft.parameter_format,
        sub_category=str(draft.other.get("sub_category", "")),
        ttl_seconds=draft.ttl_seconds,
        extra=draft.other,
        rejected_reason=draft.rejected_reason or "NONE",
        rejection_info=draft.rejection_info or {},
        updated_at=call.now,
    )


def existing_of(template: Template) -> ExistingTemplate:
    return ExistingTemplate(
        name=template.name,
        language=template.language,
        category=template.category,
        status=template.status,
        deleted_at=template.deleted_at,
        was_approved=template.was_approved,
        id=template.id,
    )


def policy_of(call: Call) -> TemplatePolicy:
    """The knobs of this world that concern templates."""
    policy, world = call.world.policy, call.world
    return TemplatePolicy(
        variable_ratio=policy.variable_ratio,
        strict_trailing_variable=policy.strict_trailing_variable,
        header_format_subcode=policy.header_format_subcode,
        body_limit=policy.body_limit,
        template_name_lock=policy.template_name_lock,
        flat_supported_apps=call.traits.flat_supported_apps,
        authentication_allowed=verification.may_authenticate(world, _waba_of(call)),
        template_limit=verification.template_limit(world, _waba_of(call)),
        creates_per_hour=creations(policy),
    )


def _waba_of(call: Call) -> str:
    template = call.world.templates.get(call.node)
    return template.waba_id if template else call.node


def handle_check(call: Call) -> Callable[[str, str], bool]:
    app_id = call.token.app_id if call.token else ""
    return lambda handle, kind: find_handle(call.world, handle, call.now, app_id) is not None


def list_templates(call: Call) -> Answer:
    """`GET /{waba}/message_templates` with its filters, newest first."""
    params = call.params
    alive = [
        template
        for template in call.world.templates.values()
        if template.waba_id == call.node and template.status not in _GONE
    ]
    found = [template for template in reversed(alive) if _matches(template, params)]
    view, selection = view_of(call), read_fields(params.get("fields"))
    names = {template.name for template in alive}
    summary = {
        "message_template_count": len(alive),
        "message_template_limit": policy_of(call).template_limit,
        "are_translations_complete": len(names) == len(alive),
    }
    body = page(
        found,
        params,
        f"{view.url}/{call.node}/{call.edge}",
        call.traits,
        render=lambda template: render(TEMPLATE, view, template, selection),
        access_token=view.access_token,
        summary=summary,
    )
    return Answer(body=body)


def _matches(template: Template, params: dict[str, Any]) -> bool:
    """Whether a template passes the filters: name and content by substring, the others by list."""
    content = template.components.decode().lower()
    name = str(params.get("name", "")).lower()
    text = str(params.get("content", "")).lower()
    either = str(params.get("name_or_content", "")).lower()
    if name not in template.name or text not in content:
        return False
    if either not in template.name and either not in content:
        return False
    for key, value in (
        ("language", template.language),
        ("category", template.category),
        ("status", template.status),
        ("quality_score", template.quality_score),
        ("source", "AUTO_GENERATED" if template.is_sample else "MANUAL"),
    ):
        wanted = _listed(params.get(key))
        if wanted and value.lower() not in wanted:
            return False
    since, until = _moment(params.get("since")), _moment(params.get("until"))
    return (since is None or template.updated_at >= since) and (until is None or template.updated_at <= until)


def _listed(value: Any) -> set[str]:
    """The words of a list that comes as JSON or separated by commas, in lower case."""
    if value is None or value == "":
        return set()
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                value = msgspec.json.decode(text)
            except msgspec.DecodeError:
                value = text.strip("[]").split(",")
        else:
            value = text.split(",")
    items = value if isinstance(value, list) else [value]
    return {str(item).strip().strip("\"'").lower() for item in items}


def _moment(value: Any) -> int | None:
    """A time as a filter has it, seconds or ISO 8601, in milliseconds; None if it is none."""
    if value is None or value == "":
        return None
    text = str(value)
    if text.isascii() and text.isdigit():
        return int(text) * SECOND
    try:
        return int(datetime.fromisoformat(text.replace("+0000", "+00:00")).timestamp()) * SECOND
    except ValueError:
        return None


def get_template(call: Call) -> Answer:
    """`GET /{template}`."""
    return show(call, TEMPLATE, call.world.templates[call.node])


def edit_template(call: Call) -> Answer:
    """`POST /{template}`: reviewed again; an APPROVED one at most once in 24 hours and ten times in 30 days."""
    now, policy = call.now, call.world.policy
    template = call.world.templates[call.node]
    draft = check_edit(
        CurrentTemplate(
            name=template.name,
            language=template.language,
            category=template.category,
            status=template.status,
            components=msgspec.json.decode(template.components),
            parameter_format=template.parameter_format,
            ttl_seconds=template.ttl_seconds,
            other=template.extra,
        ),
        call.params,
        now,
        policy_of(call),
        edits_last_24h=sum(now - edit < DAY for edit in template.edits),
        edits_last_30d=sum(now - edit < 30 * DAY for edit in template.edits),
        handle_ok=handle_check(call),
    )
    counted = template.edits if template.status != "APPROVED" else (*template.edits, now)
    keeps = policy.edit_keeps_approved and template.status == "APPROVED"
    edited = replace(stored(call, draft, template), status=template.status if keeps else "PENDING", edits=counted[-20:])
    events = reviewed(call, edited, [])
    events.append(TemplateEdited(at=call.now, template_id=edited.id))
    body = {"success": True, "id": edited.id, "name": edited.name, "category": edited.category}
    return Answer(body=body, events=events)


def delete_templates(call: Call) -> Answer:
    """`DELETE /{waba}/message_templates`: by name in all languages, by `hsm_id` and name, or by `hsm_ids`."""
    doomed = _doomed(call)
    for template in doomed:
        if template.is_sample:
            raise refuse(100, subcode=2388094, rule="template.sample", why=f"{template.name} is a sample template")
        if template.status == "DISABLED":
            raise refuse(100, subcode=2388039, rule="template.status", why="a disabled template cannot be deleted")
    return Answer(body=SUCCESS, events=template_life.delete(call.world, doomed, call.now))


def _doomed(call: Call) -> list[Template]:
    world, params = call.world, call.params
    alive = {
        template.id: template
        for template in world.templates.values()
        if template.waba_id == call.node and template.status not in _GONE
    }
    ids = params.get("hsm_ids")
    if ids:
        missing = [str(one) for one in ids if str(one) not in alive]
        if missing:
            raise unknown_object("DELETE", missing[0])
        return [alive[str(one)] for one in ids]
    name, one_id = str(params.get("name", "")), params.get("hsm_id")
    found = [template for template in alive.values() if template.name == name]
    if one_id is not None:
        found = [template for template in found if template.id == str(one_id)]
    if not found:
        raise refuse(
            100,
            values={"variant": "template_not_found", "name": name},
            rule="template.name",
            why=f"this account has no template {name!r}" + (f" with id {one_id}" if one_id else ""),
            fix="list them with GET /{waba_id}/message_templates",
        )
    return found
