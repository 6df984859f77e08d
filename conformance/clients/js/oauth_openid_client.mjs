// npm's openid-client: discovery, authorization code with PKCE, refresh, userinfo,
// introspection, revocation and, in v16, dynamic registration, in strict mode.
import { randomUUID } from "node:crypto";
import * as oidc from "openid-client";
import { FrappeApp } from "frappe-js-sdk";
import { admin, cookieOf, done, expect, fail, refused, release, testing, url } from "./check.mjs";

testing("openid-client");
const callback = "https://client.example/callback";
const email = `js-${randomUUID().slice(0, 8)}@example.com`;
const secretOfUser = "Kestrel-42-harbour";
await admin("POST", "/api/resource/User", {
  email, first_name: "Olga", last_name: "Pace", send_welcome_email: 0, new_password: secretOfUser, roles: [{ role: "Desk User" }],
});
const cookie = cookieOf(await fetch(`${url}/api/method/login`, { method: "POST", body: new URLSearchParams({ usr: email, pwd: secretOfUser }) }));

const base = {
  app_name: "openid-client", scopes: "all openid", redirect_uris: callback, default_redirect_uri: callback,
  grant_type: "Authorization Code", response_type: "Code",
};
const registered = (await admin("POST", "/api/resource/OAuth Client", base)).data;
await flow("secret in the header", registered.client_id, registered.client_secret, oidc.ClientSecretBasic(registered.client_secret));
const posting = (await admin("POST", "/api/resource/OAuth Client", { ...base, ...authMethod("Client Secret Post") })).data;
await flow("secret in the body", posting.client_id, posting.client_secret, oidc.ClientSecretPost(posting.client_secret));
const open = (await admin("POST", "/api/resource/OAuth Client", { ...base, ...authMethod("None") })).data;
await flow("public client", open.client_id, undefined, oidc.None());
await denial();
if (release === "v16") await registration();
done();

function authMethod(method) {
  return release === "v16" ? { token_endpoint_auth_method: method } : {};
}

/**
 * Up to v15 discovery is a method: v14 has no well-known address and v15 redirects from
 * it, which this library does not follow. v16 answers at both well-known addresses.
 */
async function discover(id, metadata, auth, algorithm = "oidc") {
  const options = { execute: [oidc.allowInsecureRequests], algorithm };
  if (release === "v16") return oidc.discovery(new URL(url), id, metadata, auth, options);
  const server = await (await fetch(`${url}/api/method/frappe.integrations.oauth2.openid_configuration`)).json();
  const config = new oidc.Configuration(server, id, metadata, auth);
  oidc.allowInsecureRequests(config);
  return config;
}

async function flow(name, id, secret, auth) {
  const config = await discover(id, { client_secret: secret, id_token_signed_response_alg: "HS256" }, auth);
  expect(`${name}: issuer`, config.serverMetadata().issuer, url);
  // HS256 id_tokens are signed with the secret, which a public client has not.
  const scope = secret ? "openid all" : "all";
  const wrong = await authorize(config, scope);
  const error = await refused(`${name}: another verifier`, oidc.authorizationCodeGrant(config, wrong.back, { ...wrong.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }));
  expect(`${name}: its error`, error.error, "invalid_grant");
  const { back, checks } = await authorize(config, scope);
  const tokens = await oidc.authorizationCodeGrant(config, back, checks);
  expect(`${name}: tokens`, [tokens.token_type, tokens.scope, tokens.expires_in], ["bearer", scope, 3600]);
  if (secret) {
    const claims = tokens.claims();
    expect(`${name}: id_token`, [claims.email, claims.name, claims.aud], [email, "Olga Pace", id]);
    const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    expect(`${name}: userinfo`, [info.sub, info.email, info.given_name], [claims.sub, email, "Olga"]);
    const told = await oidc.tokenIntrospection(config, tokens.access_token);
    expect(`${name}: introspection`, [told.active, told.client_id], [true, id]);
  }
  await whoami(`${name}: the token`, config, tokens.access_token, email);
  const sdk = new FrappeApp(url, { useToken: true, token: () => tokens.access_token, type: "Bearer" });
  expect(`${name}: frappe-js-sdk with the token`, await sdk.auth().getLoggedInUser(), email);
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  await whoami(`${name}: the new token`, config, fresh.access_token, email);
  await whoami(`${name}: the old token`, config, tokens.access_token, 401);
  await oidc.tokenRevocation(config, fresh.access_token, { token_type_hint: "access_token" });
  await whoami(`${name}: a revoked token`, config, fresh.access_token, 401);
  const spent = await refused(`${name}: a refresh token that comes twice`, oidc.refreshTokenGrant(config, tokens.refresh_token));
  expect(`${name}: its error`, spent.error, "invalid_grant");
}

