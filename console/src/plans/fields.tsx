import { Button, Field, Input, makeStyles, Select, SpinButton, Switch, Textarea, tokens } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { createContext, type ReactNode, useContext, useState } from "react";
import { blank, type Fields, isStep, type Json, labelOf, resolved, type Schema } from "./schema";

/** What all fields of a form know: the names of the steps, and the errors by their paths. */
export interface Form {
  readonly steps: readonly string[];
  readonly errors: ReadonlyMap<string, string>;
}

export const FormContext = createContext<Form>({ steps: [], errors: new Map() });

const useStyles = makeStyles({
  group: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    border: 0,
    margin: 0,
    padding: `0 0 0 ${tokens.spacingHorizontalM}`,
    borderLeft: `2px solid ${tokens.colorNeutralStroke2}`,
    minWidth: 0,
  },
  row: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "end", "& > :first-child": { flexGrow: 1 } },
  add: { alignSelf: "flex-start" },
  legend: { padding: 0, fontWeight: tokens.fontWeightSemibold },
  error: { color: tokens.colorPaletteRedForeground1, fontSize: tokens.fontSizeBase200 },
});

interface Props {
  readonly label: string;
  /** Where the value is in the document, as the errors of the API name it. */
  readonly path: string;
  readonly schema: Schema;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
}

/** The field of a value, by its schema. */
export function ValueField(props: Props) {
  const schema = resolved(props.schema);
  if (schema.title === "Prompt") {
    return <OneOf {...props} schema={{ ...schema, default: props.schema.default }} isLong />;
  }
  if (schema.title === "Target") {
    return <OneOf {...props} schema={schema} />;
  }
  if (isStep(schema)) {
    return <StepField {...props} />;
  }
  if (schema.enum !== undefined) {
    return <Choice {...props} options={schema.enum} />;
  }
  if (schema.type === "array") {
    return <List {...props} schema={schema} />;
  }
  if (schema.type === "object") {
    return schema.properties ? <Group {...props} schema={schema} /> : <Entries {...props} schema={schema} />;
  }
  return <Scalar {...props} schema={schema} />;
}

function useError(path: string) {
  const detail = useContext(FormContext).errors.get(path);
  return detail === undefined ? {} : { validationState: "error" as const, validationMessage: detail };
}

function Scalar({ label, path, schema, value, onChange }: Props) {
  const error = useError(path);
  if (schema.type === "boolean") {
    return <Switch label={label} checked={Boolean(value ?? schema.default)} onChange={(_, { checked }) => onChange(checked)} />;
  }
  if (schema.type === "integer") {
    const shown = Number(value ?? schema.default ?? 0);
    const change = (text: string | undefined, number: number | null | undefined) => {
      const given = number ?? Number(text);
      onChange(Number.isFinite(given) ? given : 0);
    };
    return (
      <Field label={label} {...error}>
        <SpinButton value={shown} onChange={(_, data) => change(data.displayValue, data.value)} />
      </Field>
    );
  }
  return (
    <Field label={label} {...error}>
      <Input
        value={String(value ?? "")}
        placeholder={schema.examples?.[0] ? String(schema.examples[0]) : String(schema.default ?? "")}
        onChange={(_, data) => onChange(data.value === "" && "default" in schema ? undefined : data.value)}
      />
    </Field>
  );
}

function Choice({ label, path, schema, value, onChange, options }: Props & { readonly options: readonly string[] }) {
  const isOptional = "anyOf" in schema;
  return (
    <Field label={label} {...useError(path)}>
      <Select
        value={String(value ?? schema.default ?? "")}
        onChange={(_, data) => onChange(data.value === "" ? undefined : data.value)}
      >
        {isOptional && <option value="">Any</option>}
        {options.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </Select>
    </Field>
  );
}

function StepField({ label, path, schema, value, onChange }: Props) {
  const { steps } = useContext(FormContext);
  const isOptional = "anyOf" in schema || "default" in schema;
  const current = String(value ?? "");
  return (
    <Field label={label} {...useError(path)}>
      <Select value={current} onChange={(_, data) => onChange(data.value === "" && isOptional ? undefined : data.value)}>
        {(isOptional || current === "") && <option value="">{isOptional ? "As otherwise" : "Choose a step"}</option>}
        {current !== "" && !steps.includes(current) && <option value={current}>{current} (missing)</option>}
        {steps.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </Select>
    </Field>
  );
}

/** An object of which exactly one property is given: a prompt, a target. */
function OneOf({ label, path, schema, value, onChange, isLong = false }: Props & { readonly isLong?: boolean }) {
  const styles = useStyles();
  const { errors } = useContext(FormContext);
  const kinds = Object.keys(schema.properties ?? {});
  const given = (value ?? schema.default ?? {}) as Fields;
  const kind = kinds.find((each) => given[each] !== undefined && given[each] !== null);
  const detail = errors.get(path) ?? errors.get(`${path}.${kind}`);
  const text = String((kind && given[kind]) ?? "");
  const error = detail === undefined ? {} : { validationState: "error" as const, validationMessage: detail };
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{label}</legend>
      <Field label="Kind">
        <Select
          value={kind ?? ""}
          onChange={(_, data) => onChange(data.value === "" ? undefined : { [data.value]: text })}
        >
          <option value="">None</option>
          {kinds.map((each) => (
            <option key={each} value={each}>
              {labelOf(each)}
            </option>
          ))}
        </Select>
      </Field>
      {kind && (
        <Field label={labelOf(kind)} {...error}>
          {isLong && kind !== "file" ? (
            <Textarea value={text} resize="vertical" onChange={(_, data) => onChange({ [kind]: data.value })} />
          ) : (
            <Input value={text} onChange={(_, data) => onChange({ [kind]: data.value })} />
          )}
        </Field>
      )}
      {!kind && detail && <ErrorText text={detail} />}
    </fieldset>
  );
}

function ErrorText({ text }: { readonly text: string }) {
  return (
    <div role="alert" className={useStyles().error}>
      {text}
    </div>
  );
}

function Part({ label, path, children }: { readonly label: string; readonly path: string; readonly children: ReactNode }) {
  const styles = useStyles();
  const detail = useContext(FormContext).errors.get(path);
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{label}</legend>
      {children}
      {detail && <ErrorText text={detail} />}
    </fieldset>
  );
}

