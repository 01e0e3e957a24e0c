// Subscriptions to what the ACS resource raises.

@description('Name of the system topic.')
param topicName string

@description('Resource id of the Function App.')
param functionAppId string

@description('Resource id of the storage account of dead letters.')
param storageId string

@description('Container of dead letters.')
param deadLettersContainer string

@description('Those of local.json for this topic.')
param subscriptions array

@description('Object ids or raw ids of the resource accounts whose calls are ours. Empty: all.')
param resourceAccounts array

// Only IncomingCall names the callee. This spares invocations; that a call is not ours is found out by the app as well.
var calleeFilter = empty(resourceAccounts) ? [] : [
  {
    operatorType: 'StringIn'
    key: 'data.to.rawId'
    values: map(resourceAccounts, each => contains(each, ':') ? each : '28:orgid:${each}')
  }
]

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

@batchSize(1)
resource toFunctions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for each in subscriptions: {
    parent: topic
    name: replace(each.function, '_', '-')
    properties: {
      // By resource id: Event Grid gets the function's key by itself, so that none stands here.
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: '${functionAppId}/functions/${each.function}'
          maxEventsPerBatch: 1
          preferredBatchSizeInKilobytes: 64
        }
      }
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: {
        includedEventTypes: each.event_types
        advancedFilters: each.function == 'incoming_call' ? calleeFilter : []
      }
      retryPolicy: {
        maxDeliveryAttempts: each.max_attempts
        eventTimeToLiveInMinutes: each.ttl_minutes
      }
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: {
            resourceId: storageId
            blobContainerName: deadLettersContainer
          }
        }
      }
    }
  }
]
