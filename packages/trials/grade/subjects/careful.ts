/**
 * A careful client with `fetch` and nothing else, as a graded command: `node careful.ts smartcar`, or `pleos`.
 *
 * A transaction of SQLite holds the state while one process refreshes. It is lock and storage at once: the system releases it when
 * the process dies, and what it wrote is there as a whole or not at all.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

type Answer =
  | { readonly kind: 'tokens'; readonly access: string; readonly refresh?: string; readonly seconds: number }
  | { readonly kind: 'dead' | 'unknown' | 'refused' }
  | { readonly kind: 'wait'; readonly seconds: number };

/** The members that are read of an answer, in the forms of both vendors. */
type Body = {
  readonly error?: string | { readonly code?: string };
  readonly data?: { readonly accessToken?: string; readonly refreshToken?: string };
} & Readonly<Partial<Record<'access_token' | 'refresh_token' | 'expires_in', string>>>;

const { env } = process;
const [, , dialect] = process.argv;
const now = Number(env['KEYFOB_NOW'] ?? Date.now());
const id = env['KEYFOB_CLIENT_ID'] ?? '';
const secret = env['KEYFOB_CLIENT_SECRET'] ?? '';
const usualSeconds = Number(env['KEYFOB_LIFETIME_SECONDS'] ?? 3600);

const requestOf = (refreshToken: string): RequestInit =>
  dialect === 'pleos'
    ? {
        headers: { 'Content-Type': 'application/json', Brand: env['KEYFOB_BRAND'] ?? 'hyundai' },
        body: JSON.stringify({ clientId: id, clientSecret: secret, refreshToken }),
      }
    : {
        headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}`, 'User-Agent': 'careful/1.0' },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
      };

const refresh = async (refreshToken: string): Promise<Answer> => {
  try {
    const signal = AbortSignal.timeout(5000);
    const init = { ...requestOf(refreshToken), method: 'POST', redirect: 'manual', signal } as const;
    const response = await fetch(env['KEYFOB_TOKEN_URL'] ?? '', init);
    const seconds = Number(response.headers.get('Retry-After'));
    if (response.status === 429 || response.status === 503) return { kind: 'wait', seconds: seconds || 1 };
    const body = (await response.json()) as Body;
    const code = typeof body.error === 'object' ? body.error.code : body.error;
    if (code === 'invalid_grant' || code === '4002') return { kind: 'dead' };
    if (!response.ok) return { kind: 'refused' };
    const access = body.access_token ?? body.data?.accessToken;
    const lifetime = Number(body.expires_in);
    if (access === undefined || access === '') return { kind: 'unknown' };
    const next = body.refresh_token ?? body.data?.refreshToken;
    const refreshed = next === undefined ? {} : { refresh: next };
    return { kind: 'tokens', access, ...refreshed, seconds: lifetime > 0 ? lifetime : usualSeconds };
  } catch {
    // No answer, half an answer, or a page of HTML: the server may have exchanged the token.
    return { kind: 'unknown' };
  }
};

const answer = (code: number, token?: string): never => {
  database.exec('COMMIT');
  if (token !== undefined) process.stdout.write(`${token}\n`);
  process.exit(code);
};

const database = new DatabaseSync(join(env['KEYFOB_STATE'] ?? '.', 'tokens.db'), { timeout: 20_000 });
database.exec('BEGIN IMMEDIATE');
database.exec('CREATE TABLE IF NOT EXISTS held (access, refresh, expires_at, silent_until, is_dead)');
if (database.prepare('SELECT 1 FROM held').get() === undefined)
  database
    .prepare('INSERT INTO held VALUES (?, ?, ?, 0, 0)')
    .run(
      env['KEYFOB_ACCESS_TOKEN'] ?? '',
      env['KEYFOB_REFRESH_TOKEN'] ?? '',
      Number(env['KEYFOB_EXPIRES_AT']),
    );
const held = database.prepare('SELECT * FROM held').get() as Record<string, string & number>;
if (held['is_dead'] === 1) answer(77);
if (now < (held['expires_at'] ?? 0) - 60_000) answer(0, held['access']);
if (now < (held['silent_until'] ?? 0)) answer(75);
for (let attempt = 0; attempt < 3; attempt++) {
  const got = await refresh(held['refresh'] ?? '');
  if (got.kind === 'tokens') {
    const set = 'UPDATE held SET access = ?, refresh = coalesce(?, refresh), expires_at = ?';
    database.prepare(set).run(got.access, got.refresh ?? null, now + got.seconds * 1000);
    answer(0, got.access);
  }
  if (got.kind === 'dead') {
    database.exec('UPDATE held SET is_dead = 1');
    answer(77);
  }
  if (got.kind === 'wait') database.prepare('UPDATE held SET silent_until = ?').run(now + got.seconds * 1000);
  if (got.kind !== 'unknown') answer(75);
}
answer(75);
