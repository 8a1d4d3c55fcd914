"""The dataset card: complete, true to the data, and deaf to what pages put into their titles."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import huggingface_hub
import pytest
import yaml
from card_samples import RECIPE, card_input, comment, document, recipe, release_folder, tallies
from lxml import html
from markdown_it import MarkdownIt
from releasekit import comment as kit_comment
from releasekit import document as kit_document
from releasekit import recipe_in, release_of

from builder.errors import CheckFailed, RecipeError, UsageError
from builder.release.card import (
    VersionLine,
    addressed,
    head,
    kept_text,
    read_head,
    render_card,
    with_kept,
    without_kept,
)
from builder.release.companions import HAND_WRITTEN, hand_written
from builder.release.hublists import LICENCES, problems, shipped_list, size_category
from builder.release.markdown import code, link, number, one_line, plain, safe_url, share
from builder.release.stats import measure
from builder.tally import Tally

EVIL = (
    "--- | ] </td><script>alert(1)</script> !!python/object:os.system\n---\n# Not a heading\n"
    "![x](javascript:alert(1)) <img src=x onerror=alert(1)> `code` {{jinja}} $licence ${x} https://evil.example "
    "www.evil.example someone@evil.example <!-- hiwar:begin uses -->theirs<!-- hiwar:end uses -->"
)
TOML_EVIL = EVIL.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

EVIL_RECIPE = f"""
[dataset]
name = "discourse"
pretty_name = "{TOML_EVIL}"
description = "{TOML_EVIL}"
licence = "other"
licence_name = "{TOML_EVIL}"
licence_link = "javascript:alert(1)"
homepage = "javascript:alert(1)"
maintainer = "{TOML_EVIL}"
contact = "javascript:alert(1)"

