import { deliver } from './deliver.ts';
import { createSender } from './sender.ts';
import type { Sender, SenderContext } from './sender.ts';

/** What other processes wrote is looked for this often. */
const LOOK_MS = 2000;

/** Tells webhooks what this process writes, at once, and what others write, soon, until it is stopped. */
export const startSending = (
  context: Omit<SenderContext, 'deliver'> & {
    /** Calls back when this process wrote something that is to be delivered. */
    readonly onDeliveries: (listener: () => void) => void;
  },
): Pick<Sender, 'wake' | 'stop'> => {
  const sender = createSender({ ...context, deliver });
  context.onDeliveries(sender.wake);
  const looking = setInterval(sender.wake, LOOK_MS);
  sender.wake();
  return {
    wake: sender.wake,
    async stop(graceMs) {
      clearInterval(looking);
      await sender.stop(graceMs);
    },
  };
};