/** Asks for a code as the user, through the consent page. */
async function authorize(config, scope) {
  const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState() };
  const parameters = {
    redirect_uri: callback, scope, state: checks.expectedState, code_challenge_method: "S256",
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
  };
  if (scope.includes("openid")) parameters.nonce = checks.expectedNonce = oidc.randomNonce();
  const address = oidc.buildAuthorizationUrl(config, parameters);
  return { back: await consent(address), checks };
}

/** Opens an authorization address as the user. */
async function openPage(address) {
  const page = await fetch(address, { headers: { cookie }, redirect: "manual" });
  return { page, text: await page.text() };
}

async function consent(address) {
  const { page, text } = await openPage(address);
  const action = /<form method="post" action="([^"]*)">/.exec(text);
  if (page.status !== 200 || !action) fail(`consent page: ${page.status} ${text}`);
  const form = new URLSearchParams();
  for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) form.append(unescape(name), unescape(value));
  const answer = await fetch(url + action[1], { method: "POST", headers: { cookie }, body: form, redirect: "manual" });
  const back = answer.headers.get("location") ?? "";
  if (answer.status !== 302 || !back.startsWith(`${callback}?`)) fail(`approve: ${answer.status} ${back} ${await answer.text()}`);
  return new URL(back);
}

function unescape(text) {
  const entities = { "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'", "&amp;": "&" };
  return text.replace(/&(lt|gt|#34|#39|amp);/g, (e) => entities[e]);
}

async function whoami(what, config, token, want) {
  // v16 says WWW-Authenticate with a 401, which the library throws.
  const answer = await oidc.fetchProtectedResource(config, token, new URL(`${url}/api/method/frappe.auth.get_logged_user`), "GET").catch((e) => e);
  if (answer.status !== 200) return expect(what, answer.status ?? String(answer), want);
  return expect(what, (await answer.json()).message, want);
}

/** The page's Deny leads back to the client with an error. */
async function denial() {
  const config = await discover(posting.client_id, { client_secret: posting.client_secret }, oidc.ClientSecretPost(posting.client_secret));
  const expectedState = oidc.randomState();
  const { text } = await openPage(oidc.buildAuthorizationUrl(config, { redirect_uri: callback, scope: "all", state: expectedState }));
  const back = new URL(unescape(/<a href="([^"]*)">Deny/.exec(text)?.[1] ?? fail(text)));
  const error = await refused("a user who denies", oidc.authorizationCodeGrant(config, back, { expectedState }));
  expect("its error", error.error, "access_denied");
}

/** A client that registers itself, finds the server by RFC 8414 and holds no secret. */
async function registration() {
  const options = { execute: [oidc.allowInsecureRequests], algorithm: "oauth2" };
  const asked = { client_name: "openid-client", redirect_uris: [callback], token_endpoint_auth_method: "none", scope: "all" };
  const config = await oidc.dynamicClientRegistration(new URL(url), asked, oidc.None(), options);
  const known = config.clientMetadata();
  expect("registration", [known.client_name, known.redirect_uris, known.client_secret ?? null], ["openid-client", [callback], null]);
  const { back, checks } = await authorize(config, "all");
  const tokens = await oidc.authorizationCodeGrant(config, back, checks);
  await whoami("registration: the token", config, tokens.access_token, email);
}
