"""Requests as people type them and write them by hand: each is honoured, or refused with the line that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import buildkit
import pytest
from releasekit import NOW, document

from builder.errors import UsageError
from builder.takedown import add, kind_of, load

PAGE = document(2)


def written(folder: Path, **fields: object) -> None:
    """Write one request into takedowns.jsonl as a person with an editor would."""
    given = {
        "kind": "url",
        "value": "site.example/show?n=2",
        "reason": "",
        "asked_on": "2025-06-01",
        **fields,
    }
    (folder / "takedowns.jsonl").write_text(json.dumps(given, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "address",
    [
        "https://site.example/diary/",
        "https://site.example/diary",
        "https://site.example/diary#c1",
        "https://www.site.example/diary/?utm_source=x",
    ],
)
def test_the_star_takes_the_place_itself(tmp_path: Path, address: str) -> None:
    """Everything below a folder begins with its own page, with or without the slash that a key leaves out."""
    add(tmp_path, "https://site.example/diary/*", "asked", now=NOW)
    assert load(tmp_path).names_url(address)


def test_the_star_behind_a_host_takes_its_front_page(tmp_path: Path) -> None:
    """A whole site has a front page, too."""
    add(tmp_path, "https://site.example/*", "asked", now=NOW)
    requests = load(tmp_path)
    assert requests.names_url("https://site.example/")
    assert requests.names_url("https://site.example?page=2")
    assert not requests.names_url("https://site.example.org/")


@pytest.mark.parametrize(
    "value", ["site.example/show?n=2", "www.site.example/show?n=2", "  https://site.example/show?n=2 \n"]
)
@pytest.mark.parametrize("kind", [None, "url"])
def test_an_address_copied_without_its_scheme(tmp_path: Path, value: str, kind: str | None) -> None:
    """What browsers show of an address is one: it is taken for no author, and finds its page."""
    request, _ = add(tmp_path, value, "asked", now=NOW, kind=kind)  # type: ignore[arg-type]
    assert request.kind == "url"
    assert load(tmp_path).reason(PAGE) is not None


def test_an_address_with_an_arabic_name(tmp_path: Path) -> None:
    """Copied from a browser, which shows letters and leaves the scheme out."""
    page = document(8, url="https://xn--4gbrim.example/%D9%85%D9%82%D8%A7%D9%84")
    request, _ = add(tmp_path, "موقع.example/مقال", "asked", now=NOW)
    assert request.kind == "url"
    assert load(tmp_path).reason(page) is not None


@pytest.mark.parametrize("value", ["فهد العتيق", "م. سالم", "@salma.k", "د.فهد", "salma.k", "أ/ب ج"])
def test_a_name_is_no_address(value: str) -> None:
    """Dots and slashes of titles and handles make no host."""
    assert kind_of(value) == "author"


@pytest.mark.parametrize("value", ["blog.site.example", " Site.example ", "salma.karim", "موقع.example"])
def test_a_name_that_may_be_a_site_is_asked_back(tmp_path: Path, value: str) -> None:
    """A site's no, written down as an author of that name, would leave out nothing."""
    with pytest.raises(UsageError, match="may be a site") as caught:
        add(tmp_path, value, "asked", now=NOW)
    assert f"{value.strip()}/*" in str(caught.value)
    assert not list(tmp_path.iterdir())
    assert add(tmp_path, value, "asked", now=NOW, kind="author")[0].kind == "author"
    assert add(tmp_path, f"{value.strip()}/*", "asked", now=NOW)[0].kind == "url"


