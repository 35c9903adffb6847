import { CODE_KEPT_SECONDS, judgeCode } from '@keyfob/server/grants/authorization-code';
import type { CodeResult, CodeUse } from '@keyfob/server/grants/code-store';
import type { Store } from '@keyfob/server/grants/store';
import type { Vehicle } from '@keyfob/server/grants/vehicle';
import { tell, tellRevoked } from './grant-events.ts';
import { byId } from './tables.ts';
import type { RunVerb, Tables } from './tables.ts';

export const codeVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<Store, 'createCode' | 'redeemCode' | 'listConsents'> => ({
  createCode: (code) =>
    run('createCode', () => {
      for (const { grantId, issuedAt } of tables.codes.values())
        if (issuedAt < code.issuedAt - CODE_KEPT_SECONDS) tables.codes.delete(grantId);
      if (!tables.clients.has(code.clientId)) return 'client_unknown';
      if (tables.grants.has(code.grantId) || tables.codes.has(code.grantId)) return 'id_taken';
      tables.codes.set(code.grantId, { ...code, redeemedAtMs: undefined, useDigest: undefined });
      return 'created';
    }),
  async redeemCode(use, issue) {
    const result = await run('redeemCode', () => redeemCode(tables, use), use);
    if (result !== 'client_gone') await issue?.(result);
    return result;
  },
  listConsents: (subject, { after, limit }) =>
    run('listConsents', () =>
      [...tables.grants.values()]
        .filter((grant) => grant.subject === subject && tables.consents.has(grant.id))
        .filter(({ id }) => after === undefined || id > after)
        .sort(byId)
        .slice(0, limit),
    ),
});

export const vehicleVerbs = (
  tables: Tables,
  run: RunVerb,
): Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'> => ({
  listVehicles: (id) => run('listVehicles', () => tables.vehicles.get(id) ?? []),
  selectVehicles: (id, chosen, auditContext) =>
    run('selectVehicles', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked';
      const before = tables.vehicles.get(id) ?? [];
      const gone = without(before, chosen);
      const added = without(chosen, before);
      if (gone.length > 0) tell(tables, 'vehicles.disconnected', grant, { ...auditContext, vins: gone });
      if (added.length > 0) tell(tables, 'vehicles.connected', grant, { ...auditContext, vins: added });
      tables.vehicles.set(id, inIdOrder(chosen));
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, { endsWhenEmpty, ...auditContext }) =>
    run('disconnectVehicles', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      const before = tables.vehicles.get(id) ?? [];
      const rest = vehicleIds === 'all' ? [] : before.filter((one) => !vehicleIds.includes(one.id));
      const disconnected = before.filter((one) => !rest.includes(one));
      tables.vehicles.set(id, rest);
      const vins = disconnected.map(({ vin }) => vin);
      if (vins.length > 0) tell(tables, 'vehicles.disconnected', grant, { ...auditContext, vins });
      const isRevoked =
        endsWhenEmpty && vins.length > 0 && rest.length === 0 && grant.revocation === undefined;
      if (isRevoked) {
        const at = Math.floor(auditContext.nowMs / 1000);
        tables.grants.set(id, { ...grant, revocation: { at, cause: 'disconnected' } });
        tell(tables, 'grant.revoked', grant, { ...auditContext, cause: 'disconnected' });
      }
      return { disconnected, isRevoked };
    }),
});

/** The VINs of those of a list that are not in the other. */
const without = (list: readonly Vehicle[], others: readonly Vehicle[]): readonly string[] =>
  list.filter((one) => !others.some((other) => other.id === one.id)).map(({ vin }) => vin);

const inIdOrder = (vehicles: readonly Vehicle[]): readonly Vehicle[] =>
  [...vehicles].sort((a, b) => (a.id < b.id ? -1 : 1));

/** A grant that was made a moment ago. */
const NEVER_USED = {
  generation: 0,
  rotatedAtMs: [],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
} as const;

const redeemCode = (tables: Tables, use: CodeUse): CodeResult | 'client_gone' => {
  const { presented, nowMs, keyNumber, requestId } = use;
  const client = tables.clients.get(presented.clientId);
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  const code = tables.codes.get(presented.grantId);
  const verdict = judgeCode(code, presented, nowMs);
  const result = { verdict, policy, hasRevoked: false };
  if (code === undefined || verdict.kind === 'refuse') return { ...result, grant: undefined };
  const known = tables.grants.get(presented.grantId);
  if (verdict.kind === 'redeem') {
    const { grantId: id, clientId, subject, scope, brand, vehicles } = code;
    const createdAt = Math.floor(nowMs / 1000);
    const grant = { ...NEVER_USED, id, clientId, subject, scope, brand, createdAt, keyNumber };
    tables.grants.set(id, grant);
    tables.consents.add(id);
    tables.vehicles.set(id, inIdOrder(vehicles));
    tables.codes.set(id, { ...code, redeemedAtMs: nowMs, useDigest: presented.useDigest });
    tell(tables, 'grant.created', grant, { nowMs, requestId, vins: vehicles.map(({ vin }) => vin) });
    return { ...result, grant };
  }
  if (verdict.kind === 'repeat' || known === undefined || known.revocation !== undefined)
    return { ...result, grant: known };
  const revocation = { at: Math.floor(nowMs / 1000), cause: 'code_replay' as const };
  const grant = { ...known, revocation };
  tables.grants.set(grant.id, grant);
  tellRevoked(tables, grant, { nowMs, requestId, cause: 'code_replay' });
  return { ...result, grant, hasRevoked: true };
};
