// The camera of this computer, tried: a frame goes to the model when the answer to the one before is there.

import { find, html } from "/frame/drawing.js";
import { t } from "/frame/words.js";

const MILLISECONDS = 50;
let stream = null;

function show() {
  find("webcam").textContent = t(stream ? "try.webcam.stop" : "try.webcam");
  find("webcam").setAttribute("aria-pressed", Boolean(stream));
}

export function stopWebcam() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  show();
}

async function frame(video) {
  const canvas = html("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

/** Makes the button work; `look` sends a frame to the model and ends when that has answered. */
export function startWebcam(look, failed) {
  find("webcam").addEventListener("click", async () => {
    if (stream) return stopWebcam();
    try {
      // Browsers give a camera only to pages of this machine and of HTTPS.
      if (!navigator.mediaDevices) throw new Error("HTTPS");
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
    } catch (error) {
      failed(new Error(t("try.webcam.none", { sentence: error.message })));
      return;
    }
    show();
    const video = html("video"), own = stream;
    Object.assign(video, { srcObject: own, muted: true, playsInline: true });
    await video.play();
    while (stream === own) {
      if (!document.hidden && video.videoWidth) await look(await frame(video));
      await new Promise((done) => setTimeout(done, MILLISECONDS));
    }
  });
}
