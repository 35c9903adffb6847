import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** Registers a provider with these processors, the context manager of Node.js, and the propagators of W3C. */
export declare const registerSdk: (spanProcessors: readonly SpanProcessor[]) => void;
