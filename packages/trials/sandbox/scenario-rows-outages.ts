import { both, HOUR, wait } from './scenario-row.ts';
import type { ScenarioRow } from './scenario-row.ts';

/** The server, or what stands before it, does not serve, or answers oddly. */
export const OUTAGE_ROWS: readonly ScenarioRow[] = [
  {
    scenario: 'refresh-switched-off',
    moves: ['newest', 'again'],
    seen: {
      smartcar: ['g1/0 none, at 0 -> 400 unauthorized_client', 'g1/0 none, at 0 -> 400 unauthorized_client'],
      pleos: ['g1/0 none, at 0 -> 400 403', 'g1/0 none, at 0 -> 400 403'],
    },
  },
  {
    scenario: 'refresh-not-honoured',
    moves: ['newest', 'again'],
    seen: {
      smartcar: ['g1/0 none, at 0 -> 400 invalid_request', 'g1/0 none, at 0 -> 400 invalid_request'],
      pleos: ['g1/0 none, at 0 -> 400 4002', 'g1/0 none, at 0 -> 400 4002'],
    },
  },
  {
    scenario: 'rate-limited',
    moves: ['newest', 'newest', 'newest', 'newest'],
    seen: {
      smartcar: [
        'g1/0 none, at 0 -> 429 Retry-After 60 temporarily_unavailable',
        'g1/0 none, at 0 -> 429 Retry-After Thu, 01 Jan 2026 00:01:00 GMT temporarily_unavailable',
        'g1/0 none, at 0 -> 429 temporarily_unavailable',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
      ],
      pleos: [
        'g1/0 none, at 0 -> 429 Retry-After 60 5001',
        'g1/0 none, at 0 -> 429 Retry-After Thu, 01 Jan 2026 00:01:00 GMT 5001',
        'g1/0 none, at 0 -> 429 5001',
        'g1/0 rotate committed, at 1 -> 200 g1/1',
      ],
    },
  },
  {
    scenario: 'gateway-html',
    moves: ['newest', 'newest', 'newest', 'newest', 'newest', 'newest'],
    seen: both(
      'g1/0 none, at 0 -> 502 page "502 Bad Gateway"',
      'g1/0 none, at 0 -> 503 page "503 Service Temporarily Un"',
      'g1/0 none, at 0 -> 504 page "The request could not be s"',
      'g1/0 none, at 0 -> 502 page "502 - Web server received"',
      'g1/0 none, at 0 -> 503 page "Service Unavailable - DNS"',
      'g1/0 rotate committed, at 1 -> 200 g1/1',
    ),
  },
  {
    scenario: 'html-200',
    moves: ['newest', 'newest', 'newest', 'newest'],
    seen: both(
      'g1/0 none, at 0 -> 200 page "Sign in"',
      'g1/0 none, at 0 -> 200 page "Maintenance"',
      'g1/0 none, at 0 -> 200 empty',
      'g1/0 rotate committed, at 1 -> 200 g1/1',
    ),
  },
  {
    scenario: 'maintenance',
    moves: ['newest', wait(2 * HOUR - 1), 'newest', wait(1), 'newest'],
    seen: both(
      'g1/0 none, at 0 -> 503 page "503 Service Temporarily Un"',
      'g1/0 none, at 0 -> 503 page "503 Service Temporarily Un"',
      'g1/0 rotate committed, at 1 -> 200 g1/1',
    ),
  },
  {
    scenario: 'waf',
    moves: ['newest', 'newest', wait(HOUR), 'newest'],
    seen: both(
      'g1/0 none, at 0 -> 403 other JSON',
      'g1/0 none, at 0 -> 302 Location http://localhost:PORT/w/ID/elsewhere/blocked empty',
      'g1/0 rotate committed, at 1 -> 200 g1/1',
    ),
  },
  {
    scenario: 'redirect',
    moves: ['newest', 'newest'],
    seen: both(
      'g1/0 none, at 0 -> 307 Location http://localhost:PORT/w/ID/elsewhere/oauth/token empty',
      'g1/0 rotate committed, at 1 -> 200 g1/1',
    ),
  },
  {
    scenario: 'tls-reset',
    moves: ['newest', 'newest'],
    seen: both('g1/0 none, at 0 -> nothing, reset', 'g1/0 rotate committed, at 1 -> 200 g1/1'),
  },
  { scenario: 'tls-expired', moves: ['newest'], seen: both('g1/0 rotate committed, at 1 -> 200 g1/1') },
  { scenario: 'dns', moves: ['newest'], seen: both('g1/0 rotate committed, at 1 -> 200 g1/1') },
  {
    scenario: 'no-refresh-token',
    moves: ['newest', 'newest'],
    seen: both(
      'g1/0 repeat (not_rotated), at 0 -> 200 no refresh token',
      'g1/0 repeat (not_rotated), at 0 -> 200 no refresh token',
    ),
  },
  {
    scenario: 'same-token',
    moves: ['newest', 'newest'],
    seen: both('g1/0 repeat (not_rotated), at 0 -> 200 g1/0', 'g1/0 repeat (not_rotated), at 0 -> 200 g1/0'),
  },
  {
    scenario: 'error-in-200',
    moves: ['newest', 'newest'],
    seen: {
      smartcar: [
        'g1/0 refuse (revoked), at 0 -> 200 invalid_grant',
        'g1/0 refuse (revoked), at 0 -> 200 invalid_grant',
      ],
      pleos: ['g1/0 refuse (revoked), at 0 -> 200 4002', 'g1/0 refuse (revoked), at 0 -> 200 4002'],
    },
  },
  {
    scenario: 'expires-in-odd',
    moves: ['newest', 'newest', 'newest', 'newest', 'newest'],
    seen: {
      smartcar: [
        'g1/0 rotate committed, at 1 -> 200 g1/1',
        'g1/1 rotate committed, at 2 -> 200 g1/2 expires_in "7200"',
        'g1/2 rotate committed, at 3 -> 200 g1/3 expires_in 0',
        'g1/3 rotate committed, at 4 -> 200 g1/4 expires_in -1',
        'g1/4 rotate committed, at 5 -> 200 g1/5',
      ],
    },
  },
];