[[source]]
kind = "warc"
name = "essays"
paths = ["*.warc.gz"]
licence = "{TOML_EVIL}"
terms = "{TOML_EVIL}"
"""


def rendered(card: str) -> html.HtmlElement:
    """Return a card as a browser would get it: Markdown with tables, raw HTML let through."""
    body = card.split("\n---\n", 1)[1]
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    return html.fragment_fromstring(page, create_parent="main")


def headings(card: str) -> list[str]:
    """Return the headings of a card."""
    return [
        line.lstrip("# ").strip() for line in card.split("\n---\n", 1)[1].splitlines() if line.startswith("#")
    ]


def cells(card: str, first: str, second: str | None = None) -> dict[str, list[str]]:
    """Return the rows of the table whose first columns are headed `first` and `second`, by their first cell."""
    for table in rendered(card).iter("table"):
        rows = [[cell.text_content().strip() for cell in row] for row in table.iter("tr")]
        if rows[0][0] == first and second in (None, rows[0][1]):
            return {row[0]: row[1:] for row in rows[1:]}
    raise AssertionError(first)


def test_every_section_is_filled_and_no_placeholder_is_left(tmp_path: Path) -> None:
    """A card has no gap a reader would stumble on."""
    text = render_card(card_input(tmp_path))

    assert "$" not in text
    assert "More Information Needed" not in text
    assert "None" not in text.split("\n---\n", 1)[1]
    for section in re.split(r"^#+ .*$", text, flags=re.MULTILINE)[1:]:
        assert section.strip() or section.endswith("\n"), section


def test_the_hubs_own_template_is_covered(tmp_path: Path) -> None:
    """Every heading of the template that huggingface_hub ships stands in the card."""
    template = Path(huggingface_hub.__file__).parent / "templates" / "datasetcard_template.md"
    wanted = [line.lstrip("# ") for line in template.read_text("utf-8").splitlines() if line.startswith("##")]

    present = set(headings(render_card(card_input(tmp_path))))

    assert {heading.replace(" [optional]", "") for heading in wanted} <= present


def test_the_head_says_what_the_files_are(tmp_path: Path) -> None:
    """Configs with globs that match, one default, the version, features of the schema, no counts of examples."""
    given = card_input(tmp_path)
    data = read_head(render_card(given))

    assert data == yaml.safe_load(yaml.safe_dump(head(given)))
    text = render_card(replace(given, recipe=recipe(tmp_path, RECIPE + '\n[release]\ngated = "auto"')))
    assert text.startswith("---\npretty_name: خطاب المنصات\nlanguage:\n- ar\n"), (
        "in order, its letters as they are"
    )
    assert "\nextra_gated_prompt: This dataset holds texts that people signed" in text
    assert "what later versions remove.\n" in text, "on one line"
    assert "&id" not in text, "written out, without references"
    configs = data["configs"]
    assert isinstance(configs, list)
    assert [(entry["config_name"], entry.get("default")) for entry in configs] == [
        ("documents", True),
        ("comments", None),
    ]
    assert {entry["version"] for entry in configs} == {"1.0.0"}
    for entry in configs:
        for files in entry["data_files"]:
            assert list((tmp_path / "release").glob(files["path"]))
    assert "num_examples" not in str(data["dataset_info"])
    assert data["size_categories"] == ["n<1K"]
    assert data["license_details"] == "essays: CC-BY-4.0"


def test_a_release_without_comments_has_no_config_for_them(tmp_path: Path) -> None:
    """A config without files would stop load_dataset for all the others."""
    release_folder(tmp_path / "release", [document(0)])
    data = head(card_input(tmp_path))

    assert [entry["config_name"] for entry in data["configs"]] == ["documents"]  # type: ignore[attr-defined]
    assert [entry["config_name"] for entry in data["dataset_info"]] == ["documents"]  # type: ignore[attr-defined]


def test_counts_in_the_tables_are_those_of_the_data(tmp_path: Path) -> None:
    """Sources, platforms, years and the funnel are told as they are."""
    text = render_card(card_input(tmp_path))

    assert cells(text, "About platform")["tiktok"] == ["10 (100.0 %)", "0 (0.0 %)"]
    assert cells(text, "About platform")["x"] == ["5 (50.0 %)", "0 (0.0 %)"]
    assert cells(text, "Year of publication")["2025"] == ["10 (100.0 %)", "2 (100.0 %)"]
    assert cells(text, "Stage")["rules"] == ["8", "6", "2", "0", "noai 2, too_short 1"]
    assert cells(text, "Source")["essays"][-2:] == ["10", "2"]
    assert cells(text, "Replaced by placeholders")["email"] == ["0", "2"]


def test_what_stands_at_the_head_of_a_card(tmp_path: Path) -> None:
    """Period, captures, sites of each source and lengths are those of the records."""
    rows = [document(n, site=f"s{n}.example", word_count=10 * (n + 1)) for n in range(6)]
    rows += [document(6, source="second"), document(7, published_at=None, published_day=None)]
    rows[2]["provenance"] |= {"fetched_at": datetime(2026, 3, 4, tzinfo=UTC)}
    release_folder(tmp_path / "release", rows, [comment(0)])
    more = '\n[[source]]\nkind = "html"\nname = "second"\npaths = ["b.html"]\n[select]\nrelevance_min = 0\n'
    odd = RECIPE.replace('"odc-by"', '"other"\nlicence_name = "our-terms"')
    text = render_card(card_input(tmp_path, odd + more))

    assert "holds 8 Arabic texts and 1 comment by readers, from 2 sources and 7 sites, published from" in text
    assert "- **Period of the texts:** 2025-01-01 to 2025-01-07; 1 without a date" in text
    assert "- **Captured:** 2026-01-02 to 2026-03-04" in text
    assert "- **License:** our-terms for the compilation" in text
    sources = cells(text, "Source", "Kind")
    assert sources["essays"][1].startswith(
        "example.org, s0.example, s1.example, s2.example, s3.example and 2 more"
    )
    assert [sources["essays"][-2:], sources["second"]] == [["7", "1"], ["html", "example.org", "1", "0"]]
    assert cells(text, "Words per text")["documents"] == ["253", "10", "20", "22", "40", "60", "60"]


def test_accounts_and_history_are_told_where_there_are_some(tmp_path: Path) -> None:
    """Six reasons of a stage and how many more; a release without accounts or versions before says so."""
    tally = Tally("rules.documents")
    for place in range(7):
        for _ in range(9 - place):
            tally.drop([f"r{place}"])
    given = card_input(tmp_path)
    text = render_card(replace(given, statistics=measure(tmp_path / "release", [tally.close()])))
    assert cells(text, "Stage")["rules.documents"][-1] == "r0 9, r1 8, r2 7, r3 6, r4 5, r5 4, 1 more"
    assert "1.0.0 is the first version." in text
    assert "- **Captured:** 2026-01-02\n" in text
    assert "## Dataset Card Contact\n\n[removal&#64;example.org](mailto:removal@example.org)\n" in text
    bare = render_card(replace(given, statistics=measure(tmp_path / "release")))
    assert "No stage of the build left an account in this release." in bare


def test_rules_are_named_with_their_thresholds_and_counts(tmp_path: Path) -> None:
    """Each rule that was on, what it looks for, the recipe's threshold, how often it spoke; the rest by name."""
    text = render_card(
        card_input(tmp_path, RECIPE + '\n[rules]\noff = ["symbols"]\nthresholds = { min_words = 40 }\n')
    )

    table = cells(text, "Rule")
    assert table["too_short"] == ["An article of few words: teasers, error pages.", "min_words 40", "1"]
    assert table["mojibake"][-1] == "0"
    assert "symbols" not in table
    assert "`symbols`" in text
    none = render_card(card_input(tmp_path / "none", RECIPE + '\n[rules]\nprofile = "none"\n'))
    assert "No defect rule dropped anything" in none


