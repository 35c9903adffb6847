import { DIALECTS } from '@keyfob/server/dialects';
import type { NewFault } from '../faults/fault.ts';
import { errorBody } from './error-bodies.ts';
import { arm, BEGIN, GO_ON, need, wait } from './plan.ts';
import type { Plan, Step } from './plan.ts';
import { mayStopRotating, statesLifetime } from './spans.ts';
import type { GradedDialect } from './spans.ts';

/** Every request meets the fault: in one call, and in another soon after. */
const during = (action: NewFault['do']): readonly Step[] => [
  ...BEGIN,
  arm({ do: action, times: 'always' }),
  need,
  wait('shortly'),
  need,
  ...GO_ON,
];

/** One answer is odd, and the requests after it meet no fault. */
const once = (action: NewFault['do']): readonly Step[] => [...BEGIN, arm({ do: action }), need, ...GO_ON];

type OddLifetime = readonly [name: string, title: string, action: (dialect: GradedDialect) => NewFault['do']];

/** Answers whose lifetime is odd, where the vendor's have one. A text says the true one. */
const ODD_LIFETIMES: readonly OddLifetime[] = [
  ['expires-in-missing', 'an answer without expires_in', () => ({ omit: ['expires_in'] })],
  [
    'expires-in-text',
    'an answer whose expires_in is a text',
    (dialect) => ({ expiresIn: String(DIALECTS[dialect].defaultPolicy.accessTokenLifetimeSeconds) }),
  ],
  ['expires-in-zero', 'an answer whose expires_in is 0', () => ({ expiresIn: 0 })],
  ['expires-in-negative', 'an answer whose expires_in is negative', () => ({ expiresIn: -1 })],
];

/** The server does not answer as its documentation says, and the grant is alive through all of it. */
export const OUTAGE_PLANS: readonly Plan[] = [
  {
    name: 'rate-limited',
    title: '429 with Retry-After, until that is over',
    steps: ({ dialect, pauseSeconds }) => [
      ...BEGIN,
      arm({
        do: {
          status: 429,
          headers: { 'Retry-After': String(pauseSeconds) },
          body: errorBody(dialect, 'rate_limited'),
        },
        times: 'always',
      }),
      need,
      wait('shortly'),
      need,
      wait('pause'),
      ...GO_ON,
    ],
  },
  {
    name: 'gateway-html',
    title: '502 with a page of HTML',
    steps: () => during({ status: 502, bodyName: 'nginx-502' }),
  },
  {
    name: 'maintenance',
    title: '503 for more than an hour',
    steps: () => [
      ...BEGIN,
      arm({ do: { status: 503, bodyName: 'nginx-503' }, times: 'always' }),
      need,
      wait('hour'),
      need,
      wait('hour'),
      need,
      ...GO_ON,
    ],
  },
  {
    name: 'waf',
    title: '403 with a page of a firewall',
    steps: () => during({ status: 403, bodyName: 'akamai-reference' }),
  },
  {
    name: 'html-200',
    title: 'a login page with the status 200',
    steps: () => during({ status: 200, bodyName: 'login-page' }),
  },
  {
    name: 'empty-200',
    title: 'nothing at all, with the status 200',
    steps: () => during({ status: 200, body: '' }),
  },
  {
    name: 'redirect',
    title: 'a redirect to another host',
    steps: () => [...BEGIN, arm({ elsewhere: true }), need, ...GO_ON],
  },
  {
    name: 'refresh-switched-off',
    title: 'the vendor refuses refreshes for this client for a while',
    steps: ({ dialect }) => during({ status: 400, body: errorBody(dialect, 'switched_off') }),
  },
  {
    name: 'same-token',
    isFor: mayStopRotating,
    title: 'the server does not rotate: the same refresh token comes back',
    policy: { rotation: 'none' },
    steps: () => [...BEGIN, need, ...GO_ON],
  },
  {
    name: 'no-refresh-token',
    isFor: mayStopRotating,
    title: 'the server does not rotate, and the answer has no refresh token',
    policy: { rotation: 'none' },
    steps: () => [
      ...BEGIN,
      arm({ do: { omit: ['refresh_token', 'refreshToken'] }, times: 'always' }),
      need,
      wait('pastAccess'),
      need,
      wait('pastAccess'),
      need,
    ],
  },
  ...ODD_LIFETIMES.map(([name, title, action]): Plan => ({
    name,
    title,
    isFor: statesLifetime,
    steps: ({ dialect }) => once(action(dialect)),
  })),
];
