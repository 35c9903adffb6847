import type { Egress } from '../egress/egress.ts';
import { createDeliver } from './deliver.ts';
import type { Deliver } from './deliver.ts';
import { createSender } from './sender.ts';
import type { Sender, SenderContext } from './sender.ts';

/** How often deliveries that other processes stored are looked for. */
const POLL_INTERVAL_MS = 2000;

/** Sends deliveries until it is stopped: those that this process stores at once, those of other processes soon after. */
export const startSending = (
  context: Omit<SenderContext, 'deliver'> & {
    readonly egress: Egress;
    /** Puts what belongs to every attempt around it. */
    readonly around?: ((deliver: Deliver) => Deliver) | undefined;
    /** Calls back when this process has stored a delivery. */
    readonly onDeliveries: (listener: () => void) => void;
  },
): Sender => {
  const deliver = createDeliver(context.egress);
  const sender = createSender({ ...context, deliver: context.around?.(deliver) ?? deliver });
  context.onDeliveries(sender.wake);
  const polling = setInterval(sender.wake, POLL_INTERVAL_MS);
  sender.wake();
  return {
    wake: sender.wake,
    settle: sender.settle,
    async stop(graceMs) {
      clearInterval(polling);
      await sender.stop(graceMs);
    },
  };
};
