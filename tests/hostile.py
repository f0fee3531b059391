"""PDFs that ask for more than they are worth."""

import struct
import zlib
from pathlib import Path


def nested_forms(path: Path, depth: int = 14, fan: int = 10) -> Path:
    """A PDF of two kilobytes whose page draws a form that draws ten forms, and so on."""
    first, forms = 4, depth
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents %d 0 R "
        b"/Resources << /XObject << /F %d 0 R >> >> >>" % (first + forms, first),
    ]
    for number in range(forms):
        inner = b"/F Do " * fan if number < forms - 1 else b"0 0 9 9 re f"
        resources = b"/Resources << /XObject << /F %d 0 R >> >>" % (first + number + 1)
        head = b"/Type /XObject /Subtype /Form /BBox [0 0 100 100]"
        objects.append(stream(head + (resources if number < forms - 1 else b""), inner))
    objects.append(stream(b"", b"/F Do"))
    return write_objects(path, objects)


def endless_pages(path: Path, count: int) -> Path:
    """A PDF of a few kilobytes, all pages of which are one."""
    kids = zlib.compress(
        b"2 0 << /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * count, count)
    )
    bodies = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        4: stream(b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", kids),
    }
    content, places = b"%PDF-1.5\n", {}
    for number, body in bodies.items():
        places[number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = [(0, 0), (1, places[1]), (2, 4), (1, places[3]), (1, places[4]), (1, len(content))]
    rows += [(2, 4)] * count  # MuPDF believes in no more pages than there are objects
    table = zlib.compress(b"".join(struct.pack(">BIH", *row, 0) for row in rows))
    head = b"/Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Filter /FlateDecode" % len(rows)
    content += b"5 0 obj\n%s\nendobj\nstartxref\n%d" % (stream(head, table), len(content))
    path.write_bytes(content + b"\n%%EOF\n")
    return path


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def tree(path: Path, *nodes: bytes) -> Path:
    """A PDF whose page tree is made of these objects, from number 2 on."""
    return write_objects(path, [CATALOG, *nodes])


def one_page(path: Path, box: bytes = b"0 0 100 100", extra: bytes = b"", *more: bytes) -> Path:
    """A PDF of one page, which may name more objects, from number 4 on."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] %s >>" % (box, extra)
    return tree(path, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, *more)


def vast_jbig2(path: Path, side: int = 2**31 - 1) -> Path:
    """A PDF of a few hundred bytes whose picture claims to be as large as can be written."""
    page = struct.pack(">IIIIBH", side, side, 0, 0, 0, 0)
    adaptive = bytes([3, 0xFF, 0xFD, 0xFF, 2, 0xFE, 0xFE, 0xFE])
    region = struct.pack(">IIIIBB", side, side, 0, 0, 0, 0) + adaptive + bytes(64) + b"\xff\xac"
    data = b"".join(
        struct.pack(">IBBBI", number, kind, 0, 1, len(part)) + part
        for number, (kind, part) in enumerate(((48, page), (38, region)))
    )
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray" % (
        side,
        side,
    )
    picture = stream(head + b" /BitsPerComponent 1 /Filter /JBIG2Decode", data)
    uses = b"/Contents 5 0 R /Resources << /XObject << /I 4 0 R >> >>"
    return one_page(path, b"0 0 100 100", uses, picture, stream(b"", b"100 0 0 100 0 0 cm /I Do"))


def stream(head: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def write_objects(path: Path, objects: list[bytes]) -> Path:
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    content += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        content.rindex(b"xref\n0 "),
    )
    path.write_bytes(content)
    return path
