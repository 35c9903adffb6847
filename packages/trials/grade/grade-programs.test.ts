import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodeOf } from '@keyfob/sandbox/grade';
import { assertFullScore } from './assert-full-score.ts';
import { gradeWords, inShort, scriptWords, subjectWords } from './grade-words.ts';
import type { GradeWordsOptions } from './grade-words.ts';
import { scripted } from './scripted.ts';

/** Those of all scenarios that fail in different ways; `libraries.trial.ts` has all of them, for both dialects. */
const SCENARIOS = [
  'lost-answer-after',
  'truncated-json',
  'hang',
  'killed-after-commit',
  'killed-while-storing',
  'race',
  'expires-tomorrow',
  'expired-idle',
  'revoked-by-owner',
  'restored-client',
  'secret-rolled',
  'rate-limited',
];

test('eighty careful lines keep every grant of Smartcar that can be kept', async () => {
  const card = await gradeWords(subjectWords('careful', 'smartcar'), { scenarios: SCENARIOS });
  assertFullScore(card, ['expired-idle', 'revoked-by-owner', 'restored-client']);
});

test('they lose grants of Pleos only where an answer is lost, because a token works once there', async () => {
  const unavoidable = [
    'lost-answer-after',
    'truncated-json',
    'hang',
    'duplicate-request',
    'killed-after-commit',
    'killed-in-answer',
  ];
  const scenarios = [...unavoidable, 'lost-answer-before', 'killed-at-request', 'race', 'secret-rolled'];
  const card = await gradeWords(subjectWords('careful', 'pleos'), { dialect: 'pleos', scenarios });
  assertFullScore(card, unavoidable);
});

/** Those that a keeper meets in another way than a program with a token file; `npm run grade:keeper` has all of them. */
for (const [dialect, scenarios, lost] of [
  ['smartcar', ['killed-while-storing', 'race', 'restored-client'], ['restored-client']],
  ['pleos', ['error-in-200', 'killed-at-request'], ['error-in-200']],
] as const)
  test(`the keeper is faultless in ${scenarios.join(', ')} (${dialect})`, async () => {
    const [node, ...words] = subjectWords('keeper', dialect);
    const fromSource = [node, '--conditions=keyfob-source', ...words] as const;
    assertFullScore(await gradeWords(fromSource, { dialect, scenarios }), lost);
  });

test('what is written first everywhere loses grants exactly where it is careless', async () => {
  const expected = {
    plain: 'kept',
    'lost-answer-after': 'kept',
    'lost-answer-late-call': 'lost_avoidably',
    hang: 'lost_avoidably, hung',
    'killed-while-storing': 'lost_avoidably',
    race: 'kept',
    'revoked-by-owner': 'lost_unavoidably',
    'secret-rolled': 'kept, asked_needlessly',
    'gateway-html': 'kept, asked_needlessly',
    'html-200': 'kept',
    redirect: 'kept, leaked_secret, asked_needlessly',
  };
  const card = await gradeWords(subjectWords('naive', 'smartcar'), {
    scenarios: Object.keys(expected),
    limitSeconds: 5,
  });
  assert.deepEqual(inShort(card), expected);
  assert.equal(exitCodeOf(card, false), 1);
  for (const { outcome, advice, story } of card.scenarios)
    if (outcome === 'lost_avoidably') assert.ok(advice?.endsWith('.') === true && story.length > 5);
});

