"""What the strategies make of messages and statuses goes through pywa; what it cannot read is in a table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

pytest.importorskip("pywa")

import httpx
from pywa import WhatsApp
from pywa.types import RawUpdate
from starlette.applications import Starlette

from pytest_localwaba import strategies as wa

pytestmark = [pytest.mark.consumer, pytest.mark.filterwarnings("ignore")]

METADATA = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
quick = settings(
    max_examples=25,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def client() -> Iterator[WhatsApp]:
    session = httpx.Client(trust_env=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pywa warns of words that it does not know
        yield WhatsApp(
            phone_id=METADATA["phone_number_id"],
            token="EAA",
            session=session,
            server=Starlette(),
            verify_token="x",
            validate_updates=False,
            waba_id="102290129340398",
            api_version=26.0,
        )
    session.close()


def unread(value: dict[str, Any]) -> str:
    """Why pywa 4.5 cannot read a value; empty if it can."""
    message: dict[str, Any] = next(iter(value.get("messages", [])), {})
    errors = [one for status in value.get("statuses", []) for one in status.get("errors", [])]
    if any("message" not in one for one in [*message.get("errors", []), *errors]):
        return "it reads `message` of every error, which older ones do not have"
    if "statuses" in value and "contacts" not in value:
        return "it reads `contacts` of every status, which are there since 2026"
    if message.get("type") == "system" and "from" not in message:
        return "it reads `from` of a changed user id, which is not there since August 2026"
    if "name" not in message.get("interactive", {}).get("nfm_reply", {"name": ""}):
        return "it reads the `name` of a form, which is optional"
    return ""


def holds(client: WhatsApp, hook: wa.Webhook) -> None:
    """pywa reads what it can, and fails in no other way than the table says."""
    raw = RawUpdate(hook.body, hmac_header=None, update_hash="x")
    ((_, value),) = hook.values
    try:
        handler: Any = client._get_handler_type(raw)
        update = None if handler is None else handler._update.from_update(client=client, update=raw)
    except (KeyError, ValueError):
        assert unread(value), value
    else:
        message: dict[str, Any] = next(iter(value.get("messages", [])), {})
        if update is not None and message:
            assert update.id == message["id"]
            if message["type"] == "text" and "text" in message:
                assert update.text == message["text"]["body"]


@pytest.mark.parametrize("kind", wa.INBOUND_TYPES)
def test_pywa_reads_what_users_send(client: WhatsApp, kind: str) -> None:
    """Messages of every type, in groups, after ads, of hidden users: pywa reads each, or it is known why not."""

    @quick
    @given(hook=wa.webhooks("s", "messages", types=kind, batches=False, metadata=METADATA, waba_id="102290129340398"))
    def reads(hook: wa.Webhook) -> None:
        holds(client, hook)

    reads()


@pytest.mark.parametrize("nasty", [False, True])
def test_pywa_reads_statuses(client: WhatsApp, nasty: bool) -> None:
    """Statuses of messages, groups and payments, nasty ones too: the same."""

    @settings(quick, max_examples=60)
    @given(hook=wa.webhooks("s", "statuses", nasty=nasty, batches=False, metadata=METADATA, waba_id="102290129340398"))
    def reads(hook: wa.Webhook) -> None:
        ((_, value),) = hook.values
        if any(one["status"] == "failed" and "errors" not in one for one in value["statuses"]):
            return  # beyond the contract
        holds(client, hook)

    reads()
