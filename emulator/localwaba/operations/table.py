"""Operation ids of `routes.json` and the functions that imitate them."""

from __future__ import annotations

from localwaba.operations import (
    accounts,
    apps,
    business_profile,
    media,
    messages,
    phone_numbers,
    registration,
    subscriptions,
    tokens,
    uploads,
)
from localwaba.operations.call import Operation

OPERATIONS: dict[str, Operation] = {
    "upload_media": media.upload_media,
    "get_media": media.get_media,
    "delete_media": media.delete_media,
    "create_upload_session": uploads.create_upload_session,
    "upload_file_data": uploads.upload_file_data,
    "get_upload_session": uploads.get_upload_session,
    "send_message": messages.send_message,
    "get_phone_number": phone_numbers.get_phone_number,
    "update_phone_number": phone_numbers.update_phone_number,
    "list_phone_numbers": phone_numbers.list_phone_numbers,
    "create_phone_number": phone_numbers.create_phone_number,
    "request_code": registration.request_code,
    "verify_code": registration.verify_code,
    "register_phone_number": registration.register_phone_number,
    "deregister_phone_number": registration.deregister_phone_number,
    "get_business_profile": business_profile.get_business_profile,
    "update_business_profile": business_profile.update_business_profile,
    "get_waba": accounts.get_waba,
    "update_waba": accounts.update_waba,
    "get_business": accounts.get_business,
    "list_owned_wabas": accounts.list_owned_wabas,
    "list_client_wabas": accounts.list_client_wabas,
    "get_app": apps.get_app,
    "get_me": apps.get_me,
    "list_subscribed_apps": subscriptions.list_subscribed_apps,
    "subscribe_app": subscriptions.subscribe_app,
    "unsubscribe_app": subscriptions.unsubscribe_app,
    "list_subscriptions": subscriptions.list_subscriptions,
    "create_subscription": subscriptions.create_subscription,
    "delete_subscription": subscriptions.delete_subscription,
    "debug_token": tokens.debug_token,
    "issue_access_token": tokens.issue_access_token,
}
