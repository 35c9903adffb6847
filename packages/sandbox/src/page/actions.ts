import type * as v from 'valibot';
import type { AskedCall } from '../control/control.ts';
import type {
  advancedShape,
  checkpointShape,
  clientShape,
  createdGrantShape,
  holdsShape,
  rotatedShape,
  startedScenarioShape,
  worldShape,
} from '../control/shapes.ts';
import { SandboxError } from '../sandbox-error.ts';
import { describeAction, describeTarget } from './describe-fault.ts';
import { FAULT_CHOICES } from './fault-choices.ts';
import { sayMs, writeMoment } from './moments.ts';
import type { Notice } from './notices.ts';
import { WAS_CAUSED } from './verdicts.ts';
import type { ShownFault } from './world-view.ts';

type Shown<Shape extends v.GenericSchema> = v.InferOutput<Shape>;
type Said = Pick<Notice, 'title' | 'lines' | 'secrets'>;

/** What a form does: the call of the control API that it stands for, and what is said when that is done. */
export type Action = {
  readonly call: (form: URLSearchParams, world: string) => AskedCall;
  readonly say: (answer: never, form: URLSearchParams) => Said;
  /** Whether it leads to the world that was answered (`answer`), or to the default world. */
  readonly leadsTo?: 'answer' | 'default';
};

const path = (world: string, ...rest: readonly string[]): string =>
  ['/worlds', ...[world, ...rest].map(encodeURIComponent)].join('/');

/** The fields that were filled in. */
const filled = (form: URLSearchParams, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = form.get(name)?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );

/** The same as numbers. Text that is none is refused by the control API, which names the field. */
const numbers = (form: URLSearchParams, names: readonly string[]): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(filled(form, names)).map(([name, text]) => [
      name,
      Number.isNaN(Number(text)) ? text : Number(text),
    ]),
  );

/** A change of one grant. */
const onGrant = (verb: string, names: readonly string[], title: (grant: string) => string): Action => ({
  call: (form, world) => ({
    method: 'POST',
    path: path(world, 'grants', form.get('grant') ?? '', verb),
    body: filled(form, names),
  }),
  say: (_, form) => ({ title: title(form.get('grant') ?? '') }),
});

const HAPPENED_SHOWN_MAX = 20;

const readFault = (form: URLSearchParams): unknown => {
  const { fault = '', value, json } = filled(form, ['fault', 'value', 'json']);
  const { times } = filled(form, ['times']);
  const choice = FAULT_CHOICES.find(({ name }) => name === fault);
  return {
    on: {
      ...filled(form, ['endpoint', 'client', 'grant']),
      ...numbers(form, ['nth', 'every', 'probability']),
    },
    do: json === undefined ? choice?.action(value ?? choice.value?.usual ?? '') : readJson(json),
    ...(times === undefined ? {} : times === 'always' ? { times } : numbers(form, ['times'])),
  };
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new SandboxError('input_invalid', 'the action is not JSON', 'For example {"delaySeconds": 61}.');
  }
};

const sayCreated = ({ grant, client, accessToken, refreshToken }: Shown<typeof createdGrantShape>): Said => ({
  title: `${grant} was created for the client ${client}`,
  lines: ['Its first pair of tokens is shown here only.'],
  secrets: [
    { label: 'Refresh token', value: refreshToken },
    { label: 'Access token', value: accessToken },
  ],
});

