"""Exports of posts and comments come in whole, with ids, times, threads and counters as they were given."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet
from pydantic import ValidationError

from builder.errors import UsageError
from builder.model import Capture, CaptureRef, Comment, Document, Extraction, Tombstone
from builder.sources.base import Incoming
from builder.sources.exports import files, formats
from builder.sources.imports import ROWS, ImportBlock, ImportSource
from tests import exports_samples as samples

AT = datetime(2025, 6, 1, tzinfo=UTC)


def source(format_name: str, **keys: object) -> ImportSource:
    """Return a source over the files export.* with the format named."""
    block = {"kind": "import", "name": "own", "format": format_name, "paths": ["export.*"], **keys}
    return ImportSource(ImportBlock.model_validate({"collected_at": AT.isoformat(), **block}))


def as_capture(item: Incoming) -> Capture:
    """Return a record as it comes back from the archive."""
    ref = CaptureRef(
        source="own",
        role=item.role,
        url=item.url,
        status=200,
        mime=item.mime,
        fetched_at=item.collected_at,
        payload_digest="",
        record_id="<urn:uuid:0>",
        kind="resource",
        path="",
        warc_file="",
        warc_offset=0,
        warc_length=0,
    )
    return Capture(ref, (), item.body)


def readings(folder: Path, export: ImportSource) -> list[Extraction]:
    """Return what each record of the folder's files says."""
    found = [export.read(as_capture(item)) for item in export.incoming(folder)]
    assert all(reading is not None for reading in found)
    return [reading for reading in found if reading is not None]


def read_rows(folder: Path, format_name: str, *rows: object, **keys: object) -> Extraction:
    """Return what rows of one JSON lines file say, taken together."""
    (folder / "export.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = readings(folder, source(format_name, **keys))
    return Extraction(
        documents=tuple(document for reading in found for document in reading.documents),
        comments=tuple(comment for reading in found for comment in reading.comments),
        tombstones=tuple(stone for reading in found for stone in reading.tombstones),
    )


def one_document(folder: Path, format_name: str, row: object, **keys: object) -> Document:
    """Return the single document of a row."""
    (document,) = read_rows(folder, format_name, row, **keys).documents
    return document


def one_comment(folder: Path, format_name: str, row: object, **keys: object) -> Comment:
    """Return the single comment of a row."""
    (comment,) = read_rows(folder, format_name, row, **keys).comments
    return comment


def test_a_tiktok_video_of_zeeschuimer(tmp_path: Path) -> None:
    """Every field of a video is where the record model has it."""
    found = one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("tiktok.com", samples.tiktok_item()))
    assert found.key == f"tiktok/www.tiktok.com/{samples.BIG}"
    assert found.url == f"https://www.tiktok.com/@layla/video/{samples.BIG}"
    assert (found.record_type, found.posted_on, found.site) == ("video", "tiktok", "tiktok.com")
    assert found.text == "رأيي في خوارزمية تيك توك #تيك_توك"
    assert (found.author.name, found.author.handle, found.author.native_id) == ("ليلى", "layla", "11")
    assert found.hashtags == ("تيك_توك",)
    assert found.published is not None
    assert found.published.instant == datetime.fromtimestamp(1_740_000_000, UTC)
    assert (found.engagement.likes, found.engagement.reposts, found.engagement.views) == (5, 0, 900)
    assert found.engagement.quotes is None
    assert found.engagement.as_of == datetime.fromtimestamp(samples.COLLECTED_MS / 1000, UTC)
    assert found.lang_declared == "ar"


def test_the_copy_that_4cat_keeps_reads_the_same(tmp_path: Path) -> None:
    """The item with its wrapping under __import_meta gives the same document."""
    wrapped = samples.zeeschuimer("tiktok.com", samples.tiktok_item())
    item = wrapped.pop("data")
    mine = one_document(tmp_path, "zeeschuimer", {**item, "__import_meta": wrapped})
    assert mine == one_document(tmp_path, "zeeschuimer", {**wrapped, "data": item})


