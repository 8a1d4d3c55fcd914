"""The story of one page: captures, fields with evidence, lines kept and removed, and what the build decided."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from buildkit import WARCS, address, archive, capture, page, recipe, run
from rich.console import Console
from warcmaker import http, record, write

from builder.errors import GateFailed, UsageError, VerifyFailed
from builder.explain import Story, Verdict, explain, explain_text, render_html
from builder.model import Capture, CaptureRef
from builder.pipeline import build
from builder.reading import read_capture
from builder.recipe import load_recipe
from builder.sources.warc import WarcBlock, WarcSource
from builder.takedown import add
from builder.urls import stable_id

PAGES = Path(__file__).parent / "pages" / "ahewar"
URL = "https://www.ahewar.org/debat/show.art.asp?aid=840001"
MOBILE = "https://m.ahewar.org/s.asp?aid=840001&r=0"
WORD_TWIN = "http://www.ahewar.org//debat/word.art.asp?t=0&aid=840001"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with one article under two addresses and an error page."""
    place = tmp_path_factory.mktemp("explained")
    broken = "<html><body>الموضوع <b onclick='x()'>غير</b> موجود</body></html>".encode()
    records = [
        record("response", http((PAGES / "bare-br" / "page.html").read_bytes()), WARC_Target_URI=URL),
        record(
            "response",
            http((PAGES / "mobile" / "page.html").read_bytes()),
            WARC_Target_URI=MOBILE,
            WARC_Date="2025-03-02T08:00:00Z",
        ),
        record("response", http(broken), WARC_Target_URI=URL.replace("840001", "5")),
    ]
    write(place / "saved.warc.gz", records)
    (place / "dataset.toml").write_text(
        '[dataset]\nname = "told"\n[[source]]\nkind = "warc"\nname = "saved"\npaths = ["*.warc.gz"]\n'
        "[select]\nrelevance_min = 0\n[rules]\n",
        encoding="utf-8",
    )
    return place


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """The same dataset, for a test that builds in it or writes to it."""
    return shutil.copytree(folder, tmp_path / "own")


@pytest.fixture(scope="module")
def story(folder: Path) -> Story:
    """The story of the article, before any build."""
    return explain(load_recipe(folder), URL)


def test_all_spellings_of_an_address_are_one_story(folder: Path, story: Story) -> None:
    """Both captures of the article are told, the older first, whichever address was asked for."""
    assert [telling.ref.url for telling in story.tellings] == [
        URL,
        MOBILE,
    ]
    assert (
        explain(load_recipe(folder), "http://www.ssrcaw.org/ar/show.art.asp?aid=840001").tellings
        == story.tellings
    )


def test_each_field_comes_with_its_evidence(story: Story) -> None:
    """Title, author and time say which line gave them."""
    facts = {fact.name: fact for fact in story.tellings[0].facts}
    assert facts["author"].value == "سالم مرزوق الكتبي"
    assert "issue line" in facts["author"].origin
    assert "no zone printed" in facts["published"].value
    assert facts["published"].confidence == 1.0


def test_every_line_of_the_page_has_a_fate_and_removed_ones_a_reason(story: Story) -> None:
    """The text is kept, the donation is not, and nothing is left without a word."""
    lines = {line.text: line for line in story.tellings[0].lines}
    assert lines["- هل نغلق الهاتف ؟"].fate == "text"
    assert lines["مجموعات ( واتساب ) بين الجيرة والضجيج"].fate == "title"
    donation = next(line for text, line in lines.items() if "مشروع تطوعي" in text)
    assert donation.fate == "removed"
    assert all(line.reason for line in lines.values() if line.fate == "removed")


def test_page_that_gave_nothing_says_why(folder: Path) -> None:
    """A page left out as a whole names the reason on each line."""
    (telling,) = explain(load_recipe(folder), URL.replace("840001", "5")).tellings
    assert telling.outcome == "skipped: no-header-line"
    assert {line.reason for line in telling.lines} == {"page left out: no-header-line"}


