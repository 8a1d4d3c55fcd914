"""What the last build decided about an address: the release's rows and the rejected ones beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.recipe import Recipe
from builder.release.manifest import releases_in
from builder.release.places import FAILED, rejected_beside
from builder.schema import Row
from builder.storage import damage_told

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

    Raises VerifyFailed for a shard of it that is damaged.
    """
    found: list[Verdict] = []
    for release in releases_in(recipe.releases)[-1:]:
        found += _kept(release, urls, ids)
        found += _rejected(rejected_beside(release), release.name, urls, ids)
    if not found:
        for path in sorted((recipe.releases / FAILED).rglob("*rejected*.parquet")):
            found += _rejected(path, FAILED, urls, ids)
    return tuple(found)


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