def test_opt_outs_that_were_honoured_are_counted(tmp_path: Path) -> None:
    """What left pages out, and what was only recorded."""
    row = document(0)
    row["rights"]["signals"] = [{"name": "x-robots-tag", "where": "header", "value": "noarchive"}]
    release_folder(tmp_path / "release", [row])
    text = render_card(card_input(tmp_path))

    assert "- Left out for `noai`: 2." in text
    assert "somebody asked" not in text
    assert "- Recorded but not obeyed, `x-robots-tag`: 1." in text


def test_opt_outs_of_documents_and_comments_are_summed(tmp_path: Path) -> None:
    """Both have a stage of rules; the figure is that of all records left out."""
    answers = Tally("rules.comments")
    answers.keep(2)
    for _ in range(3):
        answers.drop(["noai"])
    given = card_input(tmp_path)
    both = measure(tmp_path / "release", [*tallies(), answers.close()])
    assert "- Left out for `noai`: 5." in render_card(replace(given, statistics=both))


def test_the_signals_that_leave_a_page_out_are_named(tmp_path: Path) -> None:
    """A recipe that obeys none says so."""
    said = "Signals that leave a page out of this release: "
    assert said + "`noai`, `noindex`." in render_card(
        card_input(tmp_path, RECIPE + '\n[optout]\nobey = ["noai", "noindex"]\n')
    )
    assert said + "none." in render_card(card_input(tmp_path / "none", RECIPE + "\n[optout]\nobey = []\n"))


def test_rights_are_told_source_by_source(tmp_path: Path) -> None:
    """What the recipe names, what the records say with their counts, terms, and whether the text goes out."""
    rows = [document(n) for n in range(5)]
    rows[0]["rights"]["licence"] = None
    rows[3] |= {"source": "second", "rights": {**rows[3]["rights"], "licence": "MIT"}}
    release_folder(tmp_path / "release", rows)
    more = '\n[[source]]\nkind = "warc"\nname = "{}"\npaths = ["b.gz"]\nids_only = {}\n'
    recipe = RECIPE + more.format("second", "true") + more.format("empty", "false")
    card = render_card(card_input(tmp_path, recipe))
    assert cells(card, "Source", "Kind")["empty"] == ["warc", "-", "0", "0"]
    table = cells(card, "Source", "Licence by the recipe")
    assert table == {
        "essays": ["CC-BY-4.0", "not stated (1), CC-BY-4.0 (3)", "Keep the byline.", "with text"],
        "second": ["not stated", "MIT (1)", "not stated", "ids and computed columns only"],
        "empty": ["not stated", "-", "not stated", "with text"],
    }


