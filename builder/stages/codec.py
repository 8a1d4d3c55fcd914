"""Extractions and capture references as compact JSON, without loss: a dataclass is the list of its fields.

Lists instead of names keep the cache small. That is safe because the fingerprint of a cache covers the source
code of builder.model: a field that moves starts a new cache.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar

T = TypeVar("T")
Decoder = Callable[[object], object]


def encode(value: object) -> bytes:
    """Return a dataclass as UTF-8 JSON; lone surrogates survive. Times must be aware."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def decode(kind: type[T], data: bytes, *, without: str | None = None) -> T:
    """Read back what `encode` wrote for a dataclass of that type.

    `without` names a field of many parts that is not asked for: it comes back empty, and costs nothing.
    """
    parts = json.loads(data.decode("utf-8", "surrogatepass"))
    if without is not None:
        parts[_names(typing.cast("typing.Any", kind)).index(without)] = []
    return typing.cast("T", _decoder(typing.cast("typing.Any", kind))(parts))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    kind: typing.Any = type(value)
    return [getattr(value, name) for name in _names(kind)]


_ENCODER = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":"))


@cache
def _names(kind: typing.Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _decoder(kind: typing.Any) -> Decoder:
    """Return the function that turns parsed JSON into a value of a type as it stands in an annotation."""
    if kind is datetime:
        return lambda value: datetime.fromisoformat(typing.cast("str", value))
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_decoder(kind)
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return _tuple_decoder(arguments)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _optional_decoder(arguments)
    return _unchanged


def _unchanged(value: object) -> object:
    return value


def _dataclass_decoder(kind: typing.Any) -> Decoder:
    hints = typing.get_type_hints(kind)
    decoders = [_decoder(hints[name]) for name in _names(kind)]
    # Most fields are strings: only those that need work are touched.
    working = [(place, decoder) for place, decoder in enumerate(decoders) if decoder is not _unchanged]

    def build(value: object) -> object:
        parts = typing.cast("list[object]", value)
        for place, decoder in working:
            parts[place] = decoder(parts[place])
        return kind(*parts)

    return build


def _tuple_decoder(arguments: tuple[typing.Any, ...]) -> Decoder:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = _decoder(arguments[0])
        return lambda value: tuple(inner(item) for item in typing.cast("list[object]", value))
    inners = [_decoder(argument) for argument in arguments]
    return lambda value: tuple(
        decoder(item) for decoder, item in zip(inners, typing.cast("list[object]", value), strict=True)
    )


def _optional_decoder(arguments: tuple[typing.Any, ...]) -> Decoder:
    inner = _decoder(next(argument for argument in arguments if argument is not type(None)))
    if inner is _unchanged:
        return _unchanged
    return lambda value: None if value is None else inner(value)
