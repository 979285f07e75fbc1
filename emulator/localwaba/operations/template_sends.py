"""The template of a send: found by name and language, fit to be sent, filled with its values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from localwaba.domain import template_library
from localwaba.domain.errors import Refused, refuse
from localwaba.domain.model import PhoneNumber, Template
from localwaba.domain.template_compiling import CompiledTemplate, compile_template
from localwaba.domain.template_pausing import explain
from localwaba.domain.template_sending import match
from localwaba.domain.template_values import Filled, MatchRules
from localwaba.domain.world import World
from localwaba.operations.attachments import bad_media, is_own_media
from localwaba.operations.call import Call
from localwaba.operations.flow_sends import check_flow_buttons

_encode = msgspec.json.Encoder().encode
_RULES: dict[int, MatchRules] = {}
_FIXES = {
    "PENDING": "wait for its review, or approve it with PATCH /_localwaba/templates/{id}",
    "REJECTED": "edit it with POST /{id}; rejected_reason says what was wrong",
    "ARCHIVED": "take it out with POST /{waba}/message_templates/unarchive",
    "PENDING_DELETION": "it was deleted: send another template",
}


class Fitted(NamedTuple):
    """A template that matched its send; `shown` is what the user's phone shows, as JSON."""

    template: Template
    shown: bytes
    media_id: str
    link: str


@lru_cache(maxsize=2048)
def _compiled(components: bytes, category: str, parameter_format: str, language: str) -> CompiledTemplate:
    return compile_template(msgspec.json.decode(components), category, parameter_format, language)


def fit_template(call: Call, number: PhoneNumber, sent: dict[str, Any], *, to_bsuid: bool) -> Fitted:
    """Finds and fills a template; refused with Meta's codes 132xxx, 131008, 131062."""
    name, language = str(sent["name"]), str(sent["language"]["code"])
    template = find_template(call.world, number.waba_id, name, language, call.now)
    if to_bsuid and template.category == "AUTHENTICATION":
        raise refuse(131062, rule="recipient", why="authentication templates need a phone number, not a BSUID")
    is_test = number.is_test_number or call.world.policy.test_number
    if template.is_sample and not is_test and call.world.policy.sample_template_from_real_number == "refuse":
        raise refuse(131058, rule="sample template", why="hello_world can only be sent from a public test number")
    compiled = _compiled(template.components, template.category, template.parameter_format, template.language)
    filled = match(compiled, sent.get("components"), _rules(call.traits.template_parameter_code))
    check_flow_buttons(call, number, filled.flows)
    if "library_template_name" in template.extra:
        _check_library_values(call, template, sent)
    media_id, link = _media(call, number, filled)
    return Fitted(template, _encode(filled), media_id, link)


def check_cloud_api(call: Call, number: PhoneNumber, template: Template) -> bool:
    """Refuses marketing templates where the account has switched them off here (131063); never `lite`."""
    waba = call.world.wabas[number.waba_id]
    if template.category == "MARKETING" and waba.settings.get("disable_marketing_messages_on_cloud_api"):
        raise refuse(
            131063,
            rule="waba.marketing",
            why=f"disable_marketing_messages_on_cloud_api is set for account {waba.id}",
            fix="send it by POST /{phone}/marketing_messages, or switch it on: POST /{waba}",
        )
    return False


def _check_library_values(call: Call, template: Template, sent: dict[str, Any]) -> None:
    """The library says of what kind each value is; whoever changed its wording is free of that."""
    one = template_library.find(str(template.extra["library_template_name"]))
    body = next((part for part in sent.get("components") or [] if str(part.get("type")).lower() == "body"), None)
    if one is None or body is None or one.body.encode() not in template.components:
        return
    values = [str(parameter.get("text", "")) for parameter in body.get("parameters", [])]
    template_library.check_values(one, values, call.traits.template_parameter_code)


def _rules(code: int) -> MatchRules:
    found = _RULES.get(code)
    if found is None:
        found = _RULES[code] = MatchRules(param_error_code=code)
    return found


def find_template(world: World, waba_id: str, name: str, language: str, now: int) -> Template:
    """The template of a name in a language that may be sent now."""
    languages = world.template_names.get(f"{waba_id}:{name}", {})
    template = world.templates.get(languages.get(language, ""))
    if template is not None:
        if template.status == "APPROVED":
            return template
        if template.status in ("PAUSED", "DISABLED"):
            why, fix = explain(template, world.policy, now)
            code = 132015 if template.status == "PAUSED" else 132016
            raise refuse(code, rule="template status", why=why, fix=fix)
    raise _not_found(name, language, template, languages)


def _not_found(name: str, language: str, template: Template | None, languages: dict[str, str]) -> Refused:
    if template is not None:
        why = f"{name} in {language} has status {template.status}; only APPROVED templates can be sent"
        fix = _FIXES.get(template.status, _FIXES["PENDING"]).format(id=template.id, waba=template.waba_id)
    elif languages:
        why = f"{name} exists in {', '.join(sorted(languages))}, not in {language}; there is no fallback"
        fix = "send one of these language codes exactly"
    else:
        why = f"this account has no template {name}"
        fix = "create it with POST /{waba_id}/message_templates"
    details = f"template name ({name}) does not exist in {language}"
    return refuse(132001, details, rule="template", why=why, fix=fix)


def _media(call: Call, number: PhoneNumber, filled: Filled) -> tuple[str, str]:
    """The first media of a template; all ids are checked."""
    found = ("", "")
    for one in filled.media:
        media_id, link = one.get("id", ""), one.get("link", "")
        if media_id and not is_own_media(call, number, media_id):
            raise bad_media(one["path"], media_id)
        if not any(found):
            found = (media_id, link)
    return found
