import { expect, test } from "vitest";
import { type Line, readable, wordsOf } from "./lines";

function said(id: string, second: number, text: string, more: Partial<Line> = {}): Line {
  const at = `2026-11-22T10:00:${String(second).padStart(2, "0")}Z`;
  const rest = { confidence: null, locale: null, reason: null, until: null, words: [] };
  return { id, at, kind: "said", speaker: "4:+12065550100", text, duration: 2, final: true, ...rest, ...more };
}

test("a line that is received twice is shown once, and late ones stand at their time", () => {
  const lines = [said("b", 5, "Second"), said("a", 1, "First"), said("b", 5, "Second")];
  expect(readable(lines).map((line) => line.text)).toEqual(["First", "Second"]);
});

test("an intermediate result is shown until a final one of the same speaker ends after it", () => {
  const intermediate = said("i", 1, "Hello the", { final: false, duration: 1 });
  expect(readable([intermediate])).toHaveLength(1);
  expect(readable([intermediate, said("f", 1, "Hello there")]).map((line) => line.text)).toEqual(["Hello there"]);
  expect(readable([intermediate, said("o", 1, "Yes", { speaker: "8:acs:agent" })])).toHaveLength(2);
});

test("gaps and secrets are named, and what the connection does is left out", () => {
  const lines = [said("o", 0, "", { kind: "opened" }), said("g", 1, "", { kind: "gap" }), said("s", 2, "", { kind: "leftOut" })];
  expect(readable(lines).map(wordsOf)).toEqual([
    "Nothing was received for some time.",
    "Left out: the caller was asked for a secret.",
  ]);
});
