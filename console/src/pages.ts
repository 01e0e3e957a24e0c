import type { ComponentType } from "react";
import type { Role } from "./signin/session";

export interface Page {
  /** The address; a part that begins with a colon is a parameter. */
  readonly path: string;
  /** The name in the navigation; a page without one is reached from others. */
  readonly title?: string;
  /** Who sees it in the navigation. The API decides who may use it. */
  readonly roles: readonly Role[];
  /** Whether it is there only where the settings name an emulator. */
  readonly needsEmulator?: boolean;
  readonly load: () => Promise<{ default: ComponentType }>;
}

/** Every page of the console. To add one, add a line. */
export const PAGES: readonly Page[] = [
  { path: "/", title: "Phone", roles: ["Agent"], load: () => import("./agent/agent-page") },
  { path: "/teams", title: "Teams", roles: ["Agent"], load: () => import("./teams/teams-page") },
  { path: "/calls", title: "Calls", roles: ["Supervisor", "Administrator"], load: () => import("./supervisor/calls-page") },
  { path: "/check", roles: ["Agent", "Supervisor", "Administrator"], load: () => import("./check/check-page") },
  {
    path: "/calls/:callId",
    roles: ["Agent", "Supervisor", "Administrator"],
    load: () => import("./supervisor/call/call-page"),
  },
  { path: "/plans", title: "Plans", roles: ["Supervisor", "Administrator"], load: () => import("./plans/plans-page") },
  { path: "/plans/:planId", roles: ["Supervisor", "Administrator"], load: () => import("./plans/plan-page") },
  { path: "/lines", title: "Lines", roles: ["Supervisor", "Administrator"], load: () => import("./lines/lines-page") },
  { path: "/health", title: "Health", roles: ["Administrator"], load: () => import("./lines/health-page") },
  {
    path: "/emulator",
    title: "Emulator",
    roles: ["Agent", "Supervisor", "Administrator"],
    needsEmulator: true,
    load: () => import("./emulator/emulator-page"),
  },
];
