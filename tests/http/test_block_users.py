"""Users whom a business blocks: over HTTP, with Meta's answers for those who cannot be blocked."""

from __future__ import annotations

from typing import Any

from localwaba_contracts.validate import violation

from .conftest import Platform, Reply

ANN, BOB = "16505551234", "16505554321"
HI = {"type": "text", "text": {"body": "hi"}}


def ask(platform: Platform, method: str, *users: dict[str, str], query: str = "") -> Reply:
    body = {"messaging_product": "whatsapp", "block_users": list(users)} if users else None
    return platform.graph(method, f"/{platform.number}/block_users", body, query=query)


def says_hi(platform: Platform, *users: str) -> None:
    for user in users:
        platform.control("POST", f"users/{user}/messages", HI)


def blocked(platform: Platform, query: str = "") -> list[Any]:
    found = ask(platform, "GET", query=query)
    assert violation("answers/list_blocked_users", found.body) is None
    return [one["wa_id"] for one in found.body["data"]]


def last(platform: Platform) -> Any:
    return platform.control("GET", "messages")["messages"][-1]


def test_block_and_unblock(platform: Platform) -> None:
    """Whoever wrote lately is blocked, listed, and unblocked again; the answer names them as they were named."""
    says_hi(platform, ANN)
    added = ask(platform, "POST", {"user": f"+{ANN}"})
    shown = {"input": f"+{ANN}", "wa_id": ANN}
    assert added.body == {"messaging_product": "whatsapp", "block_users": {"added_users": [shown]}}
    assert blocked(platform) == [ANN]
    removed = ask(platform, "DELETE", {"user": ANN})
    shown = {"input": ANN, "wa_id": ANN}
    assert removed.body == {"messaging_product": "whatsapp", "block_users": {"removed_users": [shown]}}
    assert blocked(platform) == []


def test_a_blocked_user_cannot_be_written_to(platform: Platform) -> None:
    """A message to a blocked user is taken and fails with 130403; after the block it arrives."""
    says_hi(platform, ANN)
    ask(platform, "POST", {"user": ANN})
    assert platform.send(platform.text(ANN)).status == 200
    platform.settle()
    assert (last(platform)["status"], last(platform)["error"]["code"]) == ("failed", 130403)
    ask(platform, "DELETE", {"user": ANN})
    platform.send(platform.text(ANN))
    platform.settle()
    assert last(platform)["status"] == "sent"


def test_a_blocked_user_cannot_write(platform: Platform) -> None:
    """What a blocked user writes never arrives."""
    says_hi(platform, ANN)
    ask(platform, "POST", {"user": ANN})
    assert platform.control("POST", f"users/{ANN}/messages", HI)["arrives"] is False


def test_only_who_wrote_lately(platform: Platform) -> None:
    """Strangers, and those who last wrote a day ago, fail with 131047; the others are blocked."""
    says_hi(platform, ANN)
    platform.control("POST", "clock/advance", {"seconds": 86_400})
    says_hi(platform, BOB)
    found = ask(platform, "POST", {"user": ANN}, {"user": BOB}, {"user": "no number"})
    assert (found.status, violation("answers/block_users", found.body)) == (400, None)
    assert found.error == {
        "message": "(#139100) Failed to block/unblock users",
        "type": "OAuthException",
        "code": 139100,
        "error_data": {
            "messaging_product": "whatsapp",
            "details": "Failed to block some users, see the block_users response list for details",
        },
    }
    lists = found.body["block_users"]
    assert lists["added_users"] == [{"input": BOB, "wa_id": BOB}]
    details = {"details": "User has not messaged in the last 24 hours"}
    error = {"message": "Re-engagement required", "code": 131047, "error_data": details}
    assert lists["failed_users"] == [
        {"input": "no number", "errors": [error]},
        {"input": ANN, "wa_id": ANN, "errors": [error]},
    ]
    assert blocked(platform) == [BOB]


def test_by_user_id(platform: Platform) -> None:
    """A business-scoped id names a user as well as a phone number does; the answer then has no phone number."""
    says_hi(platform, ANN)
    user_id = platform.world.users[ANN].user_id
    found = ask(platform, "POST", {"user_id": user_id})
    assert found.body["block_users"] == {"added_users": [{"input": user_id, "user_id": user_id}]}
    assert blocked(platform) == [ANN]


def test_nobody_blocks_themselves(platform: Platform) -> None:
    """The number itself cannot be blocked (131021)."""
    own = platform.world.numbers[platform.number].digits
    [failed] = ask(platform, "POST", {"user": own}).body["block_users"]["failed_users"]
    assert [error["code"] for error in failed["errors"]] == [131021]


def test_limit(platform: Platform) -> None:
    """Beyond the limit nobody is blocked and 139101 says so; whoever is blocked already does not count."""
    platform.control("PATCH", "policy", {"blocklist_limit": 1})
    says_hi(platform, ANN, BOB)
    assert ask(platform, "POST", {"user": ANN}).status == 200
    assert ask(platform, "POST", {"user": ANN}).status == 200
    assert ask(platform, "POST", {"user": BOB}).error["code"] == 139101
    assert blocked(platform) == [ANN]


def test_pages(platform: Platform) -> None:
    """A long list comes in pages."""
    says_hi(platform, ANN, BOB)
    ask(platform, "POST", {"user": ANN}, {"user": BOB})
    first = ask(platform, "GET", query="limit=1").body
    assert [one["wa_id"] for one in first["data"]] == [ANN]
    assert blocked(platform, f"limit=1&after={first['paging']['cursors']['after']}") == [BOB]


def test_contract(platform: Platform) -> None:
    """A list without users, or a user without a name, is refused in Graph's words."""
    path = f"/{platform.number}/block_users"
    asked = [{}, {"block_users": []}, {"block_users": [{}]}]
    found = [platform.graph("POST", path, {"messaging_product": "whatsapp"} | one).error["message"] for one in asked]
    assert found == [
        "(#100) The parameter block_users is required.",
        "(#100) Param block_users must have at least 1 elements.",
        "(#100) The parameter block_users[0]['user'] is required.",
    ]
