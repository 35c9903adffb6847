import { Option } from 'commander';
import type { Command } from 'commander';
import { toSeconds } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import { DIALECTS, dialectOf } from '../dialects/dialects.ts';
import type { Grant } from '../grants/grant.ts';
import type { ReplayRecord } from '../grants/replay.ts';
import { standingOf } from '../grants/standing.ts';
import type { Vehicle } from '../grants/vehicle.ts';
import type { Client } from '../clients/client.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, alignFacts, showTime, UsageError } from './output.ts';
import { createGrant, readClient, readGrant } from '../operations/registry.ts';

type CreateOptions = CommonOptions & {
  readonly client: string;
  readonly subject: string;
  readonly scope: string;
  readonly brand?: string;
};
type ListOptions = CommonOptions & {
  readonly client?: string;
  readonly after?: string;
  readonly limit: string;
};

const LIST_MAX = 1000;
/** RFC 6749 §3.3. */
const SCOPE = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;

export const addGrant = (program: Command): void => {
  const grant = program
    .command('grant')
    .summary('create, look at, revoke and reinstate grants')
    .description('What owners allowed which client. A grant owns all its tokens; none of them is kept.');
  addCreate(grant);
  addList(grant);
  addShow(grant);
  addRevocation(grant);
};

const addCreate = (grant: Command): void => {
  withCommonOptions(grant.command('create'))
    .description('Creates a grant without asking an owner, and prints its first pair of tokens.')
    .requiredOption('--client <id>', 'the client it is for')
    .requiredOption('--subject <id>', 'the vehicle owner it is about')
    .option('--scope <scope>', 'what it covers, space separated', '')
    .addOption(
      new Option(
        '--brand <brand>',
        'the brand it is bound to, if the dialect has brands (default: any)',
      ).choices(Object.values(DIALECTS).flatMap(({ brands }) => brands)),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob grant create --client ID --subject owner-1 --scope "read_odometer"',
    )
    .action(async (options: CreateOptions) =>
      onDeployment(options, async (deployment) => {
        const { client, subject, scope, brand } = options;
        if (subject === '') throw new UsageError('--subject must not be empty');
        if (!SCOPE.test(scope))
          throw new UsageError('--scope must be words of visible ASCII without quotes, space separated');
        const { name, brands } = dialectOf(await readClient(deployment.store, client));
        if (brand !== undefined && !brands.includes(brand))
          throw new UsageError(`--brand: the ${name} dialect has no brand ${brand}`);
        const wanted = { clientId: client, subject, scope, brand, nowMs: Date.now() };
        const { tokens, ...made } = await createGrant(deployment, wanted);
        const expiresAt = made.createdAt + tokens.refreshExpiresInSeconds;
        const json = {
          grantId: writeGrantId(made.id),
          accessToken: tokens.accessToken,
          refreshToken: tokens.refreshToken,
          expiresIn: tokens.expiresInSeconds,
          refreshTokenExpiresAt: expiresAt,
          clientId: client,
          subject,
          scope,
          brand: brand ?? null,
          createdAt: made.createdAt,
        };
        const grantEvents = [
          ['grant id', json.grantId],
          ['access token', `${tokens.accessToken}  (for ${tokens.expiresInSeconds} s)`],
          ['refresh token', `${tokens.refreshToken}  (until ${showTime(expiresAt)})`],
        ] as const;
        return { json, text: alignFacts(grantEvents) };
      }),
    );
};

const addList = (grant: Command): void => {
  withCommonOptions(grant.command('list'))
    .description('Lists grants in the order of their ids, a page at a time.')
    .option('--client <id>', 'only those of one client')
    .option('--after <grant-id>', 'go on after this one')
    .option('--limit <number>', `how many at the most (up to ${LIST_MAX})`, '100')
    .addHelpText('after', '\nExample:\n  $ keyfob grant list --client ID --limit 1000')
    .action(async (options: ListOptions) =>
      onDeployment(options, async ({ store }) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX) {
          throw new UsageError(`--limit must be a whole number from 1 to ${LIST_MAX}`);
        }
        const after = options.after === undefined ? undefined : readId(options.after);
        if (options.client !== undefined) await readClient(store, options.client);
        const found = await store.listGrants({ clientId: options.client, after, limit });
        const clients = new Map((await store.listClients()).map((client) => [client.id, client]));
        const views = found.flatMap((one) => {
          const owner = clients.get(one.clientId);
          return owner === undefined ? [] : [toView(one, owner, undefined, Date.now())];
        });
        const last = found.length === limit ? found.at(-1) : undefined;
        const rows = views.map((view) => [
          view.grantId,
          view.status,
          String(view.generation),
          view.clientId,
          view.subject,
        ]);
        const table = alignColumns([['GRANT ID', 'STATUS', 'GENERATION', 'CLIENT ID', 'SUBJECT'], ...rows]);
        const next = last === undefined ? null : writeGrantId(last.id);
        return {
          json: { grants: views, next },
          text: next === null ? table : `${table}\n\nMore: keyfob grant list --after ${next}`,
        };
      }),
    );
};

