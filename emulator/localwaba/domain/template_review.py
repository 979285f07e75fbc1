"""What the review of a template finds: a table of rules, each of which a knob can leave out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from localwaba.domain.events import Event, TemplateJudged
from localwaba.domain.ids import derive
from localwaba.domain.model import Template
from localwaba.domain.quality_state import TemplateRated
from localwaba.domain.template_life import GOING
from localwaba.domain.world import World

_CODE_WORDS = (
    r"(?:verification|security|log-?in|sign-?in|authentication|authorization|one[- ]time|access|confirmation) "
    r"(?:code|password|passcode|pin)|\botp\b|\b2fa\b"
    r"|c[oó]digo de (?:verificaci[oó]n|verifica[cç][aã]o|seguridad|seguran[cç]a|acceso|acesso)"
    r"|code de (?:v[eé]rification|s[eé]curit[eé])|(?:best[aä]tigungs|verifizierungs|sicherheits)code"
)
# What follows is text: compiled at the first review, and not while the emulator starts.
_CODE = rf"(?i)(?:{_CODE_WORDS})[^.{{}}]{{0,24}}\{{\{{|\}}\}}[^.{{}}]{{0,24}}(?:{_CODE_WORDS})"
_PROMOTION = (
    r"(?i)\b(?:sale|discounts?|coupons?|promo(?:tion|tional)?s?|special offers?|limited[- ]time|buy now|shop now"
    r"|best deals?|free gift|save up to|black friday|oferta|descuento|desconto|promo[cç][aãi][oó]n?|rabatt)\b"
    r"|\d ?% ?off"
)
_SHORTENED = (
    r"(?i)(?<![\w.-])(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|shorturl\.at"
    r"|rb\.gy)/"
)


class Verdict(NamedTuple):
    """What a review finds; `category` is the one that a template is approved as, where it is another."""

    status: str
    reason: str = "NONE"
    info: dict[str, str] = {}  # noqa: RUF012 - never changed
    category: str = ""


def review(world: World, template_id: str, stamp: int, now: int) -> list[Event]:
    """The review of a template ends, unless it was edited since (`stamp` is the time of creation or edit)."""
    template = world.templates.get(template_id)
    if template is None or template.status != "PENDING" or template.updated_at != stamp:
        return []
    if world.policy.review_outcome == "pending":
        return []
    verdict = judge(world, template)
    events: list[Event] = [
        TemplateJudged(
            at=now,
            template_id=template_id,
            status=verdict.status,
            reason=verdict.reason,
            rejection_info=verdict.info,
            category=verdict.category,
        )
    ]
    if verdict.status == "APPROVED" and template.quality_score == "RED":
        rated = TemplateRated(at=now, template_id=template_id, score="UNKNOWN", previous="RED", settled=True)
        events.append(rated)
    return events


def judge(world: World, template: Template) -> Verdict:
    """The first rule that has something to say, then chance, then the knob."""
    if template.rejected_reason != "NONE":
        return Verdict("REJECTED", template.rejected_reason, template.rejection_info)
    policy = world.policy
    for name, find in RULES.items():
        if name in policy.review_rules:
            verdict = find(world, template)
            if verdict is not None:
                return verdict
    if policy.review_rejects and _lot(world, template) < policy.review_rejects:
        return Verdict("REJECTED", "INVALID_FORMAT")
    return Verdict("REJECTED", "INVALID_FORMAT") if policy.review_outcome == "reject" else Verdict("APPROVED")


def _lot(world: World, template: Template) -> float:
    """A number from 0 to 1 that depends on the seed, the template and its edit."""
    drawn = derive(world.seed, f"review {template.name} {template.language} {len(template.edits)}", 7)
    return int.from_bytes(drawn, "big") / 2**56


def _one_time_passwords(world: World, template: Template) -> Verdict | None:
    if template.category == "AUTHENTICATION" or not any(re.search(_CODE, text) for text in _texts(template)):
        return None
    return Verdict("REJECTED", "INCORRECT_CATEGORY")


def _url_shorteners(world: World, template: Template) -> Verdict | None:
    if not re.search(_SHORTENED, template.components.decode()):
        return None
    return Verdict("REJECTED", "INVALID_FORMAT", _SHORTENED_INFO)


def _duplicates(world: World, template: Template) -> Verdict | None:
    """Body and footer say word for word what an older template says."""
    if template.category == "AUTHENTICATION":
        return None
    wording, is_older = _wording(template), True
    for other in world.templates.values():
        if other.id == template.id:
            is_older = False
        elif other.waba_id != template.waba_id or other.status in GOING or other.status == "REJECTED":
            continue
        elif (is_older or other.status != "PENDING") and _wording(other) == wording:
            return Verdict("REJECTED", "INVALID_FORMAT", _DUPLICATE_INFO)
    return None


def _promotional_utility(world: World, template: Template) -> Verdict | None:
    if template.category != "UTILITY" or not any(re.search(_PROMOTION, text) for text in _texts(template)):
        return None
    return Verdict("APPROVED", category="MARKETING")


def _parts(template: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(template.components)
    return found


def _texts(template: Template) -> list[str]:
    """Header, body and footer."""
    return [part["text"] for part in _parts(template) if isinstance(part.get("text"), str)]


def _wording(template: Template) -> tuple[str, str]:
    texts = {part["type"]: str(part.get("text", "")) for part in _parts(template)}
    return texts.get("BODY", ""), texts.get("FOOTER", "")


_SHORTENED_INFO = {
    "reason": "Your template has a shortened link, which hides where it leads.",
    "recommendation": "Use the full address, on a domain of your business.",
}
_DUPLICATE_INFO = {
    "reason": "Your template has the same body and footer as another one of this account.",
    "recommendation": "Use the template that exists, or change the wording.",
}
RULES: dict[str, Callable[[World, Template], Verdict | None]] = {
    "one_time_passwords": _one_time_passwords,
    "url_shorteners": _url_shorteners,
    "duplicates": _duplicates,
    "promotional_utility": _promotional_utility,
}
"""By the name that the knob `review_rules` has for them, in the order in which they are asked."""
