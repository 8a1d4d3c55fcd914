"""Rows in the documented shapes of exports, with texts of our own. Ids are longer than a double can hold."""

from __future__ import annotations

from typing import Any

COLLECTED_MS = 1_746_000_000_000
"""Time of collection of the Zeeschuimer rows: 2025-04-30 08:00 UTC."""

BIG = 7_345_678_901_234_567_891


def zeeschuimer(platform: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return an item as Zeeschuimer wraps it."""
    return {
        "nav_index": "1:0:0",
        "item_id": str(item.get("id", "")),
        "timestamp_collected": COLLECTED_MS,
        "last_updated": COLLECTED_MS,
        "source_platform": platform,
        "source_platform_url": "https://www." + platform,
        "source_url": "https://www." + platform + "/x",
        "user_agent": "Mozilla/5.0",
        "data": item,
    }


def tiktok_item(**more: Any) -> dict[str, Any]:
    """Return a video as TikTok's pages load it."""
    return {
        "id": str(BIG),
        "desc": "رأيي في خوارزمية تيك توك #تيك_توك",
        "createTime": 1_740_000_000,
        "author": {
            "id": "11",
            "uniqueId": "layla",
            "nickname": "ليلى",
            "signature": "أكتب عن المنصات",
        },
        "stats": {"diggCount": 5, "shareCount": 0, "commentCount": 2, "playCount": 900},
        "challenges": [{"id": "1", "title": "تيك_توك"}],
        "textLanguage": "ar",
        **more,
    }


def tiktok_comment(**more: Any) -> dict[str, Any]:
    """Return a comment as TikTok's pages load it."""
    return {
        "cid": "7400000000000000001",
        "aweme_id": str(BIG),
        "text": "كلامك صحيح",
        "create_time": 1_740_000_100,
        "digg_count": 3,
        "reply_id": "0",
        "reply_comment_total": 1,
        "user": {"uid": "12", "unique_id": "omar", "nickname": "عمر"},
        **more,
    }


def x_graphql(**more: Any) -> dict[str, Any]:
    """Return a post as X's pages load it."""
    return {
        "rest_id": "1890000000000000001",
        "core": {
            "user_results": {
                "result": {
                    "rest_id": "21",
                    "legacy": {"screen_name": "salma", "name": "سلمى", "description": "صحفية"},
                }
            }
        },
        "views": {"count": "1234"},
        "legacy": {
            "created_at": "Wed Feb 19 21:20:00 +0000 2025",
            "full_text": "تويتر تغيّر كثيراً\n\nوما زلنا هنا &amp; نكتب",
            "conversation_id_str": "1889999999999999999",
            "in_reply_to_status_id_str": "1889999999999999999",
            "favorite_count": 7,
            "retweet_count": 0,
            "lang": "ar",
            "entities": {"hashtags": [{"text": "تويتر"}]},
        },
        **more,
    }


def instagram(**more: Any) -> dict[str, Any]:
    """Return a post of Instagram's newer interface."""
    return {
        "pk": str(BIG),
        "code": "Cabc",
        "taken_at": 1_740_000_000,
        "caption": {"text": "انستغرام لم يعد مكاناً للصور"},
        "user": {"pk": "31", "username": "noor", "full_name": "نور"},
        "like_count": 12,
        "comment_count": 0,
        **more,
    }


def x_v2_page() -> dict[str, Any]:
    """Return an answer of the X v2 API as twarc2 keeps it: a reply, its author, and a post that is gone."""
    return {
        "data": [
            {
                "id": "1890000000000000001",
                "text": "المنصة تحذف كلامنا &lt;دائماً&gt;",
                "author_id": "21",
                "created_at": "2025-02-19T21:20:00.000Z",
                "conversation_id": "1889999999999999999",
                "referenced_tweets": [{"type": "replied_to", "id": "1889999999999999999"}],
                "public_metrics": {"like_count": 0, "reply_count": 1, "retweet_count": 2, "quote_count": 3},
                "edit_history_tweet_ids": ["1890000000000000000", "1890000000000000001"],
                "entities": {"hashtags": [{"tag": "حرية"}]},
                "lang": "ar",
            }
        ],
        "includes": {"users": [{"id": "21", "username": "salma", "name": "سلمى", "description": "صحفية"}]},
        "errors": [
            {"resource_type": "tweet", "resource_id": "1880000000000000009", "title": "Not Found Error"}
        ],
        "__twarc": {"url": "https://api.twitter.com/2/tweets", "retrieved_at": "2025-03-01T00:00:00+00:00"},
    }


def tiktok_research() -> dict[str, Any]:
    """Return an answer of the TikTok Research API; its ids are numbers."""
    return {
        "data": {
            "videos": [
                {
                    "id": BIG,
                    "video_description": "تيك توك والشباب",
                    "create_time": 1_740_000_000,
                    "username": "layla",
                    "like_count": 4,
                    "view_count": 0,
                    "hashtag_names": ["شباب"],
                    "voice_to_text": "مرحبا بكم",
                }
            ],
            "cursor": 100,
            "has_more": False,
        },
        "error": {"code": "ok"},
    }


def youtube_thread() -> dict[str, Any]:
    """Return a comment thread of the YouTube Data API with one reply."""

    def snippet(text: str, **more: Any) -> dict[str, Any]:
        return {
            "videoId": "vid_1",
            "textDisplay": text,
            "authorDisplayName": "@hala",
            "authorChannelId": {"value": "UC1"},
            "likeCount": 2,
            "publishedAt": "2025-02-19T21:20:00Z",
            "updatedAt": "2025-02-19T21:20:00Z",
            **more,
        }

    top = {"kind": "youtube#comment", "id": "Ug1", "snippet": snippet("سطر أول<br>سطر ثان")}
    reply = snippet("أوافقك", textOriginal="أوافقك", parentId="Ug1", updatedAt="2025-02-20T00:00:00Z")
    return {
        "kind": "youtube#commentThread",
        "id": "Ug1",
        "snippet": {"videoId": "vid_1", "topLevelComment": top, "totalReplyCount": 1},
        "replies": {"comments": [{"kind": "youtube#comment", "id": "Ug1.r1", "snippet": reply}]},
    }


def youtube_video() -> dict[str, Any]:
    """Return a video of the YouTube Data API, with counters as text and comments shut."""
    return {
        "kind": "youtube#video",
        "id": "vid_1",
        "snippet": {
            "title": "كيف تعمل يوتيوب",
            "description": "شرح\nمفصل",
            "channelTitle": "قناة",
            "channelId": "UC9",
            "publishedAt": "2025-02-01T00:00:00Z",
            "tags": ["يوتيوب"],
        },
        "statistics": {"viewCount": "1000", "likeCount": "10"},
    }


def reddit_post(**more: Any) -> dict[str, Any]:
    """Return a submission of a Reddit dump."""
    return {
        "id": "abc1",
        "title": "فيسبوك والعرب",
        "selftext": "هل تغيّر فيسبوك؟",
        "author": "sami_r",
        "subreddit": "arabs",
        "created_utc": 1_740_000_000,
        "score": 8,
        "num_comments": 0,
        "permalink": "/r/arabs/comments/abc1/x/",
        "edited": False,
        "retrieved_on": 1_741_000_000,
        **more,
    }


def reddit_comment(**more: Any) -> dict[str, Any]:
    """Return a comment of a Reddit dump."""
    return {
        "id": "def2",
        "link_id": "t3_abc1",
        "parent_id": "t1_def1",
        "body": "نعم &gt; كثيراً",
        "author": "[deleted]",
        "created_utc": "1740000200",
        "score": -2,
        "edited": 1_740_000_300,
        **more,
    }
