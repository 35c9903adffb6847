"""Follows a grant with Smartcar's SDK, for a trial: the code, the owner, the vehicles, what is permitted, and the end of access."""

import json
import os

import smartcar

token = smartcar.AuthClient().exchange_code(os.environ["CODE"]).access_token
vehicles = smartcar.get_vehicles(token).vehicles
first = smartcar.Vehicle(vehicles[0], token)
seen = {
    "owner": smartcar.get_user(token).id,
    "vehicles": vehicles,
    "make": first.attributes().make,
    "permissions": first.permissions().permissions,
    "disconnected": [smartcar.Vehicle(vehicle, token).disconnect().status for vehicle in vehicles],
}
try:
    smartcar.get_vehicles(token)
except smartcar.SmartcarException as error:
    seen["afterwards"] = [error.status_code, error.type]
print(json.dumps(seen))
