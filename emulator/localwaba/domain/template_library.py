"""A small library of ready-made utility templates, in our own words and in the shapes of Meta's."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from localwaba.domain.errors import Refused, refuse
from localwaba.domain.ids import derive_number
from localwaba.domain.template_refusals import required

ParameterType = Literal["TEXT", "AMOUNT", "DATE", "PHONE NUMBER", "EMAIL", "NUMBER", "ADDRESS"]


class LibraryTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """One ready-made template; `body_params` are examples, one for each variable of the body."""

    name: str
    topic: str
    usecase: str
    body: str
    body_params: tuple[str, ...]
    body_param_types: tuple[ParameterType, ...]
    header: str = ""
    buttons: tuple[dict[str, str], ...] = ()
    industry: tuple[str, ...] = ("E_COMMERCE",)
    language: str = "en_US"
    category: str = "UTILITY"

    @property
    def id(self) -> str:
        """The same in every world."""
        return derive_number("template library", self.name)


_TRACK = {"type": "URL", "text": "Track order", "url": "https://www.example.com/orders/{{1}}"}
_PAY = {"type": "URL", "text": "Pay now", "url": "https://www.example.com/invoices/{{1}}"}
_CALL = {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550051310"}
_FINANCE = ("FINANCIAL_SERVICES",)

LIBRARY: tuple[LibraryTemplate, ...] = (
    LibraryTemplate(
        name="order_received_1",
        topic="ORDER_MANAGEMENT",
        usecase="ORDER_CONFIRMATION",
        header="We have your order",
        body="Hello {{1}}, thank you. Your order {{2}} has arrived here and we are getting it ready.",
        body_params=("Ana", "A-1001"),
        body_param_types=("TEXT", "TEXT"),
        buttons=(_TRACK,),
    ),
    LibraryTemplate(
        name="order_late_1",
        topic="ORDER_MANAGEMENT",
        usecase="ORDER_DELAY",
        header="Your order takes longer",
        body="Hello {{1}}, order {{2}} will reach you later than planned. We now expect it on {{3}} and are sorry.",
        body_params=("Ana", "A-1001", "24 March"),
        body_param_types=("TEXT", "TEXT", "DATE"),
        buttons=(_TRACK, _CALL),
    ),
    LibraryTemplate(
        name="order_stopped_1",
        topic="ORDER_MANAGEMENT",
        usecase="ORDER_OR_TRANSACTION_CANCEL",
        body="Hello {{1}}, order {{2}} was cancelled as you asked. We are sending {{3}} back to you.",
        body_params=("Ana", "A-1001", "$20.00"),
        body_param_types=("TEXT", "TEXT", "AMOUNT"),
    ),
    LibraryTemplate(
        name="order_at_counter_1",
        topic="ORDER_MANAGEMENT",
        usecase="ORDER_PICK_UP",
        header="Ready for you",
        body="Hello {{1}}, order {{2}} waits for you at {{3}}. Please bring this message along.",
        body_params=("Ana", "A-1001", "1 Harbour Street"),
        body_param_types=("TEXT", "TEXT", "ADDRESS"),
    ),
    LibraryTemplate(
        name="parcel_on_its_way_1",
        topic="ORDER_MANAGEMENT",
        usecase="SHIPMENT_CONFIRMATION",
        header="On its way",
        body="Hello {{1}}, order {{2}} left our warehouse today and should be with you by {{3}} at the latest.",
        body_params=("Ana", "A-1001", "24 March"),
        body_param_types=("TEXT", "TEXT", "DATE"),
        buttons=(_TRACK,),
    ),
    LibraryTemplate(
        name="parcel_delivered_1",
        topic="ORDER_MANAGEMENT",
        usecase="DELIVERY_CONFIRMATION",
        body="Hello {{1}}, order {{2}} has been handed over. If anything is missing, please tell us.",
        body_params=("Ana", "A-1001"),
        body_param_types=("TEXT", "TEXT"),
        buttons=(_CALL,),
    ),
    LibraryTemplate(
        name="parcel_came_back_1",
        topic="ORDER_MANAGEMENT",
        usecase="DELIVERY_FAILED",
        body="Hello {{1}}, nobody was at {{2}} to take order {{3}}. We will try again tomorrow.",
        body_params=("Ana", "1 Harbour Street", "A-1001"),
        body_param_types=("TEXT", "ADDRESS", "TEXT"),
        buttons=(_TRACK,),
    ),
    LibraryTemplate(
        name="how_was_it_1",
        topic="CUSTOMER_FEEDBACK",
        usecase="FEEDBACK_SURVEY",
        body="Hello {{1}}, you visited us on {{2}}. Would you tell us in two minutes how it was?",
        body_params=("Ana", "24 March"),
        body_param_types=("TEXT", "DATE"),
        buttons=({"type": "URL", "text": "Answer", "url": "https://www.example.com/surveys/{{1}}"},),
    ),
    LibraryTemplate(
        name="payment_arrived_1",
        topic="PAYMENTS",
        usecase="PAYMENT_CONFIRMATION",
        body="Hello {{1}}, your payment of {{2}} for invoice {{3}} has arrived. Thank you.",
        body_params=("Ana", "$20.00", "4711"),
        body_param_types=("TEXT", "AMOUNT", "NUMBER"),
        industry=("E_COMMERCE", "FINANCIAL_SERVICES"),
    ),
    LibraryTemplate(
        name="payment_soon_1",
        topic="PAYMENTS",
        usecase="PAYMENT_DUE_REMINDER",
        header="A payment is due",
        body="Hello {{1}}, {{2}} for invoice {{3}} is due on {{4}}. If you have paid it already, all is well.",
        body_params=("Ana", "$20.00", "4711", "24 March"),
        body_param_types=("TEXT", "AMOUNT", "NUMBER", "DATE"),
        buttons=(_PAY,),
        industry=_FINANCE,
    ),
    LibraryTemplate(
        name="balance_is_low_1",
        topic="ACCOUNT_UPDATE",
        usecase="LOW_BALANCE_WARNING",
        body="Hello {{1}}, the balance of your account ending in {{2}} has fallen to {{3}}, below what you chose.",
        body_params=("Ana", "1234", "$20.00"),
        body_param_types=("TEXT", "NUMBER", "AMOUNT"),
        buttons=(_CALL,),
        industry=_FINANCE,
    ),
    LibraryTemplate(
        name="account_is_open_1",
        topic="ACCOUNT_UPDATE",
        usecase="ACCOUNT_CREATION_CONFIRMATION",
        body="Hello {{1}}, your account is open. We will write to {{2}} whenever something important changes.",
        body_params=("Ana", "ana@example.com"),
        body_param_types=("TEXT", "EMAIL"),
        industry=("E_COMMERCE", "FINANCIAL_SERVICES"),
    ),
)
_BY_NAME = {one.name: one for one in LIBRARY}

_LONGEST = 250
_FORMS: dict[str, re.Pattern[str]] = {
    "AMOUNT": re.compile(r".*\d.*"),
    "DATE": re.compile(r".*\d.*"),
    "PHONE NUMBER": re.compile(r"\+?[\d\s().-]{5,25}"),
    "EMAIL": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "NUMBER": re.compile(r"[\d\s.,/-]*\d[\d\s.,/-]*"),
}


def find(name: str) -> LibraryTemplate | None:
    """The ready-made template of a name."""
    return _BY_NAME.get(name)


def browse(search: str = "", **facets: str) -> list[LibraryTemplate]:
    """Ready-made templates whose name, header or body has a text, of a topic, usecase, industry and language."""
    wanted = search.lower()
    found: list[LibraryTemplate] = []
    for one in LIBRARY:
        if wanted not in f"{one.name}\n{one.header}\n{one.body}".lower():
            continue
        own = {"topic": (one.topic,), "usecase": (one.usecase,), "industry": one.industry, "language": (one.language,)}
        if all(not value or value in own[name] for name, value in facets.items()):
            found.append(one)
    return found


def completed(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a creation with the components that the library has, where it names one of its templates."""
    name = params.get("library_template_name")
    if not name or params.get("components"):
        return params
    one = find(str(name))
    if one is None:
        raise _unusable(f"the library has no template {name!r}", f"use one of {', '.join(_BY_NAME)}")
    language, category = params.get("language"), str(params.get("category") or one.category)
    if language not in (None, "", one.language):
        raise _unusable(f"{name} is in {one.language}, not in {language}", f"use language {one.language}")
    if category.upper() != one.category:
        raise _unusable(f"{name} is {one.category}, not {category}", f"use category {one.category}")
    components: list[dict[str, Any]] = []
    if one.header:
        components.append({"type": "HEADER", "format": "TEXT", "text": one.header})
    components.append({"type": "BODY", "text": one.body, "example": {"body_text": [list(one.body_params)]}})
    if one.buttons:
        components.append({"type": "BUTTONS", "buttons": _buttons(one, params.get("library_template_button_inputs"))})
    return params | {"components": components}