def test_story_as_a_page_is_right_to_left_and_loads_nothing(folder: Path, story: Story) -> None:
    """The kept text is marked; markup of the original is escaped; no address is fetched."""
    page = render_html(story)
    assert 'dir="rtl"' in page
    assert "<bdi><mark>- هل نغلق الهاتف ؟</mark></bdi>" in page, (
        "reasons in English do not turn its digits round"
    )
    assert "<small>" in page.split('class="removed"', 1)[1].split("</p>", 1)[0], "a removed line says why"
    assert "<small>" not in page.split('class="text"', 1)[1].split("</p>", 1)[0]
    assert "لا إصدار بعد" in page
    kept = Verdict("documents", "id", URL, True, "1.0.0", cluster_size=2)
    lost = Verdict("documents", "id", URL, False, "1.0.0", reasons=("rules: <short>",), cluster_size=1)
    decided = render_html(replace(story, verdicts=(kept, lost)))
    assert "محفوظ</span>، نسخه 2</td>" in decided
    assert "مستبعد</span></td>" in decided
    assert "rules: &lt;short&gt;" in decided
    broken = render_html(explain(load_recipe(folder), URL.replace("840001", "5")))
    for text in (page, broken):
        assert not any(word in text for word in ("<script", "<img", "<link", "src=", "onclick", "url("))


def test_unknown_address_is_told_so(folder: Path) -> None:
    """An address that no archive holds is wrong use, and the message says what to do."""
    with pytest.raises(UsageError, match="no capture of"):
        explain(load_recipe(folder), "https://nowhere.example/")


def test_story_for_machines_is_json_without_places_on_this_machine(folder: Path, story: Story) -> None:
    """The story can be written as JSON, and holds no path."""
    told = json.dumps(story.as_dict(), ensure_ascii=False, default=str)
    assert str(folder) not in told


def test_after_a_build_the_story_tells_what_was_decided(own: Path) -> None:
    """Kept in which release, or left out by which rules."""
    recipe = load_recipe(own)
    result = build(recipe, now=NOW)
    found = explain(recipe, URL).verdicts
    assert found
    assert {each.version for each in found} <= {str(result.version), "failed"}
    assert all(each.kept or each.reasons for each in found)
    left_out = explain(recipe, URL.replace("840001", "5")).verdicts
    assert any("no-header-line" in reason for each in left_out for reason in each.reasons)


def test_an_id_tells_the_story_of_its_address(tmp_path: Path) -> None:
    """An article's id and a comment's, kept or left out: what was read is told as by the address itself."""
    said = ("كلام جميل عن الموضوع شكرا لكم", "لا أوافق على هذا الرأي أبدا")
    kept = capture(address(1), page(1, comments=said))
    barred = capture(address(2), page(2, comments=said), X_Robots_Tag="noai")
    archive(tmp_path, "saved", [kept, barred, capture(address(3), page(3))])
    given = recipe(tmp_path, '[optout]\nobey = ["noai"]\n[select]\nrelevance_min = 0\n')
    result = run(given)
    assert result.release is not None
    assert result.rejected is not None
    for table, url in (("documents", address(1)), ("comments", f"{address(1)}#comment-10")):
        (shard,) = (result.release / "data" / table).glob("*.parquet")
        ids = {row["url"]: row["id"] for row in pq.read_table(shard).to_pylist()}
        told = explain(given, ids[url])
        assert told == explain(given, url)
        assert told.tellings[0].outcome == "read: article"
        assert table in [each.table for each in told.verdicts if each.kept]
    left_out = {row["url"]: row["id"] for row in pq.read_table(result.rejected).to_pylist()}
    assert "optout: noai (header: noai)" in str(explain(given, left_out[address(2)]).verdicts)
    add(tmp_path, address(1), "asked", now=NOW)
    run(given)
    gone = explain(given, stable_id(address(1)))
    assert [(each.kept, each.stage) for each in gone.verdicts] == [(False, "takedown")]
    assert gone.tellings == ()
    with pytest.raises(UsageError, match="no capture of 0123456789abcdef0123456789abcdef"):
        explain(given, "0123456789abcdef" * 2)


def test_a_line_with_personal_data_was_kept(tmp_path: Path) -> None:
    """The release holds it with a placeholder; it was not taken for what the host repeats."""
    line = "راسلوني على العنوان katiba@mail.example.com إن أردتم نسخة من الكتاب كاملا."
    archive(
        tmp_path,
        "saved",
        [capture(address(1), page(1).replace(b"</article>", f"<p>{line}</p></article>".encode()))],
    )
    given = recipe(tmp_path)
    run(given)
    told = explain(given, address(1))
    assert "على العنوان [email] إن" in str(told.verdicts[0].text)
    assert {each.text: each.fate for each in told.tellings[0].lines}[line] == "text"


