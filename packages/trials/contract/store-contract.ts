import { describe } from 'node:test';
import { registerOnReopened, registerOnStore, registerOnTwo } from './register.ts';
import type { StoreFactory } from './register.ts';
import { auditContract, auditLastingContract, auditRacingContract } from './suite/audit.ts';
import { operatorConnectionContract, operatorContract } from './suite/operators.ts';
import { registrationContract } from './suite/registrations.ts';
import { attemptContract } from './suite/attempts.ts';
import { nodeContract, troubleContract } from './suite/nodes.ts';
import { clientPageContract } from './suite/client-pages.ts';
import { clientContract } from './suite/clients.ts';
import { codeContract } from './suite/codes.ts';
import { codeConnectionContract, codeLastingContract, codeRacingContract } from './suite/code-races.ts';
import { deviceConnectionContract, deviceContract, deviceLastingContract } from './suite/devices.ts';
import { connectionContract } from './suite/connections.ts';
import { consentContract } from './suite/consents.ts';
import { vehicleDataContract } from './suite/vehicle-data.ts';
import { findingContract } from './suite/finding.ts';
import { grantEventContract } from './suite/grant-events.ts';
import { grantEventKeepingContract } from './suite/grant-event-retention.ts';
import { grantContract } from './suite/grants.ts';
import { importContract } from './suite/imports.ts';
import { hastenContract } from './suite/hastened-deliveries.ts';
import { webhookChangeContract } from './suite/webhook-changes.ts';
import { keyContract } from './suite/keys.ts';
import { clockContract } from './suite/clock.ts';
import { lastingContract } from './suite/durability.ts';
import { pruneContract } from './suite/pruning.ts';
import { sessionConnectionContract, sessionContract, sessionLastingContract } from './suite/sessions.ts';
import { onceConnectionContract, onceContract, onceLastingContract } from './suite/used-once.ts';
import { secretUseContract } from './suite/secret-uses.ts';
import { racingContract } from './suite/refresh-races.ts';
import { refreshContract } from './suite/refreshes.ts';
import { issuingContract } from './suite/issuing.ts';
import { vehicleContract } from './suite/vehicles.ts';
import { verdictContract } from './suite/verdicts.ts';
import { volumeContract } from './suite/volume.ts';
import { webhookConnectionContract, webhookContract } from './suite/webhooks.ts';
import { withdrawalContract } from './suite/withdrawals.ts';

/** Registers the whole contract of `Store` for one kind of store, under its name. */
export const describeStore = (name: string, factory: StoreFactory): void => {
  describe(`the contract of a store: ${name}`, () => {
    const onStore = registerOnStore(factory);
    for (const register of [
      grantContract,
      refreshContract,
      issuingContract,
      verdictContract,
      pruneContract,
      vehicleContract,
      withdrawalContract,
      clientContract,
      clientPageContract,
      secretUseContract,
      codeContract,
      deviceContract,
      consentContract,
      vehicleDataContract,
      importContract,
      findingContract,
      grantEventContract,
      keyContract,
      clockContract,
      racingContract,
      codeRacingContract,
      volumeContract,
      grantEventKeepingContract,
      webhookContract,
      hastenContract,
      webhookChangeContract,
      sessionContract,
      onceContract,
      operatorContract,
      registrationContract,
      auditContract,
      nodeContract,
      attemptContract,
    ])
      register(onStore);
    for (const register of [
      connectionContract,
      codeConnectionContract,
      deviceConnectionContract,
      webhookConnectionContract,
      sessionConnectionContract,
      onceConnectionContract,
      operatorConnectionContract,
      troubleContract,
      auditRacingContract,
    ])
      register(registerOnTwo(factory));
    for (const register of [
      lastingContract,
      codeLastingContract,
      deviceLastingContract,
      sessionLastingContract,
      onceLastingContract,
      auditLastingContract,
    ])
      register(registerOnReopened(factory));
  });
};
