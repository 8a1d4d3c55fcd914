"""Finds source kinds and sites by their modules being here: no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime
from functools import cache
from typing import TypeVar

from builder.errors import UsageError
from builder.sources import sites as sites_package
from builder.sources.base import AnySource, Layout, Site, Source

T = TypeVar("T")


@cache
def kinds() -> dict[str, type[AnySource]]:
    """Return every source kind by its name, sorted.

    Raises UsageError when two modules claim one kind.
    """
    found: dict[str, type[AnySource]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg or module.name == "base":
            continue
        for cls in _defined(f"{__name__}.{module.name}", Source):
            if "kind" not in vars(cls):
                continue
            if cls.kind in found:
                raise UsageError(f"source kind {cls.kind!r} is defined twice", where=cls.__module__)
            found[cls.kind] = cls
    return dict(sorted(found.items()))


def kind_named(name: str) -> type[AnySource] | None:
    """Return a source kind, or None. It is sought in the module of its name first: all kinds load the crawler too."""
    if name in (module.name for module in pkgutil.iter_modules(__path__)):
        for cls in _defined(f"{__name__}.{name}", Source):
            if vars(cls).get("kind") == name:
                return cls
    return kinds().get(name)


@cache
def sites() -> dict[str, Site]:
    """Return every site with rules of its own by host, without "www.".

    Raises UsageError when two modules claim one host.
    """
    found: dict[str, Site] = {}
    for module in pkgutil.iter_modules(sites_package.__path__):
        for cls in _defined(f"{sites_package.__name__}.{module.name}", Site):
            for host in cls.hosts:
                if host in found:
                    raise UsageError(f"site {host} is claimed twice", where=cls.__module__)
                found[host] = cls()
    return dict(sorted(found.items()))


def site_for(host: str) -> Site | None:
    """Return the site rules for a host name, with or without "www.", or None."""
    return sites().get(host.lower().removeprefix("www."))


def layout_at(site: Site, captured_at: datetime) -> Layout:
    """Return the layout a site had at a capture's time: the first, oldest first, still valid then."""
    for layout in site.layouts:
        if layout.valid_until is None or captured_at <= layout.valid_until:
            return layout
    return site.layouts[-1]


def _defined(module_name: str, base: type[T]) -> list[type[T]]:
    module = importlib.import_module(module_name)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module_name
    ]
