import { createFailureBuckets } from '../../clients/failure-buckets.ts';
import type { Clock, Seconds } from '../../clock.ts';
import type { Sentence } from '../../language.ts';
import type { Operator } from '../../operators/operator.ts';
import { TooOften } from './problem.ts';

type Limit = { readonly most: number; readonly seconds: Seconds; readonly rule: Sentence };

/**
 * How often something may be done in a row; after that, one more at a time as the seconds go by. Each process counts for itself.
 * A developer often belongs to another company, and every entry of the audit log is kept forever.
 */
const LIMITS = {
  developerWrite: {
    most: 60,
    seconds: 3600,
    rule: {
      en: 'a developer makes at most 60 changes an hour',
      ko: '개발자는 한 시간에 최대 60번 변경할 수 있습니다.',
    },
  },
  developerLook: {
    most: 600,
    seconds: 3600,
    rule: {
      en: 'a developer opens at most 600 grants an hour',
      ko: '개발자는 한 시간에 최대 600개의 그랜트를 열 수 있습니다.',
    },
  },
  /** For every role: with a test, this server sends a request to an address that somebody chose. */
  webhookTest: {
    most: 10,
    seconds: 600,
    rule: {
      en: 'a webhook gets at most 10 tests in 10 minutes',
      ko: '웹훅 하나는 10분에 최대 10번 시험할 수 있습니다.',
    },
  },
} as const satisfies Readonly<Record<string, Limit>>;

/** What operators may do only so often. Each verb counts one, and throws `TooOften` where it is one too many. */
export type ApiLimits = {
  /** Before a write, done or not. */
  noteWrite(operator: Operator): void;
  /** Before a look at a grant by name. */
  noteLook(operator: Operator): void;
  noteWebhookTest(webhookId: string): void;
};

export const createApiLimits = (monotonic: Clock): ApiLimits => {
  const write = createLimit(LIMITS.developerWrite, monotonic);
  const look = createLimit(LIMITS.developerLook, monotonic);
  return {
    noteWrite(operator) {
      if (operator.role === 'developer') write(nameOf(operator));
    },
    noteLook(operator) {
      if (operator.role === 'developer') look(nameOf(operator));
    },
    noteWebhookTest: createLimit(LIMITS.webhookTest, monotonic),
  };
};

/** One account may have printed the links of several developers. */
const nameOf = ({ kind, id, clientIds = [] }: Operator): string => [kind, id, ...clientIds].join(' ');

const createLimit = ({ most, seconds, rule }: Limit, monotonic: Clock): ((key: string) => void) => {
  const buckets = createFailureBuckets(most, seconds);
  return (key) => {
    const nowMs = monotonic();
    const waitMs = buckets.waitMs(key, nowMs);
    if (waitMs > 0) throw new TooOften(Math.ceil(waitMs / 1000), rule);
    buckets.fill(key, nowMs);
  };
};
