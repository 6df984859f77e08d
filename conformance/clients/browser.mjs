// A browser for clients that expect one: happy-dom's window at the server's address,
// with cookies, its globals set before the client is imported.
import { Window } from "happy-dom";
import { url } from "./check.mjs";

export const window = new Window({ url: `${url}/app` });
const names = ["document", "location", "XMLHttpRequest", "FormData", "File", "Blob", "Headers", "Event", "localStorage"];
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
globalThis.fetch = (input, init) => window.fetch(input, init);
globalThis.window = window;
