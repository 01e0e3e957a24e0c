import { makeStyles, tokens } from "@fluentui/react-components";
import { lazy, Suspense } from "react";
import { PhoneNotices } from "../call/phone-notices";
import type { Phone } from "../phone/state";
import { usePhone } from "../phone/use-phone";
import { Columns } from "../ui/columns";
import { HiddenTitle } from "../ui/hidden";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { type Presence, usePresence } from "./presence";
import { PresenceBar, WaitingBadge } from "./presence-bar";
import { QueuesCard, useQueues } from "./queues";
import { RecentCalls } from "./recent-calls";

// Loaded at once, but after the frame of the page, which is small.
const parts = { call: import("./agent-call"), ring: import("./agent-ring"), out: import("./call-out"), devices: import("../call/devices") };
const AgentCall = lazy(async () => ({ default: (await parts.call).AgentCall }));
const CallDetails = lazy(async () => ({ default: (await parts.call).CallDetails }));
const AgentRing = lazy(async () => ({ default: (await parts.ring).AgentRing }));
const CallOut = lazy(async () => ({ default: (await parts.out).CallOut }));
const DevicesButton = lazy(async () => ({ default: (await parts.devices).DevicesButton }));

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

/** The page of an agent who takes the calls of resource accounts. */
export default function AgentPage() {
  const styles = useStyles();
  const phone = usePhone("agent");
  const presence = usePresence();
  const queues = useQueues();
  const waiting = (queues.data?.value ?? []).reduce((sum, each) => sum + each.waiting, 0);
  const current = phone.state.calls.find((each) => !each.ended);
  return (
    <div className={styles.page}>
      <HiddenTitle>Phone</HiddenTitle>
      <PresenceBar presence={presence}>
        <WaitingBadge count={waiting} />
        <Suspense>
          <DevicesButton phone={phone} />
        </Suspense>
      </PresenceBar>
      <PresenceProblem presence={presence} />
      <PhoneNotices phone={phone} />
      <Columns
        main={
          <>
            <Suspense>
              <Calls phone={phone} presence={presence} />
            </Suspense>
            <RecentCalls />
          </>
        }
        aside={
          <>
            <Suspense>{current ? <CallDetails call={current} /> : <CallOut phone={phone} />}</Suspense>
            <QueuesCard queues={queues} />
          </>
        }
      />
    </div>
  );
}

/** The rings, the calls, and their wrap-ups. */
function Calls({ phone, presence }: { readonly phone: Phone; readonly presence: Presence }) {
  const { rings, calls } = phone.state;
  const current = calls.find((each) => !each.ended);
  return (
    <>
      {rings.map((ring, index) => (
        <AgentRing key={ring.id} phone={phone} ring={ring} isFirst={index === 0} />
      ))}
      {calls.map((call) => (
        <AgentCall key={call.id} phone={phone} call={call} presence={presence} hasShortcuts={call === current} />
      ))}
    </>
  );
}

const NOT_FOUND = 404;

function PresenceProblem({ presence }: { readonly presence: Presence }) {
  if (presence.problem?.status !== NOT_FOUND) {
    return <ProblemBar problem={presence.problem} />;
  }
  return (
    <Notice
      intent="warning"
      title="You are not among the agents yet."
      text="No calls are offered to you."
      remedy="Ask a supervisor to add you to the agents and to a group."
    />
  );
}
