/** The library: a server in the program of others, and what an operator does with its store. */
export { createAuthorizationServer } from '../authorization-server.ts';
export type { AuthorizationServer, Listening, ServerOptions } from '../authorization-server.ts';
export { systemClock } from '../clock.ts';
export type { Clock } from '../clock.ts';
export { parseConfig } from '../config.ts';
export type { Config, ConfigSources } from '../config.ts';
export { KEY_FILE, keyRingNameOf, STORE_FILE, storeNameOf } from '../deployment/names.ts';
export { openDeployment } from '../deployment/open.ts';
export type { Deployment, DeploymentOptions } from '../deployment/open.ts';
export { OperatorError, StoreError } from '../errors.ts';
export type { FetchHandler } from '../http/fetch-handler.ts';
export type { Caller, Emit, LogEvent } from '../log-event.ts';
export { systemRandomness } from '../randomness.ts';
export type { Randomness } from '../randomness.ts';