def test_lines_that_a_later_state_replaced_are_told_as_such(tmp_path: Path) -> None:
    """The older capture lost its sentence to the newer one, not to what the host repeats."""
    old, new = "هذه الفقرة كتبت أولا ثم رأى صاحبها غير ذلك.", "هذه الفقرة هي التي بقيت بعد أن روجع المقال."
    states = [page(1).replace(b"</article>", f"<p>{line}</p></article>".encode()) for line in (old, new)]
    archive(tmp_path, "saved", [capture(address(1), body, day) for day, body in enumerate(states, 1)])
    given = recipe(tmp_path)
    run(given)
    first, second = explain(given, address(1)).tellings
    told = {each.text: (each.fate, each.reason) for each in first.lines}
    assert told[old] == ("removed", "another capture of the page was kept")
    assert {each.fate for each in second.lines} == {"text", "title"}
    assert sum(fate == "text" for fate, _ in told.values()) == len(second.lines) - 2


def test_every_line_goes_somewhere(tmp_path: Path) -> None:
    """Text, title, byline, comments; and what was removed says from where, or that the host repeats it."""
    repeated, said = (
        "اشتركوا في نشرتنا البريدية الأسبوعية لتصلكم المقالات أولا بأول",
        ("كلام جميل عن المقال", "نعم"),
    )
    swaps = (
        (
            "<body>",
            '<body class="menu"><nav>الصفحة الرئيسية</nav><div class="SideBar-1"><p>أكثر المقالات قراءة</p></div>',
        ),
        ("</h1>", '</h1><p class="byline">بقلم: <a rel="author">هدى المنصور</a></p>'),
        (
            "</article>",
            f"<p>{repeated}</p></article><div><p>سطر وحيد</p></div><footer>الحقوق محفوظة</footer>",
        ),
    )
    records = []
    for number in range(30, 50):
        body = page(number, comments=said).decode()
        for old, new in swaps:
            body = body.replace(old, new)
        records.append(capture(f"https://one.example/essay/{number}", body.encode()))
    archive(tmp_path, "saved", records)
    given = recipe(tmp_path)
    run(given)
    told = explain(given, "https://one.example/essay/31")
    (telling,) = told.tellings
    lines = [(line.fate, line.reason, line.text) for line in telling.lines if line.fate != "text"]
    assert lines == [
        ("removed", "navigation", "الصفحة الرئيسية"),
        ("removed", "inside div.sidebar", "أكثر المقالات قراءة"),
        ("title", "", "مقال رقم 31 في شؤون المنصات"),
        ("author", "", "بقلم: هدى المنصور"),
        ("removed", "repeated on the pages of this host", repeated),
        ("removed", "not part of the main text", "سطر وحيد"),
        ("removed", "footer", "الحقوق محفوظة"),
        *(("comment", "", text) for text in ("قارئ 0", said[0], "قارئ 1", said[1])),
    ]
    assert (telling.comments, len(telling.lines)) == (2, len(lines) + 5)
    assert "text" not in told.as_dict()["verdicts"][0]  # type: ignore[index]


