// A virtual network for outbound connections, with private endpoints for both storage accounts. Event Grid, ACS and Entra
// are reached over the internet, with TLS and identities.

@description('Suffix of the names.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the host\'s storage account.')
param hostStorageId string

@description('Resource id of the calls\' storage account.')
param callStorageId string

var services = ['blob', 'queue', 'table']
// zone: the index of the service in the list above.
var endpoints = [
  { name: 'host-blob', id: hostStorageId, service: 'blob', zone: 0 }
  { name: 'host-queue', id: hostStorageId, service: 'queue', zone: 1 }
  { name: 'host-table', id: hostStorageId, service: 'table', zone: 2 }
  { name: 'calls-blob', id: callStorageId, service: 'blob', zone: 0 }
  { name: 'calls-queue', id: callStorageId, service: 'queue', zone: 1 }
  { name: 'calls-table', id: callStorageId, service: 'table', zone: 2 }
]

resource closed 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-from-the-internet'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${name}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'app'
        properties: {
          // Each instance takes an address: /24 suffices for more than the default of 100 instances.
          addressPrefix: '10.20.0.0/24'
          networkSecurityGroup: { id: closed.id }
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.20.1.0/24'
          networkSecurityGroup: { id: closed.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in services: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, index) in services: {
    parent: zones[index]
    name: 'vnet-${name}'
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}-${name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: endpoint.id
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.service
          properties: { privateDnsZoneId: zones[endpoint.zone].id }
        }
      ]
    }
  }
]

output appSubnetId string = network::appSubnet.id