def test_tiktok_comments_know_video_and_parent(tmp_path: Path) -> None:
    """A top comment has no parent; a reply has; both stand under the video's key."""
    top = samples.zeeschuimer("tiktok-comments", samples.tiktok_comment())
    reply = samples.zeeschuimer("tiktok-comments", samples.tiktok_comment(cid="9", reply_id="8"))
    first, second = read_rows(tmp_path, "zeeschuimer", top, reply).comments
    assert first.document_key == second.document_key == f"tiktok/www.tiktok.com/{samples.BIG}"
    assert (first.parent_key, first.parent_state) == (None, "none")
    assert (second.parent_key, second.parent_state) == ("tiktok/www.tiktok.com/8", "present")
    assert (first.engagement.likes, first.engagement.replies) == (3, 1)


def test_a_post_of_x_as_its_pages_load_it(tmp_path: Path) -> None:
    """Entities are undone, paragraphs kept, the long form preferred, a counter that is missing is None."""
    found = one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("twitter.com", samples.x_graphql()))
    assert found.key == "x/x.com/1890000000000000001"
    assert found.url == "https://x.com/salma/status/1890000000000000001"
    assert found.text == "تويتر تغيّر كثيراً\nوما زلنا هنا & نكتب"
    assert found.parent_key == found.root_key == "x/x.com/1889999999999999999"
    assert found.engagement.reposts == 0
    assert found.engagement.quotes is None
    assert found.engagement.views == 1234
    longer = samples.x_graphql(note_tweet={"note_tweet_results": {"result": {"text": "نص أطول"}}})
    assert one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("x.com", longer)).text == "نص أطول"


def test_the_shape_x_had_before(tmp_path: Path) -> None:
    """Older items keep their author beside the post and their views under another name."""
    legacy = {**samples.x_graphql()["legacy"], "id_str": "1700000000000000001"}
    older = {
        "type": "adaptive",
        "legacy": legacy,
        "user": {"screen_name": "salma", "name": "سلمى", "id_str": "21"},
        "ext_views": {"count": "77"},
    }
    found = one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("twitter.com", older))
    assert found.url == "https://x.com/salma/status/1700000000000000001"
    assert (found.author.native_id, found.engagement.views) == ("21", 77)


def test_a_repost_on_x_is_the_post_it_repeats(tmp_path: Path) -> None:
    """A retweet gives the original, with its own author and identity."""
    outer = samples.x_graphql(rest_id="5")
    outer["legacy"] = {**outer["legacy"], "retweeted_status_result": {"result": samples.x_graphql()}}
    found = one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("twitter.com", outer))
    assert found.key == "x/x.com/1890000000000000001"


@pytest.mark.parametrize("more", [{"like_count": -1}, {"like_and_view_counts_disabled": True}])
def test_hidden_counters_are_not_zero(tmp_path: Path, more: dict[str, Any]) -> None:
    """Instagram lets people hide their likes; that is no count."""
    found = one_document(
        tmp_path, "zeeschuimer", samples.zeeschuimer("instagram.com", samples.instagram(**more))
    )
    assert found.url == "https://www.instagram.com/p/Cabc/"
    assert found.engagement.likes is None
    assert found.engagement.replies == 0


def test_the_same_post_of_two_exports_is_one_record(tmp_path: Path) -> None:
    """Zeeschuimer's item and the row that 4CAT makes of it have one identity."""
    item = one_document(tmp_path, "zeeschuimer", samples.zeeschuimer("instagram.com", samples.instagram()))
    row = {"id": "Cabc", "body": "نص", "author": "noor", "unix_timestamp": "1740000000"}
    assert one_document(tmp_path, "4cat", row, platform="instagram").key == item.key