def test_privacy_is_told_as_it_is(tmp_path: Path) -> None:
    """How far a pseudonym reaches, by the key that the recipe chose."""
    text = render_card(card_input(tmp_path))
    assert "cannot be found by it in another dataset" in " ".join(text.split())
    stable = render_card(card_input(tmp_path / "none", RECIPE + "\n[privacy]\nstable_pseudonyms = true\n"))
    assert "One key serves every recipe" in stable


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("team@example.org", "[team&#64;example.org](mailto:team@example.org)"),
        ("mailto:team@example.org", "[team&#64;example.org](mailto:team@example.org)"),
        ("https://example.org/removal", "[https&#58;//example.org/removal](https://example.org/removal)"),
        ("https://example.org/@team", "[https&#58;//example.org/&#64;team](https://example.org/@team)"),
    ],
)
def test_whom_to_ask_is_a_link(tmp_path: Path, contact: str, link: str) -> None:
    """An address of mail, bare or not, or a page."""
    text = render_card(card_input(tmp_path, RECIPE.replace("mailto:removal@example.org", contact)))
    assert f"Write to {link} with the address" in text


def test_requests_that_were_honoured_are_counted(tmp_path: Path) -> None:
    """How many, not what they named."""
    asked = Tally("takedown")
    asked.drop(["url"])
    given = card_input(tmp_path)
    text = render_card(replace(given, statistics=measure(tmp_path / "release", [*tallies(), asked.close()])))

    assert "- Left out because somebody asked for it: 1." in text
    assert "Left out for `url`" not in text


def test_collection_is_told_as_it_was(tmp_path: Path) -> None:
    """A dataset from given archives does not claim to have asked anybody."""
    text = render_card(card_input(tmp_path))
    assert "read where they lie" in text
    assert "User-Agent" not in text

    web = RECIPE + '\n[[source]]\nkind = "site"\nname = "web"\nstart = ["https://example.org/"]\n'
    assert "RFC 9309" in render_card(card_input(tmp_path / "web", web))


def test_long_lists_of_values_are_cut_and_summed(tmp_path: Path) -> None:
    """A thousand sites do not make a thousand lines."""
    release_folder(tmp_path / "release", [document(n, site=f"site{n:03d}.example") for n in range(60)])
    table = cells(render_card(card_input(tmp_path)), "Site")

    assert len(table) == 26
    assert table["35 others"] == ["35"]


def test_texts_without_dates_are_told_as_such(tmp_path: Path) -> None:
    """No period is made up, in either language, and the records have a shard and a count of their own."""
    release_folder(tmp_path / "release", [document(0, published_at=None, published_day=None)])
    text = render_card(card_input(tmp_path))

    assert "without dates of publication" in text
    assert "no text has a date of publication" in text
    assert "غير مذكورة" in text
    assert "Year of publication" not in text


def test_columns_are_described_down_to_the_parts_of_structs(tmp_path: Path) -> None:
    """The table of columns has names, types, units and meanings."""
    text = render_card(card_input(tmp_path))

    assert cells(text, "Column")["mentions[].start"] == ["int32", "", "code points", "First code point."]


