// What of frappe-ui talks to the server; its components need a build of their own.
export * from "./node_modules/frappe-ui/src/resources/index.ts";
export * from "./node_modules/frappe-ui/src/data-fetching/index.ts";
export { frappeRequest } from "./node_modules/frappe-ui/src/utils/frappeRequest.js";
export { default as call } from "./node_modules/frappe-ui/src/utils/call.js";
export { setConfig } from "./node_modules/frappe-ui/src/utils/config.ts";
