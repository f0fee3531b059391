// The sheet: a line counts as corrected once its field was changed, or left with Enter.
const sheet = document.querySelector("main.review");
const lines = [...sheet.querySelectorAll(".line")];
const fields = lines.map((line) => line.querySelector("input"));
const button = document.getElementById("save");

function mark(field, isRight) {
  const line = field.closest(".line");
  line.classList.toggle("corrected", isRight || field.value !== field.defaultValue);
  const count = sheet.querySelectorAll(".corrected").length;
  unsaved = count > 0;
  button.disabled = !count;
  document.getElementById("said").textContent = `${count} of ${lines.length} corrected`;
}

/** The row of a line; data attributes hold its cells as the CSV has them. */
function rowOf(line) {
  const row = {};
  for (const name of COLUMNS) row[name] = line.dataset[name];
  row.correction = line.classList.contains("corrected") ? line.querySelector("input").value : "";
  return row;
}

sheet.addEventListener("input", (event) => mark(event.target, false));
sheet.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  mark(event.target, true);
  const next = fields[fields.indexOf(event.target) + 1];
  if (next) next.focus();
});
button.addEventListener("click", () => {
  save(sheet.dataset.name, lines.map(rowOf));
  unsaved = false;
});
if (fields.length) fields[0].focus();
