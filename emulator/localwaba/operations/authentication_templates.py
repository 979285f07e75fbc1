"""Authentication templates in many languages at once: made or changed, and previewed."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from localwaba.domain import template_life
from localwaba.domain.clock import HOUR
from localwaba.domain.events import Event, Put, Removed
from localwaba.domain.model import Template
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_refusals import not_one_of, required, unexpected_key
from localwaba.domain.template_texts import (
    LANGUAGES,
    authentication_body,
    authentication_footer,
    authentication_texts,
)
from localwaba.operations.call import Answer, Call
from localwaba.operations.templates import existing_of, handle_check, old_namesakes, policy_of, stored

_FIXED = ("text", "autofill_text")


def upsert_templates(call: Call) -> Answer:
    """`POST /{waba}/upsert_message_templates`: all languages or none; what exists is changed, and all are approved."""
    params, now = call.params, call.now
    languages = _languages(params.get("languages"))
    if not languages:
        raise required("languages")
    _check_upsert(params)
    siblings = [template for template in call.world.templates.values() if template.waba_id == call.node]
    made = sum(now - template.created_at < HOUR for template in siblings if not template.is_sample)
    data: list[dict[str, str]] = []
    events: list[Event] = []
    for language in languages:
        known = _known(siblings, str(params["name"]), language)
        others = [existing_of(one) for one in siblings if one is not known]
        body = {name: value for name, value in params.items() if name != "languages"} | {"language": language}
        draft = check_creation(
            body, others, now, policy_of(call), handle_ok=handle_check(call), creates_last_hour=0 if known else made
        )
        blank = known or Template(
            id=call.ids.number(),
            waba_id=call.node,
            name=draft.name,
            language=language,
            category=draft.category,
            status="PENDING",
            components=b"[]",
            created_at=now,
        )
        template = replace(stored(call, draft, blank), status="APPROVED", was_approved=True)
        if known is None:
            made += 1
            events += [Removed(at=now, kind="Template", id=one.id) for one in old_namesakes(siblings, draft)]
        events.append(Put(at=now, thing=template))
        if known is None:
            events += template_life.watch_idleness(call.world, template, now)
        data.append({"id": template.id, "status": "APPROVED", "language": language})
    return Answer(body={"data": data}, events=events)


def _known(siblings: list[Template], name: str, language: str) -> Template | None:
    for one in siblings:
        if (one.name, one.language) == (name, language) and one.status not in template_life.GOING:
            return one
    return None


def _check_upsert(params: dict[str, Any]) -> None:
    """Only authentication, and no texts of one's own."""
    if str(params.get("category", "")).upper() != "AUTHENTICATION":
        raise not_one_of("category", ("AUTHENTICATION",), params.get("category"))
    if "language" in params:
        raise unexpected_key("language", "upsert_message_templates")
    for component in params.get("components") or []:
        for button in component.get("buttons") or []:
            for name in _FIXED:
                if name in button:
                    raise unexpected_key(name, "components['buttons']")


def preview_templates(call: Call) -> Answer:
    """`GET /{waba}/message_template_previews`: the fixed texts, in some languages or in all."""
    params = call.params
    if str(params.get("category", "")).upper() != "AUTHENTICATION":
        raise not_one_of("category", ("AUTHENTICATION",), params.get("category"))
    kinds = [kind.upper() for kind in _list(params.get("button_types"))]
    if kinds != ["OTP"]:
        raise not_one_of("button_types", ("OTP",), ",".join(kinds))
    minutes, advises = params.get("code_expiration_minutes"), bool(params.get("add_security_recommendation"))
    data: list[dict[str, Any]] = []
    for language in _languages(params.get("languages")) or list(LANGUAGES):
        texts = authentication_texts(language)
        one: dict[str, Any] = {
            "body": authentication_body(language, advises),
            "buttons": [{"text": texts.copy, "autofill_text": texts.autofill}],
        }
        if minutes is not None:
            one["footer"] = authentication_footer(language, minutes)
        data.append(one | {"language": language})
    return Answer(body={"data": data})


def _list(given: Any) -> list[str]:
    parts = given if isinstance(given, list) else str(given or "").strip("[]").split(",")
    return [word for word in dict.fromkeys(str(part).strip(" \"'") for part in parts) if word]


def _languages(given: Any) -> list[str]:
    """Language codes, none twice."""
    found = _list(given)
    for language in found:
        if language not in LANGUAGES:
            raise not_one_of("languages", LANGUAGES, language)
    return found
