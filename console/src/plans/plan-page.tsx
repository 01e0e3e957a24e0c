import { Button, makeStyles, Spinner, Text, Title2, tokens } from "@fluentui/react-components";
import { useCallback, useEffect, useState } from "react";
import { Link, useParams } from "wouter";
import type { Problem } from "../api/problem";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { hasRole } from "../signin/session";
import { Picture } from "../ui/picture";
import { Notice, ProblemBar } from "../ui/problem-bar";
import { Section } from "../ui/section";
import { DryRun } from "./dry-run";
import { PlanEditor } from "./editor";
import type { Plan } from "./schema";
import { type Saved, useCheck, usePlanStore } from "./use-plan";
import { Versions } from "./versions";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  grow: { flexGrow: 1 },
  columns: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1fr)",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    "@media (max-width: 60rem)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  back: { color: tokens.colorBrandForegroundLink },
});

const CHANGED = 412;

/** A plan as a form, beside its picture. */
export default function PlanPage() {
  const styles = useStyles();
  const { planId = "default" } = useParams<{ planId: string }>();
  const [saved, setSaved] = useState<Saved>();
  const [plan, setPlan] = useState<Plan>();
  const [problem, setProblem] = useState<Problem>();
  const store = usePlanStore(planId);
  const check = useCheck(plan);
  const reload = useCallback(async () => {
    const found = await store.load();
    if ("status" in found) {
      setProblem(found);
      return;
    }
    setProblem(undefined);
    setSaved(found);
    setPlan(found.plan);
  }, [planId]);
  useEffect(() => void reload(), [reload]);
  const save = async (etag: string | null) => {
    const failed = plan && (await store.save(plan, etag));
    await (failed ? setProblem(failed) : reload());
  };
  const open = async (version: number) => {
    const found = await store.version(version);
    "status" in found ? setProblem(found as Problem) : setPlan(found as Plan);
  };
  const isValid = !check.isChecking && check.errors.size === 0;
  return (
    <div className={styles.page}>
      <Link href="/plans" className={styles.back}>
        All plans
      </Link>
      <Head planId={planId} saved={saved} plan={plan} isValid={isValid} onSave={() => void save(saved?.etag ?? null)} />
      {problem?.status === CHANGED ? (
        <Conflict onReload={() => void reload()} onOverwrite={() => void save("*")} />
      ) : (
        <ProblemBar problem={problem} />
      )}
      {!plan && !problem && <Spinner label="Loading" />}
      {plan && saved && (
        <div className={styles.columns}>
          <Section title="Steps">
            <PlanEditor key={saved.version} plan={plan} errors={check.errors} onChange={setPlan} />
          </Section>
          <div className={styles.page}>
            <Section title="Picture">
              {check.errors.size > 0 && <Text role="status">The picture is of the last plan without errors.</Text>}
              {check.svg && <Picture svg={check.svg} alt="Picture of the plan" />}
            </Section>
            <DryRun plan={plan} isValid={isValid} />
            <Versions planId={planId} current={saved.version} onOpen={(version) => void open(version)} />
          </div>
        </div>
      )}
    </div>
  );
}

interface HeadProps {
  readonly planId: string;
  readonly saved: Saved | undefined;
  readonly plan: Plan | undefined;
  readonly isValid: boolean;
  readonly onSave: () => void;
}

function Head({ planId, saved, plan, isValid, onSave }: HeadProps) {
  const styles = useStyles();
  const { api, session } = useServices();
  const path = { accountId: planId };
  const account = useQuery(planId === "default" ? "" : `account ${planId}`, () =>
    api.GET("/resource-accounts/{accountId}", { params: { path } }),
  );
  const isChanged = plan !== saved?.plan || saved?.etag === null;
  const mayEdit = hasRole(session.person, "Administrator");
  return (
    <div className={styles.head}>
      <Title2 as="h1">{planId === "default" ? "Plan of all other lines" : `Plan of ${account.data?.displayName ?? "a line"}`}</Title2>
      <Text className={styles.grow}>{saved && (saved.version ? `Version ${saved.version}` : "Not saved yet")}</Text>
      {!mayEdit && <Text>Administrators save plans.</Text>}
      <Button appearance="primary" disabled={!isValid || !isChanged || !mayEdit} onClick={onSave}>
        Save
      </Button>
    </div>
  );
}

function Conflict(props: { readonly onReload: () => void; readonly onOverwrite: () => void }) {
  const styles = useStyles();
  return (
    <div className={styles.page}>
      <Notice
        intent="warning"
        title="The plan has been changed since you opened it."
        text="Your changes are still in the form. Open the new version, which drops them, or save yours over it; the other version can be restored."
      />
      <div className={styles.head}>
        <Button onClick={props.onReload}>Open the new version</Button>
        <Button onClick={props.onOverwrite}>Save mine over it</Button>
      </div>
    </div>
  );
}
