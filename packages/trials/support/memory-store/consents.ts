import { isEnabled } from '@keyfob/server/clients';
import {
  decideCode,
  decideDisconnection,
  decideSelection,
  decideVehicleData,
  decideWithdrawal,
  isSharedBy,
} from '@keyfob/server/grants';
import type { Vehicle } from '@keyfob/server/grants';
import type { CodeResult, CodeStore, CodeUse, ConsentStore } from '@keyfob/server/stores';
import { byId } from './tables.ts';
import type { RunVerb, Tables } from './tables.ts';
import { storeGrantEvents } from './webhooks.ts';

export const codeVerbs = (tables: Tables, run: RunVerb): CodeStore & Pick<ConsentStore, 'listConsents'> => ({
  createCode: (code, dropBeforeMs = 0) =>
    run('createCode', () => {
      for (const { grantId, issuedAtMs } of tables.codes.values())
        if (issuedAtMs < dropBeforeMs) tables.codes.delete(grantId);
      if (!tables.clients.has(code.clientId)) return 'client_unknown';
      if (tables.grants.has(code.grantId) || tables.codes.has(code.grantId)) return 'id_taken';
      tables.codes.set(code.grantId, { ...code, redeemedAtMs: undefined, useDigest: undefined });
      return 'created';
    }),
  readCode: (grantId) => run('readCode', () => tables.codes.get(grantId)),
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
): Pick<
  ConsentStore,
  'listVehicles' | 'selectVehicles' | 'changeVehicleData' | 'disconnectVehicles' | 'withdraw'
> => ({
  listVehicles: (id) => run('listVehicles', () => tables.vehicles.get(id) ?? []),
  selectVehicles: (id, chosen, auditContext) =>
    run('selectVehicles', () => {
      const before = tables.vehicles.get(id) ?? [];
      const decision = decideSelection(tables.grants.get(id), before, chosen, auditContext);
      if (typeof decision === 'string') return decision;
      tables.vehicles.set(id, inIdOrder(decision.covered));
      storeGrantEvents(tables, decision.grantEvents);
      return 'selected';
    }),
  changeVehicleData: (id, choice, auditContext) =>
    run('changeVehicleData', () => {
      const decision = decideVehicleData(tables.grants.get(id), choice, auditContext);
      if (typeof decision === 'string') return decision;
      tables.grants.set(id, decision.grant);
      storeGrantEvents(tables, decision.grantEvents);
      return 'changed';
    }),
  disconnectVehicles: (id, vehicleIds, auditContext) =>
    run('disconnectVehicles', () => {
      const before = tables.vehicles.get(id) ?? [];
      const decision = decideDisconnection(tables.grants.get(id), before, vehicleIds, auditContext);
      if (decision === 'unknown') return decision;
      tables.vehicles.set(id, decision.covered);
      tables.grants.set(id, decision.grant);
      storeGrantEvents(tables, decision.grantEvents);
      return { disconnected: decision.disconnected, isRevoked: decision.isRevoked };
    }),
  withdraw: (withdrawal, auditContext) =>
    run('withdraw', () => {
      const { sharing, vehicleId } = withdrawal;
      for (const code of tables.codes.values()) {
        const isMeant = vehicleId === undefined || code.vehicles.some(({ id }) => id === vehicleId);
        if (isMeant && code.redeemedAtMs === undefined && isSharedBy(code, sharing))
          tables.codes.delete(code.grantId);
      }
      const candidates = [...tables.grants.values()]
        .filter(({ id }) => tables.consents.has(id))
        .sort(byId)
        .map((grant) => ({ grant, vehicles: tables.vehicles.get(grant.id) ?? [] }));
      const changes = decideWithdrawal(candidates, withdrawal, auditContext);
      for (const { grant, covered, grantEvents } of changes) {
        tables.vehicles.set(grant.id, covered);
        tables.grants.set(grant.id, grant);
        storeGrantEvents(tables, grantEvents);
      }
      return changes.map(({ grant, disconnected, isRevoked }) => ({
        grantId: grant.id,
        disconnected,
        isRevoked,
      }));
    }),
});

const inIdOrder = (vehicles: readonly Vehicle[]): readonly Vehicle[] =>
  [...vehicles].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Reads, decides and writes. */
const redeemCode = (tables: Tables, use: CodeUse): CodeResult | 'client_gone' => {
  const { grantId, clientId } = use.presented;
  const client = tables.clients.get(clientId);
  if (!isEnabled(client)) return 'client_gone';
  const code = tables.codes.get(grantId);
  const before = { grant: tables.grants.get(grantId), vehicles: tables.vehicles.get(grantId) ?? [] };
  const { result, redeemed, grantEvents } = decideCode(code, before, use, client.policy);
  if (result.grant !== undefined) tables.grants.set(grantId, result.grant);
  if (redeemed !== undefined) {
    tables.codes.set(grantId, redeemed);
    tables.consents.add(grantId);
    tables.vehicles.set(grantId, inIdOrder(redeemed.vehicles));
  }
  storeGrantEvents(tables, grantEvents);
  return result;
};
