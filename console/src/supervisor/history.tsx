import { Button, makeStyles, Spinner, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { type Answer, useQuery } from "../api/query";
import { useServices } from "../services";
import { ProblemBar } from "../ui/problem-bar";
import { CallTable } from "./call-table";
import type { Filters } from "./filters";
import type { CallSummary } from "./live";

const useStyles = makeStyles({ more: { display: "flex", justifyContent: "center", paddingTop: tokens.spacingVerticalM } });

interface CallPage {
  readonly value: CallSummary[];
  readonly nextLink?: string;
}

/** The calls of a day, a page at a time. */
export function History({ day, filters }: { readonly day: string; readonly filters: Filters }) {
  const limits = [day, filters.account, filters.state, filters.agent].join(" ");
  return <Pages key={limits} day={day} filters={filters} />;
}

function Pages({ day, filters }: { readonly day: string; readonly filters: Filters }) {
  const styles = useStyles();
  const [positions, setPositions] = useState<readonly string[]>([""]);
  const [pages, setPages] = useState<readonly CallPage[]>([]);
  const position = positions[pages.length];
  const found = useListedCalls(day, filters, position);
  if (found.data && position !== undefined) {
    setPages([...pages, found.data]);
  }
  const next = pages.at(-1)?.nextLink;
  const following = next ? new URL(next).searchParams.get("continuation") : null;
  const calls = pages.flatMap((page) => page.value).filter((call) => call.id.includes(filters.text.trim()));
  return (
    <>
      <ProblemBar problem={found.problem} />
      {calls.length > 0 && <CallTable calls={calls} label="Calls of the day" />}
      {pages.length > 0 && calls.length === 0 && <p>No call of this day matches.</p>}
      <div className={styles.more}>
        {position !== undefined && !found.problem && <Spinner size="tiny" label="Loading" />}
        {position === undefined && following && (
          <Button onClick={() => setPositions([...positions, following])}>Show more</Button>
        )}
      </div>
    </>
  );
}

function useListedCalls(day: string, filters: Filters, position: string | undefined) {
  const { api } = useServices();
  const { account, state, agent } = filters;
  const query = {
    day,
    ...(account && { account }),
    ...(state && { state }),
    ...(agent && { agent }),
    ...(position && { continuation: position }),
  };
  const key = position === undefined ? "" : JSON.stringify(query);
  return useQuery<CallPage>(key, () => api.GET("/calls", { params: { query } }) as Promise<Answer<CallPage>>);
}

