// The bot of the Teams resource accounts, with the Teams channel and calling enabled. Teams Phone extensibility requires
// one for the Entra app of the resource accounts; without it ACS answers 403/10105. No message or call reaches it:
// "when you configure Teams, the webhook can be any URL" (MicrosoftDocs/azure-docs, articles/communication-services/
// quickstarts/tpe/teams-phone-extensibility-quickstart.md, "Create the Bot").

@description('Name of the bot.')
param name string

@description('Tags.')
param tags object

@description('Application (client) id of its Entra app.')
param appId string

@description('Host name of the Function App. Nothing listens at the two URLs; the resource requires them.')
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
      properties: {
        isEnabled: true
        enableCalling: true
        callingWebhook: 'https://${functionHost}/api/calling'
      }
    }
  }
}
