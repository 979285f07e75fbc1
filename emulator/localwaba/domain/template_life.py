"""The life of a template after it was created: review."""

from __future__ import annotations

from localwaba.domain.events import Event, TemplateJudged
from localwaba.domain.world import World


def review(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """The review of a template ends, unless it was edited since (`stamp` is the time of creation or edit)."""
    template = world.templates.get(template_id)
    if template is None or template.status != "PENDING" or template.updated_at != stamp:
        return []
    if world.policy.review_outcome == "pending":
        return []
    fault = template.rejection_info
    reason = template.rejected_reason
    if reason != "NONE":
        return [TemplateJudged(at=now, template_id=template_id, status="REJECTED", reason=reason, rejection_info=fault)]
    if world.policy.review_outcome == "reject":
        return [TemplateJudged(at=now, template_id=template_id, status="REJECTED", reason="INVALID_FORMAT")]
    return [TemplateJudged(at=now, template_id=template_id, status="APPROVED")]
