// Posts JSON and reads the answer; {ok: false} without data when the server did not answer.
export async function send(url, body) {
  const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) };
  try {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    return { ok: answer.ok, data: isJson ? await answer.json() : null };
  } catch {
    return { ok: false, data: null };
  }
}
