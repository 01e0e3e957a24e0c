import type { Schemas } from "../api/client";

export type Line = Schemas["TranscriptLine"];

/** The lines as they are read: each once, in order of time, without intermediate results that a final one replaced. */
export function readable(lines: readonly Line[]): readonly Line[] {
  const once = [...new Map(lines.map((line) => [line.id, line])).values()];
  const ordered = once.sort((a, b) => a.at.localeCompare(b.at));
  const finals = ordered.filter((line) => line.kind === "said" && line.final);
  return ordered.filter((line) => isShown(line, finals));
}

function isShown(line: Line, finals: readonly Line[]): boolean {
  if (line.kind === "opened" || line.kind === "closed") {
    return false;
  }
  return line.final || !finals.some((final) => final.speaker === line.speaker && endOf(final) > Date.parse(line.at));
}

function endOf(line: Line): number {
  return Date.parse(line.at) + (line.duration ?? 0) * 1000;
}

/** What a line says, in words. */
export function wordsOf(line: Line): string {
  switch (line.kind) {
    case "leftOut":
      return "Left out: the caller was asked for a secret.";
    case "gap":
      return "Nothing was received for some time.";
    default:
      return line.text ?? "";
  }
}
