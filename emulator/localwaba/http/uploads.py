"""Files that come with requests, streamed to the store of blobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localwaba.http.ports import Blobs
from localwaba.operations.call import Blob


async def read_multipart(receive: Any, content_type: str, blobs: Blobs) -> tuple[dict[str, Any], Mapping[str, Blob]]:
    raise NotImplementedError


async def read_stream(receive: Any, blobs: Blobs) -> Blob:
    raise NotImplementedError
