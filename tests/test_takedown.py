"""What someone asked to remove is gone: from documents, comments, addresses of copies and rejected rows."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import buildkit
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from releasekit import NOW, START, comment, document, recipe_in, release_of, words, write_rows

from builder.cli import main
from builder.dedup import cluster
from builder.errors import CheckFailed, GateFailed, LockedError, UsageError
from builder.recipe import DedupBlock
from builder.release.holdings import holdings, prepare, refuse_named
from builder.release.manifest import read_manifest
from builder.release.places import rejected_beside
from builder.schema import Row, load_schema
from builder.storage import folder_lock
from builder.takedown import Request, Takedowns, add, author_key, kind_of, load, redacted, url_key
from builder.verify import takedown_problems, verify

ROWS = [document(n) for n in range(6)]


def published(release: Path) -> str:
    """Return everything a release publishes as one text, Parquet rows written out."""
    texts = []
    for path in sorted(release.rglob("*")):
        if path.suffix == ".parquet":
            texts.append(repr(pq.read_table(path).to_pylist()))
        elif path.is_file():
            texts.append(path.read_text(encoding="utf-8"))
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("https://site.example/show?n=2", "url"), (ROWS[2]["id"], "id"), ("كاتبة المقال", "author")],
)
def test_the_kind_is_guessed(value: str, kind: str) -> None:
    """Addresses, ids and names are told apart."""
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    "spelling",
    [
        "https://site.example/show?n=2",
        "http://site.example/show?n=2",
        "https://www.site.example:443/show?n=2&utm_source=x",
        "HTTPS://SITE.example/show?n=2",
    ],
)
def test_every_spelling_of_an_address_is_honoured(tmp_path: Path, spelling: str) -> None:
    """Scheme, www, tracking parameters and case make no other address."""
    add(tmp_path, spelling, "asked", now=NOW)
    requests = load(tmp_path)
    assert [bool(requests.reason(row)) for row in ROWS] == [False, False, True, False, False, False]


def test_a_whole_site_by_its_star(tmp_path: Path) -> None:
    """An address that ends in * stands for all below it, and for nothing beside it."""
    add(tmp_path, "https://site.example/diary/*", "asked", now=NOW)
    requests = load(tmp_path)
    assert requests.names_url("http://www.site.example/diary/2025/x.html")
    assert not requests.names_url("https://site.example/diaries")
    assert not requests.names_url("https://other.example/site.example/diary/1")


def test_one_comment_of_a_page_by_its_fragment(tmp_path: Path) -> None:
    """The address of a comment takes the comment, not the page it stands on."""
    comments = [comment(n, ROWS[1]) for n in (1, 2)]
    add(tmp_path, str(comments[0]["url"]), "asked", now=NOW)
    requests = load(tmp_path)
    assert requests.reason(comments[0]) is not None
    assert requests.reason(comments[1]) is None
    assert requests.reason(ROWS[1]) is None


def test_a_page_takes_its_comments_with_it(tmp_path: Path) -> None:
    """Naming a page, by address or id, names what stands under it."""
    for value in (str(ROWS[1]["url"]), str(ROWS[1]["id"])):
        folder = tmp_path / kind_of(value)
        folder.mkdir()
        add(folder, value, "asked", now=NOW)
        assert load(folder).reason(comment(1, ROWS[1])) is not None
        assert load(folder).reason(comment(1, ROWS[2])) is None


@pytest.mark.parametrize("name", ["كاتبة المقال", "كاتبه  المقال", "كَاتبة المقـال"])
def test_an_author_however_spelt(tmp_path: Path, name: str) -> None:
    """Marks, tatweel and letter variants make no other person."""
    add(tmp_path, name, "asked", now=NOW)
    assert load(tmp_path).reason(ROWS[0]) is not None
    assert load(tmp_path).reason(document(9, author="كاتب آخر")) is None


@pytest.mark.parametrize(
    ("asked", "printed", "gone"),
    [
        ("فهد العتيق", "د. فهد العتيق", True),
        ("الدكتور فهد العتيق", "فهد العتيق", True),
        ("أ.د. فهد العتيق", "الأستاذ الدكتور فهد العتيق", True),
        ("فهد العتيق", "سلمى الجابري وفهد العتيق", True),
        ("فهد العتيق", "سلمى الجابري، فهد العتيق", True),
        ("فهد العتيق", "سلمى الجابري،فهد العتيق", True),
        ("سلمى الجابري", "سلمى الجابري ، فهد العتيق", True),
        ("فهد العتيق", "سلمى الجابري & فهد العتيق", True),
        ("فهد العتيق", "ماجد فهد العتيق", False),
        ("ليد الشريف", "وليد الشريف", False),
    ],
)
def test_an_author_with_titles_or_in_company(tmp_path: Path, asked: str, printed: str, gone: bool) -> None:
    """Titles before a name and people beside it hide nobody; a longer name is another person."""
    add(tmp_path, asked, "asked", now=NOW)
    assert (load(tmp_path).reason(document(9, author=printed)) is not None) is gone


def test_an_author_behind_a_pseudonym(tmp_path: Path) -> None:
    """The row shows a pseudonym; the names behind it are handed over apart, handles with or without @."""
    add(tmp_path, "@salma_k", "asked", now=NOW, kind="author")
    row = comment(1, ROWS[1])
    assert load(tmp_path).reason(row) is None
    assert load(tmp_path).reason(row, names=["سلمى", "Salma_K"]) is not None


def test_a_pseudonym_is_written_with_the_ids_under_it(tmp_path: Path) -> None:
    """Another recipe gives the person another pseudonym; the comments known under the old one go all the same."""
    recipe = recipe_in(tmp_path)
    old, new = "user-" + "a" * 24, "user-" + "b" * 24
    release_of(recipe, ROWS[:2], [comment(1, ROWS[0], author=old), comment(2, ROWS[1])])
    request, is_new = add(tmp_path, old, "asked", now=NOW)
    assert (request.kind, is_new) == ("author", True)
    assert [each.kind for each in load(tmp_path).requests] == ["author", "id"]
    release = release_of(recipe, ROWS[:2], [comment(1, ROWS[0], author=new), comment(2, ROWS[1])])
    assert release.rows["comments"] == 1


def test_a_pattern_is_sought_in_text_and_match_form(tmp_path: Path) -> None:
    """A regular expression finds what it names as written and as folded."""
    add(tmp_path, "رقم البيت [0-9]+", "an address", now=NOW, kind="pattern")
    requests = load(tmp_path)
    assert requests.reason(document(1, text="يسكن في رقم البيت ٤٢ هناك")) is not None
    assert requests.reason(document(1, text="رقم البيت غير معروف")) is None


@pytest.mark.parametrize("column", ["title", "author", "author_bio", "url", "text"])
def test_a_pattern_is_sought_in_all_that_is_shown(tmp_path: Path, column: str) -> None:
    """A name can stand in the byline or the address as well as in the text."""
    add(tmp_path, "salma-k[0-9]|None", "asked", now=NOW, kind="pattern")
    requests = load(tmp_path)
    assert column in requests.columns
    assert requests.reason({column: None}, names=[None]) is None
    assert requests.reason({column: "by salma-k7 today"}) is not None
    assert requests.reason({column: "by salma-k today", "section": "salma-k7"}) is None


def test_a_page_is_found_by_its_canonical_address(tmp_path: Path) -> None:
    """What was captured as a print view is the page that was named."""
    add(tmp_path, "https://site.example/essay/7", "asked", now=NOW)
    printed = document(7, url="https://site.example/print?n=7", canonical_url="https://site.example/essay/7")
    assert load(tmp_path).reason(printed) is not None


def test_names_are_kept_as_salted_hashes(tmp_path: Path) -> None:
    """The file proves the request without repeating the name; each request has its own salt."""
    add(tmp_path, "كاتبة المقال", "asked by mail", now=NOW)
    add(tmp_path, "https://site.example/show?n=2", "asked", now=NOW, hashed=True)
    text = (tmp_path / "takedowns.jsonl").read_text(encoding="utf-8")
    assert "كاتبة" not in text
    assert "site.example" not in text
    entries = [json.loads(line) for line in text.splitlines()]
    assert len({entry["salt"] for entry in entries}) == 2
    assert [entry["asked_on"] for entry in entries] == ["2025-06-01"] * 2
    assert load(tmp_path).reason(document(2, author=None)) is not None


def test_the_same_request_is_written_once(tmp_path: Path) -> None:
    """Asking again, in another spelling or of a hashed name, adds nothing."""
    assert add(tmp_path, "https://site.example/a/", "one", now=NOW)[1] is True
    assert add(tmp_path, "http://www.site.example/a", "two", now=NOW)[1] is False
    assert add(tmp_path, "http://www.site.example/b", "another", now=NOW)[1] is True
    assert add(tmp_path, "كاتبة", "one", now=NOW)[1] is True
    assert add(tmp_path, "كاتبه", "two", now=NOW)[1] is False
    assert len(load(tmp_path).requests) == 3


@pytest.mark.parametrize(
    ("value", "kind", "hashed"),
    [
        ("(", "pattern", False),
        ("", "author", False),
        ("x", "pattern", True),
        ("https://a.example/*", None, True),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, value: str, kind: str, hashed: bool) -> None:
    """No regular expression, nothing named, a pattern that is to be hashed: nothing is written."""
    with pytest.raises(UsageError):
        add(tmp_path, value, "asked", now=NOW, kind=kind, hashed=hashed)  # type: ignore[arg-type]
    assert not (tmp_path / "takedowns.jsonl").exists()


@pytest.mark.parametrize(
    "line", ["{", '{"kind": "url"}', '{"kind":"x","value":"","reason":"","asked_on":""}', "[]"]
)
def test_a_line_that_cannot_be_read_stops_the_build(tmp_path: Path, line: str) -> None:
    """A build must never go on without a request; the line is named."""
    recipe = recipe_in(tmp_path)
    (tmp_path / "takedowns.jsonl").write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"takedowns\.jsonl:2"):
        release_of(recipe, ROWS)
    assert not (recipe.releases / "1.0.0").exists()


def test_two_writers_do_not_lose_a_request(tmp_path: Path) -> None:
    """While another process writes, a request is refused and not half written."""
    with folder_lock(tmp_path, doing="writing takedowns"), pytest.raises(LockedError):
        add(tmp_path, "https://site.example/a", "asked", now=NOW)


def test_no_requests_name_nothing() -> None:
    """Without requests nothing is asked of the rows."""
    assert not Takedowns()
    assert Takedowns().reason(ROWS[0]) is None
    assert Takedowns((Request("id", "a", "b", "c"),))


def test_keys_of_addresses_and_names() -> None:
    """The normal forms that are compared."""
    assert url_key("https://www.site.example/a/#c-1") == "site.example/a#c-1"
    assert author_key("  @Sálma  K ") == author_key("@sálma k")


def test_every_later_build_honours_it(tmp_path: Path) -> None:
    """Document and comments are gone, the version is major, and the reason is counted and kept."""
    recipe = recipe_in(tmp_path)
    comments = [comment(n, ROWS[n]) for n in (1, 2)]
    release_of(recipe, ROWS, comments)
    add(tmp_path, str(ROWS[2]["url"]), "asked", now=NOW)
    release = release_of(recipe, ROWS, comments)
    assert release.version == "2.0.0"
    assert release.rows == {"documents": 5, "comments": 1}
    assert str(ROWS[2]["url"]) not in published(release.path)
    tally = next(tally for tally in release.tallies if tally.stage == "takedown")
    assert dict(tally.dropped) == {"url": 1}


def test_rejected_rows_show_no_more_than_the_id(tmp_path: Path) -> None:
    """A row that another stage rejected loses its address, title and details too."""
    recipe = recipe_in(tmp_path / "ds")
    row: Row = dict.fromkeys(load_schema("rejected").names)
    detail = {"stage": "rules", "rule": "short", "detail": "العنوان السري"}
    row |= {"id": ROWS[3]["id"], "table": "documents", "url": ROWS[3]["url"], "title": "العنوان السري"}
    row |= {"stage": "rules", "reasons": [detail]}
    pq.write_table(load_schema("rejected").table([row]), tmp_path / "r.parquet")
    add(recipe.folder, str(ROWS[3]["url"]), "asked", now=NOW)
    release = release_of(recipe, ROWS[:3], rejected=(tmp_path / "r.parquet",))
    (found,) = pq.read_table(release.rejected).to_pylist()
    assert (found["id"], found["url"], found["title"]) == (ROWS[3]["id"], None, None)
    assert found["reasons"] == [
        {"stage": "rules", "rule": "short", "detail": ""},
        {"stage": "takedown", "rule": "url", "detail": "request 1"},
    ]


def test_the_card_and_the_gate_count_what_was_asked_for(tmp_path: Path) -> None:
    """A whole build: one article, and a comment under another; a gate on their share closes."""
    said = ("كلام جميل عن الموضوع شكرا لكم", "لا أوافق على هذا الرأي أبدا")
    pages = [buildkit.page(number, comments=said if number == 3 else ()) for number in range(4)]
    records = [buildkit.capture(buildkit.address(number), body) for number, body in enumerate(pages)]
    buildkit.archive(tmp_path, "saved", records)
    add(tmp_path, buildkit.address(1), "asked", now=buildkit.NOW)
    add(tmp_path, f"{buildkit.address(3)}#comment-30", "asked", now=buildkit.NOW)
    for gate in ("dropped.takedown", "rule.takedown.url"):
        closed = buildkit.recipe(
            tmp_path, f"[select]\nrelevance_min = 0\n[release]\ngate_max = {{ '{gate}' = 0.2 }}\n"
        )
        with pytest.raises(GateFailed, match=rf"{gate} is 0\.25, above 0\.2"):
            buildkit.run(closed)
    result = buildkit.run(buildkit.recipe(tmp_path))
    assert result.rows == {"documents": 3, "comments": 1}
    assert result.release is not None
    card = (result.release / "README.md").read_text(encoding="utf-8")
    assert "- Left out because somebody asked for it: 2." in card


def test_the_options_of_the_commands_reach_what_they_ask(tmp_path: Path) -> None:
    """A request is of the kind and form that was asked for; a slice is no release; the proof is given."""
    buildkit.archive(tmp_path, "saved", buildkit.essays(range(2)))
    recipe = str(buildkit.recipe(tmp_path).path)

    def ask(*words: str) -> list[dict[str, object]]:
        done = CliRunner().invoke(main, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    request = ask(
        "takedown", "كاتب مقال لا وجود له", recipe, "--reason", "asked", "--kind", "author", "--hashed"
    )[0]
    assert (request["kind"], "كاتب" in str(request["value"])) == ("author", False)
    assert ask("build", recipe, "--task", "0/2")[-1]["release"] == ""
    built = ask("build", recipe)[-1]
    assert (built["version"], built["rows"]) == ("1.0.0", {"documents": 2, "comments": 0})
    checked = ask("verify", str(built["release"]), "--takedowns")[-1]
    assert "takedowns" in {each["name"] for each in checked["checks"]}  # type: ignore[index, union-attr]


def test_redacting_leaves_other_rows_alone() -> None:
    """A row that no request names comes back as it is."""
    row: Row = {"id": "a", "url": "https://b.example/", "title": "c", "reasons": []}
    assert redacted(row, Takedowns((Request("url", "z.example/", "r", "d"),))) is row


def test_addresses_of_copies_are_taken_out(tmp_path: Path) -> None:
    """The survivor of a cluster stays, but no longer names the copy that was asked to go."""
    recipe = recipe_in(tmp_path / "ds")
    rows = [document(n, text=words(1, 70)) for n in (1, 2, 3)]
    part = write_rows(tmp_path / "p.parquet", "documents", rows)
    clusters = cluster([part], DedupBlock(), tmp_path / "w")
    add(recipe.folder, str(rows[2]["url"]), "asked", now=NOW)
    release = release_of(recipe, rows, clusters=clusters)
    (found,) = pq.read_table(release.path / "data/documents/train-2025-01.parquet").to_pylist()
    assert found["cluster_urls"] == [rows[1]["url"]]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A dataset with two releases that hold a document which is then asked to go, and one that never did."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, ROWS[:2])
    release_of(recipe, ROWS[:4], [comment(1, ROWS[2])])
    release_of(recipe, ROWS, [comment(1, ROWS[2])])
    add(tmp_path, str(ROWS[2]["url"]), "asked", now=NOW)
    return tmp_path


def test_older_releases_that_hold_it_are_listed(history: Path) -> None:
    """Version and ids, documents and their comments; releases without it are not named."""
    found = holdings(history)
    assert [each.version for each in found] == ["1.1.0", "1.2.0"]
    named = (("comments", comment(1, ROWS[2])["id"]), ("documents", ROWS[2]["id"]))
    assert all(each.records == named for each in found)
    assert "url" not in json.dumps(found[0].as_dict())


def test_copies_without_it_are_prepared(history: Path) -> None:
    """Each copy is a whole release of the same version without the record; the old folders are not touched."""
    recipe = recipe_in(history)
    before = {path: path.read_bytes() for path in (recipe.releases / "1.1.0").rglob("*") if path.is_file()}
    folders = prepare(recipe, holdings(history))
    assert [folder.name for folder in folders] == ["1.1.0", "1.2.0"]
    for folder in folders:
        manifest = read_manifest(folder)
        assert manifest.version == folder.name
        assert manifest.rows("documents") == {"1.1.0": 3, "1.2.0": 5}[folder.name]
        assert [entry.table for entry in manifest.schemas] == ["documents"]
        assert str(ROWS[2]["url"]) not in published(folder)
        tally = manifest.tallies[-1]
        assert (tally.stage, tally.kept, dict(tally.dropped)) == (
            "takedown",
            manifest.rows("documents"),
            {"later": 2},
        )
        assert "asked for it: 2" in (folder / "README.md").read_text(encoding="utf-8")
        assert "taken down later" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")
        last = (folder / "removed.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        assert json.loads(last) == {
            "id": ROWS[2]["id"],
            "reasons": [{"rule": "later", "stage": "takedown"}],
            "table": "documents",
        }
    assert {path: path.read_bytes() for path in before} == before
    report = verify(folders[1], takedowns=True)
    assert [check for check in report.checks if not check.ok] == []
    assert "documents" in next(
        c.detail for c in verify(before_it(folders[1]), takedowns=True).checks if not c.ok
    )


def before_it(copy: Path) -> Path:
    """Return the release that a prepared copy stands for."""
    return copy.parent.parent / copy.name


def test_a_release_without_its_dataset_has_no_requests_to_be_held_against(history: Path) -> None:
    """The check does not pass for want of a list."""
    moved = (history / "releases" / "1.2.0").rename(history / "elsewhere")
    (problem,) = takedown_problems(moved, read_manifest(moved))
    assert "no requests to hold it against" in problem


def test_shards_that_hold_nothing_named_are_the_same_bytes(tmp_path: Path) -> None:
    """A prepared copy rewrites the months that held the record and no other."""
    recipe = recipe_in(tmp_path)
    rows = [document(n) for n in range(20)]
    release = release_of(recipe, rows)
    add(tmp_path, str(rows[0]["url"]), "asked", now=NOW)
    (folder,) = prepare(recipe, holdings(tmp_path))
    same = [
        path.name
        for path in sorted((folder / "data/documents").iterdir())
        if path.read_bytes() == (release.path / "data/documents" / path.name).read_bytes()
    ]
    assert same == ["train-2025-02.parquet", "train-2025-03.parquet"]


def test_a_release_of_which_nothing_is_left_gets_no_copy(tmp_path: Path) -> None:
    """An empty release cannot be opened, so none is prepared; it is still listed."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, ROWS[:1])
    add(tmp_path, str(ROWS[0]["url"]), "asked", now=NOW)
    assert [each.version for each in holdings(tmp_path)] == ["1.0.0"]
    assert prepare(recipe, holdings(tmp_path)) == []


