import document from "../../../docs/plan.schema.json";

/** The part of JSON Schema that the published schema of plans uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Fields = { readonly [name: string]: Json };
export interface Plan {
  readonly start: string;
  readonly steps: { readonly [name: string]: Fields };
}

const DEFINITIONS = (document as unknown as { readonly $defs: Readonly<Record<string, Schema>> }).$defs;
const STEP = "the name of a step of the plan";

/** A schema without its reference, and without the null of an optional one. */
export function resolved(schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    return DEFINITIONS[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)] ?? {};
  }
  const other = schema.anyOf?.find((each) => each.type !== "null");
  return other === undefined ? schema : resolved(other);
}

export function isStep(schema: Schema): boolean {
  return schema.description === STEP;
}

/** The types of steps, with the schema of each. */
export const STEPS: ReadonlyMap<string, Schema> = new Map(
  Object.entries(DEFINITIONS)
    .filter(([name]) => name.endsWith("Step"))
    .map(([, schema]) => [schema.properties?.type?.enum?.[0] ?? "", schema]),
);

const BLANKS: Record<string, Json> = { string: "", integer: 1, boolean: false, array: [], object: {} };

/** The value that a field begins with: the least that its schema may take. */
export function blank(schema: Schema): Json {
  const shape = resolved(schema);
  if (shape.title === "Prompt") {
    return { text: "" };
  }
  if (shape.title === "Target") {
    return { group: "" };
  }
  if (shape.properties !== undefined) {
    const required = Object.entries(shape.properties).filter(([name]) => shape.required?.includes(name));
    return Object.fromEntries(required.map(([name, each]) => [name, blank(each)]));
  }
  return shape.enum?.[0] ?? shape.minimum ?? BLANKS[shape.type ?? ""] ?? "";
}

/** The name of a field, in words: `positionSeconds` is Position seconds. */
export function labelOf(name: string): string {
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
