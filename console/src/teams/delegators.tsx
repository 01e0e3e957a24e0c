import { makeStyles, Text, tokens } from "@fluentui/react-components";
import type { Schemas } from "../api/client";
import { type Query, useQuery } from "../api/query";
import { useName } from "../call/names";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

export type Delegation = Schemas["Delegation"];
type Delegations = { value: Delegation[] };

/** For whom the person may make or take calls, as Teams has it. */
export function useDelegators(): Query<Delegations> {
  const { api } = useServices();
  return useQuery<Delegations>("delegators", () =>
    api.GET("/users/{userId}/delegators", { params: { path: { userId: "me" } } }),
  );
}

/** The name of a user of the directory. */
export function UserName({ id }: { readonly id: string }) {
  return <>{useName(`8:orgid:${id}`)}</>;
}

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0, display: "grid", rowGap: tokens.spacingVerticalS },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** For whom the person acts. A ring does not say for whom it is, so this is shown beside it, too. */
export function DelegatorsCard({ delegators }: { readonly delegators: Query<Delegations> }) {
  const styles = useStyles();
  const found = delegators.data?.value.filter((each) => each.isActive) ?? [];
  return (
    <Section title="You act for">
      <ProblemBar problem={delegators.problem} />
      {delegators.data && found.length === 0 && (
        <Text className={styles.muted}>
          No one has made you their delegate. They do it in Teams: Settings, Calls, Manage delegates.
        </Text>
      )}
      <ul className={styles.list}>
        {found.map((each) => (
          <li key={each.id}>
            <Text block weight="semibold">
              <UserName id={each.id} />
            </Text>
            <Text size={200} className={styles.muted}>
              {allowed(each)}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const ACTIONS: Readonly<Record<keyof Delegation["allowedActions"], string>> = {
  makeCalls: "make calls",
  receiveCalls: "take calls",
  manageCallAndDelegateSettings: "change settings",
  pickUpHeldCalls: "pick up held calls",
  joinActiveCalls: "join calls",
};

function allowed({ allowedActions }: Delegation): string {
  const names = Object.entries(ACTIONS).filter(([action]) => allowedActions[action as keyof typeof ACTIONS]);
  return names.length === 0 ? "You may do nothing for them yet." : `You may ${names.map(([, name]) => name).join(", ")}.`;
}
