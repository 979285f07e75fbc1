"""What the README says of new versions, unknown members and gaps is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from localwaba import Emulator
from localwaba.domain.policy import Policy
from localwaba.domain.routing import FIELDS
from localwaba.versions.table import NEWEST, ROWS
from localwaba_contracts import routes

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as found:
        yield found


def ask(emulator: Emulator, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {emulator.world.access_token}"}
    return httpx.request(method, f"{emulator.url}{path}", headers=headers, json=body)


@pytest.mark.parametrize(
    ("version", "served", "warned"), [("/v99.0", "v26.0", True), ("/v13.0", "v21.0", False), ("", "v26.0", False)]
)
def test_versions(emulator: Emulator, version: str, served: str, warned: bool) -> None:
    """A newer version is served as the newest with a warning, an expired one as the oldest, none as the newest."""
    answer = ask(emulator, "GET", f"{version}/{emulator.world.phone_number_id}")
    seen = (answer.status_code, answer.headers["facebook-api-version"], "x-localwaba-warning" in answer.headers)
    assert (200, served, warned) == seen


def test_versions_of_the_readme() -> None:
    """The README names the newest and the oldest version that are known."""
    assert f"newest known one ({NEWEST.version})" in README
    assert f"oldest live one ({min(ROWS, key=lambda name: float(name[1:]))})" in README


@pytest.mark.parametrize(("where", "status"), [("top", 200), ("inside", 400)])
def test_unknown_members(emulator: Emulator, where: str, status: int) -> None:
    """An unknown member is ignored at the top and refused inside the message's object."""
    body = {"messaging_product": "whatsapp", "to": "12025550147", "type": "text", "text": {"body": "x"}}
    (body if where == "top" else body["text"])["brand_new"] = 1  # type: ignore[index]
    path = f"/v26.0/{emulator.world.phone_number_id}/messages"
    assert status == ask(emulator, "POST", path, body).status_code


def test_gaps_say_so(emulator: Emulator) -> None:
    """A known gap answers as an unknown path does, and is named beside it."""
    gaps = [row for row in routes() if row.status == "gap" and (row.method, row.node) == ("GET", "phone_number")]
    for gap in gaps[:3]:
        answer = ask(emulator, "GET", f"/v26.0/{emulator.world.phone_number_id}/{gap.edge}")
        assert answer.json()["error"]["code"] == 2500
        assert f"{gap.operation} is a known gap" in answer.headers["x-localwaba-why"]


def test_fields_of_the_readme() -> None:
    """The README counts the webhook fields rightly."""
    assert f"The {len(FIELDS)}\nwebhook fields" in README


def test_what_is_kept() -> None:
    """The README names what is kept as the policy says."""
    policy = Policy()
    assert (
        f"{policy.retained_messages:,} messages and webhooks and {policy.retained_journal:,} journal entries" in README
    )
