// A language model that is tried: what one writes to it, and what it writes, word by word.

import { runPath } from "/frame/ask.js";
import { find, html } from "/frame/drawing.js";
import { t } from "/frame/words.js";

// The conversation until now, as the model gets it.
let messages = [], writing = null;

export function clearTalk() {
  writing?.abort();
  messages = [];
  find("turns").replaceChildren();
}

function turn(className, text) {
  const made = html("p", className, text);
  find("turns").append(made);
  made.scrollIntoView({ block: "nearest" });
  return made;
}

/** The pieces of an answer, as they come. */
async function* pieces(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const answer = JSON.parse(data);
      if (answer.error) throw new Error(answer.error.message);
      const choice = answer.choices[0];
      yield choice?.delta?.content ?? choice?.text ?? "";
    }
  }
}

function body(isChat, text) {
  const options = { stream: true, temperature: Number(find("temperature").value), max_tokens: Number(find("tokens").value) };
  if (!isChat) return { prompt: text, ...options };
  messages.push({ role: "user", content: text });
  return { messages, ...options };
}

async function write(id, text) {
  const isChat = id.startsWith("chat/");
  turn("own", text);
  const answer = turn("model", isChat ? "" : text);
  writing = new AbortController();
  try {
    const response = await fetch(`/api/v1/talk/${runPath(id)}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body(isChat, text)), signal: writing.signal });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const piece of pieces(response)) answer.textContent += piece;
  } catch (error) {
    if (error.name !== "AbortError") {
      if (isChat) messages.pop();
      throw error;
    }
  } finally {
    writing = null;
  }
  if (isChat) messages.push({ role: "assistant", content: answer.textContent });
}

/** Makes the form work; `chosen` gives the run. */
export function startTalk(chosen, failed) {
  const form = find("ask"), field = find("message"), button = find("send");
  async function submit(event) {
    event.preventDefault();
    if (writing) return writing.abort();
    const text = field.value;
    if (!text.trim()) return;
    button.textContent = t("jobs.stop");
    try {
      const done = write(chosen(), text);
      field.value = "";
      await done;
    } catch (error) {
      failed(error);
    }
    button.textContent = t("try.send");
  }
  form.addEventListener("submit", submit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
}
