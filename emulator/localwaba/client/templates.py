"""Templates, judged as Meta would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from localwaba.client.calls import GraphError
from localwaba.client.link import Link

__tracebackhide__ = True  # failures of tests are shown where the test is

VERSION = "v26.0"
"""The Graph version of the calls that tests make themselves."""
_SIGNATURE = "K8a/AINcGX7"


class Templates:
    """The templates of a world's business account; each is named by its id, or by its name and language."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __call__(self) -> list[dict[str, Any]]:
        """All templates."""
        found: list[dict[str, Any]] = self._link.call("GET", "templates")["templates"]
        return found

    def create(
        self,
        name: str,
        body: str = "",
        *,
        category: str = "UTILITY",
        language: str = "en_US",
        example: Sequence[str] | None = None,
        components: Sequence[Mapping[str, Any]] | None = None,
        status: str = "APPROVED",
    ) -> dict[str, Any]:
        """A template of the account, judged at once: out of the text of its body, or out of `components` as Meta's.

        Variables such as `{{1}}` get examples unless there are some. GraphError if Meta would not take it.
        """
        parts = list(components) if components is not None else [_body(body, example)]
        content = {"name": name, "language": language, "category": category, "components": parts}
        waba_id = self._link.call("GET", "world")["waba_id"]
        reply = self._link.graph("POST", f"/{VERSION}/{waba_id}/message_templates", content)
        if reply.status >= 400:
            raise GraphError(f"template {name}", reply)
        template_id = str(json.loads(reply.raw)["id"])
        found = next(one for one in self() if one["id"] == template_id)
        return found if found["status"] == status else self.change(template_id, status=status)

    def create_code(
        self,
        name: str,
        otp_type: str = "COPY_CODE",
        *,
        apps: Sequence[str] = (),
        minutes: int | None = 10,
        language: str = "en_US",
    ) -> dict[str, Any]:
        """An approved authentication template: COPY_CODE, or for `apps` of a phone ONE_TAP or ZERO_TAP.

        `apps` are package names, with a space and the signature hash behind one if that matters. `minutes` is how long
        a code is good; None: it is not said.
        """
        button: dict[str, Any] = {"type": "OTP", "otp_type": otp_type}
        if apps:
            button["supported_apps"] = [_app(app) for app in apps]
        if otp_type == "ZERO_TAP":
            button["zero_tap_terms_accepted"] = True
        parts: list[dict[str, Any]] = [{"type": "BODY", "add_security_recommendation": True}]
        if minutes is not None:
            parts.append({"type": "FOOTER", "code_expiration_minutes": minutes})
        parts.append({"type": "BUTTONS", "buttons": [button]})
        return self.create(name, category="AUTHENTICATION", language=language, components=parts)

    def disable(self, name_or_id: str, language: str | None = None) -> dict[str, Any]:
        """Meta disables a template for good."""
        return self.change(name_or_id, language, status="DISABLED")

    def approve(self, name_or_id: str, language: str | None = None) -> dict[str, Any]:
        """Meta approves a template."""
        return self.change(name_or_id, language, status="APPROVED")

    def reject(self, name_or_id: str, reason: str = "INVALID_FORMAT", language: str | None = None) -> dict[str, Any]:
        """Meta rejects a template for a reason such as INVALID_FORMAT, SCAM or TAG_CONTENT_MISMATCH."""
        return self.change(name_or_id, language, status="REJECTED", reason=reason)

    def pause(self, name_or_id: str, language: str | None = None) -> dict[str, Any]:
        """Meta pauses a template for its quality: for three hours the first time, then for six."""
        return self.change(name_or_id, language, status="PAUSED")

    def change(self, /, name_or_id: str, language: str | None = None, **changes: Any) -> dict[str, Any]:
        """Meta changes `status`, `category` or `quality_score`; the template. LookupError if there is no such one."""
        template_id = self._find(name_or_id, language)
        changed: dict[str, Any] = self._link.call("PATCH", f"templates/{template_id}", changes)
        self._link.call("POST", "settle", {"timeout": 10})
        return changed

    def _find(self, wanted: str, language: str | None) -> str:
        everything = [one for one in self() if one["status"] != "DELETED"]
        found = [one for one in everything if wanted in (one["id"], one["name"])]
        found = [one for one in found if language in (None, one["language"])]
        if len(found) == 1:
            return str(found[0]["id"])
        known = ", ".join(f"{one['name']} ({one['language']})" for one in found or everything)
        if found:
            raise LookupError(f"there are several templates {wanted!r}: {known}; name the language too")
        raise LookupError(f"there is no template {wanted!r}{f' in {language}' if language else ''}; there are: {known}")


def _body(text: str, example: Sequence[str] | None) -> dict[str, Any]:
    """A body component, with an example for each of its variables."""
    count = max((int(number) for number in re.findall(r"\{\{(\d+)\}\}", text)), default=0)
    given = list(example) if example is not None else [f"example {n + 1}" for n in range(count)]
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [given]}} if given else {})


def _app(given: str) -> dict[str, str]:
    name, _, signature = given.partition(" ")
    return {"package_name": name, "signature_hash": signature or _SIGNATURE}