/** Programs that do one thing in another way, and what it costs them. */
const HABITS: readonly {
  readonly name: string;
  readonly script: string;
  readonly options?: GradeWordsOptions;
  readonly expected: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'refreshes at every call: that is no fault, and it is counted',
    script: 'await refresh(); store(); console.log(held.access);',
    expected: { plain: 'kept', 'lost-answer-after': 'kept' },
  },
  {
    name: 'never stores what it gets',
    script: `if (now >= held.expiresAt) { const { expiresAt } = held; await refresh(); const { access } = held;
      Object.assign(held, { refresh: refreshToken ?? JSON.parse(readFileSync(file, 'utf8')).refresh, expiresAt });
      store(); console.log(access); } else { store(); console.log(held.access); }`,
    expected: { plain: 'lost_avoidably, reused_old_token' },
  },
  {
    name: 'prints first and stores later',
    script: `if (now >= held.expiresAt) await refresh();
      console.log(held.access); await sleep(300); store();`,
    expected: { plain: 'kept', 'killed-at-exit': 'lost_avoidably, reused_old_token' },
  },
  {
    name: 'logs to standard output around the token',
    script: `console.log('starting up'); if (now >= held.expiresAt) await refresh(); store();
      console.log('token: ' + held.access + '\\nall done, see you'); `,
    expected: { plain: 'kept', 'lost-answer-after': 'kept' },
  },
  {
    name: 'holds a lock file that nobody removes after a kill, and waits for it forever',
    script: `const lock = folder + '/lock';
      for (;;) { try { closeSync(openSync(lock, 'wx')); break; } catch { await sleep(20); } }
      if (now >= held.expiresAt) await refresh(); store(); rmSync(lock); console.log(held.access);`,
    options: { limitSeconds: 4 },
    expected: { plain: 'kept', race: 'kept', 'killed-after-commit': 'lost_avoidably, hung' },
  },
  {
    name: 'takes over a lock file that is older than ten seconds',
    script: `const { statSync } = await import('node:fs'); const lock = folder + '/lock';
      for (let waited = 0; ; waited++) { try { closeSync(openSync(lock, 'wx')); break; } catch {
        if (waited > 100) process.exit(75);
        try { if (Date.now() - statSync(lock).mtimeMs > 10_000) rmSync(lock); } catch {} await sleep(20); } }
      try { Object.assign(held, JSON.parse(readFileSync(file, 'utf8'))); } catch {}
      process.on('exit', () => rmSync(lock, { force: true }));
      if (now >= held.expiresAt) await refresh(); store(); console.log(held.access);`,
    expected: { plain: 'kept', race: 'kept', 'killed-after-commit': 'kept' },
  },
  {
    name: 'tries again and again without a pause while the server asks for patience',
    script: `if (now >= held.expiresAt) { for (let times = 0; times < 20; times++) {
      const response = await send(held.refresh); if (response.ok) { take(await response.json()); break; }
      if (response.status === 400) process.exit(77); await sleep(5); }
      if (now >= held.expiresAt) process.exit(75); }
      store(); console.log(held.access);`,
    expected: { plain: 'kept', 'rate-limited': 'kept, hammered', 'revoked-by-owner': 'lost_unavoidably' },
  },
  {
    name: 'tries forever, without a pause',
    script: `if (now >= held.expiresAt) { for (;;) { try { const response = await send(held.refresh);
      if (response.ok) { take(await response.json()); break; } } catch {} } }
      store(); console.log(held.access);`,
    options: { limitSeconds: 3 },
    expected: {
      plain: 'kept',
      'revoked-by-owner': 'lost_unavoidably, hung, hammered, never_asked',
      'gateway-html': 'kept, hung, hammered',
    },
  },
  {
    name: 'removes its state folder and makes it again',
    script: `const { mkdirSync } = await import('node:fs'); if (now >= held.expiresAt) await refresh();
      rmSync(folder, { recursive: true }); mkdirSync(folder); store(); console.log(held.access);`,
    expected: { plain: 'kept', 'restored-client': 'lost_unavoidably' },
  },
  {
    name: 'says that all is well with a token that has expired',
    script: `if (now >= held.expiresAt) { try { const response = await send(held.refresh);
      if (response.ok) take(await response.json()); } catch {} } store(); console.log(held.access);`,
    expected: {
      plain: 'kept',
      'gateway-html': 'kept, unusable_token',
      'revoked-by-owner': 'lost_unavoidably, unusable_token, never_asked',
    },
  },
];