def _buttons(one: LibraryTemplate, inputs: Any) -> list[dict[str, Any]]:
    """The library's buttons with the addresses and numbers of the business."""
    if not isinstance(inputs, list) or not inputs:
        raise required("library_template_button_inputs")
    kinds = [button["type"] for button in one.buttons]
    given = [str(given.get("type", "")).upper() for given in inputs]
    if given != kinds:
        why = f"{one.name} has buttons {', '.join(kinds)}; inputs are {', '.join(given)}"
        raise _unusable(why, "give one input for each button, in this order")
    found: list[dict[str, Any]] = []
    for button, own in zip(one.buttons, inputs, strict=True):
        made: dict[str, Any] = {"type": button["type"], "text": button["text"]}
        if button["type"] == "PHONE_NUMBER":
            made["phone_number"] = own.get("phone_number") or ""
        else:
            link = own.get("url") or {}
            made["url"] = link.get("base_url", "")
            if "{{" in made["url"]:
                made["example"] = [link.get("url_suffix_example", "")]
        found.append(made)
    return found


def check_values(one: LibraryTemplate, values: list[str], code: int) -> None:
    """Values of a send have the type that the library wants (Meta: type and length are checked; codes are U)."""
    for place, (kind, value) in enumerate(zip(one.body_param_types, values, strict=False), 1):
        form = _FORMS.get(kind)
        why = f"it has {len(value)} characters" if len(value) > _LONGEST else ""
        if form is not None and not form.fullmatch(value):
            why = f"{value!r} is no {kind}"
        if why:
            raise refuse(
                code,
                f"body: Parameter {place} has an invalid value for type {kind}",
                rule="template library",
                why=f"variable {place} of the library's {one.name}: {why}",
                fix=f"send a value like {one.body_params[place - 1]!r}",
            )


def _unusable(why: str, fix: str) -> Refused:
    return refuse(100, message="Invalid parameter", rule="template library", why=why, fix=fix)
