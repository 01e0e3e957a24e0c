// Parses and analyses Kusto queries: {"name": "query", …} on standard input, findings and columns on standard output.
// Application Insights' table of log lines is the only one that is known ("traces", as in its data model's reference).
"use strict";
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Symbols, GlobalState, KustoCode } = Kusto.Language;

const traces = new Symbols.TableSymbol.$ctor7(
  "traces",
  "(timestamp: datetime, message: string, severityLevel: int, itemType: string, customDimensions: dynamic, " +
    "customMeasurements: dynamic, operation_Name: string, operation_Id: string, operation_ParentId: string, " +
    "cloud_RoleName: string, cloud_RoleInstance: string, appId: string, itemId: string, itemCount: int)",
  null,
);
const database = new Symbols.DatabaseSymbol.$ctor3("insights", null, [traces], false);
const globals = GlobalState.Default.WithDatabase(database);

const list = (found) => Array.from({ length: found.Count }, (_, index) => found.getItem(index));

function look(query) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const columns = code.ResultType && code.ResultType.Columns ? list(code.ResultType.Columns).map((c) => c.Name) : [];
  return { findings: list(code.GetDiagnostics()).map((d) => d.Message), columns };
}

let text = "";
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => {
  const found = Object.entries(JSON.parse(text)).map(([name, query]) => [name, look(query)]);
  process.stdout.write(JSON.stringify(Object.fromEntries(found)));
});
