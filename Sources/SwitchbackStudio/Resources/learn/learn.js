// The page /learn. Every number comes from the engine; the modules only draw.

import { readHike, redrawHike, startHike } from "./hike.js";
import { redrawSpiral, startSpiral } from "./spiral.js";
import { redrawWalk, startWalk } from "./walk.js";
import { startWords, t } from "./words.js";

const problem = document.getElementById("problem");

function failed(error) {
  problem.hidden = false;
  problem.firstElementChild.textContent = t("problem", { sentence: error.message });
}

function succeeded() { problem.hidden = true; }

await startWords(() => {
  redrawWalk();
  redrawHike();
  redrawSpiral();
});
startHike(failed);
await startWalk(() => readHike().then(succeeded, failed), failed);
await startSpiral(failed);
