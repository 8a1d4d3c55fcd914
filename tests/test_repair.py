"""Mojibake is undone where it can be proved, and nowhere else."""

from __future__ import annotations

import pytest

from builder.extract.repair import READ_AS, likeness, repair

OWN = (
    "حوار المنصات صار جزءا من يوم الناس، يكتبون فيه ما يشغلهم.",
    "لماذا نثق بحساب لا نعرف صاحبه؟ سؤال قديم على وسيلة جديدة.",
    "الخوارزمية لا تكره أحدا ولا تحب أحدا، لكنها تحفظ ما ننظر إليه طويلا.",
    "أغلقت الصفحة ثم عادت بعد أسبوع باسم آخر.",
)
CLEAN = (
    *OWN,
    "Le café où l'été déjà passé rêvait: naïveté, garçon, Noël.",
    "Größe, Straße und Übermut – “schön”",
    "Привет, как дела? Сегодня хорошая погода.",
    "به نام خداوند جان و خرد کزین برتر اندیشه برنگذرد",
    "ظ ط ظ ط § „",
    "",
    "plain ASCII",
)


def misread(text: str, meant: str, read: str) -> str:
    """Return `text` written by codec `meant` and read by codec `read`, as a browser would read it."""
    chars = (bytes([byte]).decode(read, "replace") for byte in text.encode(meant))
    return "".join(
        chr(byte) if c == "\ufffd" else c for c, byte in zip(chars, text.encode(meant), strict=True)
    )


@pytest.mark.parametrize("read", READ_AS)
@pytest.mark.parametrize("meant", ["utf-8", "cp1256"])
def test_repair_undoes_each_reading(meant: str, read: str) -> None:
    """Every pair of codecs is undone to the very text that was damaged, and named."""
    if meant == read:
        pytest.skip("that is no damage")
    for text in OWN:
        mended = repair(misread(text, meant, read))
        assert mended.text == text
        assert mended.layers[0].endswith(f">{meant}")


@pytest.mark.parametrize("text", CLEAN)
def test_repair_leaves_clean_text(text: str) -> None:
    """Text in any language that was read rightly comes back as it was."""
    assert repair(text).text == text
    assert repair(text).layers == ()


def test_repair_undoes_two_layers() -> None:
    """A text misread twice is undone twice."""
    text = OWN[0]
    assert repair(misread(misread(text, "utf-8", "cp1252"), "utf-8", "cp1252")).text == text


def test_repair_works_on_markup() -> None:
    """Tags and attributes round damaged text stay as they were."""
    page = f'<p class="lead">{OWN[1]}</p><a href="/x?y=1&amp;z=2">more</a>'
    damaged = f'<p class="lead">{misread(OWN[1], "cp1256", "cp1252")}</p><a href="/x?y=1&amp;z=2">more</a>'
    assert repair(damaged).text == page


def test_likeness_tells_arabic_from_its_misreading() -> None:
    """Real Arabic scores above the bar, the same bytes in the wrong codec far below it."""
    for text in OWN:
        assert likeness(text) > -3.6
        assert likeness(misread(text, "cp1256", "cp1252")) < -5
