import type { Services } from "../services";
import { watchDevices } from "./devices";
import type { DevicesPort } from "./ports";
import type { Persona } from "./state";
import type { Store } from "./store";
import type { Agent, Telephony } from "./telephony";
import { Watch } from "./watch";

/** A registered agent, what watches it, and its devices. */
export interface Line {
  readonly agent: Agent;
  readonly watch: Watch;
  readonly devices: DevicesPort;
}

/** Register the persona, and report to the store from then on. Rejects where the registration is refused. */
export async function openLine(persona: Persona, services: Services, store: Store): Promise<Line> {
  const [telephony, { credentialOf }] = await Promise.all([load(services), import("./credentials")]);
  const credential = await credentialOf(persona, services);
  const devices = await telephony.devices();
  watchDevices(devices, store);
  const agent = await telephony.register(persona === "guest" ? "guest" : "teams", credential);
  const watch = new Watch(store, telephony);
  watch.agent(agent.port);
  return { agent, watch, devices };
}

/** The implementation of calls that the settings name. Neither is part of the first load. */
async function load({ config }: Services): Promise<Telephony> {
  if (config.calls === "local") {
    const { createTelephony } = await import("./local/local");
    return createTelephony(config.emulator ?? "");
  }
  const { createTelephony } = await import("./acs/acs");
  return createTelephony();
}
