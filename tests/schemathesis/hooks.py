"""Tells Schemathesis what the API document can't say: who calls, and which refusals are right.

`run` calls Schemathesis with these hooks. `SCHEMATHESIS_PERSONA` is `anonymous`, `customer` or
`admin`. `accepted.toml` lists the refusals of requests that the document allows, by operation and
problem code, and what stays after a DELETE.
"""

import hashlib
import json
import os
import re
import time
import tomllib
import unicodedata
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import requests
import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.generation import GenerationMode
from schemathesis.openapi.checks import (
    AuthScenario,
    IgnoredAuth,
    RejectedPositiveData,
    UseAfterFree,
)

API = os.environ["BODEGA_URL"]
MAIL = os.environ["BODEGA_MAIL_URL"]
PERSONA = os.environ["SCHEMATHESIS_PERSONA"]
PASSWORD = "a password of several words"
# Part of the emails, so that a shop takes several runs.
RUN = f"{time.time_ns():x}"
HERE = Path(__file__).parent
EXCEPTIONS = tomllib.loads((HERE / "accepted.toml").read_text())
ACCEPTED = EXCEPTIONS["accepted"]
STAYS = EXCEPTIONS["stays_after_delete"]
DOCUMENT = json.loads((HERE / "../../openapi.json").read_text())
# What shows something, as the document's pattern of a line says: anything, a visible character, anything.
VISIBLE = re.compile(
    re.fullmatch(
        r"\^\[[^]]*\]\*(\[[^]]*\])\[[^]]*\]\*\$",
        DOCUMENT["components"]["schemas"]["Name"]["pattern"],
    )[1]
)

# Each of these operations can end the caller's session or account: every call gets a new one.
NEEDS_NEW_CALLER = {"log_out", "delete_me", "change_password"}
# Each of these can do so to another user's.
CHANGES_USER = {"delete_user", "update_user"}


# The media types of rows, whose schema is a text.
ROWS = ("application/x-ndjson", "text/csv")


@schemathesis.serializer(*ROWS)
def rows(context, value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value)