function Removable({ name, onRemove, children }: { readonly name: string; readonly onRemove: () => void; readonly children: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.row}>
      <div>{children}</div>
      <Button icon={<DeleteRegular />} appearance="subtle" aria-label={`Remove ${name}`} onClick={onRemove} />
    </div>
  );
}

function List({ label, path, schema, value, onChange }: Props) {
  const styles = useStyles();
  const items = (value ?? schema.default ?? []) as readonly Json[];
  const item = schema.items ?? {};
  const replace = (n: number, changed: Json | undefined) =>
    onChange(items.flatMap((each, at) => (at === n ? (changed === undefined ? [] : [changed]) : [each])));
  return (
    <Part label={label} path={path}>
      {items.map((each, n) => (
        <Removable key={n} name={`${label} ${n + 1}`} onRemove={() => replace(n, undefined)}>
          <ValueField
            label={`${label} ${n + 1}`}
            path={`${path}.${n}`}
            schema={item}
            value={each}
            onChange={(changed) => replace(n, changed ?? blank(item))}
          />
        </Removable>
      ))}
      <Button
        icon={<AddRegular />}
        size="small"
        className={styles.add}
        onClick={() => onChange([...items, blank(item)])}
      >
        Add to {label.toLowerCase()}
      </Button>
    </Part>
  );
}

/** An object of any names, such as the keys of a menu. */
function Entries({ label, path, schema, value, onChange }: Props) {
  const [name, setName] = useState("");
  const entries = (value ?? schema.default ?? {}) as Fields;
  const item = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
  const replace = (key: string, changed: Json | undefined) => {
    const { [key]: _, ...others } = entries;
    onChange(changed === undefined ? others : { ...entries, [key]: changed });
  };
  const add = () => {
    replace(name, blank(item));
    setName("");
  };
  const example = schema.propertyNames?.examples?.[0];
  return (
    <Part label={label} path={path}>
      {Object.entries(entries).map(([key, each]) => (
        <Removable key={key} name={`${label} ${key}`} onRemove={() => replace(key, undefined)}>
          <ValueField
            label={key}
            path={`${path}.${key}`}
            schema={item}
            value={each}
            onChange={(changed) => replace(key, changed ?? blank(item))}
          />
        </Removable>
      ))}
      <Line>
        <Input
          value={name}
          aria-label={`New in ${label.toLowerCase()}`}
          placeholder={example ? String(example) : "new"}
          onChange={(_, data) => setName(data.value)}
        />
        <Button icon={<AddRegular />} disabled={name === "" || name in entries} onClick={add}>
          Add to {label.toLowerCase()}
        </Button>
      </Line>
    </Part>
  );
}

function Line({ children }: { readonly children: ReactNode }) {
  return <div className={useStyles().row}>{children}</div>;
}

function Group({ label, path, schema, value, onChange }: Props) {
  const isGiven = value !== undefined && value !== null;
  return (
    <Part label={label} path={path}>
      <Switch label={`With ${label.toLowerCase()}`} checked={isGiven} onChange={(_, { checked }) => onChange(checked ? blank(schema) : undefined)} />
      {isGiven && <PropertyFields path={path} schema={schema} value={value as Fields} onChange={onChange} />}
    </Part>
  );
}

interface PropertyProps {
  readonly path: string;
  readonly schema: Schema;
  readonly value: Fields;
  readonly onChange: (value: Fields) => void;
}

/** The fields of an object's properties; its type is not one of them. */
export function PropertyFields({ path, schema, value, onChange }: PropertyProps) {
  const change = (name: string, changed: Json | undefined) => {
    const { [name]: _, ...others } = value;
    onChange(changed === undefined ? others : { ...value, [name]: changed });
  };
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== "type")
    .map(([name, each]) => (
      <ValueField
        key={name}
        label={labelOf(name)}
        path={`${path}.${name}`}
        schema={each}
        value={value[name]}
        onChange={(changed) => change(name, changed)}
      />
    ));
}
