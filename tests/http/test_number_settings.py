"""What is set for a number over Graph: calling, storage, keys, carts, ice breakers, QR codes; who works there."""

from __future__ import annotations

from base64 import b64encode
from textwrap import wrap
from typing import Any

import pytest

from localwaba_contracts.registry import routes
from localwaba_contracts.validate import violation

from .conftest import CALLBACK, NOON, Platform, Reply

ANSWERS = {row.operation: row.answer for row in routes()}
EDGES = {(row.method, row.node, row.edge): row.operation for row in routes()}
RAW = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a02820101") + bytes(262)
KEY = "\n".join(["-----BEGIN PUBLIC KEY-----", *wrap(b64encode(RAW).decode(), 64), "-----END PUBLIC KEY-----", ""])


def ask(platform: Platform, method: str, edge: str, body: Any = None, query: str = "") -> Reply:
    """A call to an edge of the number, whose answer is held against the contract."""
    found = platform.graph(method, f"/{platform.number}/{edge}", body, query=query)
    first, _, rest = edge.partition("/")
    operation = EDGES[method, "phone_number", f"{first}/{{code}}" if rest else edge]
    assert found.status != 200 or violation(str(ANSWERS[operation]), found.body) is None
    return found


def settings(platform: Platform, **given: Any) -> Reply:
    return ask(platform, "POST", "settings", given)


def test_as_it_was_seeded(platform: Platform) -> None:
    """A new number has calling, encryption and identity checks off, and is stored as usual."""
    assert ask(platform, "GET", "settings").body == {
        "calling": {"status": "DISABLED", "call_icon_visibility": "DEFAULT", "callback_permission_status": "DISABLED"},
        "payload_encryption": {"status": "DISABLED"},
        "storage_configuration": {"status": "DEFAULT"},
        "user_identity_change": {"enable_identity_key_check": False},
    }


def test_one_at_a_time(platform: Platform) -> None:
    """One feature is set by a call, and there has to be one."""
    both = settings(platform, user_identity_change={"enable_identity_key_check": True}, calling={"status": "DISABLED"})
    assert (both.status, both.error["code"]) == (400, 100)
    assert settings(platform).error["message"] == "(#100) The parameter calling is required."


def test_unknown_members(platform: Platform) -> None:
    """What Meta does not know is refused in its words, as was captured."""
    assert settings(platform, calling={"enabled": True}).error["message"] == (
        '(#100) Unexpected key "enabled" on param "calling".'
    )


def test_identity_and_encryption(platform: Platform) -> None:
    """Identity checks and encryption are kept; of the key only a fingerprint is shown."""
    settings(platform, user_identity_change={"enable_identity_key_check": True})
    settings(platform, payload_encryption={"status": "ENABLED", "client_encryption_key": "a2V5"})
    found = ask(platform, "GET", "settings").body
    assert found["user_identity_change"] == {"enable_identity_key_check": True}
    assert found["payload_encryption"]["status"] == "ENABLED"
    assert "client_encryption_key" not in found["payload_encryption"]


def test_storage(platform: Platform) -> None:
    """No storage has a time, an hour unless it is said; a country has to be named; the default takes both away."""
    settings(platform, storage_configuration={"status": "NO_STORAGE_ENABLED"})
    shown = ask(platform, "GET", "settings").body["storage_configuration"]
    assert shown == {"status": "NO_STORAGE_ENABLED", "retention_minutes": 60}
    assert settings(platform, storage_configuration={"status": "IN_COUNTRY_STORAGE_ENABLED"}).status == 400
    settings(platform, storage_configuration={"status": "DEFAULT"})
    assert ask(platform, "GET", "settings").body["storage_configuration"] == {"status": "DEFAULT"}


def hours(*rows: tuple[str, str, str]) -> dict[str, Any]:
    weekly = [{"day_of_week": day, "open_time": start, "close_time": end} for day, start, end in rows]
    return {"status": "ENABLED", "timezone_id": "America/Manaus", "weekly_operating_hours": weekly}


def test_call_hours(platform: Platform) -> None:
    """Hours are shown as `HHMM`, however they were written."""
    assert settings(platform, calling={"call_hours": hours(("MONDAY", "04:00", "1020"))}).status == 200
    shown = ask(platform, "GET", "settings").body["calling"]["call_hours"]["weekly_operating_hours"]
    assert shown == [{"day_of_week": "MONDAY", "open_time": "0400", "close_time": "1020"}]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("MONDAY", "1000", "0900")], "closes before it opens"),
        ([("MONDAY", "0900", "1200"), ("MONDAY", "1100", "1300")], "overlap"),
        ([("MONDAY", "0100", "0200"), ("MONDAY", "0300", "0400"), ("MONDAY", "0500", "0600")], "3 entries"),
    ],
)
def test_bad_hours(platform: Platform, rows: list[tuple[str, str, str]], word: str) -> None:
    """Hours that cannot be are refused, with the reason."""
    assert word in settings(platform, calling={"call_hours": hours(*rows)}).why


