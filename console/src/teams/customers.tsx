import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { CallRegular } from "@fluentui/react-icons";
import { useQuery } from "../api/query";
import type { Phone } from "../phone/state";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  row: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    paddingBlock: tokens.spacingVerticalXS,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  name: { flexGrow: 1, minWidth: 0 },
  muted: { color: tokens.colorNeutralForeground2 },
});

/** The customers with their numbers, each to be called by one button. */
export function CustomersCard({ phone }: { readonly phone: Phone }) {
  const styles = useStyles();
  const { api } = useServices();
  const customers = useQuery("customers", () => api.GET("/customers", { params: { query: { pageSize: 20 } } }));
  const found = customers.data?.value ?? [];
  return (
    <Section title="Customers">
      <ProblemBar problem={customers.problem} />
      {customers.data && found.length === 0 && (
        <Text className={styles.muted}>There are no customers yet. A supervisor adds them.</Text>
      )}
      <ul className={styles.list}>
        {found.flatMap((customer) =>
          customer.numbers.map((number) => (
            <li key={`${customer.id} ${number}`} className={styles.row}>
              <div className={styles.name}>
                <Text block weight="semibold" truncate>
                  {customer.name}
                </Text>
                <Text size={200} className={styles.muted}>
                  {number}
                </Text>
              </div>
              <Button
                icon={<CallRegular />}
                aria-label={`Call ${customer.name}, ${number}`}
                disabledFocusable={phone.state.registration.state !== "ready"}
                onClick={() => void phone.commands.start([{ kind: "phoneNumber", number }])}
              >
                Call
              </Button>
            </li>
          )),
        )}
      </ul>
    </Section>
  );
}
