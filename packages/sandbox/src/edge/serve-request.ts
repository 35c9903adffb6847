import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../worlds/exchange.ts';
import type { WireRequest, WireResponse } from '@keyfob/server/wire';
import { deliver } from '../faults/deliver.ts';
import type { Delivered } from '../faults/deliver.ts';
import { planFaults } from '../faults/fault-plan.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { describeVerdict } from '../journal/describe-verdict.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { OpenEntry } from '../journal/journal.ts';
import { readRequest } from '../journal/read-request.ts';
import type { SentRequest } from '../journal/read-request.ts';
import { advanceClock } from '../clock/advance-clock.ts';
import type { World } from '../worlds/world.ts';
import { consentAtOnce } from './auto-consent.ts';
import { describeAnswer, noteAccess } from './describe-answer.ts';
import { describeRequest } from './describe-request.ts';
import { untilOvertaken } from './late-answer.ts';
import { replaceExpired } from './replace-expired.ts';
import { watchLeaving } from './watch-leaving.ts';

/** A request to a world, and where its answer goes. */
type Arrival = {
  readonly world: World;
  readonly request: WireRequest;
  readonly response: ServerResponse;
  readonly sent: SentRequest;
  readonly plan: FaultPlan;
  readonly entry: OpenEntry;
  /** Ends when the client has closed the connection. */
  readonly gone: AbortSignal;
};

/** Answers a request to a world: by its server, changed or lost as its faults want, and written into the journal. */
export const serveRequest = async (
  world: World,
  request: WireRequest,
  response: ServerResponse,
): Promise<void> => {
  const startedAt = performance.now();
  const sent = readRequest(request);
  const arrived = await describeRequest(world, request, sent);
  // What a scenario does first may move the clock and change the grant.
  const hasChanged = await world.running.meet(arrived.facts);
  const described = hasChanged ? await describeRequest(world, request, sent) : arrived;
  const faults = world.faults.strike(described.facts);
  const requestId = world.nextRequestId();
  const { dialect } = described.facts;
  const plan = planFaults(faults, { dialect, nowMs: world.clock.serverNow(), requestId });
  const entry = world.journal.begin({ ...described.entry, requestId, faults: faults.map(({ id }) => id) });
  const leaving = watchLeaving(response, world.closing);
  const arrival = { world, request, response, sent, plan, entry, gone: leaving.gone };
  let end: Partial<JournalEntry>;
  try {
    end = await answer(arrival);
  } catch (error) {
    response.req.socket.destroy();
    end = { delivered: 'none', says: failureOf(world, error) };
  } finally {
    leaving.stop();
  }
  entry.update({ ...end, stage: 'ended', tookMs: Math.round(performance.now() - startedAt) });
};

const failureOf = ({ closing }: World, error: unknown): string => {
  if (closing.aborted) return 'The world was reset or removed before the answer.';
  return `The sandbox failed: ${error instanceof Error ? error.message : ''}`;
};

const answer = async (arrival: Arrival): Promise<Partial<JournalEntry>> => {
  const { world, response, plan, entry, gone, sent } = arrival;
  if (plan.isRefused) {
    response.req.socket.resetAndDestroy();
    return { delivered: 'none', says: 'The connection was reset before the request was read.' };
  }
  await wait(plan.requestDelayMs, gone);
  const exchange = createExchange(arrival);
  const own = plan.before === undefined ? await ask(arrival, exchange) : undefined;
  const made = plan.before ?? (own === undefined || exchange.hasEnded ? undefined : (plan.after ?? own));
  const changed = made === undefined ? NO_ANSWER : plan.change(made, sentTokens(sent));
  await noteAccess(world, own);
  entry.update({
    ...describeVerdict(exchange, plan.before === undefined),
    ...(exchange.grant === undefined ? {} : { grant: world.grants.nameOf(exchange.grant.id) }),
    answer:
      made === undefined ? undefined : await describeAnswer(world, changed, { isMadeUp: changed !== own }),
  });
  for (const { seconds, movesClock } of plan.waits) await passTime(arrival, seconds, movesClock);
  await wait(plan.answerDelayMs, gone);
  if (plan.isLate) await untilOvertaken(world.journal, entry.entry(), gone);
  entry.update({ stage: 'sending' });
  const dated = { ...changed, headers: { Date: dateOf(world), ...changed.headers } };
  return describeDelivery(
    await deliver(response, dated, lossOf(plan, made), () => entry.update({ delivered: 'part' })),
  );
};

/** Stands for the answer of a request that ended before its commit. No byte of it is sent. */
const NO_ANSWER: WireResponse = { status: 500, headers: {}, body: '' };

/** Of an answer that was never made, no byte can leave. */
const lossOf = ({ loss }: FaultPlan, made: WireResponse | undefined): FaultPlan['loss'] =>
  loss === undefined || made !== undefined
    ? loss
    : { how: loss.how === 'halfBody' ? 'close' : loss.how, afterBytes: 0 };

const createExchange = ({ entry, plan }: Arrival): Exchange => ({
  requestId: entry.entry().requestId,
  endsBeforeCommit: plan.endsBeforeCommit,
  hasEnded: false,
  hasCommitted: false,
  hasRedeemed: false,
  verdict: undefined,
  grant: undefined,
  reason: undefined,
  onCommit: () => entry.update({ stage: 'committed', isCommitted: true }),
});

/** Has the server answer, once or, as behind a proxy that tries again, twice. */
const ask = async (
  { world, request, plan, response, entry }: Arrival,
  exchange: Exchange,
): Promise<WireResponse> => {
  const { server, exchanges } = world;
  const address = response.req.socket.remoteAddress ?? '';
  const { requestId } = exchange;
  const real = await replaceExpired(world, request);
  const send = (one: WireRequest): Promise<WireResponse> => server.respond(one, { address, requestId });
  const isConsented =
    world.definition.autoConsent && entry.entry().endpoint === 'authorize' && real.method === 'GET';
  const respond = (): Promise<WireResponse> =>
    exchanges.run(exchange, () => (isConsented ? consentAtOnce(real, send) : send(real)));
  const first = await respond();
  return plan.isDuplicated ? respond() : first;
};

const sentTokens = ({ parameters }: SentRequest): { readonly refreshToken: string | undefined } => ({
  refreshToken: parameters.get('refresh_token') ?? parameters.get('refreshToken'),
});

const wait = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => {});
};

const passTime = async ({ world, gone }: Arrival, seconds: number, movesClock: boolean): Promise<void> => {
  const untilMs = world.clock.now() + seconds * 1000;
  if (movesClock && world.clock.read().mode === 'frozen') await advanceClock(world, { atLeastMs: untilMs });
  else await world.clock.reach(untilMs, gone);
};

const dateOf = ({ clock }: World): string => new Date(clock.serverNow()).toUTCString();

const describeDelivery = (delivered: Delivered): Partial<JournalEntry> => {
  if (delivered.kind !== 'part') return { delivered: delivered.kind };
  return delivered.bytes === 0
    ? { delivered: 'none' }
    : { delivered: 'part', deliveredBytes: delivered.bytes };
};
