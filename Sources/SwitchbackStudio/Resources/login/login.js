// The page /login: the token of a studio that other machines can reach.

import { ask } from "/frame/ask.js";
import { failed, startPage } from "/frame/frame.js";

await startPage();
document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/api/v1/session", { token: document.getElementById("token").value.trim() });
    location.href = "/";
  } catch (error) {
    failed(error);
  }
});
