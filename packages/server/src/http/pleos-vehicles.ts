import { pleos, readBrand, renderData } from '../dialects/pleos.ts';
import { readVin, writeVehicles } from '../dialects/pleos-vehicles.ts';
import { Refusal } from '../errors.ts';
import type { Access } from '../grants/access.ts';
import type { Brand } from '../grants/grant.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import { readBearerAccess } from './bearer.ts';
import { disconnect } from './disconnecting.ts';
import type { Route, RouteGroup, Visit } from './routes.ts';
import type { EndpointContext } from './token-endpoint.ts';

/**
 * What a grant covers, as the Pleos API exposes it: the vehicles of one brand that an owner shares, and the withdrawal of
 * one or all. The grant lives on when none is left: its owner may choose again.
 *
 * @see https://document.pleos.ai/en/api-reference/vehicle-data-api
 */
export const createPleosVehicles = (context: EndpointContext): RouteGroup => {
  const { store } = context;

  const authorize = async ({ request }: Visit): Promise<Access & { readonly brand: Brand }> => {
    const access = await readBearerAccess(context, 'pleos', request);
    const brand = readBrand(request);
    if (access.grant.brand !== undefined && access.grant.brand !== brand)
      throw new Refusal('access_token_dead');
    return { ...access, brand };
  };

  const listShared = async ({
    grant,
    brand,
  }: Awaited<ReturnType<typeof authorize>>): Promise<readonly Vehicle[]> => {
    const vehicles = await store.listVehicles(grant.id);
    return vehicles.filter(({ make }) => make === brand);
  };

  const showConsent: Route = async (visit) => {
    const vehicles = await listShared(await authorize(visit));
    return renderData(writeVehicles(vehicles), visit.exchange);
  };

  const withdrawConsent: Route = async (visit) => {
    const access = await authorize(visit);
    const vin = readVin(visit.request);
    const shared = await listShared(access);
    if (shared.length === 0) throw new Refusal('vehicles_not_shared');
    const ids = shared.filter((one) => vin === undefined || one.vin === vin).map(({ id }) => id);
    await disconnect(context, access, ids, { ...visit, endsWhenEmpty: false });
    return renderData({}, visit.exchange);
  };

  return {
    name: pleos.name,
    routes: {
      'GET /v1/vehicles/consent': showConsent,
      'DELETE /v1/vehicles/consent': withdrawConsent,
    },
    renderRefusal: (refusal, { exchange }) => pleos.renderRefusal(refusal, undefined, exchange),
  };
};
