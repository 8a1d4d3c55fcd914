"""What sources of short posts share: claimed dates held against the capture, opt-outs in a profile."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from builder.model import Moment, Signal

EARLIEST = datetime(2006, 1, 1, tzinfo=UTC)
"""No platform read here is older; an earlier date was made up by a client."""

CLOCK_SLACK = timedelta(hours=24)
"""How far a client's clock may run ahead of ours before its date is not believed."""

_PROFILE_OPTOUTS = (
    ("noai", re.compile(r"(?<![\w-])#?no[-_ ]?(?:ai|llm|ml)(?:[-_ ]?training)?(?![\w-])", re.IGNORECASE)),
    ("noindex", re.compile(r"(?<![\w-])#?no[-_ ]?(?:index|bots?|archive|scraping)(?![\w-])", re.IGNORECASE)),
)


def claimed_moment(printed: str, captured_at: datetime) -> Moment | None:
    """Return the time a client gave, ISO 8601 with its zone; None when unreadable or not to be believed."""
    try:
        instant = datetime.fromisoformat(printed)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    if not EARLIEST <= instant <= captured_at + CLOCK_SLACK:
        return None
    return Moment(
        instant=instant.astimezone(UTC),
        precision="second",
        printed=printed,
        printed_day=instant.date().isoformat(),
        zone=instant.strftime("%z") or None,
        zone_source="given",
    )


def profile_signals(bio: str) -> tuple[Signal, ...]:
    """Return the opt-outs a person wrote into their profile, such as "#noai" or "#nobots"."""
    found = ((name, pattern.search(bio)) for name, pattern in _PROFILE_OPTOUTS)
    return tuple(Signal(name, "profile", match.group()) for name, match in found if match)