def test_a_copy_does_not_outlive_the_next_request(tmp_path: Path) -> None:
    """It holds what is asked for now; where nothing would be left, no copy is."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, ROWS[:2])
    left = []
    for row in ROWS[:2]:
        add(tmp_path, str(row["url"]), "asked", now=NOW)
        prepare(recipe, holdings(tmp_path))
        left.append([path.name for path in (recipe.releases / "without-takedowns").iterdir()])
    assert left == [["1.0.0"], []]


@pytest.mark.parametrize("named", ["url", "id"])
def test_rejected_rows_beside_older_releases_are_cleaned(tmp_path: Path, named: str) -> None:
    """The file that stays on the machine loses what was asked to go, too."""
    recipe = recipe_in(tmp_path)
    newer = document(2)
    newer["provenance"] = {
        **newer["provenance"],
        "fetched_at": newer["provenance"]["fetched_at"] + timedelta(days=1),
    }
    release = release_of(recipe, [document(1), document(2), newer])
    assert pq.read_table(release.rejected)["url"].to_pylist() == [newer["url"]]
    add(tmp_path, str(newer[named]), "asked", now=NOW)
    (found,) = holdings(tmp_path)
    assert found.rejected == 1
    prepare(recipe, [found])
    assert pq.read_table(rejected_beside(release.path))["url"].to_pylist() == [None]
    assert holdings(tmp_path)[0].rejected == 0
    rejected_beside(release.path).unlink()
    assert [copy.name for copy in prepare(recipe, holdings(tmp_path))] == ["1.0.0"]


def test_an_address_alone_is_taken_out_of_older_releases(tmp_path: Path) -> None:
    """A copy that was never a record of its own is named in cluster_urls of another: that counts, and goes."""
    recipe = recipe_in(tmp_path / "ds")
    rows = [document(n, text=words(1, 70)) for n in (1, 2, 3)]
    part = write_rows(tmp_path / "p.parquet", "documents", rows)
    release = release_of(recipe, rows, clusters=cluster([part], DedupBlock(), tmp_path / "w"))
    add(recipe.folder, str(rows[2]["url"]), "asked", now=NOW)
    (found,) = holdings(recipe.folder)
    assert (found.records, found.addresses) == ((), 1)
    with pytest.raises(CheckFailed, match="0 records and 1 addresses"):
        refuse_named(release.path)
    (copy,) = prepare(recipe, [found])
    (row,) = pq.read_table(copy / "data/documents").to_pylist()
    assert row["cluster_urls"] == [rows[1]["url"]]
    refuse_named(copy)


def test_a_comment_at_another_address_goes_with_its_document(tmp_path: Path) -> None:
    """An interface gives comments addresses of their own; the page's address names them all the same."""
    recipe = recipe_in(tmp_path)
    elsewhere = comment(1, ROWS[1], url="https://api.example/comments/1")
    release_of(recipe, ROWS[:3], [elsewhere, comment(2, ROWS[2])])
    add(tmp_path, str(ROWS[1]["url"]), "asked", now=NOW)
    (found,) = holdings(tmp_path)
    assert found.records == (("comments", elsewhere["id"]), ("documents", ROWS[1]["id"]))


def test_what_a_rejected_row_alone_shows_is_found_and_holds_nothing_up(tmp_path: Path) -> None:
    """The row lies beside the release and is never published; it is listed all the same."""
    recipe = recipe_in(tmp_path / "ds")
    row: Row = dict.fromkeys(load_schema("rejected").names)
    row |= {"id": ROWS[3]["id"], "table": "documents", "url": ROWS[3]["url"], "stage": "rules", "reasons": []}
    pq.write_table(load_schema("rejected").table([row]), tmp_path / "r.parquet")
    release = release_of(recipe, ROWS[:2], rejected=(tmp_path / "r.parquet",))
    add(recipe.folder, str(ROWS[3]["url"]), "asked", now=NOW)
    (found,) = holdings(recipe.folder)
    assert (found.records, found.addresses, found.rejected) == ((), 0, 1)
    refuse_named(release.path)


def test_nothing_asked_nothing_held(tmp_path: Path) -> None:
    """A dataset without requests has no holdings, one without releases neither."""
    assert holdings(tmp_path) == ()
    release_of(recipe_in(tmp_path), ROWS[:1])
    assert holdings(tmp_path) == ()
    assert START < NOW
