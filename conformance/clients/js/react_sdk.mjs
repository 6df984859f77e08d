// npm's frappe-react-sdk: its hooks in a React tree, with a key and with a session.
import { done, expect, fail, password, release, testing, token, url } from "./check.mjs";
import { window } from "./browser.mjs";
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const { createElement } = await import("react");
const { act, create } = await import("react-test-renderer");
const { default: sdk } = await import("frappe-react-sdk");

testing("frappe-react-sdk");
const provider = { url, enableSocket: false, swrConfig: { provider: () => new Map(), dedupingInterval: 0, shouldRetryOnError: false } };
const key = { tokenParams: { useToken: true, token: () => token, type: "token" } };

await documents();
await changes();
await calls();
await files();
await sessions();
done();

/** Renders a component that uses a hook; state() is what the hook gave last. */
async function mount(hook, more) {
  let last;
  const Probe = () => ((last = hook()), null);
  let tree;
  await act(async () => (tree = create(createElement(sdk.FrappeProvider, { ...provider, ...more }, createElement(Probe)))));
  return { state: () => last, unmount: () => act(async () => tree.unmount()) };
}

async function until(what, probe, good) {
  for (let i = 0; i < 500; i++) {
    if (good(probe.state())) return probe.state();
    await act(async () => new Promise((r) => setTimeout(r, 10)));
  }
  return fail(`${what}: ${JSON.stringify(probe.state())} after 5 s`);
}

/** What a reading hook says once it has loaded. */
async function loaded(what, hook, more = key) {
  const probe = await mount(hook, more);
  const s = await until(what, probe, (s) => !s.isLoading && (s.data !== undefined || s.error));
  await probe.unmount();
  return s;
}

/** Runs a writing hook's function and returns the hook's state after it. */
async function write(what, hook, run, more = key) {
  const probe = await mount(hook, more);
  let result, error;
  await act(async () => {
    try {
      result = await run(probe.state());
    } catch (e) {
      error = e;
    }
  });
  const state = probe.state();
  await probe.unmount();
  return { result, error, state };
}

async function documents() {
  const doc = await loaded("useFrappeGetDoc", () => sdk.useFrappeGetDoc("Customer", "CUST-001"));
  expect("useFrappeGetDoc", doc.data?.name, "CUST-001");
  const missing = await loaded("a document that is not there", () => sdk.useFrappeGetDoc("Customer", "nobody"));
  expect("its status", missing.error?.httpStatus, 404);
  const list = await loaded("useFrappeGetDocList", () =>
    sdk.useFrappeGetDocList("Customer", {
      fields: ["name"], filters: [["name", "in", ["CUST-001", "CUST-002"]]], limit: 5, limit_start: 0, orderBy: { field: "name", order: "desc" },
    }));
  expect("useFrappeGetDocList", list.data, [{ name: "CUST-002" }, { name: "CUST-001" }]);
  const count = await loaded("useFrappeGetDocCount", () => sdk.useFrappeGetDocCount("Customer", [["name", "in", ["CUST-001", "CUST-002"]]]));
  expect("useFrappeGetDocCount", count.data, 2);
}

async function changes() {
  const made = await write("useFrappeCreateDoc", () => sdk.useFrappeCreateDoc(), (h) => h.createDoc("Customer", { customer_name: "Réact Beans", territory: "Oslo" }));
  expect("useFrappeCreateDoc", [made.result?.customer_name, made.state.isCompleted, made.state.error], ["Réact Beans", true, null]);
  const name = made.result.name;
  const updated = await write("useFrappeUpdateDoc", () => sdk.useFrappeUpdateDoc(), (h) => h.updateDoc("Customer", name, { territory: "Bergen" }));
  expect("useFrappeUpdateDoc", updated.result?.territory, "Bergen");
  const invalid = await write("an update that is refused", () => sdk.useFrappeUpdateDoc(), (h) => h.updateDoc("Customer", name, { customer_name: "" }));
  expect("its status", [invalid.error?.httpStatus, invalid.state.error?.httpStatus], [417, 417]);
  const found = await loaded("useSearch", () => sdk.useSearch("Customer", name, [], 5, 0));
  expect("useSearch", found.data?.message?.[0]?.value ?? found.data?.results?.[0]?.value, name);
  const deleted = await write("useFrappeDeleteDoc", () => sdk.useFrappeDeleteDoc(), (h) => h.deleteDoc("Customer", name));
  expect("useFrappeDeleteDoc", [deleted.result?.message ?? deleted.result?.data, deleted.state.isCompleted], ["ok", true]);
}

async function calls() {
  const arguments_ = { doctype: "Customer", fieldname: "name", filters: { name: "CUST-001" } };
  const got = await loaded("useFrappeGetCall", () => sdk.useFrappeGetCall("frappe.client.get_value", arguments_));
  expect("useFrappeGetCall", got.data?.message, { name: "CUST-001" });
  const posted = await write("useFrappePostCall", () => sdk.useFrappePostCall("frappe.client.get_value"), (h) => h.call(arguments_));
  expect("useFrappePostCall", [posted.result?.message, posted.state.result?.message], [{ name: "CUST-001" }, { name: "CUST-001" }]);
  const put = await write("useFrappePutCall", () => sdk.useFrappePutCall("frappe.client.get_value"), (h) => h.call(arguments_));
  expect("useFrappePutCall", put.result?.message, { name: "CUST-001" });
  const gone = await write("useFrappeDeleteCall", () => sdk.useFrappeDeleteCall("frappe.client.get_count"), (h) => h.call({ doctype: "Customer" }));
  expect("useFrappeDeleteCall", gone.result?.message > 0, true);
}

async function files() {
  const file = new window.File(["react\n"], "react.txt", { type: "text/plain" });
  const sent = await write("useFrappeFileUpload", () => sdk.useFrappeFileUpload(), (h) => h.upload(file, { isPrivate: true, doctype: "Customer", docname: "CUST-001" }));
  expect("useFrappeFileUpload", [sent.result?.attached_to_name, sent.result?.file_size, sent.state.isCompleted], ["CUST-001", 6, true]);
  await write("deleting the file", () => sdk.useFrappeDeleteDoc(), (h) => h.deleteDoc("File", sent.result.name));
}

async function sessions() {
  const probe = await mount(() => sdk.useFrappeAuth(), {});
  await until("a guest", probe, (s) => s.isLoading === false);
  expect("a guest's user", probe.state().currentUser ?? null, null);
  const wrong = await act(async () => probe.state().login({ username: "Administrator", password: "wrong" }).catch((e) => e));
  expect("a wrong password", wrong.httpStatus, 401);
  await act(async () => probe.state().login({ username: "Administrator", password }));
  await until("useFrappeAuth", probe, (s) => s.currentUser === "Administrator");
  const role = await write("a session writes", () => sdk.useFrappeCreateDoc(), (h) => h.createDoc("Role", { role_name: `Hook ${release}` }), {});
  expect("what it wrote", role.result?.name, `Hook ${release}`);
  await write("a session deletes", () => sdk.useFrappeDeleteDoc(), (h) => h.deleteDoc("Role", role.result.name), {});
  await act(async () => probe.state().logout());
  await until("logout", probe, (s) => !s.currentUser);
  await probe.unmount();
}
