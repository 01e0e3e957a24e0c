// Storage of calls (rows, timers, recordings, quarantined events) and of the directory. The names are those of local.json,
// which also defines the local platform.

@description('Name of the account.')
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Spread over availability zones.')
param zoneRedundant bool

@description('Reached by private endpoints only.')
param privateOnly bool

@description('Days after which a recording is moved to the cool tier; 0: never.')
param coolAfterDays int

@description('Days after which a recording is moved to the archive tier; 0: never.')
param archiveAfterDays int

@description('Days after which a recording is deleted; 0: never.')
param deleteAfterDays int

@description('Days for which a deleted blob or container can be restored.')
param softDeleteDays int

@description('Days in which a recording cannot be changed or deleted; 0: no such policy.')
param immutableDays int

@description('Host name of the web console, whose pages play recordings by their links.')
param consoleHost string

@description('Key that encrypts the account. Empty: a Microsoft-managed key.')
param customerKeyUri string

@description('Resource id of the identity that may use this key.')
param customerKeyIdentity string

@description('The app\'s identity.')
param appPrincipalId string

@description('Group or person who may replay events and read recordings. Empty: none.')
param operatorId string

@description('Type of operatorId.')
param operatorType string

@description('Where logs of access go.')
param workspaceId string

var names = loadJsonContent('../local.json', 'storage')
var callsTable = names.tables[0]
var directoryTable = names.tables[1]
var callsIndexTable = names.tables[2]
var customersTable = names.tables[3]
var agentsTable = names.tables[4]
var plansTable = names.tables[5]
var wakesQueue = names.queues[0]
var recordingsContainer = names.containers[0]
var quarantineContainer = names.containers[1]
var deadLettersContainer = names.containers[2]
var transcriptsContainer = names.containers[3]

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageBlobDelegator = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'
var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageQueueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

var cool = coolAfterDays > 0 ? { tierToCool: { daysAfterModificationGreaterThan: coolAfterDays } } : {}
var archive = archiveAfterDays > 0 ? { tierToArchive: { daysAfterModificationGreaterThan: archiveAfterDays } } : {}
var delete = deleteAfterDays > 0 ? { delete: { daysAfterModificationGreaterThan: deleteAfterDays } } : {}
var ageing = union(cool, archive, delete)
var ageingOfRecordings = empty(ageing) ? [] : [
  {
    name: 'recordings'
    type: 'Lifecycle'
    enabled: true
    definition: {
      filters: { blobTypes: ['blockBlob'], prefixMatch: ['${recordingsContainer}/'] }
      actions: { baseBlob: ageing }
    }
  }
]

// Transcripts grow while people talk: they are append blobs, which have no other tiers. They live as long as recordings.
var ageingOfTranscripts = deleteAfterDays == 0 ? [] : [
  {
    name: 'transcripts'
    type: 'Lifecycle'
    enabled: true
    definition: {
      filters: { blobTypes: ['appendBlob', 'blockBlob'], prefixMatch: ['${transcriptsContainer}/'] }
      actions: { baseBlob: delete }
    }
  }
]

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  // checkov:skip=CKV_AZURE_35: access is by Entra identity only, without keys; the parameter privateNetwork closes the network as well
  // checkov:skip=CKV_AZURE_206: the parameter zoneRedundant decides; one copy in one zone is the default of a trial
  name: name
  location: location
  tags: tags
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  kind: 'StorageV2'
  identity: empty(customerKeyUri) ? { type: 'None' } : {
    type: 'UserAssigned'
    userAssignedIdentities: { '${customerKeyIdentity}': {} }
  }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateOnly ? 'Deny' : 'Allow'
      // Event Grid is a trusted service: it writes dead letters with its topic's identity.
      bypass: 'AzureServices'
    }
    encryption: empty(customerKeyUri) ? {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
    } : {
      keySource: 'Microsoft.Keyvault'
      requireInfrastructureEncryption: true
      identity: { userAssignedIdentity: customerKeyIdentity }
      keyvaultproperties: {
        keyvaulturi: substring(customerKeyUri, 0, indexOf(customerKeyUri, '/keys/'))
        keyname: split(substring(customerKeyUri, indexOf(customerKeyUri, '/keys/') + 6), '/')[0]
      }
      services: {
        blob: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
      }
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      cors: {
        corsRules: [
          {
            allowedOrigins: ['https://${consoleHost}']
            allowedMethods: ['GET', 'HEAD']
            allowedHeaders: ['*']
            exposedHeaders: ['*']
            maxAgeInSeconds: 3600
          }
        ]
      }
      deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
      containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    }

    resource recordings 'containers' = {
      name: recordingsContainer
      properties: { publicAccess: 'None' }
    }

    resource quarantine 'containers' = {
      name: quarantineContainer
      properties: { publicAccess: 'None' }
    }

    resource deadLetters 'containers' = {
      name: deadLettersContainer
      properties: { publicAccess: 'None' }
    }

    resource transcripts 'containers' = {
      name: transcriptsContainer
      properties: { publicAccess: 'None' }
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource calls 'tables' = {
      name: callsTable
    }

    resource directory 'tables' = {
      name: directoryTable
    }

    resource callsIndex 'tables' = {
      name: callsIndexTable
    }

    resource customers 'tables' = {
      name: customersTable
    }

    resource agents 'tables' = {
      name: agentsTable
    }

    resource plans 'tables' = {
      name: plansTable
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource wakes 'queues' = {
      name: wakesQueue
    }

    // The Functions host moves messages here that have failed five times. It has no permission to create the queue.
    resource poison 'queues' = {
      name: '${wakesQueue}-poison'
    }
  }

  // Quarantined events hold names and numbers. They are deleted after 90 days.
  resource ageingPolicy 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: concat(ageingOfRecordings, ageingOfTranscripts, [
          {
            name: 'quarantine'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['${quarantineContainer}/', '${deadLettersContainer}/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 90 } } }
            }
          }
        ])
      }
    }
    dependsOn: [blobs]
  }
}