const addShow = (grant: Command): void => {
  withCommonOptions(grant.command('show <id>'))
    .description('Shows a grant. Never a token.')
    .addHelpText('after', '\nExample:\n  $ keyfob grant show 5f0c6a9de01b77a2')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const found = await readGrant(store, readGrantId(id), id);
        const replay = await store.readReplay(found.id);
        const client = await readClient(store, found.clientId);
        const vehicles = await store.listVehicles(found.id);
        const view = { ...toView(found, client, replay, Date.now()), vehicles };
        const grantEvents = [
          ['grant id', view.grantId],
          ['status', view.status],
          ['client id', `${view.clientId} (${view.dialect})`],
          ['subject', view.subject],
          ['scope', view.scope === '' ? '-' : view.scope],
          ['brand', view.brand ?? 'any'],
          ['created', showTime(view.createdAt)],
          ['generation', `${view.generation}, sealed with key ${view.keyNumber}`],
          [
            'last rotated',
            `${showTime(view.rotatedAt)}${view.rotatedBy === null ? '' : ` by ${showCaller(view.rotatedBy)}`}`,
          ],
          ['token expires', showTime(view.refreshTokenExpiresAt)],
          ['grant ends', showTime(view.grantExpiresAt)],
          [
            'revoked',
            view.revokedAt === null ? '-' : `${showTime(view.revokedAt)} (${view.revocationCause})`,
          ],
        ] as const;
        const evidence = view.replay === null ? '' : describeReplay(view.replay);
        return { json: view, text: `${alignFacts(grantEvents)}${describeVehicles(vehicles)}${evidence}` };
      }),
    );
};

const addRevocation = (grant: Command): void => {
  withCommonOptions(grant.command('revoke <id>'))
    .description('Ends a grant with the next request. "grant reinstate" undoes it.')
    .addHelpText('after', '\nExample:\n  $ keyfob grant revoke 5f0c6a9de01b77a2')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const found = await readGrant(store, readGrantId(id), id);
        const outcome = await store.revoke(found.id, { nowMs: Date.now(), cause: 'operator' });
        const text = outcome === 'revoked' ? `revoked grant ${id}` : `grant ${id} was revoked before`;
        return { json: { grantId: writeGrantId(found.id), outcome }, text };
      }),
    );
  withCommonOptions(grant.command('reinstate <id>'))
    .description('Undoes a revocation: the newest refresh token of the client works again.')
    .addHelpText('after', '\nExample:\n  $ keyfob grant reinstate 5f0c6a9de01b77a2')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const found = await readGrant(store, readGrantId(id), id);
        const outcome = await store.reinstate(found.id, { nowMs: Date.now() });
        const text = outcome === 'reinstated' ? `reinstated grant ${id}` : `grant ${id} was not revoked`;
        return { json: { grantId: writeGrantId(found.id), outcome }, text };
      }),
    );
};

const readId = (text: string): GrantId => {
  const id = readGrantId(text);
  if (id === undefined) throw new UsageError(`${text} is no grant id: it has 16 hexadecimal digits`);
  return id;
};

/** A grant as an operator sees it. Times in integer seconds. */
const toView = (grant: Grant, client: Client, replay: ReplayRecord | undefined, nowMs: number) => {
  const rotatedAtMs = grant.generation === 0 ? undefined : grant.rotatedAtMs.at(-1);
  const { status, tokenExpiresAt, grantExpiresAt } = standingOf(grant, client.policy, nowMs);
  return {
    grantId: writeGrantId(grant.id),
    status,
    clientId: grant.clientId,
    dialect: client.dialect,
    subject: grant.subject,
    scope: grant.scope,
    brand: grant.brand ?? null,
    createdAt: grant.createdAt,
    generation: grant.generation,
    keyNumber: grant.keyNumber,
    rotatedAt: rotatedAtMs === undefined ? null : toSeconds(rotatedAtMs),
    rotatedBy: grant.rotatedBy ?? null,
    refreshTokenExpiresAt: tokenExpiresAt,
    grantExpiresAt,
    revokedAt: grant.revocation?.at ?? null,
    revocationCause: grant.revocation?.cause ?? null,
    replay: replay === undefined ? null : toReplayView(replay),
  };
};

const toReplayView = ({ atMs, sinceRotationMs, caller, rotatedBy, ...replay }: ReplayRecord) => ({
  ...replay,
  at: toSeconds(atMs),
  secondsSinceRotation: sinceRotationMs === undefined ? null : sinceRotationMs / 1000,
  caller: caller ?? null,
  rotatedBy: rotatedBy ?? null,
});

const describeVehicles = (vehicles: readonly Vehicle[]): string => {
  if (vehicles.length === 0) return '';
  const rows = vehicles.map(({ id, vin, make, model, year, nickname }) => {
    const name = nickname === '' ? '' : ` (${nickname})`;
    return [id, vin, `${make} ${model} ${year}${name}`];
  });
  return `\n\nVehicles\n${alignColumns([['ID', 'VIN', 'VEHICLE'], ...rows])}`;
};

const DONE = {
  revoke: 'the grant was revoked; "keyfob grant reinstate" undoes it',
  refuse: 'it was refused, and the grant goes on',
  observe: 'it was refused, and the policy observe left the grant alone; revoke would have ended it',
} as const;

const describeReplay = ({ at, times, ...replay }: ReturnType<typeof toReplayView>): string => {
  const { generation, gap, secondsSinceRotation, caller, rotatedBy, looksLike, response } = replay;
  const since = secondsSinceRotation === null ? '' : `, ${secondsSinceRotation} s after the last rotation`;
  const grantEvents = [
    ['replayed', `${showTime(at)}${since} (${times} in all)`],
    ['token', `generation ${generation}, ${gap} behind the current one`],
    ['presented by', showCaller(caller)],
    ['rotated by', showCaller(rotatedBy)],
    ['looks like', looksLike === 'theft' ? 'theft' : 'a lost answer'],
    ['done', DONE[response]],
  ] as const;
  return `\n\nLast replay\n${alignFacts(grantEvents)}`;
};

const showCaller = (caller: Caller | null): string =>
  caller === null
    ? '-'
    : `${caller.address} ${caller.userAgent === '' ? '(no user agent)' : caller.userAgent}`;
