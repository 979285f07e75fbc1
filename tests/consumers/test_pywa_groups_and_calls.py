"""pywa works with blocked users, groups, calls, settings and QR codes as its documentation shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localwaba import User, Waba

pywa = pytest.importorskip("pywa")

from pywa import errors, types  # noqa: E402
from pywa.types import calls  # noqa: E402

from .test_pywa import FIELDS, Bot, Front  # noqa: E402

pytestmark = pytest.mark.consumer

TOLD = (
    *FIELDS,
    "calls",
    "group_lifecycle_update",
    "group_participants_update",
)
SDP = calls.SessionDescription(sdp_type="offer", sdp="v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n")
ANSWER = calls.SessionDescription(sdp_type="answer", sdp=SDP.sdp)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    front = Front()
    yield front
    front.stop()


@pytest.fixture
def bot(waba: Waba, front: Front) -> Iterator[Bot]:
    """A bot that hears of calls and groups, too."""
    bot = Bot(waba)
    wa = bot.wa
    for decorate in (
        wa.on_call_connect,
        wa.on_call_terminate,
        wa.on_call_status,
        wa.on_call_permission_update,
    ):
        decorate(bot._hear)
    front.app = bot.app
    token = wa.get_app_access_token(int(waba.app_id), waba.app_secret)
    assert wa.set_app_callback_url(int(waba.app_id), token, front.url, waba.verify_token, TOLD)
    yield bot
    bot.session.close()


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada Lovelace")


def told(waba: Waba, field: str) -> list[Any]:
    """The items that webhooks told of groups; pywa has no type for them."""
    changes = [one["body"]["entry"][0]["changes"][0] for one in waba.deliveries()]
    return [item for change in changes if change["field"] == field for item in change["value"]["groups"]]


def make_group(waba: Waba, bot: Bot, subject: str = "Readers", **more: Any) -> str:
    operation = bot.wa.create_group(subject=subject, **more)
    waba.settle()
    [group] = [one for one in told(waba, "group_lifecycle_update") if one["request_id"] == operation.request_id]
    return str(group["group_id"])


def test_block(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa blocks whoever wrote, lists them, unblocks them; strangers raise its own error."""
    ada.sends("hi")
    blocked = bot.wa.block_users([ada.wa_id])
    assert [one.wa_id for one in blocked.added_users] == [ada.wa_id]
    listed = bot.wa.api.get_blocked_users(str(bot.wa.phone_id))["data"]  # pywa's own type wants Meta's list to differ
    assert [one["wa_id"] for one in listed] == [ada.wa_id]
    assert [one.wa_id for one in bot.wa.unblock_users([ada.wa_id]).removed_users] == [ada.wa_id]
    with waba.refuses(139100), pytest.raises(errors.WhatsAppError, match="Failed to block"):
        bot.wa.block_users(["16505550009"])


def test_group(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa makes a group, reads it and its link, changes it, removes people and deletes it."""
    group_id = make_group(waba, bot, description="Books")
    link = bot.wa.get_group_invite_link(group_id).link
    ada.does("join_group", link=link)
    group = bot.wa.get_group(group_id)
    assert (group.subject, group.description, group.suspended) == ("Readers", "Books", False)
    assert [(one.wa_id, one.bsuid) for one in group.participants] == [(ada.wa_id, ada.user_id)]
    assert group.reset_invite_link().link != link
    bot.wa.update_group_settings(group_id, subject="Writers", profile_picture=None)
    assert bot.wa.get_group(group_id).subject == "Writers"
    bot.wa.remove_group_participants(group_id, [ada.wa_id])
    assert bot.wa.get_group(group_id).total_participant_count == 0
    group.delete()
    with waba.refuses(100), pytest.raises(errors.WhatsAppError, match="does not exist"):
        bot.wa.get_group(group_id)


def test_join_requests(waba: Waba, bot: Bot, ada: User) -> None:
    """Whoever asks to join a group is in pywa's list, and in the group once they are approved."""
    group_id = make_group(waba, bot, join_approval_mode=types.GroupJoinApprovalMode.APPROVAL_REQUIRED)
    ada.does("join_group", group_id=group_id)
    [request] = bot.wa.get_group_join_requests(group_id)
    assert request.user.wa_id == ada.wa_id
    bot.wa.api.approve_group_join_requests(group_id, (request.id,))
    assert [one.wa_id for one in bot.wa.get_group(group_id).participants] == [ada.wa_id]


def test_group_messages(waba: Waba, bot: Bot, ada: User) -> None:
    """A group talks: pywa hears the participant and answers the group.

    Its own type for what became of that wants contacts on `sent`, which Meta's page does not have, and does not know
    the price of groups: pywa 4.5 is not asked to listen.
    """
    group_id = make_group(waba, bot)
    ada.does("join_group", group_id=group_id)
    ada.sends_message({"type": "text", "text": {"body": "Hello all"}, "group_id": group_id})
    heard = bot.hears(types.Message)
    assert (heard.text, heard.from_user.wa_id, heard.chat.id) == ("Hello all", ada.wa_id, group_id)
    sent = bot.wa.send_message(group_id, "Hello Ada")
    assert ada.receives("text", "Hello Ada").id == sent.id
    waba.advance(seconds=5)
    assert [one["receipts"] for one in waba.messages() if one["id"] == sent.id] == [{ada.wa_id: "read"}]


def enable_calling(waba: Waba, bot: Bot) -> None:
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"messaging_limit": "TIER_10K"})
    settings = types.CallingSettings(status=calls.CallingSettingsStatus.ENABLED)
    assert bot.wa.update_business_phone_number_settings(calling=settings)