def test_instagrams_older_shape_and_threads(tmp_path: Path) -> None:
    """The older names of Instagram, and Threads, read alike."""
    older = {
        "id": "77",
        "shortcode": "Cold",
        "taken_at_timestamp": 1_740_000_000,
        "owner": {"id": "31", "username": "noor"},
        "edge_media_to_caption": {"edges": [{"node": {"text": "نص قديم"}}]},
        "edge_media_preview_like": {"count": 4},
    }
    threads = samples.instagram(text_post_app_info={"direct_reply_count": 2, "repost_count": 1})
    del threads["comment_count"]
    rows = [samples.zeeschuimer("instagram.com", older), samples.zeeschuimer("threads.net", threads)]
    first, second = read_rows(tmp_path, "zeeschuimer", *rows).documents
    assert (first.text, first.engagement.likes) == ("نص قديم", 4)
    assert (second.posted_on, second.engagement.replies, second.engagement.reposts) == ("threads", 2, 1)
    assert second.url == "https://www.threads.com/@noor/post/Cabc"


def test_an_answer_of_the_x_api(tmp_path: Path) -> None:
    """The author comes from the includes, the edit from its history, a lost post becomes a tombstone."""
    found = read_rows(tmp_path, "x", samples.x_v2_page())
    (post,) = found.documents
    assert post.text == "المنصة تحذف كلامنا <دائماً>"
    assert (post.author.handle, post.author.name) == ("salma", "سلمى")
    assert post.parent_key == post.thread_key == "x/x.com/1889999999999999999"
    assert post.edited
    assert (post.engagement.likes, post.engagement.views) == (0, None)
    assert post.engagement.as_of == datetime(2025, 3, 1, tzinfo=UTC)
    assert found.tombstones == (Tombstone("x/x.com/1880000000000000009", "Not Found Error"),)


def test_flattened_and_classic_posts_of_x(tmp_path: Path) -> None:
    """twarc2's flattened rows and version 1.1 tweets give the same identity."""
    page = samples.x_v2_page()
    flat = {**page["data"][0], "author": page["includes"]["users"][0]}
    classic = {
        "id": 1890000000000000001,
        "id_str": "1890000000000000001",
        "created_at": "Wed Feb 19 21:20:00 +0000 2025",
        "full_text": "RT @x: نص",
        "user": {"id_str": "21", "screen_name": "salma"},
        "favorite_count": 1,
    }
    first, second = read_rows(tmp_path, "x", flat, classic).documents
    assert first.key == second.key
    assert first.published is not None
    assert second.published is not None
    assert first.published.instant == second.published.instant
    assert second.flags == ("repost",)


def test_the_tiktok_research_api(tmp_path: Path) -> None:
    """Ids that are numbers keep every digit; what was said is added to what was written."""
    found = one_document(tmp_path, "tiktok-research", samples.tiktok_research())
    assert found.key == f"tiktok/www.tiktok.com/{samples.BIG}"
    assert found.text == "تيك توك والشباب\nمرحبا بكم"
    assert (found.engagement.likes, found.engagement.views, found.engagement.replies) == (4, 0, None)
    row = {
        "id": 5,
        "video_id": samples.BIG,
        "text": "جميل",
        "create_time": 1_740_000_000,
        "parent_comment_id": samples.BIG,
    }
    comment = one_comment(tmp_path, "tiktok-research", row)
    assert (comment.document_key, comment.parent_key) == (found.key, None)


def test_youtube_threads_and_videos(tmp_path: Path) -> None:
    """Replies know their parent, lines are not glued, counters given as text are numbers."""
    answer = {
        "kind": "youtube#commentThreadListResponse",
        "items": [samples.youtube_thread(), samples.youtube_video()],
    }
    found = read_rows(tmp_path, "youtube", answer)
    top, reply = found.comments
    (video,) = found.documents
    assert top.document_key == reply.document_key == video.key == "youtube/www.youtube.com/vid_1"
    assert top.text == "سطر أول\nسطر ثان"
    assert reply.parent_key == top.key
    assert (top.edited, reply.edited) == (False, True)
    assert (video.title, video.engagement.views, video.engagement.replies) == ("كيف تعمل يوتيوب", 1000, None)


