import { lazy, Suspense } from "react";
import { CallPanel } from "../call/call-panel";
import { useName } from "../call/names";
import { useParties } from "../call/parties";
import { PartyList } from "../call/party-list";
import { namedBy } from "../call/raw-ids";
import { EndedCard } from "../call/ended-card";
import type { ActiveCall, Phone, RemoteParty } from "../phone/state";
import { useServices } from "../services";
import { Section } from "../ui/section";
import { Collected } from "./agent-ring";
import { BringIn, removeParty } from "./bring-in";
import { endIfAlone } from "./end-if-alone";
import { type CallFacts, useCallFacts, useKnownCall } from "./call-facts";
import { FactsList } from "./facts-list";
import { type Operations, useOperations } from "./operations";
import type { Presence } from "./presence";
import { ProgressList } from "./progress-list";
import { WrapUpCard } from "./wrap-up";

const Transcript = lazy(async () => ({ default: (await import("../transcript/transcript")).Transcript }));

interface AgentCallProps {
  readonly phone: Phone;
  readonly call: ActiveCall;
  readonly presence: Presence;
  readonly hasShortcuts: boolean;
}

/** A call of the agent: while it lasts, and its wrap-up. */
export function AgentCall({ phone, call, presence, hasShortcuts }: AgentCallProps) {
  const { id: callId, refusal } = useKnownCall(call);
  const facts = useCallFacts(callId);
  const operations = useOperations(callId ?? "");
  const other = people(useParties(call))[0];
  const caller = facts.call.data?.onBehalfOf[0] ?? facts.call.data?.caller;
  const title = useName(caller?.id ?? other?.rawId, caller?.name ?? other?.displayName);
  const { api } = useServices();
  const hangUp = () => {
    void phone.commands.hangUp(call.id);
    if (callId !== undefined) {
      void endIfAlone(api, callId);
    }
  };
  const dismiss = () => phone.commands.dismissCall(call.id);
  if (call.ended && callId !== undefined && call.connectedAt !== undefined) {
    return <WrapUpCard callId={callId} title={title} ended={call.ended.words} presence={presence} onDone={dismiss} />;
  }
  if (call.ended) {
    return <EndedCard call={call} title={title} reason={refusal} onDismiss={dismiss} />;
  }
  return (
    <CallPanel phone={phone} call={call} title={title} about={about(facts)} onHangUp={hangUp} hasShortcuts={hasShortcuts}>
      <Collected steps={facts.steps.data} />
      <Parties call={call} callId={callId} operations={operations} />
      {callId !== undefined && (
        <>
          <ProgressList callId={callId} operations={operations} />
          {call.controls.transfer.allowed && (
            <BringIn
              callId={callId}
              call={facts.call.data}
              operations={operations}
              onLeave={() => void phone.commands.hangUp(call.id)}
            />
          )}
        </>
      )}
    </CallPanel>
  );
}

function about({ call }: CallFacts): string {
  const { caller, account, onBehalfOf } = call.data ?? {};
  const number = (onBehalfOf?.[0] ?? caller)?.number;
  const line = account?.name && `${onBehalfOf?.length ? "on behalf of" : "for"} ${account.name}`;
  return [number, line].filter(Boolean).join(" · ");
}

/** The parties without the application's own. */
function people(parties: readonly RemoteParty[]): readonly RemoteParty[] {
  return parties.filter((each) => namedBy(each.rawId).kind !== "other");
}

interface PartiesProps {
  readonly call: ActiveCall;
  readonly callId: string | undefined;
  readonly operations: Operations;
}

function Parties({ call, callId, operations }: PartiesProps) {
  const { api } = useServices();
  const others = people(call.parties);
  if (others.length < 2 || callId === undefined) {
    return others.length < 2 ? null : <PartyList parties={others} />;
  }
  return <PartyList parties={others} onRemove={(rawId) => void removeParty(api, callId, rawId, operations)} />;
}

/** The call as the app has it, for the column beside it. */
export function CallDetails({ call }: { readonly call: ActiveCall }) {
  const { call: query } = useCallFacts(useKnownCall(call).id);
  const found = query.data;
  if (found === undefined) {
    return null;
  }
  return (
    <>
      <Section title="About this call">
      <FactsList
        facts={[
          ["Line", found.account?.name],
          ["Number called", found.account?.number],
          ["Caller", found.caller?.name],
          ["Number", found.caller?.number],
          ["Step", found.step],
          ["Recording", found.recording.reason ? `${found.recording.status}: ${found.recording.reason}` : found.recording.status],
          ["Call id", <code key="id">{found.id}</code>],
        ]}
      />
      </Section>
      <Suspense>
        <Transcript callId={found.id} callGoesOn={found.state !== "ended"} parties={found.participants} />
      </Suspense>
    </>
  );
}