// Time-based retention. An unlocked policy can be shortened or removed; locking is a manual step. It applies to the
// container, which needs no blob versions: no lifecycle rule would delete those ("Container-level WORM policies").
resource immutability 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2024-01-01' = if (immutableDays > 0) {
  parent: storage::blobs::recordings
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: immutableDays
    allowProtectedAppendWrites: false
  }
}

// Role: the app reads and writes the rows of calls.
resource writesCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::calls.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::calls
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the calls that recordings belong to are noted and looked up.
resource writesCallsIndex 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::callsIndex.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::callsIndex
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app keeps a copy of resource accounts, and the chats that it opened.
resource writesDirectory 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::directory.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::directory
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the API keeps the customers, whose names and numbers are shown with calls.
resource writesCustomers 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::customers.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::customers
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app keeps the agents and their groups, claims agents for calls, and keeps the queues of waiting callers.
resource writesAgents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::agents.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::agents
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the API keeps the routing plans, which calls begin with.
resource writesPlans 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tables::plans.id, appPrincipalId, storageTableDataContributor)
  scope: storage::tables::plans
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app archives recordings.
resource archivesRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::recordings.id, appPrincipalId, storageBlobDataContributor)
  scope: storage::blobs::recordings
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app signs links to recordings with a user delegation key. Get User Delegation Key acts on the account, so a role
// on the container does not allow it ("Get User Delegation Key", Storage REST API). The key itself allows no access: a link
// can do what the app may do with the blob.
resource signsLinks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, appPrincipalId, storageBlobDelegator)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the API reads transcripts.
resource readsTranscripts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::transcripts.id, appPrincipalId, storageBlobDataReader)
  scope: storage::blobs::transcripts
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app quarantines events that it cannot read.
resource quarantinesEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::quarantine.id, appPrincipalId, storageBlobDataContributor)
  scope: storage::blobs::quarantine
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the app sends timers, the queue trigger takes and deletes them, and the scale controller reads the queue's length.
// A message whose function fails is released with Update Message, which needs messages/write: of the built-in roles only
// Contributor has it (MicrosoftDocs/azure-docs#120932; "Permissions for calling data operations" of the Storage REST API).
resource usesWakes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::queues::wakes.id, appPrincipalId, storageQueueDataContributor)
  scope: storage::queues::wakes
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the Functions host moves messages that keep failing to the poison queue.
resource movesToPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::queues::poison.id, appPrincipalId, storageQueueDataMessageSender)
  scope: storage::queues::poison
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageSender)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: replaying an event writes rows, as the app does, …
resource operatorWritesCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  name: guid(storage::tables::calls.id, operatorId, storageTableDataContributor)
  scope: storage::tables::calls
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: operatorId
    principalType: operatorType
  }
}

// Role: … and deletes the replayed event from the quarantine …
resource operatorEmptiesQuarantine 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  name: guid(storage::blobs::quarantine.id, operatorId, storageBlobDataContributor)
  scope: storage::blobs::quarantine
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: operatorId
    principalType: operatorType
  }
}

// Role: … or from the dead letters.
resource operatorEmptiesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  name: guid(storage::blobs::deadLetters.id, operatorId, storageBlobDataContributor)
  scope: storage::blobs::deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: operatorId
    principalType: operatorType
  }
}

// Role: an operator listens to recordings and changes none.
resource operatorReadsRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  name: guid(storage::blobs::recordings.id, operatorId, storageBlobDataReader)
  scope: storage::blobs::recordings
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: operatorId
    principalType: operatorType
  }
}

// An audit log of who read, changed or deleted a recording.
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: storage::blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

output id string = storage.id
output name string = storage.name
output tableUri string = storage.properties.primaryEndpoints.table
output blobUri string = storage.properties.primaryEndpoints.blob
output queueUri string = storage.properties.primaryEndpoints.queue
output callsTable string = callsTable
output directoryTable string = directoryTable
output callsIndexTable string = callsIndexTable
output customersTable string = customersTable
output agentsTable string = agentsTable
output plansTable string = plansTable
output recordingsContainer string = recordingsContainer
output quarantineContainer string = quarantineContainer
output deadLettersContainer string = deadLettersContainer
output transcriptsContainer string = transcriptsContainer
