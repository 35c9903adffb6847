"""The token file that the documentation of most libraries suggests."""

import json
import os
import sys

NOW = int(os.environ["KEYFOB_NOW"]) / 1000
FILE = os.path.join(os.environ["KEYFOB_STATE"], "tokens.json")


def read():
    if os.path.exists(FILE):
        with open(FILE) as file:
            return json.load(file)
    return {
        "access_token": os.environ["KEYFOB_ACCESS_TOKEN"],
        "refresh_token": os.environ["KEYFOB_REFRESH_TOKEN"],
        "expires_at": int(os.environ["KEYFOB_EXPIRES_AT"]) / 1000,
    }


def write(held):
    with open(FILE, "w") as file:
        json.dump(held, file)


def answer_need(refresh, is_dead):
    """Reads the file, refreshes if the access token has expired, writes the file, prints the token."""
    held = read()
    if NOW >= held["expires_at"]:
        try:
            token = refresh(held["refresh_token"])
            held = {
                "access_token": token["access_token"],
                "refresh_token": token["refresh_token"],
                "expires_at": NOW + token["expires_in"],
            }
        except Exception as error:
            print(repr(error), file=sys.stderr)
            sys.exit(77 if is_dead(error) else 75)
    write(held)
    print(held["access_token"])
