// The denoising again, from the record of each block: masked, proposed, committed, step by step.
const replay = document.getElementById("replay");
const slider = replay.querySelector("input");
const MASK = "\u2591";
let records = [];
let playing = 0;

/** A token after a step: proposals are those of the steps before the one that committed it. */
function tokenAt([text, step, proposed], now) {
  const shown = document.createElement("span");
  const proposal = proposed[now - step + proposed.length];
  const isCommitted = step <= now;
  shown.textContent = isCommitted ? text : proposal || MASK.repeat(text.length || 1);
  shown.className = isCommitted ? (step === now && now ? "new" : "") : proposal ? "proposed" : "masked";
  return shown;
}

function show(now) {
  const isOver = now >= +slider.max;
  for (const { place, tokens } of records) {
    place.hidden = isOver;
    place.previousElementSibling.hidden = !isOver;
    if (!isOver) place.replaceChildren(...tokens.map((token) => tokenAt(token, now)));
  }
  slider.value = now;
  replay.querySelector("output").textContent = isOver ? "" : `step ${now} of ${slider.max}`;
}

function play() {
  clearInterval(playing);
  let now = 0;
  show(now);
  playing = setInterval(() => {
    show(++now);
    if (now >= +slider.max) clearInterval(playing);
  }, 450);
}

/** Takes the records of the pages that are there. */
function record() {
  records = [...document.querySelectorAll(".replay")].map((place) => (
    { place, tokens: JSON.parse(place.dataset.tokens) }));
  const last = Math.max(0, ...records.flatMap((one) => one.tokens.map((token) => token[1])));
  replay.hidden = !last;
  slider.max = last + 1;
  slider.value = slider.max;
}

slider.addEventListener("input", () => { clearInterval(playing); show(+slider.value); });
replay.querySelector("button").addEventListener("click", play);
record();