def test_settings(waba: Waba, bot: Bot) -> None:
    """pywa enables calling, and reads the settings back in its own types."""
    enable_calling(waba, bot)
    found = bot.wa.get_business_phone_number_settings()
    assert found.calling.status == calls.CallingSettingsStatus.ENABLED
    assert found.user_identity_change.enable_identity_key_check is False


def test_a_user_calls(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa hears a user's call, takes it, ends it, and is told how long it was."""
    enable_calling(waba, bot)
    ada.does("call")
    call = bot.hears(calls.CallConnect)
    assert (call.from_user.wa_id, call.direction) == (ada.wa_id, calls.CallDirection.USER_INITIATED)
    assert call.session.sdp_type == "offer"
    assert call.pre_accept(sdp=ANSWER)
    assert call.accept(sdp=ANSWER, tracker="mine")
    waba.advance(seconds=30)
    assert call.terminate()
    ended = bot.hears(calls.CallTerminate)
    assert (ended.id, ended.duration, ended.status, ended.tracker) == (
        call.id,
        30,
        calls.CallTerminateStatus.COMPLETED,
        "mine",
    )


def test_the_business_calls(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa asks for permission, is told of the answer, calls, and hears that the user took the call."""
    enable_calling(waba, bot)
    ada.sends("hi")
    bot.wa.send_message(ada.wa_id, "May we call?", buttons=types.CallPermissionRequestButton())
    ada.receives("interactive", "May we call?")
    ada.taps("accept")
    assert bot.hears(calls.CallPermissionUpdate).response == calls.CallPermissionResponse.ACCEPT
    permissions = bot.wa.api.get_call_permissions(
        str(bot.wa.phone_id), ada.wa_id, None
    )  # pywa 4.5 cannot ask by itself
    assert permissions["permission"]["status"] == calls.CallPermissionStatus.TEMPORARY.value
    call = bot.wa.initiate_call(ada.wa_id, sdp=SDP)
    assert bot.hears(calls.CallStatus).status == calls.CallStatusType.RINGING
    ada.does("answer_call")
    assert bot.hears(calls.CallConnect).session.sdp_type == "answer"
    assert bot.hears(calls.CallStatus).status == calls.CallStatusType.ACCEPTED
    ada.does("hang_up")
    assert bot.hears(calls.CallTerminate).id == call.id


def test_refused_call(waba: Waba, bot: Bot, ada: User) -> None:
    """Without permission pywa raises its own error of that name."""
    enable_calling(waba, bot)
    with waba.refuses(138006), pytest.raises(errors.CallPermissionNotFound):
        bot.wa.initiate_call(ada.wa_id, sdp=SDP)


def test_qr_codes(bot: Bot) -> None:
    """pywa makes a QR code, reads, changes and deletes it."""
    made = bot.wa.create_qr_code("Monday", image_type=types.QRCodeImageType.PNG)
    assert made.qr_image_url.endswith(".png")
    assert made.fetch_image(types.QRCodeImageType.SVG).qr_image_url.endswith(".svg")
    made.update(prefilled_message="Sunday")
    assert [one.prefilled_message for one in bot.wa.get_qr_codes()] == ["Sunday"]
    assert made.delete()
    assert list(bot.wa.get_qr_codes()) == []


def test_automation_and_commerce(waba: Waba, bot: Bot) -> None:
    """pywa sets ice breakers and commands, carts and catalogues, and reads them back."""
    bot.wa.update_conversational_automation(ice_breakers=["Hours?"], commands=[types.Command("help", "Get help")])
    found = bot.wa.get_business_phone_number().conversational_automation
    assert (list(found.ice_breakers), [one.name for one in found.commands]) == (["Hours?"], ["help"])
    assert bot.wa.update_commerce_settings(is_catalog_visible=True)
    assert bot.wa.get_commerce_settings().is_catalog_visible is True
