// npm's frappe-js-sdk: a day's work with an API key, then as a browser with cookies.
import { admin, done, expect, fail, password, refused, release, testing, token, url } from "./check.mjs";
import { window } from "./browser.mjs";
const { FrappeApp } = await import("frappe-js-sdk");

testing("frappe-js-sdk");
const app = new FrappeApp(url, { useToken: true, token: () => token, type: "token" });
const db = app.db();
const made = await db.createDoc("Customer", { customer_name: "Naïve Beans", territory: "Oslo" });
await documents();
await methods();
await orders();
await files();
await sessions();
done();

async function documents() {
  expect("default", made.customer_group, "Standard");
  expect("read", (await db.getDoc("Customer", made.name)).customer_name, "Naïve Beans");
  expect("updated", (await db.updateDoc("Customer", made.name, { customer_group: "Wholesale" })).customer_group, "Wholesale");
  const rows = await db.getDocList("Customer", {
    fields: ["name", "territory"], filters: [["name", "=", made.name]], limit: 5, orderBy: { field: "name", order: "asc" },
  });
  expect("list", rows, [{ name: made.name, territory: "Oslo" }]);
  const either = await db.getDocList("Customer", {
    fields: ["name"], orFilters: [["name", "=", made.name], ["name", "=", "CUST-001"]], orderBy: { field: "name", order: "asc" },
  });
  expect("list with or_filters", either.map((r) => r.name), ["CUST-001", made.name].sort());
  const page = await db.getDocList("Customer", { fields: ["name"], limit: 2, limit_start: 1, orderBy: { field: "name" } });
  expect("second page", page.length, 2);
  const tuples = await db.getDocList("Customer", { fields: ["name", "territory"], filters: [["name", "=", made.name]], asDict: false });
  expect("list of lists", tuples, [[made.name, "Oslo"]]);
  const groups = await db.getDocList("Customer", { fields: ["customer_group"], filters: [["name", "=", made.name]], groupBy: "customer_group" });
  expect("group_by", groups, [{ customer_group: "Wholesale" }]);
  expect("list without arguments", (await db.getDocList("Customer")).length > 0, true);
  expect("count", await db.getCount("Customer", [["name", "=", made.name]]), 1);
  expect("count without filters", (await db.getCount("Customer")) > 1, true);
  const last = await db.getLastDoc("Customer", { filters: [["name", "=", made.name]], orderBy: { field: "creation", order: "desc" } });
  expect("last doc", last.name, made.name);
  expect("no last doc", await db.getLastDoc("Customer", { filters: [["name", "=", "nobody"]] }), {});
  expect("get_value", (await db.getValue("Customer", ["territory"], [["name", "=", made.name]])).message, { territory: "Oslo" });
  expect("set_value", (await db.setValue("Customer", made.name, "territory", "Bergen")).message.territory, "Bergen");
  expect("set_value of several", (await db.setValue("Customer", made.name, { territory: "Oslo", customer_group: "Premium" })).message.customer_group, "Premium");
  const missing = await refused("a document that is not there", db.getDoc("Customer", "nobody / nowhere"));
  expect("its status", missing.httpStatus, 404);
  expect("its class", /DoesNotExistError/.test(missing.exc_type ?? missing.exception), true);
  const invalid = await refused("a document without its mandatory field", db.createDoc("Customer", { territory: "Oslo" }));
  expect("its status", invalid.httpStatus, 417);
  expect("its message", /Customer Name/.test(JSON.parse(invalid._server_messages)[0]), true);
}

async function methods() {
  expect("call get", (await app.call().get("frappe.auth.get_logged_user")).message, "demo@example.com");
  const value = await app.call().get("frappe.client.get_value", { doctype: "Customer", filters: { name: made.name }, fieldname: ["territory"] });
  expect("call get with arguments", value.message, { territory: "Oslo" });
  const posted = await app.call().post("frappe.client.get_value", { doctype: "Customer", filters: made.name, fieldname: "territory" });
  expect("call post", posted.message, { territory: "Oslo" });
  const put = await app.call().put("frappe.client.get_value", { doctype: "Customer", filters: made.name, fieldname: "territory" }).catch((e) => e);
  const deleted = await app.call().delete("frappe.client.get_value", { doctype: "Customer", filters: made.name, fieldname: "territory" }).catch((e) => e);
  expect("call put", put.message, { territory: "Oslo" });
  expect("call delete", deleted.message, { territory: "Oslo" });
  const unknown = await refused("a method that is not there", app.call().get("frappe.client.no_such_method"));
  expect("an unknown method fails", unknown.httpStatus >= 400, true);
}

