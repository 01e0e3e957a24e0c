// Roles of Event Grid at the container of dead letters, the events that it could not deliver in time.

@description('Name of the storage account.')
param storageName string

@description('Name of the container.')
param containerName string

@description('Identity of the ACS resource\'s system topic.')
param systemTopicPrincipalId string

@description('Identity of the custom topic.')
param topicPrincipalId string

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: containerName
    }
  }
}

// Role: the system topic writes dead letters ("Event delivery with a managed identity" names this role).
resource systemTopicWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::container.id, systemTopicPrincipalId, storageBlobDataContributor)
  scope: storage::blobs::container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: systemTopicPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the custom topic writes dead letters.
resource topicWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::container.id, topicPrincipalId, storageBlobDataContributor)
  scope: storage::blobs::container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
  }
}
