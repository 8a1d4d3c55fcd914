"""Rows: every column is filled, names of private people stay here, the same input gives the same row."""

from __future__ import annotations

import io
import json
import pickle
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from builder.columns import ColumnSettings, comment_row, document_row, root_keys
from builder.columns.pseudonyms import load_or_make_key, pseudonym
from builder.columns.record import without_person
from builder.columns.story import explain_text, render
from builder.errors import RecipeError, UsageError
from builder.model import Author, CaptureRef, Comment, Document, Engagement, Evidence, Moment, Rights, Signal
from builder.recipe import Recipe, load_recipe
from builder.schema import Row, load_schema
from builder.urls import stable_id

RECIPE = (
    '[dataset]\nname = "d"\n[[source]]\nkind = "warc"\nname = "s"\npaths = ["a.warc.gz"]\n'
    'licence = "CC-BY-4.0"\nterms = "ask first"\ntimezone = "Asia/Baghdad"\n'
)
TEXT = "كتبت عن تيك توك أمس، واتصل بي قارئ من 07701234567 يسأل عن الخوارزميات &amp; الترند ..\nبريدي a.b@c.example"
WHEN = datetime(2025, 1, 5, 21, 14, tzinfo=UTC)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe of one source."""
    return made_recipe(tmp_path)


def made_recipe(folder: Path, more: str = "") -> Recipe:
    """Write a recipe into a folder and read it."""
    folder.mkdir(exist_ok=True)
    (folder / "dataset.toml").write_text(RECIPE + more, encoding="utf-8")
    return load_recipe(folder)


@pytest.fixture
def columns(recipe: Recipe) -> ColumnSettings:
    """The settings of that recipe, as a worker gets them."""
    settings = ColumnSettings.from_recipe(recipe, load_or_make_key(recipe))
    unpickled: ColumnSettings = pickle.loads(pickle.dumps(settings))
    return unpickled


def ref(**changes: Any) -> CaptureRef:
    """Return a capture's reference."""
    values: dict[str, Any] = {
        "source": "s", "role": "page", "url": "https://a.example/1", "status": 200, "mime": "text/html",
        "fetched_at": WHEN, "payload_digest": "sha1:A", "record_id": "<urn:uuid:1>", "kind": "response",
        "path": "/home/someone/x.warc.gz", "warc_file": "x.warc.gz", "warc_offset": 7, "warc_length": 1,
        "rights": Rights("allowed", "Allow: /", (Signal("nofollow", "header", "nofollow"),)),
    }  # fmt: skip
    return CaptureRef(**(values | changes))


def document(**changes: Any) -> Document:
    """Return a document with most of its fields set."""
    values: dict[str, Any] = {
        "key": "a.example/1", "url": "https://a.example/1?x=1", "canonical_url": "https://a.example/1",
        "site": "a.example", "record_type": "article", "text": TEXT,
        "title": " منصة ( تيك توك )\u200f بين المهنة والترفيه 07701234567 واتس",
        "author": Author("كاتب المقال", bio="كاتب، للتواصل a.b@c.example"), "section": "مواضيع", "issue": "8214",
        "tags": ("رأي ",), "hashtags": ("منصات",), "lang_declared": "ar", "reader": "x/1", "charset": "utf-8",
        "published": Moment(WHEN, "minute", "2025 / 1 / 6 - 00:14", "2025-01-06", "Asia/Baghdad", "site"),
        "evidence": (Evidence("title", "h1", 0.9),), "flags": ("thread",),
        "signals": (Signal("noai", "profile", "noai"),),
    }  # fmt: skip
    return Document(**(values | changes))


def post(**changes: Any) -> Document:
    """Return a post of an account."""
    values: dict[str, Any] = {
        "record_type": "post", "posted_on": "mastodon", "instance": "social.example", "site": "social.example",
        "author": Author("سعاد محمد", "suad_m", "1042", "طبيبة من بغداد"), "title": None,
        "url": "https://social.example/@suad_m/5", "canonical_url": "https://social.example/@suad_m/5",
        "text": "يا @other_person شوف تيك توك", "engagement": Engagement(likes=0, replies=3),
    }  # fmt: skip
    return document(**(values | changes))


