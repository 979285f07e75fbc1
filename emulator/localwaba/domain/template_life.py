"""The life of a template from status to status, and its end: deletion, archive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from localwaba.domain.agenda import ArchiveTemplate, EndTemplate, PurgeTemplate
from localwaba.domain.clock import SECOND
from localwaba.domain.events import Event, Scheduled, StatusReached, TemplateJudged
from localwaba.domain.expiry import expires_at
from localwaba.domain.ids import Ids
from localwaba.domain.model import Template
from localwaba.domain.quality_state import UNDELIVERED
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

GOING = frozenset({"DELETED", "PENDING_DELETION"})
KEEPING = frozenset({"FLAGGED", "LOCKED"})
"""Events of a template that leave its status as it is."""

_ARCHIVABLE = frozenset({"APPROVED", "REJECTED"})


def judged(template: Template, event: TemplateJudged) -> Template:
    """The template after a judgement of Meta's."""
    if event.told in KEEPING:
        return template
    status = event.status
    is_reinstated = event.told == "REINSTATED" and template.status == "DISABLED"
    changes: dict[str, Any] = {
        "status": status,
        "rejected_reason": event.reason or "NONE",
        "rejection_info": event.rejection_info,
        "was_approved": template.was_approved or status == "APPROVED",
        "updated_at": event.at,
        "deleted_at": (template.deleted_at or event.at) if status in GOING else 0,
        "pauses": 0 if is_reinstated else template.pauses + (event.paused_for == "quality"),
        "paused_for": event.paused_for if status == "PAUSED" else "",
        "archived_from": template.status if status == "ARCHIVED" else "",
    }
    if status == "PAUSED":
        changes["paused_at"] = event.at
    if status == "REJECTED" and event.reason == "INCORRECT_CATEGORY":
        changes["correct_category"] = ""
    if event.category and event.category != template.category:
        changes |= {"category": event.category, "previous_category": template.category, "correct_category": ""}
    return replace(template, **changes)


# deletion


def undelivered(world: World, template_ids: Iterable[str], now: int) -> dict[str, list[Message]]:
    """The messages of templates that may still reach their users; templates without any are left out."""
    wanted = frozenset(template_ids)
    found: dict[str, list[Message]] = {}
    for message in world.messages.values():
        if message.template_id in wanted and message.status in UNDELIVERED and now < expires_at(message):
            found.setdefault(message.template_id, []).append(message)
    return found


def delete(world: World, templates: list[Template], now: int) -> list[Event]:
    """Templates are deleted; one with messages on their way waits for them (Meta: PENDING_DELETION, 30 days)."""
    waiting = undelivered(world, [template.id for template in templates], now)
    events: list[Event] = []
    for template in templates:
        messages = waiting.get(template.id)
        if not messages:
            events.append(TemplateJudged(at=now, template_id=template.id, status="DELETED"))
            continue
        last = max(expires_at(message) for message in messages)
        events.append(TemplateJudged(at=now, template_id=template.id, status="PENDING_DELETION", reason=""))
        events.append(Scheduled(at=now, due=last, item=EndTemplate(template.id)))
    return events


def end(world: World, template_id: str, now: int) -> list[Event]:
    """The last message of a deleted template has expired."""
    template = world.templates.get(template_id)
    if template is None or template.status != "PENDING_DELETION":
        return []
    return [TemplateJudged(at=now, template_id=template_id, status="DELETED")]


def end_after_delivery(world: World, event: StatusReached, ids: Ids) -> list[Event]:
    """The last message of a deleted template has reached its user, or failed."""
    going = world.quality.going
    if not going:
        return []
    message = world.messages.get(event.message_id)
    if message is None or going.get(message.template_id, 1) > 0:
        return []
    return end(world, message.template_id, event.at)


# archive


def watch_idleness(world: World, template: Template, now: int) -> list[Event]:
    """A new template is looked at when it may have been idle for too long."""
    after = world.policy.archive_after
    if after is None:
        return []
    return [Scheduled(at=now, due=now + int(after * SECOND), item=ArchiveTemplate(template.id))]


def archive_idle(world: World, template_id: str, now: int) -> list[Event]:
    """Archives a template that was not made, edited, sent or taken out for 12 months; else looks again later."""
    template, after = world.templates.get(template_id), world.policy.archive_after
    if template is None or after is None or template.status in GOING or template.status == "ARCHIVED":
        return []
    is_off = world.wabas[template.waba_id].settings.get("template_auto_archival_enabled") is False
    idle_since = max(template.created_at, template.updated_at, world.quality.used.get(template_id, 0))
    due = idle_since + int(after * SECOND)
    if due <= now and not is_off and template.status in _ARCHIVABLE:
        return archive(template, now, world)
    due = due if due > now else now + int(after * SECOND)
    return [Scheduled(at=now, due=due, item=ArchiveTemplate(template_id))]


def archive(template: Template, now: int, world: World) -> list[Event]:
    """A template goes to the archive, where it is kept for 28 days."""
    due = now + int(world.policy.archive_purge_after * SECOND)
    return [
        TemplateJudged(at=now, template_id=template.id, status="ARCHIVED"),
        Scheduled(at=now, due=due, item=PurgeTemplate(template.id, now)),
    ]


def unarchive(template: Template, now: int, world: World) -> list[Event]:
    """A template comes back from the archive with the status that it had."""
    status = template.archived_from or "APPROVED"
    judgement = TemplateJudged(at=now, template_id=template.id, status=status, told="UNARCHIVED")
    return [judgement, *watch_idleness(world, template, now)]


def cannot_archive(template: Template | None) -> str:
    """Why a template cannot be archived; empty if it can."""
    if template is None or template.status in GOING:
        return "Template does not exist"
    if template.status == "ARCHIVED":
        return "Template is archived already"
    return "" if template.status in _ARCHIVABLE else f"Template with status {template.status} cannot be archived"


def cannot_unarchive(template: Template | None) -> str:
    """Why a template cannot be taken out of the archive; empty if it can."""
    if template is None or template.status in GOING:
        return "Template does not exist"
    return "" if template.status == "ARCHIVED" else "Template is not archived"


def purge(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """An archived template is deleted, unless it was taken out of the archive since."""
    template = world.templates.get(template_id)
    if template is None or template.status != "ARCHIVED" or template.updated_at != stamp:
        return []
    return [TemplateJudged(at=now, template_id=template_id, status="DELETED")]
