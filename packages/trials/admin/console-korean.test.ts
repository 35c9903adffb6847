import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { createKeyLines } from '@keyfob/server/tokens';
import { ROLES } from '@keyfob/server/operators';
import { CONSOLE_PAGES, NO_PAGE } from '../support/console-pages.ts';
import { visitConsole } from '../support/console-visitor.ts';
import type { ConsoleVisitor } from '../support/console-visitor.ts';
import { openLivelyConsole } from '../support/lively-console.ts';
import type { LivelyConsole } from '../support/lively-console.ts';
import { registerItself } from '../support/self-registered.ts';
import { directoryFor } from '../support/test-directory.ts';

const KOREAN = 'ko-KR, en;q=0.5';
const REASON = '시험';

/** What the store of the trial has by these names. */
const OWN_NAMES = [
  'Charge planner',
  'Kilometerversicherungsgesellschaft der Fahrzeughalter, Produktion Europa',
  'Road trips',
  'charge team',
  'night-desk',
];

/** Words that Korean engineers write so, names of dialects, policies and keys, and commands. */
const SAME = [
  'keyfob prune',
  ...'Keyfob UTC URI URL VIN ID TLS WAL MiB JWT JSON NDJSON NTP ASCII NUL RFC Node PostgreSQL'.split(' '),
  ...'http https localhost X-Forwarded-For smartcar pleos oauth standard scope rotation'.split(' '),
  ...'seal sign session webhook compromised retired integer'.split(' '),
];

/** Names of members, policies and settings, paths, addresses and what is quoted. */
const IDS = /"[^"]*"|&quot;.*?&quot;|[\w-]*(?:[a-z][A-Z]|[\d_./:@=])[\w./:@=-]*|--[a-z-]+/g;

/** What a page says: its text, and the attributes that are shown or read aloud. Values of others and commands are marked as such. */
const textOf = (page: string): string => {
  const said = page.replaceAll(/<(?<tag>style|code|bdi)\b[^>]*>.*?<\/\k<tag>\s*>/gs, ' · ');
  const inKorean = said.replaceAll(/<(?<tag>span|a)\b[^>]*\blang="en"[^>]*>.*?<\/\k<tag>\s*>/gs, ' · ');
  const names = 'title|aria-label|alt|placeholder|data-copied|data-resume|data-ended|data-column';
  const attributes = [...inKorean.matchAll(new RegExp(` (?:${names})="([^"]*)"`, 'g'))];
  return [inKorean.replaceAll(/<[^>]*>/g, ' · '), ...attributes.map(([, text = '']) => text)].join(' · ');
};

/** The English words of a page, each with what stands around it. */
const englishOf = (page: string): readonly string[] => {
  const text = OWN_NAMES.reduce((rest, name) => rest.replaceAll(name, '·'), textOf(page)).replaceAll(
    IDS,
    '·',
  );
  const words = SAME.reduce((rest, name) => rest.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), '·'), text);
  return [...words.matchAll(/[a-z]{2,}/gi)].map(({ index }) =>
    words.slice(Math.max(0, index - 30), index + 40).replaceAll(/\s+/g, ' '),
  );
};

const checkKorean = (page: string, name: string): void => {
  assert.match(page, /<html lang="ko">/, name);
  assert.deepEqual(englishOf(page), [], name);
};

const readAsStranger = async (address: string): Promise<string> =>
  (await fetch(address, { headers: { 'Accept-Language': KOREAN } })).text();

describe('A page of the console in Korean', () => {
  let trial: LivelyConsole;
  before(async () => {
    trial = await openLivelyConsole({
      clientRegistration: true,
      publicUrl: 'https://fob.example',
      authenticationFailuresPerAddressMax: 0,
    });
    await registerItself(trial.server, trial.url);
  });
  after(() => trial.close());

  for (const role of ROLES)
    test(`has no English for the role ${role}`, async () => {
      const visitor = await visitConsole(trial, role, KOREAN);
      const { grants, delivery, client } = trial;
      for (const row of [...CONSOLE_PAGES, NO_PAGE])
        checkKorean(await visitor.read(row.path({ clientId: client.clientId, grants, delivery })), row.name);
    });

  test('has no English where nobody is signed in', async () => {
    checkKorean(await readAsStranger(`${trial.adminUrl}/console`), 'gate');
    checkKorean(await readAsStranger(`${trial.adminUrl}/console/login?link=gone`), 'gone');
    checkKorean(await readAsStranger(await trial.link('support')), 'link');
  });
});

