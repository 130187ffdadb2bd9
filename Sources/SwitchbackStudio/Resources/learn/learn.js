// The page /learn. Every number comes from the engine; the modules only draw.

import { failed, startPage, succeeded } from "/frame/frame.js";
import { readHike, redrawHike, startHike } from "./hike.js";
import { redrawSpiral, startSpiral } from "./spiral.js";
import { redrawWalk, startWalk } from "./walk.js";

await startPage(() => {
  redrawWalk();
  redrawHike();
  redrawSpiral();
});
startHike(failed);
await startWalk(() => readHike().then(succeeded, failed), failed);
await startSpiral(failed);
