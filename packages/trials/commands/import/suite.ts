import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DAY, inDays, json, openStage, row, totalsOf } from './stage.ts';
import type { Stage, Totals } from './stage.ts';
import { refreshAs, refusalOf } from '../../support/refresh-request.ts';
import type { DialectName } from '../../support/dialect-name.ts';
import { errorOf, setStrict } from '../../support/test-directory.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** As databases write a time in UTC. */
const inDaysAsText = (days: number): string =>
  new Date(inDays(days) * 1000).toISOString().slice(0, 19).replace('T', ' ');

/** How each dialect answers a dead token. */
const DEAD = { smartcar: 'invalid_grant', pleos: '4002' } as const;
/** How each dialect answers a token in an unknown form. */
const MALFORMED = { smartcar: 'invalid_request', pleos: '4002' } as const;

/** Imports with the real command into the store of a running server. */
export const describeImport = (
  name: string,
  prepare: () => Promise<Readonly<Record<string, string>>>,
  directory: string,
): void => {
  describe(`keyfob import: ${name}`, () => {
    const stage = openStage(prepare, directory);
    for (const dialect of ['smartcar', 'pleos'] as const) {
      tryUses(stage, dialect);
      tryEnds(stage, dialect);
    }
    tryBrand(stage);
    tryFaults(stage);
    tryFiles(stage);
    tryKill(stage);
  });
};

const tryUses = (stage: Stage, dialect: DialectName): void => {
  const { newToken, importRows, newClient } = stage;
  const refresh = refreshAs[dialect];
  test(`${dialect}: an imported token is exchanged once; its Idempotency-Key identifies a retry, and a replay revokes the grant.`, async () => {
    const client = await newClient(dialect);
    await setStrict(stage.server(), client);
    const token = newToken();
    const scope = dialect === 'pleos' ? '' : 'read_odometer';
    const { imported } = await importRows([row(client, token, { scope })]);
    assert.equal(imported, 1);
    const key = { 'idempotency-key': 'use-1' };
    const first = await refresh(stage.server().url, client, token, key);
    assert.equal(first.status, 200, first.text);
    const retried = await refresh(stage.server().url, client, token, key);
    assert.deepEqual([retried.status, retried.refreshToken], [200, first.refreshToken]);
    const second = await refresh(stage.server().url, client, first.refreshToken);
    assert.equal(second.status, 200, second.text);
    assert.notEqual(second.refreshToken, first.refreshToken);
    const replayed = await refresh(stage.server().url, client, token);
    assert.deepEqual([replayed.status, refusalOf(replayed)], [400, DEAD[dialect]]);
    assert.ok(stage.server().log().includes('refresh.replayed'));
    const ended = await refresh(stage.server().url, client, second.refreshToken);
    assert.deepEqual([ended.status, refusalOf(ended)], [400, DEAD[dialect]]);
  });

  test(`${dialect}: another client gets nothing for an imported token, and its owner keeps it.`, async () => {
    const [client, stranger] = [await newClient(dialect), await newClient(dialect)];
    const [token, other] = [newToken(), newToken()];
    await importRows([row(client, token), row(stranger, other)]);
    const refused = await refresh(stage.server().url, stranger, token);
    assert.deepEqual([refused.status, refusalOf(refused)], [400, DEAD[dialect]]);
    const guessed = await refresh(stage.server().url, { ...client, clientSecret: 'wrong' }, token);
    assert.ok(guessed.status === 401 || refusalOf(guessed) === '401', guessed.text);
    assert.equal((await refresh(stage.server().url, client, token)).status, 200);
  });

  test(`${dialect}: an unknown string gets the same answer, whether its client has imported tokens or not.`, async () => {
    const [client, plain] = [await newClient(dialect), await newClient(dialect)];
    await importRows([row(client, newToken())]);
    for (const who of [client, plain]) {
      for (const text of ['no-such-token', 'x'.repeat(600)]) {
        const refused = await refresh(stage.server().url, who, text);
        assert.deepEqual([refused.status, refusalOf(refused)], [400, MALFORMED[dialect]]);
      }
    }
  });
};

const tryEnds = (stage: Stage, dialect: DialectName): void => {
  const { newToken, importRows, newClient } = stage;
  const refresh = refreshAs[dialect];
  test(`${dialect}: a digest replaces a token that was not handed over, and expires with the token.`, async () => {
    const client = await newClient(dialect);
    const token = newToken();
    const digest = sha256(token).toString('base64url');
    await importRows([
      row(client, '', { refresh_token: undefined, refresh_token_sha256: digest, expires_at: inDays(1) }),
    ]);
    const set = (seconds: number) =>
      stage
        .server()
        .command('client', 'set', client.clientId, '--refresh-token-lifetime-seconds', String(seconds));
    // The token has one day left of any lifetime, so a shorter lifetime makes it expire now.
    await set(30 * DAY);
    const expired = await refresh(stage.server().url, client, token);
    assert.deepEqual([expired.status, refusalOf(expired)], [400, DEAD[dialect]]);
    await set(60 * DAY + 40 * DAY);
    assert.equal((await refresh(stage.server().url, client, token)).status, 200);
  });

  test(`${dialect}: a disabled client gets nothing for its imported tokens.`, async () => {
    const client = await newClient(dialect);
    const token = newToken();
    await importRows([row(client, token)]);
    await stage.server().command('client', 'disable', client.clientId);
    const refused = await refresh(stage.server().url, client, token);
    assert.ok(refused.status === 401 || refusalOf(refused) === '401', refused.text);
  });
};

