import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createAnswerReader } from './answer.ts';
import { replaceBetweenMarkers } from './docs.ts';
import { WrongAnswer } from './generator-process.ts';
import { readProcess, readTogether } from './measure.ts';
import { describeNoise, watchNoise } from './noise.ts';
import { readOptions, UsageError } from './options.ts';
import { compareTargets, checkGenerator } from './ratios.ts';
import { writeReport } from './report.ts';
import { runRounds } from './rounds.ts';
import type { Measurement, Plan } from './rounds.ts';
import { medianOf, percentileOf } from './statistics.ts';
import { oauthWire, UUID_PATTERN } from './wire.ts';
import type { OpenTarget, Target, TargetName } from './targets/target.ts';
import { TARGETS } from './targets/targets.ts';

const TOKEN = '5f0c6a9d-e01b-47a2-93cc-8d15e07b64f0';
const NEXT = '6e565aed-d4b2-4296-9b4c-aec35825a6aa';
const client = {
  path: '/oauth/token',
  port: 1,
  clientId: 'c',
  clientSecret: 's',
  tokenPattern: UUID_PATTERN,
};
const silent = { pin: () => {}, onProgress: () => {} };
const short = { connections: [2], rounds: 1, warmupMs: 100, measureMs: 250 };

const answer = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

const pair = (refreshToken: unknown, accessToken: unknown = NEXT): string =>
  answer(JSON.stringify({ access_token: accessToken, refresh_token: refreshToken }));

const measure = (target: TargetName, round: number, requestsPerSecond: number): Measurement => ({
  target,
  round,
  connections: 64,
  requests: 1,
  requestsPerSecond,
  p50Ms: 1,
  p99Ms: 1,
  p999Ms: 1,
  longestMs: 1,
  cpuMicrosPerRequest: 1e6 / requestsPerSecond,
  generatorCpuShare: 0.5,
});

