// Azure AI services, with which ACS speaks prompts that are given as text.

@description('Name of the resource; also its subdomain.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Identity of the ACS resource.')
param communicationPrincipalId string

@description('Where logs of access go.')
param workspaceId string

var cognitiveServicesUser = 'a97b65f3-24c7-4388-baec-2e87135dc908'

resource speech 'Microsoft.CognitiveServices/accounts@2024-10-01' = {
  // checkov:skip=CKV_AZURE_134: ACS calls it from its own network, with its identity; keys are off
  name: name
  location: location
  tags: tags
  kind: 'AIServices'
  sku: { name: 'S0' }
  identity: { type: 'SystemAssigned' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

// Role: ACS synthesizes speech with its own identity ("Connect Azure Communication Services with Azure AI services").
resource speaks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(speech.id, communicationPrincipalId, cognitiveServicesUser)
  scope: speech
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', cognitiveServicesUser)
    principalId: communicationPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: speech
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'Audit', enabled: true }]
  }
}

output endpoint string = speech.properties.endpoint
