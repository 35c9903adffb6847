/** `@keyfob/server`: a server inside another program, and what an operator does with its clients, grants and webhooks. */
export { createAuthorizationServer } from '../authorization-server.ts';
export type { AuthorizationServer, ServerOptions } from '../authorization-server.ts';
export { isEveryAddress } from '../http/listen-on.ts';
export type { Listening } from '../composition/listeners.ts';
export { demoCallbackPath } from '../connect/demo/demo-clients.ts';
export type { DemoClients, DemoCredentials } from '../connect/demo/demo-clients.ts';
export type { FetchHandler } from '../http/fetch-handler.ts';
export type { RequestOrigin, ValueHandler } from '../http/value-handler.ts';
export { parseConfig } from '../config.ts';
export type { Config, ConfigSources, Settings } from '../config.ts';
export { SETTINGS } from '../settings/settings.ts';
export type { SettingName } from '../settings/settings.ts';
export type { Setting } from '../settings/values.ts';
export { environmentNameOf, optionOf } from '../settings/names.ts';
export { systemClock } from '../clock.ts';
export type { Clock } from '../clock.ts';
export { createClockSource } from '../clock-source.ts';
export type { ClockSource } from '../clock-source.ts';
export { systemRandomness } from '../randomness.ts';
export type { Randomness } from '../randomness.ts';
export { OperatorError, StoreError } from '../errors.ts';
export { PACKAGE_VERSION } from '../package-version.ts';
export { nearestName } from '../nearest-name.ts';
export { createEventCounts } from '../admin/event-counts.ts';
export type { LogLines } from '../admin/metrics.ts';
export type { Caller, Emit, LogEvent } from '../log-event.ts';
export { followServers } from '../live/follow.ts';
export type { Following, LiveEvent } from '../live/follow.ts';

export { KEY_FILE, keyRingNameOf, STORE_FILE, storeNameOf } from '../deployment/names.ts';
export { openDeployment } from '../deployment/open.ts';
export type { Deployment, DeploymentOptions } from '../deployment/open.ts';

export type { OperationContext } from '../operations/context.ts';
export { addSecret } from '../operations/add-secret.ts';
export type { SecretAdded } from '../operations/add-secret.ts';
export { addWebhook } from '../operations/add-webhook.ts';
export type { NewWebhook, WebhookAdded } from '../operations/add-webhook.ts';
export { changeClient } from '../operations/change-client.ts';
export type { ClientChanged } from '../operations/change-client.ts';
export { createGrant } from '../operations/create-grant.ts';
export type { GrantCreated, NewGrant } from '../operations/create-grant.ts';
export {
  addOperatorKey,
  faultOfOwnClients,
  OPERATOR_KEY_MAX_SECONDS,
  OPERATOR_KEY_SECONDS,
} from '../operations/operator-keys.ts';
export type { OperatorKeyAdded } from '../operations/operator-keys.ts';
export { detailsWithoutTokens, holdsSecret } from '../operations/hide-secrets.ts';
export { createLoginLink, LINK_SECONDS } from '../operations/operator-sessions.ts';
export { readAudit, verifyAudit } from '../operations/read-audit.ts';
export type { AuditVerified } from '../operations/read-audit.ts';
export { newGrantId, newShortId } from '../operations/new-id.ts';
export { auditWrite, fitsAudit, REASON_MAX_CHARACTERS, recordAudit } from '../operations/record-audit.ts';
export type { Audited } from '../operations/record-audit.ts';
export { exportConsents, nameConsents } from '../operations/export-consents.ts';
export type { ConsentExport } from '../operations/export-consents.ts';
export type { ConsentRecord } from '../operations/consent-record.ts';
export { pruneGrantEvents } from '../operations/prune-grant-events.ts';
export { pruneGrants } from '../operations/prune-grants.ts';
export type { Access } from '../grants/judge-access.ts';
export { readAccess } from '../grants/read-access.ts';
export type { AccessContext } from '../grants/read-access.ts';
export { NO_GRANTS } from '../operations/count-grants.ts';
export type { GrantCount } from '../operations/count-grants.ts';
export { readClient } from '../operations/read-client.ts';
export type { ClientDetails } from '../operations/read-client.ts';
export { CLIENTS_SEARCHED_MAX, findClients } from '../operations/find-clients.ts';
export type { ClientsFound } from '../operations/find-clients.ts';
export { findGrants } from '../operations/find-grants.ts';
export type { GrantSearch, GrantsFound } from '../operations/find-grants.ts';
export { findGrantEvents } from '../operations/find-grant-events.ts';
export type { GrantEventSearch, GrantEventsFound } from '../operations/find-grant-events.ts';
export { listGrants, readGrant } from '../operations/read-grant.ts';
export type { GrantDetails, GrantSummary } from '../operations/read-grant.ts';
export { readGrantEvents } from '../operations/read-grant-events.ts';
export { examineNodes } from '../operations/doctor/examine-nodes.ts';
export { readNodes } from '../operations/read-nodes.ts';
export { readTroubles, TROUBLE_KINDS } from '../operations/read-troubles.ts';
export type { TroubleKind, Troubles, TroubleSearch } from '../operations/read-troubles.ts';
export type { NodeDetails } from '../operations/read-nodes.ts';
export { readWebhook, readWebhookKey, readWebhookSecret } from '../operations/read-webhook.ts';
export { DEMO_RESOURCE_PATH } from '../http/demo-resource.ts';
export { approveRegistration, listWaiting, refuseRegistration } from '../operations/decide-registration.ts';
export type {
  RegistrationDecided,
  RegistrationsWaiting,
  WaitingRegistration,
} from '../operations/decide-registration.ts';
export { makeRegistrationToken } from '../operations/registration-tokens.ts';
export type { NewRegistrationToken, RegistrationTokenMade } from '../operations/registration-tokens.ts';
export { registerClient } from '../operations/register-client.ts';
export type { ClientRegistered, ClientRegistration } from '../operations/register-client.ts';
export { reinstateGrant } from '../operations/reinstate-grant.ts';
export { removeClient } from '../operations/remove-client.ts';
export { changeWebhook } from '../operations/change-webhook.ts';
export { removeSecret } from '../operations/remove-secret.ts';
export { revokeGrant } from '../operations/revoke-grant.ts';
export { readKeys } from '../operations/read-keys.ts';
export type { KeyDetails } from '../operations/read-keys.ts';
export { rotateKeys } from '../operations/rotate-keys.ts';
export type { WritableKeys } from '../operations/rotate-keys.ts';
export { REPLACEMENT_WINDOW_SECONDS, withdrawKey } from '../operations/withdraw-key.ts';
export type { WantedWithdrawal } from '../operations/withdraw-key.ts';
export { testWebhook } from '../operations/test-webhook.ts';
export { withdrawConsent } from '../operations/withdraw-consent.ts';
export type { ConsentWithdrawn } from '../operations/withdraw-consent.ts';
export { createQrCode, renderQrText } from '../connect/qr-code.ts';