type Form = readonly [name: string, path: string, fields: Readonly<Record<string, string>>, wanted: RegExp];

/** What forms may get wrong. The paths begin below the client, `/console` or a webhook of the trial. */
const formsOf = ({ client, grants, delivery }: LivelyConsole, waiting: string): readonly Form[] => {
  const ofClient = `/console/clients/${client.clientId}`;
  const webhook = `/console/webhooks/${delivery.webhookId}`;
  const added = { format: 'standard', 'event-grant.revoked': 'yes', reason: REASON };
  const uri = (text: string, wanted: RegExp): Form => [
    `redirect URI ${text}`,
    `${ofClient}/redirect-uris`,
    { uri: text, reason: '시험합니다' },
    wanted,
  ];
  const url = (text: string, wanted: RegExp): Form => [
    `webhook ${text}`,
    '/console/webhooks',
    { ...added, reason: '시험합니다', url: text, once: text },
    wanted,
  ];
  const reason = '시험합니다';
  return [
    ['an old page', '/console/keys/rotate', { form_token: 'old' }, /다른 사이트/],
    ['nothing to find', '/console/find', { text: '', kind: 'any' }, /요청 형식/],
    ['no reason', '/console/keys/rotate', {}, /사유 값에는 보이는 문자가 3자 이상/],
    ['a long reason', '/console/keys/rotate', { reason: 'x'.repeat(501) }, /사유 값은 500자 이하/],
    ['NUL', '/console/keys/rotate', { reason: '시험\0시험' }, /NUL/],
    ['a secret as a reason', '/console/keys/rotate', { reason: client.clientSecret }, /시크릿이 있습니다/],
    ['a ring from elsewhere', '/console/keys/rotate', { reason }, /KEYFOB_KEY에서/],
    ['no such key', '/console/keys/99/withdraw', { state: 'retired', reason }, /키 없음/],
    ['an active key', '/console/keys/1/withdraw', { state: 'retired', reason }, /먼저 키를 교체/],
    ['a wrong state', '/console/keys/1/withdraw', { state: 'gone', reason }, /다음 중 하나/],
    ['days that are none', '/console/keys/1/withdraw', { state: 'retired', days: 'x', reason }, /일수 값/],
    ['no such grant', '/console/grants/0000000000000000/revoke', { reason }, /그랜트 없음/],
    ['no such client', '/console/clients/none/disable', { reason }, /클라이언트 없음/],
    ['no such secret', `${ofClient}/secrets/none/remove`, { reason }, /마지막 시크릿|시크릿 없음/],
    ['a time of no days', `${ofClient}/secrets`, { days: '0', once: 'a', reason }, /이상/],
    ['an invisible name', `${ofClient}/secrets`, { name: 'a\u200bb', once: 'b', reason }, /보이지 않는/],
    uri('', /비어 있습니다/),
    uri('nowhere', /절대 URI/),
    uri('https://a.example/#x', /프래그먼트/),
    uri('https://a.example/\\x', /역슬래시/),
    uri('https:a.example', /슬래시 두 개/),
    uri('https://u:p@a.example/', /비밀번호/),
    uri('https://*.example/', /하나씩/),
    uri('https://a.example/?code=1', /code/),
    uri('javascript:alert(1)', /스킴/),
    uri('http://a.example/', /https를 사용/),
    uri('planner:/callback', /점이 있는/),
    ['no such URI', `${ofClient}/redirect-uris/remove`, { uri: 'https://b.example/', reason }, /제거할/],
    ['no such webhook', '/console/webhooks/none/test', { reason }, /웹훅 없음/],
    url('', /비어 있습니다/),
    url('nowhere', /전체 URL/),
    url('https://u:p@a.example/', /비밀번호/),
    url('https://a.example/#x', /프래그먼트/),
    url('ftp://a.example/', /https/),
    url('http://a.example/', /https/),
    url('https://10.0.0.1/', /사설 주소/),
    [
      'an unknown format',
      '/console/webhooks',
      { ...added, reason, url: 'https://a.example/', format: 'form2', once: 'c' },
      /알 수 없는 형식/,
    ],
    [
      'a client that is not there',
      '/console/webhooks',
      { ...added, reason, url: 'https://a.example/', clientId: 'none', once: 'd' },
      /클라이언트 없음/,
    ],
    ['a webhook changed to no URL', `${webhook}/change`, { url: 'nowhere', reason }, /전체 URL/],
    ['a stale decision', `/console/registrations/${waiting}/approve`, { seen: '9', reason }, /바뀌었습니다/],
    ['no decision', '/console/registrations/none/approve', { seen: '1', reason }, /승인을 기다리는/],
    ['a client that waits', `/console/clients/${waiting}/enable`, { reason }, /승인/],
    ['an old stop', `/console/grants/${grants.fine}/elsewhere`, { reason }, /찾을 수 없습니다/],
  ];
};

