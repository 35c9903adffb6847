import { createHash } from 'node:crypto';
import {
  afterAnswer,
  afterFailedConnection,
  afterPause,
  afterRefusal,
  afterSuccess,
  afterUnclear,
  isFromBefore,
  isStopped,
  isStoppedAt,
  newFacts,
  withCanary,
} from '../grants/client-facts.ts';
import type { ChangedFacts, ClientFacts } from '../grants/client-facts.ts';
import { verdictOf } from '../grants/correlate.ts';
import type { Refusal } from '../grants/correlate.ts';
import { noteFailedConnection } from '../grants/outage.ts';
import type { FailedConnections } from '../grants/outage.ts';
import type { Timing } from '../grants/timing.ts';
import type { Client } from '../providers/clients.ts';
import type { LearnedFacts } from '../providers/learned.ts';
import type { ClientVerbs, Store } from '../stores/store.ts';
import type { Millis } from '../time.ts';

/** What this process knows about its clients, and shares with the others through the store. */
export type ClientBook = {
  /** As last read. Costs nothing. */
  facts(name: string): ClientFacts;
  /** Reads what other processes wrote. */
  reload(): Promise<void>;
  /** The secret to send with, and the ones to try after it. */
  secrets(name: string): readonly string[];
  /** A refresh succeeded with this secret. */
  noteSuccess(
    name: string,
    success: {
      atMs: Millis;
      grantId: string;
      secret: string;
      seen: LearnedFacts;
      skewMs: Millis | undefined;
    },
  ): Promise<void>;
  /** The provider refuses the client. Stops it until a canary succeeds. Returns when that may be sent. */
  noteRefused(name: string, code: string): Promise<Millis>;
  /** A grant was refused, and it is not clear why. Returns what all grants of the client show. */
  noteUnclear(name: string, refusal: Refusal): Promise<'grant' | 'client' | 'wait'>;
  /** The provider asked for a pause. */
  notePause(name: string, untilMs: Millis): Promise<void>;
  /** The provider answered a send of this moment, whatever it said. Costs nothing where there is no outage. */
  noteAnswered(name: string, sentAtMs: Millis): Promise<void>;
  /** No connection to the provider stood. */
  noteFailedConnection(name: string, code: string): Promise<void>;
  /** Takes the next canary of a stopped client: one process does. `true` where the client is not stopped. */
  takeCanary(name: string): Promise<boolean>;
};

/** A success is written so often at most; what the others need to know is written at once. */
const SUCCESS_EVERY_MS = 10_000;
const TRIES = 5;

/** Of the id and the secrets of a client: equal where they are equal, and nothing can be learned from it. */
export const digestOf = ({ clientId, clientSecrets }: Client): string =>
  createHash('sha256')
    .update(JSON.stringify([clientId, clientSecrets]))
    .digest('hex')
    .slice(0, 16);

