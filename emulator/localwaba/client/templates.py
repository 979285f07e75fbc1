"""Templates, judged as Meta would."""

from __future__ import annotations

from typing import Any

from localwaba.client.link import Link


class Templates:
    """The templates of a world's business account; each is named by its id, or by its name and language."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def __call__(self) -> list[dict[str, Any]]:
        """All templates."""
        found: list[dict[str, Any]] = self._link.call("GET", "templates")["templates"]
        return found

    def approve(self, name_or_id: str, language: str | None = None) -> dict[str, Any]:
        """Meta approves a template."""
        return self.change(name_or_id, language, status="APPROVED")

    def reject(self, name_or_id: str, reason: str = "INVALID_FORMAT", language: str | None = None) -> dict[str, Any]:
        """Meta rejects a template for a reason such as INVALID_FORMAT, SCAM or TAG_CONTENT_MISMATCH."""
        return self.change(name_or_id, language, status="REJECTED", reason=reason)

    def pause(self, name_or_id: str, language: str | None = None) -> dict[str, Any]:
        """Meta pauses a template for its quality: for three hours the first time, then for six."""
        return self.change(name_or_id, language, status="PAUSED")

    def change(self, name_or_id: str, language: str | None = None, **changes: Any) -> dict[str, Any]:
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
