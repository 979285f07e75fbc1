"""The names under which an app under test finds a world."""

from __future__ import annotations

VARIABLES: dict[str, str] = {
    "GRAPH_URL": "graph_url",
    "WHATSAPP_TOKEN": "access_token",
    "PHONE_NUMBER_ID": "phone_number_id",
    "WABA_ID": "waba_id",
    "BUSINESS_ID": "business_id",
    "APP_ID": "app_id",
    "APP_SECRET": "app_secret",
    "VERIFY_TOKEN": "verify_token",
}
"""Environment variables, and the member of `GET /_localwaba/world` that each holds."""
