import { Button, Field, Input, makeStyles, SearchBox, Select, tokens } from "@fluentui/react-components";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "../api/client";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import type { CallSummary } from "./live";
import { useName } from "./names";
import { type CallState, STATES } from "./words";

/** What a list is limited to; an empty text is no limit. `text` is a part of a call's id. */
export interface Filters {
  readonly account: string;
  readonly state: CallState | "";
  readonly agent: string;
  readonly text: string;
}

export const NONE: Filters = { account: "", state: "", agent: "", text: "" };

/** Whether a call is in the limits. */
export function passes(call: CallSummary, filters: Filters): boolean {
  const people = [...call.participants, ...call.ringing];
  return (
    (filters.account === "" || call.account?.id.toLowerCase() === filters.account.toLowerCase()) &&
    (filters.state === "" || call.state === filters.state) &&
    (filters.agent === "" || people.some((each) => each.userId === filters.agent)) &&
    call.id.includes(filters.text.trim().toLowerCase())
  );
}

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalM },
  search: { flexGrow: 1, minWidth: "12rem", maxWidth: "26rem" },
});

const CALL_ID = /^[0-9]{8}-[0-9a-f]{32}$/;

function AgentOption({ id }: { readonly id: string }) {
  return <option value={id}>{useName(id)}</option>;
}

interface Props {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
  /** The day of the list; undefined where it is that of now. */
  readonly day?: string | undefined;
  readonly onDay?: (day: string) => void;
}

/** The limits of a list. A whole id, and Enter, opens the call. */
export function FilterBar({ filters, onChange, day, onDay }: Props) {
  const styles = useStyles();
  const { api } = useServices();
  const [, navigate] = useLocation();
  const [refusal, setRefusal] = useState("");
  const accounts = useQuery("accounts", () => api.GET("/resource-accounts", {}));
  const agents = useQuery("agents", () => api.GET("/agents", {}));
  const open = (event: FormEvent) => {
    event.preventDefault();
    const id = filters.text.trim();
    setRefusal(id === "" || CALL_ID.test(id) ? "" : "This is a part of an ID. A whole one opens its call.");
    if (CALL_ID.test(id)) {
      navigate(`/calls/${id}`);
    }
  };
  return (
    <form className={styles.row} onSubmit={open} role="search" aria-label="Calls">
      <Field label="Call ID" className={styles.search} {...(refusal ? { validationState: "none", validationMessage: refusal } : {})}>
        <SearchBox value={filters.text} onChange={(_, { value }) => onChange({ ...filters, text: value })} />
      </Field>
      {day !== undefined && (
        <Field label="Day (UTC)">
          <Input type="date" value={day} onChange={(_, { value }) => onDay?.(value)} />
        </Field>
      )}
      <Field label="Line">
        <Select value={filters.account} onChange={(_, { value }) => onChange({ ...filters, account: value })}>
          <option value="">All lines</option>
          {(accounts.data?.value ?? []).map((each: Schemas["ResourceAccount"]) => (
            <option key={each.id} value={each.id}>
              {each.displayName}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="State">
        <Select value={filters.state} onChange={(_, { value }) => onChange({ ...filters, state: value as CallState | "" })}>
          <option value="">All states</option>
          {STATES.filter((each) => each.state !== "new").map((each) => (
            <option key={each.state} value={each.state}>
              {each.text}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Agent">
        <Select value={filters.agent} onChange={(_, { value }) => onChange({ ...filters, agent: value })}>
          <option value="">All agents</option>
          {(agents.data?.value ?? []).map((each: Schemas["AgentView"]) => (
            <AgentOption key={each.id} id={each.id} />
          ))}
        </Select>
      </Field>
      <Button onClick={() => onChange(NONE)} disabled={filters === NONE} type="button">
        Clear filters
      </Button>
    </form>
  );
}
