"""Browsing the library of ready-made templates."""

from __future__ import annotations

from typing import Any

from localwaba.domain.template_library import LibraryTemplate, browse
from localwaba.operations.call import Answer, Call
from localwaba.operations.viewing import view_of
from localwaba.wire.paging import page


def list_library(call: Call) -> Answer:
    """`GET /message_template_library`, and the same on an account: by text, topic, usecase, industry, language."""
    params = call.params
    facets = {name: str(params.get(name) or "") for name in ("topic", "usecase", "industry")}
    facets = {name: value.upper() for name, value in facets.items()}
    found = browse(str(params.get("search") or ""), **facets, language=str(params.get("language") or ""))
    view = view_of(call)
    path = f"{call.node}/{call.edge}" if call.node else "message_template_library"
    body = page(found, params, f"{view.url}/{path}", call.traits, render=_shown, access_token=view.access_token)
    return Answer(body=body)


def _shown(one: LibraryTemplate) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.name,
        "language": one.language,
        "category": one.category,
        "topic": one.topic,
        "usecase": one.usecase,
        "industry": list(one.industry),
    }
    if one.header:
        found["header"] = one.header
    found |= {
        "body": one.body,
        "body_params": list(one.body_params),
        "body_param_types": list(one.body_param_types),
    }
    if one.buttons:
        found["buttons"] = list(one.buttons)
    return found | {"id": one.id}