async function orders() {
  const order = await db.createDoc("Sales Order", { customer: made.name, items: [{ item_code: "ITEM-001", qty: 5, rate: 100 }] });
  expect("total", order.grand_total, 500);
  const submitted = await db.submit(order);
  expect("submit", [submitted.docstatus, submitted.status], [1, "To Deliver"]);
  const again = await refused("a change of a submitted order", db.updateDoc("Sales Order", order.name, { customer: "CUST-001" }));
  expect("its class", /UpdateAfterSubmitError/.test(again.exc_type ?? again.exception), true);
  expect("cancel", (await db.cancel("Sales Order", order.name)).message.docstatus, 2);
  await db.deleteDoc("Sales Order", order.name);
}

async function files() {
  const file = new window.File(["naïve\n"], "note of the day.txt", { type: "text/plain" });
  let progress = 0;
  const sent = await app.file().uploadFile(file, { isPrivate: true, folder: "Home", doctype: "Customer", docname: made.name }, (n) => (progress = n));
  const doc = sent.data.message;
  expect("upload", [doc.is_private, doc.attached_to_doctype, doc.attached_to_name, doc.file_size], [1, "Customer", made.name, 7]);
  expect("upload's address", doc.file_url.startsWith("/private/files/"), true);
  const back = await fetch(url + doc.file_url, { headers: { Authorization: `token ${token}` } });
  expect("download", [back.status, await back.text()], [200, "naïve\n"]);
  expect("upload's document", (await db.getDoc("File", doc.name)).file_name, doc.file_name);
  await db.deleteDoc("File", doc.name);
  const gone = await db.deleteDoc("Customer", made.name);
  expect("delete", release === "v14" ? gone.message : gone.data, "ok");
  expect("deleted", await db.getCount("Customer", [["name", "=", made.name]]), 0);
}

async function sessions() {
  const session = new FrappeApp(url);
  const auth = session.auth();
  const wrong = await refused("a wrong password", auth.loginWithUsernamePassword({ username: "Administrator", password: "wrong" }));
  expect("status of a wrong password", [wrong.httpStatus, wrong.message], [401, "Invalid login credentials"]);
  const guest = await refused("a guest's question", auth.getLoggedInUser());
  expect("status of a guest", [401, 403].includes(guest.httpStatus), true);
  const login = await auth.loginWithUsernamePassword({ username: "Administrator", password });
  expect("login", [login.message, login.full_name], ["Logged In", "Administrator"]);
  expect("who", await auth.getLoggedInUser(), "Administrator");
  if (!window.document.cookie.includes("user_id=Administrator")) fail(`cookies: ${window.document.cookie}`);
  const settings = await session.db().getDoc("System Settings", "System Settings");
  expect("a Single", settings.doctype, "System Settings");
  expect("get_single_value", (await session.db().getSingleValue("System Settings", "time_zone")).message, settings.time_zone);
  // The demo has no e-mail account to send the link from.
  const reset = await refused("a reset of the password", auth.forgetPassword("demo@example.com"));
  expect("its class", reset.exc_type, "OutgoingEmailError");
  const member = await session.db().createDoc("Role", { role_name: "Taster" });
  expect("rename", (await session.db().renameDoc("Role", member.name, "Chief Taster")).message, "Chief Taster");
  await session.db().deleteDoc("Role", "Chief Taster");
  await crossSite(session.db());
  await auth.logout();
  const gone = await refused("the session after logout", auth.getLoggedInUser());
  expect("its status", [401, 403].includes(gone.httpStatus), true);
}

/** A session that was given a CSRF token, by a page it opened, must send it with what it writes. */
async function crossSite(db) {
  const client = (await admin("POST", "/api/resource/OAuth Client", {
    app_name: "SDK", redirect_uris: "https://client.example/", default_redirect_uri: "https://client.example/", scopes: "all",
    grant_type: "Authorization Code", response_type: "Code",
  })).data;
  const query = new URLSearchParams({ client_id: client.name, response_type: "code", redirect_uri: "https://client.example/", scope: "all" });
  const page = await (await globalThis.fetch(`${url}/api/method/frappe.integrations.oauth2.authorize?${query}`)).text();
  const csrf = /name="csrf_token" value="([^"]+)"/.exec(page)?.[1];
  if (!csrf) fail(`no CSRF token in ${page}`);
  const forged = await refused("a write without the CSRF token", db.createDoc("Role", { role_name: "Forged" }));
  expect("its class", [forged.httpStatus, /CSRFTokenError/.test(forged.exc_type ?? forged.exception)], [400, true]);
  expect("a read without it", (await db.getDoc("OAuth Client", client.name)).app_name, "SDK");
  window.csrf_token = "wrong";
  expect("a wrong token", (await refused("a wrong CSRF token", db.deleteDoc("OAuth Client", client.name))).httpStatus, 400);
  window.csrf_token = csrf;
  await db.deleteDoc("OAuth Client", client.name);
}
