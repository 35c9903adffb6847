import type { Dispatcher } from 'undici';
import type { RefusingAnswer } from './authorizer.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** A refusal is short. A longer answer is none, and passes through. */
const HELD_MAX_BYTES = 64 * 1024;

/** An answer that may be a refusal, while it is held back. */
type Held = {
  readonly status: number;
  readonly chunks: Buffer[];
  bytes: number;
  /** Hands over what has come up to now. */
  release(): void;
};

/**
 * A handler that holds back answers of status 400 and 401 until they are whole, and hands them over only where `isReplaced` says
 * that no other request takes their place. Everything else passes through at once.
 */
export const holdRefusals = (
  handler: Handler,
  isReplaced: (answer: RefusingAnswer) => Promise<boolean>,
): Handler => {
  let held: Held | undefined;
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (...values) => handler.onRequestUpgrade?.(...values),
    onResponseStart(controller, status, headers, message) {
      if (status !== 400 && status !== 401)
        return handler.onResponseStart?.(controller, status, headers, message);
      held = holdOf(handler, controller, status, () =>
        handler.onResponseStart?.(controller, status, headers, message),
      );
    },
    onResponseData(controller, chunk) {
      if (held === undefined) return handler.onResponseData?.(controller, chunk);
      held.chunks.push(chunk);
      held.bytes += chunk.length;
      if (held.bytes <= HELD_MAX_BYTES) return;
      held.release();
      held = undefined;
    },
    onResponseEnd(controller, trailers) {
      const answer = held;
      if (answer === undefined) return handler.onResponseEnd?.(controller, trailers);
      const json = (): unknown => JSON.parse(Buffer.concat(answer.chunks).toString());
      const finish = async (): Promise<void> => {
        if (await isReplaced({ status: answer.status, json })) return;
        answer.release();
        handler.onResponseEnd?.(controller, trailers);
      };
      finish().catch((error: Error) => handler.onResponseError?.(controller, error));
    },
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
};

const holdOf = (handler: Handler, controller: Controller, status: number, start: () => void): Held => {
  const chunks: Buffer[] = [];
  const release = (): void => {
    start();
    for (const chunk of chunks) handler.onResponseData?.(controller, chunk);
  };
  return { status, chunks, bytes: 0, release };
};
