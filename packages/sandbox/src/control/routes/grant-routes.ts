import * as v from 'valibot';
import { readGrant } from '@keyfob/server';
import {
  expireGrant,
  findGrant,
  reinstateWorldGrant,
  revokeWorldGrant,
  rotateGrant,
  withdrawFromGrant,
} from '../../grants/change-grant.ts';
import { createWorldGrant } from '../../grants/create-world-grant.ts';
import { judgeHeld } from '../../grants/holds.ts';
import { judgeGenerations } from '../../grants/judge-generations.ts';
import { newGrant } from '../../grants/new-grant.ts';
import { rollSecret } from '../../worlds/roll-secret.ts';
import type { World } from '../../worlds/world.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { numberText } from '../number-text.ts';
import {
  clientShape,
  createdGrantShape,
  grantListShape,
  grantShape,
  holdsShape,
  rotatedShape,
  tokenListShape,
} from '../shapes.ts';
import { showGrant, showHolds } from '../show.ts';

const tag = 'grants';
const GRANTS_LISTED_MAX = 1000;

const readShown = async (world: World, name: string) => {
  const { grant } = await findGrant(world, name);
  const { deployment } = world.server;
  const details = await readGrant({ ...deployment, store: world.store.current() }, grant.id);
  if (details === undefined) throw new Error(`the grant ${name} is gone`);
  return showGrant(world, details);
};

/** A route that changes one grant and answers how it is then. */
const changeRoute = <Body extends v.GenericSchema>(
  verb: string,
  summary: string,
  body: Body,
  change: (world: World, name: string, body: v.InferOutput<Body>) => Promise<void>,
): ControlRoute =>
  defineRoute({
    method: 'POST',
    path: `/worlds/{world}/grants/{grant}/${verb}`,
    tag,
    summary,
    body,
    status: 200,
    answer: grantShape,
    handle: async (call) => {
      const world = findWorld(call);
      const name = call.path['grant'] ?? '';
      await change(world, name, call.body);
      return readShown(world, name);
    },
  });

export const grantRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/grants',
    tag,
    summary: 'Create a grant without a browser, and get its first pair of tokens',
    body: newGrant,
    status: 201,
    answer: createdGrantShape,
    handle: async (call) => {
      const { client, ...created } = await createWorldGrant(findWorld(call), call.body);
      const { name, clientId, dialect } = client;
      return { ...created, client: name, clientId, dialect };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/grants',
    tag,
    summary: 'List the grants, oldest first',
    query: v.strictObject({
      /** Only the newest so many. */
      last: v.optional(numberText(GRANTS_LISTED_MAX)),
    }),
    status: 200,
    answer: grantListShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { last } = call.query;
      const all = world.grants.list();
      const listed =
        last === undefined ? all.slice(0, GRANTS_LISTED_MAX) : all.slice(Math.max(0, all.length - last));
      const known = await Promise.all(
        listed.map(async ({ id, name }) =>
          (await world.store.current().readGrant(id)) === undefined ? [] : [name],
        ),
      );
      return { grants: await Promise.all(known.flat().map((name) => readShown(world, name))) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/grants/{grant}',
    tag,
    summary: 'Read a grant',
    status: 200,
    answer: grantShape,
    handle: (call) => readShown(findWorld(call), call.path['grant'] ?? ''),
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/grants/{grant}/tokens',
    tag,
    summary: 'Say what presenting each refresh token of a grant would cause, without effect, newest first',
    status: 200,
    answer: tokenListShape,
    handle: async (call) => {
      const world = findWorld(call);
      const found = await findGrant(world, call.path['grant'] ?? '');
      const { judged, more } = await judgeGenerations(world, found);
      return {
        grant: found.name,
        tokens: judged.map(({ token, holds }) => ({ token, ...showHolds(world, holds) })),
        more,
      };
    },
  }),
  changeRoute(
    'revoke',
    'End a grant',
    v.strictObject({ by: v.optional(v.picklist(['owner', 'operator']), 'owner') }),
    async (world, name, { by }) => revokeWorldGrant(world, await findGrant(world, name), by),
  ),
  changeRoute(
    'withdraw',
    'Have the owner take back one vehicle, or everything that is shared with the client',
    v.strictObject({ vin: v.optional(v.string()) }),
    async (world, name, { vin }) => withdrawFromGrant(world, await findGrant(world, name), vin),
  ),
  changeRoute(
    'expire',
    'Have the refresh token, or every access token that is out, expire now',
    v.strictObject({ what: v.optional(v.picklist(['access', 'refresh']), 'refresh') }),
    async (world, name, { what }) => expireGrant(world, await findGrant(world, name), what),
  ),
  changeRoute('reinstate', 'Undo a revocation', v.strictObject({}), async (world, name) =>
    reinstateWorldGrant(world, await findGrant(world, name)),
  ),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/grants/{grant}/rotate',
    tag,
    summary: 'Refresh the grant as a thief of its current token does',
    body: v.strictObject({}),
    status: 200,
    answer: rotatedShape,
    handle: async (call) => {
      const world = findWorld(call);
      const found = await findGrant(world, call.path['grant'] ?? '');
      return { grant: found.name, ...(await rotateGrant(world, found)) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/holds',
    tag,
    summary: 'Say what presenting a token would cause, without effect',
    body: v.strictObject({ token: v.pipe(v.string(), v.minLength(1), v.maxLength(8192)) }),
    status: 200,
    answer: holdsShape,
    handle: async (call) => {
      const world = findWorld(call);
      return showHolds(world, await judgeHeld(world, call.body.token));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/clients/{client}/roll-secret',
    tag: 'clients',
    summary: 'Give a client a new secret; the old one is valid for so long',
    body: v.strictObject({
      overlapSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(31_536_000)), 0),
    }),
    status: 200,
    answer: clientShape,
    handle: async (call) => {
      const client = await rollSecret(findWorld(call), call.path['client'] ?? '', call.body.overlapSeconds);
      return { ...client, redirectUris: [...client.redirectUris] };
    },
  }),
];
