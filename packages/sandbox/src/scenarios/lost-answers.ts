import { beforeEach, act, onGrant } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** The answer is lost, late or doubled on its way. */
export const LOST_ANSWERS: readonly Scenario[] = [
  {
    name: 'lost-answer-after',
    serverDoes: 'It exchanges the token, and the connection is reset before the first byte of the answer.',
    clientDoes:
      'It sends the same token again at once and gets the successor; where a used token is dead at once, the owner is asked for consent, once.',
    source: 'ory/hydra#1831, thephpleague/oauth2-server#1506; users of Zitadel report 5 % of devices a day',
    committed: 'yes',
    steps: [onGrant({ loseAnswer: 'afterCommit' })],
  },
  {
    name: 'lost-answer-before',
    serverDoes: 'The connection is reset before the transaction, so nothing has happened.',
    clientDoes: 'It sends the same token again, and does not take it for spent.',
    source: 'lidge-jun/opencodex#2989: a 503 led to a login that nobody needed',
    committed: 'no',
    steps: [onGrant({ loseAnswer: 'beforeCommit' })],
  },
  {
    name: 'answer-cut',
    serverDoes: 'It exchanges the token, sends the head and half of the body, and closes the connection.',
    clientDoes:
      'It treats the result as unknown and sends the same token again; it never stores half a pair.',
    source: 'seen with the Smartcar SDK: v10 throws "TypeError: terminated", v9 "aborted"',
    committed: 'yes',
    steps: [onGrant({ loseAnswer: 'afterCommit', how: 'halfBody' })],
  },
  {
    name: 'hang',
    serverDoes:
      'It takes the request and never answers: first after the exchange of the token, the next time before anything.',
    clientDoes:
      'It gives up well inside the overlap by a deadline of its own, and sends the same token again.',
    source: 'seen with the Smartcar SDK: it waits 310 seconds, and the overlap is 60',
    committed: 'either',
    steps: [
      onGrant({ loseAnswer: 'afterCommit', how: 'hang' }, { nth: 1 }),
      onGrant({ loseAnswer: 'beforeCommit', how: 'hang' }, { nth: 2 }),
    ],
  },
  {
    name: 'slow-past-overlap',
    serverDoes: 'It exchanges the token and answers 61 seconds later, when the overlap is over.',
    clientDoes:
      'It takes the answer, or has retried long before; after the overlap it sends the old token no more.',
    source: 'OpenLore#43: a window of 30 seconds, and a retry after 39',
    committed: 'yes',
    steps: [onGrant({ delaySeconds: 61 })],
  },
  {
    name: 'late-answer',
    serverDoes: 'It holds the first answer until the retry of the client has been answered.',
    clientDoes:
      'It keeps the tokens of the request that was answered for the higher generation, here the same.',
    source: 'stacklok/toolhive#6194',
    committed: 'yes',
    steps: [onGrant({ lateAnswer: true })],
  },
  {
    name: 'duplicate-request',
    serverDoes:
      'It gets the request twice, as from a proxy that tries again, and the second answer is passed on.',
    clientDoes:
      'It notices nothing where used tokens may be repeated; a strict vendor refuses the second, and the successor is lost.',
    source: 'golang.org/x/oauth2 sends again in another style of authentication; oauth2-proxy#1992',
    committed: 'once',
    steps: [onGrant({ duplicateRequest: true })],
  },
  {
    name: 'race',
    serverDoes:
      'It takes 400 milliseconds before it reads each refresh, so that two workers of one client meet.',
    clientDoes: 'It refreshes a grant in one place at a time, and every worker stores what that one got.',
    source: 'HQBase#41, n8n-io/n8n#12742; stellantis-vehicles#88: two cars of one account, both lost',
    committed: 'once',
    steps: [onGrant({ delayMilliseconds: 400, of: 'request' }, {}, 'always')],
  },
  {
    name: 'never-stored',
    serverDoes:
      'It works as documented, and the overlap of the last refresh is over before each further one.',
    clientDoes:
      'It sends the token of the last answer; one that sends its first token again loses the grant.',
    source:
      'PostHog/posthog#46982: clients use the first token for minutes, and are cut off after 120 seconds',
    committed: 'yes',
    steps: [beforeEach(2, { kind: 'pass', span: 'overlap' })],
  },
  {
    name: 'replay-old',
    serverDoes: 'The token of the client is two generations old, and its policy is strict: a replay.',
    clientDoes: 'It stops, asks the owner for consent once, and reports it.',
    source: 'integrations of Notion; hermes-agent#71335',
    committed: 'nothing to commit',
    policy: { rotation: 'strict', overlapSeconds: 0 },
    steps: [act({ kind: 'refreshElsewhere', times: 2, everySeconds: 3600 })],
  },
  {
    name: 'restored-client',
    serverDoes:
      'The client was put back from a backup: its token has been used since, three times in three days.',
    clientDoes: 'It recognises that it was restored or copied, and does not try the old token over and over.',
    source: 'bmw-cardata-ha#381: a snapshot was restored, and every refresh is refused',
    committed: 'nothing to commit',
    steps: [act({ kind: 'refreshElsewhere', times: 3, everySeconds: 86_400 })],
  },
];
