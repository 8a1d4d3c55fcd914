"""Numbers as a float32 column holds them."""

from __future__ import annotations

import struct


def f32(value: float) -> float:
    """Return the nearest value a float32 column holds, so that rules judge the same before and after storage."""
    return float(struct.unpack("f", struct.pack("f", value))[0])
