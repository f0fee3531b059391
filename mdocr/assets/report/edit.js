// A line is corrected where it stands: `e`, or two clicks on one of its words.
const saveButton = document.getElementById("save");
const corrected = () => [...document.querySelectorAll(".line.corrected")];

const textOf = (line) => [...line.querySelectorAll(".w")].map((word) => word.textContent).join(" ");

function edit(line) {
  if (!line || line.querySelector("input")) return;
  const before = document.activeElement;
  const field = document.createElement("input");
  field.className = "correction";
  field.value = line.dataset.now ?? textOf(line);
  field.setAttribute("aria-label", "What stands there");
  line.append(field);
  field.focus();
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // or the key would press the button that gets the focus back
    finishEdit(line, event.key === "Enter" ? field.value.trim() : null);
    before.focus({ preventScroll: true });
  });
}

/** Takes what was typed; null leaves the line as it is, and what was read withdraws it. */
function finishEdit(line, value) {
  line.querySelector("input").remove();
  if (value === null || !value) return;
  line.querySelector("ins")?.remove();
  const isNew = value !== textOf(line);
  line.classList.toggle("corrected", isNew);
  if (isNew) {
    line.dataset.now = value;
    const shown = document.createElement("ins");
    shown.textContent = value;
    line.append(shown);
  } else delete line.dataset.now;
  said.textContent = `${isNew ? "corrected" : "as it was read"}: ${value.slice(0, 40)}`;
  const count = corrected().length;
  unsaved = count > 0;
  saveButton.hidden = !count;
  saveButton.textContent = `Save ${count} correction${count === 1 ? "" : "s"}`;
  refresh();
  const about = document.getElementById("summary");
  about.textContent = about.textContent.replace(/\d+ doubtful/, `${doubts.length} doubtful`);
}

function rowOfLine(line) {
  const box = placeOf(line).map((edge) => +(edge / 1000).toFixed(5)).join(" ");
  return {
    text: textOf(line), correction: line.dataset.now, confidence: (line.dataset.c / 100).toFixed(3),
    source: document.body.dataset.source, page: pageOf(line).dataset.n, bbox: box,
    angle: line.dataset.a ?? 0,
  };
}

KEYS.e = () => edit(chosen?.closest(".line"));
correctButton.addEventListener("click", KEYS.e);
document.addEventListener("dblclick", (event) => edit(event.target.closest(".line")));
saveButton.addEventListener("click", () => {
  save(`${document.body.dataset.name}.corrections.csv`, corrected().map(rowOfLine));
  unsaved = false;
});
