import type * as OpenTelemetry from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { TOKEN_DIALECTS } from '../dialects/dialects.ts';
import type { Endpoints } from '../http/endpoints.ts';
import type { LogEvent } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';
import type { Deliver } from '../webhooks/deliver.ts';
import { createRecent } from './recent-traces.ts';
import { STAGES, verdictOf } from './request-stages.ts';

/** Spans around requests and deliveries, for the OpenTelemetry SDK that the host has registered. */
export type Tracing = {
  /** Puts a span around every request; its parent is the caller's, by the headers of the request. */
  traceRequests(endpoints: Endpoints): Endpoints;
  /** Adds an event to the span of its request. Answers the event with the ids of its trace, for the log. */
  note(event: LogEvent): LogEvent;
  /** Puts a span around every attempt. Its parent is the request that caused the grant event, and its receiver gets its ids. */
  traceDeliveries(deliver: Deliver): Deliver;
};

/** How many requests are remembered whose deliveries may follow: later ones begin a trace of their own. */
const REMEMBERED_MAX = 10_000;

/**
 * Starts tracing if an SDK is registered; `undefined` where none is, and then nothing is added to a request. The SDK must be
 * registered before the server is made.
 */
export const startTracing = async (
  randomness: Pick<Randomness, 'uuid'>,
  version: string,
): Promise<Tracing | undefined> => {
  const api = await import('@opentelemetry/api');
  const provider = api.trace.getTracerProvider() as Partial<OpenTelemetry.ProxyTracerProvider>;
  const isRegistered = provider.getDelegate?.() !== new api.ProxyTracerProvider().getDelegate();
  return isRegistered ? createTracing(api, api.trace.getTracer('keyfob', version), randomness) : undefined;
};

const createTracing = (
  { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace }: typeof OpenTelemetry,
  tracer: Tracer,
  randomness: Pick<Randomness, 'uuid'>,
): Tracing => {
  const open = new Map<string, Span>();
  const recent = createRecent<Context>(REMEMBERED_MAX);

  const begin = (request: Parameters<Endpoints['answer']>[0], requestId: string): [Span, Context] => {
    const { method, path } = request;
    const dialect = TOKEN_DIALECTS.get(path);
    const parent = propagation.extract(context.active() ?? ROOT_CONTEXT, request.headers);
    // Strangers choose paths, so only known ones become names.
    const name = dialect === undefined ? method : `${method} ${path}`;
    const attributes = {
      'http.request.method': method,
      'url.path': path,
      'keyfob.request_id': requestId,
      ...(dialect === undefined ? {} : { 'http.route': path, 'keyfob.dialect': dialect }),
    };
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    return [span, trace.setSpan(parent, span)];
  };

  return {
    traceRequests: (endpoints) => ({
      ...endpoints,
      answer(request, from, done) {
        const { requestId = randomness.uuid() } = from;
        const [span, within] = begin(request, requestId);
        open.set(requestId, span);
        recent.set(requestId, within);
        context.with(within, () =>
          endpoints.answer(request, { ...from, requestId }, (response) => {
            done(response);
            open.delete(requestId);
            span.setAttribute('http.response.status_code', response.status);
            if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
            span.end();
          }),
        );
      },
    }),
    note(event) {
      const span =
        'requestId' in event && event.requestId !== undefined ? open.get(event.requestId) : undefined;
      if (span === undefined) return event;
      describe(span, event);
      const { traceId, spanId } = span.spanContext();
      return { ...event, traceId, spanId };
    },
    traceDeliveries: (deliver) => async (message, signal) => {
      const parent = recent.get(message.requestId ?? '') ?? ROOT_CONTEXT;
      const attributes = { 'http.request.method': 'POST', 'server.address': new URL(message.url).hostname };
      const span = tracer.startSpan('webhook', { kind: SpanKind.CLIENT, attributes }, parent);
      const within = trace.setSpan(parent, span);
      const headers = { ...message.headers };
      propagation.inject(within, headers);
      const answer = await context.with(within, () => deliver({ ...message, headers }, signal));
      if (answer.status === undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: answer.error });
      else span.setAttribute('http.response.status_code', answer.status);
      span.end();
      return answer;
    },
  };
};

/** What an event says about its request. Callers are left out: traces leave the machine more easily than the log. */
const describe = (span: Span, event: LogEvent): void => {
  const { reason, cause, clientId, grantId } = event as Readonly<Record<string, unknown>>;
  const stage = STAGES[event.event];
  // The cause of a failure is free text, and is in the log.
  const why = reason ?? (stage === 'store' || stage === 'bug' ? undefined : cause);
  const attributes = {
    ...(typeof why === 'string' ? { 'keyfob.reason': why } : {}),
    ...(typeof clientId === 'string' ? { 'keyfob.client_id': clientId } : {}),
    ...(typeof grantId === 'string' ? { 'keyfob.grant_id': grantId } : {}),
  };
  span.addEvent(event.event, attributes);
  if (stage === undefined) return;
  span.setAttributes({ ...attributes, 'keyfob.stage': stage, 'keyfob.verdict': verdictOf(event.event) });
};
