// The system topic of the ACS resource, which raises IncomingCall and RecordingFileStatusUpdated.

@description('Name of the topic.')
param name string

@description('Name of the ACS resource.')
param communicationName string

@description('Tags.')
param tags object

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

// The topic's identity writes dead letters. Event Grid's documentation ("Assign a system-managed identity to an Event
// Grid system topic", 2021) says that topics in the location 'global' have none, while exported templates of deployed
// topics of ACS resources show one: to be confirmed by the first deployment.
resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: communication.id
    topicType: 'Microsoft.Communication.CommunicationServices'
  }
}

output name string = topic.name
