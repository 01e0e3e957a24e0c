import { Button, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Api, Schemas } from "../api/client";
import { useQuery } from "../api/query";
import { nameOf } from "../call/names";
import { type Target, TargetPicker } from "../call/target-picker";
import { useServices } from "../services";
import { Notice } from "../ui/problem-bar";
import { Section } from "../ui/section";
import type { Operation, Operations } from "./operations";

type OneTarget = Schemas["OneTarget"];

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  muted: { color: tokens.colorNeutralForeground2 },
});

interface BringInProps {
  readonly callId: string;
  readonly call: Schemas["CallView"] | undefined;
  readonly operations: Operations;
  /** Leave the call; the others go on. */
  readonly onLeave: () => void;
}

/** Transfer, consult, add: whom to bring in, or to hand the caller over to. */
export function BringIn(props: BringInProps) {
  const [consult, setConsult] = useState<{ operation: Operation; name: string }>();
  if (consult) {
    return <ConsultBar {...props} {...consult} onOver={() => setConsult(undefined)} />;
  }
  return <Choices {...props} onConsult={(operation, name) => setConsult({ operation, name })} />;
}

function Choices({ callId, call, operations, onLeave, onConsult }: BringInProps & {
  readonly onConsult: (operation: Operation, name: string) => void;
}) {
  const styles = useStyles();
  const { api } = useServices();
  const [target, setTarget] = useState<Target>();
  const agents = useQuery("agents", () => api.GET("/agents", {}), 10);
  const stateOf = (each: Target) =>
    each.kind === "person" ? agents.data?.value.find((agent) => agent.id === each.id)?.state : undefined;
  const path = { callId };
  const named = target && asTarget(target, stateOf(target) !== undefined);
  const transfer = async (to: OneTarget, name: string) => {
    const transferee = call?.caller ? { transferee: { rawId: call.caller.id } } : {};
    const body = { target: to, ...transferee, voipHeaders: {}, sipHeaders: {}, topic: "", details: {} };
    const done = await operations.run(`Transfer to ${name}`, (header) =>
      api.POST("/calls/{callId}/transfers", { params: { path, header }, body }),
    );
    if (done?.status === "succeeded") {
      onLeave();
    }
  };
  const consult = async (to: OneTarget, name: string) => {
    const begun = operations.run(`Consult ${name}`, (header) =>
      api.POST("/calls/{callId}/consults", {
        params: { path, header: { ...header, Prefer: "wait=0" } },
        body: { target: to, music: null, needsIsolation: true },
      }),
    );
    const done = await begun;
    if (done?.status === "succeeded") {
      onConsult(done, name);
    }
  };
  const add = (to: OneTarget, name: string) =>
    operations.run(`Add ${name}`, (header) =>
      api.POST("/calls/{callId}/participants", { params: { path, header }, body: { targets: [to] } }),
    );
  const act = (how: (to: OneTarget, name: string) => Promise<unknown>) => () =>
    named && target && void how(named, target.name);
  return (
    <Section title="Bring in or hand over">
      <TargetPicker
        label="Colleague, line or number"
        finds={["people", "lines"]}
        onChange={setTarget}
        about={(each) => PRESENCE[stateOf(each) ?? ""]}
      />
      <div className={styles.row}>
        <Button disabledFocusable={!named} onClick={act(consult)}>
          Consult first
        </Button>
        <Button disabledFocusable={!named} onClick={act(transfer)}>
          Transfer now
        </Button>
        <Button disabledFocusable={!named} onClick={act(add)}>
          Add to the call
        </Button>
      </div>
      <Text size={200} className={styles.muted}>
        {named
          ? "Consult: the caller hears music while you speak. Transfer: the caller goes, and you leave."
          : "Choose whom to call first."}
      </Text>
    </Section>
  );
}

const PRESENCE: Readonly<Record<string, string>> = {
  available: "available",
  away: "away",
  ringing: "ringing",
  inCall: "in a call",
  wrapUp: "in wrap-up",
};

/** An agent rings with the persona that takes the calls of lines, other colleagues in Teams. */
function asTarget(target: Target, isAgent: boolean): OneTarget {
  switch (target.kind) {
    case "number":
      return { number: target.number };
    case "line":
      return { account: target.id };
    case "person":
      return isAgent ? { agent: target.id } : { teamsUser: target.id };
  }
}

interface ConsultBarProps extends BringInProps {
  readonly operation: Operation;
  readonly name: string;
  readonly onOver: () => void;
}

/** A consult that has begun: the caller hears music, and the agents each other. */
function ConsultBar({ callId, operation, name, operations, onLeave, onOver }: ConsultBarProps) {
  const styles = useStyles();
  const { api } = useServices();
  const [isSwapped, setIsSwapped] = useState(false);
  const params = (header: object) => ({ path: { callId, operationId: operation.id }, header });
  const join = () =>
    operations.run(`Join ${name}`, (header) =>
      api.POST("/calls/{callId}/consults/{operationId}/join", { params: params(header) }),
    );
  const swap = async () => {
    const done = await operations.run(isSwapped ? `Speak to ${name}` : "Speak to the caller", (header) =>
      api.POST("/calls/{callId}/consults/{operationId}/swap", { params: params(header) }),
    );
    setIsSwapped(done?.status === "succeeded" ? !isSwapped : isSwapped);
  };
  const drop = async () => {
    const done = await operations.run(`Drop ${name}`, (header) =>
      api.POST("/calls/{callId}/consults/{operationId}/drop", { params: params(header) }),
    );
    if (done?.status === "succeeded") {
      onOver();
    }
  };
  const joined = async (next: () => void) => {
    if ((await join())?.status === "succeeded") {
      onOver();
      next();
    }
  };
  return (
    <Section title={`Consulting ${name}`} isRaised>
      <Notice
        intent="info"
        title={isSwapped ? `You speak to the caller. ${name} hears music.` : `You speak to ${name}. The caller hears music.`}
      />
      <div className={styles.row}>
        <Button appearance="primary" onClick={() => void joined(onLeave)}>
          Hand over and leave
        </Button>
        <Button onClick={() => void joined(() => undefined)}>Join all</Button>
        <Button onClick={() => void swap()}>{isSwapped ? `Speak to ${name}` : "Speak to the caller"}</Button>
        <Button onClick={() => void drop()}>Drop {name}</Button>
      </div>
    </Section>
  );
}

/** Remove a party from the call, by the application. */
export async function removeParty(api: Api, callId: string, rawId: string, operations: Operations): Promise<void> {
  const name = (await nameOf(api, rawId)) ?? "the party";
  await operations.run(`Remove ${name}`, (header) =>
    api.POST("/calls/{callId}/participants/remove", {
      params: { path: { callId }, header },
      body: { target: { rawId } },
    }),
  );
}
