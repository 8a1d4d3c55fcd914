"""What the last build decided about an address: the release's rows and the rejected ones beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from builder.errors import VerifyFailed
from builder.recipe import Recipe
from builder.release.manifest import releases_in
from builder.release.places import FAILED, rejected_beside
from builder.schema import Row
from builder.storage import FETCH_AGAIN, damage_told

_PLACE = ("warc_file", "warc_offset")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One record's fate in the last build: kept in a release, or left out with all reasons."""

    table: str
    id: str | None
    url: str | None
    kept: bool
    version: str
    stage: str = ""
    reasons: tuple[str, ...] = ()
    cluster_id: str | None = None
    cluster_size: int | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    text: str | None = None


def verdicts(recipe: Recipe, urls: frozenset[str], ids: frozenset[str]) -> tuple[Verdict, ...]:
    """Return what the last release and its rejected rows say of records with these addresses or ids.

    Of others: what the last build said that made no release, else the release that had them no more.

    Raises VerifyFailed for a shard of it, or a list of removed records, that is damaged.
    """
    found: list[Verdict] = []
    releases = releases_in(recipe.releases)
    for release in releases[-1:]:
        found += _kept(release, urls, ids)
        found += _rejected(rejected_beside(release), release.name, urls, ids)
    if not found:
        for path in sorted((recipe.releases / FAILED).rglob("*rejected*.parquet")):
            found += _rejected(path, FAILED, urls, ids)
    return tuple(found) or next(filter(None, map(partial(_removed, ids), reversed(releases))), ())


def _removed(ids: frozenset[str], release: Path) -> tuple[Verdict, ...]:
    """Return the records with these ids that a release had no more: its archive, say, was taken away."""
    path = release / "removed.jsonl"
    try:
        with damage_told(path):
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise VerifyFailed(f"cannot be read: {error}", where=str(path), what_next=FETCH_AGAIN) from error
    return tuple(
        Verdict(
            row["table"], row["id"], None, kept=False, version=release.name, stage=row["reasons"][0]["stage"],
            reasons=tuple(f"{each['stage']}: {each['rule']}" for each in row["reasons"]),
        )
        for row in rows
        if row["id"] in ids
    )  # fmt: skip


def _kept(release: Path, urls: frozenset[str], ids: frozenset[str]) -> Iterator[Verdict]:
    for table in ("documents", "comments"):
        for row in _matching(sorted((release / "data" / table).glob("*.parquet")), urls, ids):
            place = row.get("provenance") or {}
            yield Verdict(
                table, row["id"], row.get("url"), kept=True, version=release.name, cluster_id=row.get("cluster_id"),
                cluster_size=row.get("cluster_size"), warc_file=place.get("warc_file"),
                warc_offset=place.get("warc_offset"), text=row.get("text"),
            )  # fmt: skip


def _rejected(path: Path, version: str, urls: frozenset[str], ids: frozenset[str]) -> Iterator[Verdict]:
    if not path.exists():
        return
    for row in _matching([path], urls, ids):
        reasons = tuple(
            f"{each['stage']}: {each['rule']}" + (f" ({each['detail']})" if each["detail"] else "")
            for each in row["reasons"]
        )
        yield Verdict(
            row["table"], row["id"], row["url"], kept=False, version=version, stage=row["stage"], reasons=reasons,
            warc_file=row["warc_file"], warc_offset=row["warc_offset"],
        )  # fmt: skip


def _matching(paths: list[Path], urls: frozenset[str], ids: frozenset[str]) -> Iterator[Row]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for path in paths:
        with damage_told(path):
            names = set(pq.read_schema(path).names)
            query = pc.field("id").isin(sorted(ids))
            for name in ("url", "canonical_url"):
                if name in names:
                    query = query | pc.field(name).isin(sorted(urls))
            found = pq.read_table(path, filters=query).to_pylist()
        yield from found
