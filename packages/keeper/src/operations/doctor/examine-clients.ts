import { createClient } from '../../config/client-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { KeeperError } from '../../errors.ts';
import type { ClientFacts } from '../../grants/client-facts.ts';
import { skewMsOf } from '../../grants/skew.ts';
import { DEFAULT_TIMING } from '../../grants/timing.ts';
import type { Client } from '../../providers/clients.ts';
import type { Store } from '../../stores/store.ts';
import { describeMoment, describeSpan } from '../describe-span.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** A client that could be made, or what stands against it. */
export type Examined = {
  readonly name: string;
  readonly client: Client | undefined;
  readonly findings: readonly Finding[];
};

/** Reads the secrets of every client of the settings, and judges its waiting times. */
export const examineSecrets = (settings: Settings): readonly Examined[] =>
  Object.entries(settings.clients).map(([name, one]) => {
    try {
      const client = createClient(name, one, {
        environment: settings.environment,
        directory: settings.base,
      });
      return { name, client, findings: examineTiming(name, client) };
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      const message = error.message.slice(0, -error.remedy.length - 2);
      return { name, client: undefined, findings: [bad(`client ${name}`, 'fail', message, error.remedy)] };
    }
  });

/** A process that dies is noticed after its lease and one look; a second send must still fit into the overlap. */
const examineTiming = (name: string, { provider, clientSecrets }: Client): readonly Finding[] => {
  const secrets = clientSecrets.length === 1 ? 'one secret' : `${clientSecrets.length} secrets`;
  const about = `${provider.name} at ${new URL(provider.url).host}, ${secrets}`;
  const { repeats } = provider;
  if (repeats.kind !== 'overlap') return [ok(`client ${name}`, about)];
  const noticedSeconds = (DEFAULT_TIMING.leaseMs + DEFAULT_TIMING.scanMs) / 1000;
  const usableSeconds = repeats.seconds - DEFAULT_TIMING.overlapMarginMs / 1000;
  return noticedSeconds < usableSeconds
    ? [ok(`client ${name}`, `${about}; a lost answer is asked for again within ${repeats.seconds} s`)]
    : [
        bad(
          `client ${name}`,
          'warn',
          `${about}; its overlap of ${repeats.seconds} s is over before a second process notices that the first one died (${noticedSeconds} s)`,
          'Have the provider set a longer overlap; 60 s is enough.',
        ),
      ];
};

/** What the processes of this store know about a client: whether it works, and whether it is the same for all. */
export const examineFacts = (
  name: string,
  facts: ClientFacts,
  digest: string | undefined,
  nowMs: number,
): readonly Finding[] => {
  const { breaker, learned, outage, pausedUntilMs, secrets, skew } = facts;
  const check = `client ${name}`;
  const findings: Finding[] = [];
  if (digest !== undefined && secrets !== digest)
    findings.push(
      bad(
        check,
        'warn',
        'a keeper with other credentials used this store last',
        'After a change of the secret this is as it should be. Otherwise two deployments share the store: give each its own.',
      ),
    );
  else if (breaker !== undefined)
    findings.push(
      bad(
        check,
        'fail',
        `refused by the provider since ${new Date(breaker.sinceMs).toISOString()} (${breaker.code}); it is tried again ${describeMoment(breaker.retryAtMs, nowMs)}`,
        'Compare client id and secret with those that the provider shows. No grant is lost meanwhile.',
      ),
    );
  if (outage !== undefined)
    findings.push(
      bad(
        check,
        'fail',
        `cannot be reached since ${new Date(outage.sinceMs).toISOString()} (${outage.code}); it is tried again ${describeMoment(outage.retryAtMs, nowMs)}`,
        'Look at the address, the DNS, the proxy and the firewall of this machine, and at the status page of the provider. No grant is lost meanwhile.',
      ),
    );
  if (pausedUntilMs !== undefined && pausedUntilMs > nowMs)
    findings.push(
      bad(
        check,
        'warn',
        `the provider asked for a pause, which ends ${describeMoment(pausedUntilMs, nowMs)}`,
        'Lower perSecondMax if this happens often.',
      ),
    );
  if (learned.accessToken === 'unusable')
    findings.push(
      bad(
        check,
        'warn',
        'its last answer had a refresh token, and no access token that a header can hold',
        'The refresh token is kept. Compare the paths of the profile with an answer, and ask the provider.',
      ),
    );
  if (skew.isReported)
    findings.push(
      bad(
        `clock ${name}`,
        'warn',
        `the provider's clock is ${describeSpan(Math.abs(skewMsOf(skew)))} ${skewMsOf(skew) > 0 ? 'ahead of' : 'behind'} ours`,
        'Synchronise the clock of this machine with NTP.',
      ),
    );
  return findings;
};

/** Clients whose grants are in the store, and which the settings do not have: nobody refreshes these grants. */
export const examineUnknownClients = async (
  store: Pick<Store, 'counts'>,
  { clients }: Settings,
): Promise<readonly Finding[]> => {
  const counts = await store.counts();
  return Object.entries(counts.clients)
    .filter(([name]) => !Object.hasOwn(clients, name))
    .map(([name, states]) => ({
      name,
      alive: Object.entries(states).reduce(
        (sum, [state, grants]) => (state === 'dead' || state === 'closed' ? sum : sum + grants),
        0,
      ),
    }))
    .filter(({ alive }) => alive > 0)
    .map(({ name, alive }) =>
      bad(
        `client ${name}`,
        'fail',
        `not in the settings, and ${alive} grants need it: nobody refreshes them`,
        `Add "${name}" to "clients".`,
      ),
    );
};
