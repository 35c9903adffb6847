"""requests-oauthlib."""

import os

from oauthlib.oauth2 import InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session
from token_file import answer_need


def refresh(held):
    client_id = os.environ["KEYFOB_CLIENT_ID"]
    auth = HTTPBasicAuth(client_id, os.environ["KEYFOB_CLIENT_SECRET"])
    session = OAuth2Session(client_id)
    return session.refresh_token(os.environ["KEYFOB_TOKEN_URL"], refresh_token=held, auth=auth)


answer_need(refresh, lambda error: isinstance(error, InvalidGrantError))
