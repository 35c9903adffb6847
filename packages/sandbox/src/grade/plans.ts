import { act, arm, BEGIN, disarm, GO_ON, need, wait } from './plan.ts';
import type { Plan, Plannable } from './plan.ts';
import { errorBody } from './error-bodies.ts';
import { KILL_PLANS } from './plans-kill.ts';
import { OUTAGE_PLANS } from './plans-outage.ts';
import { hasSecret, rotates } from './spans.ts';
import type { GradedDialect } from './spans.ts';

/** The scenario without any fault. A command that does not pass it is not graded further. */
export const PLAIN: Plan = {
  name: 'plain',
  title: 'no fault: a token is needed now, and again each time one has expired',
  steps: () => [
    need,
    need,
    wait('pastAccess'),
    need,
    wait('shortly'),
    need,
    wait('pastAccess'),
    need,
    wait('pastAccess'),
    need,
  ],
};

const LOST_ANSWER_PLANS: readonly Plan[] = [
  {
    name: 'lost-answer-before',
    title: 'the connection breaks before the server has done anything',
    steps: () => [...BEGIN, arm({ do: { loseAnswer: 'beforeCommit' } }), need, ...GO_ON],
  },
  {
    name: 'lost-answer-after',
    title: 'the server exchanges the token, and the answer is lost',
    steps: () => [...BEGIN, arm({ do: { loseAnswer: 'afterCommit' } }), need, ...GO_ON],
  },
  {
    name: 'lost-answer-late-call',
    title: 'the same, and the next call comes when the overlap is over',
    steps: () => [
      ...BEGIN,
      arm({ do: { loseAnswer: 'afterCommit' } }),
      need,
      disarm,
      wait('pastOverlap'),
      need,
      ...GO_ON,
    ],
  },
  {
    name: 'answer-cut',
    title: 'half of the answer arrives',
    steps: () => [...BEGIN, arm({ do: { loseAnswer: 'afterCommit', how: 'halfBody' } }), need, ...GO_ON],
  },
  {
    name: 'truncated-json',
    title: 'a gateway ends the answer in the middle and calls it whole',
    steps: () => [...BEGIN, arm({ do: { truncateBody: 30 } }), need, ...GO_ON],
  },
  {
    name: 'hang',
    title: 'the server exchanges the token and never answers',
    steps: () => [...BEGIN, arm({ do: { loseAnswer: 'afterCommit', how: 'hang' } }), need, ...GO_ON],
  },
  {
    name: 'slow-past-overlap',
    title: 'the answer arrives a minute later, when the old token cannot be repeated any more',
    steps: () => [...BEGIN, arm({ do: { delaySeconds: 61 } }), need, ...GO_ON],
  },
  {
    name: 'duplicate-request',
    title: 'a proxy sends the request twice, and passes on the second answer',
    steps: () => [...BEGIN, arm({ do: { duplicateRequest: true } }), need, ...GO_ON],
  },
  {
    name: 'tls-reset',
    title: 'the connection is reset before anything is sent',
    steps: () => [...BEGIN, arm({ do: { tls: 'reset' } }), need, ...GO_ON],
  },
];

const SET_CLOCK = 'the real clock of a machine cannot be set wrong';

const LIFE_PLANS: readonly Plan[] = [
  {
    name: 'race',
    title: 'two callers need a token at the same moment',
    steps: () => [
      ...BEGIN,
      // The first request is held until the second one has had time to arrive.
      arm({ do: { delayMilliseconds: 400, of: 'request' }, times: 'always' }),
      { do: 'need', callers: 2 },
      ...GO_ON,
      wait('pastAccess'),
      need,
    ],
  },
  {
    name: 'expires-tomorrow',
    title: 'nobody needs a token until a day before the refresh token expires, twice',
    steps: () => [need, wait('almostRefresh'), need, wait('almostRefresh'), need, ...GO_ON],
  },
  {
    name: 'expired-idle',
    title: 'nobody needs a token until the refresh token has expired',
    steps: () => [need, wait('pastRefresh'), act('outlive'), need, ...GO_ON],
  },
  {
    name: 'revoked-by-owner',
    title: 'the owner ends the grant',
    steps: () => [...BEGIN, act('revoke'), need, ...GO_ON],
  },
  {
    name: 'consent-partly-withdrawn',
    title: 'the owner takes back one of two vehicles',
    steps: () => [...BEGIN, act('withdraw_one'), need, ...GO_ON],
  },
  {
    name: 'single-use-overnight',
    isFor: rotates,
    title: 'the vendor begins to exchange refresh tokens that never changed before',
    policy: { rotation: 'none' },
    steps: () => [
      ...BEGIN,
      need,
      wait('pastAccess'),
      act('start_rotating'),
      need,
      ...GO_ON,
      wait('pastAccess'),
      need,
    ],
  },
  {
    name: 'error-in-200',
    title: 'the owner ends the grant, and the error comes with the status 200',
    steps: ({ dialect }) => [
      ...BEGIN,
      act('revoke'),
      arm(deadInSuccess(dialect)),
      need,
      wait('shortly'),
      need,
      wait('shortly'),
      need,
    ],
  },
  {
    name: 'stolen',
    isFor: rotates,
    title: 'a thief uses the newest refresh token first',
    steps: () => [...BEGIN, act('steal'), wait('pastOverlap'), need, ...GO_ON],
  },
  {
    name: 'restored-client',
    isFor: rotates,
    title: 'the state folder is put back from a backup that is older than the newest refresh token',
    steps: () => [
      ...BEGIN,
      act('save_state'),
      need,
      wait('pastAccess'),
      act('restore_state'),
      need,
      ...GO_ON,
    ],
  },
  {
    name: 'restored-server',
    title: 'the server is put back from a backup that is older than the newest refresh token',
    steps: () => [
      ...BEGIN,
      act('save_server'),
      need,
      act('restore_server'),
      wait('pastAccess'),
      need,
      ...GO_ON,
    ],
  },
  {
    name: 'secret-rolled',
    isFor: hasSecret,
    title: 'the client secret is replaced, and the command gets the new one a little later',
    steps: () => [
      ...BEGIN,
      act('roll_secret'),
      need,
      wait('shortly'),
      need,
      act('hand_over_secret'),
      ...GO_ON,
    ],
  },
  {
    name: 'clock-ahead',
    title: 'the clock of the command is five minutes ahead',
    notInRealTime: SET_CLOCK,
    clockSkewSeconds: 300,
    steps: () => [...BEGIN, need, ...GO_ON],
  },
  {
    name: 'clock-behind',
    title: 'the clock of the command is five minutes behind',
    notInRealTime: SET_CLOCK,
    clockSkewSeconds: -300,
    steps: () => [...BEGIN, wait('hour'), need, ...GO_ON],
  },
];

const deadInSuccess = (dialect: GradedDialect): Plannable => ({
  do: { status: 200, body: errorBody(dialect, 'dead'), at: 'afterCommit' },
  times: 'always',
});

/** Every graded scenario, in the order of the scorecard. */
export const PLANS: readonly Plan[] = [
  PLAIN,
  ...LOST_ANSWER_PLANS,
  ...KILL_PLANS,
  ...LIFE_PLANS,
  ...OUTAGE_PLANS,
];
