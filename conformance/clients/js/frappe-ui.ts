// What of frappe-ui talks to the server; its components need a build of their own.
export * from "frappe-ui/src/resources/index.ts";
export * from "frappe-ui/src/data-fetching/index.ts";
export { frappeRequest } from "frappe-ui/src/utils/frappeRequest.js";
export { default as call } from "frappe-ui/src/utils/call.js";
export { setConfig } from "frappe-ui/src/utils/config.ts";
