// Requests to the studio.

/** The value of an answer. A problem is thrown with the sentence that it says. */
async function value(response) {
  const value = await response.json();
  if (!response.ok) throw Object.assign(new Error(value.error?.message ?? response.statusText), { status: response.status });
  return value;
}

export async function get(address) { return value(await fetch(address)); }

/** Sends JSON, and answers with JSON. */
export async function ask(address, body = {}) {
  return value(await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }));
}

/** The address of a run, whose name has two parts: `TASK/NAME`. */
export const runPath = (id) => id.split("/").map(encodeURIComponent).join("/");
