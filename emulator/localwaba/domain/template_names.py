"""Names of templates: their form, their owners, and how long a deleted one stays locked."""

from __future__ import annotations

import re

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.template_texts import language_name
from localwaba.domain.template_values import ExistingTemplate, TemplateDraft, TemplatePolicy

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_DAY = 86_400_000
_WEEKS = 28


def check_names(draft: TemplateDraft, existing: list[ExistingTemplate], now: int, policy: TemplatePolicy) -> None:
    """A name is well formed, nobody else\'s, free in this language and category; the account has room for it."""
    if not _NAME.fullmatch(draft.name):
        raise refuse(
            100,
            subcode=2388046,
            blame=("name",),
            rule="template.name",
            why=f"{draft.name[:40]!r} is no template name",
            fix="use at most 512 lower-case letters, digits and underscores",
        )
    if draft.name in policy.sample_names:
        raise refuse(
            100,
            subcode=2388155,
            rule="template.sample_name",
            why="the name belongs to a sample template",
            fix="choose another name",
        )
    if draft.category == "AUTHENTICATION" and not policy.authentication_allowed:
        raise refuse(
            10,
            subcode=2388185,
            rule="template.authentication_allowed",
            why="this account may not make AUTHENTICATION templates",
            fix="use a verified account",
        )
    for one in existing:
        if one.name == draft.name:
            _check_namesake(draft, one, now, policy)
    alive = sum(not (one.deleted_at or one.status == "DELETED") for one in existing)
    if alive >= policy.template_limit:
        raise refuse(
            100,
            subcode=2388019,
            rule="template.limit",
            why=f"the account has {alive} templates",
            fix="delete some, or verify the business",
        )


def _check_namesake(draft: TemplateDraft, one: ExistingTemplate, now: int, policy: TemplatePolicy) -> None:
    going = bool(one.deleted_at) or one.status in ("DELETED", "PENDING_DELETION")
    if not going:
        if one.category != draft.category:
            raise category_clash(draft.category, one.category)
        if one.language == draft.language:
            raise refuse(
                100,
                subcode=2388024,
                values={"language": language_name(one.language)},
                rule="template.duplicate",
                why=f"{one.name} exists in {one.language}",
                fix="edit it, or choose another name",
            )
        return
    lock = policy.template_name_lock if one.was_approved else policy.unapproved_name_lock
    left = (one.deleted_at or now) + round(lock * 1000) - now
    if left <= 0:
        return
    wait = _wait(left)
    values = {"language": language_name(one.language), "wait": wait}
    if one.category != draft.category:
        raise refuse(
            100,
            values=values | {"category": one.category, "variant": "category_while_deleting"},
            rule="template.name_lock",
            why=f"{one.name} was deleted as {one.category}",
            fix=f"try again {wait}, use {one.category} or another name",
        )
    if one.language == draft.language:
        raise refuse(
            100,
            subcode=2388023,
            values=values,
            rule="template.name_lock",
            why=f"{one.name} in {one.language} is being deleted",
            fix=f"try again {wait}, or choose another name",
        )


def category_clash(category: str, existing: str) -> Refused:
    """The name belongs to another category already; title and sentence are known, their subcode is not."""
    return refuse(
        100,
        values={
            "variant": "category_mismatch",
            "category": category,
            "existing_category": existing,
            "existing": existing,
        },
        rule="template.category",
        why=f"the name has category {existing} already",
        fix=f"use {existing}, or another name",
    )


def _wait(left: int) -> str:
    days = -(-left // _DAY)
    if days >= _WEEKS:
        return f"in {days // 7} weeks"
    for unit, size in (("day", _DAY), ("hour", 3_600_000), ("minute", 60_000)):
        if left > size:
            count = left // size
            return f"in {count} {unit}" + "s" * (count != 1)
    return "in less than 1 minute"
