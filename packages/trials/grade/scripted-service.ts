/** A service in a few lines: `node service.mjs URL` answers needs there. One refresh at a time, stored before it is answered. */
export const SERVICE = `
import { createServer } from 'node:http';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
const { KEYFOB_STATE, KEYFOB_TOKEN_URL: url, KEYFOB_CLIENT_ID: id, KEYFOB_CLIENT_SECRET: secret, ...env } = process.env;
const file = KEYFOB_STATE + '/tokens.json';
let held = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'))
  : { access: env.KEYFOB_ACCESS_TOKEN, refresh: env.KEYFOB_REFRESH_TOKEN, expiresAt: Number(env.KEYFOB_EXPIRES_AT) };
const store = () => {
  writeFileSync(file + '.new', JSON.stringify(held));
  renameSync(file + '.new', file);
};
store();
const refresh = async (now, isLast) => {
  try {
    const response = await fetch(url, { method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(3000),
      headers: { 'User-Agent': 'service', Authorization: 'Basic ' + btoa(id + ':' + secret) },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: held.refresh }) });
    const body = await response.json();
    if (body.error === 'invalid_grant') return 410;
    if (!response.ok) return 503;
    held = { access: body.access_token, refresh: body.refresh_token, expiresAt: now + body.expires_in * 1000 };
    store();
    return 200;
  } catch {
    return isLast ? 503 : refresh(now, true);
  }
};
let turn = Promise.resolve(200);
createServer((request, response) => {
  const now = Number(request.headers['keyfob-now']);
  turn = turn.then(() => (now < held.expiresAt ? 200 : refresh(now, false)));
  turn.then((status) => response.writeHead(status).end(status === 200 ? held.access : ''));
}).listen(new URL(process.argv[2]).port, '127.0.0.1');
`;
