"""What the Python clients' scripts share."""
import os
import sys

url, token, password = os.environ["FREDDO_URL"], os.environ["FREDDO_TOKEN"], os.environ["FREDDO_PASSWORD"]
release = sys.argv[1]
client = "client"


def testing(name):
    global client
    client = name


def fail(text):
    sys.exit(f"{client}, {release}: {text}")


def expect(what, got, want):
    if got != want:
        fail(f"{what}: got {got!r}, want {want!r}")


def refused(what, error, call):
    """Expects a call to raise an error of a class and returns it."""
    try:
        got = call()
    except error as e:
        return e
    fail(f"{what}: got {got!r}, want {error.__name__}")


def done():
    print(f"{client}, {release}: ok")
