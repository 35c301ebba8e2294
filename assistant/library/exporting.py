"""Drafts as files: Markdown, Word, PDF, HTML.

A draft is plain text and stays what it looks like: an empty line parts paragraphs, a line end is a line end, and no
sign in it becomes formatting (Markdown alone gives the text as it is, for those who write with its signs). Each format
is read back by the library's own readers with the same title and text.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any

from assistant.library.exporting_pdf import pdf
from assistant.library.file_names import safe_stem
from assistant.library.paragraphs import is_right_to_left, paragraphs
from assistant.library.text import clean_text

_WORD_TEXT = re.compile("[\ufffe\uffff]")


class ExportFormat(StrEnum):
    """What a draft can be exported to, by the ending of the file's name."""

    MARKDOWN = "md"
    WORD = "docx"
    PDF = "pdf"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Exported:
    """A file. ``not_shown`` are the characters of the text for which the format has no sign, each once."""

    name: str
    media_type: str
    data: bytes
    not_shown: str = ""


def export(title: str, text: str, form: ExportFormat, *, note: str = "") -> Exported:
    """A title and a text as a file, with a note under it if there is one."""
    title = " ".join(clean_text(title).split())
    media_type, write = _WRITERS[form]
    data, not_shown = write(title or "Untitled", clean_text(text), clean_text(note))
    return Exported(f"{safe_stem(title)}.{form}", media_type, data, not_shown)


def _markdown(title: str, text: str, note: str) -> tuple[bytes, str]:
    end = f"\n\n---\n\n{note}" if note else ""
    return f"# {title}\n\n{text}{end}\n".encode(), ""


def _html(title: str, text: str, note: str) -> tuple[bytes, str]:
    body = [f'<h1 dir="auto">{escape(title)}</h1>']
    body += (f'<p dir="auto">{"<br>".join(map(escape, lines))}</p>' for lines in paragraphs(text))
    body += [f"<hr>\n<p><small>{escape(note)}</small></p>"] if note else []
    return _PAGE.format(title=escape(title), body="\n".join(body)).encode(), ""


_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 38em; margin: 3em auto; padding: 0 1em; font: 1.1em/1.6 Georgia, serif; }}
p {{ white-space: pre-wrap; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def _word(title: str, text: str, note: str) -> tuple[bytes, str]:
    import docx
    from docx.shared import Pt

    document = docx.Document()
    document.core_properties.title = title[:255]
    document.core_properties.author = ""
    _word_paragraph(document, [title], "Title")
    for lines in paragraphs(text):
        _word_paragraph(document, lines, None)
    if note:
        for run in _word_paragraph(document, [note], None).runs:
            run.italic, run.font.size = True, Pt(9)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue(), ""


def _word_paragraph(document: Any, lines: list[str], style: str | None) -> Any:
    """A paragraph whose lines end where the draft's do, from right to left where its writing is."""
    from docx.oxml import OxmlElement

    paragraph = document.add_paragraph(style=style)
    for number, line in enumerate(lines):
        run = paragraph.add_run()
        if number:
            run.add_break()
        run.add_text(_WORD_TEXT.sub("", line))
        if is_right_to_left(line):
            run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))
    if is_right_to_left("".join(lines)):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    return paragraph


_Write = Callable[[str, str, str], tuple[bytes, str]]

_WRITERS: dict[ExportFormat, tuple[str, _Write]] = {
    ExportFormat.MARKDOWN: ("text/markdown; charset=utf-8", _markdown),
    ExportFormat.WORD: ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _word),
    ExportFormat.PDF: ("application/pdf", pdf),
    ExportFormat.HTML: ("text/html; charset=utf-8", _html),
}
