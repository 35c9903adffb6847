"""httpx-oauth."""

import asyncio
import os

from httpx_oauth.oauth2 import OAuth2, RefreshTokenError
from token_file import answer_need


def refresh(held):
    url = os.environ["KEYFOB_TOKEN_URL"]
    client_id, secret = os.environ["KEYFOB_CLIENT_ID"], os.environ["KEYFOB_CLIENT_SECRET"]
    client = OAuth2(client_id, secret, "", url, refresh_token_endpoint=url)
    return asyncio.run(client.refresh_token(held))


def is_dead(error):
    response = getattr(error, "response", None)
    if not isinstance(error, RefreshTokenError) or response is None:
        return False
    try:
        return response.json().get("error") == "invalid_grant"
    except ValueError:
        return False


answer_need(refresh, is_dead)
