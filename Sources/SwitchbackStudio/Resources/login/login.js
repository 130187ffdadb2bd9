// The page /login: the token of a studio that other machines can reach.

import { ask } from "/frame/ask.js";
import { find } from "/frame/drawing.js";
import { failed, startPage } from "/frame/frame.js";

await startPage();
find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/api/v1/session", { token: find("token").value.trim() });
    location.href = "/";
  } catch (error) {
    failed(error);
  }
});
