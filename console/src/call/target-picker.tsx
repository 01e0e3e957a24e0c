import { Combobox, Field, Option, OptionGroup } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { useQuery } from "../api/query";
import { useServices } from "../services";
import { numberOf } from "./numbers";

/** Whom to call, to bring in, or to hand over to. */
export type Target =
  | { readonly kind: "number"; readonly number: string; readonly name: string }
  | { readonly kind: "person"; readonly id: string; readonly name: string }
  | { readonly kind: "line"; readonly id: string; readonly name: string };

interface TargetPickerProps {
  readonly label: string;
  /** Whom the field finds, besides numbers. */
  readonly finds: readonly ("people" | "customers" | "lines")[];
  readonly onChange: (target: Target | undefined) => void;
  /** Beside the name of a person, such as the presence. */
  readonly about?: (target: Target) => string | undefined;
}

/** A field for a phone number or a name, which is searched while it is typed. */
export function TargetPicker({ label, finds, onChange, about }: TargetPickerProps) {
  const [text, setText] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const groups = useFound(useSettled(text), finds);
  const all = groups.flatMap((group) => group.found);
  const choose = (target: Target | undefined, shown: string) => {
    setText(shown);
    onChange(target);
  };
  return (
    <Field label={label} hint={all.length === 0 ? help(text) : ""}>
      <Combobox
        freeform
        open={isOpen && all.length > 0}
        onOpenChange={(_, { open }) => setIsOpen(open)}
        value={text}
        placeholder="+49 30 1234567, or a name"
        onInput={(event) => choose(typed(event.currentTarget.value), event.currentTarget.value)}
        onOptionSelect={(_, { optionValue, optionText }) => {
          const found = all.find((each) => keyOf(each) === optionValue);
          choose(found ?? typed(optionText ?? ""), found?.name ?? optionText ?? "");
        }}
      >
        {groups.map(({ title, found }) => (
          <OptionGroup key={title} label={title}>
            {found.map((each) => (
              <Option key={keyOf(each)} value={keyOf(each)} text={each.name}>
                {[each.name, each.kind === "number" ? each.number : about?.(each)].filter(Boolean).join(" · ")}
              </Option>
            ))}
          </OptionGroup>
        ))}
      </Combobox>
    </Field>
  );
}

function typed(text: string): Target | undefined {
  const number = numberOf(text);
  return number === undefined ? undefined : { kind: "number", number, name: number };
}

function keyOf(target: Target): string {
  return target.kind === "number" ? `number ${target.number}` : `${target.kind} ${target.id}`;
}

function help(text: string): string {
  if (numberOf(text) !== undefined) {
    return "This number is called as it is.";
  }
  return text.trim() === "" ? "A number with its country code, or a name." : "No one has been found.";
}

/** The text, once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return settled.trim();
}

const PAGE = 6;

function useFound(text: string, finds: TargetPickerProps["finds"]): { title: string; found: Target[] }[] {
  const { api } = useServices();
  const isName = text !== "" && numberOf(text) === undefined;
  const people = useQuery(isName && finds.includes("people") ? `people ${text}` : "", () =>
    api.POST("/users/search", { body: { search: text, pageSize: PAGE, continuation: null } }),
  );
  const customers = useQuery(isName && finds.includes("customers") ? `customers ${text}` : "", () =>
    api.POST("/customers/search", { body: { name: text, pageSize: PAGE, continuation: null } }),
  );
  const lines = useQuery(finds.includes("lines") ? "lines" : "", () => api.GET("/resource-accounts", {}));
  const groups = [
    { title: "Customers", found: (customers.data?.value ?? []).flatMap(customerTargets) },
    {
      title: "Colleagues",
      found: (people.data?.value ?? []).map((each): Target => ({ kind: "person", id: each.id, name: each.displayName })),
    },
    {
      title: "Lines",
      found: (isName ? (lines.data?.value ?? []) : [])
        .filter((each) => each.displayName.toLowerCase().includes(text.toLowerCase()))
        .map((each): Target => ({ kind: "line", id: each.id, name: each.displayName })),
    },
  ];
  return groups.filter((group) => group.found.length > 0);
}

function customerTargets(customer: { name: string; numbers: string[] }): Target[] {
  return customer.numbers.map((number) => ({ kind: "number", number, name: customer.name }));
}
