import io
import os
import random
import zipfile
from datetime import date, datetime
from pathlib import Path

import docx
import pypdf
import pytest

from assistant.errors import UnreadableError
from assistant.library.readers import READERS, pdf_text, read_document
from tests.browser.writings import pdf_file

SENTENCE = "The harbour office opens at six, and nobody has ever asked why."


def _word(*, title: str = "", heading: str = "", created: datetime | None = None, text: str = SENTENCE) -> bytes:
    document = docx.Document()
    if heading:
        document.add_heading(heading, level=1)
    document.add_paragraph(text)
    document.core_properties.title = title
    if created:
        document.core_properties.created = created
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def _pdf(
    folder: Path,
    lines: list[str],
    metadata: dict[str, str] | None = None,
    password: str | None = None,
    algorithm: str = "RC4-128",
) -> bytes:
    writer = pypdf.PdfWriter(clone_from=pdf_file(folder / "made.pdf", lines))
    writer.add_metadata(metadata or {})
    if password is not None:
        writer.encrypt(password, owner_password="owner", algorithm=algorithm)
    return _written(writer)


def _written(writer: pypdf.PdfWriter) -> bytes:
    packed = io.BytesIO()
    writer.write(packed)
    return packed.getvalue()


def _refusal(name: str, data: bytes) -> str:
    with pytest.raises(UnreadableError) as refusal:
        read_document(name, data)
    return str(refusal.value)


def _text_or_reason(name: str, data: bytes) -> str:
    try:
        return read_document(name, data).text
    except UnreadableError as refusal:
        return str(refusal)


# Text


def test_plain_text_takes_title_and_date_from_the_name() -> None:
    found = read_document("letters/2021-06-03 To Ann.txt", f"{SENTENCE}\r\nSecond line.\r\n".encode())
    assert (found.title, found.written_on) == ("2021-06-03 To Ann", date(2021, 6, 3))
    assert found.text == f"{SENTENCE}\nSecond line."


@pytest.mark.parametrize("name", ["report 2021-13-45.txt", "call 55520210603991.txt", "0101-01-01.txt", "june.txt"])
def test_what_is_no_date_is_not_taken_for_one(name: str) -> None:
    assert read_document(name, SENTENCE.encode()).written_on is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_text_is_read_in_the_encodings_people_have(encoding: str) -> None:
    text = "Käthe wrote “naïve café” to José — and Zoë answered: déjà vu, très bien, à bientôt, mañana. " * 5
    assert read_document("a.txt", text.encode(encoding)).text == text.strip()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Она вошла в комнату и долго молчала, глядя в окно на снег. " * 5, "cp1251"),
        ("Она вошла в комнату и долго молчала, глядя в окно на снег. " * 5, "koi8_r"),
        ("彼女は部屋に入り、窓の外の雪を長い間黙って見つめていた。" * 8, "shift_jis"),
        ("她走进房间，望着窗外的雪，沉默了很久。" * 8, "gb18030"),
    ],
)
def test_other_scripts_are_recognized(text: str, encoding: str) -> None:
    assert read_document("a.txt", text.encode(encoding)).text == text.strip()


