// A browser for clients that expect one: happy-dom's window at the server's address,
// with cookies, its globals set before the client is imported.
import { Window } from "happy-dom";
import { url } from "./check.mjs";

export const window = new Window({ url: `${url}/app` });
const names = ["document", "location", "XMLHttpRequest", "FormData", "File", "Blob", "Headers", "Event", "localStorage"];
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
globalThis.fetch = async (input, init) => {
  const answer = await window.fetch(input, init); // sends and keeps the cookies
  const body = await answer.arrayBuffer();
  // Node's Response instead of happy-dom's, whose clones are empty.
  return new Response(body.byteLength ? body : null, { status: answer.status, headers: [...answer.headers] });
};
globalThis.window = window;