def test_reddit_dumps(tmp_path: Path) -> None:
    """Submissions and comments are joined; what was deleted there is a tombstone, not a text."""
    rows = [
        samples.reddit_post(),
        samples.reddit_comment(),
        samples.reddit_comment(id="x9", body="[removed]"),
        samples.reddit_post(id="y9", selftext="[deleted]"),
    ]
    found = read_rows(tmp_path, "reddit", *rows)
    (post,), (comment,) = found.documents, found.comments
    assert post.key == comment.document_key == "reddit/www.reddit.com/t3_abc1"
    assert (post.title, post.section, post.engagement.replies) == ("فيسبوك والعرب", "arabs", 0)
    assert comment.parent_key == "reddit/www.reddit.com/t1_def1"
    assert comment.text == "نعم > كثيراً"
    assert comment.author.handle is None
    assert comment.engagement.likes is None
    assert comment.edited
    assert {stone.key for stone in found.tombstones} == {
        "reddit/www.reddit.com/t1_x9",
        "reddit/www.reddit.com/t3_y9",
    }


def telegram_chat(**more: Any) -> dict[str, Any]:
    """Return an export of Telegram Desktop with one message that has parts, and a service message."""
    message = {
        "id": 7,
        "type": "message",
        "date": "2025-02-19T21:20:00",
        "date_unixtime": "1740000000",
        "from": "قناة الرأي",
        "from_id": "channel1234",
        "text": ["تيليجرام ", {"type": "hashtag", "text": "#منصات"}, "\nسطر ثان"],
        "text_entities": [
            {"type": "plain", "text": "تيليجرام "},
            {"type": "hashtag", "text": "#منصات"},
            {"type": "plain", "text": "\nسطر ثان"},
        ],
        "reply_to_message_id": 5,
        "reactions": [{"type": "emoji", "count": 3, "emoji": "x"}, {"type": "emoji", "count": 2}],
    }
    service = {"id": 8, "type": "service", "action": "pin_message"}
    return {
        "name": "قناة الرأي",
        "type": "public_channel",
        "id": 1234,
        "messages": [message, service],
        **more,
    }


def test_an_export_of_telegram_desktop(tmp_path: Path) -> None:
    """A channel's messages are read with their parts joined; a whole account's export likewise."""
    found = read_rows(tmp_path, "telegram", telegram_chat())
    (post,) = found.documents
    assert post.key == "telegram/t.me/1234/7"
    assert post.text == "تيليجرام #منصات\nسطر ثان"
    assert (post.parent_key, post.hashtags) == ("telegram/t.me/1234/5", ("منصات",))
    assert post.engagement.likes == 5
    assert post.section == "قناة الرأي"
    account = {"chats": {"about": "x", "list": [telegram_chat(), telegram_chat(id=5, type="personal_chat")]}}
    assert [item.key for item in read_rows(tmp_path, "telegram", account).documents] == [post.key]


def test_channels_that_were_left_are_there_too_and_old_times_are_local(tmp_path: Path) -> None:
    """An account's export lists left chats apart; exports before 2021 have the exporter's own time alone."""
    old = telegram_chat()
    del old["messages"][0]["date_unixtime"]
    account = {"chats": {"list": [telegram_chat(id=5, type="personal_chat")]}, "left_chats": {"list": [old]}}
    (post,) = read_rows(tmp_path, "telegram", account, timezone="Asia/Baghdad").documents
    assert post.published is not None
    assert post.published.instant == datetime(2025, 2, 19, 18, 20, tzinfo=UTC)
    assert (post.published.zone, post.published.zone_source) == ("Asia/Baghdad", "site")


def test_private_chats_are_not_read(tmp_path: Path) -> None:
    """What people wrote to each other in private is not for a data set, whoever exports it."""
    for kind in ("personal_chat", "private_group", "private_supergroup", "private_channel", "saved_messages"):
        assert not read_rows(tmp_path, "telegram", telegram_chat(type=kind)).documents


