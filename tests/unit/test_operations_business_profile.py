"""The business profile: flat, sparse, changed attribute by attribute."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.events import Put
from localwaba.domain.media import new_handle
from localwaba.domain.model import UploadSession

ALL = "about,address,description,email,profile_picture_url,websites,vertical"


def read(call: Any, fields: str = ALL) -> dict[str, Any]:
    """The one item of the answer."""
    [found] = call("GET", call.world.phone_number_id, "whatsapp_business_profile", {"fields": fields}).body["data"]
    assert isinstance(found, dict)
    return found


def write(call: Any, **params: Any) -> Any:
    """Changes the profile."""
    return call(
        "POST", call.world.phone_number_id, "whatsapp_business_profile", {"messaging_product": "whatsapp"} | params
    ).body


def upload(call: Any, file_type: str = "image/png") -> str:
    """A finished upload's handle."""
    session = UploadSession(
        id="upload:1", app_id=call.world.app_id, file_name="p.png", file_length=3, file_type=file_type, blob="ab" * 32
    )
    handle = new_handle(call.world, session, "9", call.now)
    finished = replace(session, handle=handle)
    call.happen([Put(at=call.now, thing=finished)])
    return handle


def test_nothing_is_shown_unasked(call: Any) -> None:
    """Without fields there is the product, and an id."""
    assert {"messaging_product", "id"} == set(read(call, ""))


def test_a_new_profile_has_a_vertical_only(call: Any) -> None:
    """Empty attributes are left out; no vertical is UNDEFINED."""
    assert read(call) == {"vertical": "UNDEFINED", "messaging_product": "whatsapp"}


def test_attributes_are_changed_one_by_one(call: Any) -> None:
    """What a change does not name stays; what it empties is gone."""
    assert write(call, about="Hi", address="Here", vertical="retail") == {"success": True}
    write(call, address="", email="a@b.example", websites=["https://a.example/"])
    expected = {
        "about": "Hi",
        "email": "a@b.example",
        "websites": ["https://a.example/"],
        "vertical": "RETAIL",
        "messaging_product": "whatsapp",
    }
    assert expected == read(call)


def test_a_picture_comes_from_a_finished_upload(call: Any) -> None:
    """The handle of an upload becomes an address of this server."""
    write(call, profile_picture_handle=upload(call))
    url = read(call)["profile_picture_url"]
    assert url.startswith("http://127.0.0.1:4080/whatsapp_business/attachments/?mid=")


def test_another_picture_takes_the_place_of_the_first(call: Any) -> None:
    """Of the first nothing is left."""
    handle = upload(call)
    for _ in range(2):
        write(call, profile_picture_handle=handle)
    assert len(call.world.media) == 1


@pytest.mark.parametrize("kind", ["unknown", "application/pdf"])
def test_any_other_handle_is_refused(call: Any, kind: str) -> None:
    """Neither an invented handle nor a file that is no picture will do."""
    handle = "4:bm9uZQ==:aW1hZ2UvcG5n:AR:e:1:1:1:AR" if kind == "unknown" else upload(call, kind)
    params = {"messaging_product": "whatsapp", "profile_picture_handle": handle}
    error = call.error("POST", call.world.phone_number_id, "whatsapp_business_profile", params)
    assert (error["code"], error["error_data"]["details"]) == (131009, "Uploaded media handle is invalid")


def test_an_unknown_field_is_refused(call: Any) -> None:
    """The error names the type of the node."""
    error = call.error("GET", call.world.phone_number_id, "whatsapp_business_profile", {"fields": "colour"})
    assert "nonexisting field (colour) on node type (WhatsAppBusinessProfile)" in error["message"]
