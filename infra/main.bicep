// The deployment without the Event Grid subscriptions, which require deployed functions: subscriptions.bicep, deployed by
// hooks/postdeploy. Settings of the app: modules/function.bicep.
targetScope = 'subscription'

// -- Names and locations --------------------------------------------------------------------------------------

@minLength(1)
@maxLength(32)
@description('Name of the environment: part of the resource group\'s name; all other names are derived from it.')
param environmentName string

@minLength(1)
@description('Azure region. It must offer the Flex Consumption plan: az functionapp list-flexconsumption-locations.')
@metadata({ azd: { type: 'location' } })
param location string

@maxLength(90)
@description('Name of the resource group. Empty: rg- and the environment\'s name.')
param resourceGroupName string = ''

// -- Azure Communication Services -----------------------------------------------------------------------------

@description('Name of an existing ACS resource. Empty: a new one is created.')
param communicationName string = ''

@description('Resource group of the existing ACS resource. Empty: that of this deployment.')
param communicationResourceGroup string = ''

@description('Name of the system topic of the existing ACS resource (a resource has at most one). Empty: a new one is created in the resource\'s group.')
param systemTopicName string = ''

@description('Location of the data at rest of a new ACS resource, such as Europe or United States. It cannot be changed later.')
param communicationDataLocation string = 'United States'

// -- Settings of the app ------------------------------------------------------------------------------------------

@description('Settings that you choose, by name: docs/settings.md says what each is for. Empty: its default. The app checks them: a deployment waits until it reports itself healthy.')
param appSettings object

// -- Scale -----------------------------------------------------------------------------------------------------

@description('Always-ready instances for the HTTP functions (callbacks).')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Always-ready instances for incoming_call. Functions with other triggers than HTTP scale separately, by one instance in 30 seconds: these instances alone answer a burst.')
@minValue(0)
param alwaysReadyIncomingCall int = 1

@description('The same for call_connected, which starts recordings: the seconds of a cold start are not recorded.')
@minValue(0)
param alwaysReadyCallConnected int = 0

@description('The same for wake_call, which runs timers, such as those of recording retries after 5 and 15 seconds.')
@minValue(0)
param alwaysReadyWakeCall int = 0

