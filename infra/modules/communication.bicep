// Roles and logs of the ACS resource and its system topic, new or existing. Deployed into their resource group.

@description('Name of the ACS resource.')
param name string

@description('Name of its system topic, which must have a system-assigned identity.')
param systemTopicName string

@description('The app\'s identity.')
param appPrincipalId string

@description('Where the logs of calls and of event deliveries go.')
param workspaceId string

var communicationAndEmailServiceOwner = '09976791-48a7-449e-bb21-39d1a415f350'
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
// Each workspace has a setting of its own, since two environments can share one ACS resource.
var settingName = 'to-log-analytics-${uniqueString(workspaceId)}'

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: name
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

// Role: the app answers, records and ends calls, and creates identities, tokens and access assignments. There is no
// narrower built-in role for the data plane of ACS. The scope is this ACS resource.
resource controlsCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, appPrincipalId, communicationAndEmailServiceOwner)
  scope: communication
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', communicationAndEmailServiceOwner)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Role: the doctor reads the subscriptions of the system topic. EventGrid EventSubscription Reader, which suffices for a
// custom topic, lacks Microsoft.EventGrid/systemTopics/eventSubscriptions/read. Reader of the topic exposes no key.
resource readsSubscriptions 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, appPrincipalId, reader)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// For diagnosis and support: requests to Call Automation and recording, and a summary of each call. The categories are
// those of "Supported logs for Microsoft.Communication/CommunicationServices" (Azure Monitor reference).
resource callLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: settingName
  scope: communication
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'CallAutomationOperational', enabled: true }
      { category: 'CallAutomationMediaSummary', enabled: true }
      { category: 'CallRecordingOperational', enabled: true }
      { category: 'CallRecordingSummary', enabled: true }
      { category: 'CallSummary', enabled: true }
      { category: 'AuthOperational', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource deliveryLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: settingName
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output endpoint string = 'https://${communication.properties.hostName}'
output immutableId string = communication.properties.immutableResourceId
output principalId string = communication.?identity.?principalId ?? ''
output systemTopicId string = topic.id
output systemTopicName string = topic.name
output systemTopicPrincipalId string = topic.identity.principalId
