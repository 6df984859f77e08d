"""Authlib: discovery, authorization code with PKCE, refresh, userinfo, introspection and
revocation against a server in strict mode, logged in and consenting as a user does."""
import hashlib
import html
import os
import re
import time
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlparse

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the server under test speaks plain HTTP
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import OctKey

from check import done, expect, fail, password, refused, release, testing, url

CALLBACK = "https://client.example/callback"
PASSWORD = "Kestrel-42-harbour"


def login(user, pwd):
    browser = requests.Session()
    answer = browser.post(url + "/api/method/login", data={"usr": user, "pwd": pwd})
    expect(f"login of {user}", answer.status_code, 200)
    return browser


def create(browser, doctype, **values):
    answer = browser.post(f"{url}/api/resource/{doctype}", json=values)
    expect(f"creating a {doctype}", (answer.status_code, answer.text if answer.status_code != 200 else ""), (200, ""))
    return answer.json()["data"]


def consent(browser, address):
    """Sends the consent page's form; returns where the client is sent back to."""
    page = browser.get(address)
    action = re.search(r'<form method="post" action="([^"]*)">', page.text)
    if page.status_code != 200 or not action:
        fail(f"consent page: {page.status_code} {page.text}")
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    answer = browser.post(url + action[1], data=[(html.unescape(k), html.unescape(v)) for k, v in fields], allow_redirects=False)
    back = answer.headers.get("Location", "")
    if answer.status_code != 302 or not back.startswith(CALLBACK + "?"):
        fail(f"approve: {answer.status_code} {back} {answer.text}")
    return back


def discover():
    """The provider's description; up to v14 there is only the method, v15 redirects to it."""
    path = "/api/method/frappe.integrations.oauth2.openid_configuration" if release == "v14" else "/.well-known/openid-configuration"
    metadata = requests.get(url + path).json()
    expect("issuer", metadata["issuer"], url)
    if release == "v16":
        server = requests.get(url + "/.well-known/oauth-authorization-server").json()
        expect("RFC 8414", [server[k] == metadata[k] for k in ("issuer", "token_endpoint", "revocation_endpoint")], [True] * 3)
        expect("PKCE methods", server["code_challenge_methods_supported"], ["S256"])
        resource = requests.get(url + "/.well-known/oauth-protected-resource").json()
        expect("RFC 9728", resource["authorization_servers"], [url])
    return metadata


def flow(metadata, browser, email, client_id, secret, method):
    session = OAuth2Session(client_id, secret, scope="openid all", redirect_uri=CALLBACK, code_challenge_method="S256",
                            token_endpoint_auth_method=method)
    verifier, nonce = generate_token(48), generate_token(20)
    address, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    back = consent(browser, address)
    expect("state", parse_qs(urlparse(back).query)["state"], [state])
    refused("another verifier", OAuthError, lambda: session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=generate_token(48)))
    back = consent(browser, address)
    token = session.fetch_token(metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    expect("token", (token["token_type"], token["scope"], token["expires_in"]), ("Bearer", "openid all", 3600))
    if secret:
        decoded = jwt.decode(token["id_token"], OctKey.import_key(secret), algorithms=["HS256"])
        claims = CodeIDToken(decoded.claims, decoded.header,
                             {"iss": {"value": metadata["issuer"]}, "aud": {"value": client_id}},
                             {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]})
        claims.validate(now=int(time.time()))
        half = hashlib.sha256(token["access_token"].encode()).digest()[:16]
        expect("at_hash", claims["at_hash"], urlsafe_b64encode(half).rstrip(b"=").decode())
        expect("id_token", (claims["email"], claims["name"]), (email, "Olga Pace"))
        info = session.get(metadata["userinfo_endpoint"]).json()
        expect("userinfo", (info["sub"], info["email"]), (claims["sub"], email))
        told = session.introspect_token(metadata["introspection_endpoint"], token["access_token"]).json()
        expect("introspection", (told["active"], told["client_id"]), (True, client_id))
    old = token["access_token"]
    fresh = session.refresh_token(metadata["token_endpoint"])
    expect("refresh", fresh["access_token"] != old and fresh["refresh_token"] != token.get("refresh_token") or "same", True)
    whoami = url + "/api/method/frappe.auth.get_logged_user"
    expect("the new token", session.get(whoami).json(), {"message": email})
    expect("the old token", requests.get(whoami, headers={"Authorization": f"Bearer {old}"}).status_code, 401)
    expect("revocation", session.revoke_token(metadata["revocation_endpoint"], fresh["access_token"], "access_token").status_code, 200)
    expect("a revoked token", requests.get(whoami, headers={"Authorization": f"Bearer {fresh['access_token']}"}).status_code, 401)
    error = refused("a code that comes twice", OAuthError, lambda: session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier))
    expect("its error", error.error, "invalid_grant")


testing("authlib")
admin = login("Administrator", password)
email = f"authlib-{generate_token(8).lower()}@example.com"
create(admin, "User", email=email, first_name="Olga", last_name="Pace", send_welcome_email=0, new_password=PASSWORD,
       roles=[{"role": "Desk User"}])
user = login(email, PASSWORD)
metadata = discover()
base = {"app_name": "Authlib", "scopes": "all openid", "redirect_uris": CALLBACK, "default_redirect_uri": CALLBACK,
        "grant_type": "Authorization Code", "response_type": "Code"}
registered = create(admin, "OAuth Client", **base)
flow(metadata, user, email, registered["client_id"], registered["client_secret"], "client_secret_basic")
posting = create(admin, "OAuth Client", **base, **({"token_endpoint_auth_method": "Client Secret Post"} if release == "v16" else {}))
flow(metadata, user, email, posting["client_id"], posting["client_secret"], "client_secret_post")
public = create(admin, "OAuth Client", **base, **({"token_endpoint_auth_method": "None"} if release == "v16" else {}))
flow(metadata, user, email, public["client_id"], None, "none")
done()
