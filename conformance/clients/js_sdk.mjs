// npm's frappe-js-sdk doing a day's work against a demo server.
import { FrappeApp } from "frappe-js-sdk";

const { FREDDO_URL: url, FREDDO_TOKEN: token, FREDDO_PASSWORD: password } = process.env;
const release = process.argv[2];

function expect(what, got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    console.error(`js sdk, ${release}: ${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    process.exit(1);
  }
}

const app = new FrappeApp(url, { useToken: true, token: () => token, type: "token" });
const db = app.db();
const made = await db.createDoc("Customer", { customer_name: "Naïve Beans", territory: "Oslo" });
expect("default", made.customer_group, "Standard");
expect("read", (await db.getDoc("Customer", made.name)).customer_name, "Naïve Beans");
const updated = await db.updateDoc("Customer", made.name, { customer_group: "Wholesale" });
expect("updated", updated.customer_group, "Wholesale");
const rows = await db.getDocList("Customer", {
  fields: ["name", "territory"], filters: [["name", "=", made.name]], limit: 5, orderBy: { field: "name", order: "asc" },
});
expect("list", rows, [{ name: made.name, territory: "Oslo" }]);
expect("count", await db.getCount("Customer", [["name", "=", made.name]]), 1);
expect("last doc", (await db.getLastDoc("Customer", { filters: [["name", "=", made.name]], orderBy: { field: "creation", order: "desc" } })).name, made.name);
const who = await app.call().get("frappe.auth.get_logged_user");
expect("rpc", who.message, "demo@example.com");
const value = await app.call().post("frappe.client.get_value", { doctype: "Customer", filters: made.name, fieldname: "territory" });
expect("rpc with arguments", value.message, { territory: "Oslo" });
expect("delete", (await db.deleteDoc("Customer", made.name)).message ?? "ok", "ok");
try {
  await db.getDoc("Customer", made.name);
  expect("a deleted document", "found", "an error");
} catch (e) {
  expect("status of a deleted document", e.httpStatus, 404);
}

// Login by session: Node keeps no cookies, so the answer is what is checked.
const session = new FrappeApp(url);
const login = await session.auth().loginWithUsernamePassword({ username: "Administrator", password });
expect("login", login.message, "Logged In");
try {
  await session.auth().loginWithUsernamePassword({ username: "Administrator", password: "wrong" });
  expect("wrong password", "accepted", "an error");
} catch (e) {
  expect("status of a wrong password", e.httpStatus, 401);
}
console.log(`js sdk, ${release}: ok`);
process.exit(0);
