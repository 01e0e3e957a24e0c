import { Button, Caption1, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { WithNames } from "../supervisor/names";
import { Section } from "../ui/section";

const useStyles = makeStyles({
  row: { display: "flex", gap: tokens.spacingHorizontalM, alignItems: "center", justifyContent: "space-between" },
});

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

interface Props {
  readonly planId: string;
  /** The version that is saved; another one is asked for when it changes. */
  readonly current: number;
  readonly onOpen: (version: number) => void;
}

/** The versions of a plan: an older one is opened in the form, and saved as a new one. */
export function Versions({ planId, current, onOpen }: Props) {
  const styles = useStyles();
  const { api } = useServices();
  const key = current > 0 ? `versions ${planId} ${current}` : "";
  const found = useQuery(key, () => api.GET("/plans/{planId}/versions", { params: { path: { planId } } }));
  if (!found.data) {
    return null;
  }
  return (
    <Section title="Versions">
      {found.data.value.map((each) => (
        <div key={each.version} className={styles.row}>
          <span>
            <Text weight="semibold">Version {each.version}</Text>{" "}
            <Caption1>
              {MOMENT.format(new Date(each.changedAt))}, <WithNames text={each.changedBy} />
            </Caption1>
          </span>
          {each.version === current ? (
            <Text>Saved</Text>
          ) : (
            <Button size="small" onClick={() => onOpen(each.version)}>
              Open version {each.version}
            </Button>
          )}
        </div>
      ))}
    </Section>
  );
}
