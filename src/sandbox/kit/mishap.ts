import type { TimerGroup } from "./clock.js";
import { type Answer, type Handler, jsonBody, type KitRequest } from "./exchange.js";
import type { Fault } from "./faults.js";

/** What the caller gets to see: an answer, half of one, a reset connection, or nothing at all. */
export type Outcome = { readonly kind: "answer" | "half"; readonly answer: Answer } | { readonly kind: "reset" } | { readonly kind: "silence" };

export interface Surroundings {
  readonly handler: Handler;
  readonly timers: TimerGroup;
  /** The same answer with nothing in its list. */
  readonly emptyList: (answer: Answer) => Answer;
}

/** A call, carried out as the fault has it. */
export async function carryOut(request: KitRequest, fault: Fault | null, { handler, timers, emptyList }: Surroundings): Promise<Outcome> {
  if (!fault) return answered(await handler(request));
  switch (fault.kind) {
    case "status":
      if (fault.effect) await handler(request);
      return answered(errorAnswer(fault));
    case "html-502":
      if (fault.effect) await handler(request);
      return answered({ status: 502, headers: { "content-type": "text/html" }, body: badGateway });
    case "garbage":
      if (fault.effect !== false) await handler(request);
      return answered({ status: 200, headers: { "content-type": "application/json" }, body: '\u0000{"d":{"results":[{"ID":' });
    case "hang":
      if (fault.effect) await handler(request);
      return { kind: "silence" };
    case "reset-before":
      return { kind: "reset" };
    case "reset-after":
      await handler(request);
      return { kind: "reset" };
    case "late":
      timers.setTimer(async () => void (await handler(request)), fault.ms);
      return { kind: "reset" };
    case "slow": {
      const answer = await handler(request);
      await timers.wait(fault.ms);
      return answered(answer);
    }
    case "half-body":
      return { kind: "half", answer: await handler(request) };
    case "drop-field":
      return answered(await handler(withoutField(request, fault.field)));
    case "empty-list":
      return answered(emptyList(await handler(request)));
  }
}

const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

const answered = (answer: Answer): Outcome => ({ kind: "answer", answer });

function errorAnswer(fault: Extract<Fault, { kind: "status" }>): Answer {
  const { status, headers = {}, body } = fault;
  if (body === undefined || body === null) return { status, headers };
  return { status, headers, body: typeof body === "object" ? body : String(body) };
}

function withoutField(request: KitRequest, field: string): KitRequest {
  const body = jsonBody(request);
  if (typeof body !== "object" || body === null || !(field in body)) return request;
  const { [field]: _dropped, ...rest } = body as Record<string, unknown>;
  return { ...request, body: Buffer.from(JSON.stringify(rest)) };
}
