import type { Sentence } from '../../../language.ts';
import { readKeys } from '../../../operations/read-keys.ts';
import { bad, ok, writeFinding } from '../../../operations/doctor/finding.ts';
import { rotateKeys } from '../../../operations/rotate-keys.ts';
import { withdrawKey } from '../../../operations/withdraw-key.ts';
import { KEY_PURPOSES } from '../../../tokens/key-state.ts';
import type { KeyPurpose } from '../../../tokens/key-state.ts';
import type { ApiRoute } from '../api-route.ts';
import { FLAG, oneOf, textsOf, wholeNumber } from '../fields.ts';
import { notThere } from '../not-there.ts';
import { Problem } from '../problem.ts';
import { viewFinding, viewKey } from '../views.ts';

const DAY_SECONDS = 86_400;

/** What happened to a key since it was looked at. */
const WITHDRAWAL_FAULTS = {
  unknown: { en: 'the key is unknown', ko: '알 수 없는 키입니다.' },
  active: { en: 'the key is active', ko: '사용 중인 키입니다.' },
  retired_before: { en: 'the key is retired before', ko: '이미 사용 종료된 키입니다.' },
} as const satisfies Readonly<Record<string, Sentence>>;

const numberOf = ({ number = '' }: Readonly<Record<string, string>>): number => {
  if (!/^[1-9]\d{0,8}$/.test(number))
    throw new Problem('not_found', { en: 'a key has a number', ko: '키는 번호로 지정합니다.' });
  return Number(number);
};

export const OPERATION_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/keys',
    tag: 'Keys',
    summary: 'Lists the keys, newest first, with what depends on each',
    permission: 'keys.read',
    query: {
      count: {
        schema: oneOf(['grants', 'nothing']),
        purpose:
          'Whether the grants of each key are counted, which takes a while where there are many; they are if it is absent.',
      },
    },
    answers: { status: 200, schema: 'KeyList' },
    async handle(context, { query }) {
      const countsGrants = query['count'] !== 'nothing';
      const keys = await readKeys(context, { countsGrants });
      return { status: 200, body: { keys: keys.map((key) => viewKey(key, countsGrants)) } };
    },
  },
  {
    method: 'POST',
    path: '/keys/rotate',
    tag: 'Keys',
    summary: 'Adds a key of each purpose, or of some, which is active from the next request on',
    permission: 'keys.write',
    action: 'key.rotate',
    body: {
      purposes: {
        schema: textsOf(oneOf(KEY_PURPOSES), KEY_PURPOSES.length),
        purpose: 'Which purposes; all that the ring has if it is absent.',
      },
    },
    answers: { status: 200, schema: 'KeyList' },
    async handle(context, visit) {
      const purposes = visit.body['purposes'] as readonly KeyPurpose[] | undefined;
      await visit.write(
        () => rotateKeys({ store: context.store, clock: context.clock, keys: context.keys }, purposes),
        () => undefined,
        { details: { purposes } },
      );
      return { status: 200, body: { keys: (await readKeys(context)).map((one) => viewKey(one)) } };
    },
  },
  {
    method: 'POST',
    path: '/keys/{number}/withdraw',
    tag: 'Keys',
    summary: 'Withdraws a key for good: compromised, or retired where nothing depends on it',
    permission: 'keys.write',
    action: 'key.withdraw',
    body: {
      state: { schema: oneOf(['compromised', 'retired']), isRequired: true, purpose: 'As what.' },
      windowDays: {
        schema: wholeNumber(0, 3650),
        purpose: 'How long refresh tokens of a compromised key are replaced; 7 if it is absent.',
      },
      isConfirmed: {
        schema: FLAG,
        purpose: 'Whether a key is retired although something depends on it, or compromised at all.',
      },
    },
    answers: { status: 200, schema: 'KeyList' },
    async handle(context, visit) {
      const number = numberOf(visit.path);
      const {
        state,
        windowDays = 7,
        isConfirmed = false,
      } = visit.body as {
        readonly state: 'compromised' | 'retired';
        readonly windowDays?: number;
        readonly isConfirmed?: boolean;
      };
      const key = (await readKeys(context)).find((one) => one.number === number);
      if (key === undefined) throw notThere('key');
      if (key.state === 'active')
        throw new Problem('conflict', {
          en: 'the active key of a purpose stays: rotate first',
          ko: '사용 중인 키는 폐기할 수 없습니다. 먼저 키를 교체하세요.',
        });
      if (!isConfirmed && (state === 'compromised' || key.isInUse))
        throw new Problem('conflict', {
          en: `${key.grants} grants and ${key.webhooks} webhooks depend on it: confirm it`,
          ko: `연결 ${key.grants}개와 웹훅 ${key.webhooks}개가 이 키에 의존합니다. 진행하려면 확인란을 선택하세요.`,
        });
      const wanted =
        state === 'retired'
          ? ({ state } as const)
          : ({ state, windowSeconds: windowDays * DAY_SECONDS } as const);
      const outcome = await visit.write(
        () => withdrawKey(context, number, wanted),
        (one) => (one === 'withdrawn' ? undefined : one),
        { target: `key:${number}`, details: { state, windowDays } },
      );
      if (outcome !== 'withdrawn') throw new Problem('conflict', WITHDRAWAL_FAULTS[outcome]);
      return { status: 200, body: { keys: (await readKeys(context)).map((one) => viewKey(one)) } };
    },
  },
  {
    method: 'GET',
    path: '/doctor',
    tag: 'Operations',
    summary:
      'Checks this node and its store as "keyfob doctor" does, and names the checks that need the command',
    permission: 'nodes.read',
    answers: { status: 200, schema: 'Doctor' },
    async handle(context, visit) {
      const { findings, elsewhere } = await context.examine();
      const ready = await context.readiness();
      const readiness =
        ready === 'ready'
          ? ok('ready', { en: 'this node gets requests', ko: '이 노드는 요청을 받습니다.' })
          : bad(
              'ready',
              'fail',
              { en: `this node gets no requests: ${ready}`, ko: `이 노드는 요청을 받지 않습니다: ${ready}` },
              READY_REMEDY,
            );
      const all = [readiness, ...findings];
      const healthy = all.every(({ verdict }) => verdict !== 'fail');
      const seesMachines = visit.may('machines.read');
      const shown = all.map((finding) => viewFinding(writeFinding(finding, visit.language), seesMachines));
      return { status: 200, body: { healthy, findings: shown, elsewhere } };
    },
  },
];

const READY_REMEDY: Sentence = {
  en: 'See "Probes" in docs/operations.md for what each reason means.',
  ko: '각 이유의 뜻은 docs/operations.md의 "Probes"를 보세요.',
};