def test_changes_are_told(platform: Platform) -> None:
    """A change of calling is told to the app, with what has changed and nothing else."""
    platform.control("PUT", "webhook", {"url": CALLBACK, "fields": ["account_settings_update", "calls"]})
    settings(platform, calling={"call_icon_visibility": "DISABLE_ALL", "call_hours": hours()})
    settings(platform, calling={"call_icon_visibility": "DISABLE_ALL"})
    platform.settle()
    [webhook] = platform.control("GET", "webhooks")["webhooks"]
    value = webhook["body"]["entry"][0]["changes"][0]["value"]
    assert violation("webhooks/account_settings_update", value) is None
    assert value == {
        "messaging_product": "whatsapp",
        "timestamp": str(NOON),
        "type": "phone_number_settings",
        "phone_number_settings": {
            "phone_number_id": platform.number,
            "calling": {"call_icon_visibility": "DISABLE_ALL"},
        },
    }


def test_sip_passwords(platform: Platform) -> None:
    """A SIP server's password is shown to whoever asks for it, and is the same each time."""
    settings(platform, calling={"sip": {"status": "ENABLED", "servers": [{"hostname": "sip.example"}]}})
    plain, full = (
        ask(platform, "GET", "settings", query=query).body["calling"]["sip"]["servers"][0]
        for query in ("", "include_sip_credentials=true")
    )
    assert plain == {"app_id": int(platform.world.app_id), "port": 5061, "hostname": "sip.example"}
    assert full == plain | {"sip_user_password": full["sip_user_password"]}


def test_commerce(platform: Platform) -> None:
    """The cart is on and the catalogue hidden, until a query says otherwise."""
    default = {"is_cart_enabled": True, "is_catalog_visible": False, "id": platform.world.catalog_id}
    assert ask(platform, "GET", "whatsapp_commerce_settings").body == {"data": [default]}
    query = "is_cart_enabled=false&is_catalog_visible=true"
    assert ask(platform, "POST", "whatsapp_commerce_settings", query=query).body == {"success": True}
    changed = default | {"is_cart_enabled": False, "is_catalog_visible": True}
    assert ask(platform, "GET", "whatsapp_commerce_settings").body == {"data": [changed]}


def test_key(platform: Platform) -> None:
    """The key of flows is kept as it is; what is no RSA key of 2048 bits is refused."""
    edge = "whatsapp_business_encryption"
    assert ask(platform, "GET", edge).body == {"data": []}
    assert ask(platform, "POST", edge, {"business_public_key": KEY}).body == {"success": True}
    [shown] = ask(platform, "GET", edge).body["data"]
    assert shown == {"business_public_key": KEY, "business_public_key_signature_status": "VALID"}
    bad = ("hello", KEY.replace("PUBLIC", "PRIVATE"), KEY[:-60] + "-----END PUBLIC KEY-----")
    assert [ask(platform, "POST", edge, {"business_public_key": one}).status for one in bad] == [400] * 3


def test_ice_breakers(platform: Platform) -> None:
    """Ice breakers and commands are read as a field of the number and as a node; what is not named stays."""
    command = {"command_name": "help", "command_description": "Get help"}
    ask(platform, "POST", "conversational_automation", {"prompts": ["Hours?"], "enable_welcome_message": True})
    ask(platform, "POST", "conversational_automation", {"commands": [command]})
    found = platform.graph("GET", f"/{platform.number}?fields=conversational_automation").body[
        "conversational_automation"
    ]
    assert {name: found[name] for name in ("prompts", "commands")} == {"prompts": ["Hours?"], "commands": [command]}
    bot = platform.graph("GET", f"/{found['id']}").body
    assert violation("answers/bot", bot) is None
    assert bot == {"prompts": ["Hours?"], "commands": [command], "id": found["id"]}


@pytest.mark.parametrize(
    "body",
    [
        {"prompts": ["x"] * 5},
        {"prompts": ["x" * 81]},
        {"commands": [{"command_name": "x" * 33, "command_description": "x"}]},
        {"commands": [{"command_name": "x"}]},
    ],
)
def test_too_much_automation(platform: Platform, body: dict[str, Any]) -> None:
    """Four ice breakers of 80 characters, names of 32: more is refused."""
    assert ask(platform, "POST", "conversational_automation", body).error["code"] == 100