@description('Concurrent HTTP requests of an instance. The platform\'s default for Python is 1: an instance for each callback.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('Maximum number of instances of each function.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 100

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('Spread instances and storage over availability zones. Each always-ready count should then be 2 or more.')
param zoneRedundant bool = false

// -- Storage -----------------------------------------------------------------------------------------------------

@description('Days after which a recording is moved to the cool tier; 0: never.')
@minValue(0)
param coolAfterDays int = 30

@description('Days after which a recording is moved to the archive tier; 0: never. Not offered by zone-redundant storage.')
@minValue(0)
param archiveAfterDays int = 0

@description('Days after which a recording is deleted; 0: never.')
@minValue(0)
param deleteAfterDays int = 365

@description('Days for which a deleted blob or container can be restored.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14

@description('Days in which a recording cannot be changed or deleted; 0: no such policy. The policy is not locked: locking is irreversible.')
@minValue(0)
param immutableDays int = 0

@description('Identifier of a key in Key Vault or Managed HSM, without version, that encrypts the storage of calls. Empty: a Microsoft-managed key.')
param customerKeyUri string = ''

@description('Resource id of the user-assigned identity that may use this key (Key Vault Crypto Service Encryption User).')
param customerKeyIdentity string = ''

// -- Options ---------------------------------------------------------------------------------------------------

@description('A virtual network with private endpoints for storage. The app stays public: ACS must reach it.')
param privateNetwork bool = false

@description('Azure AI services for spoken text, connected to a new ACS resource. Needed for announcements and notices given as text.')
param speech bool = false

@description('Container image of the media service, with its registry (media/README.md). Empty: no media service. It needs storage that is reached without a private endpoint.')
param mediaImage string = ''

@description('Name of the Azure Container Registry that the image is in, in the resource group of this deployment. Empty: the image is public.')
param mediaRegistry string = ''

@description('What receives the audio of calls: talk, audio, or sinks of your own. none: audio is not streamed, transcripts are.')
param mediaSinks string = 'talk'

@description('Sockets of a replica of the media service at a time. A call has one for audio, one for its transcript.')
@minValue(1)
@maxValue(20000)
param mediaConnections int = 1000

@description('Maximum number of replicas of the media service.')
@minValue(1)
@maxValue(1000)
param mediaReplicas int = 10

@description('Application (client) id of the Entra app of a bot. Empty: no bot. Teams Phone extensibility requires one, with the Teams channel and calling.')
param botAppId string = ''

@description('Application (client) id of the Entra app of the web console. Empty: nobody can sign in to it yet.')
param consoleClientId string = ''

@description('Azure region of the web console, of those that offer Static Web Apps.')
@allowed(['centralus', 'eastasia', 'eastus2', 'westeurope', 'westus2'])
param consoleLocation string = 'westeurope'

@description('Mail address for alerts. Empty: alerts are listed in the portal only.')
param alertEmail string = ''

@description('Upper limit of the 95th percentile of the time to answer, in seconds. Above it there is an alert.')
@minValue(1)
param alertAnswerSeconds int = 2

@description('How the Functions host exports telemetry, and the log lines of the app with it. The OpenTelemetry exporter samples five traces a second and drops the log lines of all others.')
@allowed(['ApplicationInsights', 'OpenTelemetry'])
param telemetryMode string = 'ApplicationInsights'

@description('Days for which telemetry is kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

@description('Object id of a group or person who may replay events and read recordings. Empty: none.')
param operatorId string = ''

@description('Type of operatorId.')
@allowed(['Group', 'User'])
param operatorType string = 'Group'

// -- Resources ---------------------------------------------------------------------------------------------------

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var acsResourceGroup = empty(communicationName) || empty(communicationResourceGroup) ? group.name : communicationResourceGroup
var acsName = empty(communicationName) ? newCommunication!.outputs.name : communicationName
var callStorageName = 'stcalls${token}'
// The API's callers are of this tenant, unless others are named.
var api = union({ API_CLIENT_ID: '', API_TENANTS: '' }, appSettings)
var apiTenants = empty(api.API_TENANTS) && !empty(api.API_CLIENT_ID) ? tenant().tenantId : api.API_TENANTS
var functionAppName = 'func-${token}'
// Without the media service, audio and transcripts go to receivers of your own, if there are any.
var receivers = union({ MEDIA_STREAMING_URL: '', TRANSCRIPTION_URL: '' }, appSettings)
var receivesAudio = !empty(mediaImage) && mediaSinks != 'none'
var receivesTranscripts = !empty(mediaImage) && speech

resource group 'Microsoft.Resources/resourceGroups@2024-07-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    name: token
    location: location
    tags: tags
    retentionDays: retentionDays
    appPrincipalId: identity.outputs.principalId
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    privateOnly: privateNetwork
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module callStorage 'modules/call-storage.bicep' = {
  name: 'call-storage'
  scope: group
  params: {
    name: callStorageName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    privateOnly: privateNetwork
    coolAfterDays: coolAfterDays
    archiveAfterDays: zoneRedundant ? 0 : archiveAfterDays
    deleteAfterDays: deleteAfterDays
    softDeleteDays: softDeleteDays
    immutableDays: immutableDays
    consoleHost: console.outputs.hostName
    customerKeyUri: customerKeyUri
    customerKeyIdentity: customerKeyIdentity
    appPrincipalId: identity.outputs.principalId
    operatorId: operatorId
    operatorType: operatorType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module newCommunication 'modules/new-communication.bicep' = if (empty(communicationName)) {
  name: 'new-communication'
  scope: group
  params: {
    name: 'acs-${token}'
    dataLocation: communicationDataLocation
    tags: tags
  }
}

module newSystemTopic 'modules/new-system-topic.bicep' = if (empty(systemTopicName)) {
  name: 'new-system-topic-${token}'
  scope: resourceGroup(acsResourceGroup)
  params: {
    name: 'evgst-${token}'
    communicationName: acsName
    tags: tags
  }
}

module communication 'modules/communication.bicep' = {
  name: 'communication-${token}'
  scope: resourceGroup(acsResourceGroup)
  params: {
    name: acsName
    systemTopicName: empty(systemTopicName) ? newSystemTopic!.outputs.name : systemTopicName
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module topic 'modules/topic.bicep' = {
  name: 'topic'
  scope: group
  params: {
    name: 'evgt-calls-${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module deadLetters 'modules/dead-letters.bicep' = {
  name: 'dead-letters'
  scope: group
  params: {
    storageName: callStorage.outputs.name
    containerName: callStorage.outputs.deadLettersContainer
    systemTopicPrincipalId: communication.outputs.systemTopicPrincipalId
    topicPrincipalId: topic.outputs.principalId
  }
}

module cognitive 'modules/speech.bicep' = if (speech) {
  name: 'speech'
  scope: group
  params: {
    name: 'ai-${token}'
    location: location
    tags: tags
    communicationPrincipalId: communication.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module media 'modules/media.bicep' = if (!empty(mediaImage)) {
  name: 'media'
  scope: group
  params: {
    name: 'media-${token}'
    location: location
    tags: tags
    image: mediaImage
    registryName: mediaRegistry
    maximumReplicas: mediaReplicas
    connections: mediaConnections
    sinks: mediaSinks
    storageName: callStorage.outputs.name
    callsTable: callStorage.outputs.callsTable
    transcriptsContainer: callStorage.outputs.transcriptsContainer
    topicName: topic.outputs.name
    communicationId: communication.outputs.immutableId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module bot 'modules/bot.bicep' = if (!empty(botAppId)) {
  name: 'bot'
  scope: group
  params: {
    name: 'bot-${token}'
    tags: tags
    appId: botAppId
    functionHost: app.outputs.hostName
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    name: token
    location: location
    tags: tags
    hostStorageId: hostStorage.outputs.id
    callStorageId: callStorage.outputs.id
  }
}

module console 'modules/console.bicep' = {
  name: 'console'
  scope: group
  params: {
    name: 'stapp-${token}'
    location: consoleLocation
    tags: tags
  }
}

module app 'modules/function.bicep' = {
  name: 'function'
  scope: group
  params: {
    name: functionAppName
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    deploymentContainerUrl: hostStorage.outputs.deploymentContainerUrl
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    workspaceId: monitoring.outputs.workspaceId
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyIncomingCall: alwaysReadyIncomingCall
    alwaysReadyCallConnected: alwaysReadyCallConnected
    alwaysReadyWakeCall: alwaysReadyWakeCall
    httpConcurrency: httpConcurrency
    maximumInstances: maximumInstances
    instanceMemory: instanceMemory
    zoneRedundant: zoneRedundant
    telemetryMode: telemetryMode
    consoleHost: console.outputs.hostName
    settings: union(appSettings, {
      CALLS_TABLE: callStorage.outputs.callsTable
      DIRECTORY_TABLE: callStorage.outputs.directoryTable
      CALLS_INDEX_TABLE: callStorage.outputs.callsIndexTable
      CUSTOMERS_TABLE: callStorage.outputs.customersTable
      AGENTS_TABLE: callStorage.outputs.agentsTable
      PLANS_TABLE: callStorage.outputs.plansTable
      RECORDINGS_CONTAINER: callStorage.outputs.recordingsContainer
      QUARANTINE_CONTAINER: callStorage.outputs.quarantineContainer
      DEADLETTERS_CONTAINER: callStorage.outputs.deadLettersContainer
      TRANSCRIPTS_CONTAINER: callStorage.outputs.transcriptsContainer
      CALL_STORAGE__tableServiceUri: callStorage.outputs.tableUri
      CALL_STORAGE__blobServiceUri: callStorage.outputs.blobUri
      CALL_STORAGE__queueServiceUri: callStorage.outputs.queueUri
      API_TENANTS: apiTenants
      ACS_ENDPOINT: communication.outputs.endpoint
      ACS_RESOURCE_ID: communication.outputs.immutableId
      EVENTS_TOPIC_ENDPOINT: topic.outputs.endpoint
      EVENTS_TOPIC_ID: topic.outputs.id
      ACS_SYSTEM_TOPIC_ID: communication.outputs.systemTopicId
      RECORDING_RETENTION_DAYS: string(deleteAfterDays)
      MEDIA_STREAMING_URL: receivesAudio ? media!.outputs.audioUrl : receivers.MEDIA_STREAMING_URL
      TRANSCRIPTION_URL: receivesTranscripts ? media!.outputs.transcriptionUrl : receivers.TRANSCRIPTION_URL
      COGNITIVE_SERVICES_ENDPOINT: speech ? cognitive!.outputs.endpoint : ''
    })
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    topicId: topic.outputs.id
    systemTopicId: communication.outputs.systemTopicId
    callStorageId: callStorage.outputs.id
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    topicId: topic.outputs.id
    systemTopicId: communication.outputs.systemTopicId
    email: alertEmail
    answerSeconds: alertAnswerSeconds
  }
}

// For azd, hooks/postdeploy, and the administrators of Entra and Teams. None is a secret.
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = app.outputs.name
output FUNCTION_APP_HOST string = app.outputs.hostName
output CONSOLE_HOST string = console.outputs.hostName
output CONSOLE_CLIENT_ID string = consoleClientId
output APP_PRINCIPAL_ID string = identity.outputs.principalId
output CALL_STORAGE_NAME string = callStorage.outputs.name
output DEADLETTERS_CONTAINER string = callStorage.outputs.deadLettersContainer
output EVENTS_TOPIC_NAME string = topic.outputs.name
output ACS_SYSTEM_TOPIC_NAME string = communication.outputs.systemTopicName
output ACS_RESOURCE_GROUP string = acsResourceGroup
output ACS_ENDPOINT string = communication.outputs.endpoint
output ACS_IMMUTABLE_ID string = communication.outputs.immutableId