def test_the_last_release_decides_and_else_the_build_that_failed(tmp_path: Path) -> None:
    """An older release says nothing any more; a build that a gate stopped tells why a page is out."""
    short = page(7).replace(page(7)[page(7).index(b"<p>") : page(7).rindex(b"</p>")], "<p>نص قصير".encode())
    archive(tmp_path, "saved", [capture(address(1), page(1)), capture(address(7), short)])
    gated = recipe(tmp_path, "[release]\ngate_min = { 'rows.documents' = 50 }\n[select]\nrelevance_min = 0\n")
    with pytest.raises(GateFailed):
        run(gated)
    (verdict,) = explain(gated, address(7)).verdicts
    assert (verdict.version, verdict.kept, verdict.stage) == ("failed", False, "defects")
    assert "defects: too_short (2 < 25)" in [reason[:27] for reason in verdict.reasons]
    given = recipe(tmp_path)
    run(given)
    archive(tmp_path, "more", [capture(address(2), page(2))])
    run(given)
    assert [each.version for each in explain(given, address(1)).verdicts] == ["1.1.0"]
    (tmp_path / "warcs" / "more.warc.gz").unlink()
    run(given)
    (verdict,) = explain(given, address(2)).verdicts
    assert (verdict.version, verdict.stage, verdict.reasons) == (
        "2.0.0",
        "archive",
        ("archive: no_longer_read",),
    )
    assert explain(given, str(verdict.id)).verdicts == (verdict,)
    (tmp_path / "releases" / "2.0.0" / "removed.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(VerifyFailed, match=r"removed\.jsonl"):
        explain(given, address(2))


def test_lines_of_a_source_that_gives_ids_only_are_told_as_read(tmp_path: Path) -> None:
    """Its release has no text; that does not make its pages furniture of their host."""
    archive(tmp_path, "saved", [capture(address(1), page(1)), capture(address(4), page(4))])
    given = recipe(tmp_path, sources=WARCS + "ids_only = true\n")
    run(given)
    told = explain(given, address(1))
    assert told.verdicts[0].text == ""
    assert {each.fate for each in told.tellings[0].lines} == {"text", "title"}


@pytest.mark.parametrize("name", ["1.0.0/data/documents/train-2026-01.parquet", "1.0.0.rejected.parquet"])
def test_a_damaged_release_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    """What was decided cannot be told from half a file; it is named, with what to do."""
    path = tmp_path / "releases" / name
    path.parent.mkdir(parents=True)
    for part in ("dataset.toml", "saved.warc.gz"):
        (tmp_path / part).write_bytes((folder / part).read_bytes())
    (tmp_path / "releases/1.0.0").mkdir(exist_ok=True)
    (tmp_path / "releases/1.0.0/manifest.json").touch()
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(VerifyFailed, match="cannot be read") as caught:
        explain(load_recipe(tmp_path), URL)
    assert caught.value.where == str(path)


def test_fuller_view_of_an_article_stands_though_the_mobile_page_was_captured_later(own: Path) -> None:
    """The mobile page knows neither minute nor issue number; it must not take the place of the full page."""
    result = build(load_recipe(own), now=NOW)
    rejected = pq.read_table(result.rejected).to_pylist()
    assert any(row["url"] == MOBILE and row["reasons"][0]["rule"] == "older-state" for row in rejected)


def test_word_twin_is_read_whatever_it_calls_itself() -> None:
    """The site sends the twin as a Word file; it is HTML all the same."""
    ref = CaptureRef(
        *("s", "page", WORD_TWIN, 200, "application/msword", NOW, "sha1:A", "<r>", "response", "p", "f", 0, 1)
    )
    capture = Capture(ref, (), (PAGES / "word" / "page.html").read_bytes())
    source = WarcSource(WarcBlock(kind="warc", name="s", paths=("x",)))
    (document,) = read_capture(capture, source).documents
    assert (document.key, document.lesser) == ("ahewar.org/aid/840001", True)


def test_a_text_can_be_explained_without_an_archive(folder: Path) -> None:
    """Language, mentions and the reasons a recipe would have against it."""
    told = explain_text("أكتب عن تيك توك وفيسبوك كل يوم في هذا المكان.", load_recipe(folder))
    assert told.row["lang"] == "ar"
    assert {"tiktok", "facebook"} <= {mention["platform"] for mention in told.row["mentions"]}


def test_terminal_shows_kept_and_removed_side_by_side(own: Path) -> None:
    """The command prints the fields and the lines; brackets of a page are text, not markup of the terminal."""
    from builder.console import Output
    from builder.render.stories import show_story, show_text_story

    console = Console(record=True, width=120, file=io.StringIO())
    show_story(URL, own / "dataset.toml", own / "story.html", Output(console=console))
    shown = console.export_text()
    assert "kept" in shown
    assert "removed" in shown
    assert "issue line" in shown
    assert (own / "story.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    (own / "text.txt").write_text("أكتب عن [تيك توك] كل يوم في هذا المكان.", encoding="utf-8")
    show_text_story(own / "text.txt", None, Output(console=console))
    assert "tiktok" in console.export_text()


def test_a_text_is_told_in_words_a_reader_knows(tmp_path: Path) -> None:
    """What the score means, what was replaced and what each name is there for; nothing stands as a bare heading."""
    from builder.console import Output
    from builder.render.stories import show_text_story

    console = Console(record=True, width=140, file=io.StringIO())
    path = tmp_path / "text.txt"
    path.write_text("ضاعت صورة على تويتر. راسلني على someone@example.org ثم نم.", encoding="utf-8")
    show_text_story(path, None, Output(console=console))
    shown = console.export_text()
    assert "of 10, not about the topic (partly from 2.5, about from 5; a title would add up to 3)" in shown
    assert "Private data replaced: 1 email" in shown
    assert "topic, as a place" in shown
    assert "Concepts: none" in shown
    assert "Quality: 2 sentences, 2 clauses" in shown
