"""Drafts as PDF, with fonts that come along: the machine's are not asked, so the file is the same everywhere."""

import io
import logging
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import regex

from assistant.library.paragraphs import is_right_to_left, paragraphs

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN_MM = 25
_TEXT_POINTS = 11
_TITLE_POINTS = 20
_NOTE_POINTS = 8.5
_LINE = 1.5
"""Height of a line, in font sizes."""
_MM_PER_POINT = 25.4 / 72
_FONTS = ("figo", "notos")
"""FiraGO (Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Thai, Georgian); Noto Sans for what it lacks."""
_MISSING = "\N{WHITE VERTICAL RECTANGLE}"
# Writing whose letters change shape or place with their neighbours. Setting it takes ten times as long, so other lines
# are spared that.
_SHAPED = regex.compile(r"[^\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}]")
# They steer how text is set; none has a sign of its own.
_UNSEEN = frozenset(
    "\n\t\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0e\ufe0f"
)


def pdf(title: str, text: str, note: str) -> tuple[bytes, str]:
    """A title, a text and a note on pages, and the characters that no font of ours has; a square stands for those."""
    with tempfile.TemporaryDirectory() as folder:  # the library reads fonts from files only
        pages = _pages(title, Path(folder))
        _write(pages, title, _TITLE_POINTS)
        pages.ln(4)
        for lines in paragraphs(text):
            for line in lines:
                _write(pages, line, _TEXT_POINTS)
            pages.ln(_TEXT_POINTS * _MM_PER_POINT * 0.8)
        if note:
            pages.ln(4)
            _write(pages, note, _NOTE_POINTS)
        return bytes(pages.output()), _not_shown(f"{title}\n{text}\n{note}")


def _pages(title: str, folder: Path) -> "FPDF":
    from fpdf import FPDF

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns of tables that it leaves out
    pages = FPDF(format="A4")
    pages.set_title(title)
    pages.set_margins(_MARGIN_MM, _MARGIN_MM)
    pages.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    for name in _FONTS:
        path = folder / f"{name}.ttf"
        path.write_bytes(_font_file(name))
        pages.add_font(name, fname=path)
    pages.set_fallback_fonts(list(_FONTS[1:]), exact_match=False)
    pages.set_font(_FONTS[0], size=_TEXT_POINTS)
    pages.add_page()
    return pages


def _write(pages: "FPDF", line: str, points: float) -> None:
    shown = "".join(character if _has_sign(character) else _MISSING for character in line.expandtabs(4))
    pages.set_font_size(points)
    pages.set_text_shaping(use_shaping_engine=bool(_SHAPED.search(line)))
    height = points * _MM_PER_POINT * _LINE
    if not shown.strip():
        pages.ln(height)
        return
    pages.multi_cell(0, height, shown, align="R" if is_right_to_left(line) else "L", new_x="LMARGIN", new_y="NEXT")


def _not_shown(text: str) -> str:
    return "".join(dict.fromkeys(character for character in text if not _has_sign(character)))


def _has_sign(character: str) -> bool:
    return character in _UNSEEN or ord(character) in _signs()


@cache
def _signs() -> frozenset[int]:
    """The characters that our fonts have."""
    from fontTools.ttLib import TTFont

    return frozenset(
        number for name in _FONTS for number in TTFont(io.BytesIO(_font_file(name)), lazy=True).getBestCmap()
    )


@cache
def _font_file(name: str) -> bytes:
    from pymupdf_fonts import fontbuffers

    return bytes(fontbuffers[name]())
