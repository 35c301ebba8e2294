"""Files become documents: one reader per type of file, found in one table.

A reader gets bytes and a name, and either understands a document or raises ``UnreadableError`` with a reason that is
shown beside the file's name. Nothing in a file is ever executed, fetched or written anywhere.
"""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableError
from assistant.library.archives import check_office_archive
from assistant.library.text import clean_text, decode
from assistant.types import NewDocument

if TYPE_CHECKING:
    import pypdf

LARGEST_FILE_BYTES = 50 * 1024 * 1024
"""Larger files are refused; a novel as a .docx has about 1 MB."""
LONGEST_TEXT_CHARACTERS = 5_000_000
"""Longer documents are refused; War and Peace has 3.2 million."""
_LONGEST_TITLE = 300
_MOST_PDF_PAGES = 3_000
LONGEST_PDF_SECONDS = 300
"""A PDF that takes longer to read is refused; a page of print takes about 20 milliseconds."""

_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")
_EARLIEST_YEAR = 1500
_MARKDOWN_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$")
# Word processors fill a document's title with names like "Microsoft Word - draft3.doc", or with nothing of use.
_USELESS_TITLE = re.compile(
    r"^(microsoft word - .*|.*\.(docx?|pdf|indd|rtf|odt|tex)|untitled.*|document\d*)$", re.IGNORECASE
)

Reader = Callable[[bytes], NewDocument]


def read_document(name: str, data: bytes) -> NewDocument:
    """Read a file by its name's suffix. Title and date fall back to what the name says.

    :raises UnreadableError: with the reason, if it cannot become a document.
    """
    reader = reader_for(name)
    if len(data) > LARGEST_FILE_BYTES:
        raise UnreadableError(too_large(len(data)))
    if not data:
        raise UnreadableError("the file is empty")
    with _parser_errors(PurePosixPath(name).suffix):
        found = reader(data)
    text = clean_text(found.text)
    if not text:
        raise UnreadableError("the file holds no text")
    if len(text) > LONGEST_TEXT_CHARACTERS:
        raise UnreadableError(
            f"the text has {len(text):,} characters; the limit is {LONGEST_TEXT_CHARACTERS:,}: split it into parts"
        )
    title = " ".join(clean_text(found.title).split())[:_LONGEST_TITLE]
    return NewDocument(title or PurePosixPath(name).stem, found.written_on or date_in_name(name), text)


def reader_for(name: str) -> Reader:
    """The reader of a file, by its suffix.

    :raises UnreadableError: if there is none.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in READERS:
        found = f"{suffix} files cannot be read" if suffix else "the name has no ending that says what it is"
        raise UnreadableError(f"{found}; expected one of {', '.join([*READERS, '.zip'])}")
    return READERS[suffix]


def too_large(size: int) -> str:
    """Why a file of this many bytes is refused."""
    return (
        f"the file has {size / 2**20:,.0f} MB; the limit is {LARGEST_FILE_BYTES / 2**20:,.0f} MB: split it into parts"
    )


def date_in_name(name: str) -> date | None:
    """A date written in a file's name as 2021-06-03, 2021_06_03 or 20210603."""
    for match in _DATE_IN_NAME.finditer(PurePosixPath(name).name):
        try:
            found = date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            continue
        if _EARLIEST_YEAR <= found.year <= date.today().year + 1:
            return found
    return None


def read_text(data: bytes) -> NewDocument:
    """Plain text is its own document; its title is the file's name."""
    return NewDocument("", None, decode(data))


def read_markdown(data: bytes) -> NewDocument:
    """Markdown: title and date from the front matter, else the title from a heading that opens the text."""
    import frontmatter
    import yaml

    text = decode(data)
    try:
        # The library's default handler uses yaml's safe loader: front matter cannot construct objects.
        matter, text = frontmatter.parse(text)
    except yaml.YAMLError:
        matter = {}  # Not front matter after all, but a text that opens with a rule: keep every word of it.
    title = _scalar(matter.get("title"))
    if not title:
        title, text = _opening_heading(text)
    return NewDocument(title, _as_date(matter.get("date")), text)


def read_word(data: bytes) -> NewDocument:
    """Word: paragraphs and table rows in order; the title from a heading or the properties."""
    import docx
    from docx.table import Table

    check_office_archive(data)
    document = docx.Document(io.BytesIO(data))
    blocks: list[str] = []
    heading = ""
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            blocks.extend(" | ".join(dict.fromkeys(cell.text.strip() for cell in row.cells)) for row in block.rows)
            continue
        blocks.append(block.text)
        style = block.style.name if block.style is not None else ""
        if not heading and style and style.startswith(("Heading", "Title")):
            heading = block.text.strip()
    properties = document.core_properties
    return NewDocument(heading or _useful_title(properties.title), _as_date(properties.created), "\n\n".join(blocks))


