// Registers the OpenTelemetry SDK for Node.js, as an operator does with `node --import`.
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Registers a provider with these processors, the context manager of Node.js, and the propagators of W3C. */
export const registerSdk = (spanProcessors) => {
  const provider = new NodeTracerProvider({ spanProcessors });
  provider.register();
  return provider;
};
