"""Names, languages, categories, times to live: what a creation checks before it looks at components."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_creation import check_creation
from localwaba.domain.template_texts import LANGUAGES
from localwaba.domain.template_values import ExistingTemplate, TemplatePolicy

NOW = 1_790_000_000_000
DAY = 86_400_000
BODY = {"type": "BODY", "text": "Your order is on its way."}


def creation(**changes: Any) -> dict[str, Any]:
    whole = {"name": "order_sent", "language": "en_US", "category": "UTILITY", "components": [BODY]} | changes
    return {key: value for key, value in whole.items() if value is not ...}


def refusal(
    body: dict[str, Any], *existing: ExistingTemplate, policy: TemplatePolicy | None = None, **more: Any
) -> Refusal:
    with pytest.raises(Refused) as caught:
        check_creation(body, existing, NOW, policy or TemplatePolicy(), **more)
    return caught.value.refusal


def named(**changes: Any) -> ExistingTemplate:
    known: dict[str, Any] = {"name": "order_sent", "language": "en_US", "category": "UTILITY"}
    return ExistingTemplate(**(known | changes))


@pytest.mark.parametrize("key", ["name", "language", "category", "components"])
def test_required(key: str) -> None:
    """A creation without one of its four fields is refused in Graph's words."""
    found = refusal(creation(**{key: ...}))
    assert (found.code, found.subcode, found.message) == (100, None, f"The parameter {key} is required.")


@pytest.mark.parametrize("name", ["Order", "order-sent", "order sent", "a" * 513, "été"])
def test_name_format(name: str) -> None:
    """A name with anything but lower-case letters, digits and underscores is 2388046 and blames `name`."""
    found = refusal(creation(name=name))
    assert (found.code, found.subcode, found.blame) == (100, 2388046, ("name",))


def test_longest_name() -> None:
    """A name of 512 characters is taken as it is."""
    assert check_creation(creation(name="a" * 512), [], NOW, TemplatePolicy()).name == "a" * 512


def test_unknown_category() -> None:
    """A category outside the enum gets the captured sentence with its order of names."""
    found = refusal(creation(category="PROMO"))
    expected = 'Param category must be one of {UTILITY, MARKETING, AUTHENTICATION} - got "PROMO".'
    assert (found.code, found.message) == (100, expected)


def test_category_in_lower_case() -> None:
    """A category in lower case is taken and stored in capitals."""
    assert check_creation(creation(category="marketing"), [], NOW, TemplatePolicy()).category == "MARKETING"


@pytest.mark.parametrize("language", ["pt", "zh", "en-US", "xx"])
def test_unknown_language(language: str) -> None:
    """A language that templates do not know is refused as not in the enum, bare `pt` and `zh` included."""
    found = refusal(creation(language=language))
    assert found.code == 100
    assert found.message is not None
    assert found.message.startswith("Param language must be one of {")
    assert found.message.endswith(f'- got "{language}".')


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_known_languages(language: str) -> None:
    """Every supported language is accepted."""
    assert check_creation(creation(language=language), [], NOW, TemplatePolicy()).language == language


def test_number_of_languages() -> None:
    """The table holds the 111 documented languages and the two that a client library lists besides."""
    assert len(LANGUAGES) == 113


@pytest.mark.parametrize(("language", "shown"), [("en_US", "English (US)"), ("en", "English"), ("es", "Spanish")])
def test_duplicate(language: str, shown: str) -> None:
    """The same name in the same language is 2388024, with the language in words."""
    found = refusal(creation(language=language), named(language=language))
    assert (found.code, found.subcode, found.values) == (100, 2388024, {"language": shown})


def test_another_language() -> None:
    """The same name in another language and the same category is a translation."""
    assert check_creation(creation(), [named(language="es")], NOW, TemplatePolicy()).language == "en_US"


@pytest.mark.parametrize("language", ["en_US", "es"])
def test_category_mismatch(language: str) -> None:
    """A name belongs to one category, in every language."""
    found = refusal(creation(), named(language=language, category="MARKETING"))
    assert found.code == 100
    assert found.values["variant"] == "category_mismatch"
    assert (found.values["category"], found.values["existing_category"]) == ("UTILITY", "MARKETING")


@pytest.mark.parametrize(
    ("ago", "was_approved", "wait"),
    [
        (0, True, "in 4 weeks"),
        (DAY, True, "in 4 weeks"),
        (13 * DAY - 1, True, "in 17 days"),
        (30 * DAY - 90_000, True, "in 1 minute"),
        (30 * DAY - 1, True, "in less than 1 minute"),
        (1_000, False, "in less than 1 minute"),
    ],
)
def test_name_being_deleted(ago: int, was_approved: bool, wait: str) -> None:
    """A deleted name is locked for 30 days if it was approved, for a minute if not; the answer says how long."""
    gone = named(status="DELETED", deleted_at=NOW - ago, was_approved=was_approved)
    found = refusal(creation(), gone)
    assert (found.code, found.subcode) == (100, 2388023)
    assert found.values == {"language": "English (US)", "wait": wait}


