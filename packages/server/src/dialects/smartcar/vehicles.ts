import { attributesOf, pageOf, readPaging, renderData, renderDataRefusal } from './vehicle-data.ts';
import { splitScope } from '../../clients/scopes.ts';
import { Refusal } from '../../errors.ts';
import type { Access } from '../../grants/judge-access.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { readBearerAccess } from '../bearer.ts';
import type { Route, Visit } from '../../wire/route.ts';
import type { CreateRoutes } from '../dialect.ts';

/** Lengths of a page where the request sets no limit. */
const VEHICLES_A_PAGE = 10;
const PERMISSIONS_A_PAGE = 25;

/**
 * What a grant covers, as Smartcar's API version 2.0 exposes it: vehicles, owner, permissions, and how to disconnect a
 * vehicle. Disconnecting the last vehicle revokes the grant.
 *
 * @see https://smartcar.com/docs/api-reference/all-vehicles
 */
export const createVehicleRoutes: CreateRoutes = (context, dialect, actions) => {
  const { store } = context;
  const authorize = (visit: Visit): Promise<Access> => readBearerAccess(context, dialect, visit);

  const findVehicle = async ({ grant }: Access, { parameters }: Visit): Promise<Vehicle> => {
    const vehicles = await store.listVehicles(grant.id);
    const vehicle = vehicles.find(({ id }) => id === parameters['id']);
    if (vehicle === undefined) throw new Refusal('vehicle_unknown');
    return vehicle;
  };

  const listVehicles: Route = async (visit) => {
    const { grant } = await authorize(visit);
    const paging = readPaging(visit.request, VEHICLES_A_PAGE);
    const ids = (await store.listVehicles(grant.id)).map(({ id }) => id);
    return renderData(pageOf('vehicles', ids, paging), visit.exchange);
  };

  const showUser: Route = async (visit) => {
    const { grant } = await authorize(visit);
    return renderData({ id: grant.subject }, visit.exchange);
  };

  const showAttributes: Route = async (visit) => {
    const access = await authorize(visit);
    const vehicle = await findVehicle(access, visit);
    if (!scopesOf(access).includes('read_vehicle_info')) throw new Refusal('scope_missing');
    return renderData(attributesOf(vehicle), visit.exchange);
  };

  const listPermissions: Route = async (visit) => {
    const access = await authorize(visit);
    const paging = readPaging(visit.request, PERMISSIONS_A_PAGE);
    await findVehicle(access, visit);
    return renderData(pageOf('permissions', scopesOf(access), paging), visit.exchange);
  };

  const endConnection: Route = async (visit) => {
    const access = await authorize(visit);
    const { exchange, caller, parameters } = visit;
    const ids = [parameters['id'] ?? ''];
    const outcome = await actions.disconnectVehicles(access, ids, {
      ...exchange,
      caller,
      endsWhenEmpty: true,
    });
    if (outcome === 'unknown') throw new Refusal('vehicle_unknown');
    return renderData({ status: 'success' }, visit.exchange);
  };

  const routes = {
    'GET /v2.0/vehicles': listVehicles,
    'GET /v2.0/user': showUser,
    'GET /v2.0/vehicles/{id}': showAttributes,
    'GET /v2.0/vehicles/{id}/permissions': listPermissions,
    'DELETE /v2.0/vehicles/{id}/application': endConnection,
  };
  return {
    name: dialect.name,
    pathPrefix: '/v2.0/',
    routes,
    crossOriginRoutes: Object.keys(routes),
    renderRefusal: (refusal, { exchange }) => renderDataRefusal(refusal, exchange),
  };
};

const scopesOf = ({ scope }: Access): readonly string[] => splitScope(scope);
