"use strict";
// Each player shows one tile of a sheet of frames; a second sheet, fetched when it is asked for, is amplified.
for (const player of document.querySelectorAll(".player")) {
  const frames = player.dataset.frames.split(" "), columns = Number(player.dataset.columns);
  const tile = player.querySelector(".tile"), [plain, more] = tile.querySelectorAll("img");
  const play = player.querySelector(".play"), gain = player.querySelector(".gain");
  const range = player.querySelector("input"), said = player.querySelector("output");
  const name = play.getAttribute("aria-label").slice("Play ".length);
  let timer = 0;
  const call = (text) => { play.textContent = text; play.setAttribute("aria-label", `${text} ${name}`); };
  const show = () => {
    const at = Number(range.value), text = `frame ${frames[at]} (${at + 1} of ${frames.length})`;
    tile.style.setProperty("--k", at % columns);
    tile.style.setProperty("--l", Math.floor(at / columns));
    said.textContent = text;
    range.setAttribute("aria-valuetext", text);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    call("Play");
  };
  const start = () => {
    // A micro-expression lasts half a second at most: three seconds a round show it slowly.
    timer = setInterval(() => { range.value = (Number(range.value) + 1) % frames.length; show(); }, Math.max(40, 3000 / frames.length));
    call("Stop");
  };
  play.addEventListener("click", () => (timer ? stop() : start()));
  range.addEventListener("input", () => { stop(); show(); });
  gain.addEventListener("click", () => {
    const on = more.hidden;
    if (!more.hasAttribute("src")) more.src = more.dataset.src;
    more.hidden = !on;
    plain.hidden = on;
    gain.setAttribute("aria-pressed", String(on));
  });
  player.querySelector(".controls").hidden = false;
  show();
}
