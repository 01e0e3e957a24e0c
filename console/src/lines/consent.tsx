import { Badge, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { Schemas } from "../api/client";
import { outcomeOf, useQuery } from "../api/query";
import { useServices } from "../services";
import { ConfirmButton } from "../ui/confirm";
import { ProblemBar } from "../ui/problem-bar";

const useStyles = makeStyles({
  row: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "center", justifyContent: "space-between" },
});

/** Whether ACS may take the calls of a resource account. */
export function Consent({ account }: { readonly account: Schemas["ResourceAccount"] }) {
  const styles = useStyles();
  const { api } = useServices();
  const params = { path: { tenantId: account.tenantId, objectId: account.id } };
  const path = "/tenants/{tenantId}/access-assignments/{objectId}" as const;
  const found = useQuery(`consent ${account.id}`, () => api.GET(path, { params }));
  const isMissing = found.problem?.status === 404;
  const give = async () => {
    const outcome = await outcomeOf(api.PUT(path, { params, body: { kind: "resourceAccount", clientIds: [] } }));
    return "problem" in outcome ? outcome.problem : undefined;
  };
  if (found.problem && !isMissing) {
    return <ProblemBar problem={found.problem} />;
  }
  if (found.data) {
    return (
      <div className={styles.row}>
        <Badge appearance="tint" color="success">
          Consent given
        </Badge>
      </div>
    );
  }
  return isMissing ? (
    <div className={styles.row}>
      <Badge appearance="tint" color="danger">
        No consent
      </Badge>
      <ConfirmButton label="Give consent" title={`Give consent for ${account.displayName}?`} confirm="Give consent" act={give} onDone={found.reload}>
        <Text>ACS then hands the calls of this resource account to this app.</Text>
      </ConfirmButton>
    </div>
  ) : null;
}
