import { Badge, Button, Caption1, Card, makeStyles, Spinner, Subtitle2, Text, Title2, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { Link } from "wouter";
import type { Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { outcomeOf, useQuery } from "../api/query";
import { useServices } from "../services";
import { hasRole } from "../signin/session";
import { ProblemBar } from "../ui/problem-bar";
import { Consent } from "./consent";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, justifyContent: "space-between" },
  cards: { display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(19rem, 1fr))", gap: tokens.spacingHorizontalL },
  row: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "center", flexWrap: "wrap" },
  link: { color: tokens.colorBrandForegroundLink },
  id: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
});

/** The resource accounts: number, consent, plan and agents of each. */
export default function LinesPage() {
  const styles = useStyles();
  const { api, session } = useServices();
  const accounts = useQuery("accounts", () => api.GET("/resource-accounts", {}));
  const plans = useQuery("plans", () => api.GET("/plans", {}));
  const agents = useQuery("agents", () => api.GET("/agents", {}));
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Title2 as="h1">Lines</Title2>
        {hasRole(session.person, "Administrator") && <Refresh onDone={accounts.reload} />}
      </div>
      <ProblemBar problem={accounts.problem ?? plans.problem} />
      {!accounts.data && !accounts.problem && <Spinner label="Loading" />}
      {accounts.data?.value.length === 0 && (
        <Text>The app knows no resource account yet. An administrator copies them from Teams.</Text>
      )}
      <div className={styles.cards}>
        {accounts.data?.value.map((each) => (
          <Line
            key={each.id}
            account={each}
            plan={plans.data?.value.find((plan) => plan.id === each.id) ?? plans.data?.value.find((plan) => plan.id === "default")}
            agents={agents.data?.value.filter((agent) => agent.accounts.length === 0 || agent.accounts.includes(each.id)) ?? []}
          />
        ))}
      </div>
    </div>
  );
}

function Refresh({ onDone }: { readonly onDone: () => void }) {
  const { api } = useServices();
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  const copy = async () => {
    setBusy(true);
    const outcome = await outcomeOf(api.POST("/resource-accounts/refresh", {}));
    setBusy(false);
    setProblem("problem" in outcome ? outcome.problem : undefined);
    onDone();
  };
  return (
    <>
      <Button disabled={isBusy} onClick={() => void copy()}>
        Copy from Teams now
      </Button>
      <ProblemBar problem={problem} />
    </>
  );
}

interface LineProps {
  readonly account: Schemas["ResourceAccount"];
  readonly plan: Schemas["PlanVersion"] | undefined;
  readonly agents: readonly Schemas["AgentView"][];
}

function Line({ account, plan, agents }: LineProps) {
  const styles = useStyles();
  const { session } = useServices();
  const free = agents.filter((each) => each.state === "available").length;
  return (
    <Card role="group" aria-label={account.displayName}>
      <div>
        <Subtitle2 as="h2" block>
          {account.displayName}
        </Subtitle2>
        <Caption1>{account.userPrincipalName}</Caption1>
      </div>
      <div className={styles.row}>
        {account.phoneNumber ? (
          <Text weight="semibold">{account.phoneNumber}</Text>
        ) : (
          <Badge appearance="tint" color="warning">
            No number
          </Badge>
        )}
      </div>
      <Text>
        <Link href={`/plans/${plan?.id ?? account.id}`} className={styles.link}>
          {plan ? `Plan, version ${plan.version}` : "No plan: add one"}
        </Link>
        {plan?.id === "default" && " of all other lines"}
      </Text>
      <Text>
        {agents.length} {agents.length === 1 ? "agent" : "agents"}, {free} available
      </Text>
      {hasRole(session.person, "Administrator") && <Consent account={account} />}
    </Card>
  );
}
