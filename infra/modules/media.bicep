// The media service on Azure Container Apps: it takes the WebSockets on which ACS streams audio and transcripts.

@description('Name of the service.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Container image, with its registry.')
param image string

@description('Name of the Azure Container Registry that the image is in, in this resource group. Empty: the image is public.')
param registryName string

@description('Maximum number of replicas.')
param maximumReplicas int

@description('Sockets of a replica at a time.')
param connections int

@description('What receives the audio of calls: media/README.md.')
param sinks string

@description('Name of the storage account of calls.')
param storageName string

@description('Table of calls.')
param callsTable string

@description('Container of transcripts.')
param transcriptsContainer string

@description('Name of the custom topic.')
param topicName string

@description('Immutable id of the ACS resource: the audience of its tokens.')
param communicationId string

@description('Where logs go.')
param workspaceId string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
var storageTableDataReader = '76199698-9eea-4c19-bc75-cec21354c6b6'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var eventGridDataSender = 'd5a91429-5739-47e2-a06b-3470a27159e7'
var port = 8080
// Before SIGKILL. Sockets are kept for 60 seconds (MEDIA_DRAIN_SECONDS), then ACS opens them at another replica.
var graceSeconds = 90
// A socket is a request that lasts: a replica is added when the sockets fill half of one.
var halfFull = { concurrentRequests: string(connections / 2) }

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource transcripts 'containers' existing = {
      name: transcriptsContainer
    }
  }

  resource tables 'tableServices' existing = {
    name: 'default'

    resource calls 'tables' existing = {
      name: callsTable
    }
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = if (!empty(registryName)) {
  name: empty(registryName) ? 'none' : registryName
}

// Its own identity: it reads less than the app, and has no role at ACS.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${name}'
  location: location
  tags: tags
}

// Role: the service finds the call of a socket, and when its plan collects a secret.
resource readsCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::calls.id, identity.id, storageTableDataReader)
  scope: storage::tables::calls
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataReader)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Role: it writes transcripts and audio.
resource writesTranscripts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::transcripts.id, identity.id, storageBlobDataContributor)
  scope: storage::blobs::transcripts
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Role: it reports to the app what it has received.
resource publishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, identity.id, eventGridDataSender)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridDataSender)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the platform pulls the image with the service's identity.
resource pullsImage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registryName)) {
  name: guid(resourceGroup().id, registryName, identity.id, acrPull)
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: 'cae-${name}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

resource service 'Microsoft.App/containerApps@2025-01-01' = {
  name: 'ca-${name}'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      // External: ACS connects from the internet. Its token is verified before the upgrade.
      ingress: {
        external: true
        allowInsecure: false
        targetPort: port
        transport: 'http'
      }
      registries: empty(registryName) ? [] : [{ server: registry!.properties.loginServer, identity: identity.id }]
    }
    template: {
      terminationGracePeriodSeconds: graceSeconds
      containers: [
        {
          name: 'media'
          image: image
          resources: { cpu: 1, memory: '2Gi' }
          env: [
            { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
            { name: 'AZURE_TOKEN_CREDENTIALS', value: 'ManagedIdentityCredential' }
            { name: 'ACS_RESOURCE_ID', value: communicationId }
            { name: 'EVENTS_TOPIC_ENDPOINT', value: topic.properties.endpoint }
            { name: 'CALL_STORAGE__tableServiceUri', value: storage.properties.primaryEndpoints.table }
            { name: 'CALL_STORAGE__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
            { name: 'CALLS_TABLE', value: callsTable }
            { name: 'TRANSCRIPTS_CONTAINER', value: transcriptsContainer }
            { name: 'MEDIA_PORT', value: string(port) }
            { name: 'MEDIA_CONNECTIONS', value: string(connections) }
            { name: 'MEDIA_SINKS', value: sinks }
            { name: 'MEDIA_DRAIN_SECONDS', value: string(graceSeconds - 30) }
          ]
          probes: [
            { type: 'Readiness', httpGet: { path: '/health', port: port }, periodSeconds: 5 }
            { type: 'Liveness', tcpSocket: { port: port }, periodSeconds: 30 }
          ]
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: maximumReplicas
        rules: [{ name: 'sockets', http: { metadata: halfFull } }]
      }
    }
  }
  dependsOn: [pullsImage]
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

output audioUrl string = 'wss://${service.properties.configuration.ingress.fqdn}/audio'
output transcriptionUrl string = 'wss://${service.properties.configuration.ingress.fqdn}/transcription'