describe('A form of the console in Korean', () => {
  let trial: LivelyConsole;
  let visitor: ConsoleVisitor;
  let waiting: string;
  before(async () => {
    trial = await openLivelyConsole({ clientRegistration: true, key: createKeyLines(1, 1) });
    waiting = await registerItself(trial.server, trial.url);
    visitor = await visitConsole(trial, 'admin', KOREAN);
  });
  after(() => trial.close());

  test('says in Korean what is wrong', async () => {
    for (const [name, path, fields, wanted] of formsOf(trial, waiting)) {
      const page = await visitor.send(path, fields);
      assert.match(page, wanted, name);
      assert.doesNotMatch(page, /<p lang="en">/, name);
      checkKorean(page, name);
    }
  });

  test('says in Korean that a secret is not made twice', async () => {
    const path = `/console/clients/${trial.client.clientId}/secrets`;
    const fields = { name: '2027', once: 'same', reason: '시험합니다' };
    checkKorean(await visitor.send(path, fields), 'made');
    const again = await visitor.send(path, fields);
    assert.match(again, /이미 처리되었거나/);
    checkKorean(again, 'made again');
  });

  test('says in Korean what a developer may not do, and that it was too often', async () => {
    const developer = await visitConsole(trial, 'developer', KOREAN);
    const path = `/console/clients/${trial.client.clientId}`;
    const reason = '시험합니다';
    for (const [to, wanted] of [
      [`${path}/disable`, /운영자에게 요청/],
      ['/console/keys/rotate', /권한/],
      [`/console/webhooks/${trial.delivery.webhookId}/test`, /웹훅 없음/],
    ] as const) {
      const page = await developer.send(to, { reason });
      assert.match(page, wanted, to);
      checkKorean(page, to);
    }
    let page = '';
    for (let count = 0; count <= 60 && !page.includes('너무 자주'); count++)
      page = await developer.send(`${path}/redirect-uris`, { uri: 'nowhere', reason });
    assert.match(page, /한 시간에 최대 60번.*초 뒤에/s);
    checkKorean(page, 'too often');
  });

  test('says in Korean that the store does not answer', async (t) => {
    const data = directoryFor(t);
    const broken = await openLivelyConsole({ data });
    t.after(() => broken.close());
    const someone = await visitConsole(broken, 'admin', KOREAN);
    const database = new DatabaseSync(join(data, 'keyfob.db'));
    database.exec('ALTER TABLE grants RENAME TO gone');
    const page = await someone.read('/console');
    database.exec('ALTER TABLE gone RENAME TO grants');
    database.close();
    assert.match(page, /저장소가 응답하지 않습니다/);
    checkKorean(page, 'outage');
  });
});
