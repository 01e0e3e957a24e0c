// Subscriptions to the callbacks.

@description('Name of the custom topic.')
param topicName string

@description('Resource id of the Function App.')
param functionAppId string

@description('Resource id of the storage account of dead letters.')
param storageId string

@description('Container of dead letters.')
param deadLettersContainer string

@description('The subscriptions of local.json to this topic.')
param subscriptions array

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

@batchSize(1)
resource toFunctions 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = [
  for each in subscriptions: {
    parent: topic
    name: replace(each.function, '_', '-')
    properties: {
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
        // One function gets the types of no other. In the CloudEvents schema the key of the event type is 'type'. Event
        // Grid allows 25 values in all advanced filters of a subscription.
        includedEventTypes: each.?event_types
        // The app's own events, for other applications and of the doctor, wake no function.
        advancedFilters: contains(each, 'event_types_except') ? [
          {
            operatorType: 'StringBeginsWith'
            key: 'type'
            values: each.event_types_begin_with
          }
          {
            operatorType: 'StringNotIn'
            key: 'type'
            values: each.event_types_except
          }
        ] : []
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
