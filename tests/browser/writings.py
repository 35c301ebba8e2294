"""Files of every format that the library reads, made on the spot."""

import io
import zipfile
from pathlib import Path

import docx

HARBOUR = (
    "The harbour office opens at six. Nobody has ever asked why, and I have stopped expecting it. "
    "By seven the first boat has gone, and with it the only quiet hour of the day. "
    "I write the log in pencil, because the pen froze in January and I never forgave it. "
)
ORCHARD = (
    "My grandmother pruned the pear tree on the last Sunday of February, whatever the weather said. "
    "She held that trees can count. I held the ladder. "
    "In forty years the tree missed one spring, and that was the year she had pneumonia. "
)


def word_file(path: Path, title: str, text: str) -> Path:
    """A Word document with a heading."""
    document = docx.Document()
    document.add_heading(title, level=1)
    document.add_paragraph(text)
    document.save(str(path))
    return path


def pdf_file(path: Path, lines: list[str]) -> Path:
    """The smallest valid PDF: one page, one font, a line of text per item (plain ASCII without brackets)."""
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    content = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    path.write_bytes(bytes(out))
    return path


def zip_file(path: Path, members: dict[str, str]) -> Path:
    """A zip of texts by member name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    path.write_bytes(packed.getvalue())
    return path


def text_file(path: Path, text: str) -> Path:
    """Plain text, Markdown or HTML: whatever the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def every_format(folder: Path) -> list[Path]:
    """One readable file of each format, and one that is none."""
    return [
        text_file(folder / "harbour 2021-03-04.txt", HARBOUR * 3),
        text_file(
            folder / "orchard.md", f"---\ntitle: The pear tree can count\ndate: 2019-02-24\n---\n\n{ORCHARD * 3}"
        ),
        word_file(folder / "ladder.docx", "Holding the ladder", ORCHARD * 2 + "The ladder was never the problem."),
        pdf_file(folder / "tides.pdf", ["The tide table is wrong on Tuesdays.", "We sail by the dog instead."]),
        text_file(
            folder / "kettle.html",
            "<html><head><title>Kettle</title><script>window.injected = true</script></head>"
            f"<body><h1>On kettles</h1><p>{HARBOUR}</p><p>The kettle is older than the boat.</p></body></html>",
        ),
        zip_file(
            folder / "letters.zip", {"june.txt": "June was fog. " * 30, "july/second.txt": "July was guests. " * 30}
        ),
        text_file(folder / "broken.pdf", "This is no PDF at all."),
    ]
