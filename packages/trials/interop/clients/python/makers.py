"""Gets and refreshes tokens with unmodified programs of the community, for a trial.

Reads requests from standard input and writes answers to standard output, one JSON object per line. Requests:
{"client", "call": "begin", "clientId", "clientSecret", "redirectUri", "url"}: what the owner needs, a URL or a user code
{"client", "call": "exchange", "code"}: the first tokens of the client that began
{"client", "call": "refresh"}: with the token that the client has itself; with "refreshToken", a client begins with it
Answers: {"refreshTokens": [...]} or {"error": {...}}, as in clients.py.
"""

import asyncio
import datetime
import json
import sys
import urllib.parse

import aiohttp
import httpx
from bmw_cardata.auth import DeviceCodeFlowClient
from hyundai_kia_connect_api.KiaUvoApiAU import KiaUvoApiAU
from hyundai_kia_connect_api.Token import Token
from pypolestar.auth import OidcConfiguration, PolestarAuth
from tescmd.auth.oauth import build_auth_url, exchange_code, get_partner_token, refresh_access_token
from tescmd.models.auth import DEFAULT_SCOPES
from tesla_fleet_api.tesla.oauth import TeslaFleetOAuth
from teslapy import Tesla as TeslaSession

if sys.version_info >= (3, 12):
    from volvocarsapi.auth import VolvoCarsAuth


class Tesla:
    async def begin(self, ask):
        self.oauth = TeslaFleetOAuth(
            aiohttp.ClientSession(trust_env=True),
            "eu",
            ask["clientId"],
            ask["clientSecret"],
            ask["redirectUri"],
            refresh_token=ask.get("refreshToken"),
        )
        return self.oauth.get_login_url(["openid", "offline_access", "vehicle_device_data"])

    async def exchange(self, ask):
        await self.oauth.get_refresh_token(ask["code"])
        return self.oauth.refresh_token

    async def refresh(self, ask):
        await self.oauth.refresh_access_token()
        return self.oauth.refresh_token


class TeslaPy:
    """It has its client id and redirect URI built in."""

    async def begin(self, ask):
        self.session = TeslaSession("owner@app.example", cache_loader=dict, cache_dumper=lambda cache: None)
        url = await asyncio.to_thread(self.session.authorization_url)
        self.state = urllib.parse.parse_qs(urllib.parse.urlparse(url).query)["state"][0]
        return url

    async def exchange(self, ask):
        response = f"{self.session.redirect_uri}?code={ask['code']}&state={self.state}"
        await asyncio.to_thread(self.session.fetch_token, authorization_response=response)
        return self.session.token["refresh_token"]

    async def refresh(self, ask):
        await asyncio.to_thread(self.session.refresh_token)
        return self.session.token["refresh_token"]


class Tescmd:
    """Its tokens are kept by its caller."""

    VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    async def begin(self, ask):
        self.ask = ask
        # A partner token comes before everything else.
        await get_partner_token(ask["clientId"], ask["clientSecret"])
        return build_auth_url(ask["clientId"], ask["redirectUri"], DEFAULT_SCOPES, self.CHALLENGE, "st")

    async def exchange(self, ask):
        mine = self.ask
        self.tokens = await exchange_code(
            ask["code"], self.VERIFIER, mine["clientId"], mine["clientSecret"], mine["redirectUri"]
        )
        return self.tokens.refresh_token

    async def refresh(self, ask):
        mine = self.ask
        self.tokens = await refresh_access_token(
            self.tokens.refresh_token, mine["clientId"], mine["clientSecret"]
        )
        return self.tokens.refresh_token


class Polestar:
    """It has its client id built in, and reads pages of its vendor to sign in. After any failure it forgets its tokens."""

    async def begin(self, ask):
        self.auth = PolestarAuth("owner@app.example", "", httpx.AsyncClient())
        host = "https://polestarid.eu.polestar.com/as/"
        self.auth.oidc_configuration = OidcConfiguration(
            issuer=host,
            token_endpoint=f"{host}token.oauth2",
            authorization_endpoint=f"{host}authorization.oauth2",
        )
        self.held = self.auth.refresh_token = ask["refreshToken"]
        return ""

    async def refresh(self, ask):
        self.auth.refresh_token = self.held
        await self.auth.get_token(force=True)
        self.held = self.auth.refresh_token
        return self.held


class Bmw:
    async def begin(self, ask):
        self.flow = DeviceCodeFlowClient(ask["clientId"], base_url=ask["url"])
        self.device = await self.flow.request_device_code()
        return self.device.user_code

    async def exchange(self, ask):
        # Its first poll comes before the owner has decided.
        token = await self.flow.poll_for_token(self.device.device_code, interval=1)
        return token.refresh_token

    async def refresh(self, ask):
        return (await self.flow.refresh()).refresh_token


class Volvo:
    async def begin(self, ask):
        self.auth = VolvoCarsAuth(
            aiohttp.ClientSession(trust_env=True),
            client_id=ask["clientId"],
            client_secret=ask["clientSecret"],
            scopes=["openid"],
            redirect_uri=ask["redirectUri"],
        )
        return self.auth.get_auth_uri("st")

    async def exchange(self, ask):
        return (await self.auth.async_request_token(ask["code"])).refresh_token

    async def refresh(self, ask):
        return (await self.auth.async_refresh_token(self.auth.token.refresh_token)).refresh_token


class Hyundai:
    """Australia, brand 2. It has its client id and secret built in."""

    async def begin(self, ask):
        self.api = KiaUvoApiAU(5, 2, "en")
        self.token = Token(
            username="owner-1",
            password="",
            access_token="",
            refresh_token=ask["refreshToken"],
            device_id="",
            valid_until=datetime.datetime.now(datetime.timezone.utc),
        )
        return ""

    async def refresh(self, ask):
        self.token = await asyncio.to_thread(self.api.refresh_access_token, self.token)
        return self.token.refresh_token


CLIENTS = {
    "tesla_fleet_api": Tesla(),
    "teslapy": TeslaPy(),
    "tescmd": Tescmd(),
    "pypolestar": Polestar(),
    "bmw_cardata": Bmw(),
    "volvocarsapi": Volvo(),
    "hyundai_kia_connect_api": Hyundai(),
}


def seen(error):
    """What the user of a client sees. TeslaFleetOAuth puts the whole answer into the error."""
    first = error.args[0] if error.args else None
    answer = first if isinstance(first, dict) else {}
    return {
        "type": type(error).__name__,
        "error": answer.get("error", getattr(error, "error", None)),
        "description": answer.get("error_description", getattr(error, "error_description", str(error))),
        "status": None,
        "retryAfter": None,
    }


async def answer(ask):
    try:
        text = await getattr(CLIENTS[ask["client"]], ask["call"])(ask)
        return {"refreshTokens": [] if text is None else [text]}
    except Exception as error:
        return {"error": seen(error)}


async def main():
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(json.loads(line))), flush=True)


asyncio.run(main())
