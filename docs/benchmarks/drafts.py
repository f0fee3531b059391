r"""How many words are right in a list of readings, without it, and when it is verified.

    python docs/benchmarks/drafts.py FOLDER READ.tsv

``FOLDER`` has ``labels.tsv`` (``path<TAB>text``, paths from the folder); ``READ.tsv`` is what
another reader has read of the same pictures. Tesseract makes one so:

    cut -f1 FOLDER/labels.tsv | while read -r name; do
        text=$(tesseract "FOLDER/$name" - --psm 8 2>/dev/null | tr -d '\f\t\n')
        printf '%s\t%s\n' "FOLDER/$name" "$text"
    done > READ.tsv

Characters that the model cannot write, such as spaces, are taken out of the readings.
"""

import sys
from pathlib import Path

import mdocr
from mdocr.evaluation.words import score, writable
from mdocr.inputs.draft_list import read_drafts
from mdocr.inputs.labelled import open_collection


def main(folder: Path, file: Path) -> None:
    """Prints a table of the three."""
    labels = open_collection("folder", folder)
    reader = mdocr.load_recognizer()
    rows = labels.rows
    paths = [str(path) for path, _ in rows]
    drafts, _ = read_drafts(file, paths)
    known = [number for number, draft in enumerate(drafts) if draft is not None]
    paths, true = [paths[n] for n in known], [rows[n][1] for n in known]
    texts = [writable(drafts[n], reader.engine.charset)[:25] for n in known]
    alone = [word.text for word in reader.recognize(paths)]
    verified = reader.recognize(paths, draft=texts)
    print(f"{len(paths)} words, {sum(not word.is_changed for word in verified)} as drafted\n")
    print("| | right | with case | in all characters |\n|---|---|---|---|")
    readings = {"draft": texts, "model": alone, "verified": [word.text for word in verified]}
    for name, read in readings.items():
        found = score(zip(read, true, strict=True))
        shares = (found.accuracy, found.case_sensitive, found.exact)
        print(f"| {name} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