def test_qr_codes(platform: Platform) -> None:
    """A QR code is made, changed, read one by one and as a list with the newest first, and deleted."""
    made = ask(platform, "POST", "message_qrdls", {"prefilled_message": "Monday", "generate_qr_image": "SVG"}).body
    assert made["deep_link_url"] == f"https://wa.me/message/{made['code']}"
    assert made["qr_image_url"].endswith(".svg")
    other = ask(platform, "POST", "message_qrdls", query="prefilled_message=Tuesday").body
    assert sorted(other) == ["code", "deep_link_url", "prefilled_message"]
    changed = ask(platform, "POST", "message_qrdls", {"code": made["code"], "prefilled_message": "Sunday"}).body
    assert (changed["code"], changed["prefilled_message"]) == (made["code"], "Sunday")
    listed = ask(platform, "GET", "message_qrdls").body["data"]
    assert [one["prefilled_message"] for one in listed] == ["Tuesday", "Sunday"]
    fields = "code,creation_time,qr_image_url.format(PNG)"
    [shown] = ask(platform, "GET", f"message_qrdls/{made['code']}", query=f"fields={fields}").body["data"]
    assert (shown["code"], shown["creation_time"], shown["qr_image_url"][-4:]) == (made["code"], NOON, ".png")
    assert ask(platform, "GET", "message_qrdls", query=f"code={other['code']}").body["data"] == [other]
    assert ask(platform, "DELETE", f"message_qrdls/{made['code']}").body == {"success": True}
    assert ask(platform, "GET", f"message_qrdls/{made['code']}").error["code"] == 100


def test_pictures(platform: Platform) -> None:
    """The address of a picture gives it without a token, in both formats; others lead nowhere."""
    made = ask(platform, "POST", "message_qrdls", {"prefilled_message": "Hi", "generate_qr_image": "PNG"}).body
    path = made["qr_image_url"].removeprefix("http://localhost")
    picture, drawing = platform.ask("GET", path), platform.ask("GET", path.replace(".png", ".svg"))
    assert (picture.headers["content-type"], picture.raw[:4]) == ("image/png", b"\x89PNG")
    assert (drawing.headers["content-type"], drawing.raw[:4]) == ("image/svg+xml", b"<svg")
    assert [platform.ask("GET", path + more).status for more in ("x", "/../x")] == [404] * 2


def test_scan(platform: Platform) -> None:
    """Who scans a code sends its text to its number; a code that was deleted leads nowhere."""
    made = ask(platform, "POST", "message_qrdls", {"prefilled_message": "Monday"}).body
    scan = {"action": "scan", "code": made["deep_link_url"]}
    assert platform.control("POST", "users/16505551234/actions", scan)["text"] == "Monday"
    assert platform.control("GET", "messages")["messages"][-1]["text"] == "Monday"
    ask(platform, "DELETE", f"message_qrdls/{made['code']}")
    refused = platform.ask("POST", "/_localwaba/users/16505551234/actions", scan)
    assert "leads nowhere" in refused.body["error"]


def test_bad_qr_codes(platform: Platform) -> None:
    """A text of more than 140 characters, and a picture that is neither SVG nor PNG, are refused."""
    for body in ({"prefilled_message": "x" * 141}, {"prefilled_message": "x", "generate_qr_image": "GIF"}, {}):
        assert ask(platform, "POST", "message_qrdls", body).error["code"] == 100


def test_people(platform: Platform) -> None:
    """The system user is assigned from the start; others come and go, with the tasks that they were given last."""
    path = f"/{platform.world.waba_id}/assigned_users"
    query = f"business={platform.world.business_id}"
    [first] = platform.graph("GET", path, query=query).body["data"]
    assert (first["id"], first["tasks"]) == (
        platform.world.tokens[platform.world.access_token].user_id,
        ["FULL_CONTROL"],
    )
    for tasks in (["MANAGE"], ["DEVELOP", "VIEW_COST"]):
        assert platform.graph("POST", path, {"user": "2345678901234567", "tasks": tasks}).body == {"success": True}
    found = platform.graph("GET", path, query=query).body
    assert violation("answers/list_assigned_users", found) is None
    assert [(one["id"], one["tasks"]) for one in found["data"][1:]] == [("2345678901234567", ["DEVELOP", "VIEW_COST"])]
    assert platform.graph("DELETE", path, {"user": "2345678901234567"}).body == {"success": True}
    assert platform.graph("DELETE", path, {"user": "2345678901234567"}).error["code"] == 100
    assert platform.graph("POST", path, {"user": "1", "tasks": ["FLY"]}).error["code"] == 100
    assert platform.graph("GET", path).error["message"] == "(#100) The parameter business is required."
