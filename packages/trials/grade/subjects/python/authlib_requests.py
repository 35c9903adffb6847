"""Authlib with requests."""

import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from token_file import answer_need


def refresh(held):
    session = OAuth2Session(os.environ["KEYFOB_CLIENT_ID"], os.environ["KEYFOB_CLIENT_SECRET"])
    return session.refresh_token(os.environ["KEYFOB_TOKEN_URL"], refresh_token=held)


answer_need(refresh, lambda error: isinstance(error, OAuthError) and error.error == "invalid_grant")
