import { Badge, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { Schemas } from "../api/client";
import { useQuery } from "../api/query";
import { useName } from "../call/names";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

type Call = Schemas["CallSummary"];

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  row: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) auto auto",
    gap: tokens.spacingHorizontalM,
    alignItems: "center",
    paddingBlock: tokens.spacingVerticalS,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** The calls that the agent was in or invited to, the latest first. */
export function RecentCalls() {
  const styles = useStyles();
  const { api } = useServices();
  const calls = useQuery("calls", () => api.GET("/calls", { params: { query: { pageSize: 8 } } }), 15);
  const found = calls.data?.value ?? [];
  return (
    <Section title="Your recent calls">
      <ProblemBar problem={calls.problem} />
      {calls.data && found.length === 0 && <Text className={styles.muted}>You have had no calls yet.</Text>}
      <ul className={styles.list}>
        {found.map((call) => (
          <li key={call.id} className={styles.row}>
            <div>
              <Text block weight="semibold" truncate>
                <CallerName call={call} />
              </Text>
              <Text size={200} className={styles.muted}>
                {call.account?.name ?? "No line"}
              </Text>
            </div>
            <Badge appearance="tint" color={call.state === "connected" ? "success" : "subtle"}>
              {call.state}
            </Badge>
            <Text size={200} className={styles.muted}>
              {time(call)}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function CallerName({ call }: { readonly call: Call }) {
  return <>{useName(call.caller?.id, call.caller?.name)}</>;
}

function time(call: Call): string {
  return call.calledAt ? new Date(call.calledAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}