def comment(**changes: Any) -> Comment:
    """Return a comment."""
    values: dict[str, Any] = {
        "key": "c1", "document_key": "a.example/1", "text": "أحسنت يا @kateb، رقمي 07701234567", "url": "https://a.example/1#c1",
        "author": Author("سعاد محمد"), "position": 0, "depth": 0, "rating": -2, "posted_on": None,
    }  # fmt: skip
    return Comment(**(values | changes))


def test_rows_fit_the_published_schema(columns: ColumnSettings) -> None:
    """Every column of both tables, in types Arrow takes."""
    rows = [
        document_row(made, ref(), (), columns) for made in (document(), post(), document(title=None, text=""))
    ]
    table = load_schema("documents").table(rows)
    assert table.num_rows == 3
    comments = [
        comment_row(made, ref(), columns) for made in (comment(), comment(key="c2", parent_key="c1", text=""))
    ]
    assert load_schema("comments").table(comments).num_rows == 2


def test_what_the_page_says_arrives(columns: ColumnSettings) -> None:
    """Fields pass through, cleaned; source facts and rights stand beside them."""
    row = document_row(document(), ref(), (Signal("noml", "meta", "noml"),), columns)
    assert row["title"] == "منصة ( تيك توك ) بين المهنة والترفيه [phone] واتس"
    assert (row["author"], row["section"], row["issue"], row["tags"]) == (
        "كاتب المقال",
        "مواضيع",
        "8214",
        ["رأي"],
    )
    assert (row["published_at"], row["published_day"], row["published_zone_source"]) == (
        WHEN,
        "2025-01-06",
        "site",
    )
    assert row["rights"]["licence"] == "CC-BY-4.0"
    assert row["rights"]["terms"] == "ask first"
    assert [signal["name"] for signal in row["rights"]["signals"]] == ["noai", "nofollow", "noml"]
    assert row["provenance"]["warc_offset"] == 7
    assert row["engagement"] is None
    assert (row["cluster_id"], row["cluster_size"], row["cluster_urls"]) == (row["id"], 1, [])
    assert row["hashtags"] == ["منصات"]


def test_the_text_is_faithful_and_masked_before_anything_is_counted(columns: ColumnSettings) -> None:
    """Entities decoded, private data replaced in text and title, offsets right in the final text."""
    row = document_row(document(), ref(), (), columns)
    assert "من [phone] يسأل عن الخوارزميات & الترند ..\nبريدي [email]" in row["text"]
    assert row["pii"]["phone"] == 2
    assert row["pii"]["email"] == 1
    assert row["author_bio"] == "كاتب، للتواصل [email]"
    for mention in row["mentions"]:
        source = row["title"] if mention["zone"] == "title" else row["text"]
        assert source[mention["start"] : mention["end"]] == mention["surface"]
    assert row["about_platforms"] == ["tiktok", "whatsapp"] or row["about_platforms"] == ["tiktok"]
    assert row["text_chars"] == len(row["text"])
    assert row["quality"]["bidi_controls"] == 0
    assert row["relevance"] == pytest.approx(sum(row["relevance_parts"].values()), abs=1e-5)


def everything(row: Row) -> str:
    """Return all values of a row as one text."""
    return json.dumps(row, ensure_ascii=False, default=str)


