"""The connection to S3-compatible storage: made in each process when it is first needed, never before a fork.

Keys, profile and region are found by pyarrow as the AWS tools find them; they are in no task, no file, no message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from builder.errors import StorageError

ATTEMPTS = 4
"""Times one request is made before it has failed; pyarrow waits between them, some seconds in all."""

_CONNECT_S, _SILENT_S = 5, 30
"""How long one try waits for a connection and for the next byte; four tries end before a page's worker counts as
stalled (builder.engine.local)."""
_AWS_ERROR = re.compile(r"AWS Error ([A-Z_]+)(?: \(HTTP status (\d+)\))?")


def endpoint() -> str | None:
    """Return the address of the storage the environment names; None is Amazon's own."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def filesystem() -> Any:
    """Return pyarrow's filesystem over the storage that the environment names."""
    return _connected(endpoint())


@lru_cache(maxsize=2)
def _connected(server: str | None) -> Any:
    from pyarrow import fs

    return fs.S3FileSystem(
        endpoint_override=server,  # pyarrow does not look at AWS_ENDPOINT_URL (apache/arrow 49643)
        connect_timeout=_CONNECT_S,
        request_timeout=_SILENT_S,
        allow_delayed_open=True,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )


@contextmanager
def asking(address: str) -> Iterator[None]:
    """Turn what pyarrow raises into StorageError. Its text is left out: a server may quote a key in it.

    Raises StorageError; `address` is what was asked for.
    """
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise refused(address, "NO_SUCH_KEY", "404") from error
    except (OSError, pa.ArrowException) as error:
        match = _AWS_ERROR.search(str(error))
        raise refused(
            address, match[1] if match else type(error).__name__, (match and match[2]) or ""
        ) from None


_WHAT_NEXT = {
    "missing": (
        "there is no such object, or no such bucket",
        "Correct the address; `aws s3 ls` shows what is there.",
    ),
    "denied": (
        "access is denied",
        "Give keys that may read and list here (AWS_ACCESS_KEY_ID, AWS_PROFILE, …); docs/scaling.md names them all.",
    ),
    "unreachable": (
        f"{{server}} cannot be reached, or broke off {ATTEMPTS} times",
        "Look at the network and at AWS_ENDPOINT_URL, then run it again: what is done is kept.",
    ),
    "failing": (
        f"{{server}} answered {ATTEMPTS} times that it cannot serve now",
        "Run it again later: what is done is kept.",
    ),
    "other": (
        "{server} refused: {kind}",
        "See that region, endpoint and bucket belong together; then run it again.",
    ),
}
"""What is said of each kind of refusal, and what to do next."""

_KINDS = {
    "NO_SUCH_KEY": "missing",
    "NO_SUCH_BUCKET": "missing",
    "RESOURCE_NOT_FOUND": "missing",
    "404": "missing",
    "401": "denied",
    "403": "denied",
    "ACCESS_DENIED": "denied",
    "INVALID_ACCESS_KEY_ID": "denied",
    "INVALID_SIGNATURE": "denied",
    "SIGNATURE_DOES_NOT_MATCH": "denied",
    "NETWORK_CONNECTION": "unreachable",
    "REQUEST_TIMEOUT": "unreachable",
    "INTERNAL_FAILURE": "failing",
    "SERVICE_UNAVAILABLE": "failing",
    "SLOW_DOWN": "failing",
    "THROTTLING": "failing",
    "500": "failing",
    "502": "failing",
    "503": "failing",
    "504": "failing",
}
"""Names and statuses in pyarrow's messages, and the kind of refusal they stand for."""


def refused(address: str, kind: str, status: str = "") -> StorageError:
    """Return the error for a refusal by pyarrow's name for it and its HTTP status, if any."""
    what, what_next = _WHAT_NEXT[_KINDS.get(status) or _KINDS.get(kind) or "other"]
    server = urlsplit(endpoint() or "").hostname or "the storage"
    said = f"{kind} {status}".strip()
    return StorageError(what.format(server=server, kind=said), where=address, what_next=what_next)
