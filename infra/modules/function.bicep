// The Function App on the Flex Consumption plan.

@description('Name of the app.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Name of the host\'s storage account.')
param hostStorageName string

@description('URL of the container that the package is deployed to.')
param deploymentContainerUrl string

@description('Name of the Application Insights resource.')
param applicationInsightsName string

@description('Where logs go.')
param workspaceId string

@description('Subnet for outbound connections. Empty: none.')
param subnetId string

@description('Always-ready instances of the HTTP functions.')
param alwaysReadyHttp int

@description('Always-ready instances of incoming_call.')
param alwaysReadyIncomingCall int

@description('Always-ready instances of call_connected.')
param alwaysReadyCallConnected int

@description('Always-ready instances of wake_call.')
param alwaysReadyWakeCall int

@description('Concurrent HTTP requests of an instance.')
param httpConcurrency int

@description('Maximum number of instances of each function.')
param maximumInstances int

@description('Memory of an instance, in MB.')
param instanceMemory int

@description('Spread instances over availability zones.')
param zoneRedundant bool

@description('How the Functions host exports its telemetry and the app\'s log lines.')
param telemetryMode string

@description('Host name of the web console, whose pages may call the API.')
param consoleHost string

@description('The settings that differ between deployments: docs/settings.md.')
param settings object

// HTTP functions share a group of instances; every other function has its own group, function:NAME. An entry needs at
// least one instance.
var readyHttp = alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
var readyIncomingCall = alwaysReadyIncomingCall > 0 ? [{ name: 'function:incoming_call', instanceCount: alwaysReadyIncomingCall }] : []
var readyCallConnected = alwaysReadyCallConnected > 0 ? [{ name: 'function:call_connected', instanceCount: alwaysReadyCallConnected }] : []
var readyWakeCall = alwaysReadyWakeCall > 0 ? [{ name: 'function:wake_call', instanceCount: alwaysReadyWakeCall }] : []

// Settings of the platform and the SDKs. None is a secret: local authentication of Application Insights is off, so its
// connection string is an address only.
var platformSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  // The queue trigger's connection; the app's own clients use AZURE_CLIENT_ID.
  CALL_STORAGE__credential: 'managedidentity'
  CALL_STORAGE__clientId: identityClientId
  AZURE_CLIENT_ID: identityClientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
  // Up to Python 3.12 the worker's own azure-functions comes first on the path, and it may be too old for func.CloudEvent
  // (workers/pyproject.toml of Azure/azure-functions-python-worker pins 1.24.0): no function would load.
  PYTHON_ISOLATE_WORKER_DEPENDENCIES: '1'
  // In bytes, of any HTTP request. The host reads a body whole before the app can look at its length or its token, and its
  // default is 100 MB. The largest that is needed is a delivery of Event Grid, which has at most 1 MB.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '2097152'
  // telemetryMode of host.json. A setting, since older Core Tools do not support it.
  AzureFunctionsJobHost__telemetryMode: telemetryMode
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225: the parameter zoneRedundant decides
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_222: ACS must reach the callbacks, which carry signed tokens
  // checkov:skip=CKV_AZURE_17: ACS and Event Grid have no client certificates
  // checkov:skip=CKV_AZURE_212: Flex Consumption has always-ready instances instead
  // checkov:skip=CKV_AZURE_213: Flex Consumption replaces instances by itself; the hook and an alert check health
  // checkov:skip=CKV_AZURE_78: Flex Consumption refuses ftpsState; basicPublishingCredentialsPolicies turns FTP off
  name: name
  location: location
  // azd finds the service of azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientCertEnabled: false
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    keyVaultReferenceIdentity: identityId
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.12'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        alwaysReady: concat(readyHttp, readyIncomingCall, readyCallConnected, readyWakeCall)
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: instanceMemory
        triggers: {
          http: { perInstanceConcurrency: httpConcurrency }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      // The API takes tokens, not cookies. Which headers a page may read is in the responses: shared/api/output.py.
      cors: { allowedOrigins: ['https://${consoleHost}'], supportCredentials: false }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, platformSettings)
  }

  resource noFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noScm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
output name string = app.name
output hostName string = app.properties.defaultHostName