def test_no_trace_of_a_private_person_is_in_a_row(columns: ColumnSettings) -> None:
    """Neither name, handle, id nor bio of an account; nor the commenter's name or whom they address."""
    row = document_row(post(), ref(url="https://social.example/@suad_m/5"), (), columns)
    for secret in ("سعاد", "suad_m", "1042", "طبيبة", "other_person"):
        assert secret not in everything(row), secret
    assert row["author"].startswith("user-")
    assert row["url"] == "https://social.example/[user]/5"
    assert row["engagement"] == {
        "likes": 0,
        "replies": 3,
        "reposts": None,
        "quotes": None,
        "views": None,
        "as_of": None,
    }
    only_named = document_row(post(author=Author("سعاد محمد")), ref(), (), columns)
    assert "سعاد" not in everything(only_named)
    said = comment_row(comment(), ref(), columns)
    for secret in ("سعاد", "kateb", "07701234567", "/home/someone"):
        assert secret not in everything(said), secret


def test_a_byline_stays_unless_its_author_asked(tmp_path: Path) -> None:
    """Spelling variants of the name in `drop_bylines` are the same name; the bio goes with it."""
    recipe = made_recipe(tmp_path, '[privacy]\ndrop_bylines = ["كاتب  ألمقال"]\n')
    settings = ColumnSettings.from_recipe(recipe, bytes(32))
    row = document_row(document(), ref(), (), settings)
    assert row["author"] is None
    assert row["author_bio"] is None
    assert document_row(document(author=Author("غيره")), ref(), (), settings)["author"] == "غيره"


def test_one_person_has_one_pseudonym_on_a_platform_and_another_elsewhere(columns: ColumnSettings) -> None:
    """By native id before handle before name."""
    same = comment_row(comment(key="c9", text="نص آخر"), ref(), columns)["author"]
    assert comment_row(comment(), ref(), columns)["author"] == same
    there = comment_row(comment(url="https://b.example/1"), ref(), columns)["author"]
    assert there != same
    renamed = [post(author=Author("اسم جديد", "new_handle", "1042")), post()]
    assert len({document_row(made, ref(), (), columns)["author"] for made in renamed}) == 1
    assert comment_row(comment(author=Author()), ref(), columns)["author"] is None


def test_pseudonyms_are_keyed_and_long_enough() -> None:
    """Another key gives another pseudonym; at least 64 bits are kept."""
    first, second = (pseudonym(bytes([number]) * 32, "web", "a.example", "سعاد") for number in (1, 2))
    assert first != second
    assert len(first.removeprefix("user-")) * 4 >= 64


@pytest.mark.parametrize(
    ("url", "after"),
    [
        ("https://s.example/@suad_m/5", "https://s.example/[user]/5"),
        ("https://s.example/users/suad_m", "https://s.example/users/[user]"),
        ("https://s.example/u?name=suad_m&x=1", "https://s.example/u?name=[user]&x=1"),
        ("https://s.example/suad_m_fans/5", "https://s.example/suad_m_fans/5"),
        ("https://s.example/@SUAD_M@other.example/5", "https://s.example/[user]/5"),
    ],
)
def test_addresses_lose_the_handle_only(url: str, after: str) -> None:
    """Whole path segments and parameter values, in any case, with or without the server."""
    assert without_person(url, Author(handle="suad_m@other.example")) == after


def test_the_key_is_made_once_for_its_owner_alone(recipe: Recipe) -> None:
    """The file is private, the second build reads it, a spoiled one is refused and not overwritten."""
    first = load_or_make_key(recipe)
    path = recipe.folder / "private" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_make_key(recipe) == first
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    path.write_text("not a key", encoding="ascii")
    with pytest.raises(RecipeError, match="64 hexadecimal digits"):
        load_or_make_key(recipe)
    assert path.read_text(encoding="ascii") == "not a key"


def key_of(folder: Path, more: str, *, name: str = "d") -> bytes:
    """Return the key of a recipe beside one fixed key file."""
    recipe = made_recipe(folder, more)
    (folder / "dataset.toml").write_text(
        (RECIPE + more).replace('name = "d"', f'name = "{name}"'), encoding="utf-8"
    )
    (folder / "private").mkdir()
    (folder / "private" / "key").write_text("ab" * 32 + "\n", encoding="ascii")
    return load_or_make_key(load_recipe(recipe.folder))