/** A server whose answers have the right form, and always the same token. */
const openLiar = async (name: TargetName): Promise<Target> => {
  const server = createServer((_request, response) => {
    const body = JSON.stringify({ access_token: TOKEN, refresh_token: TOKEN });
    response.writeHead(200, { 'Content-Length': body.length }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name,
    pids: [process.pid],
    port,
    wire: oauthWire({ ...client, port }),
    refreshTokens: [TOKEN, TOKEN],
    walIndexPath: undefined,
    durability: 'no state',
    close: async () => void server.close(),
  };
};

const openLiarExceptEcho = (name: TargetName): OpenTarget =>
  name === 'echo' ? TARGETS.echo.open : () => openLiar(name);

describe('The benchmark', () => {
  test('measures every server it can start, and every answer is correct', async () => {
    const plan: Plan = { ...short, targets: ['echo', 'echo-pleos', 'smartcar', 'pleos', 'oidc-provider'] };
    const { measurements, skipped } = await runRounds(plan, silent);
    assert.deepEqual(skipped, {});
    assert.deepEqual(
      measurements.map(({ target }) => target),
      plan.targets,
    );
    for (const { target, round, connections, ...figures } of measurements) {
      assert.deepEqual([round, connections], [1, 2]);
      // On a slow disk the requests may use less than one tick of CPU time, and a memory disk counts no written bytes.
      const { writtenBytesPerRequest = 0, cpuMicrosPerRequest = 0, commitsPerSecond, ...positive } = figures;
      assert.ok(writtenBytesPerRequest >= 0 && cpuMicrosPerRequest >= 0, target);
      for (const [name, value] of Object.entries(positive)) assert.ok(value > 0, `${target} ${name}`);
      const hasStore = target === 'smartcar' || target === 'pleos';
      assert.equal(commitsPerSecond !== undefined && commitsPerSecond > 0, hasStore, target);
      assert.equal(figures.cpuMicrosPerRequest !== undefined, readProcess(process.pid) !== undefined);
    }
  });

  test('measures Keyfob on PostgreSQL and the limit of the database, including the processes of PostgreSQL', async (t) => {
    // Long enough that also a busy machine commits something in it.
    const plan: Plan = { ...short, measureMs: 1500, targets: ['smartcar-postgres', 'pgbench'] };
    const { measurements, skipped, notes } = await runRounds(plan, silent);
    for (const [target, reason] of Object.entries(skipped)) t.diagnostic(`SKIPPED ${target}: ${reason}`);
    assert.deepEqual(
      [...measurements.map(({ target }) => target), ...Object.keys(skipped)].toSorted(),
      plan.targets.toSorted(),
    );
    for (const { target, requests, p50Ms, p99Ms, longestMs, ...figures } of measurements) {
      const waits = [p50Ms, p99Ms, longestMs];
      assert.ok(
        requests > 0 && p50Ms >= 0 && p50Ms <= p99Ms && p99Ms <= longestMs && longestMs > 0,
        `${target}: ${requests}, ${waits.join()}`,
      );
      assert.match(notes[target] ?? '', /PostgreSQL \d+/);
      if (readProcess(process.pid) === undefined) continue;
      const { cpuMicrosPerRequest = -1, residentBytes = 0, residentMaxBytes } = figures;
      assert.ok(cpuMicrosPerRequest >= 0 && residentBytes > 0, target);
      assert.equal(residentMaxBytes, undefined, 'the peak of several processes is unknown');
    }
  });

  test('counts the CPU time of child processes, including processes that have ended', async () => {
    const [before, parentBefore] = [readTogether([process.pid]), readProcess(process.pid)];
    if (before === undefined || parentBefore === undefined) return;
    const busyLoop =
      'const end = Date.now() + 60_000; while (process.cpuUsage().user < 200_000 && Date.now() < end);';
    await promisify(execFile)(process.execPath, ['-e', busyLoop]);
    const child = spawn(process.execPath, ['-e', `${busyLoop} console.log('done'); process.stdin.resume()`]);
    try {
      await once(child.stdout, 'data');
      const [after, parentAfter] = [readTogether([process.pid]), readProcess(process.pid)];
      assert.ok(after !== undefined && parentAfter !== undefined);
      const childMicros =
        after.cpuMicros - before.cpuMicros - (parentAfter.cpuMicros - parentBefore.cpuMicros);
      assert.ok(childMicros >= 300_000, `${childMicros} µs`);
    } finally {
      child.kill();
    }
  });

  for (const [bare, dialect] of [
    ['echo', 'smartcar'],
    ['echo-pleos', 'pleos'],
  ] as const)
    test(`compares with a bare server that writes the same number of bytes as Keyfob: ${dialect}`, async () => {
      const shapes = [];
      for (const name of [bare, dialect]) {
        const target = await TARGETS[name].open(1, { mayDownload: false });
        assert.ok('wire' in target);
        try {
          const { head, bodyBeforeToken, bodyAfterToken } = target.wire;
          const names = head.slice(2).map((line): [string, string] => {
            const colon = line.indexOf(': ');
            return [line.slice(0, colon), line.slice(colon + 2)];
          });
          const path = head[0]?.split(' ')[1] ?? '';
          const response = await fetch(`http://127.0.0.1:${target.port}${path}`, {
            method: 'POST',
            headers: names.filter(([header]) => header !== 'Connection'),
            body: `${bodyBeforeToken}${target.refreshTokens[0]}${bodyAfterToken}`,
          });
          const headers = [...response.headers].map(([header, value]) => `${header}: ${value.length}`);
          shapes.push({ status: response.status, headers, bodyLength: (await response.text()).length });
        } finally {
          await target.close();
        }
      }
      assert.deepEqual(shapes[0], shapes[1]);
    });

  test('fails on a wrong answer and reports it without a token', async () => {
    const running = runRounds(
      { ...short, targets: ['echo'] },
      { ...silent, open: (name) => () => openLiar(name) },
    );
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof WrongAnswer);
      assert.match(
        error.message,
        /^echo gave a wrong answer: the same refresh token again: HTTP\/1\.1 200 OK/,
      );
      assert.doesNotMatch(error.message, new RegExp(TOKEN.slice(0, 8)));
      return true;
    });
  });

  test('goes on without a server of others that gives a wrong answer, and says so', async () => {
    const plan: Plan = { ...short, rounds: 2, targets: ['hydra', 'echo'] };
    const { measurements, stopped } = await runRounds(plan, { ...silent, open: openLiarExceptEcho });
    assert.deepEqual(
      measurements.map(({ target, round }) => [target, round]),
      [
        ['echo', 1],
        ['echo', 2],
      ],
    );
    assert.deepEqual(Object.keys(stopped), ['hydra']);
    assert.match(stopped.hydra ?? '', /^at 2 connections in round 1, hydra gave a wrong answer: the same/);
  });
});

