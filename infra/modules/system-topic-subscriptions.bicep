// Subscriptions to the events of the ACS resource.

@description('Name of the system topic.')
param topicName string

@description('Resource id of the Function App.')
param functionAppId string

@description('Resource id of the storage account of dead letters.')
param storageId string

@description('Container of dead letters.')
param deadLettersContainer string

@description('The subscriptions of local.json to this topic.')
param subscriptions array

@description('Object ids or raw ids of the resource accounts whose calls are delivered. Empty: all.')
param resourceAccounts array

// IncomingCall alone has the callee. The filter saves invocations; the app checks the callee as well.
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
      // With the resource id, Event Grid obtains the function's key itself.
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
