import { useEffect, useSyncExternalStore } from "react";
import { type Services, useServices } from "../services";
import { createPhone, type LivePhone } from "./phone";
import type { Persona, Phone } from "./state";

const phones = new WeakMap<Services, Map<Persona, LivePhone>>();

/** The phone of a persona. It goes on while other pages of the console are shown. */
export function usePhone(persona: Persona): Phone {
  const phone = phoneOf(useServices(), persona);
  useEffect(() => phone.start(), [phone]);
  const state = useSyncExternalStore(phone.store.subscribe, phone.store.state);
  return { state, commands: phone.commands };
}

function phoneOf(services: Services, persona: Persona): LivePhone {
  const made = phones.get(services) ?? new Map<Persona, LivePhone>();
  phones.set(services, made);
  const phone = made.get(persona) ?? createPhone(persona, services);
  made.set(persona, phone);
  return phone;
}