describe('An answer', () => {
  const read = createAnswerReader(oauthWire(client));
  test('that is correct gives the next token', () => {
    assert.deepEqual(read(pair(NEXT), TOKEN), { refreshToken: NEXT });
  });

  test('that is incomplete gives no verdict', () => {
    const whole = pair(NEXT);
    for (const length of [0, 10, whole.length - 1])
      assert.equal(read(whole.slice(0, length), TOKEN), undefined);
  });

  for (const [fault, received] of [
    ['a status other than 200', answer('{}', '503 Service Unavailable')],
    ['no Content-Length', 'HTTP/1.1 200 OK\r\n\r\n{}'],
    ['more than one answer', `${pair(NEXT)}HTTP`],
    ['no access token', answer('{}')],
    ['no access token', answer('no JSON')],
    ['no refresh token', pair(undefined)],
    ['a malformed access token', pair(NEXT, 'short-secret')],
    ['a malformed refresh token', pair(`${NEXT}0`)],
    ['the same refresh token again', pair(TOKEN)],
  ] as const) {
    test(`is wrong: ${fault}`, () => {
      const verdict = read(received, TOKEN);
      assert.ok(verdict !== undefined && 'wrong' in verdict);
      assert.ok(verdict.wrong.startsWith(`${fault}: HTTP/1.1 `), verdict.wrong);
      for (const secret of [TOKEN, NEXT, 'short-secret']) assert.ok(!verdict.wrong.includes(secret));
    });
  }
});

describe('The evaluation', () => {
  test('compares only figures of the same round, so that a slow round does not change a ratio', () => {
    const measurements = [
      measure('echo', 1, 1000),
      measure('smartcar', 1, 500),
      measure('echo', 2, 100),
      measure('smartcar', 2, 50),
    ];
    const cpu = compareTargets(measurements).find(({ figure }) => figure === 'cpuMicrosPerRequest');
    assert.deepEqual(cpu?.spread, { median: 2, min: 2, max: 2 });
  });

  test('shows the ratio to the bare server of the same dialect beside the figures', () => {
    const measurements = [
      measure('echo', 1, 1000),
      measure('echo-pleos', 1, 800),
      measure('smartcar', 1, 500),
      measure('pleos', 1, 200),
    ];
    const durability = { pleos: 'synced' } as const;
    const report = writeReport({ measurements, durability }, compareTargets(measurements), []);
    assert.match(report, /^\| Keyfob, Smartcar .*\| 2\.00 \(2\.00-2\.00\) \| 1\.00 \(1\.00-1\.00\) /m);
    assert.match(report, /^\| Keyfob, Pleos +\| +synced \| .*\| 4\.00 \(4\.00-4\.00\) \| 1\.00/m);
    assert.match(report, /^\| bare node:http +\| +- \| .*\| +- \| +- \|/m);
  });

  test('states the noise: the work of others, and how much the same work varied', () => {
    const noise = { loadAfter: 2.04, othersCpuShare: 0.125, stolenCpuShare: 0 };
    const measurements = [measure('echo', 1, 1000), measure('echo', 2, 500), measure('echo', 3, 2000)];
    assert.equal(
      describeNoise(noise, measurements),
      'Noise: other programs used 13 % of the machine; the hypervisor took 0 %; the load average was 2.0 at the end; ' +
        'a bare answer cost 0.50 to 2.00 of its median at 64 connections.',
    );
    const { loadAfter, othersCpuShare = 0, stolenCpuShare = 0 } = watchNoise()();
    for (const value of [loadAfter, othersCpuShare, stolenCpuShare]) assert.ok(value >= 0);
  });

  for (const [echo, verdict] of [
    [1500, 'passed'],
    [1499, 'failed'],
  ] as const) {
    test(`a generator that reaches ${echo} requests/s on the bare server and 1000 on Keyfob: ${verdict}`, () => {
      const { verdict: actual } = checkGenerator([measure('echo', 1, echo), measure('smartcar', 1, 1000)]);
      assert.equal(actual, verdict);
    });
  }

  test('computes medians and percentiles', () => {
    assert.deepEqual([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3])], [2, 2.5]);
    const sorted = Float64Array.from({ length: 200 }, (_, index) => index + 1);
    assert.deepEqual(
      [percentileOf(sorted, 0.5), percentileOf(sorted, 0.99), percentileOf(sorted, 1)],
      [100, 198, 200],
    );
  });

  test('keeps the text of a document outside the markers', () => {
    const before = 'a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n';
    const after = 'a\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\nb\n';
    assert.equal(replaceBetweenMarkers(before, 'new'), after);
    assert.equal(replaceBetweenMarkers(after, 'new'), after);
  });

  for (const wrong of [
    '--targets=x',
    '--rounds=0',
    '--seconds=0',
    '--connections=1,',
    '--write-docs=x',
    '--unknown',
    'word',
  ]) {
    test(`${wrong} is a usage error`, () => {
      assert.throws(() => readOptions([wrong]), UsageError);
    });
  }
});
