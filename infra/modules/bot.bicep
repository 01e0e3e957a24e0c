// The bot of the Teams resource accounts, with the Teams channel: Teams Phone extensibility demands one for the Entra
// app that resource accounts are made for, though no message ever goes through it (ACS answers 403/10105 without).

@description('Name of the bot.')
param name string

@description('Tags.')
param tags object

@description('Application (client) id of its Entra app.')
param appId string

@description('Host name of the Function App. Nothing listens at the endpoint; the resource must have one.')
param functionHost string

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: { name: 'F0' }
  properties: {
    displayName: name
    endpoint: 'https://${functionHost}/api/messages'
    msaAppId: appId
    msaAppType: 'SingleTenant'
    msaAppTenantId: tenant().tenantId
    disableLocalAuth: true
  }

  resource teams 'channels' = {
    name: 'MsTeamsChannel'
    location: 'global'
    properties: {
      channelName: 'MsTeamsChannel'
      properties: { isEnabled: true }
    }
  }
}
