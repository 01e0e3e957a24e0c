#!/bin/sh
# The second step of a deployment: waits until the app is healthy and Azure lists its functions, then deploys their
# event subscriptions. azd runs it after each `azd deploy` with the outputs of infra/main.bicep as environment variables;
# by hand:
#   eval "$(azd env get-values | sed 's/^/export /')" && infra/hooks/postdeploy.sh
# It can be run again. A failure stops the deployment: without subscriptions no call is answered.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
seconds=${HEALTH_SECONDS:-600}
pause=${HEALTH_PAUSE:-5}

fail() {
  echo "postdeploy: $*" >&2
  echo "postdeploy: NOT FINISHED: events do not reach the app yet. Run it again: azd hooks run postdeploy" >&2
  exit 1
}

for name in FUNCTION_APP_NAME FUNCTION_APP_HOST AZURE_RESOURCE_GROUP EVENTS_TOPIC_NAME ACS_SYSTEM_TOPIC_NAME \
  ACS_RESOURCE_GROUP CALL_STORAGE_NAME DEADLETTERS_CONTAINER; do
  eval "value=\${$name:-}"
  [ -n "$value" ] || fail "$name is not set; it is an output of infra/main.bicep: run azd provision."
done
for tool in az curl; do
  command -v "$tool" > /dev/null || fail "$tool is not installed."
done

subscription=${AZURE_SUBSCRIPTION_ID:+--subscription $AZURE_SUBSCRIPTION_ID}
deadline=$(($(date +%s) + seconds))

# Repeats "$@" until it succeeds. The deadline is a time, since one attempt at a hanging app takes half a minute.
wait_for() {
  failure=$1
  shift
  until output=$("$@" 2>&1 > /dev/null); do
    [ "$(date +%s)" -lt "$deadline" ] || fail "after $seconds s $failure.${output:+ The last attempt: $output}"
    sleep "$pause"
  done
}

# Succeeds if Azure lists every function that has a subscription. Names are listed as APP/FUNCTION.
all_functions_listed() {
  # shellcheck disable=SC2086  # no value, no argument
  listed=$(az functionapp function list $subscription --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$FUNCTION_APP_NAME" --query '[].name' --output tsv) || return 1
  for function in $(sed -n 's/.*"function": *"\([a-z_]*\)".*/\1/p' "$here/../local.json"); do
    printf '%s\n' "$listed" | tr -d '\r' | grep -q "/$function\$" || {
      echo "$function is missing." >&2
      return 1
    }
  done
}

echo "Waiting for https://$FUNCTION_APP_HOST/api/health …"
wait_for "the app is not healthy; see the log stream of $FUNCTION_APP_NAME" \
  curl --fail-with-body --silent --show-error --max-time 30 --output /dev/stderr "https://$FUNCTION_APP_HOST/api/health"

echo "Waiting for Azure to list the functions …"
wait_for "Azure does not list every function" all_functions_listed

echo "Subscribing …"
# shellcheck disable=SC2086
az deployment group create $subscription --resource-group "$AZURE_RESOURCE_GROUP" --name subscriptions \
  --template-file "$here/../subscriptions.bicep" --output none \
  --parameters functionAppName="$FUNCTION_APP_NAME" topicName="$EVENTS_TOPIC_NAME" \
  systemTopicName="$ACS_SYSTEM_TOPIC_NAME" systemTopicResourceGroup="$ACS_RESOURCE_GROUP" \
  storageName="$CALL_STORAGE_NAME" deadLettersContainer="$DEADLETTERS_CONTAINER" \
  resourceAccounts="${RESOURCE_ACCOUNTS:-}" clientCalls="${CLIENT_CALLS:-off}" || fail "the subscriptions could not be created."
echo "Done: events reach the app."
