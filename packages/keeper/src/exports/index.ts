export { openKeeper } from '../keeper.ts';
export type { Keeper } from '../keeper.ts';
export type { Authorizer, RefusingAnswer } from '../adapters/authorizer.ts';
export type { Connected, ConsentFlow, ConsentWish } from '../connect/consent-flow.ts';
export type { ClientView, ConnectionDetails, ConnectionView } from '../reading/view.ts';
export type { BoundConnections } from '../start/bind-connections.ts';
export type { Rekeyed } from '../start/rekey.ts';
export type { KeeperOptions } from '../start/options.ts';
export type { PutOptions, Tokens } from '../putting/put.ts';
export type { Reading } from '../reading/reading.ts';
export type { PutRow, PutRowResult } from '../putting/put-many.ts';
export type { Forecast, ForecastStep } from '../reading/forecast.ts';
export type { AskOptions, TokenResult } from '../refresh/ask.ts';
export type { LogEvent, Step } from '../refresh/engine.ts';
export type { Exchange, TokenRequest, Transport } from '../refresh/exchange.ts';
export type { EventKind, Listener } from '../events/dispatch.ts';
export type { ClientEvent, GrantEvent } from '../grants/events.ts';
export type { ConsentCause, Grant, GrantState } from '../grants/grant.ts';
export { DEFAULT_TIMING } from '../grants/timing.ts';
export type { Timing } from '../grants/timing.ts';
export { KeeperError, NeedsConsentError, StoreError, UnavailableError } from '../errors.ts';
export { envKeys, parseKeys } from '../vault/key-ring.ts';
export type { KeyRing } from '../vault/key-ring.ts';
export {
  bmw,
  ford,
  hyundai,
  oauth,
  pleos,
  smartcar,
  smartcarV3,
  tesla,
  volvo,
} from '../providers/vendors.ts';
export type { Client, ClientOptions } from '../providers/clients.ts';
export { memoryStore, sqliteStore } from '../stores/sqlite/open.ts';
export type { Attempt, Counts, PutStatus, StoreOpener } from '../stores/store.ts';
export { systemClock } from '../time.ts';
export type { Clock, Millis } from '../time.ts';
