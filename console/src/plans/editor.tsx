import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Badge,
  Button,
  Field,
  Input,
  makeStyles,
  Select,
  tokens,
} from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { FormContext, PropertyFields } from "./fields";
import { blank, type Fields, labelOf, type Plan, STEPS } from "./schema";

const useStyles = makeStyles({
  panel: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, paddingBottom: tokens.spacingVerticalL },
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "end" },
});

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

interface Props {
  readonly plan: Plan;
  readonly errors: ReadonlyMap<string, string>;
  readonly onChange: (plan: Plan) => void;
}

/** A plan as a form. What each step has follows from the published schema. */
export function PlanEditor({ plan, errors, onChange }: Props) {
  const steps = Object.keys(plan.steps);
  const replace = (name: string, step: Fields | undefined) => {
    const { [name]: _, ...others } = plan.steps;
    onChange({ ...plan, steps: step === undefined ? others : { ...plan.steps, [name]: step } });
  };
  return (
    <FormContext value={{ steps, errors }}>
      <Field label="The call begins at" {...errorOf(errors, "start")}>
        <Select value={plan.start} onChange={(_, { value }) => onChange({ ...plan, start: value })}>
          {!steps.includes(plan.start) && <option value={plan.start}>{plan.start || "Choose a step"}</option>}
          {steps.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      </Field>
      <Accordion multiple collapsible defaultOpenItems={steps.slice(0, 1)}>
        {Object.entries(plan.steps).map(([name, step]) => (
          <StepItem key={name} name={name} step={step} errors={errors} onChange={(changed) => replace(name, changed)} />
        ))}
      </Accordion>
      <NewStep taken={steps} onAdd={replace} />
    </FormContext>
  );
}

function errorOf(errors: ReadonlyMap<string, string>, path: string) {
  const detail = errors.get(path);
  return detail ? { validationState: "error" as const, validationMessage: detail } : {};
}

interface StepProps {
  readonly name: string;
  readonly step: Fields;
  readonly errors: ReadonlyMap<string, string>;
  readonly onChange: (step: Fields | undefined) => void;
}

function StepItem({ name, step, errors, onChange }: StepProps) {
  const styles = useStyles();
  const path = `steps.${name}`;
  const count = [...errors.keys()].filter((each) => each === path || each.startsWith(`${path}.`)).length;
  const schema = STEPS.get(String(step.type)) ?? {};
  return (
    <AccordionItem value={name}>
      <AccordionHeader>
        {name}, {labelOf(String(step.type)).toLowerCase()}&nbsp;
        {count > 0 && (
          <Badge color="danger" appearance="tint">
            {count} {count === 1 ? "error" : "errors"}
          </Badge>
        )}
      </AccordionHeader>
      <AccordionPanel className={styles.panel} role="group" aria-label={`Step ${name}`}>
        <PropertyFields path={path} schema={schema} value={step} onChange={onChange} />
        {errors.get(path) && <div role="alert">{errors.get(path)}</div>}
        <Button icon={<DeleteRegular />} appearance="subtle" onClick={() => onChange(undefined)}>
          Remove {name}
        </Button>
      </AccordionPanel>
    </AccordionItem>
  );
}

function NewStep({ taken, onAdd }: { readonly taken: readonly string[]; readonly onAdd: (name: string, step: Fields) => void }) {
  const styles = useStyles();
  const [name, setName] = useState("");
  const [type, setType] = useState("play");
  const isValid = NAME.test(name) && !taken.includes(name);
  const add = () => {
    onAdd(name, blank(STEPS.get(type) ?? {}) as Fields);
    setName("");
  };
  return (
    <div className={styles.row} role="group" aria-label="New step">
      <Field label="New step">
        <Input value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label="Type">
        <Select value={type} onChange={(_, data) => setType(data.value)}>
          {[...STEPS.keys()].map((each) => (
            <option key={each} value={each}>
              {labelOf(each)}
            </option>
          ))}
        </Select>
      </Field>
      <Button icon={<AddRegular />} disabled={!isValid} onClick={add}>
        Add step
      </Button>
    </div>
  );
}