TABLE = {
    "map": {
        "id": "post_id",
        "text": "message",
        "published": "created",
        "likes": "likes",
        "views": "counts.views",
        "tags": "labels",
        "url": "link",
        "parent": "reply_to",
    },
    "platform": "facebook",
    "host": "www.facebook.com",
}


def test_a_table_is_read_by_its_mapping(tmp_path: Path) -> None:
    """Columns, dotted paths and lists go where the recipe says; what is not there is None."""
    row = {
        "post_id": str(samples.BIG),
        "message": "منشور\n\n عن  فيسبوك",
        "created": "2025-02-19 21:20:00",
        "likes": "",
        "counts": {"views": 3},
        "labels": "رأي، إعلام",
        "link": "https://www.facebook.com/x/posts/1",
        "reply_to": None,
    }
    found = one_document(tmp_path, "table", row, **TABLE)
    assert found.key == f"facebook/www.facebook.com/{samples.BIG}"
    assert found.text == "منشور\nعن فيسبوك"
    assert (found.engagement.likes, found.engagement.views) == (None, 3)
    assert found.tags == ("رأي", "إعلام")
    assert found.published is not None
    assert (found.published.zone_source, found.published.printed_day) == ("none", "2025-02-19")
    comment = one_comment(
        tmp_path,
        "table",
        {**row, "doc": 4, "reply_to": 8},
        **{**TABLE, "map": {**TABLE["map"], "document": "doc"}},  # type: ignore[dict-item]
        record="comment",
    )
    assert (comment.document_key, comment.parent_key) == (
        "facebook/www.facebook.com/4",
        "facebook/www.facebook.com/8",
    )


def test_a_download_of_4cat_needs_only_its_platform(tmp_path: Path) -> None:
    """4CAT's columns are known; the time is its unix_timestamp, an empty counter is None."""
    (tmp_path / "export.csv").write_text(
        "id,thread_id,author,author_full,body,timestamp,unix_timestamp,tiktok_url,likes,comments,plays,hashtags\n"
        f'{samples.BIG},{samples.BIG},layla,ليلى,"رأيي في المنصة",2025-02-19 21:20:00,1740000000,'
        f'https://www.tiktok.com/@layla/video/{samples.BIG},5,,900,"منصات,رأي"\n'
    )
    (found,) = readings(tmp_path, source("4cat", platform="tiktok", record="video"))
    (document,) = found.documents
    assert document.key == f"tiktok/www.tiktok.com/{samples.BIG}"
    assert (document.author.handle, document.author.name) == ("layla", "ليلى")
    assert document.published is not None
    assert document.published.instant == datetime.fromtimestamp(1_740_000_000, UTC)
    engagement = document.engagement
    assert (engagement.likes, engagement.replies, engagement.views) == (5, None, 900)
    assert document.hashtags == ("منصات", "رأي")


@pytest.mark.parametrize(
    ("printed", "zone", "instant", "source_of_zone", "precision"),
    [
        ("2025-02-19 21:20:00", None, "2025-02-19T21:20:00+00:00", "none", "second"),
        ("2025-02-19 21:20:00", "Asia/Baghdad", "2025-02-19T18:20:00+00:00", "site", "second"),
        ("2025-02-19T21:20:00+02:00", "Asia/Baghdad", "2025-02-19T19:20:00+00:00", "given", "second"),
        ("2025-02-19", None, "2025-02-19T00:00:00+00:00", "none", "day"),
    ],
)
def test_times_keep_the_zone_they_were_given_with(
    tmp_path: Path, printed: str, zone: str | None, instant: str, source_of_zone: str, precision: str
) -> None:
    """A time without a zone is one of the recipe's zone, where it names one; the day stays as printed."""
    row = {"post_id": "1", "message": "نص", "created": printed}
    found = one_document(tmp_path, "table", row, **TABLE, timezone=zone).published
    assert found is not None
    assert found.instant == datetime.fromisoformat(instant)
    assert (found.zone_source, found.precision, found.printed_day) == (
        source_of_zone,
        precision,
        "2025-02-19",
    )


