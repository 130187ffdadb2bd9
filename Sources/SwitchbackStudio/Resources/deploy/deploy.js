// The page /deploy: endpoints that serve a run, and the code that calls them.

import { ask, get, runPath, talks } from "/frame/ask.js";
import { copyButton } from "/frame/copy.js";
import { find, html, link } from "/frame/drawing.js";
import { failed, startPage, succeeded } from "/frame/frame.js";
import { jobButtons, stateTag } from "/frame/jobs.js";
import { t } from "/frame/words.js";

const SECONDS = 2;
let shown = "", language = "curl";

function examples(endpoint) {
  const code = html("pre", ""), tabs = html("div", "seg");
  code.tabIndex = 0;
  const choose = () => {
    const example = endpoint.examples.find((example) => example.language === language) ?? endpoint.examples[0];
    code.textContent = example.code;
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", tab.textContent === example.language);
  };
  for (const { language: name } of endpoint.examples) {
    const tab = html("button", "", name);
    tab.type = "button";
    tab.addEventListener("click", () => {
      language = name;
      choose();
    });
    tabs.append(tab);
  }
  choose();
  const copy = copyButton(t("train.copy"), () => code.textContent);
  return [html("div", "row between wrap", tabs, copy), html("div", "code", code)];
}

function pair(name, text) {
  return [html("dt", "", name), html("dd", "mono", text)];
}

function card(endpoint) {
  const { job, address, key } = endpoint;
  const actions = html("div", "actions", ...jobButtons(job, refresh, failed));
  if (job.arguments.some((word) => word.startsWith("--keep-requests="))) {
    actions.prepend(link(t("frame.watch"), `/watch?run=${encodeURIComponent(job.run)}`, "btn sm"));
  }
  const body = html("div", "in stack");
  if (job.complaint) body.append(html("p", "bad", job.complaint));
  if (address) {
    body.append(html("dl", "kv", ...pair(t("deploy.address"), address), ...pair(t("deploy.key"), key)), ...examples(endpoint));
    body.append(html("div", "actions", copyButton(t("deploy.copyKey"), () => key)));
  } else if (job.state === "running") body.append(html("p", "muted", t("deploy.starting")));
  const made = html("section", "card", html("header", "", html("h2", "", job.run), stateTag(job.state), actions));
  if (body.childElementCount) made.append(body);
  return made;
}

async function refresh() {
  try {
    const { endpoints } = await get("/api/v1/endpoints");
    const state = JSON.stringify([endpoints, document.documentElement.lang]);
    if (state !== shown) {
      shown = state;
      find("endpoints").replaceChildren(...endpoints.map(card));
    }
    succeeded();
  } catch (error) {
    failed(error);
  }
}

function linkFiles() {
  const run = `/api/v1/runs/${runPath(find("run").value)}`;
  for (const id of ["files", "keeping"]) find(id).hidden = talks(find("run").value);
  find("weights").href = `${run}/weights`;
  find("onnx").href = `${run}/onnx`;
}

async function showRuns() {
  const usable = (await get("/api/v1/runs")).runs.filter((run) => run.canServe);
  find("none").hidden = usable.length > 0;
  find("new").hidden = usable.length === 0;
  find("run").replaceChildren(...usable.map((run) => new Option(run.id)));
  const asked = new URLSearchParams(location.search).get("run");
  if (usable.some((run) => run.id === asked)) find("run").value = asked;
  if (usable.length) linkFiles();
}

await startPage(refresh);
find("run").addEventListener("change", linkFiles);
find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/api/v1/endpoints", { run: find("run").value, keeps: find("keep").checked });
    await refresh();
  } catch (error) {
    failed(error);
  }
});
try {
  await showRuns();
} catch (error) {
  failed(error);
}
setInterval(() => { if (!document.hidden) refresh(); }, SECONDS * 1000);
await refresh();