const tryBrand = (stage: Stage): void => {
  const { newToken, importRows, newClient } = stage;
  test('A grant with a brand works under that brand only, and covers the vehicles of its row.', async () => {
    const client = await newClient('pleos');
    const token = newToken();
    const vehicle = {
      id: '00000000-0000-4000-8000-000000000001',
      vin: 'KMHTEST0000000001',
      make: 'kia',
      model: 'EV6',
      year: 2024,
    };
    await importRows([row(client, token, { brand: 'kia', vehicles: [vehicle] })]);
    assert.equal((await refreshAs.pleos(stage.server().url, client, token)).status, 400);
    assert.equal((await refreshAs.pleos(stage.server().url, client, token, { brand: 'kia' })).status, 200);
    const { grants } = await stage
      .server()
      .command<{ grants: readonly { grantId: string }[] }>('grant', 'list', '--client', client.clientId);
    const [grant] = grants;
    const shown = await stage
      .server()
      .command<{ vehicles: readonly object[] }>('grant', 'show', grant?.grantId ?? '');
    assert.deepEqual(shown.vehicles, [{ ...vehicle, nickname: '', powertrain: 'UNKNOWN' }]);
  });
};

const tryFaults = (stage: Stage): void => {
  const { directory, said, newToken, write, run, newClient } = stage;
  test('A dry run reports every fault and changes nothing; the report has row, line and fault, and no token.', async () => {
    const client = await newClient('smartcar');
    const { clientId } = client;
    const good = newToken();
    const rows = [
      'subject,client,expires_at,refresh_token,refresh_token_sha256,scope,brand',
      `owner-1,${clientId},${inDays(3)},${good},,"read_odometer read_vin",`,
      `owner-1,nobody,${inDays(3)},${newToken()},,,`,
      `owner-2,${clientId},${inDays(3)},"${newToken()},,,`,
      `owner-3,${clientId},${inDays(-1)},${newToken()},,,`,
      `owner-4,${clientId},${inDays(3)},,abcdef,,`,
      `owner-5,${clientId},${inDays(3)},${newToken()},,"a  b",`,
      `owner-6,${clientId},${inDays(3)},${newToken()},,,kia`,
      `owner-7,${clientId},${inDays(3)},${good},,,`,
      `owner-1,${clientId},${inDays(3)},${good},,"read_odometer read_vin",`,
      `owner-8,${clientId},${inDays(99)},${newToken()},,,`,
      `NULL,${clientId},${inDays(3)},${newToken()},,,`,
      `owner-9,${clientId},${inDays(3)}000,${newToken()},,,`,
      `owner-10,${clientId},${inDaysAsText(3)}+00,${newToken()},,,`,
      `owner-11,${clientId},${inDaysAsText(3)},${newToken()},,,`,
    ];
    const file = write(rows.join('\r\n'));
    const report = join(directory, 'refused.jsonl');
    const dry = await run(file, '--dry-run', '--report', report);
    assert.equal(dry.code, 1, dry.stderr);
    const faults = {
      client_unknown: 1,
      csv_malformed: 1,
      expired: 1,
      digest_malformed: 1,
      scope_malformed: 1,
      brand_unsupported: 1,
      token_duplicate: 1,
      placeholder: 1,
      expires_at_milliseconds: 1,
    };
    const counts = { imported: 4, alreadyThere: 1, refused: 9, shortened: 1, withoutZone: 1 };
    const totals = { rows: 14, ...counts, faults };
    const { seconds: _, ...found } = JSON.parse(dry.stdout) as Totals & { seconds: number };
    assert.deepEqual(found, { ...totals, dryRun: true });
    const text = readFileSync(report, 'utf8');
    said.push(text);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map((line) => [line['row'], line['line'], line['fault']]),
      [
        [2, 3, 'client_unknown'],
        [3, 4, 'csv_malformed'],
        [4, 5, 'expired'],
        [5, 6, 'digest_malformed'],
        [6, 7, 'scope_malformed'],
        [7, 8, 'brand_unsupported'],
        [8, 9, 'token_duplicate'],
        [11, 12, 'placeholder'],
        [12, 13, 'expires_at_milliseconds'],
      ],
    );
    assert.ok(lines.every((line) => typeof line['message'] === 'string'));
    assert.match(text, /"message":"subject is NULL: an export wrote this/);
    assert.equal((await refreshAs.smartcar(stage.server().url, client, good)).status, 400);
    const real = await run(file);
    assert.deepEqual([real.code, totalsOf(real).faults, totalsOf(real).imported], [1, faults, 4]);
    const again = await run(file);
    assert.deepEqual([totalsOf(again).imported, totalsOf(again).alreadyThere], [0, 5]);
    const checked = await run(file, '--dry-run');
    assert.deepEqual([totalsOf(checked).imported, totalsOf(checked).alreadyThere], [0, 5]);
  });
};

