// A new ACS resource. Teams Phone numbers are connected to it by the Teams administrator.

@description('Name of the resource.')
param name string

@description('Location of its data at rest.')
param dataLocation string

@description('Tags.')
param tags object

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
  }
}

output name string = communication.name
