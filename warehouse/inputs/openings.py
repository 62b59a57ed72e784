"""Opens files of text, packed or not, in the encoding that they are in, in bounds."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zipfile
from pathlib import Path
from typing import IO, Any, TextIO

from trajectories.warehouse.inputs.contract import InputError, listing, squeeze

# What is read at a time; a line may be so long, and no longer.
BLOCK_BYTES = 256 * 1024
LONGEST_LINE_BYTES = 1_000_000
# A packed file that grows beyond both is taken for one made to fill a disk.
UNPACKED_BYTES = 1024**3
UNPACKED_TIMES = 200
MOST_CONTROL_SHARE = 0.02

# How files begin that are no text.
BEGINNINGS = {
    b"PAR1": "Parquet",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"PK\x03\x04": "a workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook of the old kind, or one with a password",
    b"\x1f\x8b": "packed with gzip",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"Obj\x01": "Avro",
    b"ARROW1": "an Arrow file",
}
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml|table|head|body|meta|div)\b", re.I)


def beginning(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(4096)


def what_begins(start: bytes) -> str | None:
    """Say what a file is that begins so; None when it may be text."""
    for mark, what in BEGINNINGS.items():
        if start.startswith(mark):
            return what
    if _WEB_PAGE.match(start.removeprefix(codecs.BOM_UTF8)):
        return "a web page or XML"
    return None


class _Watched(io.RawIOBase):
    """Bytes of a file as they come, unpacked; ends at what no table looks like."""

    def __init__(self, file: IO[bytes], path: Path, packed: bool, lines: bool) -> None:
        self._file, self._path, self._lines = file, path, lines
        self._packed_bytes = path.stat().st_size if packed else None
        self._unpacked = self._unbroken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        size = len(block)
        buffer[:size] = block
        self._unpacked += size
        if self._packed_bytes is not None and self._unpacked > UNPACKED_BYTES:
            self._check_growth(self._packed_bytes)
        if self._lines:
            end = max(block.rfind(b"\n"), block.rfind(b"\r"))
            self._unbroken = size - end - 1 if end >= 0 else self._unbroken + size
            if self._unbroken > LONGEST_LINE_BYTES:
                raise InputError(
                    f"{self._path.name} has a line of more than "
                    f"{LONGEST_LINE_BYTES:,} bytes, so it is no table of one line a "
                    "row. Export it again, with a line end after each row."
                )
        return size

    def _check_growth(self, packed: int) -> None:
        if self._unpacked > UNPACKED_TIMES * packed:
            raise InputError(
                f"{self._path.name} unpacks to more than {UNPACKED_TIMES} times its "
                f"size ({self._unpacked:,} bytes and more), as no table does. Unpack "
                "it by hand, look at it, and give the unpacked file."
            )

    def close(self) -> None:
        self._file.close()
        super().close()


def _open_binary(path: Path) -> tuple[IO[bytes], bool]:
    """Open a file, unpacked; tell whether it was packed."""
    start = beginning(path)
    if path.suffix.lower() == ".gz" or start.startswith(b"\x1f\x8b"):
        return gzip.open(path), True
    if path.suffix.lower() == ".zip":
        return _open_only_member(path), True
    return path.open("rb"), False


def _open_only_member(path: Path) -> IO[bytes]:
    """Open the one file that a zip archive holds."""
    try:
        archive = zipfile.ZipFile(path)
        members = [
            name
            for name in archive.namelist()
            if not name.endswith("/")
            and not name.startswith("__MACOSX/")
            and not name.rpartition("/")[2].startswith(".")
        ]
        if len(members) != 1:
            raise InputError(
                f"{path.name} holds {len(members):,} files: {listing(members, 10)}. An "
                "archive is read when it holds one table of text. Unpack it into a "
                "folder, and give the folder."
            )
        return archive.open(members[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{path.name} can't be unpacked: it is damaged, has a password, or is no "
            f"zip archive ({str(error).rstrip('.')}). Unpack it by hand, and give the "
            "unpacked file."
        ) from error


class _Fallbacks:
    """Reads bytes that aren't UTF-8 as Windows-1252, and counts them.

    What that lacks is read as Latin-1. Files are read one at a time.
    """

    count = 0
    example = ""

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        characters = []
        for byte in error.object[error.start : error.end]:
            try:
                characters.append(bytes([byte]).decode("cp1252"))
            except UnicodeDecodeError:
                characters.append(chr(byte))
        if not self.count:
            around = error.object[max(error.start - 10, 0) : error.end + 10]
            words = re.split(rb"[\s,;|\"]", around)
            word = next((it for it in words if error.object[error.start] in it), b"")
            self.example = word.decode("cp1252", "replace")
        self.count += error.end - error.start
        return "".join(characters), error.end


FALLBACKS = _Fallbacks()
codecs.register_error("windows_1252", FALLBACKS)


def note_on_fallbacks(name: str) -> list[str]:
    """Say that bytes of the file read last weren't UTF-8; in a list, empty if none."""
    if not FALLBACKS.count:
        return []
    return [
        f"{name} isn't all UTF-8: {FALLBACKS.count:,} bytes were read as Windows-1252 "
        f"(such as in '{FALLBACKS.example}'). If letters are wrong, say 'encoding:' in "
        "a mapping file."
    ]