@pytest.mark.parametrize(("ago", "was_approved"), [(30 * DAY, True), (60_000, False)])
def test_name_free_again(ago: int, was_approved: bool) -> None:
    """When the lock is over the name may be used again, in any category."""
    gone = named(status="DELETED", deleted_at=NOW - ago, was_approved=was_approved, category="MARKETING")
    assert check_creation(creation(), [gone], NOW, TemplatePolicy()).name == "order_sent"


def test_other_category_while_deleting() -> None:
    """A name that is being deleted cannot come back in another category."""
    found = refusal(creation(), named(category="MARKETING", deleted_at=NOW, was_approved=True))
    assert found.values == {
        "variant": "category_while_deleting",
        "language": "English (US)",
        "wait": "in 4 weeks",
        "category": "MARKETING",
    }


def test_name_lock_is_a_knob() -> None:
    """The lock of approved names follows the policy."""
    gone = named(deleted_at=NOW - 1_000, was_approved=True)
    policy = TemplatePolicy(template_name_lock=1.0)
    assert check_creation(creation(), [gone], NOW, policy).name == "order_sent"


def test_sample_name() -> None:
    """The name of the sample template is nobody's."""
    found = refusal(creation(name="hello_world"))
    assert (found.code, found.subcode) == (100, 2388155)


def test_authentication_not_allowed() -> None:
    """An account that may not make authentication templates gets code 10."""
    policy = TemplatePolicy(authentication_allowed=False)
    found = refusal(creation(category="AUTHENTICATION"), policy=policy)
    assert (found.code, found.subcode) == (10, 2388185)


def test_too_many_templates() -> None:
    """Every translation counts towards the limit of the account, deleted ones do not."""
    many = [named(name=f"n{number}") for number in range(249)]
    gone = named(name="gone", deleted_at=NOW)
    assert check_creation(creation(), [*many, gone], NOW, TemplatePolicy()).name == "order_sent"
    assert refusal(creation(), *many, named(name="last")).subcode == 2388019


def test_creates_per_hour() -> None:
    """The hundred and first creation within an hour is throttled with 80008."""
    assert refusal(creation(), creates_last_hour=100).code == 80008


@pytest.mark.parametrize(
    ("category", "seconds", "bound"),
    [
        ("AUTHENTICATION", 29, "higher than or equal to 30"),
        ("AUTHENTICATION", 901, "lower than or equal to 900"),
        ("UTILITY", 29, "higher than or equal to 30"),
        ("UTILITY", 43_201, "lower than or equal to 43200"),
        ("MARKETING", 43_199, "higher than or equal to 43200"),
        ("MARKETING", 2_592_001, "lower than or equal to 2592000"),
        ("MARKETING", -1, "higher than or equal to 43200"),
    ],
)
def test_ttl_out_of_range(category: str, seconds: int, bound: str) -> None:
    """A time to live outside its category's range is refused with the bound that it breaks."""
    found = refusal(creation(category=category, message_send_ttl_seconds=seconds))
    assert (found.code, found.message) == (100, f"The time to live value must be {bound}")


@pytest.mark.parametrize(
    ("category", "seconds"), [("UTILITY", 30), ("UTILITY", 43_200), ("UTILITY", -1), ("MARKETING", 43_200)]
)
def test_ttl_in_range(category: str, seconds: int) -> None:
    """A time to live within its category's range is kept, -1 for thirty days too."""
    body = creation(category=category, message_send_ttl_seconds=seconds)
    assert check_creation(body, [], NOW, TemplatePolicy()).ttl_seconds == seconds


def test_other_fields_are_kept() -> None:
    """Optional top-level fields are given back; the ignored and the unknown are not."""
    body = creation(cta_url_link_tracking_opted_out=True, allow_category_change=True, novelty=1)
    assert check_creation(body, [], NOW, TemplatePolicy()).other == {"cta_url_link_tracking_opted_out": True}


def test_unknown_sub_category() -> None:
    """A sub-category outside the enum is refused."""
    found = refusal(creation(sub_category="SALE"))
    assert found.message is not None
    assert found.message.startswith("Param sub_category must be one of {BOOKING_STATUS, ")


def test_library_template_needs_no_components() -> None:
    """A creation from the library brings no components of its own."""
    body = creation(components=..., library_template_name="order_1")
    assert check_creation(body, [], NOW, TemplatePolicy()).components == []


def test_names_before_wording() -> None:
    """Of a taken name and a bad body the name is told first."""
    body = creation(components=[{"type": "BODY", "text": "{{1}}"}])
    assert refusal(body, named()).subcode == 2388024


def test_grammar_before_names() -> None:
    """Of a bad enum and a bad name the enum is told first."""
    assert refusal(creation(name="BAD", components=[{"type": "BDOY"}])).subcode is None