def test_recipe_text_cannot_break_out(tmp_path: Path) -> None:
    """Hostile names, terms, hosts and rules stay text in YAML, Markdown and HTML."""
    site = 'evil.example|<script>alert(1)</script>`"\n---'
    rows = [document(0, site=site, posted_on=EVIL, lang=EVIL, record_type=EVIL, about_platforms=[EVIL])]
    rows[0]["rights"]["licence"] = EVIL
    rows[0]["rights"]["signals"] = [{"name": EVIL, "where": "meta", "value": EVIL}]
    release_folder(tmp_path / "release", rows, [comment(0, author=EVIL)])
    bad = tallies()
    bad[1].drop([EVIL])
    given = card_input(tmp_path, EVIL_RECIPE, history=(VersionLine("1.0.0", 1, 0, 0, why=EVIL),))
    given = replace(given, statistics=measure(tmp_path / "release", bad))
    clean = card_input(tmp_path / "clean")

    text = render_card(given)

    page = rendered(text)
    assert {element.tag for element in page.iter() if isinstance(element.tag, str)} <= {
        "main", "h1", "h2", "h3", "h4", "h5", "p", "ul", "li", "strong", "em", "code", "pre", "a", "table", "thead",
        "tbody", "tr", "th", "td", "div", "details", "summary",
    }  # fmt: skip
    assert not [a.get("href") for a in page.iter("a")]
    assert not [key for element in page.iter() for key in element.attrib if key.startswith("on")]
    for table in page.iter("table"):
        assert len({len(row) for row in table.iter("tr")}) == 1
    assert headings(text)[1:] == headings(render_card(replace(clean, version="1.0.0")))[1:]
    assert text.count("\n---\n") == 1
    assert read_head(text)["pretty_name"] == one_line(EVIL)
    assert kept_text(text) == {}


def test_evil_in_the_head_is_refused_where_the_hub_would_refuse_it(tmp_path: Path) -> None:
    """Tags are single words, and a licence is one of the Hub's."""
    given = card_input(tmp_path, RECIPE + f'\n[release]\nextra_tags = ["{TOML_EVIL}"]')
    with pytest.raises(CheckFailed, match="tags"):
        render_card(given)
    given = card_input(tmp_path / "b", RECIPE.replace("odc-by", "CC BY 4.0"))
    with pytest.raises(CheckFailed, match=r"license: 'CC BY 4\.0'"):
        render_card(given)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("language", ["ara"], "language: 'ara'"),
        ("language", ["ar-EG"], "language: 'ar-EG'"),
        ("language", [False], "language: False"),
        ("size_categories", ["huge"], "size_categories"),
        ("task_ids", ["guessing"], "task_ids"),
        ("pretty_name", "", "pretty_name: is empty"),
        ("configs", [{"config_name": "a", "default": True}, {"config_name": "b", "default": True}], "2 are"),
        ("configs", [{"config_name": "a"}, {"config_name": "b"}], "0 are"),
        ("configs", [{"config_name": "a", "data_files": [{"split": "a-b"}]}], "no name for a split"),
        ("license", "other", "license_name"),
    ],
)
def test_the_head_is_checked_without_the_hub(key: str, value: object, told: str) -> None:
    """What the Hub or `datasets` would refuse is found offline."""
    assert any(told in problem for problem in problems({key: value}))


def test_lists_come_from_what_is_installed() -> None:
    """`datasets` ships the languages; a list it does not ship checks nothing."""
    languages = shipped_list("languages")
    assert languages is not None
    assert "ar" in languages
    assert shipped_list("no such list") is None
    assert {"odc-by", "cc-by-4.0", "other"} <= LICENCES
    assert [size_category(n) for n in (0, 999, 1000, 10**9)] == ["n<1K", "n<1K", "1K<n<10K", "1B<n<10B"]


def test_hand_written_text_survives_regeneration(tmp_path: Path) -> None:
    """What stands between the markers of the last card stands in the next one, Windows line ends or not."""
    first = render_card(card_input(tmp_path))
    edited = with_kept(first, {"uses": "Used in a course.\n\n| a | b |\n|---|---|\n"})

    again = render_card(card_input(tmp_path, version="2.0.0", handwritten=edited.replace("\n", "\r\n")))

    assert kept_text(again) == {"uses": "Used in a course.\n\n| a | b |\n|---|---|\n"}
    assert without_kept(edited) == first
    assert "2.0.0" in again


def test_text_of_a_section_that_is_gone_moves_to_the_end(tmp_path: Path) -> None:
    """Nothing a person wrote is dropped because the template changed."""
    old = "<!-- hiwar:begin ethics_board -->\nApproved in May.\n<!-- hiwar:end ethics_board -->"

    text = render_card(card_input(tmp_path, handwritten=old))

    assert text.rstrip().endswith(old)


