"""What Meta tells of templates, as the `value` of a webhook."""

from __future__ import annotations

from typing import Any

import msgspec

from localwaba.domain.clock import SECOND
from localwaba.domain.events import TemplateJudged
from localwaba.domain.model import Template
from localwaba.domain.quality_state import TemplateCategorised, TemplateRated
from localwaba.domain.told import TemplateEdited
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.wire.notices import Telling, Value, of_template


def _status(world: World, event: TemplateJudged, traits: Traits) -> Value:
    template = world.templates[event.template_id]
    found: Value = {
        "event": event.told or event.status,
        **_named(template),
        "reason": event.reason or None,
        "message_template_category": template.category,
    }
    if event.disable_date:
        found["disable_info"] = {"disable_date": event.disable_date}
    if event.other_info:
        found["other_info"] = event.other_info
    if event.rejection_info:
        found["rejection_info"] = event.rejection_info
    return found


def _named(template: Template) -> Value:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def _score(world: World, event: TemplateRated, traits: Traits) -> Value:
    scores = {"previous_quality_score": event.previous, "new_quality_score": event.score}
    return scores | _named(world.templates[event.template_id])


def _category(world: World, event: TemplateCategorised, traits: Traits) -> Value:
    found = _named(world.templates[event.template_id])
    if not event.correct:
        return found | {"previous_category": event.previous, "new_category": event.category}
    return found | {
        "correct_category": event.correct,
        "new_category": event.category,
        "category_update_timestamp": event.effective_at // SECOND,
    }


def _components(world: World, event: TemplateEdited, traits: Traits) -> Value:
    template = world.templates[event.template_id]
    parts = {part["type"]: part for part in msgspec.json.decode(template.components)}
    found = _named(template) | {"message_template_element": parts.get("BODY", {}).get("text", "")}
    if "text" in parts.get("HEADER", {}):
        found["message_template_title"] = parts["HEADER"]["text"]
    if "text" in parts.get("FOOTER", {}):
        found["message_template_footer"] = parts["FOOTER"]["text"]
    buttons = [_button(button) for button in parts.get("BUTTONS", {}).get("buttons", [])]
    if buttons:
        found["message_template_buttons"] = buttons
    return found


def _button(button: dict[str, Any]) -> Value:
    found = {"message_template_button_type": button["type"], "message_template_button_text": button.get("text", "")}
    for key in ("url", "phone_number"):
        if key in button:
            found[f"message_template_button_{key}"] = button[key]
    return found


TELLINGS: dict[type, Telling] = {
    TemplateJudged: of_template("message_template_status_update", _status),
    TemplateRated: of_template("message_template_quality_update", _score),
    TemplateCategorised: of_template("template_category_update", _category),
    TemplateEdited: of_template("message_template_components_update", _components),
}
