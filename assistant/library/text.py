"""Bytes become text, and text becomes clean: one kind of line end, no control characters, each word as it was."""

import re
import unicodedata
from collections import Counter

from assistant.errors import UnreadableError

_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_OTHER_FORMATS = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x7fELF": "a program",
    b"\x1f\x8b": "a compressed file",
}
# What texts in Western languages hold beside ASCII. Detectors mix up its encoding, the most frequent of old files, with
# its neighbours; a file with these characters alone is in it.
_WESTERN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿŒœ“”‘’„‚–—…•€£§°«»‹›¿¡©®™·´½ºª\xa0")
# Encodings other old files are in, likeliest first; a detector that may choose among a hundred chooses oddly.
_PLAUSIBLE = [
    *("utf_16_le", "utf_16_be", "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp437", "cp850", "mac_roman", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
_MOST_ODD_SHARE = 0.01
_MOST_ODD_CHARACTERS = 4
"""Bytes with more control and unassigned characters than both this share and this number are not text."""

_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\v]|\f")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")


def decode(data: bytes) -> str:
    """Text from bytes of unknown encoding: byte order marks, UTF-8, then what the bytes look most like.

    :raises UnreadableError: if they are no text in any encoding.
    """
    for start, what in _OTHER_FORMATS.items():
        if data.startswith(start):
            raise UnreadableError(f"the file is {what}, not text: give it the ending that says so, or save it as text")
    text = _decode_marked(data) or _decode_utf8(data) or _decode_western(data) or _decode_guessed(data)
    if text is None:
        raise UnreadableError("the file is not text in any known encoding: save it as UTF-8 text")
    return text


def clean_text(text: str) -> str:
    """One kind of line end, no control characters, nothing blank around it; every word stays as it was."""
    text = _LINE_ENDS.sub("\n", text).replace("\u2029", "\n\n")
    return _CONTROL.sub("", text).strip()


def storable(text: str) -> str:
    """The text with halves of surrogate pairs, which browsers send and no database takes, joined or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decode_marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            try:
                return _if_text(data.decode(encoding))
            except UnicodeDecodeError:
                return None
    return None


def _decode_utf8(data: bytes) -> str | None:
    try:
        return _if_text(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _decode_western(data: bytes) -> str | None:
    text = data.decode("cp1252", "replace")
    is_western = all(character.isascii() or character in _WESTERN for character in set(text))
    return _if_text(text) if is_western else None


def _decode_guessed(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_PLAUSIBLE).best()
    return _if_text(str(best)) if best is not None else None


def _if_text(text: str) -> str | None:
    """The text, unless so much of it is control, unassigned or private characters that it cannot be one."""
    odd = sum(
        count
        for character, count in Counter(text).items()
        if character not in "\t\n\r\f" and unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs")
    )
    return text if odd <= max(_MOST_ODD_CHARACTERS, len(text) * _MOST_ODD_SHARE) else None
