r"""LaTeX formulas as MathML, which browsers typeset without a script and without the network.

The converter (latex2mathml) escapes nothing in texts, and lets a formula set attributes: signs of
markup are replaced before it sees them, and only elements and attributes of a list come through.
"""

import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

_STAND_INS = {"<": "\ue000", ">": "\ue001", '"': "\ue002"}
_REPLACED = str.maketrans(_STAND_INS)
_RESTORED = str.maketrans({stand_in: sign for sign, stand_in in _STAND_INS.items()})
_AMPERSAND = re.compile(r"&(?!#x?[0-9A-Fa-f]+;|lt;|gt;|amp;)")
_ALIGNED = re.compile(r"(\\(?:begin|end)\s*)\{(?:aligned|gathered|alignedat)\}(?:\{\d+\})?")
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words("""
math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup
munder mover munderover mmultiscripts mprescripts none mtable mtr mtd menclose
""")
_ATTRIBUTES = _words("""
display displaystyle scriptlevel mathvariant stretchy fence form lspace rspace width height depth
voffset linethickness columnalign rowspacing columnspacing columnlines rowlines frame notation
accent accentunder minsize maxsize linebreak movablelimits symmetric largeop
""")


def mathml(latex: str, *, display: bool = False) -> str:
    """The formula as a ``math`` element that carries its LaTeX along; empty if it cannot be had.

    Args:
        latex: without the delimiters around it.
        display: whether it stands on a line of its own.
    """
    source = _ALIGNED.sub(r"\1{split}", latex).translate(_REPLACED)
    try:
        written = convert(source, display="block" if display else "inline")
        root = ElementTree.fromstring(_AMPERSAND.sub("&amp;", written))
    except Exception:  # of the converter: it has many, and deep formulas end its recursion
        return ""
    if not all(map(_is_known, root.iter())):
        return ""
    return _with_source(root, latex)


def _is_known(element: ElementTree.Element) -> bool:
    """Whether an element is one of mathematics, and no command was left in it as it was."""
    namespace, _, name = element.tag.rpartition("}")
    text = element.text or ""
    is_plain = "\\" not in text and text not in ("&", "{", "}")
    return (
        namespace.strip("{") == _NAMESPACE
        and name in _ELEMENTS
        and is_plain
        and _ATTRIBUTES.issuperset(element.attrib)
    )


def _with_source(root: ElementTree.Element, latex: str) -> str:
    """The formula with its LaTeX as an annotation, which browsers do not show."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if element.tag == "mi" and element.text in (_STAND_INS["<"], _STAND_INS[">"]):
            element.tag = "mo"
        element.text = element.text.translate(_RESTORED) if element.text else element.text
    root.set("xmlns", _NAMESPACE)
    semantics = ElementTree.Element("semantics")
    row = ElementTree.SubElement(semantics, "mrow")
    row.extend(list(root))
    annotation = ElementTree.SubElement(semantics, "annotation", encoding="application/x-tex")
    annotation.text = latex
    root[:] = [semantics]
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
