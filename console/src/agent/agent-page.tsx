import { makeStyles, tokens } from "@fluentui/react-components";
import { Columns } from "../ui/columns";
import { HiddenTitle } from "../ui/hidden";
import { Notice, ProblemBar } from "../ui/problem-bar";
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
  const presence = usePresence();
  const queues = useQueues();
  const waiting = (queues.data?.value ?? []).reduce((sum, each) => sum + each.waiting, 0);
  return (
    <div className={styles.page}>
      <HiddenTitle>Phone</HiddenTitle>
      <PresenceBar presence={presence}>
        <WaitingBadge count={waiting} />
      </PresenceBar>
      <PresenceProblem presence={presence} />
      <Columns main={<RecentCalls />} aside={<QueuesCard queues={queues} />} />
    </div>
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
