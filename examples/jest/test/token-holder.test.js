const { assertHoldsCurrent, assertRefreshedOnce, startSandbox } = require('@keyfob/sandbox/testing');
const { createTokenHolder } = require('../src/token-holder.js');

let sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const openHolder = async (world) => {
  const { refreshToken } = await world.grant();
  const { clientId, clientSecret } = world.client('smartcar');
  return createTokenHolder({ origin: world.url, clientId, clientSecret, refreshToken });
};

test.each(['reset', 'close', 'halfBody'])('an answer that is lost by a %s loses nothing', async (how) => {
  await using world = await sandbox.world({ clock: '2026-01-01' });
  const holder = await openHolder(world);
  await world.faults.loseAnswer({ after: 'commit', how });
  await holder.refresh();
  await assertHoldsCurrent(world, holder.held());
});

test('callers at once share one refresh', async () => {
  await using world = await sandbox.world();
  const holder = await openHolder(world);
  await Promise.all(Array.from({ length: 10 }, () => holder.refresh()));
  await assertRefreshedOnce(world);
});

test('consent that has ended is reported', async () => {
  await using world = await sandbox.world();
  const holder = await openHolder(world);
  await world.clock.advance({ days: 61 });
  await expect(holder.refresh()).rejects.toThrow('consent needed');
  expect(await world.holds(holder.held())).toMatchObject({ wouldBe: 'refuse' });
});
