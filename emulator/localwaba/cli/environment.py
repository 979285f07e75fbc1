"""The environment of an app under test: every variable that it needs to talk to a world."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any


def environment(world: Mapping[str, Any]) -> dict[str, str]:
    """The variables, out of what `GET /_localwaba/world` says."""
    return {
        "GRAPH_URL": str(world["graph_url"]),
        "WHATSAPP_TOKEN": str(world["access_token"]),
        "PHONE_NUMBER_ID": str(world["phone_number_id"]),
        "WABA_ID": str(world["waba_id"]),
        "BUSINESS_ID": str(world["business_id"]),
        "APP_ID": str(world["app_id"]),
        "APP_SECRET": str(world["app_secret"]),
        "VERIFY_TOKEN": str(world["verify_token"]),
    }


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """Lines to paste into a POSIX shell."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
