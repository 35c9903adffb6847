import { StoreError } from '@keyfob/server/errors';
import type { WireResponse } from '@keyfob/server/wire';
import type { DeviceWorld } from './device-world.ts';
import type { DeviceClient, DeviceNode, DeviceRecord, Poll, PollAnswer } from './records.ts';

const SECOND_MS = 1000;
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const POLLS_MAX = 150;

type Form = Readonly<Record<string, string>>;

/** Sends a form to a node. `undefined` where the request or the answer is lost, or the node dies. */
const post = async (
  world: DeviceWorld,
  node: DeviceNode,
  { client, secret }: DeviceClient,
  { path, form, onArrival }: { readonly path: string; readonly form: Form; readonly onArrival?: () => void },
): Promise<{ readonly response: WireResponse; readonly isLost: boolean } | undefined> => {
  const { prng, schedule } = world;
  await schedule.sleep(prng.between(5, 150));
  if (world.has('lost-requests') && prng.chance(0.1)) return undefined;
  onArrival?.();
  const basic = Buffer.from(`${client.id}:${secret}`).toString('base64');
  const request = {
    method: 'POST',
    path,
    query: '',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(new URLSearchParams(form).toString()),
  };
  const caller = { address: '192.0.2.1', userAgent: 'device/1' };
  const response = await Promise.race([node.endpoints.respond(request, caller), node.death.promise]);
  if (response === undefined) return undefined;
  return { response, isLost: world.has('lost-answers') && prng.chance(0.2) };
};

const bodyOf = ({ body }: WireResponse): Readonly<Record<string, string>> =>
  JSON.parse(body) as Readonly<Record<string, string>>;

/** A device asks for its code, until it has one. */
const ask = async (world: DeviceWorld, name: string): Promise<DeviceRecord> => {
  const { prng, schedule, nodes, own } = world;
  for (;;) {
    let askedAtMs = 0;
    const answered = await post(world, prng.pick(nodes), own, {
      path: '/oauth/device_authorization',
      form: { scope: 'read_odometer' },
      onArrival: () => (askedAtMs = schedule.nowMs()),
    });
    if (answered !== undefined && !answered.isLost && answered.response.status === 200) {
      const { device_code: deviceCode = '', user_code: userCode = '' } = bodyOf(answered.response);
      const record: DeviceRecord = {
        name,
        deviceCode,
        userCode: userCode.replace('-', ''),
        askedAtMs,
        polls: [],
        settled: undefined,
        refreshedAtMs: undefined,
      };
      world.devices.push(record);
      world.trace(() => `${name} has its code`);
      return record;
    }
    if (answered !== undefined && ![200, 503].includes(answered.response.status))
      world.violations.push(`${name} got no code: ${answered.response.body}`);
    await schedule.sleep(prng.between(1000, 5000));
  }
};

/** A poll of the device's own client, or of another one that has its code. */
const poll = async (
  world: DeviceWorld,
  device: DeviceRecord,
  isOwn: boolean,
): Promise<PollAnswer | undefined> => {
  const { prng, schedule, nodes, own, other } = world;
  const node = prng.pick(nodes);
  let noted: Poll | undefined;
  const failuresBefore = node.storeFailures;
  const answered = await post(world, node, isOwn ? own : other, {
    path: '/token',
    form: { grant_type: GRANT_TYPE, device_code: device.deviceCode },
    onArrival() {
      noted = {
        isOwn,
        node,
        incarnation: node.incarnation,
        arrivedAtMs: schedule.nowMs(),
        hasStoreFailed: false,
        answer: undefined,
        answeredAtMs: undefined,
      };
      device.polls.push(noted);
    },
  });
  if (answered === undefined || noted === undefined) return undefined;
  noted.answer = readPoll(answered.response);
  noted.answeredAtMs = schedule.nowMs();
  noted.hasStoreFailed = node.storeFailures > failuresBefore;
  const { answer } = noted;
  world.trace(
    () =>
      `${isOwn ? device.name : `another client with the code of ${device.name}`} at ${node.name}: ` +
      `${answer.kind === 'refused' ? answer.error : answer.kind}${answered.isLost ? ', lost' : ''}`,
  );
  return answered.isLost ? undefined : answer;
};

