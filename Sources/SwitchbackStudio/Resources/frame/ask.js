// Requests to the studio.

import { t } from "./words.js";

/** The value of an answer, if it has one. A problem is thrown with its sentence, its status and all that was answered. */
async function value(response) {
  if (response.status === 204) return null;
  const answer = await response.json();
  // A studio that other machines can reach asks for its token.
  if (response.status === 401 && location.pathname !== "/login") location.href = "/login";
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error?.message ?? response.statusText), { status: response.status, answer });
}

/** Sends a request. That the studio was stopped is said in words of its own: browsers only say that fetching failed. */
export async function send(address, options) {
  try {
    return await value(await fetch(address, options));
  } catch (error) {
    throw error instanceof TypeError ? new Error(t("frame.lost")) : error;
  }
}

export const get = (address) => send(address);

/** Sends JSON, and answers with JSON. */
export const ask = (address, body = {}) => send(address, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

/** The address of a run, whose name has two parts: `TASK/NAME`. */
export const runPath = (id) => id.split("/").map(encodeURIComponent).join("/");

/** Whether a run's model writes texts, `TalkRoutes.tasks`; others look at images or read sentences. */
export const talks = (id) => /^(text|chat|prefer)\//.test(id);
