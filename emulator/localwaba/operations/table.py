"""Operation ids of `routes.json` and the functions that imitate them."""

from __future__ import annotations

from localwaba.operations import media, messages, uploads
from localwaba.operations.call import Operation

OPERATIONS: dict[str, Operation] = {
    "upload_media": media.upload_media,
    "get_media": media.get_media,
    "delete_media": media.delete_media,
    "create_upload_session": uploads.create_upload_session,
    "upload_file_data": uploads.upload_file_data,
    "get_upload_session": uploads.get_upload_session,
    "send_message": messages.send_message,
}
