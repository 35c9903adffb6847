import { wholeNumber } from './values.ts';

/** The settings that limit what a server takes, and for how long things last. */
export const LIMIT_SETTINGS = {
  bodyMaxBytes: {
    ...wholeNumber(1024, 1_048_576),
    default: 16_384,
    effect: 'Largest body of a request. A larger one gets 413.',
  },
  headersMaxBytes: {
    ...wholeNumber(1024, 131_072),
    default: 16_384,
    effect: 'Largest size of the headers of a request.',
  },
  headersTimeoutSeconds: {
    ...wholeNumber(1, 300),
    default: 10,
    effect:
      'Time from the first byte of a request to the last of its headers. At most `requestTimeoutSeconds`.',
  },
  requestTimeoutSeconds: {
    ...wholeNumber(1, 600),
    default: 15,
    effect: 'Time from the first byte of a request to the last of its body.',
  },
  answerTimeoutSeconds: {
    ...wholeNumber(1, 600),
    default: 60,
    effect:
      'How long a client may leave an answer unread, and how long an answer may take; then the connection is closed.',
  },
  keepAliveTimeoutSeconds: {
    ...wholeNumber(1, 3600),
    default: 75,
    effect:
      'How long an idle connection is kept. Longer than the 60 seconds of common load balancers, so that they close first.',
  },
  requestsPerConnectionMax: {
    ...wholeNumber(1, 1_000_000_000),
    default: 1_000_000,
    effect: 'Requests on one connection; then it is closed.',
  },
  connectionsMax: {
    ...wholeNumber(1, 1_000_000),
    default: 20_000,
    effect: 'Open connections; further ones are closed at once.',
  },
  concurrentRequestsMax: {
    ...wholeNumber(1, 1_000_000),
    default: 2000,
    effect: 'Requests being answered at one moment; further ones get 503.',
  },
  forwardedHops: {
    ...wholeNumber(0, 16),
    default: 0,
    effect:
      'Number of your proxies in front, each of which appends its caller to `X-Forwarded-For`. The caller is that entry from the right. 0 ignores the header.',
  },
  authenticationFailuresPerAddressMax: {
    ...wholeNumber(0, 1_000_000),
    default: 20,
    effect:
      'Failures to authenticate a client that one address may have per window; more get 429. 0 for no limit.',
  },
  authenticationFailuresPerClientMax: {
    ...wholeNumber(0, 1_000_000),
    default: 100,
    effect:
      'Failures to authenticate as one client, from any address, per window; more get 429. 0 for no limit.',
  },
  authenticationFailuresWindowSeconds: {
    ...wholeNumber(1, 86_400),
    default: 60,
    effect: 'Length of that window.',
  },
  ownerVisitsPerAddressMax: {
    ...wholeNumber(0, 1_000_000),
    default: 300,
    effect:
      "Visits to owners' pages that one address may make per minute; more get 429. Giving consent takes about five. 0 for no limit.",
  },
  ownerVisitsMax: {
    ...wholeNumber(0, 10_000_000),
    default: 6000,
    effect: "Visits to owners' pages per minute from all addresses; more get 429. 0 for no limit.",
  },
  grantEventDays: {
    ...wholeNumber(0, 3650),
    default: 30,
    effect:
      'How many days grant events and their deliveries are kept: who got, changed, used and lost access, and when. 0: until they are delivered, and for no more than an hour. Servers of one store need the same value.',
  },
  endedGrantDays: {
    ...wholeNumber(0, 36_500),
    default: 90,
    effect:
      "How many days `keyfob prune` keeps a grant that has ended, and with it the record of its owner's consent. It cannot be reinstated afterwards.",
  },
  shutdownGraceSeconds: {
    ...wholeNumber(0, 600),
    default: 10,
    effect: 'How long open requests may take to finish after SIGTERM.',
  },
} as const;