def test_text_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """card.md beside the recipe wins over what stands on the Hub."""
    card = render_card(
        card_input(tmp_path, handwritten="<!-- hiwar:begin uses -->\nours\n<!-- hiwar:end uses -->")
    )

    assert kept_text(with_kept(card, {"uses": "theirs\n"})) == {"uses": "ours\n"}


def test_hand_written_text_comes_from_beside_the_recipe_first(tmp_path: Path) -> None:
    """card.md beside the recipe, else the last release's card, else nothing."""
    release = tmp_path / "releases" / "1.0.0"
    release.mkdir(parents=True)

    assert hand_written(tmp_path, None) is None
    (release / "README.md").write_text("last", encoding="utf-8")
    assert hand_written(tmp_path, release) == "last"
    text = f"{BEGIN}beside\n{END}\n"
    (tmp_path / HAND_WRITTEN).write_text(text, encoding="utf-8")
    assert hand_written(tmp_path, release) == text
    (tmp_path / HAND_WRITTEN).write_text(" \n", encoding="utf-8")
    assert hand_written(tmp_path, release) == " \n", "an empty file loses nothing"


BEGIN, END = "<!-- hiwar:begin uses -->\n", "<!-- hiwar:end uses -->"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("مقرر البلاغة", "none"),
        (f"{BEGIN}مقرر البلاغة", "begin uses"),
        (f"{BEGIN.strip()} مقرر البلاغة {END}", "begin uses, end uses"),
        (f"{BEGIN}مقرر البلاغة {END.replace('uses', 'more')}", "begin uses, end more"),
        (f"{BEGIN}مقرر {END}{BEGIN}البلاغة {END}", "begin uses, end uses, begin uses, end uses"),
    ],
)
def test_hand_written_text_that_would_be_lost_is_refused(tmp_path: Path, text: str, found: str) -> None:
    """A marker that is missing, misplaced or doubled would leave text out of the card without a word."""
    (tmp_path / HAND_WRITTEN).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"found: {found}\n") as caught:
        hand_written(tmp_path, None)
    assert caught.value.where == str(tmp_path / HAND_WRITTEN)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (f"# بطاقة المقرر\n{BEGIN}x\n{END}\n", 1, "'# بطاقة المقرر'"),
        (f"{BEGIN}x\n{END}\r\n\r\nلا تنشروا\r\nالأسماء", 5, "'لا تنشروا', and 1 more"),
        (f"<!-- a note\nof two lines -->\n{BEGIN}x\n{END} tail", 5, "'tail'"),
        (
            f"{BEGIN}x\n{END}\n<!-- hiwar:begin Uses -->\ny\n<!-- hiwar:end Uses -->",
            4,
            "'<!-- hiwar:begin Uses -->'",
        ),
    ],
)
def test_text_outside_the_markers_is_refused(tmp_path: Path, text: str, line: int, told: str) -> None:
    """It would be in no card and nobody would know: the line is named, with what to do."""
    (tmp_path / HAND_WRITTEN).write_bytes(text.encode())
    with pytest.raises(UsageError, match="reach no card") as caught:
        hand_written(tmp_path, None)
    assert told in caught.value.what
    assert caught.value.where == f"{tmp_path / HAND_WRITTEN}, line {line}"
    assert "hiwar:begin description" in caught.value.what_next


