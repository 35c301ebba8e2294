"""Every export is read back by the library's own readers; odd names and writings of all kinds do no harm."""

import io

import pytest

from assistant.library.exporting import ExportFormat, export
from assistant.library.file_names import safe_stem
from assistant.library.readers import read_document

TITLE = "A door: “open”, again & <again>"
TEXT = (
    "We lost the bow door *again* — on Tuesday.\nIt was the second line.\n\n# No heading, and <b>no markup</b> "
    "& more.\n\nΕλλάδα, Україна, naïve café."
)
NOTE = "Of the 20 words of this text, all are the writer's own."


@pytest.mark.parametrize("form", ExportFormat)
def test_an_export_is_read_back_with_its_title_and_text(form: ExportFormat) -> None:
    exported = export(TITLE, TEXT, form, note=NOTE)
    found = read_document(exported.name, exported.data)
    assert found.title == TITLE
    assert " ".join(TEXT.split()) in " ".join(found.text.split())
    assert found.text.rstrip().endswith(NOTE)
    if form is not ExportFormat.PDF:  # pages do not tell a line's end from a paragraph's
        assert TEXT.split("\n\n")[0] in found.text
    assert exported.not_shown == ""


@pytest.mark.parametrize("form", ExportFormat)
def test_without_title_and_text_there_is_still_a_file(form: ExportFormat) -> None:
    exported = export("", "", form, note=NOTE)
    assert exported.name == f"Untitled.{form}"
    assert read_document(exported.name, exported.data).title == "Untitled"


@pytest.mark.parametrize("form", ExportFormat)
@pytest.mark.parametrize(
    "text",
    [
        "שלום עולם, זה מבחן (של) טקסט 123.",
        "مرحبا بالعالم، هذا نص عربي.",
        "हिन्दी में लिखा हुआ।",
        "🦆🛳️ and 👩‍👩‍👧, e\u0301 combining, 中文字, \u202eturned\u202c",
        "tab\there \x00\x08 control \ufffe\uffff \ud83e lone",
        "a" * 5000,
        "\n\n \n",
    ],
)
def test_writing_of_every_kind_is_exported(form: ExportFormat, text: str) -> None:
    exported = export(text[:40], text, form)
    assert len(exported.data) > 10


def test_what_a_pdf_cannot_show_is_told() -> None:
    assert export("T", "Ducks 🦆🦆 and 中.", ExportFormat.PDF).not_shown == "🦆中"
    assert export("T", "Ducks 🦆 and 中.", ExportFormat.WORD).not_shown == ""


@pytest.mark.parametrize(("text", "wanted"), [("שלום עולם", "שלום"), ("مرحبا بالعالم", "مرحبا"), ("ไทย", "ไทย")])
def test_a_pdf_holds_writing_from_right_to_left_and_others(text: str, wanted: str) -> None:
    exported = export("T", text, ExportFormat.PDF)
    assert exported.not_shown == ""
    assert wanted in read_document(exported.name, exported.data).text


def test_a_word_file_runs_from_right_to_left_where_its_writing_does() -> None:
    import docx

    document = docx.Document(io.BytesIO(export("T", "שלום\n\nHello", ExportFormat.WORD).data))
    marked = [paragraph.text for paragraph in document.paragraphs if paragraph._p.xpath("./w:pPr/w:bidi")]
    assert marked == ["שלום"]


def test_html_holds_no_markup_from_the_draft() -> None:
    page = export('"><script>alert(1)</script>', "<img src=x onerror=alert(1)>", ExportFormat.HTML).data.decode()
    assert "<script>" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("", "Untitled"),
        ("../../etc/passwd", "etc passwd"),
        ('a:b*c?"d"<e>|f\\g', "a b c d e f g"),
        ("CON", "CON_"),
        ("lpt1.txt", "lpt1.txt_"),
        (" . ", "Untitled"),
        ("Shown\u202ebackwards\n", "Shown backwards"),
        ("Été 🦆", "Été 🦆"),
    ],
)
def test_a_title_becomes_a_name_that_every_system_takes(title: str, stem: str) -> None:
    assert safe_stem(title) == stem
    assert len(safe_stem("é" * 1000).encode()) <= 120
