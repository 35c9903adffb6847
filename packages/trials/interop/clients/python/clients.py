"""Refreshes tokens with unmodified Python libraries, for a trial.

Reads requests from standard input and writes answers to standard output, one JSON object per line. Requests:
{"library", "call": "refresh", "url", "clientId", "clientSecret", "refreshToken"}
{"library", "call": "race", ..., "racers"}: that many threads refresh the same token at the same moment
{"library", "call": "exchange", "url", "clientId", "clientSecret", "code", "redirectUri"}
Answers: {"refreshTokens": [...]}, or {"error": {...}} with what the user of the library sees of the error. What a library
does not say is null.
"""

import asyncio
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import requests
import smartcar
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from httpx_oauth.oauth2 import OAuth2, OAuth2RequestError
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session


class Smartcar:
    """The vendor's SDK. It reads the token URL from SMARTCAR_AUTH_ORIGIN when it is imported."""

    def client(self, ask):
        return smartcar.AuthClient(ask["clientId"], ask["clientSecret"], ask.get("redirectUri"))

    def refresh(self, ask):
        return self.client(ask).exchange_refresh_token(ask["refreshToken"]).refresh_token

    def exchange(self, ask):
        return self.client(ask).exchange_code(ask["code"]).refresh_token


class AuthlibWithRequests:
    def session(self, ask):
        return AuthlibSession(ask["clientId"], ask["clientSecret"], redirect_uri=ask.get("redirectUri"))

    def refresh(self, ask):
        return self.session(ask).refresh_token(ask["url"], refresh_token=ask["refreshToken"])["refresh_token"]

    def exchange(self, ask):
        return self.session(ask).fetch_token(ask["url"], code=ask["code"])["refresh_token"]


class AuthlibWithHttpx:
    """Sends the secret in the body. The other class of this library sends it by HTTP Basic, the default."""

    def client(self, ask):
        return AsyncOAuth2Client(
            ask["clientId"],
            ask["clientSecret"],
            token_endpoint_auth_method="client_secret_post",
            redirect_uri=ask.get("redirectUri"),
        )

    def refresh(self, ask):
        async def refresh():
            async with self.client(ask) as client:
                return await client.refresh_token(ask["url"], refresh_token=ask["refreshToken"])

        return asyncio.run(refresh())["refresh_token"]

    def exchange(self, ask):
        async def exchange():
            async with self.client(ask) as client:
                return await client.fetch_token(ask["url"], code=ask["code"])

        return asyncio.run(exchange())["refresh_token"]


class RequestsOauthlib:
    """Refreshes when the program says so, with HTTP Basic."""

    def refresh(self, ask):
        auth = HTTPBasicAuth(ask["clientId"], ask["clientSecret"])
        session = OAuth2Session(ask["clientId"])
        return session.refresh_token(ask["url"], refresh_token=ask["refreshToken"], auth=auth)["refresh_token"]

    def exchange(self, ask):
        session = OAuth2Session(ask["clientId"], redirect_uri=ask["redirectUri"])
        return session.fetch_token(ask["url"], code=ask["code"], client_secret=ask["clientSecret"])["refresh_token"]


class RequestsOauthlibAutomatic:
    """Refreshes by itself, before a call with an expired access token. Sends the secret in the body."""

    def refresh(self, ask):
        held = {"access_token": "expired", "refresh_token": ask["refreshToken"], "token_type": "Bearer"}
        credentials = {"client_id": ask["clientId"], "client_secret": ask["clientSecret"]}
        stored = []
        session = OAuth2Session(
            ask["clientId"],
            token={**held, "expires_in": -1},
            auto_refresh_url=ask["url"],
            auto_refresh_kwargs=credentials,
            token_updater=stored.append,
        )
        session.get(ask["url"].replace("/oauth/token", "/v2.0/user")).raise_for_status()
        return stored[0]["refresh_token"]

    def exchange(self, ask):
        session = OAuth2Session(ask["clientId"], redirect_uri=ask["redirectUri"])
        secret = {"include_client_id": True, "client_secret": ask["clientSecret"]}
        return session.fetch_token(ask["url"], code=ask["code"], **secret)["refresh_token"]


class HttpxOauth:
    """Sends the secret in the body, the default of this library."""

    def client(self, ask):
        return OAuth2(ask["clientId"], ask["clientSecret"], "", ask["url"], refresh_token_endpoint=ask["url"])

    def refresh(self, ask):
        return asyncio.run(self.client(ask).refresh_token(ask["refreshToken"]))["refresh_token"]

    def exchange(self, ask):
        return asyncio.run(self.client(ask).get_access_token(ask["code"], ask["redirectUri"]))["refresh_token"]


LIBRARIES = {
    "smartcar": Smartcar(),
    "authlib with requests": AuthlibWithRequests(),
    "authlib with httpx": AuthlibWithHttpx(),
    "requests-oauthlib": RequestsOauthlib(),
    "requests-oauthlib, automatic refresh": RequestsOauthlibAutomatic(),
    "httpx-oauth": HttpxOauth(),
}


def seen(error):
    """What the user of a library sees of an error."""
    said = {"type": type(error).__name__, "error": None, "description": None, "status": None, "retryAfter": None}
    if isinstance(error, smartcar.SmartcarException):
        return {**said, "error": error.type, "description": error.message, "status": error.status_code}
    if isinstance(error, (OAuthError, OAuth2Error)):
        return {**said, "error": error.error, "description": error.description}
    if isinstance(error, (requests.HTTPError, httpx.HTTPStatusError)):
        return {**said, **seen_of_response(error.response)}
    if isinstance(error, OAuth2RequestError) and error.response is not None:
        body = error.response.json()
        said |= {"type": "OAuth2RequestError", "error": body["error"], "description": body["error_description"]}
        return {**said, **seen_of_response(error.response)}
    raise error


def seen_of_response(response):
    return {"status": response.status_code, "retryAfter": response.headers.get("Retry-After")}


def race(library, ask):
    racers = ask["racers"]
    start = threading.Barrier(racers)

    def refresh(_):
        start.wait()
        return library.refresh(ask)

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(refresh, range(racers)))


def answer(ask):
    library = LIBRARIES[ask["library"]]
    try:
        if ask["call"] == "race":
            return {"refreshTokens": race(library, ask)}
        call = library.refresh if ask["call"] == "refresh" else library.exchange
        return {"refreshTokens": [call(ask)]}
    except Exception as error:
        return {"error": seen(error)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
