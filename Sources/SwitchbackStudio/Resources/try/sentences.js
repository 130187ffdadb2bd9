// A model that judges or translates sentences, tried.

import { ask, runPath } from "/frame/ask.js";
import { find, html } from "/frame/drawing.js";
import { percent, t } from "/frame/words.js";

const MOST = 20;

function line(text, answer) {
  const bar = html("i", ""), track = html("div", "bar", bar);
  bar.style.width = `${100 * (answer.probability ?? 0)}%`;
  const said = answer.translation === undefined
    ? [html("span", "strong", answer.class), html("span", "num", percent(answer.probability)), track]
    : [html("span", "strong", answer.translation)];
  return html("li", "guess", html("p", "muted whole", text), ...said);
}

/** What the form says for a run: judging or translating. */
export function showSentenceForm(run) {
  find("sentence-go").textContent = t(run.startsWith("translate/") ? "try.translate" : "try.judge");
  find("sentence-answers").replaceChildren();
}

/** Makes the form work; `chosen` gives the run. */
export function startSentences(chosen, failed) {
  const field = find("sentence"), go = find("sentence-go");
  async function submit(event) {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || go.disabled) return;
    go.disabled = true;
    try {
      const answer = await ask(`/api/v1/sentences/${runPath(chosen())}`, { text });
      find("sentence-answers").prepend(line(text, answer));
      [...find("sentence-answers").children].slice(MOST).forEach((old) => old.remove());
      field.value = "";
    } catch (error) {
      failed(error);
    }
    go.disabled = false;
    field.focus();
  }
  find("sentence-form").addEventListener("submit", submit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
}
