import { makeStyles, tokens } from "@fluentui/react-components";
import { DevicesButton } from "../call/devices";
import { PhoneNotices } from "../call/phone-notices";
import type { Phone } from "../phone/state";
import { usePhone } from "../phone/use-phone";
import { Columns } from "../ui/columns";
import { HiddenTitle } from "../ui/hidden";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { AgentCall, CallDetails } from "./agent-call";
import { AgentRing } from "./agent-ring";
import { CallOut } from "./call-out";
import { type Presence, usePresence } from "./presence";
import { PresenceBar, WaitingBadge } from "./presence-bar";
import { QueuesCard, useQueues } from "./queues";
import { RecentCalls } from "./recent-calls";

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
        <DevicesButton phone={phone} />
      </PresenceBar>
      <PresenceProblem presence={presence} />
      <PhoneNotices phone={phone} />
      <Columns
        main={
          <>
            <Calls phone={phone} presence={presence} />
            <RecentCalls />
          </>
        }
        aside={
          <>
            {current ? <CallDetails call={current} /> : <CallOut phone={phone} />}
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
