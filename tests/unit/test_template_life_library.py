"""Ready-made templates, and authentication templates in many languages."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba.domain.errors import Refusal, Refused
from localwaba.domain.template_library import LIBRARY, LibraryTemplate
from localwaba_contracts.validate import violation

EDGE = "message_templates"
BUTTONS = {
    "URL": {"type": "URL", "url": {"base_url": "https://shop.test/{{1}}", "url_suffix_example": "https://shop.test/a"}},
    "PHONE_NUMBER": {"type": "PHONE_NUMBER", "phone_number": "+16505551234"},
}
OTP = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 5},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
]


@pytest.fixture
def stage(make_stage: Any) -> Any:
    return make_stage()


def inputs(one: LibraryTemplate) -> list[dict[str, Any]]:
    return [BUTTONS[button["type"]] for button in one.buttons]


def create(stage: Any, one: LibraryTemplate, **more: Any) -> Any:
    given = {"name": "mine", "language": "en_US", "category": "UTILITY", "library_template_name": one.name}
    if one.buttons:
        given["library_template_button_inputs"] = inputs(one)
    return stage.call("create_template", stage.world.waba_id, EDGE, **(given | more))


def refusal(act: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.refusal


@pytest.mark.parametrize("one", LIBRARY, ids=lambda one: one.name)
def test_every_ready_made_template_can_be_made(stage: Any, one: LibraryTemplate) -> None:
    """It passes all rules of creation, is approved at once, and can be sent with its own examples."""
    made = create(stage, one)
    assert made["status"] == "APPROVED"
    parameters = [{"type": "text", "text": value} for value in one.body_params]
    components: list[Any] = [{"type": "body", "parameters": parameters}]
    for index, button in enumerate(one.buttons):
        if button["type"] == "URL":
            suffix = {"type": "text", "text": "a"}
            components.append({"type": "button", "sub_type": "url", "index": str(index), "parameters": [suffix]})
    template = {"name": "mine", "language": {"code": "en_US"}, "components": components}
    stage.call(
        "send_message",
        stage.world.phone_number_id,
        "messages",
        messaging_product="whatsapp",
        to="16505551234",
        type="template",
        template=template,
    )
    assert len(one.body_params) == len(one.body_param_types) == one.body.count("{{")


def test_browsing(stage: Any) -> None:
    """The library is searched by text and by facet, from anywhere or by an account."""
    everything = stage.call("list_template_library", "", "")
    assert violation("answers/template_library", everything) is None
    assert len(everything["data"]) == len(LIBRARY) == 12
    found = stage.call(
        "list_waba_template_library", stage.world.waba_id, "message_template_library", topic="PAYMENTS", search="DUE"
    )
    assert [one["usecase"] for one in found["data"]] == ["PAYMENT_DUE_REMINDER"]
    assert stage.call("list_template_library", "", "", language="de")["data"] == []
    assert len(stage.call("list_template_library", "", "", industry="financial_services")["data"]) == 4


def test_library_refusals(stage: Any) -> None:
    """What the library does not have, other languages and categories, and missing inputs are refused."""
    one = LIBRARY[0]
    assert "order_received_1" in refusal(lambda: create(stage, one, library_template_name="nothing")).fix
    assert refusal(lambda: create(stage, one, language="es")).fix == "use language en_US"
    assert refusal(lambda: create(stage, one, category="MARKETING")).fix == "use category UTILITY"
    found = refusal(lambda: create(stage, one, library_template_button_inputs=[]))
    assert found.message == "The parameter library_template_button_inputs is required."
    wrong = [BUTTONS["PHONE_NUMBER"]]
    assert "PHONE_NUMBER" in refusal(lambda: create(stage, one, library_template_button_inputs=wrong)).why


def test_changed_wording_is_reviewed(stage: Any) -> None:
    """A library template with components of its own waits for its review like any other."""
    components = [{"type": "BODY", "text": "We have your order."}]
    assert create(stage, LIBRARY[0], components=components)["status"] == "PENDING"


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("payment_arrived_1", 1, "soon"),
        ("payment_arrived_1", 2, "abc"),
        ("account_is_open_1", 1, "ana"),
        ("account_is_open_1", 0, "x" * 251),
    ],
)
def test_values_have_their_type(stage: Any, name: str, place: int, value: str) -> None:
    """A value of another type than the library wants fails the send."""
    one = next(one for one in LIBRARY if one.name == name)
    create(stage, one)
    values = list(one.body_params)
    values[place] = value
    sent = {"type": "body", "parameters": [{"type": "text", "text": text} for text in values]}
    template = {"name": "mine", "language": {"code": "en_US"}, "components": [sent]}
    send = {"messaging_product": "whatsapp", "to": "16505551234", "type": "template", "template": template}
    found = refusal(lambda: stage.call("send_message", stage.world.phone_number_id, "messages", **send))
    assert (found.code, f"variable {place + 1}" in found.why) == (132018, True)


def upsert(stage: Any, **more: Any) -> Any:
    given = {"name": "otp", "languages": ["en_US", "es_ES"], "category": "AUTHENTICATION", "components": OTP}
    return stage.call("upsert_templates", stage.world.waba_id, "upsert_message_templates", **(given | more))


def test_upsert_makes_and_changes(stage: Any) -> None:
    """Each language is made or changed, and approved."""
    made = upsert(stage)
    assert violation("answers/upsert_templates", made) is None
    assert [(one["language"], one["status"]) for one in made["data"]] == [("en_US", "APPROVED"), ("es_ES", "APPROVED")]
    changed = upsert(stage, languages=["es_ES", "pt_BR"], message_send_ttl_seconds=60)
    assert changed["data"][0]["id"] == made["data"][1]["id"]
    times = {one.language: one.ttl_seconds for one in stage.world.templates.values() if one.name == "otp"}
    assert times == {"en_US": None, "es_ES": 60, "pt_BR": 60}


def test_upsert_refuses(stage: Any) -> None:
    """All or nothing; only authentication, and none of the texts that are fixed."""
    assert refusal(lambda: upsert(stage, languages=["en_US", "xx"])).code == 100
    assert "upsert" in str(refusal(lambda: upsert(stage, language="en_US")).message)
    assert refusal(lambda: upsert(stage, category="UTILITY")).code == 100
    button = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}
    own = [OTP[0], {"type": "BUTTONS", "buttons": [button]}]
    assert "text" in str(refusal(lambda: upsert(stage, components=own)).message)
    assert not [one for one in stage.world.templates.values() if one.name == "otp"]


def test_previews(stage: Any) -> None:
    """The fixed texts of the languages asked for, as captured."""

    def preview(**params: Any) -> Any:
        given = {"category": "AUTHENTICATION", "button_types": "OTP"} | params
        return stage.call("preview_templates", stage.world.waba_id, "message_template_previews", **given)

    found = preview(languages="en_US,es_ES", add_security_recommendation=True, code_expiration_minutes=10)
    assert found == {
        "data": [
            {
                "body": "*{{1}}* is your verification code. For your security, do not share this code.",
                "buttons": [{"text": "Copy code", "autofill_text": "Autofill"}],
                "footer": "This code expires in 10 minutes.",
                "language": "en_US",
            },
            {
                "body": "Tu código de verificación es *{{1}}*. Por tu seguridad, no lo compartas.",
                "buttons": [{"text": "Copiar código", "autofill_text": "Autocompletar"}],
                "footer": "Este código caduca en 10 minutos.",
                "language": "es_ES",
            },
        ]
    }
    everything = preview()
    assert violation("answers/preview_templates", everything) is None
    assert len(everything["data"]) > 60
    assert "footer" not in everything["data"][0]