def read_pdf(data: bytes) -> NewDocument:
    """PDF: the text of its pages, with the lines of a paragraph joined again."""
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not _opens_without_password(reader):
        raise UnreadableError("the PDF is protected by a password: save a copy without one")
    if len(reader.pages) > _MOST_PDF_PAGES:
        raise UnreadableError(f"the PDF has {len(reader.pages):,} pages; the limit is {_MOST_PDF_PAGES:,}: split it")
    text = pdf_text(reader, seconds=LONGEST_PDF_SECONDS)
    if not text.strip():
        raise UnreadableError("the PDF holds no text, only pictures of it: run it through text recognition (OCR) first")
    information = reader.metadata
    if information is None:
        return NewDocument("", None, text)
    return NewDocument(_useful_title(information.title), _pdf_date(information), text)


def pdf_text(reader: "pypdf.PdfReader", *, seconds: float) -> str:
    """The text of all pages.

    :raises UnreadableError: if reading them takes longer than so many seconds: drawings of a million strokes do.
    """
    started = monotonic()
    pages: list[str] = []
    for page in reader.pages:
        if pages and monotonic() - started > seconds:
            raise UnreadableError(
                f"after {seconds:g} seconds {len(pages):,} of the PDF's {len(reader.pages):,} pages were read, and the "
                "import goes on without it: save its text in another format"
            )
        pages.append(join_lines(page.extract_text()))
    return "\n\n".join(pages)


def read_html(data: bytes) -> NewDocument:
    """HTML: the text a reader of the page would see; scripts, styles and forms are dropped."""
    from bs4 import BeautifulSoup
    from bs4.element import Comment, Doctype

    soup = BeautifulSoup(_declared_html(data), "lxml")
    title = soup.find("h1") or soup.find("title")
    heading = title.get_text(" ", strip=True) if title is not None else ""
    written_on = _html_date(soup)
    for dropped in soup(_HTML_DROPPED):
        dropped.decompose()
    for string in soup.find_all(string=True):
        if isinstance(string, Comment | Doctype):
            string.extract()
        elif string.find_parent("pre") is None:
            string.replace_with(re.sub(r"\s+", " ", string))
    for line_break in soup("br"):
        line_break.replace_with("\n")
    for block in soup(_HTML_BLOCKS):
        block.insert_before("\n\n")
        block.append("\n\n")
    lines = (line.strip() for line in soup.get_text().split("\n"))
    return NewDocument(heading, written_on, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".docx": read_word,
    ".pdf": read_pdf,
    ".html": read_html,
    ".htm": read_html,
}
"""Which reader understands which kind of file. Zips and folders are opened by ``assistant.library.sources``."""

_HTML_DROPPED = (
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "form",
    "button",
    "select",
    "svg",
    "iframe",
    "object",
)
_HTML_BLOCKS = (
    *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table"),
    *("tr", "ul"),
)


def join_lines(text: str) -> str:
    """Undo the line breaks of a printed page: a line that runs to the margin goes on in the next."""
    lines = [line.rstrip() for line in text.split("\n")]
    margin = max((len(line) for line in lines), default=0) * 0.75
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and line.strip():
            previous = joined[-1]
            if re.search(r"[^\W\d_]-$", previous) and line.lstrip()[:1].islower():
                joined[-1] = previous[:-1] + line.lstrip()
            else:
                joined[-1] = f"{previous} {line.lstrip()}"
        else:
            joined.append(line)
        goes_on = len(line) >= margin and bool(line.strip())
    return "\n".join(joined)


def _opening_heading(text: str) -> tuple[str, str]:
    """The heading a Markdown text opens with, and the text without it; any first heading if it opens with none."""
    body = text.lstrip()
    first, _, rest = body.partition("\n")
    if match := _MARKDOWN_HEADING.match(first):
        return match[1], rest
    for line in body.split("\n"):
        if match := _MARKDOWN_HEADING.match(line):
            return match[1], text
    return "", text


def _scalar(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float | date) else ""


def _useful_title(title: str | None) -> str:
    title = (title or "").strip()
    return "" if _USELESS_TITLE.match(title) else title


def _as_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip()).date()
        except ValueError:
            return date_in_name(value)
    return None


def _opens_without_password(reader: Any) -> bool:
    """Whether a PDF is only protected against printing or copying."""
    from pypdf import PasswordType

    return bool(reader.decrypt("") != PasswordType.NOT_DECRYPTED)


def _pdf_date(information: Any) -> date | None:
    try:
        return _as_date(information.creation_date)
    except ValueError:
        return None


def _html_date(soup: Any) -> date | None:
    for attribute, name in (("property", "article:published_time"), ("name", "date"), ("name", "dcterms.date")):
        if meta := soup.find("meta", attrs={attribute: name}):
            return _as_date(meta.get("content"))
    moment = soup.find("time", datetime=True)
    return _as_date(moment["datetime"]) if moment is not None else None


def _declared_html(data: bytes) -> bytes | str:
    """Pages that declare their encoding are decoded by it; others as any text is."""
    return data if re.search(rb"<meta[^>]+charset", data[:4096], re.IGNORECASE) else decode(data)


@contextmanager
def _parser_errors(suffix: str) -> Iterator[None]:
    try:
        yield
    except UnreadableError:
        raise
    # Parsers meet damaged files with every kind of exception; whatever it is, only this file is refused.
    except Exception as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise UnreadableError(f"the file is damaged or is not what its ending {suffix} says ({detail})") from error
