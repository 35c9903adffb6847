import { codeOf, decidePoll, decideSettlement } from '@keyfob/server/grants';
import type { DeviceRequest } from '@keyfob/server/grants';
import type { DeviceStore } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

const findByUserCode = ({ devices }: Tables, userCode: string): DeviceRequest | undefined =>
  [...devices.values()].find((one) => one.userCode === userCode);

export const deviceVerbs = (tables: Tables, run: RunVerb): DeviceStore => ({
  createDeviceRequest: (request, dropBeforeMs = 0) =>
    run('createDeviceRequest', () => {
      const { grantId, clientId, userCode } = request;
      for (const one of tables.devices.values())
        if (one.issuedAtMs < dropBeforeMs) tables.devices.delete(one.grantId);
      if (!tables.clients.has(clientId)) return 'client_unknown';
      const isTaken = [tables.grants, tables.codes, tables.devices].some((table) => table.has(grantId));
      if (isTaken || findByUserCode(tables, userCode) !== undefined) return 'taken';
      tables.devices.set(grantId, request);
      return 'created';
    }),
  findDeviceRequest: (userCode) => run('findDeviceRequest', () => findByUserCode(tables, userCode)),
  settleDeviceRequest: (userCode, settlement, now) =>
    run('settleDeviceRequest', () => {
      const request = findByUserCode(tables, userCode);
      const outcome = decideSettlement(request, now);
      if (outcome !== 'settled' || request === undefined) return outcome;
      if (settlement.kind === 'approved') {
        if (!tables.clients.has(request.clientId)) return 'client_unknown';
        const code = codeOf(request, settlement.consent, now);
        tables.codes.set(request.grantId, { ...code, redeemedAtMs: undefined, useDigest: undefined });
      }
      tables.devices.set(request.grantId, { ...request, settled: settlement.kind });
      return outcome;
    }),
  pollDeviceRequest: ({ presented, ...now }) =>
    run('pollDeviceRequest', () => {
      const request = tables.devices.get(presented.grantId);
      const { outcome, changed } = decidePoll(request, presented, now);
      if (request !== undefined && changed !== undefined)
        tables.devices.set(request.grantId, { ...request, ...changed });
      return outcome;
    }),
});