def test_an_id_that_a_spreadsheet_rounded_is_not_believed(tmp_path: Path) -> None:
    """Two rows whose ids became 7.34568E+18 stay two records."""
    rows = [{"post_id": "7.34568E+18", "message": text} for text in ("نص أول", "نص ثان")]
    found = read_rows(tmp_path, "table", *rows, **TABLE).documents
    assert len({document.key for document in found}) == 2


@pytest.mark.parametrize(
    "when",
    [
        0,
        "1970-01-01T00:00:00Z",
        "2035-01-01T00:00:00Z",
        "soon",
        10**17,
        2_000_000_000,
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_times_that_cannot_be_are_not_believed(tmp_path: Path, when: object) -> None:
    """A time before the platform, after the collection or in no known form leaves the date empty, and says so."""
    row = samples.zeeschuimer("tiktok.com", samples.tiktok_item(createTime=when))
    found = one_document(tmp_path, "zeeschuimer", row)
    assert found.published is None
    assert "date_not_believed" in found.flags


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("نص\x00 مقطوع", "نص مقطوع"),
        ("إيموجي \ud83d", "إيموجي \N{REPLACEMENT CHARACTER}"),
        ("إيموجي \U0001f600", "إيموجي \U0001f600"),
    ],
)
def test_text_that_no_file_could_hold_is_mended(tmp_path: Path, written: str, read: str) -> None:
    """NUL bytes go, half a surrogate pair becomes a mark, a whole one stays."""
    found = one_document(tmp_path, "reddit", samples.reddit_post(selftext=written))
    assert found.text == read
    raw = json.dumps(samples.reddit_post(selftext="حرف\tحرف"), ensure_ascii=False).replace("\\t", "\0\t")
    (tmp_path / "export.jsonl").write_text(raw)
    assert readings(tmp_path, source("reddit"))[0].documents[0].text == "حرف حرف"


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["plain", "gzip", "bzip2", "xz", "zstd"],
)
def test_packed_files_are_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """How a file is packed is seen by its bytes, not by its name."""
    lines = "".join(json.dumps(samples.reddit_post(id=f"p{n}")) + "\r\n" for n in range(3)).encode()
    (tmp_path / "export.dump").write_bytes(pack(lines))
    (found,) = readings(tmp_path, source("reddit"))
    assert [document.key.rpartition("_")[2] for document in found.documents] == ["p0", "p1", "p2"]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_file_may_be_one_json_document(tmp_path: Path, indent: int | None) -> None:
    """A whole answer or a list, printed on one line or many, is taken apart into rows."""
    (tmp_path / "export.json").write_text(json.dumps([samples.x_v2_page()["data"][0]] * 2, indent=indent))
    (found,) = readings(tmp_path, source("x"))
    assert len(found.documents) == 2
    (tmp_path / "export.json").write_text(json.dumps(samples.x_v2_page(), indent=indent))
    assert len(readings(tmp_path, source("x"))[0].documents) == 1


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("windows-1256", ";"), ("utf-8", ",")]
)
def test_csv_files_of_any_making(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Excel's encodings and delimiters, quotes and line ends inside a cell do not break a row."""
    text = delimiter.join(("post_id", "message", "created")) + "\r\n"
    text += delimiter.join(("1", '"سطر أول\nسطر ""ثان"""', "2025-02-19")) + "\r\n\r\n"
    (tmp_path / "export.csv").write_bytes(text.encode(encoding))
    (found,) = readings(tmp_path, source("table", encoding=encoding, **TABLE))
    assert [document.text for document in found.documents] == ['سطر أول\nسطر "ثان"']


@pytest.mark.parametrize(
    "head",
    [
        "sep=;\npost_id;message",
        '"post_id";"message"',
        "post_id|message",
        '"post_id";message;"ملاحظة\n(سطران)"',
    ],
)
def test_the_head_of_a_table_is_read_as_its_rows_are(tmp_path: Path, head: str) -> None:
    """Excel's line of the separator, bars, and a name of two lines."""
    separator = "|" if "|" in head else ";"
    (tmp_path / "export.csv").write_text(f'{head}\n7{separator}"نص\nفي سطرين"\n', encoding="utf-8")
    keys = {"map": {"id": "post_id", "text": "message"}, "host": "forum.example"}
    (found,) = readings(tmp_path, source("table", **keys))
    assert [(item.key, item.text) for item in found.documents] == [("table/forum.example/7", "نص\nفي سطرين")]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_files_of_hugging_face_data_sets(tmp_path: Path, suffix: str) -> None:
    """Parquet and Arrow files give their rows, with times and long ids whole."""
    table = pa.table(
        {"post_id": [samples.BIG], "message": ["نص"], "created": [datetime(2025, 2, 19, 21, tzinfo=UTC)]}
    )
    path = tmp_path / f"export.{suffix}"
    if suffix == "parquet":
        parquet.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    (found,) = readings(tmp_path, source("table", **TABLE))
    (document,) = found.documents
    assert document.key.endswith(str(samples.BIG))
    assert document.published is not None
    assert document.published.instant == datetime(2025, 2, 19, 21, tzinfo=UTC)


def test_nothing_vanishes_on_the_way_in(tmp_path: Path) -> None:
    """A broken line fails alone, a row without a post is skipped alone, the rest is read."""
    good = json.dumps(samples.reddit_post())
    (tmp_path / "export.jsonl").write_text(f'{good}\n{{"broken": \n[1, 2]\n"text"\n{good}\n')
    found = readings(tmp_path, source("reddit"))
    assert [reading.failed or reading.skipped for reading in found] == [
        None,
        "json",
        "no-post",
        "no-post",
        None,
    ]
    other = samples.zeeschuimer("9gag.com", {"id": "1"})
    (tmp_path / "export.jsonl").write_text(json.dumps(other) + "\n")
    assert [reading.skipped for reading in readings(tmp_path, source("zeeschuimer"))] == ["no-post"]


def test_a_long_file_whose_first_row_is_broken_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no document as a whole; what lies behind the cap on documents is read line by line like the rest."""
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", 1_000)
    rows = ['{"broken": ', *(json.dumps(samples.reddit_post(id=f"p{n}")) for n in range(50))]
    (tmp_path / "export.jsonl").write_text("\n".join(rows))
    found = readings(tmp_path, source("reddit"))
    assert [reading.failed for reading in found if reading.failed] == ["json"]
    assert sum(len(reading.documents) for reading in found) == 50


def test_records_of_the_archive_stay_small(tmp_path: Path) -> None:
    """A long file becomes many records whose addresses say which rows they hold; the lines stay as they were."""
    lines = [json.dumps(samples.reddit_post(id=f"p{n}")) for n in range(450)]
    (tmp_path / "export.jsonl").write_text("\n".join(lines))
    found = list(source("reddit").incoming(tmp_path))
    assert [item.url for item in found] == [
        "file:///export.jsonl#row=1-200",
        "file:///export.jsonl#row=201-400",
        "file:///export.jsonl#row=401-450",
    ]
    assert b"".join(item.body for item in found) == ("\n".join(lines) + "\n").encode()
    assert {item.role for item in found} == {ROWS}
    assert {item.collected_at for item in found} == {AT}
    long = [json.dumps(samples.reddit_post(id=f"p{n}", selftext="رأي " * 9_000)) for n in range(12)]
    (tmp_path / "export.jsonl").write_text("\n".join(long))
    sizes = [len(item.body) for item in source("reddit").incoming(tmp_path)]
    assert sum(sizes) == len("\n".join(long)) + 1
    assert max(sizes) <= 256 * 1024 + max(map(len, long)) + 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-06-01T01:00:00", datetime(2025, 6, 1, 1, tzinfo=UTC)),
        ("2025-06-01T01:00:00+03:00", datetime(2025, 5, 31, 22, tzinfo=UTC)),
    ],
)
def test_when_an_export_was_made_does_not_depend_on_the_machine(
    tmp_path: Path, in_riyadh: None, written: str, meant: datetime
) -> None:
    """A time without a zone is UTC, wherever the build runs."""
    (tmp_path / "export.jsonl").write_text(json.dumps(samples.reddit_post(id="p1")))
    (item,) = source("reddit", collected_at=written).incoming(tmp_path)
    assert (item.collected_at, item.collected_at.utcoffset()) == (meant, timedelta(0))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.csv", b"post_id,message\n1,\xff\xfe\xfa\n"),
        ("export.parquet", b"no parquet"),
        ("export.gz", b"\x1f\x8b\x08no"),
    ],
)
def test_a_file_that_cannot_be_read_names_itself(tmp_path: Path, name: str, content: bytes) -> None:
    """The error says which file, and what to check."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name):
        list(source("table", **TABLE).incoming(tmp_path))


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"format": "facebook"}, "no format of export"),
        ({"format": "table"}, "needs `map`"),
        ({"format": "4cat"}, "needs `platform`"),
        ({"format": "x", "timezone": "Asia/Bagdad"}, "no time zone"),
        ({"format": "table", "map": {"text": "a", "author_name": "b"}}, "none of our fields"),
    ],
)
def test_a_block_that_cannot_be_followed_is_refused(keys: dict[str, object], why: str) -> None:
    """The recipe's error says what there is instead."""
    with pytest.raises(ValidationError, match=why):
        ImportBlock.model_validate({"kind": "import", "name": "own", "paths": ["x"], **keys})


