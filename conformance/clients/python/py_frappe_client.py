"""Zerodha's client (py-frappe-client): methods, pages and documents with a key and with a session."""
from frappe_client.frappe_client import FrappeRequest
from frappe_client.frappe_exceptions import GeneralException

from check import done, expect, password, refused, testing, token, url


def work(client, user):
    expect("get", client.get("frappe.auth.get_logged_user"), {"message": user})
    doc = {"doctype": "Customer", "customer_name": "Zürich Beans", "territory": "Zürich"}
    made = client.post("frappe.client.insert", json={"doc": doc})["message"]
    name = made["name"]
    expect("post of JSON", made["customer_group"], "Standard")
    form = {"doctype": "Customer", "name": name, "fieldname": "territory", "value": "Bern"}
    expect("post of a form", client.post("frappe.client.set_value", data=form)["message"]["territory"], "Bern")
    expect("get_doc", client.get_doc("Customer", name)["data"]["territory"], "Bern")
    rows = client.get_doc("Customer", filters=[["name", "=", name]], fields=["name", "territory"], limit_page_length=5, order_by="name asc")
    expect("get_doc as a list", rows, {"data": [{"name": name, "territory": "Bern"}]})
    pages = list(client.get_doc("Customer", fields=["name"], limit_page_length=7, order_by="name asc", pagination=True))
    names = [row["name"] for page in pages for row in page["data"]]
    count = client.get("frappe.client.get_count", params={"doctype": "Customer"})["message"]
    expect("pages", (len(names), len(set(names)), len(pages) > 1), (count, count, True))
    missing = client.get_doc("Customer", "nobody")
    expect("a document that is not there", "DoesNotExistError" in (missing.get("exc_type") or missing.get("exception")), True)
    client.post("frappe.client.delete", json={"doctype": "Customer", "name": name})
    expect("deleted", client.get_doc("Customer", filters=[["name", "=", name]]), {"data": []})


testing("py-frappe-client")
key, secret = token.split(":")
work(FrappeRequest(url, api_key=key, api_secret=secret, headers={"Accept": "application/json"}), "demo@example.com")

refused("a wrong password", GeneralException, lambda: FrappeRequest(url, "Administrator", "wrong"))
seen = []
session = FrappeRequest(url, "Administrator", password, callback=seen.append)
work(session, "Administrator")
expect("the session's cookies", seen[0]["user_id"], "Administrator")
again = FrappeRequest(url, "Administrator", password, session_data=seen[0])
expect("the same session from its cookies", again.get("frappe.auth.get_logged_user"), {"message": "Administrator"})
# After the end of the session the client is answered 403 and logs in once more by itself.
session.post("logout")
expect("a session that ended", session.get("frappe.auth.get_logged_user"), {"message": "Administrator"})
expect("the new login", len(seen), 2)
done()
