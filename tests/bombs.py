"""Small files that claim, or decode to, far more than they are: PDFs and pictures."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from hostile import one_page, stream, vast_jbig2
from PIL import Image

SIDE = 30_000
"""Pixels of an edge of the pictures in PDFs."""

LARGEST = 13_300
"""Pixels of an edge up to which Pillow opens a square picture."""

PDFS = {
    "text.pdf": lambda path: content_of_blanks(path, 1 << 31),
    "flate.pdf": lambda path: picture(path, flate(SIDE * SIDE * 3), b"[/FlateDecode /FlateDecode]"),
    "runs.pdf": lambda path: picture(
        path,
        zlib.compress(b"\x81\xff" * (SIDE * SIDE * 3 // 128)),
        b"[/FlateDecode /RunLengthDecode]",
    ),
    "fax.pdf": lambda path: picture(
        path,
        zlib.compress(b"\xff" * (SIDE // 8)),  # each row is as the one above it, in a bit
        b"[/FlateDecode /CCITTFaxDecode]",
        b"/DecodeParms [null << /K -1 /Columns %d /Rows %d >>]" % (SIDE, SIDE),
        bits=1,
    ),
    "jbig2.pdf": lambda path: vast_jbig2(path, SIDE),
    "jpx.pdf": lambda path: picture(path, jpeg2000(SIDE), b"/JPXDecode"),
    "jpeg.pdf": lambda path: picture(path, jpeg(SIDE), b"/DCTDecode"),
    "scans.pdf": lambda path: picture(path, jpeg(LARGEST, scans=5000), b"/DCTDecode", side=LARGEST),
    "groups.pdf": lambda path: groups(path, 40),
    "tiles.pdf": lambda path: tiles(path),
    "dashes.pdf": lambda path: drawing(path, b"[.0001] 0 d 0 0 m 14400 14400 l S " * 100),
    "letters.pdf": lambda path: letters(path, 5_000_000),
}
"""What makes each."""


def pdfs(folder: Path) -> Iterator[Path]:
    for name, make in PDFS.items():
        make(folder / name)
        yield folder / name


def pictures(folder: Path) -> Iterator[Path]:
    """As large as a picture may be, and of few bytes."""
    for name, content in (
        ("bits.png", lambda: png(LARGEST, 1, 0)),
        ("colours.png", lambda: png(LARGEST, 8, 2)),
        ("clear.png", lambda: png(LARGEST, 8, 6)),
        ("deep.png", lambda: png(LARGEST, 16, 0)),
        ("deep_clear.png", lambda: png(LARGEST, 16, 6)),
        ("claims.jpg", lambda: jpeg(LARGEST)),
        ("scans.jpg", lambda: jpeg(LARGEST, scans=5000)),
        ("claims.j2k", lambda: jpeg2000(LARGEST)),
        ("turned.tif", lambda: tiff(LARGEST)),
    ):
        (folder / name).write_bytes(content())
        yield folder / name


def picture(
    path: Path, data: bytes, filters: bytes, more: bytes = b"", bits: int = 8, side: int = SIDE
) -> Path:
    """A PDF whose page shows a picture."""
    space = b"/DeviceRGB" if bits == 8 else b"/DeviceGray"
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent %d" % (
        side,
        side,
        bits,
    )
    head += b" /ColorSpace %s /Filter %s %s" % (space, filters, more)
    uses = b"/Contents 5 0 R /Resources << /XObject << /I 4 0 R >> >>"
    shows = stream(b"", b"600 0 0 600 0 0 cm /I Do")
    return one_page(path, b"0 0 600 600", uses, stream(head, data), shows)


def flate(count: int, byte: bytes = b"\x80") -> bytes:
    """So many bytes, deflated twice: a millionth."""
    return zlib.compress(deflated(byte * (1 << 20), count >> 20))


def deflated(piece: bytes, times: int) -> bytes:
    packer = zlib.compressobj()
    return b"".join(packer.compress(piece) for _ in range(times)) + packer.flush()


def content_of_blanks(path: Path, count: int) -> Path:
    """A PDF whose page is described by blanks."""
    content = stream(b"/Filter [/FlateDecode /FlateDecode]", flate(count, b" "))
    return one_page(path, b"0 0 600 600", b"/Contents 4 0 R", content)


def drawing(path: Path, content: bytes) -> Path:
    return one_page(path, b"0 0 600 600", b"/Contents 4 0 R", stream(b"", content))


def groups(path: Path, depth: int) -> Path:
    """A PDF whose page is made of groups within groups, each of which is mixed by itself."""
    forms = []
    for number in range(depth):
        inner = b"/G gs /F Do" if number < depth - 1 else b"0 0 9 9 re f"
        uses = b"/Resources << /ExtGState << /G << /ca .9 >> >> %s >>" % (
            b"/XObject << /F %d 0 R >>" % (number + 6) if number < depth - 1 else b""
        )
        head = b"/Type /XObject /Subtype /Form /BBox [0 0 2592 2592] /Group << /S /Transparency >> "
        forms.append(stream(head + uses, inner))
    uses = b"/Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >>"
    return one_page(path, b"0 0 2592 2592", uses, stream(b"", b"/F Do"), *forms)


def tiles(path: Path) -> Path:
    """A PDF whose page is filled with tiles of a thousandth of a point."""
    head = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 .002 .002]"
    head += b" /XStep .001 /YStep .001 /Resources << >>"
    uses = b"/Contents 4 0 R /Resources << /Pattern << /P 5 0 R >> >>"
    fills = stream(b"", b"/Pattern cs /P scn 0 0 600 600 re f")
    return one_page(path, b"0 0 600 600", uses, fills, stream(head, b"0 0 .001 .001 re f"))


def letters(path: Path, count: int) -> Path:
    """A PDF whose page says so many letters."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    uses = b"/Contents 4 0 R /Resources << /Font << /T 5 0 R >> >>"
    line = b"BT /T 1 Tf 9 9 Td (" + b"words and " * 100 + b") Tj ET\n"
    text = stream(b"/Filter /FlateDecode", deflated(line, count // 1000))
    return one_page(path, b"0 0 600 600", uses, text, font)


def png(side: int, depth: int, kind: int) -> bytes:
    """A black or clear PNG; its kind is 0 for grey, 2 for colours, 6 for colours and alpha."""
    channels = {0: 1, 2: 3, 6: 4}[kind]
    row = bytes(1 + -(-side * channels * depth // 8))
    header = struct.pack(">IIBBBBB", side, side, depth, kind, 0, 0, 0)
    parts = {b"IHDR": header, b"IDAT": deflated(row, side), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )


def jpeg(side: int, scans: int = 0) -> bytes:
    """A JPEG of 16 pixels that claims more, its last scan ``scans`` times."""
    content = encoded("JPEG", progressive=bool(scans))
    frame = content.index(b"\xff\xc2" if scans else b"\xff\xc0")
    content = content[: frame + 5] + struct.pack(">HH", side, side) + content[frame + 9 :]
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * max(1, scans) + b"\xff\xd9"


def jpeg2000(side: int) -> bytes:
    """A JPEG 2000 codestream of 16 pixels that claims a single tile of more."""
    content = encoded("JPEG2000", no_jp2=True)
    size = content.index(b"\xff\x51") + 6
    claims = struct.pack(">8I", side, side, 0, 0, side, side, 0, 0)
    return content[:size] + claims + content[size + len(claims) :]


def tiff(side: int) -> bytes:
    """A deflated TIFF of colours, in strips, on its side."""
    rows = 100
    strip = deflated(bytes(side * 3), rows)
    count = side // rows
    head = 8 + len(strip)
    entries = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 3, head),
        (259, 3, 1, 8),
        (262, 3, 1, 2),
        (273, 4, count, head + 6),
        (274, 3, 1, 6),
        (277, 3, 1, 3),
        (278, 4, 1, rows),
        (279, 4, count, head + 6 + 4 * count),
    ]
    lists = struct.pack(f"<3H{2 * count}I", 8, 8, 8, *[8] * count, *[len(strip)] * count)
    directory = struct.pack("<H", len(entries))
    for tag, kind, number, value in entries:
        directory += struct.pack("<HHII", tag, kind, number, value)
    place = head + len(lists)
    return b"II*\0" + struct.pack("<I", place) + strip + lists + directory + bytes(4)


def encoded(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "grey").save(file, form, **options)
    return file.getvalue()