const tryFiles = (stage: Stage): void => {
  const { directory, newToken, write, run, newClient } = stage;
  test('A file that others can read causes a warning; a gzip file is decompressed.', async () => {
    const client = await newClient('pleos');
    const tokensOfFile = [newToken(), newToken()];
    const rows = tokensOfFile.map((token) => row(client, token));
    const open = await run(write(json(rows.slice(0, 1)), 0o644));
    assert.match(open.stderr, /can be read by others than its owner \(mode 644\)/);
    const packed = await run(write(gzipSync(json(rows))));
    assert.deepEqual([packed.stderr, totalsOf(packed).imported, totalsOf(packed).alreadyThere], ['', 1, 1]);
    const cut = await run(write(gzipSync(json(rows)).subarray(0, 40)));
    assert.equal(cut.code, 1);
    assert.match(cut.stderr, /import_unreadable/);
    const missing = await run(join(directory, 'no-such-file'));
    assert.match(missing.stderr, /import_unreadable.*ENOENT/);
    const headless = await run(write(`${client.clientId},${newToken()}\n`));
    assert.match(headless.stderr, /import_header/);
    const empty = await run(write(''));
    assert.deepEqual([empty.code, /import_header.*file is empty/.test(empty.stderr)], [1, true]);
  });

  test('A report is private, also where it replaces a file, and never replaces the imported file.', async () => {
    const client = await newClient('pleos');
    const rows = json([row(client, newToken(), { expires_at: 1 })]);
    const file = write(rows);
    const link = join(directory, 'link-to-grants');
    symlinkSync(file, link);
    for (const report of [file, link]) {
      const refused = await run(file, '--report', report);
      assert.deepEqual([refused.code, errorOf(refused).code], [1, 'report_unwritable']);
      assert.match(errorOf(refused).message, /is the imported file itself/);
      assert.equal(readFileSync(file, 'utf8'), rows);
    }
    const report = join(directory, 'open-report.jsonl');
    writeFileSync(report, 'of the last time\n', { mode: 0o644 });
    assert.equal((await run(file, '--report', report)).code, 1);
    assert.equal((statSync(report).mode & 0o777).toString(8), '600');
    assert.match(readFileSync(report, 'utf8'), /^\{"row":1,.*"expired".*\}\n$/);
    const away = await run(file, '--report', join(directory, 'no', 'report'));
    assert.equal(errorOf(away).code, 'report_unwritable');
  });
};

const tryKill = (stage: Stage): void => {
  const { newToken, importRows, newClient, start } = stage;
  test('A killed import continues when it is run again: every grant exists once.', async () => {
    const client = await newClient('smartcar');
    const tokensOfFile = Array.from({ length: 4500 }, newToken);
    const rows = tokensOfFile.map((token, index) => row(client, token, { subject: `owner-${index}` }));
    const count = () => countGrants(stage, client.clientId);
    const killed = start();
    killed.stdin?.on('error', () => {});
    const exited = new Promise((resolve) => killed.once('exit', resolve));
    // Some whole batches and a part of one are written; the rest never comes.
    killed.stdin?.write(json(rows.slice(0, 2500)));
    while ((await count()) === 0) assert.equal(killed.exitCode, null);
    killed.kill('SIGKILL');
    await exited;
    const kept = await count();
    assert.ok(kept === 1000 || kept === 2000, String(kept));
    const used = await refreshAs.smartcar(stage.server().url, client, tokensOfFile[0] ?? '');
    assert.equal(used.status, 200, used.text);
    const totals = await importRows(rows);
    assert.deepEqual([totals.alreadyThere, totals.imported], [kept, rows.length - kept]);
    assert.equal(await count(), rows.length);
    assert.equal((await refreshAs.smartcar(stage.server().url, client, used.refreshToken)).status, 200);
    for (const index of [999, 1000, 2499, 4499]) {
      const answer = await refreshAs.smartcar(stage.server().url, client, tokensOfFile[index] ?? '');
      assert.equal(answer.status, 200, answer.text);
    }
  });
};

const countGrants = async (stage: Stage, clientId: string): Promise<number> => {
  let found = 0;
  for (let more: readonly string[] = []; ;) {
    const page = await stage
      .server()
      .command<{ grants: readonly unknown[]; next: string | null }>(
        'grant',
        'list',
        '--client',
        clientId,
        '--limit',
        '1000',
        ...more,
      );
    found += page.grants.length;
    if (page.next === null) return found;
    more = ['--after', page.next];
  }
};
