import * as v from 'valibot';
import { advanceClock } from '../../clock/advance-clock.ts';
import { duration } from '../../grants/new-grant.ts';
import { secondsOf } from '../../seconds-of.ts';
import { SandboxError } from '../../sandbox-error.ts';
import { clockFields, moment } from '../../worlds/new-world.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { advancedShape, clockShape } from '../shapes.ts';
import { showAdvanced, showClock } from '../show.ts';

const tag = 'clock';

const advance = v.strictObject({
  /** By how much: a duration such as `P59DT23H`. */
  by: v.optional(duration),
  /** To which moment. */
  to: v.optional(moment),
});

export const clockRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/clock',
    tag,
    summary: 'Read the clock',
    status: 200,
    answer: clockShape,
    handle: (call) => showClock(findWorld(call)),
  }),
  defineRoute({
    method: 'PUT',
    path: '/worlds/{world}/clock',
    tag,
    summary: 'Change how the time of a world passes, and how wrong the clock of its server is',
    body: v.strictObject({ now: v.optional(moment), ...clockFields }),
    status: 200,
    answer: clockShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { now, mode, rate, skewSeconds } = call.body;
      if (now !== undefined) await advanceClock(world, { toMs: Date.parse(now) });
      world.clock.change({
        ...(mode === undefined ? {} : { mode }),
        ...(rate === undefined ? {} : { rate }),
        ...(skewSeconds === undefined ? {} : { skewSeconds }),
      });
      return showClock(world);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/worlds/{world}/clock/advance',
    tag,
    summary:
      'Move the clock forward; answers when everything due in between has happened, with the list of it',
    body: advance,
    status: 200,
    answer: advancedShape,
    handle: async (call) => {
      const world = findWorld(call);
      const { by, to } = call.body;
      if ((by === undefined) === (to === undefined))
        throw new SandboxError(
          'input_invalid',
          'give by or to, and not both',
          'For example {"by": "P59DT23H"}.',
        );
      const target = to === undefined ? { byMs: secondsOf(by ?? '') * 1000 } : { toMs: Date.parse(to) };
      return showAdvanced(await advanceClock(world, target));
    },
  }),
];
