/**
 * What is written first everywhere: a file, `fetch`, no second thought. As a graded command: `node naive.ts smartcar`, or `pleos`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Body = {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly data: { readonly accessToken: string; readonly refreshToken: string };
};

const { env } = process;
const now = Number(env['KEYFOB_NOW']);
const file = join(env['KEYFOB_STATE'] ?? '.', 'tokens.json');
const held = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : {
      access: env['KEYFOB_ACCESS_TOKEN'],
      refresh: env['KEYFOB_REFRESH_TOKEN'],
      expiresAt: Number(env['KEYFOB_EXPIRES_AT']),
    };

const refresh = async (): Promise<void> => {
  const [id, secret] = [env['KEYFOB_CLIENT_ID'], env['KEYFOB_CLIENT_SECRET']];
  const response =
    process.argv[2] === 'pleos'
      ? await fetch(env['KEYFOB_TOKEN_URL'] ?? '', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Brand: 'hyundai' },
          body: JSON.stringify({ clientId: id, clientSecret: secret, refreshToken: held.refresh }),
        })
      : await fetch(env['KEYFOB_TOKEN_URL'] ?? '', {
          method: 'POST',
          headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}`, 'User-Agent': 'naive/1.0' },
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: held.refresh }),
        });
  if (!response.ok) {
    console.error(`the owner must connect again: ${response.status}`);
    process.exit(77);
  }
  const body = (await response.json()) as Body;
  held.access = body.access_token ?? body.data.accessToken;
  held.refresh = body.refresh_token ?? body.data.refreshToken;
  held.expiresAt = now + (body.expires_in ?? 3600) * 1000;
};

if (held.expiresAt <= now) await refresh();
writeFileSync(file, JSON.stringify(held));
console.log(held.access);
