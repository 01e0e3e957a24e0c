import { Caption1, makeStyles, Spinner, Text, Title2, tokens } from "@fluentui/react-components";
import { Link } from "wouter";
import type { Schemas } from "../api/client";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { WithNames } from "../supervisor/names";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  row: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalM,
    justifyContent: "space-between",
    padding: `${tokens.spacingVerticalS} 0`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  link: { color: tokens.colorBrandForegroundLink, fontWeight: tokens.fontWeightSemibold },
});

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The lines, and the plan of each. */
export default function PlansPage() {
  const styles = useStyles();
  const { api } = useServices();
  const plans = useQuery("plans", () => api.GET("/plans", {}));
  const accounts = useQuery("accounts", () => api.GET("/resource-accounts", {}));
  const planOf = (id: string) => plans.data?.value.find((each) => each.id === id);
  return (
    <div className={styles.page}>
      <Title2 as="h1">Plans</Title2>
      <ProblemBar problem={plans.problem ?? accounts.problem} />
      {!plans.data && !plans.problem && <Spinner label="Loading" />}
      {plans.data && (
        <Section title="Lines">
          {accounts.data?.value.map((each) => (
            <Row key={each.id} id={each.id} name={each.displayName} note={each.phoneNumber ?? "no number"} plan={planOf(each.id)} />
          ))}
          <Row id="default" name="All other lines" note="lines without a plan of their own" plan={planOf("default")} />
        </Section>
      )}
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly plan: Schemas["PlanVersion"] | undefined;
}

function Row({ id, name, note, plan }: RowProps) {
  const styles = useStyles();
  return (
    <div className={styles.row}>
      <span>
        <Link href={`/plans/${id}`} className={styles.link}>
          {name}
        </Link>{" "}
        <Caption1>{note}</Caption1>
      </span>
      {plan ? (
        <Caption1>
          Version {plan.version}, {MOMENT.format(new Date(plan.changedAt))}, <WithNames text={plan.changedBy} />
        </Caption1>
      ) : (
        <Text size={200}>No plan</Text>
      )}
    </div>
  );
}
