// The Event Grid subscriptions: the second step of a deployment, since a subscription requires an endpoint that exists.
// hooks/postdeploy deploys it once the app is healthy; it can be deployed again.
//
// Event types, attempts and time to live are in local.json, which also defines the local platform.

@description('Name of the Function App.')
param functionAppName string

@description('Name of the custom topic.')
param topicName string

@description('Name of the ACS resource\'s system topic.')
param systemTopicName string

@description('Resource group of the system topic.')
param systemTopicResourceGroup string

@description('Name of the storage account of dead letters.')
param storageName string

@description('Container of dead letters.')
param deadLettersContainer string

@description('Object ids (or raw ids) of the Teams resource accounts whose calls are delivered, separated by commas; or linked. Empty: all.')
param resourceAccounts string = ''

@description('on: events of calls between clients are delivered to the function client_call.')
param clientCalls string = 'off'

var subscriptions = loadJsonContent('local.json', 'subscriptions')
// Linked accounts change without a deployment: then all calls are delivered, and the app selects.
var named = toLower(trim(resourceAccounts)) == 'linked' ? '' : resourceAccounts
var accounts = filter(map(split(named, ','), each => trim(each)), each => !empty(each))

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: functionAppName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

// A deployment's name has at most 64 characters and a topic's may have 128. An ACS resource that serves two environments
// gets two deployments in its resource group: the name is unique to the app.
module fromCommunication 'modules/system-topic-subscriptions.bicep' = {
  name: 'acs-subscriptions-${uniqueString(systemTopicName, functionAppName)}'
  scope: resourceGroup(systemTopicResourceGroup)
  params: {
    topicName: systemTopicName
    functionAppId: app.id
    storageId: storage.id
    deadLettersContainer: deadLettersContainer
    subscriptions: filter(subscriptions, each => each.topic == 'acs' && (each.function != 'client_call' || toLower(trim(clientCalls)) == 'on'))
    // Event Grid compares with at most 25 values; with more, all calls are delivered and the app selects.
    resourceAccounts: length(accounts) <= 25 ? accounts : []
  }
}

module fromCallbacks 'modules/topic-subscriptions.bicep' = {
  name: 'callback-subscriptions-${uniqueString(topicName)}'
  params: {
    topicName: topicName
    functionAppId: app.id
    storageId: storage.id
    deadLettersContainer: deadLettersContainer
    subscriptions: filter(subscriptions, each => each.topic == 'call-events')
  }
}

output subscribed array = map(subscriptions, each => each.function)