def test_a_build_tells_of_such_text_before_it_reads_a_page(tmp_path: Path) -> None:
    """Exit code 2, nothing made, and a note in a comment stops nothing."""
    recipe_in(tmp_path)
    (tmp_path / "essays.warc.gz").touch()
    (tmp_path / HAND_WRITTEN).write_text(f"Draft.\n{BEGIN}x\n{END}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "builder", "build", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "card.md, line 1: this line stands outside the markers" in done.stderr
    assert not (tmp_path / "releases").exists()
    (tmp_path / HAND_WRITTEN).write_text(f"<!-- Draft. -->\n{BEGIN}x\n{END}\n", encoding="utf-8")
    assert hand_written(tmp_path, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256"])
def test_hand_written_text_in_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    """UTF-8 is read as editors save it, with a mark before it or without; anything else is no traceback."""
    text = f"<!-- مقرر -->\r\n{BEGIN}البلاغة\n{END}"
    (tmp_path / HAND_WRITTEN).write_bytes(text.encode(encoding))
    if encoding != "cp1256":
        assert kept_text(hand_written(tmp_path, None) or "") == {"uses": "البلاغة\n"}
        return
    with pytest.raises(UsageError, match="not UTF-8"):
        hand_written(tmp_path, None)


def test_the_card_is_the_same_every_time(tmp_path: Path) -> None:
    """Nothing of it comes from a clock or an order of a set."""
    assert render_card(card_input(tmp_path)) == render_card(card_input(tmp_path))


def test_arabic_readers_get_a_summary_of_their_own(tmp_path: Path) -> None:
    """It runs from right to left and has the same figures."""
    page = rendered(render_card(card_input(tmp_path)))
    (block,) = [element for element in page.iter("div") if element.get("dir") == "rtl"]

    assert block.get("lang") == "ar"
    assert "عدد الوثائق: 10" in block.text_content()
    assert "removal@example.org" in block.text_content()


def test_a_gate_is_asked_for_with_its_terms(tmp_path: Path) -> None:
    """The fields stand in the head, the way access is given in the text."""
    given = card_input(tmp_path, RECIPE + '\n[release]\ngated = "manual"')
    text = render_card(given)

    assert read_head(text)["extra_gated_fields"]["I agree to these terms"] == "checkbox"  # type: ignore[index]
    assert "approved by the maintainers" in text
    free = card_input(tmp_path / "open")
    assert "extra_gated_fields" not in head(free)
    assert "Access on the Hub" not in render_card(free)
    auto = RECIPE + '\n[release]\ngated = "auto"'
    assert "it is given at once" in render_card(card_input(tmp_path / "auto", auto))


def test_a_bare_recipe_still_makes_a_whole_card(tmp_path: Path) -> None:
    """Without maintainer, contact, terms and licence the card says whom to ask and what is not known."""
    bare = '[dataset]\nname = "d"\n[[source]]\nkind = "warc"\nname = "essays"\npaths = ["*.gz"]\n'
    text = render_card(card_input(tmp_path, bare))

    assert "Open a discussion on this dataset's page" in text
    assert "not stated" in text
    assert read_head(text)["license_name"] == "see-the-card"


def test_splits_follow_the_recipe_and_are_explained(tmp_path: Path) -> None:
    """The rule of a split stands beside its count."""
    text = '\n[[release.split]]\nname = "test"\nsince = "2025-02-01"\n'
    text += '[[release.split]]\nname = "train"\nhash_share = 0.9\n'
    card = render_card(card_input(tmp_path, RECIPE + text))

    assert "`test`: from 2025-02-01" in card
    assert "90% of the records by the hash of their id" in card
    few = RECIPE + '\n[[release.split]]\nname = "test"\nhash_share = 0.005\n'
    assert "0.5% of the records" in rendered(render_card(card_input(tmp_path / "few", few))).text_content()


def test_the_history_of_versions_is_told(tmp_path: Path) -> None:
    """Each version with what it added, changed and removed."""
    lines = (
        VersionLine("2.0.0", 1, 2, 3, "2026-02-01", "records were removed"),
        VersionLine("1.0.0", 9, 0, 0, "2026-01-01", "the first"),
    )
    text = render_card(card_input(tmp_path, history=lines))

    assert cells(text, "Version")["2.0.0"] == ["2026-02-01", "1", "2", "3", "records were removed"]


def test_a_citation_of_your_own_is_taken(tmp_path: Path) -> None:
    """Else one is made from name, maintainer, version and the year of the last capture."""
    assert "@misc{discourse2026," in render_card(card_input(tmp_path))
    own = RECIPE.replace("[dataset]", '[dataset]\ncitation = "@article{h, title = {Hiwar}}"')
    assert "@article{h, title = {Hiwar}}" in render_card(card_input(tmp_path / "own", own))
    odd = RECIPE.replace('name = "discourse"', 'name = "x-1"').replace("خطاب المنصات", "A {b} \\\\c `d")
    card = render_card(card_input(tmp_path / "odd", odd.replace("Layla Haddad", "L. {H}")))
    assert "@misc{x12026,\n  title   = {A b c d},\n  author  = {L. H},\n" in card


def test_loading_examples_run_as_they_stand(tmp_path: Path) -> None:
    """The Python blocks of the card are run where the card says they work: beside the releases."""
    rows = [kit_document(number) for number in range(12)]
    release = release_of(recipe_in(tmp_path), rows, [kit_comment(0, rows[0])]).path
    card = (release / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    code_text = "\n".join([*blocks, "print(documents.num_rows, comments.num_rows, sum(1 for _ in stream))"])

    env = {
        "HF_DATASETS_CACHE": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "1",
        "HOME": str(tmp_path),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code_text], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["12", "1", "12"]


def test_examples_name_a_split_that_is_there(tmp_path: Path) -> None:
    """A recipe may put every record into splits of its own names."""
    rows = [document(0), document(40)]
    folder = release_folder(tmp_path / "release", rows)
    for path in sorted((folder / "data" / "documents").glob("train-*.parquet")):
        path.rename(path.with_name(path.name.replace("train", "early")))
    card = render_card(card_input(tmp_path))
    assert card.count('split="early"') == 3
    assert 'split="train"' not in card


def test_examples_are_addressed_to_a_repository_with_its_tag(tmp_path: Path) -> None:
    """Every example changes, also the one over several lines, and nothing else does."""
    card = render_card(card_input(tmp_path))

    sent = addressed(card, "1.0.0", "me/discourse")

    assert sent.count('"me/discourse", "documents", revision="v1.0.0"') == 3
    assert "releases/1.0.0" not in sent
    assert addressed(card, "2.0.0", "me/discourse") == card


def test_a_card_without_a_head_is_told() -> None:
    """Reading a head that is not there is a failed check, not a crash."""
    with pytest.raises(CheckFailed, match="YAML head"):
        read_head("# A heading\n")


def test_a_repository_name_in_the_recipe_is_checked(tmp_path: Path) -> None:
    """OWNER/NAME, nothing else."""
    with pytest.raises(RecipeError, match=r"dataset\.repo_id"):
        recipe(tmp_path, RECIPE.replace("[dataset]", '[dataset]\nrepo_id = "no slash"'))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a&#124;b"),
        ("# x", "&#35; x"),
        ("1. x", "1&#46; x"),
        ("- x", "&#45; x"),
        ("a\n\n---\nb", "a --- b"),
        ("https://a.b", "https&#58;//a.b"),
        ("www.a.b", "www&#46;a.b"),
        ("\u202eevil\u202c\x00", "evil"),
        ("نصٌّ، سؤال؟", "نصٌّ، سؤال؟"),
    ],
)
def test_plain_text_does_nothing(text: str, shown: str) -> None:
    """Signs with a meaning become entities, Arabic stays as it is."""
    assert plain(text) == shown


def test_links_lead_to_pages_only() -> None:
    """Other schemes are shown as text."""
    assert link("a]b", "https://x.example/a b)c") == "[a&#93;b](https://x.example/a%20b%29c)"
    assert link("x", "javascript:alert(1)") == "x"
    assert link("x", "data:text/html,x") == "x"
    assert safe_url("http://[bad") is None
    assert safe_url(None) is None


def test_small_forms() -> None:
    """Numbers, shares and code that cannot be left."""
    assert number(1234567) == "1,234,567"
    assert share(1, 0) == "-"
    assert code("a`b|c") == "`a%60b%7Cc`"
    assert code("") == ""
