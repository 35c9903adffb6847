import { KeeperError } from '../errors.ts';
import type { LogEvent } from '../refresh/engine.ts';
import { createAddressRule } from '../webhooks/address-rule.ts';
import { checkEndpoints } from '../webhooks/endpoint.ts';
import type { CheckedEndpoint, WebhookEndpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/sender.ts';

/** A part of another origin of code on the same port: the status page, the routes of the connect round trip. */
export type Mounted = {
  /** A path that begins with a slash; everything below it belongs to this part. */
  readonly path: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
};

/** What a service is started with. */
export type ServiceOptions = {
  /** 127.0.0.1 by default. */
  readonly host?: string | undefined;
  /** 8790 by default; 0 for any. */
  readonly port?: number | undefined;
  /** Where owners consent again, with `{name}` for the percent-encoded name of the connection. */
  readonly reconnectUrl?: string | undefined;
  /** How many trusted proxies are in front and write `X-Forwarded-For`; 0 by default. */
  readonly forwardedHops?: number | undefined;
  /** Requests that may wait for a refresh at a time; 5000 by default. */
  readonly waitingMax?: number | undefined;
  readonly mounted?: readonly Mounted[] | undefined;
  /** Where events are sent to. */
  readonly webhooks?: readonly WebhookEndpoint[] | undefined;
  /** Private ranges of addresses (CIDR) that webhooks may be sent to. */
  readonly webhookAllowedRanges?: readonly string[] | undefined;
  /** Messages that may wait for one webhook; 100 000 by default. More are dropped, and counted. */
  readonly webhookQueueMax?: number | undefined;
  readonly log?: ((event: ServiceEvent) => void) | undefined;
};

/** What the service reports to its log. Nothing in it is secret. */
export type ServiceEvent =
  | LogEvent
  | WebhookEvent
  | { readonly event: 'service.listening'; readonly url: string }
  | { readonly event: 'service.stopping' }
  | { readonly event: 'service.stopped' }
  | { readonly event: 'service.failed'; readonly reason: string };

/** Options with their defaults. */
export type CheckedOptions = {
  readonly host: string;
  readonly port: number;
  readonly forwardedHops: number;
  readonly waitingMax: number;
  readonly reconnectUrl: (name: string) => string | undefined;
  readonly mounted: readonly Mounted[];
  readonly webhooks: readonly CheckedEndpoint[];
  readonly isWebhookAddressAllowed: (address: string) => boolean;
  readonly webhookQueueMax: number;
  readonly log: (event: ServiceEvent) => void;
};

const whole = (name: string, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new KeeperError(
    'service_invalid',
    `${name} is ${value}`,
    `Set it to a whole number from ${least} to ${most}.`,
  );
};

/** Fills in the defaults. Throws `KeeperError`. */
export const checkOptions = (options: ServiceOptions): CheckedOptions => {
  const { reconnectUrl } = options;
  if (reconnectUrl !== undefined && !isTemplate(reconnectUrl))
    throw new KeeperError(
      'service_invalid',
      'reconnectUrl is not a web address with {name} in it',
      'For example: https://app.example/connect?car={name}',
    );
  return {
    host: options.host ?? '127.0.0.1',
    port: whole('port', options.port ?? 8790, 0, 65_535),
    forwardedHops: whole('forwardedHops', options.forwardedHops ?? 0, 0, 10),
    waitingMax: whole('waitingMax', options.waitingMax ?? 5000, 1, 1_000_000),
    reconnectUrl: (name) => reconnectUrl?.replaceAll('{name}', encodeURIComponent(name)),
    mounted: options.mounted ?? [],
    webhooks: checkEndpoints(options.webhooks ?? []),
    isWebhookAddressAllowed: createAddressRule(options.webhookAllowedRanges ?? []),
    webhookQueueMax: whole('webhookQueueMax', options.webhookQueueMax ?? 100_000, 1, 10_000_000),
    log: options.log ?? (() => undefined),
  };
};

const isTemplate = (text: string): boolean => {
  const filled = text.replaceAll('{name}', 'name');
  return filled !== text && URL.canParse(filled) && /^https?:$/.test(new URL(filled).protocol);
};
