"""Plots of a release as PNG files: documents over time by platform, by source, lengths.

They need the extra "plots" (matplotlib 3.11 or newer, which shapes Arabic and sets it from right to left by
itself; a reshaper on top of it would turn the text round again) and come into a release only where the recipe
asks for them, so that a release never depends on what happens to be installed. The files carry no date and no
software name: the same figures give the same bytes under one version of matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from builder.errors import UsageError
from builder.release.markdown import one_line
from builder.release.series import length_classes, month_series
from builder.release.stats import Statistics
from builder.release.topic import PLATFORMS, Topic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MATPLOTLIB_MIN = (3, 11)
"""First version that is built with libraqm and so joins Arabic letters in the right order (measured 2026-11-23)."""

COLOURS = ("#0f766e", "#2563eb", "#d97706", "#be185d", "#7c3aed", "#65a30d", "#0891b2", "#94a3b8")
TOP_SOURCES = 12
DPI = 130

LEFT_TO_RIGHT = "\u200e"
"""Keeps the parts of a host in their order when some are Arabic."""

TITLES = {
    "months": "الوثائق عبر الزمن بحسب {arabic_thing}",
    "sources": "الوثائق بحسب الموقع",
    "lengths": "أطوال النصوص بالكلمات",
}
DOCUMENTS = "عدد الوثائق"


def draw(statistics: Statistics, topic: Topic = PLATFORMS) -> dict[str, bytes]:
    """Return name -> PNG bytes of each plot that has something to show, in the words of the dataset's topic.

    Raises UsageError when the extra "plots" is not installed or matplotlib is too old for Arabic.
    """
    with _style():
        made = {
            "months": _months(statistics, topic),
            "sources": _sources(statistics),
            "lengths": _lengths(statistics),
        }
        return {name: _png(figure) for name, figure in made.items() if figure is not None}


def _style() -> Any:  # matplotlib's own context manager
    """Return the context in which all plots are drawn: our font, our sizes, nothing from the user's settings."""
    try:
        import fontpkg_noto_sans_arabic as noto
        import matplotlib as mpl
        from matplotlib import font_manager
    except ImportError as error:
        raise UsageError(
            f"plots cannot be drawn: {error.name} is not installed",
            where="[release] plots",
            what_next="Run `pip install 'hiwar[plots]'`, or set plots = false in the recipe.",
        ) from error
    if tuple(int(part) for part in mpl.__version__.split(".")[:2]) < MATPLOTLIB_MIN:
        raise UsageError(
            f"matplotlib {mpl.__version__} sets Arabic in the wrong direction",
            where="[release] plots",
            what_next="Run `pip install -U 'matplotlib>=3.11'`.",
        )
    font_manager.fontManager.addfont(_font_file(noto))
    defaults = dict(mpl.rcParamsDefault)
    defaults.pop("backend", None)
    own = {
        "font.family": ["Noto Sans Arabic", "DejaVu Sans"],
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.left": False,
        "axes.edgecolor": "#94a3b8",
        "axes.titlesize": 15,
        "figure.constrained_layout.use": True,
    }
    return mpl.rc_context({**defaults, **own})


def _font_file(package: Any) -> str:
    from pathlib import Path

    folder = Path(package.__file__).parent
    return str(min(folder.rglob("*.ttf")))


def _figure(height_inches: float = 4.2) -> tuple[Figure, Axes]:
    """Return a figure whose reading direction is from right to left: values on the right, title to the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, height_inches), dpi=DPI)
    axes = figure.add_subplot()
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.spines["right"].set_visible(True)
    axes.tick_params(colors="#475569", length=0)
    axes.set_axisbelow(True)
    return figure, axes


def _months(statistics: Statistics, topic: Topic) -> Figure | None:
    series = month_series(statistics.table("documents").month_platforms)
    if not series.months:
        return None
    figure, axes = _figure()
    floor = [0] * len(series.months)
    for colour, (name, counts) in zip(COLOURS, series.counts.items(), strict=False):
        axes.bar(range(len(counts)), counts, bottom=floor, width=0.9, color=colour, label=one_line(name))
        floor = [below + count for below, count in zip(floor, counts, strict=True)]
    every = max(1, -(-len(series.months) // 8))
    ticks = list(range(0, len(series.months), every))
    axes.set_xticks(ticks, [series.months[tick] for tick in ticks])
    axes.invert_xaxis()  # time runs from right to left, as an Arabic reader reads it
    axes.grid(axis="y", color="#e2e8f0")
    axes.set_ylabel(DOCUMENTS)
    axes.set_title(topic.fill(TITLES["months"]), loc="right")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4, frameon=False)
    return figure


def _sources(statistics: Statistics) -> Figure | None:
    sites = statistics.table("documents").sites[:TOP_SOURCES]
    if not sites:
        return None
    figure, axes = _figure(1.4 + 0.34 * len(sites))
    names = [LEFT_TO_RIGHT + one_line(site)[:40] for site, _ in sites]
    counts = [count for _, count in sites]
    axes.barh(range(len(names)), counts, color=COLOURS[0], height=0.7)
    for place, count in enumerate(counts):  # bar_label sets them inside the bars of an inverted axis
        axes.annotate(
            f"{count:,}", (count, place), (-5, 0), textcoords="offset points", ha="right", va="center"
        )
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.invert_xaxis()
    axes.margins(x=0.12)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(TITLES["sources"], loc="right")
    return figure


def _lengths(statistics: Statistics) -> Figure | None:
    classes: Sequence[tuple[str, int]] = length_classes(statistics.table("documents").lengths)
    if not classes:
        return None
    figure, axes = _figure()
    bars = axes.bar(range(len(classes)), [count for _, count in classes], color=COLOURS[1], width=0.85)
    axes.bar_label(bars, [f"{count:,}" for _, count in classes], padding=3, color="#475569")
    axes.set_xticks(range(len(classes)), [label for label, _ in classes])
    axes.invert_xaxis()
    axes.grid(axis="y", color="#e2e8f0")
    axes.set_ylabel(DOCUMENTS)
    axes.set_title(TITLES["lengths"], loc="right")
    return figure


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()
