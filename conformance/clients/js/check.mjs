// What the JavaScript clients' scripts share.
import { isDeepStrictEqual } from "node:util";

export const { FREDDO_URL: url, FREDDO_TOKEN: token, FREDDO_PASSWORD: password } = process.env;
export const release = process.argv[2];
export const v2 = release !== "v14"; // v14 has no /api/v2

let client = "client";
export function testing(name) {
  client = name;
}

export function fail(text) {
  console.error(`${client}, ${release}: ${text}`);
  process.exit(1);
}

export function expect(what, got, want) {
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(got ?? null)), want ?? null)) {
    fail(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

/** Expects a promise to be refused and returns the error. */
export async function refused(what, promise) {
  let value;
  try {
    value = await promise;
  } catch (e) {
    return e;
  }
  return fail(`${what}: got ${JSON.stringify(value)}, want an error`);
}

export function done() {
  console.log(`${client}, ${release}: ok`);
  process.exit(0);
}

/** Sends a request as Administrator and returns the answer's JSON. */
let cookie;
export async function admin(verb, path, body) {
  if (!cookie) {
    const login = await fetch(`${url}/api/method/login`, { method: "POST", body: new URLSearchParams({ usr: "Administrator", pwd: password }) });
    cookie = cookieOf(login);
  }
  const answer = await fetch(url + path, {
    method: verb, headers: { cookie, "content-type": "application/json" }, body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) fail(`${verb} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** The cookies of a login as a header. */
export function cookieOf(answer) {
  return answer.headers.getSetCookie().map((c) => c.split(";")[0]).join("; ");
}
