import { Badge, type BadgeProps, Button, makeStyles, Spinner, Text, Title2, tokens } from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";

type Finding = Schemas["Finding"];

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "center", justifyContent: "space-between" },
  finding: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalXS, paddingTop: tokens.spacingVerticalS, borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  command: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "start" },
  code: {
    flexGrow: 1,
    margin: 0,
    minWidth: 0,
    padding: tokens.spacingHorizontalS,
    overflowX: "auto",
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
  list: { columnWidth: "22rem", margin: 0, paddingLeft: tokens.spacingHorizontalXL },
});

const REPLAY = "python -m shared.service.replay quarantine list\npython -m shared.service.replay deadletters list";

/** The doctor's report: what is wrong with its remedy, what cannot be seen from here, and what is fine. */
export default function HealthPage() {
  const styles = useStyles();
  const { api } = useServices();
  const found = useQuery("diagnosis", () => api.GET("/diagnosis", {}));
  const of = (status: Finding["status"]) => found.data?.findings.filter((each) => each.status === status) ?? [];
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Title2 as="h1">Health</Title2>
        <Button onClick={found.reload}>Check again</Button>
      </div>
      <ProblemBar problem={found.problem} />
      {!found.data && !found.problem && <Spinner label="Checking everything that a call depends on" />}
      {found.data && (
        <>
          <Summary report={found.data} />
          <Group title="Wrong" findings={of("wrong")} color="danger" />
          <Group title="Not visible from here" findings={of("unseen")} color="warning" />
          {of("fine").length > 0 && (
            <Section title={`Fine (${of("fine").length})`}>
              <ul className={styles.list}>
                {of("fine").map((each) => (
                  <li key={each.check + each.what + each.about}>{[each.check, each.about, each.what].filter(Boolean).join(": ")}</li>
                ))}
              </ul>
            </Section>
          )}
          <Section title="Events that are set aside">
            <Text>Events that could not be read or delivered are listed, shown and replayed on the command line:</Text>
            <Command text={REPLAY} />
          </Section>
        </>
      )}
    </div>
  );
}

function Summary({ report }: { readonly report: Schemas["Report"] }) {
  return (
    <Text role="status" size={400}>
      {report.healthy ? "Nothing is wrong." : "Something is wrong."} Checked at {new Date(report.at).toLocaleTimeString()}, in{" "}
      {report.seconds.toFixed(1)} s.
    </Text>
  );
}

interface GroupProps {
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly color: NonNullable<BadgeProps["color"]>;
}

function Group({ title, findings, color }: GroupProps) {
  const styles = useStyles();
  if (findings.length === 0) {
    return null;
  }
  return (
    <Section title={`${title} (${findings.length})`}>
      {findings.map((each) => (
        <div key={each.check + each.what + each.about} className={styles.finding}>
          <span>
            <Badge appearance="tint" color={color}>
              {each.check}
            </Badge>{" "}
            <Text weight="semibold">{each.about}</Text>
          </span>
          <Text>{each.what}</Text>
          {each.remedy && <Text>{each.remedy}</Text>}
          {each.command && <Command text={each.command} />}
        </div>
      ))}
    </Section>
  );
}

function Command({ text }: { readonly text: string }) {
  const styles = useStyles();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div className={styles.command}>
      <pre className={styles.code} tabIndex={0}>
        {text}
      </pre>
      <Button icon={<CopyRegular />} onClick={() => void copy()}>
        {isCopied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
