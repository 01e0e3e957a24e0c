# The second step of a deployment: waits until the app is healthy and Azure lists its functions, then deploys their
# event subscriptions. azd runs it after each `azd deploy` with the outputs of infra/main.bicep as environment variables.
# It can be run again. A failure stops the deployment: without subscriptions no call is answered. As postdeploy.sh.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$seconds = if ($env:HEALTH_SECONDS) { [int]$env:HEALTH_SECONDS } else { 600 }
$pause = if ($env:HEALTH_PAUSE) { [int]$env:HEALTH_PAUSE } else { 5 }
$deadline = (Get-Date).AddSeconds($seconds)

function Stop-Here([string]$why) {
    [Console]::Error.WriteLine("postdeploy: $why")
    [Console]::Error.WriteLine('postdeploy: NOT FINISHED: events do not reach the app yet. Run it again: azd hooks run postdeploy')
    exit 1
}

function Wait-Until([string]$failure, [scriptblock]$attempt) {
    while ($true) {
        $script:output = ''
        try { if (& $attempt) { return } } catch { $script:output = "$_" }
        if ((Get-Date) -gt $deadline) {
            if ($script:output) { Stop-Here "after $seconds s $failure. The last attempt: $script:output" }
            Stop-Here "after $seconds s $failure."
        }
        Start-Sleep -Seconds $pause
    }
}

foreach ($name in 'FUNCTION_APP_NAME', 'FUNCTION_APP_HOST', 'AZURE_RESOURCE_GROUP', 'EVENTS_TOPIC_NAME',
    'ACS_SYSTEM_TOPIC_NAME', 'ACS_RESOURCE_GROUP', 'CALL_STORAGE_NAME', 'DEADLETTERS_CONTAINER') {
    if (-not [Environment]::GetEnvironmentVariable($name)) {
        Stop-Here "$name is not set; it is an output of infra/main.bicep: run azd provision."
    }
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) { Stop-Here 'az is not installed.' }

$subscription = if ($env:AZURE_SUBSCRIPTION_ID) { @('--subscription', $env:AZURE_SUBSCRIPTION_ID) } else { @() }
$infra = Split-Path -Parent $PSScriptRoot

Write-Output "Waiting for https://$env:FUNCTION_APP_HOST/api/health …"
Wait-Until "the app is not healthy; see the log stream of $env:FUNCTION_APP_NAME" {
    (Invoke-WebRequest -Uri "https://$env:FUNCTION_APP_HOST/api/health" -TimeoutSec 30 -UseBasicParsing).StatusCode -eq 200
}

Write-Output 'Waiting for Azure to list the functions …'
$subscribed = (Get-Content -Raw (Join-Path $infra 'local.json') | ConvertFrom-Json).subscriptions.function
Wait-Until 'Azure does not list every function' {
    # Names are listed as APP/FUNCTION.
    $listed = @(az functionapp function list @subscription --resource-group $env:AZURE_RESOURCE_GROUP `
            --name $env:FUNCTION_APP_NAME --query '[].name' --output tsv 2>&1 | ForEach-Object { "$_" })
    $missing = @($subscribed | Where-Object { $listed -notcontains "$env:FUNCTION_APP_NAME/$_" })
    $script:output = if ($LASTEXITCODE -eq 0) { "missing: $($missing -join ', ')" } else { $listed -join "`n" }
    $LASTEXITCODE -eq 0 -and $missing.Count -eq 0
}

Write-Output 'Subscribing …'
az deployment group create @subscription --resource-group $env:AZURE_RESOURCE_GROUP --name subscriptions `
    --template-file (Join-Path $infra 'subscriptions.bicep') --output none `
    --parameters functionAppName=$env:FUNCTION_APP_NAME topicName=$env:EVENTS_TOPIC_NAME `
    systemTopicName=$env:ACS_SYSTEM_TOPIC_NAME systemTopicResourceGroup=$env:ACS_RESOURCE_GROUP `
    storageName=$env:CALL_STORAGE_NAME deadLettersContainer=$env:DEADLETTERS_CONTAINER `
    resourceAccounts=$env:RESOURCE_ACCOUNTS clientCalls=$env:CLIENT_CALLS
if ($LASTEXITCODE -ne 0) { Stop-Here 'the subscriptions could not be created.' }
Write-Output 'Done: events reach the app.'
