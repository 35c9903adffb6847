/** The frame of a graded program in a test: what it holds, `refresh`, and `store`. A test adds what it is about. */
const FRAME = `
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const { KEYFOB_STATE: folder, KEYFOB_NOW, KEYFOB_TOKEN_URL: url, KEYFOB_CLIENT_ID: id, KEYFOB_CLIENT_SECRET: secret,
  KEYFOB_ACCESS_TOKEN: access, KEYFOB_REFRESH_TOKEN: refreshToken, KEYFOB_EXPIRES_AT } = process.env;
const now = Number(KEYFOB_NOW);
const file = folder + '/tokens.json';
const held = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { access, refresh: refreshToken, expiresAt: Number(KEYFOB_EXPIRES_AT) };
const store = () => {
  writeFileSync(file + '.new', JSON.stringify(held));
  renameSync(file + '.new', file);
};
const send = (token) => fetch(url, { method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(3000),
  headers: { 'User-Agent': 'test', Authorization: 'Basic ' + btoa(id + ':' + secret) },
  body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }) });
const take = (body) => {
  held.access = body.access_token;
  held.refresh = body.refresh_token;
  held.expiresAt = now + body.expires_in * 1000;
};
/** Sends the token up to twice. Ends the program where there is no answer with tokens. */
const refresh = async () => {
  for (const last of [false, true]) {
    try {
      const response = await send(held.refresh);
      if (!response.ok && response.status !== 400) process.exit(75);
      const body = await response.json();
      if (body.error === 'invalid_grant') process.exit(77);
      if (!body.access_token) process.exit(75);
      return take(body);
    } catch {
      if (last) process.exit(75);
    }
  }
};
`;

/** A graded program whose frame is careful but for what the test adds. */
export const scripted = (script: string): string => `${FRAME}${script}`;
