"""The stages as functions over a build at work; the tuple in builder.pipeline gives their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.model import CaptureRef, Damage, Reason
from builder.schema import Row
from builder.stages import choose as choosing
from builder.stages import extraction, judging, recall
from builder.stages import fill as filling
from builder.stages import gather as gathering
from builder.stages import inventory as scanning
from builder.stages import rows as making
from builder.stages import states as settling
from builder.stages import templates as learning
from builder.stages.archives import find_archives
from builder.stages.codec import decode
from builder.stages.fingerprints import code_fingerprint
from builder.stages.partrows import PartRows
from builder.stages.plan import KNOWN, TABLES, Plan
from builder.stages.rejects import rejected_capture, rejected_damage, rejected_record
from builder.stages.store import KEY, Store, forget_older
from builder.stages.tidy import put_together
from builder.stages.work import Work
from builder.tally import Tally
from builder.urls import stable_id

TEMPLATES = "templates.jsonl"
"""File in the cache with the templates of the last build."""

SHARDS = "shards.json"
"""File in the cache that names what wrote the shards of the last release."""


def take_in(work: Work) -> None:
    """Write the records of local files to the archive, once."""
    for source in work.recipe.sources:
        if source.reach == "files":
            from builder.archive.intake import take_in as take

            take(source, work.recipe)


def inventory(work: Work) -> None:
    """Scan the archives, choose the captures to read, count and reject the others."""
    work.archives = find_archives(work.recipe, work.cache)
    folder = work.cache / "scans" / scanning.scan_fingerprint()
    scans = {}
    for archive, path in scanning.scan_archives(work.archives, folder, work.folder, work.engine):
        scans[archive] = path
        work.tell(len(scans), len(work.archives))
    chosen = choosing.choose(work.database, scans, work.recipe)
    tally, rejects = Tally("inventory"), work.rejects("inventory")
    tally.keep(chosen.kept)
    columns = "source, kind, warc_file, warc_offset, reason, detail, ref"
    for source, kind, file, offset, rule, detail, ref in _rows(work, f"SELECT {columns} FROM dropped"):
        if kind == "damage":
            tally.fail([rule])
            rejects.add(rejected_damage(Damage(file, offset, 0, detail), source))
        else:
            tally.drop([rule])
            reason = Reason("inventory", rule, detail)
            rejects.add(rejected_capture(decode(CaptureRef, ref.encode()), [reason]))
    rejects.close()
    work.database.execute("DROP TABLE dropped")
    work.tallies.append(tally.close(chosen.read))


def extract(work: Work) -> None:
    """Read the chosen captures that the cache does not hold."""
    store = Store(work.cache, "extractions", extraction.extraction_fingerprint())
    work.stores["extractions"] = store
    paths = {archive.identity: archive.path for archive in work.archives}
    sources = {source.name: source for source in work.recipe.sources}
    done = 0
    waiting = extraction.find_missing(work.database, store, work.share)
    work.tell(0, waiting)
    for count in extraction.extract_missing(work.database, paths, store, sources, work.engine):
        done += count
        work.tell(done, waiting)
    work.database.execute("DROP TABLE missing")


def states(work: Work) -> None:
    """Count what reading gave, and settle which state of each record stands."""
    settling.settle(work.database, work.stores["extractions"])
    work.database.execute("DROP TABLE captures")
    tally, rejects = Tally("extract"), work.rejects("extract")
    for ref, failed, skipped in _rows(work, "SELECT ref, failed, skipped FROM found"):
        rule = failed or skipped
        if rule is None:
            tally.keep()
            continue
        name, _, detail = rule.partition(": ")
        (tally.fail if failed else tally.drop)([name])
        reason = Reason("extract", name, detail)
        rejects.add(rejected_capture(decode(CaptureRef, ref.encode()), [reason]))
    rejects.close()
    work.tallies.append(tally.close())
    for table in TABLES:
        _settled(work, table)


def _settled(work: Work, table: str) -> None:
    """Count the states of one table; reject those that do not stand."""
    tally, rejects = Tally(f"latest.{table}"), work.rejects(f"latest-{table}")
    rows = _rows(
        work,
        f"SELECT s.reason, record_key, ref FROM {table}_states s LEFT JOIN found ON s.reason IS NOT NULL "
        f"AND found.{KEY} = s.{KEY}",
    )
    for rule, key, encoded in rows:
        if rule is None:
            tally.keep()
            continue
        tally.drop([rule])
        ref = decode(CaptureRef, encoded.encode())
        reason = Reason("latest", rule)
        rejects.add(rejected_record(table, stable_id(key), ref.url, None, ref, [reason]))
    rejects.close()
    work.tallies.append(tally.close())


def templates(work: Work) -> None:
    """Learn what each host repeats on its pages."""
    store = work.stores["templates"] = learning.template_store(work.cache)
    work.templates = learning.learn_templates(work.database, store, work.engine, work.folder / "lessons")
    learning.write_templates(work.cache / TEMPLATES, work.templates.values())


def rows(work: Work) -> None:
    """Fill what stored rows lack, make the rows that the stores do not hold, and know the keys of all."""
    plan = work.plan = Plan.of(work.recipe)
    filling.fill_missing(plan.layout, plan.settings, TABLES, work.engine)
    store = work.stores["row-names"] = recall.recall_store(work.cache, plan.takedowns)
    memory = recall.Recall(work.database, store)
    tallies = {table: Tally(f"columns.{table}") for table in TABLES}
    for table, count in memory.look_up(plan.stores, work.templates, plan.facts).items():
        tallies[table].keep(count)
    standing = {tally.stage.partition(".")[2]: tally.kept for tally in work.tallies}
    rejects = work.rejects("columns")
    for made in _made(work, plan, memory):
        memory.take(made.captures)
        for table, tally in tallies.items():
            tally.keep(sum(len(capture.keys(table)) for capture in made.captures))
        for row in made.rejected:
            _count_rejected(row, tallies[row["table"]])
            rejects.add(row)
        work.tell(sum(tally.read for tally in tallies.values()), sum(standing[table] for table in TABLES))
    memory.close()
    rejects.close()
    work.tallies += [tally.close(standing[table]) for table, tally in tallies.items()]


def _made(work: Work, plan: Plan, memory: recall.Recall) -> Iterator[making.Made]:
    """Yield what the captures give that are not remembered."""
    waiting = memory.waiting()
    if not waiting:
        return
    known = work.folder / KNOWN
    making.write_known(known, plan.stores.values())
    batches = making.batched(recall.standing(work.database), waiting)
    yield from making.make_rows(plan.maker(work.templates, known), batches, work.engine)


def _count_rejected(row: Row, tally: Tally) -> None:
    rules = [reason["rule"] for reason in row["reasons"]]
    (tally.drop if row["stage"] == "takedown" else tally.fail)(rules)


def rules(work: Work) -> None:
    """Judge what is not judged yet; part the kept rows from the rejected."""
    assert work.plan is not None
    layout = work.plan.layout
    for table in TABLES:
        judging.judge_missing(layout, table, work.recipe.model, work.engine)
        more = work.plan.takedowns.columns if work.plan.takedowns else ()
        to = gathering.Gathering(work.folder / table, work.folder / "rejected", more)
        tally, work.parts[table] = gathering.gather(table, layout, work.database, to)
        work.tallies.append(tally)
    work.close_database()


def dedup(work: Work) -> None:
    """Find copies among the kept documents."""
    from builder.dedup import cluster
    from builder.duck import part_files

    files = part_files([work.folder / "documents"])
    work.clusters = cluster(files, work.recipe.model.dedup, work.folder / "dedup")


def release(work: Work) -> None:
    """Write the release; let go of caches of code long gone, and put small parts of the rest together."""
    from builder.release import FileEntry, ReleaseInput, write_release
    from builder.release.held import Writer

    assert work.plan is not None
    inputs = {FileEntry(archive.name, archive.size_bytes, archive.sha256) for archive in work.archives}
    work.made = write_release(
        ReleaseInput(
            recipe=work.recipe,
            documents=(work.folder / "documents",),
            comments=(work.folder / "comments",),
            now=work.now,
            source=PartRows(work.plan.layout, work.parts),
            clusters=work.clusters,
            rejected=(work.folder / "rejected",),
            tallies=tuple(work.tallies),
            inputs=tuple(sorted(inputs)),
            companions=(FileEntry.of(work.cache / TEMPLATES),),
            writer=Writer(
                code_fingerprint(("builder.release.shards",), ("pyarrow",)),
                work.cache / SHARDS,
                {table: work.plan.made_of(table) for table in TABLES},
            ),
        )
    )
    scans = work.cache / "scans" / scanning.scan_fingerprint()
    for folder in (*(store.path for store in work.stores.values()), scans, *work.plan.folders()):
        forget_older(folder)
    _put_together(work)


def _put_together(work: Work) -> None:
    """Put small parts together, but for extractions: slices of another build may be reading those."""
    assert work.plan is not None
    for table, store in work.plan.stores.items():
        put_together(store, work.plan.layout.ever_beside(table))
    for name in ("templates", "row-names"):
        put_together(work.stores[name])


def _rows(work: Work, query: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query, a bounded number in memory."""
    cursor = work.database.cursor().execute(query)
    while batch := cursor.fetchmany(2048):
        yield from batch