def post(path, body, token=None):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(f"{API}{path}", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


class Registrations:
    """Pending registrations, each with the token of its mail. They are made many at a time,
    because a mail takes a moment."""

    AT_ONCE = 40

    def __init__(self):
        self.pending = deque()
        self.made = 0

    def take(self):
        if not self.pending:
            numbers = range(self.made, self.made + self.AT_ONCE)
            self.made += self.AT_ONCE
            emails = [f"{PERSONA}-{RUN}-{number}@example.com" for number in numbers]
            with ThreadPoolExecutor(4) as threads:
                self.pending.extend(threads.map(self.register, emails))
        return self.pending.popleft()

    @staticmethod
    def register(email):
        post("/auth/register", {"email": email, "password": PASSWORD, "name": "Ada"})
        until = time.monotonic() + 60
        while time.monotonic() < until:
            mails = requests.get(f"{MAIL}/mails", params={"to": email}, timeout=30).json()["data"]
            for mail in mails:
                if token := re.search(r"token=([\w-]+)", mail["text"]):
                    return token[1]
            time.sleep(0.2)
        raise TimeoutError(f"no mail to {email}")


registrations = Registrations()
DEMO_ADMIN = {"email": "admin@bodega.example", "password": "local-admin-password"}


def new_session():
    """Opens an account with the persona's role, and returns what a login returns."""
    token = registrations.take()
    session = post("/auth/verify-email", {"token": token, "password": PASSWORD})
    if PERSONA == "admin":
        promote(session["user"]["id"])
        # A change of role ends the tokens.
        session = post("/auth/login", {"email": session["user"]["email"], "password": PASSWORD})
    return session


def promote(user):
    answer = requests.patch(
        f"{API}/users/{user}",
        json={"role": "admin"},
        headers={"authorization": f"Bearer {demo_admin.token()}"},
        timeout=30,
    )
    answer.raise_for_status()


class Session:
    """A session, renewed before its access token expires."""

    def __init__(self, start):
        self.start = start
        self.session = None
        self.until = 0

    def token(self):
        if time.monotonic() > self.until:
            if self.session is None:
                self.session = self.start()
            else:
                token = self.session["refresh_token"]
                self.session = post("/auth/refresh", {"refresh_token": token})
            self.until = time.monotonic() + self.session["expires_in"] / 2
        return self.session["access_token"]


demo_admin = Session(lambda: post("/auth/login", DEMO_ADMIN))
persona = Session(new_session)


if PERSONA != "anonymous":

    @schemathesis.auth(refresh_interval=None)
    class Bearer:
        def get(self, case, context):
            if operation_of(case) in NEEDS_NEW_CALLER:
                return new_session()["access_token"]
            return persona.token()

        def set(self, case, token, context):
            case.headers["Authorization"] = f"Bearer {token}"


def operation_of(case):
    return case.operation.definition.raw["operationId"]


def takes_order_token(case):
    return {"order_token": []} in case.operation.definition.raw["security"]


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


def chance(case, decision):
    """Returns a number of 32 bits that depends on the generated request and the decision only, so
    that a seed repeats it. Hypothesis controls `random`."""
    body = None if case.body is NOT_SET else case.body
    parts = [decision, case.path_parameters, case.query, body]
    text = json.dumps(parts, sort_keys=True, default=repr)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big")


def every_second(case, decision):
    return chance(case, decision) % 2 == 0


def is_user(id):
    headers = {"authorization": f"Bearer {demo_admin.token()}"}
    path = f"/users/{requests.utils.quote(str(id), safe='')}"
    return requests.get(f"{API}{path}", headers=headers, timeout=30).ok


def with_integers(value):
    """Replaces 1.0 by 1. To JSON Schema both are integers; the shop refuses decimals."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [with_integers(item) for item in value]
        case dict():
            return {name: with_integers(member) for name, member in value.items()}
        case _:
            return value


def with_shop_currency(value):
    match value:
        case list():
            return [with_shop_currency(item) for item in value]
        case {"amount": amount, "currency": str()}:
            return {"amount": amount, "currency": "USD"}
        case dict():
            return {name: with_shop_currency(member) for name, member in value.items()}
        case _:
            return value


def demo_skus():
    cards = requests.get(f"{API}/products", params={"limit": 20}, timeout=30).json()["data"]
    products = [requests.get(f"{API}/products/{card['id']}", timeout=30).json() for card in cards]
    return [variant["sku"] for product in products for variant in product["variants"]]


# Before any product is added.
SKUS = demo_skus()


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = operation_of(case)
    if operation in CHANGES_USER and PERSONA == "admin":
        user = case.path_parameters.get("user_id")
        # Links lead to users of the shop, the callers of all runs among them.
        if is_user(user) or (is_positive(case) and every_second(case, "new user")):
            case.path_parameters["user_id"] = new_session()["user"]["id"]
    if not is_positive(case):
        return
    # Schemathesis's own default, which the pattern excludes, or a version that no resource has.
    if case.headers.get("If-Match") == "" or every_second(case, "without version"):
        case.headers.pop("If-Match", None)
    if not isinstance(case.body, dict):
        return
    if every_second(case, "known values"):
        sku = SKUS[chance(case, "sku") % len(SKUS)]
        case.body = with_shop_currency(case.body) | known_values(operation, sku)
    case.body = with_integers(case.body)


def known_values(operation, sku):
    """Returns members of a body that no generator can guess."""
    match operation:
        case "log_in":
            return {"email": "shopper@bodega.example", "password": "local-shopper-password"}
        case "refresh_token":
            return {"refresh_token": new_session()["refresh_token"]}
        case "verify_email":
            return {"token": registrations.take(), "password": PASSWORD}
        case "change_password":
            return {"current_password": PASSWORD}
        case "delete_me":
            return {"password": PASSWORD}
        case "add_cart_item":
            return {"sku": sku, "product_id": None, "quantity": 1}
        case "place_order":
            items = [{"sku": sku, "quantity": 1}]
            email = "guest@example.com" if PERSONA == "anonymous" else None
            known = {"items": items, "email": email, "payment_method": "manual"}
            return known | {"payment_token": None, "expected_total": None}
        case _:
            return {}


@schemathesis.hook
def filter_case(context, case):
    """Drops what the local emulator answers by itself: a body that is not UTF-8, a header that is
    not ASCII. The tests send those without the emulator."""
    if not all(str(value).isascii() for value in case.headers.values()):
        return False
    if isinstance(case.body, bytes):
        try:
            case.body.decode()
        except UnicodeDecodeError:
            return False
    return True


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, AcceptedNegativeData):
        # A known key is recalled before anything else of the request is read.
        is_replayed = "idempotent-replayed" in response.headers
        allowed = is_replayed or is_valid_only_when_trimmed(case) or is_valid_as_sent(case, response)
        return not allowed
    if isinstance(failure, RejectedPositiveData):
        problem = response.json()
        codes = {error["code"] for error in problem.get("errors", [])} or {problem["code"]}
        return not codes <= ACCEPTED.get(operation_of(case), {}).keys()
    if isinstance(failure, IgnoredAuth):
        # With a wrong order token there is no order, as with an identifier that no order has.
        is_wrong = failure.scenario == AuthScenario.INVALID_AUTH
        return not (takes_order_token(case) and is_wrong and "got `404 " in failure.message)
    if isinstance(failure, UseAfterFree):
        return operation_of(case) not in STAYS
    return True


def is_valid_only_when_trimmed(case):
    """Whether a body is valid in the form in which lengths count, but not as it is sent. The document
    says that texts are trimmed and in normalization form C; a JSON Schema can't."""
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    if "application/json" not in content or not isinstance(case.body, dict):
        return False
    schema = {
        "allOf": [content["application/json"]["schema"]],
        "components": DOCUMENT["components"],
    }
    validator = jsonschema_rs.Draft202012Validator(schema)
    return validator.is_valid(trimmed(case.body)) and not validator.is_valid(case.body)


def is_valid_as_sent(case, response):
    """Whether a request is valid, although the generated one was not. A URL has no types, so that a
    number where a list of texts belongs is a list of one text; and any body is a text, of which a
    route that takes rows says in a 200 what is wrong with them."""
    if case.path_parameters or (case.body is not NOT_SET and case.media_type not in ROWS):
        return False
    sent = {}
    for name, text in parse_qsl(urlsplit(response.request.url).query):
        # A value that shows nothing counts as absent.
        if VISIBLE.search(text):
            sent.setdefault(name, []).append(text)
    parameters = case.operation.definition.raw.get("parameters", [])
    declared = {one["name"]: one for one in parameters if one["in"] == "query"}
    required = {name for name, one in declared.items() if one.get("required")}
    return required <= sent.keys() <= declared.keys() and all(
        is_valid(declared[name]["schema"], texts) for name, texts in sent.items()
    )


def is_valid(schema, texts):
    """Whether the texts that a query gives for one parameter are valid: all of them if the parameter
    is a list, otherwise the first, because a shop ignores the rest."""
    validator = jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": DOCUMENT["components"]}
    )
    if validator.is_valid(texts):
        return True
    try:
        return validator.is_valid(texts[0]) or validator.is_valid(json.loads(texts[0]))
    except json.JSONDecodeError:
        return False


def trimmed(value):
    match value:
        case str():
            return unicodedata.normalize("NFC", value).strip()
        case list():
            return [trimmed(item) for item in value]
        case dict():
            return {name: trimmed(member) for name, member in value.items()}
        case _:
            return value


@schemathesis.check
def has_no_rate_limit(context, response, case):
    """A limited request tests nothing. `run` lifts the limits."""
    if response.status_code == 429:
        raise AssertionError("a rate limit of the shop is not lifted")
