import { makeStyles, Spinner, Tab, TabList, Text, Title2, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { ProblemBar } from "../ui/problem-bar";
import { CallTable } from "./call-table";
import { FilterBar, type Filters, NONE, passes } from "./filters";
import { History } from "./history";
import { useLiveCalls } from "./live";
import { Totals } from "./totals";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  empty: { color: tokens.colorNeutralForeground3, padding: tokens.spacingVerticalXXL, textAlign: "center" },
});

const TODAY = () => new Date().toISOString().slice(0, 10);

/** The calls that go on, and those of a day. */
export default function CallsPage() {
  const styles = useStyles();
  const live = useLiveCalls();
  const [tab, setTab] = useState<"now" | "day">("now");
  const [day, setDay] = useState(TODAY);
  const [filters, setFilters] = useState<Filters>(NONE);
  const shown = live.data?.calls.filter((call) => passes(call, filters)) ?? [];
  return (
    <div className={styles.page}>
      <Title2 as="h1">Calls</Title2>
      <ProblemBar problem={live.problem} />
      {live.data ? <Totals live={live.data} /> : !live.problem && <Spinner label="Loading" />}
      <TabList selectedValue={tab} onTabSelect={(_, { value }) => setTab(value as typeof tab)}>
        <Tab value="now">In progress</Tab>
        <Tab value="day">All of a day</Tab>
      </TabList>
      <FilterBar filters={filters} onChange={setFilters} {...(tab === "day" ? { day, onDay: setDay } : {})} />
      {tab === "day" ? (
        <History day={day} filters={filters} />
      ) : (
        <>
          {shown.length > 0 && <CallTable calls={shown} label="Calls in progress" />}
          {live.data && shown.length === 0 && (
            <Text className={styles.empty}>
              {live.data.calls.length > 0 ? "No call in progress matches." : "No call is in progress."}
            </Text>
          )}
        </>
      )}
    </div>
  );
}
