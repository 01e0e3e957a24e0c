import { Caption1, makeStyles, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "../../api/query";
import { useServices } from "../../services";
import { Picture } from "../../ui/picture";
import { ProblemBar } from "../../ui/problem-bar";
import { Section } from "../../ui/section";
import { stepOf, timeOf } from "../words";
import type { CallView } from "./use-call";

const useStyles = makeStyles({
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL },
  item: { paddingBottom: tokens.spacingVerticalXS },
});

/** The plan that the call began with, and the way that it took. */
export function PlanWay({ call }: { readonly call: CallView }) {
  const styles = useStyles();
  const { api } = useServices();
  const params = { params: { path: { callId: call.id } } };
  const moment = `${call.id} ${call.step} ${call.state}`;
  const steps = useQuery(`steps ${moment}`, () => api.GET("/calls/{callId}/steps", params));
  const drawing = useQuery(`drawing ${moment}`, () => api.GET("/calls/{callId}/drawing", params));
  return (
    <Section title={`Plan, version ${call.planVersion}`}>
      <ProblemBar problem={steps.problem ?? drawing.problem} />
      <ol className={styles.list} aria-label="Steps of the call">
        {steps.data?.value.map((each) => (
          <li key={each.visit} className={styles.item}>
            <Text weight="semibold">{stepOf(each.visit)}</Text> <Caption1>{timeOf(each.begunAt)}</Caption1>
            {each.reason && <Text block>{each.to ? `${each.reason} → ${each.to}` : each.reason}</Text>}
          </li>
        ))}
      </ol>
      {drawing.data && <Picture svg={drawing.data.svg} alt="The plan, with the way of this call" />}
    </Section>
  );
}
