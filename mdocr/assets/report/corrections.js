"use strict";
// Corrections as the CSV that `mdocr train --corrections` takes (mdocr/document/corrections.py).
const COLUMNS = ["picture", "text", "confidence", "correction", "source", "page", "bbox", "angle"];

/** A cell; one that a spreadsheet would run as a formula is quoted as text. */
function cellOf(value) {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(rows) {
  const lines = rows.map((row) => COLUMNS.map((name) => cellOf(String(row[name] ?? ""))).join(","));
  return `\ufeff${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/** Gives the browser a file to save. */
function save(name, rows) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Asks before unsaved corrections are left behind. */
let unsaved = false;
addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