def test_control_characters_go_and_every_other_character_stays() -> None:
    found = read_document(
        "a.txt", "One\x00 \x1b[31mtwo\x07\n\ttab — ${HOME} {{7*7}} <script>alert(1)</script>".encode()
    )
    assert found.text == "One [31mtwo\n\ttab — ${HOME} {{7*7}} <script>alert(1)</script>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "no text"),
        (bytes(range(256)) * 40, "not text"),
        (os.urandom(20_000), "not text"),
        (b"\xff\xfe" + os.urandom(19_999), "not text"),
        (b"%PDF-1.7 and so on", "a PDF"),
        (b"PK\x03\x04 and so on", "zip"),
        (b"\x89PNG\r\n\x1a\n and so on", "picture"),
        (b"x" * (50 * 2**20 + 1), "limit is 50 MB"),
        (b"word " * 1_200_000, "limit is 5,000,000"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    assert reason in _refusal("a.txt", data)


@pytest.mark.parametrize("name", ["a.exe", "a", "a.doc", ".txt.", "a.png"])
def test_unknown_files_are_refused_with_what_is_expected(name: str) -> None:
    assert ".docx" in _refusal(name, b"content")


def test_suffixes_are_read_in_any_case() -> None:
    assert read_document("A.TXT", SENTENCE.encode()).text == SENTENCE


# Markdown


def test_front_matter_gives_title_and_date() -> None:
    found = read_document("a.md", f"---\ntitle: 'The: pear'\ndate: 2019-02-24\ntags: [a]\n---\n\n{SENTENCE}".encode())
    assert (found.title, found.written_on, found.text) == ("The: pear", date(2019, 2, 24), SENTENCE)


@pytest.mark.parametrize("written", ["2019-02-24T10:00:00Z", "2019-02-24 10:00:00", "'2019-02-24'", '"20190224"'])
def test_dates_are_understood_as_people_write_them(written: str) -> None:
    found = read_document("a.md", f"---\ntitle: A\ndate: {written}\n---\n{SENTENCE}".encode())
    assert found.written_on == date(2019, 2, 24)


def test_an_opening_heading_becomes_the_title_and_leaves_the_text() -> None:
    found = read_document("a.md", f"# The *pear* tree #\n\n{SENTENCE}\n\n## Second".encode())
    assert found.title == "The *pear* tree"
    assert found.text == f"{SENTENCE}\n\n## Second"


def test_a_text_that_only_looks_like_front_matter_keeps_every_word() -> None:
    text = f"---\nHe said: it: is: [not yaml\n---\n{SENTENCE}"
    assert read_document("a.md", text.encode()).text == text


def test_front_matter_constructs_no_objects(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    matter = (
        f"---\ntitle: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{trap}']]\n---\n"
    )
    assert SENTENCE in read_document("a.md", (matter + SENTENCE).encode()).text
    assert not trap.exists()


@pytest.mark.parametrize("matter", ["title: {a: b}\ndate: [1]", "- a\n- b", "just words", "title:\ndate: never"])
def test_odd_front_matter_does_no_harm(matter: str) -> None:
    found = read_document("name.md", f"---\n{matter}\n---\n{SENTENCE}".encode())
    assert SENTENCE in found.text
    assert (found.title, found.written_on) == ("name", None)


# Word


def test_word_paragraphs_and_tables_are_read_in_order() -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    document.add_paragraph("Last.")
    packed = io.BytesIO()
    document.save(packed)
    assert read_document("a.docx", packed.getvalue()).text == "First.\n\nleft | right\n\nLast."


@pytest.mark.parametrize(
    ("properties", "heading", "title"),
    [
        ("In the properties", "In a heading", "In a heading"),
        ("In the properties", "", "In the properties"),
        ("Microsoft Word - draft3.doc", "", "name"),
        ("", "", "name"),
    ],
)
def test_a_word_title_comes_from_heading_properties_or_name(properties: str, heading: str, title: str) -> None:
    assert read_document("name.docx", _word(title=properties, heading=heading)).title == title


def test_a_word_date_comes_from_the_properties() -> None:
    found = read_document("a.docx", _word(created=datetime(2020, 5, 6, 7, 8)))
    assert found.written_on == date(2020, 5, 6)


def test_damaged_word_files_are_refused() -> None:
    whole = _word()
    assert "damaged" in _refusal("a.docx", whole[: len(whole) // 2])
    assert "damaged" in _refusal("a.docx", b"no zip at all")
    assert "damaged" in _refusal("a.docx", whole.replace(b"PK\x01\x02", b"PK\x01\x07"))


def test_encrypted_or_old_word_files_are_refused() -> None:
    assert "password" in _refusal("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))


def test_a_word_file_that_is_a_zip_bomb_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (30 * 2**20))
    assert "zip bomb" in _refusal("a.docx", packed.getvalue())


def test_a_word_file_expands_no_entities(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    whole = io.BytesIO(_word(text="here: MARK"))
    packed = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(packed, "w") as target:
        for member in source.infolist():
            data = source.read(member)
            if member.filename == "word/document.xml":
                head, rest = data.split(b"?>", 1)
                doctype = f'?><!DOCTYPE x [<!ENTITY secret SYSTEM "{secret.as_uri()}">]>'.encode()
                data = head + doctype + rest.replace(b"MARK", b"&secret;")
            target.writestr(member, data)
    assert "the secret words" not in read_document("a.docx", packed.getvalue()).text


# PDF


def test_a_pdf_gives_text_title_and_date(tmp_path: Path) -> None:
    data = _pdf(tmp_path, ["The tide table is wrong."], {"/Title": "Tides", "/CreationDate": "D:20180304050607Z"})
    found = read_document("a.pdf", data)
    assert (found.title, found.written_on, found.text) == ("Tides", date(2018, 3, 4), "The tide table is wrong.")


def test_lines_of_a_printed_paragraph_are_joined(tmp_path: Path) -> None:
    lines = [
        "The tide table is wrong on every Tues-",
        "day, and has been for longer than any",
        "of us. We go by the dog.",
    ]
    found = read_document("a.pdf", _pdf(tmp_path, lines))
    assert found.text == (
        "The tide table is wrong on every Tuesday, and has been for longer than any of us. We go by the dog."
    )


def test_a_pdf_without_text_is_refused_with_advice(tmp_path: Path) -> None:
    assert "OCR" in _refusal("a.pdf", _pdf(tmp_path, []))


ALGORITHMS = ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_encrypted_pdf_is_refused(tmp_path: Path, algorithm: str) -> None:
    data = _pdf(tmp_path, ["Secret."], password="key", algorithm=algorithm)
    assert _refusal("a.pdf", data) == "the PDF is protected by a password: save a copy without one"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pdf_protected_only_against_printing_is_read(tmp_path: Path, algorithm: str) -> None:
    data = _pdf(tmp_path, ["Not so secret."], password="", algorithm=algorithm)
    assert read_document("a.pdf", data).text == "Not so secret."


def test_a_pdf_that_takes_too_long_is_given_up_between_two_pages(tmp_path: Path) -> None:
    page = pypdf.PdfReader(io.BytesIO(_pdf(tmp_path, ["The tide table is wrong."]))).pages[0]
    writer = pypdf.PdfWriter()
    for _ in range(3):
        writer.add_page(page)
    reader = pypdf.PdfReader(io.BytesIO(_written(writer)))
    assert pdf_text(reader, seconds=60).count("The tide table is wrong.") == 3
    with pytest.raises(UnreadableError, match=r"after 0 seconds 1 of the PDF's 3 pages were read.*another format"):
        pdf_text(reader, seconds=0)


def test_a_pdf_encrypted_in_an_unknown_way_is_refused_as_protected(tmp_path: Path) -> None:
    data = _pdf(tmp_path, ["Secret."], password="key").replace(b"/Standard", b"/Nonsense")
    assert _refusal("a.pdf", data)


@pytest.mark.parametrize("cut", [0, 40, 200, 400])
def test_damaged_pdfs_give_a_reason_or_their_text(tmp_path: Path, cut: int) -> None:
    data = _pdf(tmp_path, ["The tide table is wrong."])[: cut or None]
    outcome = _text_or_reason("a.pdf", data)
    assert any(sign in outcome for sign in ("tide", "damaged", "no text"))


# HTML


def test_html_gives_what_a_reader_would_see() -> None:
    page = (
        "<html><head><title>Site | Kettles</title><meta name=date content=2015-08-09><style>p{color:red}</style></head>"
        "<body><!-- hidden --><h1>On   kettles</h1><p>The <b>ket</b>tle\n is older.</p><script>steal()</script>"
        "<ul><li>one</li><li>two</li></ul><pre>a\n  b</pre>line<br>break &amp; &lt;tag&gt;"
        "<noscript>no</noscript></body></html>"
    )
    found = read_document("a.html", page.encode())
    assert (found.title, found.written_on) == ("On kettles", date(2015, 8, 9))
    assert found.text == "On kettles\n\nThe kettle is older.\n\none\n\ntwo\n\na\nb\n\nline\nbreak & <tag>"


def test_html_declares_its_encoding() -> None:
    page = "<html><head><meta charset=iso-8859-1></head><body><p>Käthe à Genève</p></body></html>"
    assert read_document("a.htm", page.encode("latin-1")).text == "Käthe à Genève"


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script><p>Kept.</p>",
        "<p onclick='steal()'>Kept.</p>",
        "<div>" * 3000 + "Kept." + "</div>" * 3000,
        "<p>Kept.</p><script>never closed",
        "<p>Kept.<p",
        "<svg><script>alert(1)</script></svg><iframe srcdoc='<p>x'></iframe><p>Kept.</p>",
    ],
)
def test_odd_html_keeps_its_text_and_nothing_else(markup: str) -> None:
    assert read_document("a.html", markup.encode()).text == "Kept."


def test_html_without_text_is_refused() -> None:
    assert "no text" in _refusal("a.html", b"<html><script>only()</script></html>")


def test_no_reader_raises_anything_but_a_reason() -> None:
    dice = random.Random(0)
    for suffix in READERS:
        for size in (1, 10, 100, 5000):
            assert _text_or_reason(f"a{suffix}", dice.randbytes(size))
