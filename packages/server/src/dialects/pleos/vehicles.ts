import { readBrand } from './brand.ts';
import type { PleosBrand } from './brand.ts';
import { renderData, renderPleosRefusal } from './envelope.ts';
import { parseSelection, readVin, writeVehicles } from './vehicle-data.ts';
import { writeSelectionUrl } from './vehicle-selection.ts';
import { Refusal } from '../../errors.ts';
import type { Access } from '../../grants/judge-access.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { readBearerAccess } from '../bearer.ts';
import type { Route, Visit } from '../../wire/route.ts';
import type { CreateRoutes } from '../dialect.ts';

/**
 * What a grant covers, as the Pleos API exposes it: the link to the page on which an owner chooses vehicles, the shared
 * vehicles of one brand, and the withdrawal of one or all. The grant stays when no vehicle is left: its owner may choose
 * again.
 *
 * @see https://document.pleos.ai/en/api-reference/vehicle-data-api
 */
export const createVehicleRoutes: CreateRoutes = (context, dialect, actions) => {
  const { store } = context;
  const { selectionLinks } = actions;

  const authorize = async (visit: Visit): Promise<Access & { readonly brand: PleosBrand }> => {
    const access = await readBearerAccess(context, dialect, visit);
    const brand = readBrand(visit.request);
    if (access.grant.brand !== undefined && access.grant.brand !== brand)
      throw new Refusal('access_token_dead');
    return { ...access, brand };
  };

  const beginSelection: Route = async (visit) => {
    const { grant, client, brand } = await authorize(visit);
    const wanted = parseSelection(visit.request, selectionLinks.stateMaxCharacters);
    // The page could not send the owner back.
    if (client.consentRedirectUri === undefined && client.redirectUris.length === 0)
      throw new Refusal('client_not_permitted');
    const selection = { ...wanted, grantId: grant.id, clientId: client.id, subject: grant.subject, brand };
    const sessionId = await selectionLinks.seal(selection, visit.exchange.nowMs);
    const redirectUrl = writeSelectionUrl(selectionLinks.publicUrl(), wanted.lang, sessionId);
    return renderData({ redirectUrl }, visit.exchange);
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
    const { exchange, caller } = visit;
    const outcome = await actions.disconnectVehicles(access, ids, {
      ...exchange,
      caller,
      endsWhenEmpty: false,
    });
    if (outcome === 'unknown') throw new Refusal('vehicle_unknown');
    return renderData({}, visit.exchange);
  };

  return {
    name: dialect.name,
    routes: {
      'POST /v1/vehicles/selections': beginSelection,
      'GET /v1/vehicles/consent': showConsent,
      'DELETE /v1/vehicles/consent': withdrawConsent,
    },
    renderRefusal: (refusal, { exchange }) => renderPleosRefusal(refusal, undefined, exchange),
  };
};
