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
