import { once } from "node:events";
import { createServer } from "node:net";
import type { Config } from "./config.js";

/** Something else listens where the gateway is to listen, or it may not listen there. */
export class PortError extends Error {
  override readonly name = "PortError";
}

/** Tries every port before anything is started, so that a taken one costs no half start. */
export async function checkPorts(config: Config): Promise<void> {
  for (const { variable, host, port } of portsOf(config)) {
    try {
      await tryPort(host, port);
    } catch (error) {
      throw explainPort(error, config) ?? new PortError(`Nothing can listen on port ${port} of ${host} (${variable}): ${String(error)}.`);
    }
  }
}

/** A failed listen as a sentence that names the variable to change; null if the error is about something else. */
export function explainPort(error: unknown, config: Config): PortError | null {
  if (!(error instanceof Error && "code" in error && "syscall" in error && error.syscall === "listen")) return null;
  const port = "port" in error ? error.port : null;
  const variable = portsOf(config).find((place) => place.port === port)?.variable ?? "PORT";
  switch (error.code) {
    case "EADDRINUSE":
      return new PortError(`Port ${port} is taken: stop what listens there, or set ${variable} to another port.`, { cause: error });
    case "EACCES":
      return new PortError(`Port ${port} is not open to this user: set ${variable} to one from 1024 on.`, { cause: error });
    case "EADDRNOTAVAIL":
      return new PortError(`This machine has no address ${config.host}: correct HOST.`, { cause: error });
    default:
      return null;
  }
}

function portsOf(config: Config) {
  const gateway = { variable: "PORT", host: config.host, port: config.port };
  if (config.mode === "real") return [gateway];
  const { exactPort, customcrmPort } = config.sandbox;
  return [
    gateway,
    { variable: "SANDBOX_EXACT_PORT", host: "127.0.0.1", port: exactPort },
    { variable: "SANDBOX_CUSTOMCRM_PORT", host: "127.0.0.1", port: customcrmPort },
  ];
}

async function tryPort(host: string, port: number): Promise<void> {
  const server = createServer().listen({ host, port, exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}