/** Every form of the pages, by the last part of the path to which it is sent. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  advance: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'clock', 'advance'),
      body: filled(form, ['by', 'to']),
    }),
    say: ({ from, now, happened, more }: Shown<typeof advancedShape>) => {
      const rest = happened.length - HAPPENED_SHOWN_MAX + more;
      return {
        title: `The clock moved by ${sayMs(Date.parse(now) - Date.parse(from))}, to ${writeMoment(now)}`,
        lines: [
          ...happened.slice(0, HAPPENED_SHOWN_MAX).map(({ at, says }) => `${writeMoment(at)} ${says}`),
          ...(happened.length === 0 ? ['Nothing was due in between.'] : []),
          ...(rest > 0 ? [`And ${rest} more.`] : []),
        ],
      };
    },
  },
  clock: {
    call: (form, world) => ({
      method: 'PUT',
      path: path(world, 'clock'),
      body: { ...filled(form, ['mode']), ...numbers(form, ['rate', 'skewSeconds']) },
    }),
    say: ({ mode, rate, skewSeconds }: Shown<typeof worldShape>['clock']) => ({
      title: `The clock is ${mode === 'running' ? `running, ${rate} seconds in each real one` : 'frozen'}`,
      ...(skewSeconds === 0
        ? {}
        : { lines: [`The clock of the server is wrong by ${skewSeconds} seconds.`] }),
    }),
  },
  grants: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'grants'),
      body: {
        ...filled(form, ['client', 'subject', 'age']),
        vehicles: (form.get('vehicles') ?? '').split(/[\s,]+/).filter((vin) => vin !== ''),
      },
    }),
    say: sayCreated,
  },
  revoke: onGrant('revoke', ['by'], (grant) => `${grant} was revoked`),
  withdraw: onGrant('withdraw', ['vin'], (grant) => `The owner has withdrawn from ${grant}`),
  expire: onGrant('expire', ['what'], (grant) => `A token of ${grant} has expired`),
  reinstate: onGrant('reinstate', [], (grant) => `${grant} was reinstated`),
  rotate: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'grants', form.get('grant') ?? '', 'rotate'),
    }),
    say: ({ grant, generation, accessToken, refreshToken }: Shown<typeof rotatedShape>) => ({
      title: `A thief has refreshed ${grant} and holds ${grant}/${generation}`,
      lines: ['What the thief got is shown here only.'],
      secrets: [
        { label: 'Refresh token', value: refreshToken },
        { label: 'Access token', value: accessToken },
      ],
    }),
  },
  holds: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'holds'),
      body: { token: form.get('token')?.trim() ?? '' },
    }),
    say: ({ grant, generation, wouldBe, because, until, kind }: Shown<typeof holdsShape>) => ({
      title: `${nameToken(kind, grant, generation)}: ${WAS_CAUSED[wouldBe] ?? wouldBe}`,
      lines: [because, ...(until === null ? [] : [`Until ${writeMoment(until)}, if nothing happens.`])],
    }),
  },
  faults: {
    call: (form, world) => ({ method: 'POST', path: path(world, 'faults'), body: readFault(form) }),
    say: (fault: ShownFault) => ({
      title: `${fault.id} is armed`,
      lines: [`${describeAction(fault.do)}: ${describeTarget(fault)}.`],
    }),
  },
  'remove-fault': {
    call: (form, world) => ({ method: 'DELETE', path: path(world, 'faults', form.get('id') ?? '') }),
    say: (_, form) => ({ title: `${form.get('id') ?? ''} was removed` }),
  },
  'remove-faults': {
    call: (_, world) => ({ method: 'DELETE', path: path(world, 'faults') }),
    say: () => ({ title: 'All faults were removed' }),
  },
  scenario: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'scenarios', form.get('name') ?? ''),
      body: filled(form, ['client']),
    }),
    say: (started: Shown<typeof startedScenarioShape>) => ({
      title: `${started.name} has started, with the grant ${started.grant}`,
      lines: [
        `The server: ${started.serverDoes}`,
        `A right client: ${started.clientDoes}`,
        `Requests go to ${started.url}.`,
        ...started.did,
        ...started.willDo,
      ],
      secrets: started.grants
        .slice(0, 1)
        .map(({ refreshToken }) => ({ label: 'Refresh token', value: refreshToken })),
    }),
  },
  'end-scenario': {
    call: (form, world) => ({ method: 'DELETE', path: path(world, 'scenarios', form.get('name') ?? '') }),
    say: (_, form) => ({ title: `${form.get('name') ?? ''} has ended`, lines: ['What it did stays done.'] }),
  },
  'roll-secret': {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'clients', form.get('client') ?? '', 'roll-secret'),
      body: numbers(form, ['overlapSeconds']),
    }),
    say: ({ name }: Shown<typeof clientShape>) => ({ title: `The client ${name} has a new secret` }),
  },
  checkpoint: {
    call: (_, world) => ({ method: 'POST', path: path(world, 'checkpoints') }),
    say: ({ checkpoint }: Shown<typeof checkpointShape>) => ({
      title: `Checkpoint ${checkpoint} is a copy of the server as it is now`,
    }),
  },
  restore: {
    call: (form, world) => ({
      method: 'POST',
      path: path(world, 'checkpoints', form.get('checkpoint') ?? '', 'restore'),
    }),
    say: ({ checkpoint, at }: Shown<typeof checkpointShape>) => ({
      title: `The server is as it was at ${writeMoment(at)} (checkpoint ${checkpoint})`,
      lines: ['The clock goes on. Clients hold newer tokens than the server knows.'],
    }),
  },
  reset: {
    call: (_, world) => ({ method: 'POST', path: path(world, 'reset') }),
    say: () => ({ title: 'The world is as it was created' }),
  },
  remove: {
    call: (_, world) => ({ method: 'DELETE', path: path(world) }),
    say: () => ({ title: 'The world was removed' }),
    leadsTo: 'default',
  },
  worlds: {
    call: (form) => ({
      method: 'POST',
      path: '/worlds',
      body: {
        ...filled(form, ['clock', 'seed']),
        autoConsent: form.has('autoConsent'),
        port: form.has('port'),
      },
    }),
    say: ({ id }: Shown<typeof worldShape>) => ({ title: `The world ${id} was created` }),
    leadsTo: 'answer',
  },
};

const nameToken = (kind: string, grant: string | null, generation: number | null): string => {
  if (grant === null) return 'That text';
  return generation === null ? `This ${kind.replace('_', ' ')} of ${grant}` : `${grant}/${generation}`;
};
