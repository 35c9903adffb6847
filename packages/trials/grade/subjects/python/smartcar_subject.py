"""Smartcar's SDK. It reads SMARTCAR_AUTH_ORIGIN, the whole URL of the token endpoint, when it is imported."""

import os

os.environ["SMARTCAR_AUTH_ORIGIN"] = os.environ["KEYFOB_TOKEN_URL"]

import smartcar  # noqa: E402
from token_file import answer_need  # noqa: E402


def refresh(held):
    client = smartcar.AuthClient(os.environ["KEYFOB_CLIENT_ID"], os.environ["KEYFOB_CLIENT_SECRET"], "http://localhost/callback")
    return client.exchange_refresh_token(held)._asdict()


answer_need(refresh, lambda error: isinstance(error, smartcar.SmartcarException) and error.type == "invalid_grant")
