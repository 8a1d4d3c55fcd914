"""The story of one page: its captures, who read it, each field with its evidence, each line with its fate."""

from __future__ import annotations

from builder.columns.story import TextStory, explain_text
from builder.explain.page import PageLine
from builder.explain.story import Fact, Story, Telling, explain
from builder.explain.verdicts import Verdict
from builder.explain.web import render_html

__all__ = [
    "Fact",
    "PageLine",
    "Story",
    "Telling",
    "TextStory",
    "Verdict",
    "explain",
    "explain_text",
    "render_html",
]
