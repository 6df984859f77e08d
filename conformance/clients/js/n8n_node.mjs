// n8n's ERPNext node from its package (n8n-nodes-base), in an execution context of our
// own that sends its requests as n8n's core does.
import { createRequire } from "node:module";
import { admin, done, expect, refused, release, testing, url } from "./check.mjs";

testing("n8n ERPNext node");
const require = createRequire(import.meta.url);
const { ERPNext } = require("n8n-nodes-base/dist/nodes/ERPNext/ERPNext.node.js");
const { ERPNextApi } = require("n8n-nodes-base/dist/credentials/ERPNextApi.credentials.js");
const node = new ERPNext();

const keys = (await admin("POST", "/api/method/frappe.core.doctype.user.user.generate_keys", { user: "Administrator" })).message;
const apiKey = keys.api_key ?? (await admin("GET", "/api/resource/User/Administrator")).data.api_key;
const credentials = { apiKey, apiSecret: keys.api_secret, environment: "selfHosted", domain: url, allowUnauthorizedCerts: false };

const made = await run("create", { docType: "Customer", properties: properties({ customer_name: "n8n Beans", territory: "Berlin" }) });
expect("create", [made[0].json.customer_name, made[0].json.customer_group], ["n8n Beans", "Standard"]);
const name = made[0].json.name;
expect("get", (await run("get", { docType: "Customer", documentName: name }))[0].json.territory, "Berlin");
const updated = await run("update", { docType: "Customer", documentName: name, properties: properties({ territory: "Leipzig" }) });
expect("update", updated[0].json.territory, "Leipzig");

const filters = { customProperty: [{ field: "name", operator: "is", value: name }, { field: "territory", operator: "isNot", value: "Berlin" }] };
const found = await run("getAll", { docType: "Customer", returnAll: false, limit: 5, options: { fields: ["name", "territory"], filters } });
expect("getAll with filters", found.map((i) => i.json), [{ name, territory: "Leipzig" }]);
const two = await run("getAll", { docType: "Customer", returnAll: false, limit: 2, options: { fields: ["*"] } });
expect("getAll with a limit and all fields", [two.length, "territory" in two[0].json], [2, true]);
const all = await run("getAll", { docType: "Customer", returnAll: true, options: {} });
const count = (await admin("GET", "/api/method/frappe.client.get_count?doctype=Customer")).message;
expect("getAll of all", [all.length, Object.keys(all[0].json)], [count, ["name"]]);
// The node writes a DocType's name as it stands in an address.
const orders = await run("getAll", { docType: encodeURI("Sales Order"), returnAll: false, limit: 3, options: {} });
expect("getAll of a DocType with a blank in its name", orders.length, 3);

expect("delete", (await run("delete", { docType: "Customer", documentName: name }))[0].json, release === "v14" ? { message: "ok" } : { data: "ok" });
const missing = await refused("get of what is gone", run("get", { docType: "Customer", documentName: name }));
expect("its status", missing.statusCode, 404);
const invalid = await refused("create without a mandatory field", run("create", { docType: "Customer", properties: properties({ territory: "Berlin" }) }));
expect("its status", invalid.statusCode, 417);

const docTypes = await node.methods.loadOptions.getDocTypes.call(context({}));
expect("the list of DocTypes", docTypes.find((d) => d.name === "Sales Order"), { name: "Sales Order", value: "Sales%20Order" });
const fields = await node.methods.loadOptions.getDocFields.call(context({ docType: "Customer" }));
expect("the list of fields", fields.find((f) => f.value === "territory"), { name: "Territory", value: "territory" });
const choices = await node.methods.loadOptions.getDocFilters.call(context({ docType: "Sales%20Order" }));
expect("the list of filters", choices.some((f) => f.value === "*") && choices.some((f) => f.value === "customer"), true);
const test = new ERPNextApi().test;
const who = await send({ method: "GET", uri: url + test.request.url, headers: {} });
expect("the test of the credentials", who.message, "Administrator");
done();

function properties(values) {
  return { customProperty: Object.entries(values).map(([field, value]) => ({ field, value })) };
}

async function run(operation, parameters) {
  return (await node.execute.call(context({ resource: "document", operation, ...parameters })))[0];
}

/** What n8n gives a node: its parameters, its credentials, helpers. */
function context(parameters) {
  return {
    getInputData: () => [{ json: {} }],
    getNode: () => ({ name: "ERPNext", type: "n8n-nodes-base.erpNext" }),
    getNodeParameter: (key) => parameters[key],
    getCurrentNodeParameter: (key) => parameters[key],
    getCredentials: async () => credentials,
    helpers: {
      requestWithAuthentication: async (_, options) => send(options),
      returnJsonArray: (data) => [data ?? []].flat().map((json) => ({ json })),
      constructExecutionMetaData: (items, { itemData }) => items.map((i) => ({ ...i, pairedItem: itemData })),
    },
  };
}

/** A request as n8n's core sends it: the credential's header, JSON both ways, an error with the status. */
async function send({ method, uri, qs, body, headers }) {
  const { Authorization } = new ERPNextApi().authenticate.properties.headers;
  const header = Authorization.slice(1).replace(/\{\{\$credentials\.(\w+)\}\}/g, (_, key) => credentials[key]);
  const address = qs ? `${uri}?${new URLSearchParams(qs)}` : uri;
  const answer = await fetch(address, { method, headers: { ...headers, Authorization: header }, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(`${answer.status} - ${text}`), { statusCode: answer.status });
  return JSON.parse(text);
}
