// Passed to Node with `--import`: the server as if it had no line about OpenTelemetry.
import { registerHooks } from 'node:module';

const TRACING = /\/packages\/server\/(?:src|dist)\/tracing\/tracing\.(?:ts|js)$/;
const NOTHING = 'export const startTracing = async () => undefined;';

registerHooks({
  load: (url, context, next) =>
    TRACING.test(url) ? { format: 'module', source: NOTHING, shortCircuit: true } : next(url, context),
});
