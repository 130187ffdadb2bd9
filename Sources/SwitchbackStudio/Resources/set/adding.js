// Adding images: dropped or chosen, sent one after another, with a report.

import { api } from "/data/parts.js";
import { send } from "/frame/ask.js";
import { find, html } from "/frame/drawing.js";
import { t } from "/frame/words.js";

const ENDINGS = /\.(jpe?g|jfif|png|webp|tiff?|bmp|gif|heic|heif|avif|zip|asf|avi|m4v|mkv|mov|mp4|mpe?g|ts|webm|wmv)$/i;
const AT_ONCE = 3;

/** The files in what was dropped, also those of folders. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  async function walk(entry) {
    if (entry.isFile) {
      found.push(await new Promise((done, fail) => entry.file(done, fail)));
    } else {
      const reader = entry.createReader();
      for (;;) {
        const inner = await new Promise((done, fail) => reader.readEntries(done, fail));
        if (!inner.length) break;
        for (const one of inner) await walk(one);
      }
    }
  }
  for (const entry of entries) await walk(entry);
  return found;
}

/** Lets files be added in the dialog; `done` is called when some were. */
export function startAdding(data, done) {
  const drop = find("drop");
  let isStopped = false;
  let isBusy = false;

  function show(report, files, at) {
    find("progress-bar").style.width = `${100 * at / Math.max(1, files.length)}%`;
    find("progress-words").textContent = t("set.sent", { at: at, count: files.length });
    find("report-words").textContent = t("set.report", {
      added: report.added, known: report.known, objects: report.objects,
      problems: report.problems.length,
    });
    const classes = report.newClasses.map((name) => t("set.newclass", { name }));
    find("report-sentences").replaceChildren(
      ...[...classes, ...report.problems, ...report.remarks].slice(0, 500).map((sentence) => html("li", "", sentence)));
  }

  async function add(all) {
    const files = all.filter((file) => ENDINGS.test(file.name));
    if (!all.length || isBusy) return;
    [isBusy, isStopped] = [true, false];
    const report = { added: 0, known: 0, objects: 0, newClasses: [], problems: [], remarks: [] };
    // Alone they would say nothing: which image they are about, an archive tells.
    if (files.length < all.length) report.problems.push(t("set.others", { count: all.length - files.length }));
    find("progress").hidden = find("report").hidden = false;
    let [next, at] = [0, 0];
    show(report, files, 0);
    async function work() {
      while (next < files.length && !isStopped) {
        const file = files[next++];
        const query = new URLSearchParams({ name: file.name, split: find("split").value, every: find("every").value });
        if (data().kind === "classes") query.set("class", find("class").value);
        try {
          const answer = await send(`${api()}/files?${query}`, {
            method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file,
          });
          for (const key of ["added", "known", "objects"]) report[key] += answer[key];
          for (const key of ["newClasses", "problems", "remarks"]) report[key].push(...answer[key]);
        } catch (error) {
          report.problems.push(`${file.name}: ${error.message}`);
        }
        show(report, files, ++at);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    isBusy = false;
    find("progress").hidden = true;
    await done();
  }

  find("choose").addEventListener("click", () => find("files").click());
  find("files").addEventListener("change", () => { add([...find("files").files]); });
  find("stop").addEventListener("click", () => { isStopped = true; });
  // What is dropped anywhere on the page is meant for it, not to be opened instead of it.
  addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  addEventListener("dragleave", () => drop.classList.remove("over"));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!find("adding").open) find("adding").showModal();
    add(await filesOf(event.dataTransfer));
  });
}
