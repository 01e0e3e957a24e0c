/**
 * Writes the settings of a deployed console into the build, from azd's environment: dist/config.json, and the address of
 * the API into the content security policy. azd runs it before it deploys; by hand: node settings.mjs, with the variables
 * below set.
 */
import { readFileSync, writeFileSync } from "node:fs";

const RULES = new URL("dist/staticwebapp.config.json", import.meta.url);
const CONFIG = new URL("dist/config.json", import.meta.url);
const LOGIN = "https://login.microsoftonline.com";

const { API_CLIENT_ID, API_TENANTS, ACS_ENDPOINT, AZURE_TENANT_ID, CONSOLE_CLIENT_ID, FUNCTION_APP_HOST } = process.env;
/** Origins of sites that embed the guest's page, such as https://www.contoso.com, separated by commas. */
const { CONSOLE_EMBEDDERS } = process.env;

if (!FUNCTION_APP_HOST) {
  fail("FUNCTION_APP_HOST is not set; it is an output of infra/main.bicep: run azd provision.");
}

/** One tenant signs in there; several at the page that finds out whose the account is. */
function tenantOf() {
  const tenants = listOf(API_TENANTS || AZURE_TENANT_ID);
  return tenants.length === 1 ? tenants[0] : "organizations";
}

function listOf(text) {
  return (text ?? "").split(",").map((each) => each.trim()).filter(Boolean);
}

const config = {
  api: `https://${FUNCTION_APP_HOST}/api/v1`,
  apiClientId: API_CLIENT_ID ?? "",
  clientId: CONSOLE_CLIENT_ID ?? "",
  authority: `${LOGIN}/${tenantOf()}`,
  calls: "acs",
  acsEndpoint: ACS_ENDPOINT ?? "",
  embedders: listOf(CONSOLE_EMBEDDERS),
};
writeFileSync(CONFIG, `${JSON.stringify(config, null, 2)}\n`);

const origin = `https://${FUNCTION_APP_HOST}`;
const rules = readFileSync(RULES, "utf8");
if (!rules.includes(origin)) {
  writeFileSync(RULES, rules.replaceAll("connect-src 'self'", `connect-src 'self' ${origin}`));
}

if (!API_CLIENT_ID || !CONSOLE_CLIENT_ID) {
  console.warn(
    "The console can't sign anyone in yet. Run infra/teams/New-AppRegistration.ps1, set API_CLIENT_ID and " +
      "CONSOLE_CLIENT_ID to what it puts out (azd env set), then: azd up",
  );
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
