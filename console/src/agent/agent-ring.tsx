import type { Schemas } from "../api/client";
import { outcomeOf } from "../api/query";
import { useName } from "../call/names";
import { RingCard } from "../call/ring-card";
import { useShortcuts } from "../call/shortcuts";
import type { Phone, Ring } from "../phone/state";
import { type Services, useServices } from "../services";
import { callIdOf, collectedIn, openOffer, useCallFacts } from "./call-facts";
import { FactsList } from "./facts-list";

interface AgentRingProps {
  readonly phone: Phone;
  readonly ring: Ring;
  readonly isFirst: boolean;
}

/** A call of a line that rings at the agent. */
export function AgentRing({ phone, ring, isFirst }: AgentRingProps) {
  const services = useServices();
  const callId = callIdOf(ring.context);
  const { call, steps } = useCallFacts(callId);
  const caller = call.data?.caller;
  const name = useName(caller?.id ?? ring.callerRawId, caller?.name ?? ring.callerName);
  const line = call.data?.account?.name ?? undefined;
  const answer = (accepted: boolean) => {
    void noteAnswer(services, callId, accepted);
    void (accepted ? phone.commands.accept(ring.id) : phone.commands.decline(ring.id));
  };
  useShortcuts(isFirst ? { S: () => answer(true), D: () => answer(false) } : {});
  return (
    <RingCard
      ring={ring}
      name={name}
      about={[caller?.number, line && `for ${line}`].filter(Boolean).join(" · ") || "A call of this organization"}
      announcement={`Incoming call from ${name}${line ? ` for ${line}` : ""}`}
      hasFocus={isFirst}
      onAccept={() => answer(true)}
      onDecline={() => answer(false)}
    >
      <Collected steps={steps.data} />
    </RingCard>
  );
}

/** What the caller has entered and chosen so far. */
export function Collected(props: { readonly steps: Schemas["StepsView"] | undefined }) {
  const collected = collectedIn(props.steps);
  return collected.length === 0 ? null : <FactsList facts={collected.map(({ step, value }) => [step, value] as const)} />;
}

/** Tell the plan at once, beside the SDK: a call that is declined goes on. Where it fails the SDK's event decides. */
async function noteAnswer({ api, session }: Services, callId: string | undefined, accepted: boolean): Promise<void> {
  if (callId === undefined) {
    return;
  }
  const steps = await outcomeOf(api.GET("/calls/{callId}/steps", { params: { path: { callId } } }));
  const visit = "data" in steps ? openOffer(steps.data, session.person.id) : undefined;
  if (visit !== undefined) {
    await outcomeOf(
      api.POST("/calls/{callId}/steps/{visit}/answer", { params: { path: { callId, visit } }, body: { accepted } }),
    );
  }
}
