import { makeStyles, Text, tokens } from "@fluentui/react-components";
import type { Schemas } from "../api/client";
import { type Query, useQuery } from "../api/query";
import { useServices } from "../services";
import { minutes } from "../ui/clock";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

type Queues = { value: Schemas["QueueView"][] };

/** The queues, read every ten seconds. */
export function useQueues(): Query<Queues> {
  const { api } = useServices();
  return useQuery<Queues>("queues", () => api.GET("/queues", {}), 10);
}

const useStyles = makeStyles({
  row: { display: "flex", justifyContent: "space-between", gap: tokens.spacingHorizontalM },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** Who waits in each group, for how long, and how many agents are free. */
export function QueuesCard({ queues }: { readonly queues: Query<Queues> }) {
  const styles = useStyles();
  const groups = queues.data?.value ?? [];
  return (
    <Section title="Queues">
      <ProblemBar problem={queues.problem} />
      {queues.data && groups.length === 0 && <Text className={styles.muted}>There are no groups of agents.</Text>}
      {groups.map((each) => (
        <div key={each.groupId} className={styles.row}>
          <Text>{each.name}</Text>
          <Text className={styles.muted}>{inWords(each)}</Text>
        </div>
      ))}
    </Section>
  );
}

function inWords(queue: Schemas["QueueView"]): string {
  const free = queue.agents.available ?? 0;
  const waits = queue.waiting > 0 ? `${queue.waiting} waiting, ${minutes(queue.longestWaitSeconds * 1000)}` : "no one waits";
  return `${waits} · ${free} free`;
}
