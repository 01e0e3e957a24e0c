#!/bin/sh
# The second step of a deployment: wait until the app is healthy and knows its functions, then subscribe them to their
# events. azd runs it after each `azd deploy` with the outputs of infra/main.bicep as environment variables; by hand:
#   eval "$(azd env get-values | sed 's/^/export /')" && infra/hooks/postdeploy.sh
# Running it again changes nothing. It fails loudly: without subscriptions no call is answered.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
seconds=${HEALTH_SECONDS:-600}
pause=${HEALTH_PAUSE:-5}

fail() {
  echo "postdeploy: $*" >&2
  echo "postdeploy: NOT FINISHED: events reach the app only once this has gone through. Run it again: azd hooks run postdeploy" >&2
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

# Wait until "$@" goes well. Attempts count as well as pauses: an app that hangs takes half a minute for each.
until_well() {
  what=$1
  shift
  until said=$("$@" 2>&1 > /dev/null); do
    [ "$(date +%s)" -lt "$deadline" ] || fail "after $seconds s $what.${said:+ The last attempt: $said}"
    sleep "$pause"
  done
}

echo "Waiting for https://$FUNCTION_APP_HOST/api/health …"
until_well "the app is not healthy; see the log stream of $FUNCTION_APP_NAME" \
  curl --fail --silent --show-error --max-time 30 "https://$FUNCTION_APP_HOST/api/health"

echo "Waiting for the functions to be known to Azure …"
for function in $(sed -n 's/.*"function": *"\([a-z_]*\)".*/\1/p' "$here/../local.json"); do
  # shellcheck disable=SC2086  # no value, no argument
  until_well "Azure knows no function $function" \
    az functionapp function show $subscription --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$FUNCTION_APP_NAME" --function-name "$function" --output none
done

echo "Subscribing …"
# shellcheck disable=SC2086
az deployment group create $subscription --resource-group "$AZURE_RESOURCE_GROUP" --name subscriptions \
  --template-file "$here/../subscriptions.bicep" --output none \
  --parameters functionAppName="$FUNCTION_APP_NAME" topicName="$EVENTS_TOPIC_NAME" \
  systemTopicName="$ACS_SYSTEM_TOPIC_NAME" systemTopicResourceGroup="$ACS_RESOURCE_GROUP" \
  storageName="$CALL_STORAGE_NAME" deadLettersContainer="$DEADLETTERS_CONTAINER" \
  resourceAccounts="${RESOURCE_ACCOUNTS:-}" || fail "the subscriptions could not be created."
echo "Done: events reach the app."