def test_an_id_in_capitals_or_with_blanks(tmp_path: Path) -> None:
    """Ids are compared as they are printed in a release, however they were copied."""
    request, _ = add(tmp_path, f" {str(PAGE['id']).upper()} ", "asked", now=NOW)
    assert request.kind == "id"
    assert load(tmp_path).reason(PAGE) is not None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("url", "https://www.site.example/show?utm_source=a&n=2"),
        ("url", "https://site.example/show*"),
        ("author", "كَاتبة  المقـال"),
        ("author", "د. كاتبة المقال"),
        ("id", str(PAGE["id"]).upper()),
    ],
)
def test_a_line_written_by_hand_is_honoured(tmp_path: Path, kind: str, value: str) -> None:
    """A file that people may edit must not hold lines that look like requests and do nothing."""
    written(tmp_path, kind=kind, value=value)
    assert load(tmp_path).reason(PAGE) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 7},
        {"value": None},
        {"value": ""},
        {"value": "  "},
        {"value": "*"},
        {"salt": "no hexadecimal digits"},
        {"salt": "ab" * 100},
        {"salt": 5},
        {"salt": "ab", "value": "site.example/show"},
        {"kind": "pattern", "value": "("},
        {"kind": "pattern", "value": 3},
        {"kind": ["url"]},
    ],
)
def test_a_line_that_could_not_be_followed_names_its_place(tmp_path: Path, fields: dict[str, object]) -> None:
    """Wrong types, a salt that is none, a request that names nothing: refused when it is read, not met later."""
    written(tmp_path, **fields)
    with pytest.raises(UsageError, match=r"takedowns\.jsonl:1"):
        load(tmp_path)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """An editor that saves in windows-1256 is told so, and the build stops."""
    (tmp_path / "takedowns.jsonl").write_bytes('{"kind":"author","value":"سلمى"}\n'.encode("cp1256"))
    with pytest.raises(UsageError, match="UTF-8"):
        load(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Some editors put one before UTF-8."""
    written(tmp_path)
    path = tmp_path / "takedowns.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(tmp_path).reason(PAGE) is not None


@pytest.mark.parametrize("reason", ["سطر\u2028وسطر", "سطر\x85وسطر", "by mail\x1cby phone"])
def test_a_reason_with_strange_line_ends_can_be_read_again(tmp_path: Path, reason: str) -> None:
    """What Hiwar wrote itself never stops a build."""
    add(tmp_path, str(PAGE["url"]), reason, now=NOW)
    (request,) = load(tmp_path).requests
    assert request.reason == reason
    assert load(tmp_path).reason(PAGE) is not None


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """An argument in another encoding comes as lone surrogates; it could never match, and cannot be written."""
    with pytest.raises(UsageError, match="UTF-8"):
        add(tmp_path, "\udcd3\udce3", "asked", now=NOW)
    with pytest.raises(UsageError, match="UTF-8"):
        add(tmp_path, str(PAGE["url"]), "\udcd3", now=NOW)
    assert not (tmp_path / "takedowns.jsonl").exists()


def test_a_pattern_finds_the_name_behind_a_pseudonym(tmp_path: Path) -> None:
    """The byline of a private reader is gone from the row; a pattern is held against it before that."""
    body = buildkit.page(1, comments=("كلام طيب عن فيسبوك وما يكتب فيه.", "رأي آخر في ما يكتب الناس هناك."))
    buildkit.archive(tmp_path, "a", [buildkit.capture(buildkit.address(1), body)])
    recipe = buildkit.recipe(tmp_path)
    before = buildkit.run(recipe)
    add(tmp_path, "^قارئ 1$", "asked", now=NOW, kind="pattern")
    after = buildkit.run(recipe)
    assert (before.rows["comments"], after.rows["comments"]) == (2, 1)
    assert buildkit.rules(after)["takedown/pattern"] == 1


def test_asking_for_a_hash_of_what_stands_written_out(tmp_path: Path) -> None:
    """Who asks again for the hash of an address gets it: the address is written out no longer."""
    add(tmp_path, str(PAGE["url"]), "asked", now=NOW)
    _, is_new = add(tmp_path, str(PAGE["url"]), "asked", now=NOW, hashed=True)
    assert is_new
    assert "site.example" not in (tmp_path / "takedowns.jsonl").read_text(encoding="utf-8")
    assert len(load(tmp_path).requests) == 1
    assert load(tmp_path).reason(PAGE) is not None
