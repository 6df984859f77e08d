"""The official Python client (frappe-client): a day's work with an API key, then with a session."""
import contextlib
import io

from frappeclient import FrappeClient
from frappeclient.frappeclient import AuthError, FrappeException

from check import done, expect, password, refused, release, testing, token, url


def documents(client):
    doc = client.insert({"doctype": "Customer", "customer_name": "Python & Söhne", "territory": "Lyon"})
    name = doc["name"]
    expect("name of the new customer", name.startswith("CUST-"), True)
    expect("default", doc["customer_group"], "Standard")
    read = client.get_doc("Customer", name)
    expect("read", read["customer_name"], "Python & Söhne")
    read["customer_group"] = "Premium"
    client.update(read)
    expect("updated", client.get_doc("Customer", name)["customer_group"], "Premium")
    rows = client.get_list("Customer", fields=["name", "customer_group"], filters={"name": name})
    expect("list", rows, [{"name": name, "customer_group": "Premium"}])
    everything = client.get_list("Customer", filters={"name": name})
    expect("list of all fields", everything[0]["territory"], "Lyon")
    page = client.get_list("Customer", fields=["name"], limit_start=1, limit_page_length=2, order_by="name asc")
    expect("second page", len(page), 2)
    expect("get_value", client.get_value("Customer", "territory", {"name": name}), {"territory": "Lyon"})
    expect("set_value", client.set_value("Customer", name, "territory", "Nice")["territory"], "Nice")
    bulk = client.bulk_update([{"doctype": "Customer", "docname": name, "territory": "Lille"}])
    expect("bulk_update", bulk, {"failed_docs": []})
    expect("after bulk_update", client.get_doc("Customer", name)["territory"], "Lille")
    # A 404 carries no traceback, which is all that this client takes for an error.
    expect("a document that is not there", client.get_doc("Customer", "nobody"), None)
    refused("no mandatory field", FrappeException, lambda: client.insert({"doctype": "Customer", "territory": "Lyon"}))
    return name


def orders(client, customer):
    order = client.insert({"doctype": "Sales Order", "customer": customer, "items": [
        {"item_code": "ITEM-001", "qty": 5, "rate": 100}, {"item_code": "ITEM-002", "qty": 2, "rate": 250}]})
    expect("total of the order", order["grand_total"], 1000.0)
    # submit() of this client sends an argument that no release since v13 knows, and is
    # answered with an error page, for it asks for no JSON. Its users submit by docstatus
    # or through post_request.
    with contextlib.redirect_stdout(io.StringIO()):
        refused("submit()", ValueError, lambda: client.submit(dict(order)))
    submitted = client.post_request({"cmd": "frappe.client.submit", "doc": order})
    expect("submitted", (submitted["docstatus"], submitted["status"]), (1, "To Deliver"))
    client.cancel("Sales Order", order["name"])
    expect("cancelled", client.get_doc("Sales Order", order["name"])["docstatus"], 2)
    client.delete("Sales Order", order["name"])
    second = client.insert({"doctype": "Sales Order", "customer": customer, "items": [{"item_code": "ITEM-001", "qty": 1}]})
    client.update({"doctype": "Sales Order", "name": second["name"], "docstatus": 1})
    expect("submitted by docstatus", client.get_doc("Sales Order", second["name"])["docstatus"], 1)
    client.update({"doctype": "Sales Order", "name": second["name"], "docstatus": 2})
    client.delete("Sales Order", second["name"])


def files(client, customer):
    sent = client.session.post(client.url + "/api/method/upload_file", files={"file": ("naïve note.txt", b"note\n", "text/plain")},
                               data={"is_private": 1, "doctype": "Customer", "docname": customer})
    doc = client.post_process(sent)
    expect("upload", (doc["is_private"], doc["attached_to_name"], doc["file_size"]), (1, customer, 5))
    expect("download", client.session.get(client.url + doc["file_url"]).content, b"note\n")
    attached = client.get_list("File", fields=["name"], filters={"attached_to_doctype": "Customer", "attached_to_name": customer})
    expect("attachments", attached, [{"name": doc["name"]}])
    client.delete("File", doc["name"])


def methods(client, user, customer):
    expect("get_api", client.get_api("frappe.auth.get_logged_user"), user)
    query = {"doctype": "Customer", "fieldname": "territory", "filters": customer}
    expect("get_api with arguments", client.get_api("frappe.client.get_value", query), {"territory": "Lille"})
    expect("post_api", client.post_api("frappe.client.get_value", query), {"territory": "Lille"})
    expect("get_count", client.get_api("frappe.client.get_count", {"doctype": "Customer", "filters": '{"name": "%s"}' % customer}), 1)


def work(client, user):
    customer = documents(client)
    orders(client, customer)
    files(client, customer)
    methods(client, user, customer)
    client.delete("Customer", customer)
    expect("gone", client.get_list("Customer", filters={"name": customer}), [])


testing("frappe-client")
key, secret = token.split(":")
work(FrappeClient(url, api_key=key, api_secret=secret), "demo@example.com")

refused("a wrong password", AuthError, lambda: FrappeClient(url, "Administrator", "wrong"))
session = FrappeClient(url, "Administrator", password)
work(session, "Administrator")
role = session.insert({"doctype": "Role", "role_name": "Roaster"})
expect("rename", session.rename_doc("Role", role["name"], "Chief Roaster"), "Chief Roaster")
expect("renamed", session.get_list("Role", fields=["name"], filters={"name": ["like", "%Roaster"]}), [{"name": "Chief Roaster"}])
session.delete("Role", "Chief Roaster")
session.logout()
# The client logs out by GET, which v16 refuses (recorded: the session goes on).
status = session.session.get(url + "/api/method/frappe.auth.get_logged_user").status_code
expect("the session after logout", status, 200 if release == "v16" else 403)
done()