def _encoding_of(start: bytes) -> str:
    """Tell the encoding of a file that begins so.

    UTF-16 and UTF-32 are told by their byte order mark or the places of their zeros.
    Everything else is read as UTF-8, and what isn't UTF-8 as Windows-1252.
    """
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    quarter = max(len(start) // 4, 1)
    zeros = [start[place::4].count(0) / quarter for place in range(4)]
    if min(zeros[1:]) > 0.9 > 0.1 > zeros[0]:
        return "utf-32-le"
    if min(zeros[:3]) > 0.9 > 0.1 > zeros[3]:
        return "utf-32-be"
    if min(zeros[1], zeros[3]) > 0.5 > 0.1 > max(zeros[0], zeros[2]):
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.5 > 0.1 > max(zeros[1], zeros[3]):
        return "utf-16-be"
    return "utf-8-sig"


def open_text(path: Path, encoding: str | None = None, is_json: bool = False) -> TextIO:
    """Open a text file, or the one in a .gz or .zip, with its encoding found out.

    Single bytes that aren't UTF-8 are read as Windows-1252: so Latin-1 files, and
    files that mix both, come out right. A given encoding is taken at its word.

    Raises:
        InputError: when Python doesn't know the given encoding, or the file is no text.
    """
    if encoding:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise InputError(
                f"The encoding '{encoding}' given for {path.name} isn't known. "
                "Write for example utf-8, utf-16, latin-1 or cp1252, or leave it out."
            ) from None
    binary, packed = _open_binary(path)
    watched = _Watched(binary, path, packed, lines=not is_json)
    buffered = io.BufferedReader(watched, BLOCK_BYTES)
    start = buffered.peek(4096)[:4096]
    errors = "strict"
    if encoding is None:
        encoding = _encoding_of(start)
        _refuse_what_is_no_text(start, encoding, path, is_json)
        if encoding == "utf-8-sig":
            errors = "windows_1252"
    elif squeeze(encoding) in ("utf8", "utf8sig"):
        encoding = "utf-8-sig"
    FALLBACKS.count = 0
    return io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline="")


def _refuse_what_is_no_text(
    start: bytes, encoding: str, path: Path, is_json: bool
) -> None:
    what = what_begins(start)
    if what is None and encoding == "utf-8-sig":
        allowed = b"\0\t\n\v\f\r\x1a\x1b"
        controls = sum(byte < 32 and byte not in allowed for byte in start)
        if controls > MOST_CONTROL_SHARE * len(start):
            what = "made of bytes that are no text"
    if what:
        raise InputError(
            f"{path.name} can't be read as text: it is {what}. Give the file the "
            "ending of what it is, or export the table as CSV, xlsx or Parquet."
        )
    if not is_json and _is_json(start.decode(encoding, "replace")):
        raise InputError(
            f"{path.name} holds JSON, not columns of text. Name it .jsonl when it is "
            "one object a line, .json when it is a list of objects."
        )


def _is_json(text: str) -> bool:
    """Tell whether a text begins as a list of objects, or as objects, of JSON."""
    text = text.lstrip("\ufeff \t\r\n")
    if re.match(r'\[\s*\{\s*"', text):
        return True
    try:
        return isinstance(json.loads(text.partition("\n")[0]), dict)
    except ValueError:
        return re.match(r'\{\s*"[^"]*"\s*:', text) is not None
