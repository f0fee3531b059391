// The page of a server: a file is sent as a job, and its pages are asked for as they are read.
const main = document.querySelector("main");
const drop = document.getElementById("drop");
const chooser = document.getElementById("file");
const asking = document.getElementById("asking");
const stopButton = document.getElementById("stop");
const wholeButton = document.getElementById("whole");
const summary = document.getElementById("summary");
const bar = document.getElementById("bar");
let job = null; // its address, while it is read and after
let turns = 0; // files that were sent: what belongs to an earlier one is left alone

/** Asks the server; a refusal becomes an error with its message. */
async function ask(address, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(address, { ...options, headers });
  if (answer.ok) return answer;
  if (answer.status === 401) asking.hidden = false;
  const { error } = await answer.json();
  throw Object.assign(new Error(error.message), { hint: error.hint });
}

async function send(file) {
  const turn = ++turns;
  if (job) ask(job, { method: "DELETE" }).catch(() => {});
  job = null;
  for (const old of main.querySelectorAll(".page, .note")) old.remove();
  Object.assign(document.body.dataset, { name: file.name.replace(/\.[^.]*$/, ""), source: file.name });
  document.title = document.querySelector("h1").textContent = file.name;
  wholeButton.hidden = true;
  summary.textContent = said.textContent = "sending";
  bar.hidden = false;
  bar.removeAttribute("value"); // until it is known how many pages there are
  try {
    const body = new FormData();
    body.append("file", file);
    body.append("format", "report");
    const { id } = await (await ask("/v1/jobs", { method: "POST", body })).json();
    if (turn !== turns) return;
    job = `/v1/jobs/${id}`;
    drop.classList.add("small");
    stopButton.hidden = false;
    const end = await follow(turn);
    if (turn === turns) tell(end);
  } catch (error) {
    if (turn === turns) note(error);
  }
  if (turn === turns) stopButton.hidden = bar.hidden = true;
}

const counted = (count, name = "page") => `${count} ${name}${count === 1 ? "" : "s"}`;

/** Follows the events of the job to its end; returns its last state. */
async function follow(turn) {
  const reader = (await ask(`${job}/events`)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let state = {};
  let arrived = 0;
  while (turn === turns) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    const data = lines.filter((line) => line.startsWith("data: ")).pop();
    if (!data) continue;
    state = JSON.parse(data.slice(6));
    const turned = state.state === "waiting" ? "waiting for its turn" : "reading";
    if (said.textContent !== turned) said.textContent = turned;
    summary.textContent = state.pages ? `${state.read} of ${counted(state.pages)}` : "";
    if (state.pages) [bar.max, bar.value] = [state.pages, state.read];
    if (state.read > arrived) arrived = await take(arrived, turn);
  }
  if (turn === turns && state.read > arrived) await take(arrived, turn);
  return state;
}

/** Puts the pages that have come in their places. */
async function take(after, turn) {
  const { arrived, pages } = await (await ask(`${job}/pages?after=${after}`)).json();
  if (turn !== turns) return arrived;
  for (const { number, html } of pages) {
    const next = [...main.querySelectorAll("[data-n]")].find((one) => +one.dataset.n > number);
    if (next) next.insertAdjacentHTML("beforebegin", html);
    else main.insertAdjacentHTML("beforeend", html);
  }
  refresh();
  record();
  return arrived;
}

function tell(state) {
  if (state.state === "done") {
    const count = doubts.length;
    summary.textContent = `${counted(state.pages)}, ${counted(words.length, "word")}, ${count} doubtful`;
    said.textContent = "all is read";
    wholeButton.hidden = false;
  } else note(state.error || { message: state.state });
}

function note({ message, hint }) {
  const place = document.createElement("div");
  place.className = "note";
  place.setAttribute("role", "alert");
  for (const line of [message, hint].filter(Boolean)) {
    place.append(Object.assign(document.createElement("p"), { textContent: line }));
  }
  drop.after(place);
  summary.textContent = said.textContent = "";
}

async function saveWhole() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await ask(`${job}/result`)).blob());
  link.download = `${document.body.dataset.name}.report.html`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
});
chooser.addEventListener("change", () => { if (chooser.files.length) send(chooser.files[0]); });
asking.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", document.getElementById("token").value.trim());
  asking.hidden = true;
  if (chooser.files.length) send(chooser.files[0]);
});
stopButton.addEventListener("click", () => { if (job) ask(job, { method: "DELETE" }).catch(() => {}); });
wholeButton.addEventListener("click", () => saveWhole().catch(note));