def test_keys_differ_from_dataset_to_dataset_unless_stable(tmp_path: Path) -> None:
    """One key file, two datasets: two keys; a change of rules changes none; stable ones stay everywhere."""
    stable = "[privacy]\nstable_pseudonyms = true\n"
    first = key_of(tmp_path / "a", "")
    assert key_of(tmp_path / "b", "", name="other") != first
    assert key_of(tmp_path / "c", "[rules.thresholds]\nmin_words = 3\n") == first
    assert key_of(tmp_path / "d", stable) != first
    assert key_of(tmp_path / "e", stable) == key_of(tmp_path / "f", stable, name="other")


def test_rows_do_not_depend_on_what_ran_before(columns: ColumnSettings) -> None:
    """Fresh settings, any order: the same rows."""
    made = [document(), post(), document(text="نص قصير"), document(text="ایران و پاکستان")]
    rows = [document_row(each, ref(), (), columns) for each in made]
    again = [document_row(each, ref(), (), pickle.loads(pickle.dumps(columns))) for each in reversed(made)]
    assert rows == again[::-1]


def test_roots_follow_parents(columns: ColumnSettings) -> None:
    """A branch has one root; a circle and a missing parent do not hang it."""
    tree = {"a": None, "b": "a", "c": "b", "x": "gone", "p": "q", "q": "p"}
    said = [comment(key=key, parent_key=parent) for key, parent in tree.items()]
    roots = root_keys(said)
    assert {roots[key] for key in "abc"} == {"a"}
    assert roots["x"] == "gone"
    assert roots["p"] in "pq"
    made = comment_row(said[2], ref(), columns, root_key=roots["c"])
    assert made["root_id"] == comment_row(said[0], ref(), columns)["root_id"] == stable_id("a")


def test_wrong_rules_stop_before_the_first_row(tmp_path: Path) -> None:
    """Settings refuse an unknown threshold."""
    recipe = made_recipe(tmp_path, "[rules.thresholds]\nmin_wrods = 3\n")
    with pytest.raises(RecipeError, match="did you mean 'min_words'"):
        ColumnSettings.from_recipe(recipe, bytes(32))


def test_a_voter_that_is_not_installed_stops_before_the_first_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "pycld2", None)
    recipe = made_recipe(tmp_path, "[language]\ncld2 = true\n")
    with pytest.raises(UsageError, match="not installed"):
        ColumnSettings.from_recipe(recipe, bytes(32))


def test_a_text_can_be_explained_without_a_recipe() -> None:
    """Votes, marks, replacements and decisions, as data and in the terminal."""
    from rich.console import Console

    story = explain_text(TEXT + "\n" + "كلام عن تيك توك والناس في هذا الزمن العجيب. " * 20)
    assert story.language.lang == "ar"
    assert story.masked.counts()["phone"] == 1
    assert {mention.platform for mention in story.found.mentions} == {"tiktok"}
    assert story.sentences >= 20
    screen = io.StringIO()
    render(story, Console(file=screen, width=100, color_system=None))
    shown = screen.getvalue()
    for word in (
        "Language: ar",
        "tiktok [",
        "algorithm",
        "Private data replaced",
        "phone",
        "terminal_line_share",
        "Rules:",
    ):
        assert word in shown


def test_a_recipe_s_lexicon_and_rules_are_used_in_the_story(tmp_path: Path) -> None:
    """What a user adds to the recipe shows in the story."""
    recipe = made_recipe(
        tmp_path,
        '[rules.thresholds]\nmin_words = 1000\n[[platform]]\nid = "koo"\nname = "Koo"\nlong = ["كوكو"]\n',
    )
    story = explain_text("جربت كوكو هذا الأسبوع ولم يعجبني.", recipe)
    assert [mention.platform for mention in story.found.mentions] == ["koo"]
    assert any(reason.rule == "too_short" for reason in story.decision.reasons)