const readPoll = (response: WireResponse): PollAnswer => {
  if (response.status === 503) return { kind: 'outage' };
  const { refresh_token: refreshToken, error = 'no error' } = bodyOf(response);
  return response.status === 200 && refreshToken !== undefined
    ? { kind: 'granted', refreshToken }
    : { kind: 'refused', error };
};

/** The life of a device: it asks, polls as RFC 8628 §3.5 says, and keeps its tokens. */
export const liveAsDevice = async (world: DeviceWorld, name: string): Promise<void> => {
  const { prng, schedule } = world;
  await schedule.sleep(prng.between(0, 300) * SECOND_MS);
  const device = await ask(world, name);
  void decideAsOwner(world, device);
  if (world.has('other-client')) void pollAsOther(world, device);
  let intervalMs = 5 * SECOND_MS;
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    const isImpatient = world.has('impatient-devices') && prng.chance(0.2);
    await schedule.sleep(isImpatient ? prng.between(0, 3000) : intervalMs + prng.between(0, 2000));
    if (world.has('double-polls') && prng.chance(0.1)) void poll(world, device, true);
    const answer = await poll(world, device, true);
    if (answer === undefined || answer.kind === 'outage') await schedule.sleep(prng.between(0, 3000));
    else if (answer.kind === 'granted') {
      if (world.has('device-crashes') && prng.chance(0.4)) continue;
      return useTokens(world, device, answer.refreshToken);
    } else if (answer.error === 'slow_down') intervalMs += 5 * SECOND_MS;
    else if (answer.error !== 'authorization_pending') return;
  }
};

/** A device refreshes when it has its tokens. Later it may be restarted, and poll with its old code. */
const useTokens = async (world: DeviceWorld, device: DeviceRecord, refreshToken: string): Promise<void> => {
  const { prng, schedule, nodes, own } = world;
  await schedule.sleep(prng.between(1, 300) * SECOND_MS);
  await post(world, prng.pick(nodes), own, {
    path: '/token',
    form: { grant_type: 'refresh_token', refresh_token: refreshToken },
    onArrival: () => (device.refreshedAtMs = schedule.nowMs()),
  });
  if (!prng.chance(0.5)) return;
  await schedule.sleep(prng.between(1, 300) * SECOND_MS);
  await poll(world, device, true);
};

/** An owner enters the code within about the lifetime of it, and decides. A page that fails is sent again. */
const decideAsOwner = async (world: DeviceWorld, device: DeviceRecord): Promise<void> => {
  const { prng, schedule } = world;
  if (prng.chance(0.1)) return;
  await schedule.sleep(prng.pick([30, 300, 620]) * prng.real() * SECOND_MS);
  const kind = prng.chance(0.8) ? 'approved' : 'declined';
  const consent = { subject: `owner of ${device.name}`, vehicles: [] };
  device.settled = { kind, startedAtMs: schedule.nowMs(), confirmedAtMs: undefined };
  for (let attempt = 0; attempt < 8; attempt++) {
    const node = prng.pick(world.nodes);
    const settlement = kind === 'approved' ? ({ kind, consent } as const) : ({ kind } as const);
    const now = { nowMs: schedule.nowMs() + node.skewMs, doubt: undefined };
    try {
      const settling = node.store.settleDeviceRequest(device.userCode, settlement, now);
      const outcome = await Promise.race([settling, node.death.promise]);
      if (outcome === 'settled' || outcome === 'settled_before')
        device.settled.confirmedAtMs = schedule.nowMs();
      world.trace(() => `the owner of ${device.name}: ${kind}, ${outcome ?? 'the server dies'}`);
      if (outcome !== undefined) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    await schedule.sleep(prng.between(1000, 20_000));
  }
};

/** Another client has the code of the device, and polls with it. */
const pollAsOther = async (world: DeviceWorld, device: DeviceRecord): Promise<void> => {
  const { prng, schedule } = world;
  for (let left = prng.between(1, 30); left > 0; left--) {
    await schedule.sleep(prng.between(0, 40) * SECOND_MS);
    await poll(world, device, false);
  }
};