for (const { name, script, options, expected } of HABITS)
  test(`a program that ${name}`, async () => {
    const scenarios = Object.keys(expected);
    const card = await gradeWords(scriptWords(scripted(script)), { ...options, scenarios });
    assert.deepEqual(inShort(card), expected);
    if (name.startsWith('refreshes')) assert.ok((card.scenarios[0]?.needlessRefreshes ?? 0) > 0);
  });

/** Commands that cannot be graded, and the reason that is shown first. */
const UNGRADED: readonly (readonly [
  name: string,
  words: readonly [string, ...string[]],
  says: RegExp,
  remedy: RegExp,
])[] = [
  ['crashes', scriptWords('throw new Error("no config")'), /exited with 1/, /KEYFOB_REFRESH_TOKEN/],
  ['hangs', ['sleep', '600'], /did not end/, /exits with 0/],
  ['prints garbage', ['sh', '-c', 'head -c 100000 /dev/urandom'], /nothing that it printed/, /access token/],
  ['prints nothing', ['true'], /printed nothing/, /access token/],
  ['does not exist', ['no-such-command'], /was not found/, /after --/],
  [
    'prints its refresh token',
    scriptWords(scripted('store(); console.log(held.refresh)')),
    /refresh token, which is a secret/,
    /access token/,
  ],
  [
    'looks at the real clock',
    scriptWords(
      scripted('if (Date.now() >= held.expiresAt) await refresh(); store(); console.log(held.access)'),
    ),
    /printed the same one again, and sent no request/,
    /--real-time/,
  ],
  [
    'sends its requests elsewhere',
    scriptWords(
      scripted(`if (now >= held.expiresAt) { await fetch(process.env.KEYFOB_URL + '/v2/token', { method: 'POST' });
        process.exit(75); } store(); console.log(held.access)`),
    ),
    /POST \/v2\/token/,
    /--environment/,
  ],
  [
    'has a wrong secret',
    scriptWords(
      scripted(`if (now >= held.expiresAt) { const response = await fetch(url, { method: 'POST',
        headers: { 'User-Agent': 'test', Authorization: 'Basic ' + btoa(id + ':wrong') },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: held.refresh }) });
        process.exit(75); } store(); console.log(held.access)`),
    ),
    /did not get along/,
    /KEYFOB_CLIENT_SECRET/,
  ],
];

for (const [name, words, says, remedy] of UNGRADED)
  test(`a command that ${name} is not graded, and the reason says what to do`, async () => {
    const card = await gradeWords(words, { scenarios: ['race'], limitSeconds: 1 });
    assert.match(card.neverWorked?.says ?? '', says);
    assert.match(card.neverWorked?.remedy ?? '', remedy);
    assert.equal(card.scenarios.length, 1);
    assert.equal(exitCodeOf(card, false), 3);
  });

test('a command that keeps its tokens elsewhere is not graded', async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'keyfob-elsewhere-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  const script = scripted('if (now >= held.expiresAt) await refresh(); store(); console.log(held.access)');
  const moved = script.replace("folder + '/tokens.json'", JSON.stringify(join(elsewhere, 'tokens.json')));
  const card = await gradeWords(scriptWords(moved), { scenarios: [] });
  assert.match(card.neverWorked?.says ?? '', /KEYFOB_STATE is empty/);
});

/** A process that has ended and that nobody has asked for yet is a zombie. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

test('no process of a graded command is left behind', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-left-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'pid');
  await gradeWords(['sh', '-c', `sleep 600 & echo $! > '${file}'; echo "$KEYFOB_ACCESS_TOKEN"`], {
    scenarios: [],
    limitSeconds: 5,
  });
  assert.ok(existsSync(file));
  while (isAlive(Number(readFileSync(file, 'utf8')))) await sleep(10);
});
