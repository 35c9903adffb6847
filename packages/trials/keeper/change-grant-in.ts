import type { KeptWorld } from './kept-world.ts';

/** Changes the first grant of a world by its control API: `revoke`, `withdraw`, `expire`. */
export const changeGrantIn = async (
  { sandbox, world }: Pick<KeptWorld, 'sandbox' | 'world'>,
  change: 'revoke' | 'withdraw' | 'expire',
): Promise<void> => {
  const answer = await fetch(`${sandbox.url}/_sandbox/worlds/${world.id}/grants/g1/${change}`, {
    method: 'POST',
  });
  if (!answer.ok) throw new Error(`${change} answered ${answer.status}: ${await answer.text()}`);
};