/** The book of all clients of a keeper. Where the store is away, it goes on with what it knows. */
export const createClientBook = (
  clients: ReadonlyMap<string, Client>,
  store: ClientVerbs & Pick<Store, 'nowMs' | 'latest'>,
  timing: Timing,
  chance: () => number = Math.random,
): ClientBook => {
  const known = new Map<string, { version: number; facts: ClientFacts }>();
  const working = new Map<string, string>();
  const failed = new Map<string, FailedConnections>();
  for (const [name, client] of clients) known.set(name, { version: 0, facts: newFacts(digestOf(client)) });

  const entry = (name: string): { version: number; facts: ClientFacts } => {
    const found = known.get(name);
    if (found === undefined) throw new Error(`no client "${name}"`);
    return found;
  };

  const reloadOne = async (name: string): Promise<void> => {
    const client = clients.get(name);
    const stored = await store.readClient(name);
    if (client === undefined || stored === undefined) return;
    const digest = digestOf(client);
    const isSame = stored.facts.secrets === digest;
    known.set(name, isSame ? stored : { version: stored.version, facts: newFacts(digest, stored.facts) });
  };

  /** Changes the facts, here and in the store. Another process that was faster is read, and the change is made again. */
  const change = async (name: string, edit: (facts: ClientFacts) => ChangedFacts): Promise<ClientFacts> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const { version, facts } = entry(name);
      const changed = edit(facts);
      if (changed.facts === facts) return facts;
      known.set(name, { version, facts: changed.facts });
      try {
        if (await store.writeClient(name, version, changed.facts, changed.events)) {
          known.set(name, { version: version + 1, facts: changed.facts });
          return changed.facts;
        }
        await reloadOne(name);
      } catch {
        return changed.facts;
      }
    }
    return entry(name).facts;
  };

  return {
    facts: (name) => entry(name).facts,
    async reload() {
      for (const name of clients.keys()) await reloadOne(name);
    },
    secrets(name) {
      const all = clients.get(name)?.clientSecrets ?? [];
      const first = working.get(name);
      return first === undefined ? all : [first, ...all.filter((one) => one !== first)];
    },
    async noteSuccess(name, { secret, ...success }) {
      working.set(name, secret);
      const provider = clients.get(name)?.provider;
      const { facts } = entry(name);
      if (provider === undefined) return;
      const edit = (before: ClientFacts): ChangedFacts =>
        afterSuccess(before, { name, provider }, { ...success, nowMs: store.nowMs() });
      const isQuiet = facts.breaker === undefined && facts.unclear.length === 0;
      const isNew = edit(facts).facts.surprises !== facts.surprises;
      if (isQuiet && !isNew && success.atMs - (facts.successAtMs ?? 0) < SUCCESS_EVERY_MS) return;
      await change(name, edit);
    },
    async noteRefused(name, code) {
      const nowMs = store.nowMs();
      const facts = await change(name, (before) => afterRefusal(before, { name, code, nowMs }, timing));
      return facts.breaker?.retryAtMs ?? nowMs;
    },
    async noteUnclear(name, refusal) {
      const { grantId } = refusal;
      const facts = await change(name, (before) => afterUnclear(before, refusal));
      const { unclear, successAtMs } = facts;
      const { nowMs, latest } = store;
      const evidence = { grantId, clientSuccessAtMs: successAtMs, unclear, nowMs: nowMs(), latest };
      return verdictOf(evidence, timing);
    },
    async notePause(name, untilMs) {
      const nowMs = store.nowMs();
      await change(name, (before) => afterPause(before, { name, untilMs, nowMs }));
    },
    async noteAnswered(name, sentAtMs) {
      const nowMs = store.nowMs();
      const { firstAtMs } = failed.get(name) ?? { firstAtMs: nowMs };
      if (!isFromBefore(sentAtMs, firstAtMs, nowMs)) failed.delete(name);
      if (entry(name).facts.outage === undefined) return;
      await change(name, (before) => afterAnswer(before, { name, sentAtMs, nowMs }));
    },
    async noteFailedConnection(name, code) {
      const nowMs = store.nowMs();
      const now = noteFailedConnection(failed.get(name), nowMs, entry(name).facts.successAtMs);
      failed.set(name, now);
      const failure = { ...now, name, code, nowMs, chance };
      const { outage } = await change(name, (before) => afterFailedConnection(before, failure, timing));
      if (outage !== undefined) failed.delete(name);
    },
    async takeCanary(name) {
      const { facts, version } = entry(name);
      if (!isStopped(facts)) return true;
      const nowMs = store.nowMs();
      if (isStoppedAt(facts, nowMs)) return false;
      const taken = withCanary(facts, nowMs, chance, timing);
      if (!(await store.writeClient(name, version, taken, []))) {
        await reloadOne(name);
        return false;
      }
      known.set(name, { version: version + 1, facts: taken });
      return true;
    },
  };
};
