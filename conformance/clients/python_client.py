"""The official Python client (frappe-client) doing a day's work against a demo server."""
import os
import sys

from frappeclient import FrappeClient

url, token, password = os.environ["FREDDO_URL"], os.environ["FREDDO_TOKEN"], os.environ["FREDDO_PASSWORD"]


def expect(what, got, want):
    if got != want:
        sys.exit(f"python client, {sys.argv[1]}: {what}: got {got!r}, want {want!r}")


def work(client):
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
    value = client.get_value("Customer", "territory", {"name": name})
    expect("get_value", value, {"territory": "Lyon"})
    order = client.insert({"doctype": "Sales Order", "customer": name, "items": [
        {"item_code": "ITEM-001", "qty": 5, "rate": 100}, {"item_code": "ITEM-002", "qty": 2, "rate": 250}]})
    expect("total of the order", order["grand_total"], 1000.0)
    # client.submit() of this release sends an argument name that v14 and later no longer
    # know; submitting by docstatus is what integrations do.
    client.update({"doctype": "Sales Order", "name": order["name"], "docstatus": 1})
    expect("submitted", client.get_doc("Sales Order", order["name"])["docstatus"], 1)
    client.cancel("Sales Order", order["name"])
    client.delete("Sales Order", order["name"])
    client.delete("Customer", name)
    expect("gone", client.get_list("Customer", filters={"name": name}), [])
    expect("rpc", client.get_api("frappe.auth.get_logged_user") != "", True)


key, secret = token.split(":")
if hasattr(FrappeClient, "authenticate"):
    tokened = FrappeClient(url)
    tokened.authenticate(key, secret)
    work(tokened)
session = FrappeClient(url, "Administrator", password)
work(session)
expect("who", session.get_api("frappe.auth.get_logged_user"), "Administrator")
session.logout()
print(f"python client, {sys.argv[1]}: ok")
