import type * as OpenTelemetry from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { TOKEN_DIALECTS } from '../dialects/dialects.ts';
import type { Endpoints, RouteTable } from '../http/endpoints.ts';
import type { LogEvent } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';
import type { Deliver } from '../webhooks/deliver.ts';
import type { WireRequest } from '../wire/exchange.ts';
import { createRecent } from './recent-traces.ts';
import { STAGES, verdictOf } from './request-stages.ts';

/** Spans around requests and deliveries, for the OpenTelemetry SDK that the host has registered. */
export type Tracing = {
  /**
   * Puts a span around every request. Its parent is the span in which the host calls, else the caller's, by the headers of the
   * request. It has the template of its route, never its path, in which a stranger can write anything.
   */
  traceRequests(endpoints: Endpoints, templateOf: RouteTable['templateOf']): Endpoints;
  /** Adds an event to the span of its request. Answers the event with the ids of its trace, for the log. */
  note(event: LogEvent): LogEvent;
  /**
   * Puts a span around every attempt. Its parent is the request that caused the grant event, and its receiver gets the ids of
   * the trace, but no baggage: that is between the caller and this server.
   */
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
  {
    context,
    createContextKey,
    propagation,
    ROOT_CONTEXT,
    SpanKind,
    SpanStatusCode,
    trace,
  }: typeof OpenTelemetry,
  tracer: Tracer,
  randomness: Pick<Randomness, 'uuid'>,
): Tracing => {
  const open = new Map<string, Span>();
  const recent = createRecent<Context>(REMEMBERED_MAX);
  const isOurs = createContextKey('keyfob');

  /** A pipelined request begins when the answer to the one before has left, and so within the context of that one. */
  const parentOf = (headers: WireRequest['headers']): Context => {
    const active = context.active();
    const around = active.getValue(isOurs) === true ? ROOT_CONTEXT : active;
    return trace.getSpan(around) === undefined ? propagation.extract(around, headers) : around;
  };

  const begin = (
    { method, headers }: WireRequest,
    requestId: string,
    template: string | undefined,
  ): [Span, Context] => {
    const parent = parentOf(headers);
    const dialect = template === undefined ? undefined : TOKEN_DIALECTS.get(template);
    const attributes = {
      'http.request.method': method,
      'keyfob.request_id': requestId,
      ...(template === undefined ? {} : { 'http.route': template }),
      ...(dialect === undefined ? {} : { 'keyfob.dialect': dialect }),
    };
    const name = template === undefined ? method : `${method} ${template}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    return [span, trace.setSpan(parent, span).setValue(isOurs, true)];
  };

  return {
    traceRequests: (endpoints, templateOf) => ({
      ...endpoints,
      answer(request, from, done) {
        const { requestId = randomness.uuid() } = from;
        const [span, within] = begin(request, requestId, templateOf(request.method, request.path));
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
      const parent = propagation.deleteBaggage(recent.get(message.requestId ?? '') ?? ROOT_CONTEXT);
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