@pytest.mark.parametrize("name", sorted(formats()))
def test_terms_travel_with_rows_of_platforms(name: str) -> None:
    """Each platform's export has terms of its own; the recipe may state others."""
    keys = {"map": {"text": "a"}, "platform": "tiktok"} if name in ("table", "4cat") else {}
    block = {"kind": "import", "name": "own", "paths": ["x"], "format": name, **keys}
    assert bool(ImportBlock.model_validate(block).terms) == (name != "table")
    assert ImportBlock.model_validate({**block, "terms": "by consent"}).terms == "by consent"


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize(
    "row",
    [
        {},
        {"id": None},
        {"data": []},
        {"data": {"videos": [1]}, "items": [None]},
        {"legacy": 1},
        {"body": 5},
        {"text": {"a": 1}, "author_id": [], "snippet": "x", "video_id": {}},
        {"kind": "youtube#video", "snippet": [], "statistics": None},
    ],
)
def test_rows_of_any_shape_do_not_break_a_reader(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    """Whatever stands in a row, a reader gives records or none, never an exception."""
    table = {"map": {"text": "text", "id": "id"}, "platform": "facebook"}
    keys: dict[str, object] = table if name in ("table", "4cat") else {}
    for variant in (
        row,
        {"source_platform": "tiktok.com", "data": row},
        {"source_platform": "x.com", "data": row},
    ):
        read_rows(tmp_path, name, variant, **keys)


def test_comments_without_their_posts_may_stand_alone(tmp_path: Path) -> None:
    """On demand each comment is a post that answers its parent, or the video nobody exported."""
    rows = [
        samples.zeeschuimer("tiktok-comments", samples.tiktok_comment()),
        samples.zeeschuimer("tiktok-comments", samples.tiktok_comment(cid="9", reply_id="8")),
    ]
    found = read_rows(tmp_path, "zeeschuimer", *rows, comments_as_posts=True)
    assert not found.comments
    first, second = found.documents
    video = f"tiktok/www.tiktok.com/{samples.BIG}"
    assert (first.record_type, first.text) == ("post", "كلامك صحيح")
    assert first.parent_key == first.thread_key == second.root_key == video
    assert second.parent_key == "tiktok/www.tiktok.com/8"
    assert first.canonical_url != second.canonical_url
